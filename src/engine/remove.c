/* SPDX-License-Identifier: MIT */
#include "engine/remove_private.h"

#include <stdio.h>
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
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define SIZE_FIRST 500
#define ROWS_MAX 50000
#define ROWS_LEAST 100       /* below these a batch takes the time of its round trips and its commit, not of its rows */
#define ENDED_MS 15000
#define PAUSE_MS 1000
#define LOGIN_MS 2000
#define LOGIN_PATIENCE US_DAY   /* a server that restarts or fails over comes back */
#define PHASE "remove"

static bool tick(struct removing *r, struct err *e)
{
	double done = (double)r->done, total = (double)r->walk.final.rows;
	bool goes_on = r->paused ? job_wait(r->o->job, PHASE, done, total, "rows", r->why) : job_tick(r->o->job, PHASE, done, total, "rows", false, "");
	return goes_on || err_set(e, ERR_INTERRUPTED, NULL, "stopped");
}

/* Noted once, rung once. The off-peak window's end is no news: the window screen tells it. */
static void pause_for(struct removing *r, const struct err *why)
{
	bool news = !r->paused || strcmp(r->why, why->msg) != 0;
	if (news)
		job_event(r->o->job, "waits: %s", why->msg);
	if (news && !r->paused && why->code != ERR_WAIT && why->code != ERR_DB_LOST && why->code != ERR_DB_CONNECT)
		notify_run(r->o->arena, r->o->plan, r->o->name, "removal waits", why->msg);
	snprintf(r->why, sizeof r->why, "%s", why->msg);
	r->paused = true;
}

static void go_on(struct removing *r)
{
	if (r->paused)
		job_event(r->o->job, "goes on");
	r->paused = false;
	r->why[0] = '\0';
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

static bool is_link(const struct err *e)
{
	return e->code == ERR_DB_LOST || e->code == ERR_DB_CONNECT || e->code == ERR_WAIT;
}

static bool connected(struct removing *r, struct err *e)
{
	int64_t until = clock_mono() + LOGIN_PATIENCE;
	while (!r->db || !db_alive(r->db) || (r->done < r->walk.final.rows && !rows_writer_alive(r->writer))) {
		struct err why = { 0 };
		if (login(r, &why))
			continue;
		bool lost = is_link(&why) || (r->db && !db_alive(r->db));
		close_all(r);
		if (!lost || clock_mono() > until) {
			*e = why;
			return false;
		}
		pause_for(r, &why);
		if (!tick(r, e))
			return false;
		clock_nap(LOGIN_MS);
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

/* By time: what the last one took says how large the next may be. */
static void resize(struct removing *r, int64_t rows, int64_t took_us)
{
	int64_t aim = (int64_t)r->o->plan->batch_ms * 1000, want = took_us > 0 ? rows * aim / took_us : rows * 2;
	int64_t least = took_us < 10 * aim ? ROWS_LEAST : 1;   /* slower, and it is the rows: a trigger of theirs */
	want = want < least ? least : want < rows / 4 ? rows / 4 : want;
	want = want > rows * 2 ? rows * 2 : want;
	r->size = want > ROWS_MAX ? ROWS_MAX : want;
}

/* The data itself stands in the way: a foreign key without a cascade, say. Found by halving, left alone, and listed. */
static bool is_refusal(const struct err *e)
{
	static const char *const classes[] = { "22", "23", "27", "44", "P0" };
	for (size_t i = 0; e->code == ERR_DB && i < sizeof classes / sizeof *classes; i++)
		if (strncmp(e->sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

/* Too much at once, or not just now: locks, the statement's time, the server's memory, disk and sessions. */
static bool is_moment(const struct err *e)
{
	return retry_is_lock(e) || strncmp(e->sqlstate, "57", 2) == 0 || strncmp(e->sqlstate, "53", 2) == 0 || strncmp(e->sqlstate, "40", 2) == 0;
}

/* What is left to do after a batch that was not committed; false when that is nothing. */
static bool after(struct removing *r, enum drop_result result, int64_t rows, const struct err *why, struct err *e)
{
	if (result == DROP_UNKNOWN || !rows_writer_alive(r->writer)) {
		job_event(r->o->job, "the link was cut: %s", why->msg);
		close_all(r);
		return true;
	}
	if (is_refusal(why) && rows == 1) {
		r->skip = arena_printf(r->o->arena, "the server refuses: %s", why->msg);
		return true;
	}
	if (is_refusal(why) || is_moment(why))
		r->size = rows > 1 ? rows / 2 : 1;
	if (is_refusal(why))
		return true;
	if (!is_moment(why) && why->code != ERR_GATE && why->code != ERR_WAIT) {
		*e = *why;
		return false;
	}
	r->looked_at = 0;
	pause_for(r, why);
	clock_nap(PAUSE_MS);
	return true;
}

static bool batch(struct removing *r, struct err *e)
{
	struct arena *a = arena_new();
	struct err why = { 0 };
	struct rows_batch_end end = { .result = DROP_REFUSED };
	int64_t rest = r->walk.final.rows - r->done, rows = r->skip ? 1 : r->size < rest ? r->size : rest;
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
			resize(r, rows, end.held_us);
		r->skip = NULL;
		go_on(r);
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
		return tick(r, e) && batch(r, e);   /* it goes on once one got through */
	}
	pause_for(r, &why);
	if (!tick(r, e))
		return false;
	clock_nap(PAUSE_MS);
	return true;
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
	go_on(r);
	clean_up(r);
	return report(r, e);
}

bool remove_run(const struct remove_order *o, struct err *e)
{
	struct removing r = { .o = o, .size = SIZE_FIRST };
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
