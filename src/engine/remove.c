/* SPDX-License-Identifier: MIT */
#include "engine/remove_private.h"

#include <string.h>

#include "adapter/apply_rows.h"
#include "adapter/guard.h"
#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/own.h"
#include "adapter/place.h"
#include "adapter/removal.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pause.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define SIZE_FIRST 500
#define ROWS_MAX 50000
#define ROWS_LEAST 100       /* below these a batch takes the time of its round trips and its commit, not of its rows */
#define ENDED_MS 15000
#define LOGIN_PATIENCE US_DAY   /* a server that restarts or fails over comes back */

static struct batches *now_at(struct removing *r)
{
	r->at.done = (double)r->done;
	r->at.total = (double)r->walk.final.rows;
	return &r->at;
}

/* The stage's name is gatewalk's own, by the walk's id. */
static bool stage_open(struct removing *r, struct err *e)
{
	struct arena *a = r->o->arena;
	const char *name = own_rows_name(a, r->o->sid);
	if (!name)
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id does not begin with twelve hex digits");
	if (r->staged)
		return true;
	r->snap = (struct snapshot_opts){ .conninfo = r->o->conninfo, .plan = r->o->plan, .sid = r->o->sid, .manifest_sha256 = r->walk.intent_snapshot,
		.progress = { .tick = job_tick, .ctx = r->o->job } };
	if (!rows_stage_open(r->db, a, &r->snap, r->walk.final.path, name, &r->stage, e))
		return false;
	return r->staged = true;
}

static void close_all(struct removing *r)
{
	rows_writer_close(r->writer);
	db_close(r->db);
	r->writer = NULL;
	r->db = NULL;
}

/* Logs in. Whatever became of the last batch, the ledger tells, and only once no transaction of the walk is under way. */
static bool login(struct removing *r, struct err *e)
{
	struct removal ledger;
	const struct db_opts o = { .conninfo = r->o->conninfo, .app = "gatewalk removal", .read_write = true };
	close_all(r);
	r->looked_at = 0;
	bool other;
	if (!(r->db = db_open(&o, e)) || !place_known(r->db, &other, e) || !apply_ended(r->db, r->o->sid, ENDED_MS, e) ||
	    !removal_read(r->db, r->o->arena, r->o->sid, r->walk.intent_nonce, &ledger, e))
		return false;
	r->done = ledger.done;
	r->batches = ledger.batches;
	if (r->done >= r->walk.final.rows)
		return true;
	return stage_open(r, e) && rows_stage_fill(r->db, &r->stage, e) && (r->writer = rows_writer_open(r->o->conninfo, e)) != NULL;
}

static bool connected(struct removing *r, struct err *e)
{
	int64_t until = clock_mono() + LOGIN_PATIENCE;
	while (!r->db || !db_alive(r->db) || (r->done < r->walk.final.rows && !rows_writer_alive(r->writer))) {
		struct err why = { 0 };
		if (login(r, &why))
			continue;
		bool lost = batches_is_link(&why) || (r->db && !db_alive(r->db));
		close_all(r);
		if (!lost || clock_mono() > until) {
			*e = why;
			return false;
		}
		if (!batches_wait(now_at(r), &why, BATCHES_LOGIN_MS, e))
			return false;
	}
	return true;
}

static struct permit_binding binding(struct removing *r, struct arena *a)
{
	const struct walk *w = &r->walk;
	return (struct permit_binding){
		.sid = w->sid, .plan_digest = w->plan_digest, .statement = sql_statement(a, r->o->plan, &r->facts.target), .snapshot_sha256 = w->intent_snapshot,
		.intent_head = w->intent_head, .nonce = permit_batch_nonce(a, w->intent_nonce, r->batches + 1), .relid = w->relid, .attnum = w->attnum,
		.intent_n = w->intent_n, .batch = r->batches + 1,
	};
}

/* What is left to do after a batch that was not committed; false when that is nothing. */
static bool after(struct removing *r, enum drop_result result, int64_t rows, const struct err *why, struct err *e)
{
	if (result == DROP_UNKNOWN || !rows_writer_alive(r->writer)) {
		job_event(r->o->job, "the link was cut: %s", why->msg);
		close_all(r);
		return true;
	}
	bool refusal = retry_is_refusal(why), moment = retry_is_moment(why);
	if (refusal && rows == 1) {
		r->skip = arena_printf(r->o->arena, "the server refuses: %s", why->msg);
		return true;
	}
	if (refusal || moment)
		r->at.size = rows > 1 ? rows / 2 : 1;
	if (refusal)
		return true;
	if (!moment && why->code != ERR_GATE && why->code != ERR_WAIT) {
		*e = *why;
		return false;
	}
	r->looked_at = 0;
	batches_pause(&r->at, why);
	clock_nap(BATCHES_PAUSE_MS);
	return true;
}

