/* SPDX-License-Identifier: MIT */
#include "engine/closing.h"

#include <string.h>

#include "adapter/guard.h"
#include "adapter/job.h"
#include "adapter/own.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/migration.h"
#include "core/rule.h"
#include "core/sql.h"
#include "engine/adding.h"
#include "engine/altering.h"
#include "engine/comparing.h"
#include "engine/filling.h"
#include "engine/hiding.h"
#include "engine/indexing.h"
#include "port/files.h"

static bool with_reason(const struct act *act, struct err *e)
{
	if (act->text && strlen(act->text) >= 4)
		return true;
	return err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
}

bool closing_back(struct engine *g, const struct act *act, struct err *e)
{
	enum stage to;
	const struct walk *w = &g->walk;
	enum change ch = archetype_beside(w->archetype) ? walk_back_change(w) : CHANGE_NONE;
	const char *why = act->text;
	bool alone, asks = archetype_beside(w->archetype) && (w->stage == AT_BACKFILL || w->stage == AT_UNUSED);
	if (ch != CHANGE_NONE)   /* the way back is a change of the table, which asks for what it needs */
		return ch == CHANGE_TAKE ? adding_take(g, act, e) : altering_begin(g, &(struct act){ .kind = ACT_ALTER, .key = change_name(ch), .text = act->text }, e);
	if (!with_reason(act, e) || (asks && !altering_answer(act, &alone, &why, e)))
		return false;
	if (w->alone)
		return err_set(e, ERR_USE, "Fill the old column from the new one first.", "rows stand in the new column alone");
	if (!walk_back(w, &to))
		return err_set(e, ERR_USE, NULL, "there is no step back from here (%s)", stage_name(g->walk.stage));
	struct json *b = line_body(g);
	if (asks)
		json_add_int(b, "alone", alone);
	json_add_str(b, "from", stage_name(w->stage));
	json_add_str(b, "to", stage_name(to));
	json_add_str(b, "why", why);
	bool filled, compared;
	if (!line_may(g, OP_BACK, b, e) || !filling_over(g, &filled, e) || !comparing_over(g, &compared, e) || !line_write(g, OP_BACK, b, false, e))
		return false;
	engine_say(g, "stepped back to: %s", stage_name(g->walk.stage));
	return true;
}

static bool stop_jobs(struct engine *g, struct err *e)
{
	struct view_job *jobs;
	size_t n = 0;
	if (!job_list(g->db, lot_arena(g->look_lot), g->walk.sid, &jobs, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!jobs[i].ended && !job_control(g->db, jobs[i].id, "stop", e))
			return false;
	return true;
}

/* Leaving takes away what gatewalk put on the table, and nothing else; taking it away is free of the off-peak window. */
bool closing_leave(struct engine *g, const struct act *act, struct err *e)
{
	struct move m;
	bool filled, compared;
	if (!with_reason(act, e))
		return false;
	if (!walk_move(g->walk.archetype, g->walk.stage, EV_LEAVE, 0, &m))
		return err_set(e, ERR_USE, NULL, "this walk cannot be left any more (%s)", stage_name(g->walk.stage));
	if (!altering_untrigger(g, act->text, e))
		return false;
	struct err left = { 0 };   /* a row that does not fit keeps nobody from leaving */
	if (!altering_finish(g, &left))
		engine_say(g, "new rows are held to what the old column asks for; of those that stand: %s", left.msg);
	struct json *b = line_body(g);
	json_add_str(b, "why", act->text);
	if (!line_may(g, OP_LEAVE, b, e) || !stop_jobs(g, e) || !filling_over(g, &filled, e) || !comparing_over(g, &compared, e) || !indexing_over(g, &compared, e) || !hiding_over(g, e) ||
	    !own_tripwire_take(g->db, lot_arena(g->walk_lot), g->walk.sid, g->walk.relid, e) || !slot_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e) ||
	    !guard_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e))
		return false;
	if (!line_write(g, OP_LEAVE, b, false, e))
		return false;
	engine_say(g, "the walk is left; its log stays");
	return true;
}

static void add_when(struct text *t, const char *what, int64_t at)
{
	char when[WHEN_MAX];
	if (at)
		text_addf(t, "- %s: %s\n", what, when_iso(at, when));
}

/* What of the way is worth knowing years later, where something came. */
static void add_way(const struct engine *g, struct text *t)
{
	const struct walk *w = &g->walk;
	bool beside = archetype_beside(w->archetype);
	if (w->archetype == ARCH_DESTRUCTIVE)
		return;
	add_when(t, beside ? "the new column came" : "", beside ? w->added_at : 0);
	add_when(t, beside ? "both columns were written since" : "writes fill it since", w->confirmed[ITEM_DUAL_WRITE]);
	add_when(t, "reads moved", w->confirmed[ITEM_READS]);
	if (beside && w->parity.round)
		text_addf(t, "- old and new were compared a last time, %lld rows, %lld differed\n", (long long)w->parity.rows, (long long)w->parity.mismatches);
	add_when(t, "the old column is written no more since", beside ? w->ended_at : 0);
	if (g->plan->backfill.value)
		text_addf(t, "- rows that stood were filled with: `%s`\n", g->plan->backfill.value);
}

