/* SPDX-License-Identifier: MIT */
/* What the drop takes along, as the statements that put it back. $1 the table's oid, $2 the column's number. Rows of
   (kind, name, what, sql) in the order they are run. Names come from the catalogue and are quoted by the server. Of a column's
   options only the planner's are taken: 15.20 keeps a number of its own there (pg_attver), which is not ours to set. */
#ifndef GW_ADAPTER_SNAPSHOT_LOOK_SQL_H
#define GW_ADAPTER_SNAPSHOT_LOOK_SQL_H

#define BACK_WITH_SQL \
"/* gatewalk */ WITH t AS (\n" \
"  SELECT c.oid AS relid, format('%I.%I', n.nspname, c.relname) AS qt, quote_ident(a.attname) AS qc, a.*, y.typcollation, y.typstorage\n" \
"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = $2::int2\n" \
"  JOIN pg_type y ON y.oid = a.atttypid WHERE c.oid = $1::oid),\n" \
"f AS (\n" \
"  SELECT DISTINCT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS what FROM t JOIN pg_depend d\n" \
"  ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relid AND d.refobjsubid = t.attnum AND d.objsubid = 0 AND d.deptype = 'a'),\n" \
"seq AS (\n" \
"  SELECT s.*, f.what, c.relacl, format('%I.%I', n.nspname, c.relname) AS q FROM f JOIN pg_class c ON f.classid = 'pg_class'::regclass\n" \
"  AND c.oid = f.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid),\n" \
"con AS (\n" \
"  SELECT k.*, f.what FROM f JOIN pg_constraint k ON f.classid = 'pg_constraint'::regclass AND k.oid = f.objid AND k.contype <> 'n'),\n" \
"ind AS (\n" \
"  SELECT i.indexrelid, i.indisclustered, f.what, f.objid FROM f JOIN pg_index i ON f.classid = 'pg_class'::regclass AND i.indexrelid = f.objid\n" \
"  UNION ALL SELECT i.indexrelid, i.indisclustered, pg_describe_object('pg_class'::regclass, i.indexrelid, 0), i.indexrelid\n" \
"  FROM con JOIN pg_index i ON i.indexrelid = con.conindid WHERE con.contype = 'u'),\n" \
"inx AS (\n" \
"  SELECT ind.*, format('%I.%I', n.nspname, c.relname) AS q, c.relname FROM ind JOIN pg_class c ON c.oid = ind.indexrelid\n" \
"  JOIN pg_namespace n ON n.oid = c.relnamespace),\n" \
"st AS (\n" \
"  SELECT s.oid, f.what, format('%I.%I', n.nspname, s.stxname) AS q FROM f JOIN pg_statistic_ext s\n" \
"  ON f.classid = 'pg_statistic_ext'::regclass AND s.oid = f.objid JOIN pg_namespace n ON n.oid = s.stxnamespace),\n" \
"b(ord, kind, name, what, sql) AS (\n"

#define BACK_COLUMN_SQL \
"SELECT 10, 'sequence', q, what, format('CREATE SEQUENCE %s AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s', q,\n" \
"  format_type(seqtypid, NULL), seqstart, seqincrement, seqmin, seqmax, seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE '' END) FROM seq\n" \
"UNION ALL SELECT 20, 'sequence', '', 'value of ' || what, format('SELECT pg_catalog.setval(%L::pg_catalog.regclass, %s)', q, v.last)\n" \
"  FROM seq, LATERAL (SELECT CASE WHEN has_sequence_privilege(seqrelid, 'USAGE, SELECT') THEN pg_sequence_last_value(seqrelid) END) v(last) WHERE v.last IS NOT NULL\n" \
"UNION ALL SELECT 30, 'column', qc, '', format('ALTER TABLE %s ADD COLUMN %s %s%s', qt, qc, format_type(atttypid, atttypmod),\n" \
"  (SELECT format(' COLLATE %I.%I', cn.nspname, l.collname) FROM pg_collation l JOIN pg_namespace cn ON cn.oid = l.collnamespace\n" \
"  WHERE l.oid = attcollation AND attcollation <> typcollation)) FROM t\n" \
"UNION ALL SELECT 40, 'default', '', 'default value', format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT %s', qt, qc, pg_get_expr(d.adbin, relid))\n" \
"  FROM t JOIN pg_attrdef d ON d.adrelid = relid AND d.adnum = attnum\n" \
"UNION ALL SELECT 51, 'setting', '', 'storage', format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s', qt, qc,\n" \
"  CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END) FROM t WHERE attstorage <> typstorage\n" \
"UNION ALL SELECT 52, 'setting', '', 'compression', format('ALTER TABLE %s ALTER COLUMN %s SET COMPRESSION %s', qt, qc,\n" \
"  CASE attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END) FROM t WHERE attcompression IN ('l', 'p')\n" \
"UNION ALL SELECT 53, 'setting', '', 'statistics target', format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %s', qt, qc, attstattarget)\n" \
"  FROM t WHERE coalesce(attstattarget, -1) >= 0\n" \
"UNION ALL SELECT 54, 'setting', '', 'planner options', format('ALTER TABLE %s ALTER COLUMN %s SET (%s)', qt, qc, x.options)\n" \
"  FROM t, LATERAL (SELECT string_agg(o, ', ') FROM unnest(attoptions) o WHERE o ~ '^n_distinct') x(options) WHERE x.options IS NOT NULL\n" \
"UNION ALL SELECT 60, 'not_null', '', 'NOT NULL', format('ALTER TABLE %s ALTER COLUMN %s SET NOT NULL', qt, qc) FROM t WHERE attnotnull\n"

