/* SPDX-License-Identifier: MIT */
#include "core/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "core/gate_rules.h"

const struct finding *view_finding(const struct view *v, const char *id)
{
	static const struct finding none = { .id = "", .verdict = UNKNOWN, .question = "" };
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (v->findings[i].id && strcmp(v->findings[i].id, id) == 0)
			return &v->findings[i];
	return &none;
}

bool view_holds(const struct view *v, const char *id)
{
	return finding_passes(view_finding(v, id));
}

const struct finding *view_shut(const struct view *v, enum gate g)
{
	const struct finding *waits = NULL;
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &v->findings[i];
		if (f->gate != g || finding_passes(f))
			continue;
		if (f->verdict != WAITS)
			return f;
		if (!waits || f->at > waits->at)
			waits = f;
	}
	return waits;
}

bool view_gate_holds(const struct view *v, enum gate g)
{
	return (gates_open(v->findings) & (unsigned)g) != 0;
}

const char *view_noun(const struct view *v)
{
	return plan_noun(v->plan);
}

static enum stage reached_beside(const struct walk *w)
{
	if (w->confirmed[ITEM_READS])
		return w->ended_at ? AT_UNUSED : w->relaxed_at || w->confirmed[ITEM_UNUSED] ? AT_PARITY : AT_RELAX;
	if (w->confirmed[ITEM_WINDOW])
		return w->archetype == ARCH_TYPE || w->moved.equal ? AT_READS : AT_COPY;
	if (w->confirmed[ITEM_DUAL_WRITE])
		return w->window_from ? AT_WINDOW : AT_BACKFILL;
	return w->added_at ? AT_WRITES : w->confirmed[ITEM_CONSUMERS] ? AT_EXPAND : AT_CONSUMERS;
}

static enum stage reached_added(const struct walk *w)
{
	if (w->confirmed[ITEM_READS])
		return AT_MONITOR;
	if (w->confirmed[ITEM_DUAL_WRITE])
		return w->unfilled ? AT_READS : AT_BACKFILL;
	return w->added_at ? AT_WRITES : AT_EXPAND;
}

enum stage view_reached(const struct walk *w)
{
	static const struct { enum item item; enum stage at; } confirmed[] = {
		{ ITEM_READS, AT_UNUSED }, { ITEM_CONSUMERS, AT_READS },
	};
	if (w->stage == AT_LEFT && w->archetype == ARCH_ADDITIVE && w->gate_passed[0])
		return reached_added(w);
	if (w->stage == AT_LEFT && archetype_beside(w->archetype) && w->gate_passed[0] && !w->gate_passed[1])
		return reached_beside(w);
	if (w->stage != AT_LEFT)
		return w->stage;
	if (w->gate_passed[2])
		return AT_ARMED;
	if (w->gate_passed[1])
		return w->final.equal && w->final.begun > w->gate_passed[1] ? AT_GATE_C : AT_FINAL;
	for (size_t i = 0; i < sizeof confirmed / sizeof *confirmed; i++)
		if (w->confirmed[confirmed[i].item])
			return confirmed[i].at;
	if (w->gate_passed[0])
		return AT_CONSUMERS;
	if (w->confirmed[ITEM_DOCUMENT])
		return AT_GATE_A;
	if (w->confirmed[ITEM_ARCHETYPE])
		return AT_DOCUMENT;
	return w->first.equal ? AT_ARCHETYPE : AT_SNAPSHOT;
}

const struct view_job *view_job_of(const struct view *v, const char *kind)
{
	const struct view_job *newest = NULL;
	for (size_t i = 0; i < v->n_jobs; i++)
		if (strcmp(v->jobs[i].kind, kind) == 0 && (!newest || v->jobs[i].id > newest->id))
			newest = &v->jobs[i];
	return newest;
}

