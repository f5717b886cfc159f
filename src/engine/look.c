/* SPDX-License-Identifier: MIT */
/* Looking: every group of facts by its own probe, each standing alone. What could not be seen stays unknown, and unknown
   refuses; the reason is kept for the screen. */
#include "engine/altering.h"
#include "engine/audit_alone.h"
#include "engine/comparing.h"
#include "engine/engine_private.h"
#include "engine/filling.h"

#include <stdio.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/guard.h"
#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/own.h"
#include "adapter/probe.h"
#include "adapter/remember.h"
#include "adapter/snapshot.h"
#include "base/arena.h"
#include "base/when.h"
#include "port/files.h"

#define AUDIT_EVERY (60 * US_SECOND)
#define HOME_EVERY (60 * US_SECOND)
#define FILES_EVERY (5 * US_MINUTE)

static void renew_lot(struct engine *g)
{
	lot_drop(g->look_lot);
	g->look_lot = lot_new();
	memset(&g->facts, 0, sizeof g->facts);
	g->jobs = NULL;
	g->series = NULL;
	g->rejects = NULL;
	g->mismatches = NULL;
	g->n_jobs = g->n_series = g->n_rejects = g->n_mismatches = 0;
}

/* Keeps the first reason and sees whether the link is still there. */
static bool keep(struct engine *g, bool ok, const struct err *now, struct err *first)
{
	if (ok)
		return true;
	if (first->code == ERR_NONE)
		*first = *now;
	if (now->code == ERR_DB_LOST || !db_alive(g->db))
		engine_disconnect(g, now);
	return false;
}

typedef bool looker(struct engine *g, struct arena *a, struct err *e);

static bool look_server(struct engine *g, struct arena *a, struct err *e)
{
	struct facts *f = &g->facts;
	if (!probe_server(g->db, a, &f->server, e) || !probe_mark(g->db, a, &f->mark, e))
		return false;
	f->now = f->server.at;
	return remember_read(a, f->server.sysid, f->server.dboid, &f->mark, e);
}

static bool look_target(struct engine *g, struct arena *a, struct err *e)
{
	struct fact_target *t = &g->facts.target;
	return probe_target(g->db, a, g->plan, t, e) && (plan_rule(g->plan) != RULE_SPLIT || g->walk.stage != AT_EXPAND || !t->found || t->unfit || altering_split(g, &t->unfit, e));
}

static bool look_health(struct engine *g, struct arena *a, struct err *e)
{
	return probe_health(g->db, a, g->plan, &g->facts.health, e);
}

static bool look_others(struct engine *g, struct arena *a, struct err *e)
{
	return probe_others(g->db, a, g->walk.sid, g->walk.relid, 2 * g->walk.day_us, &g->facts.others, e);
}

static bool look_watch(struct engine *g, struct arena *a, struct err *e)
{
	struct fact_watch *w = &g->facts.watch;
	int64_t since = g->walk.quiet_since ? g->walk.quiet_since : g->walk.begun;
	if (!watch_read(g->db, a, g->walk.sid, since, w, e))
		return false;
	return own_tripwire_look(g->db, a, g->walk.sid, g->walk.relid, &w->tripwire_there, &w->tripwire_enabled, &w->trip_count, e);
}

static bool look_trigger(struct engine *g, struct arena *a, struct err *e)
{
	struct dualwrite_seen seen;
	if (!walk_trigger_due(&g->walk))
		return true;
	const struct dual_order o = altering_order(g);
	if (!dualwrite_look(g->db, a, &o, &seen, e))
		return false;
	g->facts.trigger = (struct fact_trigger){ .at = g->facts.now, .why = seen.why };
	return true;
}

/* What is gone needs no guard, nor does what comes. */
static bool look_guard(struct engine *g, struct arena *a, struct err *e)
{
	return g->walk.dropped || g->walk.archetype == ARCH_ADDITIVE || guard_look(g->db, a, g->walk.sid, &g->facts.guard, e);
}

static bool look_monitor(struct engine *g, struct arena *a, struct err *e)
{
	return monitor_read(g->db, a, g->walk.sid, g->plan, &g->facts.monitor, e) &&
		monitor_series(g->db, a, g->walk.sid, g->plan, walk_changed_at(&g->walk), &g->series, &g->n_series, e);
}

static bool look_jobs(struct engine *g, struct arena *a, struct err *e)
{
	return job_list(g->db, a, g->walk.sid, &g->jobs, &g->n_jobs, e);
}

static bool audit_due(const struct engine *g, bool asked)
{
	if (!walk_has_item(g->walk.archetype, ITEM_CONSUMERS))
		return false;   /* nobody uses what is not there yet */
	if (g->walk.dropped || g->walk.stage < AT_CONSUMERS || g->walk.stage > AT_DROPPING || !g->facts.target.found)
		return asked && g->facts.target.found;
	return asked || g->audit.at == 0 || g->facts.now - g->audit.at > AUDIT_EVERY;
}

static bool look_audit(struct engine *g, struct err *e)
{
	struct lot *lot = lot_new();
	struct fact_audit found = { 0 };
	const struct audit_ask ask = { g->walk.sid, g->plan, &g->facts.target, plan_target(g->plan) };
	if (!audit_look(g->db, lot_arena(lot), &ask, &found, e)) {
		lot_drop(lot);
		return false;
	}
	lot_drop(g->audit_lot);
	g->audit_lot = lot;
	g->audit = found;
	return true;
}

