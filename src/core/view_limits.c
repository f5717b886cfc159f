/* SPDX-License-Identifier: MIT */
/* What the backfill pauses on: the plan's conditions and metrics, with the values that the job told, else those of the last look. */
#include "core/view_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/pause.h"

static void put_value(struct view_limit *l, bool known, double now)
{
	l->known = known;
	l->now = now;
}

/* What the look at the server's health gave anyway. */
static void of_health(struct view_limit *l, enum pause_kind k, const struct fact_health *h)
{
	if (!h->at)
		return;
	if (k == PAUSE_LAG)
		put_value(l, h->lag_known, h->lag_s);
	else if (k == PAUSE_WAITERS)
		put_value(l, true, h->lock_waiters);
	else if (k == PAUSE_TRANSACTION)
		put_value(l, true, h->longest_tx_s);
}

static struct view_limit of_pause(const struct view *v, const struct plan_pause *p)
{
	struct pause_limit is = pause_limit_of(v->arena, p);
	struct view_limit l = { .name = is.name, .unit = is.unit, .says = is.says, .has_limits = p->has_above, .above = is.above, .below = is.below };
	of_health(&l, pause_parse(p->when), &v->facts->health);
	return l;
}

static struct view_limit of_metric(const struct view *v, const struct plan_metric *m)
{
	struct view_limit l = { .name = m->name, .unit = m->unit ? m->unit : "", .has_limits = true, .above = m->pause, .below = pause_calm(m->pause) };
	for (size_t i = 0; i < v->facts->monitor.n; i++) {
		const struct fact_metric *f = &v->facts->monitor.metrics[i];
		if (strcmp(f->name, m->name) == 0)
			put_value(&l, f->known, f->value);
	}
	return l;
}

static void of_plan(struct view *v)
{
	const struct plan *p = v->plan;
	v->limits = arena_array(v->arena, p->backfill.n_pauses + p->n_metrics, sizeof *v->limits);
	for (size_t i = 0; i < p->backfill.n_pauses; i++)
		v->limits[v->n_limits++] = of_pause(v, &p->backfill.pauses[i]);
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].has_pause)
			v->limits[v->n_limits++] = of_metric(v, &p->metrics[i]);
}

/* How near it came to its limit, now or as far back as the job tells; -1 nobody knows. */
static double nearest(const struct view_limit *l)
{
	double most = l->known ? l->now : -1;
	for (size_t i = 0; i < l->n_past; i++)
		most = l->past[i] > most ? l->past[i] : most;
	return l->has_limits && l->above > 0 && most >= 0 ? most / l->above : -1;
}

/* The one that the job names as the reason of its wait; else the one that came nearest to its limit. */
static int matters(const struct view *v, const char *why)
{
	int best = -1;
	double most = -1;
	for (size_t i = 0; i < v->n_limits; i++) {
		const struct view_limit *l = &v->limits[i];
		if (why && (strncmp(why, l->name, strlen(l->name)) == 0 || (l->says && strcmp(why, l->says) == 0)))
			return (int)i;
		double part = nearest(l);
		if (part > most) {
			most = part;
			best = (int)i;
		}
	}
	return best;
}

void view_limits(struct view *v)
{
	const struct view_job *j = view_job_of(v, "backfill");
	if (!view_fills(v))
		return;
	if (j && j->n_limits) {
		v->limits = j->limits;
		v->n_limits = j->n_limits;
	} else {
		of_plan(v);
	}
	v->limit = matters(v, j && text_eq(j->state, "waiting") ? j->note : NULL);
}
