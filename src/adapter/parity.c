/* SPDX-License-Identifier: MIT */
#include "adapter/parity_private.h"

#include <stdio.h>
#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"

#define STATEMENT_LEAST_MS 2000
#define STATEMENT_TIMES 50
#define US(col) "(extract(epoch FROM " col ") * 1000000)::bigint"

/* By its key a table is walked along the index, however the server guesses what a chunk costs. */
struct db *parity_connect(const char *conninfo, int batch_ms, struct err *e)
{
	char options[320];
	int statement = batch_ms * STATEMENT_TIMES > STATEMENT_LEAST_MS ? batch_ms * STATEMENT_TIMES : STATEMENT_LEAST_MS;
	snprintf(options, sizeof options, "-c idle_in_transaction_session_timeout=10s -c idle_session_timeout=0 -c statement_timeout=%dms -c lock_timeout=1s -c enable_seqscan=off"
		" -c enable_bitmapscan=off -c enable_sort=off -c max_parallel_workers_per_gather=0 -c jit=off", statement);
	return db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk parity", .options = options, .read_write = true }, e);
}

static const char *spec_of(struct arena *a, const struct parity_order *o)
{
	char hex[65];
	const struct dual_order *d = &o->dual;
	const char *text = arena_printf(a, "%s\n%s\n%s\n%s\n%s\n%s", d->column, d->add_column, d->to ? d->to : "", d->back ? d->back : "", o->check ? o->check : "", o->unwritten ? "unwritten" : o->where ? o->where : "");
	crypto_sha256_hex(text, strlen(text), hex);
	return arena_dup(a, hex);
}

/* ---- what is compared ---- */

/* CASE keeps the order: what where lets off is not converted, and is NULL: neither of those that differ nor of those compared. */
static const char *bad_sql(struct arena *a, const struct parity_order *o, const struct dual_form *f)
{
	const char *where = o->where ? arena_printf(a, "WHEN (%s\n) IS NOT TRUE THEN NULL ", o->where) : "";
	const char *check = o->check ? arena_printf(a, "WHEN (%s\n) IS NOT TRUE THEN true ", o->check) : "";
	return arena_printf(a, "CASE %sWHEN %s THEN true %sELSE false END", where, dual_differs(a, f), check);
}

/* One boolean expression, that reads and changes nothing? The server says. */
static bool holds(struct parity *p, const char *what, const char *sql, const char **unfit, struct err *e)
{
	struct err why = { 0 };
	if (!sql)
		return true;
	const char *test = arena_printf(p->a, OWN_TAG "EXPLAIN SELECT %s IS TRUE FROM %s.%s AS %s WHERE (%s\n)", sql, sql_quoted(p->a, p->form.schema), sql_quoted(p->a, p->form.table), p->alias, sql);
	if (db_ask(p->db, p->a, &(struct query){ .sql = test, .cols = -1 }, NULL, &why))
		return true;
	if (why.code != ERR_DB || strcmp(why.sqlstate, "42501") == 0) {
		*e = why;
		return false;
	}
	*unfit = arena_printf(p->a, "%s cannot be used: %s", what, why.msg);
	return false;
}

/* Of places in the past so far apart as transactions can be told: an xid is 32 bit, where full_since is 64. */
static bool unwritten(struct parity *p, const char **unfit, struct err *e)
{
	struct rows r;
	const char *args[] = { p->form.sid, arena_printf(p->a, "%u", p->form.relid) };
	if (!db_ask(p->db, p->a, &(struct query){ .sql = OWN_TAG "SELECT full_since FROM gatewalk.parity WHERE sid = $1 AND relid = $2::oid AND full_since IS NOT NULL", .args = args, .nargs = 2, .cols = 1, .max_rows = 1 }, &r, e))
		return false;
	if (r.n == 0) {
		*unfit = "no comparison of every row has come to its end: which rows were written since dual write ended is not known";
		return true;
	}
	static const char now[] = "(SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::bigint)";
	const char *age = arena_printf(p->a, "((%s - %s.xmin::text::bigint) %% 4294967296 + 4294967296) %% 4294967296", now, p->alias);
	p->order.where = arena_printf(p->a, "%s > %s - %s", age, now, r.cell[0][0]);
	return true;
}

