/* SPDX-License-Identifier: MIT */
#include "engine/watching.h"

#include "adapter/guard.h"
#include "adapter/own.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "base/json.h"
#include "engine/engine_private.h"

static bool put_guard(struct engine *g, struct err *e)
{
	const struct fact_guard *f = &g->facts.guard;
	return !f->installed || f->truncate || guard_put(g->db, lot_arena(g->walk_lot), g->walk.sid, &g->facts.target, e);
}

/* That none can be made stops no watch: gate B says so. */
static bool put_slot(struct engine *g, const char **why, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	const struct slot_order o = { .sid = g->walk.sid, .target = &g->facts.target, .limit = (int64_t)g->plan->slot_max_mb << 20 };
	*why = NULL;
	if (!g->plan->slot || g->facts.watch.slot.there)
		return true;
	return slot_put(g->db, a, &o, why, e) && (*why || line_declare(g, "watch", own_slot_name(a, g->walk.sid),
		arena_printf(a, "logical slot made, to be taken away when it keeps more than %d MB", g->plan->slot_max_mb), e));
}

/* The tripwire is a statement that changes the target: C3, C4 and C6 stand before it. The guard's trigger on TRUNCATE, too. */
bool watching_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	struct arena *a = lot_arena(g->walk_lot);
	if (g->walk.stage < AT_CONSUMERS || g->walk.stage > AT_ARMED)
		return err_set(e, ERR_USE, NULL, "the watch does not belong to this part of the walk (%s)", stage_name(g->walk.stage));
	if (!look_fresh(g, e))
		return false;
	const struct own_trip trip = { .sid = g->walk.sid, .target = &g->facts.target, .where = g->plan->where };
	bool whole = g->facts.watch.tripwire_there && g->facts.watch.tripwire_enabled, bare = g->facts.guard.installed && !g->facts.guard.truncate;
	if ((!whole || bare) && (!gate_change_allowed(g->plan, &g->walk, &g->facts, e) || !put_guard(g, e)))
		return false;
	if (!whole && (!own_tripwire_put(g->db, a, &trip, e) || !line_declare(g, "watch", own_trigger_name(a, g->walk.sid), "tripwire put, watcher started", e)))
		return false;
	const char *slotless;
	if (!put_slot(g, &slotless, e) || !job_begin(g, "watch", json_obj(a), e))
		return false;
	if (slotless)
		engine_say(g, "the tripwire is on the table, and a job of its own keeps watch, without a logical slot: %s", slotless);
	else
		engine_say(g, "the tripwire is on the table, and a job of its own keeps watch");
	return true;
}
