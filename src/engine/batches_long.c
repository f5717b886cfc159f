/* SPDX-License-Identifier: MIT */
#include "engine/batches_long.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/throttle.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "engine/batches.h"
#include "port/db.h"
#include "port/files.h"

#define POLL_MS 50
#define TELL_EVERY (US_SECOND / 2)
#define LOOK_EVERY US_SECOND

struct work {
	const struct batches_long *l;
	pthread_t thread;
	atomic_bool over;
	bool ok;
	struct err e;
};

static void *work(void *ctx)
{
	struct work *w = ctx;
	w->ok = w->l->work(w->l->ctx, &w->e);
	w->over = true;
	return NULL;
}

struct aside { struct db *db; int64_t told_at, looked_at; };

static bool conditions_allow(const struct batches_long *l, struct aside *s, struct err *e)
{
	struct arena *a = arena_new();
	throttle_moved(l->throttle);
	if (!s->db)
		s->db = l->aside(l->ctx, e);
	const char *told = NULL;
	bool ok = s->db && throttle_allows(l->throttle, &(struct throttle_ask){ s->db, a, l->at->plan, l->relid, false }, &told, e);
	if (told)
		job_limits(l->at->job, told);
	arena_free(a);
	return ok;
}

/* May it go on? */
static bool goes_on(const struct batches_long *l, struct aside *s, struct err *e)
{
	int64_t now = clock_mono();
	if (now - s->told_at >= TELL_EVERY) {
		s->told_at = now;
		if (!batches_still(l->at))
			return err_set(e, ERR_INTERRUPTED, NULL, "the operator pauses or stops it");
	}
	if (now - s->looked_at < LOOK_EVERY)
		return true;
	s->looked_at = now;
	return conditions_allow(l, s, e);
}

bool batches_long(const struct batches_long *l, struct err *e)
{
	struct work w = { .l = l };
	struct aside s = { .told_at = clock_mono(), .looked_at = clock_mono() };
	struct err why = { 0 };
	bool on = true;
	int rc = pthread_create(&w.thread, NULL, work, &w);
	if (rc != 0)
		return err_set(e, ERR_SYSTEM, NULL, "no thread to work in: %s", strerror(rc));
	while (!w.over) {
		on = on && goes_on(l, &s, &why);
		if (!on)
			db_cancel(l->db);   /* again and again: it may be between two statements */
		clock_nap(POLL_MS);
	}
	pthread_join(w.thread, NULL);
	db_close(s.db);
	if (!w.ok && e)
		*e = on || !db_alive(l->db) ? w.e : why;
	return w.ok;
}
