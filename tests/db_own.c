/* SPDX-License-Identifier: MIT */
/* The tripwire: sees every write that changes the column, never stops one, and nothing but it can be taken away from here. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_own"
#define SID "0123456789abcdef0123456789abcdef"
#define TRIP "gatewalk.trip_0123456789ab"
#define TRIGGER "gatewalk_trip_0123456789ab"

static struct fix x;
static struct fact_target target;

static void look_target(const char *column)
{
	struct err e = { 0 };
	x.plan = (struct plan){ .recipe = "drop-column", .schema = "public", .table = "t", .column = column };
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &target, &e), "%s", e.msg);
	ck_assert_msg(target.found, "%s", target.missing);
}

static void put(const char *column)
{
	struct err e = { 0 };
	look_target(column);
	ck_assert_msg(own_tripwire_put(x.db, x.a, &(struct own_trip){ .sid = SID, .target = &target }, &e), "%s", e.msg);
}

static int64_t count(void)
{
	struct err e = { 0 };
	bool there, enabled;
	int64_t n;
	ck_assert_msg(own_tripwire_look(x.db, x.a, SID, target.relid, &there, &enabled, &n, &e), "%s", e.msg);
	return n;
}

static void seen(bool want_there, bool want_enabled)
{
	struct err e = { 0 };
	bool there, enabled;
	int64_t n;
	ck_assert_msg(own_tripwire_look(x.db, x.a, SID, target.relid, &there, &enabled, &n, &e), "%s", e.msg);
	ck_assert_int_eq(there, want_there);
	ck_assert_int_eq(enabled, want_enabled);
}

static void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, old text, other int, j json, b box, n numeric, c char(5), e int[], x xml);"
		"INSERT INTO public.t VALUES (1, 'a', 1, '{\"a\":1}', '(0,0),(2,2)', 1.0, 'a', '{1}', '<a/>')");
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

START_TEST(names)
{
	struct arena *a = arena_new();
	ck_assert_str_eq(own_trigger_name(a, SID), TRIGGER);
	ck_assert_str_eq(own_sequence_name(a, SID), TRIP);
	static const char *const ours[] = { TRIGGER, TRIGGER "_i", TRIGGER "_t", TRIP, "gatewalk_trip_ffffffffffff" };
	static const char *const others[] = { "", "orders", "gatewalk", "gatewalk.walk", "gatewalk.anchor", "gatewalk.append", "gatewalk_trip_", "gatewalk_trip_0123456789a",
		"gatewalk_trip_0123456789abc", "gatewalk_trip_0123456789aB", "gatewalk_trip_0123456789ab_x", "gatewalk_trip_0123456789ab_i; DROP TABLE t", " " TRIGGER,
		"gatewalk.trip_0123456789ab_i", "gatewalk.trip_0123456789ab;", "public.trip_0123456789ab", "trip_0123456789ab", TRIP " CASCADE", "GATEWALK.trip_0123456789ab" };
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		ck_assert_msg(own_is_ours(ours[i]), "%s", ours[i]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		ck_assert_msg(!own_is_ours(others[i]), "%s", others[i]);
	ck_assert(!own_is_ours(NULL));
	ck_assert_ptr_null(own_trigger_name(a, "xyz"));
	ck_assert_ptr_null(own_trigger_name(a, "0123456789A"));
	ck_assert_ptr_null(own_sequence_name(a, NULL));
	arena_free(a);
}
END_TEST

/* What counts, and by how much. */
struct touch_case { const char *column, *sql; int64_t more; };
static const struct touch_case touches[] = {
	{ "old", "INSERT INTO public.t (id, old) VALUES (2, 'x')", 1 },
	{ "old", "INSERT INTO public.t (id) VALUES (2)", 0 },
	{ "old", "INSERT INTO public.t (id, old) SELECT g, 'x' FROM generate_series(2, 11) g", 10 },
	{ "old", "UPDATE public.t SET old = 'b'", 1 },
	{ "old", "UPDATE public.t SET old = NULL", 1 },
	{ "old", "UPDATE public.t SET old = 'a', other = 2", 0 },
	{ "old", "UPDATE public.t SET other = 2", 0 },
	{ "old", "UPDATE public.t SET id = 7", 0 },
	{ "old", "DELETE FROM public.t", 0 },
	{ "old", "TRUNCATE public.t", 1 },
	{ "old", "BEGIN; UPDATE public.t SET old = 'b'; ROLLBACK", 1 },
	{ "old", "SET session_replication_role = replica; UPDATE public.t SET old = 'b'; RESET session_replication_role", 1 },
	{ "old", "INSERT INTO public.t (id, old) VALUES (1, 'z') ON CONFLICT (id) DO UPDATE SET old = excluded.old", 1 },
	{ "old", "MERGE INTO public.t USING (VALUES (1)) v(k) ON t.id = v.k WHEN MATCHED THEN UPDATE SET old = 'm'", 1 },
	{ "old", "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.old := NEW.other; RETURN NEW; END';"
		"CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f(); UPDATE public.t SET other = 3", 1 },
	{ "j", "UPDATE public.t SET j = '{\"a\":2}'", 1 },
	{ "j", "UPDATE public.t SET j = '{\"a\":1}'", 0 },
	{ "j", "UPDATE public.t SET j = '{\"a\": 1}'", 1 },
	{ "b", "UPDATE public.t SET b = '(10,10),(12,12)'", 1 },   /* "equal" boxes: the same area */
	{ "b", "UPDATE public.t SET other = 5", 0 },
	{ "n", "UPDATE public.t SET n = 1.00", 1 },                  /* "equal" numerics of another scale */
	{ "c", "UPDATE public.t SET c = 'b'", 1 },
	{ "e", "UPDATE public.t SET e = '{1,2}'", 1 },
	{ "x", "UPDATE public.t SET x = '<b/>'", 1 },
};

