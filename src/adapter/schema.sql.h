/* SPDX-License-Identifier: MIT */
/* The gatewalk schema: what makes version 1, and each step from there to the next. A step that was released is never changed:
   databases have it. All steps that are needed run in the one transaction of schema_init. */
#ifndef GW_ADAPTER_SCHEMA_SQL_H
#define GW_ADAPTER_SCHEMA_SQL_H

#include "adapter/guard.sql.h"
#include "adapter/hide.sql.h"

static const char SCHEMA_V1[] =
"CREATE SCHEMA gatewalk;\n"
"COMMENT ON SCHEMA gatewalk IS 'gatewalk: ledger, jobs and evidence of schema changes. Do not edit by hand.';\n"
"CREATE TABLE gatewalk.meta (\n"
"  one boolean PRIMARY KEY DEFAULT true CHECK (one),\n"
"  version integer NOT NULL,\n"
"  install_id uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),\n"
"  environment text NOT NULL CHECK (environment IN ('production','staging','development','rehearsal')),\n"
"  system_identifier text NOT NULL,\n"
"  database_oid oid NOT NULL,\n"
"  marked_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  marked_by text NOT NULL DEFAULT session_user);\n"
"CREATE TABLE gatewalk.walk (\n"
"  sid text PRIMARY KEY, name text NOT NULL, plan_digest text NOT NULL, archetype text NOT NULL,\n"
"  relid oid NOT NULL, attnum smallint NOT NULL, target text NOT NULL,\n"
"  stage text NOT NULL, changing boolean NOT NULL DEFAULT false,   -- changing: schema change or backfill under way\n"
"  operator text NOT NULL, host text NOT NULL,\n"
"  opened_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  dropped_at timestamptz, watched_until timestamptz, closed_at timestamptz,\n"
"  quiet_since timestamptz, plan text NOT NULL, day_us bigint NOT NULL);\n"
"CREATE TABLE gatewalk.anchor (\n"
"  sid text NOT NULL REFERENCES gatewalk.walk, n bigint NOT NULL, head text NOT NULL CHECK (head ~ '^[0-9a-f]{64}$'),\n"
"  prev_n bigint NOT NULL, prev_head text NOT NULL, kind text NOT NULL CHECK (kind IN ('line','drop')),\n"
"  at timestamptz NOT NULL, xid text NOT NULL, lsn pg_lsn NOT NULL, PRIMARY KEY (sid, n));\n"
"CREATE TABLE gatewalk.line (sid text NOT NULL REFERENCES gatewalk.walk, n bigint NOT NULL, line text NOT NULL,\n"
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (sid, n));\n"
"CREATE TABLE gatewalk.permit (nonce text PRIMARY KEY, sid text NOT NULL REFERENCES gatewalk.walk,\n"
"  spent_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), xid text NOT NULL DEFAULT pg_catalog.pg_current_xact_id()::text);\n"
"CREATE TABLE gatewalk.job (\n"
"  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid text REFERENCES gatewalk.walk, kind text NOT NULL,\n"
"  state text NOT NULL DEFAULT 'new', host text, pid integer, boot_id text, backend_pid integer, operator text,\n"
"  made_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), started_at timestamptz, seen_at timestamptz, ended_at timestamptz,\n"
"  phase text, note text, done double precision, total double precision, unit text, estimate boolean NOT NULL DEFAULT false,\n"
"  args text NOT NULL DEFAULT '{}', control text NOT NULL DEFAULT 'run' CHECK (control IN ('run','pause','stop')),\n"
"  settings text NOT NULL DEFAULT '{}', result text, error text, taken boolean NOT NULL DEFAULT false);\n"
"CREATE TABLE gatewalk.job_event (job bigint NOT NULL REFERENCES gatewalk.job ON DELETE CASCADE,\n"
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), text text NOT NULL);\n"
"CREATE INDEX job_event_job ON gatewalk.job_event (job, at);\n"
"CREATE TABLE gatewalk.trip (sid text NOT NULL, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  role text NOT NULL, app text, addr text, op text NOT NULL);\n"
"CREATE INDEX trip_sid ON gatewalk.trip (sid, at);\n"
"CREATE TABLE gatewalk.statement (   -- statements seen in pg_stat_statements that name the column, or read it by star\n"
"  sid text NOT NULL REFERENCES gatewalk.walk, server text NOT NULL, queryid bigint NOT NULL, role text NOT NULL,\n"
"  how text NOT NULL CHECK (how IN ('name','star')), touch text NOT NULL CHECK (touch IN ('read','write')),\n"
"  query text NOT NULL, calls bigint NOT NULL, first_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  last_at timestamptz, PRIMARY KEY (sid, server, queryid, role));\n"
"CREATE TABLE gatewalk.sighting (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid text NOT NULL REFERENCES gatewalk.walk,\n"
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), source text NOT NULL, touch text NOT NULL, who text NOT NULL,\n"
"  consumer text NOT NULL, text text NOT NULL DEFAULT '', taken boolean NOT NULL DEFAULT false);\n"
"CREATE INDEX sighting_sid ON gatewalk.sighting (sid, at);\n"
"CREATE TABLE gatewalk.source (   -- one row a source and server: since when it has watched without a gap\n"
"  sid text NOT NULL REFERENCES gatewalk.walk, source text NOT NULL, server text NOT NULL,\n"
"  since timestamptz NOT NULL, looked_at timestamptz NOT NULL, state text NOT NULL DEFAULT '{}', gap text, gap_at timestamptz,\n"
"  ok boolean NOT NULL DEFAULT true, why text, PRIMARY KEY (sid, source, server));\n"
"CREATE TABLE gatewalk.sample (sid text NOT NULL REFERENCES gatewalk.walk, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  metric text NOT NULL, value double precision, baseline boolean NOT NULL DEFAULT false, why text);\n"
"CREATE INDEX sample_sid ON gatewalk.sample (sid, metric, at);\n"
"CREATE TABLE gatewalk.alarm (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid text NOT NULL REFERENCES gatewalk.walk,\n"
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), metric text NOT NULL, value double precision, alarm_limit double precision,\n"
"  text text NOT NULL, taken boolean NOT NULL DEFAULT false);\n"
"CREATE TABLE gatewalk.schema_log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sid text NOT NULL UNIQUE REFERENCES gatewalk.walk,\n"
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), target text NOT NULL, statement text NOT NULL, before text NOT NULL, after text NOT NULL,\n"
"  why text NOT NULL, snapshot text NOT NULL, operator text NOT NULL, head text NOT NULL, markdown text NOT NULL);\n"
/* The anchor: one caller at a time, no gap, the right predecessor, and no clock gone back. */
"CREATE FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text)\n"
"RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $f$\n"
"DECLARE last record; now_at timestamptz := clock_timestamp();\n"
"BEGIN\n"
"  PERFORM pg_advisory_xact_lock(hashtextextended('gatewalk.anchor.' || a_sid, 0));\n"
"  SELECT n, head, at INTO last FROM gatewalk.anchor WHERE sid = a_sid ORDER BY n DESC LIMIT 1;\n"
"  IF NOT FOUND THEN\n"
"    IF a_prev_n <> -1 THEN RAISE EXCEPTION 'gatewalk: the ledger has no entry % of walk %', a_prev_n, a_sid USING ERRCODE = 'GW001'; END IF;\n"
"  ELSE\n"
"    IF a_n <= last.n THEN RAISE EXCEPTION 'gatewalk: the ledger is already at entry % of walk %', last.n, a_sid USING ERRCODE = 'GW002'; END IF;\n"
"    IF a_prev_n <> last.n OR a_prev_head <> last.head THEN\n"
"      RAISE EXCEPTION 'gatewalk: entry % of walk % does not follow the ledger''s last entry %', a_n, a_sid, last.n USING ERRCODE = 'GW003'; END IF;\n"
"    IF now_at < last.at THEN RAISE EXCEPTION 'gatewalk: the server''s clock went back from % to %', last.at, now_at USING ERRCODE = 'GW004'; END IF;\n"
"  END IF;\n"
"  INSERT INTO gatewalk.anchor VALUES (a_sid, a_n, a_head, a_prev_n, a_prev_head, a_kind, now_at, pg_current_xact_id()::text, pg_current_wal_insert_lsn());\n"
"  RETURN now_at;\n"
"END $f$;\n"
"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gatewalk FROM PUBLIC;\n";

