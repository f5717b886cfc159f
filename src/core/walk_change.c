/* SPDX-License-Identifier: MIT */
/* A column comes, or goes again; the trigger beside it; what the old one asks for: what was signed, and what became of it. */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "core/body.h"

#define PASS_LIVES US_DAY

static const struct { enum event asked, done, not_done; } changes[] = {
	[CHANGE_NONE] = { EVENT_COUNT, EVENT_COUNT, EVENT_COUNT },
	[CHANGE_ADD] = { EV_ADD, EV_ADDED, EV_NOT_ADDED }, [CHANGE_TAKE] = { EV_TAKE, EV_TAKEN, EV_NOT_TAKEN },
	[CHANGE_DUAL] = { EV_DUAL, EV_DUALED, EV_NOT_DUALED }, [CHANGE_UNDUAL] = { EV_UNDUAL, EV_UNDUALED, EV_NOT_UNDUALED },
	[CHANGE_RELAX] = { EV_RELAX, EV_RELAXED, EV_NOT_RELAXED }, [CHANGE_TIGHTEN] = { EV_TIGHTEN, EV_TIGHTENED, EV_NOT_TIGHTENED },
	[CHANGE_END] = { EV_END, EV_ENDED, EV_NOT_ENDED }, [CHANGE_AGAIN] = { EV_AGAIN, EV_AGAINED, EV_NOT_AGAINED },
	[CHANGE_HOLD] = { EV_HOLD, EV_HELD, EV_NOT_HELD },
};

static bool moves(const struct walk *w, enum event ev, enum stage *to)
{
	struct move m;
	if (!walk_move(w->archetype, *to, ev, GATES_ALL, &m))
		return false;
	*to = m.to;
	return true;
}

enum stage walk_change_to(const struct walk *w)
{
	enum stage to = w->stage;
	moves(w, changes[w->change].done, &to);
	return to;
}

bool walk_is_changing(const struct walk *w)
{
	return w->stage == AT_CHANGING || w->stage == AT_ENDING;
}

bool walk_change_may(const struct walk *w, enum change ch)
{
	return ch > CHANGE_NONE && ch <= CHANGE_HOLD && (ch != CHANGE_HOLD || w->kind == TARGET_CONSTRAINT) && walk_move_needs(w->archetype, w->stage, changes[ch].asked) <= GATES_ALL;
}

bool walk_recounts(const struct walk *w, bool lost, enum stage *to)
{
	*to = w->stage;
	if (w->change != CHANGE_NONE && !moves(w, changes[w->change].not_done, to))
		return false;
	if (!moves(w, !lost ? EV_RECOUNT : w->archetype == ARCH_ADDITIVE ? EV_ADD_LOST : EV_DROP_LOST, to))
		return false;
	if (*to == AT_BACKFILL && w->unfilled)
		return moves(w, EV_FILLED, to);
	return true;
}

bool fold_last_pass(const struct walk *w, const struct record *r, struct err *e)
{
	const struct fact_parity *p = &w->parity;
	int64_t line;
	if (!body_count(r->b, "parity", &line, e))
		return false;
	if (!p->at || line != w->parity_n)
		return fold_refuse(e, "field \"parity\" is not the line of the last pass over all rows");
	if (p->mismatches || p->covers)
		return fold_refuse(e, p->covers ? "the pass did not cover every row" : "old and new differ in that pass");
	if (p->began < w->confirmed[ITEM_READS] || p->began < w->relaxed_at)
		return fold_refuse(e, "the pass began before reads had moved and the old column was relaxed");
	return r->t - p->ended <= PASS_LIVES || fold_refuse(e, "the pass is older than a day");
}

/* A change has to fit what stands on the table, which the stage alone does not say. */
static bool change_fits(const struct walk *w, enum change ch, const struct record *r, struct err *e)
{
	switch (ch) {
	case CHANGE_UNDUAL:
		if (!w->by_trigger || w->relaxed_at)
			return fold_refuse(e, w->by_trigger ? "what was taken off the old column is put back first" : "the application writes both columns, and no trigger");
		return true;
	case CHANGE_TIGHTEN:
		if (!w->relaxed_at || w->alone)
			return fold_refuse(e, w->alone ? "rows stand in the new column alone: the old one is filled from it first" : "nothing was taken off the old column");
		return true;
	case CHANGE_END: return (w->by_trigger || fold_refuse(e, "the application writes both columns, and no trigger")) && fold_last_pass(w, r, e);
	case CHANGE_AGAIN: return w->by_trigger || fold_refuse(e, "the application wrote both columns, and no trigger");
	case CHANGE_HOLD:
		if (w->kind != TARGET_CONSTRAINT)
			return fold_refuse(e, "a new column is asked of no row");
		return true;
	default: return true;
	}
}

/* Of two columns side by side, whoever takes one of them, or its trigger, says whether anything was written to the new one alone. */
static bool leaves_alone(struct walk *w, enum change ch, const struct record *r, struct err *e)
{
	if (!archetype_beside(w->archetype) || (ch != CHANGE_TAKE && ch != CHANGE_UNDUAL && ch != CHANGE_AGAIN))
		return true;
	return body_flag(r->b, "alone", &w->alone_said, e);
}