bool parity_try(struct db *db, struct arena *a, const struct parity_order *o, struct parity *out, const char **unfit, struct err *e)
{
	*out = (struct parity){ .db = db, .a = a, .order = *o };
	if (!dualwrite_form(db, a, &out->order.dual, &out->form, unfit, e) || *unfit)
		return *unfit != NULL;
	out->alias = sql_quoted(a, out->form.table);
	if (o->unwritten && (!unwritten(out, unfit, e) || *unfit))
		return *unfit != NULL;
	out->bad = bad_sql(a, &out->order, &out->form);
	const char *words = dual_words(a, out->form.keys, out->form.n_keys, out->alias);
	out->words = out->form.n_keys ? arena_printf(a, "left(%s, 200)", words) : arena_printf(a, "format('row at %%s of %%s', %s.ctid, %s.tableoid::regclass)", out->alias, out->alias);
	return (holds(out, "the check", o->check, unfit, e) && holds(out, "the condition", o->where, unfit, e)) || *unfit;
}

/* ---- the row ---- */

#define ROW_COLS "p.round, p.leaf, p.at, p.upto, p.since, p.chunks, p.rows_seen, p.mismatches, p.last_round, p.last_rows, p.last_mismatches, p.began_at IS NOT NULL, coalesce(array_length(p.cursor, 1), 0)"
#define ROW_N 13

static bool row_take(struct parity *p, char *const *c, struct err *e)
{
	struct rows r;
	const char *args[] = { p->form.sid };
	struct arena *row = arena_new();
	if (!db_ask(p->db, row, &(struct query){ .sql = OWN_TAG "SELECT u FROM gatewalk.parity p, unnest(p.cursor) WITH ORDINALITY AS k (u, n) WHERE p.sid = $1 ORDER BY n", .args = args, .nargs = 1,
			.cols = 1 }, &r, e)) {
		arena_free(row);
		return false;
	}
	arena_free(p->row);
	p->row = row;
	p->round = cell_int(c[0]);
	p->leaf = (unsigned)cell_int(c[1]);
	p->at = cell_int(c[2]);
	p->upto = cell_int(c[3]);
	p->since = arena_dup(row, c[4]);
	p->chunks = cell_int(c[5]);
	p->rows = cell_int(c[6]);
	p->mismatches = cell_int(c[7]);
	p->last_round = cell_int(c[8]);
	p->last_rows = cell_int(c[9]);
	p->last_mismatches = cell_int(c[10]);
	p->begun = cell_bool(c[11]);
	p->n_cursor = (size_t)r.n;
	p->cursor = arena_array(row, p->n_cursor + 1, sizeof *p->cursor);
	for (int i = 0; i < r.n; i++)
		p->cursor[i] = r.cell[i][0];
	return true;
}

static bool alone(struct parity *p, struct arena *a, struct err *e)
{
	const char *args[] = { p->form.sid };
	const char *got = db_value(p->db, a, &(struct query){ .sql = OWN_TAG "SELECT pg_try_advisory_lock(hashtextextended('gatewalk.parity.' || $1, 0))", .args = args, .nargs = 1 }, e);
	return got && (cell_bool(got) || err_set(e, ERR_WAIT, "gatewalk job list", "another session compares these columns"));
}

static bool row_read(struct parity *p, struct arena *a, struct err *e)
{
	struct rows r;
	const char *args[] = { p->form.sid };
	return db_ask(p->db, a, &(struct query){ .sql = OWN_TAG "SELECT " ROW_COLS " FROM gatewalk.parity p WHERE sid = $1", .args = args, .nargs = 1, .cols = ROW_N, .min_rows = 1, .max_rows = 1 }, &r, e)
		&& row_take(p, r.cell[0], e);
}

bool parity_begin(struct parity *p, int64_t timeline, struct err *e)
{
	struct arena *a = arena_new();
	const char *args[] = { p->form.sid, arena_printf(a, "%u", p->form.relid), spec_of(a, &p->order), arena_printf(a, "%lld", (long long)timeline) };
	const struct query q = { .sql = OWN_TAG "WITH w AS (INSERT INTO gatewalk.parity AS p (sid, relid, spec, timeline) VALUES ($1, $2::oid, $3, $4::bigint)\n"
		"ON CONFLICT (sid) DO UPDATE SET relid = excluded.relid, spec = excluded.spec, timeline = excluded.timeline, round = 1, began_at = NULL, leaf = 0, cursor = NULL, at = 0, upto = 0,\n"
		"  chunks = p.chunks + 1, rows_seen = 0, mismatches = 0, last_round = 0, last_began_at = NULL, last_ended_at = NULL, last_rows = 0, last_mismatches = 0, round_since = NULL,\n"
		"  full_since = CASE WHEN p.relid = excluded.relid THEN p.full_since END\n"
		"WHERE (p.relid, p.spec, p.timeline) IS DISTINCT FROM (excluded.relid, excluded.spec, excluded.timeline) RETURNING sid)\n"
		"DELETE FROM gatewalk.parity_mismatch m USING w WHERE m.sid = w.sid", .args = args, .nargs = 4, .cols = -1 };
	bool ok = db_script(p->db, a, OWN_TAG "SET default_transaction_read_only = off", PARITY_MS, NULL, e) && alone(p, a, e) && db_ask(p->db, a, &q, NULL, e) && row_read(p, a, e) && parity_leaves(p, e)
		&& db_script(p->db, a, OWN_TAG "SET default_transaction_read_only = on", PARITY_MS, NULL, e);   /* a look changes nothing, whatever the plan's expressions call */
	arena_free(a);
	return ok;
}

