/* SPDX-License-Identifier: MIT */
/* What the changes of a constraint have of their own: it comes of new rows alone, is asked of those that stand beside reads and writes, and goes. */
#include "adapter/alter_private.h"

#include "adapter/probe.h"
#include "adapter/probe_target.h"
#include "adapter/split.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"

#define LOOK_AT_ROWS_MS (2 * 60 * 60 * 1000)   /* under a lock that keeps out neither reads nor writes */

/* MUST 2. */
static bool tried(struct altering *r, struct err *e)
{
	struct fact_target t = r->o->facts->target;
	if (!probe_added(r->db, r->a, r->o->plan, &t, e))
		return false;
	return !t.unfit || err_set(e, ERR_GATE, "Nothing was sent to the table.", "%s", t.unfit);
}

static bool already(const struct altering *r, struct err *e)
{
	return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", r->under.target.unfit ? r->under.target.unfit : "the table has it already");
}

static bool absent(struct altering *r, const struct rows *pairs, struct err *e)
{
	(void)pairs;
	return (!r->under.target.unfit && rule_step(r->o->plan, &r->under.target) == RULE_ABSENT) || already(r, e);
}

/* A foreign key's statement keeps writers out of both tables for a moment, and no reader. */
static const char *lock_to_add(const struct altering *r)
{
	return plan_rule(r->o->plan) == RULE_FOREIGN ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE";
}

static bool looks(const struct altering *r)
{
	return rule_step(r->o->plan, &r->o->facts->target) == RULE_NEW_ROWS;
}

static const char *lock_to_hold(const struct altering *r)
{
	return looks(r) ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE";
}

static int time_to_hold(const struct altering *r)
{
	return looks(r) ? LOOK_AT_ROWS_MS : WRITER_STATEMENT_MS - 1000;
}

static const char *stands(const struct altering *r, const char *more)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_constraint WHERE conrelid = %u AND conname = %s%s)", r->o->binding.relid, sql_literal(r->a, rule_name(r->o->plan)), more);
}

static const char *never_null(const struct altering *r)
{
	if (plan_rule(r->o->plan) != RULE_NOT_NULL)
		return "false";
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_attribute WHERE attrelid = %u AND attname = %s AND attnotnull)", r->o->binding.relid, sql_literal(r->a, r->o->plan->column));
}

static const char *there(const struct altering *r)
{
	return stands(r, "");
}

static const char *gone(const struct altering *r)
{
	return arena_printf(r->a, "NOT (%s OR %s)", stands(r, ""), never_null(r));
}

static const char *held(const struct altering *r)
{
	return looks(r) ? stands(r, " AND convalidated") : arena_printf(r->a, "%s AND NOT %s", never_null(r), stands(r, ""));
}

/* What goes by its name must be this walk's: "others" says that it is not. */
static bool is_ours(const struct rows *pairs, const char *otherwise, struct err *e)
{
	return text_eq(pairs_get(pairs, "others"), "false") || err_set(e, ERR_VERIFY, "Find out who made it. Leave the walk, if it is not to go on.", "under the lock: %s", otherwise);
}

/* ---- an index: built by a job, in no transaction. What is signed here is its entry in the ledger, and nothing is sent to the table; the lock alone is tried ---- */

static const char *lock_to_build(const struct altering *r)
{
	(void)r;
	return "SHARE UPDATE EXCLUSIVE";
}

/* An unfinished one of that name is taken away by the job that builds it. */
static bool not_built(struct altering *r, const struct rows *pairs, struct err *e)
{
	(void)pairs;
	return (!r->under.target.unfit && rule_step(r->o->plan, &r->under.target) != RULE_DONE) || already(r, e);
}

static const char *nothing(const struct altering *r)
{
	(void)r;
	return "";
}

static const char *signed_alone(const struct altering *r)
{
	(void)r;
	return "true";
}

/* Any relation of that name in the table's schema. */
static const char *of_name(const struct altering *r, const char *more)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_class x LEFT JOIN pg_index i ON i.indexrelid = x.oid WHERE x.relname = %s AND x.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %u)%s)",
		sql_literal(r->a, rule_name(r->o->plan)), r->o->binding.relid, more);
}

static const char *of_other_table(const struct altering *r)
{
	return arena_printf(r->a, "UNION ALL SELECT 'others', %s::text, 1000", of_name(r, arena_printf(r->a, " AND i.indrelid IS DISTINCT FROM %u", r->o->binding.relid)));
}

static bool index_ours(struct altering *r, const struct rows *pairs, struct err *e)
{
	return is_ours(pairs, arena_printf(r->a, "%s is another table's, or no index: nothing was taken away", rule_name(r->o->plan)), e);
}

static const char *index_gone(const struct altering *r)
{
	return arena_printf(r->a, "NOT %s", of_name(r, ""));
}

/* ---- a table's name ---- */

static bool old_name(struct altering *r, const struct rows *pairs, struct err *e)
{
	const struct fact_target *t = &r->under.target;
	if (t->n_published)
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: publication %s sends the table on by its name", t->published[0]);
	return absent(r, pairs, e);
}

