/* SPDX-License-Identifier: MIT */
#include "engine/indexing.h"

#include <string.h>

#include "adapter/job.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/when.h"
#include "core/gate.h"
#include "core/rule.h"
#include "engine/engine_private.h"
#include "engine/jobend.h"

/* The job's kind, and what stands when it has ended; NULL: nothing is brought by one. */
static const struct brought { const char *kind, *what, *says; enum rule_step until; } *brought(const struct engine *g)
{
	static const struct brought index = { "index", "the index is not built yet", "the index is built by a job of its own; reads and writes go on", RULE_DONE },
		split = { "split", "not every row stands in the new table yet", "every write goes to the new table, too; a job brings over what stood before", RULE_ALL_ROWS };
	enum rule r = g->plan ? plan_rule(g->plan) : RULE_NONE;
	return r == RULE_INDEX ? &index : r == RULE_SPLIT ? &split : NULL;
}

static bool wanted(const struct engine *g)
{
	const struct brought *b = brought(g);
	enum rule_step is = b ? rule_step(g->plan, &g->facts.target) : RULE_DONE;
	return b && g->walk.stage == AT_WRITES && is < b->until && (is != RULE_ABSENT || plan_rule(g->plan) == RULE_INDEX);
}

static bool start(struct engine *g, struct err *e)
{
	return job_begin(g, brought(g)->kind, json_obj(lot_arena(g->walk_lot)), e);
}

bool indexing_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (!look_fresh(g, e))
		return false;
	if (!wanted(g))
		return err_set(e, ERR_USE, NULL, "nothing is to be brought by a job here (%s)", stage_name(g->walk.stage));
	if (!gate_fill_allowed(g->plan, &g->walk, &g->facts, e) || !start(g, e))
		return false;
	engine_say(g, "%s", brought(g)->says);
	return true;
}

bool indexing_care(struct engine *g, struct err *e)
{
	return !brought(g) || !jobend_lost(g, jobend_newest(g, brought(g)->kind)) || !wanted(g) || start(g, e);
}

bool indexing_over(struct engine *g, bool *was, struct err *e)
{
	const struct brought *b = brought(g);
	*was = false;
	return !b || jobend_wait(g, b->kind, b->kind, was, e);
}

bool indexing_stands(struct engine *g, struct err *e)
{
	const struct brought *b = brought(g);
	bool same;
	if (rule_step(g->plan, &g->facts.target) < b->until)
		return err_set(e, ERR_GATE, "Let its job bring it to its end.", "%s", b->what);
	if (plan_rule(g->plan) != RULE_INDEX)
		return true;
	return probe_index_same(g->db, lot_arena(g->look_lot), g->plan, g->walk.relid, &same, e) &&
		(same || err_set(e, ERR_GATE, "Find out who made it; take it away, and build it again.", "the index that stands under that name is another one than the plan's"));
}
