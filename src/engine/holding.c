/* SPDX-License-Identifier: MIT */
#include "engine/holding.h"

#include <string.h>

#include "adapter/probe.h"
#include "base/arena.h"
#include "base/text.h"
#include "core/gate.h"
#include "core/rule.h"
#include "engine/altering.h"
#include "engine/indexing.h"

#define COUNT_MS (10 * 60 * 1000)

static bool count(struct engine *g, struct err *e)
{
	struct fact_broken b;
	g->busy = "counting the rows that do not hold to it";
	bool ok = probe_broken(g->db, lot_arena(g->walk_lot), g->plan, &g->facts.target, COUNT_MS, &b, e);
	g->busy = NULL;
	if (ok)
		g->broken = b;
	altering_facts(g);
	return ok;
}

static bool says(const struct engine *g, struct err *e)
{
	const struct fact_broken *b = &g->broken;
	return err_set(e, ERR_GATE, "Mend them first, then begin it again; nothing was changed.", "%lld row%s not hold to it: %s%s", (long long)b->rows, b->rows == 1 ? " does" : "s do",
		b->first, b->rows > 3 ? ", ..." : "");
}

bool holding_may_begin(struct engine *g, struct err *e)
{
	if (!count(g, e))
		return false;
	return g->broken.rows == 0 || g->plan->backfill.value || says(g, e);
}

bool holding_failed(struct engine *g, struct err *e)
{
	struct err why = { 0 };
	if (g->db && count(g, &why) && g->broken.rows)
		says(g, e);
	return false;
}

bool holding_take(struct engine *g, const struct act *act, struct err *e)
{
	if (!act->text || strlen(act->text) < 4)
		return err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
	bool was;
	if (!indexing_over(g, &was, e) || !altering_send(g, &(struct alteration){ .what = CHANGE_TAKE, .why = act->text }, e))
		return false;
	engine_say(g, plan_rule(g->plan) == RULE_SPLIT ? "the triggers of %s are gone; the table itself stays as it is" : "%s is gone again", g->walk.target);
	return true;
}

bool holding_ready(struct engine *g, enum item item, struct err *e)
{
	enum rule_step is = rule_step(g->plan, &g->facts.target);
	if (plan_rule(g->plan) == RULE_INDEX)
		return indexing_stands(g, e) && (item != ITEM_READS || gate_reads_allowed(g->plan, &g->walk, &g->facts, e));
	if (plan_rule(g->plan) == RULE_SPLIT && item != ITEM_READS)
		return indexing_stands(g, e);
	if (is == RULE_ABSENT)
		return err_set(e, ERR_GATE, "Find out who changed it. Leave the walk, if it is not to go on.", "what this walk added is not there any more");
	if (item != ITEM_READS)
		return true;
	if (is != RULE_DONE && plan_rule(g->plan) == RULE_SPLIT)
		return err_set(e, ERR_USE, "Take the triggers off (item 8).", "triggers still write the new table");
	if (is != RULE_DONE)
		return err_set(e, ERR_USE, "Let every row be asked (item 8).", is == RULE_NEW_ROWS ? "it holds for new rows alone so far" : "the column is not NOT NULL yet");
	return gate_reads_allowed(g->plan, &g->walk, &g->facts, e);
}
