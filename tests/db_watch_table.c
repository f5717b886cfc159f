/* SPDX-License-Identifier: MIT */
/* The watch over a table that is to go, and over rows: what is a sighting, and what explains a scan. */
#include "adapter/audit.h"

#include <time.h>

#include "adapter/own.h"
#include "adapter/probe.h"
#include "tests/lib_walk.h"

#define DB "gwt_watch_table"

static struct db *db, *web;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.cust (id int PRIMARY KEY); INSERT INTO public.cust VALUES (1), (2);"
		"CREATE TABLE public.orders (id int PRIMARY KEY, note text, cust int REFERENCES public.cust) WITH (autovacuum_enabled = off); INSERT INTO public.orders SELECT g, 'n', 1 FROM generate_series(1, 20) g;"
		"CREATE TABLE public.items (id int, ord int REFERENCES public.orders);"
		"CREATE FUNCTION public.hidden(t text) RETURNS bigint LANGUAGE plpgsql AS $$DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM public.' || t INTO n; RETURN n; END$$;"
		"GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC; ANALYZE");
	test_sql(db, "DO $$BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gwt_web') THEN CREATE ROLE gwt_web LOGIN; END IF; END$$;");
	test_sql(db, "ALTER DATABASE " DB " SET pg_stat_statements.track = 'top'");
	target = test_target(db, a, "public", "orders", "id");
	test_schema(db, a, &target);
	/* What was put in here is counted now: handed in between two looks, it would explain a scan. */
	test_sql(db, "SELECT pg_stat_force_next_flush(); SELECT 1");
}

static void teardown(void)
{
	db_close(web);
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void begin(const char *recipe, const char *where)
{
	plan = test_plan();
	plan.recipe = recipe;
	plan.column = NULL;
	plan.where = where;
	ck_assert_msg(probe_target(db, a, &plan, &target, &e) && target.found, "%s", e.msg);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target, .where = where }, &e), "%s", e.msg);
	web = test_client(DB, "web", "gwt_web");
	/* statements inside functions are not seen: as servers come */
	ck_assert_str_eq(test_value(web, a, "SELECT current_setting('pg_stat_statements.track')"), "top");
}

static void tick(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
}

/* Its counts are handed in at once, and it is another program again. */
static void work(const char *sql)
{
	test_sql(web, sql);
	test_sql(web, "SELECT pg_stat_force_next_flush(); SELECT 1");
}

static const char *sighted(void)
{
	struct sighting *s;
	size_t n;
	ck_assert_msg(watch_untaken(db, a, TEST_SID, &s, &n, &e), "%s", e.msg);
	if (n == 0)
		return "";
	ck_assert_uint_eq(n, 1);
	ck_assert(watch_taken(db, TEST_SID, s[0].id, &e));
	return arena_printf(a, "%s: %s", s[0].source, s[0].text);
}

struct use { const char *sql, *seen; };
static const struct use table_uses[] = {
	{ "SELECT 1", "" },
	{ "SELECT note FROM public.orders WHERE id = 3", "statements: role gwt_web read orders" },
	{ "SELECT public.hidden('orders')", "scan counters: somebody whom no statement shows read orders" },
	{ "SELECT public.hidden('cust')", "" },
	{ "INSERT INTO public.items VALUES (1, 1), (2, 2)", "" },   /* checks of foreign keys, both ways */
	{ "DELETE FROM public.cust WHERE id = 2", "" },
};

START_TEST(table_is_used)
{
	const struct use *u = &table_uses[_i];
	begin("drop-table", NULL);
	tick();
	ck_assert_str_eq(sighted(), "");
	work(u->sql);
	tick();
	const char *text = sighted();
	ck_assert_msg(strncmp(text, u->seen, strlen(u->seen)) == 0 && (*u->seen || !*text), "%s: %s", u->sql, text);
	tick();
	ck_assert_str_eq(sighted(), "");   /* once */
}
END_TEST

/* VACUUM and ANALYZE do not count; a job of gatewalk's own explains what it scans; the watcher's own looks scan nothing. */
START_TEST(own_scans)
{
	begin("drop-table", NULL);
	tick();
	test_sql(db, "ANALYZE public.orders");
	test_sql(db, "VACUUM public.orders");
	tick();
	ck_assert_str_eq(sighted(), "");
	test_sql(db, "INSERT INTO gatewalk.job (sid, kind, state, started_at, ended_at) VALUES ('" TEST_SID "', 'snapshot', 'done', clock_timestamp(), clock_timestamp())");
	work("SELECT public.hidden('orders')");
	tick();
	ck_assert_str_eq(sighted(), "");
	test_sql(db, "UPDATE gatewalk.job SET started_at = started_at - interval '1 h', ended_at = ended_at - interval '1 h'");
	work("SELECT public.hidden('orders')");
	tick();
	ck_assert_str_eq(sighted(), "scan counters: somebody whom no statement shows read orders");
}
END_TEST

