/* SPDX-License-Identifier: MIT */
#include "engine/backfill_count.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "adapter/backfill.h"
#include "adapter/job.h"
#include "adapter/throttle.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "engine/batches.h"
#include "port/files.h"

#define POLL_MS 50
#define TELL_EVERY (US_SECOND / 2)
#define LOOK_EVERY US_SECOND

struct count {
	struct backfill *b;
	pthread_t thread;
	atomic_bool over;
	bool ok;
	int64_t left;
	struct err e;
};

static void *count(void *ctx)
{
	struct count *n = ctx;
	n->ok = backfill_count(n->b, &n->left, &n->e);
	n->over = true;
	return NULL;
}

struct aside { struct db *db; int64_t told_at, looked_at; };

static bool conditions_allow(const struct counting *c, struct aside *s, struct err *e)
{
	struct arena *a = arena_new();
	throttle_moved(c->throttle);
	if (!s->db)
		s->db = backfill_connect(c->conninfo, c->b->sid, c->batch_ms, e);
	const char *told = NULL;
	bool ok = s->db && throttle_allows(c->throttle, &(struct throttle_ask){ s->db, a, c->plan, c->b->relid, false }, &told, e);
	if (told)
		job_limits(c->at->job, told);
	arena_free(a);
	return ok;
}

/* May it go on? */
static bool goes_on(const struct counting *c, struct aside *s, struct err *e)
{
	int64_t now = clock_mono();
	if (now - s->told_at >= TELL_EVERY) {
		s->told_at = now;
		if (!batches_still(c->at))
			return err_set(e, ERR_WAIT, NULL, "paused");
	}
	if (now - s->looked_at < LOOK_EVERY)
		return true;
	s->looked_at = now;
	return conditions_allow(c, s, e);
}

bool counting_run(const struct counting *c, int64_t *left, struct err *e)
{
	struct count n = { .b = c->b };
	struct aside s = { .told_at = clock_mono(), .looked_at = clock_mono() };
	struct err why = { 0 };
	bool on = true;
	int rc = pthread_create(&n.thread, NULL, count, &n);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, NULL, "no thread to count in: %s", strerror(rc));
	while (!n.over) {
		on = on && goes_on(c, &s, &why);
		if (!on)
			db_cancel(c->b->db);   /* again and again: it may be between two statements */
		clock_nap(POLL_MS);
	}
	pthread_join(n.thread, NULL);
	db_close(s.db);
	*left = n.left;
	if (!n.ok && e)
		*e = on || !db_alive(c->b->db) ? n.e : why;
	return n.ok;
}
