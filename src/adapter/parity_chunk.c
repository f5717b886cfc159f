/* SPDX-License-Identifier: MIT */
/* One chunk: compared, looked at again where something differs, written down. */
#include "adapter/parity_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

#define MOMENT_MS 300
#define LOOKS 4
#define SWEEP_MS (6 * 3600 * 1000)
#define ONE_ROW "3s"

/* A part of one table. last: the key of its last row, or of none (n 0): it goes to the end. */
struct part {
	const struct parity_leaf *leaf;
	const char *range;            /* SQL, boolean, over the row */
	const char *set;              /* assignments that put where it is behind it */
	bool whole;                   /* one look over all that is left: no timeout of the server's */
	int64_t rows, compared, bad;  /* rows: of the range; compared: without those that are left out */
	const char *xid;              /* what is not before it came later than the look */
};

static const char *key_list(struct arena *a, const struct parity *p, const struct parity_leaf *l)
{
	struct text t = { 0 };
	for (size_t i = 0; i < l->n_keys; i++)
		text_addf(&t, "%s%s.%s", i ? ", " : "", p->alias, l->keys[i].name);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static const char *key_values(struct arena *a, const struct parity_leaf *l, const char *const *values)
{
	struct text t = { 0 };
	for (size_t i = 0; i < l->n_keys; i++)
		text_addf(&t, "%s%s::%s", i ? ", " : "", sql_literal(a, values[i]), l->keys[i].type);
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

/* "(a, b) > (1, 2)" */
static const char *key_bound(struct arena *a, const struct parity *p, const struct parity_leaf *l, const char *op, const char *const *values)
{
	return arena_printf(a, "(%s) %s (%s)", key_list(a, p, l), op, key_values(a, l, values));
}

static bool has_cursor(const struct parity *p, const struct parity_leaf *l)
{
	return p->n_cursor == l->n_keys && l->n_keys > 0;
}

static const char *from_cursor(struct arena *a, const struct parity *p, const struct parity_leaf *l)
{
	return has_cursor(p, l) ? key_bound(a, p, l, ">", p->cursor) : "true";
}

/* range and set of a part that ends at the row whose key this is; NULL: at the table's end. */
static void key_part(struct arena *a, const struct parity *p, struct part *x, const char *const *last)
{
	struct text t = { 0 };
	x->range = from_cursor(a, p, x->leaf);
	x->set = "at = -1";
	if (!last)
		return;
	x->range = arena_printf(a, "%s AND %s", x->range, key_bound(a, p, x->leaf, "<=", last));
	for (size_t i = 0; i < x->leaf->n_keys; i++)
		text_addf(&t, "%s%s", i ? ", " : "cursor = ARRAY[", sql_literal(a, last[i]));
	text_add(&t, "]::text[]");
	x->set = arena_dup(a, text_str(&t));
	text_free(&t);
}

static const char *table(struct arena *a, const struct parity *p, const struct parity_leaf *l)
{
	return arena_printf(a, "ONLY %s AS %s", l->name, p->alias);
}

/* How many, how many differ, since when, and the last one's key: a pass over the rows, and one over what was kept of them. */
static bool look_by_key(struct parity *p, struct arena *a, int64_t size, bool compare, struct part *x, struct err *e)
{
	struct rows r;
	struct text keys = { 0 }, texts = { 0 };
	const struct parity_leaf *l = x->leaf;
	for (size_t i = 0; i < l->n_keys; i++) {
		text_addf(&keys, ", %s.%s AS gatewalk_%zu", p->alias, l->keys[i].name, i);
		text_addf(&texts, ", gatewalk_%zu::text", i);
	}
	const char *sql = arena_printf(a, OWN_TAG "WITH c AS MATERIALIZED (SELECT %s AS bad%s FROM %s WHERE %s ORDER BY %s LIMIT %lld), n AS (SELECT count(*) AS rows, count(bad) AS compared, count(*) FILTER (WHERE bad) AS bad FROM c)\n"
		"SELECT n.rows, n.compared, n.bad, pg_snapshot_xmax(pg_current_snapshot())::xid%s FROM n, c OFFSET (SELECT rows - 1 FROM n WHERE rows > 0)", compare ? p->bad : "false", text_str(&keys),
		table(a, p, l), from_cursor(a, p, l), key_list(a, p, l), (long long)size, text_str(&texts));
	text_free(&keys);
	text_free(&texts);
	if (!db_ask(p->db, a, &(struct query){ .sql = sql, .ms = PARITY_MS, .cols = 4 + (int)l->n_keys, .max_rows = 1 }, &r, e))
		return false;
	x->rows = r.n ? cell_int(r.cell[0][0]) : 0;
	x->compared = r.n ? cell_int(r.cell[0][1]) : 0;
	x->bad = r.n ? cell_int(r.cell[0][2]) : 0;
	x->xid = r.n ? r.cell[0][3] : "0";
	key_part(a, p, x, x->rows < size ? NULL : (const char *const *)r.cell[0] + 4);
	return true;
}

/* A table without a key: blocks, and behind the last one the rows that were written meanwhile. */
static void block_part(struct arena *a, const struct parity *p, int64_t size, struct part *x)
{
	int64_t to = p->at + size < p->upto ? p->at + size : p->upto;
	x->whole = p->at >= p->upto;
	x->range = x->whole ? arena_printf(a, "age(%s.xmin) <= age('%s'::xid)", p->alias, p->since)
		: arena_printf(a, "%s.ctid >= '(%lld,0)'::tid AND %s.ctid < '(%lld,0)'::tid", p->alias, (long long)p->at, p->alias, (long long)to);
	x->set = x->whole ? "at = -1" : arena_printf(a, "at = %lld", (long long)to);
}

static bool look_by_block(struct parity *p, struct arena *a, struct part *x, struct err *e)
{
	struct rows r;
	const char *sql = arena_printf(a, OWN_TAG "SELECT count(gatewalk_bad), count(*) FILTER (WHERE gatewalk_bad), pg_snapshot_xmax(pg_current_snapshot())::xid FROM (SELECT %s AS gatewalk_bad FROM %s WHERE %s OFFSET 0) gatewalk_x",
		p->bad, table(a, p, x->leaf), x->range);
	if (!db_ask(p->db, a, &(struct query){ .sql = sql, .ms = x->whole ? SWEEP_MS : PARITY_MS, .cols = 3, .min_rows = 1, .max_rows = 1 }, &r, e))
		return false;
	x->rows = x->compared = x->whole ? 0 : cell_int(r.cell[0][0]);
	x->bad = cell_int(r.cell[0][1]);
	x->xid = r.cell[0][2];
	return true;
}

/* ---- what differs ---- */

/* Still, a moment later, in a version that stood then? */
static bool look_again(struct parity *p, struct arena *a, struct part *x, struct err *e)
{
	struct rows r;
	for (int i = 0; i < LOOKS && x->bad > 0; i++) {
		clock_nap(MOMENT_MS);
		const char *sql = arena_printf(a, OWN_TAG "SELECT count(*), count(*) FILTER (WHERE age(%s.xmin) > age('%s'::xid)), pg_snapshot_xmax(pg_current_snapshot())::xid FROM %s WHERE %s AND %s", p->alias,
			x->xid, table(a, p, x->leaf), x->range, p->bad);
		if (!db_ask(p->db, a, &(struct query){ .sql = sql, .ms = x->whole ? SWEEP_MS : PARITY_MS, .cols = 3, .min_rows = 1, .max_rows = 1 }, &r, e))
			return false;
		x->bad = cell_int(r.cell[0][0]);
		x->xid = r.cell[0][2];
		if (cell_int(r.cell[0][1]) == x->bad)
			break;
	}
	return true;
}

/* INSERT of so many rows as may still be told of this round. what: the columns expected, error; cond: which. */
static bool tell(struct parity *p, struct arena *a, const struct part *x, const char *what, const char *cond, struct err *e)
{
	const struct dual_form *f = &p->form;
	const char *sid = sql_literal(a, f->sid);
	const char *sql = arena_printf(a, OWN_TAG "INSERT INTO gatewalk.parity_mismatch (sid, round, key, old, new, expected, error)\n"
		"SELECT %s, %lld, %s, left(%s.%s::text, 500), left(%s.%s::text, 500), %s FROM %s WHERE %s\n"
		"LIMIT greatest(0, %d - (SELECT count(*) FROM gatewalk.parity_mismatch m WHERE m.sid = %s AND m.round = %lld))", sid, (long long)p->round, p->words, p->alias, sql_quoted(a, f->old.name),
		p->alias, sql_quoted(a, f->new.name), what, table(a, p, x->leaf), cond, PARITY_KEPT, sid, (long long)p->round);
	return db_script(p->db, a, sql, x->whole ? SWEEP_MS : PARITY_MS, NULL, e);
}

static bool tell_part(struct parity *p, struct arena *a, const struct part *x, struct err *e)
{
	const char *what = arena_printf(a, "left((CAST((%s\n) AS %s))::text, 500), NULL", p->form.to.sql, p->form.new.whole);
	return x->bad == 0 || tell(p, a, x, what, arena_printf(a, "%s AND %s", x->range, p->bad), e);
}

/* ---- a chunk ---- */

static bool write_down(struct parity *p, struct arena *a, const struct part *x, struct err *e)
{
	const char *set = arena_printf(a, "%s, rows_seen = p.rows_seen + %lld, mismatches = p.mismatches + %lld", x->set, (long long)x->compared, (long long)x->bad);
	return parity_close_tx(p, a, set, e);
}

static bool gone(struct err *e)
{
	return err_set(e, ERR_VERIFY, "Start it again.", "a table of it is gone");
}

/* One look over all that was written meanwhile takes as long as it takes. */
static bool patience(struct parity *p, struct arena *a, const struct part *x, struct err *e)
{
	return !x->whole || db_script(p->db, a, OWN_TAG "SET statement_timeout = 0", PARITY_MS, NULL, e);
}

/* Looks without a transaction of its own: what waits for a moment holds nothing. */
static bool chunk(struct parity *p, struct arena *a, int64_t size, struct part *x, int64_t *looked_us, struct err *e)
{
	int64_t began = clock_mono();
	if (!x->leaf)
		return gone(e);
	if (x->leaf->n_keys == 0)
		block_part(a, p, size, x);
	bool ok = patience(p, a, x, e) && (x->leaf->n_keys ? look_by_key(p, a, size, true, x, e) : look_by_block(p, a, x, e));
	*looked_us = clock_mono() - began;
	return ok && look_again(p, a, x, e) && parity_begin_tx(p, a, e) && tell_part(p, a, x, e) && write_down(p, a, x, e);
}

static bool ended(struct parity *p, struct arena *a, const struct part *x, bool ok, struct parity_end *out)
{
	out->rows = x->compared;
	out->mismatches = x->bad;
	if (!ok)
		db_rollback(p->db);
	if (x->whole && db_alive(p->db))
		db_script(p->db, a, OWN_TAG "RESET statement_timeout", PARITY_MS, NULL, NULL);
	arena_free(a);
	return ok;
}

bool parity_chunk(struct parity *p, int64_t size, struct parity_end *out, struct err *e)
{
	struct arena *a = arena_new();
	struct part x = { .leaf = parity_at(p) };
	return ended(p, a, &x, chunk(p, a, size, &x, &out->took_us, e), out);
}

/* ---- row by row ---- */

/* Rows of it, by their places: a place is a version. bad: those that differ; raised: where the conversion raises, why. */
static bool judge(struct parity *p, struct arena *a, const struct part *x, const char *tid, bool *bad, struct err *raised, struct err *e)
{
	struct rows r;
	struct err why = { 0 };
	const char *sql = arena_printf(a, OWN_TAG "SELECT %s FROM %s WHERE %s.ctid = %s::tid", p->bad, table(a, p, x->leaf), p->alias, sql_literal(a, tid));
	*bad = false;
	if (db_ask(p->db, a, &(struct query){ .sql = sql, .ms = PARITY_MS, .cols = 1, .max_rows = 1 }, &r, &why)) {
		*bad = r.n && cell_bool(r.cell[0][0]);
		return true;
	}
	*raised = why;
	*bad = retry_is_refusal(&why) || (strcmp(why.sqlstate, "57014") == 0 && db_alive(p->db));
	return *bad || (*e = why, false);
}

/* told: the second time, when it counts. */
static bool one_row(struct parity *p, struct arena *a, struct part *x, const char *tid, bool told, struct err *e)
{
	bool bad;
	struct err raised = { 0 };
	if (!db_script(p->db, a, OWN_TAG "SAVEPOINT gatewalk_row; SET LOCAL statement_timeout = '" ONE_ROW "'", PARITY_MS, NULL, e) || !judge(p, a, x, tid, &bad, &raised, e)
			|| !db_script(p->db, a, OWN_TAG "ROLLBACK TO SAVEPOINT gatewalk_row", PARITY_MS, NULL, e))
		return false;
	x->bad += bad;
	if (!bad || !told)
		return true;
	const char *what = raised.code == ERR_NONE ? arena_printf(a, "left((CAST((%s\n) AS %s))::text, 500), NULL", p->form.to.sql, p->form.new.whole)
		: arena_printf(a, "NULL, %s", sql_literal(a, raised.msg));
	return tell(p, a, x, what, arena_printf(a, "%s.ctid = %s::tid", p->alias, sql_literal(a, tid)), e);
}

static bool each_row(struct parity *p, struct arena *a, struct part *x, const struct rows *r, bool told, struct err *e)
{
	x->bad = 0;
	for (int i = 0; i < r->n; i++)
		if (!one_row(p, a, x, r->cell[i][0], told, e))
			return false;
	return true;
}

static bool list(struct parity *p, struct arena *a, int64_t size, struct part *x, struct rows *r, struct err *e)
{
	if (x->leaf->n_keys == 0)
		block_part(a, p, size, x);
	else if (!look_by_key(p, a, size, false, x, e))
		return false;
	if (!patience(p, a, x, e))
		return false;
	const char *sql = arena_printf(a, OWN_TAG "SELECT ctid FROM %s WHERE %s", table(a, p, x->leaf), x->range);
	return db_ask(p->db, a, &(struct query){ .sql = sql, .ms = x->whole ? SWEEP_MS : PARITY_MS, .cols = 1 }, r, e);
}

static bool row_by_row(struct parity *p, struct arena *a, int64_t size, struct part *x, struct err *e)
{
	struct rows r;
	if (!x->leaf)
		return gone(e);
	if (!list(p, a, size, x, &r, e) || !parity_begin_tx(p, a, e) || !each_row(p, a, x, &r, false, e))
		return false;
	if (x->bad > 0) {
		clock_nap(MOMENT_MS);
		if (!each_row(p, a, x, &r, true, e))
			return false;
	}
	x->rows = x->compared = x->whole ? 0 : r.n;
	return write_down(p, a, x, e);
}

bool parity_rows(struct parity *p, int64_t size, struct parity_end *out, struct err *e)
{
	struct arena *a = arena_new();
	struct part x = { .leaf = parity_at(p) };
	int64_t began = clock_mono();
	bool ok = row_by_row(p, a, size, &x, e);
	out->took_us = clock_mono() - began;
	return ended(p, a, &x, ok, out);
}
