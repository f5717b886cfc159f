/* SPDX-License-Identifier: MIT */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"

/* Writes fill the new column from here on. Where the plan has no backfill, item 6 is passed over at once. */
static bool confirmed_writes(struct walk *w, const struct json *b, struct err *e)
{
	bool backfill;
	if (!body_flag(b, "backfill", &backfill, e))
		return false;
	if (!backfill && archetype_beside(w->archetype))
		return fold_refuse(e, "a column beside another one is filled from it");
	w->unfilled = !backfill;
	bool moved = fold_move(w, EV_CONFIRM, NULL, e);
	if (backfill)
		return moved;
	return fold_move(w, EV_FILLED, NULL, e);   /* has a row only where the move before it was made */
}

/* The floor of item 7. A plan may ask for more: its gate does. */
static bool window_over(const struct walk *w, int64_t t, struct err *e)
{
	int64_t since = walk_window_since(w), floor = w->env == ENV_DEVELOPMENT ? 0 : archetype_window_floor(w->archetype) * w->day_us;
	if (!since)
		return fold_refuse(e, "no deploy reads the new column first, with the old one as fallback");
	return t - since >= floor || fold_refuse(e, "the wait of item 7 is not over");
}

/* The floor of item 9, where the log shows what it is counted from. */
static bool unused_over(const struct walk *w, int64_t t, struct err *e)
{
	int64_t floor = w->env == ENV_DEVELOPMENT ? 0 : archetype_unused_floor(w->archetype) * w->day_us;
	if (!archetype_beside(w->archetype))
		return true;
	return (w->quiet_since && t - w->quiet_since >= floor) || fold_refuse(e, "the wait of item 9 is not over");
}

bool fold_confirm(struct walk *w, const struct record *r, struct err *e)
{
	static const struct { int64_t item; enum stage at; enum event ev; } fits[] = {
		{ ITEM_ARCHETYPE, AT_ARCHETYPE, EV_CONFIRM }, { ITEM_DOCUMENT, AT_DOCUMENT, EV_CONFIRM },
		{ ITEM_CONSUMERS, AT_CONSUMERS, EV_CONFIRM }, { ITEM_READS, AT_READS, EV_CONFIRM },
		{ ITEM_DUAL_WRITE, AT_WRITES, EV_CONFIRM }, { ITEM_MONITOR, AT_MONITOR, EV_WATCHED },
		{ ITEM_WINDOW, AT_WINDOW, EV_CONFIRM }, { ITEM_UNUSED, AT_RELAX, EV_CONFIRM },
	};
	const char *typed;
	int64_t item;
	if (!fold_timed(r, e) || !body_count(r->b, "item", &item, e) || !body_word(r->b, "typed", &typed, e))
		return false;
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++) {
		if (fits[i].item != item || fits[i].at != w->stage)
			continue;
		if (item == ITEM_WINDOW && !window_over(w, r->t, e))
			return false;
		w->confirmed[item] = r->t;
		if (item == ITEM_DUAL_WRITE)
			return confirmed_writes(w, r->b, e);
		if (item == ITEM_READS && w->archetype == ARCH_ADDITIVE)
			w->watch_from = r->t;
		return fold_move(w, fits[i].ev, NULL, e);
	}
	return err_set(e, ERR_VERIFY, NULL, "item %lld cannot be confirmed at \"%s\"", (long long)item, stage_name(w->stage));
}

#define RELEASES 3     /* of whats */
#define WRITES_FILL 5

/* A removal of rows may take more than a night, and C3 asks for the releases of each day. */
static enum stage declares_until(const struct walk *w, size_t what)
{
	return what == RELEASES && w->kind == TARGET_ROWS ? AT_DROPPING : AT_ARMED;
}

bool fold_declare(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const whats[] = { "reads_moved", "rehearsed", "tests", "releases", "watch", "writes_fill", "writes_both", "reads_both", "writes_new", NULL };
	struct walk_declared d = { .at = r->t };
	size_t what;
	if (!fold_timed(r, e) || !body_choice(r->b, "what", whats, &what, e) || !fold_here(w, AT_SNAPSHOT, declares_until(w, what), e) ||
	    !body_text(r->b, "key", &d.key, e) || !body_word(r->b, "value", &d.value, e))
		return false;
	bool is_test = strcmp(d.key, "old_code") == 0 || strcmp(d.key, "half_filled") == 0;
	if (((what == 0 || what >= 4) && *d.key == '\0') || (what == 2 && !is_test) || ((what == 1 || what == 3) && *d.key != '\0'))
		return fold_refuse(e, "field \"key\" does not fit what is declared");
	if (what > WRITES_FILL && !archetype_beside(w->archetype))
		return fold_refuse(e, "field \"what\" is of a walk with two columns");
	if (archetype_beside(w->archetype) && fold_ask_early(walk_ask(whats[what]), w->stage))
		return fold_refuse(e, "it is declared before its time");
	d.what = whats[what];
	d.key = arena_dup(w->arena, d.key);
	d.value = arena_dup(w->arena, d.value);
	w->declared = arena_grow(w->arena, w->declared, &w->n_declared, &w->cap_declared, sizeof d);
	w->declared[w->n_declared - 1] = d;
	return true;
}

