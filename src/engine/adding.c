/* SPDX-License-Identifier: MIT */
#include "engine/adding.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/alter.h"
#include "adapter/monitor.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate.h"
#include "core/rule.h"
#include "core/sql.h"
#include "engine/altering.h"
#include "engine/holding.h"
#include "engine/indexing.h"

#define COUNT_MS (10 * 60 * 1000)
#define COUNT_LIVES (10 * US_MINUTE)

/* The monitor knows how things are without the column: what it watches behind it is held against that. */
static bool baseline_there(const struct engine *g, struct err *e)
{
	return g->facts.monitor.baseline_at || err_set(e, ERR_WAIT, "The monitor's job takes one every minute; look again then.", "the monitor has no baseline of before the change yet");
}

/* The new column: of two side by side the walk's target is the old one. */
static const char *name_of(const struct engine *g)
{
	struct arena *a = lot_arena(g->walk_lot);
	return !plan_new_column(g->plan) ? g->walk.target : arena_printf(a, "%s.%s.%s", sql_ident(a, g->plan->schema), sql_ident(a, g->plan->table), sql_ident(a, plan_new_column(g->plan)));
}

bool adding_begin(struct engine *g, const struct act *act, struct err *e)
{
	if (g->walk.stage != AT_EXPAND)
		return err_set(e, ERR_USE, NULL, "what comes, comes behind gate A (%s)", stage_name(g->walk.stage));
	g->added_unfit = NULL;
	if (!altering_look(g, e) || !baseline_there(g, e) || !gate_add_allowed(g->plan, &g->walk, &g->facts, e))
		return false;
	/* Before anything is signed: what would rewrite the table is not even begun. */
	struct fact_target t = g->facts.target;
	if (!probe_added(g->db, lot_arena(g->look_lot), g->plan, &t, e))
		return false;
	g->added_unfit = t.unfit && !t.taken ? arena_dup(lot_arena(g->walk_lot), t.unfit) : NULL;
	altering_facts(g);
	if (t.unfit)
		return err_set(e, ERR_GATE, "Correct the plan: that is a new walk.", "%s", t.unfit);
	if (g->walk.kind == TARGET_CONSTRAINT && !holding_may_begin(g, e))
		return false;
	if (!altering_send(g, &(struct alteration){ .what = CHANGE_ADD, .why = g->plan->why }, e))
		return false;
	notify_run(lot_arena(g->walk_lot), g->plan, g->walk.name, "added", name_of(g));
	if (plan_rule(g->plan) == RULE_INDEX || plan_rule(g->plan) == RULE_SPLIT)
		return look_facts(g, false, e) && indexing_begin(g, act, e);
	engine_say(g, "%s is there: the lock was held for %lld ms", name_of(g), (long long)(g->walk.drop_us / 1000));
	return true;
}

static bool count(struct engine *g, struct err *e)
{
	int64_t n;
	g->busy = "counting the values of the new column";
	bool ok = alter_values(g->db, lot_arena(g->look_lot), g->plan, COUNT_MS, &n, e);
	g->busy = NULL;
	if (!ok)
		return false;
	g->added = (struct fact_added){ .counted_at = g->facts.now, .values = n };
	engine_say(g, "%lld row%s a value that stands only in the new column: type this number and a reason to take the column away", (long long)n, n == 1 ? " has" : "s have");
	return true;
}

/* "12 nobody needs them": the number that was counted, and why. */
static bool answered(const struct engine *g, const char *text, const char **why, struct err *e)
{
	char *rest;
	long long n = strtoll(text, &rest, 10);
	rest += strspn(rest, " ");
	if (rest == text || n != g->added.values)
		return err_set(e, ERR_USE, "Type the number of values that are lost, then why.", "%lld values stand only in the new column, and \"%s\" does not begin with that number",
			(long long)g->added.values, text);
	*why = rest;
	return strlen(rest) >= 4 || err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
}

