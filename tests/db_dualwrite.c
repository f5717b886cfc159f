/* SPDX-License-Identifier: MIT */
/* The dual-write trigger: every way in which rows come in and change, both directions, what raises, who writes, what is found at a look. */
#include "adapter/blocker.h"
#include "adapter/cluster.h"
#include "tests/dual_fixture.h"

static struct dual x;

#define LATE "zz_gatewalk_dual_001122334455"
#define EARLY "_gatewalk_dual_001122334455"
/* All rows, in words. */
#define ROWS "SELECT string_agg(concat_ws(':', id, coalesce(v::text, '-'), coalesce(n::text, '-')), ' ' ORDER BY id) FROM public.t"

static void teardown(void)
{
	dual_close(&x);
}

/* ---- what it does ---- */

static const struct { const char *back, *sql, *rows; } writes[] = {
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, '5'), (2, NULL), (3, '7')", "1:5:5 2:-:- 3:7:7" },
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, '5'); UPDATE public.t SET v = '6'", "1:6:6" },
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, '5'); UPDATE public.t SET v = NULL", "1:-:-" },
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, '5') ON CONFLICT DO NOTHING; INSERT INTO public.t (id, v) VALUES (1, '6'), (2, '2') ON CONFLICT (id) DO UPDATE SET v = excluded.v", "1:6:6 2:2:2" },
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, '5'); MERGE INTO public.t USING (VALUES (1, '8'), (2, '9')) s (id, v) ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v"
		" WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)", "1:8:8 2:9:9" },
	{ NULL, "SET session_replication_role = replica; INSERT INTO public.t (id, v) VALUES (1, '5'); UPDATE public.t SET v = '6'; RESET session_replication_role", "1:6:6" },
	{ NULL, "CREATE VIEW public.o AS SELECT id, v FROM public.t; INSERT INTO public.o VALUES (1, '5'); UPDATE public.o SET v = '6'", "1:6:6" },
	/* Nothing that a writer gave is written over. */
	{ NULL, "INSERT INTO public.t (id, v, n) VALUES (1, '5', 6); UPDATE public.t SET n = 7; UPDATE public.t SET v = '8', n = 9", "1:8:9" },
	{ "n::text", "INSERT INTO public.t (id, v, n) VALUES (1, '5', 6); UPDATE public.t SET v = '8', n = 9", "1:8:9" },
	/* Not converted: left out, and the write stands. */
	{ NULL, "INSERT INTO public.t (id, v) VALUES (1, 'x'), (2, '2'); UPDATE public.t SET v = 'y' WHERE id = 2", "1:x:- 2:y:-" },
	/* Both ways. */
	{ "n::text", "INSERT INTO public.t (id, n) VALUES (1, 5), (2, NULL); INSERT INTO public.t (id, v) VALUES (3, '6')", "1:5:5 2:-:- 3:6:6" },
	{ "n::text", "INSERT INTO public.t (id, n) VALUES (1, 5); UPDATE public.t SET n = 6; UPDATE public.t SET v = '7'; UPDATE public.t SET n = 8", "1:8:8" },
	{ "n::text", "INSERT INTO public.t (id, n) VALUES (1, 5); UPDATE public.t SET n = NULL", "1:-:-" },
	{ "n::text", "INSERT INTO public.t (id, v) VALUES (1, '5'); INSERT INTO public.t (id, n) VALUES (1, 6) ON CONFLICT (id) DO UPDATE SET n = excluded.n", "1:6:6" },
	{ "n::text", "INSERT INTO public.t (id, n) VALUES (1, 5); SET session_replication_role = replica; UPDATE public.t SET n = 6; RESET session_replication_role", "1:6:6" },
	/* What agrees is left as it is written; so are rows that the backfill fills. */
	{ "n::text", "ALTER TABLE public.t DISABLE TRIGGER USER; INSERT INTO public.t (id, v) VALUES (1, '05'), (2, ' 7'); ALTER TABLE public.t ENABLE ALWAYS TRIGGER " LATE ";"
		" ALTER TABLE public.t ENABLE ALWAYS TRIGGER " EARLY "; UPDATE public.t SET n = 5 WHERE id = 1; SET gatewalk.backfill = '" TEST_SID "'; UPDATE public.t SET n = 8 WHERE id = 2;"
		" RESET gatewalk.backfill", "1:05:5 2: 7:8" },
	/* The way back raises: the write of the new field stands. */
	{ "CASE n WHEN 13 THEN (1 / (n - 13))::text ELSE n::text END", "INSERT INTO public.t (id, n) VALUES (1, 5); UPDATE public.t SET n = 13", "1:5:13" },
};

START_TEST(ways_of_writing)
{
	dual_open(&x, DUAL_TABLE);
	x.order.back = writes[_i].back;
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, writes[_i].sql);
	dual_is(&x, ROWS, writes[_i].rows);
}
END_TEST

START_TEST(copied_in)
{
	struct arena *a = arena_new();
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	test_sql(x.db, "COPY public.t (id, v) FROM PROGRAM 'printf ''1\\t5\\n2\\tx\\n'''");
	dual_is(&x, ROWS, "1:5:5 2:x:-");
	arena_free(a);
}
END_TEST

