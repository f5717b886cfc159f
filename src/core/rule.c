/* SPDX-License-Identifier: MIT */
#include "core/rule.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/sql.h"

static const char *table_of(struct arena *a, const struct plan *p)
{
	return arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
}

const char *rule_name(const struct plan *p)
{
	return plan_rule(p) == RULE_NOT_NULL ? "gatewalk_not_null" : p->add_name;
}

enum rule_step rule_step(const struct plan *p, const struct fact_target *t)
{
	if (t->rule == 'f')
		return RULE_NEW_ROWS;
	if (plan_rule(p) == RULE_NOT_NULL)
		return t->rule == 't' ? RULE_ALL_ROWS : t->not_null ? RULE_DONE : RULE_ABSENT;
	return t->rule == 't' ? RULE_DONE : RULE_ABSENT;
}

static bool named(const char *s)
{
	return s && s[strspn(s, " \t\r\n")] != '\0';
}

bool rule_is_action(const char *s)
{
	static const char *const actions[] = { "no action", "restrict", "cascade", "set null", "set default" };
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (text_eq(s, actions[i]))
			return true;
	return false;
}

bool rule_is_method(const char *s)
{
	static const char *const methods[] = { "btree", "hash", "gin", "gist", "spgist", "brin" };
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (text_eq(s, methods[i]))
			return true;
	return false;
}

bool rule_whole(const struct plan *p)
{
	switch (plan_rule(p)) {
	case RULE_NOT_NULL: return named(p->column);
	case RULE_CHECK: return named(p->add_name) && sql_is_value(p->add_check, NULL);
	case RULE_FOREIGN:
		return named(p->add_name) && named(p->column) && named(p->add_refers_schema) && named(p->add_refers_table) && named(p->add_refers_column) &&
			(!p->add_on_delete || rule_is_action(p->add_on_delete));
	case RULE_INDEX:
		return named(p->add_name) && sql_is_list(p->add_index, NULL) && (!p->add_where || sql_is_value(p->add_where, NULL)) && (!p->add_method || rule_is_method(p->add_method));
	default: return false;
	}
}

const char *rule_other(struct arena *a, const struct plan *p)
{
	return plan_rule(p) != RULE_FOREIGN ? NULL : arena_printf(a, "%s.%s", sql_ident(a, p->add_refers_schema), sql_ident(a, p->add_refers_table));
}

/* What stands behind the constraint's name. */
static const char *body(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_NOT_NULL)
		return arena_printf(a, "CHECK (%s IS NOT NULL)", sql_ident(a, p->column));
	if (plan_rule(p) == RULE_CHECK)
		return arena_printf(a, "CHECK (%s)", p->add_check);
	return arena_printf(a, "FOREIGN KEY (%s) REFERENCES %s (%s)%s%s", sql_ident(a, p->column), rule_other(a, p), sql_ident(a, p->add_refers_column),
		p->add_on_delete ? " ON DELETE " : "", p->add_on_delete ? p->add_on_delete : "");
}

/* An index stands in its table's schema. */
static const char *built(struct arena *a, const struct plan *p, const char *table, bool beside)
{
	return arena_printf(a, "CREATE %sINDEX %s%s ON %s%s%s (%s)%s%s%s", p->add_unique ? "UNIQUE " : "", beside ? "CONCURRENTLY " : "", sql_ident(a, p->add_name), table,
		p->add_method ? " USING " : "", p->add_method ? p->add_method : "", p->add_index, p->add_where ? " WHERE (" : "", p->add_where ? p->add_where : "", p->add_where ? ")" : "");
}

static const char *added(struct arena *a, const struct plan *p, const char *table, bool unseen)
{
	return arena_printf(a, "ALTER TABLE %s ADD CONSTRAINT %s %s%s", table, sql_ident(a, rule_name(p)), body(a, p), unseen ? " NOT VALID" : "");
}

const char *rule_add(struct arena *a, const struct plan *p)
{
	return plan_rule(p) == RULE_INDEX ? built(a, p, table_of(a, p), true) : added(a, p, table_of(a, p), true);
}

const char *rule_spelt(struct arena *a, const struct plan *p, const char *table, bool word, bool unseen)
{
	if (plan_rule(p) == RULE_NOT_NULL && !unseen)
		return arena_printf(a, "ALTER TABLE %s ALTER %s%s SET NOT NULL", table, word ? "COLUMN " : "", sql_ident(a, p->column));
	if (plan_rule(p) == RULE_INDEX)
		return built(a, p, table, !unseen);
	return added(a, p, table, unseen);
}

const char *rule_proposal(struct arena *a, const struct plan *p)
{
	return rule_spelt(a, p, table_of(a, p), true, false);
}

/* An index is built by a job, beside its walk's changes. Two statements: one ALTER TABLE drops first, whatever the order in it, and then NOT NULL looks at every row itself. */
const char *rule_hold(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	switch (plan_rule(p) == RULE_INDEX ? RULE_DONE : rule_step(p, t)) {
	case RULE_NEW_ROWS: return arena_printf(a, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table_of(a, p), sql_ident(a, rule_name(p)));
	case RULE_ALL_ROWS:
		return arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL; ALTER TABLE %s DROP CONSTRAINT %s", table_of(a, p), sql_ident(a, p->column), table_of(a, p), rule_name(p));
	default: return "";
	}
}

/* Of a column that is never null whatever of both stands. */
const char *rule_take(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_NOT_NULL)
		return arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL, DROP CONSTRAINT IF EXISTS %s", table_of(a, p), sql_ident(a, p->column), rule_name(p));
	if (plan_rule(p) == RULE_INDEX)   /* a build that failed may have left none */
		return arena_printf(a, "DROP INDEX IF EXISTS %s.%s", sql_ident(a, p->schema), sql_ident(a, p->add_name));
	return arena_printf(a, "ALTER TABLE %s DROP CONSTRAINT %s", table_of(a, p), sql_ident(a, rule_name(p)));
}

/* As the server asks: a check that is not known of a row holds, and a key that is not given refers to nothing. */
const char *rule_broken(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_CHECK)
		return arena_printf(a, "(%s\n) IS FALSE", p->add_check);
	if (plan_rule(p) == RULE_INDEX)
		return NULL;
	const char *column = sql_quoted(a, p->column);
	if (plan_rule(p) == RULE_NOT_NULL)
		return arena_printf(a, "r.%s IS NULL", column);
	return arena_printf(a, "r.%s IS NOT NULL AND NOT EXISTS (SELECT FROM %s o WHERE o.%s = r.%s)", column, rule_other(a, p), sql_quoted(a, p->add_refers_column), column);
}