START_TEST(counts)
{
	const struct touch_case *c = &touches[_i];
	put(c->column);
	ck_assert_int_eq(count(), 0);
	test_sql(x.db, c->sql);
	ck_assert_msg(count() == c->more, "%s: %lld", c->sql, (long long)count());
}
END_TEST

START_TEST(put_again_keeps_the_count)
{
	put("old");
	seen(true, true);
	test_sql(x.db, "UPDATE public.t SET old = 'b'");
	put("old");
	ck_assert_int_eq(count(), 1);
	seen(true, true);
}
END_TEST

START_TEST(notes_who)
{
	put("old");
	struct db *etl = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "etl nightly" }, NULL);
	for (int i = 0; i < 20; i++)
		test_sql(etl, "UPDATE public.t SET old = clock_timestamp()::text");
	ck_assert_int_eq(count(), 20);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT string_agg(concat_ws('|', sid, role, app, addr, op), ',') FROM gatewalk.trip"),
		SID "|postgres|etl nightly|local|UPDATE");
	/* A minute later the next row. */
	test_sql(x.db, "UPDATE gatewalk.trip SET at = at - interval '61 s'");
	struct db *web = db_open(&(struct db_opts){ .conninfo = x.conninfo, .app = "web" }, NULL);
	test_sql(web, "UPDATE public.t SET old = 'w'; UPDATE public.t SET old = 'v'");
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT string_agg(app, ',' ORDER BY at) FROM gatewalk.trip"), "etl nightly,web");
	db_close(etl);
	db_close(web);
}
END_TEST

/* The application's login knows nothing of gatewalk's schema, and its search_path cannot lead the function astray. */
START_TEST(any_role_may_write)
{
	put("old");
	test_sql(x.db, "DROP ROLE IF EXISTS gw_app; CREATE ROLE gw_app LOGIN; GRANT SELECT, INSERT, UPDATE ON public.t TO gw_app;"
		"CREATE SCHEMA evil; CREATE FUNCTION evil.nextval(regclass) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''evil''; END';"
		"GRANT USAGE ON SCHEMA evil TO gw_app");
	struct db *app = test_connect(arena_printf(x.a, "%s user=gw_app", x.conninfo));
	test_sql(app, "CREATE TEMP TABLE pg_class (x int); SET search_path = pg_temp, evil, public; UPDATE public.t SET old = 'app'; INSERT INTO public.t (id, old) VALUES (9, 'app')");
	db_close(app);
	ck_assert_int_eq(count(), 2);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT string_agg(role, ',') FROM gatewalk.trip"), "gw_app");
	fix_close(&x);
	fix_drop_database(DB);
	fix_open(&x, DB, true);
	test_sql(x.db, "DROP ROLE gw_app");
}
END_TEST

