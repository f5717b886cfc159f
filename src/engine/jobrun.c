/* SPDX-License-Identifier: MIT */
#include "engine/jobrun.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapter/audit.h"
#include "adapter/job.h"
#include "adapter/ledger.h"
#include "adapter/monitor.h"
#include "adapter/planfile.h"
#include "adapter/probe.h"
#include "adapter/snapshot.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/remove.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

struct run {
	struct arena *arena;
	const char *conninfo;
	struct db *db;            /* for the work: rows, samples */
	struct db *claimed;       /* the connection the job's row was taken with: job.c keeps it, also when it is lost */
	struct job *job;          /* NULL in a tick */
	long long id;             /* its number */
	const struct ledger_walk *walk;
	struct plan *plan;
	const struct json *args;
	struct json *result;
	int64_t told;             /* the last sighting that notify was run for */
	bool rang;                /* notify was run for the end of the wait */
};

/* A plan names commands, queries and logins, and its row can be written by every operator's login: only one that the engine
   took in on this machine is run, and that one lies in the walk's folder under its own hash. */
static bool plan_is_ours(struct run *r, struct err *e)
{
	char sha[65];
	crypto_sha256_hex(r->walk->plan, strlen(r->walk->plan), sha);
	const char *dir = path_join(r->arena, path_walks(r->arena), r->walk->sid);
	if (file_exists(path_join(r->arena, path_join(r->arena, dir, "blobs"), sha)))
		return true;
	return err_set(e, ERR_VERIFY, "Run it where the walk's folder is; if it is here, see who changed gatewalk.walk.",
		"the plan of %s in the database is not one that was taken in on this machine", r->walk->name);
}

static bool load_plan(struct run *r, struct err *e)
{
	if (!plan_is_ours(r, e))
		return false;
	struct plan_error *errs;
	size_t n;
	r->plan = planfile_parse(r->arena, "plan", r->walk->plan, strlen(r->walk->plan), &errs, &n);
	return r->plan || err_set(e, ERR_USE, NULL, "the plan in the database cannot be read: %s", n ? errs[0].what : "");
}

static bool load_walk(struct run *r, const char *sid, struct err *e)
{
	struct ledger_walk *w;
	size_t n = 0;
	if (!ledger_find(r->db, r->arena, sid, &w, &n, e))
		return false;
	if (n == 0)
		return err_set(e, ERR_USE, NULL, "the walk %s is not in this database", sid);
	r->walk = &w[0];
	return load_plan(r, e);
}

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

static struct snapshot_opts snap_opts(struct run *r)
{
	const char *own = path_join(r->arena, path_data(r->arena), "snapshots");
	return (struct snapshot_opts){
		.conninfo = r->conninfo, .plan = r->plan, .sid = r->walk->sid, .store = r->plan->store ? r->plan->store : own,
		.progress = { .tick = job_tick, .ctx = r->job },
	};
}

static bool run_drill(struct run *r, const char *path, struct err *e)
{
	struct snapshot_opts o = snap_opts(r);
	struct fact_drill d = { 0 };
	if (!drill_run(r->arena, &o, path, &d, e))
		return false;
	json_add(r->result, "drill", drill_json(r->arena, &d));
	return true;
}

static bool body_snapshot(struct run *r, struct err *e)
{
	struct snapshot_opts o = snap_opts(r);
	struct fact_snapshot s = { 0 };
	const char *role = json_str(r->args, "role");
	if (!snapshot_take(r->arena, &o, &s, e))
		return false;
	json_add_str(r->result, "role", role ? role : "first");
	json_add(r->result, "snapshot", snapshot_json(r->arena, &s));
	return json_int_or(r->args, "drill", 0) == 0 || run_drill(r, s.path, e);
}

static bool body_drill(struct run *r, struct err *e)
{
	const char *path = json_str(r->args, "path");
	return path ? run_drill(r, path, e) : err_set(e, ERR_USE, NULL, "the drill was not told which snapshot");
}

static bool body_restore(struct run *r, struct err *e)
{
	struct snapshot_opts o = snap_opts(r);
	struct restore_end end = { 0 };
	const char *path = json_str(r->args, "path");
	if (!path)
		return err_set(e, ERR_USE, NULL, "the restore was not told which snapshot");
	bool rows = plan_target(r->plan) == TARGET_ROWS;
	if (!(rows ? restore_rows : restore_target)(r->arena, &o, path, &end, e) && e->code != ERR_LEFT)
		return false;
	json_add_int(r->result, "conflicts", end.conflicts);
	json_add_int(r->result, "gone", end.gone);
	json_add_int(r->result, "kept", end.kept);
	json_add_int(r->result, "placed", end.placed);
	json_add_int(r->result, "took_us", end.took_us);
	struct json *left = json_add_arr(r->result, "left");
	for (size_t i = 0; i < end.n_left; i++)
		json_add_str(left, NULL, end.left[i]);
	return true;
}