/* What stood there is nowhere else when it is off: the log keeps the statements of the way back. */
static bool keeps_back(struct walk *w, enum change ch, const struct record *r, struct err *e)
{
	const struct json *back = json_get(r->b, "back");
	const char *def;
	size_t n = 0;
	if (ch != CHANGE_RELAX)
		return true;
	if (!back || back->kind != JSON_ARR || !back->first)
		return fold_refuse(e, "field \"back\" is missing or empty");
	for (const struct json *s = back->first; s; s = s->next, n++)
		if (s->kind != JSON_STR || *s->str == '\0')
			return fold_refuse(e, "field \"back\" has something that is no statement");
	if (!body_text(r->b, "default", &def, e))
		return false;
	w->old_default = arena_dup(w->arena, def);
	w->tighten = arena_array(w->arena, n, sizeof *w->tighten);
	w->n_tighten = 0;
	for (const struct json *s = back->first; s; s = s->next)
		w->tighten[w->n_tighten++] = arena_dup(w->arena, s->str);
	return true;
}

static bool change_open(struct walk *w, const struct record *r, enum change ch, struct err *e)
{
	const char *nonce, *statement, *digest, *why;
	int64_t expires;
	unsigned relid;
	if (!body_oid(r->b, "relid", &relid, e) || !body_time(r->b, "expires", &expires, e) || !body_word(r->b, "nonce", &nonce, e) ||
	    !body_word(r->b, "statement", &statement, e) || !body_hex(r->b, "statement_sha256", 64, &digest, e) || !body_text(r->b, "why", &why, e) ||
	    !fold_move(w, changes[ch].asked, NULL, e) || !change_fits(w, ch, r, e) || !leaves_alone(w, ch, r, e) || !keeps_back(w, ch, r, e))
		return false;
	if (relid != w->relid)
		return fold_refuse(e, "the change is for another table than the walk's");
	if (!hex_is(r->head, 64))
		return fold_refuse(e, "the change has no head");
	w->intent_nonce = arena_dup(w->arena, nonce);
	w->intent_statement = arena_dup(w->arena, statement);
	w->intent_expires = expires;
	return true;
}

bool fold_change(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const whats[] = { "add", "take", "dual write", "take dual write", "relax", "tighten", "end dual write", "dual write again", "hold", NULL };
	size_t what;
	if (!fold_timed(r, e) || !body_choice(r->b, "what", whats, &what, e) || !change_open(w, r, (enum change)(what + 1), e))
		return false;
	w->change = (enum change)(what + 1);
	w->intent_n = r->n;
	memcpy(w->intent_head, r->head, sizeof w->intent_head);
	w->intent_t = r->t;
	w->outcome_known = false;
	return true;
}

/* A column that is gone again takes along what was reached with it. */
static void end_of_column(struct walk *w, bool done, int64_t at, int attnum)
{
	bool there = (w->change == CHANGE_ADD) == done;
	w->added_attnum = !there ? 0 : done ? attnum : w->added_attnum;
	w->added_at = !there ? 0 : done ? at : w->added_at;
}

static void end_of_change(struct walk *w, int64_t at)
{
	switch (w->change) {
	case CHANGE_DUAL: w->confirmed[ITEM_DUAL_WRITE] = at; w->by_trigger = true; return;
	case CHANGE_UNDUAL: w->by_trigger = w->reconvert = false; break;
	case CHANGE_RELAX: w->relaxed_at = at; return;
	case CHANGE_TIGHTEN: w->relaxed_at = 0; break;
	case CHANGE_END: w->quiet_since = w->ended_at = at; return;
	case CHANGE_AGAIN: w->alone = w->alone_said; break;
	case CHANGE_TAKE: break;
	default: return;
	}
	fold_ask_again(w, at);   /* a step back */
}

bool fold_changed(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const results[] = { "done", "not done", NULL };
	const char *why, *xid;
	int64_t at, held, lock, intent;
	int attnum;
	size_t result;
	if (!body_choice(r->b, "result", results, &result, e) || !body_count(r->b, "intent", &intent, e) || !body_attnum(r->b, "attnum", &attnum, e) ||
	    !body_count(r->b, "held_us", &held, e) || !body_count(r->b, "lock_us", &lock, e) || !body_text(r->b, "why", &why, e) || !body_text(r->b, "xid", &xid, e))
		return false;
	bool done = result == 0;
	if (!(done ? body_time(r->b, "at", &at, e) : body_time_or_none(r->b, "at", &at, e)))
		return false;
	if (!fold_move(w, done ? changes[w->change].done : changes[w->change].not_done, NULL, e))
		return false;
	if (intent != w->intent_n)
		return fold_refuse(e, "the outcome speaks of another change than the open one");
	if ((done && w->change == CHANGE_ADD && w->kind != TARGET_CONSTRAINT) != (attnum > 0))
		return fold_refuse(e, "field \"attnum\" does not fit what was done");
	w->drop_us = held;
	w->lock_us = lock;
	w->changed_n = done && w->change != CHANGE_HOLD ? intent : w->changed_n;
	if (w->change <= CHANGE_TAKE)
		end_of_column(w, done, at, attnum);
	fold_undo(w);
	if (done)
		end_of_change(w, at);
	w->change = CHANGE_NONE;
	w->outcome_known = true;
	return true;
}
