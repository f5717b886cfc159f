/* SPDX-License-Identifier: MIT */
#include "adapter/dualwrite.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/own.h"
#include "adapter/own_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"

#define US(col) "(extract(epoch FROM " col ") * 1000000)::bigint"

/* The identity of the order, kept with the seal. */
static const char *spec_of(struct arena *a, const struct dual_order *o)
{
	char hex[65];
	const char *text = arena_printf(a, "%s\n%s\n%s\n%s\n%s\n%s", o->schema, o->table, o->column, o->add_column, o->to ? o->to : "", o->back ? o->back : "");
	crypto_sha256_hex(text, strlen(text), hex);
	return arena_dup(a, hex);
}

/* ---- what stands ---- */

/* %1$s: the id. Functions by their names, triggers by theirs and by the functions that they call. */
#define FUNCTIONS_SQL \
"f AS (SELECT p.*, p.xmin AS made FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'gatewalk' AND p.proname ~ '^dual_%1$s(_(b|r|to|back|same))?$')"
#define TRIGGERS_SQL \
"g AS (SELECT t.oid, t.xmin AS made, t.tgrelid, t.tgname, t.tgenabled, t.tgparentid, n.nspname, c.relname FROM pg_trigger t JOIN f ON f.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n\n" \
"  ON n.oid = c.relnamespace WHERE t.tgname ~ '^(zz_|_)gatewalk_dual_%1$s(_i)?$')"
/* Of all of it, but of partitions nothing: they come and go. made: who switches it off, writes, and switches it on again, or so with a function, leaves another xmin. */
#define DIGEST_SQL \
"md5(concat_ws(E'\\n', (SELECT string_agg(concat_ws(' ', made, proname, proowner, prosecdef, proconfig, provolatile, proacl, prorettype, pg_get_function_arguments(f.oid), prosrc, pg_get_function_sqlbody(f.oid)),\n" \
"  E'\\n' ORDER BY proname) FROM f), (SELECT string_agg(concat_ws(' ', made, pg_get_triggerdef(g.oid), tgenabled), E'\\n' ORDER BY tgrelid, tgname) FROM g WHERE tgparentid = 0)))"

/* on: each relation of the tree, and what it has of ours; all are to have what the first has. */
static const char LOOK_SQL[] = OWN_TAG
"WITH RECURSIVE root AS (SELECT c.oid, o.attnum AS old, n.attnum AS new FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace AND s.nspname = $1\n"
"    LEFT JOIN pg_attribute o ON o.attrelid = c.oid AND o.attname = $3 LEFT JOIN pg_attribute n ON n.attrelid = c.oid AND n.attname = $4 WHERE c.relname = $2::text),\n"
"tree AS (SELECT oid FROM root UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid),\n"
FUNCTIONS_SQL ",\n" TRIGGERS_SQL ",\n"
"has AS (SELECT tree.oid, string_agg(concat_ws(' ', g.tgname, g.tgenabled, replace(pg_get_triggerdef(g.oid), format(' ON %%I.%%I ', g.nspname, g.relname), ' ON ')), E'\\n' ORDER BY g.tgname) FILTER (WHERE g.oid IS NOT NULL) AS what,\n"
"  coalesce(bool_and(g.tgenabled = 'A'), false) AS always FROM tree LEFT JOIN g ON g.tgrelid = tree.oid GROUP BY tree.oid),\n"
"first AS (SELECT what FROM has JOIN root USING (oid)),\n"
"others AS (SELECT DISTINCT t.tgname, t.tgtype, t.tgattr, t.tgrelid FROM pg_trigger t JOIN tree ON tree.oid = t.tgrelid WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.oid NOT IN (SELECT oid FROM g)),\n"
"early AS (SELECT tgname FROM others WHERE tgtype & 3 = 3 AND tgtype & 20 > 0)\n"
"SELECT (SELECT count(*) FROM f), (SELECT count(*) FROM g WHERE tgrelid = (SELECT oid FROM root)), coalesce((SELECT bool_and(always) FROM has), false), " DIGEST_SQL ",\n"
"  (SELECT obj_description(f.oid, 'pg_proc') FROM f WHERE proname = 'dual_%1$s'),\n"
"  (SELECT string_agg(oid::regclass::text, ', ' ORDER BY oid) FROM (SELECT oid FROM has WHERE what IS DISTINCT FROM (SELECT what FROM first) OR what IS NULL ORDER BY oid LIMIT 5) x),\n"
"  coalesce((SELECT string_agg(DISTINCT tgname, ', ') FROM early WHERE tgname::text COLLATE \"C\" > '" DUAL_LATE "%1$s'), ''),\n"
"  coalesce((SELECT string_agg(DISTINCT tgname, ', ') FROM early WHERE tgname::text COLLATE \"C\" < '" DUAL_EARLY "%1$s'), ''),\n"
"  coalesce((SELECT string_agg(DISTINCT tgname, ', ') FROM others, root WHERE root.old = ANY (tgattr)), ''),\n"
"  coalesce((SELECT string_agg(DISTINCT what, ', ') FROM (SELECT conname FROM pg_constraint JOIN root ON conrelid = root.oid WHERE root.new = ANY (conkey)\n"
"    UNION SELECT i.indexrelid::regclass::name FROM pg_index i JOIN root ON i.indrelid = root.oid WHERE i.indisunique AND root.new = ANY (i.indkey)) x (what)), ''),\n"
"  (SELECT count(*) FROM gatewalk.dual_reject WHERE sid = $5)";
enum { L_FUNCTIONS, L_TRIGGERS, L_ALWAYS, L_DIGEST, L_SEAL, L_LACKING, L_LATER, L_EARLIER, L_UPDATE_OF, L_REFUSING, L_REJECTS, L_COLS };

