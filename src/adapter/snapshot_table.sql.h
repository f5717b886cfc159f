/* SPDX-License-Identifier: MIT */
/* What pg_dump -t leaves out of a table and its partitions, or would put back in a way that locks others for long, as the
   statements that put it back. $1 the table's oid; rows of (kind, name, what, sql) in the order they are run. Names come from the
   catalogue and are quoted by the server. name: of a foreign key's statements the constraint of the partitioned table that
   it is a part of, else ''. */
#ifndef GW_ADAPTER_SNAPSHOT_TABLE_SQL_H
#define GW_ADAPTER_SNAPSHOT_TABLE_SQL_H

#include "adapter/own_names.sql.h"

#define TREE_WITH_SQL \
"/* gatewalk */ WITH RECURSIVE tree AS (\n" \
"  SELECT $1::oid AS relid, 0 AS level UNION SELECT relid, level FROM pg_partition_tree($1::oid) WHERE relid <> $1::oid),\n" \
"r AS (\n" \
"  SELECT c.oid, level, c.relkind, c.relname, n.nspname, c.relowner, c.relpartbound, format('%I.%I', n.nspname, c.relname) AS qt\n" \
"  FROM tree JOIN pg_class c ON c.oid = relid JOIN pg_namespace n ON n.oid = c.relnamespace),\n" \
"seq AS (\n" \
"  SELECT DISTINCT c.oid, format('%I.%I', n.nspname, c.relname) AS q FROM tree JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass\n" \
"  AND d.refobjid = relid AND d.refobjsubid > 0 AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')\n" \
"  JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace)\n"

#define TABLE_PARTS_SQL \
",\nix AS (\n" \
"  SELECT c.oid, c.relkind, i.indisvalid, format('%I.%I', n.nspname, c.relname) AS q FROM tree JOIN pg_index i ON i.indrelid = relid\n" \
"  JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace),\n" \
"st AS (\n" \
"  SELECT s.*, format('%I.%I', n.nspname, s.stxname) AS q, pg_describe_object('pg_statistic_ext'::regclass, s.oid, 0) AS what\n" \
"  FROM tree JOIN pg_statistic_ext s ON s.stxrelid = relid JOIN pg_namespace n ON n.oid = s.stxnamespace),\n" \
"top AS (   -- foreign keys of the tree, and those of other tables onto it\n" \
"  SELECT k.*, k.conrelid IN (SELECT relid FROM tree) AS own FROM pg_constraint k LEFT JOIN pg_constraint u ON u.oid = k.conparentid\n" \
"  WHERE k.contype = 'f' AND ((k.conrelid IN (SELECT relid FROM tree) AND (k.conparentid = 0\n" \
"      OR (u.confrelid = k.confrelid AND u.conrelid NOT IN (SELECT relid FROM tree))))\n" \
"    OR (k.confrelid IN (SELECT relid FROM tree) AND k.conparentid = 0 AND k.conrelid NOT IN (SELECT relid FROM tree)))),\n" \
"part AS (\n" \
"  SELECT oid, oid AS top, conrelid, confrelid, own FROM top\n" \
"  UNION ALL SELECT k.oid, p.top, k.conrelid, k.confrelid, p.own FROM part p JOIN pg_constraint k ON k.conparentid = p.oid\n" \
"  AND k.confrelid = p.confrelid AND k.conrelid <> p.conrelid),\n" \
"key AS (\n" \
"  SELECT p.own, p.oid = p.top AS is_top, c.relkind, k.conname, k.convalidated, format('%I.%I', n.nspname, c.relname) AS qt,\n" \
"    pg_describe_object('pg_constraint'::regclass, p.oid, 0) AS what, pg_get_constraintdef(p.oid) AS def, obj_description(p.oid, 'pg_constraint') AS said,\n" \
"    CASE WHEN tc.relkind = 'p' OR t.conparentid <> 0 THEN pg_describe_object('pg_constraint'::regclass, p.top, 0) ELSE '' END AS name\n" \
"  FROM part p JOIN pg_constraint k ON k.oid = p.oid JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n" \
"  JOIN pg_constraint t ON t.oid = p.top JOIN pg_class tc ON tc.oid = t.conrelid),\n" \
"lent AS (   -- triggers that a partition has of a parent outside: they come with it\n" \
"  SELECT g.oid, g.tgname, g.tgenabled, u.tgenabled AS up FROM pg_trigger g JOIN pg_trigger u ON u.oid = g.tgparentid\n" \
"  WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal AND u.tgrelid NOT IN (SELECT relid FROM tree)),\n" \
"obj AS (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, oid AS objid FROM (SELECT oid FROM r UNION ALL SELECT oid FROM seq UNION ALL SELECT oid FROM ix WHERE indisvalid OR relkind = 'I') c\n" \
"  UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid IN (SELECT relid FROM tree) AND contype <> 'f'\n" \
"  UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE tgrelid IN (SELECT relid FROM tree) AND NOT tgisinternal\n" \
"    AND tgname !~ " OWN_TRIGGER_RE " AND oid NOT IN (SELECT oid FROM lent)\n" \
"  UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy WHERE polrelid IN (SELECT relid FROM tree)\n" \
"  UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class IN (SELECT relid FROM tree)\n" \
"  UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM st),\n" \
"b(ord, kind, name, what, sql) AS (\n"