/* The final snapshot's files, hashed: small ones often, since it costs little to know early. The drop hashes them anyway. */
static void look_files(struct engine *g)
{
	const struct fact_snapshot *s = &g->walk.final;
	if (g->walk.stage < AT_GATE_C || g->walk.stage > AT_DROPPING || !s->path || s->bytes > (64 << 20))
		return;
	struct arena *a = arena_new();
	struct err e = { 0 };
	g->facts.files_intact = snapshot_check(a, s->path, s->manifest_sha256, &e);
	g->facts.files_at = g->facts.now;
	arena_free(a);
}

static const char *busy_names[] = { "looking at the server", "looking at the target", "looking at health", "looking at the clock",
	"looking at other walks", "looking at the watch", "looking at the guard", "looking at the trigger", "looking at the monitor", "looking at jobs", "looking at the backfill", "looking at the comparison" };
static looker *const lookers[] = { look_server, look_target, look_health, look_moment, look_others, look_watch, look_guard, look_trigger, look_monitor, look_jobs, filling_look, comparing_look };

bool look_facts(struct engine *g, bool audit, struct err *e)
{
	struct err first = { 0 };
	renew_lot(g);
	struct arena *a = lot_arena(g->look_lot);
	if (!engine_connect(g, &first)) {
		g->audit.at = 0;
		if (e)
			*e = first;
		return false;
	}
	struct err now = { 0 };
	keep(g, look_calendar(g, &now), &now, &first);
	for (size_t i = 0; i < sizeof lookers / sizeof lookers[0] && g->db; i++) {
		err_clear(&now);
		g->busy = busy_names[i];
		keep(g, lookers[i](g, a, &now), &now, &first);
	}
	err_clear(&now);
	if (g->db && audit_due(g, audit)) {
		g->busy = "looking for consumers";
		keep(g, look_audit(g, &now), &now, &first);
	}
	g->facts.audit = g->audit;
	if (g->db)
		line_check(g);
	look_files(g);
	altering_facts(g);
	g->busy = NULL;
	if (first.code != ERR_NONE && e)
		*e = first;
	return first.code == ERR_NONE;
}

void look_judge(struct engine *g)
{
	gate_judge_all(g->plan, &g->walk, &g->facts, g->findings);
}

bool look_fresh(struct engine *g, struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	if (!engine_connect(g, e) || !look_calendar(g, e) || !probe_now(g->db, &g->facts.now, e))
		return false;
	if (!look_server(g, a, e) || !look_target(g, a, e) || !look_health(g, a, e) || !look_moment(g, a, e) || !look_others(g, a, e) || !look_watch(g, a, e) || !look_guard(g, a, e) || !look_trigger(g, a, e))
		return false;
	g->verified_at = 0;
	line_check(g);
	look_judge(g);
	return true;
}

/* What keeps the log from being written (a full disk, say) must be seen, and go when it has gone. A lost link is shown as such. */
static void look_ended(struct engine *g, bool ok, const struct err *why)
{
	if (!ok && g->db) {
		g->last = *why;
		g->look_failed = true;
	} else if (ok && g->look_failed) {
		err_clear(&g->last);
		g->look_failed = false;
	}
}

/* What only the one who holds the walk may do. */
static bool look_writes(struct engine *g, struct err *e)
{
	if (!g->db || g->read_only || g->state != LOG_AGREES)
		return true;
	bool ok = take_all(g, e) && take_care(g, e);
	/* Lines that were just written bear a later time than this look: that is no clock that went back. */
	if (ok && g->db && g->walk.last_t > g->facts.now)
		ok = probe_now(g->db, &g->facts.now, e);
	return ok;
}

/* Home is about no one server; the one that gatewalk would speak to is named when it answers. A dead one is asked seldom. */
static bool look_home(struct engine *g, struct err *e)
{
	struct err none = { 0 };
	int64_t now = clock_local();
	if (!g->db && now < g->home_again)
		return engine_home(g, e);
	renew_lot(g);
	if (!engine_connect(g, &none))
		g->home_again = now + HOME_EVERY;
	else if (!look_server(g, lot_arena(g->look_lot), &none) && !db_alive(g->db))
		engine_disconnect(g, &none);
	return engine_home(g, e);
}

static bool look_alone(struct engine *g, struct err *e)
{
	struct err why = { 0 };
	bool ok = audit_alone_look(g, &why);
	look_ended(g, ok, &why);
	if (!ok && e)
		*e = why;
	return ok;
}

bool engine_look(struct engine *g, struct err *e)
{
	struct err first = { 0 }, late = { 0 };
	if (!g->journal)
		return g->audit_of.target ? look_alone(g, e) : look_home(g, e);
	bool ok = engine_connect(g, &first);
	if (ok && g->walk.stage == AT_DROPPING && !g->read_only && g->state == LOG_AGREES)
		ok = drop_settle(g, &first);
	if (ok && walk_is_changing(&g->walk) && !g->read_only && g->state == LOG_AGREES)
		ok = altering_settle(g, &first);
	ok = look_facts(g, false, ok ? &first : NULL) && ok;
	if (!look_writes(g, &late)) {
		first = ok ? late : first;
		ok = false;
	}
	look_judge(g);
	since_looked(g);
	look_ended(g, ok, &first);
	if (!ok && e)
		*e = first;
	return ok;
}
