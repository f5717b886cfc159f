/* SPDX-License-Identifier: MIT */
/* What the changes of a constraint have of their own: it comes of new rows alone, is asked of those that stand beside reads and writes, and goes. */
#include "adapter/alter_private.h"

#include "adapter/probe.h"
#include "adapter/probe_target.h"
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

static bool is_index(const struct altering *r)
{
	return plan_rule(r->o->plan) == RULE_INDEX;
}

static bool is_name(const struct altering *r)
{
	return plan_rule(r->o->plan) == RULE_NAME;
}

static bool absent(struct altering *r, const struct rows *pairs, struct err *e)
{
	(void)pairs;
	enum rule_step is = rule_step(r->o->plan, &r->under.target);
	if (is_name(r) && r->under.target.n_published)
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: publication %s sends the table on by its name", r->under.target.published[0]);
	/* An unfinished index of that name is taken away by the job that builds it. */
	return (!r->under.target.unfit && (is == RULE_ABSENT || (is_index(r) && is == RULE_NEW_ROWS))) ||
		err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", r->under.target.unfit ? r->under.target.unfit : "the table has it already");
}

/* An index is built by a job, in no transaction: what is signed here is its entry in the ledger, and nothing is sent to the table. The lock alone is tried.
   A foreign key's statement keeps writers out of both tables for a moment, and no reader. */
static const char *lock_to_add(const struct altering *r)
{
	return is_index(r) ? "SHARE UPDATE EXCLUSIVE" : plan_rule(r->o->plan) == RULE_FOREIGN ? "SHARE ROW EXCLUSIVE" : "ACCESS EXCLUSIVE";
}

static const char *sent_to_add(const struct altering *r)
{
	return is_index(r) ? "" : arena_printf(r->a, "%s;\n", r->statement);
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

/* Any relation of that name in the table's schema. */
static const char *of_name(const struct altering *r, const char *more)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_class x LEFT JOIN pg_index i ON i.indexrelid = x.oid WHERE x.relname = %s AND x.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %u)%s)",
		sql_literal(r->a, rule_name(r->o->plan)), r->o->binding.relid, more);
}

/* The table bears that name. */
static const char *bears(const struct altering *r, const char *name)
{
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_class WHERE oid = %u AND relname = %s)", r->o->binding.relid, sql_literal(r->a, name));
}

static const char *there(const struct altering *r)
{
	return is_index(r) ? "true" : is_name(r) ? bears(r, r->o->plan->add_name) : stands(r, "");
}

/* What goes by its name must be this table's. */
static const char *others(const struct altering *r)
{
	if (is_name(r))
		return arena_printf(r->a, "UNION ALL SELECT 'others', (NOT EXISTS (SELECT FROM pg_class v WHERE v.relkind = 'v' AND v.relname = %s AND v.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %u)\n"
			"AND obj_description(v.oid, 'pg_class') = %s))::text, 1000", sql_literal(r->a, r->o->plan->table), r->o->binding.relid, sql_literal(r->a, rule_view_words(r->a, r->o->plan)));
	return is_index(r) ? arena_printf(r->a, "UNION ALL SELECT 'others', %s::text, 1000", of_name(r, arena_printf(r->a, " AND i.indrelid IS DISTINCT FROM %u", r->o->binding.relid))) : "";
}

static bool is_ours(struct altering *r, const struct rows *pairs, struct err *e)
{
	return (!is_index(r) && !is_name(r)) || text_eq(pairs_get(pairs, "others"), "false") ||
		err_set(e, ERR_VERIFY, "Find out who made it. Leave the walk, if it is not to go on.", is_index(r) ? "under the lock: %s is another table's, or no index: nothing was taken away" :
			"under the lock: what bears the old name %s is not the view that this walk made: nothing was changed", is_index(r) ? rule_name(r->o->plan) : r->o->plan->table);
}

static const char *gone(const struct altering *r)
{
	if (is_name(r))
		return bears(r, r->o->plan->table);
	if (is_index(r))
		return arena_printf(r->a, "NOT %s", of_name(r, ""));
	return arena_printf(r->a, "NOT (%s OR %s)", stands(r, ""), never_null(r));
}

static const char *held(const struct altering *r)
{
	return looks(r) ? stands(r, " AND convalidated") : arena_printf(r->a, "%s AND NOT %s", never_null(r), stands(r, ""));
}

const struct alter_form *alter_rule(enum change ch)
{
	static const struct alter_form add = { .doing = "adding the constraint", .alone = true, .tried = tried, .lock = lock_to_add, .fits = absent, .sql = sent_to_add, .proof = there },
		take = { .doing = "taking it away", .more = others, .fits = is_ours, .proof = gone }, hold = { .doing = "asking every row", .alone = true, .lock = lock_to_hold, .ms = time_to_hold, .proof = held };
	return ch == CHANGE_ADD ? &add : ch == CHANGE_TAKE ? &take : ch == CHANGE_HOLD ? &hold : NULL;
}
