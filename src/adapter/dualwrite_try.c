/* SPDX-License-Identifier: MIT */
/* What the texts of a dual write are made of, read from the catalogue, and what speaks against it. */
#include "adapter/dualwrite.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/backfill.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/plan.h"
#include "core/sql.h"
#include "port/db.h"

#define TRY_MS 60000
#define ID_LEN 12
static const char TO[] = "the conversion", BACK[] = "the way back";

struct trial {
	struct db *db;
	struct arena *a;              /* the caller's */
	const struct dual_order *o;
	struct dual_form *f;
	const char **unfit;
};

static bool unfit(struct trial *t, const char *why)
{
	*t->unfit = why;
	return false;
}

/* ---- the table ---- */

/* Can two values of the column be compared by "="? */
#define EQUALS(x) \
"coalesce((SELECT y.typtype <> 'b' OR y.typcategory = 'A' OR EXISTS (SELECT FROM pg_operator p WHERE p.oprname = '=' AND p.oprleft = y.oid AND p.oprright = y.oid)\n" \
"    OR EXISTS (SELECT FROM pg_cast k WHERE k.castsource = y.oid AND k.castmethod = 'b' AND k.castcontext = 'i') FROM pg_type y WHERE y.oid = " x ".atttypid), false)"
/* Of a default: does it give another value each time? */
static const char TABLE_SQL[] = OWN_TAG
"WITH c AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2::text),\n"
"d AS (SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) AS text, d.adbin::text AS bin FROM c JOIN pg_attrdef d ON d.adrelid = c.oid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.adnum)\n"
"SELECT c.oid, c.relkind, o.attnum IS NOT NULL, n.attnum IS NOT NULL, o.attgenerated <> '', n.attnotnull, " EQUALS("o") ", " EQUALS("n") ", (SELECT text FROM d WHERE attname = $3), (SELECT text FROM d WHERE attname = $4),\n"
"  EXISTS (SELECT FROM d, regexp_matches(d.bin, ':(?:funcid|opfuncid) (\\d+)', 'g') m JOIN pg_proc p ON p.oid = m[1]::oid WHERE d.attname = $3 AND p.provolatile = 'v')\n"
"    OR EXISTS (SELECT FROM d WHERE attname = $3 AND bin ~ '\\{NEXTVALUEEXPR') OR o.attidentity <> '',\n"
"  EXISTS (SELECT FROM pg_partitioned_table p WHERE p.partrelid IN (WITH RECURSIVE tree AS (SELECT c.oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid) SELECT oid FROM tree)\n"
"    AND (o.attnum = ANY (p.partattrs) OR 0 = ANY (p.partattrs)))\n"
"FROM c LEFT JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = $3 AND o.attnum > 0 AND NOT o.attisdropped\n"
"  LEFT JOIN pg_attribute n ON n.attrelid = c.oid AND n.attname = $4 AND n.attnum > 0 AND NOT n.attisdropped";
enum { T_OID, T_KIND, T_OLD, T_NEW, T_OLD_GENERATED, T_NEW_NOT_NULL, T_OLD_EQUALS, T_NEW_EQUALS, T_OLD_DEFAULT, T_NEW_DEFAULT, T_DEFAULT_VOLATILE, T_PARTITION_KEY, T_COLS };

static bool find_table(struct trial *t, char ***c, struct err *e)
{
	struct rows r;
	const struct dual_order *o = t->o;
	const char *args[] = { o->schema, o->table, o->column, o->add_column };
	if (!db_ask(t->db, t->a, &(struct query){ .sql = TABLE_SQL, .args = args, .nargs = 4, .cols = T_COLS, .max_rows = 1 }, &r, e))
		return false;
	if (r.n == 0 || (r.cell[0][T_KIND][0] != 'r' && r.cell[0][T_KIND][0] != 'p'))
		return unfit(t, arena_printf(t->a, "there is no table %s.%s", sql_ident(t->a, o->schema), sql_ident(t->a, o->table)));
	*c = r.cell[0];
	t->f->relid = (unsigned)cell_int((*c)[T_OID]);
	for (int i = T_OLD; i <= T_NEW; i++)
		if (!cell_bool((*c)[i]))
			return unfit(t, arena_printf(t->a, "table %s has no column %s", sql_ident(t->a, o->table), sql_ident(t->a, i == T_OLD ? o->column : o->add_column)));
	return !text_eq(o->column, o->add_column) || unfit(t, "the old and the new column are one");
}

/* ---- the columns, and what the expressions are made of ---- */

#define VIEW_TO "gatewalk_to"
#define VIEW_BACK "gatewalk_back"

