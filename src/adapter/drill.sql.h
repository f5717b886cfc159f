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

/* All objects as they stand now, with what each index and default belongs to. */
#define DRILL_OBJECTS_SQL \
"CREATE TEMP TABLE gatewalk_before AS SELECT o.classid, o.objid, pg_describe_object(o.classid, o.objid, 0) AS what, d.adrelid, d.adnum,\n" \
"  EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = o.objid AND k.contype IN ('p', 'u', 'x') AND o.classid = 'pg_class'::regclass) AS inner_index\n" \
"FROM (" DRILL_ALL_SQL ") o LEFT JOIN pg_attrdef d ON o.classid = 'pg_attrdef'::regclass AND d.oid = o.objid"

/* $1 the table, $2 the column. Its default is put back with it, and the index of a constraint is the constraint. */
#define DRILL_GONE_SQL \
"SELECT what FROM gatewalk_before b WHERE NOT EXISTS (SELECT FROM (" DRILL_ALL_SQL ") o WHERE o.classid = b.classid AND o.objid = b.objid)\n" \
"  AND NOT inner_index AND (adrelid, adnum) IS DISTINCT FROM ($1::oid, $2::int2) ORDER BY what COLLATE \"C\""

#endif