static bool body_remove(struct run *r, struct err *e)
{
	const struct remove_order o = { .arena = r->arena, .conninfo = r->conninfo, .sid = r->walk->sid, .name = r->walk->name, .job = r->job,
		.plan = r->plan, .result = r->result };
	return remove_run(&o, e);
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
	return monitor_tick(r->db, r->arena, r->walk->sid, r->plan, true, e) && ring(r, e);
}

static bool tick_monitor(struct run *r, struct err *e)
{
	return monitor_tick(r->db, r->arena, r->walk->sid, r->plan, false, e) &&
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

static void nap(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

/* A server that restarts or fails over comes back; the watch of weeks waits for it. After a day somebody has to look. */
static bool reopen(struct run *r, struct err *e)
{
	const struct db_opts o = { .conninfo = r->conninfo, .app = "gatewalk job", .read_write = true };
	int64_t until = clock_mono() + US_DAY;
	while (!db_alive(r->db)) {
		if (r->db != r->claimed)
			db_close(r->db);
		r->db = db_open(&o, e);
		if (r->db)
			break;
		r->db = r->claimed;
		if (clock_mono() > until)
			return false;
		nap(RELOGIN_MS);
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
	bool ok = load_walk(&round, r->walk->sid, e) && probe_now(r->db, &now, e);
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
	for (bool more = true; more; nap(more ? interval_ms(r) : 0)) {
		if (!reopen(r, e))
			return false;
		bool good = one_round(r, tick, goes_on, &more, e);
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

static bool body_watch(struct run *r, struct err *e)
{
	return loop(r, "watch", tick_watch, before_drop, e);
}

static bool body_monitor(struct run *r, struct err *e)
{
	return loop(r, "monitor", tick_monitor, while_watched, e);
}

static const struct { const char *kind; bool (*body)(struct run *, struct err *); } bodies[] = {
	{ "snapshot", body_snapshot }, { "drill", body_drill }, { "restore", body_restore }, { "watch", body_watch }, { "monitor", body_monitor },
	{ "remove", body_remove },
};

static bool run_body(struct run *r, struct err *e)
{
	const char *kind = job_kind(r->job), *args = job_args(r->job);
	r->result = json_obj(r->arena);
	r->args = json_read(r->arena, args, strlen(args), e);
	if (!r->args || !load_walk(r, job_sid(r->job), e))
		return false;
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
		if (strcmp(bodies[i].kind, kind) == 0)
			return bodies[i].body(r, e);
	return err_set(e, ERR_USE, NULL, "this program knows no job \"%s\"", kind);
}

const char *job_result_file(struct arena *a, const char *walk_dir, long long id)
{
	return path_join(a, walk_dir, arena_printf(a, "jobs/job-%lld.json", id));
}

/* First the file, then the row: the engine believes a row only where the file says the same. */
static bool leave(struct run *r, const char *result, size_t len, struct err *e)
{
	const char *dir = path_join(r->arena, path_walks(r->arena), job_sid(r->job));
	if (!file_write(job_result_file(r->arena, dir, r->id), result, len, e)) {
		job_failed(r->job, e);
		return false;
	}
	return job_done(r->job, result, e);
}

static bool finish(struct run *r, bool ok, struct err *e)
{
	struct err late = { 0 };
	if (!ok) {
		job_failed(r->job, e);
		if (e->code != ERR_INTERRUPTED && r->plan)
			notify_run(r->arena, r->plan, r->walk->name, "job stopped", e->msg);
		return false;
	}
	struct text t = { 0 };
	json_write(&t, r->result);
	ok = leave(r, text_str(&t), t.len, &late);
	text_free(&t);
	if (!ok)
		*e = late;
	return ok;
}

bool job_run(const char *conninfo, long long id, struct err *e)
{
	struct run r = { .arena = arena_new(), .id = id };
	char app[64];
	snprintf(app, sizeof app, "gatewalk job %lld", id);
	const struct db_opts o = { .conninfo = conninfo, .app = app };
	bool ok = crypto_start() && (r.db = r.claimed = db_open(&o, e)) != NULL && (r.job = job_claim(r.db, id, e)) != NULL;
	if (ok) {
		r.conninfo = conninfo;
		ok = finish(&r, run_body(&r, e), e);
	}
	job_free(r.job);
	if (r.db != r.claimed)
		db_close(r.db);
	db_close(r.claimed);
	arena_free(r.arena);
	return ok;
}

static bool tick_walk(struct run *r, const char *sid, int *walks, struct err *e)
{
	struct run one = *r;
	one.arena = arena_new();
	bool ok = load_walk(&one, sid, e);
	if (ok && !one.walk->closed) {
		ok = one.walk->dropped ? tick_monitor(&one, e) : tick_watch(&one, e);
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
	bool ok = crypto_start() && (r.db = db_open(&o, e)) != NULL && ledger_find(r.db, r.arena, walk ? walk : "", &all, &n, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = tick_walk(&r, all[i].sid, walks, e);
	db_close(r.db);
	arena_free(r.arena);
	return ok;
}
