/* SPDX-License-Identifier: MIT */
/* A constraint that comes: what the server says of its statement, tried on empty tables of the same columns and rolled back, and which rows do not
   hold to it. They are counted before anything is begun: from the first statement on a write of such a row is refused, whatever it writes. */
#include "adapter/probe_trial.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"
#include "port/db.h"

#define OTHER "gatewalk_trial_other"
#define NAMED_MAX 3   /* rows */

static bool made(struct db *db, struct arena *a, const struct plan *p, const char **unfit, struct err *e)
{
	struct err why = { 0 };
	const char *other = plan_rule(p) != RULE_FOREIGN ? "" : arena_printf(a, "CREATE TEMPORARY TABLE " OTHER " (LIKE %s.%s INCLUDING INDEXES) ON COMMIT DROP",
		sql_quoted(a, p->add_refers_schema), sql_quoted(a, p->add_refers_table));
	const char *make = arena_printf(a, "BEGIN READ WRITE; SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '5s';"
		"CREATE TEMPORARY TABLE " TRIAL " (LIKE %s.%s) ON COMMIT DROP", sql_quoted(a, p->schema), sql_quoted(a, p->table));
	if (!db_script(db, a, make, 0, NULL, e))
		return false;
	return !*other || db_script(db, a, other, 0, NULL, &why) || trial_refused(a, "constraint", &why, unfit, e);
}

static bool try(struct db *db, struct arena *a, const struct plan *p, const char **unfit, struct err *e)
{
	struct plan trial = *p;
	struct err why = { 0 };
	trial.schema = trial.add_refers_schema = "pg_temp";
	trial.table = TRIAL;
	trial.add_refers_table = OTHER;
	if (!made(db, a, p, unfit, e) || *unfit)
		return *unfit != NULL;
	return db_ask(db, a, &(struct query){ .sql = rule_add(a, &trial) }, NULL, &why) || trial_refused(a, "constraint", &why, unfit, e);
}

/* The writer locks both tables before it adds the key, which asks for more than REFERENCES. */
static bool may_refer(struct db *db, struct arena *a, const struct plan *p, const char **unfit, struct err *e)
{
	const char *other = rule_other(a, p), *args[] = { other };
	const struct query q = { .sql = "/* gatewalk */ SELECT has_table_privilege(r, 'REFERENCES') AND (has_table_privilege(r, 'UPDATE') OR has_table_privilege(r, 'DELETE') OR has_table_privilege(r, 'TRUNCATE'))\n"
		"FROM to_regclass($1) r WHERE r IS NOT NULL", .args = args, .nargs = 1, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!other)
		return true;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n && !cell_bool(r.cell[0][0]))
		*unfit = arena_printf(a, "this login may not lock and refer to %s; its owner grants that (GRANT REFERENCES, UPDATE ON %s TO ...)", other, other);
	return true;
}

static const char *against(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	if (t->rule)
		return arena_printf(a, "the table has a constraint %s already%s", sql_ident(a, rule_name(p)),
			plan_rule(p) == RULE_NOT_NULL ? ": it was left by another walk; take it off first (ALTER TABLE ... DROP CONSTRAINT)" : "");
	if (plan_rule(p) == RULE_NOT_NULL && t->not_null)
		return arena_printf(a, "column %s is NOT NULL already", sql_ident(a, p->column));
	if (plan_rule(p) == RULE_FOREIGN && t->partitioned)
		return "the table is partitioned, and the server asks a foreign key of all its rows at once; give each partition its own, by a walk of its own";
	return NULL;
}

bool probe_rule(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e)
{
	struct err why = { 0 };
	if (plan_rule(p) == RULE_INDEX)
		return probe_index(db, a, p, t, e);
	if (plan_rule(p) == RULE_NAME)
		return probe_name(db, a, p, t, e);
	if (plan_rule(p) == RULE_SPLIT)
		return probe_split(db, a, p, t, e);
	if ((t->unfit = against(a, p, t)))
		return true;
	if (!may_refer(db, a, p, &t->unfit, e))
		return false;
	if (t->unfit)
		return true;
	bool ok = try(db, a, p, &t->unfit, &why);
	db_rollback(db);
	if (!ok && e)
		*e = why;
	return ok || err_in(e, "trying the constraint on an empty table");
}

/* "id=7", by the key that the table's rows are told apart by; without one by their place. */
static const char *key_sql(struct arena *a, const struct fact_target *t)
{
	struct text s = { 0 };
	for (size_t i = 0; i < t->n_keys; i++)
		text_addf(&s, "%s%s, r.%s", i ? ", ' ', " : "", sql_literal(a, arena_printf(a, "%s=", t->keys[i])), sql_quoted(a, t->keys[i]));
	const char *list = t->n_keys ? arena_printf(a, "concat(%s)", text_str(&s)) : "concat('the row at ', r.ctid)";
	text_free(&s);
	return list;
}

/* By the key, so that the same rows are named each time; without one by their place. */
static const char *order_sql(struct arena *a, const struct fact_target *t)
{
	struct text s = { 0 };
	for (size_t i = 0; i < t->n_keys; i++)
		text_addf(&s, "%sr.%s", i ? ", " : "", sql_quoted(a, t->keys[i]));
	const char *list = t->n_keys ? arena_dup(a, text_str(&s)) : "r.ctid";
	text_free(&s);
	return list;
}

bool probe_broken(struct db *db, struct arena *a, const struct plan *p, const struct fact_target *t, int ms, struct fact_broken *out, struct err *e)
{
	*out = (struct fact_broken){ .at = 0 };
	if (plan_rule(p) == RULE_INDEX)
		return probe_doubles(db, a, p, ms, out, e);
	if (plan_rule(p) == RULE_SPLIT)
		return probe_left(db, a, p, t, ms, out, e);
	if (plan_rule(p) == RULE_NAME)
		return probe_now(db, &out->at, e);
	const char *from = arena_printf(a, "FROM %s.%s r WHERE %s", sql_quoted(a, p->schema), sql_quoted(a, p->table), rule_broken(a, p));
	const struct query q = { .sql = arena_printf(a, "/* gatewalk */ WITH few AS (SELECT left(%s, 100) AS k %s\nORDER BY %s LIMIT %d)\n"
		"SELECT (SELECT count(*) %s), (SELECT string_agg(k, ', ') FROM few), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", key_sql(a, t), from, order_sql(a, t), NAMED_MAX, from),
		.ms = ms, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "counting the rows that do not hold to the constraint");
	*out = (struct fact_broken){ .at = cell_int(r.cell[0][2]), .rows = cell_int(r.cell[0][0]), .first = r.cell[0][1] ? text_clean(a, r.cell[0][1]) : NULL };
	return true;
}
