/* SPDX-License-Identifier: MIT */
/* Rows that do not convert: found one by one, kept with key, value and error, tried again, told. A reject is a version of a row: its
   place and its xmin. */
#include "adapter/backfill_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"

#define US(col) "(extract(epoch FROM " col ") * 1000000)::bigint"

/* Its own statement was too long: a conversion that loops, or a trigger. */
static bool too_long(const struct err *e)
{
	return strcmp(e->sqlstate, "57014") == 0;
}

static bool still_there(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *where, bool *there, struct err *e)
{
	struct rows r;
	const char *sql = arena_printf(a, OWN_TAG "SELECT FROM ONLY %s AS %s WHERE %s FOR NO KEY UPDATE", leaf->name, b->alias, where);
	if (!db_ask(b->db, a, &(struct query){ .sql = sql, .ms = BACKFILL_MS, .cols = 0, .max_rows = 1 }, &r, e))
		return false;
	*there = r.n > 0;
	return true;
}

bool backfill_try_row(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *where, bool *there, int64_t *filled, struct err *why, struct err *e)
{
	struct rows r;
	const char *update = backfill_update(b, a, leaf, arena_printf(a, "%s AND %s", where, backfill_todo(b, a, NULL)), arena_printf(a, "%s AS still", backfill_still(b, a)));
	*filled = 0;
	if (!still_there(b, a, leaf, where, there, e) || !*there)
		return *there || e->code == ERR_NONE;
	if (!db_script(b->db, a, OWN_TAG "SAVEPOINT gatewalk_row; SET LOCAL statement_timeout = '" BACKFILL_ROW "'", BACKFILL_MS, NULL, e))
		return false;
	bool ok = db_ask(b->db, a, &(struct query){ .sql = arena_printf(a, OWN_TAG "%s", update), .ms = BACKFILL_MS, .cols = 1, .max_rows = 1 }, &r, why);
	bool still = ok && r.n > 0 && cell_bool(r.cell[0][0]);
	if (ok && !still) {
		*filled = r.n;
		return true;
	}
	if (!ok && !retry_is_refusal(why) && !too_long(why)) {
		*e = *why;
		return false;
	}
	if (still)
		err_set(why, ERR_DB, NULL, "it has %s behind the update: a trigger of the table %s%s%s", b->strict ? "another value" : "no value",
			b->strict ? "changes it" : "takes it away", *b->triggers ? ": " : "", b->triggers);
	return db_script(b->db, a, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_row", BACKFILL_MS, NULL, e);
}

/* INSERT of the rows that meet the condition; version as it is under the lock. */
static const char *insert_sql(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const struct err *why, const char *where)
{
	return arena_printf(a, OWN_TAG "INSERT INTO gatewalk.backfill_reject (sid, relid, at, version, key, value, sqlstate, error, spec)\n"
		"SELECT %s, %u, %s.ctid, %s.xmin, %s, %s, %s, %s, '%s' FROM ONLY %s AS %s WHERE %s", sql_literal(a, b->sid), leaf->oid, b->alias, b->alias, b->key, b->shown,
		sql_literal(a, why->sqlstate), sql_literal(a, why->msg), backfill_spec(a, b->plan), leaf->name, b->alias, where);
}

static bool one(struct backfill *b, struct arena *a, bool *rejected, struct err *e)
{
	const struct backfill_leaf *leaf = backfill_at(b);
	const char *where = arena_printf(a, "%s.ctid = %s", b->alias, backfill_tid(a, b->row.at));
	struct err why = { 0 };
	bool there;
	int64_t filled;
	if (!backfill_open_tx(b, a, e) || !backfill_try_row(b, a, leaf, where, &there, &filled, &why, e))
		return false;
	*rejected = why.code != ERR_NONE;
	if (*rejected && b->row.rejects >= b->plan->backfill.max_rejects)
		return err_set(e, ERR_GATE, "Mend the expression or the rows, or raise backfill.max_rejects.", "%lld rows do not convert, and the next one: %s", (long long)b->row.rejects, why.msg);
	if (*rejected && !db_script(b->db, a, insert_sql(b, a, leaf, &why, where), BACKFILL_MS, NULL, e))
		return false;
	int64_t next = b->row.at % BACKFILL_BLOCK >= b->line_max ? (b->row.at / BACKFILL_BLOCK + 1) * BACKFILL_BLOCK : b->row.at + 1;
	return backfill_close_tx(b, a, leaf, arena_printf(a, "filled = b.filled + %lld, pass_filled = b.pass_filled + %lld, rows_left = NULL, at = %lld, strip = 0",
		(long long)filled, (long long)filled, (long long)next), e);
}

bool backfill_one(struct backfill *b, bool *rejected, struct err *e)
{
	struct arena *a = arena_new();
	*rejected = false;
	return backfill_ended(b, a, one(b, a, rejected, e));
}

bool backfill_give_up(struct backfill *b, const char *why, struct err *e)
{
	struct arena *a = arena_new();
	struct err said = { 0 };
	err_set(&said, ERR_DB, NULL, "%s", why);
	bool ok = backfill_open_tx(b, a, e) && db_script(b->db, a, OWN_TAG "SET LOCAL statement_timeout = 0", BACKFILL_MS, NULL, e);
	for (size_t i = 0; ok && i < b->n_leaves; i++)
		ok = db_script(b->db, a, arena_printf(a, "%s LIMIT %d", insert_sql(b, a, &b->leaves[i], &said, backfill_todo(b, a, &b->leaves[i])), b->plan->backfill.max_rejects),
			6 * 3600 * 1000, NULL, e);
	return backfill_ended(b, a, ok && backfill_close_tx(b, a, NULL, "rows_left = NULL, counted_at = NULL", e)) || err_in(e, "listing the rows that do not take the value");
}

static const struct backfill_leaf *leaf_of(const struct backfill *b, unsigned oid)
{
	for (size_t i = 0; i < b->n_leaves; i++)
		if (b->leaves[i].oid == oid)
			return &b->leaves[i];
	return NULL;
}

/* c: n, relid, at, version. */
static bool retry(struct backfill *b, struct arena *a, char *const *c, struct err *e)
{
	const struct backfill_leaf *leaf = leaf_of(b, (unsigned)cell_int(c[1]));
	struct err why = { 0 };
	bool there = false;
	int64_t filled = 0;
	const char *where = arena_printf(a, "%s.ctid = %s::tid AND %s.xmin = %s::xid", b->alias, sql_literal(a, c[2]), b->alias, sql_literal(a, c[3]));
	if (!backfill_open_tx(b, a, e) || (leaf && !backfill_try_row(b, a, leaf, where, &there, &filled, &why, e)))
		return false;
	const char *sql = why.code == ERR_NONE ? arena_printf(a, OWN_TAG "DELETE FROM gatewalk.backfill_reject WHERE sid = %s AND n = %s", sql_literal(a, b->sid), c[0]) :
		arena_printf(a, OWN_TAG "UPDATE gatewalk.backfill_reject SET sqlstate = %s, error = %s, spec = '%s', seen_at = clock_timestamp() WHERE sid = %s AND n = %s",
			sql_literal(a, why.sqlstate), sql_literal(a, why.msg), backfill_spec(a, b->plan), sql_literal(a, b->sid), c[0]);
	return db_script(b->db, a, sql, BACKFILL_MS, NULL, e) &&
		backfill_close_tx(b, a, leaf, arena_printf(a, "filled = b.filled + %lld, rows_left = NULL, counted_at = NULL", (long long)filled), e);
}

bool backfill_retry(struct backfill *b, bool all, int64_t *n, bool *more, struct err *e)
{
	struct rows r;
	struct arena *a = arena_new();
	const char *args[] = { b->sid, arena_printf(a, "%lld", (long long)*n), all ? "" : backfill_spec(a, b->plan) };
	bool ok = db_ask(b->db, a, &(struct query){ .sql = OWN_TAG "SELECT n, relid, at, version FROM gatewalk.backfill_reject WHERE sid = $1 AND n > $2::bigint AND spec <> $3 ORDER BY n LIMIT 1",
		.args = args, .nargs = 3, .cols = 4, .max_rows = 1 }, &r, e);
	*more = ok && r.n > 0;
	if (*more) {
		ok = retry(b, a, r.cell[0], e);
		*n = ok ? cell_int(r.cell[0][0]) : *n;
	}
	return backfill_ended(b, a, ok);
}

bool backfill_rejects(struct db *db, struct arena *a, const char *sid, int max, struct backfill_reject **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, arena_printf(a, "%d", max) };
	*n = 0;
	if (!db_ask(db, a, &(struct query){ .sql = OWN_TAG "SELECT n, key, value, sqlstate, error FROM gatewalk.backfill_reject WHERE sid = $1 ORDER BY n LIMIT $2::int",
			.args = args, .nargs = 2, .cols = 5 }, &r, e))
		return err_in(e, "reading the rejects");
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++)
		(*out)[i] = (struct backfill_reject){ cell_int(r.cell[i][0]), r.cell[i][1], r.cell[i][2], r.cell[i][3], r.cell[i][4] };
	return true;
}

