/* SPDX-License-Identifier: MIT */
/* Removed rows come back where their key is free. Which ones were removed, the ledger of removed rows says: what the removal left,
   or never reached, is not brought back to life when the application deleted it since. Nothing that stands is touched. */
#include "adapter/restore_parts.h"

#include <string.h>
#include <time.h>

#include "adapter/own.h"
#include "adapter/retry.h"
#include "adapter/rows_stage.h"
#include "adapter/slotread.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"

#define BATCH_US 100000
#define BATCH_FIRST 500
#define BATCH_MAX 50000
#define LOCKED_MAX_US INT64_C(600000000)   /* how long a batch may find its locks held by others */

struct put {
	struct restore *r;
	const struct rows_stage *s;
	const char *filter;           /* SQL over s: this row was removed */
	int64_t done, n, size;
	int64_t waits_since;          /* for locks; 0 not */
};

static const char *columns(const struct put *p)
{
	struct text t = { 0 };
	for (size_t i = 0; i < p->s->m.n_cols; i++)
		text_addf(&t, "%ss.c%zu", i ? ", " : "", i + 1);
	const char *sql = arena_dup(p->r->a, text_str(&t));
	text_free(&t);
	return sql;
}

/* As the application would insert them: its triggers fire and may need its own search_path. */
static const char *insert_sql(const struct put *p, struct arena *a, int64_t to)
{
	return arena_printf(a, "BEGIN;\n" SLOT_OWN_WRITE_SQL "SET LOCAL search_path TO DEFAULT; INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s s\n"
		"WHERE s.n > %lld AND s.n <= %lld AND %s ORDER BY s.n ON CONFLICT DO NOTHING; COMMIT", sql_literal(a, p->r->o->sid), p->s->table, manifest_columns(a, &p->s->m, ""), columns(p), p->s->name,
		(long long)p->done, (long long)to, p->filter);
}

/* What stands in the table now, whoever put it there: so that a run that is done again counts the same. */
static const char *look_sql(const struct put *p, struct arena *a, int64_t to)
{
	return arena_printf(a, "WITH c AS MATERIALIZED (SELECT s.n, %s AS key, CASE WHEN NOT x.there THEN 'taken' WHEN x.same THEN 'placed' ELSE 'conflict' END AS what\n"
		"  FROM %s s CROSS JOIN LATERAL (SELECT count(*) > 0, coalesce(bool_or(%s), false) FROM %s t WHERE %s) x(there, same)\n"
		"  WHERE s.n > %lld AND s.n <= %lld AND %s)\n"
		"SELECT 'placed', count(*)::text FROM c WHERE what = 'placed' UNION ALL (SELECT what, key FROM c WHERE what <> 'placed' ORDER BY n)",
		p->s->key, p->s->name, p->s->same, p->s->table, p->s->join, (long long)p->done, (long long)to, p->filter);
}

static bool look(struct put *p, struct arena *a, int64_t to, struct rows *out, struct err *e)
{
	const struct query q = { .sql = look_sql(p, a, to), .ms = SNAP_QUERY_MS, .cols = 2, .min_rows = 1 };
	bool ok = db_script(p->r->db, a, arena_printf(a, "BEGIN; %s", ROWS_PLAN_SQL), 0, NULL, e) && db_ask(p->r->db, a, &q, out, e);
	db_rollback(p->r->db);
	return ok;
}

static void list(struct put *p, const char *key, const char *why)
{
	if (p->r->end->n_left < LISTED_MAX)
		restore_left(p->r, "row %s: %s", key, why);
}

static bool count(struct put *p, struct arena *a, int64_t to, const char *refused, struct err *e)
{
	struct restore_end *end = p->r->end;
	struct rows rows;
	if (!look(p, a, to, &rows, e))
		return false;
	end->placed += cell_int(rows.cell[0][1]);
	for (int i = 1; i < rows.n; i++) {
		bool conflict = strcmp(rows.cell[i][0], "conflict") == 0;
		end->conflicts += conflict;
		end->gone += !conflict;
		list(p, rows.cell[i][1], conflict ? "its key was used again for another row, or a trigger changed it" : refused ? refused :
			"another row has one of its unique values");
	}
	return true;
}

static bool is_refusal(const struct err *e)
{
	return e->code == ERR_DB && (strncmp(e->sqlstate, "22", 2) == 0 || strncmp(e->sqlstate, "23", 2) == 0 || strncmp(e->sqlstate, "P0", 2) == 0 ||
		strncmp(e->sqlstate, "44", 2) == 0);
}

