/* SPDX-License-Identifier: MIT */
#include "adapter/backfill_private.h"

#include <stdio.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/retry.h"
#include "adapter/slotread.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/files.h"

#define LOCK_MS 100       /* a batch holds rows while it waits for one: nobody is to wait for that long */
#define STATEMENT_LEAST_MS 500
#define STATEMENT_TIMES 20
#define COUNT_MS (6 * 3600 * 1000)

struct db *backfill_connect(const char *conninfo, const char *sid, int batch_ms, struct err *e)
{
	char options[256];
	int statement = batch_ms * STATEMENT_TIMES > STATEMENT_LEAST_MS ? batch_ms * STATEMENT_TIMES : STATEMENT_LEAST_MS;
	snprintf(options, sizeof options, "-c idle_in_transaction_session_timeout=10s -c idle_session_timeout=0 -c statement_timeout=%dms -c lock_timeout=%dms"
		" -c gatewalk.backfill=%.32s", statement, LOCK_MS, sid);
	return db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk backfill", .options = options, .read_write = true }, e);
}

const char *backfill_tid(struct arena *a, int64_t at)
{
	return arena_printf(a, "'(%lld,%lld)'::tid", (long long)(at / BACKFILL_BLOCK), (long long)(at % BACKFILL_BLOCK));
}

const char *backfill_column(const struct plan *p)
{
	return archetype_beside(plan_recipe(p)) ? p->add_column : p->column;
}

const char *backfill_spec(struct arena *a, const struct plan *p)
{
	const struct plan_backfill *f = &p->backfill;
	char hex[65];
	const char *text = arena_printf(a, "%s\n%s\n%s\n%s%s%s", backfill_column(p), f->value, f->where ? f->where : "", f->fills ? f->fills : "nulls",
		archetype_beside(plan_recipe(p)) && p->convert_back ? "\n" : "", archetype_beside(plan_recipe(p)) && p->convert_back ? p->convert_back : "");
	crypto_sha256_hex(text, strlen(text), hex);
	return arena_dup(a, hex);
}

static bool differences(const struct backfill *b)
{
	return text_eq(b->plan->backfill.fills, "differences");
}

const char *backfill_rejected(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf)
{
	return arena_printf(a, "EXISTS (SELECT FROM gatewalk.backfill_reject gatewalk_r WHERE gatewalk_r.sid = %s AND gatewalk_r.relid = %u AND gatewalk_r.at = %s.ctid"
		" AND gatewalk_r.version = %s.xmin)", sql_literal(a, b->sid), leaf->oid, b->alias, b->alias);
}

/* SQL, boolean: the column holds another value than this makes of the row. As they are written, since not every type has an equality. */
static const char *written(const struct backfill *b, struct arena *a, const char *column, const char *value, const char *type)
{
	return arena_printf(a, "%s.%s::text COLLATE \"C\" IS DISTINCT FROM CAST((%s\n) AS %s)::text COLLATE \"C\"", b->alias, column, value, type);
}

static bool beside(const struct backfill *b)
{
	return archetype_beside(plan_recipe(b->plan));
}

static const char *differs(const struct backfill *b, struct arena *a)
{
	if (!beside(b))
		return arena_printf(a, "%s.%s IS DISTINCT FROM (%s\n)", b->alias, b->column, b->plan->backfill.value);
	const char *to = written(b, a, b->column, b->plan->backfill.value, b->type);
	return b->other ? arena_printf(a, "%s AND %s", to, written(b, a, b->other, b->plan->convert_back, b->other_type)) : to;
}

