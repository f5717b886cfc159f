/* SPDX-License-Identifier: MIT */
/* A new column's walk: what its stages offer, ask, and say next, where they differ from those of something that goes. */
#include "core/view_parts.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/gate_rules.h"

bool view_is_added(const struct view *v)
{
	return v->walk->archetype == ARCH_ADDITIVE;
}

bool view_fills(const struct view *v)
{
	if (!walk_has_item(v->walk->archetype, ITEM_BACKFILL))
		return false;
	return view_reached(v->walk) >= AT_READS ? !v->walk->unfilled : v->plan->backfill.value != NULL;
}

bool view_reads_wait(const struct view *v, int64_t *passed, int64_t *whole)
{
	int64_t since = v->walk->confirmed[ITEM_DUAL_WRITE], from = walk_reads_from(v->walk, v->plan);
	if (!view_is_added(v) || v->walk->stage != AT_READS || !v->now || v->now >= from)
		return false;
	*passed = v->now - since;
	*whole = from - since;
	return true;
}

const struct finding *view_add_shut(const struct view *v)
{
	static const char *const ids[] = { "C3", "C4", "C6" };
	const struct finding *f = view_shut(v, GATE_A);
	for (size_t i = 0; i < sizeof ids / sizeof *ids && !f; i++)
		if (!view_holds(v, ids[i]))
			f = view_finding(v, ids[i]);
	return f;
}

/* Why the statement is not run as it is; NULL it may. */
static const char *unfit(const struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	return t->at ? t->unfit : NULL;
}

/* ---- offers ---- */

static void offers_expand(struct view *v)
{
	if (!view_add_shut(v) && !unfit(v) && v->facts->monitor.baseline_at)
		view_offer_plain(v, ACT_ADD, "add the new column");
	view_offer_rehearsal(v);
	view_offer_drill(v);
	view_offer_releases(v);
}

static void offers_changing(struct view *v)
{
	if (!v->busy)
		view_offer_plain(v, ACT_LOOK, "ask the ledger");
}

static void offer_deploys(struct view *v, const char *what, const char *label)
{
	for (size_t i = 0; i < v->plan->n_deploys; i++) {
		const char *name = v->plan->deploys[i].name;
		if (!walk_deploy_said(v->walk, what, name))
			view_offer_declare(v, arena_printf(v->arena, "%s/%s", what, name), arena_printf(v->arena, "declare %s", name),
				arena_printf(v->arena, "release of %s that %s the new column, and when its last old instance ended", name, label), "90ab17 ended 2026-11-10 11:20");
	}
}

/* First what would be lost is counted; then that number is typed. */
static void offer_take(struct view *v)
{
	const struct fact_added *f = &v->facts->added;
	char n[32];
	if (!f->counted_at)
		view_offer_plain(v, ACT_TAKE, "count what stands only in it");
	else
		view_offer_asks(v, ACT_TAKE, "take the column away", arena_printf(v->arena, "%s value%s only in it and go%s with it: type the number, and why", grouped(f->values, n),
			f->values == 1 ? " stands" : "s stand", f->values == 1 ? "es" : ""), arena_printf(v->arena, "%lld nobody needs them", (long long)f->values));
}

static void offers_writes(struct view *v)
{
	offer_deploys(v, "writes_fill", "writes");
	if (!walk_deploy_left(v->walk, v->plan, "writes_fill", NULL))
		view_offer_confirm(v, ITEM_DUAL_WRITE, "type \"written\"", "written");
	offer_take(v);
}

/* What stands before rows are filled; NULL nothing does. */
static const struct finding *fill_shut(const struct view *v)
{
	return !view_holds(v, "A6") ? view_finding(v, "A6") : !view_holds(v, "C6") ? view_finding(v, "C6") : NULL;
}

static void offers_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	if (view_job_alive(view_job_of(v, "backfill")) || fill_shut(v))
		return;
	if (b->rejects > 0)
		view_offer_plain(v, ACT_RETRY, "try the rejects again");
	if (!b->done)
		view_offer_plain(v, ACT_BACKFILL, b->begun ? "go on filling" : "start the backfill");
	else if (b->rejects == 0)
		view_offer_plain(v, ACT_LOOK, "take its end in");
}

static void offers_reads(struct view *v)
{
	int64_t passed, whole;
	if (view_reads_wait(v, &passed, &whole))
		return;
	offer_deploys(v, "reads_moved", "reads");
	if (!view_deploy_left(v, NULL))
		view_offer_confirm(v, ITEM_READS, "type \"moved\"", "moved");
}

