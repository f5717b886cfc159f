/* SPDX-License-Identifier: MIT */
#include "engine/batches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/monitor.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/files.h"

#define REST_MOST_MS 5000
#define LOOK_EVERY US_SECOND

bool batches_tick(struct batches *b, struct err *e)
{
	bool goes_on = b->paused ? job_wait(b->job, b->phase, b->done, b->total, b->unit, b->why) :
		job_tick(b->job, b->phase, b->done, b->total, b->unit, b->estimate, b->note);
	return goes_on || err_set(e, ERR_INTERRUPTED, NULL, "stopped");
}

bool batches_still(const struct batches *b)
{
	return job_still(b->job, b->phase, b->done, b->total, b->unit, b->note);
}

void batches_pause(struct batches *b, const struct err *why)
{
	bool news = !b->paused || strcmp(b->why, why->msg) != 0;
	if (news)
		job_event(b->job, "waits: %s", why->msg);
	if (news && !b->paused && !batches_is_link(why))
		notify_run(b->arena, b->plan, b->walk, b->bell, why->msg);
	snprintf(b->why, sizeof b->why, "%s", why->msg);
	b->paused = true;
}

void batches_go_on(struct batches *b)
{
	if (b->paused)
		job_event(b->job, "goes on");
	b->paused = false;
	b->why[0] = '\0';
}

bool batches_wait(struct batches *b, const struct err *why, int ms, struct err *e)
{
	batches_pause(b, why);
	if (!batches_tick(b, e))
		return false;
	clock_nap(ms);
	return true;
}

void batches_setting(const struct batches *b, const char *name, int least, int most, int *value)
{
	struct arena *a = arena_new();
	const char *text = NULL;
	if (job_setting(b->job, a, name, &text, NULL) && text) {
		char *end;
		long v = strtol(text, &end, 10);
		if (*end || end == text || v < least || v > most)
			v = *value;
		if (v != *value)
			job_event(b->job, "%s is %ld from now on", name, v);
		*value = (int)v;
	}
	arena_free(a);
}

bool batches_is_link(const struct err *e)
{
	return e->code == ERR_DB_LOST || e->code == ERR_DB_CONNECT || e->code == ERR_WAIT;
}

bool batches_may(struct batches *b, struct batches_pace *p, struct db *db, unsigned relid, struct err *e)
{
	if (p->looked_at && clock_mono() - p->looked_at < LOOK_EVERY && p->allowed && !b->paused)
		return true;
	batches_setting(b, "batch_ms", 10, 1000, &p->batch_ms);
	batches_setting(b, "load", 1, 100, &p->load);
	struct arena *a = arena_new();
	const char *told;
	p->allowed = throttle_allows(&p->throttle, &(struct throttle_ask){ db, a, b->plan, relid, b->paused }, &told, e);
	p->looked_at = clock_mono();
	if (told)
		job_limits(b->job, told);
	arena_free(a);
	return p->allowed;
}

void batches_forget(struct batches_pace *p)
{
	throttle_forget(&p->throttle);
	p->looked_at = 0;
}

void batches_rest(int load, int64_t took_us)
{
	int64_t ms = load < 100 ? took_us * (100 - load) / load / 1000 : 0;
	if (ms > 0)
		clock_nap(ms < REST_MOST_MS ? (int)ms : REST_MOST_MS);
}
