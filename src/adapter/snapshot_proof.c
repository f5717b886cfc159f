/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"

#define PROOF_TABLE "gatewalk_proof.copy"
#define ROOM_MIN ((int64_t)64 << 20)

/* A bare table of the same columns, types and collations as the definitions made them in the scratch database. */
static bool make_table(struct db *db, struct arena *a, const struct manifest *m, struct err *e)
{
	const char *sql = arena_printf(a, "CREATE SCHEMA gatewalk_proof; CREATE UNLOGGED TABLE " PROOF_TABLE " AS SELECT %s FROM %s WITH NO DATA",
		manifest_columns(a, m, ""), manifest_table(a, m));
	return db_script(db, a, sql, SNAP_QUERY_MS, NULL, e);
}

static bool load(struct db *db, struct arena *a, const struct snapshot_opts *o, const struct manifest *m, const char *dir, struct err *e)
{
	struct data_source *s = data_source_new(a, m, dir, o, "load");
	int64_t rows = -1;
	const char *sql = arena_printf(a, "COPY " PROOF_TABLE " (%s) FROM STDIN", manifest_columns(a, m, ""));
	bool ok = db_copy_in(db, sql, SNAP_IDLE_MS, data_source_next, s, &rows, e);
	data_source_free(s);
	if (ok && rows != m->fact.rows)
		return err_set(e, ERR_VERIFY, NULL, "%lld of %lld rows could be loaded", (long long)rows, (long long)m->fact.rows);
	return ok;
}

static bool types_equal(struct db *db, struct arena *a, const struct manifest *m, struct err *e)
{
	static const char sql[] = "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute\n"
		"WHERE attrelid = '" PROOF_TABLE "'::regclass AND attnum > 0 ORDER BY attnum";
	struct rows rows;
	if (!db_ask(db, a, &(struct query){ .sql = sql, .cols = 2, .min_rows = (int)m->n_cols, .max_rows = (int)m->n_cols }, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++)
		if (strcmp(rows.cell[i][0], m->cols[i].name) != 0 || strcmp(rows.cell[i][1], m->cols[i].type) != 0)
			return err_set(e, ERR_VERIFY, NULL, "column %s is %s in the copy and %s in the source", m->cols[i].name, rows.cell[i][1], m->cols[i].type);
	return true;
}

static bool content_equal(struct db *db, struct arena *a, const struct manifest *m, struct err *e)
{
	char hex[65];
	int64_t rows;
	if (!snap_digest(db, m, manifest_copy(a, m, PROOF_TABLE, false), hex, &rows, e))
		return false;
	if (rows != m->fact.rows)
		return err_set(e, ERR_VERIFY, NULL, "the copy has %lld rows, the source %lld", (long long)rows, (long long)m->fact.rows);
	return strcmp(hex, m->digest) == 0 || err_set(e, ERR_VERIFY, NULL, "the rows of the copy differ from those of the source");
}

/* Loaded copies are about as large as the text; what a remote server has cannot be seen from here. */
static bool has_room(struct db *db, struct arena *a, const struct manifest *m, struct err *e)
{
	struct err none;
	const char *dir = db_tcp(db) ? NULL : db_value(db, a, &(struct query){ .sql = "SELECT current_setting('data_directory', true)" }, &none);
	int64_t room = dir ? disk_free(dir) : -1, need = m->fact.bytes * 8 + ROOM_MIN;
	return room < 0 || room >= need || err_set(e, ERR_SYSTEM, "Free some room, or name a scratch server in the plan (snapshot.scratch).",
		"%s has %lld MiB free; loading the copy takes up to %lld", dir, (long long)(room >> 20), (long long)(need >> 20));
}

static bool prove_in(struct arena *a, const struct snapshot_opts *o, const struct scratch *s, const struct manifest *m, const char *dir, struct err *e)
{
	const char *problem;
	if (!has_room(s->db, a, m, e) || !snap_tick(o, "definitions", 0, 0, "", e)
			|| !schema_load(a, s->db, path_join(a, dir, SCHEMA_NAME), &problem, e))
		return false;
	if (!make_table(s->db, a, m, e))
		return problem ? err_set(e, ERR_VERIFY, NULL, "the definitions do not load: %s", problem) : false;
	return load(s->db, a, o, m, dir, e) && snap_tick(o, "compare", 0, (double)m->fact.rows, "rows", e)
		&& types_equal(s->db, a, m, e) && content_equal(s->db, a, m, e);
}

bool snap_prove(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, const char *dir, struct err *e)
{
	struct scratch s;
	if (!scratch_open(a, o, &s, e))
		return err_in(e, "proof");
	bool ok = prove_in(a, o, &s, m, dir, e);
	scratch_close(a, &s);
	return ok || err_in(e, "proof");
}
