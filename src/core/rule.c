/* SPDX-License-Identifier: MIT */
#include "core/rule.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/split.h"
#include "core/sql.h"

static const char *table_of(struct arena *a, const struct plan *p)
{
	return arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
}

bool rule_binds(const struct plan *p)
{
	return plan_rule(p) != RULE_NAME && plan_rule(p) != RULE_SPLIT && (plan_rule(p) != RULE_INDEX || p->add_unique);
}

const char *rule_name(const struct plan *p)
{
	return plan_rule(p) == RULE_NOT_NULL ? "gatewalk_not_null" : p->add_name;
}

enum rule_step rule_step(const struct plan *p, const struct fact_target *t)
{
	if (t->rule == 'f')
		return RULE_NEW_ROWS;   /* of a table's name there is none: it is the old one or the new one */
	if (t->rule == 'k')
		return RULE_ALL_ROWS;
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
	case RULE_NAME: return named(p->add_name);
	case RULE_SPLIT: return named(p->add_name) && p->n_add_columns > 0;
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

/* Who may do what with the table may do it with the view; nobody else, whatever default privileges say. */
static const char grants[] =
	"DECLARE s text; BEGIN\n"
	"IF EXISTS (SELECT FROM pg_catalog.pg_class t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid WHERE t.oid = pg_catalog.to_regclass(%2$s) AND t.relrowsecurity AND a.attacl IS NOT NULL) THEN\n"
	"  RAISE EXCEPTION 'the table has both policies and rights on single columns'; END IF;\n"
	"FOR s IN\n"
	"  SELECT pg_catalog.format('REVOKE ALL ON %%I.%%I FROM %%s', n.nspname, v.relname, CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(x.grantee)) END)\n"
	"  FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace, pg_catalog.aclexplode(v.relacl) x WHERE v.oid = pg_catalog.to_regclass(%1$s) AND x.grantee <> v.relowner\n"
	"  UNION ALL\n"
	"  SELECT pg_catalog.format('GRANT %%s%%s ON %%s TO %%s%%s', g.privilege, g.columns, %1$s, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) END, CASE WHEN g.more THEN ' WITH GRANT OPTION' END)\n"
	"  FROM pg_catalog.pg_class t, LATERAL (SELECT x.privilege_type, '', x.grantee, x.is_grantable FROM pg_catalog.aclexplode(t.relacl) x WHERE x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')\n"
	"    UNION ALL SELECT x.privilege_type, pg_catalog.format(' (%%I)', a.attname), x.grantee, x.is_grantable FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x\n"
	"      WHERE a.attrelid = t.oid AND NOT a.attisdropped AND x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE')) g(privilege, columns, grantee, more)\n"
	"  WHERE t.oid = pg_catalog.to_regclass(%2$s) AND g.grantee <> t.relowner\n"
	"  UNION ALL\n"
	"  SELECT pg_catalog.format('ALTER VIEW %%s SET (security_invoker = false)', %1$s) WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a, pg_catalog.aclexplode(a.attacl) x WHERE a.attrelid = pg_catalog.to_regclass(%2$s))\n"
	"  UNION ALL\n"
	"  SELECT pg_catalog.format('ALTER VIEW %%s OWNER TO %%I', %1$s, pg_catalog.pg_get_userbyid(t.relowner)) FROM pg_catalog.pg_class t WHERE t.oid = pg_catalog.to_regclass(%2$s)\n"
	"LOOP EXECUTE s; END LOOP; END";

const char *rule_view_words(struct arena *a, const struct plan *p)
{
	return arena_printf(a, "gatewalk: %s.%s under its old name", p->schema, p->add_name);
}

/* Both in one transaction: nobody meets the table under neither name. The view is the caller's: his rights, and the table's policies for him. Only where
   somebody has a right on a column alone it is its owner's: a caller would need one on every column. */
static const char *named_anew(struct arena *a, const struct plan *p)
{
	const char *old = table_of(a, p), *new = arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->add_name));
	return arena_printf(a, "ALTER TABLE %s RENAME TO %s; CREATE VIEW %s WITH (security_invoker = true) AS SELECT * FROM %s; COMMENT ON VIEW %s IS %s; DO %s", old, sql_ident(a, p->add_name), old, new, old,
		sql_literal(a, rule_view_words(a, p)), sql_literal(a, arena_printf(a, grants, sql_literal(a, old), sql_literal(a, new))));
}

