/* SPDX-License-Identifier: MIT */
/* Rows: the intent starts a job, and what became of it is read from the ledger of removed rows. A drop has one transaction and
   one anchor; here the anchor says only that the removal began. */
#include "engine/drop_parts.h"

#include <string.h>

#include "adapter/job.h"
#include "adapter/removal.h"
#include "base/arena.h"
#include "base/text.h"

#define LISTED_MAX 10000   /* rows that the outcome's evidence names; the ledger names all */
#define CLOSE_TRIES 10

bool rows_begin(struct engine *g, struct snapshot_hold *files, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	if (drop_look(g, files, e) && gate_refusal_any(g->findings, e))
		return job_begin(g, "remove", json_obj(a), e);
	struct err wrote = { 0 };
	const struct drop_end end = { .why = arena_dup(a, e->msg) };
	if (!drop_outcome(g, false, &end, line_body(g), &wrote))
		*e = wrote;
	return false;
}

/* From here on no batch can be committed: the next one's nonce is spent. One that was under way is waited for and counted. */
static bool shut_door(struct engine *g, struct removal *t, struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	const struct walk *w = &g->walk;
	for (int i = 0; i < CLOSE_TRIES; i++) {
		struct removal again;
		if (!removal_read(g->db, a, w->sid, w->intent_nonce, t, e) || !removal_close(g->db, a, w->sid, w->intent_nonce, t->batches, e) ||
		    !removal_read(g->db, a, w->sid, w->intent_nonce, &again, e))
			return false;
		if (again.batches == t->batches)
			return true;
	}
	return err_set(e, ERR_WAIT, "Stop the job first.", "the removal is still under way");
}

/* What was left, by key and reason. */
static bool evidence(struct engine *g, const struct removal *t, char sha[static 65], struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	struct removal_row *rows;
	size_t n = 0;
	struct text text = { 0 };
	struct json *j = json_obj(a), *list = json_add_arr(j, "rows");
	if (!removal_rows(g->db, a, g->walk.sid, LISTED_MAX, &rows, &n, e))
		return false;
	json_add_int(j, "batches", t->batches);
	json_add_int(j, "left", t->left);
	json_add_int(j, "removed", t->removed);
	json_add_int(j, "snapshot_rows", g->walk.final.rows);
	for (size_t i = 0; i < n; i++) {
		struct json *one = json_add_obj(list, NULL);
		json_add_str(one, "key", rows[i].key);
		json_add_str(one, "why", rows[i].why);
	}
	json_write(&text, j);
	bool ok = journal_blob_put(g->journal, text_str(&text), text.len, sha, e);
	text_free(&text);
	return ok;
}

static bool finish(struct engine *g, const char *none, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct removal t;
	struct json *b = line_body(g);
	char sha[65];
	if (!shut_door(g, &t, e))
		return false;
	struct drop_end end = { .at = t.ended, .xid = t.xid, .held_us = t.ended - t.began, .why = none };
	if (t.batches == 0)
		return drop_outcome(g, false, &end, b, e);
	int64_t all = g->walk.final.rows, rest = all - t.done;
	end.why = rest ? arena_printf(a, "%lld of %lld rows removed, %lld left, %lld not reached", (long long)t.removed, (long long)all, (long long)t.left, (long long)rest) :
		arena_printf(a, "%lld of %lld rows removed, %lld left", (long long)t.removed, (long long)all, (long long)t.left);
	if (!evidence(g, &t, sha, e))
		return false;
	json_add_str(b, "blob", sha);
	json_add_int(b, "left", t.left + rest);
	json_add_int(b, "removed", t.removed);
	return drop_outcome(g, true, &end, b, e);
}

/* The job's own word, where it says that it came to its end. */
static bool claim_fits(struct engine *g, const struct json *result, struct err *e)
{
	struct removal t;
	if (!removal_read(g->db, lot_arena(g->look_lot), g->walk.sid, g->walk.intent_nonce, &t, e))
		return false;
	if (json_int_or(result, "removed", -1) == t.removed && json_int_or(result, "left", -1) == t.left && json_int_or(result, "batches", -1) == t.batches &&
	    t.done == g->walk.final.rows)
		return true;
	return err_set(e, ERR_VERIFY, "Find out who changed the job's row or gatewalk.removal.", "what the removal's job says is not what the ledger of removed rows says");
}

bool rows_taken(struct engine *g, const char *state, const struct json *result, struct err *e)
{
	bool done = strcmp(state, "done") == 0;
	if (g->walk.stage != AT_DROPPING || (!done && strcmp(state, "stopped") != 0))
		return true;
	return (!done || claim_fits(g, result, e)) && finish(g, done ? "the snapshot holds no rows: nothing was removed" : "stopped before the first batch: nothing was removed", e);
}

/* Only what no job will do: an intent for which none was ever made. A lost one is started again, a failed one is a person's. */
bool rows_settle(struct engine *g, struct err *e)
{
	struct view_job *jobs;
	size_t n = 0;
	if (!engine_connect(g, e) || !job_list(g->db, lot_arena(g->walk_lot), g->walk.sid, &jobs, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(jobs[i].kind, "remove") == 0 && jobs[i].started >= g->walk.intent_t)
			return true;
	return finish(g, "the removal never began: nothing was changed", e);
}

static bool dropping(struct engine *g, struct err *e)
{
	bool alive = false;
	if (g->walk.stage != AT_DROPPING || g->walk.kind != TARGET_ROWS)
		return err_set(e, ERR_USE, NULL, "no rows are being removed");
	if (!job_running(g->db, lot_arena(g->walk_lot), g->walk.sid, "remove", &alive, e))
		return false;
	return !alive || err_set(e, ERR_USE, "Pause or stop the job instead.", "the removal's job is at work");
}

bool rows_resume(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (!dropping(g, e) || !job_begin(g, "remove", json_obj(lot_arena(g->walk_lot)), e))
		return false;
	engine_say(g, "the removal goes on where the ledger is");
	return true;
}

bool rows_end(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (!dropping(g, e) || !finish(g, "ended before the first batch: nothing was removed", e))
		return false;
	engine_say(g, "the removal ends here: the rows that are left stay");
	return true;
}
