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

#define KIND "index"

static bool wanted(const struct engine *g)
{
	return g->plan && plan_rule(g->plan) == RULE_INDEX && g->walk.stage == AT_WRITES && rule_step(g->plan, &g->facts.target) != RULE_DONE;
}

static bool start(struct engine *g, struct err *e)
{
	return job_begin(g, KIND, json_obj(lot_arena(g->walk_lot)), e);
}

bool indexing_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (!look_fresh(g, e))
		return false;
	if (!wanted(g))
		return err_set(e, ERR_USE, NULL, "there is no index to be built here (%s)", stage_name(g->walk.stage));
	if (!gate_fill_allowed(g->plan, &g->walk, &g->facts, e) || !start(g, e))
		return false;
	engine_say(g, "the index is built by a job of its own; reads and writes go on");
	return true;
}

bool indexing_care(struct engine *g, struct err *e)
{
	return !jobend_lost(g, jobend_newest(g, KIND)) || !wanted(g) || start(g, e);
}

bool indexing_over(struct engine *g, bool *was, struct err *e)
{
	return jobend_wait(g, KIND, "index", was, e);
}

bool indexing_stands(struct engine *g, struct err *e)
{
	bool same;
	if (rule_step(g->plan, &g->facts.target) != RULE_DONE)
		return err_set(e, ERR_GATE, "Let its job build it.", "the index is not built yet");
	return probe_index_same(g->db, lot_arena(g->look_lot), g->plan, g->walk.relid, &same, e) &&
		(same || err_set(e, ERR_GATE, "Find out who made it; take it away, and build it again.", "the index that stands under that name is another one than the plan's"));
}