/* What must not be worked out on a row stands in a later branch: CASE is the one thing whose order the server keeps. */
const char *backfill_todo(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf)
{
	const struct plan_backfill *f = &b->plan->backfill;
	const char *null = differences(b) ? "" : arena_printf(a, "WHEN %s.%s IS NOT NULL THEN false ", b->alias, b->column);
	const char *known = !leaf || b->row.rejects == 0 ? "" : arena_printf(a, "WHEN %s THEN false ", backfill_rejected(b, a, leaf));
	const char *where = f->where ? arena_printf(a, "WHEN (%s\n) IS NOT TRUE THEN false ", f->where) : "";
	/* Side by side a value may also go. */
	const char *comes = differences(b) && beside(b) ? "" : arena_printf(a, "(%s\n) IS NOT NULL", f->value), *other = differences(b) ? differs(b, a) : "";
	return arena_printf(a, "CASE %s%s%sWHEN true THEN %s%s%s END", null, known, where, comes, *comes && *other ? " AND " : "", other);
}

const char *backfill_still(const struct backfill *b, struct arena *a)
{
	return b->strict || differences(b) ? differs(b, a) : arena_printf(a, "%s.%s IS NULL", b->alias, b->column);
}

const char *backfill_update(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *cond, const char *returning)
{
	return arena_printf(a, "UPDATE ONLY %s AS %s SET %s = (%s\n) WHERE %s RETURNING %s", leaf->name, b->alias, b->column, b->plan->backfill.value, cond, returning);
}

/* ---- the row ---- */

#define ROW_COLS "b.pass, b.leaf, b.at, b.upto, b.range_to, b.strip, b.pass_over, b.batches, b.filled, b.pass_filled, b.passed_by, coalesce(b.rows_left, -1)," \
	" (SELECT count(*) FROM gatewalk.backfill_reject r WHERE r.sid = b.sid), (SELECT count(*) FROM gatewalk.backfill_reject r WHERE r.sid = b.sid AND r.spec <> b.spec), b.timeline"
#define ROW_N 15

static struct backfill_row row_of(char *const *c)
{
	return (struct backfill_row){ .pass = (int)cell_int(c[0]), .leaf = (unsigned)cell_int(c[1]), .at = cell_int(c[2]), .upto = cell_int(c[3]), .range_to = cell_int(c[4]),
		.strip = (int)cell_int(c[5]), .pass_over = cell_bool(c[6]), .batches = cell_int(c[7]), .filled = cell_int(c[8]), .pass_filled = cell_int(c[9]),
		.passed_by = cell_int(c[10]), .left = cell_int(c[11]), .rejects = cell_int(c[12]), .older = cell_int(c[13]), .timeline = cell_int(c[14]) };
}

bool backfill_read(struct backfill *b, struct err *e)
{
	struct rows r;
	struct arena *a = arena_new();
	const char *args[] = { b->sid };
	bool ok = db_ask(b->db, a, &(struct query){ .sql = OWN_TAG "SELECT " ROW_COLS " FROM gatewalk.backfill b WHERE sid = $1", .args = args, .nargs = 1,
		.cols = ROW_N, .min_rows = 1, .max_rows = 1 }, &r, e);
	if (ok)
		b->row = row_of(r.cell[0]);
	arena_free(a);
	return ok || err_in(e, "reading how far the backfill is");
}

static bool leaves_read(struct backfill *b, struct err *e)
{
	struct rows r;
	const char *args[] = { arena_printf(b->a, "%u", b->relid) };
	const struct query q = { .sql = OWN_TAG "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
		"SELECT c.oid, format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid) / current_setting('block_size')::bigint, c.reltuples\n"
		"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' ORDER BY c.oid", .args = args, .nargs = 1, .cols = 4 };
	if (!db_ask(b->db, b->a, &q, &r, e))
		return false;
	b->n_leaves = (size_t)r.n;
	b->leaves = arena_array(b->a, b->n_leaves + 1, sizeof *b->leaves);
	for (int i = 0; i < r.n; i++)
		b->leaves[i] = (struct backfill_leaf){ (unsigned)cell_int(r.cell[i][0]), r.cell[i][1], cell_int(r.cell[i][2]), cell_double(r.cell[i][3]) };
	return true;
}

