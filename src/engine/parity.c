/* SPDX-License-Identifier: MIT */
#include "engine/parity.h"

#include <stdio.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/parity.h"
#include "adapter/place.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pause.h"
#include "engine/batches.h"
#include "port/db.h"
#include "port/files.h"

#define ROWS_FIRST 2000
#define ROWS_LEAST 500
#define ROWS_MOST 200000
#define BLOCKS_FIRST 8
#define BLOCKS_MOST 16384
#define FEW 64                  /* rows, or one block: no halving below them */
#define LOGIN_PATIENCE US_DAY
#define ALONE_PATIENCE (15 * US_SECOND)   /* for the session of a job that died */

struct comparing {
	const struct parity_job *o;
	struct parity p;
	bool tried, anew;
	struct batches at;          /* size: rows, or blocks of a table without a key */
	unsigned leaf;              /* whose size it is */
	struct batches_pace pace;
	int64_t rest_until, done;
	int rest_s;
	int64_t told;               /* the round whose mismatch was rung */
};

static struct batches *now_at(struct comparing *c)
{
	double rows, share = parity_share(&c->p, &rows);
	struct batches *at = &c->at;
	at->total = rows > 0 ? rows : 100;
	at->unit = rows > 0 ? "rows" : "%";
	at->done = share * at->total;
	snprintf(at->note, sizeof at->note, "round %lld: %lld differ; the last one: %lld of %lld", (long long)c->p.round, (long long)c->p.mismatches, (long long)c->p.last_mismatches,
		(long long)c->p.last_rows);
	return at;
}

static bool may_go_on(struct comparing *c, struct err *e)
{
	int64_t before = c->pace.looked_at;
	bool may = batches_may(&c->at, &c->pace, c->p.db, c->p.form.relid, e);
	if (c->pace.looked_at != before)
		batches_setting(&c->at, "rest_s", 0, 86400, &c->rest_s);
	return may;
}

/* ---- login ---- */

static void let_go(struct comparing *c)
{
	db_close(c->p.db);
	c->p.db = NULL;
	batches_forget(&c->pace);
}

static bool history(struct db *db, int64_t *timeline, struct err *e)
{
	struct arena *a = arena_new();
	struct place p;
	bool other, ok = place_known(db, &other, e) && place_look(db, a, &p, e);
	if (ok && !p.marked)
		ok = err_set(e, ERR_VERIFY, "gatewalk rebind WALK", "this is not the database that the walk began in");
	*timeline = ok ? p.tli : 0;
	arena_free(a);
	return ok;
}

static bool judged(struct comparing *c, struct db *db, struct err *e)
{
	const char *unfit = NULL;
	if (!c->tried && !parity_try(db, c->o->arena, c->o->order, &c->p, &unfit, e))
		return false;
	c->tried = unfit == NULL;
	return c->tried || err_set(e, ERR_GATE, "Amend the plan.", "%s", unfit);
}

static bool login(struct comparing *c, struct err *e)
{
	int64_t timeline;
	let_go(c);
	struct db *db = parity_connect(c->o->conninfo, c->pace.batch_ms, e);
	bool ok = db && history(db, &timeline, e) && judged(c, db, e);
	c->p.db = db;
	if (!ok || !parity_begin(&c->p, timeline, e) || (c->anew && !parity_anew(&c->p, e)))
		return false;
	c->anew = false;
	return true;
}

static bool connected(struct comparing *c, struct err *e)
{
	int64_t began = clock_mono();
	struct err why = { 0 };
	while (!c->p.db || !db_alive(c->p.db)) {
		if (login(c, &why))
			return true;
		bool again = batches_is_link(&why) || retry_is_moment(&why) || (c->p.db && !db_alive(c->p.db));
		let_go(c);
		if (!again || clock_mono() - began > (why.code == ERR_WAIT ? ALONE_PATIENCE : LOGIN_PATIENCE)) {
			*e = why;
			return false;
		}
		if (!batches_wait(now_at(c), &why, BATCHES_LOGIN_MS, e))
			return false;
	}
	return true;
}

/* ---- a chunk ---- */

static bool by_key(const struct comparing *c)
{
	return parity_at(&c->p)->n_keys > 0;
}

static void tell(struct comparing *c, int64_t mismatches)
{
	if (mismatches == 0 || c->told == c->p.round)
		return;
	c->told = c->p.round;
	job_event(c->o->job, "rows differ, %lld of them here; see gatewalk.parity_mismatch", (long long)mismatches);
	notify_run(c->o->arena, c->o->plan, c->o->name, "old and new differ", c->at.note);
}

