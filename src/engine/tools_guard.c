/* SPDX-License-Identifier: MIT */
/* gatewalk guard install|status|remove. */
#include "engine/tools.h"

#include <string.h>

#include "adapter/guard.h"
#include "adapter/guard_try.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/json.h"
#include "engine/upkeep.h"
#include "port/crypto.h"
#include "port/db.h"

struct guard_tool { struct arena *a; struct db *db; struct json *out; };

static void add_walks(struct json *o, const struct guard_done *d)
{
	struct json *list = json_add_arr(o, "walks");
	for (size_t i = 0; i < d->n; i++) {
		struct json *w = json_add_obj(list, NULL);
		json_add_str(w, "name", d->walks[i].name);
		json_add_str(w, "sid", d->walks[i].sid);
		json_add_str(w, "target", d->walks[i].target);
		json_add_str(w, "why", d->walks[i].why);
	}
	json_add_str(o, "how", d->how);
}

/* A target that could not be taken under guard is said by the exit status, too. */
static bool install(struct guard_tool *t, struct err *e)
{
	struct guard_done d;
	if (!guard_install(t->db, t->a, &d, e))
		return false;
	add_walks(t->out, &d);
	for (size_t i = 0; i < d.n; i++)
		if (*d.walks[i].why && e->code == ERR_NONE)
			err_set(e, ERR_LEFT, "gatewalk guard status says what is so.", "walk %s is not under guard: %s", d.walks[i].name, d.walks[i].why);
	return true;
}

static bool take_away(struct guard_tool *t, struct err *e)
{
	struct guard_done d;
	if (!guard_remove(t->db, t->a, &d, e))
		return false;
	add_walks(t->out, &d);
	return true;
}

static void add_tries(struct json *w, const struct guard_tried *t, size_t n)
{
	struct json *list = json_add_arr(w, "tries");
	for (size_t i = 0; i < n; i++) {
		struct json *o = json_add_obj(list, NULL);
		json_add_str(o, "result", t[i].result);
		json_add_str(o, "said", t[i].said);
		json_add_str(o, "way", t[i].way);
	}
}

static bool walk_stands(struct guard_tool *t, struct json *list, const struct guard_walk *w, struct fact_guard *f, struct err *e)
{
	struct guard_tried *tried;
	size_t n = 0;
	struct err why = { 0 };
	if (!guard_look(t->db, t->a, w->sid, f, &why) || !guard_try(t->db, t->a, w->sid, f, &tried, &n, &why)) {
		*e = why;
		return false;
	}
	struct json *o = json_add_obj(list, NULL);
	json_add_str(o, "name", w->name);
	json_add_str(o, "sid", w->sid);
	json_add_bool(o, "stands", f->stands);
	json_add_str(o, "target", w->target);
	add_tries(o, tried, n);
	json_add_bool(o, "truncate", f->truncate);
	json_add_str(o, "why", f->why);
	for (size_t i = 0; i < n; i++)
		if (strcmp(tried[i].result, "open") == 0 && !f->by_views && e->code == ERR_NONE)
			err_set(e, ERR_GATE, NULL, "the guard let through: %s of %s", tried[i].way, w->target);
	if (f->installed && !f->stands && e->code == ERR_NONE)
		err_set(e, ERR_GATE, guard_help(f), "the guard does not stand over %s: %s", w->target, f->why);
	return true;
}

static bool add_gaps(struct guard_tool *t, bool by_views, struct err *e)
{
	struct guard_gap *gaps;
	size_t n = 0;
	struct json *list = json_add_arr(t->out, "open");
	if (!guard_gaps(t->db, t->a, by_views, &gaps, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct json *o = json_add_obj(list, NULL);
		json_add_str(o, "way", gaps[i].way);
		json_add_str(o, "who", gaps[i].who);
		json_add_str(o, "why", gaps[i].why);
	}
	return true;
}

static bool status(struct guard_tool *t, struct err *e)
{
	struct guard_walk *walks;
	size_t n = 0;
	struct fact_guard f = { 0 };
	struct err none = { 0 };
	/* Of no walk: event triggers and functions alone. */
	if (!guard_walks(t->db, t->a, &walks, &n, &none) || !guard_look(t->db, t->a, "", &f, &none)) {
		*e = none;
		return false;
	}
	json_add_str(t->out, "how", !f.installed ? "" : f.by_views ? "views" : "triggers");
	json_add_bool(t->out, "installed", f.installed);
	json_add_bool(t->out, "whole", f.whole);
	json_add_str(t->out, "why", f.installed && !f.whole ? f.why : "");
	if (f.installed && !f.whole)
		err_set(e, ERR_GATE, "As a superuser: gatewalk guard install.", "%s", f.why);
	else if (!f.installed)
		err_set(e, ERR_USE, "As a superuser: gatewalk guard install.", "the guard is not installed in this database: the server refuses nobody");
	struct json *list = json_add_arr(t->out, "walks");
	for (size_t i = 0; f.installed && i < n; i++)
		if (!walk_stands(t, list, &walks[i], &f, e))
			return false;
	json_add_str(t->out, "takes", GUARD_TRY_TAKES);
	return !f.installed || add_gaps(t, f.by_views, e);
}

static const struct { const char *verb; bool (*run)(struct guard_tool *, struct err *); } verbs[] = {
	{ "install", install }, { "status", status }, { "remove", take_away },
};

struct json *tool_guard(struct arena *a, const struct engine_opts *o, const char *verb, struct err *e)
{
	const struct db_opts d = { .conninfo = o->dbname, .app = "gatewalk guard" };
	struct guard_tool t = { .a = a, .out = json_obj(a) };
	struct fact_server s = { 0 };
	size_t i = 0;
	while (i < sizeof verbs / sizeof verbs[0] && strcmp(verbs[i].verb, verb) != 0)
		i++;
	if (i == sizeof verbs / sizeof verbs[0]) {
		err_set(e, ERR_USE, "gatewalk guard install|status|remove", "guard: unknown word \"%s\"", verb);
		return NULL;
	}
	crypto_start();
	bool ok = (t.db = upkeep_db(&d, e)) != NULL && probe_server(t.db, a, &s, e);
	json_add_str(t.out, "server", s.label);
	ok = ok && verbs[i].run(&t, e);
	db_close(t.db);
	return ok ? t.out : NULL;
}
