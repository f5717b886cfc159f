/* SPDX-License-Identifier: MIT */
/* What the catalogue knows of the way from a column to the texts that use it. */
#ifndef GW_ADAPTER_RESOLVE_SQL_H
#define GW_ADAPTER_RESOLVE_SQL_H

#include "adapter/audit.h"

/* $1 the table, $2 the column's name. Rows: 'c', a relation, a column of it in which the target stands (0: whoever uses the relation at all
   uses the target), its name; 'f', a function of the SQL standard's kind, 0, its name; 't', the table or what inherits from it, 0, its name.
   A view of one plain query is followed column by column: its rule keeps of each plain column where it came from, and with these and the
   joins' lists of columns taken out, the column's number may not stand anywhere else in it. Whatever is not as plain as that (a sub-select,
   UNION, NATURAL JOIN, grouping from 18 on, an expression) makes any use of the view one of the target: in doubt it is a use. */
#define RESOLVE_WAYS_SQL OWN_TAG \
"WITH RECURSIVE base AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid FROM base JOIN pg_inherits i ON i.inhparent = base.oid),\n" \
"seed AS (\n" \
"  SELECT 'pg_class'::regclass::oid AS class, a.attrelid AS obj, a.attnum::int AS att FROM base JOIN pg_attribute a ON a.attrelid = base.oid AND a.attname = $2::name AND NOT a.attisdropped\n" \
"  UNION SELECT 'pg_type'::regclass::oid, t.oid, 0 FROM base JOIN pg_class c USING (oid) JOIN pg_type y ON y.oid = c.reltype JOIN pg_type t ON t.oid IN (y.oid, y.typarray)),\n" \
"u(class, obj, att) AS (\n" \
"  SELECT * FROM seed\n" \
"  UNION SELECT s.class, s.obj, s.att FROM u CROSS JOIN LATERAL (\n" \
"    SELECT 'pg_proc'::regclass::oid AS class, p.oid AS obj, 0 AS att FROM pg_proc p WHERE p.prosqlbody IS NOT NULL AND p.oid <> u.obj\n" \
"      AND EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.refclassid = u.class AND d.refobjid = u.obj\n" \
"        AND (u.att = 0 OR d.refobjsubid = u.att OR " RESOLVE_WHOLE("p.prosqlbody::text", "u.obj") "))\n" \
"    UNION ALL SELECT 'pg_class'::regclass::oid, v.ev_class, x.att\n" \
"    FROM (SELECT w.oid, w.ev_class, w.ev_action::text AS e FROM pg_rewrite w WHERE w.ev_type = '1' AND w.ev_class <> u.obj\n" \
"        AND w.oid IN (SELECT d.objid FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = u.class AND d.refobjid = u.obj)) v\n" \
"      CROSS JOIN LATERAL (SELECT regexp_replace(regexp_replace(v.e, ':joinaliasvars \\((\\{VAR [^{}]*\\} ?)*\\)', '', 'g'), " RESOLVE_PLAIN ", '', 'g') AS rest,\n" \
"        " RESOLVE_COUNT("\\{QUERY ") " = 1 AND " RESOLVE_COUNT(":rtekind ") " = " RESOLVE_COUNT(":rtekind 0 ") " + " \
	RESOLVE_COUNT(":alias <> :eref \\{ALIAS [^{}]*\\} :rtekind 2 :jointype \\d+ :joinmergedcols 0 ") " AS plain) r\n" \
"      CROSS JOIN LATERAL (\n" \
"        SELECT 0 AS att WHERE u.att = 0 OR NOT r.plain OR r.rest ~ format('\\{VAR :varno \\d+ :varattno (%s|0) ', u.att)\n" \
"        UNION ALL SELECT m[1]::int FROM regexp_matches(v.e, " RESOLVE_PLAIN ", 'g') m WHERE m[2]::oid = u.obj AND m[3]::int = u.att) x\n" \
"    WHERE u.att = 0 OR " RESOLVE_WHOLE("v.e", "u.obj") " OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_rewrite'::regclass AND d.objid = v.oid\n" \
"        AND d.refclassid = u.class AND d.refobjid = u.obj AND d.refobjsubid = u.att)) s)\n" \
"SELECT 'c', u.obj, u.att, c.relname FROM u JOIN pg_class c ON u.class = 'pg_class'::regclass AND c.oid = u.obj\n" \
"UNION ALL SELECT 'f', u.obj, 0, p.proname FROM u JOIN pg_proc p ON u.class = 'pg_proc'::regclass AND p.oid = u.obj\n" \
"UNION ALL SELECT 't', base.oid, 0, c.relname FROM base JOIN pg_class c USING (oid)"

