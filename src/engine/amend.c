/* SPDX-License-Identifier: MIT */
/* A new version of the plan, taken in as a signed line. What it changes decides what has to be done again. */
#include <string.h>

#include "adapter/planfile.h"
#include "base/arena.h"
#include "engine/comparing.h"
#include "engine/engine_private.h"
#include "engine/filling.h"
#include "port/files.h"

static const char *const class_words[] = { [AMEND_SAME] = "same", [AMEND_STRICTER] = "stricter", [AMEND_GATES] = "gates", [AMEND_BACKFILL] = "backfill", [AMEND_NEW_WALK] = "new" };

static bool may_amend(struct engine *g, struct err *e)
{
	if (g->walk.stage >= AT_ARMED)
		return err_set(e, ERR_USE, "Step back from the drop first, or begin a new walk.", "a plan cannot change at or after its drop");
	return g->db != NULL || err_set(e, ERR_DB_LOST, NULL, "no connection to the server");
}

static bool take_in(struct engine *g, const char *path, const char **what, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct plan_error *errs;
	size_t n, len;
	char *text, sha[65];
	const char *why = "";
	if (!may_amend(g, e) || !file_read(a, path, 1 << 20, &text, &len, e))
		return false;
	struct plan *now = planfile_parse(a, path, text, len, &errs, &n);
	if (!now)
		return err_set(e, ERR_USE, n ? errs[0].instead : NULL, "%s:%d:%d: %s", path, n ? errs[0].at.line : 0, n ? errs[0].at.column : 0,
			n ? errs[0].what : "not a plan");
	enum amend_class c = plan_compare(a, g->plan, now, &why);
	if (c == AMEND_NEW_WALK)
		return err_set(e, ERR_USE, "gatewalk leave the old walk, then walk the new plan.", "%s: that is a new walk", why);
	if (c == AMEND_SAME)
		return err_set(e, ERR_USE, NULL, "%s is the plan that is walked already", path);
	bool filled = false, compared = false;
	if (!engine_unlock(g, e) || !journal_blob_put(g->journal, text, len, sha, e) || !filling_over(g, &filled, e) || !comparing_over(g, &compared, e))
		return false;
	struct json *b = line_body(g);
	if (c == AMEND_BACKFILL)
		json_add_int(b, "backfill", now->backfill.value != NULL);
	json_add_str(b, "class", class_words[c]);
	json_add_str(b, "plan", now->digest);
	json_add_str(b, "why", why);
	struct plan *old = g->plan;
	g->plan = now;
	if (!line_write(g, OP_AMEND, b, false, e)) {
		/* The line may stand in the log, and only the ledger not know it yet. */
		if (strcmp(g->walk.plan_digest, now->digest) != 0)
			g->plan = old;
		return false;
	}
	*what = arena_printf(g->arena, "%s (%s)%s", why, class_words[c], filled ? "; the backfill was stopped: start it again to go on by the new plan" : "");
	return true;
}

bool engine_amend(struct engine *g, const char *walk, const char *plan_path, const char **what, struct err *e)
{
	return engine_walk_open(g, walk, e) && take_in(g, plan_path, what, e);
}
