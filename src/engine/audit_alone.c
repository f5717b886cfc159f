/* SPDX-License-Identifier: MIT */
/* An audit without a walk: one look for the command line, and an engine of it for the screens. */
#include "engine/audit_alone.h"

#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "port/files.h"

#define JUST_NOW (2 * US_SECOND)   /* the screens' own first look comes right behind ours */

bool audit_alone(struct db *db, struct arena *a, const struct audit_of *of, struct audit_found *out, struct err *e)
{
	struct plan none = { .sources = (const char **)(void *)(size_t)of->trees, .n_sources = of->n_trees };
	*out = (struct audit_found){ 0 };
	plan_defaults(&none);
	return probe_server(db, a, &out->server, e) && subject_find(db, a, of->target, &out->subject, e) &&
		audit_look(db, a, &(struct audit_ask){ NULL, &none, &out->subject.target, out->subject.kind }, &out->audit, e);
}

static bool connected(struct engine *g, struct err *e)
{
	if (g->db && db_alive(g->db))
		return true;
	engine_use(g, db_open(&(struct db_opts){ .conninfo = g->opts.dbname, .app = "gatewalk" }, e));
	return g->db != NULL;
}

bool audit_alone_look(struct engine *g, struct err *e)
{
	if (g->audited && clock_mono() - g->audited_at < JUST_NOW)
		return true;
	struct lot *lot = lot_new();
	struct audit_found f;
	if (!connected(g, e) || !audit_alone(g->db, lot_arena(lot), &g->audit_of, &f, e)) {
		lot_drop(lot);
		return false;
	}
	lot_drop(g->audit_lot);
	g->audit_lot = lot;
	g->audited = f.subject.label;
	g->audited_at = clock_mono();
	g->facts = (struct facts){ .server = f.server, .audit = f.audit, .target = f.subject.target };
	return probe_now(g->db, &g->facts.now, e);
}

bool engine_audit(struct engine *g, const struct audit_of *of, struct err *e)
{
	g->audit_of = *of;
	return audit_alone_look(g, e);
}
