/* SPDX-License-Identifier: MIT */
/* What can be found before the first batch. The server itself reads the plan's expression, in a temporary view that is rolled back: its
   stored form names each function and operator, so a volatile one and a subquery are seen whatever they are called. It is read twice,
   bare and in brackets: what holds both ways is one expression, and nothing of it can reach out of the brackets that are put around it. */
#include "adapter/backfill_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"

#define HIGHEST_LINE 28   /* bytes that a line takes at the least: its pointer and its header */

static const char TARGET_SQL[] = OWN_TAG
"WITH RECURSIVE c AS (SELECT c.* FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2::text),\n"
"tree AS (SELECT oid FROM c UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid),\n"
"k AS (SELECT i.indrelid, i.indkey FROM pg_index i JOIN c ON c.oid = i.indrelid WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL\n"
"  AND NOT EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = c.oid AND x.attnum = ANY (i.indkey) AND NOT x.attnotnull) ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1)\n"
"SELECT c.oid, a.attnum, c.relkind, c.relpersistence, a.attgenerated <> '', a.attidentity <> '', a.attnotnull,\n"
"  (SELECT string_agg(r.rulename, ', ') FROM pg_rewrite r JOIN tree ON tree.oid = r.ev_class WHERE r.ev_type = '2'),\n"
"  coalesce((SELECT string_agg(DISTINCT g.tgname, ', ') FROM pg_trigger g JOIN tree ON tree.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgtype & 16 > 0 AND g.tgenabled <> 'D'\n"
"    AND g.tgname !~ '^((_|zz_)?gatewalk_)'), ''),\n"
"  (SELECT string_agg(x.oid::regclass::text, ', ') FROM tree JOIN pg_class x USING (oid) LEFT JOIN pg_am m ON m.oid = x.relam WHERE x.relkind NOT IN ('r', 'p') OR m.amname <> 'heap'),\n"
"  (SELECT string_agg(format('format(''%%s=%%s'', %L, %I.%I)', x.attname, $2::text, x.attname), ', ' ORDER BY array_position(k.indkey::int2[], x.attnum)) FROM k JOIN pg_attribute x\n"
"    ON x.attrelid = k.indrelid AND x.attnum = ANY (k.indkey)),\n"
"  current_setting('block_size')::int, has_table_privilege(c.oid, 'UPDATE') OR has_column_privilege(c.oid, a.attnum, 'UPDATE'), format_type(a.atttypid, a.atttypmod),\n"
"  (SELECT format_type(x.atttypid, x.atttypmod) FROM pg_attribute x WHERE x.attrelid = c.oid AND x.attname = $4 AND NOT x.attisdropped)\n"
"FROM c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped";
enum { T_OID, T_ATTNUM, T_KIND, T_PERSISTENCE, T_GENERATED, T_IDENTITY, T_NOT_NULL, T_RULES, T_TRIGGERS, T_OTHERS, T_KEY, T_BLOCK, T_MAY, T_TYPE, T_OTHER, T_COLS };

/* Of the view's stored form. Texts of the plan stand in it as bytes, so no word of theirs is mistaken for one of the server's. */
static const char FORM_SQL[] = OWN_TAG
"WITH RECURSIVE v AS (SELECT oid FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname = 'gatewalk_try'),\n"
"act AS (SELECT r.oid, r.ev_action::text AS t FROM pg_rewrite r JOIN v ON v.oid = r.ev_class),\n"
"fn AS (SELECT m[1]::oid AS oid FROM act, regexp_matches(t, ':(?:funcid|opfuncid|winfnoid|aggfnoid) (\\d+)', 'g') m\n"
"  UNION SELECT o.oprcode FROM act, regexp_matches(t, ':opno (\\d+)', 'g') m JOIN pg_operator o ON o.oid = m[1]::oid),\n"
"base AS (SELECT $1::oid AS rel, $2::smallint AS att, a.atttypid AS typ FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum = $2::smallint\n"
"  UNION SELECT rel, att, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typ WHERE t.typtype = 'd')\n"
"SELECT (SELECT bool_or(t ~ '\\{(SUBLINK|NEXTVALUEEXPR)') FROM act), (SELECT string_agg(DISTINCT p.oid::regprocedure::text, ', ') FROM fn JOIN pg_proc p USING (oid) WHERE p.provolatile = 'v'),\n"
"  format_type(x.atttypid, x.atttypmod), x.atttypid IN (SELECT typ FROM base) OR EXISTS (SELECT FROM pg_cast JOIN base ON castsource = x.atttypid AND casttarget = typ AND castcontext = 'i'),\n"
"  (SELECT string_agg(format('format(''%%s=%%s'', %L, %I.%I)', c.attname, $3::text, c.attname), ', ' ORDER BY c.attnum) FROM pg_attribute c WHERE c.attrelid = $1::oid AND c.attnum > 0\n"
"    AND EXISTS (SELECT FROM pg_depend d JOIN act ON act.oid = d.objid AND d.classid = 'pg_rewrite'::regclass WHERE d.refobjid = c.attrelid AND d.refobjsubid = c.attnum))\n"
"FROM v JOIN pg_attribute x ON x.attrelid = v.oid AND x.attname = 'gatewalk_value'";

