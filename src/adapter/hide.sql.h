/* SPDX-License-Identifier: MIT */
/* Hiding: table and routines of the gatewalk schema since version 5. A released text is changed only by a further step of schema.sql.h.
   Grants are changed by routines that run as the caller, who has to own the table; what was, is written by routines of the schema's
   owner that read the catalogue themselves, so that nobody with gatewalk's grants alone can have other grants "given back".
   What must hold:
   1. What was is written in the transaction that hides. In it both ways are tried first: grants that cannot be given back exactly
      are never taken.
   2. Giving back undoes what was done and keeps what others granted meanwhile; hide_done reads that it is so before it says so.
   3. The backend that hides holds an advisory lock of its session while something is hidden: who gets that lock gives back.
   4. Arguments have exactly the types of the routine: an operator may make routines of the same name in this schema.
   An item is one right: "relation column grantor grantee privilege grantable", column 0 for the table's own. */
#ifndef GW_ADAPTER_HIDE_SQL_H
#define GW_ADAPTER_HIDE_SQL_H

#define HIDE_TABLE_SQL \
"CREATE TABLE gatewalk.hiding (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid text NOT NULL REFERENCES gatewalk.walk, relid oid NOT NULL, attnum smallint NOT NULL,\n" \
"  seconds double precision NOT NULL CHECK (seconds > 0), beat_limit double precision NOT NULL CHECK (beat_limit > 0), log text, rels oid[], names text[], before text[], during text[],\n" \
"  made_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), beat_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), stop text,\n" \
"  hidden_at timestamptz, back_at timestamptz, why text, hit text, hit_at timestamptz, exact boolean);\n" \
"CREATE UNIQUE INDEX hiding_one ON gatewalk.hiding (relid) WHERE back_at IS NULL;\n"

/* What a walk's login calls, all of them: who may not change the table's grants changes none by these. */
#define HIDE_ROUTINES \
"gatewalk.hide_acl(oid[]), gatewalk.hide_items(text[]), gatewalk.hide_tree(oid, smallint), gatewalk.hide_want(oid, smallint, text[]), gatewalk.hide_undone(gatewalk.hiding), " \
"gatewalk.hide_apply(oid[], text[]), gatewalk.hide_begin(text, double precision, double precision, text), gatewalk.hide_record(bigint), gatewalk.hide_beat(bigint), " \
"gatewalk.hide_stop(bigint, text), gatewalk.hide_hit(bigint, text), gatewalk.hide_done(bigint, text), gatewalk.hide_on(bigint), gatewalk.hide_back(bigint, text), " \
"gatewalk.hide_log(text, text[], text, bigint), gatewalk.hide_source(), gatewalk.hide_step(bigint, text, bigint), gatewalk.hide(bigint)"

#define HIDE_PIN "SET search_path = pg_catalog, pg_temp"