/* change and same are enum dual_equal: of a type whose equality is that of its bytes; of texts; of the server's own types that have an order. */
static const char COLUMNS_SQL[] = OWN_TAG
"WITH RECURSIVE base AS (SELECT a.attnum, a.atttypid AS typ FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped\n"
"  UNION SELECT attnum, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typ WHERE t.typtype = 'd'),\n"
"ty AS (SELECT base.attnum, t.*, coalesce(nullif(t.typelem, 0), t.oid) AS one FROM base JOIN pg_type t ON t.oid = base.typ WHERE t.typtype <> 'd'),\n"
"as_is AS (SELECT attnum, typtype = 'e' OR oid IN ('bool'::regtype, 'bytea'::regtype, '\"char\"'::regtype, 'name'::regtype, 'int8'::regtype, 'int2'::regtype, 'int4'::regtype, 'oid'::regtype,\n"
"    'uuid'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) AS plain, oid IN ('text'::regtype, 'varchar'::regtype) AS words,\n"
"  oid = 'bpchar'::regtype AS padded, typcollation = 0 AND EXISTS (SELECT FROM pg_opclass p JOIN pg_namespace s ON s.oid = p.opcnamespace WHERE p.opcmethod = 403 AND p.opcdefault\n"
"    AND p.opcintype = ty.one AND s.nspname = 'pg_catalog') AS ordered FROM ty),\n"
"d AS (SELECT v.relname, d.refobjsubid FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refobjid = $1::oid\n"
"  WHERE v.relnamespace = pg_my_temp_schema() AND v.relname IN ('" VIEW_TO "', '" VIEW_BACK "')),\n"
"k AS (SELECT (i.indkey::int2[])[0:i.indnkeyatts - 1] AS keys FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL\n"
"  AND NOT EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = $1::oid AND x.attnum = ANY (i.indkey) AND NOT x.attnotnull) ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1)\n"
"SELECT a.attname, format_type(a.atttypid, NULL), format_type(a.atttypid, a.atttypmod), CASE WHEN plain THEN 0 WHEN words THEN 1 ELSE 2 END,\n"
"  CASE WHEN plain OR ordered THEN 0 WHEN words OR padded THEN 1 ELSE 2 END, a.attgenerated <> '',\n"
"  EXISTS (SELECT FROM d WHERE relname = '" VIEW_TO "' AND refobjsubid = a.attnum), EXISTS (SELECT FROM d WHERE relname = '" VIEW_BACK "' AND refobjsubid = a.attnum),\n"
"  a.attnum = ANY ((SELECT keys FROM k)::int2[])\n"
"FROM pg_attribute a JOIN as_is USING (attnum) WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped\n"
"ORDER BY array_position((SELECT keys FROM k), a.attnum), a.attnum";
enum { C_NAME, C_TYPE, C_WHOLE, C_CHANGE, C_SAME, C_GENERATED, C_TO, C_BACK, C_KEY, C_COLS };

/* Whole rows; and functions that a role which may write the table may not call. */
static const char CALLS_SQL[] = OWN_TAG
"WITH act AS (SELECT r.ev_action::text AS t FROM pg_class v JOIN pg_rewrite r ON r.ev_class = v.oid WHERE v.relnamespace = pg_my_temp_schema() AND v.relname IN ('" VIEW_TO "', '" VIEW_BACK "')),\n"
"fn AS (SELECT m[1]::oid AS oid FROM act, regexp_matches(t, ':(?:funcid|opfuncid) (\\d+)', 'g') m UNION SELECT o.oprcode FROM act, regexp_matches(t, ':opno (\\d+)', 'g') m\n"
"  JOIN pg_operator o ON o.oid = m[1]::oid),\n"
"acl AS (SELECT (aclexplode(coalesce(relacl, acldefault('r', relowner)))).* FROM pg_class WHERE oid = $1::oid UNION SELECT (aclexplode(attacl)).* FROM pg_attribute WHERE attrelid = $1::oid),\n"
"who AS (SELECT DISTINCT grantee FROM acl WHERE privilege_type IN ('INSERT', 'UPDATE'))\n"
"SELECT (SELECT bool_or(t ~ ':varattno 0 ') FROM act), (SELECT string_agg(DISTINCT format('%s may not call %s', CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(grantee::regrole::text) END,\n"
"    p.oid::regprocedure), ', ') FROM fn JOIN pg_proc p USING (oid), who\n"
"  WHERE NOT CASE grantee WHEN 0 THEN has_function_privilege('public', p.oid, 'EXECUTE') ELSE has_function_privilege(grantee, p.oid, 'EXECUTE') END)";

