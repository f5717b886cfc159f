/* SPDX-License-Identifier: MIT */
/* Log against ledger and mirror. Quickly at each look: the last anchor, the number of lines. Wholly when a walk is opened,
   before each decision and every half minute: every anchor and every mirrored line. */
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>

#include "adapter/place.h"
#include "base/arena.h"

bool line_anchored(const struct line_mark *m)
{
	return m->is_signed && !record_op_intends(m->op);
}

static size_t signed_after(const struct engine *g, int64_t n)
{
	size_t count = 0;
	for (size_t i = (size_t)(n + 1); i < journal_count(g->journal); i++)
		count += line_anchored(journal_mark(g->journal, i));
	return count;
}

/* A line that mirror and ledger lack, while the server stands at another timeline, or before the place where it stood when the
   line was written: its history was cut off, and more than this line may be gone. */
static bool cut_off(const struct engine *g, const struct place *p, int64_t mirrored)
{
	int64_t from = mirrored > g->walk.agreed_n ? mirrored : g->walk.agreed_n;
	for (int64_t i = from > 0 ? from : 0; i < (int64_t)journal_count(g->journal); i++) {
		const struct record *r = journal_line(g->journal, lot_arena(g->look_lot), (size_t)i);
		if (i >= mirrored && r->t && r->tli && (r->tli != p->tli || place_lsn(r->lsn) > p->lsn))
			return true;
	}
	return false;
}

/* The ledger's last anchor must be a line of this log, with the very head. One decision may lack its anchor: the program
   ended between log and ledger. More than one means that the database was put back to an older state; unless a resync or
   rebind says so, and the ledger is just being brought up behind it. */
static enum log_state compared(const struct engine *g, const struct place *p, const struct anchor *last, int64_t mirrored)
{
	const struct walk *w = &g->walk;
	int64_t count = (int64_t)journal_count(g->journal);
	bool agreed = w->agreed_n >= 0 && last->n >= w->agreed_last && last->n < w->agreed_n;
	if (last->n >= count || mirrored > count)
		return LOG_BEHIND;
	if (last->n >= 0 && strcmp(journal_mark(g->journal, (size_t)last->n)->head, last->head) != 0)
		return LOG_OTHER;
	if (last->n == -1 && count > 1 && !agreed)
		return LOG_NO_WALK;
	if (w->dropped && last->n < w->intent_n)
		return LOG_DROP_LOST;
	if (last->n < w->changed_n)
		return LOG_AHEAD;   /* a change has no entry but the one in its own transaction */
	return signed_after(g, agreed ? w->agreed_n : last->n) > 1 || cut_off(g, p, mirrored) ? LOG_AHEAD : LOG_AGREES;
}

/* The install id moves with the schema; the rest names the database itself. */
static enum log_state identified(const struct engine *g, const struct place *p, enum log_state ledger)
{
	const char *here = strrchr(p->db, '.'), *walks = strrchr(g->walk.db, '.');
	if (!here || !walks || strcmp(here, walks) != 0)
		return LOG_FOREIGN;
	return p->marked && strcmp(p->db, g->walk.db) == 0 ? ledger : LOG_MOVED;
}

bool line_disagree(const struct engine *g, struct err *e)
{
	char hint[256] = "See gatewalk(1), WHEN LOG AND DATABASE DISAGREE.";
	const char *does, *command = log_state_command(g->state, &does);
	if (command)
		snprintf(hint, sizeof hint, "gatewalk %s %s   %s", command, g->walk.name, does);
	return err_set(e, ERR_VERIFY, hint, "%s", log_state_why(g->state));
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
		g->state = g->under = LOG_NO_SCHEMA;
		return true;
	}
	if (e)
		*e = *why;
	return false;
}

bool line_compare(struct engine *g, struct err *e)
{
	int64_t mirrored = 0;
	struct place p;
	struct err no = { 0 };
	if (!place_look(g->db, lot_arena(g->look_lot), &p, &no))
		return not_asked(g, &no, e);
	/* A newer gatewalk upgraded the schema under an open walk: this link ends, and the next one says so. */
	if (!g->rebinding && !place_fits(&p, &no)) {
		engine_disconnect(g, &no);
		return not_asked(g, &no, e);
	}
	struct anchor last = line_last_anchor(g, &no);
	if (last.n == -2 || !ledger_mirrored(g->db, journal_sid(g->journal), &mirrored, &no))
		return not_asked(g, &no, e);
	g->under = compared(g, &p, &last, mirrored);
	if (g->under == LOG_AGREES)
		g->under = g->differs;
	g->state = identified(g, &p, g->under);
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
			(m->op == OP_INTENT ? strcmp(all[at].kind, "drop") == 0 : m->is_signed && strcmp(all[at].kind, "drop") != 0);
		bool may_lack = !line_anchored(m) && !(g->walk.dropped && (int64_t)i == g->walk.intent_n) && (int64_t)i != g->walk.changed_n;
		*same = is || (all[at].n > (int64_t)i && may_lack);
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
	g->differs = !lines ? LOG_MIRROR_CHANGED : !anchors ? LOG_LEDGER_CHANGED : LOG_AGREES;
	return line_compare(g, e);
}
