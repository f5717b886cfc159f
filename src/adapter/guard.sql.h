/* SPDX-License-Identifier: MIT */
/* The server's guard: tables and functions of the gatewalk schema since version 4. guard.c holds the database's functions against
   these very texts, so a changed one is noticed; a released text is changed only by a further step of schema.sql.h.
   All run as the schema's owner with a pinned search_path and way of quoting, and wait a second at most for gatewalk's own tables;
   those that every DDL calls are PL/pgSQL, whose plans a session keeps.
   What must hold of the functions that the event triggers call:
   1. What they refuse belongs to a guarded target; an error of their own refuses nothing else. Where the list of targets cannot be
      read, a table that carries gatewalk's trigger counts as guarded. But a limit of the session's that they meet (the depth of the
      stack) was set by who calls, and stops the command.
   2. They assert what is so after the command, and need not understand the command.
   3. A target that was changed behind the guard's back holds nobody else up: only a transaction that touches it is refused. */
#ifndef GW_ADAPTER_GUARD_SQL_H
#define GW_ADAPTER_GUARD_SQL_H

#define GUARD_CONFIG "search_path=pg_catalog, pg_temp;lock_timeout=1s;quote_all_identifiers=off"   /* as pg_proc.proconfig, joined by ; */

/* guard: the guard was installed here; how it stands is read from the catalogue. seal: of the event triggers when they were made.
   guarded: one row a walk; state: what must stay as it is (guard_state), parts: the partitions at that time.
   pass: lets one message of one transaction take one target away, once. */
#define GUARD_TABLES_SQL \
"CREATE TABLE gatewalk.guard (one boolean PRIMARY KEY DEFAULT true CHECK (one), how text NOT NULL CHECK (how IN ('triggers','views')), seal text NOT NULL,\n" \
"  installed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), installed_by text NOT NULL DEFAULT session_user);\n" \
"CREATE TABLE gatewalk.guarded (sid text PRIMARY KEY REFERENCES gatewalk.walk, relid oid NOT NULL, attnum smallint NOT NULL, state jsonb NOT NULL,\n" \
"  parts oid[] NOT NULL, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), over_at timestamptz);\n" \
"CREATE TABLE gatewalk.pass (sid text NOT NULL REFERENCES gatewalk.walk, xid text NOT NULL, relid oid NOT NULL, attnum smallint NOT NULL,\n" \
"  message text NOT NULL CHECK (message ~ '^[0-9a-f]{64}$'), at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), spent_at timestamptz,\n" \
"  PRIMARY KEY (sid, xid));\n"

/* Of a dependency d: it is not that of a view by which gatewalk holds a target. */
#define GUARD_NOT_HOLD \
"    AND NOT EXISTS (SELECT FROM pg_rewrite hw JOIN pg_class hv ON hv.oid = hw.ev_class JOIN pg_namespace hn ON hn.oid = hv.relnamespace\n" \
"      WHERE d.classid = 'pg_rewrite'::regclass AND hw.oid = d.objid AND hn.nspname = 'gatewalk' AND hv.relname ~ '^hold_[0-9a-f]{12}$')"

/* What is guarded where the list cannot be read: a table that carries one of gatewalk's triggers. */
#define GUARD_TRIGGER_RE "'^gatewalk_(guard|trip)_[0-9a-f]{12}(_[it])?'"
#define GUARD_CARRIES(relid) "EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = " relid " AND t.tgname ~ " GUARD_TRIGGER_RE ")"

#define GUARD_UNSURE \
"  EXCEPTION WHEN program_limit_exceeded THEN RAISE; WHEN OTHERS THEN unsure := SQLERRM;\n" \
"  END;\n"

/* A new trigger changes a target only by being the guard's own: the tripwire's, of which a table of many partitions has thousands,
   are let go before all of it is read. */