#define BACK_FALLS_SQL \
"UNION ALL SELECT 70, 'index', q, what, pg_get_indexdef(indexrelid) FROM inx\n" \
"UNION ALL SELECT 80, 'constraint', conname::text, con.what, format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', qt, conname,\n" \
"  CASE WHEN contype = 'u' THEN format('UNIQUE USING INDEX %I%s%s', x.relname, CASE WHEN condeferrable THEN ' DEFERRABLE' ELSE '' END,\n" \
"  CASE WHEN condeferred THEN ' INITIALLY DEFERRED' ELSE '' END) ELSE pg_get_constraintdef(con.oid) END,\n" \
"  CASE WHEN contype IN ('c', 'f') AND convalidated THEN ' NOT VALID' ELSE '' END)\n" \
"  FROM t, con LEFT JOIN inx x ON x.indexrelid = con.conindid AND con.contype = 'u'\n" \
"UNION ALL SELECT 85, 'validate', conname::text, con.what, format('ALTER TABLE %s VALIDATE CONSTRAINT %I', qt, conname)\n" \
"  FROM t, con WHERE contype IN ('c', 'f') AND convalidated\n" \
"UNION ALL SELECT 90, 'statistics', q, what, pg_get_statisticsobjdef(oid) FROM st\n" \
"UNION ALL SELECT 95, 'extra', '', 'owner of ' || what, format('ALTER SEQUENCE %s OWNED BY %s.%s', q, qt, qc) FROM t, seq\n" \
"UNION ALL SELECT 96, 'extra', '', 'clustering on ' || what, format('ALTER TABLE %s CLUSTER ON %I', qt, relname) FROM t, inx WHERE indisclustered\n" \
"UNION ALL SELECT 97, 'extra', '', 'comment on ' || what, format('COMMENT ON INDEX %s IS %L', q, obj_description(indexrelid, 'pg_class'))\n" \
"  FROM inx WHERE obj_description(indexrelid, 'pg_class') IS NOT NULL\n" \
"UNION ALL SELECT 97, 'extra', '', 'comment on ' || what, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, qt, obj_description(con.oid, 'pg_constraint'))\n" \
"  FROM t, con WHERE obj_description(con.oid, 'pg_constraint') IS NOT NULL\n" \
"UNION ALL SELECT 97, 'extra', '', 'comment on ' || what, format('COMMENT ON STATISTICS %s IS %L', q, obj_description(oid, 'pg_statistic_ext'))\n" \
"  FROM st WHERE obj_description(oid, 'pg_statistic_ext') IS NOT NULL\n" \
"UNION ALL SELECT 97, 'extra', '', 'security label', format('SECURITY LABEL FOR %I ON COLUMN %s.%s IS %L', provider, qt, qc, label)\n" \
"  FROM t, pg_seclabel WHERE classoid = 'pg_class'::regclass AND objoid = relid AND objsubid = attnum\n" \
"UNION ALL SELECT 98, 'grant', '', format('%s of %s', x.privilege_type, g), format('GRANT %s (%s) ON TABLE %s TO %s%s', x.privilege_type, qc, qt, g,\n" \
"  CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM t, aclexplode(attacl) x,\n" \
"  LATERAL (SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) r(g)\n" \
"UNION ALL SELECT 98, 'grant', '', format('%s of %s on %s', x.privilege_type, g, what), format('GRANT %s ON SEQUENCE %s TO %s', x.privilege_type, q, g)\n" \
"  FROM seq, aclexplode(relacl) x, LATERAL (SELECT CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) r(g)\n" \
"UNION ALL SELECT 99, 'comment', '', 'comment', format('COMMENT ON COLUMN %s.%s IS %L', qt, qc, col_description(relid, attnum)) FROM t)\n" \
"SELECT kind, name, what, sql FROM b ORDER BY ord, what COLLATE \"C\", sql COLLATE \"C\""

#endif
