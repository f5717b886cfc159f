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

static bool is_rule(const struct view *v)
{
	return v->walk->kind == TARGET_CONSTRAINT;
}

bool view_is_index(const struct view *v)
{
	return plan_rule(v->plan) == RULE_INDEX;
}

bool view_fills(const struct view *v)
{
	if (!walk_has_item(v->walk->archetype, ITEM_BACKFILL))
		return false;
	return view_reached(v->walk) > AT_BACKFILL ? !v->walk->unfilled : v->plan->backfill.value != NULL;
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
		view_offer_plain(v, ACT_ADD, is_rule(v) ? plan_rule(v->plan) == RULE_NAME ? "give it its new name" : plan_rule(v->plan) == RULE_SPLIT ? "split it" : arena_printf(v->arena, view_is_index(v) ? "build the %s" : "add the %s", view_noun(v)) : "add the new column");
	view_offer_rehearsal(v);
	view_offer_drill(v);
	view_offer_releases(v);
}

static void offers_changing(struct view *v)
{
	if (!v->busy)
		view_offer_plain(v, ACT_LOOK, "ask the ledger");
}

void view_offer_deploys(struct view *v, const char *what, const char *does)
{
	for (size_t i = 0; i < v->plan->n_deploys; i++) {
		const char *name = v->plan->deploys[i].name;
		if (!walk_deploy_said(v->walk, what, name))
			view_offer_declare(v, arena_printf(v->arena, "%s/%s", what, name), arena_printf(v->arena, "declare %s", name),
				arena_printf(v->arena, "release of %s that %s, and when its last old instance ended", name, does), "90ab17 ended 2026-11-10 11:20");
	}
}

/* First what would be lost is counted; then that number is typed. */
void view_offer_take(struct view *v)
{
	const struct fact_added *f = &v->facts->added;
	char n[32];
	if (!f->counted_at)
		view_offer_plain(v, ACT_TAKE, "count what it holds");
	else
		view_offer_asks(v, ACT_TAKE, "take the column away", arena_printf(v->arena, "%s value%s only in it and go%s with it: type the number, and why", grouped(f->values, n),
			f->values == 1 ? " stands" : "s stand", f->values == 1 ? "es" : ""), arena_printf(v->arena, "%lld nobody needs them", (long long)f->values));
}

static void offers_writes(struct view *v)
{
	view_offer_deploys(v, "writes_fill", "writes the new column");
	if (!walk_deploy_left(v->walk, v->plan, "writes_fill", NULL))
		view_offer_confirm(v, ITEM_DUAL_WRITE, "type \"written\"", "written");
	view_offer_take(v);
}

static void offers_reads(struct view *v)
{
	int64_t passed, whole;
	if (view_reads_wait(v, &passed, &whole))
		return;
	view_offer_deploys(v, "reads_moved", "reads the new column");
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
	if (is_rule(v))
		view_ask_broken(v);
	struct challenge *c = view_ask(v, "baseline", is_rule(v) ? "how are things without it?" : "how are things without the column?", "a baseline, taken by the monitor");
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
		view_waits_or_because(v, "Before it comes", f);
	} else if (!v->facts->monitor.baseline_at) {
		view_two(v, is_rule(v) ? "The monitor takes a baseline first: how things are without it." : "The monitor takes a baseline first: how things are without the column.", "It does so by itself, every minute; press r then.");
	} else if (v->facts->blocker.at) {
		view_line(v, 0, "Not added: %s.", view_blocker(v));
		view_line(v, 1, "Nothing was changed, and nobody waits behind it. Try again later.");
	} else if (view_next_broken(v)) {
		return;
	} else if (view_is_index(v)) {
		view_two(v, "Build it: a job does, beside reads and writes; nobody waits for it.", "It may take a while; you may leave, and it tells how far it is.");
	} else if (plan_rule(v->plan) == RULE_NAME) {
		view_two(v, "Rename it, with a view under the old name, in one short transaction.", "Both names work then, for reads and writes, and mean the same rows.");
	} else if (plan_rule(v->plan) == RULE_SPLIT) {
		view_two(v, "Split it: the new table and its triggers, in one short transaction.", "Every write goes to both then; a job brings over the rows that stand.");
	} else if (is_rule(v)) {
		view_two(v, "Add it, for rows that are written from then on: a short lock.", view_fills(v) ? "A change of a row without a value is refused until item 6 has filled it." :
			"Rows that do not hold to it are counted first, and nothing is done then.");
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

static void next_reads(struct view *v)
{
	const struct finding *order = view_finding(v, "B7"), *filled = view_finding(v, "B3");
	size_t done = 0;
	const char *name = view_deploy_left(v, &done);
	if (!finding_passes(order)) {
		view_waits_or_because(v, "Reads do not move yet", order);
	} else if (!finding_passes(filled)) {
		view_waits_or_because(v, "Reads do not move yet", filled);
	} else if (name) {
		view_line(v, 0, "Deploy %s so that it reads the column, then declare that release.", name);
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
	} else {
		view_line(v, 0, "Every deploy reads it. Type \"moved\" (item 8).");
		view_line(v, 1, "Then it is watched for %d h.", v->plan->monitor_hours);
	}
}

/* ---- */

const struct view_stage view_expanding = { offers_expand, asks_expand, next_expand }, view_changing = { offers_changing, asks_changing, next_changing };

static const struct view_stage writing = { offers_writes, asks_writes, next_writes }, reading = { offers_reads, asks_reads, next_reads };
static const struct view_stage *const of[STAGE_COUNT] = {
	[AT_EXPAND] = &view_expanding, [AT_CHANGING] = &view_changing, [AT_WRITES] = &writing, [AT_BACKFILL] = &view_filling, [AT_READS] = &reading,
};

static const struct view_stage *own(const struct view *v)
{
	if ((unsigned)v->walk->stage >= STAGE_COUNT)
		return NULL;
	if (is_rule(v) && view_rule(v->walk->stage))
		return view_rule(v->walk->stage);
	return view_is_added(v) ? of[v->walk->stage] : archetype_beside(v->walk->archetype) ? view_beside(v->walk->stage) : NULL;
}

bool view_own_offers(struct view *v)
{
	if (own(v))
		own(v)->offers(v);
	return own(v) != NULL;
}

bool view_own_challenges(struct view *v)
{
	if (own(v))
		own(v)->asks(v);
	return own(v) != NULL;
}

bool view_own_next(struct view *v)
{
	if (own(v))
		own(v)->next(v);
	return own(v) != NULL;
}
