/* SPDX-License-Identifier: MIT */
#include "adapter/dualwrite.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/blocker.h"
#include "adapter/own.h"
#include "adapter/own_private.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define STEP_MS 60000
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
"f AS (SELECT p.* FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'gatewalk' AND p.proname ~ '^dual_%1$s(_(b|r|to|back|same))?$')"
#define TRIGGERS_SQL \
"g AS (SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled, t.tgparentid, n.nspname, c.relname FROM pg_trigger t JOIN f ON f.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n\n" \
"  ON n.oid = c.relnamespace WHERE t.tgname ~ '^(zz_|_)gatewalk_dual_%1$s(_i)?$')"
/* Of all of it, but of partitions nothing: they come and go. */
#define DIGEST_SQL \
"md5(concat_ws(E'\\n', (SELECT string_agg(concat_ws(' ', proname, proowner, prosecdef, proconfig, provolatile, proacl, prorettype, pg_get_function_arguments(f.oid), prosrc, pg_get_function_sqlbody(f.oid)),\n" \
"  E'\\n' ORDER BY proname) FROM f), (SELECT string_agg(concat_ws(' ', pg_get_triggerdef(g.oid), tgenabled), E'\\n' ORDER BY tgrelid, tgname) FROM g WHERE tgparentid = 0)))"

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
	if (cell_int(c[L_FUNCTIONS]) != all || cell_int(c[L_TRIGGERS]) != triggers || !c[L_SEAL])
		return "not all of it is there";
	if (c[L_LACKING])
		return arena_printf(a, "it is not on each table, or another one there: %s", c[L_LACKING]);
	if (!cell_bool(c[L_ALWAYS]))
		return "one of its triggers is switched off, or does not fire always";
	if (strcmp(c[L_SEAL], arena_printf(a, "%s %s", c[L_DIGEST], spec_of(a, o))) == 0)
		return NULL;
	return strstr(c[L_SEAL], spec_of(a, o)) ? "it was changed since it was made" : "it was made for another conversion";
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
"SELECT tgname, format('DROP TRIGGER %%I ON %%I.%%I;', tgname, nspname, relname), tgrelid FROM g WHERE tgparentid = 0\n"
"UNION ALL SELECT * FROM (SELECT 'gatewalk.' || proname, format('DROP FUNCTION %%s;', oid::regprocedure), 0 FROM f ORDER BY proname) x";

struct removal { const char *sql; unsigned relid; };   /* relid: a table with a trigger; 0: none */

static bool removal(struct db *db, struct arena *a, const char *sid, struct removal *out, struct err *e)
{
	struct rows r;
	struct text t = { 0 };
	*out = (struct removal){ .sql = "" };
	if (!db_ask(db, a, &(struct query){ .sql = arena_printf(a, OURS_SQL, arena_dupn(a, sid, 12)), .cols = 3 }, &r, e))
		return err_in(e, "looking for the dual write");
	for (int i = 0; i < r.n; i++) {
		if (!own_is_ours(r.cell[i][0]))
			continue;
		text_addf(&t, "%s\n", r.cell[i][1]);
		if (cell_int(r.cell[i][2]))
			out->relid = (unsigned)cell_int(r.cell[i][2]);
	}
	out->sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return true;
}

/* own_step, and who stood in the way. */
static bool step(struct db *db, struct arena *a, const char *sql, unsigned relid, bool whole, struct err *e)
{
	struct err why = { 0 };
	if (own_step(db, a, sql, &why))
		return true;
	struct fact_blocker by;
	if (retry_is_lock(&why) && blocker_look(db, a, relid, whole, &by, NULL) && by.at)
		err_set(&why, ERR_WAIT, "Wait until it ends, or end it, and try again.", "the table's lock was not free for %d s: %s", (int)(OWN_PATIENCE / US_SECOND), blocker_says(a, &by));
	if (e)
		*e = why;
	return false;
}

static bool is_hex(const char *sid, struct err *e)
{
	return (strlen(sid) >= 12 && strspn(sid, "0123456789abcdef") == strlen(sid)) || err_set(e, ERR_INTERNAL, NULL, "the walk's id is not hex");
}

bool dualwrite_take(struct db *db, struct arena *a, const char *sid, const char *then, struct err *e)
{
	struct removal x;
	if (!is_hex(sid, e) || !removal(db, a, sid, &x, e))
		return false;
	if (!*x.sql && !then)
		return true;
	const char *sql = arena_printf(a, "%sDELETE FROM gatewalk.dual_reject WHERE sid = %s;\n%s%s", x.sql, sql_literal(a, sid), then ? then : "", then ? ";\n" : "");
	return step(db, a, sql, x.relid, true, e) || err_in(e, "taking the dual write away");
}

/* ---- put ---- */

static bool relations(struct db *db, struct arena *a, const struct dual_form *f, struct rows *r, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", f->relid) };
	return db_ask(db, a, &(struct query){ .sql = OWN_TAG "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
		"SELECT format('%I.%I', n.nspname, c.relname), c.relkind <> 'p' FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT c.relispartition\n"
		"  OR c.oid = $1::oid ORDER BY c.oid <> $1::oid, c.oid", .args = args, .nargs = 1, .cols = 2, .min_rows = 1 }, r, e);
}

/* The lock comes first and is the strongest that is needed: none is made stronger later. */
static const char *put_sql(struct db *db, struct arena *a, const struct dual_order *o, const struct dual_form *f, const char *then, struct err *e)
{
	struct rows r;
	struct removal old;
	struct text t = { 0 };
	if (!relations(db, a, f, &r, e) || !removal(db, a, o->sid, &old, e))
		return NULL;
	text_addf(&t, "LOCK TABLE %s.%s IN %s MODE;\n%s", sql_quoted(a, f->schema), sql_quoted(a, f->table), *old.sql ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE", old.sql);
	text_add(&t, dual_functions(a, f));
	for (int i = 0; i < r.n; i++)
		text_add(&t, dual_triggers(a, f, r.cell[i][0], cell_bool(r.cell[i][1])));
	text_addf(&t, "DO %s;\n", sql_literal(a, arena_printf(a, "BEGIN EXECUTE (WITH " FUNCTIONS_SQL ",\n" TRIGGERS_SQL
		" SELECT format('COMMENT ON FUNCTION gatewalk.dual_%1$s() IS %%L', " DIGEST_SQL " || ' %2$s')); END", f->id, spec_of(a, o))));
	if (then)
		text_addf(&t, "%s;\n", then);
	const char *sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return sql;
}

bool dualwrite_put(struct db *db, struct arena *a, const struct dual_order *o, const char *then, struct err *e)
{
	struct dual_form f;
	struct dualwrite_seen seen;
	const char *unfit = NULL;
	if (!is_hex(o->sid, e) || !dualwrite_look(db, a, o, &seen, e))
		return false;
	if (seen.stands)
		return !then || own_step(db, a, arena_printf(a, "%s;\n", then), e);
	if (!dualwrite_try(db, a, o, &f, &unfit, e))
		return err_in(e, "trying the dual write");
	if (unfit)
		return err_set(e, ERR_GATE, NULL, "%s", unfit);
	const char *sql = put_sql(db, a, o, &f, then, e);
	return (sql && step(db, a, sql, f.relid, seen.there, e)) || err_in(e, "putting the dual write on %s.%s", o->schema, o->table);
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
