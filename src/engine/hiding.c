/* SPDX-License-Identifier: MIT */
#include "engine/hiding.h"

#include <string.h>

#include "adapter/hide.h"
#include "adapter/hide_cron.h"
#include "adapter/job.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "port/db.h"
#include "port/files.h"

#define DEVELOPMENT_US (10 * US_SECOND)   /* development asks for no wait, but that it was tried */
#define MORE_MS 1000                      /* than B8 asks for */
#define PATIENCE (20 * US_SECOND)

static bool hideable(struct engine *g, struct err *e)
{
	if (g->walk.stage != AT_UNUSED)
		return err_set(e, ERR_USE, NULL, "hiding does not belong to this part of the walk (%s)", stage_name(g->walk.stage));
	if (g->walk.kind == TARGET_ROWS)
		return err_set(e, ERR_USE, "Hide them by the application: a flag, or a view.", "rows cannot be hidden by grants");
	if (!g->walk.quiet_since)
		return err_set(e, ERR_USE, "Begin the count first.", "it is hidden when nobody uses it any more");
	return g->facts.target.found || err_set(e, ERR_GATE, NULL, "the target is not there");
}

static void say_beyond(struct engine *g, struct arena *a)
{
	const char **lines;
	size_t n = 0;
	struct err none = { 0 };
	const char *all = "";
	if (hide_beyond(g->db, a, g->walk.sid, &lines, &n, &none))
		for (size_t i = 0; i < n; i++)
			all = arena_printf(a, "%s%s%s", all, i ? "; " : "", lines[i]);
	struct hide_cron w = { .why = "pg_cron cannot be asked for" };
	hide_cron_there(g->db, a, &w, &none);
	const char *second = w.there ? "pg_cron gives it back when server and gatewalk are gone" : "after a restart of the server the next gatewalk gives it back";
	engine_say(g, "it is hidden by a job of its own, given back at the first error, at the end, or by u; %s%s%s%s. Not from: %s", second, w.why ? " (" : "", w.why ? w.why : "",
		w.why ? ")" : "", *all ? all : "nobody is known");
}

/* Grants are a change of the target too, but one for the working day, when the application runs: C3 does not stand before it. */
bool hiding_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	struct arena *a = lot_arena(g->walk_lot);
	int64_t us = g->walk.env == ENV_DEVELOPMENT ? DEVELOPMENT_US : g->walk.day_us;
	struct json *args = json_obj(a);
	json_add_int(args, "ms", us / 1000 + MORE_MS);
	if (!look_fresh(g, e) || !hideable(g, e) || !job_begin(g, "hide", args, e))
		return false;
	say_beyond(g, a);
	return true;
}

bool hiding_end(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	bool told = false;
	for (size_t i = 0; i < g->n_jobs; i++) {
		if (strcmp(g->jobs[i].kind, "hide") != 0 || g->jobs[i].ended)
			continue;
		if (!job_control(g->db, g->jobs[i].id, "stop", e))
			return false;
		told = true;
	}
	if (!told)
		return err_set(e, ERR_USE, NULL, "it is not hidden");
	engine_say(g, "it is being given back");
	return true;
}

bool hiding_over(struct engine *g, struct err *e)
{
	for (int64_t until = clock_mono() + PATIENCE;; clock_nap(100)) {
		struct arena *a = arena_new();
		const char *what;
		bool open = true, ok = hide_return(g->db, a, &what, e) && hide_open(g->db, a, g->walk.sid, &open, e);
		arena_free(a);
		if (!ok || !open)
			return ok;
		if (clock_mono() > until)
			return err_set(e, ERR_DB, "See who holds a lock on the table, then do it again.", "the target is still hidden");
	}
}