bool fold_clear(struct walk *w, const struct record *r, struct err *e)
{
	struct walk_clear c = { .at = r->t };
	if (!fold_here(w, AT_SNAPSHOT, AT_ARMED, e) || !fold_timed(r, e) || !body_word(r->b, "consumer", &c.key, e) ||
	    !body_word(r->b, "reason", &c.reason, e) || !body_flag(r->b, "survives", &c.survives, e) ||
	    (json_get(r->b, "counted") && !body_word(r->b, "counted", &c.counted, e)))
		return false;
	c.counted = c.counted ? arena_dup(w->arena, c.counted) : NULL;
	c.key = arena_dup(w->arena, c.key);
	c.reason = arena_dup(w->arena, c.reason);
	w->clears = arena_grow(w->arena, w->clears, &w->n_clears, &w->cap_clears, sizeof c);
	w->clears[w->n_clears - 1] = c;
	return true;
}

static bool conditions_hold(const struct json *b, struct err *e)
{
	static const char *const verdicts[] = { "holds", "not needed", NULL };
	const struct json *all = json_get(b, "conditions");
	const char *id, *now;
	size_t which;
	if (!all || all->kind != JSON_ARR || !all->first)
		return fold_refuse(e, "field \"conditions\" is missing or empty");
	for (const struct json *c = all->first; c; c = c->next)
		if (!body_word(c, "id", &id, e) || !body_text(c, "now", &now, e) || !body_choice(c, "verdict", verdicts, &which, e))
			return false;
	return true;
}

bool fold_gate(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const letters[] = { "A", "B", "C", NULL };
	size_t gate;
	if (!fold_timed(r, e) || !body_choice(r->b, "gate", letters, &gate, e) || !conditions_hold(r->b, e))
		return false;
	static const enum event events[] = { EV_GATE_A, EV_GATE_B, EV_GATE_C };
	if (gate == 1 && !unused_over(w, r->t, e))
		return false;
	w->gate_passed[gate] = r->t;
	return fold_move(w, events[gate], NULL, e);
}

bool fold_quiet(struct walk *w, const struct record *r, struct err *e)
{
	bool ends = w->stage == AT_PARITY;
	if (!fold_timed(r, e) || (ends && w->by_trigger && !fold_refuse(e, "its trigger ends dual write, by a change")) || (ends && !fold_last_pass(w, r, e)) ||
	    !fold_move(w, EV_QUIET, NULL, e))
		return false;
	w->quiet_since = r->t;
	w->ended_at = ends ? r->t : w->ended_at;
	return true;
}

/* What was reached behind the step that the walk goes back to no longer stands. */
void fold_undo(struct walk *w)
{
	static const struct { enum item item; enum stage at; } confirms[] = {
		{ ITEM_ARCHETYPE, AT_ARCHETYPE }, { ITEM_DOCUMENT, AT_DOCUMENT }, { ITEM_CONSUMERS, AT_CONSUMERS },
		{ ITEM_DUAL_WRITE, AT_WRITES }, { ITEM_WINDOW, AT_WINDOW }, { ITEM_READS, AT_READS }, { ITEM_UNUSED, AT_RELAX },
	};
	static const enum stage gates[] = { AT_GATE_A, AT_UNUSED, AT_GATE_C };
	for (size_t i = 0; i < sizeof confirms / sizeof *confirms; i++)
		if (confirms[i].at >= w->stage)
			w->confirmed[confirms[i].item] = 0;
	for (size_t i = 0; i < 3; i++)
		if (gates[i] >= w->stage)
			w->gate_passed[i] = 0;
	if (w->stage < AT_UNUSED) {
		w->parity = w->ended_at ? (struct fact_parity){ .at = 0 } : w->parity;   /* it was of before dual write ended */
		w->quiet_since = w->ended_at = 0;
	}
	if (w->stage <= AT_COPY)
		w->moved = (struct fact_snapshot){ .begun = 0 };
	if (w->stage < AT_BACKFILL)
		w->fill = (struct walk_fill){ .at = 0 };
	if (w->stage <= AT_BACKFILL) {
		w->window_from = 0;
		w->parity = (struct fact_parity){ .at = 0 };
	}
	if (w->archetype == ARCH_ADDITIVE)   /* whose watch begins behind all that is taken back */
		w->watch_from = 0;
}

bool fold_fills(const struct walk *w)
{
	return walk_move_needs(w->archetype, w->stage, EV_REFILL) <= GATES_ALL;
}

