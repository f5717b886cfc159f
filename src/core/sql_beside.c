/* SPDX-License-Identifier: MIT */
/* SQL of a new column, and of what the old one beside it no longer asks for. No statement here renames a column or changes its
   type: both stand until the old one goes, as every dropped column does. */
#include "core/sql.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/rule.h"

static const char *table_of(struct arena *a, const struct plan *p)
{
	return arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
}

const char *sql_add(struct arena *a, const struct plan *p)
{
	const char *column = plan_new_column(p);
	if (plan_rule(p) != RULE_NONE)
		return rule_add(a, p);
	if (!column)
		return "";
	return arena_printf(a, "ALTER TABLE %s ADD COLUMN %s %s%s%s%s%s", table_of(a, p), sql_ident(a, column), p->add_type, p->add_default ? " DEFAULT (" : "",
		p->add_default ? p->add_default : "", p->add_default ? ")" : "", p->add_not_null ? " NOT NULL" : "");
}

const char *sql_proposal(struct arena *a, const struct plan *p)
{
	switch (plan_recipe(p)) {
	case ARCH_RENAME: return arena_printf(a, "ALTER TABLE %s RENAME COLUMN %s TO %s", table_of(a, p), sql_ident(a, p->column), sql_ident(a, p->add_column));
	case ARCH_TYPE:
		return arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s TYPE %s%s%s", table_of(a, p), sql_ident(a, p->column), p->add_type, p->convert_to ? " USING " : "",
			p->convert_to ? p->convert_to : "");
	default: return plan_rule(p) != RULE_NONE ? rule_proposal(a, p) : sql_statement(a, p, NULL);
	}
}

static const char *altered(struct arena *a, const struct plan *p, struct text *clauses)
{
	const char *s = clauses->len ? arena_printf(a, "ALTER TABLE %s %s", table_of(a, p), text_str(clauses)) : "";
	text_free(clauses);
	return s;
}

const char *sql_relax(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	struct text c = { 0 };
	const char *column = sql_ident(a, p->column);
	if (t->not_null)
		text_addf(&c, "ALTER COLUMN %s DROP NOT NULL", column);
	if (t->def)
		text_addf(&c, "%sALTER COLUMN %s DROP DEFAULT", c.len ? ", " : "", column);
	for (size_t i = 0; i < t->n_foreign; i++)
		text_addf(&c, "%sDROP CONSTRAINT %s", c.len ? ", " : "", sql_ident(a, t->foreign[i]));
	return altered(a, p, &c);
}

static const char *no_null(struct arena *a, const struct fact_target *t)
{
	return arena_printf(a, "gatewalk_not_null_%d", t->attnum);
}

/* One that was never looked at comes again as it was. */
static bool is_valid(const char *foreign_as)
{
	static const char unseen[] = " NOT VALID";
	size_t len = strlen(foreign_as), tail = sizeof unseen - 1;
	return len < tail || strcmp(foreign_as + len - tail, unseen) != 0;
}

const char *sql_tighten(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	struct text c = { 0 };
	const char *column = sql_ident(a, p->column);
	if (t->def)
		text_addf(&c, "ALTER COLUMN %s SET DEFAULT %s", column, t->def);
	if (t->not_null)
		text_addf(&c, "%sADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", c.len ? ", " : "", no_null(a, t), column);
	for (size_t i = 0; i < t->n_foreign; i++)
		text_addf(&c, "%sADD CONSTRAINT %s %s%s", c.len ? ", " : "", sql_ident(a, t->foreign[i]), t->foreign_as[i], is_valid(t->foreign_as[i]) ? " NOT VALID" : "");
	return altered(a, p, &c);
}

/* A check that was looked at spares SET NOT NULL its own look at every row under the strongest lock; only where it goes by a statement behind that,
   since one ALTER TABLE drops first, whatever the order in it. */
const char **sql_tighten_rest(struct arena *a, const struct plan *p, const struct fact_target *t, size_t *n)
{
	const char *table = table_of(a, p), **all = arena_array(a, t->n_foreign + 2, sizeof *all);
	*n = 0;
	for (size_t i = 0; i < t->n_foreign; i++)
		if (is_valid(t->foreign_as[i]))
			all[(*n)++] = arena_printf(a, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table, sql_ident(a, t->foreign[i]));
	if (t->not_null) {
		all[(*n)++] = arena_printf(a, "ALTER TABLE %s VALIDATE CONSTRAINT %s", table, no_null(a, t));
		all[(*n)++] = arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s SET NOT NULL; ALTER TABLE %s DROP CONSTRAINT %s", table, sql_ident(a, p->column), table, no_null(a, t));
	}
	return all;
}
