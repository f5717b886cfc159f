/* SPDX-License-Identifier: MIT */
#include "engine/jobrun_private.h"

#include <stdio.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/ledger.h"
#include "adapter/monitor.h"
#include "adapter/place.h"
#include "adapter/planfile.h"
#include "adapter/snapshot.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "engine/backfill.h"
#include "engine/index.h"
#include "engine/parity.h"
#include "engine/remove.h"
#include "engine/splitting.h"
#include "engine/upkeep.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"
#include "port/jsonread.h"

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

bool jobrun_load(struct run *r, const char *sid, struct err *e)
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

static bool body_backfill(struct run *r, struct err *e)
{
	const struct plan back = plan_reversed(r->plan), *plan = json_int_or(r->args, "back", 0) ? &back : r->plan;
	const struct backfill_order o = { .arena = r->arena, .conninfo = r->conninfo, .sid = r->walk->sid, .name = r->walk->name, .job = r->job, .plan = plan,
		.timeline = json_int_or(r->args, "timeline", 0), .rejects = json_int_or(r->args, "rejects", 0) != 0, .result = r->result };
	return plan->backfill.value ? backfill_run(&o, e) : err_set(e, ERR_USE, NULL, "the plan fills nothing: it has no backfill.value");
}

static bool body_index(struct run *r, struct err *e)
{
	const struct index_job o = { .arena = r->arena, .conninfo = r->conninfo, .sid = r->walk->sid, .name = r->walk->name, .job = r->job, .plan = r->plan, .result = r->result };
	return plan_rule(r->plan) == RULE_INDEX ? index_run(&o, e) : err_set(e, ERR_USE, NULL, "the plan builds no index");
}

static bool body_split(struct run *r, struct err *e)
{
	const struct split_job o = { .arena = r->arena, .conninfo = r->conninfo, .sid = r->walk->sid, .name = r->walk->name, .job = r->job, .plan = r->plan, .result = r->result };
	return plan_rule(r->plan) == RULE_SPLIT ? split_run(&o, e) : err_set(e, ERR_USE, NULL, "the plan splits no table");
}

static bool body_parity(struct run *r, struct err *e)
{
	const char *dir = path_join(r->arena, path_walks(r->arena), job_sid(r->job));
	const struct parity_order order = parity_order_of(r->plan, r->walk->sid, json_int_or(r->args, "unwritten", 0) != 0);
	const struct parity_job o = { .arena = r->arena, .conninfo = r->conninfo, .name = r->walk->name, .job = r->job, .plan = r->plan, .order = &order,
		.anew = json_int_or(r->args, "anew", 0) != 0, .word = parity_word_file(r->arena, dir), .rounds = json_int_or(r->args, "rounds", 0),
		.rest_s = (int)json_int_or(r->args, "rest_s", 60), .result = r->result };
	return parity_run(&o, e);
}

static const struct { const char *kind; bool (*body)(struct run *, struct err *); } bodies[] = {
	{ "snapshot", body_snapshot }, { "drill", body_drill }, { "restore", body_restore }, { "watch", jobrun_watch }, { "monitor", jobrun_monitor },
	{ "remove", body_remove }, { "backfill", body_backfill }, { "index", body_index }, { "split", body_split }, { "parity", body_parity }, { "hide", jobrun_hide },
};

static bool run_body(struct run *r, struct err *e)
{
	const char *kind = job_kind(r->job), *args = job_args(r->job);
	r->result = json_obj(r->arena);
	r->args = json_read(r->arena, args, strlen(args), e);
	if (!r->args || !jobrun_load(r, job_sid(r->job), e))
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
	struct err why = { 0 };
	snprintf(app, sizeof app, "gatewalk job %lld", id);
	const struct db_opts o = { .conninfo = conninfo, .app = app };
	bool other = false, ok = crypto_start() && (r.db = r.claimed = upkeep_db(&o, e)) != NULL && place_known(r.db, &other, e) &&
		(r.job = job_claim(r.db, id, e)) != NULL;
	if (ok) {
		r.conninfo = conninfo;
		ok = finish(&r, run_body(&r, e), e);
	}
	/* "Stopped", where a newer gatewalk upgraded the schema meanwhile: its engine finds the job lost and starts one of its own. */
	if (!ok && r.job && db_alive(r.db) && !place_known(r.db, &other, &why) && other)
		*e = why;
	job_free(r.job);
	if (r.db != r.claimed)
		db_close(r.db);
	db_close(r.claimed);
	arena_free(r.arena);
	return ok;
}
