/* SPDX-License-Identifier: MIT */
/* An index that comes: what the server says of its statement, tried on an empty table of the same columns and rolled back; which rows stand in the way
   of a unique one; and whether what stands under its name is what the plan says. */
#include "adapter/probe_trial.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"
#include "port/db.h"

#define NAMED_MAX 3   /* keys */

/* What bears the name already, and who builds it right now. */
static const char NAMED_SQL[] =
"/* gatewalk */ SELECT i.indrelid IS NOT DISTINCT FROM t.oid, coalesce(i.indisvalid AND i.indisready, true),\n"
"  coalesce((SELECT min(pid) FROM pg_stat_progress_create_index WHERE index_relid = x.oid), 0)\n"
"FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_class x ON x.relnamespace = n.oid AND x.relname = $3 LEFT JOIN pg_index i ON i.indexrelid = x.oid\n"
"WHERE n.nspname = $1 AND t.relname = $2";

static bool against(struct db *db, struct arena *a, const struct plan *p, const struct fact_target *t, const char **unfit, struct err *e)
{
	const char *args[] = { p->schema, p->table, p->add_name }, *name = sql_ident(a, p->add_name);
	struct rows r;
	if (t->partitioned) {
		*unfit = "the table is partitioned, and the server builds an index beside writes for one partition at a time; give each partition its own, by a walk of its own";
		return true;
	}
	if (!db_ask(db, a, &(struct query){ .sql = NAMED_SQL, .args = args, .nargs = 3, .cols = 3, .max_rows = 1 }, &r, e))
		return false;
	if (r.n && !cell_bool(r.cell[0][0]))
		*unfit = arena_printf(a, "something else of schema %s is named %s already", sql_ident(a, p->schema), name);
	else if (r.n && cell_bool(r.cell[0][1]))
		*unfit = arena_printf(a, "the table has an index %s already", name);
	else if (r.n && cell_int(r.cell[0][2]))
		*unfit = arena_printf(a, "pid %s builds an index %s right now", r.cell[0][2], name);
	return true;
}

/* In a transaction, which the caller rolls back. */
static bool make(struct db *db, struct arena *a, const struct plan *p, const char **unfit, struct err *e)
{
	struct err why = { 0 };
	struct plan trial = *p;
	trial.schema = "pg_temp";
	trial.table = TRIAL;
	const char *table = arena_printf(a, "BEGIN READ WRITE; SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '5s'; CREATE TEMPORARY TABLE " TRIAL " (LIKE %s.%s) ON COMMIT DROP",
		sql_quoted(a, p->schema), sql_quoted(a, p->table));
	if (!db_script(db, a, table, 0, NULL, e))
		return false;
	return db_ask(db, a, &(struct query){ .sql = rule_spelt(a, &trial, "pg_temp." TRIAL, false, true) }, NULL, &why) || trial_refused(a, "index", &why, unfit, e);
}

bool probe_index(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e)
{
	struct err why = { 0 };
	if (!against(db, a, p, t, &t->unfit, e))
		return err_in(e, "looking whether the index is there already");
	if (t->unfit)
		return true;
	bool ok = make(db, a, p, &t->unfit, &why);
	db_rollback(db);
	if (!ok && e)
		*e = why;
	return ok || err_in(e, "trying the index on an empty table");
}

/* Names of columns, not their numbers: those of the empty table are others where a column was dropped. */
#define SHAPE_SQL "SELECT concat_ws(' ', m.amname, i.indisunique, coalesce(to_jsonb(i)->>'indnullsnotdistinct', 'false'), i.indclass, i.indcollation, i.indoption, c.reloptions,\n" \
	"  (SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n) FROM generate_series(1, i.indnatts) n), pg_get_expr(i.indpred, i.indrelid, true))\n" \
	"FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam WHERE c.relname = $1 AND i.indrelid = "

bool probe_index_same(struct db *db, struct arena *a, const struct plan *p, unsigned relid, bool *same, struct err *e)
{
	const char *args[] = { p->add_name, arena_printf(a, "%u", relid) }, *unfit = NULL;
	struct err why = { 0 };
	struct rows r;
	const struct query q = { .sql = "/* gatewalk */ SELECT (" SHAPE_SQL "to_regclass('pg_temp." TRIAL "')) = (" SHAPE_SQL "$2::oid)", .args = args, .nargs = 2, .cols = 1, .min_rows = 1, .max_rows = 1 };
	bool ok = make(db, a, p, &unfit, &why) && !unfit && db_ask(db, a, &q, &r, &why);
	db_rollback(db);
	*same = ok && cell_bool(r.cell[0][0]);
	if (!ok && !unfit && e)
		*e = why;
	return ok || unfit || err_in(e, "comparing the index with the plan");
}

/* What it is of, without the order and the operator classes that the plan's list may have. */
static const char KEYS_SQL[] =
"/* gatewalk */ SELECT string_agg(format('(%s)%s', pg_get_indexdef(i.indexrelid, n, true), ' COLLATE ' || nullif(i.indcollation[n - 1], 0::oid)::regcollation), ', ' ORDER BY n)\n"
"FROM pg_index i, generate_series(1, i.indnkeyatts) n WHERE i.indrelid = to_regclass('pg_temp." TRIAL "')";

static const char *keys(struct db *db, struct arena *a, const struct plan *p, struct err *e)
{
	const char *unfit = NULL, *got = NULL;
	struct err why = { 0 };
	if (make(db, a, p, &unfit, &why) && unfit)
		err_set(&why, ERR_GATE, NULL, "%s", unfit);
	else if (why.code == ERR_NONE)
		got = db_value(db, a, &(struct query){ .sql = KEYS_SQL }, &why);
	db_rollback(db);
	if (!got && e)
		*e = why;
	return got;
}

bool probe_doubles(struct db *db, struct arena *a, const struct plan *p, int ms, struct fact_broken *out, struct err *e)
{
	const char *key = p->add_unique ? keys(db, a, p, e) : "";
	if (!key)
		return err_in(e, "looking what the index is of");
	/* As the server asks: a key with a null in it is like no other. */
	const char *from = !p->add_unique ? "SELECT NULL AS k, 0 AS n WHERE false" : arena_printf(a, "SELECT ROW(%s) AS k, count(*) AS n FROM %s.%s WHERE (%s) AND ROW(%s) IS NOT NULL GROUP BY 1 HAVING count(*) > 1",
		key, sql_quoted(a, p->schema), sql_quoted(a, p->table), p->add_where ? p->add_where : "true", key);
	const struct query q = { .sql = arena_printf(a, "/* gatewalk */ WITH d AS (%s) SELECT coalesce((SELECT sum(n) FROM d), 0), (SELECT string_agg(left(k::text, 100), ', ') FROM (SELECT k FROM d LIMIT %d) f),\n"
		"(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", from, NAMED_MAX), .ms = ms, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "counting the rows whose key stands more than once");
	*out = (struct fact_broken){ .at = cell_int(r.cell[0][2]), .rows = cell_int(r.cell[0][0]), .first = r.cell[0][1] ? text_clean(a, r.cell[0][1]) : NULL };
	return true;
}
