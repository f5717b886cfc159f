/* SPDX-License-Identifier: MIT */
/* What the drill of a whole table asks its scratch database. $1 schema, $2 table. */
#ifndef GW_ADAPTER_DRILL_TABLE_SQL_H
#define GW_ADAPTER_DRILL_TABLE_SQL_H

#define DRILL_TREE_SQL \
"WITH RECURSIVE root AS (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1::text AND c.relname = $2::text),\n" \
"tree AS (SELECT oid AS relid FROM root UNION SELECT p.relid FROM root, pg_partition_tree(root.oid) p WHERE p.relid <> root.oid),\n" \
"r AS (SELECT c.*, format('%I.%I', n.nspname, c.relname) AS qt FROM tree JOIN pg_class c ON c.oid = relid JOIN pg_namespace n ON n.oid = c.relnamespace),\n" \
"up AS (   -- each foreign key of the tree, and what it is a part of\n" \
"  SELECT k.oid, k.conparentid FROM tree JOIN pg_constraint k ON k.conrelid = relid AND k.contype = 'f'\n" \
"  UNION SELECT k.oid, k.conparentid FROM up JOIN pg_constraint k ON k.oid = up.conparentid),\n" \
"k AS (\n" \
"  SELECT k.*, c.relkind, format('%I.%I', n.nspname, c.relname) AS qt FROM up JOIN pg_constraint k ON k.oid = up.oid AND k.conparentid = 0\n" \
"  JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace)\n"

#define DRILL_TABLE_BEFORE_SQL DRILL_TREE_SQL \
"SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER USER', qt) FROM r\n" \
"UNION ALL SELECT format('ALTER TABLE ONLY %s NO FORCE ROW LEVEL SECURITY', qt) FROM r WHERE relforcerowsecurity\n" \
"UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', qt, conname) FROM k"

#define DRILL_TABLE_AFTER_SQL DRILL_TREE_SQL \
"SELECT format('ALTER TABLE ONLY %s %s TRIGGER %I', r.qt, CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, g.tgname)\n" \
"  FROM r JOIN pg_trigger g ON g.tgrelid = r.oid AND NOT g.tgisinternal\n" \
"UNION ALL SELECT format('ALTER TABLE ONLY %s FORCE ROW LEVEL SECURITY', qt) FROM r WHERE relforcerowsecurity\n" \
"UNION ALL SELECT s.sql FROM (SELECT k.oid, 1 AS ord, format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s%s', qt, conname, pg_get_constraintdef(oid),\n" \
"    CASE WHEN convalidated THEN ' NOT VALID' ELSE '' END) AS sql FROM k WHERE relkind = 'r'\n" \
"  UNION ALL SELECT k.oid, 2, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, qt, obj_description(oid, 'pg_constraint')) FROM k\n" \
"    WHERE relkind = 'r' AND obj_description(oid, 'pg_constraint') IS NOT NULL ORDER BY 1, 2) s"

#endif
