/* SPDX-License-Identifier: MIT */
/* What the catalogue says of a table as a whole, or of rows of it, as pairs (k, v) like those of probe_target.sql.h.
   $1 schema, $2 table, compared as they are; $3 'table' or 'rows'. The whole query is TABLE_WITH_SQL TARGET_OPEN_SQL
   TABLE_PAIRS_SQL [more pairs by UNION ALL] TARGET_CLOSE_SQL.
   tree: the table and all partitions below it. own: what DROP TABLE takes along of the table's own; what a partition has (deptype
   P of what its parent has) goes with the partition. inside: everything of the tree that others can depend on. fk: foreign keys of
   tables outside onto the tree; they are taken off by name before. stop: what would ask for CASCADE. gatewalk's own tripwire is
   in neither. With a thousand partitions no step may be run once a partition: all are joins. */
#ifndef GW_ADAPTER_PROBE_TABLE_SQL_H
#define GW_ADAPTER_PROBE_TABLE_SQL_H

#include "adapter/guard.sql.h"
#include "adapter/own_names.sql.h"

/* The table with all partitions below it, and the key that its rows are told apart by. */
#define TABLE_TREE_SQL \
"tree AS (\n" \
"  SELECT relid AS oid, relkind, relispartition AND false AS below FROM t WHERE relid IS NOT NULL\n" \
"  UNION SELECT c.oid, c.relkind, true FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),\n"
#define TABLE_KEY_SQL \
"key AS (\n" \
"  SELECT i.indexrelid, i.indrelid, i.indkey, i.indnkeyatts FROM t JOIN pg_index i ON i.indrelid = t.relid\n" \
"  WHERE i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (\n" \
"    SELECT FROM generate_series(0, i.indnkeyatts - 1) k LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]\n" \
"    WHERE a.attnotnull IS NOT TRUE OR a.attnum <= 0)\n" \
"  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1),\n"

