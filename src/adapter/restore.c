/* SPDX-License-Identifier: MIT */
#include "adapter/restore_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"

#define TRIES 60

/* What the column's comment says while it is filled; the original comment takes its place last. */
#define MARK "gatewalk: being restored from snapshot "

void restore_left(struct restore *r, const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	r->end->left = arena_grow(r->a, r->end->left, &r->end->n_left, &r->cap, sizeof *r->end->left);
	r->end->left[r->end->n_left - 1] = text_clean(r->a, text);
}

bool restore_locked(struct restore *r, const char *sql, int ms, struct err *e)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned char chance;
		err_clear(e);
		if (db_script(r->db, r->a, sql, ms, NULL, e))
			return true;
		db_rollback(r->db);
		if (!retry_is_lock(e))
			return false;
		if (!snap_tick(r->o, "waiting for a lock", i, 0, "tries", e))
			return false;
		crypto_random(&chance, sizeof chance);
		nanosleep(&(struct timespec){ .tv_nsec = (100 + chance) * 1000000L }, NULL);
	}
	return err_in(e, "the lock could not be had in %d tries", TRIES);
}

enum column_state { COLUMN_GONE, COLUMN_OURS, COLUMN_THEIRS };

static bool look_column(struct restore *r, enum column_state *state, struct err *e)
{
	static const char sql[] = "/* gatewalk */ SELECT c.relkind, a.attnum, col_description(c.oid, a.attnum) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace\n"
		"LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3 AND NOT a.attisdropped WHERE n.nspname = $1 AND c.relname = $2";
	const char *args[] = { r->m.schema, r->m.table, r->m.column };
	struct rows rows;
	if (!db_ask(r->db, r->a, &(struct query){ .sql = sql, .args = args, .nargs = 3, .cols = 3, .max_rows = 1 }, &rows, e))
		return false;
	if (rows.n == 0 || strcmp(rows.cell[0][0], "r") != 0)
		return err_set(e, ERR_USE, "schema.sql in the snapshot's folder has its definition.", "there is no table %s", r->table);
	const char *comment = rows.cell[0][2];
	*state = !rows.cell[0][1] ? COLUMN_GONE : COLUMN_THEIRS;
	if (comment && strcmp(comment, arena_printf(r->a, MARK "%s", r->m.fact.id)) == 0)
		*state = COLUMN_OURS;
	return true;
}

/* Which columns of the files the table still has. */
static bool look_table(struct restore *r, struct err *e)
{
	static const char sql[] = "/* gatewalk */ SELECT a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid\n"
		"WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname = $1 AND c.relname = $2";
	const char *args[] = { r->m.schema, r->m.table };
	struct rows rows;
	if (!db_ask(r->db, r->a, &(struct query){ .sql = sql, .args = args, .nargs = 2, .cols = 1 }, &rows, e))
		return false;
	r->there = arena_array(r->a, r->m.n_cols, sizeof *r->there);
	r->own = arena_array(r->a, r->m.n_cols, sizeof *r->own);
	for (size_t i = 0; i < r->m.n_cols; i++) {
		const struct snap_col *c = &r->m.cols[i];
		for (int k = 0; k < rows.n && !r->there[i]; k++)
			r->there[i] = strcmp(rows.cell[k][0], c->name) == 0;
		r->own[i] = c->role == COL_TARGET ? "v" : arena_printf(r->a, "%c%zu", c->role == COL_KEY ? 'k' : 'o', i + 1);
		if (c->role == COL_KEY && !r->there[i])
			return err_set(e, ERR_USE, "RESTORE.txt in the snapshot's folder has the commands to load the rows beside the table.",
				"table %s has no column %s any more, by which its rows would be found", r->table, sql_quoted(r->a, c->name));
	}
	return true;
}

/* Short: no row is touched. The default comes at once, so that rows written from now on have it; those that stand get NULL,
   since ADD COLUMN and SET DEFAULT are two statements. */