#define HIDE_READ_SQL \
"CREATE FUNCTION gatewalk.hide_acl(a_rels oid[]) RETURNS text[] LANGUAGE sql STABLE " HIDE_PIN " AS $f$\n" \
"SELECT coalesce(array_agg(i ORDER BY i COLLATE \"C\"), '{}') FROM (\n" \
"  SELECT concat_ws(' ', c.oid, 0, x.grantor, x.grantee, x.privilege_type, x.is_grantable) FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = ANY (a_rels)\n" \
"  UNION ALL SELECT concat_ws(' ', a.attrelid, a.attnum, x.grantor, x.grantee, x.privilege_type, x.is_grantable) FROM pg_attribute a, aclexplode(a.attacl) x\n" \
"    WHERE a.attrelid = ANY (a_rels) AND NOT a.attisdropped) s(i) $f$;\n" \
"CREATE FUNCTION gatewalk.hide_items(a_items text[]) RETURNS TABLE (relid oid, attnum smallint, grantor oid, grantee oid, priv text, opt boolean)\n" \
"LANGUAGE sql IMMUTABLE " HIDE_PIN " AS $f$\n" \
"SELECT p[1]::oid, p[2]::smallint, p[3]::oid, p[4]::oid, p[5], p[6]::boolean FROM unnest(a_items) i, string_to_array(i, ' ') p $f$;\n" \
/* The target with its partitions and children; attnum 0: the whole table. */ \
"CREATE FUNCTION gatewalk.hide_tree(a_relid oid, a_attnum smallint) RETURNS TABLE (relid oid, attnum smallint) LANGUAGE sql STABLE " HIDE_PIN " AS $f$\n" \
"WITH RECURSIVE t AS (SELECT a_relid AS oid UNION SELECT i.inhrelid FROM t JOIN pg_inherits i ON i.inhparent = t.oid)\n" \
"SELECT t.oid, coalesce(c.attnum, 0)::smallint FROM t LEFT JOIN pg_attribute o ON o.attrelid = a_relid AND o.attnum = a_attnum AND a_attnum > 0\n" \
"  LEFT JOIN pg_attribute c ON c.attrelid = t.oid AND c.attname = o.attname AND NOT c.attisdropped $f$;\n" \
/* What shall stand while it is hidden: in place of each right on a table the same on every other column. System columns too: some
   ORMs read xmin. The owner's own rights stay. */ \
"CREATE FUNCTION gatewalk.hide_want(a_relid oid, a_attnum smallint, a_before text[]) RETURNS text[] LANGUAGE sql STABLE " HIDE_PIN " AS $f$\n" \
"WITH b AS (SELECT i.*, i.grantee <> c.relowner AND (a_attnum = 0 OR i.attnum = t.attnum OR i.attnum = 0 AND i.priv IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')) AS goes,\n" \
"    t.attnum AS target FROM gatewalk.hide_items(a_before) i JOIN gatewalk.hide_tree(a_relid, a_attnum) t USING (relid) JOIN pg_class c ON c.oid = i.relid),\n" \
"w AS (SELECT relid, attnum, grantor, grantee, priv, opt FROM b WHERE NOT goes\n" \
"  UNION ALL SELECT b.relid, o.attnum, b.grantor, b.grantee, b.priv, b.opt FROM b JOIN pg_attribute o ON o.attrelid = b.relid AND NOT o.attisdropped\n" \
"    WHERE b.goes AND b.attnum = 0 AND a_attnum > 0 AND o.attnum <> b.target AND (o.attnum > 0 OR b.priv = 'SELECT')),\n" \
"m AS (SELECT concat_ws(' ', relid, attnum, grantor, grantee, priv, bool_or(opt)) AS i FROM w GROUP BY relid, attnum, grantor, grantee, priv)\n" \
"SELECT coalesce(array_agg(i ORDER BY i COLLATE \"C\"), '{}') FROM m $f$;\n" \
/* What shall stand when it is given back: what was done undone, but for columns, tables and roles that are gone. */ \
"CREATE FUNCTION gatewalk.hide_undone(h gatewalk.hiding) RETURNS text[] LANGUAGE sql STABLE " HIDE_PIN " AS $f$\n" \
"WITH k AS (SELECT unnest(gatewalk.hide_acl(h.rels)) EXCEPT (SELECT unnest(h.during) EXCEPT SELECT unnest(h.before))),\n" \
"m AS (SELECT i.relid, i.attnum, i.grantor, i.grantee, i.priv, bool_or(i.opt) AS opt\n" \
"  FROM gatewalk.hide_items(array(SELECT * FROM k UNION (SELECT unnest(h.before) EXCEPT SELECT unnest(h.during)))) i JOIN pg_class c ON c.oid = i.relid\n" \
"  WHERE (i.attnum = 0 OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = i.relid AND a.attnum = i.attnum AND NOT a.attisdropped))\n" \
"    AND (i.grantee = 0 OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = i.grantee)) AND EXISTS (SELECT FROM pg_roles r WHERE r.oid = i.grantor)\n" \
"  GROUP BY i.relid, i.attnum, i.grantor, i.grantee, i.priv),\n" \
"s AS (SELECT concat_ws(' ', relid, attnum, grantor, grantee, priv, opt) AS i FROM m)\n" \
"SELECT coalesce(array_agg(i ORDER BY i COLLATE \"C\"), '{}') FROM s $f$;\n"