#define TABLE_WITH_SQL \
"/* gatewalk */ WITH RECURSIVE t AS (\n" \
"  SELECT n.oid AS nspid, n.nspname, c.*, c.oid AS relid, $3::text = 'rows' AS of_rows, NULL::text AS without\n" \
"  FROM (VALUES (true)) one(x) LEFT JOIN pg_namespace n ON n.nspname = $1::text LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2::text),\n" \
TABLE_TREE_SQL \
"own AS (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, relid AS objid FROM t WHERE relid IS NOT NULL AND NOT of_rows\n" \
"  UNION SELECT d.classid, d.objid FROM own f JOIN pg_depend d ON d.refclassid = f.classid AND d.refobjid = f.objid\n" \
"  WHERE d.deptype IN ('a', 'i', 'S') AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT oid FROM tree))),\n" \
"inside AS MATERIALIZED (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, tree.oid AS objid FROM tree, t WHERE NOT of_rows\n" \
"  UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM t, tree JOIN pg_index i ON i.indrelid = tree.oid WHERE NOT of_rows\n" \
"  UNION ALL SELECT 'pg_type'::regclass, y.oid FROM t, tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_type r ON r.oid = c.reltype\n" \
"    JOIN pg_type y ON y.oid IN (r.oid, r.typarray) WHERE NOT of_rows\n" \
"  UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM t, tree JOIN pg_constraint k ON k.conrelid = tree.oid WHERE NOT of_rows\n" \
"  UNION ALL SELECT 'pg_class'::regclass, s.oid FROM t, tree JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = tree.oid\n" \
"    JOIN pg_class s ON d.classid = 'pg_class'::regclass AND s.oid = d.objid AND s.relkind = 'S' WHERE NOT of_rows AND d.deptype IN ('a', 'i')),\n" \
"clone AS MATERIALIZED (   -- each foreign key from or to the tree, with those that partitions have of it\n" \
"  SELECT k.oid, k.conname, k.conrelid, k.confrelid, k.conparentid, k.conrelid IN (SELECT oid FROM tree) AS mine FROM pg_constraint k, t\n" \
"  WHERE k.contype = 'f' AND NOT of_rows AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))),\n" \
"fk AS (SELECT * FROM clone WHERE conparentid = 0 AND NOT mine),\n" \
"stop AS (   -- what needs something inside of the tree, and does not fall with it\n" \
"  SELECT DISTINCT d.classid, d.objid, d.objsubid FROM inside r JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid\n" \
"  WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM inside x WHERE x.classid = d.classid AND x.objid = d.objid)\n" \
"    AND NOT EXISTS (SELECT FROM clone x WHERE d.classid = 'pg_constraint'::regclass AND x.oid = d.objid)\n" \
"    AND NOT EXISTS (SELECT FROM pg_depend f JOIN inside x ON x.classid = f.refclassid AND x.objid = f.refobjid\n" \
"      WHERE f.classid = d.classid AND f.objid = d.objid AND f.deptype IN ('a', 'i', 'S'))\n" \
OWN_NOT_DUAL GUARD_NOT_HOLD "),\n" \
TABLE_KEY_SQL \
"need AS (   -- the locks that the drop holds: each object on its own, and three triggers of ours a relation; or the snapshot, with pg_dump\n" \
"  SELECT greatest((SELECT count(*) FROM inside) + (SELECT 3 * count(*) FROM tree)\n" \
"    + (SELECT 2 * count(*) FROM tree JOIN pg_class c ON c.oid = tree.oid AND c.reltoastrelid <> 0) + (SELECT count(*) FROM tree JOIN pg_attrdef ON adrelid = tree.oid)\n" \
"    + (SELECT count(*) FROM tree JOIN pg_trigger ON tgrelid = tree.oid AND tgname !~ " OWN_TRIGGER_RE ") + (SELECT count(*) FROM tree JOIN pg_policy ON polrelid = tree.oid)\n" \
"    + (SELECT count(*) FROM tree JOIN pg_statistic_ext ON stxrelid = tree.oid) + (SELECT count(*) FROM tree JOIN pg_publication_rel ON prrelid = tree.oid)\n" \
"    + (SELECT count(*) FROM tree JOIN pg_rewrite ON ev_class = tree.oid) + (SELECT 3 * count(*) FROM clone WHERE NOT mine),\n" \
"    (SELECT count(*) FROM inside WHERE classid = 'pg_class'::regclass) + (SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p'))) AS locks,\n" \
"    current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint AS slots, current_setting('max_locks_per_transaction')::bigint AS each),\n" \
"quiet AS (   -- foreign keys and the like whose own triggers are switched off: no definition keeps that\n" \
"  SELECT DISTINCT g.tgconstraint AS oid FROM pg_trigger g JOIN pg_constraint k ON k.oid = g.tgconstraint, t WHERE NOT of_rows AND g.tgisinternal AND g.tgenabled <> 'O'\n" \
"    AND (k.conrelid IN (SELECT oid FROM tree) OR k.confrelid IN (SELECT oid FROM tree))),\n" \
"above AS (SELECT i.inhparent FROM t JOIN pg_inherits i ON i.inhrelid = t.relid WHERE t.relispartition),\n" \
"held AS (   -- a dropped partition locks its parent and the parent's default one; a dropped foreign key both of its tables\n" \
"  SELECT oid FROM tree UNION SELECT inhparent FROM above, t WHERE NOT of_rows\n" \
"  UNION SELECT c.oid FROM above JOIN pg_inherits i USING (inhparent) JOIN pg_class c ON c.oid = i.inhrelid, t\n" \
"    WHERE NOT of_rows AND pg_get_expr(c.relpartbound, c.oid) = 'DEFAULT'\n" \
"  UNION SELECT conrelid FROM clone UNION SELECT confrelid FROM clone),\n" \
"hit AS (   -- deleted rows would change others, or be changed\n" \
"  SELECT 'pg_constraint'::regclass::oid AS classid, k.oid AS objid FROM pg_constraint k, t\n" \
"    WHERE of_rows AND k.contype = 'f' AND k.conparentid = 0 AND k.confdeltype IN ('c', 'n', 'd') AND k.confrelid IN (SELECT oid FROM tree)\n" \
"  UNION SELECT 'pg_constraint'::regclass, k.conparentid FROM pg_constraint k, t\n" \
"    WHERE of_rows AND k.contype = 'f' AND k.conparentid <> 0 AND k.confdeltype IN ('c', 'n', 'd') AND k.confrelid IN (SELECT oid FROM tree)\n" \
"  UNION SELECT 'pg_trigger'::regclass, g.oid FROM t, tree JOIN pg_trigger g ON g.tgrelid = tree.oid JOIN pg_proc f ON f.oid = g.tgfoid\n" \
"    JOIN pg_namespace fn ON fn.oid = f.pronamespace\n" \
"    WHERE of_rows AND NOT g.tgisinternal AND g.tgtype & 8 <> 0 AND g.tgenabled <> 'D' AND NOT (fn.nspname = 'gatewalk' AND f.proname ~ " OWN_WATCHING_FN_RE "\n" \
"      AND g.tgname ~ " OWN_WATCHING_RE ")\n" \
"  UNION SELECT 'pg_rewrite'::regclass, w.oid FROM t JOIN pg_rewrite w ON w.ev_class = t.relid WHERE of_rows AND w.ev_type = '4')\n"