struct csv { db_sink *sink; void *ctx; struct text row; };

/* The server ends a row with LF, RFC 4180 with CRLF. */
static bool csv_row(void *ctx, const char *row, size_t len, struct err *e)
{
	struct csv *c = ctx;
	c->row.len = 0;
	text_addn(&c->row, row, len > 0 && row[len - 1] == '\n' ? len - 1 : len);
	text_add(&c->row, "\r\n");
	return c->sink(c->ctx, text_str(&c->row), c->row.len, e);
}

bool backfill_export(struct db *db, const char *sid, db_sink *sink, void *ctx, struct err *e)
{
	struct arena *a = arena_new();
	const char *sql = arena_printf(a, OWN_TAG "COPY (SELECT key, value, sqlstate, error FROM gatewalk.backfill_reject WHERE sid = %s ORDER BY n) TO STDOUT (FORMAT csv, HEADER true)", sql_literal(a, sid));
	struct csv c = { .sink = sink, .ctx = ctx };
	bool ok = db_copy_out(db, sql, BACKFILL_MS, csv_row, &c, e);
	text_free(&c.row);
	arena_free(a);
	return ok || err_in(e, "writing the rejects");
}

bool backfill_look(struct db *db, struct arena *a, const struct plan *p, const char *sid, unsigned relid, struct fact_backfill *out, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, arena_printf(a, "%u", relid), p->backfill.value ? backfill_spec(a, p) : NULL };
	/* Of the pass, by tables: those behind it, and of the one it is at how far it is. */
	const struct query q = { .sql = OWN_TAG "WITH RECURSIVE tree AS (SELECT $2::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid),\n"
		"size AS (SELECT oid, pg_relation_size(oid)::float8 AS n FROM tree)\n"
		"SELECT " US("clock_timestamp()") ", b.sid IS NOT NULL, b.pass, b.pass_over, (SELECT coalesce(sum(n) FILTER (WHERE oid < b.leaf), 0)\n"
		"  + coalesce(sum(n) FILTER (WHERE oid = b.leaf), 0) * coalesce(b.at::float8 / nullif(b.upto, 0), 1) FROM size), (SELECT sum(n) FROM size),\n"
		"  CASE WHEN b.leaf <> 0 THEN concat_ws(' ', 'pass', b.pass, b.leaf::regclass, 'block', b.at / 65536, 'of', b.upto / 65536) END, coalesce(b.filled, 0), coalesce(b.rows_left, -1),\n"
		"  (SELECT count(*) FROM gatewalk.backfill_reject x WHERE x.sid = $1), " US("b.counted_at") "\n"
		"FROM (SELECT) one LEFT JOIN gatewalk.backfill b ON b.sid = $1 AND b.relid = $2::oid AND b.spec = $3", .args = args, .nargs = 3, .cols = 11, .min_rows = 1, .max_rows = 1 };
	*out = (struct fact_backfill){ .left = -1 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the backfill");
	char **c = r.cell[0];
	double all = cell_double(c[5]), done = cell_double(c[4]);
	*out = (struct fact_backfill){ .at = cell_int(c[0]), .begun = cell_bool(c[1]), .pass = (int)cell_int(c[2]), .cursor = c[6], .filled = cell_int(c[7]), .left = cell_int(c[8]),
		.rejects = cell_int(c[9]), .counted_at = cell_int(c[10]) };
	out->share = cell_bool(c[3]) ? 1 : all > 0 && done < all ? done / all : out->begun && all > 0;
	out->done = out->begun && out->counted_at && out->left == 0;
	if (!out->begun)
		out->rejects = 0;
	return true;
}