static bool add_column(struct restore *r, struct err *e)
{
	struct text t = { 0 };
	text_add(&t, "BEGIN;");
	for (size_t i = 0; i < r->m.n_back; i++) {
		const struct snap_back *b = &r->m.back[i];
		if (b->kind == BACK_SEQUENCE)
			text_addf(&t, "%s;", b->sql);
	}
	text_addf(&t, "%s; COMMENT ON COLUMN %s.%s IS %s;", manifest_back(&r->m, BACK_COLUMN)->sql, r->table, r->column,
		sql_literal(r->a, arena_printf(r->a, MARK "%s", r->m.fact.id)));
	const struct snap_back *def = manifest_back(&r->m, BACK_DEFAULT);
	if (def)
		text_addf(&t, "%s;", def->sql);
	text_add(&t, "COMMIT");
	bool ok = restore_locked(r, text_str(&t), 20000, e);
	text_free(&t);
	return ok || err_in(e, "the column cannot be added");
}

/* From here on statements run as the application's would: its triggers and functions may need its own search_path. What
   gatewalk writes is qualified. */
static bool as_application(struct restore *r, struct err *e)
{
	return db_script(r->db, r->a, "RESET search_path; SET statement_timeout = 0", 0, NULL, e);
}

static bool place(struct restore *r, struct err *e)
{
	enum column_state state;
	if (!look_column(r, &state, e) || !look_table(r, e))
		return false;
	if (state == COLUMN_THEIRS)
		return err_set(e, ERR_USE, "Rename that one first, or leave it: gatewalk does not write over it.",
			"table %s already has a column %s", r->table, r->column);
	if (!stage_find(r, e) || !stage_fill(r, e))
		return false;
	if (state == COLUMN_GONE && !add_column(r, e))
		return false;
	/* The comment is last: as long as ours stands there, the next run goes on. */
	return as_application(r, e) && restore_fill(r, e) && restore_rest(r, BACK_SETTING, BACK_GRANT, e) && stage_drop(r, e)
		&& restore_rest(r, BACK_COMMENT, BACK_COMMENT, e);
}

bool restore_run(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, bool drill, struct restore_end *out, struct err *e)
{
	int64_t began = clock_mono();
	struct restore r = { .a = a, .o = o, .m = *m, .drill = drill, .end = out, .column = sql_quoted(a, m->column) };
	memset(out, 0, sizeof *out);
	r.table = manifest_table(a, m);
	r.db = db_open(&(struct db_opts){ .conninfo = o->conninfo, .app = "gatewalk restore", .options = "-c lock_timeout=500ms", .read_write = true }, e);
	bool ok = r.db && place(&r, e);
	db_close(r.db);
	out->took_us = clock_mono() - began;
	return ok;
}

static bool is_of_plan(struct arena *a, const struct manifest *m, const struct plan *p, struct err *e)
{
	if (manifest_of_plan(m, p))
		return true;
	const char *of = manifest_of_table(m) ? "" : arena_printf(a, ".%s", sql_quoted(a, m->column));
	return err_set(e, ERR_USE, NULL, "the snapshot is of %s%s, not of the plan's %s", manifest_table(a, m), of, target_noun(plan_target(p)));
}

bool restore_target(struct arena *a, const struct snapshot_opts *o, const char *path, struct restore_end *out, struct err *e)
{
	struct manifest m;
	if (!snapshot_check(a, path, o->manifest_sha256, e) || !manifest_read(a, path, o->manifest_sha256, &m, e) || !is_of_plan(a, &m, o->plan, e))
		return false;
	bool ok = manifest_of_table(&m) ? restore_table_run(a, o, &m, false, out, e) : restore_run(a, o, &m, false, out, e);
	if (!ok || out->n_left == 0)
		return ok;
	return err_set(e, ERR_LEFT, "Each is listed with its reason.", "the %s is back; %zu thing%s could not be placed", target_noun(plan_target(o->plan)),
		out->n_left, out->n_left == 1 ? "" : "s");
}
