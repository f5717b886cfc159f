/* SPDX-License-Identifier: MIT */
/* The watch and the monitor: a round a minute for weeks, over restarts and failovers; and one round for cron or a timer. */
#include "engine/jobrun_private.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/job.h"
#include "adapter/ledger.h"
#include "adapter/monitor.h"
#include "adapter/place.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/walk.h"
#include "engine/upkeep.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

/* What the operator cleared as surviving stands in the mirror of the log; a standby that cannot be asked is cleared by name. */
static bool excused(const struct json *b)
{
	const char *key = json_str(b, "consumer");
	return key && (json_int_or(b, "survives", 0) == 1 || strncmp(key, "standby ", 8) == 0);
}

static bool survivors(struct run *r, const char ***keys, size_t *n, struct err *e)
{
	const char **lines;
	size_t count, cap = 0;
	*keys = NULL;
	*n = 0;
	if (!ledger_lines(r->db, r->arena, r->walk->sid, &lines, &count, e))
		return false;
	for (size_t i = 0; i < count; i++) {
		size_t len = strcspn(lines[i], "\t");
		const struct json *o = strstr(lines[i], "\"op\":\"clear\"") ? json_read(r->arena, lines[i], len, NULL) : NULL;
		const struct json *b = json_get(o, "b");
		if (!b || !excused(b))
			continue;
		*keys = arena_grow(r->arena, *keys, n, &cap, sizeof **keys);
		(*keys)[*n - 1] = json_str(b, "consumer");
	}
	return true;
}

/* The plan's bell: for each sighting, and once when the wait of item 9 is over by the server's clock. */
static bool ring(struct run *r, struct err *e)
{
	struct sighting *s;
	struct fact_watch w = { 0 };
	size_t n = 0;
	int64_t now = 0, from = r->walk->quiet_since;
	if (!r->plan->notify)
		return true;
	if (!watch_untaken(r->db, r->arena, r->walk->sid, &s, &n, e) || !watch_read(r->db, r->arena, r->walk->sid, from, &w, e) || !probe_now(r->db, &now, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s[i].id <= r->told)
			continue;
		r->told = s[i].id;
		notify_run(r->arena, r->plan, r->walk->name, "sighting", arena_printf(r->arena, "%s: %s", s[i].who, s[i].touch));
	}
	from = w.last_sighting > from ? w.last_sighting : from;
	bool over = r->walk->quiet_since && now >= from + plan_unused_days(r->plan) * r->walk->day_us;
	if (over && !r->rang)
		notify_run(r->arena, r->plan, r->walk->name, "gate opened", "the wait of item 9 is over: gate B can be passed when its other conditions hold");
	r->rang = over;
	return true;
}

static bool tick_watch(struct run *r, struct err *e)
{
	const char **keys;
	size_t n;
	struct fact_target t = { 0 };
	/* While rows are removed, the removal itself is what the tripwire sees, and its job keeps the monitor. */
	if (plan_target(r->plan) == TARGET_ROWS && text_eq(r->walk->stage, stage_name(AT_DROPPING)))
		return true;
	if (!probe_target(r->db, r->arena, r->plan, &t, e) || !survivors(r, &keys, &n, e))
		return false;
	if (t.found && !watch_tick(r->db, r->arena, r->walk->sid, r->plan, &t, keys, n, e))
		return false;
	if (r->plan->archetype != ARCH_DESTRUCTIVE)   /* there the monitor has a job of its own from the first change on */
		return ring(r, e);
	return monitor_tick(r->db, r->arena, r->walk->sid, r->plan, true, e) && ring(r, e);
}

/* Until a column comes, the monitor takes its baseline. */
static bool tick_monitor(struct run *r, struct err *e)
{
	bool before = r->plan->archetype != ARCH_DESTRUCTIVE && stage_parse(r->walk->stage) <= AT_CHANGING;
	return monitor_tick(r->db, r->arena, r->walk->sid, r->plan, before, e) &&
		monitor_judge(r->db, r->arena, r->walk->sid, r->plan, e);
}

/* A round every minute; where a day of waiting is shorter, as often in proportion, a second at the least. The operator may
   set another: gatewalk job set ID interval_s=N. */
static int interval_ms(const struct run *r)
{
	const char *set = NULL;
	struct arena *a = arena_new();
	int told = r->job && job_setting(r->job, a, "interval_s", &set, NULL) && set ? atoi(set) : 0;
	arena_free(a);
	if (told > 0)
		return told > 300 ? 300000 : told * 1000;
	int64_t ms = r->walk->day_us / 1440 / 1000;
	return ms < 1000 ? 1000 : ms > 60000 ? 60000 : (int)ms;
}

