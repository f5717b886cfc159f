/* SPDX-License-Identifier: MIT */
/* The moment: the server's wall, the plan's windows, and every release that is known, from wherever it is told. */
#include "engine/engine_private.h"

#include <stdio.h>
#include <string.h>

#include "adapter/calendar.h"
#include "adapter/probe.h"
#include "adapter/probe_moment.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/files.h"

#define CALENDAR_EVERY (60 * US_SECOND)

void look_calendar_forget(struct engine *g)
{
	lot_drop(g->calendar.lot);
	memset(&g->calendar, 0, sizeof g->calendar);
}

/* Only where C3 is judged: elsewhere the plan's command has no business. */
static bool calendar_wanted(const struct engine *g)
{
	return plan_release_source(g->plan) && !g->walk.dropped && g->walk.stage <= AT_DROPPING &&
		(g->walk.env == ENV_PRODUCTION || g->walk.env == ENV_REHEARSAL);
}

/* Reads it again when that was a while ago, or of another plan. What cannot be read now takes the place of what was read before. */
bool look_calendar(struct engine *g, struct err *e)
{
	struct engine_calendar *c = &g->calendar;
	int64_t now = clock_mono(), server_now;
	struct err why = { 0 };
	if (!calendar_wanted(g)) {
		look_calendar_forget(g);
		return true;
	}
	if (c->lot && now - c->read < CALENDAR_EVERY && strcmp(c->plan_digest, g->plan->digest) == 0)
		return true;
	look_calendar_forget(g);
	if (!probe_now(g->db, &server_now, e))
		return false;
	c->lot = lot_new();
	g->busy = "reading the calendar of releases";
	if (!calendar_read(g->db, lot_arena(c->lot), g->plan, server_now, &c->found, &why)) {
		if (why.code == ERR_DB_LOST) {
			look_calendar_forget(g);
			*e = why;
			return false;
		}
		c->why = arena_dup(lot_arena(c->lot), why.msg);
	}
	c->read = clock_mono();
	memcpy(c->plan_digest, g->plan->digest, sizeof c->plan_digest);
	return true;
}

static void add(struct arena *a, struct moment_ask *q, size_t *cap, struct release one)
{
	struct release *v = arena_grow(a, (void *)(size_t)q->releases, &q->n_releases, cap, sizeof *v);
	v[q->n_releases - 1] = one;
	q->releases = v;
}

/* The plan's own list, what the operator declared, and the calendar: owned by a, which outlives the calendar's next reading. */
static void gather(const struct engine *g, struct arena *a, struct moment_ask *q)
{
	const struct walk_declared *d = walk_declared(&g->walk, "releases", "");
	const char *list = d ? d->value : NULL;
	size_t cap = 0;
	for (size_t i = 0; i < g->plan->n_releases; i++)
		add(a, q, &cap, (struct release){ g->plan->releases[i], g->plan->releases[i], NULL });
	for (int64_t at; release_declared(&list, &at);)
		add(a, q, &cap, (struct release){ at, at, NULL });
	for (size_t i = 0; i < g->calendar.found.n; i++) {
		const struct release *r = &g->calendar.found.v[i];
		add(a, q, &cap, (struct release){ r->from, r->to, arena_dup(a, r->name) });
	}
}

struct moment_ask look_moment_ask(const struct engine *g, struct arena *a)
{
	struct moment_ask q = { .plan = g->plan, .env = g->walk.env };
	gather(g, a, &q);
	return q;
}

bool look_moment(struct engine *g, struct arena *a, struct err *e)
{
	struct fact_moment *m = &g->facts.moment;
	struct moment_ask q = look_moment_ask(g, a);
	if (!probe_moment(g->db, a, &q, m, e))
		return false;
	if (g->calendar.lot) {
		m->calendar_at = g->facts.now - (clock_mono() - g->calendar.read);
		m->calendar_why = arena_dup(a, g->calendar.why);
	}
	return true;
}