/* A key of a plain table comes back NOT VALID and is looked at afterwards; one of a partitioned table cannot be NOT VALID, but
   where its partitions have it already, it only takes theirs over. */
#define TABLE_KEYS_SQL \
"SELECT 50, CASE WHEN own THEN 'constraint' ELSE 'other_key' END, name, what, format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s%s', qt, conname, def,\n" \
"  CASE WHEN convalidated THEN ' NOT VALID' ELSE '' END) FROM key WHERE relkind = 'r'\n" \
"UNION ALL SELECT 51, CASE WHEN own THEN 'validate' ELSE 'other_validate' END, name, what, format('ALTER TABLE ONLY %s VALIDATE CONSTRAINT %I', qt, conname)\n" \
"  FROM key WHERE relkind = 'r' AND convalidated\n" \
"UNION ALL SELECT 52, CASE WHEN own THEN 'parent' ELSE 'other_parent' END, name, what, format('ALTER TABLE %s ADD CONSTRAINT %I %s', qt, conname, def)\n" \
"  FROM key WHERE relkind = 'p' AND is_top\n" \
"UNION ALL SELECT 90, 'late', name, 'comment on ' || what, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, qt, said) FROM key WHERE said IS NOT NULL\n"

#define TABLE_REST_SQL \
"UNION ALL SELECT 10 + r.level, CASE WHEN r.oid = $1::oid THEN 'attach' ELSE 'part' END, '', 'partition ' || r.qt, format('ALTER TABLE ONLY %I.%I ATTACH PARTITION %s %s',\n" \
"  n.nspname, c.relname, r.qt, pg_get_expr(r.relpartbound, r.oid)) FROM r JOIN pg_inherits h ON h.inhrelid = r.oid JOIN pg_class c ON c.oid = h.inhparent\n" \
"  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.relpartbound IS NOT NULL\n" \
"UNION ALL SELECT 60, CASE WHEN i.indrelid IN (SELECT relid FROM tree) THEN 'part_index' ELSE 'attach' END, '', 'partition ' || ix.q,\n" \
"  format('ALTER INDEX %I.%I ATTACH PARTITION %s', n.nspname, c.relname, ix.q) FROM ix JOIN pg_inherits h ON h.inhrelid = ix.oid\n" \
"  JOIN pg_class c ON c.oid = h.inhparent JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_index i ON i.indexrelid = c.oid\n" \
"UNION ALL SELECT 20, 'statistics', '', what, pg_get_statisticsobjdef(oid) FROM st\n" \
"UNION ALL SELECT 21, 'statistics', '', 'target of ' || what, format('ALTER STATISTICS %s SET STATISTICS %s', q, stxstattarget) FROM st WHERE coalesce(stxstattarget, -1) >= 0\n" \
"UNION ALL SELECT 30, 'owner', '', 'owner of ' || qt, format('ALTER TABLE %s OWNER TO %I', qt, pg_get_userbyid(relowner)) FROM r\n" \
"UNION ALL SELECT 31, 'owner', '', 'owner of ' || what, format('ALTER STATISTICS %s OWNER TO %I', q, pg_get_userbyid(stxowner)) FROM st\n" \
"UNION ALL SELECT 40, 'comment', '', 'comment on ' || i.identity, format('COMMENT ON %s %s IS %L', CASE i.type WHEN 'table column' THEN 'COLUMN'\n" \
"  WHEN 'table constraint' THEN 'CONSTRAINT' WHEN 'statistics object' THEN 'STATISTICS' ELSE upper(i.type) END, i.identity, d.description)\n" \
"  FROM obj JOIN pg_description d ON d.classoid = classid AND d.objoid = objid, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i\n" \
"  WHERE (d.classoid, d.objoid, d.objsubid) IS DISTINCT FROM ('pg_class'::regclass::oid, $1::oid, 0)\n" \
"UNION ALL SELECT 41, 'comment', '', 'security label of ' || i.identity, format('SECURITY LABEL FOR %I ON %s %s IS %L', l.provider,\n" \
"  CASE i.type WHEN 'table column' THEN 'COLUMN' ELSE upper(i.type) END, i.identity, l.label)\n" \
"  FROM obj JOIN pg_seclabel l ON l.classoid = classid AND l.objoid = objid, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i\n" \
"UNION ALL SELECT 80, 'member', '', format('table %s in publication %I', qt, pubname), format('ALTER PUBLICATION %I ADD TABLE ONLY %s%s%s', pubname, qt,\n" \
"  (SELECT ' (' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')' FROM pg_attribute WHERE attrelid = prrelid AND attnum = ANY (prattrs)),\n" \
"  ' WHERE (' || pg_get_expr(prqual, prrelid) || ')') FROM r JOIN pg_publication_rel x ON prrelid = r.oid JOIN pg_publication p ON p.oid = prpubid\n" \
"UNION ALL SELECT 91, 'late', '', 'trigger ' || tgname, format('ALTER TABLE ONLY %s %s TRIGGER %I', qt, CASE tgenabled WHEN 'D' THEN 'DISABLE'\n" \
"  WHEN 'A' THEN 'ENABLE ALWAYS' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, tgname) FROM r, lent WHERE r.oid = $1::oid AND tgenabled <> up\n" \
"UNION ALL SELECT 92, 'late', '', 'comment on trigger ' || tgname, format('COMMENT ON TRIGGER %I ON %s IS %L', tgname, qt, obj_description(lent.oid, 'pg_trigger'))\n" \
"  FROM r, lent WHERE r.oid = $1::oid AND obj_description(lent.oid, 'pg_trigger') IS NOT NULL\n" \
"UNION ALL SELECT 99, 'last', '', 'comment', format('COMMENT ON TABLE %s IS %s', qt, coalesce(quote_literal(obj_description(oid, 'pg_class')), 'NULL')) FROM r WHERE oid = $1::oid)\n" \
"SELECT kind, name, what, sql FROM b ORDER BY ord, what COLLATE \"C\", sql COLLATE \"C\""