static const char *lacks(struct arena *a, const struct dual_order *o, char *const *c)
{
	int all = o->back ? 6 : 3, triggers = o->back ? 4 : 2;
	if (cell_int(c[L_FUNCTIONS]) == 0 && cell_int(c[L_TRIGGERS]) == 0)
		return "it is not there";
	if (c[L_SEAL] && !strstr(c[L_SEAL], spec_of(a, o)))
		return "it was made for another conversion";
	if (cell_int(c[L_FUNCTIONS]) != all || cell_int(c[L_TRIGGERS]) != triggers || !c[L_SEAL])
		return "not all of it is there";
	if (c[L_LACKING])
		return arena_printf(a, "it is not on each table, or another one there: %s", c[L_LACKING]);
	if (!cell_bool(c[L_ALWAYS]))
		return "it is switched off, or does not fire always";
	bool same = strcmp(c[L_SEAL], arena_printf(a, "%s %s", c[L_DIGEST], spec_of(a, o))) == 0;
	return same ? NULL : "it was changed, or off for a while, since it was put on";
}

bool dualwrite_look(struct db *db, struct arena *a, const struct dual_order *o, struct dualwrite_seen *out, struct err *e)
{
	struct rows r;
	const char *args[] = { o->schema, o->table, o->column, o->add_column, o->sid };
	const struct query q = { .sql = arena_printf(a, LOOK_SQL, arena_dupn(a, o->sid, 12)), .args = args, .nargs = 5, .cols = L_COLS, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the dual write");
	char **c = r.cell[0];
	*out = (struct dualwrite_seen){ .there = cell_int(c[L_FUNCTIONS]) > 0, .why = lacks(a, o, c), .later = c[L_LATER], .earlier = o->back ? c[L_EARLIER] : "",
		.update_of = o->back ? c[L_UPDATE_OF] : "", .refusing = c[L_REFUSING], .rejects = cell_int(c[L_REJECTS]) };
	out->digest = out->there ? c[L_DIGEST] : "";
	out->stands = !out->why;
	return true;
}

/* ---- taken away ---- */

/* Triggers first; those of partitions go with their parent's. */
static const char OURS_SQL[] = OWN_TAG
"WITH " FUNCTIONS_SQL ",\n" TRIGGERS_SQL "\n"
"SELECT tgname, format('DROP TRIGGER %%I ON %%I.%%I', tgname, nspname, relname) FROM g WHERE tgparentid = 0\n"
"UNION ALL SELECT * FROM (SELECT 'gatewalk.' || proname, format('DROP FUNCTION %%s', oid::regprocedure) FROM f ORDER BY proname) x";

static bool taking(struct db *db, struct arena *a, const char *sid, bool *there, const char **sql, struct err *e)
{
	struct rows r;
	struct text t = { 0 };
	if (!db_ask(db, a, &(struct query){ .sql = arena_printf(a, OURS_SQL, arena_dupn(a, sid, 12)), .cols = 2 }, &r, e))
		return err_in(e, "looking for the dual write");
	for (int i = 0; i < r.n; i++)
		if (own_is_ours(r.cell[i][0]))
			text_addf(&t, "%s;\n", r.cell[i][1]);
	*there = t.len > 0;
	text_addf(&t, "DELETE FROM gatewalk.dual_reject WHERE sid = %s", sql_literal(a, sid));
	*sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return true;
}

/* ---- put ---- */

static bool relations(struct db *db, struct arena *a, const struct dual_form *f, struct rows *r, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", f->relid) };
	return db_ask(db, a, &(struct query){ .sql = OWN_TAG "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
		"SELECT format('%I.%I', n.nspname, c.relname), c.relkind <> 'p' FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT c.relispartition\n"
		"  OR c.oid = $1::oid ORDER BY c.oid <> $1::oid, c.oid", .args = args, .nargs = 1, .cols = 2, .min_rows = 1 }, r, e);
}

/* taken: what takes away what stands; NULL nothing does. */
static const char *putting(struct db *db, struct arena *a, const struct dual_order *o, const struct dual_form *f, const char *taken, struct err *e)
{
	struct rows r;
	struct text t = { 0 };
	if (!relations(db, a, f, &r, e))
		return NULL;
	text_addf(&t, "%s%s%s", taken ? taken : "", taken ? ";\n" : "", dual_functions(a, f));
	for (int i = 0; i < r.n; i++)
		text_add(&t, dual_triggers(a, f, r.cell[i][0], cell_bool(r.cell[i][1])));
	text_addf(&t, "DO %s", sql_literal(a, arena_printf(a, "BEGIN EXECUTE (WITH " FUNCTIONS_SQL ",\n" TRIGGERS_SQL
		" SELECT format('COMMENT ON FUNCTION gatewalk.dual_%1$s() IS %%L', " DIGEST_SQL " || ' %2$s')); END", f->id, spec_of(a, o))));
	const char *sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return sql;
}

/* Columns, partitions and children, and what stands of it: %2$s, the table, as to_regclass takes it. */
static const char SHAPE_SQL[] =
"(WITH RECURSIVE " FUNCTIONS_SQL ",\n" TRIGGERS_SQL ",\n"
"tree AS (SELECT to_regclass(%2$s)::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
"SELECT md5(concat_ws(E'\\n', " DIGEST_SQL ", (SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM tree),\n"
"  (SELECT string_agg(concat_ws(' ', attnum, attname, atttypid, atttypmod, attcollation, attnotnull, attgenerated, pg_get_expr(adbin, adrelid)), E'\\n' ORDER BY attnum)\n"
"   FROM tree JOIN pg_attribute ON attrelid = oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped))))";
/* All of it, always enabled, and sealed as it is: %2$d functions, %3$d triggers on each relation but partitions, which have their parent's; %4$s the spec, %5$s the table. */
static const char ON_SQL[] =
"(WITH RECURSIVE " FUNCTIONS_SQL ",\n" TRIGGERS_SQL ",\n"
"tree AS (SELECT to_regclass(%5$s)::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
"SELECT (SELECT count(*) FROM f) = %2$d AND (SELECT bool_and((SELECT count(*) FROM g WHERE tgrelid = tree.oid AND tgenabled = 'A') = %3$d) FROM tree)\n"
"  AND (SELECT obj_description(f.oid, 'pg_proc') FROM f WHERE proname = 'dual_%1$s') = " DIGEST_SQL " || ' %4$s')";
static const char OFF_SQL[] = "(WITH " FUNCTIONS_SQL ",\n" TRIGGERS_SQL " SELECT NOT EXISTS (SELECT FROM f) AND NOT EXISTS (SELECT FROM g))";

static bool is_hex(const char *sid, struct err *e)
{
	return (strlen(sid) >= 12 && strspn(sid, "0123456789abcdef") == strlen(sid)) || err_set(e, ERR_INTERNAL, NULL, "the walk's id is not hex");
}

/* The shape is read first: what changes behind it is seen by whoever reads it again. */
static bool shape_now(struct db *db, struct arena *a, const struct dual_order *o, struct dualwrite_sql *out, struct err *e)
{
	const char *id = arena_dupn(a, o->sid, 12), *table = sql_literal(a, arena_printf(a, "%s.%s", sql_quoted(a, o->schema), sql_quoted(a, o->table)));
	struct rows r;
	out->shape_sql = arena_printf(a, SHAPE_SQL, id, table);
	out->on_sql = arena_printf(a, ON_SQL, id, o->back ? 6 : 3, o->back ? 4 : 2, spec_of(a, o), table);
	out->off_sql = arena_printf(a, OFF_SQL, id);
	if (!db_ask(db, a, &(struct query){ .sql = arena_printf(a, OWN_TAG "SELECT %s", out->shape_sql), .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e))
		return err_in(e, "looking at the table's columns");
	out->shape = r.cell[0][0];
	return true;
}

bool dualwrite_sql(struct db *db, struct arena *a, const struct dual_order *o, bool put, struct dualwrite_sql *out, const char **unfit, struct err *e)
{
	struct dual_form f;
	*unfit = NULL;
	*out = (struct dualwrite_sql){ .put = NULL };
	if (!is_hex(o->sid, e) || !shape_now(db, a, o, out, e) || !taking(db, a, o->sid, &out->replaces, &out->take, e))
		return false;
	if (!put)
		return true;
	if (!dualwrite_try(db, a, o, &f, unfit, e))
		return err_in(e, "trying the dual write");
	if (*unfit)
		return true;
	out->put = putting(db, a, o, &f, out->replaces ? out->take : NULL, e);
	return out->put || err_in(e, "making the dual write of %s.%s", o->schema, o->table);
}

bool dualwrite_rejects(struct db *db, struct arena *a, const char *sid, int max, struct dual_reject **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, arena_printf(a, "%d", max) };
	*n = 0;
	if (!db_ask(db, a, &(struct query){ .sql = OWN_TAG "SELECT way, key, value, sqlstate, error, " US("at") " FROM gatewalk.dual_reject WHERE sid = $1 ORDER BY n LIMIT $2::int",
			.args = args, .nargs = 2, .cols = 6 }, &r, e))
		return err_in(e, "reading what did not convert");
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++)
		(*out)[i] = (struct dual_reject){ r.cell[i][0], r.cell[i][1], r.cell[i][2], r.cell[i][3], r.cell[i][4], cell_int(r.cell[i][5]) };
	return true;
}
