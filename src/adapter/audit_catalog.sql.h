/* SPDX-License-Identifier: MIT */
/* What the catalogue knows of the use of a column. $1 relation, $2 attribute number, both as numbers. Each query gives the
   same columns: class, kind, name, way (see enum way in audit_catalog.c), source, owner, evidence. What merely falls with the
   column (deptype a: its indexes, checks, statistics, foreign keys) is no consumer; the plan's list of falls has it. */
#ifndef GW_ADAPTER_AUDIT_CATALOG_SQL_H
#define GW_ADAPTER_AUDIT_CATALOG_SQL_H

#include "adapter/guard.sql.h"
#include "adapter/own_names.sql.h"
#include "adapter/slot.h"

/* From (classid, objid, objsubid) of `o` to what a person calls the thing. A view's rule is the view, a default of a generated
   column is that column, a table in a publication is the publication. */
#define AUDIT_DESCRIBE(way, source) \
"SELECT DISTINCT ON (2, 3) o.classid::regclass::text,\n" \
"  CASE WHEN w.rulename = '_RETURN' THEN CASE vc.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END\n" \
"    WHEN gd.oid IS NOT NULL THEN CASE WHEN EXISTS (SELECT FROM pg_attribute ga WHERE ga.attrelid = gd.adrelid AND ga.attnum = gd.adnum AND ga.attgenerated <> '')\n" \
"      THEN 'generated column' ELSE 'default of column' END WHEN pr.oid IS NOT NULL THEN 'publication'\n" \
"    WHEN k.contype = 'f' THEN 'foreign key' ELSE i.type END,\n" \
"  CASE WHEN w.rulename = '_RETURN' THEN format('%I.%I', vn.nspname, vc.relname)\n" \
"    WHEN gd.oid IS NOT NULL THEN (pg_identify_object('pg_class'::regclass, gd.adrelid, gd.adnum)).identity\n" \
"    WHEN pr.oid IS NOT NULL THEN quote_ident(pb.pubname) ELSE replace(i.identity, 'pg_catalog.', '') END,\n" \
"  " way ", " source ",\n" \
"  pg_get_userbyid(coalesce(vc.relowner, f.proowner, pb.pubowner, tc.relowner, pc.relowner, kc.relowner, xc.relowner)),\n" \
"  coalesce(CASE WHEN w.rulename = '_RETURN' THEN pg_get_viewdef(w.ev_class) END, pg_get_ruledef(w.oid),\n" \
"    CASE WHEN f.prokind IN ('f', 'p', 'w') THEN pg_get_functiondef(f.oid) END, pg_get_triggerdef(tg.oid), pg_get_constraintdef(k.oid),\n" \
"    pg_get_expr(gd.adbin, gd.adrelid), pg_get_expr(po.polqual, po.polrelid), pg_get_expr(po.polwithcheck, po.polrelid),\n" \
"    CASE WHEN pr.oid IS NOT NULL THEN concat_ws(', ', CASE WHEN pr.prattrs IS NOT NULL THEN 'has a column list' END,\n" \
"      'row filter: ' || pg_get_expr(pr.prqual, pr.prrelid)) END,\n" \
"    CASE WHEN o.classid = 'pg_class'::regclass AND xc.relkind IN ('i', 'I') THEN pg_get_indexdef(xc.oid) END,\n" \
"    pg_describe_object(o.classid, o.objid, o.objsubid))\n" \
"FROM o LEFT JOIN pg_rewrite w ON o.classid = 'pg_rewrite'::regclass AND w.oid = o.objid\n" \
"  LEFT JOIN pg_class vc ON vc.oid = w.ev_class LEFT JOIN pg_namespace vn ON vn.oid = vc.relnamespace\n" \
"  LEFT JOIN pg_attrdef gd ON o.classid = 'pg_attrdef'::regclass AND gd.oid = o.objid\n" \
"  LEFT JOIN pg_publication_rel pr ON o.classid = 'pg_publication_rel'::regclass AND pr.oid = o.objid\n" \
"  LEFT JOIN pg_publication pb ON pb.oid = pr.prpubid\n" \
"  LEFT JOIN pg_proc f ON o.classid = 'pg_proc'::regclass AND f.oid = o.objid\n" \
"  LEFT JOIN pg_trigger tg ON o.classid = 'pg_trigger'::regclass AND tg.oid = o.objid LEFT JOIN pg_class tc ON tc.oid = tg.tgrelid\n" \
"  LEFT JOIN pg_policy po ON o.classid = 'pg_policy'::regclass AND po.oid = o.objid LEFT JOIN pg_class pc ON pc.oid = po.polrelid\n" \
"  LEFT JOIN pg_constraint k ON o.classid = 'pg_constraint'::regclass AND k.oid = o.objid LEFT JOIN pg_class kc ON kc.oid = k.conrelid\n" \
"  LEFT JOIN pg_class xc ON o.classid = 'pg_class'::regclass AND xc.oid = o.objid,\n" \
"  LATERAL pg_identify_object(o.classid, o.objid, o.objsubid) i\n" \
"ORDER BY 2, 3"

