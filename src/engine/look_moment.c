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

void moment_forget(struct moment_calendar *c)
{
	lot_drop(c->lot);
	memset(c, 0, sizeof *c);
}

/* Only where C3 is judged: elsewhere the plan's command has no business. */
static bool calendar_wanted(const struct moment_of *o)
{
	return plan_release_source(o->plan) && !o->walk->dropped && o->walk->stage <= AT_DROPPING &&
		(o->walk->env == ENV_PRODUCTION || o->walk->env == ENV_REHEARSAL);
}

/* Reads it again when that was a while ago, or of another plan. What cannot be read now takes the place of what was read before. */
bool moment_read(struct moment_calendar *c, const struct moment_of *o, struct err *e)
{
	int64_t now = clock_mono(), server_now;
	struct err why = { 0 };
	if (!calendar_wanted(o)) {
		moment_forget(c);
		return true;
	}
	if (c->lot && now - c->read < CALENDAR_EVERY && strcmp(c->plan_digest, o->plan->digest) == 0)
		return true;
	moment_forget(c);
	if (!probe_now(o->db, &server_now, e))
		return false;
	c->lot = lot_new();
	if (!calendar_read(o->db, lot_arena(c->lot), o->plan, server_now, &c->found, &why)) {
		if (why.code == ERR_DB_LOST) {
			moment_forget(c);
			*e = why;
			return false;
		}
		c->why = arena_dup(lot_arena(c->lot), why.msg);
	}
	c->read = clock_mono();
	memcpy(c->plan_digest, o->plan->digest, sizeof c->plan_digest);
	return true;
}

static void add(struct arena *a, struct moment_ask *q, size_t *cap, struct release one)
{
	struct release *v = arena_grow(a, (void *)(size_t)q->releases, &q->n_releases, cap, sizeof *v);
	v[q->n_releases - 1] = one;
	q->releases = v;
}

/* The plan's own list, what the operator declared, and the calendar: owned by a, which outlives the calendar's next reading. */
static struct moment_ask ask_of(const struct plan *p, const struct walk *w, const struct moment_calendar *c, struct arena *a)
{
	struct moment_ask q = { .plan = p, .env = w->env };
	const struct walk_declared *d = walk_declared(w, "releases", "");
	const char *list = d ? d->value : NULL;
	size_t cap = 0;
	for (size_t i = 0; i < p->n_releases; i++)
		add(a, &q, &cap, (struct release){ p->releases[i], p->releases[i], NULL });
	for (int64_t at; release_declared(&list, &at);)
		add(a, &q, &cap, (struct release){ at, at, NULL });
	for (size_t i = 0; i < c->found.n; i++)
		add(a, &q, &cap, (struct release){ c->found.v[i].from, c->found.v[i].to, arena_dup(a, c->found.v[i].name) });
	return q;
}

bool moment_look(const struct moment_calendar *c, struct arena *a, const struct moment_of *o, struct fact_moment *out, struct err *e)
{
	struct moment_ask q = ask_of(o->plan, o->walk, c, a);
	if (!probe_moment(o->db, a, &q, out, e))
		return false;
	if (c->lot) {
		out->calendar_at = o->now - (clock_mono() - c->read);
		out->calendar_why = arena_dup(a, c->why);
	}
	return true;
}

struct moment_ask look_moment_ask(const struct engine *g, struct arena *a)
{
	return ask_of(g->plan, &g->walk, &g->calendar, a);
}

bool look_calendar(struct engine *g, struct err *e)
{
	g->busy = "reading the calendar of releases";
	return moment_read(&g->calendar, &(struct moment_of){ g->db, g->plan, &g->walk, 0 }, e);
}

bool look_moment(struct engine *g, struct arena *a, struct err *e)
{
	const struct moment_of o = { g->db, g->plan, &g->walk, g->facts.now };
	return moment_look(&g->calendar, a, &o, &g->facts.moment, e);
}