#define RELOGIN_MS 5000
#define ROUNDS_FAILED 10   /* in a row: one that met a lock or a slow moment must not end a watch of weeks */

/* A server that restarts or fails over comes back; the watch of weeks waits for it. After a day somebody has to look. */
static bool reopen(struct run *r, struct err *e)
{
	const struct db_opts o = { .conninfo = r->conninfo, .app = "gatewalk job", .read_write = true };
	int64_t until = clock_mono() + US_DAY;
	while (!db_alive(r->db)) {
		if (r->db != r->claimed)
			db_close(r->db);
		r->db = upkeep_db(&o, e);
		if (r->db)
			break;
		r->db = r->claimed;
		if (clock_mono() > until)
			return false;
		clock_nap(RELOGIN_MS);
	}
	err_clear(e);
	return true;
}

/* One arena a round: a watch lasts for weeks. */
static bool one_round(struct run *r, bool (*tick)(struct run *, struct err *), bool (*goes_on)(const struct run *, int64_t now), bool *more, struct err *e)
{
	struct run round = *r;
	int64_t now = 0;
	round.arena = arena_new();
	bool ok = jobrun_load(&round, r->walk->sid, e) && probe_now(r->db, &now, e);
	*more = !ok || goes_on(&round, now);
	ok = ok && (!*more || tick(&round, e));
	r->told = round.told;
	r->rang = round.rang;
	arena_free(round.arena);
	return ok;
}

static bool loop(struct run *r, const char *phase, bool (*tick)(struct run *, struct err *), bool (*goes_on)(const struct run *, int64_t), struct err *e)
{
	double rounds = 0;
	int failed = 0;
	bool other = false;   /* the schema is another gatewalk's by now */
	for (bool more = true; more; clock_nap(more ? interval_ms(r) : 0)) {
		if (!reopen(r, e))
			return false;
		bool good = place_known(r->db, &other, e) && one_round(r, tick, goes_on, &more, e);
		if (other)
			return false;
		failed = good || !db_alive(r->db) ? 0 : failed + 1;
		if (failed == ROUNDS_FAILED)
			return false;
		if (failed)
			job_event(r->job, "a round failed: %s", e->msg);
		err_clear(e);
		if (!job_tick(r->job, phase, ++rounds, 0, "rounds", false, ""))
			return err_set(e, ERR_INTERRUPTED, NULL, "stopped");
	}
	return true;
}

static bool before_drop(const struct run *r, int64_t now)
{
	(void)now;
	return !r->walk->closed && !r->walk->dropped;
}

static bool while_watched(const struct run *r, int64_t now)
{
	/* A round past the end: item 12 asks that somebody looked when the watch was over. */
	int64_t end = r->walk->watched_until + 10 * US_SECOND + 2 * (int64_t)interval_ms(r) * 1000;
	return !r->walk->closed && (!r->walk->watched_until || now < end);
}

bool jobrun_watch(struct run *r, struct err *e)
{
	return loop(r, "watch", tick_watch, before_drop, e);
}

bool jobrun_monitor(struct run *r, struct err *e)
{
	return loop(r, "monitor", tick_monitor, while_watched, e);
}

static bool tick_walk(struct run *r, const char *sid, int *walks, struct err *e)
{
	struct run one = *r;
	one.arena = arena_new();
	bool ok = jobrun_load(&one, sid, e);
	if (ok && !one.walk->closed) {
		bool watched = !one.walk->dropped && one.plan->archetype != ARCH_ADDITIVE, monitored = one.walk->dropped || one.plan->archetype != ARCH_DESTRUCTIVE;
		ok = (!watched || tick_watch(&one, e)) && (!monitored || tick_monitor(&one, e));
		*walks += ok;
	}
	arena_free(one.arena);
	return ok;
}

bool job_tick_once(const char *conninfo, const char *walk, int *walks, struct err *e)
{
	struct run r = { .arena = arena_new(), .conninfo = conninfo };
	const struct db_opts o = { .conninfo = conninfo, .app = "gatewalk tick" };
	struct ledger_walk *all;
	size_t n = 0;
	*walks = 0;
	bool other, ok = crypto_start() && (r.db = upkeep_db(&o, e)) != NULL && place_known(r.db, &other, e) && ledger_find(r.db, r.arena, walk ? walk : "", &all, &n, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = tick_walk(&r, all[i].sid, walks, e);
	db_close(r.db);
	arena_free(r.arena);
	return ok;
}