/* A default of the old column is not what a writer gave. */
START_TEST(defaults_of_the_old_column)
{
	dual_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v text DEFAULT '0' NOT NULL, n int)");
	x.order.back = "n::text";
	dual_put(&x);
	test_sql(x.db, "INSERT INTO public.t (id, n) VALUES (1, 5); INSERT INTO public.t (id) VALUES (2); INSERT INTO public.t (id, v) VALUES (3, '7')");
	dual_is(&x, ROWS, "1:5:5 2:0:0 3:7:7");
}
END_TEST

/* An update of another column works nothing out, fires nothing and touches no index: it stays a HOT one. */
START_TEST(rows_that_do_not_change)
{
	dual_open(&x, DUAL_TABLE "; CREATE SEQUENCE public.calls; CREATE FUNCTION public.conv(v text) RETURNS int LANGUAGE plpgsql STABLE AS"
		" $$BEGIN PERFORM nextval('public.calls'); RETURN v::int; END$$; CREATE INDEX ON public.t (n)");
	x.order.to = "public.conv(v)";
	x.order.back = "n::text";
	dual_put(&x);
	test_sql(x.db, "INSERT INTO public.t (id, v) SELECT i, i::text FROM generate_series(1, 50) i; SELECT setval('public.calls', 1, false)");
	test_sql(x.db, "UPDATE public.t SET w = w + 1; UPDATE public.t SET v = v; UPDATE public.t SET n = n, w = w + 1");
	dual_is(&x, "SELECT is_called FROM public.calls", "f");
	dual_until(&x, "SELECT pg_stat_force_next_flush() IS NOT NULL AND n_tup_upd = 150 AND n_tup_hot_upd > 0 FROM pg_stat_user_tables WHERE relname = 't'");
	test_sql(x.db, "UPDATE public.t SET v = '1' || v WHERE id <= 3");
	dual_is(&x, "SELECT last_value FROM public.calls", "3");
}
END_TEST

static const struct { const char *type, *new, *to, *back, *values, *rows; } types[] = {
	{ "int", "bigint", "v", "n::int", "(1, 5), (2, NULL)", "1:5:5 2:-:-" },
	{ "text", "text", NULL, "n", "(1, 'a'), (2, '')", "1:a:a 2::" },
	{ "text", "text[]", "ARRAY[v]", "n[1]", "(1, 'a,b')", "1:a,b:{\"a,b\"}" },
	{ "json", "jsonb", "v::jsonb", "n::json", "(1, '{\"a\": 1}')", "1:{\"a\": 1}:{\"a\": 1}" },
	{ "text", "public.mood", "v::public.mood", "n::text", "(1, 'ok'), (2, 'odd')", "1:ok:ok 2:odd:-" },
	{ "text", "timestamptz", "v::timestamp AT TIME ZONE 'UTC'", "(n AT TIME ZONE 'UTC')::text", "(1, '2026-11-26 08:00:00')", "1:2026-11-26 08:00:00:2026-11-26 08:00:00+00" },
	{ "text", "varchar(3)", "v", NULL, "(1, 'abc'), (2, 'abcd')", "1:abc:abc 2:abcd:-" },
	{ "numeric", "numeric(6,2)", "v", NULL, "(1, 1.005)", "1:1.005:1.01" },
	{ "text", "public.digits", "v::public.digits", NULL, "(1, '12'), (2, 'x')", "1:12:12 2:x:-" },
	{ "text", "int", "t.v::int", "t.n::text", "(1, '5')", "1:5:5" },
	{ "text", "text", "public.t.v || '!'", NULL, NULL, "the conversion: backfill.value cannot be used: invalid reference to FROM-clause entry for table \"t\"" },
};

START_TEST(types_of_columns)
{
	dual_open(&x, "CREATE TYPE public.mood AS ENUM ('ok'); CREATE DOMAIN public.digits AS text CHECK (VALUE ~ '^[0-9]*$')");
	test_sql(x.db, arena_printf(x.a, "CREATE TABLE public.t (id bigint PRIMARY KEY, v %s, n %s)", types[_i].type, types[_i].new));
	x.order.to = types[_i].to;
	x.order.back = types[_i].back;
	if (!types[_i].values) {
		ck_assert(!dualwrite_put(x.db, x.a, &x.order, NULL, &x.e));
		ck_assert_msg(strstr(x.e.msg, types[_i].rows), "%s", x.e.msg);
		return;
	}
	dual_put(&x);
	test_sql(x.db, arena_printf(x.a, "INSERT INTO public.t (id, v) VALUES %s", types[_i].values));
	dual_is(&x, ROWS, types[_i].rows);
	test_sql(x.db, "UPDATE public.t SET v = v; UPDATE public.t SET n = n");
	dual_is(&x, ROWS, types[_i].rows);
}
END_TEST

/* ---- tables ---- */

