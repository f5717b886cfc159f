/* SPDX-License-Identifier: MIT */
#include "engine/batches.h"

#include <stdio.h>
#include <string.h>

#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/retry.h"
#include "base/err.h"
#include "core/pause.h"
#include "port/files.h"

bool batches_tick(struct batches *b, struct err *e)
{
	bool goes_on = b->paused ? job_wait(b->job, b->phase, b->done, b->total, b->unit, b->why) :
		job_tick(b->job, b->phase, b->done, b->total, b->unit, b->estimate, b->note ? b->note : "");
	return goes_on || err_set(e, ERR_INTERRUPTED, NULL, "stopped");
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

bool batches_is_refusal(const struct err *e)
{
	static const char *const classes[] = { "21", "22", "23", "27", "2F", "38", "39", "44", "54", "P0" };
	for (size_t i = 0; e->code == ERR_DB && i < sizeof classes / sizeof *classes; i++)
		if (strncmp(e->sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

bool batches_is_moment(const struct err *e)
{
	return retry_is_lock(e) || strncmp(e->sqlstate, "57", 2) == 0 || strncmp(e->sqlstate, "53", 2) == 0 || strncmp(e->sqlstate, "40", 2) == 0;
}

bool batches_is_link(const struct err *e)
{
	return e->code == ERR_DB_LOST || e->code == ERR_DB_CONNECT || e->code == ERR_WAIT;
}

bool batches_metrics_allow(const struct fact_monitor *f, bool paused, struct err *e)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct fact_metric *m = &f->metrics[i];
		const struct pause_limit l = { .name = m->name, .unit = m->unit, .above = m->pause, .below = pause_calm(m->pause) };
		const struct pause_value v = { .known = m->known, .value = m->value, .why = m->why };
		if (m->has_pause && !pause_allows(&l, &v, paused, e))
			return false;
	}
	return true;
}