#define GUARD_DDL_BODY \
"DECLARE g record; now jsonb; bad text; what text; unsure text;\n" \
"BEGIN\n" \
"  BEGIN\n" \
"    IF TG_TAG = 'CREATE TRIGGER' AND NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands() c LEFT JOIN pg_trigger n ON n.oid = c.objid\n" \
"        WHERE c.classid <> 'pg_trigger'::regclass OR n.oid IS NULL OR starts_with(n.tgname, 'gatewalk_guard_')) THEN\n" \
"      RETURN;\n" \
"    END IF;\n" \
"    FOR g IN SELECT * FROM gatewalk.guard_open() LOOP\n" \
"      now := gatewalk.guard_state(g.sid, g.relid, g.attnum);\n" \
"      IF now IS NOT NULL AND NOT now @> g.state AND gatewalk.guard_touched(g.relid, g.attnum) THEN\n" \
"        bad := g.sid;\n" \
"        what := gatewalk.guard_differs(g.state, now);\n" \
"        EXIT;\n" \
"      END IF;\n" \
"    END LOOP;\n" \
GUARD_UNSURE \
"  IF unsure IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_unsure(c.object_identity, unsure) FROM pg_event_trigger_ddl_commands() c\n" \
"    WHERE c.classid = 'pg_class'::regclass AND " GUARD_CARRIES("c.objid") ";\n" \
"  ELSIF bad IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_refuse(bad, TG_TAG || ' would change ' || what);\n" \
"  END IF;\n" \
"END"

#define GUARD_DIFFERS_BODY \
"SELECT coalesce(string_agg(w, ', ' ORDER BY w), 'it') FROM (SELECT CASE k WHEN 'columns' THEN 'a name or type' WHEN 'guards' THEN 'the guard''s trigger on it'\n" \
"    WHEN 'labels' THEN 'an enum''s labels' WHEN 'attributes' THEN 'a composite type' WHEN 'parents' THEN 'what it inherits from' WHEN 'parts' THEN 'its partitions'\n" \
"    WHEN 'schema' THEN 'its schema' WHEN 'table' THEN 'the table''s name' ELSE 'its ' || k END AS w\n" \
"  FROM jsonb_object_keys(was) k WHERE NOT coalesce((now -> k) @> (was -> k), false)) d"

#define GUARD_DROP_BODY \
"DECLARE hit record; bad text; what text; unsure text;\n" \
"BEGIN\n" \
"  BEGIN\n" \
"    FOR hit IN SELECT g.sid, bool_or(o.original AND o.objid = g.relid AND o.objsubid = g.attnum) AS named, min(o.object_type || ' ' || o.object_identity) AS what\n" \
"        FROM pg_event_trigger_dropped_objects() o JOIN gatewalk.guard_open() g\n" \
"        ON o.classid = 'pg_class'::regclass AND (o.objid = g.relid AND (o.objsubid = 0 OR g.attnum IN (0, o.objsubid)) OR o.objid = ANY (g.parts) AND o.objsubid = 0)\n" \
"          OR o.classid = 'pg_trigger'::regclass AND starts_with(o.object_identity, 'gatewalk_guard_' || left(g.sid, 12) || ' on ')\n" \
"        GROUP BY g.sid LOOP\n" \
"      IF NOT (hit.named AND gatewalk.guard_spend(hit.sid)) THEN\n" \
"        bad := hit.sid;\n" \
"        what := hit.what;\n" \
"        EXIT;\n" \
"      END IF;\n" \
"    END LOOP;\n" \
GUARD_UNSURE \
"  IF unsure IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_unsure(o.object_identity, unsure) FROM pg_event_trigger_dropped_objects() o\n" \
"    WHERE o.classid = 'pg_class'::regclass AND (o.schema_name = 'gatewalk' OR " GUARD_CARRIES("o.objid") ")\n" \
"      OR o.object_type = 'trigger' AND o.object_identity ~ " GUARD_TRIGGER_RE ";\n" \
"  ELSIF bad IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_refuse(bad, TG_TAG || ' would take away ' || what);\n" \
"  END IF;\n" \
"END"

#define GUARD_END_BODY "UPDATE gatewalk.guarded SET over_at = clock_timestamp() WHERE sid = a_sid AND over_at IS NULL"

/* A copy of this database (a dump, an upgraded server) has other oids under the same rows: there nothing is guarded until
   gatewalk is bound to it. */
#define GUARD_HERE_BODY \
"BEGIN RETURN EXISTS (SELECT FROM gatewalk.meta m JOIN pg_database d ON d.oid = m.database_oid WHERE d.datname = current_database()\n" \
"  AND m.system_identifier = (SELECT s.system_identifier FROM pg_control_system() s)::text);\n" \
"END"

