/* SPDX-License-Identifier: MIT */
#include "adapter/blocker.h"

#include <stdbool.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/text.h"
#include "port/db.h"

static const char WHO_SQL[] = OWN_TAG
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
"SELECT format('session %s (%s%s)%s', l.pid, coalesce(nullif(s.application_name, ''), s.usename, s.backend_type), ', since ' || date_trunc('second', clock_timestamp() - s.xact_start),\n"
"  ': ' || left(regexp_replace(s.query, '\\s+', ' ', 'g'), 120))\n"
"FROM pg_locks l JOIN tree ON tree.oid = l.relation JOIN pg_stat_activity s USING (pid)\n"
"WHERE l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND l.pid <> pg_backend_pid()\n"
"  AND ($2::boolean OR l.mode NOT IN ('AccessShareLock', 'RowShareLock')) ORDER BY s.xact_start LIMIT 1";

const char *blocker_words(struct db *db, struct arena *a, unsigned relid, bool whole)
{
	struct rows r;
	const char *args[] = { arena_printf(a, "%u", relid), whole ? "true" : "false" };
	if (!db_ask(db, a, &(struct query){ .sql = WHO_SQL, .args = args, .nargs = 2, .cols = 1, .max_rows = 1 }, &r, NULL) || r.n == 0)
		return NULL;
	return text_clean(a, r.cell[0][0]);
}
