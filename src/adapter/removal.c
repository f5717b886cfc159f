/* SPDX-License-Identifier: MIT */
#include "adapter/removal.h"

#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

#define US(column) "(extract(epoch FROM " column ") * 1000000)::bigint"

static const char READ_SQL[] =
"/* gatewalk */ SELECT count(*), coalesce(max(to_n), 0), coalesce(sum(rows_removed), 0), coalesce(sum(rows_left), 0),\n"
"  " US("min(at)") ", " US("max(at)") ", (SELECT xid FROM gatewalk.removal WHERE sid = $1 ORDER BY batch DESC LIMIT 1),\n"
"  coalesce(bool_and(batch = i AND from_n = before AND nonce = $2 || '.' || batch AND rows_removed + rows_left = to_n - from_n), true),\n"
"  coalesce(sum(rows_left), 0) = (SELECT count(*) FROM gatewalk.removal_left WHERE sid = $1)\n"
"FROM (SELECT *, row_number() OVER w AS i, coalesce(lag(to_n) OVER w, 0) AS before FROM gatewalk.removal WHERE sid = $1 WINDOW w AS (ORDER BY batch)) r";

bool removal_read(struct db *db, struct arena *a, const char *sid, const char *intent_nonce, struct removal *out, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, intent_nonce };
	const struct query q = { .sql = READ_SQL, .args = args, .nargs = 2, .ms = 60000, .cols = 9, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "reading the ledger of removed rows");
	char **c = r.cell[0];
	*out = (struct removal){ .batches = cell_int(c[0]), .done = cell_int(c[1]), .removed = cell_int(c[2]), .left = cell_int(c[3]),
		.began = cell_int(c[4]), .ended = cell_int(c[5]), .xid = c[6] };
	if (!cell_bool(c[7]) || !cell_bool(c[8]))
		return err_set(e, ERR_VERIFY, "Find out who changed gatewalk.removal or removal_left; nothing goes on before that.",
			"the ledger of removed rows was changed: its batches do not follow each other");
	return true;
}

bool removal_rows(struct db *db, struct arena *a, const char *sid, int max, struct removal_row **out, size_t *n, struct err *e)
{
	struct rows r;
	const char *args[] = { sid, arena_printf(a, "%d", max) };
	const struct query q = { .sql = "/* gatewalk */ SELECT key, why FROM gatewalk.removal_left WHERE sid = $1 ORDER BY n LIMIT $2::int",
		.args = args, .nargs = 2, .ms = 60000, .cols = 2 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "reading which rows were left");
	*n = (size_t)r.n;
	*out = arena_array(a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++)
		(*out)[i] = (struct removal_row){ r.cell[i][0], r.cell[i][1] };
	return true;
}

bool removal_close(struct db *db, struct arena *a, const char *sid, const char *intent_nonce, int64_t batches, struct err *e)
{
	const char *args[] = { sid, arena_printf(a, "%s.%lld", intent_nonce, (long long)batches + 1) };
	const struct query q = { .sql = "/* gatewalk */ INSERT INTO gatewalk.permit (nonce, sid) VALUES ($2, $1) ON CONFLICT (nonce) DO NOTHING",
		.args = args, .nargs = 2, .cols = -1 };
	return db_ask(db, a, &q, NULL, e) || err_in(e, "closing the removal");
}
