/* SPDX-License-Identifier: MIT */
#include "engine/filling.h"

#include <string.h>

#include "adapter/backfill.h"
#include "adapter/job.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "engine/engine_private.h"
#include "engine/jobend.h"
#include "port/files.h"

#define KIND "backfill"
#define SHOWN 200                      /* rejects, on the screen */
#define LISTED_MAX 1000                /* rejects that the evidence names; the database names all */

/* Rows that stand in the new column alone go to the old one, before anything else. */
static const struct plan *plan_of(const struct engine *g, struct arena *a)
{
	struct plan *back;
	if (!g->walk.alone)
		return g->plan;
	back = arena_alloc(a, sizeof *back);
	*back = plan_reversed(g->plan);
	return back;
}

/* Is there anything to fill, in the plan as it stands now? */
static bool wanted(const struct engine *g)
{
	return g->plan->backfill.value && (!g->walk.alone || g->plan->convert_back) && walk_has_item(g->walk.archetype, ITEM_BACKFILL);
}

static bool fillable(const struct engine *g, struct err *e)
{
	if (!wanted(g) && g->walk.alone)
		return err_set(e, ERR_USE, "Give it one, and gatewalk amend; or leave the walk.", "rows stand in the new column alone, and the plan has no way back for them (convert.back)");
	if (!wanted(g))
		return err_set(e, ERR_USE, "Give it one, and gatewalk amend.", "the plan has no backfill");
	if (walk_move_needs(g->walk.archetype, g->walk.stage, EV_REFILL) <= GATES_ALL)
		return true;   /* where what it finds can open item 6 again */
	return err_set(e, ERR_USE, NULL, "a backfill does not belong to this part of the walk (%s)", stage_name(g->walk.stage));
}

static bool start(struct engine *g, bool rejects, int64_t timeline, struct err *e)
{
	struct json *args = json_obj(lot_arena(g->walk_lot));
	json_add_int(args, "back", g->walk.alone);
	json_add_int(args, "rejects", rejects);
	json_add_int(args, "timeline", timeline);
	return job_begin(g, KIND, args, e);
}

/* Whoever begins it has seen on which server: a job that meets another timeline asks again. */
bool filling_begin(struct engine *g, const struct act *act, struct err *e)
{
	bool retry = act->kind == ACT_RETRY, running = false;
	if (!fillable(g, e) || !look_fresh(g, e) || !job_running(g->db, lot_arena(g->walk_lot), g->walk.sid, KIND, &running, e))
		return false;
	if (running)
		return err_set(e, ERR_USE, "Pause or stop the job first.", "the backfill's job is at work");
	if (retry && g->facts.backfill.begun && g->facts.backfill.rejects == 0)
		return err_set(e, ERR_USE, NULL, "no row was rejected");
	if (!gate_fill_allowed(g->plan, &g->walk, &g->facts, e) || !start(g, retry, g->facts.server.timeline, e))
		return false;
	if (g->walk.alone)
		engine_say(g, "the old column is filled from the new one, by a job of its own");
	else
		engine_say(g, retry ? "the rejected rows are tried again, by a job of its own" : "the backfill runs as a job of its own");
	return true;
}

bool filling_set(struct engine *g, const struct act *act, struct err *e)
{
	const char *name = act->key ? act->key : "";
	if (!text_eq(name, "batch_ms") && !text_eq(name, "load"))
		return err_set(e, ERR_USE, "batch_ms or load", "a backfill has no setting \"%s\"", name);
	if (!job_set(g->db, lot_arena(g->walk_lot), act->job, name, act->text ? act->text : "", e))
		return false;
	engine_say(g, "%s is told to the job", name);
	return true;
}

static struct json *rows_json(struct json *j, const struct backfill_reject *r, size_t n)
{
	struct json *list = json_add_arr(j, "rows");
	for (size_t i = 0; i < n; i++) {
		struct json *one = json_add_obj(list, NULL);
		json_add_str(one, "error", r[i].error);
		json_add_str(one, "key", r[i].key);
		json_add_str(one, "sqlstate", r[i].sqlstate);
	}
	return j;
}