/* Brings the rights to what is wanted, each as its grantor. The owner's statements go in one round, since the owner may always; those
   of other grantors one a round, since the one before may have taken more along: first taken, last granted, while they may. A REVOKE
   takes along what was granted on top of it, and REVOKE on a table the same right on its columns: what of this is wanted is granted again.
   A table of 300 columns with four rights of ten roles is given back in 1.4 s. */
#define HIDE_APPLY_SQL \
"CREATE FUNCTION gatewalk.hide_apply(a_rels oid[], a_want text[]) RETURNS void LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE have text[]; s record; was text := current_setting('role'); n int := 0; step int;\n" \
"BEGIN\n" \
"  LOOP\n" \
"    have := gatewalk.hide_acl(a_rels); step := NULL;\n" \
"    FOR s IN WITH h AS (SELECT * FROM gatewalk.hide_items(have)), w AS (SELECT * FROM gatewalk.hide_items(a_want)),\n" \
"    d AS (SELECT 1 AS step, h.relid, h.attnum, h.grantor, h.grantee, h.priv, w.relid IS NOT NULL AS opt\n" \
"        FROM h LEFT JOIN w USING (relid, attnum, grantor, grantee, priv) WHERE w.relid IS NULL OR h.opt AND NOT w.opt\n" \
"      UNION ALL SELECT 2, w.relid, w.attnum, w.grantor, w.grantee, w.priv, w.opt\n" \
"        FROM w LEFT JOIN h USING (relid, attnum, grantor, grantee, priv) WHERE (h.relid IS NULL OR w.opt AND NOT h.opt)\n" \
"          AND (w.grantor = (SELECT c.relowner FROM pg_class c WHERE c.oid = w.relid) OR EXISTS (SELECT FROM h o WHERE o.relid = w.relid\n" \
"            AND o.attnum IN (0, w.attnum) AND o.grantee = w.grantor AND o.priv = w.priv AND o.opt)))\n" \
"    SELECT d.step, d.opt, d.priv, c.relowner = d.grantor AS owners, c.relowner = d.grantor AND pg_has_role(c.relowner, 'USAGE') AS owned, g.rolname AS grantor,\n" \
"        format('%I.%I', n.nspname, c.relname) AS rel, CASE d.grantee WHEN 0 THEN 'PUBLIC' ELSE (SELECT quote_ident(r.rolname) FROM pg_roles r WHERE r.oid = d.grantee) END AS grantee,\n" \
"        ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' AS cols\n" \
"      FROM d JOIN pg_class c ON c.oid = d.relid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_roles g ON g.oid = d.grantor\n" \
"        LEFT JOIN pg_attribute a ON a.attrelid = d.relid AND a.attnum = d.attnum AND d.attnum <> 0\n" \
"      GROUP BY d.step, d.opt, d.priv, d.grantor, d.grantee, d.relid, d.attnum = 0, c.relowner, c.relname, n.nspname, g.rolname\n" \
"      ORDER BY d.step, (c.relowner = d.grantor) = (d.step = 1), d.attnum = 0 DESC, d.relid, d.grantee, d.priv LOOP\n" \
"    EXIT WHEN step IS NOT NULL AND NOT (s.owners AND s.step = step);\n" \
"    step := s.step;\n" \
"    IF NOT s.owned THEN PERFORM set_config('role', s.grantor, true); END IF;\n" \
"    IF s.step = 1 THEN EXECUTE format('REVOKE %s%s%s ON TABLE %s FROM %s CASCADE', CASE WHEN s.opt THEN 'GRANT OPTION FOR ' ELSE '' END, s.priv, s.cols, s.rel, s.grantee);\n" \
"    ELSE EXECUTE format('GRANT %s%s ON TABLE %s TO %s%s', s.priv, s.cols, s.rel, s.grantee, CASE WHEN s.opt THEN ' WITH GRANT OPTION' ELSE '' END); END IF;\n" \
"    PERFORM set_config('role', was, true);\n" \
"    EXIT WHEN NOT s.owners;\n" \
"    END LOOP;\n" \
"    n := n + 1;\n" \
"    EXIT WHEN step IS NULL OR n > 100 + cardinality(a_want);\n" \
"  END LOOP;\n" \
"  IF gatewalk.hide_acl(a_rels) IS DISTINCT FROM a_want THEN\n" \
"    RAISE EXCEPTION 'gatewalk: the grants cannot be set as they are wanted: %', (SELECT left(string_agg(i, '; '), 300) FROM (\n" \
"      (SELECT unnest(a_want) EXCEPT SELECT unnest(gatewalk.hide_acl(a_rels))) UNION ALL (SELECT unnest(gatewalk.hide_acl(a_rels)) EXCEPT SELECT unnest(a_want))) x(i)) USING ERRCODE = 'GW200';\n" \
"  END IF;\n" \
"END $f$;\n"

