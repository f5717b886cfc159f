/* SPDX-License-Identifier: MIT */
#include "engine/backfill.h"

#include <stdio.h>
#include <string.h>

#include "adapter/backfill.h"
#include "adapter/job.h"
#include "adapter/place.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pause.h"
#include "engine/batches.h"
#include "engine/batches_long.h"
#include "port/files.h"

#define BLOCKS_FIRST 32
#define BLOCKS_MOST 16384
#define ROWS_LEAST 100          /* below these a batch takes the time of its round trips and its commit, not of its rows */
#define STRIPS_LEAST 8          /* blocks: a smaller range goes in one */
#define STRIPS_JUDGED 20000     /* rows: by so many it is seen whether strips find room */
#define STRIPS_REST 100000      /* rows in one transaction a range, before strips are tried again */
#define LOGIN_PATIENCE US_DAY
#define ALONE_PATIENCE (15 * US_SECOND)   /* for the session of a job that died */
#define PASSES_MOST 10

struct filling {
	const struct backfill_order *o;
	struct backfill b;
	bool tried;                 /* the expression was judged */
	struct batches at;          /* size: blocks */
	int lines;                  /* of one block, while a row that refuses is searched; 0: whole blocks */
	int64_t plain_until;        /* up to here without strips: a strip was refused */
	int64_t slowest;            /* of the strips of this range, us */
	int64_t strip_filled, strip_kept;   /* by the second to the last strips: do they find room on their pages? */
	int64_t plain_rows;         /* they do not: so many go without, for now */
	bool plain_told;
	struct batches_pace pace;
	int passes;
	bool begun, retrying, counted;
	int64_t retry_n, timeline;
};

/* ---- where it is ---- */

static struct batches *now_at(struct filling *f)
{
	double rows, share = backfill_share(&f->b, &rows);
	struct batches *at = &f->at;
	at->total = rows > 0 ? rows : 100;
	at->unit = rows > 0 ? "rows" : "%";
	at->done = share * at->total;
	at->phase = f->retrying ? "rejects again" : f->b.row.pass_over ? "count" : f->b.row.pass > 1 ? "fill again" : "fill";
	snprintf(at->note, sizeof at->note, "%lld filled, %lld rejects", (long long)f->b.row.filled, (long long)f->b.row.rejects);
	return at;
}

/* ---- login ---- */

static void let_go(struct filling *f)
{
	db_close(f->b.db);
	f->b.db = NULL;
	batches_forget(&f->pace);
}

static bool same_history(struct filling *f, struct db *db, struct err *e)
{
	struct arena *a = arena_new();
	struct place p;
	bool other, ok = place_known(db, &other, e) && place_look(db, a, &p, e) && (f->timeline || backfill_timeline(db, f->o->sid, &f->timeline, e));
	if (ok && !p.marked)
		ok = err_set(e, ERR_VERIFY, "gatewalk rebind WALK", "this is not the database that the backfill began in");
	if (ok && f->timeline && p.tli != f->timeline)
		ok = err_set(e, ERR_GATE, "Start the backfill again to go on from what this server has.",
			"the server is on timeline %lld and the backfill began on %lld: a failover may have lost its last batches and other writes", (long long)p.tli, (long long)f->timeline);
	if (ok)
		f->timeline = p.tli;
	arena_free(a);
	return ok;
}

static bool judge(struct filling *f, struct db *db, struct err *e)
{
	const char *unfit = NULL;
	if (f->tried) {
		f->b.db = db;
		return true;
	}
	if (!backfill_try(db, f->o->arena, f->o->plan, f->o->sid, &f->b, &unfit, e))
		return false;
	f->tried = unfit == NULL;
	return f->tried || err_set(e, ERR_GATE, "Amend the plan.", "%s", unfit);
}

static bool login(struct filling *f, struct err *e)
{
	let_go(f);
	struct db *db = backfill_connect(f->o->conninfo, f->o->sid, f->pace.batch_ms, e);
	bool ok = db && same_history(f, db, e) && judge(f, db, e);
	f->b.db = db;
	if (!ok || !backfill_begin(&f->b, f->timeline, e))
		return false;
	/* What another expression refused is tried again by itself; by this one, when somebody asks for it. */
	f->retrying = f->begun ? f->retrying : (f->o->rejects ? f->b.row.rejects : f->b.row.older) > 0;
	f->begun = true;
	return true;
}

static bool connected(struct filling *f, struct err *e)
{
	int64_t began = clock_mono();
	while (!f->b.db || !db_alive(f->b.db)) {
		struct err why = { 0 };
		if (login(f, &why))
			continue;
		bool lost = batches_is_link(&why) || retry_is_moment(&why) || (f->b.db && !db_alive(f->b.db));
		let_go(f);
		if (!lost || clock_mono() - began > (why.code == ERR_WAIT ? ALONE_PATIENCE : LOGIN_PATIENCE)) {
			*e = why;
			return false;
		}
		if (!batches_wait(now_at(f), &why, BATCHES_LOGIN_MS, e))
			return false;
	}
	return true;
}

/* ---- a batch ---- */

