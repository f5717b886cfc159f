/* SPDX-License-Identifier: MIT */
/* The whole way, from files alone, in a scratch database: definitions, data, the drop's own statement, what fell, and the way
   back. The target's triggers stay off: they may reach outside. */
#include "adapter/drill_parts.h"

#include <string.h>

#include "adapter/drill.sql.h"
#include "adapter/probe.h"
#include "adapter/probe_target.h"
#include "adapter/rows_stage.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"

/* What says that the drill failed, rather than that it could not be held. */
bool drill_problem(const struct drill *d, const char *what)
{
	if (!d->out->problem)
		d->out->problem = arena_dup(d->a, what);
	return false;
}

/* Statements that the server writes from its own catalogue, run one by one. */
static bool run_all(const struct drill *d, const struct rows *list, struct err *e)
{
	for (int i = 0; i < list->n; i++)
		if (!db_script(d->db, d->a, list->cell[i][0], SNAP_IDLE_MS, NULL, e))
			return false;
	return true;
}

static bool ask_statements(const struct drill *d, const char *sql, struct rows *out, struct err *e)
{
	const char *args[] = { d->m->schema, d->m->table, d->m->column, d->m->fact.scope == SNAP_COLUMN ? "true" : "false" };
	return db_ask(d->db, d->a, &(struct query){ .sql = sql, .args = args, .nargs = 4, .ms = SNAP_QUERY_MS, .cols = 1 }, out, e);
}

static bool statements(const struct drill *d, struct rows *before, struct rows *after, struct err *e)
{
	if (manifest_of_table(d->m))
		return drill_table_statements(d, before, after, e);
	return ask_statements(d, DRILL_BEFORE_SQL, before, e) && ask_statements(d, DRILL_AFTER_SQL, after, e);
}