#define HIDE_DEFINER "SECURITY DEFINER " HIDE_PIN " AS $f$\n"

/* The record. */
#define HIDE_RECORD_SQL \
"CREATE FUNCTION gatewalk.hide_begin(a_sid text, a_seconds double precision, a_beat double precision, a_log text) RETURNS bigint LANGUAGE sql " HIDE_DEFINER \
"INSERT INTO gatewalk.hiding (sid, relid, attnum, seconds, beat_limit, log) SELECT w.sid, w.relid, w.attnum, a_seconds, a_beat, a_log FROM gatewalk.walk w\n" \
"  WHERE w.sid = a_sid AND w.closed_at IS NULL AND w.dropped_at IS NULL RETURNING id $f$;\n" \
"CREATE FUNCTION gatewalk.hide_record(a_id bigint) RETURNS SETOF gatewalk.hiding LANGUAGE plpgsql " HIDE_DEFINER \
"BEGIN\n" \
"  RETURN QUERY UPDATE gatewalk.hiding h SET rels = t.rels, names = t.names, before = gatewalk.hide_acl(t.rels),\n" \
"    during = gatewalk.hide_want(h.relid, h.attnum, gatewalk.hide_acl(t.rels)), hidden_at = clock_timestamp()\n" \
"  FROM (SELECT array_agg(x.relid ORDER BY x.relid) AS rels, array_agg(c.relname::text ORDER BY x.relid) AS names\n" \
"    FROM gatewalk.hiding o, gatewalk.hide_tree(o.relid, o.attnum) x JOIN pg_class c ON c.oid = x.relid WHERE o.id = a_id) t\n" \
"  WHERE h.id = a_id AND h.hidden_at IS NULL AND h.back_at IS NULL RETURNING h.*;\n" \
"  IF NOT FOUND THEN RAISE EXCEPTION 'gatewalk: hiding % is not one that can begin', a_id USING ERRCODE = 'GW201'; END IF;\n" \
"END $f$;\n" \
"CREATE FUNCTION gatewalk.hide_beat(a_id bigint) RETURNS boolean LANGUAGE sql " HIDE_DEFINER \
"UPDATE gatewalk.hiding SET beat_at = clock_timestamp() WHERE id = a_id AND back_at IS NULL RETURNING true $f$;\n" \
"CREATE FUNCTION gatewalk.hide_stop(a_id bigint, a_why text) RETURNS boolean LANGUAGE sql " HIDE_DEFINER \
"UPDATE gatewalk.hiding SET stop = coalesce(stop, a_why) WHERE id = a_id AND back_at IS NULL RETURNING true $f$;\n" \
/* A sighting, also where no job lives to tell of it. */ \
"CREATE FUNCTION gatewalk.hide_hit(a_id bigint, a_hit text) RETURNS boolean LANGUAGE sql " HIDE_DEFINER \
"WITH h AS (UPDATE gatewalk.hiding SET hit = left(a_hit, 2000), hit_at = clock_timestamp() WHERE id = a_id AND back_at IS NULL AND hit IS NULL RETURNING sid, hit)\n" \
"INSERT INTO gatewalk.sighting (sid, source, touch, who, consumer, text)\n" \
"  SELECT sid, 'hiding', 'read', 'somebody', 'an error while it was hidden', 'an error while it was hidden: ' || left(hit, 300) FROM h RETURNING true $f$;\n" \
/* Nothing of it is left: also true for one that never began. */ \
"CREATE FUNCTION gatewalk.hide_done(a_id bigint, a_why text) RETURNS boolean LANGUAGE plpgsql " HIDE_DEFINER \
"DECLARE h gatewalk.hiding;\n" \
"BEGIN\n" \
"  SELECT * INTO h FROM gatewalk.hiding WHERE id = a_id AND back_at IS NULL FOR UPDATE;\n" \
"  IF NOT FOUND THEN RETURN false; END IF;\n" \
"  IF h.hidden_at IS NOT NULL AND gatewalk.hide_undone(h) IS DISTINCT FROM gatewalk.hide_acl(h.rels) THEN\n" \
"    RAISE EXCEPTION 'gatewalk: hiding % is not given back', a_id USING ERRCODE = 'GW202'; END IF;\n" \
"  UPDATE gatewalk.hiding SET back_at = clock_timestamp(), why = a_why, exact = hidden_at IS NOT NULL AND before = gatewalk.hide_acl(rels) WHERE id = a_id;\n" \
"  RETURN true;\n" \
"END $f$;\n"