static bool batch(struct removing *r, struct err *e)
{
	struct arena *a = arena_new();
	struct err why = { 0 };
	struct rows_batch_end end = { .result = DROP_REFUSED };
	int64_t rest = r->walk.final.rows - r->done, rows = r->skip ? 1 : r->at.size < rest ? r->at.size : rest;
	struct rows_batch b = {
		.plan = r->o->plan, .walk = &r->walk, .facts = &r->facts, .stage = &r->stage, .binding = binding(r, a), .mac = &r->mac, .last = r->last,
		.from_n = r->done, .to_n = r->done + rows, .skip = r->skip,
	};
	b.permit = permit_mint(a, b.plan, b.walk, b.facts, &b.binding, b.mac, &why);
	bool ok = b.permit && apply_rows(r->writer, a, &b, &end, &why);
	if (ok) {
		r->done = b.to_n;
		r->batches++;
		if (!r->skip)
			r->at.size = pace_next(&(struct pace){ ROWS_LEAST, ROWS_MAX, (int64_t)r->o->plan->batch_ms * 1000 }, rows, end.held_us);
		r->skip = NULL;
		batches_go_on(&r->at);
	} else {
		ok = after(r, end.result, rows, &why, e);
	}
	arena_free(a);
	return ok;
}

/* One look and, where it allows that, one batch. */
static bool step(struct removing *r, struct err *e)
{
	struct err why = { 0 };
	if (!connected(r, e))
		return false;
	if (r->done >= r->walk.final.rows)
		return true;
	if (!remove_look(r, &why)) {
		if (why.code == ERR_VERIFY) {
			*e = why;
			return false;
		}
	} else if (remove_may(r, &why)) {
		return batches_tick(now_at(r), e) && batch(r, e);   /* it goes on once one got through */
	}
	return batches_wait(now_at(r), &why, BATCHES_PAUSE_MS, e);
}

/* gatewalk's own objects go; what cannot be had now is taken when the walk is closed. */
static void clean_up(struct removing *r)
{
	struct err why = { 0 };
	struct arena *a = r->o->arena;
	const char *name = own_rows_name(a, r->o->sid);
	if (!own_rows_take(r->db, a, r->o->sid, &why))
		job_event(r->o->job, "%s could not be removed: %s", name, why.msg);
	err_clear(&why);
	if (!own_tripwire_take(r->db, a, r->o->sid, r->walk.relid, &why))
		job_event(r->o->job, "the tripwire could not be removed: %s", why.msg);
	err_clear(&why);
	if (!guard_take(r->db, a, r->o->sid, &why))
		job_event(r->o->job, "the guard over the table could not be ended: %s", why.msg);
}

static bool report(struct removing *r, struct err *e)
{
	struct removal ledger;
	if (!removal_read(r->db, r->o->arena, r->o->sid, r->walk.intent_nonce, &ledger, e))
		return false;
	json_add_int(r->o->result, "batches", ledger.batches);
	json_add_int(r->o->result, "left", ledger.left);
	json_add_int(r->o->result, "removed", ledger.removed);
	return true;
}

static bool run(struct removing *r, struct err *e)
{
	/* The log first: without an open intent in it nothing is even looked at. */
	if (!remove_read_log(r, e))
		return false;
	do {
		if (!step(r, e))
			return false;
	} while (r->done < r->walk.final.rows);
	batches_go_on(&r->at);
	clean_up(r);
	return report(r, e);
}

bool remove_run(const struct remove_order *o, struct err *e)
{
	struct removing r = { .o = o, .at = { .job = o->job, .arena = o->arena, .plan = o->plan, .walk = o->name, .bell = "removal waits", .phase = "remove", .unit = "rows",
		.size = SIZE_FIRST } };
	crypto_random(r.key, sizeof r.key);
	r.mac = (struct permit_mac){ .mac = crypto_mac, .key = r.key };
	bool ok = run(&r, e);
	close_all(&r);
	moment_forget(&r.calendar);
	if (r.look)
		arena_free(r.look);
	if (r.log)
		arena_free(r.log);
	memset(r.key, 0, sizeof r.key);
	return ok;
}
