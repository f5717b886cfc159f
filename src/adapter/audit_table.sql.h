/* SPDX-License-Identifier: MIT */
/* What the catalogue knows of the use of a table, or of rows of it; the columns are those of audit_catalog.sql.h. $1 relation, $2 'table'
   or 'rows'. What falls with the table is no consumer, but foreign keys of other tables are: their owners have to know. */
#ifndef GW_ADAPTER_AUDIT_TABLE_SQL_H
#define GW_ADAPTER_AUDIT_TABLE_SQL_H

#include "adapter/audit_catalog.sql.h"

#define AUDIT_TREE_SQL \
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid, $2::text AS kind UNION SELECT i.inhrelid, kind FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid\n" \
"  JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)"

/* Whatever depends on the table, its partitions, their row types, keys and sequences; then what stands on a view or function that was
   found. */
#define AUDIT_TABLE_SQL OWN_TAG \
AUDIT_TREE_SQL ",\n" \
"inside AS MATERIALIZED (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, oid AS objid FROM tree WHERE kind = 'table'\n" \
"  UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM tree JOIN pg_index i ON i.indrelid = tree.oid WHERE kind = 'table'\n" \
"  UNION ALL SELECT 'pg_type'::regclass, y.oid FROM tree JOIN pg_class c ON c.oid = tree.oid JOIN pg_type r ON r.oid = c.reltype JOIN pg_type y ON y.oid IN (r.oid, r.typarray)\n" \
"    WHERE kind = 'table'\n" \
"  UNION ALL SELECT 'pg_constraint'::regclass, k.oid FROM tree JOIN pg_constraint k ON k.conrelid = tree.oid WHERE kind = 'table'\n" \
"  UNION ALL SELECT 'pg_class'::regclass, s.oid FROM tree JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = tree.oid\n" \
"    JOIN pg_class s ON d.classid = 'pg_class'::regclass AND s.oid = d.objid AND s.relkind = 'S' WHERE kind = 'table' AND d.deptype IN ('a', 'i')),\n" \
"dep AS (\n" \
"  SELECT d.classid, d.objid, d.objsubid, 0 AS depth FROM inside r JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid\n" \
"  WHERE d.deptype = 'n' AND NOT EXISTS (SELECT FROM inside x WHERE x.classid = d.classid AND x.objid = d.objid)\n" \
"    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.conparentid <> 0)\n" \
"    AND NOT EXISTS (SELECT FROM pg_depend f JOIN inside x ON x.classid = f.refclassid AND x.objid = f.refobjid\n" \
"      WHERE f.classid = d.classid AND f.objid = d.objid AND f.deptype IN ('a', 'i', 'S'))\n" \
OWN_NOT_DUAL GUARD_NOT_HOLD "\n" \
AUDIT_UPON_SQL \
AUDIT_DESCRIBE("CASE WHEN k.contype = 'f' THEN 'P' ELSE 'S' END", "CASE WHEN o.depth = 0 THEN 'catalogue' ELSE 'catalogue, through a view or function' END")

/* Foreign keys onto rows that go: who has children there cannot lose the parent. Triggers and cascades refuse before. */
#define AUDIT_ROWS_SQL OWN_TAG \
AUDIT_TREE_SQL ",\n" \
"o AS (SELECT 'pg_constraint'::regclass::oid AS classid, k.oid AS objid, 0 AS objsubid FROM pg_constraint k\n" \
"  WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN (SELECT oid FROM tree WHERE kind = 'rows'))\n" \
AUDIT_DESCRIBE("'P'", "'catalogue, its rows point to these'")

/* Subscribers keep what they have of a dropped table, and lose removed rows as these are removed. */
#define AUDIT_TABLE_OTHERS_SQL OWN_TAG \
AUDIT_TREE_SQL "\n" \
"SELECT DISTINCT 'publication', 'publication', quote_ident(p.pubname), CASE $2 WHEN 'rows' THEN 'W' ELSE 'P' END, 'publications', pg_get_userbyid(p.pubowner),\n" \
"  CASE WHEN p.puballtables THEN 'FOR ALL TABLES' ELSE 'this table, or its schema' END || CASE $2 WHEN 'rows' THEN ': subscribers lose these rows too'\n" \
"    ELSE ': subscribers get no more of it, and keep what they have' END\n" \
"FROM pg_publication p JOIN pg_publication_tables x ON x.pubname = p.pubname JOIN pg_namespace n ON n.nspname = x.schemaname\n" \
"  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = x.tablename JOIN tree ON tree.oid = c.oid\n" \
"UNION ALL SELECT DISTINCT 'subscription', 'subscription', quote_ident(s.subname), 'P', 'subscriptions', pg_get_userbyid(s.subowner),\n" \
"  CASE $2 WHEN 'rows' THEN 'rows come from another server, which still has these' ELSE 'rows come from another server; it must not send this table any more' END\n" \
"FROM pg_subscription_rel r JOIN tree ON tree.oid = r.srrelid JOIN pg_subscription s ON s.oid = r.srsubid\n" \
"UNION ALL SELECT 'inherits', 'parent table', i.inhparent::regclass::text, CASE $2 WHEN 'rows' THEN 'W' ELSE 'P' END, 'catalogue, partitions', pg_get_userbyid(c.relowner),\n" \
"  'whoever reads it misses what was in this partition' FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent WHERE i.inhrelid = $1::oid\n" \
"UNION ALL SELECT 'slot', 'slot', quote_ident(slot_name), CASE $2 WHEN 'rows' THEN 'W' ELSE 'P' END, 'replication slots', NULL,\n" \
"  format('logical, plugin %s, %s: may decode rows of this table', plugin, CASE WHEN active THEN 'active' ELSE 'not active' END)\n" \
"FROM pg_replication_slots WHERE slot_type = 'logical' AND database = current_database() AND NOT temporary AND NOT " SLOT_OURS_SQL "\n" \
AUDIT_LEADS_SQL

#endif