const char *rule_brief(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_SPLIT)
		return split_brief(a, p);
	const char *whole = named_anew(a, p);
	return arena_printf(a, "%.*s; then its owner and its rights are given to the view (copy SQL shows how)", (int)(strstr(whole, "; COMMENT ON VIEW") - whole), whole);
}

static const char *added(struct arena *a, const struct plan *p, const char *table, bool unseen)
{
	return arena_printf(a, "ALTER TABLE %s ADD CONSTRAINT %s %s%s", table, sql_ident(a, rule_name(p)), body(a, p), unseen ? " NOT VALID" : "");
}

const char *rule_add(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_NAME)
		return named_anew(a, p);
	if (plan_rule(p) == RULE_SPLIT)
		return split_brief(a, p);
	return plan_rule(p) == RULE_INDEX ? built(a, p, table_of(a, p), true) : added(a, p, table_of(a, p), true);
}

const char *rule_spelt(struct arena *a, const struct plan *p, const char *table, bool word, bool unseen)
{
	if (plan_rule(p) == RULE_NOT_NULL && !unseen)
		return arena_printf(a, "ALTER TABLE %s ALTER %s%s SET NOT NULL", table, word ? "COLUMN " : "", sql_ident(a, p->column));
	if (plan_rule(p) == RULE_INDEX)
		return built(a, p, table, !unseen);
	if (plan_rule(p) == RULE_NAME)
		return arena_printf(a, "ALTER TABLE %s RENAME TO %s", table, sql_ident(a, p->add_name));
	if (plan_rule(p) == RULE_SPLIT)
		return split_brief(a, p);
	return added(a, p, table, unseen);
}

const char *rule_proposal(struct arena *a, const struct plan *p)
{
	return rule_spelt(a, p, table_of(a, p), true, false);
}

/* The triggers of a new table go once nobody needs the old columns. */
static const char *no_longer_kept(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	const struct split_form f = split_named(a, p);
	return rule_step(p, t) == RULE_ALL_ROWS ? split_end(a, &f) : "";
}

/* An index is built by a job, beside its walk's changes. Two statements: one ALTER TABLE drops first, whatever the order in it, and then NOT NULL looks at every row itself. */
const char *rule_hold(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	if (plan_rule(p) == RULE_SPLIT)
		return no_longer_kept(a, p, t);
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
	if (plan_rule(p) == RULE_SPLIT) {
		const struct split_form f = split_named(a, p);
		return split_leave(a, &f);
	}
	if (plan_rule(p) == RULE_NOT_NULL)
		return arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL, DROP CONSTRAINT IF EXISTS %s", table_of(a, p), sql_ident(a, p->column), rule_name(p));
	if (plan_rule(p) == RULE_NAME)
		return arena_printf(a, "DROP VIEW %s; ALTER TABLE %s.%s RENAME TO %s", table_of(a, p), sql_ident(a, p->schema), sql_ident(a, p->add_name), sql_ident(a, p->table));
	if (plan_rule(p) == RULE_INDEX)   /* a build that failed may have left none */
		return arena_printf(a, "DROP INDEX IF EXISTS %s.%s", sql_ident(a, p->schema), sql_ident(a, p->add_name));
	return arena_printf(a, "ALTER TABLE %s DROP CONSTRAINT %s", table_of(a, p), sql_ident(a, rule_name(p)));
}

/* As the server asks: a check that is not known of a row holds, and a key that is not given refers to nothing. */
const char *rule_broken(struct arena *a, const struct plan *p)
{
	if (plan_rule(p) == RULE_CHECK)
		return arena_printf(a, "(%s\n) IS FALSE", p->add_check);
	if (plan_rule(p) == RULE_INDEX || plan_rule(p) == RULE_NAME || plan_rule(p) == RULE_SPLIT)
		return NULL;
	const char *column = sql_quoted(a, p->column);
	if (plan_rule(p) == RULE_NOT_NULL)
		return arena_printf(a, "r.%s IS NULL", column);
	return arena_printf(a, "r.%s IS NOT NULL AND NOT EXISTS (SELECT FROM %s o WHERE o.%s = r.%s)", column, rule_other(a, p), sql_quoted(a, p->add_refers_column), column);
}