/* An entry that a database lost and got again is marked. The mark says which gatewalk made it (an older one can name it), and
   where it was before it was bound to this database. */
static const char SCHEMA_V2[] =
"ALTER TABLE gatewalk.anchor DROP CONSTRAINT anchor_kind_check, ADD CONSTRAINT anchor_kind_check CHECK (kind IN ('line','drop','again'));\n"
"ALTER TABLE gatewalk.meta ADD COLUMN program text NOT NULL DEFAULT '', ADD COLUMN moved_from text, ADD COLUMN moved_at timestamptz;\n";

/* Removed rows: one row a batch, written in the batch's own transaction, and one a row of the snapshot that was left. from_n and
   to_n are numbers of the snapshot's rows in the order of its files: from_n < n <= to_n. */
static const char SCHEMA_V3[] =
"CREATE TABLE gatewalk.removal (\n"
"  sid text NOT NULL REFERENCES gatewalk.walk, batch bigint NOT NULL CHECK (batch > 0), nonce text NOT NULL UNIQUE REFERENCES gatewalk.permit,\n"
"  from_n bigint NOT NULL, to_n bigint NOT NULL, rows_removed bigint NOT NULL CHECK (rows_removed >= 0), rows_left bigint NOT NULL CHECK (rows_left >= 0),\n"
"  from_key text NOT NULL, to_key text NOT NULL, at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  xid text NOT NULL DEFAULT pg_catalog.pg_current_xact_id()::text, PRIMARY KEY (sid, batch), CHECK (rows_removed + rows_left = to_n - from_n));\n"
"CREATE TABLE gatewalk.removal_left (sid text NOT NULL REFERENCES gatewalk.walk, n bigint NOT NULL, key text NOT NULL, why text NOT NULL, PRIMARY KEY (sid, n));\n";