/* The row of relation rel as a whole, in the text of a parsed query; or that of a join, which says no relation (2249 is "record"). */
#define RESOLVE_WHOLE(body, rel) \
"(position(':varattno 0 :vartype 2249 ' IN " body ") > 0 OR " RESOLVE_ROW(body, rel) ")"
#define RESOLVE_ROW(body, rel) \
"position(':varattno 0 :vartype ' || (SELECT k.reltype FROM pg_class k WHERE k.oid = " rel ") || ' ' IN " body ") > 0"
#define RESOLVE_COUNT(what) "(SELECT count(*) FROM regexp_matches(v.e, '" what "', 'g'))"
/* A column of the view that is one of a relation's, and by which it is neither sorted nor grouped: its number, the relation, the number there. */
#define RESOLVE_PLAIN \
"'\\{TARGETENTRY :expr \\{VAR [^{}]*\\} :resno (\\d+) :resname \\S+ :ressortgroupref 0 :resorigtbl (\\d+) :resorigcol (\\d+) :resjunk false\\}'"

/* Of the function that was just made from a text. $1 "relation:column,...", $2 functions, $3 the table and what inherits from it, as of
   RESOLVE_WAYS_SQL. A constraint of ON CONFLICT stands for its columns; the row's type for the row. The third answer: what MERGE
   writes is not among a function's dependencies, nor what the row of a join is made of. The fifth: ON CONFLICT DO UPDATE depends on each column,
   for EXCLUDED has all. */
#define RESOLVE_USES_SQL OWN_TAG \
"WITH u AS (SELECT split_part(x, ':', 1)::oid AS rel, split_part(x, ':', 2)::int AS att FROM unnest(string_to_array($1, ',')) x),\n" \
"f AS (SELECT oid, prosqlbody::text AS body FROM pg_proc WHERE proname = 'gatewalk_resolve' AND pronamespace = pg_my_temp_schema()),\n" \
"d AS (SELECT d.refclassid AS class, d.refobjid AS obj, d.refobjsubid AS att FROM f JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = f.oid)\n" \
"SELECT EXISTS (SELECT FROM d JOIN u ON d.class = 'pg_class'::regclass AND d.obj = u.rel AND (u.att = 0 OR d.att = u.att))\n" \
"    OR EXISTS (SELECT FROM d WHERE d.class = 'pg_proc'::regclass AND d.obj::text = ANY (string_to_array($2, ',')))\n" \
"    OR EXISTS (SELECT FROM d JOIN pg_constraint k ON d.class = 'pg_constraint'::regclass AND k.oid = d.obj JOIN u ON u.rel = k.conrelid AND u.att = ANY (k.conkey))\n" \
"    OR EXISTS (SELECT FROM u, f WHERE " RESOLVE_ROW("f.body", "u.rel") ")\n" \
"    OR EXISTS (SELECT FROM d JOIN pg_type y ON d.class = 'pg_type'::regclass AND (d.obj = y.oid OR d.obj = y.typarray) JOIN u ON u.rel = y.typrelid),\n" \
"  EXISTS (SELECT FROM d WHERE d.class = 'pg_class'::regclass AND (d.obj IN (SELECT rel FROM u) OR d.obj::text = ANY (string_to_array($3, ',')))),\n" \
"  f.body ~ ':commandType 5 |:varattno 0 :vartype 2249 ', f.body ~ ':commandType [2345] ', f.body ~ '\\{ONCONFLICTEXPR :action 2 ' FROM f"

/* What the role finds first when it leaves the schema out: its own setting in this database, its own, the database's, all roles', else the
   default (that of the configuration file cannot be told from our own). */
#define RESOLVE_PATH_SQL OWN_TAG \
"SELECT replace(coalesce((SELECT substr(c, 13) FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) c\n" \
"    WHERE c LIKE 'search\\_path=%' AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))\n" \
"      AND s.setrole IN (0, coalesce((SELECT oid FROM pg_roles WHERE rolname = $1), 0))\n" \
"    ORDER BY s.setrole <> 0 DESC, s.setdatabase <> 0 DESC LIMIT 1), '\"$user\", public'), '\"$user\"', quote_ident($1))"

/* $1 from 15 on: may settings only a superuser has otherwise be granted? NULL when texts can be resolved; else what keeps from it. CREATE
   FUNCTION is itself a statement that pg_stat_statements counts: unless that can be switched off, thousands of them would push out others. */
#define RESOLVE_READY_SQL(granted) OWN_TAG \
"SELECT CASE WHEN pg_is_in_recovery() THEN 'the server is a standby'\n" \
"  WHEN current_setting('transaction_read_only') = 'on' THEN 'transactions are read-only here'\n" \
"  WHEN NOT has_database_privilege(current_database(), 'TEMP') THEN format('GRANT TEMP ON DATABASE %I TO %I would let the server do it', current_database(), session_user)\n" \
"  WHEN coalesce(current_setting('pg_stat_statements.track', true), 'none') <> 'none' AND current_setting('pg_stat_statements.track_utility', true) = 'on'\n" \
"    AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AND NOT " granted "\n" \
"  THEN format('GRANT SET ON PARAMETER pg_stat_statements.track TO %I would let the server do it without filling its own statistics', session_user) END"

#endif