bool backfill_timeline(struct db *db, const char *sid, int64_t *tli, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { sid };
	const char *v = db_value(db, a, &(struct query){ .sql = OWN_TAG "SELECT coalesce(max(timeline), 0) FROM gatewalk.backfill WHERE sid = $1", .args = args, .nargs = 1 }, e);
	*tli = v ? cell_int(v) : 0;
	arena_free(a);
	return v || err_in(e, "reading where the backfill began");
}

/* Another column is another backfill: what was refused for the one before says nothing. */
#define BEGIN_SQL OWN_TAG "WITH was AS (SELECT * FROM gatewalk.backfill WHERE sid = $1),\n" \
	"gone AS (DELETE FROM gatewalk.backfill_reject r USING was WHERE r.sid = was.sid AND (was.relid, was.attnum) IS DISTINCT FROM ($2::oid, $3::smallint))\n" \
	"INSERT INTO gatewalk.backfill AS b (sid, relid, attnum, spec, timeline) VALUES ($1, $2::oid, $3::smallint, $4, $5::bigint)\n" \
	"ON CONFLICT (sid) DO UPDATE SET relid = excluded.relid, attnum = excluded.attnum, spec = excluded.spec, pass = 1, leaf = 0, at = 0, upto = 0, range_to = 0, strip = 0,\n" \
	"  pass_over = b.pass_over AND b.rows_left IS NOT DISTINCT FROM 0 AND (b.relid, b.attnum) = (excluded.relid, excluded.attnum), timeline = excluded.timeline,\n" \
	"  batches = b.batches + 1, filled = 0, pass_filled = 0, passed_by = 0, rows_left = NULL, counted_at = NULL, began_at = clock_timestamp()\n" \
	"WHERE (b.relid, b.attnum, b.spec) IS DISTINCT FROM (excluded.relid, excluded.attnum, excluded.spec)"

bool backfill_begin(struct backfill *b, int64_t timeline, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { b->sid, arena_printf(a, "%u", b->relid), arena_printf(a, "%d", b->attnum), backfill_spec(a, b->plan), arena_printf(a, "%lld", (long long)timeline) };
	const char *place[] = { b->sid, args[4] };
	/* A6 in the writer: one in the database, whichever walks they are. The lock goes with its session, so whoever has it finds no
	   transaction of another one under way. */
	bool ok = writer_alone_here(b->db, a, e) && db_ask(b->db, a, &(struct query){ .sql = BEGIN_SQL, .args = args, .nargs = 5, .cols = -1 }, NULL, e) &&
		db_ask(b->db, a, &(struct query){ .sql = OWN_TAG "UPDATE gatewalk.backfill SET timeline = $2::bigint WHERE sid = $1 AND timeline <> $2::bigint", .args = place, .nargs = 2, .cols = -1 }, NULL, e) &&
		backfill_read(b, e) && leaves_read(b, e);
	arena_free(a);
	return ok;
}

const struct backfill_leaf *backfill_at(const struct backfill *b)
{
	for (size_t i = 0; i < b->n_leaves; i++)
		if (b->leaves[i].oid == b->row.leaf)
			return &b->leaves[i];
	return NULL;
}

double backfill_share(const struct backfill *b, double *rows)
{
	double done = 0, all = 0;
	*rows = 0;
	for (size_t i = 0; i < b->n_leaves; i++) {
		const struct backfill_leaf *l = &b->leaves[i];
		bool here = l->oid == b->row.leaf;
		double blocks = here && b->row.upto ? (double)(b->row.upto / BACKFILL_BLOCK) : (double)l->blocks;
		all += blocks;
		done += b->row.pass_over || l->oid < b->row.leaf ? blocks : here ? (double)b->row.at / BACKFILL_BLOCK : 0;
		*rows = *rows < 0 || (l->rows < 0 && l->blocks > 0) ? -1 : *rows + (l->rows > 0 ? l->rows : 0);
	}
	return all > 0 ? (done < all ? done / all : 1) : b->row.pass_over;
}

/* ---- a transaction ---- */