/* Why such a table, or rows of it, cannot be walked, and what to do; the first reason that holds. */
#define TABLE_UNFIT_SQL \
"CASE WHEN relid IS NULL THEN NULL\n" \
" WHEN nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'gatewalk') THEN 'the table belongs to the server or to gatewalk itself'\n" \
" WHEN relpersistence = 't' THEN 'the table is temporary; it needs no walk'\n" \
" WHEN relkind = 'v' THEN 'this is a view: it holds no rows of its own; DROP VIEW needs no walk'\n" \
" WHEN relkind = 'm' THEN 'this is a materialized view: its rows come from its query; DROP MATERIALIZED VIEW needs no walk'\n" \
" WHEN relkind = 'f' THEN 'this is a foreign table; walk the table on the server that holds the data'\n" \
" WHEN relkind NOT IN ('r', 'p') THEN 'this is not a table'\n" \
" WHEN NOT of_rows AND reloftype <> 0 THEN format('the table is made of type %s; make it a plain one first (ALTER TABLE ... NOT OF)', format_type(reloftype, NULL))\n" \
" WHEN NOT relispartition AND EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relid)\n" \
"   THEN 'the table inherits from another one; end that first (ALTER TABLE ... NO INHERIT)'\n" \
" WHEN relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = relid)\n" \
"   THEN format('table %s inherits from this one; end that first (ALTER TABLE ... NO INHERIT)', (SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = relid))\n" \
" WHEN EXISTS (SELECT FROM tree JOIN pg_inherits i ON i.inhrelid = tree.oid WHERE i.inhdetachpending)\n" \
"   THEN 'a partition is being detached; finish that first (ALTER TABLE ... DETACH PARTITION ... FINALIZE)'\n" \
" WHEN EXISTS (SELECT FROM tree WHERE below AND relkind = 'f')\n" \
"   THEN format('partition %s is a foreign table; detach it first (ALTER TABLE ... DETACH PARTITION)', (SELECT min(oid::regclass::text) FROM tree WHERE below AND relkind = 'f'))\n" \
" WHEN EXISTS (SELECT FROM tree JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = tree.oid AND e.deptype = 'e')\n" \
"   THEN 'the table belongs to an extension; the extension''s own update must change it'\n" \
" WHEN EXISTS (SELECT FROM tree JOIN pg_subscription_rel s ON s.srrelid = tree.oid)\n" \
"   THEN 'a subscription writes into the table; take the table out of it first (at the publisher, then ALTER SUBSCRIPTION ... REFRESH PUBLICATION)'\n" \
" WHEN NOT of_rows AND EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = relid AND k.conparentid <> 0 AND k.conrelid NOT IN (SELECT oid FROM tree)\n" \
"     AND EXISTS (SELECT FROM pg_constraint kp WHERE kp.oid = k.conparentid AND kp.confrelid NOT IN (SELECT oid FROM tree)))\n" \
"   THEN 'another table refers to the partitioned table that this is a partition of; detach the partition first (ALTER TABLE ... DETACH PARTITION), then walk it'\n" \
" WHEN EXISTS (SELECT FROM fk JOIN pg_class c ON c.oid = fk.conrelid WHERE NOT pg_has_role(c.relowner, 'USAGE'))\n" \
"   THEN format('table %s refers to this one and this login may not take its foreign key off; log in as a member of its owner''s role',\n" \
"     (SELECT min(conrelid::regclass::text) FROM fk JOIN pg_class c ON c.oid = fk.conrelid WHERE NOT pg_has_role(c.relowner, 'USAGE')))\n" \
" WHEN NOT of_rows AND (SELECT locks > each * slots FROM need)\n" \
"   THEN (SELECT format('its walk takes %s locks at once, and the server has room for %s; raise max_locks_per_transaction from %s to %s or more (ALTER SYSTEM, then a restart), or drop its partitions in several walks',\n" \
"     locks, each * slots, each, (locks / slots / 64 + 1) * 64) FROM need)\n" \
" WHEN NOT of_rows AND EXISTS (SELECT FROM tree JOIN pg_index x ON x.indrelid = tree.oid JOIN pg_class i ON i.oid = x.indexrelid AND i.relkind = 'i' WHERE NOT x.indisvalid)\n" \
"   THEN format('index %s was left unfinished and is not valid, so that nothing would bring it back; drop it or finish it first (DROP INDEX CONCURRENTLY, REINDEX INDEX CONCURRENTLY)',\n" \
"     (SELECT min(x.indexrelid::regclass::text) FROM tree JOIN pg_index x ON x.indrelid = tree.oid JOIN pg_class i ON i.oid = x.indexrelid AND i.relkind = 'i' WHERE NOT x.indisvalid))\n" \
" WHEN EXISTS (SELECT FROM quiet)\n" \
"   THEN format('the triggers behind %s are switched off, which nothing would bring back; switch them on first (ALTER TABLE ... ENABLE TRIGGER ALL)',\n" \
"     (SELECT min(pg_describe_object('pg_constraint'::regclass, oid, 0)) FROM quiet))\n" \
" WHEN of_rows AND NOT EXISTS (SELECT FROM key) THEN 'the table has no unique key of not null columns, by which a removed row could be told again; give it one first'\n" \
" WHEN EXISTS (SELECT FROM hit WHERE classid = 'pg_constraint'::regclass)\n" \
"   THEN format('%s deletes or changes rows there when rows here are deleted; remove the children by a walk of their own first, and take the action off the foreign key',\n" \
"     (SELECT min(pg_describe_object(classid, objid, 0)) FROM hit WHERE classid = 'pg_constraint'::regclass))\n" \
" WHEN EXISTS (SELECT FROM hit) THEN format('%s acts when rows are deleted; what it does cannot be put back. Take it off first',\n" \
"     (SELECT min(pg_describe_object(classid, objid, 0)) FROM hit))\n" \
" END"

