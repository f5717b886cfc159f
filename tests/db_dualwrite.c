/* SPDX-License-Identifier: MIT */
/* The dual-write trigger: every way in which rows come in and change, both directions, what raises, who writes, other triggers beside it. */
#include "tests/dual_fixture.h"

static struct dual x;

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
	dual_open(&x, DUAL_TABLE);
	dual_put(&x);
	test_sql(x.db, "COPY public.t (id, v) FROM PROGRAM 'printf ''1\\t5\\n2\\tx\\n'''");
	dual_is(&x, ROWS, "1:5:5 2:x:-");
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
		ck_assert(!dual_send(x.db, x.a, &x.order, true, &x.e));
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
	suite_add_tcase(s, c);
	return test_main(s);
}
