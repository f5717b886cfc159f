/* SPDX-License-Identifier: MIT */
/* window: the next moments for the drop, as instants and on two walls. Only reads. */
#include "engine/tools.h"

#include <string.h>

#include "adapter/probe_moment.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "port/files.h"

#define OPENINGS 5
#define ZONES 2

struct window {
	struct arena *a;
	struct engine *g;
	struct opening at[OPENINGS];
	int n;
	const char *zones[ZONES];
	int n_zones;
	const char **walls[ZONES];   /* from and to of each opening in turn */
};

/* The plan's, and the other one where it is another. */
static void choose_zones(struct window *w, const char *asked)
{
	const char *here = asked ? asked : zone_here(w->a);
	w->zones[w->n_zones++] = w->g->plan->zone;
	if (!here || (!asked && !plan_is_zone(here)))
		here = "UTC";
	if (!text_eq(here, w->g->plan->zone))
		w->zones[w->n_zones++] = here;
}

static bool ask(struct window *w, struct err *e)
{
	struct engine *g = w->g;
	int64_t times[2 * OPENINGS];
	const struct moment_ask q = look_moment_ask(g, w->a);
	if (!probe_openings(g->db, w->a, &q, OPENINGS, w->at, &w->n, e))
		return false;
	for (int i = 0; i < w->n; i++) {
		times[2 * i] = w->at[i].from;
		times[2 * i + 1] = w->at[i].to;
	}
	for (int k = 0; k < w->n_zones; k++)
		if (!probe_walls(g->db, w->a, w->zones[k], times, 2 * (size_t)w->n, &w->walls[k], e))
			return false;
	return true;
}

static void add_time(struct json *o, const char *key, int64_t us)
{
	char buf[WHEN_MAX];
	json_add_str(o, key, when_iso(us, buf));
}

static void add_openings(struct json *o, const struct window *w)
{
	struct json *list = json_add_arr(o, "openings");
	for (int i = 0; i < w->n; i++) {
		struct json *r = json_add_obj(list, NULL), *walls = json_add_arr(r, "walls");
		add_time(r, "begins", w->at[i].begins);
		add_time(r, "from", w->at[i].from);
		add_time(r, "to", w->at[i].to);
		for (int k = 0; k < w->n_zones; k++) {
			struct json *z = json_add_obj(walls, NULL);
			json_add_str(z, "from", w->walls[k][2 * i]);
			json_add_str(z, "to", w->walls[k][2 * i + 1]);
			json_add_str(z, "zone", w->zones[k]);
		}
	}
}

static void add_releases(struct json *o, const struct fact_moment *m)
{
	struct json *list = json_add_arr(o, "releases");
	for (size_t i = 0; i < m->n_releases; i++) {
		if (!release_next(&m->releases[i], 1, m->at))
			continue;
		struct json *r = json_add_obj(list, NULL);
		add_time(r, "from", m->releases[i].from);
		json_add_str(r, "name", m->releases[i].name);
		add_time(r, "to", m->releases[i].to);
	}
}

struct json *tool_window(struct arena *a, struct engine *g, const char *walk, const char *zone, struct err *e)
{
	struct window w = { .a = a, .g = g };
	if (!engine_walk_read(g, walk, e))
		return NULL;
	if (!g->db) {
		*e = g->db_err;
		return NULL;
	}
	choose_zones(&w, zone);
	if (!ask(&w, e))
		return NULL;
	const struct fact_moment *m = &g->facts.moment;
	struct json *o = json_obj(a), *zones = json_add_arr(o, "zones");
	for (int i = 0; i < w.n_zones; i++)
		json_add_str(zones, NULL, w.zones[i]);
	add_openings(o, &w);
	add_releases(o, m);
	json_add_bool(o, "in_window", m->in_window);
	json_add_int(o, "minutes_left", m->minutes_left);
	json_add_str(o, "name", g->walk.name);
	json_add_str(o, "releases_unknown", m->calendar_why);
	json_add_str(o, "server", g->facts.server.label);
	add_time(o, "server_time", g->facts.now);
	json_add_str(o, "sid", g->walk.sid);
	json_add_str(o, "target", g->walk.target);
	json_add_str(o, "zone", g->plan->zone);
	if (m->calendar_why)
		err_set(e, ERR_GATE, NULL, "the planned releases are not known: %s", m->calendar_why);
	return o;
}
