/* SPDX-License-Identifier: MIT */
/* A dual write that is looked at, made anew, refused, put and taken away: beside writers, and with rows that replication brings. */
#include "adapter/cluster.h"
#include "tests/dual_fixture.h"

static struct dual x;

static void teardown(void)
{
	dual_close(&x);
}

/* ---- looks ---- */

#define CHANGED "it was changed, or off for a while, since it was put on"

static const struct { const char *sql, *why; } changes[] = {
	{ "ALTER TABLE public.t DISABLE TRIGGER " LATE, "it is switched off, or does not fire always" },
	{ "ALTER TABLE public.t ENABLE TRIGGER " LATE "_i", "it is switched off, or does not fire always" },
	{ "ALTER TABLE public.t DISABLE TRIGGER ALL", "it is switched off, or does not fire always" },
	{ "DROP TRIGGER " LATE "_i ON public.t", "not all of it is there" },
	{ "CREATE OR REPLACE FUNCTION gatewalk.dual_001122334455() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", CHANGED },
	{ "CREATE OR REPLACE FUNCTION gatewalk.dual_001122334455_to(v text) RETURNS int LANGUAGE sql RETURN 7", CHANGED },
	{ "REVOKE ALL ON FUNCTION gatewalk.dual_001122334455_to(text) FROM PUBLIC", CHANGED },
	{ "ALTER FUNCTION gatewalk.dual_001122334455() SECURITY DEFINER", CHANGED },
	{ "CREATE OR REPLACE TRIGGER " LATE "_i BEFORE INSERT ON public.t FOR EACH ROW WHEN (false) EXECUTE FUNCTION gatewalk.dual_001122334455(); ALTER TABLE public.t ENABLE ALWAYS TRIGGER " LATE "_i",
		CHANGED },
	{ "COMMENT ON FUNCTION gatewalk.dual_001122334455() IS NULL", "not all of it is there" },
	/* Nothing differs in the end. */
	{ "ALTER TABLE public.t DISABLE TRIGGER " LATE ", ENABLE ALWAYS TRIGGER " LATE, CHANGED },
	{ "ALTER FUNCTION gatewalk.dual_001122334455() STABLE; ALTER FUNCTION gatewalk.dual_001122334455() VOLATILE", CHANGED },
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
	ck_assert_str_ne(x.seen.digest, digest);
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
	ck_assert(!dual_send(x.db, x.a, &x.order, true, &x.e));
	ck_assert_msg(strstr(x.e.msg, "trigger other on table public.t depends on function"), "%s", x.e.msg);
	test_sql(x.db, "ALTER TRIGGER other ON public.t RENAME TO " LATE);
	dual_lacks(&x, CHANGED);
	dual_put(&x);
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
	dual_lacks(&x, "it was made for another conversion");
	dual_put(&x);
	dual_stands(&x);
	x.order.back = NULL;
	dual_put(&x);
	dual_stands(&x);
}
END_TEST

/* As pg_dump writes them, they can be made again; what was written before that is not known. */
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
	dual_lacks(&x, CHANGED);
	test_sql(x.db, "INSERT INTO public.t (id, v) VALUES (1, '5')");
	dual_is(&x, "SELECT n FROM public.t", "5");
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

static bool says(const char *sql)
{
	return cell_bool(test_value(x.db, x.a, arena_printf(x.a, "SELECT %s", sql)));
}

/* What whoever sends it asks behind it, and what it was made of. */
START_TEST(proofs)
{
	struct dualwrite_sql sql;
	const char *unfit;
	dual_open(&x, DUAL_TABLE);
	x.order.back = _i ? "n::text" : NULL;
	ck_assert_msg(dualwrite_sql(x.db, x.a, &x.order, true, &sql, &unfit, &x.e), "%s", x.e.msg);
	ck_assert(!unfit && !sql.replaces && !says(sql.on_sql) && says(sql.off_sql));
	ck_assert_str_eq(test_value(x.db, x.a, arena_printf(x.a, "SELECT %s", sql.shape_sql)), sql.shape);
	dual_put(&x);
	ck_assert(says(sql.on_sql) && !says(sql.off_sql));
	ck_assert_str_ne(test_value(x.db, x.a, arena_printf(x.a, "SELECT %s", sql.shape_sql)), sql.shape);   /* it stands */
	ck_assert(dualwrite_sql(x.db, x.a, &x.order, false, &sql, &unfit, &x.e) && sql.replaces && !sql.put);
	static const char *const others[] = { "ALTER TABLE public.t ADD more int", "ALTER TABLE public.t ALTER w TYPE bigint", "ALTER TABLE public.t ALTER w DROP DEFAULT",
		"CREATE TABLE public.child () INHERITS (public.t)", ("ALTER TABLE public.t DISABLE TRIGGER " LATE) };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		test_sql(x.db, arena_printf(x.a, "BEGIN; %s", others[i]));
		ck_assert_str_ne(test_value(x.db, x.a, arena_printf(x.a, "SELECT %s", sql.shape_sql)), sql.shape);
		ck_assert(i < 3 || !says(sql.on_sql));
		test_sql(x.db, "ROLLBACK");
		ck_assert(says(sql.on_sql));
	}
	dual_take(&x);
	ck_assert(!says(sql.on_sql) && says(sql.off_sql));
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
	ck_assert(!dual_send(x.db, x.a, &x.order, true, &x.e));
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
	Suite *s = suite_create("dualwrite_put");
	TCase *c = tcase_create("dualwrite_put");
	tcase_set_timeout(c, 60);
	tcase_add_unchecked_fixture(c, dual_database, dual_database_gone);
	tcase_add_checked_fixture(c, NULL, teardown);
	tcase_add_loop_test(c, changes_are_seen, 0, N(changes));
	tcase_add_test(c, renamed_trigger);
	tcase_add_test(c, another_conversion);
	tcase_add_test(c, its_definitions_can_be_dumped);
	tcase_add_test(c, only_its_own_goes);
	tcase_add_loop_test(c, proofs, 0, 2);
	tcase_add_loop_test(c, refused, 0, N(unfits));
	tcase_add_test(c, put_and_taken_beside_writers);
	suite_add_tcase(s, c);
	TCase *r = tcase_create("replicated");
	tcase_set_timeout(r, 60);
	tcase_add_unchecked_fixture(r, server_up, server_down);
	tcase_add_checked_fixture(r, NULL, teardown);
	tcase_add_test(r, replicated_rows);
	suite_add_tcase(s, r);
	return test_main(s);
}
