/* SPDX-License-Identifier: MIT */
/* Around the writer of a new column, reading only: who holds the table, what became of a change, what stands in the column. */
#include "adapter/alter.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/db.h"

/* The number that the new column has; where it has gone since, the one that the ledger's row kept. */
static bool number_of(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, int *attnum, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", w->relid), plan_new_column(p), w->sid };
	const struct query q = { .sql = "/* gatewalk */ SELECT coalesce((SELECT attnum FROM pg_attribute WHERE attrelid = $1::oid AND attname = $2 AND attnum > 0 AND NOT attisdropped),\n"
		"(SELECT attnum FROM gatewalk.walk WHERE sid = $3 AND archetype = 'additive'))", .args = args, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*attnum = (int)cell_int(r.cell[0][0]);
	return *attnum > 0 || err_set(e, ERR_VERIFY, "Find out who took it away.", "the ledger says that the column %s came, and it is not there", plan_new_column(p));
}

bool alter_settle(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, struct alter_end *out, struct err *e)
{
	struct anchor row = { .n = -1 };
	bool there = false;
	*out = (struct alter_end){ .result = DROP_NOT_DONE, .why = "the ledger has no entry of it: nothing was changed" };
	if (!ledger_at(db, a, w->sid, w->intent_n, &row, &there, e))
		return false;
	if (!there)
		return true;
	if (strcmp(row.head, w->intent_head) != 0 || strcmp(row.kind, "line") != 0)
		return err_set(e, ERR_VERIFY, "See gatewalk(1), WHEN LOG AND DATABASE DISAGREE.", "the ledger's entry %lld is not this walk's change", (long long)w->intent_n);
	*out = (struct alter_end){ .result = DROP_DONE, .at = row.at, .xid = row.xid, .why = "settled by the ledger after an interruption" };
	return w->change != CHANGE_ADD || w->kind == TARGET_CONSTRAINT || number_of(db, a, p, w, &out->attnum, e);
}

static bool count(struct db *db, struct arena *a, const struct plan *p, const char *known, int ms, int64_t *out, struct err *e)
{
	const char *column = sql_quoted(a, plan_new_column(p));
	const char *other = known ? arena_printf(a, "IS DISTINCT FROM (%s\n)::%s", known, p->add_type) : "IS NOT NULL";
	const struct query q = { .sql = arena_printf(a, "/* gatewalk */ SELECT count(*) FROM %s.%s WHERE %s IS NOT NULL AND %s %s", sql_quoted(a, p->schema), sql_quoted(a, p->table),
		column, column, other), .ms = ms, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "counting the values of the new column");
	*out = cell_int(r.cell[0][0]);
	return true;
}

/* Where a row does not convert, or two values cannot be compared, every value of the new column may be one that stands only there. */
bool alter_values(struct db *db, struct arena *a, const struct plan *p, int ms, int64_t *out, struct err *e)
{
	const char *known = archetype_beside(plan_recipe(p)) ? p->convert_to : p->add_default;
	struct err why = { 0 };
	if (count(db, a, p, known, ms, out, &why))
		return true;
	if (why.code == ERR_DB && known)
		return count(db, a, p, NULL, ms, out, e);
	*e = why;
	return false;
}