/* One line each, so that a drift can be shown as a difference. Neither statistics nor comments nor the partitions below: these
   are what falls. */
#define TABLE_DEFINITION_SQL \
"CASE WHEN relid IS NOT NULL THEN concat_ws(E'\\n', format('relid=%s relkind=%s persistence=%s', relid, relkind, relpersistence),\n" \
"   'partition key: ' || pg_get_partkeydef(relid), 'partition bound: ' || pg_get_expr(relpartbound, relid),\n" \
"   (SELECT string_agg(format('attnum=%s name=%I type=%s typmod=%s collation=%s identity=%s generated=%s', a.attnum, a.attname,\n" \
"      format_type(a.atttypid, a.atttypmod), a.atttypmod, CASE WHEN l.oid IS NOT NULL THEN format('%I.%I', ln.nspname, l.collname) END, a.attidentity, a.attgenerated), E'\\n' ORDER BY a.attnum)\n" \
"    FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace\n" \
"    WHERE a.attrelid = relid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname IS DISTINCT FROM without)) END"

/* What every table has, and its rows and key. */
#define TABLE_FACTS_SQL \
"  ('at', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text),\n" \
"  ('schema', nspname::text), ('table', relname::text), ('relid', relid::text), ('owner', pg_get_userbyid(relowner)::text),\n" \
"  ('may_alter', pg_has_role(relowner, 'USAGE')::text), ('relkind', relkind::text), ('unlogged', (relpersistence = 'u')::text),\n" \
"  ('partition', relispartition::text), ('partitioned', (relkind = 'p')::text), ('inherits', EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relid)::text),\n" \
"  ('has_children', EXISTS (SELECT FROM pg_inherits WHERE inhparent = relid)::text), ('rls', relrowsecurity::text),\n" \
"  ('comment', obj_description(relid, 'pg_class')), ('definition', " TABLE_DEFINITION_SQL ")"
#define TABLE_ROWS_SQL \
"UNION ALL SELECT 'rows', coalesce(sum(greatest(c.reltuples, 0)) FILTER (WHERE c.reltuples >= 0), -1)::bigint::text, 0\n" \
"  FROM tree JOIN pg_class c ON c.oid = tree.oid WHERE c.relkind = 'r' HAVING count(*) > 0\n"
#define TABLE_KEYS_SQL \
"UNION ALL SELECT 'key', a.attname::text, 3 + row_number() OVER (ORDER BY g)\n" \
"  FROM key CROSS JOIN generate_series(0, key.indnkeyatts - 1) g JOIN pg_attribute a ON a.attrelid = key.indrelid AND a.attnum = key.indkey[g]\n"

