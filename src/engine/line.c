/* SPDX-License-Identifier: MIT */
/* Writing a line. Order: the fold must accept it; the log has it (fsync); the mirror has it; a decision is anchored.
   An intent is not anchored here: its anchor stands in the transaction of the statement it speaks of, and nowhere else. */
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "adapter/stamp.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "port/files.h"

#define VERIFY_EVERY (30 * US_SECOND)

struct json *line_body(struct engine *g)
{
	return json_obj(lot_arena(g->walk_lot));
}

/* Each op in a few words; {name} is a field of the line. */
static const char *const briefs[OP_COUNT] = {
	[OP_BEGIN] = "{target} on {server}", [OP_EVIDENCE] = "{kind} {role}", [OP_CONFIRM] = "item {item}: {typed}",
	[OP_DECLARE] = "{what} {key}: {value}", [OP_CLEAR] = "{consumer}: {reason}", [OP_GATE] = "gate {gate} passed",
	[OP_QUIET] = "the count of item 9 begins", [OP_SIGHTING] = "{touch} by {who} {text}", [OP_JOB] = "{kind} job: {event} {note}",
	[OP_INTENT] = "{statement}", [OP_CHANGE] = "{what}: {statement}", [OP_CHANGED] = "{result} {why}", [OP_OUTCOME] = "{result} {why}", [OP_ALARM] = "{text}", [OP_BACK] = "from {from} to {to}: {why}",
	[OP_AMEND] = "{class}: {why}", [OP_LEAVE] = "{why}",
};

static void add_field(struct text *t, const struct json *b, const char *name, size_t len)
{
	char key[32];
	snprintf(key, sizeof key, "%.*s", (int)len, name);
	const struct json *f = json_get(b, key);
	if (f && f->kind == JSON_STR)   /* of many statements the first one: the line's own page has them all */
		text_addf(t, "%.*s%s", (int)strcspn(f->str, "\n"), f->str, strchr(f->str, '\n') ? " ..." : "");
	else if (f && f->kind == JSON_INT)
		text_addf(t, "%lld", (long long)f->num);
}

static const char *line_brief(struct arena *a, const struct record *r)
{
	struct text t = { 0 };
	for (const char *c = briefs[r->op]; c && *c;) {
		const char *end = *c == '{' ? strchr(c, '}') : NULL;
		if (end)
			add_field(&t, r->b, c + 1, (size_t)(end - c - 1));
		else {
			if (*c == ':' && t.len > 0 && t.s[t.len - 1] == ' ')
				t.len--;   /* the field before it is empty */
			text_addn(&t, c, 1);
		}
		c = end ? end + 1 : c + 1;
	}
	while (t.len > 0 && t.s[t.len - 1] == ' ')
		t.s[--t.len] = '\0';
	const char *copy = briefs[r->op] ? arena_dup(a, text_str(&t)) : NULL;
	text_free(&t);
	return copy;
}

