/* SPDX-License-Identifier: MIT */
/* A dropped table comes back. All that is its own (definitions, rows, indexes, triggers, privileges) in one transaction: nobody
   ever sees it half, and a run that was killed has left nothing of it. Then, each by itself and waiting 500 ms at most, what
   touches other tables. Until that is done the table's comment says whose it is, so that the next run goes on from there. */
#include "adapter/restore_parts.h"

#include <string.h>

#include "adapter/retry.h"
#include "adapter/snapshot_table.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/files.h"

#define MARK "gatewalk: being restored from snapshot "
#define LOCK_US (60 * US_SECOND)   /* how long a statement of the one transaction waits for locks, half a second at a time */

/* An error that ends the run, rather than one that leaves a single thing out. */
static bool is_end(const struct restore *r, const struct err *e)
{
	return e->code != ERR_DB || !db_alive(r->db);
}

static void left(struct restore *r, size_t i, struct err *e)
{
	const struct snap_back *b = &r->m.back[i];
	bool role = (b->kind == BACK_OWNER || b->kind == BACK_GRANT) && strcmp(e->sqlstate, "42704") == 0;
	r->not_back[i] = true;
	/* Roles can be missing on a scratch server; in a drill that is nobody's loss. */
	if (!r->drill || !role)
		restore_left(r, "%s: %s", b->what, e->msg);
	err_clear(e);
}

enum table_state { TABLE_GONE, TABLE_OURS, TABLE_THEIRS };
struct seen { enum table_state state; bool partition; const char *relid; };

static bool look(struct restore *r, struct seen *out, struct err *e)
{
	static const char sql[] = "/* gatewalk */ SELECT c.oid, c.relispartition, obj_description(c.oid, 'pg_class') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n"
		"WHERE n.nspname = $1 AND c.relname = $2";
	const char *args[] = { r->m.schema, r->m.table };
	struct rows rows;
	if (!db_ask(r->db, r->a, &(struct query){ .sql = sql, .args = args, .nargs = 2, .cols = 3, .max_rows = 1 }, &rows, e))
		return false;
	*out = (struct seen){ .state = rows.n ? TABLE_THEIRS : TABLE_GONE };
	if (rows.n == 0)
		return true;
	out->relid = rows.cell[0][0];
	out->partition = cell_bool(rows.cell[0][1]);
	const char *comment = rows.cell[0][2];
	if (comment && strcmp(comment, arena_printf(r->a, MARK "%s", r->m.fact.id)) == 0)
		out->state = TABLE_OURS;
	return true;
}

/* Inside the transaction; what fails is taken back to before it. */
static bool try_in(struct restore *r, const char *sql, struct err *e)
{
	int64_t deadline = clock_mono() + LOCK_US;
	for (;;) {
		if (db_script(r->db, r->a, arena_printf(r->a, "SAVEPOINT gatewalk; %s; RELEASE SAVEPOINT gatewalk", sql), SNAP_SCAN_MS, NULL, e))
			return true;
		struct err none = { 0 };
		if (is_end(r, e) || !db_script(r->db, r->a, "ROLLBACK TO SAVEPOINT gatewalk; RELEASE SAVEPOINT gatewalk", SNAP_QUERY_MS, NULL, &none))
			return false;
		if (!retry_is_lock(e) || !retry_pause(deadline))
			return false;
		err_clear(e);
	}
}

/* Without the definitions there is no table; all else is listed when it fails. A tablespace that is gone is no reason either. */
static bool put_own(struct restore *r, size_t i, struct err *e)
{
	const struct snap_back *b = &r->m.back[i];
	bool must = (b->kind == BACK_TABLE && strncmp(b->sql, "SET ", 4) != 0) || b->kind == BACK_PART;
	if (must)
		return db_script(r->db, r->a, b->sql, SNAP_SCAN_MS, NULL, e) || err_in(e, "the table cannot be made");
	if (try_in(r, b->sql, e))
		return true;
	if (is_end(r, e))
		return false;
	left(r, i, e);
	return true;
}

static bool each(struct restore *r, const enum back_kind *kinds, size_t n, bool (*put)(struct restore *, size_t, struct err *), struct err *e)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < r->m.n_back; i++) {
			if (r->m.back[i].kind != kinds[k])
				continue;
			if (!snap_tick(r->o, "put back", (double)i, (double)r->m.n_back, "statements", e) || !put(r, i, e))
				return false;
		}
	return true;
}

