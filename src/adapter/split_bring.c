/* SPDX-License-Identifier: MIT */
#include "adapter/split_bring.h"

#include "adapter/split.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/plan.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

#define BATCH_MS 60000                     /* one that takes longer is a moment's: its transaction is rolled back */
#define COUNT_MS (12 * 60 * 60 * 1000)
#define SETTINGS_SQL "SET statement_timeout = 0; SET lock_timeout = '2s'; SET idle_session_timeout = 0"

struct db *split_link(const char *conninfo, struct err *e)
{
	return db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk split", .read_write = true }, e);
}

bool split_login(struct split_bring *b, struct arena *a, const char *conninfo, const char *sid, const struct plan *p, struct err *e)
{
	const struct split_order o = split_order_of(a, p, true);
	const char *unfit = NULL;
	if (!(b->db = split_link(conninfo, e)) || !db_script(b->db, a, SETTINGS_SQL, 0, NULL, e) || !writer_alone_here(b->db, a, e) || !writer_signed(b->db, a, sid, p, &b->relid, e) ||
	    !split_form(b->db, a, &o, &b->form, &unfit, e))
		return false;
	b->leaf = arena_printf(a, "%s.%s", sql_quoted(a, p->schema), sql_quoted(a, p->table));
	return !unfit || err_set(e, ERR_VERIFY, "Take the new table's triggers away at item 5, and begin another walk.", "%s", unfit);
}

static bool ask(struct split_bring *b, struct arena *a, const char *sql, int ms, int cols, struct rows *out, struct err *e)
{
	return db_ask(b->db, a, &(struct query){ .sql = sql, .ms = ms, .cols = cols, .min_rows = 1, .max_rows = 1 }, out, e);
}

bool split_blocks(struct split_bring *b, int64_t *blocks, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	bool ok = ask(b, a, arena_printf(a, "/* gatewalk */ SELECT pg_relation_size(%u) / current_setting('block_size')::bigint", b->relid), 0, 1, &r, e);
	if (ok)
		*blocks = cell_int(r.cell[0][0]);
	arena_free(a);
	return ok;
}

bool split_batch(struct split_bring *b, int64_t from, int64_t to, int64_t *rows, int64_t *took_us, struct err *e)
{
	struct arena *a = arena_new();
	int64_t began = clock_mono();
	const char *sql = arena_printf(a, "WITH came AS (%s RETURNING 1) SELECT count(*) FROM came", split_fill(a, &b->form, b->leaf, from, to));
	struct rows r;
	bool ok = ask(b, a, sql, BATCH_MS, 1, &r, e) || err_in(e, "bringing over the blocks from %lld", (long long)from);
	if (ok)
		*rows = cell_int(r.cell[0][0]);
	*took_us = clock_mono() - began;
	arena_free(a);
	return ok;
}

bool split_missing(struct split_bring *b, int64_t *rows, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	bool ok = ask(b, a, split_left(a, &b->form), COUNT_MS, 1, &r, e) || err_in(e, "counting the rows that are not there yet");
	if (ok)
		*rows = cell_int(r.cell[0][0]);
	arena_free(a);
	return ok;
}

bool split_counted(struct split_bring *b, struct split_counts *out, struct err *e)
{
	struct arena *a = arena_new();
	struct rows r;
	bool ok = ask(b, a, split_compare(a, &b->form), COUNT_MS, 3, &r, e) || err_in(e, "comparing the two tables");
	if (ok)
		*out = (struct split_counts){ cell_int(r.cell[0][0]), cell_int(r.cell[0][1]), cell_int(r.cell[0][2]) };
	arena_free(a);
	return ok;
}

bool split_finish(struct split_bring *b, struct err *e)
{
	struct arena *a = arena_new();
	bool ok = db_script(b->db, a, split_whole(a, &b->form), 0, NULL, e);
	arena_free(a);
	return ok;
}