/* Was this row version written by the transaction at work, or one of its subtransactions? One that is older than two thousand million
   transactions looks like one of the future, which pg_xact_status refuses to speak of. */
#define GUARD_MINE_BODY \
"DECLARE top bigint := pg_current_xact_id()::text::bigint; full_xid bigint;\n" \
"BEGIN\n" \
"  full_xid := top + (x::text::bigint - top % 4294967296 + 2147483648 + 4294967296) % 4294967296 - 2147483648;\n" \
"  RETURN full_xid >= 3 AND pg_xact_status(full_xid::text::xid8) = 'in progress';\n" \
"EXCEPTION WHEN invalid_parameter_value THEN RETURN false;\n" \
"END"

#define GUARD_OPEN_BODY \
"#variable_conflict use_column\n" \
"BEGIN\n" \
"  RETURN QUERY SELECT g.sid, g.relid, g.attnum, g.state, g.parts FROM gatewalk.guarded g JOIN gatewalk.walk w ON w.sid = g.sid\n" \
"WHERE g.over_at IS NULL AND w.closed_at IS NULL AND w.dropped_at IS NULL AND gatewalk.guard_here();\n" \
"END"

#define GUARD_PASS_BODY \
"DECLARE t gatewalk.guarded;\n" \
"BEGIN\n" \
"  SELECT g.* INTO t FROM gatewalk.guarded g WHERE g.sid = a_sid AND EXISTS (SELECT FROM gatewalk.guard_open() o WHERE o.sid = a_sid);\n" \
"  IF NOT FOUND THEN RETURN false; END IF;\n" \
"  IF NOT EXISTS (SELECT FROM gatewalk.permit p WHERE p.sid = a_sid AND p.xid = pg_current_xact_id()::text)\n" \
"    OR NOT EXISTS (SELECT FROM gatewalk.walk w WHERE w.sid = a_sid AND w.stage = 'dropping' AND w.relid = t.relid AND w.attnum = t.attnum) THEN\n" \
"    RAISE EXCEPTION 'gatewalk: no pass for walk %: it is not at its drop, or no permit was spent in this transaction', left(a_sid, 8) USING ERRCODE = 'GW101';\n" \
"  END IF;\n" \
"  INSERT INTO gatewalk.pass (sid, xid, relid, attnum, message) VALUES (a_sid, pg_current_xact_id()::text, t.relid, t.attnum, a_message);\n" \
"  RETURN true;\n" \
"END"

/* What was recorded once is not recorded anew over a change that the guard did not see. */
#define GUARD_PUT_BODY \
"DECLARE w gatewalk.walk; now jsonb;\n" \
"BEGIN\n" \
"  SELECT * INTO w FROM gatewalk.walk WHERE sid = a_sid;\n" \
"  IF NOT FOUND OR w.closed_at IS NOT NULL OR w.dropped_at IS NOT NULL THEN RETURN 'the walk has nothing to guard any more'; END IF;\n" \
"  now := gatewalk.guard_state(a_sid, w.relid, w.attnum);\n" \
"  IF now IS NULL OR w.attnum > 0 AND now -> 'columns' = '{}' THEN RETURN 'the target is not there'; END IF;\n" \
"  INSERT INTO gatewalk.guarded AS g (sid, relid, attnum, state, parts)\n" \
"    VALUES (a_sid, w.relid, w.attnum, now, ARRAY(SELECT k::oid FROM jsonb_object_keys(now -> 'parts') k))\n" \
"  ON CONFLICT (sid) DO UPDATE SET relid = excluded.relid, attnum = excluded.attnum, state = excluded.state, parts = excluded.parts, at = excluded.at, over_at = NULL\n" \
"    WHERE g.over_at IS NOT NULL OR (g.relid, g.attnum) <> (excluded.relid, excluded.attnum) OR excluded.state @> g.state;\n" \
"  RETURN CASE WHEN FOUND THEN '' ELSE 'the target is not what was put under guard' END;\n" \
"END"

