/* SPDX-License-Identifier: MIT */
/* What the catalogue says of one column, as pairs (k, v). $1 schema, $2 table, $3 column, compared as they are: a name is data
   here. The whole query is TARGET_WITH_SQL TARGET_OPEN_SQL TARGET_PAIRS_SQL [more pairs by UNION ALL] TARGET_CLOSE_SQL: so the
   look under the lock sees the target by the same words.
   found: what DROP COLUMN takes along by itself (deptype a, and i behind it); stop: what would ask for CASCADE. gatewalk's own
   tripwire is neither, nor the view by which its guard holds the column. */
#ifndef GW_ADAPTER_PROBE_TARGET_SQL_H
#define GW_ADAPTER_PROBE_TARGET_SQL_H

#include "adapter/guard.sql.h"
#include "adapter/own_names.sql.h"

/* The column itself. Each step is an outer join: what is missing says so. */
#define TARGET_WITH_SQL \
"/* gatewalk */ WITH RECURSIVE t AS (\n" \
"  SELECT n.oid AS nspid, n.nspname, c.*, c.oid AS relid, a.attname, a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,\n" \
"    a.attidentity, a.attgenerated, a.attinhcount, d.oid AS defid, d.adbin\n" \
"  FROM (VALUES (true)) one(x)\n" \
"  LEFT JOIN pg_namespace n ON n.nspname = $1::text\n" \
"  LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = $2::text\n" \
"  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3::text AND NOT a.attisdropped\n" \
"  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum),\n" \
"found AS (\n" \
"  SELECT d.classid, d.objid, d.objsubid, d.deptype FROM t JOIN pg_depend d\n" \
"    ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relid AND d.refobjsubid = t.attnum WHERE d.deptype IN ('a', 'i')\n" \
"  UNION SELECT d.classid, d.objid, d.objsubid, d.deptype FROM found f JOIN pg_depend d\n" \
"    ON d.refclassid = f.classid AND d.refobjid = f.objid AND (f.objsubid = 0 OR d.refobjsubid = f.objsubid) WHERE d.deptype IN ('a', 'i')),\n" \
"root AS (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, relid AS objid, attnum::int AS objsubid FROM t WHERE attnum IS NOT NULL\n" \
"  UNION SELECT classid, objid, objsubid FROM found),\n" \
"stop AS (\n" \
"  SELECT DISTINCT d.classid, d.objid, d.objsubid FROM root r JOIN pg_depend d\n" \
"    ON d.refclassid = r.classid AND d.refobjid = r.objid AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid)\n" \
"  WHERE d.deptype NOT IN ('a', 'i') AND NOT EXISTS (SELECT FROM root x WHERE (x.classid, x.objid, x.objsubid) = (d.classid, d.objid, d.objsubid))\n" \
"    AND NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_namespace fn ON fn.oid = f.pronamespace\n" \
"      WHERE d.classid = 'pg_trigger'::regclass AND g.oid = d.objid AND fn.nspname = 'gatewalk' AND f.proname ~ " OWN_WATCHING_FN_RE "\n" \
"        AND g.tgname ~ " OWN_WATCHING_RE ")\n" \
OWN_NOT_DUAL GUARD_NOT_HOLD "),\n" \
"key AS (\n" \
"  SELECT i.indexrelid, i.indrelid, i.indkey, i.indnkeyatts FROM t JOIN pg_index i ON i.indrelid = t.relid\n" \
"  WHERE i.indisunique AND i.indisvalid AND i.indisready AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AND NOT EXISTS (\n" \
"    SELECT FROM generate_series(0, i.indnkeyatts - 1) k LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k]\n" \
"    WHERE a.attnotnull IS NOT TRUE OR a.attnum <= 0 OR a.attnum = t.attnum)\n" \
"  ORDER BY i.indisprimary DESC, i.indnkeyatts, i.indexrelid LIMIT 1),\n" \
"held AS (   -- a dropped foreign key locks the table it points to as well\n" \
"  SELECT relid AS oid FROM t WHERE relid IS NOT NULL\n" \
"  UNION SELECT unnest(ARRAY[k.conrelid, k.confrelid]) FROM found f JOIN pg_constraint k ON f.classid = 'pg_constraint'::regclass\n" \
"    AND k.oid = f.objid AND k.contype = 'f')\n"

/* Why this version does not walk this target; the first reason that holds. */
#define TARGET_UNFIT_SQL \
"CASE WHEN relid IS NULL OR attnum IS NULL THEN NULL\n" \
" WHEN nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'gatewalk') THEN 'the table belongs to the server or to gatewalk itself'\n" \
" WHEN relkind = 'p' THEN 'the table is partitioned; this version drops columns of plain tables only'\n" \
" WHEN relkind IN ('v', 'm') THEN 'this is a view; change the view''s definition instead'\n" \
" WHEN relkind = 'f' THEN 'this is a foreign table; drop the column on the server that holds the data'\n" \
" WHEN relkind <> 'r' THEN 'this is not a table'\n" \
" WHEN relispartition THEN 'the table is a partition; its columns are those of its parent'\n" \
" WHEN attinhcount > 0 OR EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relid) THEN 'the table inherits from another one; this version drops columns of plain tables only'\n" \
" WHEN EXISTS (SELECT FROM pg_inherits WHERE inhparent = relid) THEN 'other tables inherit from this one and would lose or keep the column on their own; this version drops columns of plain tables only'\n" \
" WHEN reloftype <> 0 THEN 'the table is made of a type; its columns are those of the type'\n" \
" WHEN relpersistence = 't' THEN 'the table is temporary; it needs no walk'\n" \
" WHEN attnum < 0 THEN 'this is a system column; it cannot be dropped'\n" \
" WHEN attgenerated <> '' THEN 'the column is generated: its values come from other columns; drop it without a walk'\n" \
" WHEN attidentity <> '' THEN 'the column is an identity; this version does not put an identity back. Change it to a plain column first (ALTER COLUMN ... DROP IDENTITY)'\n" \
" WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = relid AND i.indisprimary AND attnum = ANY (i.indkey)) THEN 'the column is part of the primary key; give the table another key first'\n" \
" WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = relid AND i.indisreplident AND attnum = ANY (i.indkey)) THEN 'the column is part of the replica identity; give the table another replica identity first'\n" \
" WHEN EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = relid AND e.deptype = 'e') THEN 'the table belongs to an extension; the extension''s own update must change it'\n" \
" END"