/* All fields of a line, in the order they were written: for its own page. */
static const char *line_text(struct arena *a, const struct record *r)
{
	struct text t = { 0 };
	for (const struct json *c = r->b ? r->b->first : NULL; c && t.len < 400; c = c->next) {
		if (c->kind == JSON_STR && *c->str)
			text_addf(&t, "%s%s %s", t.len ? " · " : "", c->key, c->str);
		else if (c->kind == JSON_INT)
			text_addf(&t, "%s%s %lld", t.len ? " · " : "", c->key, (long long)c->num);
	}
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

void line_show(struct engine *g, const struct record *r)
{
	struct arena *a = lot_arena(g->walk_lot);
	const char *last = g->n_lines ? g->lines[g->n_lines - 1].who : NULL;
	g->lines = arena_grow(a, g->lines, &g->n_lines, &g->cap_lines, sizeof *g->lines);
	g->lines[g->n_lines - 1] = (struct view_line){
		.n = r->n, .t = r->t, .op = record_op_name(r->op), .who = last && strcmp(r->who, last) == 0 ? last : arena_dup(a, r->who),
		.text = line_text(a, r), .is_signed = r->signature != NULL, .brief = line_brief(a, r),
	};
}

/* A line that the fold refuses must never reach the log. */
static bool foldable(struct engine *g, enum record_op op, const struct json *b, const struct stamp *st, struct err *e)
{
	struct walk copy = g->walk;
	struct record r = {
		.n = g->walk.n, .op = op, .sid = g->walk.sid, .db = g->walk.db, .who = signer_principal(g->signer),
		.t = st->t, .t_why = st->t_why, .local = st->local, .b = b,
	};
	if (op == OP_BEGIN) {
		r.sid = journal_sid(g->journal);
		r.db = "";
	}
	if (op == OP_REBIND)
		r.db = json_str(b, "into");
	memset(r.prev, '0', 64);
	memset(r.head, '0', 64);
	return walk_fold(&copy, &r, e);
}

struct anchor line_last_anchor(struct engine *g, struct err *e)
{
	struct anchor last = { .n = -1 };
	if (!ledger_last(g->db, lot_arena(g->look_lot), journal_sid(g->journal), &last, e))
		last.n = -2;
	return last;
}

static bool publish(struct engine *g, int64_t n, struct err *e)
{
	const struct line_mark *m = journal_mark(g->journal, (size_t)n);
	if (!ledger_mirror(g->db, journal_sid(g->journal), n, journal_raw(g->journal, (size_t)n), e))
		return false;
	if (!line_anchored(m))
		return true;
	struct anchor last = line_last_anchor(g, e);
	return last.n >= -1 && ledger_anchor(g->db, journal_sid(g->journal), n, m->head, &last, e);
}

static bool changing(const struct walk *w)
{
	return w->stage == AT_DROPPING || walk_is_changing(w) || w->filling;
}

static bool may_write(struct engine *g, enum record_op op, const struct json *b, struct stamp *st, struct err *e)
{
	if (g->read_only)
		return err_set(e, ERR_USE, "Open the walk to go on with it.", "this walk is only being read");
	if (g->owed && g->db && !line_sync(g, e))
		return false;
	if (g->state != LOG_AGREES && !record_op_agrees(op))
		return line_disagree(g, e);
	if (!engine_signer(g, e))
		return false;
	if (record_op_signed(op) && !g->db)
		return err_set(e, ERR_DB_LOST, "Wait for the server, then try again: a decision needs its clock and its ledger.",
			"no connection to the server");
	stamp_take(g->db, lot_arena(g->walk_lot), st);
	return foldable(g, op, b, st, e);
}

bool line_may(struct engine *g, enum record_op op, const struct json *b, struct err *e)
{
	struct stamp st;
	if (!may_write(g, op, b, &st, e))
		return false;
	return !record_op_signed(op) || engine_unlocked(g) || err_set(e, ERR_SIGNATURE, "Unlock it first.", "the key is locked");
}

bool line_write(struct engine *g, enum record_op op, const struct json *b, bool person, struct err *e)
{
	struct stamp st;
	if (!may_write(g, op, b, &st, e))
		return false;
	const struct record *r = journal_append(g->journal, op, b, &st, person, e);
	if (!r || !walk_fold(&g->walk, r, e))
		return false;
	line_show(g, r);
	summary_write(g);
	g->owed = true;
	if (!g->db)
		return true;
	if (op == OP_BEGIN || record_op_agrees(op))
		return true;   /* the walk's row comes first, and the lines that the database lost: open.c, agree.c */
	if (!publish(g, r->n, e))
		return false;
	g->owed = false;
	return ledger_update(g->db, &g->walk, g->plan, changing(&g->walk), e);
}

bool line_declare(struct engine *g, const char *what, const char *key, const char *value, struct err *e)
{
	struct json *b = line_body(g);
	json_add_str(b, "key", key);
	json_add_str(b, "value", value);
	json_add_str(b, "what", what);
	return line_write(g, OP_DECLARE, b, false, e);
}

/* A walk that ended between its first line and its row in the ledger gets the row now. */
static bool row_there(struct engine *g, const struct anchor *last, struct err *e)
{
	struct ledger_walk *w;
	size_t n = 0;
	char host[256] = "";
	if (last->n >= 0 || (journal_count(g->journal) != 1 && g->walk.agreed_n < 0))
		return true;
	if (!ledger_find(g->db, lot_arena(g->look_lot), journal_sid(g->journal), &w, &n, e))
		return false;
	gethostname(host, sizeof host - 1);
	return n > 0 || ledger_open(g->db, &g->walk, g->plan, host, e);
}

/* What the database had and lost is marked when it gets it again. *last becomes this entry. */
static bool anchor(struct engine *g, int64_t n, struct anchor *last, struct err *e)
{
	const char *sid = journal_sid(g->journal), *head = journal_mark(g->journal, (size_t)n)->head;
	if (!(n < g->walk.agreed_n ? ledger_anchor_again : ledger_anchor)(g->db, sid, n, head, last, e))
		return false;
	last->n = n;
	snprintf(last->head, sizeof last->head, "%s", head);
	return true;
}

bool line_sync(struct engine *g, struct err *e)
{
	if (!g->db || !line_compare_all(g, e))
		return false;
	if (g->state != LOG_AGREES || g->read_only)
		return true;
	struct anchor last = line_last_anchor(g, e);
	int64_t have = 0;
	if (last.n == -2 || !row_there(g, &last, e) || !ledger_mirrored(g->db, journal_sid(g->journal), &have, e))
		return false;
	for (int64_t i = 0; i < (int64_t)journal_count(g->journal); i++) {
		const struct line_mark *m = journal_mark(g->journal, (size_t)i);
		if (i >= have && !ledger_mirror(g->db, journal_sid(g->journal), i, journal_raw(g->journal, (size_t)i), e))
			return false;
		if (line_anchored(m) && i > last.n && !anchor(g, i, &last, e))
			return false;
	}
	g->owed = false;
	/* An open drop or change wrote the row itself: it is brought up with the outcome. A removal finds its stage there. */
	bool itself = walk_is_changing(&g->walk) || (g->walk.stage == AT_DROPPING && g->walk.kind != TARGET_ROWS);
	return itself || ledger_update(g->db, &g->walk, g->plan, changing(&g->walk), e);
}

/* Not over a line that the ledger has whole: then the file was damaged later. */
bool line_seal_torn(struct engine *g, struct err *e)
{
	struct stamp st;
	if (g->state != LOG_AGREES || !journal_torn(g->journal))
		return true;
	stamp_take(g->db, lot_arena(g->walk_lot), &st);
	if (!journal_seal_torn(g->journal, &st, e))
		return false;
	const struct record *r = journal_line(g->journal, lot_arena(g->look_lot), journal_count(g->journal) - 1);
	if (!walk_fold(&g->walk, r, e))
		return false;
	line_show(g, r);
	g->owed = true;
	return line_sync(g, e);
}

/* The whole file again, every half minute: somebody else may write to it while we hold its lock. */
static bool verify_file(struct engine *g)
{
	if (!journal_unchanged(g->journal))
		return false;
	g->verified_at = clock_mono();
	return true;
}

void line_check(struct engine *g)
{
	struct fact_log *f = &g->facts.log;
	struct err e = { 0 };
	bool due = clock_mono() - g->verified_at >= VERIFY_EVERY;
	*f = (struct fact_log){ 0 };
	if (!g->db || !(due ? line_compare_all(g, &e) : line_compare(g, &e)))
		return;
	f->at = g->facts.now;
	f->verifies = !due || verify_file(g);
	f->state = g->state;
	f->ledger_agrees = g->state == LOG_AGREES;
	if (!f->verifies)
		f->why = "the log's file was changed by somebody else";
	else
		f->why = log_state_why(g->state);
}