/* Behind the first members of dep: what stands on a view or function that was found; o has each once. */
#define AUDIT_UPON_SQL \
"  UNION SELECT d.classid, d.objid, d.objsubid, 1 FROM dep LEFT JOIN pg_rewrite w ON dep.classid = 'pg_rewrite'::regclass AND w.oid = dep.objid\n" \
"    LEFT JOIN pg_class v ON v.oid = w.ev_class AND v.relkind IN ('v', 'm')\n" \
"    JOIN pg_depend d ON d.refclassid = CASE WHEN v.oid IS NULL THEN 'pg_proc'::regclass ELSE 'pg_class'::regclass END AND d.deptype = 'n'\n" \
"      AND d.refobjid = CASE WHEN v.oid IS NOT NULL THEN v.oid WHEN dep.classid = 'pg_proc'::regclass THEN dep.objid END\n" \
"  WHERE (d.classid, d.objid) <> (dep.classid, dep.objid)),\n" \
"o AS (SELECT classid, objid, objsubid, min(depth) AS depth FROM dep GROUP BY 1, 2, 3)\n"

/* Named: a normal dependency on the column, on that of a table that inherits it, or on what falls with it (its constraint, its sequence);
   or a generated column made from it (deptype a, but DROP COLUMN refuses). Then what stands on a view or function that was found. What
   falls itself is no consumer. gatewalk's own triggers and views are left out by their names. */
#define AUDIT_NAMED_SQL OWN_TAG \
"WITH RECURSIVE kin AS (\n" \
"  SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM kin JOIN pg_inherits i ON i.inhparent = kin.oid),\n" \
"col AS (SELECT c.attrelid AS relid, c.attnum::int FROM pg_attribute m JOIN kin ON true JOIN pg_attribute c ON c.attrelid = kin.oid AND c.attname = m.attname\n" \
"  WHERE m.attrelid = $1::oid AND m.attnum = $2::int AND NOT c.attisdropped),\n" \
"root AS (\n" \
"  SELECT 'pg_class'::regclass::oid AS classid, relid AS objid, attnum AS objsubid FROM col\n" \
"  UNION SELECT d.classid, d.objid, d.objsubid FROM root r JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid\n" \
"    AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid) WHERE d.deptype IN ('a', 'i')),\n" \
"dep AS (\n" \
"  SELECT d.classid, d.objid, d.objsubid, 0 AS depth FROM root r JOIN pg_depend d ON d.refclassid = r.classid AND d.refobjid = r.objid\n" \
"    AND (r.objsubid = 0 OR d.refobjsubid = r.objsubid)\n" \
"  WHERE (d.deptype = 'n' AND NOT EXISTS (SELECT FROM root x WHERE (x.classid, x.objid) = (d.classid, d.objid))\n" \
"      OR EXISTS (SELECT FROM pg_attrdef g JOIN pg_attribute ga ON ga.attrelid = g.adrelid AND ga.attnum = g.adnum\n" \
"        WHERE d.classid = 'pg_attrdef'::regclass AND g.oid = d.objid AND ga.attgenerated <> '' AND NOT EXISTS (SELECT FROM col WHERE (relid, col.attnum) = (g.adrelid, g.adnum))))\n" \
"    AND NOT EXISTS (SELECT FROM pg_trigger t JOIN pg_proc tf ON tf.oid = t.tgfoid JOIN pg_namespace tn ON tn.oid = tf.pronamespace\n" \
"      WHERE d.classid = 'pg_trigger'::regclass AND t.oid = d.objid AND tn.nspname = 'gatewalk' AND t.tgname ~ " OWN_WATCHING_RE ")\n" \
OWN_NOT_DUAL GUARD_NOT_HOLD "\n" \
AUDIT_UPON_SQL \
AUDIT_DESCRIBE("'S'", "CASE WHEN o.depth = 0 THEN 'catalogue' ELSE 'catalogue, through a view or function' END")

