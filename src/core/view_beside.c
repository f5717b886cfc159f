/* SPDX-License-Identifier: MIT */
/* A walk with two columns side by side, renames and changes of type: what its own stages offer, ask and say next. */
#include "core/view_parts.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/gate_rules.h"
#include "core/sql.h"

bool view_window_wait(const struct view *v, int64_t *passed, int64_t *whole)
{
	int64_t from = walk_window_from(v->walk, v->plan), end = walk_window_end(v->walk, v->plan);
	if (!from || !v->now || end <= from)
		return false;
	*passed = v->now - from;
	*whole = end - from;
	return true;
}

const struct finding *view_change_shut(const struct view *v, enum change ch)
{
	static const char *const ids[][7] = {
		[CHANGE_UNDUAL] = { "A6", "C4", "C6" }, [CHANGE_RELAX] = { "A6", "B4", "C3", "C4", "C6" }, [CHANGE_TIGHTEN] = { "A6", "C4", "C6" },
		[CHANGE_END] = { "A6", "B3", "B4", "C4", "C6" }, [CHANGE_AGAIN] = { "A6", "C4", "C6" },
		[CHANGE_HOLD] = { "A6", "B3", "B7", "C3", "C4", "C6" },
	};
	if (ch <= CHANGE_DUAL)
		return view_add_shut(v);
	for (size_t i = 0; ids[ch][i]; i++)
		if (!view_holds(v, ids[ch][i]))
			return view_finding(v, ids[ch][i]);
	return NULL;
}

void view_offer_change(struct view *v, enum change ch, const char *label, const char *prompt, const char *expect)
{
	struct offer o = { .kind = ACT_ALTER, .key = change_name(ch), .label = label, .prompt = prompt, .expect = expect };
	if (!view_change_shut(v, ch) && !v->busy)
		view_offer_add(v, o);
}

void view_offer_change_back(struct view *v)
{
	switch (archetype_beside(v->walk->archetype) ? walk_back_change(v->walk) : CHANGE_NONE) {
	case CHANGE_UNDUAL: view_offer_change(v, CHANGE_UNDUAL, "step back: trigger off", VIEW_ALONE, VIEW_ALONE_FORM); break;
	case CHANGE_TIGHTEN: view_offer_change(v, CHANGE_TIGHTEN, "step back: put it back", "why what was taken off the old column comes back", "a reason"); break;
	case CHANGE_AGAIN: view_offer_change(v, CHANGE_AGAIN, "step back: trigger on", VIEW_ALONE, VIEW_ALONE_FORM); break;
	default: break;
	}
}

static bool by_application(const struct view *v)
{
	return plan_dual_by_application(v->plan);
}

static bool rename(const struct view *v)
{
	return v->walk->archetype == ARCH_RENAME;
}

/* "1 of 2 deploys declared" */
static const char *said(const struct view *v, const char *what)
{
	size_t done = 0;
	walk_deploy_left(v->walk, v->plan, what, &done);
	return arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys);
}

/* False: each has said so. */
static bool next_deploy(struct view *v, const char *what, const char *does)
{
	size_t done = 0;
	const char *name = walk_deploy_left(v->walk, v->plan, what, &done);
	if (!name)
		return false;
	view_line(v, 0, "Deploy %s: it %s. Then declare it.", name, does);
	view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
	return true;
}

/* False: nothing is in the way. */
static bool next_shut(struct view *v, const char *what, enum change ch)
{
	const struct finding *f = view_change_shut(v, ch);
	if (f)
		view_waits_or_because(v, what, f);
	else if (v->facts->blocker.at) {
		view_line(v, 0, "Not done: %s.", view_blocker(v));
		view_line(v, 1, "Nothing was changed, and nobody waits behind it. Try again later.");
	}
	return f || v->facts->blocker.at;
}

static void ask_before(struct view *v, const char *const *ids)
{
	for (; *ids; ids++)
		view_ask_sensed(v, *ids);
}

