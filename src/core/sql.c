/* SPDX-License-Identifier: MIT */
/* Writing SQL. Reading a proposed statement is sql_same.c. */
#include "core/sql.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/rule.h"

/* The words of PostgreSQL 15 to 18 that cannot stand bare everywhere a name can: every keyword that is not "unreserved".
   Sorted by bytes. A word too many here costs two quotes, a word too few a syntax error. */
static const char *const keywords[] = {
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "between", "bigint",
	"binary", "bit", "boolean", "both", "case", "cast", "char", "character", "check", "coalesce", "collate", "collation",
	"column", "concurrently", "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
	"current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc",
	"distinct", "do", "else", "end", "except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze",
	"from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout", "int",
	"integer", "intersect", "interval", "into", "is", "isnull", "join", "json", "json_array", "json_arrayagg", "json_exists",
	"json_object", "json_objectagg", "json_query", "json_scalar", "json_serialize", "json_table", "json_value", "lateral",
	"leading", "least", "left", "like", "limit", "localtime", "localtimestamp", "merge_action", "national", "natural", "nchar",
	"none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out", "outer",
	"overlaps", "overlay", "placing", "position", "precision", "primary", "real", "references", "returning", "right", "row",
	"select", "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user", "table",
	"tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user", "using",
	"values", "varchar", "variadic", "verbose", "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement",
	"xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
};

static int by_word(const void *key, const void *element)
{
	return strcmp(key, *(const char *const *)element);
}

static bool is_keyword(const char *s)
{
	return bsearch(s, keywords, sizeof keywords / sizeof keywords[0], sizeof keywords[0], by_word) != NULL;
}

static bool stands_bare(const char *s)
{
	if (*s == '\0' || strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(s))
		return false;
	return *s > '9' && !is_keyword(s);   /* of these signs the digits come first */
}

/* s between two quotes q, with each character of twice written twice. */
static char *enclose(struct arena *a, const char *s, char q, const char *twice)
{
	char *out = arena_alloc(a, 2 * strlen(s) + 3), *o = out;
	*o++ = q;
	for (; *s; s++) {
		if (strchr(twice, *s))
			*o++ = *s;
		*o++ = *s;
	}
	*o++ = q;
	*o = '\0';
	return out;
}

const char *sql_quoted(struct arena *a, const char *name)
{
	return enclose(a, name ? name : "", '"', "\"");
}

const char *sql_ident(struct arena *a, const char *name)
{
	return name && stands_bare(name) ? arena_dup(a, name) : sql_quoted(a, name);
}

const char *sql_literal(struct arena *a, const char *value)
{
	if (value == NULL)
		return "NULL";
	const char *text = enclose(a, value, '\'', "'\\");
	return strchr(value, '\\') ? arena_printf(a, "E%s", text) : text;
}

static const char *drop_table(struct arena *a, const char *table, const struct fact_target *t)
{
	struct text sql = { 0 };
	for (size_t i = 0; t && i < t->n_before; i++)
		text_addf(&sql, "%s; ", t->before[i]);
	text_addf(&sql, "DROP TABLE %s", table);
	const char *s = arena_dup(a, text_str(&sql));
	text_free(&sql);
	return s;
}

const char *sql_statement(struct arena *a, const struct plan *p, const struct fact_target *t)
{
	const char *table = arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
	switch (plan_target(p)) {
	case TARGET_COLUMN: return arena_printf(a, "ALTER TABLE %s DROP COLUMN %s", table, sql_ident(a, p->column));
	case TARGET_TABLE: return drop_table(a, table, t);
	case TARGET_ADDED: case TARGET_CONSTRAINT: return sql_add(a, p);
	case TARGET_ROWS: return arena_printf(a, "DELETE FROM %s WHERE (%s)", table, p->where ? p->where : "");
	default: return "";
	}
}

const char *sql_comment(struct arena *a, const struct plan *p)
{
	const char *column = plan_new_column(p);
	if (!column || !p->add_comment)
		return "";
	return arena_printf(a, "COMMENT ON COLUMN %s.%s.%s IS %s", sql_ident(a, p->schema), sql_ident(a, p->table), sql_ident(a, column), sql_literal(a, p->add_comment));
}

const char *sql_take(struct arena *a, const struct plan *p)
{
	const char *column = plan_new_column(p);
	if (plan_rule(p) != RULE_NONE)
		return rule_take(a, p);
	return column ? arena_printf(a, "ALTER TABLE %s.%s DROP COLUMN %s", sql_ident(a, p->schema), sql_ident(a, p->table), sql_ident(a, column)) : "";
}