bool view_job_alive(const struct view_job *j)
{
	static const char *const states[] = { "new", "running", "paused", "waiting", "needs a login" };
	for (size_t i = 0; j && j->state && i < sizeof states / sizeof *states; i++)
		if (strcmp(j->state, states[i]) == 0)
			return true;
	return false;
}

const struct view_job *view_job_here(const struct view *v)
{
	static const char *const kinds[] = { "snapshot", "drill", "backfill", "index", "split", "remove", "restore" };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct view_job *j = view_job_of(v, kinds[i]);
		if (view_job_alive(j))
			return j;
	}
	return NULL;
}

/* The jobs of the current item: its own work, and from item 4 on what keeps watch. */
static void mark_jobs(struct view *v)
{
	static const struct { const char *kind; enum stage low, high; } own[] = {
		{ "snapshot", AT_SNAPSHOT, AT_GATE_A }, { "snapshot", AT_FINAL, AT_ARMED },
		{ "drill", AT_SNAPSHOT, AT_GATE_A }, { "drill", AT_FINAL, AT_ARMED },
		{ "snapshot", AT_COPY, AT_COPY }, { "backfill", AT_BACKFILL, AT_BACKFILL }, { "index", AT_WRITES, AT_WRITES }, { "split", AT_WRITES, AT_WRITES }, { "parity", AT_BACKFILL, AT_ARMED }, { "watch", AT_CONSUMERS, AT_ARMED }, { "remove", AT_DROPPING, AT_DROPPING }, { "monitor", AT_MONITOR, AT_LOG }, { "restore", AT_MONITOR, AT_CLOSED },
	};
	for (size_t i = 0; i < v->n_jobs; i++) {
		v->jobs[i].mine = false;
		for (size_t k = 0; k < sizeof own / sizeof *own; k++)
			if (strcmp(v->jobs[i].kind, own[k].kind) == 0 && v->walk->stage >= own[k].low && v->walk->stage <= own[k].high)
				v->jobs[i].mine = true;
	}
}

struct consumers_state view_consumers(const struct view *v)
{
	struct consumers_state s;
	consumers_count(v->plan, v->walk, &v->facts->audit, &s);
	return s;
}

const char *view_deploy_left(const struct view *v, size_t *done)
{
	return walk_deploy_left(v->walk, v->plan, "reads_moved", done);
}

int64_t view_quiet_start(const struct view *v)
{
	return later(v->walk->quiet_since, later(v->walk->last_sighting, v->facts->watch.last_sighting));
}

int64_t view_quiet_wait(const struct view *v)
{
	return v->walk->env == ENV_DEVELOPMENT ? 0 : plan_unused_days(v->plan) * v->walk->day_us;
}

int64_t view_watch_end(const struct view *v)
{
	return walk_watch_end(v->walk, v->plan);
}

int64_t view_watch_from(const struct view *v)
{
	return view_is_added(v) ? v->walk->watch_from : v->walk->dropped_at;
}

bool view_watched(const struct view *v)
{
	int64_t end = view_watch_end(v);
	return v->now >= end && v->facts->monitor.at >= end;
}

bool view_guard_bare(const struct view *v)
{
	const struct fact_guard *g = &v->facts->guard;
	return g->stands && !g->truncate;
}

const char *view_count(int64_t n, char buf[static 32])
{
	if (n >= 10000000000)
		snprintf(buf, 32, "%.1f G", (double)n / 1e9);
	else if (n >= 10000000)
		snprintf(buf, 32, "%.1f M", (double)n / 1e6);
	else
		grouped(n, buf);
	return buf;
}

void view_judge(struct view *v)
{
	v->n_offers = v->n_challenges = v->n_limits = 0;
	v->limit = -1;
	v->next[0][0] = v->next[1][0] = '\0';
	if (v->walk && v->plan && v->facts) {
		mark_jobs(v);
		view_limits(v);
		view_items(v);
		view_offers(v);
		view_challenges(v);
	}
	view_next(v);
}