START_TEST(partitions)
{
	dual_open(&x, "CREATE TABLE public.t (id bigint, v text, n int, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM (0) TO (10);"
		" CREATE TABLE public.t2 (n int, extra int, v text, id bigint NOT NULL); ALTER TABLE public.t2 DROP COLUMN extra; ALTER TABLE public.t ATTACH PARTITION public.t2 FOR VALUES FROM (10) TO (20)");
	x.order.back = "n::text";
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, "CREATE TABLE public.t3 PARTITION OF public.t FOR VALUES FROM (20) TO (30) PARTITION BY RANGE (id); CREATE TABLE public.t31 PARTITION OF public.t3 FOR VALUES FROM (20) TO (25)");
	dual_stands(&x);
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (1, '1'), (11, '11'), (21, '21'); INSERT INTO public.t2 (id, n) VALUES (12, 12); UPDATE public.t SET v = '2', id = 13 WHERE id = 1;"
		" UPDATE public.t SET n = 3, id = 22 WHERE id = 13");
	dual_is(&x, ROWS, "11:11:11 12:12:12 21:21:21 22:3:3");
	test_sql(x.db, "ALTER TABLE public.t31 DISABLE TRIGGER " LATE);
	dual_lacks(&x, "it is not on each table, or another one there: public.t31");
	dual_put(&x);
	dual_stands(&x);
	dual_take(&x);
	dual_is(&x, "SELECT count(*) FROM pg_trigger WHERE tgname ~ 'gatewalk'", "0");
}
END_TEST

START_TEST(children)
{
	dual_open(&x, DUAL_TABLE "; CREATE TABLE public.child () INHERITS (public.t)");
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, "INSERT INTO public.child (id, v) VALUES (1, '5'); UPDATE public.t SET v = '6'; CREATE TABLE public.late () INHERITS (public.t); INSERT INTO public.late (id, v) VALUES (2, '2')");
	dual_is(&x, ROWS, "1:6:6 2:2:-");
	dual_lacks(&x, "it is not on each table, or another one there: public.late");
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, "UPDATE public.t SET v = '3'");
	dual_is(&x, ROWS, "1:3:3 2:3:3");
}
END_TEST

/* Names that would say something else, if they were not quoted. */
START_TEST(odd_names)
{
	static const char *const names[] = { "T %s", "a\"b", "x'); DROP TABLE gatewalk.walk; --", "$f$", "new", "old", "NEW", "select", "tg_op", "v1\\" };
	for (size_t i = 0; i + 1 < sizeof names / sizeof *names; i++) {
		if (i)
			dual_close(&x);
		dual_open(&x, "SELECT 1");
		const char *table = arena_printf(x.a, "\"S %%I\".\"%s\"", i == 1 ? "a\"\"b" : names[i]), *id = "\"I d'\"", *old = i == 0 ? "\"a\"\"b\"" : arena_printf(x.a, "\"%s\"", names[i + 1]);
		test_sql(x.db, arena_printf(x.a, "CREATE SCHEMA \"S %%I\"; CREATE TABLE %s (%s int PRIMARY KEY, %s text, \"n ew\" int)", table, id, old));
		x.order = (struct dual_order){ .sid = TEST_SID, .schema = "S %I", .table = names[i], .column = names[i + 1], .add_column = "n ew", .to = arena_printf(x.a, "%s::int", old), .back = "\"n ew\"::text" };
		dual_put(&x);
		dual_stands(&x);
		test_sql(x.db, arena_printf(x.a, "INSERT INTO %s (%s, %s) VALUES (1, '5'), (2, 'x'); INSERT INTO %s (%s, \"n ew\") VALUES (3, 7)", table, id, old, table, id));
		dual_is(&x, arena_printf(x.a, "SELECT string_agg(concat_ws(':', %s, %s, \"n ew\"), ' ' ORDER BY %s) FROM %s", id, old, id, table), "1:5:5 2:x 3:7:7");
		dual_is(&x, "SELECT key FROM gatewalk.dual_reject", "I d'=2");
	}
}
END_TEST

/* ---- who writes ---- */