static const char *bears(const struct altering *r, const char *name)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_class WHERE oid = %u AND relname = %s)", r->o->binding.relid, sql_literal(r->a, name));
}

static const char *bears_new(const struct altering *r)
{
	return bears(r, r->o->plan->add_name);
}

static const char *bears_old(const struct altering *r)
{
	return bears(r, r->o->plan->table);
}

static const char *other_view(const struct altering *r)
{
	return arena_printf(r->a, "UNION ALL SELECT 'others', (NOT EXISTS (SELECT FROM pg_class v WHERE v.relkind = 'v' AND v.relname = %s AND v.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %u)\n"
		"AND obj_description(v.oid, 'pg_class') = %s))::text, 1000", sql_literal(r->a, r->o->plan->table), r->o->binding.relid, sql_literal(r->a, rule_view_words(r->a, r->o->plan)));
}

static bool view_ours(struct altering *r, const struct rows *pairs, struct err *e)
{
	return is_ours(pairs, arena_printf(r->a, "what bears the old name %s is not the view that this walk made: nothing was changed", r->o->plan->table), e);
}

/* ---- a table split in two: the new one and its triggers come in one transaction; they go, and it stays ---- */

/* MUST 2. What was signed is what the catalogue still asks for. */
static bool split_tried(struct altering *r, struct err *e)
{
	const struct split_order o = split_order_of(r->a, r->o->plan, false);
	const char *unfit = NULL;
	struct split_form f;
	if (!split_form(r->db, r->a, &o, &f, &unfit, e))
		return false;
	if (unfit)
		return err_set(e, ERR_GATE, "Nothing was sent to the table.", "%s", unfit);
	return text_eq(split_put(r->a, &f), r->statement) || err_set(e, ERR_GATE, "Look again, and begin it again.", "the table's columns, its owner or its rights have changed since this was signed");
}

/* It keeps writers out for a moment, and no reader. */
static const char *lock_to_split(const struct altering *r)
{
	(void)r;
	return "SHARE ROW EXCLUSIVE";
}

/* How far it is, as the look sees it behind the change. */
static const char *split_is(const struct altering *r, const char *state)
{
	const struct split_form f = split_named(r->a, r->o->plan);
	return arena_printf(r->a, "(WITH t AS (SELECT %u::oid AS relid) SELECT %s FROM (SELECT NULL::text AS k, NULL::text AS v, 0 AS ord %s) p WHERE k = 'rule')", r->o->binding.relid, state, split_state(r->a, &f));
}

static const char *split_there(const struct altering *r)
{
	return split_is(r, "coalesce(bool_and(v = 'false'), false)");
}

static const char *split_alone(const struct altering *r)
{
	return split_is(r, "coalesce(bool_and(v = 'true'), false)");
}

static const char *split_left_alone(const struct altering *r)
{
	return split_is(r, "count(*) = 0");
}

static const char *split_put_sql(const struct altering *r)
{
	return r->statement;
}

const struct alter_form *alter_rule(enum rule rule, enum change ch)
{
	static const struct alter_form of_rows[] = {
		[CHANGE_ADD] = { .doing = "adding the constraint", .alone = true, .tried = tried, .lock = lock_to_add, .fits = absent, .proof = there },
		[CHANGE_TAKE] = { .doing = "taking the constraint away", .proof = gone },
		[CHANGE_HOLD] = { .doing = "asking every row", .alone = true, .lock = lock_to_hold, .ms = time_to_hold, .proof = held },
	}, of_index[] = {
		[CHANGE_ADD] = { .doing = "signing the index", .alone = true, .tried = tried, .lock = lock_to_build, .fits = not_built, .sql = nothing, .proof = signed_alone },
		[CHANGE_TAKE] = { .doing = "taking the index away", .more = of_other_table, .fits = index_ours, .proof = index_gone },
	}, of_table[] = {
		[CHANGE_ADD] = { .doing = "renaming the table", .alone = true, .tried = tried, .fits = old_name, .proof = bears_new },
		[CHANGE_TAKE] = { .doing = "giving the old name back", .more = other_view, .fits = view_ours, .proof = bears_old },
	}, of_split[] = {
		[CHANGE_ADD] = { .doing = "splitting the table", .alone = true, .tried = split_tried, .lock = lock_to_split, .fits = absent, .sql = split_put_sql, .proof = split_there },
		[CHANGE_TAKE] = { .doing = "taking the triggers away", .proof = split_left_alone },
		[CHANGE_HOLD] = { .doing = "ending the triggers", .alone = true, .proof = split_alone },
	};
#define FORMS(of) { of, sizeof of / sizeof *of }
	static const struct { const struct alter_form *all; size_t n; } forms[] = { [RULE_NOT_NULL] = FORMS(of_rows), [RULE_CHECK] = FORMS(of_rows), [RULE_FOREIGN] = FORMS(of_rows),
		[RULE_INDEX] = FORMS(of_index), [RULE_NAME] = FORMS(of_table), [RULE_SPLIT] = FORMS(of_split) };
#undef FORMS
	return (size_t)ch < forms[rule].n && forms[rule].all[ch].doing ? &forms[rule].all[ch] : NULL;
}