/* Of what falls, not listed: what is inside a partition, row types, defaults (they are the columns'), the toast table, the index
   behind a constraint (it is the constraint), what a foreign key has once more for each partition it points to, triggers of foreign
   keys, and our own. */
#define TABLE_PAIRS_SQL \
"SELECT p.k, p.v, 0 AS ord FROM t, LATERAL (VALUES\n" \
TABLE_FACTS_SQL ", ('unfit', " TABLE_UNFIT_SQL ")) p(k, v)\n" \
TABLE_ROWS_SQL \
"UNION ALL SELECT 'fall', pg_describe_object('pg_class'::regclass, tree.oid, 0), 1 FROM tree, t WHERE below AND NOT of_rows\n" \
"UNION ALL SELECT 'fall', pg_describe_object('pg_constraint'::regclass, fk.oid, 0), 1 FROM fk\n" \
"UNION ALL SELECT 'fall', pg_describe_object(f.classid, f.objid, 0), 1 FROM own f JOIN t ON (f.classid, f.objid) <> ('pg_class'::regclass, t.relid)\n" \
"  LEFT JOIN pg_class c ON f.classid = 'pg_class'::regclass AND c.oid = f.objid\n" \
"  LEFT JOIN pg_constraint k ON f.classid = 'pg_constraint'::regclass AND k.oid = f.objid\n" \
"  LEFT JOIN pg_trigger g ON f.classid = 'pg_trigger'::regclass AND g.oid = f.objid\n" \
"  WHERE f.classid NOT IN ('pg_type'::regclass, 'pg_attrdef'::regclass)\n" \
"    AND NOT (c.oid IS NOT NULL AND (c.relkind = 't' OR c.relnamespace = 'pg_toast'::regnamespace\n" \
"      OR EXISTS (SELECT FROM pg_constraint b WHERE b.conindid = c.oid AND b.contype IN ('p', 'u', 'x'))))\n" \
"    AND NOT EXISTS (SELECT FROM pg_constraint kp WHERE kp.oid = k.conparentid AND kp.conrelid = k.conrelid)\n" \
"    AND k.contype IS DISTINCT FROM 'n' AND g.tgisinternal IS NOT TRUE\n" \
"    AND (g.oid IS NULL OR NOT EXISTS (SELECT FROM pg_proc gf JOIN pg_namespace fn ON fn.oid = gf.pronamespace WHERE gf.oid = g.tgfoid AND fn.nspname = 'gatewalk'\n" \
"      AND gf.proname ~ " OWN_TRIGGER_FN_RE " AND g.tgname ~ " OWN_TRIGGER_RE "))\n" \
"UNION ALL SELECT DISTINCT 'stop', CASE WHEN w.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, w.ev_class, 0)\n" \
"    ELSE pg_describe_object(s.classid, s.objid, s.objsubid) END, 2 FROM stop s LEFT JOIN pg_rewrite w ON s.classid = 'pg_rewrite'::regclass AND w.oid = s.objid\n" \
"UNION ALL SELECT 'stop', pg_describe_object(classid, objid, 0), 2 FROM hit\n" \
TABLE_KEYS_SQL \
"UNION ALL SELECT 'before', format('ALTER TABLE %s%I.%I DROP CONSTRAINT %I', CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, n.nspname, c.relname, fk.conname),\n" \
"    100 + row_number() OVER (ORDER BY fk.oid) FROM fk JOIN pg_class c ON c.oid = fk.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n" \
"UNION ALL SELECT 'lock', format('%I.%I', n.nspname, c.relname), 100 + row_number() OVER (ORDER BY c.oid)\n" \
"  FROM held JOIN pg_class c ON c.oid = held.oid JOIN pg_namespace n ON n.oid = c.relnamespace\n"

/* How many bytes the whole tree takes; not under the lock: it looks at every file. */
#define TABLE_BYTES_SQL "UNION ALL SELECT 'bytes', sum(pg_total_relation_size(oid))::text, 0 FROM tree WHERE relkind IN ('r', 'm')\n"

#endif