/* Of a sequence only itself knows where it is. */
#define TREE_SEQUENCES_SQL TREE_WITH_SQL "SELECT q FROM seq ORDER BY q COLLATE \"C\""
#define TREE_TABLES_SQL TREE_WITH_SQL "SELECT nspname, relname, qt FROM r ORDER BY level, oid"
/* gatewalk's own triggers never come back; those of a parent outside come with it. */
#define TREE_TRIPS_SQL TREE_WITH_SQL \
"SELECT g.oid FROM tree JOIN pg_trigger g ON g.tgrelid = relid AND g.tgname ~ " OWN_TRIGGER_RE " JOIN pg_proc f ON f.oid = g.tgfoid\n" \
"JOIN pg_namespace n ON n.oid = f.pronamespace WHERE n.nspname = 'gatewalk'\n" \
"UNION SELECT g.oid FROM pg_trigger g JOIN pg_trigger u ON u.oid = g.tgparentid WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal AND u.tgrelid NOT IN (SELECT relid FROM tree)"

/* What the schema's default privileges have given to what this transaction has made: pg_dump's words reckon with none of it. */
#define TABLE_DEFAULT_GRANTS_SQL \
"SELECT x.sql FROM (SELECT c.*, pg_catalog.format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, n.nspname, c.relname) AS what\n" \
"  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'S') AND c.relacl IS NOT NULL\n" \
"  AND c.xmin::text = pg_catalog.pg_current_xact_id()::xid::text) c, LATERAL (\n" \
"  SELECT 1 AS ord, pg_catalog.format('REVOKE ALL ON %s FROM %s', what, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END) AS sql\n" \
"  FROM pg_catalog.aclexplode(c.relacl) a WHERE a.grantee <> c.relowner\n" \
"  UNION SELECT 2, pg_catalog.format('GRANT ALL ON %s TO %I', what, pg_catalog.pg_get_userbyid(c.relowner))) x ORDER BY x.ord, x.sql"

#endif