/* The row as a whole: a Var with attribute number 0 of the table's own type, wherever an expression is kept; and what stands on such a one. */
#define AUDIT_WHOLE_SQL OWN_TAG \
"WITH RECURSIVE t AS (SELECT ':varattno 0 :vartype ' || reltype || ' ' AS mark, reltype FROM pg_class WHERE oid = $1::oid AND $2::int > 0),\n" \
"first AS (SELECT 'pg_rewrite'::regclass::oid AS classid, w.oid AS objid, 0 AS objsubid FROM t, pg_rewrite w\n" \
"    WHERE strpos(w.ev_action::text, mark) > 0 OR strpos(w.ev_qual::text, mark) > 0\n" \
"  UNION SELECT 'pg_proc'::regclass, f.oid, 0 FROM t, pg_proc f WHERE strpos(f.prosqlbody::text, mark) > 0\n" \
"  UNION SELECT 'pg_policy'::regclass, p.oid, 0 FROM t, pg_policy p WHERE strpos(p.polqual::text, mark) > 0 OR strpos(p.polwithcheck::text, mark) > 0\n" \
"  UNION SELECT 'pg_trigger'::regclass, g.oid, 0 FROM t, pg_trigger g WHERE strpos(g.tgqual::text, mark) > 0\n" \
"  UNION SELECT 'pg_constraint'::regclass, k.oid, 0 FROM t, pg_constraint k WHERE strpos(k.conbin::text, mark) > 0\n" \
"  UNION SELECT 'pg_class'::regclass, x.indexrelid, 0 FROM t, pg_index x WHERE strpos(x.indexprs::text, mark) > 0 OR strpos(x.indpred::text, mark) > 0\n" \
"  UNION SELECT 'pg_publication_rel'::regclass, r.oid, 0 FROM t, pg_publication_rel r WHERE strpos(r.prqual::text, mark) > 0),\n" \
"dep AS (SELECT classid, objid, objsubid, 0 AS depth FROM first\n" \
AUDIT_UPON_SQL \
AUDIT_DESCRIBE("'W'", "'catalogue, uses the whole row'")

/* Users of the row type: functions that take or return it, columns and types made of it; and what stands on such a function. */
#define AUDIT_ROWTYPE_SQL OWN_TAG \
"WITH RECURSIVE t AS (SELECT c.reltype, y.typarray FROM pg_class c JOIN pg_type y ON y.oid = c.reltype WHERE c.oid = $1::oid AND $2::int > 0),\n" \
"dep AS (SELECT d.classid, d.objid, d.objsubid, 0 AS depth FROM t JOIN pg_depend d ON d.refclassid = 'pg_type'::regclass\n" \
"  AND d.refobjid IN (t.reltype, t.typarray) AND d.deptype = 'n' AND d.classid <> 'pg_rewrite'::regclass\n" \
OWN_NOT_DUAL \
AUDIT_UPON_SQL \
AUDIT_DESCRIBE("'W'", "'catalogue, uses the row type'")

/* What can be seen to be there, and no further. An extension's compiled functions are the extension's. */
#define AUDIT_LEADS_SQL \
"UNION ALL SELECT 'lead', 'compiled functions', string_agg(f.oid::regprocedure::text, ', ' ORDER BY f.oid::regprocedure::text), 'B', 'catalogue', NULL, NULL\n" \
"  FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang WHERE l.lanname = 'c' AND f.oid >= 16384\n" \
"  AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.classid = 'pg_proc'::regclass AND x.objid = f.oid AND x.deptype = 'e') HAVING count(*) > 0\n" \
"UNION ALL SELECT 'lead', 'foreign servers', string_agg(quote_ident(srvname), ', ' ORDER BY srvname), 'B', 'catalogue', NULL, NULL FROM pg_foreign_server HAVING count(*) > 0\n" \
"UNION ALL SELECT 'lead', 'physical slots that nobody uses', string_agg(quote_ident(slot_name), ', ' ORDER BY slot_name), 'B', 'slots', NULL, NULL\n" \
"  FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active HAVING count(*) > 0"