#define GUARD_REFUSE_BODY \
"DECLARE w gatewalk.walk;\n" \
"BEGIN\n" \
"  SELECT * INTO w FROM gatewalk.walk WHERE sid = a_sid;\n" \
"  RAISE EXCEPTION USING ERRCODE = 'GW100', MESSAGE = format('gatewalk guards %s: %s', w.target, a_what),\n" \
"    DETAIL = format('The walk \"%s\" (%s), begun by %s on %s UTC, is open on it. Until its gates have opened nobody takes this away, renames it or changes its type.',\n" \
"      w.name, left(a_sid, 8), w.operator, to_char(w.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')),\n" \
"    HINT = format('Ask its operator, or look: gatewalk status %s. What goes, goes by the walk''s own drop; gatewalk leave %s gives the walk up.', w.name, w.name);\n" \
"END"

/* Reason 1: whether it is logged. Reason 4: a column's type or values; one that has no column of the target in it is let go. In a
   partition the column has the same name, and may have another number. */
#define GUARD_REWRITE_BODY \
"DECLARE rel oid := pg_event_trigger_table_rewrite_oid(); hit text; unsure text;\n" \
"BEGIN\n" \
"  IF pg_event_trigger_table_rewrite_reason() & 5 = 0 THEN RETURN; END IF;\n" \
"  BEGIN\n" \
"    SELECT g.sid INTO hit FROM gatewalk.guard_open() g WHERE (rel = g.relid OR rel = ANY (g.parts)) AND (g.attnum = 0 OR pg_event_trigger_table_rewrite_reason() & 1 <> 0 OR EXISTS (\n" \
"      SELECT FROM pg_attribute c JOIN pg_attribute a ON a.attrelid = rel AND a.attname = c.attname WHERE c.attrelid = g.relid AND c.attnum = g.attnum\n" \
"        AND gatewalk.guard_mine(a.xmin))) LIMIT 1;\n" \
GUARD_UNSURE \
"  IF unsure IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_unsure(rel::regclass::text, unsure) WHERE " GUARD_CARRIES("rel") ";\n" \
"  ELSIF hit IS NOT NULL THEN\n" \
"    PERFORM gatewalk.guard_refuse(hit, TG_TAG || ' would write its values anew');\n" \
"  END IF;\n" \
"END"

#define GUARD_SPEND_BODY \
"BEGIN\n" \
"  UPDATE gatewalk.pass p SET spent_at = clock_timestamp() FROM gatewalk.guarded g\n" \
"  WHERE g.sid = a_sid AND p.sid = a_sid AND p.xid = pg_current_xact_id()::text AND p.spent_at IS NULL AND (p.relid, p.attnum) = (g.relid, g.attnum)\n" \
"    AND p.message = encode(sha256(convert_to(current_query(), 'UTF8')), 'hex');\n" \
"  IF NOT FOUND THEN RETURN false; END IF;\n" \
"  UPDATE gatewalk.guarded SET over_at = clock_timestamp() WHERE sid = a_sid;\n" \
"  RETURN true;\n" \
"END"

/* What must not change while the walk is open. More columns, labels or partitions than were there are no change of it: compared
   by containment. NULL: there is no such table. */
