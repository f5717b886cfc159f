/* SPDX-License-Identifier: MIT */
/* What each change of a table has of its own: one row a change. */
#include "adapter/alter_private.h"

#include "adapter/locked.h"
#include "adapter/probe.h"
#include "adapter/probe_target.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

/* ---- a column comes, and goes ---- */

/* MUST 2. */
static bool column_tried(struct altering *r, struct err *e)
{
	struct fact_target t = r->o->facts->target;
	if (!probe_added(r->db, r->a, r->o->plan, &t, e))
		return false;
	return !t.unfit || err_set(e, ERR_GATE, "Nothing was sent to the table. Correct the plan: that is a new walk.", "%s", t.unfit);
}

static const char *natts(const struct altering *r)
{
	return arena_printf(r->a, "UNION ALL SELECT 'natts', relnatts::text, 1000 FROM pg_class WHERE oid = %u", r->o->binding.relid);
}

static bool column_fits(struct altering *r, const struct rows *pairs, struct err *e)
{
	const struct fact_target *t = &r->under.target;
	r->attnum = (int)cell_int(pairs_get(pairs, "natts")) + 1;
	if (t->unfit || t->taken)
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", t->unfit ? t->unfit : "the table has a column of that name already");
	return true;
}

static const char *column_sql(const struct altering *r)
{
	const char *comment = sql_comment(r->a, r->o->plan);
	return arena_printf(r->a, "%s;\n%s%s", r->statement, comment, *comment ? ";\n" : "");
}

static const char *column_there(const struct altering *r)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_attribute WHERE attrelid = %u AND attnum = %d AND attname = %s AND NOT attisdropped)", r->o->binding.relid, r->attnum,
		sql_literal(r->a, plan_new_column(r->o->plan)));
}

/* The column that goes must be the very one that came: nothing of the user's may have been built on it. */
static bool goes_alone(struct altering *r, const struct rows *pairs, struct err *e)
{
	const struct fact_target *t = &r->under.target;
	(void)pairs;
	if (!t->found || t->relid != r->o->binding.relid || t->attnum != r->o->binding.attnum)
		return err_set(e, ERR_VERIFY, "Find out who changed it. Leave the walk, if it is not to go on.",
			"the column that this walk added is not there any more, or another one bears its name: nothing was taken away");
	if (t->n_blockers || t->n_falls)
		return err_set(e, ERR_GATE, "Remove it first, by a change of its own; then take the column away.", "%s was built on the new column and would fall with it",
			t->n_blockers ? t->blockers[0] : t->falls[0]);
	return true;
}

static const char *column_gone(const struct altering *r)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_attribute WHERE attrelid = %u AND attnum = %d AND attisdropped)", r->o->binding.relid, r->attnum);
}

/* ---- the trigger beside it ---- */

static bool trigger_known(struct altering *r, struct err *e)
{
	return r->o->dual || err_set(e, ERR_INTERNAL, NULL, "the trigger's SQL is missing");
}

/* To take one away, or to put one in another's place, asks for the strongest lock. */
static const char *trigger_lock(const struct altering *r)
{
	return r->o->dual->replaces ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE";
}

static const char *shape(const struct altering *r)
{
	return arena_printf(r->a, "UNION ALL SELECT 'shape', %s, 1000", r->o->dual->shape_sql);
}

static bool shape_fits(struct altering *r, const struct rows *pairs, struct err *e)
{
	return text_eq(pairs_get(pairs, "shape"), r->o->dual->shape) ||
		err_set(e, ERR_GATE, "Look again, and begin it again.", "under the lock: the table's columns, or the trigger on it, have changed since its SQL was made");
}

static const char *trigger_on(const struct altering *r)
{
	return r->o->dual->on_sql;
}

static const char *trigger_off(const struct altering *r)
{
	return r->o->dual->off_sql;
}

/* ---- what the old column asks for ---- */

/* Its NOT NULL, its default, its foreign keys, and a check of ours that stands for NOT NULL until every row was looked at. */
static const char *asks(const struct altering *r)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_attribute a WHERE attrelid = %1$u AND attnum = %2$d AND (attnotnull OR atthasdef\n"
		"  OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = %1$u AND (contype = 'f' AND conkey @> ARRAY[a.attnum] OR conname = 'gatewalk_not_null_%2$d'))))",
		r->o->binding.relid, r->o->binding.attnum);
}

static const char *asks_no_more(const struct altering *r)
{
	return arena_printf(r->a, "NOT %s", asks(r));
}

/* MUST 7. */
static const char *first_of_all(const struct altering *r)
{
	return arena_printf(r->a, "%s;\n", r->o->walk->tighten[0]);
}

const struct alter_form *alter_form(const struct plan *p, enum change ch)
{
	static const struct alter_form forms[] = {
		[CHANGE_ADD] = { .doing = "adding the column", .alone = true, .tried = column_tried, .more = natts, .fits = column_fits, .sql = column_sql, .proof = column_there },
		[CHANGE_TAKE] = { .doing = "taking the column away", .goes = true, .fits = goes_alone, .proof = column_gone },
		[CHANGE_DUAL] = { .doing = "putting the dual write on", .alone = true, .tried = trigger_known, .lock = trigger_lock, .more = shape, .fits = shape_fits, .proof = trigger_on },
		[CHANGE_UNDUAL] = { .doing = "taking the dual write away", .tried = trigger_known, .more = shape, .fits = shape_fits, .proof = trigger_off },
		[CHANGE_RELAX] = { .doing = "relaxing the old column", .alone = true, .proof = asks_no_more },
		[CHANGE_TIGHTEN] = { .doing = "putting back what the old column asked for", .sql = first_of_all, .proof = asks },
		[CHANGE_END] = { .doing = "ending the dual write", .alone = true, .tried = trigger_known, .more = shape, .fits = shape_fits, .proof = trigger_off },
		[CHANGE_AGAIN] = { .doing = "putting the dual write on again", .tried = trigger_known, .lock = trigger_lock, .more = shape, .fits = shape_fits, .proof = trigger_on },
	};
	if (plan_rule(p) != RULE_NONE)
		return alter_rule(plan_rule(p), ch);
	return (size_t)ch < sizeof forms / sizeof *forms && forms[ch].doing ? &forms[ch] : NULL;
}
