/* SPDX-License-Identifier: MIT */
/* What the drill asks its scratch database. $1 schema, $2 table, $3 column; $4: true with scope column. */
#ifndef GW_ADAPTER_DRILL_SQL_H
#define GW_ADAPTER_DRILL_SQL_H

#define DRILL_TABLE_SQL \
"WITH t AS (SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS qt, c.relforcerowsecurity, a.attnum FROM pg_class c\n" \
"  JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = $3::text AND NOT a.attisdropped\n" \
"  WHERE n.nspname = $1::text AND c.relname = $2::text),\n" \
"k AS (SELECT k.*, t.qt, t.attnum, row_number() OVER (ORDER BY k.oid) AS i FROM t JOIN pg_constraint k ON k.conrelid = t.oid\n" \
"  WHERE k.contype = 'f' OR (k.contype = 'c' AND $4::boolean))\n"

/* Before the data: foreign keys point to empty tables; with scope column, checks look at empty columns. */
#define DRILL_BEFORE_SQL DRILL_TABLE_SQL \
"SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', qt) FROM t\n" \
"UNION ALL SELECT format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY', qt) FROM t WHERE relforcerowsecurity\n" \
"UNION ALL SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', qt, conname) FROM k"

/* Behind the data: the same again, NOT VALID; checks only where they fall with the column, since any other would stop the way back. */
#define DRILL_AFTER_SQL DRILL_TABLE_SQL \
"SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', qt, conname, pg_get_constraintdef(oid), CASE WHEN convalidated THEN ' NOT VALID' ELSE '' END)\n" \
"FROM k WHERE contype = 'f' OR attnum = ANY (conkey) ORDER BY i"

#define DRILL_ALL_SQL \
"SELECT 'pg_class'::regclass::oid AS classid, oid AS objid FROM pg_class WHERE relkind <> 't' AND relpersistence <> 't'\n" \
"  AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname IN ('information_schema', 'gatewalk'))\n" \
"UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE contype <> 'n' AND oid >= 16384\n" \
"UNION ALL SELECT 'pg_statistic_ext'::regclass, oid FROM pg_statistic_ext\n" \
"UNION ALL SELECT 'pg_trigger'::regclass, oid FROM pg_trigger WHERE NOT tgisinternal\n" \
"UNION ALL SELECT 'pg_policy'::regclass, oid FROM pg_policy\n" \
"UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE oid >= 16384\n" \
"UNION ALL SELECT 'pg_proc'::regclass, oid FROM pg_proc WHERE oid >= 16384\n" \
"UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE oid >= 16384\n" \
"UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef\n" \
"UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication\n" \
"UNION ALL SELECT 'pg_publication_rel'::regclass, oid FROM pg_publication_rel\n"

/* What each object of the database is a part of, where that is a relation: what is inside a partition goes with the partition. */
#define DRILL_OF_SQL \
"SELECT 'pg_class'::regclass::oid AS classid, indexrelid AS objid, indrelid AS of FROM pg_index\n" \
"UNION ALL SELECT 'pg_class'::regclass, d.objid, d.refobjid FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'\n" \
"  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')\n" \
"UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint WHERE conrelid <> 0\n" \
"UNION ALL SELECT 'pg_statistic_ext'::regclass, oid, stxrelid FROM pg_statistic_ext\n" \
"UNION ALL SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger\n" \
"UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy\n" \
"UNION ALL SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite\n" \
"UNION ALL SELECT 'pg_publication_rel'::regclass, oid, prrelid FROM pg_publication_rel\n"

/* All objects as they stand now, with what each belongs to. */
#define DRILL_OBJECTS_SQL \
"CREATE TEMP TABLE gatewalk_before AS SELECT o.classid, o.objid, pg_describe_object(o.classid, o.objid, 0) AS what, d.adrelid, d.adnum,\n" \
"  EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = o.objid AND k.contype IN ('p', 'u', 'x') AND o.classid = 'pg_class'::regclass) AS inner_index,\n" \
"  EXISTS (SELECT FROM pg_type y LEFT JOIN pg_type l ON l.oid = y.typelem WHERE o.classid = 'pg_type'::regclass AND y.oid = o.objid AND (y.typrelid <> 0 OR l.typrelid <> 0)) AS row_type,\n" \
"  p.of, EXISTS (SELECT FROM pg_constraint k WHERE o.classid = 'pg_constraint'::regclass AND k.oid = o.objid AND k.conparentid <> 0) AS of_another\n" \
"FROM (" DRILL_ALL_SQL ") o LEFT JOIN pg_attrdef d ON o.classid = 'pg_attrdef'::regclass AND d.oid = o.objid\n" \
"LEFT JOIN (" DRILL_OF_SQL ") p ON p.classid = o.classid AND p.objid = o.objid"

/* $1 the table, $2 the column. Its default is put back with it, and the index of a constraint is the constraint. */
#define DRILL_GONE_SQL \
"SELECT what FROM gatewalk_before b WHERE NOT EXISTS (SELECT FROM (" DRILL_ALL_SQL ") o WHERE o.classid = b.classid AND o.objid = b.objid)\n" \
"  AND NOT inner_index AND (adrelid, adnum) IS DISTINCT FROM ($1::oid, $2::int2) ORDER BY what COLLATE \"C\""

/* $1 the table. What was its own, its partitions, and other tables' foreign keys to it; not what was inside of a partition, nor
   what follows from the table being there: defaults, row types, the parts of a foreign key. */
#define DRILL_TABLE_GONE_SQL \
"SELECT what FROM gatewalk_before b WHERE NOT EXISTS (SELECT FROM (" DRILL_ALL_SQL ") o WHERE o.classid = b.classid AND o.objid = b.objid)\n" \
"  AND NOT inner_index AND NOT row_type AND adrelid IS NULL AND (classid, objid) <> ('pg_class'::regclass, $1::oid)\n" \
"  AND (of IS NULL OR of = $1::oid OR (NOT of_another AND EXISTS (SELECT FROM pg_class c WHERE c.oid = of))) ORDER BY what COLLATE \"C\""

#endif