/* Where the next batch ends; *strips: it is one of several over its range. */
static int64_t batch_end(const struct filling *f, bool *strips)
{
	const struct backfill_row *row = &f->b.row;
	int64_t block = row->at / BACKFILL_BLOCK;
	bool whole = f->lines == 0 && row->at % BACKFILL_BLOCK == 0 && row->at >= f->plain_until;
	*strips = whole && row->strip > 0;
	if (*strips)
		return row->range_to;
	if (f->lines > 0) {
		int64_t to = row->at + f->lines, next = (block + 1) * BACKFILL_BLOCK;
		return to < next ? to : next;
	}
	int64_t to = (block + f->at.size) * BACKFILL_BLOCK;
	to = to < row->upto ? to : row->upto;
	*strips = whole && f->plain_rows <= 0 && row->pass == 1 && to - row->at >= STRIPS_LEAST * BACKFILL_BLOCK;
	return to;
}

/* Strips pay where what one leaves behind makes room for the next: with an index on the column, or while somebody's old snapshot stands, it does not. The
   snapshot goes, so they are tried again. */
static void judge_strips(struct filling *f, const struct backfill_end *end)
{
	f->strip_filled += end->filled;
	f->strip_kept += end->kept;
	if (f->strip_filled < STRIPS_JUDGED)
		return;
	if (f->strip_kept * 5 < f->strip_filled) {
		f->plain_rows = STRIPS_REST;
		if (!f->plain_told)
			job_event(f->o->job, "updates find no room on their pages: one transaction a range, and several again every %d rows, to see whether they do", STRIPS_REST);
		f->plain_told = true;
	}
	f->strip_filled = f->strip_kept = 0;
}

static void grow(struct filling *f, int64_t blocks, bool strips, const struct backfill_end *end)
{
	f->slowest = end->took_us > f->slowest ? end->took_us : f->slowest;
	if (f->lines > 0) {
		f->lines = f->lines * 2 > f->b.line_max ? 0 : f->lines * 2;
		f->at.size = 1;
	} else if (f->b.row.strip == 0) {
		int64_t rows = end->filled + end->still, least = rows > 0 ? ROWS_LEAST * blocks / rows + 1 : 1;
		f->at.size = pace_next(&(struct pace){ least, BLOCKS_MOST, (int64_t)f->pace.batch_ms * 1000 }, blocks, f->slowest);
	}
	if (!strips)
		f->plain_rows -= end->filled;
	else if (f->b.row.strip != 1)
		judge_strips(f, end);
	if (f->b.row.strip == 0)
		f->slowest = 0;
}

/* Half of it, down to one row. False when there is nothing smaller. */
static bool shrink(struct filling *f, int64_t to)
{
	int64_t blocks = (to - f->b.row.at) / BACKFILL_BLOCK;
	f->plain_until = to > f->plain_until ? to : f->plain_until;
	f->slowest = 0;
	if (f->lines == 1)
		return false;
	if (f->lines > 1)
		f->lines /= 2;
	else if (blocks > 1)
		f->at.size = blocks / 2;
	else
		f->lines = f->b.line_max / 2;
	return true;
}

/* A batch that was not kept: *e is set when that is the end. */
static bool after(struct filling *f, int64_t to, const struct err *why, struct err *e)
{
	if (!db_alive(f->b.db)) {
		job_event(f->o->job, "the link was cut: %s", why->msg);
		let_go(f);
		return true;
	}
	bool small = f->lines > 0 || to - f->b.row.at <= BACKFILL_BLOCK;
	if (retry_is_lock(why) && small)
		return backfill_pass_by(&f->b, to, e) || !db_alive(f->b.db);
	if (!retry_is_refusal(why) && !retry_is_moment(why)) {
		*e = *why;
		return false;
	}
	shrink(f, to);
	if (retry_is_refusal(why) || retry_is_lock(why) || strcmp(why->sqlstate, "57014") == 0)
		return true;
	return batches_wait(now_at(f), why, BATCHES_PAUSE_MS, e);
}

static bool batch(struct filling *f, struct err *e)
{
	struct err why = { 0 };
	struct backfill_end end = { 0 };
	bool strips, rejected = false;
	int64_t from = f->b.row.at, to = batch_end(f, &strips);
	if (f->lines == 1) {
		if (!backfill_one(&f->b, &rejected, &why))
			return after(f, to, &why, e);
		if (rejected)
			f->lines = f->b.line_max;   /* what is left of the block */
	} else if (!backfill_fill(&f->b, to, strips, &end, &why)) {
		return after(f, to, &why, e);
	}
	batches_go_on(&f->at);   /* once one got through */
	if (end.filled > 0 || rejected || f->b.row.pass == 1)
		throttle_moved(&f->pace.throttle);
	if (!rejected)
		grow(f, (to - from) / BACKFILL_BLOCK, strips, &end);
	batches_rest(f->pace.load, end.took_us);
	return true;
}

/* ---- passes ---- */