static struct dual_column column_of(char *const *c)
{
	return (struct dual_column){ .name = c[C_NAME], .type = c[C_TYPE], .whole = c[C_WHOLE], .change = (enum dual_equal)cell_int(c[C_CHANGE]), .same = (enum dual_equal)cell_int(c[C_SAME]) };
}

/* Of an expression: its columns. A generated one has no value yet when a BEFORE trigger runs. */
static bool reads(struct trial *t, const struct rows *r, int mark, const char *what, struct dual_expr *x)
{
	const struct dual_column **list = arena_array(t->a, (size_t)r->n + 1, sizeof *list);
	for (int i = 0; i < r->n; i++) {
		if (!cell_bool(r->cell[i][mark]))
			continue;
		struct dual_column *c = arena_alloc(t->a, sizeof *c);
		*c = column_of(r->cell[i]);
		list[x->n++] = c;
		if (cell_bool(r->cell[i][C_GENERATED]) && mark != C_KEY)
			return unfit(t, arena_printf(t->a, "%s reads %s, which the server works out itself, later than any trigger: write what it is made of", what, sql_ident(t->a, c->name)));
	}
	x->reads = list;
	return true;
}

static bool has(const struct dual_expr *x, const char *column)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->reads[i]->name, column) == 0)
			return true;
	return false;
}

static bool judge_reads(struct trial *t)
{
	const struct dual_form *f = t->f;
	const char *new = sql_ident(t->a, f->new.name);
	if (f->to.n == 0)
		return unfit(t, "the conversion reads no column");
	if (has(&f->to, f->new.name))
		return unfit(t, arena_printf(t->a, "the conversion reads the new column %s itself", new));
	if (f->back.sql && !has(&f->back, f->new.name))
		return unfit(t, arena_printf(t->a, "the way back does not read the new column %s", new));
	return true;
}

static bool find_columns(struct trial *t, struct err *e)
{
	struct rows r, calls;
	struct dual_form *f = t->f;
	struct dual_expr keys = { 0 };
	const char *args[] = { arena_printf(t->a, "%u", f->relid) };
	if (!db_ask(t->db, t->a, &(struct query){ .sql = COLUMNS_SQL, .args = args, .nargs = 1, .cols = C_COLS }, &r, e)
			|| !db_ask(t->db, t->a, &(struct query){ .sql = CALLS_SQL, .args = args, .nargs = 1, .cols = 2, .min_rows = 1, .max_rows = 1 }, &calls, e))
		return false;
	for (int i = 0; i < r.n; i++) {
		if (strcmp(r.cell[i][C_NAME], t->o->column) == 0)
			f->old = column_of(r.cell[i]);
		if (strcmp(r.cell[i][C_NAME], t->o->add_column) == 0)
			f->new = column_of(r.cell[i]);
	}
	if (cell_bool(calls.cell[0][0]))
		return unfit(t, "the conversion takes the whole row: write the columns that it needs");
	if (!reads(t, &r, C_TO, TO, &f->to) || !reads(t, &r, C_BACK, BACK, &f->back) || !reads(t, &r, C_KEY, "", &keys) || !judge_reads(t))
		return false;
	f->keys = keys.reads;
	f->n_keys = keys.n;
	return !calls.cell[0][1] || unfit(t, arena_printf(t->a, "%s: GRANT EXECUTE first, or its writes would not be converted", calls.cell[0][1]));
}

static bool view(struct trial *t, const char *name, const char *sql, struct err *e)
{
	const char *table = arena_printf(t->a, "%s.%s", sql_quoted(t->a, t->o->schema), sql_quoted(t->a, t->o->table));
	return !sql || db_ask(t->db, t->a, &(struct query){ .sql = arena_printf(t->a, OWN_TAG "CREATE TEMPORARY VIEW %s AS SELECT (%s\n) AS gatewalk_value FROM %s AS %s", name, sql, table,
		sql_quoted(t->a, t->o->table)), .cols = -1 }, NULL, e);
}

