/* SPDX-License-Identifier: MIT */
/* What the catalogue says of a table that a column is added to, as pairs (k, v) like those of probe_table.sql.h. $1 schema, $2 table,
   $3 the new column, compared as they are. The definition is that of the table without a column of this name, so that it stays what it
   was when the column has come; taken: the number of a column that has this name already. Nothing falls and nothing is in the way. */
#ifndef GW_ADAPTER_PROBE_ADDED_SQL_H
#define GW_ADAPTER_PROBE_ADDED_SQL_H

#include "adapter/probe_table.sql.h"

/* NAME: SQL, the table's name in that schema. */
#define ADDED_WITH_SQL(NAME) \
"/* gatewalk */ WITH RECURSIVE t AS (\n" \
"  SELECT n.oid AS nspid, n.nspname, c.*, c.oid AS relid, $3::text AS without, a.attnum AS taken\n" \
"  FROM (VALUES (true)) one(x) LEFT JOIN pg_namespace n ON n.nspname = $1::text LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = " NAME "\n" \
"  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3::text AND NOT a.attisdropped),\n" \
TABLE_TREE_SQL TABLE_KEY_SQL \
"held AS (SELECT oid FROM tree)\n"

/* Of a table whose new name has come: the one behind the view that bears the old one, known by its comment (rule_view_words). */
#define RENAMED_SQL "coalesce((SELECT b.relname FROM pg_class v JOIN pg_rewrite w ON w.ev_class = v.oid\n" \
"    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid JOIN pg_class b ON b.oid = d.refobjid AND b.relkind IN ('r', 'p')\n" \
"    WHERE v.relnamespace = n.oid AND v.relname = $2::text AND v.relkind = 'v' AND obj_description(v.oid, 'pg_class') LIKE 'gatewalk: % under its old name' LIMIT 1), $2::text)"

#define ADDED_UNFIT_SQL \
"CASE WHEN relid IS NULL THEN NULL\n" \
" WHEN nspname IN ('pg_catalog', 'information_schema', 'pg_toast', 'gatewalk') THEN 'the table belongs to the server or to gatewalk itself'\n" \
" WHEN relpersistence = 't' THEN 'the table is temporary; it needs no walk'\n" \
" WHEN relkind IN ('v', 'm') THEN 'this is a view; change the view''s definition instead'\n" \
" WHEN relkind = 'f' THEN 'this is a foreign table; add the column on the server that holds the data'\n" \
" WHEN relkind NOT IN ('r', 'p') THEN 'this is not a table'\n" \
" WHEN reloftype <> 0 THEN 'the table is made of a type; its columns are those of the type'\n" \
" WHEN relispartition THEN 'the table is a partition; its columns are those of its parent'\n" \
" WHEN EXISTS (SELECT FROM pg_inherits WHERE inhrelid = relid) OR (relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = relid))\n" \
"   THEN 'the table inherits, or is inherited from; this version adds columns to plain and partitioned tables only'\n" \
" WHEN EXISTS (SELECT FROM tree JOIN pg_inherits i ON i.inhrelid = tree.oid WHERE i.inhdetachpending)\n" \
"   THEN 'a partition is being detached; finish that first (ALTER TABLE ... DETACH PARTITION ... FINALIZE)'\n" \
" WHEN EXISTS (SELECT FROM tree WHERE below AND relkind = 'f') THEN 'a partition is a foreign table; detach it first (ALTER TABLE ... DETACH PARTITION)'\n" \
" WHEN EXISTS (SELECT FROM tree JOIN pg_depend e ON e.classid = 'pg_class'::regclass AND e.objid = tree.oid AND e.deptype = 'e')\n" \
"   THEN 'the table belongs to an extension; the extension''s own update must change it'\n" \
" WHEN taken IS NULL AND without IS NOT NULL AND EXISTS (SELECT FROM tree JOIN pg_class m ON m.oid = tree.oid WHERE m.relnatts >= 1600)\n" \
"   THEN 'the table has had 1600 columns, those counted that are gone, and the server has numbers for no more'\n" \
" WHEN taken < 0 THEN format('%I is the name of a column of the server''s own', without)\n" \
" END"

#define ADDED_PAIRS_SQL \
"SELECT p.k, p.v, 0 AS ord FROM t, LATERAL (VALUES\n" \
TABLE_FACTS_SQL ", ('unfit', " ADDED_UNFIT_SQL "), ('taken', taken::text)) p(k, v)\n" \
TABLE_ROWS_SQL TABLE_KEYS_SQL \
"UNION ALL SELECT 'lock', format('%I.%I', n.nspname, c.relname), 100 + row_number() OVER (ORDER BY c.oid)\n" \
"  FROM held JOIN pg_class c ON c.oid = held.oid JOIN pg_namespace n ON n.oid = c.relnamespace\n" \
"UNION ALL SELECT 'published', format('%I', p.pubname), 200 + row_number() OVER (ORDER BY p.pubname) FROM pg_publication p, t WHERE relid IS NOT NULL AND (p.puballtables\n" \
"  OR EXISTS (SELECT FROM pg_publication_rel l JOIN tree ON tree.oid = l.prrelid WHERE l.prpubid = p.oid AND l.prattrs IS NULL)\n" \
"  OR EXISTS (SELECT FROM pg_publication_namespace l JOIN pg_class c ON c.relnamespace = l.pnnspid JOIN tree ON tree.oid = c.oid WHERE l.pnpubid = p.oid))\n"

#endif