/* The rest have no expression to show. */
#define AUDIT_OTHERS_SQL OWN_TAG \
"SELECT 'publication', 'publication', quote_ident(p.pubname), 'W', 'publications', pg_get_userbyid(p.pubowner),\n" \
"  CASE WHEN p.puballtables THEN 'FOR ALL TABLES' ELSE 'the whole table, or its schema' END || ': subscribers get this column'\n" \
"FROM pg_publication p JOIN pg_publication_tables x ON x.pubname = p.pubname JOIN pg_class c ON c.oid = $1::oid JOIN pg_namespace n ON n.oid = c.relnamespace\n" \
"  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = $2::int\n" \
"WHERE x.schemaname = n.nspname AND x.tablename = c.relname AND a.attname = ANY (x.attnames)\n" \
"UNION ALL SELECT 'subscription', 'subscription', quote_ident(s.subname), 'P', 'subscriptions', pg_get_userbyid(s.subowner), 'rows come from another server; it must not send this column any more'\n" \
"FROM pg_subscription_rel r JOIN pg_subscription s ON s.oid = r.srsubid WHERE r.srrelid = $1::oid\n" \
"UNION ALL SELECT 'inherits', 'child table', i.inhrelid::regclass::text, 'S', 'catalogue, inheritance', pg_get_userbyid(c.relowner), 'inherits this column'\n" \
"FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::oid\n" \
"UNION ALL SELECT 'inherits', 'parent table', i.inhparent::regclass::text, 'S', 'catalogue, inheritance', pg_get_userbyid(c.relowner), 'this table inherits from it'\n" \
"FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent WHERE i.inhrelid = $1::oid\n" \
"UNION ALL SELECT 'slot', 'slot', quote_ident(slot_name), 'W', 'replication slots', NULL, format('logical, plugin %s, %s: may decode rows of this table', plugin, CASE WHEN active THEN 'active' ELSE 'not active' END)\n" \
"FROM pg_replication_slots WHERE slot_type = 'logical' AND database = current_database() AND NOT temporary AND NOT " SLOT_OURS_SQL "\n" \
"UNION ALL SELECT 'grant', 'column grant', 'to ' || coalesce(quote_ident(r.rolname), 'PUBLIC'), 'P', 'privileges', NULL,\n" \
"  format('%s on this column alone: falls with it', string_agg(DISTINCT g.privilege_type, ', '))\n" \
"FROM pg_attribute a, aclexplode(a.attacl) g LEFT JOIN pg_roles r ON r.oid = g.grantee WHERE a.attrelid = $1::oid AND a.attnum = $2::int GROUP BY r.rolname\n" \
"UNION ALL SELECT 'trigger', 'trigger', (pg_identify_object('pg_trigger'::regclass, g.oid, 0)).identity, 'N', 'catalogue, its arguments', pg_get_userbyid(c.relowner), pg_get_triggerdef(g.oid)\n" \
"FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = $2::int WHERE g.tgrelid = $1::oid AND NOT g.tgisinternal\n" \
"  AND strpos(lower(encode(g.tgargs, 'escape')), lower(encode(convert_to(a.attname, getdatabaseencoding()), 'escape'))) > 0\n" \
"UNION ALL SELECT 'lead', 'comments that name it', string_agg(pg_describe_object(x.classoid, x.objoid, x.objsubid), ', '), 'B', 'catalogue', NULL, NULL FROM (\n" \
"  SELECT d.classoid, d.objoid, d.objsubid FROM pg_description d JOIN pg_attribute a ON a.attrelid = $1::oid AND a.attnum = $2::int\n" \
"  WHERE strpos(lower(d.description), lower(a.attname)) > 0 AND (d.objoid, d.objsubid) <> ($1::oid, $2::int) AND d.objoid >= 16384\n" \
"  ORDER BY 2, 3 LIMIT 8) x HAVING count(*) > 0\n" \
AUDIT_LEADS_SQL

#endif
