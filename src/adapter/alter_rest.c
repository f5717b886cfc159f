/* SPDX-License-Identifier: MIT */
/* MUST 7: what looks at the rows that stand, behind the COMMIT of what puts the old column back. */
#include "adapter/alter_private.h"

#include "adapter/retry.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"
#include "port/files.h"

#define REST_MS (10 * 60 * 1000)   /* every row is read, under a lock that lets reads and writes go on */

/* $1 table, $2 statement, $3 our own check's name. One whose constraint is gone, or was looked at since, is done. */
static const char DUE_SQL[] =
"/* gatewalk */ SELECT EXISTS (SELECT FROM pg_constraint c, LATERAL (VALUES (quote_ident(conname)), ('\"' || replace(conname, '\"', '\"\"') || '\"')) q(name),\n"
"    LATERAL (VALUES (' VALIDATE CONSTRAINT ' || q.name)) v(tail) WHERE conrelid = $1::oid AND NOT convalidated AND right($2, length(v.tail)) = v.tail)\n"
"  OR (strpos($2, ' SET NOT NULL; ALTER TABLE ') > 0 AND EXISTS (SELECT FROM pg_constraint WHERE conrelid = $1::oid AND conname = $3))";

static bool due(struct db *db, struct arena *a, const struct walk *w, const char *statement, bool *is, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", w->relid), statement, arena_printf(a, "gatewalk_not_null_%d", w->attnum) };
	struct rows r;
	if (!db_ask(db, a, &(struct query){ .sql = DUE_SQL, .args = args, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e))
		return false;
	*is = cell_bool(r.cell[0][0]);
	return true;
}

static bool one(struct db *db, struct arena *a, const char *statement, struct err *e)
{
	int64_t deadline = clock_mono() + CHANGE_PATIENCE_S * US_SECOND;
	for (;;) {
		struct err why = { 0 };
		if (db_script(db, a, statement, REST_MS + WRITER_STATEMENT_MS, NULL, &why))
			return true;
		if (retry_is_lock(&why) && db_alive(db) && retry_pause(deadline))
			continue;
		*e = why;
		return false;
	}
}

bool alter_rest_on(struct db *db, struct arena *a, const struct walk *w, struct err *e)
{
	bool ok = db_script(db, a, arena_printf(a, "SET statement_timeout = %d", REST_MS), 0, NULL, e);
	for (size_t i = 1; ok && i < w->n_tighten; i++) {
		bool is = false;
		ok = due(db, a, w, w->tighten[i], &is, e) && (!is || one(db, a, w->tighten[i], e));
	}
	return ok || err_in(e, "looking at the rows that stand, for what the old column asks for again");
}

bool alter_rest(const char *conninfo, struct arena *a, const struct walk *w, struct err *e)
{
	int64_t now;
	if (w->relaxed_at || w->n_tighten < 2)
		return true;
	struct db *db = writer_open(conninfo, "gatewalk alter", e);
	bool ok = db && writer_settled(db, a, &now, e) && alter_rest_on(db, a, w, e);
	db_close(db);
	return ok;
}