static void parity_offer(struct view *v)
{
	if (!view_job_alive(view_job_of(v, "parity")))
		view_offer_plain(v, ACT_PARITY, "compare old and new");
}

static bool trigger_missed(const struct view *v)
{
	return walk_trigger_due(v->walk) && v->facts->trigger.at && v->facts->trigger.why;
}

bool view_next_trigger(struct view *v)
{
	if (!trigger_missed(v) || walk_is_changing(v->walk))
		return false;
	view_line(v, 0, "The trigger: %s.", v->facts->trigger.why);
	view_line(v, 1, "Find out who did that, step back to item 5, and put it on anew.");
	return true;
}

/* ---- item 5: writes go to both ---- */

static void offers_writes(struct view *v)
{
	if (by_application(v)) {
		view_offer_deploys(v, "writes_both", "writes both columns");
		if (!walk_deploy_left(v->walk, v->plan, "writes_both", NULL))
			view_offer_confirm(v, ITEM_DUAL_WRITE, "type \"written\"", "written");
	} else {
		view_offer_change(v, CHANGE_DUAL, "put the trigger on", NULL, NULL);
	}
	view_offer_releases(v);
	view_offer_take(v);
}

static void asks_writes(struct view *v)
{
	static const char *const ids[] = { "C3", "C4", "C6", NULL };
	if (!by_application(v)) {
		ask_before(v, ids);
		view_ask_releases(v);
		return;
	}
	view_ask_deploys(v, "writes_both", "write both columns");
	view_ask_typed(v, ITEM_DUAL_WRITE, "do writes go to both everywhere?", "written", said(v, "writes_both"));
}

static void next_writes(struct view *v)
{
	if (by_application(v)) {
		if (!next_deploy(v, "writes_both", "writes both columns"))
			view_two(v, "Every deploy writes both. Type \"written\" (item 5).", "Then the rows that stand are filled.");
	} else if (!next_shut(v, "Before the trigger", CHANGE_DUAL)) {
		view_two(v, "Put the trigger on: from then on every write goes to both columns.", "A short lock. What does not convert is left out, and noted.");
	}
}

/* ---- item 7: both for days ---- */

static bool window_over(const struct view *v)
{
	int64_t end = walk_window_end(v->walk, v->plan);
	return end && v->now >= end;
}

static void offers_window(struct view *v)
{
	if (rename(v))
		view_offer_deploys(v, "reads_both", "reads the new column first, and the old one where that is empty");
	if (window_over(v) && !trigger_missed(v))
		view_offer_confirm(v, ITEM_WINDOW, "type \"over\"", "over");
	parity_offer(v);
}

static void asks_window(struct view *v)
{
	char span[WHEN_MAX], need[WHEN_MAX];
	int64_t passed, whole;
	view_ask_sensed(v, "B4");
	view_ask_sensed(v, "B3");
	if (rename(v))
		view_ask_deploys(v, "reads_both", "read new first, old as fallback");
	bool begun = view_window_wait(v, &passed, &whole);
	view_ask_typed(v, ITEM_WINDOW, "have both been written for long enough?", arena_printf(v->arena, "over, after %d days", plan_window_days(v->plan)),
		begun ? arena_printf(v->arena, "%s of %s", when_span(passed, span), when_span(whole, need)) : "not begun");
}

static void next_window(struct view *v)
{
	const struct finding *same = view_finding(v, "B4");
	if (rename(v) && next_deploy(v, "reads_both", "reads new first, old as fallback"))
		return;
	if (same->verdict == REFUSED && v->facts->parity.mismatches) {
		view_because(v, "Old and new differ", same);
	} else if (!walk_window_end(v->walk, v->plan)) {
		view_two(v, "The wait has not begun: it counts from dual write and a filled column.", "Press r: what is missing stands on the page of item 7.");
	} else if (!window_over(v)) {
		view_quiet_until(v, walk_window_end(v->walk, v->plan));
		view_line(v, 1, "Safe to quit: old and new are compared meanwhile, over and over.");
	} else {
		view_two(v, "Both were written for long enough. Type \"over\" (item 7).", rename(v) ? "Then comes a snapshot, and reads move to the new column alone." :
			"Then reads move to the new column alone.");
	}
}