/* Locks are waited for, and a row that the table refuses is found by halving. False: it stays an error. */
static bool again(struct put *p, int64_t rows, struct err *e)
{
	bool lock = retry_is_lock(e) || strcmp(e->sqlstate, "57014") == 0;
	if (!lock && !is_refusal(e))
		return false;
	p->size = rows > 1 ? rows / 2 : 1;
	if (!lock)
		return true;
	if (p->waits_since == 0)
		p->waits_since = clock_mono();
	return retry_pause(p->waits_since + LOCKED_MAX_US);
}

static bool batch(struct put *p, struct err *e)
{
	struct arena *a = arena_new();
	int64_t rows = p->n - p->done < p->size ? p->n - p->done : p->size, began = clock_mono();
	const char *tag = NULL, *refused = NULL;
	struct err why = { 0 };
	bool ok = db_script(p->r->db, a, insert_sql(p, a, p->done + rows), SNAP_QUERY_MS, &tag, &why);
	int64_t took = clock_mono() - began;
	if (!ok) {
		db_rollback(p->r->db);
		if (is_refusal(&why) && rows == 1)
			refused = arena_printf(a, "the table refuses it: %s", why.msg);
		else if (again(p, rows, &why))
			rows = 0;
		ok = refused || rows == 0;
	}
	if (ok && rows > 0) {
		p->waits_since = 0;
		ok = count(p, a, p->done + rows, refused, &why);
		p->done += rows;
		p->size = took < BATCH_US && p->size < BATCH_MAX ? p->size * 2 : took > 2 * BATCH_US && p->size > 1 ? p->size / 2 : p->size;
	}
	if (!ok)
		*e = why;
	arena_free(a);
	return ok;
}

bool rows_put_back(struct restore *r, const struct rows_stage *s, const char *filter, int64_t n, struct err *e)
{
	struct put p = { .r = r, .s = s, .filter = filter, .n = n, .size = BATCH_FIRST };
	while (p.done < p.n)
		if (!snap_tick(r->o, "fill", (double)p.done, (double)p.n, "rows", e) || !batch(&p, e))
			return false;
	int64_t more = r->end->conflicts + r->end->gone - (int64_t)r->end->n_left;
	if (more > 0)
		restore_left(r, "and %lld rows more", (long long)more);
	return true;
}

/* Which rows were removed. */
static bool removed(struct restore *r, const char **filter, int64_t *n, struct err *e)
{
	const char *args[] = { r->o->sid };
	const char *done = db_value(r->db, r->a, &(struct query){ .sql = "SELECT coalesce(max(to_n), 0) FROM gatewalk.removal WHERE sid = $1", .args = args, .nargs = 1 }, e);
	if (!done)
		return err_in(e, "asking which rows were removed");
	*n = cell_int(done);
	*filter = arena_printf(r->a, "NOT EXISTS (SELECT FROM gatewalk.removal_left x WHERE x.sid = %s AND x.n = s.n)", sql_literal(r->a, r->o->sid));
	return *n > 0 || err_set(e, ERR_VERIFY, "RESTORE.txt in the snapshot's folder puts all of its rows back.", "the ledger of this database knows of no rows that this walk removed");
}

static bool place(struct restore *r, const char *path, struct err *e)
{
	struct rows_stage s;
	const char *filter, *name = own_rows_name(r->a, r->o->sid);
	int64_t n;
	if (!name)
		return err_set(e, ERR_USE, NULL, "rows are put back by their walk");
	return removed(r, &filter, &n, e) && rows_stage_open(r->db, r->a, r->o, path, name, &s, e) && rows_stage_fill(r->db, &s, e) &&
		rows_put_back(r, &s, filter, n, e) && rows_stage_drop(r->db, &s, e);
}

bool restore_rows(struct arena *a, const struct snapshot_opts *o, const char *path, struct restore_end *out, struct err *e)
{
	int64_t began = clock_mono();
	struct restore r = { .a = a, .o = o, .end = out };
	*out = (struct restore_end){ 0 };
	r.db = db_open(&(struct db_opts){ .conninfo = o->conninfo, .app = "gatewalk restore", .options = "-c lock_timeout=500ms", .read_write = true }, e);
	bool ok = r.db && place(&r, path, e);
	db_close(r.db);
	out->took_us = clock_mono() - began;
	if (!ok || out->n_left == 0)
		return ok;
	return err_set(e, ERR_LEFT, "Each is listed with its reason.", "%lld rows are back; %lld could not be placed", (long long)out->placed,
		(long long)(out->conflicts + out->gone));
}
