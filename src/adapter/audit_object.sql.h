/* SPDX-License-Identifier: MIT */
/* What the catalogue knows of the use of an index or a type; the columns are those of audit_catalog.sql.h. $1 its oid, $2 'index' or 'type'. */
#ifndef GW_ADAPTER_AUDIT_OBJECT_SQL_H
#define GW_ADAPTER_AUDIT_OBJECT_SQL_H

#include "adapter/audit_catalog.sql.h"

/* A constraint stands on its index and foreign keys on that constraint; replica identity and CLUSTER name it. A partition's index falls
   with its parent's. */
#define AUDIT_INDEX_SQL OWN_TAG \
"WITH x AS (SELECT i.*, c.relname, t.relname AS on_table, pg_get_userbyid(t.relowner) AS owner, t.oid::regclass::text AS place\n" \
"  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid WHERE i.indexrelid = $1::oid AND $2::text = 'index')\n" \
"SELECT 'constraint', CASE WHEN k.contype = 'f' THEN 'foreign key' ELSE 'constraint' END, format('%I on %s', k.conname, k.conrelid::regclass), 'S', 'catalogue', x.owner, pg_get_constraintdef(k.oid)\n" \
"  FROM x JOIN pg_constraint k ON k.conindid = x.indexrelid\n" \
"UNION ALL SELECT 'index', 'rule of the index', 'unique, on ' || place, 'P', 'catalogue', owner, 'without it two rows may have the same key; ON CONFLICT needs it'\n" \
"  FROM x WHERE indisunique AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x'))\n" \
"UNION ALL SELECT 'index', 'replica identity', 'of ' || place, 'P', 'catalogue', owner, 'logical replication sends old rows by it' FROM x WHERE indisreplident\n" \
"UNION ALL SELECT 'index', 'CLUSTER order', 'of ' || place, 'P', 'catalogue', owner, 'CLUSTER without a name takes it' FROM x WHERE indisclustered\n" \
"UNION ALL SELECT 'index', 'parent index', h.inhparent::regclass::text, 'S', 'catalogue', x.owner, 'this is the part of it for one partition'\n" \
"  FROM x JOIN pg_inherits h ON h.inhrelid = x.indexrelid"

/* What went by it or its partitions', which no statement's text says. */
#define AUDIT_SCANS_SQL OWN_TAG \
"WITH RECURSIVE x AS (SELECT $1::oid AS oid WHERE $2::text = 'index' UNION SELECT h.inhrelid FROM x JOIN pg_inherits h ON h.inhparent = x.oid)\n" \
"SELECT 'scans', 'scans', 'of ' || (SELECT relname FROM pg_class WHERE oid = $1::oid), 'P', 'scan counters', NULL, format('%s scans, %s entries read; counted since %s',\n" \
"    sum(s.idx_scan), sum(s.idx_tup_read), coalesce((SELECT stats_reset::timestamptz(0)::text FROM pg_stat_database WHERE datname = current_database()), 'the statistics began'))\n" \
"  FROM x JOIN pg_stat_all_indexes s ON s.indexrelid = x.oid HAVING sum(s.idx_scan) > 0"

/* Columns, functions, casts, operators: whatever depends on the type or on arrays of it. */
#define AUDIT_TYPE_SQL OWN_TAG \
"WITH t AS (SELECT y.oid, y.typarray FROM pg_type y WHERE y.oid = $1::oid AND $2::text = 'type'),\n" \
"o AS (SELECT DISTINCT d.classid, d.objid, d.objsubid FROM t JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass AND d.refobjid IN (t.oid, nullif(t.typarray, 0))\n" \
"  WHERE d.deptype = 'n')\n" \
AUDIT_DESCRIBE("'S'", "'catalogue'")

#endif