/* ---- item 8: a rename's snapshot, and reads ---- */

static void offers_copy(struct view *v)
{
	if (!view_job_here(v))
		view_offer_plain(v, ACT_SNAPSHOT, "take the snapshot");
}

static void asks_copy(struct view *v)
{
	const struct fact_snapshot *s = &v->walk->moved;
	struct challenge *c = view_ask(v, "moved", "is there a snapshot of right before the reads move?", "one, proven equal");
	c->seen = s->proved;
	c->verdict = REFUSED;
	c->offer = view_offered(v, ACT_SNAPSHOT, NULL);
	put_text(c->now, sizeof c->now, "%s", s->begun ? "not equal" : "none");
	put_text(c->source, sizeof c->source, "files loaded again");
}

static void next_copy(struct view *v)
{
	view_two(v, "Take the snapshot: the last one before reads move.", "It runs by itself, the table stays in use, and quitting is safe.");
}

/* What the deploys declare of their writes: before dual write ends, or, where nothing brings the new column's values back, behind it. */
static void offer_writes(struct view *v)
{
	if (walk_asks_now(v->walk, v->plan, "writes_new"))
		view_offer_deploys(v, "writes_new", "writes the new column alone");
	else if (walk_asks_now(v->walk, v->plan, "writes_both") && v->walk->stage >= AT_READS && !by_application(v))
		view_offer_deploys(v, "writes_both", "writes both columns by itself");
}

static void offers_reads(struct view *v)
{
	view_offer_deploys(v, "reads_moved", "reads the new column alone");
	if (!view_deploy_left(v, NULL) && !trigger_missed(v))
		view_offer_confirm(v, ITEM_READS, "type \"moved\"", "moved");
	offer_writes(v);
	parity_offer(v);
}

static void asks_reads(struct view *v)
{
	view_ask_sensed(v, "B4");
	view_ask_deploys(v, "reads_moved", "read the new column alone");
	view_ask_typed(v, ITEM_READS, "do reads use the new column everywhere?", "moved", said(v, "reads_moved"));
}

static void next_reads(struct view *v)
{
	if (!next_deploy(v, "reads_moved", "reads the new column alone"))
		view_two(v, "Every deploy reads the new one. Type \"moved\" (item 8).", "Then what still asks for the old column is taken off it.");
}

/* ---- item 9: relaxed, compared a last time, written alone ---- */

static bool strict(const struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	return !v->walk->relaxed_at && (t->not_null || t->def || t->n_foreign);
}

static void offers_relax(struct view *v)
{
	if (strict(v))
		view_offer_change(v, CHANGE_RELAX, "relax the old column", NULL, NULL);
	else
		view_offer_confirm(v, ITEM_UNUSED, "type \"relaxed\"", "relaxed");
	view_offer_releases(v);
	parity_offer(v);
}

static void asks_relax(struct view *v)
{
	static const char *const ids[] = { "B4", "C3", "C4", "C6", NULL };
	const struct fact_target *t = &v->facts->target;
	const char *sql = t->at ? sql_relax(v->arena, v->plan, t) : "";
	struct challenge *c = view_ask(v, "relaxed", "does the old column still ask to be filled?", "no NOT NULL, no default, no foreign key");
	c->seen = t->at;
	c->verdict = !t->at ? UNKNOWN : strict(v) ? REFUSED : HOLDS;
	put_text(c->now, sizeof c->now, "%s", !t->at ? "not looked at" : *sql ? sql : "nothing is left of them");
	put_text(c->source, sizeof c->source, "catalogue");
	ask_before(v, ids);
	view_ask_releases(v);
}

static void next_relax(struct view *v)
{
	if (!strict(v))
		view_two(v, "Nothing asks for the old column any more. Type \"relaxed\" (item 9).", "Then both are compared a last time, with dual write on.");
	else if (!next_shut(v, "Before it is relaxed", CHANGE_RELAX))
		view_two(v, "Relax the old column: NOT NULL, default and foreign keys off it.", "A short lock. Its way back stands in the log.");
}

