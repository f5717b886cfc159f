/* SPDX-License-Identifier: MIT */
/* What fell with the column. Each statement stands for itself: one that fails is listed, and the rest goes on. */
#include "adapter/restore_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"

/* Is it there already, from an earlier run or by somebody's hand? state: 0 not, 1 there, 2 an index that is not valid. */
static bool look(struct restore *r, const struct snap_back *b, int *state, struct err *e)
{
	static const char *const sql[BACK_KINDS] = {
		[BACK_INDEX] = "SELECT coalesce((SELECT CASE WHEN indisvalid THEN 1 ELSE 2 END FROM pg_catalog.pg_index WHERE indexrelid = pg_catalog.to_regclass($1)), 0)\n"
			"WHERE $2::text IS NOT NULL",
		[BACK_CONSTRAINT] = "SELECT count(*) FROM pg_catalog.pg_constraint WHERE conname = $1 AND conrelid = pg_catalog.to_regclass($2)",
		[BACK_STATISTICS] = "SELECT count(*) FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace\n"
			"WHERE pg_catalog.format('%I.%I', n.nspname, s.stxname) = $1 AND stxrelid = pg_catalog.to_regclass($2)",
	};
	*state = 0;
	if (!sql[b->kind])
		return true;
	const char *args[] = { b->name, r->table };
	const char *n = db_value(r->db, r->a, &(struct query){ .sql = sql[b->kind], .args = args, .nargs = 2 }, e);
	*state = n ? (int)cell_int(n) : 0;
	return n != NULL;
}

/* CREATE INDEX CONCURRENTLY waits for older transactions without holding anybody up, so its waiting has no limit of ours. */
static bool put_index(struct restore *r, const struct snap_back *b, bool invalid, struct err *e)
{
	const char *at = strstr(b->sql, "INDEX "), *sql;
	if (invalid)
		sql = arena_printf(r->a, "REINDEX INDEX CONCURRENTLY %s", b->name);
	else if (at)
		sql = arena_printf(r->a, "%.*sINDEX CONCURRENTLY %s", (int)(at - b->sql), b->sql, at + strlen("INDEX "));
	else
		return err_set(e, ERR_INTERNAL, NULL, "no definition of an index: %s", b->sql);
	bool ok = db_script(r->db, r->a, "SET lock_timeout = 0", 0, NULL, e) && db_script(r->db, r->a, sql, SNAP_SCAN_MS, NULL, e);
	struct err none;
	return db_script(r->db, r->a, "SET lock_timeout = '500ms'", 0, NULL, ok ? e : &none) && ok;
}

/* A check that proves it first, so that SET NOT NULL need not read the table under its lock. */
static bool put_not_null(struct restore *r, const struct snap_back *b, struct err *e)
{
	const char *check = arena_printf(r->a, "gatewalk_not_null_%.12s", r->m.fact.manifest_sha256);
	const char *drop = arena_printf(r->a, "ALTER TABLE %s DROP CONSTRAINT IF EXISTS %s", r->table, check);
	const char *nulls = db_value(r->db, r->a, &(struct query){ .sql = arena_printf(r->a, "SELECT count(*) FROM ONLY %s WHERE %s IS NULL", r->table, r->column),
		.ms = SNAP_SCAN_MS }, e);
	if (!nulls)
		return false;
	if (cell_int(nulls) > 0) {
		restore_left(r, "NOT NULL: %s rows have no value", nulls);
		return true;
	}
	if (!restore_locked(r, drop, SNAP_QUERY_MS, e)
			|| !restore_locked(r, arena_printf(r->a, "ALTER TABLE %s ADD CONSTRAINT %s CHECK (%s IS NOT NULL) NOT VALID", r->table, check, r->column), SNAP_QUERY_MS, e))
		return false;
	bool ok = restore_locked(r, arena_printf(r->a, "ALTER TABLE %s VALIDATE CONSTRAINT %s", r->table, check), SNAP_SCAN_MS, e)
		&& restore_locked(r, b->sql, SNAP_SCAN_MS, e);
	struct err none;
	return restore_locked(r, drop, SNAP_QUERY_MS, ok ? e : &none) && ok;
}

/* In a drill the tables that foreign keys point to are empty, and with scope column so are the other columns. */
static bool skipped(const struct restore *r, const struct snap_back *b)
{
	if (b->kind != BACK_VALIDATE || !r->drill)
		return false;
	for (size_t i = 0; i < r->m.n_back; i++)
		if (r->m.back[i].kind == BACK_CONSTRAINT && strcmp(r->m.back[i].name, b->name) == 0 && strstr(r->m.back[i].sql, " FOREIGN KEY "))
			return true;
	return r->m.fact.scope == SNAP_COLUMN;
}

static bool put(struct restore *r, const struct snap_back *b, struct err *e)
{
	int state;
	if (!look(r, b, &state, e))
		return false;
	if (b->kind == BACK_INDEX)
		return state == 1 || put_index(r, b, state == 2, e);
	if (b->kind == BACK_NOT_NULL)
		return put_not_null(r, b, e);
	return state == 1 || skipped(r, b) || restore_locked(r, b->sql, SNAP_SCAN_MS, e);
}

bool restore_rest(struct restore *r, enum back_kind from, enum back_kind to, struct err *e)
{
	for (enum back_kind kind = from; kind <= to; kind++)
		for (size_t i = 0; i < r->m.n_back; i++) {
			const struct snap_back *b = &r->m.back[i];
			if (b->kind != kind)
				continue;
			if (!snap_tick(r->o, "put back", 0, 0, "", e))
				return false;
			if (put(r, b, e))
				continue;
			if (e->code == ERR_DB_LOST || e->code == ERR_INTERRUPTED || !db_alive(r->db))
				return false;
			/* Roles can be missing on a scratch server; in a drill that is nobody's loss. */
			if (!r->drill || b->kind != BACK_GRANT || strcmp(e->sqlstate, "42704") != 0)
				restore_left(r, "%s: %s", b->what, e->msg);
			err_clear(e);
		}
	return true;
}
