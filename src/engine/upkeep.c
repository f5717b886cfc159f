/* SPDX-License-Identifier: MIT */
#include "engine/upkeep.h"

#include "adapter/hide.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "engine/engine_private.h"
#include "port/db.h"

struct db *upkeep_db(const struct db_opts *o, struct err *e)
{
	struct db *db = db_open(o, e);
	struct arena *a = arena_new();
	const char *what;
	if (db) {
		hide_return(db, a, &what, NULL);
		slot_care(db, a, &what, NULL);
	}
	arena_free(a);
	return db;
}

struct db *upkeep_tool(const char *dbname, struct err *e)
{
	return upkeep_db(&(struct db_opts){ .conninfo = dbname, .app = "gatewalk" }, e);
}

void upkeep_engine(struct engine *g)
{
	struct arena *a = arena_new();
	struct err why = { 0 };
	const char *what;
	if (!hide_return(g->db, a, &what, &why))
		g->last = why;
	else if (*what)
		engine_say(g, "given back: %s was still hidden, and the backend that hid it is gone", what);
	if (!slot_care(g->db, a, &what, &why))
		g->last = why;
	else if (*what)
		engine_say(g, "%s", what);
	arena_free(a);
}
