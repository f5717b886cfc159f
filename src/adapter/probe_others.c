/* SPDX-License-Identifier: MIT */
/* A6: is another walk in the way? */
#include "adapter/probe.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/walk.h"
#include "port/db.h"

/* The gatewalk schema may not be there yet: then nobody has looked. */
static const char THERE_SQL[] = "/* gatewalk */ SELECT to_regclass('gatewalk.walk') IS NOT NULL";

/* $1 sid, $2 relid, $3 us a drop is watched for, $4 and $5 the names of the two stages that end a walk. What holds of a partition or
   child holds of the table. A view ties two tables when both can be reached below it. The first reason that holds names the walk. */
static const char OTHERS_SQL[] =
"/* gatewalk */ WITH RECURSIVE other AS (\n"
"  SELECT w.*, w.closed_at IS NULL AND w.stage NOT IN ($4, $5) AS open,\n"
"    w.dropped_at > clock_timestamp() - $3::bigint * interval '1 microsecond' AS fresh FROM gatewalk.walk w WHERE w.sid <> $1),\n"
"tree(base, rel) AS (\n"
"  SELECT x, x FROM (SELECT $2::oid UNION SELECT relid FROM other WHERE open) b(x)\n"
"  UNION SELECT t.base, i.inhrelid FROM tree t JOIN pg_inherits i ON i.inhparent = t.rel),\n"
"above(base, rel) AS (\n"
"  SELECT base, rel FROM tree\n"
"  UNION SELECT v.base, w.ev_class FROM above v\n"
"    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.rel AND d.classid = 'pg_rewrite'::regclass\n"
"    JOIN pg_rewrite w ON w.oid = d.objid),\n"
"reason AS (\n"
"  SELECT o.name, o.target, o.opened_at, CASE\n"
"    WHEN o.fresh AND o.attnum = 0 THEN 'has taken its table or rows away and is still being watched'\n"
"    WHEN o.fresh THEN 'has dropped its column and is still being watched'\n"
"    WHEN NOT o.open THEN NULL\n"
"    WHEN o.relid = $2::oid THEN 'is open on the same table'\n"
"    WHEN EXISTS (SELECT FROM tree WHERE base = $2::oid AND rel = o.relid) THEN 'is open on a partition or child of this table'\n"
"    WHEN EXISTS (SELECT FROM tree WHERE base = o.relid AND rel = $2::oid) THEN 'is open on the table that this one is a partition or child of'\n"
"    WHEN o.changing THEN 'is changing the schema or filling data right now'\n"
"    WHEN EXISTS (SELECT FROM pg_constraint k JOIN tree x ON x.rel = k.conrelid JOIN tree y ON y.rel = k.confrelid\n"
"        WHERE k.contype = 'f' AND (x.base, y.base) IN ((o.relid, $2::oid), ($2::oid, o.relid)))\n"
"      THEN 'is open on a table tied to this one by a foreign key'\n"
"    WHEN EXISTS (SELECT FROM above x JOIN above y USING (rel) WHERE x.base = o.relid AND y.base = $2::oid)\n"
"      THEN 'is open on a table tied to this one by a view' END AS why FROM other o)\n"
"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,\n"
"  (SELECT format('walk %s (%s) %s', name, target, why) FROM reason WHERE why IS NOT NULL ORDER BY opened_at LIMIT 1),\n"
"  (SELECT count(*) FROM reason WHERE why IS NOT NULL)";

bool probe_others(struct db *db, struct arena *a, const char *sid, unsigned relid, int64_t watched_for_us, struct fact_others *out, struct err *e)
{
	char rel[16], us[24];
	snprintf(rel, sizeof rel, "%u", relid);
	snprintf(us, sizeof us, "%lld", (long long)watched_for_us);
	const char *const args[] = { sid, rel, us, stage_name(AT_CLOSED), stage_name(AT_LEFT) };
	const struct query there = { .sql = THERE_SQL, .cols = 1, .min_rows = 1, .max_rows = 1 };
	const struct query ask = { .sql = OTHERS_SQL, .args = args, .nargs = 5, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	*out = (struct fact_others){ .at = 0 };
	if (!db_ask(db, a, &there, &r, e))
		return err_in(e, "looking for other walks");
	if (!cell_bool(r.cell[0][0]))
		return true;
	if (!db_ask(db, a, &ask, &r, e))
		return err_in(e, "looking for other walks");
	int64_t more = cell_int(r.cell[0][2]) - 1;
	out->at = cell_int(r.cell[0][0]);
	out->clear = r.cell[0][1] == NULL;
	out->who = more > 0 ? arena_printf(a, "%s; and %lld more", r.cell[0][1], (long long)more) : r.cell[0][1];
	return true;
}
