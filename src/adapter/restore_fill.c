/* SPDX-License-Identifier: MIT */
/* Places the values by key, batch by batch, each its own transaction that also commits how far it is; nothing that was written
   since is overwritten. A table without a key (scope: table) is matched by the content of all other columns: rows that are
   alike in all of them are paired one by one, as long as there are as many of them as there were. */
#include "adapter/restore_parts.h"

#include <string.h>
#include <time.h>

#include "adapter/retry.h"
#include "adapter/slotread.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/pause.h"
#include "core/sql.h"
#include "port/files.h"

#define BATCH_US 100000        /* what a batch should take */
#define BATCH_FIRST 500
#define BATCH_MIN 20
#define BATCH_MAX 50000
#define LOCKED_MAX_US INT64_C(600000000)   /* how long a batch may find its rows locked by others */
#define MISSED_TRIES 3

struct fill {
	struct restore *r;
	bool keyed;
	const char *join, *conflict, *differs;   /* SQL over t (table) and s (staging) */
	const char *update, *count;              /* a batch: $1 < n <= $2 */
	int64_t done, n;
};

static const char *owned(struct arena *a, struct text *t)
{
	const char *s = arena_dup(a, text_str(t));
	text_free(t);
	return s;
}

/* A column of the table as COPY text would show it, but NULL stays NULL. */
static const char *as_text(struct restore *r, const char *name)
{
	const char *q = sql_quoted(r->a, name);
	return arena_printf(r->a, "CASE WHEN t.%s IS NOT NULL THEN pg_catalog.format('%%s', t.%s) END", q, q);
}

static bool compares(const struct restore *r, size_t i)
{
	return r->m.cols[i].role == COL_OTHER && r->there[i];
}

/* A key that was deleted and used again shows as a row most of whose other columns differ. Scope column has no other columns. */
static const char *conflict_sql(struct restore *r)
{
	struct text t = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < r->m.n_cols; i++)
		if (compares(r, i))
			text_addf(&t, "%s(%s IS DISTINCT FROM s.%s)::int", n++ ? " + " : "", as_text(r, r->m.cols[i].name), r->own[i]);
	const char *sum = owned(r->a, &t);
	return n ? arena_printf(r->a, "(%s) * 2 > %zu", sum, n) : "false";
}

static const char *join_sql(struct restore *r)
{
	struct text t = { 0 };
	for (size_t i = 0; i < r->m.n_cols; i++)
		if (r->m.cols[i].role == COL_KEY)
			text_addf(&t, "%st.%s OPERATOR(pg_catalog.=) s.%s", t.len ? " AND " : "", sql_quoted(r->a, r->m.cols[i].name), r->own[i]);
	return owned(r->a, &t);
}

/* All other columns in one value: of the table (own false), or of the staging rows. */
static const char *content_sql(struct restore *r, bool own)
{
	struct text t = { 0 };
	for (size_t i = 0; i < r->m.n_cols; i++)
		if (compares(r, i))
			text_addf(&t, "%s%s%s", t.len ? ", " : "", own ? "s." : "", own ? r->own[i] : as_text(r, r->m.cols[i].name));
	return arena_printf(r->a, "pg_catalog.md5(ROW(%s)::text)", owned(r->a, &t));
}

static void keyed_sql(struct fill *f)
{
	struct restore *r = f->r;
	f->join = join_sql(r);
	f->conflict = conflict_sql(r);
	f->update = arena_printf(r->a, "UPDATE ONLY %s AS t SET %s = s.v FROM %s AS s WHERE s.n > $1::bigint AND s.n <= $2::bigint AND s.v IS NOT NULL\n"
		"AND %s AND t.%s IS NULL AND NOT (%s)", r->table, r->column, r->staging, f->join, r->column, f->conflict);
	f->differs = arena_printf(r->a, "CASE WHEN NOT (%s) IS NOT NULL THEN 'gone' WHEN %s = pg_catalog.format('%%s', s.v) THEN 'placed'\n"
		"WHEN t.%s IS NOT NULL THEN 'kept' WHEN %s THEN 'conflict' ELSE 'missed' END", f->join, as_text(r, r->m.column), r->column, f->conflict);
	f->count = arena_printf(r->a, "SELECT count(*) FILTER (WHERE x = 'placed'), count(*) FILTER (WHERE x = 'kept'), count(*) FILTER (WHERE x = 'gone'),\n"
		"count(*) FILTER (WHERE x = 'conflict'), count(*) FILTER (WHERE x = 'missed') FROM (SELECT %s AS x FROM %s s LEFT JOIN ONLY %s t ON %s\n"
		"WHERE s.n > $1::bigint AND s.n <= $2::bigint AND s.v IS NOT NULL) c", f->differs, r->staging, r->table, f->join);
}