/* What was seen: the counts, and which rows were rejected, without their values. */
static bool evidence(struct engine *g, const struct fact_backfill *f, char sha[static 65], struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	struct backfill_reject *rows;
	size_t n = 0;
	char at[WHEN_MAX];
	struct text text = { 0 };
	struct json *j = json_obj(a);
	if (!backfill_rejects(g->db, a, g->walk.sid, LISTED_MAX, &rows, &n, e))
		return false;
	json_add_str(j, "counted", when_iso(f->counted_at, at));
	json_add_int(j, "filled", f->filled);
	json_add_int(j, "left", f->left);
	json_add_int(j, "passes", f->pass);
	json_add_int(j, "rejects", f->rejects);
	json_add_str(j, "value", plan_of(g, a)->backfill.value);
	json_write(&text, rows_json(j, rows, n));
	bool ok = journal_blob_put(g->journal, text_str(&text), text.len, sha, e);
	text_free(&text);
	return ok;
}

static bool line(struct engine *g, const struct fact_backfill *f, struct err *e)
{
	struct json *b = line_body(g);
	char sha[65], at[WHEN_MAX];
	if (!evidence(g, f, sha, e))
		return false;
	json_add_str(b, "blob", sha);
	json_add_str(b, "counted", when_iso(f->counted_at, at));
	json_add_int(b, "filled", f->filled);
	json_add_str(b, "kind", KIND);
	json_add_int(b, "left", f->left);
	json_add_int(b, "passes", f->pass);
	json_add_int(b, "rejects", f->rejects);
	return line_write(g, OP_EVIDENCE, b, false, e);
}

/* A job's word alone moves nothing: the counts are those of gatewalk.backfill, written in the transactions that they speak of. */
bool filling_taken(struct engine *g, const struct json *result, struct err *e)
{
	struct fact_backfill f;
	if (!backfill_look(g->db, lot_arena(g->look_lot), plan_of(g, lot_arena(g->look_lot)), g->walk.sid, g->walk.relid, &f, e))
		return false;
	if (!f.begun)
		return true;   /* it filled for a plan that was amended meanwhile: nothing of it speaks of this one */
	if (f.counted_at && json_int_or(result, "filled", -1) == f.filled && json_int_or(result, "left", -1) == f.left && json_int_or(result, "rejects", -1) == f.rejects)
		return line(g, &f, e);
	return err_set(e, ERR_VERIFY, "Start the backfill again: it counts anew. If it comes back, find out who changes the job's row or gatewalk.backfill.",
		"what the backfill's job says is not what gatewalk.backfill says");
}

bool filling_care(struct engine *g, struct err *e)
{
	return !jobend_lost(g, jobend_newest(g, KIND)) || !fillable(g, NULL) || start(g, false, 0, e);
}

bool filling_over(struct engine *g, bool *was, struct err *e)
{
	return jobend_wait(g, KIND, "backfill", was, e);
}

void filling_since(struct engine *g, int64_t at)
{
	struct fact_backfill *f = &g->facts.backfill;
	if (g->walk.stage != AT_BACKFILL || !f->counted_at || f->counted_at >= at)
		return;
	f->counted_at = 0;
	f->left = -1;
	f->done = false;
}

bool filling_look(struct engine *g, struct arena *a, struct err *e)
{
	struct backfill_reject *rows;
	if (!wanted(g) || g->walk.stage >= AT_CLOSED)
		return true;
	if (!backfill_look(g->db, a, plan_of(g, a), g->walk.sid, g->walk.relid, &g->facts.backfill, e) || !backfill_rejects(g->db, a, g->walk.sid, SHOWN, &rows, &g->n_rejects, e))
		return false;
	filling_since(g, g->walk.confirmed[ITEM_DUAL_WRITE]);
	g->rejects = arena_array(a, g->n_rejects + 1, sizeof *g->rejects);
	for (size_t i = 0; i < g->n_rejects; i++)
		g->rejects[i] = (struct view_reject){ rows[i].n, rows[i].key, rows[i].value, rows[i].sqlstate, rows[i].error };
	return true;
}
