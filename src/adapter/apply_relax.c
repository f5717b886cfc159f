/* SPDX-License-Identifier: MIT */
/* Item 9: the column no longer asks to be filled, and nothing fills it by itself. */
#include "adapter/apply.h"

#include <stdio.h>

#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "core/gate.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

#define PATIENCE (20 * US_SECOND)

/* Under the lock: is it still the column that was looked at, and what has to go? */
static const char NOW_SQL[] =
"/* gatewalk */ SELECT a.attnotnull, a.atthasdef AND a.attgenerated = '' FROM pg_attribute a\n"
"WHERE a.attrelid = $1::oid AND a.attnum = $2::int AND a.attname = $3::text AND NOT a.attisdropped AND to_regclass($4) = $1::oid";

static bool look(struct db *db, struct arena *a, const struct fact_target *t, const char *table, struct rows *out, struct err *e)
{
	char rel[16], num[16];
	snprintf(rel, sizeof rel, "%u", t->relid);
	snprintf(num, sizeof num, "%d", t->attnum);
	const char *const args[] = { rel, num, t->column, table };
	const struct query q = { .sql = NOW_SQL, .args = args, .nargs = 4, .cols = 2, .max_rows = 1 };
	if (!db_ask(db, a, &q, out, e))
		return false;
	return out->n == 1 || err_set(e, ERR_GATE, "Look again.", "the table or its column changed meanwhile");
}

static bool relax_once(struct db *db, struct arena *a, const struct fact_target *t, struct err *e)
{
	struct rows r;
	const char *table = arena_printf(a, "%s.%s", sql_quoted(a, t->schema), sql_quoted(a, t->table)), *column = sql_quoted(a, t->column);
	const char *lock = arena_printf(a, "BEGIN; SET LOCAL lock_timeout = '500ms'; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table);
	if (!db_script(db, a, lock, 0, NULL, e) || !look(db, a, t, table, &r, e))
		return false;
	if (cell_bool(r.cell[0][0]) && !db_script(db, a, arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL", table, column), 0, NULL, e))
		return false;
	if (cell_bool(r.cell[0][1]) && !db_script(db, a, arena_printf(a, "ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", table, column), 0, NULL, e))
		return false;
	return db_commit(db, 0, e) == DB_COMMITTED;
}

bool apply_relax(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	const struct fact_target *t = &f->target;
	int64_t deadline = clock_mono() + PATIENCE;
	if (!t->found || t->relid != w->relid || t->attnum != w->attnum)
		return err_set(e, ERR_GATE, "Look again.", "the column is not the one this walk began with");
	if (!t->not_null && !t->def)
		return true;
	if (!gate_change_allowed(p, w, f, e))
		return false;
	for (;;) {
		struct err why = { 0 };
		if (relax_once(db, a, t, &why))
			return true;
		db_rollback(db);
		if (retry_is_lock(&why) && retry_pause(deadline))
			continue;
		if (e)
			*e = why;
		return err_in(e, "taking NOT NULL and DEFAULT off %s.%s.%s", t->schema, t->table, t->column);
	}
}