/* Whatever is broken on our side: the application's write goes through. */
static const char *const broken[] = {
	"DROP SEQUENCE " TRIP,
	"ALTER TABLE gatewalk.trip RENAME TO trip_",
	"DROP TABLE gatewalk.trip",
	"ALTER TABLE gatewalk.trip ADD CHECK (false) NOT VALID",
	"REVOKE ALL ON SCHEMA gatewalk FROM PUBLIC; ALTER SEQUENCE " TRIP " RENAME TO gone",
};

START_TEST(never_stops_a_write)
{
	put("old");
	test_sql(x.db, broken[_i]);
	test_sql(x.db, "UPDATE public.t SET old = 'b'; INSERT INTO public.t (id, old) VALUES (2, 'c'); TRUNCATE public.t");
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM public.t"), "0");
}
END_TEST

/* Whoever touches it is seen. */
struct tamper { const char *sql; bool there, enabled; };
static const struct tamper tampers[] = {
	{ "ALTER TABLE public.t DISABLE TRIGGER " TRIGGER, true, false },
	{ "ALTER TABLE public.t ENABLE TRIGGER " TRIGGER "_i", true, false },
	{ "ALTER TABLE public.t ENABLE REPLICA TRIGGER " TRIGGER "_t", true, false },
	{ "DROP TRIGGER " TRIGGER " ON public.t", false, false },
	{ "DROP TRIGGER " TRIGGER "_t ON public.t", false, false },
	{ "DROP TRIGGER " TRIGGER " ON public.t; CREATE TRIGGER " TRIGGER " AFTER UPDATE ON public.t FOR EACH ROW WHEN (false) EXECUTE FUNCTION " TRIP "();"
		"ALTER TABLE public.t ENABLE ALWAYS TRIGGER " TRIGGER, false, false },
	{ "CREATE OR REPLACE FUNCTION " TRIP "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'", false, false },
	{ "ALTER FUNCTION " TRIP "() SECURITY INVOKER", false, false },
	{ "ALTER FUNCTION " TRIP "() RESET search_path", false, false },
	{ "DROP SEQUENCE " TRIP, false, false },
};

START_TEST(tampering_is_seen)
{
	const struct tamper *t = &tampers[_i];
	put("old");
	seen(true, true);
	test_sql(x.db, t->sql);
	seen(t->there, t->enabled);
	put("old");   /* and mended */
	seen(true, true);
	test_sql(x.db, "UPDATE public.t SET old = 'b'");
	ck_assert_int_ge(count(), 1);
}
END_TEST

START_TEST(takes_away)
{
	struct err e = { 0 };
	put("old");
	test_sql(x.db, "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
		"CREATE TRIGGER keep AFTER UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.keep()");
	ck_assert(own_tripwire_take(x.db, x.a, SID, target.relid, &e));
	seen(false, false);
	ck_assert_int_eq(count(), -1);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT string_agg(tgname, ',') FROM pg_trigger WHERE tgrelid = 'public.t'::regclass"), "keep");
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proname !~ '^(guard_|hide)'"), "1");
	ck_assert(own_tripwire_take(x.db, x.a, SID, target.relid, &e));
}
END_TEST

/* A trigger under our name that runs somebody else's code is not ours to remove. */
START_TEST(leaves_what_only_looks_like_ours)
{
	struct err e = { 0 };
	struct own_removal r = { 0 };
	look_target("old");
	test_sql(x.db, "CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
		"CREATE TRIGGER " TRIGGER " AFTER UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.keep();"
		"CREATE TABLE gatewalk.trip_0123456789ab (id int)");
	r.relid = target.relid;
	ck_assert(own_removal_sql(x.db, x.a, SID, &r, &e));
	ck_assert_str_eq(r.before, "");
	ck_assert_str_eq(r.after, "");
	ck_assert(own_tripwire_take(x.db, x.a, SID, target.relid, &e));
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'public.t'::regclass"), "1");
	ck_assert(!own_removal_sql(x.db, x.a, "not a walk's id", &r, &e));
	ck_assert_str_eq(e.msg, "the walk's id does not begin with twelve hex digits");
}
END_TEST