/* With scope column the other columns stay at their defaults, so their own NOT NULL and CHECK cannot hold. */
static bool drop_not_nulls(const struct drill *d, struct err *e)
{
	static const char sql[] = "SELECT format('ALTER TABLE %I.%I ALTER COLUMN %I DROP NOT NULL', n.nspname, c.relname, a.attname), a.attname\n"
		"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid\n"
		"WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND a.attidentity = ''";
	const char *args[] = { d->m->schema, d->m->table };
	struct rows rows;
	if (d->m->fact.scope != SNAP_COLUMN)
		return true;
	if (!db_ask(d->db, d->a, &(struct query){ .sql = sql, .args = args, .nargs = 2, .cols = 2 }, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++) {
		bool ours = false;
		for (size_t k = 0; k < d->m->n_cols; k++)
			ours = ours || strcmp(d->m->cols[k].name, rows.cell[i][1]) == 0;
		if (!ours && !db_script(d->db, d->a, rows.cell[i][0], SNAP_QUERY_MS, NULL, e))
			return false;
	}
	return true;
}

static bool load(const struct drill *d, struct err *e)
{
	struct data_source *s = data_source_new(d->a, d->m, d->m->fact.path, d->o, "load");
	int64_t rows = -1;
	const char *sql = arena_printf(d->a, "COPY %s (%s) FROM STDIN", manifest_table(d->a, d->m), manifest_columns(d->a, d->m, ""));
	bool ok = db_copy_in(d->db, sql, SNAP_IDLE_MS, data_source_next, s, &rows, e);
	data_source_free(s);
	return ok && (rows == d->m->fact.rows || err_set(e, ERR_VERIFY, NULL, "%lld of %lld rows could be loaded", (long long)rows, (long long)d->m->fact.rows));
}

static bool same_lists(const char *const *x, size_t n, const char *const *y, size_t k)
{
	for (size_t i = 0; i < n && i < k; i++)
		if (strcmp(x[i], y[i]) != 0)
			return false;
	return n == k;
}

static bool definitions(struct drill *d, struct err *e)
{
	const char *why;
	if (!snap_tick(d->o, "definitions", 0, 0, "", e) || !schema_load(d->a, d->db, path_join(d->a, d->m->fact.path, SCHEMA_NAME), &why, e))
		return false;
	if (why)
		return drill_problem(d, arena_printf(d->a, "the definitions do not load: %s", why));
	return !manifest_of_table(d->m) || drill_table_owners(d, e);
}

static bool build(struct drill *d, struct err *e)
{
	struct rows before, after;
	/* The second list is made before the first one removes what it is made from. Removed rows come back as new ones, and would be held
	   against tables that are empty here: their foreign keys stay off. */
	return statements(d, &before, &after, e) && run_all(d, &before, e) && drop_not_nulls(d, e) && load(d, e)
		&& (d->m->fact.scope == SNAP_ROWS || run_all(d, &after, e)) && (!manifest_of_table(d->m) || drill_table_keep(d, e));
}

static bool look(struct drill *d, struct fact_target *t, struct err *e)
{
	const char **falls = d->m->falls;
	size_t n_falls = d->m->n_falls;
	if (!probe_target(d->db, d->a, d->o->plan, t, e))
		return false;
	if (!t->found)
		return drill_problem(d, t->missing);
	if (t->n_blockers > 0)
		return drill_problem(d, arena_printf(d->a, "the drop would ask for CASCADE: %s", t->blockers[0]));
	if (manifest_of_table(d->m))
		drill_table_falls(d, &falls, &n_falls);
	if (!same_lists(t->falls, t->n_falls, falls, n_falls))
		return drill_problem(d, "what would fall in the scratch database is not what would fall in the source");
	return true;
}

/* Everything that was there before and is not there any more. */
static bool drop(struct drill *d, const struct fact_target *t, struct err *e)
{
	struct rows rows;
	const char *args[] = { arena_printf(d->a, "%u", t->relid), arena_printf(d->a, "%d", t->attnum) };
	const bool table = manifest_of_table(d->m);
	const char *before = DRILL_OBJECTS_SQL, *gone = table ? DRILL_TABLE_GONE_SQL : DRILL_GONE_SQL;
	if (!db_script(d->db, d->a, before, SNAP_QUERY_MS, NULL, e)
			|| !db_script(d->db, d->a, sql_statement(d->a, d->o->plan, t), SNAP_IDLE_MS, NULL, e)
			|| !db_ask(d->db, d->a, &(struct query){ .sql = gone, .args = args, .nargs = table ? 1 : 2, .ms = SNAP_QUERY_MS, .cols = 1 }, &rows, e))
		return false;
	const char **fell = arena_array(d->a, (size_t)rows.n + 1, sizeof *fell);
	size_t n = 0;
	for (int i = 0; i < rows.n; i++)
		if (!target_lets_go(t, rows.cell[i][0]))
			fell[n++] = rows.cell[i][0];
	if (!d->out->fell) {   /* of two drops the first one, of an empty table, had all of it */
		d->out->fell = fell;
		d->out->n_fell = n;
	}
	return same_lists(fell, n, t->falls, t->n_falls) || drill_problem(d, "what fell with it is not what was found before");
}

static bool same_definitions(struct drill *d, struct err *e)
{
	const char *difference = drill_table_compare(d, e);
	return difference && (*difference == '\0' || drill_problem(d, difference));
}

static bool way_back(struct drill *d, struct err *e)
{
	struct snapshot_opts o = *d->o;
	struct restore_end end = { 0 };
	struct fact_target t;
	char hex[65];
	int64_t rows;
	o.conninfo = d->conninfo;
	if (!(manifest_of_table(d->m) ? restore_table_run : restore_run)(d->a, &o, d->m, true, &end, e))
		return false;
	d->out->restore_us = end.took_us;
	if (end.n_left > 0)
		return drill_problem(d, arena_printf(d->a, "the way back left something: %s", end.left[0]));
	if (!snap_digest(d->db, d->m, manifest_copy(d->a, d->m, manifest_table(d->a, d->m), d->m->partitioned), hex, &rows, e))
		return false;
	if (rows != d->m->fact.rows || strcmp(hex, d->m->digest) != 0)
		return drill_problem(d, "what came back is not equal to the snapshot");
	return look(d, &t, e) && (!manifest_of_table(d->m) || same_definitions(d, e));
}

static bool drop_and_back(struct drill *d, struct err *e)
{
	struct fact_target t;
	return look(d, &t, e) && snap_tick(d->o, "drop", 0, 0, "", e) && drop(d, &t, e) && way_back(d, e);
}

static bool without_rows(struct drill *d, struct err *e)
{
	struct manifest none;
	const struct manifest *m = d->m;
	if (!manifest_of_table(m) || !drill_table_without(d, &none))
		return true;
	d->m = &none;
	bool ok = drill_table_keep(d, e) && drop_and_back(d, e) && db_script(d->db, d->a, "DROP TABLE gatewalk_before", SNAP_QUERY_MS, NULL, e);
	drill_table_end(d);
	d->m = m;
	return ok;
}

#define DRILL_STAGE "gatewalk_drill.rows"

static bool count_is(struct drill *d, const char *want, const char *why, struct err *e)
{
	const char *n = db_value(d->db, d->a, &(struct query){ .sql = arena_printf(d->a, "SELECT count(*) FROM %s", manifest_table(d->a, d->m)), .ms = SNAP_SCAN_MS }, e);
	return n && (strcmp(n, want) == 0 || drill_problem(d, why));
}

/* By the words of the removal itself, all at once. */
static bool remove_rows(struct drill *d, const struct rows_stage *s, struct err *e)
{
	struct rows left;
	const struct query q = { .sql = arena_printf(d->a, "%sSELECT count(*) FROM l", rows_delete_sql(s, d->a, 0, d->m->fact.rows, NULL)), .ms = SNAP_SCAN_MS,
		.cols = 1, .min_rows = 1, .max_rows = 1 };
	if (!snap_tick(d->o, "drop", 0, 0, "", e) || !db_ask(d->db, d->a, &q, &left, e))
		return false;
	if (strcmp(left.cell[0][0], "0") != 0)
		return drill_problem(d, arena_printf(d->a, "%s rows were not found equal to those they were loaded from", left.cell[0][0]));
	return count_is(d, "0", "the removal left rows", e);
}

static bool rows_back(struct drill *d, const struct rows_stage *s, struct err *e)
{
	struct restore_end end = { 0 };
	struct restore r = { .a = d->a, .o = d->o, .db = d->db, .m = *d->m, .drill = true, .end = &end };
	char hex[65];
	int64_t rows, began = clock_mono();
	if (!rows_put_back(&r, s, "true", d->m->fact.rows, e))
		return false;
	d->out->restore_us = clock_mono() - began;
	if (end.n_left > 0)
		return drill_problem(d, arena_printf(d->a, "the way back left something: %s", end.left[0]));
	if (!snap_digest(d->db, d->m, manifest_copy(d->a, d->m, manifest_table(d->a, d->m), true), hex, &rows, e))
		return false;
	return (rows == d->m->fact.rows && strcmp(hex, d->m->digest) == 0) || drill_problem(d, "the rows that came back are not equal to the snapshot");
}

/* Nothing but rows goes and comes; nothing falls. */
static bool hold_rows(struct drill *d, struct err *e)
{
	struct rows_stage s;
	struct fact_target t;
	struct snapshot_opts o = *d->o;
	o.conninfo = d->conninfo;
	return look(d, &t, e) && db_script(d->db, d->a, "CREATE SCHEMA gatewalk_drill", SNAP_QUERY_MS, NULL, e) &&
		rows_stage_open(d->db, d->a, &o, d->m->fact.path, DRILL_STAGE, &s, e) && rows_stage_fill(d->db, &s, e) && remove_rows(d, &s, e) && rows_back(d, &s, e);
}

/* Did the scratch database say no, or were we stopped, cut off, or unable to begin? */
static bool is_verdict(const struct err *e)
{
	return e->code == ERR_DB || e->code == ERR_VERIFY || e->code == ERR_LEFT;
}

static bool hold(struct drill *d, struct err *e)
{
	struct scratch s;
	if (!scratch_open(d->a, d->o, &s, e))
		return false;
	d->db = s.db;
	d->conninfo = s.conninfo;
	bool adds = target_comes(plan_target(d->o->plan)), ok = definitions(d, e) && (adds || without_rows(d, e));
	int64_t began = clock_mono();
	ok = ok && build(d, e) && (adds ? drill_added(d, began, e) : d->m->fact.scope == SNAP_ROWS ? hold_rows(d, e) : drop_and_back(d, e));
	drill_table_end(d);
	scratch_close(d->a, &s);
	if (!ok && !d->out->problem && is_verdict(e))
		drill_problem(d, text_clean(d->a, e->msg));
	d->out->passed = ok;
	return ok || d->out->problem;
}

static bool end_at(struct drill *d, const struct fact_server *server, int64_t began, struct err *e)
{
	struct db *db = db_open(&(struct db_opts){ .conninfo = d->o->conninfo, .app = "gatewalk drill" }, e);
	bool ok = db && probe_now(db, &d->out->at, e);
	db_close(db);
	d->out->sysid = server->sysid;
	d->out->dboid = server->dboid;
	d->out->took_us = clock_mono() - began;
	return ok;
}

static bool begin(struct drill *d, const char *path, struct fact_server *server, struct manifest *m, struct err *e)
{
	struct db *db = db_open(&(struct db_opts){ .conninfo = d->o->conninfo, .app = "gatewalk drill" }, e);
	bool ok = db && probe_server(db, d->a, server, e);
	db_close(db);
	const char *sha = d->o->manifest_sha256;
	if (!ok || !snapshot_check(d->a, path, sha, e) || !manifest_read(d->a, path, sha, m, e))
		return false;
	if (strcmp(m->fact.sysid, server->sysid) != 0 || m->fact.dboid != server->dboid)
		return err_set(e, ERR_USE, NULL, "snapshot %s is of another database", m->fact.id);
	if (!manifest_of_plan(m, d->o->plan))
		return err_set(e, ERR_USE, NULL, "snapshot %s is not of the plan's %s", m->fact.id, target_noun(plan_target(d->o->plan)));
	return true;
}

bool drill_run(struct arena *a, const struct snapshot_opts *o, const char *path, struct fact_drill *out, struct err *e)
{
	struct manifest m;
	struct fact_server server;
	struct drill d = { .a = a, .o = o, .m = &m, .out = out };
	int64_t began = clock_mono();
	char hex[17];
	memset(out, 0, sizeof *out);
	if (!begin(&d, path, &server, &m, e))
		return false;
	crypto_random_hex(8, hex);
	out->id = arena_printf(a, "drill-%s", hex);
	out->snapshot_id = m.fact.id;
	if (!hold(&d, e))
		return err_in(e, "drill");
	return end_at(&d, &server, began, e);
}