START_TEST(table_is_written)
{
	static const char *const sources[] = { "statements", "tripwire", "sessions" };
	struct fact_watch w;
	struct sighting *s;
	size_t n;
	begin("drop-table", NULL);
	tick();
	test_sql(web, "DO $$BEGIN DELETE FROM public.orders WHERE id > 18; END$$");
	tick();
	ck_assert_msg(watch_untaken(db, a, TEST_SID, &s, &n, &e), "%s", e.msg);
	ck_assert_uint_eq(n, 3);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(s[i].source, sources[i]);
		ck_assert_str_eq(s[i].touch, "write");
		ck_assert_ptr_nonnull(strstr(s[i].text, "gwt_web"));
	}
	ck_assert(watch_read(db, a, TEST_SID, 0, &w, &e));
	ck_assert(w.statements_there && w.tripwire_there && w.tripwire_enabled && w.unbroken_since > 0 && w.standbys_ok);
}
END_TEST

static const struct use row_uses[] = {
	{ "SELECT * FROM public.orders", "" },
	{ "SELECT public.hidden('orders')", "" },
	{ "UPDATE public.orders SET note = 'x' WHERE id < 5", "" },
	{ "DELETE FROM public.orders WHERE id < 5", "" },
	{ "UPDATE public.orders SET note = 'x' WHERE id = 15", "tripwire: web (role gwt_web, local) wrote orders" },
	{ "INSERT INTO public.orders (id) VALUES (50)", "tripwire: web (role gwt_web, local) wrote orders" },
	{ "TRUNCATE public.orders, public.items", "tripwire: web (role gwt_web, local) wrote orders" },
};

START_TEST(rows_are_used)
{
	const struct use *u = &row_uses[_i];
	struct fact_watch w;
	begin("remove-rows", "id > 10");
	tick();
	work(u->sql);
	tick();
	ck_assert_str_eq(sighted(), u->seen);
	ck_assert(watch_read(db, a, TEST_SID, 0, &w, &e));
	ck_assert(w.tripwire_there && w.tripwire_enabled && w.unbroken_since > 0);
	ck_assert_int_eq(w.last_sighting > 0, *u->seen != '\0');
}
END_TEST

/* Of rows the tripwire alone speaks: statements, sessions and standbys are not even read, and a gap in them is none of the watch. */
START_TEST(rows_are_watched_by_the_tripwire_alone)
{
	struct fact_watch before, after;
	begin("remove-rows", "id > 10");
	tick();
	ck_assert(watch_read(db, a, TEST_SID, 0, &before, &e));
	test_sql(db, "SELECT public.pg_stat_statements_reset()");
	tick();
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.pg_stat_statements WHERE query LIKE '%gatewalk%' AND query ~ 'pg_stat_statements s|pg_stat_statements_info|pg_stat_activity|pg_stat_replication'"), "0");
	ck_assert_str_ne(test_value(db, a, "SELECT count(*) FROM public.pg_stat_statements WHERE query LIKE '%gatewalk.source%'"), "0");
	ck_assert_str_eq(test_value(db, a, "SELECT string_agg(source || ' ' || server || ' ' || coalesce(gap, '-'), ', ') FROM gatewalk.source"), "tripwire primary -");
	ck_assert(watch_read(db, a, TEST_SID, 0, &after, &e));
	ck_assert_int_eq(after.unbroken_since, before.unbroken_since);
	ck_assert_ptr_null(after.gap);
	/* Its own gap counts, and is shown. */
	test_sql(db, "ALTER TABLE public.orders DISABLE TRIGGER ALL");
	tick();
	ck_assert(watch_read(db, a, TEST_SID, 0, &after, &e));
	ck_assert_int_eq(after.unbroken_since, 0);
	ck_assert_ptr_nonnull(strstr(after.gap, "tripwire on primary"));
	ck_assert_ptr_nonnull(strstr(after.gap, "the tripwire was switched off or changed"));
	test_sql(db, "ALTER TABLE public.orders ENABLE TRIGGER ALL");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("watch_table");
	TCase *t = tcase_create("watch_table");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, table_is_used, 0, (int)(sizeof table_uses / sizeof table_uses[0]));
	tcase_add_test(t, own_scans);
	tcase_add_test(t, table_is_written);
	tcase_add_test(t, rows_are_watched_by_the_tripwire_alone);
	tcase_add_loop_test(t, rows_are_used, 0, (int)(sizeof row_uses / sizeof row_uses[0]));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