struct trial {
	struct backfill *b;
	struct arena *a;
	const char *field;            /* of the plan, that holds the expression */
	const char **unfit;
};

static bool unfit(struct trial *t, const char *why)
{
	*t->unfit = why;
	return false;
}

/* Words over a row, cut to what a screen shows. */
static const char *words(struct arena *a, const char *formats, int most)
{
	return formats ? arena_printf(a, "left(concat_ws(', ', %s), %d)", formats, most) : NULL;
}

static bool judge_target(struct trial *t, char *const *c)
{
	struct backfill *b = t->b;
	const struct plan *p = b->plan;
	bool nulls = !text_eq(p->backfill.fills, "differences");
	if (!c[T_ATTNUM])
		return unfit(t, arena_printf(b->a, "table %s has no column %s", b->alias, b->column));
	if (c[T_KIND][0] != 'r' && c[T_KIND][0] != 'p')
		return unfit(t, arena_printf(b->a, "%s is no table", b->alias));
	if (c[T_PERSISTENCE][0] == 't')
		return unfit(t, "a temporary table is not filled");
	if (c[T_OTHERS])
		return unfit(t, arena_printf(b->a, "not all of it are tables whose rows have places: %s", c[T_OTHERS]));
	if (cell_bool(c[T_GENERATED]) || cell_bool(c[T_IDENTITY]))
		return unfit(t, arena_printf(b->a, "the server gives column %s its value itself: it is %s", b->column, cell_bool(c[T_GENERATED]) ? "generated" : "an identity"));
	if (cell_bool(c[T_NOT_NULL]) && nulls)
		return unfit(t, arena_printf(b->a, "column %s is NOT NULL, so no row is empty; write backfill.fills: differences, or make it NOT NULL behind the backfill", b->column));
	if (c[T_RULES])
		return unfit(t, arena_printf(b->a, "a rule rewrites updates of the table: %s", c[T_RULES]));
	if (!cell_bool(c[T_MAY]))
		return unfit(t, "this login may not update the table");
	return true;
}

static bool find_target(struct trial *t, struct err *e)
{
	struct backfill *b = t->b;
	struct rows r;
	const char *other = archetype_beside(plan_recipe(b->plan)) && b->plan->convert_back ? b->plan->column : NULL;
	const char *args[] = { b->plan->schema, b->plan->table, backfill_column(b->plan), other };
	if (!db_ask(b->db, b->a, &(struct query){ .sql = TARGET_SQL, .args = args, .nargs = 4, .cols = T_COLS, .max_rows = 1 }, &r, e))
		return false;
	if (r.n == 0)
		return unfit(t, arena_printf(b->a, "there is no table %s.%s", sql_ident(b->a, b->plan->schema), sql_ident(b->a, b->plan->table)));
	char **c = r.cell[0];
	if (!judge_target(t, c))
		return false;
	b->relid = (unsigned)cell_int(c[T_OID]);
	b->attnum = (int)cell_int(c[T_ATTNUM]);
	b->triggers = c[T_TRIGGERS];
	b->line_max = (int)cell_int(c[T_BLOCK]) / HIGHEST_LINE;
	b->key = words(b->a, c[T_KEY], 200);
	if (!b->key)
		b->key = arena_printf(b->a, "format('row at %%s', %s.ctid)", b->alias);
	b->type = c[T_TYPE];
	b->other_type = c[T_OTHER];
	b->other = other ? sql_quoted(b->a, other) : NULL;
	if (other && !b->other_type)
		return unfit(t, arena_printf(b->a, "table %s has no column %s", b->alias, b->other));
	return true;
}