/* The pass has to have begun behind the last step, and to be of every row. */
static bool last_pass(const struct view *v)
{
	return view_holds(v, "B4") && walk_passed(v->walk);
}

static void offers_parity(struct view *v)
{
	const char *what = walk_ask_to_end(v->plan);
	bool may = last_pass(v) && !(what && walk_deploy_left(v->walk, v->plan, what, NULL)) && !v->walk->alone;
	/* What stands in the new column alone goes to the old one; then the new one's own count counts anew. */
	if (!view_job_alive(view_job_of(v, "backfill")) && (v->walk->alone ? v->plan->convert_back != NULL : !view_holds(v, "B3")))
		view_offer_plain(v, ACT_BACKFILL, v->walk->alone ? "fill the old column" : "count the rows again");
	offer_writes(v);
	if (may && v->walk->by_trigger)
		view_offer_change(v, CHANGE_END, "end dual write", NULL, NULL);
	else if (may)
		view_offer_plain(v, ACT_QUIET, "begin the count");
	parity_offer(v);
}

static void asks_parity(struct view *v)
{
	const struct fact_parity *s = &v->walk->parity;
	char when[WHEN_MAX], rows[32];
	const char *what = walk_ask_to_end(v->plan);
	if (what)
		view_ask_deploys(v, what, text_eq(what, "writes_new") ? "write the new column alone" : "write both columns by themselves");
	view_ask_sensed(v, "B4");
	view_ask_sensed(v, "B3");
	struct challenge *c = view_ask(v, "pass", "were both compared since the old one was relaxed?", "a whole pass, with dual write on");
	c->seen = s->ended;
	c->verdict = last_pass(v) ? HOLDS : WAITS;
	put_text(c->now, sizeof c->now, s->round ? "%s rows, begun %s" : "none yet", view_count(s->rows, rows), when_short(s->began, when));
	put_text(c->source, sizeof c->source, "parity");
}

static void next_parity(struct view *v)
{
	const char *what = walk_ask_to_end(v->plan);
	if (v->walk->alone && v->plan->convert_back)
		view_two(v, "Rows were written to the new column alone: fill the old one from it.", "A job does it; then a pass over every row shows that both agree.");
	else if (v->walk->alone)
		view_two(v, "Rows were written to the new column alone, and the plan has no way back.", "Amend it (convert.back), or leave the walk: no step goes past it.");
	else if (what && next_deploy(v, what, text_eq(what, "writes_new") ? "writes the new column alone" : "writes both columns by itself"))
		return;
	else if (!last_pass(v))
		view_two(v, "Both are compared a last time, every row, with dual write on.", "It runs by itself. Safe to quit.");
	else if (!v->walk->by_trigger)
		view_two(v, "Old and new agree. Begin the count (item 9).", "The server keeps count, also while gatewalk is closed.");
	else if (!next_shut(v, "Before it ends", CHANGE_END))
		view_two(v, "Old and new agree. End dual write: the count of item 9 begins.", "The trigger goes in one transaction with the note of that pass.");
}

const struct view_stage *view_beside(enum stage s)
{
	static const struct view_stage writing = { offers_writes, asks_writes, next_writes }, window = { offers_window, asks_window, next_window },
		copying = { offers_copy, asks_copy, next_copy }, reading = { offers_reads, asks_reads, next_reads }, relaxing = { offers_relax, asks_relax, next_relax },
		comparing = { offers_parity, asks_parity, next_parity };
	static const struct view_stage *const of[STAGE_COUNT] = {
		[AT_EXPAND] = &view_expanding, [AT_CHANGING] = &view_changing, [AT_WRITES] = &writing, [AT_BACKFILL] = &view_filling, [AT_WINDOW] = &window, [AT_COPY] = &copying,
		[AT_READS] = &reading, [AT_RELAX] = &relaxing, [AT_ENDING] = &view_changing, [AT_PARITY] = &comparing,
	};
	return of[s];
}
