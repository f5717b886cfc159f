/* SPDX-License-Identifier: MIT */
#include "engine/index.h"

#include <stdio.h>

#include "adapter/index.h"
#include "adapter/job.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "core/plan.h"
#include "engine/batches.h"
#include "port/files.h"

#define PATIENCE US_DAY   /* without a link, or while another walk works */

struct building { const struct index_job *o; struct batches at; };

/* It cannot be paused in its midst: then it is cancelled, and begun again when it may go on. */
static bool tick(void *building, const struct index_tick *t)
{
	struct building *b = building;
	batches_go_on(&b->at);
	b->at.phase = t->phase;
	b->at.done = t->done;
	b->at.total = t->total;
	snprintf(b->at.note, sizeof b->at.note, "%s", t->note);
	return batches_still(&b->at);
}

static void event(void *building, const char *what)
{
	const struct building *b = building;
	job_event(b->o->job, "%s", what);
}

static bool waits(struct building *b, const struct err *why, int64_t since, struct err *e)
{
	if (!batches_is_link(why) || clock_mono() - since > PATIENCE) {
		*e = *why;
		return false;
	}
	return batches_wait(&b->at, why, BATCHES_LOGIN_MS, e);
}

bool index_run(const struct index_job *o, struct err *e)
{
	struct building b = { .o = o, .at = { .job = o->job, .arena = o->arena, .plan = o->plan, .walk = o->name, .bell = "index waits", .phase = "wait", .unit = "", .estimate = true } };
	const struct index_order order = { .conninfo = o->conninfo, .sid = o->sid, .plan = o->plan, .tick = tick, .event = event, .ctx = &b };
	int64_t since = clock_mono();
	for (;;) {
		struct err why = { 0 };
		struct index_end end;
		struct arena *a = arena_new();
		bool on = batches_tick(&b.at, e), built = on && index_build(a, &order, &end, &why);
		arena_free(a);
		if (!on)
			return false;
		if (built) {
			json_add_int(o->result, "bytes", end.bytes);
			json_add_int(o->result, "took_us", end.took_us);
			return true;
		}
		if (why.code == ERR_INTERRUPTED)
			since = clock_mono();   /* paused or stopped: the next tick knows which */
		else if (!waits(&b, &why, since, e))
			return false;
	}
}