#define TARGET_PAIRS_SQL \
"SELECT p.k, p.v, 0 AS ord FROM t, LATERAL (VALUES\n" \
"  ('at', (extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text),\n" \
"  ('schema', nspname::text), ('table', relname::text), ('column', attname::text), ('relid', relid::text), ('attnum', attnum::text),\n" \
"  ('owner', pg_get_userbyid(relowner)::text), ('may_alter', pg_has_role(relowner, 'USAGE')::text), ('relkind', relkind::text),\n" \
"  ('unlogged', (relpersistence = 'u')::text), ('partition', relispartition::text), ('partitioned', (relkind = 'p')::text),\n" \
"  ('inherits', EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relid)::text),\n" \
"  ('has_children', EXISTS (SELECT FROM pg_inherits WHERE inhparent = relid)::text), ('rls', relrowsecurity::text),\n" \
"  ('type', format_type(atttypid, atttypmod)), ('not_null', attnotnull::text), ('generated', (attgenerated <> '')::text),\n" \
"  ('identity', (attidentity <> '')::text), ('def', CASE WHEN attgenerated = '' THEN pg_get_expr(adbin, relid) END),\n" \
"  ('comment', col_description(relid, attnum)), ('unfit', " TARGET_UNFIT_SQL "),\n" \
"  ('rows', reltuples::bigint::text), ('bytes', CASE WHEN relkind IN ('r', 'm') THEN pg_total_relation_size(relid) END::text),\n" \
"  ('definition', CASE WHEN attnum IS NOT NULL THEN format('relid=%s attnum=%s type=%s typmod=%s collation=%s identity=%s generated=%s', relid, attnum,\n" \
"    format_type(atttypid, atttypmod), atttypmod, (SELECT format('%I.%I', cn.nspname, l.collname) FROM pg_collation l\n" \
"    JOIN pg_namespace cn ON cn.oid = l.collnamespace WHERE l.oid = attcollation), attidentity, attgenerated) END)) p(k, v)\n" \
"UNION ALL SELECT DISTINCT 'fall', pg_describe_object(f.classid, f.objid, f.objsubid), 1 FROM found f, t\n" \
"  WHERE f.deptype = 'a' AND (f.classid, f.objid) IS DISTINCT FROM ('pg_attrdef'::regclass::oid, t.defid)\n" \
"    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE f.classid = 'pg_constraint'::regclass AND k.oid = f.objid AND k.contype = 'n')\n" \
"UNION ALL SELECT DISTINCT 'stop', CASE WHEN w.rulename = '_RETURN' THEN pg_describe_object('pg_class'::regclass, w.ev_class, 0)\n" \
"    WHEN g.adrelid IS NOT NULL THEN pg_describe_object('pg_class'::regclass, g.adrelid, g.adnum)\n" \
"    ELSE pg_describe_object(s.classid, s.objid, s.objsubid) END, 2 FROM stop s\n" \
"  LEFT JOIN pg_rewrite w ON s.classid = 'pg_rewrite'::regclass AND w.oid = s.objid\n" \
"  LEFT JOIN pg_attrdef g ON s.classid = 'pg_attrdef'::regclass AND g.oid = s.objid\n" \
"    AND EXISTS (SELECT FROM pg_attribute ga WHERE ga.attrelid = g.adrelid AND ga.attnum = g.adnum AND ga.attgenerated <> '')\n" \
"UNION ALL SELECT 'key', a.attname::text, 3 + row_number() OVER (ORDER BY g)\n" \
"  FROM key CROSS JOIN generate_series(0, key.indnkeyatts - 1) g JOIN pg_attribute a ON a.attrelid = key.indrelid AND a.attnum = key.indkey[g]\n" \
"UNION ALL SELECT 'lock', format('%I.%I', n.nspname, c.relname), 100 + row_number() OVER (ORDER BY c.oid)\n" \
"  FROM held JOIN pg_class c ON c.oid = held.oid JOIN pg_namespace n ON n.oid = c.relnamespace\n"

#define TARGET_OPEN_SQL "SELECT q.k, q.v FROM (\n"
/* The words of falls and blockers are sorted by their bytes, so that a plan's list compares on every server. */
#define TARGET_CLOSE_SQL ") q(k, v, ord) ORDER BY q.ord, q.k, q.v COLLATE \"C\""

#endif