START_TEST(removal_text)
{
	struct err e = { 0 };
	put("old");
	struct own_removal r = { .relid = target.relid };
	ck_assert(own_removal_sql(x.db, x.a, SID, &r, &e));
	ck_assert_str_eq(r.before, "DROP TRIGGER " TRIGGER " ON public.t;\nDROP TRIGGER " TRIGGER "_i ON public.t;\nDROP TRIGGER " TRIGGER "_t ON public.t;\n");
	ck_assert_str_eq(r.after, "DROP FUNCTION " TRIP "();\nDROP SEQUENCE " TRIP ";\n");
}
END_TEST

/* Somebody holds the table for a second: tried again, in no queue. */
START_TEST(waits_for_the_lock)
{
	struct err e = { 0 };
	look_target("old");
	if (fork() == 0) {
		struct db *db = test_connect(x.conninfo);
		test_sql(db, "BEGIN; UPDATE public.t SET other = 3; SELECT pg_sleep(1.1); COMMIT");
		db_close(db);
		_exit(0);
	}
	for (int i = 0; i < 100 && strcmp(test_value(x.db, x.a, "SELECT count(*) FROM pg_locks WHERE relation = 'public.t'::regclass"), "0") == 0; i++)
		usleep(20000);
	ck_assert_msg(own_tripwire_put(x.db, x.a, &(struct own_trip){ .sid = SID, .target = &target }, &e), "%s", e.msg);
	wait(NULL);
	seen(true, true);
}
END_TEST

START_TEST(refuses_another_table_under_the_name)
{
	struct err e = { 0 };
	look_target("old");
	test_sql(x.db, "ALTER TABLE public.t RENAME TO u; CREATE TABLE public.t (id int, old text)");
	ck_assert(!own_tripwire_put(x.db, x.a, &(struct own_trip){ .sid = SID, .target = &target }, &e));
	ck_assert_str_eq(e.msg, "putting the tripwire on public.t: the table or its column changed meanwhile");
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), "0");
}
END_TEST

/* A dump with the tripwire in it can be loaded: its definitions come back from the server as SQL. */
START_TEST(definitions_can_be_restored)
{
	static const char *const columns[] = { "old", "j", "b", "n" };
	struct err e = { 0 };
	for (size_t i = 0; i < 4; i++) {
		put(columns[i]);
		const char *defs = test_value(x.db, x.a, "SELECT string_agg(pg_get_triggerdef(oid), ';') FROM pg_trigger WHERE tgrelid = 'public.t'::regclass AND NOT tgisinternal");
		struct own_removal r = { .relid = target.relid };
		ck_assert(own_removal_sql(x.db, x.a, SID, &r, &e));
		test_sql(x.db, r.before);
		test_sql(x.db, defs);
		ck_assert(own_tripwire_take(x.db, x.a, SID, target.relid, &e));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("own");
	TCase *t = tcase_create("tripwire");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_loop_test(t, counts, 0, (int)(sizeof touches / sizeof touches[0]));
	tcase_add_test(t, put_again_keeps_the_count);
	tcase_add_test(t, notes_who);
	tcase_add_test(t, any_role_may_write);
	tcase_add_loop_test(t, never_stops_a_write, 0, (int)(sizeof broken / sizeof broken[0]));
	tcase_add_loop_test(t, tampering_is_seen, 0, (int)(sizeof tampers / sizeof tampers[0]));
	tcase_add_test(t, takes_away);
	tcase_add_test(t, leaves_what_only_looks_like_ours);
	tcase_add_test(t, removal_text);
	tcase_add_test(t, waits_for_the_lock);
	tcase_add_test(t, refuses_another_table_under_the_name);
	tcase_add_test(t, definitions_can_be_restored);
	suite_add_tcase(s, t);
	TCase *pure = tcase_create("names");
	tcase_add_test(pure, names);
	suite_add_tcase(s, pure);
	return s;
}

int main(void)
{
	return test_main(suite());
}
