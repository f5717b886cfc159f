/* SPDX-License-Identifier: MIT */
#include "adapter/blocker.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

#define US(what) "(extract(epoch FROM " what ") * 1000000)::bigint"

/* A prepared transaction has no session. */
static const char BLOCKER_SQL[] =
"/* gatewalk */ WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
"SELECT " US("clock_timestamp()") ", coalesce(l.pid, 0), coalesce(s.usename, ''), coalesce(nullif(s.application_name, ''), CASE WHEN l.pid IS NULL THEN 'a prepared transaction' ELSE '' END),\n"
"  coalesce(s.state, ''), coalesce(left(s.query, 300), ''), " US("coalesce(s.xact_start, s.query_start, x.prepared)") "\n"
"FROM pg_locks l LEFT JOIN pg_stat_activity s USING (pid) LEFT JOIN pg_prepared_xacts x ON l.pid IS NULL AND l.virtualtransaction = '-1/' || x.transaction::text\n"
"WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()\n"
"  AND l.relation IN (SELECT oid FROM tree) AND ($2::boolean OR l.mode NOT IN ('AccessShareLock', 'RowShareLock')) ORDER BY coalesce(s.xact_start, s.query_start, x.prepared) LIMIT 1";

bool blocker_look(struct db *db, struct arena *a, unsigned relid, bool readers, struct fact_blocker *out, struct err *e)
{
	struct rows r;
	const char *args[] = { arena_printf(a, "%u", relid), readers ? "true" : "false" };
	const struct query q = { .sql = BLOCKER_SQL, .args = args, .nargs = 2, .cols = 7, .max_rows = 1 };
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