/* Does it stand without its table's name? Asked of the server, by making the function as it would be made. */
static bool names_table(struct trial *t, struct dual_expr *x, struct err *e)
{
	struct err why = { 0 };
	struct dual_form f = *t->f;
	f.id = "try";   /* of the walk's own one may stand already */
	if (!x->sql)
		return true;
	for (int named = 0; named < 2; named++) {
		x->named = f.to.named = f.back.named = named > 0;
		if (!db_script(t->db, t->a, OWN_TAG "SAVEPOINT gatewalk_form", TRY_MS, NULL, e))
			return false;
		bool ok = db_script(t->db, t->a, dual_convert(t->a, &f, x == &t->f->back ? &f.back : &f.to), TRY_MS, NULL, &why);
		if (!db_script(t->db, t->a, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_form", TRY_MS, NULL, e))
			return false;
		if (ok)
			return true;
		if (why.code != ERR_DB || strcmp(why.sqlstate, "42501") == 0) {
			*e = why;
			return false;
		}
	}
	return unfit(t, arena_printf(t->a, "the conversion cannot be made a function: %s", why.msg));
}

/* ---- all ---- */

static bool in_transaction(struct trial *t, struct err *e)
{
	struct dual_form *f = t->f;
	bool ok = db_script(t->db, t->a, OWN_TAG "BEGIN", TRY_MS, NULL, e) && view(t, VIEW_TO, f->to.sql, e) && view(t, VIEW_BACK, f->back.sql, e) && find_columns(t, e)
		&& names_table(t, &f->to, e) && names_table(t, &f->back, e);
	db_rollback(t->db);
	return ok;
}

/* The backfill's own trial: shape, type, volatility, and some rows: any, not only those that have no value, which may be the ones that do not convert. */
static bool expression(struct trial *t, const char *what, bool equals, struct err *e)
{
	struct backfill b;
	const char *why = NULL;
	bool back = what == BACK;
	struct plan p = { .name = "" };
	plan_defaults(&p);
	p.schema = t->o->schema;
	p.table = t->o->table;
	p.column = back ? t->o->column : t->o->add_column;
	p.backfill.value = back ? t->f->back.sql : t->f->to.sql;
	p.backfill.fills = equals ? "differences" : "nulls";
	if (!backfill_try(t->db, t->a, &p, t->o->sid, &b, &why, e))
		return false;
	return !why || unfit(t, arena_printf(t->a, "%s: %s", what, why));
}

static bool judge_trigger(struct trial *t, char *const *c)
{
	const char *old = sql_ident(t->a, t->o->column), *new = sql_ident(t->a, t->o->add_column);
	if (cell_bool(c[T_NEW_NOT_NULL]))
		return unfit(t, arena_printf(t->a, "column %s is NOT NULL: where a value does not convert, the application's write would fail. DROP NOT NULL until the old column goes", new));
	if (c[T_NEW_DEFAULT])
		return unfit(t, arena_printf(t->a, "column %s has a default: an insert that leaves it out could not be told from one that gives it. DROP DEFAULT until the old column goes", new));
	if (!t->o->back)
		return true;
	if (cell_bool(c[T_OLD_GENERATED]))
		return unfit(t, arena_printf(t->a, "column %s is generated: it cannot be written back", old));
	if (cell_bool(c[T_PARTITION_KEY]))
		return unfit(t, arena_printf(t->a, "column %s may decide in which partition a row is: no trigger may write it back", old));
	if (cell_bool(c[T_DEFAULT_VOLATILE]))
		return unfit(t, arena_printf(t->a, "column %s has a default that is another one each time: an insert that gives %s alone could not be told from one that gives both", old, new));
	return true;
}

static bool start(struct trial *t, char ***c, struct err *e)
{
	const struct dual_order *o = t->o;
	*t->unfit = NULL;
	*t->f = (struct dual_form){ .sid = o->sid, .id = arena_dupn(t->a, o->sid, ID_LEN), .schema = o->schema, .table = o->table,
		.to.sql = o->to ? o->to : sql_quoted(t->a, o->column), .back.sql = o->back };
	if (strlen(o->sid) < ID_LEN || strspn(o->sid, "0123456789abcdef") != strlen(o->sid))
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id is not hex");
	return find_table(t, c, e) && expression(t, TO, cell_bool((*c)[T_NEW_EQUALS]), e);
}

bool dualwrite_form(struct db *db, struct arena *a, const struct dual_order *o, struct dual_form *form, const char **why, struct err *e)
{
	struct trial t = { .db = db, .a = a, .o = o, .f = form, .unfit = why };
	char **c;
	return (start(&t, &c, e) && in_transaction(&t, e)) || *why;
}

bool dualwrite_try(struct db *db, struct arena *a, const struct dual_order *o, struct dual_form *form, const char **why, struct err *e)
{
	struct trial t = { .db = db, .a = a, .o = o, .f = form, .unfit = why };
	char **c;
	if (!start(&t, &c, e) || !judge_trigger(&t, c) || (o->back && !expression(&t, BACK, cell_bool(c[T_OLD_EQUALS]), e)))
		return *why != NULL;
	form->old_default = !o->back ? NULL : o->old_default ? o->old_default : c[T_OLD_DEFAULT];
	return in_transaction(&t, e) || *why;
}
