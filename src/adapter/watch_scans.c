/* SPDX-License-Identifier: MIT */
/* The scan counters of a table that is to go: they see what no statement names (dynamic SQL, statements inside functions when only
   top ones are tracked). A growth counts when nothing else of this sample explains it: no statement or session that names the table, no
   write, no foreign key's check, no job of gatewalk's own. VACUUM and ANALYZE do not count there. Only a further pair of eyes: its gaps
   shut nothing. */
#include "adapter/watch_private.h"

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "port/db.h"

/* $1 table, $2 when the last sample looked, us. A server process hands its counts in late, at its end at the latest: jobs that ended a
   minute before count as well. */
static const char SCANS_SQL[] = OWN_TAG
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid),\n"
"pair AS (SELECT k.conrelid AS oid FROM pg_constraint k JOIN tree ON k.contype = 'f' AND k.confrelid = tree.oid\n"
"  UNION SELECT k.confrelid FROM pg_constraint k JOIN tree ON k.contype = 'f' AND k.conrelid = tree.oid)\n"
"SELECT (SELECT sum(coalesce(seq_scan, 0) + coalesce(idx_scan, 0)) FROM pg_stat_all_tables JOIN tree ON relid = oid),\n"
"  (SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_all_tables JOIN pair ON relid = oid),\n"
"  EXISTS (SELECT FROM gatewalk.job WHERE kind NOT IN ('watch', 'monitor') AND started_at IS NOT NULL\n"
"    AND coalesce(ended_at, clock_timestamp()) > to_timestamp($2::bigint / 1000000.0) - interval '1 minute')";

struct scans { int64_t n, checks; bool own; };

static bool scans_read(struct tick *k, int64_t since, struct scans *out, struct err *e)
{
	const char *v[] = { arena_printf(k->a, "%u", k->target->relid), arena_printf(k->a, "%lld", (long long)since) };
	const struct query q = { .sql = SCANS_SQL, .args = v, .nargs = 2, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(k->db, k->a, &q, &r, e))
		return err_in(e, "reading the scan counters");
	*out = (struct scans){ cell_int(r.cell[0][0]), cell_int(r.cell[0][1]), cell_bool(r.cell[0][2]) };
	return true;
}

bool watch_scans(struct tick *k, struct err *e)
{
	struct source old;
	struct scans now = { 0 };
	if (!source_read(k, SOURCE_SCANS, PRIMARY, &old, e) || !scans_read(k, old.looked, &now, e))
		return false;
	bool explained = k->explained || now.own || now.checks != old.checks;
	const struct seen s = { .source = SOURCE_SCANS, .server = PRIMARY, .consumer = "reader unknown", .who = "somebody whom no statement shows",
		.touch = TOUCH_READ, .use = USE_NAME };
	if (old.known && now.n > old.count && !explained && !sighting_write(k, &s, e))
		return false;
	struct json *j = json_obj(k->a);
	json_add_int(j, "checks", now.checks);
	json_add_int(j, "count", now.n);
	const struct source_look l = { .source = SOURCE_SCANS, .server = PRIMARY, .ok = true, .state = j };
	return source_write(k, &l, e);
}