bool fold_refill(struct walk *w, struct err *e)
{
	bool ok = fold_move(w, EV_REFILL, NULL, e);
	fold_undo(w);
	return ok;
}

/* Two columns side by side: what a step back leaves behind is asked, and what was waited for is waited for again. */
static bool back_beside(struct walk *w, enum stage from, const struct record *r, struct err *e)
{
	bool asks = from == AT_BACKFILL || from == AT_UNUSED, alone = false;
	if (!archetype_beside(w->archetype))
		return true;
	if (!fold_timed(r, e) || (asks && !body_flag(r->b, "alone", &alone, e)))
		return false;
	w->alone = from == AT_UNUSED && alone;
	if (w->stage == AT_WINDOW)
		w->window_from = r->t;
	fold_ask_again(w, r->t);
	return true;
}

bool fold_back(struct walk *w, const struct record *r, struct err *e)
{
	const char *from, *to, *why;
	enum stage was = w->stage, back = AT_NOWHERE;
	if (!body_word(r->b, "from", &from, e) || !body_word(r->b, "to", &to, e) || !body_text(r->b, "why", &why, e))
		return false;
	if (strcmp(from, stage_name(w->stage)) != 0)
		return err_set(e, ERR_VERIFY, NULL, "it steps back from another step than \"%s\"", stage_name(w->stage));
	if (walk_move_needs(w->archetype, was, EV_BACK) <= GATES_ALL && walk_back_change(w) != CHANGE_NONE)
		return err_set(e, ERR_VERIFY, NULL, "the way back from here is a change, \"%s\"", change_name(walk_back_change(w)));
	if (w->alone)
		return fold_refuse(e, "rows stand in the new column alone: the old one is filled from it first");
	if (!walk_back(w, &back))
		return fold_move(w, EV_BACK, NULL, e);   /* says so */
	if (strcmp(to, stage_name(back)) != 0)
		return err_set(e, ERR_VERIFY, NULL, "one step back is \"%s\"", stage_name(back));
	if (back == AT_GATE_C)
		w->gate_passed[2] = 0;
	w->stage = back;
	w->back_at = r->t;
	fold_undo(w);
	return back_beside(w, was, r, e);
}

#define AGAIN 3   /* of classes */

/* Other rows are filled, or by something else: what was filled and counted no longer speaks of it. Where the plan fills nothing any
   more, item 6 is passed over. */
static bool amend_backfill(struct walk *w, const struct json *b, struct err *e)
{
	bool backfill;
	if (!body_flag(b, "backfill", &backfill, e))
		return false;
	w->fill = (struct walk_fill){ .at = 0 };
	if (archetype_beside(w->archetype) && (!backfill || w->ended_at))
		return fold_refuse(e, backfill ? "writes no longer go to both columns: the way to another conversion is back to where they do" : "a column beside another one is filled from it");
	if (!fold_fills(w))
		return true;   /* not that far yet: item 5 says whether there is one */
	w->reconvert = w->by_trigger;
	w->unfilled = !backfill;
	return fold_refill(w, e) && (backfill || fold_move(w, EV_FILLED, NULL, e));
}

bool fold_amend(struct walk *w, const struct record *r, struct err *e)
{
	static const char *const classes[] = { "same", "stricter", "gates", "backfill", NULL };
	const char *plan, *why;
	size_t which;
	if (w->stage == AT_DROPPING || w->stage == AT_CHANGING || w->stage == AT_ENDING)
		return fold_refuse(e, w->stage == AT_DROPPING ? "no plan is taken in while a drop is open" : "no plan is taken in while a change is open");
	if (!body_choice(r->b, "class", classes, &which, e) || !body_hex(r->b, "plan", 64, &plan, e) ||
	    !body_text(r->b, "why", &why, e))
		return false;
	w->plan_digest = arena_dup(w->arena, plan);
	w->amended_at = r->t;
	return which != AGAIN || amend_backfill(w, r->b, e);
}

bool fold_leave(struct walk *w, const struct record *r, struct err *e)
{
	const char *why;
	if (walk_trigger_due(w))
		return fold_refuse(e, "its dual-write trigger stands on the table, and is to be taken away first");
	if (!body_word(r->b, "why", &why, e) || !fold_move(w, EV_LEAVE, NULL, e))
		return false;
	w->left_why = arena_dup(w->arena, why);
	return true;
}

bool fold_schema_log(struct walk *w, const struct record *r, struct err *e)
{
	const char *blob;
	if (!fold_here(w, AT_LOG, AT_LOG, e) || !body_hex(r->b, "blob", 64, &blob, e))
		return false;
	w->schema_logged = true;
	return true;
}

bool fold_close(struct walk *w, const struct record *r, struct err *e)
{
	(void)r;
	if (w->stage == AT_LOG && !w->schema_logged)
		return fold_refuse(e, "the schema log has not been written");
	return fold_move(w, EV_CLOSE, NULL, e);
}