#define GUARD_STATE_BODY \
"BEGIN RETURN (WITH RECURSIVE tree AS (\n" \
"  SELECT a_relid AS oid UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),\n" \
"col AS (SELECT a.* FROM pg_attribute a WHERE a.attrelid = a_relid AND a.attnum > 0 AND NOT a.attisdropped AND a_attnum IN (0, a.attnum)),\n" \
"ty AS (SELECT atttypid AS oid FROM col UNION SELECT x.oid FROM ty JOIN pg_type t ON t.oid = ty.oid CROSS JOIN LATERAL (\n" \
"    SELECT t.typbasetype WHERE t.typbasetype <> 0 UNION ALL SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0\n" \
"    UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) x(oid))\n" \
"SELECT jsonb_build_object('schema', n.nspname, 'table', c.relname, 'kind', c.relkind, 'persistence', c.relpersistence,\n" \
"  'parents', (SELECT coalesce(string_agg(i.inhparent::text || CASE WHEN i.inhdetachpending THEN ' leaving' ELSE '' END, ',' ORDER BY i.inhseqno), '') FROM pg_inherits i WHERE i.inhrelid = c.oid),\n" \
"  'columns', (SELECT coalesce(jsonb_object_agg(a.attnum, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), a.atttypid, a.attcollation, a.attidentity, a.attgenerated)), '{}') FROM col a),\n" \
"  'labels', (SELECT coalesce(jsonb_object_agg(e.oid, e.enumlabel), '{}') FROM ty JOIN pg_enum e ON e.enumtypid = ty.oid),\n" \
"  'attributes', (SELECT coalesce(jsonb_object_agg(a.attrelid || '.' || a.attnum, concat_ws(' ', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod))), '{}')\n" \
"    FROM ty JOIN pg_type t ON t.oid = ty.oid AND t.typtype = 'c' JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped),\n" \
"  'parts', (SELECT coalesce(jsonb_object_agg(p.oid, concat_ws(' ', quote_ident(pn.nspname), quote_ident(p.relname), i.inhparent, p.relpersistence, i.inhdetachpending)), '{}')\n" \
"    FROM tree JOIN pg_class p ON p.oid = tree.oid JOIN pg_namespace pn ON pn.oid = p.relnamespace JOIN pg_inherits i ON i.inhrelid = p.oid WHERE p.oid <> a_relid),\n" \
"  'guards', (SELECT coalesce(jsonb_object_agg(g.tgrelid, concat_ws(' ', g.tgenabled, g.tgtype, g.tgfoid)), '{}')\n" \
"    FROM tree JOIN pg_trigger g ON g.tgrelid = tree.oid AND g.tgname = 'gatewalk_guard_' || left(a_sid, 12)))\n" \
"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = a_relid);\n" \
"END"

/* Has the transaction at work written any row of the catalogue that guard_state reads? */
#define GUARD_TOUCHED_BODY \
"WITH RECURSIVE tree AS (\n" \
"  SELECT a_relid AS oid UNION SELECT p FROM gatewalk.guarded g, unnest(g.parts) p WHERE g.relid = a_relid\n" \
"  UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid),\n" \
"ty AS (SELECT a.atttypid AS oid FROM pg_attribute a WHERE a.attrelid = a_relid AND a.attnum > 0 AND a_attnum IN (0, a.attnum)\n" \
"  UNION SELECT x.oid FROM ty JOIN pg_type t ON t.oid = ty.oid CROSS JOIN LATERAL (\n" \
"    SELECT t.typbasetype WHERE t.typbasetype <> 0 UNION ALL SELECT t.typelem WHERE t.typcategory = 'A' AND t.typelem <> 0\n" \
"    UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0) x(oid)),\n" \
"seen(xmin) AS (\n" \
"  SELECT c.xmin FROM tree JOIN pg_class c USING (oid) UNION SELECT n.xmin FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace\n" \
"  UNION SELECT a.xmin FROM tree JOIN pg_attribute a ON a.attrelid = tree.oid UNION SELECT i.xmin FROM tree JOIN pg_inherits i ON i.inhrelid = tree.oid\n" \
"  UNION SELECT g.xmin FROM tree JOIN pg_trigger g ON g.tgrelid = tree.oid UNION SELECT t.xmin FROM ty JOIN pg_type t USING (oid)\n" \
"  UNION SELECT n.xmin FROM ty JOIN pg_type t USING (oid) JOIN pg_namespace n ON n.oid = t.typnamespace\n" \
"  UNION SELECT e.xmin FROM ty JOIN pg_enum e ON e.enumtypid = ty.oid\n" \
"  UNION SELECT a.xmin FROM ty JOIN pg_type t USING (oid) JOIN pg_attribute a ON a.attrelid = t.typrelid AND t.typtype = 'c')\n" \
"SELECT coalesce(bool_or(gatewalk.guard_mine(xmin)), false) FROM seen"

#define GUARD_TRUNCATE_BODY \
"BEGIN\n" \
"  PERFORM gatewalk.guard_refuse(g.sid, 'TRUNCATE would take its rows away') FROM gatewalk.guard_open() g WHERE starts_with(g.sid, TG_ARGV[0]);\n" \
"  RETURN NULL;\n" \
"END"