#define HIDE_LOCK "hashtextextended('gatewalk.hide.' || a_id, 0)"

#define HIDE_WAYS_SQL \
"CREATE FUNCTION gatewalk.hide_on(a_id bigint) RETURNS void LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE h gatewalk.hiding;\n" \
"BEGIN\n" \
"  SELECT * INTO h FROM gatewalk.hide_record(a_id);\n" \
"  PERFORM gatewalk.hide_apply(h.rels, h.during);\n" \
"  PERFORM gatewalk.hide_apply(h.rels, h.before);\n" \
"  PERFORM gatewalk.hide_apply(h.rels, h.during);\n" \
"  PERFORM gatewalk.hide_beat(a_id);\n" \
"END $f$;\n" \
/* By anybody who may, while the backend that hides is gone, or by that backend itself. */ \
"CREATE FUNCTION gatewalk.hide_back(a_id bigint, a_why text) RETURNS boolean LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE h gatewalk.hiding;\n" \
"BEGIN\n" \
"  IF NOT pg_try_advisory_xact_lock(" HIDE_LOCK ") THEN RETURN false; END IF;\n" \
"  SELECT * INTO h FROM gatewalk.hiding WHERE id = a_id AND back_at IS NULL;\n" \
"  IF NOT FOUND THEN RETURN false; END IF;\n" \
"  IF h.hidden_at IS NOT NULL THEN PERFORM gatewalk.hide_apply(h.rels, gatewalk.hide_undone(h)); END IF;\n" \
"  RETURN gatewalk.hide_done(a_id, a_why);\n" \
"END $f$;\n"

/* The server's log from where it was read to: the first line with SQLSTATE 42501 and the name of one of the tables. lost: why what
   was written may have been missed. A localised message is known too, since the state and the name stand in every language. */