/* ---- challenges ---- */

static void asks_expand(struct view *v)
{
	static const char *const moment[] = { "C3", "C4", "C6" };
	view_ask_fits(v, "can it be added as the plan says?");
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (v->findings[i].id && v->findings[i].gate == GATE_A && !finding_passes(&v->findings[i]))
			view_ask_sensed(v, v->findings[i].id);
	for (size_t i = 0; i < sizeof moment / sizeof *moment; i++)
		view_ask_sensed(v, moment[i]);
	view_ask_releases(v);
	struct challenge *c = view_ask(v, "baseline", "how are things without the column?", "a baseline, taken by the monitor");
	c->seen = v->facts->monitor.baseline_at;
	c->verdict = c->seen ? HOLDS : WAITS;
	put_text(c->now, sizeof c->now, "%s", c->seen ? "taken" : "not taken yet");
	put_text(c->source, sizeof c->source, "monitor");
}

static void asks_changing(struct view *v)
{
	struct challenge *c = view_ask(v, "outcome", "what became of the change?", "the ledger has its entry, or knows that there is none");
	c->verdict = UNKNOWN;
	c->offer = view_offered(v, ACT_LOOK, NULL);
	put_text(c->now, sizeof c->now, "signed, and its outcome is not known");
	put_text(c->source, sizeof c->source, "ledger");
}

static void asks_writes(struct view *v)
{
	size_t done = 0;
	walk_deploy_left(v->walk, v->plan, "writes_fill", &done);
	view_ask_deploys(v, "writes_fill", "write it");
	view_ask_typed(v, ITEM_DUAL_WRITE, "do writes fill it everywhere?", "written", arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys));
}

static void asks_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	char rows[32];
	struct challenge *c = view_ask(v, "filled", "does every row that stands have its value?", "0 rows left, counted in one look");
	c->seen = b->counted_at ? b->counted_at : b->at;
	c->verdict = !b->at ? UNKNOWN : b->done ? HOLDS : b->begun ? WAITS : REFUSED;
	c->offer = view_offered(v, ACT_BACKFILL, NULL);
	put_text(c->now, sizeof c->now, !b->at ? "not looked at" : !b->begun ? "not begun" : b->left < 0 ? "not counted yet" : "%s left", view_count(b->left, rows));
	put_text(c->source, sizeof c->source, "backfill");
	c = view_ask(v, "rejects", "does every row convert?", "0 rejects");
	c->seen = b->at;
	c->verdict = !b->at ? UNKNOWN : b->rejects > 0 ? REFUSED : HOLDS;
	c->offer = view_offered(v, ACT_RETRY, NULL);
	put_text(c->now, sizeof c->now, b->at ? "%s do not" : "not looked at", view_count(b->rejects, rows));
	put_text(c->source, sizeof c->source, "backfill");
}

static void asks_reads(struct view *v)
{
	size_t done = 0;
	view_deploy_left(v, &done);
	view_ask_sensed(v, "B7");
	view_ask_sensed(v, "B3");
	view_ask_deploys(v, "reads_moved", "read it");
	view_ask_typed(v, ITEM_READS, "do reads use it everywhere?", "moved", arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys));
}

/* ---- next ---- */

static void waits_or_because(struct view *v, const char *what, const struct finding *f)
{
	if (f->verdict == WAITS && f->at > v->now)
		view_quiet_until(v, f->at);
	else
		view_because(v, what, f);
}

const char *view_blocker(const struct view *v)
{
	const struct fact_blocker *b = &v->facts->blocker;
	char span[WHEN_MAX];
	if (!b->at)
		return NULL;
	const char *who = b->pid ? arena_printf(v->arena, "pid %d (%s)", b->pid, b->app && *b->app ? b->app : "no name") : "a prepared transaction";
	return b->since ? arena_printf(v->arena, "%s has held the table for %s", who, when_span(b->at - b->since, span)) : arena_printf(v->arena, "%s held the table", who);
}