bool adding_take(struct engine *g, const struct act *act, struct err *e)
{
	const char *why = "";
	if (g->walk.stage != AT_WRITES)
		return err_set(e, ERR_USE, "Step back until writes are no longer declared.", "what came is not taken away from here (%s)", stage_name(g->walk.stage));
	if (!altering_look(g, e) || !gate_take_allowed(g->plan, &g->walk, &g->facts, e))
		return false;
	if (g->walk.kind == TARGET_CONSTRAINT)
		return holding_take(g, act, e);
	if (!act->text || !g->added.counted_at || g->facts.now - g->added.counted_at > COUNT_LIVES)
		return count(g, e);
	if (!answered(g, act->text, &why, e))
		return false;
	why = arena_printf(lot_arena(g->walk_lot), "%s (%lld values stood only in it)", why, (long long)g->added.values);
	if (!altering_send(g, &(struct alteration){ .what = CHANGE_TAKE, .why = why, .alone = g->added.values > 0 }, e))
		return false;
	g->added = (struct fact_added){ 0 };
	engine_say(g, "%s is gone again", name_of(g));
	return true;
}

static const struct { enum item item; enum stage at; const char *what, *does; } asked[] = {
	{ ITEM_DUAL_WRITE, AT_WRITES, "writes_fill", "writes the new column" }, { ITEM_DUAL_WRITE, AT_WRITES, "writes_both", "writes both columns" },
	{ ITEM_WINDOW, AT_WINDOW, "reads_both", "reads the new column first, and the old one where that is empty" }, { ITEM_READS, AT_READS, "reads_moved", "reads the new column" },
};

/* What every deploy has to have said of this item, in a walk of this kind. */
static bool deploys_said(const struct engine *g, enum item item, struct err *e)
{
	bool beside = archetype_beside(g->walk.archetype);
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		if (asked[i].item != item || text_eq(asked[i].what, beside ? "writes_fill" : "writes_both"))
			continue;
		const char *left = walk_deploy_left(&g->walk, g->plan, asked[i].what, NULL);
		if (left)
			return err_set(e, ERR_USE, "Declare its release and when its last old instance ended.", "deploy %s has not said that it %s", left, plan_rule(g->plan) == RULE_NAME ? "uses the new name" : plan_rule(g->plan) == RULE_SPLIT ? "uses the new table alone" : asked[i].does);
	}
	return true;
}

/* Item 9's first step: the old column asks for nothing, so nothing has to be taken off it. */
static bool asks_nothing(const struct engine *g, struct err *e)
{
	const struct fact_target *t = &g->facts.target;
	return g->walk.relaxed_at || (!t->not_null && !t->def && !t->n_foreign) || err_set(e, ERR_USE, "Relax it first.", "the old column still asks to be filled");
}

bool adding_ready(struct engine *g, enum item item, struct err *e)
{
	if (archetype_beside(g->walk.archetype) && item == ITEM_DUAL_WRITE && !plan_dual_by_application(g->plan))
		return err_set(e, ERR_USE, "Put the trigger on.", "the plan says that a trigger writes both columns");
	bool rule = g->walk.kind == TARGET_CONSTRAINT, said = item != ITEM_WINDOW || g->walk.archetype == ARCH_RENAME;
	bool name = plan_rule(g->plan) == RULE_NAME || plan_rule(g->plan) == RULE_SPLIT, asks = name ? item == ITEM_READS : !(rule && item == ITEM_READS) && rule_binds(g->plan);
	if (said && asks && !deploys_said(g, item, e))
		return false;
	if (!look_fresh(g, e))
		return false;
	if (rule)
		return holding_ready(g, item, e);
	if (g->facts.target.taken != g->walk.added_attnum)
		return err_set(e, ERR_GATE, "Find out who changed it. Leave the walk, if it is not to go on.", "the column that this walk added is not there any more, or another one bears its name");
	if (item == ITEM_WINDOW)
		return gate_window_allowed(g->plan, &g->walk, &g->facts, e);
	if (item == ITEM_UNUSED)
		return asks_nothing(g, e);
	return item != ITEM_READS || gate_reads_allowed(g->plan, &g->walk, &g->facts, e);
}