static bool again(struct filling *f, int64_t left, struct err *e)
{
	struct backfill_row *row = &f->b.row;
	struct err why = { 0 };
	f->counted = false;
	if (row->passed_by > 0) {
		err_set(&why, ERR_WAIT, NULL, "other transactions hold rows that are to be filled");
		return batches_wait(now_at(f), &why, BATCHES_PAUSE_MS, e) && backfill_again(&f->b, e);
	}
	if (left > 0 && row->pass > 1 && row->pass_filled == 0) {
		const char *triggers = *f->b.triggers ? arena_printf(f->b.a, "; its triggers on UPDATE: %s", f->b.triggers) : "";
		return backfill_give_up(&f->b, arena_printf(f->b.a, "a whole pass did not give it its value%s", triggers), e);
	}
	if (++f->passes >= PASSES_MOST)
		return err_set(e, ERR_LEFT, "Is every write filling the column by now? Then start it again.", "%lld rows have no value behind %d passes", (long long)left, PASSES_MOST);
	return backfill_again(&f->b, e);
}

/* The table was let go of, and is counted anew. */
static bool uncounted(struct filling *f, const struct err *why, struct err *e)
{
	if (why->code == ERR_INTERRUPTED)
		return true;   /* the next tick says by what */
	if (f->b.db && db_alive(f->b.db) && (why->code == ERR_GATE || batches_is_link(why)))
		return batches_wait(now_at(f), why, BATCHES_PAUSE_MS, e);
	*e = *why;
	return false;
}

struct counting { struct filling *f; int64_t left; };

static bool counts(void *ctx, struct err *e)
{
	struct counting *c = ctx;
	return backfill_count(&c->f->b, &c->left, e);
}

static struct db *looks_on(void *ctx, struct err *e)
{
	const struct counting *c = ctx;
	return backfill_connect(c->f->o->conninfo, c->f->o->sid, c->f->pace.batch_ms, e);
}

/* The count that proves that no row is left. */
static bool count(struct filling *f, struct err *e)
{
	struct counting c = { .f = f };
	batches_go_on(&f->at);
	const struct batches_long l = { .at = now_at(f), .throttle = &f->pace.throttle, .db = f->b.db, .relid = f->b.relid, .work = counts, .aside = looks_on, .ctx = &c };
	struct err why = { 0 };
	if (!batches_long(&l, &why))
		return uncounted(f, &why, e);
	throttle_moved(&f->pace.throttle);
	f->counted = c.left == 0;
	return f->counted || again(f, c.left, e);
}

static bool retry(struct filling *f, struct err *e)
{
	throttle_moved(&f->pace.throttle);
	return backfill_retry(&f->b, f->o->rejects, &f->retry_n, &f->retrying, e);
}

static bool work(struct filling *f, struct err *e)
{
	const struct backfill_row *row = &f->b.row;
	if (f->retrying)
		return retry(f, e);
	if (row->pass_over)
		return count(f, e);
	if (row->leaf && row->at < row->upto && backfill_at(&f->b))
		return batch(f, e);
	f->plain_until = 0;
	f->lines = 0;
	return backfill_next(&f->b, e);
}

/* The time for which the operator had it paused is none in which it got no further. */
static bool tick(struct filling *f, struct err *e)
{
	int64_t before = clock_mono();
	bool on = batches_tick(now_at(f), e);
	if (clock_mono() - before > US_SECOND)
		throttle_moved(&f->pace.throttle);
	return on;
}

static bool step(struct filling *f, struct err *e)
{
	struct err why = { 0 };
	if (!connected(f, e))
		return false;
	if (!batches_may(&f->at, &f->pace, f->b.db, f->b.relid, &why)) {
		if (why.code != ERR_GATE && !batches_is_link(&why)) {
			*e = why;
			return false;
		}
		return batches_wait(now_at(f), &why, BATCHES_PAUSE_MS, e);
	}
	if (!tick(f, e) || work(f, &why))
		return e->code == ERR_NONE;
	if (e->code == ERR_NONE && f->b.db && db_alive(f->b.db) && !retry_is_moment(&why)) {
		*e = why;
		return false;
	}
	return e->code == ERR_NONE && (!f->b.db || batches_wait(now_at(f), &why, BATCHES_PAUSE_MS, e));
}

bool backfill_run(const struct backfill_order *o, struct err *e)
{
	struct filling f = { .o = o, .timeline = o->timeline,  .pace = { .batch_ms = o->plan->backfill.batch_ms, .load = o->plan->backfill.load },
		.at = { .job = o->job, .arena = o->arena, .plan = o->plan, .walk = o->name, .bell = "backfill waits", .phase = "fill", .unit = "rows", .estimate = true, .size = BLOCKS_FIRST } };
	struct err own = { 0 };
	while (!f.counted && step(&f, &own))
		;
	if (f.counted) {
		json_add_int(o->result, "filled", f.b.row.filled);
		json_add_int(o->result, "left", f.b.row.left);
		json_add_int(o->result, "passes", f.b.row.pass);
		json_add_int(o->result, "rejects", f.b.row.rejects);
	}
	db_close(f.b.db);
	if (!f.counted && e)
		*e = own;
	return f.counted;
}