#define HIDE_LOG_SQL \
"CREATE FUNCTION gatewalk.hide_log(a_log text, a_names text[], INOUT file text, INOUT at bigint, OUT hit text, OUT lost text) LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE now_file text := pg_current_logfile(a_log); raw bytea; len int; cut int;\n" \
"BEGIN\n" \
"  IF now_file IS NULL THEN lost := 'the server writes no ' || a_log; RETURN; END IF;\n" \
"  IF file IS NULL THEN file := now_file; at := (pg_stat_file(file)).size; RETURN; END IF;\n" \
"  LOOP\n" \
"    IF coalesce((pg_stat_file(file, true)).size, -1) < at THEN lost := 'the server''s log ' || file || ' was taken away or cut'; RETURN; END IF;\n" \
"    raw := pg_read_binary_file(file, at, 1048576, true);\n" \
"    len := length(raw); cut := len;\n" \
"    WHILE cut > 0 AND get_byte(raw, cut - 1) <> 10 LOOP cut := cut - 1; END LOOP;\n" \
"    IF cut = 0 AND len = 1048576 THEN cut := len; END IF;\n" \
"    IF cut = 0 THEN\n" \
"      EXIT WHEN now_file = file;\n" \
"      file := now_file; at := 0;\n" \
"      CONTINUE;\n" \
"    END IF;\n" \
"    at := at + cut;\n" \
"    SELECT l INTO hit FROM string_to_table(encode(substr(raw, 1, cut), 'escape'), E'\\n') l, unnest(a_names) n\n" \
"      WHERE position('42501' IN l) > 0 AND position(' ' || regexp_replace(encode(convert_to(n, getdatabaseencoding()), 'escape'), '[^A-Za-z0-9_\\\\]+', ' ', 'g') || ' '\n" \
"        IN ' ' || regexp_replace(l, '[^A-Za-z0-9_\\\\]+', ' ', 'g') || ' ') > 0 LIMIT 1;\n" \
"    EXIT WHEN hit IS NOT NULL;\n" \
"  END LOOP;\n" \
"END $f$;\n" \
/* Which format carries the state in every line and can be read by this login; NULL with the reason. */ \
"CREATE FUNCTION gatewalk." HIDE_SOURCE_SQL

#define HIDE_SOURCE_SQL \
"hide_source(OUT log text, OUT why text) LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE f text;\n" \
"BEGIN\n" \
"  FOREACH f IN ARRAY ARRAY['csvlog', 'jsonlog', 'stderr'] LOOP\n" \
"    CONTINUE WHEN f <> ALL (string_to_array(replace(current_setting('log_destination'), ' ', ''), ',')) OR pg_current_logfile(f) IS NULL;\n" \
"    IF f = 'stderr' AND position('%e' IN current_setting('log_line_prefix')) = 0 THEN\n" \
"      why := 'the server''s log says no SQLSTATE: log_line_prefix without %e'; CONTINUE; END IF;\n" \
"    PERFORM pg_read_binary_file(pg_current_logfile(f), 0, 1), pg_stat_file(pg_current_logfile(f));\n" \
"    log := f; why := NULL;\n" \
"    RETURN;\n" \
"  END LOOP;\n" \
"  why := coalesce(why, 'the server keeps no log of its own (logging_collector)');\n" \
"EXCEPTION WHEN insufficient_privilege OR undefined_file THEN log := NULL; why := 'this login may not read the server''s log (pg_monitor and EXECUTE on pg_read_binary_file, pg_stat_file)';\n" \
"END $f$;\n"

/* Why hiding has to end now, or NULL. */
#define HIDE_STEP_SQL \
"CREATE FUNCTION gatewalk.hide_step(a_id bigint, INOUT file text, INOUT at bigint, OUT why text) LANGUAGE plpgsql " HIDE_PIN " AS $f$\n" \
"DECLARE h gatewalk.hiding; l record;\n" \
"BEGIN\n" \
"  SELECT * INTO h FROM gatewalk.hiding WHERE id = a_id;\n" \
"  IF h.log IS NOT NULL THEN\n" \
"    SELECT * INTO l FROM gatewalk.hide_log(h.log, h.names, file, at);\n" \
"    file := l.file; at := l.at;\n" \
"    IF l.hit IS NOT NULL THEN PERFORM gatewalk.hide_hit(a_id, l.hit); why := 'error'; RETURN; END IF;\n" \
"    IF l.lost IS NOT NULL THEN why := l.lost; RETURN; END IF;\n" \
"  END IF;\n" \
"  why := CASE WHEN h.stop IS NOT NULL THEN h.stop WHEN clock_timestamp() > h.beat_at + h.beat_limit * interval '1 second' THEN 'the job is gone'\n" \
"    WHEN clock_timestamp() >= h.hidden_at + h.seconds * interval '1 second' THEN 'over' END;\n" \
"END $f$;\n" \
/* Hides, waits, gives back. No block that catches errors may hold a COMMIT, so each step has its own. The caller has switched off
   statement_timeout and client_connection_check_interval: a backend in a CALL notices a dead client only when it writes to it. */ \