static bool take_default_grants(struct restore *r, struct err *e)
{
	struct rows rows;
	if (!db_ask(r->db, r->a, &(struct query){ .sql = TABLE_DEFAULT_GRANTS_SQL, .ms = SNAP_QUERY_MS, .cols = 1 }, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++)
		if (!db_script(r->db, r->a, rows.cell[i][0], SNAP_QUERY_MS, NULL, e))
			return false;
	return true;
}

/* The application's checks and generated columns may need its own search_path; the rows are read back under ours. */
static bool load(struct restore *r, struct err *e)
{
	struct data_source *s = data_source_new(r->a, &r->m, r->m.fact.path, r->o, "load");
	int64_t rows = -1;
	char hex[65];
	const char *sql = arena_printf(r->a, "COPY %s (%s) FROM STDIN", r->table, manifest_columns(r->a, &r->m, ""));
	bool ok = db_script(r->db, r->a, "SET LOCAL search_path TO DEFAULT", 0, NULL, e)
		&& db_copy_in(r->db, sql, SNAP_IDLE_MS, data_source_next, s, &rows, e)
		&& db_script(r->db, r->a, "SET LOCAL search_path TO pg_catalog, pg_temp", 0, NULL, e);
	data_source_free(s);
	if (!ok)
		return err_in(e, "the rows cannot be loaded");
	if (!snap_tick(r->o, "compare", 0, (double)rows, "rows", e) || !snap_digest(r->db, &r->m, manifest_copy(r->a, &r->m, r->table, r->m.partitioned), hex, &r->end->placed, e))
		return false;
	if (rows != r->m.fact.rows || r->end->placed != rows || strcmp(hex, r->m.digest) != 0)
		return err_set(e, ERR_VERIFY, "Nothing of it was kept.", "the rows that came back are not those of the snapshot");
	return true;
}

static bool own_once(struct restore *r, struct err *e)
{
	const char *mark = arena_printf(r->a, "ANALYZE %s; COMMENT ON TABLE %s IS %s", r->table, r->table, sql_literal(r->a, arena_printf(r->a, MARK "%s", r->m.fact.id)));
	return db_script(r->db, r->a, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '1h'", 0, NULL, e)
		&& each(r, table_before, sizeof table_before / sizeof table_before[0], put_own, e) && take_default_grants(r, e) && load(r, e)
		&& each(r, table_behind, sizeof table_behind / sizeof table_behind[0], put_own, e) && db_script(r->db, r->a, mark, SNAP_SCAN_MS, NULL, e)
		&& db_commit(r->db, 0, e) == DB_COMMITTED;
}

/* A run that was killed is still being rolled back for a moment, and its names are held until then. */
static bool own_parts(struct restore *r, struct err *e)
{
	int64_t deadline = clock_mono() + LOCK_US;
	while (!own_once(r, e)) {
		db_rollback(r->db);
		if (!retry_is_lock(e) || !retry_pause(deadline))
			return false;
		err_clear(e);
	}
	return true;
}

/* In a drill the tables that foreign keys point to are empty, so that with rows nothing can be validated; and of a partitioned
   table none of them can be made. */
static bool skipped(const struct restore *r, const struct snap_back *b)
{
	bool key = b->kind == BACK_CONSTRAINT || b->kind == BACK_PARENT || b->kind == BACK_LATE;
	return r->drill && r->m.fact.rows > 0 && (b->kind == BACK_VALIDATE || (key && *b->name));
}

static bool put_other(struct restore *r, size_t i, struct err *e)
{
	static const char already[] = "42710", table[] = "ALTER TABLE ";   /* from a run that was broken off */
	const struct snap_back *b = &r->m.back[i];
	if (b->kind == BACK_ATTACH && r->attached && strncmp(b->sql, table, strlen(table)) == 0)
		return true;
	if (skipped(r, b)) {
		r->not_back[i] = true;
		return true;
	}
	if (restore_locked(r, b->sql, SNAP_SCAN_MS, e))
		return true;
	if (is_end(r, e))
		return false;
	if (strcmp(e->sqlstate, already) == 0)
		err_clear(e);
	else
		left(r, i, e);
	return true;
}

static bool place(struct restore *r, struct err *e)
{
	const enum back_kind last = BACK_LAST;
	struct seen seen;
	if (!look(r, &seen, e))
		return false;
	if (seen.state == TABLE_THEIRS)
		return err_set(e, ERR_USE, "Rename that one first, or leave it: gatewalk does not write over it.", "there already is a relation %s", r->table);
	r->end->placed = r->m.fact.rows;
	if (seen.state == TABLE_GONE && (!own_parts(r, e) || !look(r, &seen, e)))
		return false;
	r->attached = seen.partition;
	return each(r, table_others, sizeof table_others / sizeof table_others[0], put_other, e)
		&& restore_compare(r, (unsigned)cell_int(seen.relid), e) && each(r, &last, 1, put_other, e);
}

bool restore_table_run(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, bool drill, struct restore_end *out, struct err *e)
{
	int64_t began = clock_mono();
	struct restore r = { .a = a, .o = o, .m = *m, .drill = drill, .end = out, .table = manifest_table(a, m) };
	memset(out, 0, sizeof *out);
	r.not_back = arena_array(a, m->n_back, sizeof *r.not_back);
	r.m.back = arena_array(a, m->n_back, sizeof *r.m.back);
	memcpy(r.m.back, m->back, m->n_back * sizeof *r.m.back);
	r.db = db_open(&(struct db_opts){ .conninfo = o->conninfo, .app = "gatewalk restore", .options = "-c lock_timeout=500ms", .read_write = true }, e);
	bool ok = r.db && place(&r, e);
	db_close(r.db);
	out->took_us = clock_mono() - began;
	return ok;
}