bool backfill_open_tx(struct backfill *b, struct arena *a, struct err *e)
{
	const char *sql = arena_printf(a, OWN_TAG "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n" SLOT_OWN_WRITE_SQL "SET CONSTRAINTS ALL IMMEDIATE", sql_literal(a, b->sid));
	return db_script(b->db, a, sql, BACKFILL_MS, NULL, e);
}

bool backfill_close_tx(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *set, struct err *e)
{
	struct rows r;
	const char *names = leaf ? arena_printf(a, " AND to_regclass(%s)::oid = %u", sql_literal(a, leaf->name), leaf->oid) : "";
	const char *args[] = { b->sid, arena_printf(a, "%lld", (long long)b->row.batches), backfill_spec(a, b->plan), backfill_column(b->plan) };
	const struct query q = { .sql = arena_printf(a, OWN_TAG "UPDATE gatewalk.backfill b SET changed_at = clock_timestamp(), batches = b.batches + 1, %s\n"
		"WHERE sid = $1 AND batches = $2::bigint AND spec = $3\n"
		"AND EXISTS (SELECT FROM pg_attribute x WHERE x.attrelid = b.relid AND x.attnum = b.attnum AND x.attname = $4)%s RETURNING " ROW_COLS, set, names),
		.args = args, .nargs = 4, .ms = BACKFILL_MS, .cols = ROW_N, .max_rows = 1 };
	if (!db_ask(b->db, a, &q, &r, e))
		return err_in(e, "writing how far the backfill is");
	if (r.n == 0)
		return err_set(e, ERR_VERIFY, "Nothing of this batch was kept. Start it again; if it comes back, find out who changes them.",
			"the table, its column or gatewalk.backfill was changed under the backfill");
	if (db_commit(b->db, BACKFILL_MS, e) != DB_COMMITTED)
		return false;
	b->row = row_of(r.cell[0]);
	return true;
}

bool backfill_ended(struct backfill *b, struct arena *a, bool ok)
{
	if (!ok)
		db_rollback(b->db);
	arena_free(a);
	return ok;
}

static bool lone_tx(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *set, struct err *e)
{
	return backfill_ended(b, a, backfill_open_tx(b, a, e) && backfill_close_tx(b, a, leaf, set, e));
}

bool backfill_next(struct backfill *b, struct err *e)
{
	struct arena *a = arena_new();
	const struct backfill_leaf *next = NULL;
	for (size_t i = b->n_leaves; i > 0 && b->leaves[i - 1].oid > b->row.leaf; i--)
		next = &b->leaves[i - 1];
	const char *set = !next ? "pass_over = true" : arena_printf(a, "leaf = %u, at = 0, strip = 0, range_to = 0, upto = pg_relation_size(%u) / current_setting('block_size')::bigint * %lld",
		next->oid, next->oid, (long long)BACKFILL_BLOCK);
	return lone_tx(b, a, NULL, set, e);
}

bool backfill_again(struct backfill *b, struct err *e)
{
	return lone_tx(b, arena_new(), NULL, "pass = pass + 1, leaf = 0, at = 0, upto = 0, range_to = 0, strip = 0, pass_over = false, pass_filled = 0, passed_by = 0,"
		" rows_left = NULL, counted_at = NULL", e) && leaves_read(b, e);
}

/* Behind the last line of a block comes the next block. */
static int64_t settle(const struct backfill *b, int64_t at)
{
	return at % BACKFILL_BLOCK > b->line_max ? (at / BACKFILL_BLOCK + 1) * BACKFILL_BLOCK : at;
}

bool backfill_pass_by(struct backfill *b, int64_t to, struct err *e)
{
	struct arena *a = arena_new();
	return lone_tx(b, a, backfill_at(b), arena_printf(a, "passed_by = b.passed_by + 1, at = %lld, strip = 0", (long long)settle(b, to)), e);
}