/* The server's guard; its event triggers are made by guard install. */
static const char SCHEMA_V4[] = GUARD_TABLES_SQL GUARD_FUNCTIONS(GUARD_CREATE) "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA gatewalk FROM PUBLIC;\n";

/* Hiding a target from the application's roles for a time. */
static const char SCHEMA_V5[] = HIDE_TABLE_SQL HIDE_READ_SQL HIDE_APPLY_SQL HIDE_RECORD_SQL HIDE_WAYS_SQL HIDE_LOG_SQL HIDE_STEP_SQL
	"REVOKE ALL ON ALL ROUTINES IN SCHEMA gatewalk FROM PUBLIC;\n";

/* A dual write's functions are found by whoever writes, so names here may be looked up by all; what may be read or called is another matter.
   dual_reject is written by everybody's writes: it refers to nothing, so that it locks nothing. */
#define DUAL_SQL \
"GRANT USAGE ON SCHEMA gatewalk TO PUBLIC;\n" \
"CREATE TABLE gatewalk.dual_reject (\n" \
"  sid text NOT NULL, n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, way text NOT NULL, key text NOT NULL, value text NOT NULL, sqlstate text NOT NULL, error text NOT NULL,\n" \
"  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());\n" \
"CREATE INDEX dual_reject_key ON gatewalk.dual_reject (sid, key);\n"

/* A comparison of old and new: where it is, written with each chunk, and what the last round that came to its end found; and the rows that differ, the first of each round.
   round_since: what is before it was written before the round began; full_since: the same of the last round over every row in which none differed;
   leaf: the table or partition that it is at; cursor: the key of the last row that was compared; at, upto: blocks instead, where a table has no key. began_at: NULL
   between two rounds. */
#define PARITY_SQL \
"CREATE TABLE gatewalk.parity (\n" \
"  sid text PRIMARY KEY REFERENCES gatewalk.walk, relid oid NOT NULL, spec text NOT NULL, timeline bigint NOT NULL, round bigint NOT NULL DEFAULT 1, began_at timestamptz,\n" \
"  leaf oid NOT NULL DEFAULT 0, cursor text[], at bigint NOT NULL DEFAULT 0, upto bigint NOT NULL DEFAULT 0, since xid NOT NULL DEFAULT '0', round_since xid8, full_since xid8,\n" \
"  chunks bigint NOT NULL DEFAULT 0, rows_seen bigint NOT NULL DEFAULT 0, mismatches bigint NOT NULL DEFAULT 0,\n" \
"  last_round bigint NOT NULL DEFAULT 0, last_began_at timestamptz, last_ended_at timestamptz, last_rows bigint NOT NULL DEFAULT 0, last_mismatches bigint NOT NULL DEFAULT 0,\n" \
"  changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());\n" \
"CREATE TABLE gatewalk.parity_mismatch (\n" \
"  sid text NOT NULL REFERENCES gatewalk.walk, round bigint NOT NULL, n bigint GENERATED ALWAYS AS IDENTITY, key text NOT NULL, old text, new text, expected text, error text,\n" \
"  seen_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (sid, round, n));\n"

/* A backfill: where it is, written in the transaction of each batch; and the rows that do not convert. leaf: the table or partition that
   pass is at; at and upto: positions in it, block * 65536 + line; strip: which of the strips up to range_to comes next; timeline: on which
   it is filled. A reject is a version of a row, by its place and its xmin: written anew by anybody, it is another one, and is tried
   again; spec: by which expression it was refused. */
static const char SCHEMA_V6[] =
"CREATE TABLE gatewalk.backfill (\n"
"  sid text PRIMARY KEY REFERENCES gatewalk.walk, relid oid NOT NULL, attnum smallint NOT NULL, spec text NOT NULL,\n"
"  pass integer NOT NULL DEFAULT 1, leaf oid NOT NULL DEFAULT 0, at bigint NOT NULL DEFAULT 0, upto bigint NOT NULL DEFAULT 0,\n"
"  range_to bigint NOT NULL DEFAULT 0, strip integer NOT NULL DEFAULT 0, pass_over boolean NOT NULL DEFAULT false, timeline bigint NOT NULL DEFAULT 0,\n"
"  batches bigint NOT NULL DEFAULT 0, filled bigint NOT NULL DEFAULT 0, pass_filled bigint NOT NULL DEFAULT 0, passed_by bigint NOT NULL DEFAULT 0,\n"
"  rows_left bigint, counted_at timestamptz, began_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),\n"
"  changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp());\n"
"CREATE TABLE gatewalk.backfill_reject (\n"
"  sid text NOT NULL REFERENCES gatewalk.walk, n bigint GENERATED ALWAYS AS IDENTITY, relid oid NOT NULL, at tid NOT NULL, version xid NOT NULL,\n"
"  key text NOT NULL, value text NOT NULL, sqlstate text NOT NULL, error text NOT NULL, spec text NOT NULL,\n"
"  seen_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(), PRIMARY KEY (sid, n));\n"
"CREATE INDEX backfill_reject_at ON gatewalk.backfill_reject (relid, at);\n" DUAL_SQL PARITY_SQL;

#endif