/* One statement of the trial. What the server says of the expression is the reason; another failure is an error. */
static bool holds(struct trial *t, const char *what, const char *sql, struct err *e)
{
	struct err own = { 0 };
	if (db_ask(t->b->db, t->a, &(struct query){ .sql = sql, .cols = -1 }, NULL, &own))
		return true;
	if (own.code == ERR_DB && strcmp(own.sqlstate, "42501") != 0)
		return unfit(t, arena_printf(t->b->a, "%s cannot be used: %s", what, own.msg));
	*e = own;
	return err_in(e, "trying %s", what);
}

/* A view of so many columns, made and taken away again. */
static bool view(struct trial *t, const char *what, const char *list, const char *where, struct err *e)
{
	const struct backfill *b = t->b;
	const char *sql = arena_printf(t->a, "CREATE OR REPLACE TEMPORARY VIEW gatewalk_bare AS SELECT %s\nFROM %s.%s AS %s%s%s\n", list, sql_quoted(t->a, b->plan->schema),
		sql_quoted(t->a, b->plan->table), b->alias, where ? " WHERE " : "", where ? where : "");
	return holds(t, what, sql, e) && holds(t, what, "DROP VIEW gatewalk_bare", e);
}

static bool judge_form(struct trial *t, struct err *e)
{
	struct backfill *b = t->b;
	struct rows r;
	const char *args[] = { arena_printf(t->a, "%u", b->relid), arena_printf(t->a, "%d", b->attnum), b->plan->table };
	if (!db_ask(b->db, b->a, &(struct query){ .sql = FORM_SQL, .args = args, .nargs = 3, .cols = 5, .min_rows = 1, .max_rows = 1 }, &r, e))
		return false;
	char **c = r.cell[0];
	if (cell_bool(c[0]))
		return unfit(t, "the backfill's expression may hold no subquery: only the row's own columns");
	if (c[1])
		return unfit(t, arena_printf(b->a, "the backfill's expression is volatile: %s may give another value each time", c[1]));
	if (!cell_bool(c[3]))
		return unfit(t, arena_printf(b->a, "the backfill's expression is of type %s and column %s of type %s: write (...)::%s", c[2], b->column, b->type, b->type));
	b->shown = words(b->a, c[4], 500);
	b->shown = b->shown ? b->shown : "''";
	return true;
}

static bool try_form(struct trial *t, struct err *e)
{
	const struct backfill *b = t->b;
	const struct plan_backfill *f = &b->plan->backfill;
	const char *both = arena_printf(t->a, "CREATE TEMPORARY VIEW gatewalk_try AS SELECT (%s\n) AS gatewalk_value%s%s%s FROM %s.%s AS %s", f->value,
		f->where ? ", (" : "", f->where ? f->where : "", f->where ? "\n)::boolean AS gatewalk_where" : "", sql_quoted(t->a, b->plan->schema), sql_quoted(t->a, b->plan->table), b->alias);
	if (!view(t, t->field, arena_printf(t->a, "1 AS gatewalk_one, %s", f->value), NULL, e) || (f->where && !view(t, "backfill.where", "1 AS gatewalk_one", f->where, e)))
		return false;
	if (!holds(t, f->where ? arena_printf(t->a, "%s or backfill.where", t->field) : t->field, both, e) || !judge_form(t, e))
		return false;
	/* The UPDATE itself: aggregates, sets, and what else it does not take. */
	const struct backfill_leaf all = { b->relid, arena_printf(t->a, "%s.%s", sql_quoted(t->a, b->plan->schema), sql_quoted(t->a, b->plan->table)), 0, 0 };
	return holds(t, t->field, arena_printf(t->a, "EXPLAIN %s", backfill_update(b, t->a, &all, backfill_todo(b, t->a, NULL), "1")), e);
}

bool backfill_try(struct db *db, struct arena *a, const struct plan *p, const char *sid, struct backfill *out, const char **why, struct err *e)
{
	struct trial t = { .b = out, .a = arena_new(), .field = archetype_beside(plan_recipe(p)) ? "the conversion" : "backfill.value", .unfit = why };
	struct err own = { 0 };
	*why = NULL;
	*out = (struct backfill){ .db = db, .a = a, .plan = p, .sid = sid, .alias = sql_quoted(a, p->table), .column = sql_quoted(a, backfill_column(p)) };
	bool ok = find_target(&t, &own) && db_script(db, t.a, OWN_TAG "BEGIN; SET LOCAL statement_timeout = '" BACKFILL_ROW "'; SET CONSTRAINTS ALL IMMEDIATE", BACKFILL_MS, NULL, &own) && try_form(&t, &own) &&
		backfill_sample(out, t.a, why, &own);
	db_rollback(db);
	arena_free(t.a);
	if (!ok && !*why && e)
		*e = own;
	return ok || *why;
}