"CREATE PROCEDURE gatewalk.hide(a_id bigint) LANGUAGE plpgsql AS $f$\n" \
"DECLARE why text; bad text; s record; file text; at bigint; tries int := 0;\n" \
"BEGIN\n" \
"  PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false), pg_catalog.set_config('lock_timeout', '200ms', false),\n" \
"    pg_catalog.set_config('client_min_messages', 'error', false);\n" \
"  IF NOT pg_try_advisory_lock(" HIDE_LOCK ") THEN RAISE EXCEPTION 'gatewalk: hiding % is already under way', a_id USING ERRCODE = 'GW201'; END IF;\n" \
"  LOOP\n" \
"    bad := NULL; tries := tries + 1;\n" \
"    BEGIN\n" \
"      SELECT l.file, l.at INTO file, at FROM gatewalk.hiding h, gatewalk.hide_log(h.log, NULL::text[], NULL::text, NULL::bigint) l WHERE h.id = a_id AND h.log IS NOT NULL;\n" \
"      PERFORM gatewalk.hide_on(a_id);\n" \
"    EXCEPTION WHEN lock_not_available OR deadlock_detected OR serialization_failure OR internal_error THEN bad := SQLERRM;\n" \
"      WHEN OTHERS THEN bad := SQLERRM; tries := 1000;\n" \
"    END;\n" \
"    COMMIT;\n" \
"    EXIT WHEN bad IS NULL;\n" \
"    IF tries >= 40 THEN PERFORM gatewalk.hide_back(a_id, ('not begun: ' || bad)::text); COMMIT; PERFORM pg_advisory_unlock(" HIDE_LOCK "); RETURN; END IF;\n" \
"    PERFORM pg_sleep(0.05 + random() * 0.3);\n" \
"  END LOOP;\n" \
"  LOOP\n" \
"    BEGIN\n" \
"      SELECT * INTO s FROM gatewalk.hide_step(a_id, file, at);\n" \
"      why := s.why; file := s.file; at := s.at;\n" \
"      IF why IS NULL THEN PERFORM pg_sleep(0.2); END IF;\n" \
"    EXCEPTION WHEN query_canceled THEN why := 'cancelled'; WHEN OTHERS THEN why := SQLERRM;\n" \
"    END;\n" \
"    COMMIT;\n" \
"    EXIT WHEN why IS NOT NULL;\n" \
"  END LOOP;\n" \
"  tries := 0;\n" \
"  LOOP\n" \
"    tries := tries + 1;\n" \
"    BEGIN\n" \
"      PERFORM gatewalk.hide_back(a_id, why);\n" \
"      bad := NULL;\n" \
"    EXCEPTION WHEN query_canceled OR OTHERS THEN bad := SQLERRM;\n" \
"    END;\n" \
"    COMMIT;\n" \
"    EXIT WHEN bad IS NULL;\n" \
"    IF tries >= 1000 THEN PERFORM pg_advisory_unlock(" HIDE_LOCK "); RAISE EXCEPTION 'gatewalk: hiding % cannot be given back: %', a_id, bad USING ERRCODE = 'GW202'; END IF;\n" \
"    BEGIN PERFORM pg_sleep(0.1 + random() * 0.4); EXCEPTION WHEN query_canceled THEN NULL; END;\n" \
"  END LOOP;\n" \
"  PERFORM pg_advisory_unlock(" HIDE_LOCK ");\n" \
"END $f$;\n"

#endif
