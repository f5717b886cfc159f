/* SPDX-License-Identifier: MIT */
#include "engine/splitting.h"

#include <stdio.h>

#include "adapter/job.h"
#include "adapter/retry.h"
#include "adapter/split_bring.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "core/pause.h"
#include "core/plan.h"
#include "engine/batches.h"
#include "engine/batches_long.h"
#include "port/db.h"
#include "port/files.h"

#define BLOCKS_FIRST 32
#define BLOCKS_MOST 16384
#define PATIENCE US_DAY     /* without a link, or while another walk works */

struct splitting {
	const struct split_job *o;
	struct split_bring b;
	struct batches at;           /* size: blocks */
	struct batches_pace pace;
	int64_t block, blocks, rows; /* blocks: as many as the table had when its end was last looked for */
	bool again;
};

static void let_go(struct splitting *s)
{
	db_close(s->b.db);
	s->b.db = NULL;
	batches_forget(&s->pace);
}

/* A link that comes back, a lock that is not free, a condition of the plan: waited for. Anything else ends it. */
static bool waits(struct splitting *s, const struct err *why, int64_t since, struct err *e)
{
	if (why->code == ERR_INTERRUPTED)
		return true;   /* the next tick says by what */
	bool gone = s->b.db && !db_alive(s->b.db), link = batches_is_link(why) || gone, moment = link || retry_is_moment(why) || why->code == ERR_GATE;
	if (gone)
		let_go(s);
	if (!moment || (link && clock_mono() - since > PATIENCE)) {
		*e = *why;
		return false;
	}
	return batches_wait(&s->at, why, link ? BATCHES_LOGIN_MS : BATCHES_PAUSE_MS, e);
}

static bool connected(struct splitting *s, struct err *e)
{
	int64_t since = clock_mono();
	while (!s->b.db || !db_alive(s->b.db)) {
		struct err why = { 0 };
		let_go(s);
		if (split_login(&s->b, s->o->arena, s->o->conninfo, s->o->sid, s->o->plan, &why))
			continue;
		bool stays = why.code == ERR_GATE || why.code == ERR_VERIFY;   /* of the table or the walk, not of the moment */
		let_go(s);
		if (stays) {
			*e = why;
			return false;
		}
		if (!waits(s, &why, since, e))
			return false;
	}
	return true;
}

static void tells(struct splitting *s, const char *phase, int64_t total)
{
	s->at.phase = phase;
	s->at.unit = "blocks";
	s->at.done = (double)s->block;
	s->at.total = (double)total;
	snprintf(s->at.note, sizeof s->at.note, "%lld rows came over", (long long)s->rows);
}

/* One batch from where it is. *over: that was the last block. */
static bool batch(struct splitting *s, bool *over, struct err *e)
{
	int64_t rows, took, to;
	if (!batches_may(&s->at, &s->pace, s->b.db, s->b.relid, e) || (s->block >= s->blocks && !split_blocks(&s->b, &s->blocks, e)))
		return false;
	batches_go_on(&s->at);
	tells(s, s->again ? "fill again" : "fill", s->blocks);
	*over = s->block >= s->blocks;
	if (*over)
		return true;
	to = s->block + s->at.size;
	if (!split_batch(&s->b, s->block, to, &rows, &took, e))
		return false;
	throttle_moved(&s->pace.throttle);
	s->rows += rows;
	s->block = to;
	s->at.size = pace_next(&(struct pace){ 1, BLOCKS_MOST, (int64_t)s->pace.batch_ms * 1000 }, s->at.size, took);
	batches_rest(s->pace.load, took);
	return true;
}

struct judging { struct splitting *s; struct split_counts n; };

static bool counts(void *ctx, struct err *e)
{
	struct judging *j = ctx;
	return split_missing(&j->s->b, &j->n.missing, e);
}

static bool compares(void *ctx, struct err *e)
{
	struct judging *j = ctx;
	return split_counted(&j->s->b, &j->n, e);
}

static struct db *looks_on(void *ctx, struct err *e)
{
	const struct judging *j = ctx;
	return split_link(j->s->o->conninfo, e);
}

static bool looked(struct judging *j, const char *phase, bool (*work)(void *ctx, struct err *e), struct err *e)
{
	struct splitting *s = j->s;
	tells(s, phase, s->block);
	if (!batches_long(&(struct batches_long){ .at = &s->at, .throttle = &s->pace.throttle, .db = s->b.db, .relid = s->b.relid, .work = work, .aside = looks_on, .ctx = j }, e))
		return false;
	throttle_moved(&s->pace.throttle);
	return true;
}

/* Behind a pass: *done when none is missing, and the two are the same. What others hold is waited for, and another pass follows. */
static bool judged(struct splitting *s, bool *done, struct err *e)
{
	struct judging j = { .s = s };
	const struct split_counts *n = &j.n;
	if (!looked(&j, "count", counts, e) || (!n->missing && !looked(&j, "compare", compares, e)))
		return false;
	if (n->extra || n->differing)
		return err_set(e, ERR_VERIFY, "Find out who writes the new table by himself. Taking the split back at item 5 leaves it as it is.",
			"%lld rows of the new table have no old one, and %lld differ from theirs", (long long)n->extra, (long long)n->differing);
	if (!n->missing)
		return (*done = split_finish(&s->b, e));
	s->block = 0;
	s->again = true;
	return err_set(e, ERR_WAIT, NULL, "%lld row%s held by others", (long long)n->missing, n->missing == 1 ? " is" : "s are");
}

static bool step(struct splitting *s, bool *done, struct err *e)
{
	bool over = false;
	return connected(s, e) && batch(s, &over, e) && (!over || judged(s, done, e));
}

bool split_run(const struct split_job *o, struct err *e)
{
	const struct plan_backfill *b = &o->plan->backfill;
	struct splitting s = { .o = o, .pace = { .batch_ms = b->batch_ms, .load = b->load },
		.at = { .job = o->job, .arena = o->arena, .plan = o->plan, .walk = o->name, .bell = "split waits", .phase = "fill", .unit = "blocks", .size = BLOCKS_FIRST } };
	int64_t since = clock_mono();
	bool done = false, ok = true;
	while (ok && !done) {
		struct err why = { 0 };
		if (!batches_tick(&s.at, e))
			ok = false;
		else if (step(&s, &done, &why))
			since = clock_mono();
		else
			ok = waits(&s, &why, since, e);
		if (why.code == ERR_INTERRUPTED)
			since = clock_mono();   /* the operator's time is not the link's */
	}
	db_close(s.b.db);
	if (done)
		json_add_int(o->result, "rows", s.rows);
	return done;
}