static void keyless_sql(struct fill *f)
{
	struct restore *r = f->r;
	f->update = arena_printf(r->a, "WITH u AS (UPDATE ONLY %s AS t SET %s = s.v FROM %s AS s WHERE s.n > $1::bigint AND s.n <= $2::bigint AND s.v IS NOT NULL\n"
		"AND t.ctid OPERATOR(pg_catalog.=) s.at AND t.%s IS NULL AND s.h = %s RETURNING s.n)\n"
		"UPDATE %s AS z SET hit = true FROM u WHERE z.n = u.n", r->table, r->column, r->staging, r->column, content_sql(r, false), r->staging);
	f->count = arena_printf(r->a, "SELECT count(*) FILTER (WHERE hit), 0, count(*) FILTER (WHERE hit IS NULL), 0, 0 FROM %s\n"
		"WHERE n > $1::bigint AND n <= $2::bigint AND v IS NOT NULL", r->staging);
}

/* Pairs each staging row with a row of the table, once. Groups of another size than before are paired only when all their
   values are the same: then it does not matter which is which. */
static bool match_content(struct fill *f, struct err *e)
{
	struct restore *r = f->r;
	const char *sql = arena_printf(r->a, "BEGIN; UPDATE %s AS s SET h = %s;\n"
		"WITH g AS (SELECT n, h, row_number() OVER (PARTITION BY h ORDER BY n) AS i, count(*) OVER (PARTITION BY h) AS size,\n"
		"    min(x) OVER (PARTITION BY h) = max(x) OVER (PARTITION BY h) AS alike\n"
		"    FROM (SELECT n, h, (v IS NULL)::text || pg_catalog.format('%%s', v) AS x FROM %s) z),\n"
		"  m AS (SELECT c AS at, h, row_number() OVER (PARTITION BY h ORDER BY c) AS i, count(*) OVER (PARTITION BY h) AS size\n"
		"    FROM (SELECT t.ctid AS c, %s AS h FROM ONLY %s t WHERE t.%s IS NULL) q)\n"
		"UPDATE %s AS s SET at = m.at FROM g JOIN m ON g.h = m.h AND g.i = m.i AND (g.size = m.size OR g.alike) WHERE s.n = g.n;\n"
		"UPDATE %s SET matched = true; COMMIT", r->staging, content_sql(r, true), r->staging, content_sql(r, false), r->table, r->column,
		r->staging, r->control);
	return db_script(r->db, r->a, sql, SNAP_SCAN_MS, NULL, e) || err_in(e, "matching the rows by their content");
}

static bool read_control(struct fill *f, bool *matched, struct err *e)
{
	struct rows rows;
	struct restore *r = f->r;
	const char *sql = arena_printf(r->a, "SELECT matched, done, placed, kept, gone, conflicts, missed FROM %s", r->control);
	if (!db_ask(r->db, r->a, &(struct query){ .sql = sql, .cols = 7, .min_rows = 1, .max_rows = 1 }, &rows, e))
		return false;
	char **c = rows.cell[0];
	*matched = cell_bool(c[0]);
	f->done = cell_int(c[1]);
	r->end->placed = cell_int(c[2]);
	r->end->kept = cell_int(c[3]);
	r->end->gone = cell_int(c[4]);
	r->end->conflicts = cell_int(c[5]);
	r->missed = cell_int(c[6]);
	return true;
}

/* The counts say what stands in the table behind the update, whoever did it, so that a batch that is run again counts once. */
static bool batch(struct fill *f, struct arena *a, int64_t to, bool last_try, int64_t got[5], struct err *e)
{
	struct restore *r = f->r;
	const char *args[] = { arena_printf(a, "%lld", (long long)f->done), arena_printf(a, "%lld", (long long)to) };
	struct rows rows;
	if (!db_script(r->db, a, arena_printf(a, "BEGIN;\n" SLOT_OWN_WRITE_SQL, sql_literal(a, r->o->sid)), 0, NULL, e)
			|| !db_ask(r->db, a, &(struct query){ .sql = f->update, .args = args, .nargs = 2, .ms = SNAP_QUERY_MS, .cols = -1 }, NULL, e)
			|| !db_ask(r->db, a, &(struct query){ .sql = f->count, .args = args, .nargs = 2, .ms = SNAP_QUERY_MS, .cols = 5, .min_rows = 1, .max_rows = 1 }, &rows, e))
		return false;
	for (int i = 0; i < 5; i++)
		got[i] = cell_int(rows.cell[0][i]);
	if (got[4] > 0 && !last_try)
		return true;   /* not committed: rows were changed under our hands, look again */
	const char *sql = arena_printf(a, "UPDATE %s SET done = %lld, placed = placed + %lld, kept = kept + %lld, gone = gone + %lld,"
		" conflicts = conflicts + %lld, missed = missed + %lld", r->control, (long long)to, (long long)got[0], (long long)got[1], (long long)got[2], (long long)got[3], (long long)got[4]);
	return db_script(r->db, a, sql, 0, NULL, e) && db_commit(r->db, 0, e) == DB_COMMITTED;
}