static bool fill(struct backfill *b, struct arena *a, const char *cond, const char *from, const char *to, struct backfill_end *out, struct err *e)
{
	struct rows r;
	const struct backfill_leaf *leaf = backfill_at(b);
	const char *update = backfill_update(b, a, leaf, cond, arena_printf(a, "%s.ctid AS at, %s AS still", b->alias, backfill_still(b, a)));
	const struct query q = { .sql = arena_printf(a, OWN_TAG "WITH u AS (%s)\nSELECT count(*), count(*) FILTER (WHERE at >= %s AND at < %s), count(*) FILTER (WHERE still) FROM u",
		update, from, to), .ms = BACKFILL_MS, .cols = 3, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(b->db, a, &q, &r, e))
		return err_in(e, "filling %s", b->column);
	*out = (struct backfill_end){ .filled = cell_int(r.cell[0][0]), .kept = cell_int(r.cell[0][1]), .still = cell_int(r.cell[0][2]) };
	out->filled -= out->still;
	return true;
}

bool backfill_fill(struct backfill *b, int64_t to, bool strips, struct backfill_end *out, struct err *e)
{
	struct arena *a = arena_new();
	int64_t began = clock_mono();
	int s = b->row.strip;
	const char *from_tid = backfill_tid(a, b->row.at), *to_tid = backfill_tid(a, to);
	const char *strip = strips ? arena_printf(a, " AND (pg_catalog.hashtid(%s.ctid) & %d) = %d", b->alias, BACKFILL_STRIPS - 1, s) : "";
	const char *cond = arena_printf(a, "%s.ctid >= %s AND %s.ctid < %s%s AND %s", b->alias, from_tid, b->alias, to_tid, strip, backfill_todo(b, a, backfill_at(b)));
	bool more = strips && s + 1 < BACKFILL_STRIPS;
	bool ok = backfill_open_tx(b, a, e) && fill(b, a, cond, from_tid, to_tid, out, e);
	if (ok) {
		const char *set = arena_printf(a, "filled = b.filled + %lld, pass_filled = b.pass_filled + %lld, rows_left = NULL, counted_at = NULL, at = %lld, range_to = %lld, strip = %d",
			(long long)out->filled, (long long)out->filled, (long long)(more ? b->row.at : settle(b, to)), (long long)(more ? to : 0), more ? s + 1 : 0);
		ok = backfill_close_tx(b, a, backfill_at(b), set, e);
	}
	out->took_us = clock_mono() - began;
	return backfill_ended(b, a, ok);
}

/* ---- the proof ---- */

static const char *count_sql(const struct backfill *b, struct arena *a)
{
	struct text t = { 0 };
	text_add(&t, OWN_TAG "SELECT coalesce(sum(n), 0) FROM (SELECT 0 AS n");
	for (size_t i = 0; i < b->n_leaves; i++)
		text_addf(&t, "\nUNION ALL SELECT count(*) FROM ONLY %s AS %s WHERE %s", b->leaves[i].name, b->alias, backfill_todo(b, a, &b->leaves[i]));
	text_add(&t, ") x");
	const char *sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return sql;
}

static bool no_timeout(struct backfill *b, struct arena *a, struct err *e)
{
	return backfill_open_tx(b, a, e) && db_script(b->db, a, OWN_TAG "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '1s'", BACKFILL_MS, NULL, e);
}

bool backfill_count(struct backfill *b, int64_t *left, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	*left = -1;
	bool begun = leaves_read(b, e) && no_timeout(b, a, e);
	bool ok = begun && db_ask(b->db, a, &(struct query){ .sql = count_sql(b, a), .ms = COUNT_MS, .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e);
	if (begun && !ok && retry_is_refusal(e)) {
		err_clear(e);
		backfill_ended(b, a, false);
		return true;
	}
	if (ok) {
		*left = cell_int(r.cell[0][0]);
		ok = backfill_close_tx(b, a, NULL, arena_printf(a, "rows_left = %lld, counted_at = clock_timestamp()", (long long)*left), e);
	}
	return backfill_ended(b, a, ok) || err_in(e, "counting the rows that are left");
}
