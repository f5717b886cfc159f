--
-- PostgreSQL database dump
--

\restrict YvjW7Gqmds2vhkLj75rVJRsv1aV26Zm1f0yVDib3bBpJcAOAAumX7tDH8LFapLf

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: gatewalk; Type: SCHEMA; Schema: -; Owner: gatewalk_owner
--

CREATE SCHEMA gatewalk;


ALTER SCHEMA gatewalk OWNER TO gatewalk_owner;

--
-- Name: SCHEMA gatewalk; Type: COMMENT; Schema: -; Owner: gatewalk_owner
--

COMMENT ON SCHEMA gatewalk IS 'gatewalk: ledger, jobs and evidence of schema changes. Do not edit by hand.';


--
-- Name: pg_stat_statements; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA public;


--
-- Name: EXTENSION pg_stat_statements; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pg_stat_statements IS 'track planning and execution statistics of all SQL statements executed';


--
-- Name: append(text, bigint, text, bigint, text, text); Type: FUNCTION; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE last record; now_at timestamptz := clock_timestamp();
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('gatewalk.anchor.' || a_sid, 0));
  SELECT n, head, at INTO last FROM gatewalk.anchor WHERE sid = a_sid ORDER BY n DESC LIMIT 1;
  IF NOT FOUND THEN
    IF a_prev_n <> -1 THEN RAISE EXCEPTION 'gatewalk: the ledger has no entry % of walk %', a_prev_n, a_sid USING ERRCODE = 'GW001'; END IF;
  ELSE
    IF a_n <= last.n THEN RAISE EXCEPTION 'gatewalk: the ledger is already at entry % of walk %', last.n, a_sid USING ERRCODE = 'GW002'; END IF;
    IF a_prev_n <> last.n OR a_prev_head <> last.head THEN
      RAISE EXCEPTION 'gatewalk: entry % of walk % does not follow the ledger''s last entry %', a_n, a_sid, last.n USING ERRCODE = 'GW003'; END IF;
    IF now_at < last.at THEN RAISE EXCEPTION 'gatewalk: the server''s clock went back from % to %', last.at, now_at USING ERRCODE = 'GW004'; END IF;
  END IF;
  INSERT INTO gatewalk.anchor VALUES (a_sid, a_n, a_head, a_prev_n, a_prev_head, a_kind, now_at, pg_current_xact_id()::text, pg_current_wal_insert_lsn());
  RETURN now_at;
END $$;


ALTER FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text) OWNER TO gatewalk_owner;

--
-- Name: trip_0ffa0430cbf6(); Type: FUNCTION; Schema: gatewalk; Owner: postgres
--

CREATE FUNCTION gatewalk.trip_0ffa0430cbf6() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE minute text := (extract(epoch FROM clock_timestamp())::bigint / 60)::text;
BEGIN
  PERFORM nextval(to_regclass('gatewalk.trip_0ffa0430cbf6'));
  IF current_setting('gatewalk.trip_0ffa0430cbf6', true) IS DISTINCT FROM minute THEN
    PERFORM set_config('gatewalk.trip_0ffa0430cbf6', minute, false);
    BEGIN
      IF pg_try_advisory_xact_lock(hashtextextended('gatewalk.trip_0ffa0430cbf6', 0)) THEN
        INSERT INTO gatewalk.trip (sid, role, app, addr, op)
        SELECT '0ffa0430cbf6992ab19154a015c899a2', session_user, current_setting('application_name', true), coalesce(host(inet_client_addr()), 'local'), TG_OP
        WHERE NOT EXISTS (SELECT FROM gatewalk.trip WHERE sid = '0ffa0430cbf6992ab19154a015c899a2' AND at > clock_timestamp() - interval '1 minute');
      END IF;
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
  END IF;
  RETURN NULL;
END $$;


ALTER FUNCTION gatewalk.trip_0ffa0430cbf6() OWNER TO postgres;

--
-- Name: FUNCTION trip_0ffa0430cbf6(); Type: COMMENT; Schema: gatewalk; Owner: postgres
--

COMMENT ON FUNCTION gatewalk.trip_0ffa0430cbf6() IS '5e273e9cac3d00a176ef0296b81fa0d2 9610efacd28e010ac97d86c6b606fd01';


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alarm; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.alarm (
    id bigint NOT NULL,
    sid text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    metric text NOT NULL,
    value double precision,
    alarm_limit double precision,
    text text NOT NULL,
    taken boolean DEFAULT false NOT NULL
);


ALTER TABLE gatewalk.alarm OWNER TO gatewalk_owner;

