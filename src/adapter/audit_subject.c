/* SPDX-License-Identifier: MIT */
#include "adapter/audit_subject.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

/* $1 the name, $2 the kind or ''. A table's own row type and array types are not what anybody means. */
static const char FIND_SQL[] = OWN_TAG
"WITH n AS (SELECT w, cardinality(w) AS len FROM parse_ident($1) w),\n"
"rel AS (SELECT c.oid, c.relkind, s.nspname, c.relname, len, w, s.nspname !~ '^pg_|^information_schema$|^gatewalk$' AS mine FROM n, pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace\n"
"  WHERE c.relname IN (w[1], w[2]) AND c.relkind IN ('r', 'p', 'i', 'I', 'v', 'm', 'f')),\n"
"hit AS (\n"
"  SELECT CASE WHEN relkind IN ('r', 'p') THEN 'table' WHEN relkind IN ('i', 'I') THEN 'index' ELSE 'view' END AS kind, nspname, relname, NULL::name AS part, oid FROM rel\n"
"  WHERE (len = 1 AND relname = w[1] AND mine) OR (len = 2 AND nspname = w[1] AND relname = w[2])\n"
"  UNION ALL SELECT CASE WHEN relkind IN ('r', 'p') THEN 'column' ELSE 'view' END, nspname, relname, a.attname, r.oid\n"
"  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = w[len]\n"
"  WHERE relkind NOT IN ('i', 'I') AND ((len = 2 AND relname = w[1] AND mine) OR (len = 3 AND nspname = w[1] AND relname = w[2]))\n"
"  UNION ALL SELECT 'type', s.nspname, y.typname, NULL, y.oid FROM n, pg_type y JOIN pg_namespace s ON s.oid = y.typnamespace\n"
"  WHERE ((len = 1 AND y.typname = w[1] AND s.nspname !~ '^pg_|^information_schema$|^gatewalk$') OR (len = 2 AND s.nspname = w[1] AND y.typname = w[2]))\n"
"    AND NOT EXISTS (SELECT FROM pg_type x WHERE x.typarray = y.oid)\n"
"    AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = y.typrelid AND c.relkind <> 'c'))\n"
"SELECT kind, nspname, relname, part, oid FROM hit WHERE $2 IN ('', kind) ORDER BY 1, 2, 3";
enum { S_KIND, S_SCHEMA, S_NAME, S_PART, S_OID, S_COLS };

static const struct { const char *word; enum target kind; const char *recipe; } kinds[] = {
	{ "column", TARGET_COLUMN, "drop-column" }, { "table", TARGET_TABLE, "drop-table" }, { "index", TARGET_INDEX, NULL }, { "type", TARGET_TYPE, NULL },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* "index:public.x" into its two parts; a word before a colon that is no kind is part of the name. */
static const char *split(struct arena *a, const char *word, const char **name)
{
	const char *colon = strchr(word, ':');
	const char *front = colon ? arena_dupn(a, word, (size_t)(colon - word)) : "";
	for (size_t i = 0; i < KINDS; i++)
		if (text_eq(front, kinds[i].word)) {
			*name = colon + 1;
			return kinds[i].word;
		}
	*name = word;
	return "";
}

static const char *label(struct arena *a, char *const *c)
{
	const char *name = arena_printf(a, "%s.%s", sql_ident(a, c[S_SCHEMA]), sql_ident(a, c[S_NAME]));
	return c[S_PART] ? arena_printf(a, "%s.%s", name, sql_ident(a, c[S_PART])) : name;
}

static bool ambiguous(struct arena *a, const char *word, const struct rows *r, struct err *e)
{
	const char *all = "";
	for (int i = 0; i < r->n; i++)
		all = arena_printf(a, "%s%s%s:%s", all, i ? ", " : "", r->cell[i][S_KIND], label(a, r->cell[i]));
	return err_set(e, ERR_USE, all, "%s is the name of %d things: say which", word, r->n);
}

static bool read_one(struct db *db, struct arena *a, char *const *c, struct subject *out, struct err *e)
{
	size_t k = 0;
	while (k < KINDS && !text_eq(kinds[k].word, c[S_KIND]))
		k++;
	*out = (struct subject){ .label = label(a, c) };
	if (k == KINDS)
		return err_set(e, ERR_USE, "Name the tables under it: what uses the view is found with them.", "%s is no table", out->label);
	out->kind = kinds[k].kind;
	if (kinds[k].recipe) {
		const struct plan p = { .recipe = kinds[k].recipe, .schema = c[S_SCHEMA], .table = c[S_NAME], .column = c[S_PART] };
		return probe_target(db, a, &p, &out->target, e);
	}
	out->target = (struct fact_target){ .found = true, .schema = c[S_SCHEMA], .table = c[S_NAME], .relid = (unsigned)cell_int(c[S_OID]) };
	return true;
}

bool subject_find(struct db *db, struct arena *a, const char *word, struct subject *out, struct err *e)
{
	const char *name, *kind = split(a, word, &name);
	const char *v[] = { name, kind };
	const struct query q = { .sql = FIND_SQL, .args = v, .nargs = 2, .cols = S_COLS };
	struct rows r;
	struct err own = { 0 };
	if (!db_ask(db, a, &q, &r, &own)) {
		if (text_eq(own.sqlstate, "22023"))   /* parse_ident's */
			return err_set(e, ERR_USE, "[SCHEMA.]TABLE[.COLUMN], or the name of an index or a type, quoted as in SQL", "%s is no name: %s", word, own.msg);
		*e = own;
		return err_in(e, "looking for the target");
	}
	if (r.n > 1)
		return ambiguous(a, word, &r, e);
	return r.n ? read_one(db, a, r.cell[0], out, e)
		: err_set(e, ERR_USE, "[SCHEMA.]TABLE[.COLUMN], or the name of an index or a type", "there is no %s%s%s here", kind, *kind ? " " : "", name);
}