/* One batch, tried again while others hold its rows. *took is the time of the try that went through. */
static bool batch_through(struct fill *f, int64_t to, int64_t got[5], int64_t *took, struct err *e)
{
	int64_t until = clock_mono() + LOCKED_MAX_US;
	for (int missed = 1; ; ) {
		struct arena *a = arena_new();
		int64_t began = clock_mono();
		err_clear(e);
		bool ok = batch(f, a, to, missed >= MISSED_TRIES, got, e);
		arena_free(a);
		*took = clock_mono() - began;
		if (ok && (got[4] == 0 || missed >= MISSED_TRIES))
			return true;
		db_rollback(f->r->db);
		if (ok)
			missed++;
		else if (!retry_is_lock(e))
			return false;
		else if (clock_mono() > until)
			return err_in(e, "rows of the table are locked by another transaction");
		if (!snap_tick(f->r->o, "fill", (double)f->done, (double)f->n, "rows", e))
			return false;
		nanosleep(&(struct timespec){ .tv_nsec = 100000000L }, NULL);
	}
}

static bool all_batches(struct fill *f, struct err *e)
{
	struct restore_end *end = f->r->end;
	for (int64_t size = BATCH_FIRST, took; f->done < f->n; ) {
		int64_t to = f->n - f->done < size ? f->n : f->done + size, got[5];
		if (!snap_tick(f->r->o, "fill", (double)f->done, (double)f->n, "rows", e) || !batch_through(f, to, got, &took, e))
			return false;
		end->placed += got[0];
		end->kept += got[1];
		end->gone += got[2];
		end->conflicts += got[3];
		f->r->missed += got[4];
		f->done = to;
		size = pace_next(&(struct pace){ BATCH_MIN, BATCH_MAX, BATCH_US }, size, took);
	}
	return true;
}

static const char *row_name_sql(const struct fill *f)
{
	struct restore *r = f->r;
	struct text t = { 0 };
	for (size_t i = 0; f->keyed && i < r->m.n_cols; i++)
		if (r->m.cols[i].role == COL_KEY)
			text_addf(&t, "%spg_catalog.format('%%s=%%s', %s, s.%s)", t.len ? ", " : "", sql_literal(r->a, r->m.cols[i].name), r->own[i]);
	if (!f->keyed)
		text_add(&t, "pg_catalog.format('number %s of the data files', s.n)");
	return arena_printf(r->a, "pg_catalog.concat_ws(', ', %s)", owned(r->a, &t));
}

static const char *why_not(const struct fill *f, const char *state)
{
	if (!f->keyed)
		return "no row of the table, or not one alone, has the same content";
	if (strcmp(state, "gone") == 0)
		return "deleted since";
	if (strcmp(state, "conflict") == 0)
		return "its key was used again for another row";
	return "the table did not take the value; a trigger or a rule may have changed it";
}

/* The rows that did not get their value, read from what stands now, so that a resumed run names them all. */
static bool list_rows(struct fill *f, struct err *e)
{
	struct restore *r = f->r;
	int64_t all = r->end->gone + r->end->conflicts + r->missed;
	struct rows rows;
	if (all == 0)
		return true;
	const char *from = f->keyed ? arena_printf(r->a, "SELECT s.n, %s, %s AS x FROM %s s LEFT JOIN ONLY %s t ON %s WHERE s.v IS NOT NULL",
			row_name_sql(f), f->differs, r->staging, r->table, f->join)
		: arena_printf(r->a, "SELECT s.n, %s, 'gone' AS x FROM %s s WHERE s.v IS NOT NULL AND s.hit IS NULL", row_name_sql(f), r->staging);
	const char *sql = arena_printf(r->a, "SELECT q.name, q.x FROM (%s) q(n, name, x) WHERE x IN ('gone', 'conflict', 'missed') ORDER BY n LIMIT %d", from, LISTED_MAX);
	if (!db_ask(r->db, r->a, &(struct query){ .sql = sql, .ms = SNAP_SCAN_MS, .cols = 2 }, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++)
		restore_left(r, "row %s: %s", rows.cell[i][0], why_not(f, rows.cell[i][1]));
	if (all > rows.n)
		restore_left(r, "and %lld rows more", (long long)(all - rows.n));
	return true;
}

bool restore_fill(struct restore *r, struct err *e)
{
	struct fill f = { .r = r, .keyed = manifest_has_key(&r->m), .n = r->m.fact.rows };
	bool matched;
	if (f.keyed)
		keyed_sql(&f);
	else
		keyless_sql(&f);
	if (!read_control(&f, &matched, e) || (!f.keyed && !matched && !match_content(&f, e)))
		return false;
	return all_batches(&f, e) && list_rows(&f, e);
}