--
-- Name: alarm_id_seq; Type: SEQUENCE; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE gatewalk.alarm ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gatewalk.alarm_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: anchor; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.anchor (
    sid text NOT NULL,
    n bigint NOT NULL,
    head text NOT NULL,
    prev_n bigint NOT NULL,
    prev_head text NOT NULL,
    kind text NOT NULL,
    at timestamp with time zone NOT NULL,
    xid text NOT NULL,
    lsn pg_lsn NOT NULL,
    CONSTRAINT anchor_head_check CHECK ((head ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT anchor_kind_check CHECK ((kind = ANY (ARRAY['line'::text, 'drop'::text])))
);


ALTER TABLE gatewalk.anchor OWNER TO gatewalk_owner;

--
-- Name: job; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.job (
    id bigint NOT NULL,
    sid text,
    kind text NOT NULL,
    state text DEFAULT 'new'::text NOT NULL,
    host text,
    pid integer,
    boot_id text,
    backend_pid integer,
    operator text,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    started_at timestamp with time zone,
    seen_at timestamp with time zone,
    ended_at timestamp with time zone,
    phase text,
    note text,
    done double precision,
    total double precision,
    unit text,
    estimate boolean DEFAULT false NOT NULL,
    args text DEFAULT '{}'::text NOT NULL,
    control text DEFAULT 'run'::text NOT NULL,
    settings text DEFAULT '{}'::text NOT NULL,
    result text,
    error text,
    taken boolean DEFAULT false NOT NULL,
    CONSTRAINT job_control_check CHECK ((control = ANY (ARRAY['run'::text, 'pause'::text, 'stop'::text])))
);


ALTER TABLE gatewalk.job OWNER TO gatewalk_owner;

--
-- Name: job_event; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.job_event (
    job bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    text text NOT NULL
);


ALTER TABLE gatewalk.job_event OWNER TO gatewalk_owner;

--
-- Name: job_id_seq; Type: SEQUENCE; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE gatewalk.job ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gatewalk.job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: line; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.line (
    sid text NOT NULL,
    n bigint NOT NULL,
    line text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);


ALTER TABLE gatewalk.line OWNER TO gatewalk_owner;

--
-- Name: meta; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.meta (
    one boolean DEFAULT true NOT NULL,
    version integer NOT NULL,
    install_id uuid DEFAULT gen_random_uuid() NOT NULL,
    environment text NOT NULL,
    system_identifier text NOT NULL,
    database_oid oid NOT NULL,
    marked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    marked_by text DEFAULT SESSION_USER NOT NULL,
    CONSTRAINT meta_environment_check CHECK ((environment = ANY (ARRAY['production'::text, 'staging'::text, 'development'::text, 'rehearsal'::text]))),
    CONSTRAINT meta_one_check CHECK (one)
);


ALTER TABLE gatewalk.meta OWNER TO gatewalk_owner;

--
-- Name: permit; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.permit (
    nonce text NOT NULL,
    sid text NOT NULL,
    spent_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    xid text DEFAULT (pg_current_xact_id())::text NOT NULL
);


ALTER TABLE gatewalk.permit OWNER TO gatewalk_owner;

--
-- Name: sample; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.sample (
    sid text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    metric text NOT NULL,
    value double precision,
    baseline boolean DEFAULT false NOT NULL,
    why text
);


ALTER TABLE gatewalk.sample OWNER TO gatewalk_owner;

--
-- Name: schema_log; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.schema_log (
    id bigint NOT NULL,
    sid text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    target text NOT NULL,
    statement text NOT NULL,
    before text NOT NULL,
    after text NOT NULL,
    why text NOT NULL,
    snapshot text NOT NULL,
    operator text NOT NULL,
    head text NOT NULL,
    markdown text NOT NULL
);


ALTER TABLE gatewalk.schema_log OWNER TO gatewalk_owner;

--
-- Name: schema_log_id_seq; Type: SEQUENCE; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE gatewalk.schema_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gatewalk.schema_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: sighting; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.sighting (
    id bigint NOT NULL,
    sid text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    source text NOT NULL,
    touch text NOT NULL,
    who text NOT NULL,
    consumer text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    taken boolean DEFAULT false NOT NULL
);


ALTER TABLE gatewalk.sighting OWNER TO gatewalk_owner;

--
-- Name: sighting_id_seq; Type: SEQUENCE; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE gatewalk.sighting ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME gatewalk.sighting_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: source; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.source (
    sid text NOT NULL,
    source text NOT NULL,
    server text NOT NULL,
    since timestamp with time zone NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    state text DEFAULT '{}'::text NOT NULL,
    gap text,
    gap_at timestamp with time zone,
    ok boolean DEFAULT true NOT NULL,
    why text
);


ALTER TABLE gatewalk.source OWNER TO gatewalk_owner;

--
-- Name: statement; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.statement (
    sid text NOT NULL,
    server text NOT NULL,
    queryid bigint NOT NULL,
    role text NOT NULL,
    how text NOT NULL,
    touch text NOT NULL,
    query text NOT NULL,
    calls bigint NOT NULL,
    first_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    last_at timestamp with time zone,
    CONSTRAINT statement_how_check CHECK ((how = ANY (ARRAY['name'::text, 'star'::text]))),
    CONSTRAINT statement_touch_check CHECK ((touch = ANY (ARRAY['read'::text, 'write'::text])))
);


ALTER TABLE gatewalk.statement OWNER TO gatewalk_owner;

--
-- Name: trip; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.trip (
    sid text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    role text NOT NULL,
    app text,
    addr text,
    op text NOT NULL
);


ALTER TABLE gatewalk.trip OWNER TO gatewalk_owner;

--
-- Name: trip_0ffa0430cbf6; Type: SEQUENCE; Schema: gatewalk; Owner: postgres
--

CREATE SEQUENCE gatewalk.trip_0ffa0430cbf6
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE gatewalk.trip_0ffa0430cbf6 OWNER TO postgres;

--
-- Name: walk; Type: TABLE; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE TABLE gatewalk.walk (
    sid text NOT NULL,
    name text NOT NULL,
    plan_digest text NOT NULL,
    archetype text NOT NULL,
    relid oid NOT NULL,
    attnum smallint NOT NULL,
    target text NOT NULL,
    stage text NOT NULL,
    changing boolean DEFAULT false NOT NULL,
    operator text NOT NULL,
    host text NOT NULL,
    opened_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    dropped_at timestamp with time zone,
    watched_until timestamp with time zone,
    closed_at timestamp with time zone,
    quiet_since timestamp with time zone,
    plan text NOT NULL,
    day_us bigint NOT NULL
);


ALTER TABLE gatewalk.walk OWNER TO gatewalk_owner;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id bigint NOT NULL,
    total numeric,
    old_total text
);


ALTER TABLE public.orders OWNER TO postgres;

--
-- Data for Name: alarm; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.alarm (id, sid, at, metric, value, alarm_limit, text, taken) FROM stdin;
\.


--
-- Data for Name: anchor; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.anchor (sid, n, head, prev_n, prev_head, kind, at, xid, lsn) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	0	04977c02de0c86b172cb38b4a19301eb6c0459a21c6c2ee4fd9e6abcefc5ea32	-1		line	2026-11-25 15:29:24.881147+00	732	0/19E6270
0ffa0430cbf6992ab19154a015c899a2	5	68d1f94f915f40abc24232f2d134bf1dc96aa474c8b7783d739e9e5a5314584c	0	04977c02de0c86b172cb38b4a19301eb6c0459a21c6c2ee4fd9e6abcefc5ea32	line	2026-11-25 15:29:26.501983+00	807	0/2275CB0
0ffa0430cbf6992ab19154a015c899a2	6	158ca896e9a394ba39a7a5053cad749e23acfce17807835cabcd44e7f3a8426d	5	68d1f94f915f40abc24232f2d134bf1dc96aa474c8b7783d739e9e5a5314584c	line	2026-11-25 15:29:26.935232+00	810	0/22764D0
0ffa0430cbf6992ab19154a015c899a2	7	46f1a9ea688254c222b408e49e79181b558b66f2f930e42bf14fb370143d8459	6	158ca896e9a394ba39a7a5053cad749e23acfce17807835cabcd44e7f3a8426d	line	2026-11-25 15:29:27.404758+00	813	0/2277260
0ffa0430cbf6992ab19154a015c899a2	8	cf697a854157c853bb8904f46bc528915b968163d4f4bf8c6b959bd33e399b48	7	46f1a9ea688254c222b408e49e79181b558b66f2f930e42bf14fb370143d8459	line	2026-11-25 15:29:27.851288+00	816	0/2277970
0ffa0430cbf6992ab19154a015c899a2	9	c8cbb197e59d61a963d7ac83dcf4650451060312654b32374448686aa2777c77	8	cf697a854157c853bb8904f46bc528915b968163d4f4bf8c6b959bd33e399b48	line	2026-11-25 15:29:27.926159+00	819	0/2278018
0ffa0430cbf6992ab19154a015c899a2	10	f8aecf73ef59e2a89bd7a6db34b8767c14fda592f58c4bf67db5f025b652b1f4	9	c8cbb197e59d61a963d7ac83dcf4650451060312654b32374448686aa2777c77	line	2026-11-25 15:29:28.309477+00	823	0/229CAB0
0ffa0430cbf6992ab19154a015c899a2	13	74fd0785cb633d6e38cab3e9ed6334d7d864b06a417a870939015d5645a20bef	10	f8aecf73ef59e2a89bd7a6db34b8767c14fda592f58c4bf67db5f025b652b1f4	line	2026-11-25 15:29:28.704136+00	836	0/229F2F0
0ffa0430cbf6992ab19154a015c899a2	14	2a49c0fa35f59bcdb6c8ccb6afc1880fcfbd5351180e83cd2c49278688f5f934	13	74fd0785cb633d6e38cab3e9ed6334d7d864b06a417a870939015d5645a20bef	line	2026-11-25 15:29:29.036527+00	839	0/229FE68
0ffa0430cbf6992ab19154a015c899a2	15	23b9e7ac8cdf202c9263d805f40a820fc49caf498b18039d73df076d7a228b8a	14	2a49c0fa35f59bcdb6c8ccb6afc1880fcfbd5351180e83cd2c49278688f5f934	line	2026-11-25 15:29:29.419316+00	842	0/22A0500
0ffa0430cbf6992ab19154a015c899a2	16	d7412f1ef4c4317cbbeafcc11680b5d3772a794576c1d517206b1c60db8a7020	15	23b9e7ac8cdf202c9263d805f40a820fc49caf498b18039d73df076d7a228b8a	line	2026-11-25 15:29:29.809651+00	848	0/22A1CC8
\.


--
-- Data for Name: job; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.job (id, sid, kind, state, host, pid, boot_id, backend_pid, operator, made_at, started_at, seen_at, ended_at, phase, note, done, total, unit, estimate, args, control, settings, result, error, taken) FROM stdin;
1	0ffa0430cbf6992ab19154a015c899a2	snapshot	done	bastion	29690	53bbb84d-c69a-46a3-881b-db7d70162a8e	29696	postgres	2026-11-25 15:29:24.994731+00	2026-11-25 15:29:25.02749+00	2026-11-25 15:29:26.28511+00	2026-11-25 15:29:26.28511+00	put back		0	0		f	{"drill":1,"role":"first"}	run	{}	{"drill":{"at":"2026-11-25T15:29:26.281662Z","dboid":16384,"fell":[],"id":"drill-ba3685bed8421e3d","passed":1,"problem":"","restore_us":42696,"snapshot_id":"20261125T152925Z-9a326a7d","sysid":"7712131587129089200","took_us":551065},"role":"first","snapshot":{"attnum":3,"begun":"2026-11-25T15:29:25.036596Z","bytes":3736,"dboid":16384,"definition_digest":"6aa75111053e67dd58794b48ebbe957ea8fac3b08c3f1eee1da79acaa490e4ba","equal":1,"id":"20261125T152925Z-9a326a7d","manifest_sha256":"2b206ec12019406a1e9c7b8eab3155313639de6a06eb6154ebf00b69d4f91890","path":"/tmp/gwKIFmDN/now/home/data/gatewalk/snapshots/20261125T152925Z-9a326a7d","proved":"2026-11-25T15:29:25.716727Z","relid":16416,"rows":40,"scope":"column","sysid":"7712131587129089200","trip_count":-1,"values":27}}	\N	t
2	0ffa0430cbf6992ab19154a015c899a2	watch	stopped	bastion	390	53bbb84d-c69a-46a3-881b-db7d70162a8e	399	postgres	2026-11-25 15:29:28.311213+00	2026-11-25 15:29:28.336202+00	2026-11-25 15:29:30.581588+00	2026-11-25 15:29:30.581588+00	watch		3	0	rounds	f	{}	stop	{}	\N	stopped	f
\.


--
-- Data for Name: job_event; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.job_event (job, at, text) FROM stdin;
1	2026-11-25 15:29:25.126236+00	phase> definitions
1	2026-11-25 15:29:25.247791+00	phase< 
1	2026-11-25 15:29:25.248004+00	phase> copy
1	2026-11-25 15:29:25.379765+00	phase< 
1	2026-11-25 15:29:25.381035+00	phase> definitions
1	2026-11-25 15:29:25.437244+00	phase< 
1	2026-11-25 15:29:25.437436+00	phase> load
1	2026-11-25 15:29:25.438038+00	phase< 
1	2026-11-25 15:29:25.438136+00	phase> compare
1	2026-11-25 15:29:25.877763+00	phase< 
1	2026-11-25 15:29:25.880063+00	phase> definitions
1	2026-11-25 15:29:25.946615+00	phase< 
1	2026-11-25 15:29:25.950689+00	phase> load
1	2026-11-25 15:29:26.025943+00	phase< 
1	2026-11-25 15:29:26.027244+00	phase> drop
1	2026-11-25 15:29:26.074494+00	phase< 
1	2026-11-25 15:29:26.074801+00	phase> load
1	2026-11-25 15:29:26.081109+00	phase< 
1	2026-11-25 15:29:26.081328+00	phase> fill
1	2026-11-25 15:29:26.099728+00	phase< 
1	2026-11-25 15:29:26.100461+00	phase> put back
1	2026-11-25 15:29:26.284497+00	phase< 
2	2026-11-25 15:29:28.432135+00	phase> watch
\.


--
-- Data for Name: line; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.line (sid, n, line, at) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	0	{"b":{"attnum":3,"day_us":2000000,"environment":"rehearsal","gatewalk":"0.1.0","install_id":"fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","name":"shop","plan":"fd88483d5e6dc71e840f1838fbe985a519a80a6886a3049aeb828632f5231a08","relid":16416,"server":"shop@bastion","signers":"bf0d9ea0a37a8370d7c8226edd35cf1afb7d3282aacdda72ad0536f9b0c87867","target":"public.orders.old_total"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/19E56B8","mono":1087827,"n":0,"op":"begin","prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:24.834165Z","tl":"2026-11-25T15:29:24.833720Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAjZB8F7SUrWRlgdf/Ac8ajL9Uqg95Apf7hvORqFuGAzOwLbHOw80KGouSPrQlagY7UornVKyeC2n2TGDyFeFeAA==	2026-11-25 15:29:24.87761+00
0ffa0430cbf6992ab19154a015c899a2	1	{"b":{"event":"start","job":1,"kind":"snapshot","note":""},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/19E68F0","mono":1087998,"n":1,"op":"job","prev":"04977c02de0c86b172cb38b4a19301eb6c0459a21c6c2ee4fd9e6abcefc5ea32","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:25.005160Z","tl":"2026-11-25T15:29:25.003832Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:25.022086+00
0ffa0430cbf6992ab19154a015c899a2	2	{"b":{"blob":"7c3f1db4c1414f83aa664e78029e82cb48da930f258387a27c6e8dcbc3958d08","fact":{"attnum":3,"begun":"2026-11-25T15:29:25.036596Z","bytes":3736,"dboid":16384,"definition_digest":"6aa75111053e67dd58794b48ebbe957ea8fac3b08c3f1eee1da79acaa490e4ba","equal":1,"id":"20261125T152925Z-9a326a7d","manifest_sha256":"2b206ec12019406a1e9c7b8eab3155313639de6a06eb6154ebf00b69d4f91890","path":"/tmp/gwKIFmDN/now/home/data/gatewalk/snapshots/20261125T152925Z-9a326a7d","proved":"2026-11-25T15:29:25.716727Z","relid":16416,"rows":40,"scope":"column","sysid":"7712131587129089200","trip_count":-1,"values":27},"kind":"snapshot","role":"first"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/22735A0","mono":1089440,"n":2,"op":"evidence","prev":"a6923871983ba20cb9c3b8e7474cb6b7d6d108c2733fe42f0e4e98e41ac4d155","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:26.446220Z","tl":"2026-11-25T15:29:26.446054Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:26.450521+00
0ffa0430cbf6992ab19154a015c899a2	3	{"b":{"blob":"f10b997862700bf6ed11ed6e67a148826f6bee3b89e0f22d42e5a1f6b502f3ef","fact":{"at":"2026-11-25T15:29:26.281662Z","dboid":16384,"fell":[],"id":"drill-ba3685bed8421e3d","passed":1,"problem":"","restore_us":42696,"snapshot_id":"20261125T152925Z-9a326a7d","sysid":"7712131587129089200","took_us":551065},"kind":"drill"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/2274F90","mono":1089450,"n":3,"op":"evidence","prev":"2262b24a4326c7e027523e239c7eb2379d45c0870c111c2a1b1dec37f35dce04","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:26.457411Z","tl":"2026-11-25T15:29:26.456486Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:26.463967+00
0ffa0430cbf6992ab19154a015c899a2	4	{"b":{"event":"end","job":1,"kind":"snapshot","note":""},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/2275460","mono":1089459,"n":4,"op":"job","prev":"962b81dcc70ee8ea568bd36ab92694643a5df81765b2f2eec96798e3cb82f929","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:26.466063Z","tl":"2026-11-25T15:29:26.465698Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:26.474108+00
0ffa0430cbf6992ab19154a015c899a2	5	{"b":{"item":2,"typed":"destructive"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/2275888","mono":1089472,"n":5,"op":"confirm","prev":"bd5c6be2e951964bff7f392bb743bc43d97e2a5d17b0e77cfca7ff361e7a0412","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:26.479302Z","tl":"2026-11-25T15:29:26.478565Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAS1JF6indzbV56mfQSxgVcwDfrP2uxnDcxCcHoJTf9yV80bl3RYifIrJQ4JqBGpzgyJvGExnoVZmcub1uaKjsDQ==	2026-11-25 15:29:26.501131+00
0ffa0430cbf6992ab19154a015c899a2	6	{"b":{"item":3,"typed":"2.4.0"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/22760B0","mono":1089893,"n":6,"op":"confirm","prev":"68d1f94f915f40abc24232f2d134bf1dc96aa474c8b7783d739e9e5a5314584c","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:26.899677Z","tl":"2026-11-25T15:29:26.899031Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAIYlxCi2BQMba7Plh1Yy4u3T4/76iK9/dyyZIc6N/BMF4VVfjT6KP8qemq5qR+w+6VBDPOaKuh9I7Z8Nwul6LCA==	2026-11-25 15:29:26.930021+00
0ffa0430cbf6992ab19154a015c899a2	7	{"b":{"conditions":[{"id":"A1","now":"20261125T152925Z-9a326a7d of Wed 25 Nov 15:29","verdict":"holds"},{"id":"A2","now":"40 rows, equal","verdict":"holds"},{"id":"A3","now":"passed Wed 25 Nov 15:29, way back 42 ms","verdict":"holds"},{"id":"A4","now":"destructive, confirmed Wed 25 Nov 15:29","verdict":"holds"},{"id":"A5","now":"in full; 0 fall with it","verdict":"holds"},{"id":"A6","now":"none","verdict":"holds"},{"id":"A7","now":"not needed: only production asks for a rehearsal","verdict":"not needed"}],"gate":"A"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/2276C58","mono":1090359,"n":7,"op":"gate","prev":"158ca896e9a394ba39a7a5053cad749e23acfce17807835cabcd44e7f3a8426d","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:27.365108Z","tl":"2026-11-25T15:29:27.364962Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAxWOWUosZWEFi1JCzjuP7otVSgLV/faZeYA5Ylleb6yN2uVMr3SvI8dAuEx5hrp43WJa7IQLBR/AZhFtClmibCQ==	2026-11-25 15:29:27.404091+00
0ffa0430cbf6992ab19154a015c899a2	8	{"b":{"consumer":"statement -8215358302130199690 by postgres","reason":"made for the demo: it goes on without the column","survives":1},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/22774E8","mono":1090828,"n":8,"op":"clear","prev":"46f1a9ea688254c222b408e49e79181b558b66f2f930e42bf14fb370143d8459","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:27.834681Z","tl":"2026-11-25T15:29:27.834578Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAIDeAkFMagfrP3GySx/kENAQs1tRmRgw9euenJM+HuwIhFRmeHULy6pMEy3l9dAVhAuj4Jg9DqPsjvwBj1QCtBg==	2026-11-25 15:29:27.850894+00
0ffa0430cbf6992ab19154a015c899a2	9	{"b":{"key":"","value":"none","what":"releases"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/2277BD0","mono":1090900,"n":9,"op":"declare","prev":"cf697a854157c853bb8904f46bc528915b968163d4f4bf8c6b959bd33e399b48","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:27.906432Z","tl":"2026-11-25T15:29:27.906326Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAbCHcsjpdGJOugWZzi9VOtelBglRGARIouVAqtd7l6vyJTyNHhsIcgUnf5TS+lXo4KE0fxYiXta6+SuYY25eyBg==	2026-11-25 15:29:27.925148+00
0ffa0430cbf6992ab19154a015c899a2	10	{"b":{"key":"gatewalk_trip_0ffa0430cbf6","value":"tripwire put, watcher started","what":"watch"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/229C648","mono":1091281,"n":10,"op":"declare","prev":"c8cbb197e59d61a963d7ac83dcf4650451060312654b32374448686aa2777c77","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:28.287314Z","tl":"2026-11-25T15:29:28.287123Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAx5gbwhDnKv4Q5m0lUeMP244LbrhFVi8O4ligz9G+W3EKqWJeLP/wETFZPRqV28RfwSlf1pjwJ5iP1ntJYRMWDw==	2026-11-25 15:29:28.30772+00
0ffa0430cbf6992ab19154a015c899a2	11	{"b":{"event":"start","job":2,"kind":"watch","note":""},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/229CEF8","mono":1091312,"n":11,"op":"job","prev":"f8aecf73ef59e2a89bd7a6db34b8767c14fda592f58c4bf67db5f025b652b1f4","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:28.318050Z","tl":"2026-11-25T15:29:28.317874Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:28.343299+00
0ffa0430cbf6992ab19154a015c899a2	12	{"b":{"at":"2026-11-25T15:29:28.430894Z","kind":"baseline"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/229EB08","mono":1091658,"n":12,"op":"evidence","prev":"ef95124ea5ba5470edb52e4ace3a39cd1ce3586b1179524f24cea75a01cc9f62","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:28.669470Z","tl":"2026-11-25T15:29:28.664630Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\t	2026-11-25 15:29:28.682238+00
0ffa0430cbf6992ab19154a015c899a2	13	{"b":{"item":4,"typed":"1"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/229EED0","mono":1091677,"n":13,"op":"confirm","prev":"49d13e36bb95cdc66f9d5a5259ae208d2f17404d01a7c31dd4876f31101d53f2","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:28.682905Z","tl":"2026-11-25T15:29:28.682807Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABA/KI9FoM2aX2JsHDE9c4nXzD31s1haELC4+1Q6mvmXwjH8C3oExcTaXLsHb9L7ZO/YkdG83ZDi7dhbj8Ya09GDg==	2026-11-25 15:29:28.702224+00
0ffa0430cbf6992ab19154a015c899a2	14	{"b":{"key":"web","value":"2.5.0 ended 2026-01-10 11:20","what":"reads_moved"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/229FA18","mono":1091989,"n":14,"op":"declare","prev":"74fd0785cb633d6e38cab3e9ed6334d7d864b06a417a870939015d5645a20bef","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:28.995356Z","tl":"2026-11-25T15:29:28.995256Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAUzlgcw9ywgT7Bk22QW1tTghW2EKpHnSveiQsWfB1a8UfIdg986pUnsuC6xe1TqrJ7EQz34xR4FKTm2B8odUoBQ==	2026-11-25 15:29:29.034745+00
0ffa0430cbf6992ab19154a015c899a2	15	{"b":{"item":8,"typed":"moved"},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/22A00E0","mono":1092377,"n":15,"op":"confirm","prev":"2a49c0fa35f59bcdb6c8ccb6afc1880fcfbd5351180e83cd2c49278688f5f934","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:29.382968Z","tl":"2026-11-25T15:29:29.382867Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABAFQbTH8Gpp8DwbZVMUjPj9Rn7xjEMzmiiHBc7mu4vhTLSyK04rnIoD+SwB09uo7CEc6VPIhC/1jBtezwHDP2TCQ==	2026-11-25 15:29:29.418966+00
0ffa0430cbf6992ab19154a015c899a2	16	{"b":{},"boot":"53bbb84d-c69a-46a3-881b-db7d70162a8e","db":"7712131587129089200.16384.fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c","lsn":"0/22A18C0","mono":1092776,"n":16,"op":"quiet","prev":"23b9e7ac8cdf202c9263d805f40a820fc49caf498b18039d73df076d7a228b8a","sid":"0ffa0430cbf6992ab19154a015c899a2","t":"2026-11-25T15:29:29.782623Z","tl":"2026-11-25T15:29:29.782514Z","tli":1,"v":"gwlog/1","who":"root@bastion","xid":""}\tU1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAg7OOdeY4kCLbrVacDnnSThqCCe/L9IeQORlx3iFNusPIAAAARZ2F0ZXdhbGstZW50cnktdjEAAAAAAAAABnNoYTUxMgAAAFMAAAALc3NoLWVkMjU1MTkAAABASequFn1c7XH0MB7XrLo4P04faSo/CVbWv9Pm1TJaVhAqdxv8a+sH4sL07UeVR/TU37aDdV11hBoIaTCtkiZwAA==	2026-11-25 15:29:29.80521+00
\.


--
-- Data for Name: meta; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.meta (one, version, install_id, environment, system_identifier, database_oid, marked_at, marked_by) FROM stdin;
t	1	fae0ab7d-455e-42d9-b0ba-01b2cd2dd68c	rehearsal	7712131587129089200	16384	2026-11-25 15:29:24.650248+00	postgres
\.


--
-- Data for Name: permit; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.permit (nonce, sid, spent_at, xid) FROM stdin;
\.


--
-- Data for Name: sample; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.sample (sid, at, metric, value, baseline, why) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	rollbacks	\N	t	the first look: a rate needs two
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	rollback share	\N	t	the first look: a rate needs two
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	deadlocks	\N	t	the first look: a rate needs two
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	lock waiters	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	longest transaction	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	replica lag	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	statement mean	\N	t	the first look: a mean needs two
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:28.430894+00	round trip	0.035	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	rollbacks	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	deadlocks	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	rollback share	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	lock waiters	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	longest transaction	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	replica lag	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	statement mean	0.11266123367697659	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:29.523765+00	round trip	0.051	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	rollbacks	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	deadlocks	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	rollback share	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	lock waiters	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	longest transaction	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	replica lag	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	statement mean	0.18179819696969804	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	round trip	0.128	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:at	1795620570.569464	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:commits	1151	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:rollbacks	1	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:deadlocks	0	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:exec_ms	931.1424380000002	t	\N
0ffa0430cbf6992ab19154a015c899a2	2026-11-25 15:29:30.58047+00	raw:calls	1687	t	\N
\.


--
-- Data for Name: schema_log; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.schema_log (id, sid, at, target, statement, before, after, why, snapshot, operator, head, markdown) FROM stdin;
\.


--
-- Data for Name: sighting; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.sighting (id, sid, at, source, touch, who, consumer, text, taken) FROM stdin;
\.


--
-- Data for Name: source; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.source (sid, source, server, since, looked_at, state, gap, gap_at, ok, why) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	statements	primary	2026-11-25 15:29:28.374127+00	2026-11-25 15:29:30.536451+00	{"dealloc":0,"reset":1795620563469363,"started":1795620563481319,"track":"track all, utility on, query id auto"}	\N	\N	t	\N
0ffa0430cbf6992ab19154a015c899a2	tripwire	primary	2026-11-25 15:29:28.374127+00	2026-11-25 15:29:30.536451+00	{"count":0,"started":1795620563481319}	\N	\N	t	\N
0ffa0430cbf6992ab19154a015c899a2	sessions	primary	2026-11-25 15:29:28.374127+00	2026-11-25 15:29:30.536451+00	{"hidden":0}	\N	\N	t	\N
\.


--
-- Data for Name: statement; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.statement (sid, server, queryid, role, how, touch, query, calls, first_at, last_at) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	primary	-8215358302130199690	postgres	star	write	INSERT INTO public.orders SELECT i, i, CASE WHEN i % $1 > $2 THEN $3 || i END FROM generate_series($4, $5) i	1	2026-11-25 15:29:28.418507+00	\N
\.


--
-- Data for Name: trip; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.trip (sid, at, role, app, addr, op) FROM stdin;
\.


--
-- Data for Name: walk; Type: TABLE DATA; Schema: gatewalk; Owner: gatewalk_owner
--

COPY gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, changing, operator, host, opened_at, changed_at, dropped_at, watched_until, closed_at, quiet_since, plan, day_us) FROM stdin;
0ffa0430cbf6992ab19154a015c899a2	shop	fd88483d5e6dc71e840f1838fbe985a519a80a6886a3049aeb828632f5231a08	destructive	16416	3	public.orders.old_total	nobody uses it	f	root@bastion	bastion	2026-11-25 15:29:24.872946+00	2026-11-25 15:29:29.810336+00	\N	\N	\N	2026-11-25 15:29:29.782623+00	gatewalk: 1\nname: shop\narchetype: destructive\nrecipe: drop-column\ntarget: {schema: public, table: orders, column: old_total}\ndocument:\n  before: table orders has the column old_total\n  after: table orders without it\n  why: Totals have been kept in orders.total for a year.\n  way_back: gatewalk restore puts the values back by key\n  leaves_behind: rows written after the drop have no value in it\n  rollback_floor: "2.4.0"\n  api_contract: no answer of the shop's API ever carried it\n  falls: []\ndeploys:\n  - name: web\npolicy: {unused_days: 14, longest_job_days: 7}\nwindow:\n  zone: UTC\n  open:\n    - {days: [Mon, Tue, Wed, Thu], from: "02:00", to: "06:00"}\nhealth: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}\nsnapshot: {scope: column}\nrehearsal: {now: "Tue 04:30", day: 2}\n	2000000
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.orders (id, total, old_total) FROM stdin;
1	1	v1
2	2	v2
3	3	\N
4	4	v4
5	5	v5
6	6	\N
7	7	v7
8	8	v8
9	9	\N
10	10	v10
11	11	v11
12	12	\N
13	13	v13
14	14	v14
15	15	\N
16	16	v16
17	17	v17
18	18	\N
19	19	v19
20	20	v20
21	21	\N
22	22	v22
23	23	v23
24	24	\N
25	25	v25
26	26	v26
27	27	\N
28	28	v28
29	29	v29
30	30	\N
31	31	v31
32	32	v32
33	33	\N
34	34	v34
35	35	v35
36	36	\N
37	37	v37
38	38	v38
39	39	\N
40	40	v40
\.


--
-- Name: alarm_id_seq; Type: SEQUENCE SET; Schema: gatewalk; Owner: gatewalk_owner
--

SELECT pg_catalog.setval('gatewalk.alarm_id_seq', 1, false);


--
-- Name: job_id_seq; Type: SEQUENCE SET; Schema: gatewalk; Owner: gatewalk_owner
--

SELECT pg_catalog.setval('gatewalk.job_id_seq', 2, true);


--
-- Name: schema_log_id_seq; Type: SEQUENCE SET; Schema: gatewalk; Owner: gatewalk_owner
--

SELECT pg_catalog.setval('gatewalk.schema_log_id_seq', 1, false);


--
-- Name: sighting_id_seq; Type: SEQUENCE SET; Schema: gatewalk; Owner: gatewalk_owner
--

SELECT pg_catalog.setval('gatewalk.sighting_id_seq', 1, false);


--
-- Name: trip_0ffa0430cbf6; Type: SEQUENCE SET; Schema: gatewalk; Owner: postgres
--

SELECT pg_catalog.setval('gatewalk.trip_0ffa0430cbf6', 1, false);


--
-- Name: alarm alarm_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.alarm
    ADD CONSTRAINT alarm_pkey PRIMARY KEY (id);


--
-- Name: anchor anchor_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.anchor
    ADD CONSTRAINT anchor_pkey PRIMARY KEY (sid, n);


--
-- Name: job job_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);


--
-- Name: line line_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.line
    ADD CONSTRAINT line_pkey PRIMARY KEY (sid, n);


--
-- Name: meta meta_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (one);


--
-- Name: permit permit_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.permit
    ADD CONSTRAINT permit_pkey PRIMARY KEY (nonce);


--
-- Name: schema_log schema_log_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.schema_log
    ADD CONSTRAINT schema_log_pkey PRIMARY KEY (id);


--
-- Name: schema_log schema_log_sid_key; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.schema_log
    ADD CONSTRAINT schema_log_sid_key UNIQUE (sid);


--
-- Name: sighting sighting_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.sighting
    ADD CONSTRAINT sighting_pkey PRIMARY KEY (id);


--
-- Name: source source_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (sid, source, server);


--
-- Name: statement statement_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.statement
    ADD CONSTRAINT statement_pkey PRIMARY KEY (sid, server, queryid, role);


--
-- Name: walk walk_pkey; Type: CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.walk
    ADD CONSTRAINT walk_pkey PRIMARY KEY (sid);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: job_event_job; Type: INDEX; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE INDEX job_event_job ON gatewalk.job_event USING btree (job, at);


--
-- Name: sample_sid; Type: INDEX; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE INDEX sample_sid ON gatewalk.sample USING btree (sid, metric, at);


--
-- Name: sighting_sid; Type: INDEX; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE INDEX sighting_sid ON gatewalk.sighting USING btree (sid, at);


--
-- Name: trip_sid; Type: INDEX; Schema: gatewalk; Owner: gatewalk_owner
--

CREATE INDEX trip_sid ON gatewalk.trip USING btree (sid, at);


--
-- Name: orders gatewalk_trip_0ffa0430cbf6; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER gatewalk_trip_0ffa0430cbf6 AFTER UPDATE ON public.orders FOR EACH ROW WHEN ((old.old_total IS DISTINCT FROM new.old_total)) EXECUTE FUNCTION gatewalk.trip_0ffa0430cbf6();

ALTER TABLE public.orders ENABLE ALWAYS TRIGGER gatewalk_trip_0ffa0430cbf6;


--
-- Name: orders gatewalk_trip_0ffa0430cbf6_i; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER gatewalk_trip_0ffa0430cbf6_i AFTER INSERT ON public.orders FOR EACH ROW WHEN ((new.old_total IS NOT NULL)) EXECUTE FUNCTION gatewalk.trip_0ffa0430cbf6();

ALTER TABLE public.orders ENABLE ALWAYS TRIGGER gatewalk_trip_0ffa0430cbf6_i;


--
-- Name: orders gatewalk_trip_0ffa0430cbf6_t; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER gatewalk_trip_0ffa0430cbf6_t AFTER TRUNCATE ON public.orders FOR EACH STATEMENT EXECUTE FUNCTION gatewalk.trip_0ffa0430cbf6();

ALTER TABLE public.orders ENABLE ALWAYS TRIGGER gatewalk_trip_0ffa0430cbf6_t;


--
-- Name: alarm alarm_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.alarm
    ADD CONSTRAINT alarm_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: anchor anchor_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.anchor
    ADD CONSTRAINT anchor_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: job_event job_event_job_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.job_event
    ADD CONSTRAINT job_event_job_fkey FOREIGN KEY (job) REFERENCES gatewalk.job(id) ON DELETE CASCADE;


--
-- Name: job job_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.job
    ADD CONSTRAINT job_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: line line_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.line
    ADD CONSTRAINT line_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: permit permit_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.permit
    ADD CONSTRAINT permit_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: sample sample_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.sample
    ADD CONSTRAINT sample_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: schema_log schema_log_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.schema_log
    ADD CONSTRAINT schema_log_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: sighting sighting_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.sighting
    ADD CONSTRAINT sighting_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: source source_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.source
    ADD CONSTRAINT source_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: statement statement_sid_fkey; Type: FK CONSTRAINT; Schema: gatewalk; Owner: gatewalk_owner
--

ALTER TABLE ONLY gatewalk.statement
    ADD CONSTRAINT statement_sid_fkey FOREIGN KEY (sid) REFERENCES gatewalk.walk(sid);


--
-- Name: SCHEMA gatewalk; Type: ACL; Schema: -; Owner: gatewalk_owner
--

GRANT ALL ON SCHEMA gatewalk TO gatewalk_operator;


--
-- Name: FUNCTION append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text); Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

REVOKE ALL ON FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text) FROM PUBLIC;
GRANT ALL ON FUNCTION gatewalk.append(a_sid text, a_n bigint, a_head text, a_prev_n bigint, a_prev_head text, a_kind text) TO gatewalk_operator;


--
-- Name: FUNCTION trip_0ffa0430cbf6(); Type: ACL; Schema: gatewalk; Owner: postgres
--

REVOKE ALL ON FUNCTION gatewalk.trip_0ffa0430cbf6() FROM PUBLIC;


--
-- Name: TABLE alarm; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.alarm TO gatewalk_operator;


--
-- Name: TABLE anchor; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT ON TABLE gatewalk.anchor TO gatewalk_operator;


--
-- Name: TABLE job; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.job TO gatewalk_operator;


--
-- Name: TABLE job_event; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.job_event TO gatewalk_operator;


--
-- Name: TABLE line; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT ON TABLE gatewalk.line TO gatewalk_operator;


--
-- Name: TABLE meta; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT ON TABLE gatewalk.meta TO gatewalk_operator;


--
-- Name: TABLE permit; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT ON TABLE gatewalk.permit TO gatewalk_operator;


--
-- Name: TABLE sample; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.sample TO gatewalk_operator;


--
-- Name: TABLE schema_log; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT ON TABLE gatewalk.schema_log TO gatewalk_operator;


--
-- Name: TABLE sighting; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.sighting TO gatewalk_operator;


--
-- Name: TABLE source; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.source TO gatewalk_operator;


--
-- Name: TABLE statement; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.statement TO gatewalk_operator;


--
-- Name: TABLE trip; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gatewalk.trip TO gatewalk_operator;


--
-- Name: TABLE walk; Type: ACL; Schema: gatewalk; Owner: gatewalk_owner
--

GRANT SELECT,INSERT,UPDATE ON TABLE gatewalk.walk TO gatewalk_operator;


--
-- PostgreSQL database dump complete
--

\unrestrict YvjW7Gqmds2vhkLj75rVJRsv1aV26Zm1f0yVDib3bBpJcAOAAumX7tDH8LFapLf