/* No path of a session reaches what was parsed; a role that may write the table needs nothing else. */
START_TEST(search_paths_and_roles)
{
	dual_open(&x, DUAL_TABLE "; CREATE SCHEMA evil; CREATE FUNCTION evil.int4(text) RETURNS int LANGUAGE sql AS 'SELECT 666'; CREATE FUNCTION evil.length(text) RETURNS int LANGUAGE sql AS 'SELECT 666';"
		" CREATE FUNCTION evil.plus(int, int) RETURNS int LANGUAGE sql AS 'SELECT 666'; CREATE OPERATOR evil.+ (leftarg = int, rightarg = int, function = evil.plus); GRANT USAGE ON SCHEMA evil TO PUBLIC;"
		" DROP ROLE IF EXISTS gwt_writer; CREATE ROLE gwt_writer LOGIN; GRANT INSERT, SELECT, UPDATE ON public.t TO gwt_writer");
	x.order.to = "length(v) + 1";
	dual_put(&x);
	struct db *db = test_connect("user=gwt_writer dbname=" DUAL_DB);
	test_sql(db, "SET search_path = evil, pg_catalog; INSERT INTO public.t (id, v) VALUES (1, 'abc'); UPDATE public.t SET v = 'abcd' WHERE id = 1");
	db_close(db);
	dual_is(&x, ROWS, "1:abcd:5");
	x.order.to = "v::int";
	test_sql(x.db, "DELETE FROM public.t");
	dual_put(&x);
	db = test_connect("user=gwt_writer dbname=" DUAL_DB);
	test_sql(db, "CREATE TEMPORARY TABLE dual_reject (x int); INSERT INTO public.t (id, v) VALUES (2, 'bad')");
	struct err e = { 0 };
	struct arena *a = arena_new();
	ck_assert(!db_script(db, a, "SELECT FROM gatewalk.walk", 1000, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "42501");
	ck_assert(!db_script(db, a, "INSERT INTO gatewalk.dual_reject (sid, way, key, value, sqlstate, error) VALUES ('', '', '', '', '', '')", 1000, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "42501");
	arena_free(a);
	db_close(db);
	test_gone(x.db, "usename = 'gwt_writer'");
	dual_is(&x, "SELECT concat_ws(' ', way, key, value, sqlstate, error) FROM gatewalk.dual_reject", "to id=2 v=bad 22P02 invalid input syntax for type integer: \"bad\"");
	test_sql(x.db, "DROP OWNED BY gwt_writer; DROP ROLE gwt_writer");
}
END_TEST

/* Each row once, a thousand at most; none of a transaction that was rolled back. */
START_TEST(rejects_are_noted)
{
	struct dual_reject *r;
	size_t n;
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (1, 'x'); UPDATE public.t SET v = 'y'; UPDATE public.t SET v = 'z'");
	test_sql(x.db, "BEGIN; INSERT INTO public.t (id, v) VALUES (2, 'x'); ROLLBACK");
	ck_assert(dualwrite_rejects(x.db, x.a, TEST_SID, 10, &r, &n, &x.e));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(r[0].key, "id=1");
	ck_assert_str_eq(r[0].value, "v=x");
	ck_assert_str_eq(r[0].sqlstate, "22P02");
	ck_assert_int_eq(dual_look(&x)->rejects, 1);
	test_sql(x.db, "INSERT INTO public.t (id, v) SELECT i, 'x' FROM generate_series(10, 1100) i");
	ck_assert_int_eq(dual_look(&x)->rejects, 1000);
	dual_is(&x, "SELECT count(*) FROM public.t", "1092");
	/* The list itself is gone: the write stands all the same. */
	test_sql(x.db, "ALTER TABLE gatewalk.dual_reject RENAME TO other; INSERT INTO public.t (id, v) VALUES (5000, 'x'); ALTER TABLE gatewalk.other RENAME TO dual_reject");
	dual_is(&x, "SELECT count(*) FROM public.t", "1093");
}
END_TEST

/* The new column is renamed under it: no write fails. */
START_TEST(a_column_renamed_under_it)
{
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	test_sql(x.db, "ALTER TABLE public.t RENAME n TO m; INSERT INTO public.t (id, v) VALUES (1, '5'); UPDATE public.t SET v = '6'");
	dual_is(&x, "SELECT v FROM public.t", "6");
	ck_assert(!dual_look(&x)->stands);
}
END_TEST

/* What the conversion calls cannot go away under it. */
START_TEST(what_it_calls_stays)
{
	struct err e = { 0 };
	dual_open(&x, DUAL_TABLE "; CREATE FUNCTION public.conv(v text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT v::int + 1'");
	x.order.to = "public.conv(v)";
	dual_put(&x);
	ck_assert(!db_script(x.db, x.a, "DROP FUNCTION public.conv(text)", 1000, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "2BP01");
	test_sql(x.db, "ALTER FUNCTION public.conv(text) RENAME TO other; INSERT INTO public.t (id, v) VALUES (1, '5')");
	dual_is(&x, ROWS, "1:5:6");
}
END_TEST

/* ---- the application's own triggers ---- */

#define APP(name, event, body) "CREATE OR REPLACE FUNCTION public." name "_f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN " body " RETURN NEW; END$$; CREATE TRIGGER " name " " event " ON public.t FOR EACH ROW EXECUTE FUNCTION public." name "_f()"

START_TEST(before_the_applications_triggers)
{
	dual_open(&x, DUAL_TABLE ";" APP("a_first", "BEFORE INSERT OR UPDATE", "NEW.v := trim(NEW.v);") ";" APP("z_last", "BEFORE INSERT OR UPDATE", "NEW.v := replace(NEW.v, '_', '');"));
	dual_put(&x);
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (1, ' 5_0 '); UPDATE public.t SET v = ' 6_0 '");
	dual_is(&x, ROWS, "1:60:60");
	ck_assert_str_eq(dual_look(&x)->later, "");
	/* One that fires later makes them differ: it is named. */
	test_sql(x.db, APP("zzz", "BEFORE UPDATE", "NEW.v := '7';") "; UPDATE public.t SET v = '8'");
	dual_is(&x, ROWS, "1:7:8");
	ck_assert_str_eq(dual_look(&x)->later, "zzz");
	dual_stands(&x);
}
END_TEST

/* To them a write of new code looks like one of old code; and an AFTER trigger that writes the table again does not run in circles. */
START_TEST(triggers_that_know_the_old_column)
{
	dual_open(&x, DUAL_TABLE "; CREATE TABLE public.seen (v text); " APP("checks", "BEFORE INSERT OR UPDATE", "IF NEW.v IS NULL THEN RAISE 'no v'; END IF;") ";"
		APP("tells", "AFTER INSERT OR UPDATE", "INSERT INTO public.seen VALUES (NEW.v); IF NEW.w < 3 THEN UPDATE public.t SET w = w + 1, n = n + 1 WHERE id = NEW.id; END IF;") ";"
		APP("narrow", "AFTER UPDATE OF v", "RAISE 'never';") "; ALTER TABLE public.t ADD CONSTRAINT small CHECK (n < 1000)");
	x.order.back = "n::text";
	dual_put(&x);
	test_sql(x.db, "INSERT INTO public.t (id, n) VALUES (1, 5)");
	dual_is(&x, ROWS, "1:8:8");
	dual_is(&x, "SELECT string_agg(v, ' ' ORDER BY v) FROM public.seen", "5 6 7 8");
	dual_look(&x);
	ck_assert_str_eq(x.seen.update_of, "narrow");
	ck_assert_str_eq(x.seen.refusing, "small");
	ck_assert_str_eq(x.seen.earlier, "");
	test_sql(x.db, "CREATE TRIGGER \"A\" BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.checks_f()");
	ck_assert_str_eq(dual_look(&x)->earlier, "A");
}
END_TEST

/* ---- looks ---- */

static const struct { const char *sql, *why; } changes[] = {
	{ "ALTER TABLE public.t DISABLE TRIGGER " LATE, "one of its triggers is switched off, or does not fire always" },
	{ "ALTER TABLE public.t ENABLE TRIGGER " LATE "_i", "one of its triggers is switched off, or does not fire always" },
	{ "ALTER TABLE public.t DISABLE TRIGGER ALL", "one of its triggers is switched off, or does not fire always" },
	{ "DROP TRIGGER " LATE "_i ON public.t", "not all of it is there" },
	{ "CREATE OR REPLACE FUNCTION gatewalk.dual_001122334455() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", "it was changed since it was made" },
	{ "CREATE OR REPLACE FUNCTION gatewalk.dual_001122334455_to(v text) RETURNS int LANGUAGE sql RETURN 7", "it was changed since it was made" },
	{ "REVOKE ALL ON FUNCTION gatewalk.dual_001122334455_to(text) FROM PUBLIC", "it was changed since it was made" },
	{ "ALTER FUNCTION gatewalk.dual_001122334455() SECURITY DEFINER", "it was changed since it was made" },
	{ "CREATE OR REPLACE TRIGGER " LATE "_i BEFORE INSERT ON public.t FOR EACH ROW WHEN (false) EXECUTE FUNCTION gatewalk.dual_001122334455(); ALTER TABLE public.t ENABLE ALWAYS TRIGGER " LATE "_i",
		"it was changed since it was made" },
	{ "COMMENT ON FUNCTION gatewalk.dual_001122334455() IS NULL", "not all of it is there" },
};

START_TEST(changes_are_seen)
{
	dual_open(&x, DUAL_TABLE);
	dual_lacks(&x, "it is not there");
	ck_assert(!x.seen.there);
	dual_put(&x);
	dual_stands(&x);
	const char *digest = x.seen.digest;
	test_sql(x.db, changes[_i].sql);
	dual_lacks(&x, changes[_i].why);
	dual_put(&x);
	dual_stands(&x);
	ck_assert_str_eq(x.seen.digest, digest);
	dual_is(&x, "SELECT count(*) FROM pg_trigger WHERE tgname ~ '^zz_gatewalk'", "2");
}
END_TEST

/* Under another name it is nobody's: it is not taken away, and said. */
START_TEST(renamed_trigger)
{
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	test_sql(x.db, "ALTER TRIGGER " LATE " ON public.t RENAME TO other");
	dual_lacks(&x, "not all of it is there");
	ck_assert(!dualwrite_put(x.db, x.a, &x.order, NULL, &x.e));
	ck_assert_msg(strstr(x.e.msg, "trigger other on table public.t depends on function"), "%s", x.e.msg);
	test_sql(x.db, "ALTER TRIGGER other ON public.t RENAME TO " LATE);
	dual_stands(&x);
}
END_TEST

START_TEST(another_conversion)
{
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	x.order.to = "v::int * 2";
	dual_lacks(&x, "it was made for another conversion");
	dual_put(&x);
	dual_stands(&x);
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (1, '5')");
	dual_is(&x, ROWS, "1:5:10");
	x.order.back = "(n / 2)::text";
	dual_lacks(&x, "not all of it is there");
	dual_put(&x);
	dual_stands(&x);
	x.order.back = NULL;
	dual_put(&x);
	dual_stands(&x);
}
END_TEST

/* As pg_dump writes them, they can be made again. */
START_TEST(its_definitions_can_be_dumped)
{
	dual_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v text DEFAULT '0', j json, f float8, n int)");
	x.order.to = "coalesce(v::int, (j->>'a')::int, f::int)";
	x.order.back = "n::text";
	dual_put(&x);
	test_sql(x.db, "DO $$DECLARE defs text[] := ARRAY(SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname ~ 'gatewalk' ORDER BY tgname);"
		" funs text[] := ARRAY(SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname ~ '^dual_' ORDER BY proname); d text; BEGIN"
		" FOREACH d IN ARRAY ARRAY(SELECT format('DROP TRIGGER %I ON public.t', tgname) FROM pg_trigger WHERE tgname ~ 'gatewalk') LOOP EXECUTE d; END LOOP;"
		" FOREACH d IN ARRAY funs LOOP EXECUTE d; END LOOP; FOREACH d IN ARRAY defs LOOP EXECUTE d; END LOOP; END$$;"
		" ALTER TABLE public.t ENABLE ALWAYS TRIGGER " LATE ", ENABLE ALWAYS TRIGGER " LATE "_i, ENABLE ALWAYS TRIGGER " EARLY ", ENABLE ALWAYS TRIGGER " EARLY "_i");
	dual_stands(&x);
}
END_TEST

START_TEST(only_its_own_goes)
{
	dual_open(&x, DUAL_TABLE ";" APP("zz_gatewalk_dual_mine", "BEFORE UPDATE", "") ";" APP("zz_gatewalk_dual_ffffffffffff", "BEFORE UPDATE", "") ";"
		" CREATE FUNCTION gatewalk.dual_helper() RETURNS int LANGUAGE sql RETURN 1");
	dual_put(&x);
	dual_take(&x);
	dual_take(&x);
	dual_lacks(&x, "it is not there");
	dual_is(&x, "SELECT string_agg(tgname, ' ' ORDER BY tgname) FROM pg_trigger WHERE tgrelid = 'public.t'::regclass", "zz_gatewalk_dual_ffffffffffff zz_gatewalk_dual_mine");
	dual_is(&x, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proname ~ '^dual_'", "1");
}
END_TEST

/* With it, or not at all. */
START_TEST(in_one_transaction)
{
	dual_open(&x, DUAL_TABLE "; CREATE TABLE public.ledger (i int CHECK (i < 3))");
	ck_assert(!dualwrite_put(x.db, x.a, &x.order, "INSERT INTO public.ledger VALUES (3)", &x.e));
	dual_lacks(&x, "it is not there");
	ck_assert(dualwrite_put(x.db, x.a, &x.order, "INSERT INTO public.ledger VALUES (1)", &x.e));
	ck_assert(dualwrite_put(x.db, x.a, &x.order, "INSERT INTO public.ledger VALUES (2)", &x.e));
	dual_stands(&x);
	ck_assert(!dualwrite_take(x.db, x.a, TEST_SID, "INSERT INTO public.ledger VALUES (3)", &x.e));
	dual_stands(&x);
	ck_assert(dualwrite_take(x.db, x.a, TEST_SID, "INSERT INTO public.ledger VALUES (1)", &x.e));
	dual_is(&x, "SELECT sum(i) FROM public.ledger", "4");
}
END_TEST

/* ---- what is refused ---- */

static const struct { const char *table, *to, *back, *why; } unfits[] = {
	{ "CREATE TABLE public.other ()", "v::int", NULL, "there is no table public.t" },
	{ "CREATE VIEW public.t AS SELECT 1 AS v, 1 AS n", "v", NULL, "there is no table public.t" },
	{ "CREATE TABLE public.t (n int)", "v::int", NULL, "table t has no column v" },
	{ "CREATE TABLE public.t (v text)", "v::int", NULL, "table t has no column n" },
	{ "CREATE TABLE public.t (v text, n int NOT NULL)", "v::int", NULL, "column n is NOT NULL" },
	{ "CREATE TABLE public.t (v text, n int DEFAULT 0)", "v::int", NULL, "column n has a default" },
	{ "CREATE TABLE public.t (v text, n int GENERATED ALWAYS AS (1) STORED)", "v::int", NULL, "the conversion: the server gives column \"n\" its value itself: it is generated" },
	{ "CREATE TABLE public.t (v int, g int GENERATED ALWAYS AS (v + 1) STORED, n int)", "g", NULL, "the conversion reads g, which the server works out itself" },
	{ "CREATE TABLE public.t (v text, n int)", "1", NULL, "the conversion reads no column" },
	{ "CREATE TABLE public.t (v text, n int)", "coalesce(n, v::int)", NULL, "the conversion reads the new column n itself" },
	{ "CREATE TABLE public.t (v text, n jsonb)", "to_jsonb(t)", NULL, "the conversion takes the whole row" },
	{ "CREATE TABLE public.t (v text, n int)", "v::int + random()::int", NULL, "volatile" },
	{ "CREATE TABLE public.t (v text, n int)", "v::float8", NULL, "of type double precision and column \"n\" of type integer" },
	{ "CREATE TABLE public.t (v text, n int); INSERT INTO public.t VALUES ('x')", "v::int", NULL, "each of the 1 rows tried is refused" },
	{ "CREATE TABLE public.t (v text, n int)", "v::int", "v", "the way back does not read the new column n" },
	{ "CREATE TABLE public.t (v text, n int)", "v::int", "n", "the way back: the backfill's expression is of type integer" },
	{ "CREATE TABLE public.t (v int GENERATED BY DEFAULT AS IDENTITY, n bigint)", "v", "n::int", "column v has a default that is another one each time" },
	{ "CREATE TABLE public.t (v serial, n bigint)", "v", "n::int", "column v has a default that is another one each time" },
	{ "CREATE TABLE public.t (v int GENERATED ALWAYS AS (1) STORED, w int, n bigint)", "w", "n::int", "column v is generated" },
	{ "CREATE TABLE public.t (v int, n bigint) PARTITION BY RANGE (v)", "v", "n::int", "column v may decide in which partition a row is" },
	{ "CREATE TABLE public.t (v text, n int); CREATE FUNCTION public.conv(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; REVOKE ALL ON FUNCTION public.conv(text) FROM PUBLIC;"
		" GRANT INSERT ON public.t TO pg_monitor", "public.conv(v)", NULL, "pg_monitor may not call public.conv(text): GRANT EXECUTE first" },
};

START_TEST(refused)
{
	dual_open(&x, unfits[_i].table);
	x.order.to = unfits[_i].to;
	x.order.back = unfits[_i].back;
	ck_assert(!dualwrite_put(x.db, x.a, &x.order, NULL, &x.e));
	ck_assert_int_eq(x.e.code, ERR_GATE);
	ck_assert_msg(strstr(x.e.msg, unfits[_i].why), "%s", x.e.msg);
	dual_is(&x, "SELECT count(*) FROM pg_proc WHERE proname ~ '^dual_'", "0");
}
END_TEST

/* ---- beside writers ---- */

#define WRITES "INSERT INTO public.t (id, v) VALUES (nextval('public.ids'), '1'); UPDATE public.t SET v = (v::int + 1)::text, w = w + 1 WHERE id = 1 + (random() * 500)::int"

START_TEST(put_and_taken_beside_writers)
{
	dual_open(&x, DUAL_TABLE "; CREATE SEQUENCE public.ids START 1000; INSERT INTO public.t (id, v) SELECT i, '0' FROM generate_series(1, 501) i");
	const pid_t writers[3] = { dual_writer(WRITES), dual_writer(WRITES), dual_writer(WRITES) };
	dual_until(&x, "SELECT last_value > 1100 FROM public.ids");
	dual_put(&x);
	test_sql(x.db, "CREATE TABLE public.stood AS SELECT last_value AS id FROM public.ids");
	dual_until(&x, "SELECT last_value > (SELECT id + 300 FROM public.stood) FROM public.ids");
	dual_writers_end(&x, writers, 3);
	dual_is(&x, "SELECT count(*) FROM public.t WHERE id > (SELECT id + 3 FROM public.stood) AND n IS DISTINCT FROM v::int", "0");
	dual_is(&x, "SELECT count(*) FROM public.t WHERE n IS NOT NULL AND n <> v::int", "0");
	dual_is(&x, "SELECT count(*) > 300 FROM public.t WHERE n = v::int", "t");
	/* The control: rows written without it have no value. */
	dual_is(&x, "SELECT count(*) > 0 FROM public.t WHERE n IS NULL", "t");
	dual_is(&x, "SELECT count(*) FROM public.t WHERE id <= 501 AND v::int <> w", "0");
	const pid_t again[2] = { dual_writer(WRITES), dual_writer(WRITES) };
	dual_until(&x, "SELECT count(*) >= 3 FROM pg_stat_activity WHERE application_name = 'gatewalk test'");
	dual_take(&x);
	dual_writers_end(&x, again, 2);
}
END_TEST

/* Its lock is not free: nobody queues behind it for long, and whoever holds it is named. */
START_TEST(lock_not_free)
{
	dual_open(&x, DUAL_TABLE "; INSERT INTO public.t (id, v) VALUES (1, '1')");
	struct db *other = test_connect("dbname=" DUAL_DB);
	test_sql(other, "SET application_name = 'night job'");
	test_sql(other, "BEGIN; INSERT INTO public.t (id) VALUES (3)");
	pid_t pid = fork();
	if (pid == 0) {
		struct err e = { 0 };
		struct db *db = test_connect("dbname=" DUAL_DB);
		_exit(dualwrite_put(db, arena_new(), &x.order, NULL, &e) ? 0 : 1);
	}
	dual_until(&x, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'BEGIN; SET LOCAL lock_timeout%'");
	int64_t began = clock_mono();
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (2, '2')");
	ck_assert_int_lt(clock_mono() - began, US_SECOND);
	struct fact_blocker by;
	ck_assert(blocker_look(x.db, x.a, (unsigned)cell_int(test_value(x.db, x.a, "SELECT 'public.t'::regclass::oid")), false, &by, &x.e) && by.at && by.pid == db_backend_pid(other));
	const char *who = blocker_says(x.a, &by);
	ck_assert_msg(strstr(who, "(night job, ") && strstr(who, "BEGIN; INSERT INTO public.t (id) VALUES (3)"), "%s", who);
	test_sql(other, "COMMIT");
	db_close(other);
	int status = 0;
	waitpid(pid, &status, 0);
	ck_assert_int_eq(status, 0);
	dual_stands(&x);
}
END_TEST

/* ---- replication ---- */

static struct cluster server;
static struct arena *outside;

/* Unchecked: it runs in the process that survives a failed test, so that nothing is left running. */
static void server_up(void)
{
	struct err e = { 0 };
	outside = arena_new();
	const struct cluster_opts o = { .dir = arena_printf(outside, "/tmp/gwdu.%d", (int)getpid()), .settings = "fsync = off\nshared_buffers = 16MB\nwal_level = logical\nautovacuum = off\n" };
	ck_assert_msg(cluster_start(outside, &o, &server, &e), "%s", e.msg);
	setenv("PGHOST", server.host, 1);
	setenv("PGPORT", arena_printf(outside, "%d", server.port), 1);
	setenv("PGUSER", server.user, 1);
}

static void server_down(void)
{
	struct err e = { 0 };
	cluster_remove(outside, &server, &e);
	arena_free(outside);
}

/* Rows that a subscription brings, from a server that knows the old column alone. The control: a trigger that does not fire always. */
START_TEST(replicated_rows)
{
	dual_database();
	dual_open(&x, DUAL_TABLE);
	struct db *pub = test_database("gwt_pub");
	test_sql(pub, "CREATE TABLE public.t (id bigint PRIMARY KEY, v text, w int); CREATE PUBLICATION p FOR TABLE public.t");
	test_sql(pub, "SELECT pg_create_logical_replication_slot('gwt_dual', 'pgoutput')");
	dual_put(&x);
	test_sql(x.db, arena_printf(x.a, "CREATE SUBSCRIPTION s CONNECTION 'host=%s port=%d user=%s dbname=gwt_pub' PUBLICATION p WITH (create_slot = false, slot_name = 'gwt_dual', copy_data = false)",
		server.host, server.port, server.user));
	test_sql(pub, "INSERT INTO public.t VALUES (1, '5'), (2, '6'); UPDATE public.t SET v = '7' WHERE id = 2");
	dual_until(&x, "SELECT count(*) = 2 AND bool_or(v = '7') FROM public.t");
	dual_is(&x, ROWS, "1:5:5 2:7:7");
	test_sql(x.db, "ALTER TABLE public.t ENABLE TRIGGER " LATE "_i");
	test_sql(pub, "INSERT INTO public.t VALUES (3, '8')");
	dual_until(&x, "SELECT count(*) = 3 FROM public.t");
	dual_is(&x, ROWS, "1:5:5 2:7:7 3:8:-");
	test_sql(x.db, "ALTER SUBSCRIPTION s DISABLE; ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s");
	db_close(pub);
}
END_TEST

#define N(list) (int)(sizeof list / sizeof *list)

int main(void)
{
	Suite *s = suite_create("dualwrite");
	TCase *c = tcase_create("dualwrite");
	tcase_set_timeout(c, 60);
	tcase_add_unchecked_fixture(c, dual_database, dual_database_gone);
	tcase_add_checked_fixture(c, NULL, teardown);
	tcase_add_loop_test(c, ways_of_writing, 0, N(writes));
	tcase_add_test(c, copied_in);
	tcase_add_test(c, defaults_of_the_old_column);
	tcase_add_test(c, rows_that_do_not_change);
	tcase_add_loop_test(c, types_of_columns, 0, N(types));
	tcase_add_test(c, partitions);
	tcase_add_test(c, children);
	tcase_add_test(c, odd_names);
	tcase_add_test(c, search_paths_and_roles);
	tcase_add_test(c, rejects_are_noted);
	tcase_add_test(c, a_column_renamed_under_it);
	tcase_add_test(c, what_it_calls_stays);
	tcase_add_test(c, before_the_applications_triggers);
	tcase_add_test(c, triggers_that_know_the_old_column);
	tcase_add_loop_test(c, changes_are_seen, 0, N(changes));
	tcase_add_test(c, renamed_trigger);
	tcase_add_test(c, another_conversion);
	tcase_add_test(c, its_definitions_can_be_dumped);
	tcase_add_test(c, only_its_own_goes);
	tcase_add_test(c, in_one_transaction);
	tcase_add_loop_test(c, refused, 0, N(unfits));
	tcase_add_test(c, put_and_taken_beside_writers);
	tcase_add_test(c, lock_not_free);
	suite_add_tcase(s, c);
	TCase *r = tcase_create("replicated");
	tcase_set_timeout(r, 60);
	tcase_add_unchecked_fixture(r, server_up, server_down);
	tcase_add_checked_fixture(r, NULL, teardown);
	tcase_add_test(r, replicated_rows);
	suite_add_tcase(s, r);
	return test_main(s);
}