static bool chunk(struct comparing *c, struct err *e)
{
	struct err why = { 0 };
	struct parity_end end = { 0 };
	bool keys = by_key(c);
	if (c->leaf != c->p.leaf)
		c->at.size = keys ? ROWS_FIRST : BLOCKS_FIRST;
	c->leaf = c->p.leaf;
	bool few = c->at.size <= (keys ? FEW : 1), whole = !keys && c->p.at >= c->p.upto;
	bool ok = parity_chunk(&c->p, c->at.size, &end, &why);
	if (!ok && (few || whole) && db_alive(c->p.db) && (retry_is_refusal(&why) || strcmp(why.sqlstate, "57014") == 0)) {
		err_clear(&why);
		ok = parity_rows(&c->p, c->at.size, &end, &why);
	}
	if (ok) {
		const struct pace pace = { keys ? ROWS_LEAST : 1, keys ? ROWS_MOST : BLOCKS_MOST, (int64_t)c->pace.batch_ms * 1000 };
		c->at.size = few ? c->at.size * 2 : pace_next(&pace, c->at.size, end.took_us);
		throttle_moved(&c->pace.throttle);
		batches_go_on(&c->at);
		tell(c, end.mismatches);
		batches_rest(c->pace.load, end.took_us);
		return true;
	}
	*e = why;
	if (!db_alive(c->p.db) || !(retry_is_refusal(&why) || retry_is_moment(&why)))
		return false;
	c->at.size = few ? c->at.size : c->at.size / 2;
	if (!retry_is_refusal(&why) && few)
		return false;
	err_clear(e);
	return true;
}

/* ---- rounds ---- */

struct parity_order parity_order_of(const struct plan *p, const char *sid, bool unwritten)
{
	return (struct parity_order){ .dual = { .sid = sid, .schema = p->schema, .table = p->table, .column = p->column, .add_column = p->add_column, .to = p->convert_to, .back = p->convert_back },
		.check = p->convert_check, .unwritten = unwritten };
}

struct json *parity_word(struct arena *a, const struct fact_parity *f)
{
	char at[WHEN_MAX];
	struct json *j = json_obj(a);
	json_add_str(j, "began", when_iso(f->began, at));
	json_add_str(j, "ended", when_iso(f->ended, at));
	json_add_str(j, "first", f->first ? f->first : "");
	json_add_int(j, "mismatches", f->mismatches);
	json_add_int(j, "round", f->round);
	json_add_int(j, "rows", f->rows);
	return j;
}

const char *parity_word_file(struct arena *a, const char *walk_dir)
{
	return path_join(a, walk_dir, "jobs/parity.json");
}

/* First the row, then the file: whoever takes a round in waits until both say the same. */
static bool leave_word(struct comparing *c, struct err *e)
{
	struct fact_parity f;
	struct text t = { 0 };
	struct arena *a = arena_new();
	bool ok = !c->o->word || parity_over(c->p.db, a, c->o->order, &f, e);
	if (ok && c->o->word) {
		json_write(&t, parity_word(a, &f));
		ok = file_write(c->o->word, text_str(&t), t.len, e);
		text_free(&t);
	}
	arena_free(a);
	return ok;
}

static bool next(struct comparing *c, struct err *e)
{
	bool over = false;
	if (!parity_next(&c->p, &over, e))
		return false;
	if (!over)
		return true;
	if (!leave_word(c, e))
		return false;
	c->done++;
	c->rest_until = clock_mono() + c->rest_s * US_SECOND;
	job_event(c->o->job, "round %lld: %lld rows, %lld differ", (long long)c->p.last_round, (long long)c->p.last_rows, (long long)c->p.last_mismatches);
	return true;
}

static bool work(struct comparing *c, struct err *e)
{
	c->at.phase = "compare";
	if (!c->p.begun && clock_mono() < c->rest_until) {
		c->at.phase = "rest";
		clock_nap(200);
		return true;
	}
	return parity_settled(&c->p) ? next(c, e) : chunk(c, e);
}

static bool step(struct comparing *c, struct err *e)
{
	struct err why = { 0 };
	if (!connected(c, e))
		return false;
	if (!may_go_on(c, &why)) {
		if (why.code != ERR_GATE && !batches_is_link(&why)) {
			*e = why;
			return false;
		}
		return batches_wait(now_at(c), &why, BATCHES_PAUSE_MS, e);
	}
	if (!batches_tick(now_at(c), e))
		return false;
	if (work(c, &why))
		return true;
	if (!db_alive(c->p.db)) {
		job_event(c->o->job, "the link was cut: %s", why.msg);
		let_go(c);
		return true;
	}
	if (retry_is_moment(&why))
		return batches_wait(now_at(c), &why, BATCHES_PAUSE_MS, e);
	*e = why;
	return false;
}

bool parity_run(const struct parity_job *o, struct err *e)
{
	struct comparing c = { .o = o, .pace = { .batch_ms = o->plan->backfill.batch_ms, .load = o->plan->backfill.load }, .rest_s = o->rest_s, .anew = o->anew,
		.at = { .job = o->job, .arena = o->arena, .plan = o->plan, .walk = o->name, .bell = "parity waits", .phase = "compare", .unit = "rows", .estimate = true } };
	struct err own = { 0 };
	bool ok = true;
	while (ok && (o->rounds == 0 || c.done < o->rounds))
		ok = step(&c, &own);
	json_add_int(o->result, "mismatches", c.p.last_mismatches);
	json_add_int(o->result, "round", c.p.last_round);
	json_add_int(o->result, "rows", c.p.last_rows);
	db_close(c.p.db);
	parity_free(&c.p);
	if (!ok && e)
		*e = own;
	return ok;
}