static void next_expand(struct view *v)
{
	const struct finding *f = view_add_shut(v);
	if (unfit(v)) {
		const char *whole = arena_printf(v->arena, "Not run as it is: %s", unfit(v));
		view_line(v, 0, "%s", text_width(whole) <= NEXT_COLS ? whole : "Not run as it is: why, stands on the page of item 5.");
		view_line(v, 1, "What changes the statement is another plan: a new walk.");
	} else if (f) {
		waits_or_because(v, "Before it comes", f);
	} else if (!v->facts->monitor.baseline_at) {
		view_two(v, "The monitor takes a baseline first: how things are without the column.", "It does so by itself, every minute; press r then.");
	} else if (v->facts->blocker.at) {
		view_line(v, 0, "Not added: %s.", view_blocker(v));
		view_line(v, 1, "Nothing was changed, and nobody waits behind it. Try again later.");
	} else {
		view_two(v, "Add the new column: a short lock, asked for again if it is not free.", "No row is written, and nobody is kept waiting behind it.");
	}
}

static void next_changing(struct view *v)
{
	if (v->busy) {
		view_line(v, 0, "It asks for the table's lock, again and again for %d s; nobody queues.", CHANGE_PATIENCE_S);
		view_line(v, 1, v->facts->blocker.at ? "%s." : "Wait for its end.", view_blocker(v));
		return;
	}
	view_two(v, "The outcome is not known yet: gatewalk asks the ledger; press r.", "Do nothing by hand. The ledger alone decides what happened.");
}

static void next_writes(struct view *v)
{
	size_t done = 0;
	const char *name = walk_deploy_left(v->walk, v->plan, "writes_fill", &done);
	if (name) {
		view_line(v, 0, "Deploy %s so that it writes the column, then declare that release.", name);
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
		return;
	}
	view_line(v, 0, "Every deploy writes it. Type \"written\" (item 5).");
	if (view_fills(v))
		view_line(v, 1, "Then the rows that stand are filled.");
	else
		view_line(v, 1, "Then reads may move, once it was written for %d h.", v->plan->writes_hours);
}

static void next_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	char rows[32];
	if (fill_shut(v)) {
		waits_or_because(v, "Before rows are filled", fill_shut(v));
	} else if (b->done && b->rejects > 0) {
		view_line(v, 0, "%s row%s not convert: mend them or the plan, then try again.", view_count(b->rejects, rows), b->rejects == 1 ? " does" : "s do");
		view_line(v, 1, "All others are filled. gatewalk amend takes the next version in.");
	} else if (b->done) {
		view_two(v, "Every row has its value, and none was rejected. Press r.", "Then reads may move.");
	} else if (b->begun) {
		view_line(v, 0, "The backfill does not run. Let it go on from where it was.");
		view_line(v, 1, "%s rows are filled; nothing is done twice.", view_count(b->filled, rows));
	} else {
		view_two(v, "Start the backfill: it fills the rows that stand, batch by batch.", "It runs by itself, pauses on what the plan names, and may be left.");
	}
}

static void next_reads(struct view *v)
{
	const struct finding *order = view_finding(v, "B7"), *filled = view_finding(v, "B3");
	size_t done = 0;
	const char *name = view_deploy_left(v, &done);
	if (!finding_passes(order)) {
		waits_or_because(v, "Reads do not move yet", order);
	} else if (!finding_passes(filled)) {
		waits_or_because(v, "Reads do not move yet", filled);
	} else if (name) {
		view_line(v, 0, "Deploy %s so that it reads the column, then declare that release.", name);
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
	} else {
		view_line(v, 0, "Every deploy reads it. Type \"moved\" (item 8).");
		view_line(v, 1, "Then it is watched for %d h.", v->plan->monitor_hours);
	}
}

/* ---- */

static const struct { void (*offers)(struct view *), (*asks)(struct view *), (*next)(struct view *); } at[STAGE_COUNT] = {
	[AT_EXPAND] = { offers_expand, asks_expand, next_expand }, [AT_CHANGING] = { offers_changing, asks_changing, next_changing },
	[AT_WRITES] = { offers_writes, asks_writes, next_writes }, [AT_BACKFILL] = { offers_backfill, asks_backfill, next_backfill },
	[AT_READS] = { offers_reads, asks_reads, next_reads },
};

static bool own(const struct view *v)
{
	return view_is_added(v) && (unsigned)v->walk->stage < STAGE_COUNT && at[v->walk->stage].next;
}

bool view_added_offers(struct view *v)
{
	if (own(v))
		at[v->walk->stage].offers(v);
	return own(v);
}

bool view_added_challenges(struct view *v)
{
	if (own(v))
		at[v->walk->stage].asks(v);
	return own(v);
}

bool view_added_next(struct view *v)
{
	if (own(v))
		at[v->walk->stage].next(v);
	return own(v);
}