#define GUARD_UNSURE_BODY \
"BEGIN\n" \
"  RAISE EXCEPTION USING ERRCODE = 'GW100', MESSAGE = format('gatewalk guards something here (%s), and its list of walks cannot be read: %s', a_what, a_why),\n" \
"    HINT = 'Find out what became of the gatewalk schema: gatewalk doctor, gatewalk guard status.';\n" \
"END"

/* In the order of their names: guard.c and the server both put them one behind the other. name, arguments and result, language, body */
#define GUARD_FUNCTIONS(X) \
	X("guard_ddl", "() RETURNS event_trigger LANGUAGE plpgsql", GUARD_DDL_BODY) \
	X("guard_differs", "(was jsonb, now jsonb) RETURNS text LANGUAGE sql STABLE", GUARD_DIFFERS_BODY) \
	X("guard_drop", "() RETURNS event_trigger LANGUAGE plpgsql", GUARD_DROP_BODY) \
	X("guard_end", "(a_sid text) RETURNS void LANGUAGE sql", GUARD_END_BODY) \
	X("guard_here", "() RETURNS boolean LANGUAGE plpgsql STABLE COST 10000", GUARD_HERE_BODY) \
	X("guard_mine", "(x xid) RETURNS boolean LANGUAGE plpgsql", GUARD_MINE_BODY) \
	X("guard_open", "() RETURNS TABLE (sid text, relid oid, attnum smallint, state jsonb, parts oid[]) LANGUAGE plpgsql STABLE ROWS 1", GUARD_OPEN_BODY) \
	X("guard_pass", "(a_sid text, a_message text) RETURNS boolean LANGUAGE plpgsql", GUARD_PASS_BODY) \
	X("guard_put", "(a_sid text) RETURNS text LANGUAGE plpgsql", GUARD_PUT_BODY) \
	X("guard_refuse", "(a_sid text, a_what text) RETURNS void LANGUAGE plpgsql", GUARD_REFUSE_BODY) \
	X("guard_rewrite", "() RETURNS event_trigger LANGUAGE plpgsql", GUARD_REWRITE_BODY) \
	X("guard_spend", "(a_sid text) RETURNS boolean LANGUAGE plpgsql", GUARD_SPEND_BODY) \
	X("guard_state", "(a_sid text, a_relid oid, a_attnum smallint) RETURNS jsonb LANGUAGE plpgsql STABLE", GUARD_STATE_BODY) \
	X("guard_touched", "(a_relid oid, a_attnum smallint) RETURNS boolean LANGUAGE sql", GUARD_TOUCHED_BODY) \
	X("guard_truncate", "() RETURNS trigger LANGUAGE plpgsql", GUARD_TRUNCATE_BODY) \
	X("guard_unsure", "(a_what text, a_why text) RETURNS void LANGUAGE plpgsql", GUARD_UNSURE_BODY)

#define GUARD_CREATE(name, form, body) \
	"CREATE FUNCTION gatewalk." name form " SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' SET quote_all_identifiers = off AS $g$" body "$g$;\n"

/* The event triggers: name, event, function, the commands that call it (NULL: all). A command that makes something new, or only
   reads, costs nothing; of those that change something none is left out, for any of them may reach a table under another name
   (ALTER INDEX renames tables, too). CREATE RULE made a view of an empty table before PostgreSQL 16. */
#define GUARD_DDL_TAGS \
	"ALTER AGGREGATE,ALTER COLLATION,ALTER DOMAIN,ALTER EXTENSION,ALTER FOREIGN TABLE,ALTER FUNCTION,ALTER INDEX,ALTER MATERIALIZED VIEW,ALTER OPERATOR," \
	"ALTER PROCEDURE,ALTER ROUTINE,ALTER SCHEMA,ALTER SEQUENCE,ALTER TABLE,ALTER TRIGGER,ALTER TYPE,ALTER VIEW,CREATE EXTENSION,CREATE RULE,CREATE TRIGGER,DROP OWNED"
#define GUARD_EVENTS(X) \
	X("gatewalk_guard_ddl", "ddl_command_end", "guard_ddl", GUARD_DDL_TAGS) \
	X("gatewalk_guard_drop", "sql_drop", "guard_drop", NULL) \
	X("gatewalk_guard_rewrite", "table_rewrite", "guard_rewrite", NULL)

#endif