bool parity_begin_tx(struct parity *p, struct arena *a, struct err *e)
{
	return db_script(p->db, a, OWN_TAG "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", PARITY_MS, NULL, e);
}

bool parity_close_tx(struct parity *p, struct arena *a, const char *set, struct err *e)
{
	struct rows r;
	const struct parity_leaf *l = parity_at(p);
	const char *args[] = { p->form.sid, arena_printf(a, "%lld", (long long)p->chunks), spec_of(a, &p->order) };
	const char *names = l ? arena_printf(a, " AND to_regclass(%s)::oid = %u", sql_literal(a, l->name), l->oid) : "";
	const struct query q = { .sql = arena_printf(a, OWN_TAG "UPDATE gatewalk.parity p SET changed_at = clock_timestamp(), chunks = p.chunks + 1, %s\n"
		"WHERE sid = $1 AND chunks = $2::bigint AND spec = $3%s RETURNING " ROW_COLS, set, names), .args = args, .nargs = 3, .ms = PARITY_MS, .cols = ROW_N, .max_rows = 1 };
	if (!db_ask(p->db, a, &q, &r, e))
		return err_in(e, "writing how far the comparison is");
	if (r.n == 0)
		return err_set(e, ERR_VERIFY, "Start it again; if it comes back, find out who changes them.", "a table of it or gatewalk.parity was changed under the comparison");
	return row_take(p, r.cell[0], e) && db_commit(p->db, PARITY_MS, e) == DB_COMMITTED;
}

/* ---- rounds ---- */

const struct parity_leaf *parity_at(const struct parity *p)
{
	for (size_t i = 0; i < p->n_leaves; i++)
		if (p->leaves[i].oid == p->leaf)
			return &p->leaves[i];
	return NULL;
}

bool parity_settled(const struct parity *p)
{
	return !parity_at(p) || p->at < 0;
}

double parity_share(const struct parity *p, double *rows)
{
	const struct parity_leaf *here = parity_at(p);
	double all = 0;
	bool known = true;
	for (size_t i = 0; i < p->n_leaves; i++) {
		known = known && (p->leaves[i].rows >= 0 || p->leaves[i].blocks == 0);
		all += p->leaves[i].rows > 0 ? p->leaves[i].rows : 0;
	}
	*rows = known ? all : -1;
	if (known && all > 0)
		return (double)p->rows < all ? (double)p->rows / all : 1;
	return here && p->upto > 0 && p->at > 0 ? (double)p->at / (double)p->upto : 0;
}

/* since: a transaction that was under way, or came later, is not before it. */
static const char *next_set(struct arena *a, const struct parity_leaf *next)
{
	return arena_printf(a, "round_since = CASE WHEN p.began_at IS NULL THEN pg_snapshot_xmin(pg_current_snapshot()) ELSE p.round_since END, began_at = coalesce(p.began_at, clock_timestamp()), leaf = %u, cursor = NULL, at = 0, since = pg_snapshot_xmin(pg_current_snapshot())::xid,"
		" upto = pg_relation_size(%u) / current_setting('block_size')::bigint", next->oid, next->oid);
}

#define OVER_SET "last_round = p.round, last_began_at = coalesce(p.began_at, clock_timestamp()), last_ended_at = clock_timestamp(), last_rows = p.rows_seen, last_mismatches = p.mismatches," \
	" round = p.round + 1, began_at = NULL, leaf = 0, cursor = NULL, at = 0, upto = 0, rows_seen = 0, mismatches = 0"

