/* SPDX-License-Identifier: MIT */
/* Log against ledger and mirror. Quickly at each look: the last anchor, the number of lines. Wholly when a walk is opened,
   before each decision and every half minute: every anchor and every mirrored line. */
#include "engine/engine_private.h"

#include <string.h>

#include "base/arena.h"

#define MISSING_LINES "the log is behind the ledger: lines are missing at its end, or this is an older copy"
#define ANOTHER_LOG "the log is not the one the ledger knows: another line stands where the ledger's last entry was made"
#define UNKNOWN_WALK "the database is behind the log: the ledger knows nothing of this walk (restored, or another database)"
#define MISSING_ENTRIES "the database is behind the log: decisions are missing from the ledger (restored, or failed over with loss)"
#define SCHEMA_GONE "the gatewalk schema in the database is gone, or is not gatewalk's any more"

bool line_anchored(const struct line_mark *m)
{
	return m->is_signed && m->op != OP_INTENT;
}

static size_t signed_after(const struct engine *g, int64_t n)
{
	size_t count = 0;
	for (size_t i = (size_t)(n + 1); i < journal_count(g->journal); i++)
		count += line_anchored(journal_mark(g->journal, i));
	return count;
}

/* The ledger's last anchor must be a line of this log, with the very head. One decision may lack its anchor: the program
   ended between log and ledger. More than one means that the database was put back to an older state. */
static const char *differs(const struct engine *g, const struct anchor *last, int64_t mirrored)
{
	int64_t count = (int64_t)journal_count(g->journal);
	if (last->n >= count || mirrored > count)
		return MISSING_LINES;
	if (last->n >= 0 && strcmp(journal_mark(g->journal, (size_t)last->n)->head, last->head) != 0)
		return ANOTHER_LOG;
	if (last->n == -1 && count > 1)
		return UNKNOWN_WALK;
	return signed_after(g, last->n) > 1 ? MISSING_ENTRIES : NULL;
}

static void behind(struct engine *g, const char *why)
{
	g->behind = why != NULL;
	g->behind_why = why;
}

/* The server says so: no such schema, no such table, no such column. */
static bool schema_gone(const struct err *why)
{
	return strcmp(why->sqlstate, "3F000") == 0 || strcmp(why->sqlstate, "42P01") == 0 || strcmp(why->sqlstate, "42703") == 0;
}

/* Not asked, and why: gone is a finding, all else leaves it unknown. */
static bool not_asked(struct engine *g, const struct err *why, struct err *e)
{
	if (schema_gone(why)) {
		behind(g, SCHEMA_GONE);
		return true;
	}
	if (e)
		*e = *why;
	return false;
}

bool line_compare(struct engine *g, struct err *e)
{
	int64_t mirrored = 0;
	struct err no = { 0 };
	struct anchor last = line_last_anchor(g, &no);
	if (last.n == -2 || !ledger_mirrored(g->db, journal_sid(g->journal), &mirrored, &no))
		return not_asked(g, &no, e);
	const char *why = differs(g, &last, mirrored);
	behind(g, why ? why : g->differs);
	return true;
}

/* One page of the mirror beside the log. */
static bool same_page(struct engine *g, size_t from, size_t *n, bool *same, struct err *e)
{
	struct arena *a = arena_new();
	const char **lines;
	bool ok = ledger_page(g->db, a, journal_sid(g->journal), (int64_t)from, &lines, n, e);
	*same = ok && from + *n <= journal_count(g->journal);
	for (size_t i = 0; *same && i < *n; i++)
		*same = strcmp(lines[i], journal_raw(g->journal, from + i)) == 0;
	arena_free(a);
	return ok;
}

/* A page at a time: a log may have many thousands of lines. */
static bool same_lines(struct engine *g, bool *same, struct err *e)
{
	struct err why = { 0 };
	size_t from = 0, n = 0;
	do {
		if (!same_page(g, from, &n, same, &why)) {
			if (why.code == ERR_VERIFY)
				return true;   /* a line is missing in the middle */
			if (e)
				*e = why;
			return false;
		}
		from += n;
	} while (*same && n == LEDGER_PAGE);
	return true;
}

/* Each entry is a line's, in their order; each decision up to the last entry has one. A drop's entry is that of its intent. */
static bool same_anchors(struct engine *g, struct arena *a, bool *same, struct err *e)
{
	struct anchor *all;
	size_t n = 0, at = 0;
	if (!ledger_anchors(g->db, a, journal_sid(g->journal), &all, &n, e))
		return false;
	*same = true;
	for (size_t i = 0; *same && at < n && i < journal_count(g->journal); i++) {
		const struct line_mark *m = journal_mark(g->journal, i);
		bool is = all[at].n == (int64_t)i && strcmp(all[at].head, m->head) == 0 &&
			(m->op == OP_INTENT ? strcmp(all[at].kind, "drop") == 0 : m->is_signed && strcmp(all[at].kind, "line") == 0);
		*same = is || (all[at].n > (int64_t)i && !line_anchored(m));
		at += is;
	}
	*same = *same && at == n;
	return true;
}

bool line_compare_all(struct engine *g, struct err *e)
{
	struct arena *a = arena_new();
	bool lines = false, anchors = false;
	struct err no = { 0 };
	bool asked = same_lines(g, &lines, &no) && same_anchors(g, a, &anchors, &no);
	arena_free(a);
	if (!asked)
		return not_asked(g, &no, e);
	g->differs = !lines ? "the mirror of the log in the database was changed" : !anchors ? "the ledger's entries were changed" : NULL;
	return line_compare(g, e);
}
