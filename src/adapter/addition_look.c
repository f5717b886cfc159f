/* SPDX-License-Identifier: MIT */
/* Around the writer of a new column, reading only: who holds the table, what became of a change, what stands in the column. */
#include "adapter/addition.h"

#include <string.h>

#include "adapter/addition_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/db.h"

#define US(what) "(extract(epoch FROM " what ") * 1000000)::bigint"

/* A prepared transaction has no session. */
static const char BLOCKER_SQL[] =
"/* gatewalk */ SELECT " US("clock_timestamp()") ", coalesce(l.pid, 0), coalesce(s.usename, ''), coalesce(nullif(s.application_name, ''), CASE WHEN l.pid IS NULL THEN 'a prepared transaction' ELSE '' END),\n"
"  coalesce(s.state, ''), coalesce(left(s.query, 300), ''), " US("coalesce(s.xact_start, s.query_start, x.prepared)") "\n"
"FROM pg_locks l LEFT JOIN pg_stat_activity s USING (pid) LEFT JOIN pg_prepared_xacts x ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction::text\n"
"WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()\n"
"  AND l.relation IN (SELECT $1::oid UNION SELECT relid FROM pg_partition_tree($1::oid)) ORDER BY coalesce(s.xact_start, s.query_start, x.prepared) LIMIT 1";

bool blocker_look(struct db *db, struct arena *a, unsigned relid, struct fact_blocker *out, struct err *e)
{
	struct rows r;
	const char *args[] = { arena_printf(a, "%u", relid) };
	const struct query q = { .sql = BLOCKER_SQL, .args = args, .nargs = 1, .cols = 7, .max_rows = 1 };
	*out = (struct fact_blocker){ 0 };
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n) {
		char **c = r.cell[0];
		*out = (struct fact_blocker){ .at = cell_int(c[0]), .pid = (int)cell_int(c[1]), .user = c[2], .app = c[3], .state = c[4], .query = c[5], .since = cell_int(c[6]) };
	}
	return true;
}

const char *blocker_says(struct arena *a, const struct fact_blocker *b)
{
	char when[WHEN_MAX];
	const char *who = b->pid ? arena_printf(a, "pid %d (%s%s%s)", b->pid, text_clean(a, b->app), *b->app ? ", " : "", text_clean(a, b->user)) : text_clean(a, b->app);
	return arena_printf(a, "%s has held it since %s UTC%s%s%s%s", who, when_short(b->since, when), *b->state ? ", " : "", text_clean(a, b->state), *b->query ? ": " : "",
		text_fit(a, text_clean(a, b->query), 80, false));
}

/* The number that the new column has; where it has gone since, the one that the ledger's row kept. */
static bool number_of(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, int *attnum, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", w->relid), p->column, w->sid };
	const struct query q = { .sql = "/* gatewalk */ SELECT coalesce((SELECT attnum FROM pg_attribute WHERE attrelid = $1::oid AND attname = $2 AND attnum > 0 AND NOT attisdropped),\n"
		"(SELECT attnum FROM gatewalk.walk WHERE sid = $3))", .args = args, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*attnum = (int)cell_int(r.cell[0][0]);
	return *attnum > 0 || err_set(e, ERR_VERIFY, "Find out who took it away.", "the ledger says that the column %s came, and it is not there", p->column);
}

bool addition_settle(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, struct addition_end *out, struct err *e)
{
	struct anchor row = { .n = -1 };
	bool there = false;
	*out = (struct addition_end){ .result = DROP_NOT_DONE, .why = "the ledger has no entry of it: nothing was changed" };
	if (!ledger_at(db, a, w->sid, w->intent_n, &row, &there, e))
		return false;
	if (!there)
		return true;
	if (strcmp(row.head, w->intent_head) != 0 || strcmp(row.kind, "line") != 0)
		return err_set(e, ERR_VERIFY, "See gatewalk(1), WHEN LOG AND DATABASE DISAGREE.", "the ledger's entry %lld is not this walk's change", (long long)w->intent_n);
	*out = (struct addition_end){ .result = DROP_DONE, .at = row.at, .xid = row.xid, .why = "settled by the ledger after an interruption" };
	return w->change != CHANGE_ADD || number_of(db, a, p, w, &out->attnum, e);
}

bool addition_values(struct db *db, struct arena *a, const struct plan *p, int ms, int64_t *out, struct err *e)
{
	const char *column = sql_quoted(a, p->column);
	const char *other = p->add_default ? arena_printf(a, "IS DISTINCT FROM (%s)::%s", p->add_default, p->add_type) : "IS NOT NULL";
	const struct query q = { .sql = arena_printf(a, "/* gatewalk */ SELECT count(*) FROM %s.%s t WHERE t.%s IS NOT NULL AND t.%s %s", sql_quoted(a, p->schema), sql_quoted(a, p->table),
		column, column, other), .ms = ms, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "counting the values of the new column");
	*out = cell_int(r.cell[0][0]);
	return true;
}