static bool next(struct parity *p, struct arena *a, bool *over, struct err *e)
{
	const struct parity_leaf *next = NULL;
	for (size_t i = p->n_leaves; i > 0 && p->leaves[i - 1].oid > p->leaf; i--)
		next = &p->leaves[i - 1];
	*over = !next;
	p->leaf = next ? next->oid : 0;   /* of which the name is asked for again */
	const char *old = arena_printf(a, OWN_TAG "DELETE FROM gatewalk.parity_mismatch WHERE sid = %s AND round < %lld", sql_literal(a, p->form.sid), (long long)p->round);
	const char *over_set = p->order.where ? OVER_SET : OVER_SET ", full_since = CASE WHEN p.mismatches = 0 THEN coalesce(p.round_since, pg_snapshot_xmin(pg_current_snapshot())) ELSE p.full_since END";
	return parity_begin_tx(p, a, e) && (next || db_script(p->db, a, old, PARITY_MS, NULL, e)) && parity_close_tx(p, a, next ? next_set(a, next) : over_set, e);
}

bool parity_anew(struct parity *p, struct err *e)
{
	struct arena *a = arena_new();
	const char *old = arena_printf(a, OWN_TAG "DELETE FROM gatewalk.parity_mismatch WHERE sid = %s AND round = %lld", sql_literal(a, p->form.sid), (long long)p->round);
	p->leaf = 0;
	bool ok = parity_begin_tx(p, a, e) && db_script(p->db, a, old, PARITY_MS, NULL, e) &&
		parity_close_tx(p, a, "began_at = NULL, leaf = 0, cursor = NULL, at = 0, upto = 0, rows_seen = 0, mismatches = 0", e);
	if (!ok)
		db_rollback(p->db);
	arena_free(a);
	return ok;
}

bool parity_next(struct parity *p, bool *over, struct err *e)
{
	struct arena *a = arena_new();
	unsigned was = p->leaf;
	if (!p->begun && !parity_leaves(p, e)) {
		arena_free(a);
		return false;
	}
	bool ok = next(p, a, over, e);
	if (!ok) {
		p->leaf = was;
		db_rollback(p->db);
	}
	arena_free(a);
	return ok;
}

void parity_free(struct parity *p)
{
	arena_free(p->row);
	arena_free(p->tables);
	p->row = p->tables = NULL;
}

/* ---- what it found ---- */

bool parity_mismatches(struct db *db, struct arena *a, const char *sid, int max, struct parity_mismatch **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, arena_printf(a, "%d", max) };
	*n = 0;
	if (!db_ask(db, a, &(struct query){ .sql = OWN_TAG "SELECT round, key, old, new, expected, error, " US("seen_at") " FROM gatewalk.parity_mismatch WHERE sid = $1 ORDER BY round, n LIMIT $2::int",
			.args = args, .nargs = 2, .cols = 7 }, &r, e))
		return err_in(e, "reading the rows that differ");
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		(*out)[i] = (struct parity_mismatch){ cell_int(c[0]), c[1], c[2], c[3], c[4], c[5], cell_int(c[6]) };
	}
	return true;
}

static bool look(struct db *db, struct arena *a, const struct parity_order *o, bool now, struct fact_parity *out, struct err *e)
{
	struct rows r;
	const struct dual_order *d = &o->dual;
	const char *args[] = { d->sid, d->schema, d->table, spec_of(a, o), now ? "t" : "f" };
	const struct query q = { .sql = OWN_TAG "SELECT " US("clock_timestamp()") ", coalesce(p.last_round, 0), " US("p.last_began_at") ", " US("p.last_ended_at") ", p.last_rows, p.last_mismatches + CASE WHEN $5::boolean THEN p.mismatches ELSE 0 END,\n"
		"  (SELECT m.key FROM gatewalk.parity_mismatch m WHERE m.sid = p.sid AND (m.round = p.last_round OR $5::boolean AND m.round > p.last_round) ORDER BY m.round, m.n LIMIT 1)\n"
		"FROM (SELECT) one LEFT JOIN (gatewalk.parity p JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace) ON p.sid = $1 AND n.nspname = $2 AND c.relname = $3::text"
		" AND p.spec = $4", .args = args, .nargs = 5, .cols = 7, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the comparison");
	char **c = r.cell[0];
	*out = (struct fact_parity){ .at = cell_int(c[0]), .round = cell_int(c[1]), .began = cell_int(c[2]), .ended = cell_int(c[3]), .rows = cell_int(c[4]), .mismatches = cell_int(c[5]), .first = c[6] };
	return true;
}

bool parity_over(struct db *db, struct arena *a, const struct parity_order *o, struct fact_parity *out, struct err *e)
{
	return look(db, a, o, false, out, e);
}

bool parity_look(struct db *db, struct arena *a, const struct parity_order *o, struct fact_parity *out, struct err *e)
{
	return look(db, a, o, true, out, e);
}