static const char *done_word(const struct engine *g)
{
	if (archetype_beside(g->walk.archetype))
		return arena_printf(lot_arena(g->walk_lot), "became %s", sql_ident(lot_arena(g->walk_lot), plan_new_column(g->plan)));
	return g->walk.archetype == ARCH_ADDITIVE ? "added" : "dropped";
}

static const struct fact_snapshot *copy_of(const struct engine *g)
{
	return g->walk.archetype == ARCH_ADDITIVE ? &g->walk.first : &g->walk.final;
}

static const char *markdown(struct engine *g, const char *statement)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct text t = { 0 };
	char at[WHEN_MAX], held[WHEN_MAX];
	const struct plan *p = g->plan;
	const struct walk *w = &g->walk;
	const struct fact_snapshot *copy = copy_of(g);
	text_addf(&t, "# %s: %s %s\n\n", p->name, w->target, done_word(g));
	text_addf(&t, "- when: %s\n- by: %s\n- lock held: %s\n- statement: `%s`\n- snapshot: %s (%lld rows), manifest %s\n- log: walk %s, head %s\n- alarms in the watch after it: %d\n",
		when_iso(walk_changed_at(w), at), w->who, when_span(w->drop_us, held), statement, copy->path,
		(long long)copy->rows, copy->manifest_sha256, w->sid, journal_head(g->journal), w->alarms);
	add_way(g, &t);
	add_when(&t, "put back", w->restored_at);
	text_addf(&t, "\n## Before\n\n%s\n\n## After\n\n%s\n\n## Why\n\n%s\n\n## Way back\n\n%s\n\nIt leaves behind: %s\n\nOldest release that can run now: %s\n",
		p->before, p->after, p->why, p->way_back, p->leaves_behind, p->rollback_floor);
	migration_section(&t, p->migration_tool, statement);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

/* All that was done to the table for good: a new column, which may have gone and come again, and what went. Its migration tool is to know both. */
static const char *statements(struct engine *g)
{
	struct arena *a = lot_arena(g->walk_lot);
	const char *comes = sql_add(a, g->plan), *comment = sql_comment(a, g->plan);
	if (plan_rule(g->plan) != RULE_NONE)   /* what stands now: its migration tool needs no steps */
		return rule_proposal(a, g->plan);
	const char *goes = g->walk.archetype == ARCH_ADDITIVE ? "" : g->walk.intent_statement ? g->walk.intent_statement : sql_statement(a, g->plan, NULL);
	if (*comment)
		comes = arena_printf(a, "%s; %s", comes, comment);
	return arena_printf(a, "%s%s%s", comes, *comes && *goes ? "; " : "", goes);
}

static bool write_log(struct engine *g, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	const char *statement = statements(g);
	const char *md = markdown(g, statement);
	char sha[65];
	const struct schema_entry row = {
		.target = g->walk.target, .statement = statement, .before = g->plan->before, .after = g->plan->after, .why = g->plan->why,
		.snapshot = copy_of(g)->path, .operator_name = g->walk.who, .head = journal_head(g->journal), .markdown = md,
	};
	if (!journal_blob_put(g->journal, md, strlen(md), sha, e) ||
	    !file_write(path_join(a, journal_dir(g->journal), "schema-log.md"), md, strlen(md), e) ||
	    !ledger_schema_log(g->db, g->walk.sid, &row, e))
		return false;
	struct json *b = line_body(g);
	json_add_str(b, "blob", sha);
	return line_write(g, OP_SCHEMA_LOG, b, false, e);
}

bool closing_schema_log(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (g->walk.stage != AT_LOG)
		return err_set(e, ERR_USE, NULL, "the schema log is written when the watch is over");
	bool restoring = false;   /* closing stops every job of the walk, and this one must come to its end */
	if (!job_running(g->db, lot_arena(g->walk_lot), g->walk.sid, "restore", &restoring, e))
		return false;
	if (restoring)
		return err_set(e, ERR_USE, "Wait until it has ended, then close the walk.", "the way back is still under way");
	/* A removal that was stopped, or met a lock, left these. */
	if (g->walk.kind == TARGET_ROWS && (!own_rows_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e) ||
	    !own_tripwire_take(g->db, lot_arena(g->walk_lot), g->walk.sid, g->walk.relid, e) || !guard_take(g->db, lot_arena(g->walk_lot), g->walk.sid, e)))
		return false;
	if (!g->walk.schema_logged && !write_log(g, e))
		return false;
	if (!stop_jobs(g, e) || !line_write(g, OP_CLOSE, line_body(g), false, e))
		return false;
	engine_say(g, "the walk is closed; schema-log.md stands in %s", journal_dir(g->journal));
	return true;
}
