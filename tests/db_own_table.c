/* SPDX-License-Identifier: MIT */
/* The tripwire of a table and of rows: sees each write that counts, wherever it comes in, and never stops one. */
#include <sys/wait.h>
#include <unistd.h>

#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_own_table"
#define SID "0123456789abcdef0123456789abcdef"
#define TRIP "gatewalk.trip_0123456789ab"
#define TRIGGER "gatewalk_trip_0123456789ab"

static struct fix x;
static struct fact_target target;

static void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, "CREATE TABLE public.t (id int PRIMARY KEY, gone text, old text, \"minute\" int, twice int GENERATED ALWAYS AS (id * 2) STORED);"
		"ALTER TABLE public.t DROP COLUMN gone; INSERT INTO public.t (id, old) SELECT g, 'x' FROM generate_series(1, 20) g;"
		"CREATE TABLE public.p (id int PRIMARY KEY, old text) PARTITION BY RANGE (id);"
		"CREATE TABLE public.\"p 1\" (old text, id int NOT NULL); ALTER TABLE public.p ATTACH PARTITION public.\"p 1\" FOR VALUES FROM (0) TO (10);"
		"CREATE TABLE public.p2 PARTITION OF public.p FOR VALUES FROM (10) TO (100) PARTITION BY RANGE (id);"
		"CREATE TABLE public.p2a PARTITION OF public.p2 DEFAULT;");
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static bool try_put(const char *table, const char *where, struct err *e)
{
	x.plan = (struct plan){ .recipe = where ? "remove-rows" : "drop-table", .schema = "public", .table = table, .where = where };
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &target, e) && target.found, "%s", e->msg);
	return own_tripwire_put(x.db, x.a, &(struct own_trip){ .sid = SID, .target = &target, .where = where }, e);
}

static void put(const char *table, const char *where)
{
	struct err e = { 0 };
	ck_assert_msg(try_put(table, where, &e), "%s", e.msg);
}

static int64_t look(bool *there, bool *enabled)
{
	struct err e = { 0 };
	int64_t n;
	ck_assert_msg(own_tripwire_look(x.db, x.a, SID, target.relid, there, enabled, &n, &e), "%s", e.msg);
	return n;
}

static void seen(bool there, bool enabled)
{
	bool t, en;
	look(&t, &en);
	ck_assert_int_eq(t, there);
	ck_assert_int_eq(en, enabled);
}

static int64_t grown(const char *sql)
{
	bool t, en;
	int64_t before = look(&t, &en);
	test_sql(x.db, sql);
	return look(&t, &en) - before;
}

struct write { const char *table, *where, *sql; int64_t n; };
static const struct write writes[] = {
	{ "t", NULL, "INSERT INTO public.t (id) VALUES (100)", 1 },
	{ "t", NULL, "UPDATE public.t SET id = id WHERE id < 3", 2 },
	{ "t", NULL, "DELETE FROM public.t WHERE id = 1", 1 },
	{ "t", NULL, "TRUNCATE public.t", 1 },
	{ "t", NULL, "SELECT count(*) FROM public.t; UPDATE public.t SET old = '' WHERE id = 0", 0 },
	{ "t", NULL, "SET session_replication_role = replica; DELETE FROM public.t WHERE id = 1; RESET session_replication_role", 1 },
	{ "p", NULL, "INSERT INTO public.p VALUES (1), (50)", 3 },   /* and the statement */
	{ "p", NULL, "UPDATE public.p SET old = 'y' WHERE id = -1", 1 },
	{ "p", NULL, "CREATE TABLE public.p3 PARTITION OF public.p FOR VALUES FROM (100) TO (200); INSERT INTO public.p VALUES (150); DROP TABLE public.p3", 1 },
	{ "p", "id > 20", "UPDATE public.p SET old = 'y' WHERE id = -1", 0 },
	{ "p", NULL, "INSERT INTO public.\"p 1\" (id) VALUES (1)", 1 },
	{ "p", NULL, "INSERT INTO public.p2a VALUES (50)", 1 },
	{ "p", NULL, "SET session_replication_role = replica; INSERT INTO public.p2a VALUES (50); RESET session_replication_role", 1 },
	{ "p", NULL, "TRUNCATE public.p2a", 1 },
	{ "p", NULL, "TRUNCATE public.\"p 1\"", 1 },
	{ "p", NULL, "TRUNCATE public.p", 4 },
	{ "p2", NULL, "INSERT INTO public.p VALUES (50)", 1 },
	{ "p2", NULL, "INSERT INTO public.p VALUES (1)", 0 },
	{ "p2a", NULL, "INSERT INTO public.p VALUES (50); UPDATE public.p SET id = 2 WHERE id = 50", 2 },
	{ "t", "id > 10", "INSERT INTO public.t (id) VALUES (100)", 1 },
	{ "t", "id > 10", "INSERT INTO public.t (id) VALUES (-1); UPDATE public.t SET old = 'y' WHERE id < 5; DELETE FROM public.t WHERE id < 5", 0 },
	{ "t", "id > 10", "UPDATE public.t SET old = 'y' WHERE id > 18", 2 },
	{ "t", "id > 10", "UPDATE public.t SET id = 200 WHERE id = 1", 1 },
	{ "t", "id > 10", "UPDATE public.t SET id = -20 WHERE id = 20", 1 },
	{ "t", "id > 10", "DELETE FROM public.t WHERE id > 18", 2 },
	{ "t", "id > 10", "TRUNCATE public.t", 1 },
	{ "t", "t.id > 10", "DELETE FROM public.t WHERE id > 18", 2 },
	{ "t", "twice > 20", "DELETE FROM public.t WHERE id > 18", 2 },
	{ "t", "minute > 5", "INSERT INTO public.t (id, minute) VALUES (100, 6), (101, 5)", 1 },
	{ "t", "t IS NOT NULL", "INSERT INTO public.t (id, minute, old) VALUES (100, 6, 'x'), (101, 5, NULL)", 1 },
	{ "t", "100 / (id - 7) > 90", "UPDATE public.t SET old = 'y' WHERE id IN (6, 7, 8)", 2 },   /* on 7 it fails: counts */
	{ "t", "old = 'quo''te $trip$ \\ %s'", "INSERT INTO public.t (id, old) VALUES (100, 'quo''te $trip$ \\ %s'), (101, 'x')", 1 },
	{ "p", "id > 20", "INSERT INTO public.p VALUES (50), (15); INSERT INTO public.p2a VALUES (51)", 2 },
	{ "p", "id = 3", "INSERT INTO public.\"p 1\" (id) VALUES (3), (4)", 1 },
};

START_TEST(counts)
{
	const struct write *w = &writes[_i];
	put(w->table, w->where);
	seen(true, true);
	int64_t n = grown(w->sql);
	ck_assert_msg(n == w->n, "%s [%s]: %lld", w->sql, w->where ? w->where : "", (long long)n);
	seen(true, true);
}
END_TEST

START_TEST(failing_condition_stops_nobody)
{
	put("t", "1 / id > 0");
	ck_assert_int_eq(grown("INSERT INTO public.t (id) VALUES (0)"), 1);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM public.t WHERE id = 0"), "1");
}
END_TEST

struct bad { const char *where, *why; };
static const struct bad bads[] = {
	{ "created < 3", "the condition of the rows cannot be used: column \"created\" does not exist (character 1)" },
	{ "id < random()", "the condition of the rows cannot be used: functions in index predicate must be marked IMMUTABLE" },
	{ "now() > '2020-01-01'", "the condition of the rows cannot be used: functions in index predicate must be marked IMMUTABLE" },
	{ "id", "the condition of the rows cannot be used: argument of WHERE must be type boolean, not type integer (character 1)" },
	{ "id IN (SELECT 1)", "the condition of the rows cannot be used: cannot use subquery in index predicate (character 4)" },
	{ "count(*) > 1", "the condition of the rows cannot be used: aggregate functions are not allowed in index predicates (character 1)" },
	{ "true) OR (true", "the condition of the rows cannot be used: syntax error at or near \")\" (character 5)" },
	{ "true --", "the condition of the rows cannot be used: syntax error at end of input" },
	{ "true; DROP TABLE public.t", "the condition of the rows cannot be used: cannot insert multiple commands into a prepared statement" },
	{ "id = $1", "the condition of the rows cannot be used: there is no parameter $1 (character 6)" },
	{ "old = 'h\xc3\xa9' AND nix", "the condition of the rows cannot be used: column \"nix\" does not exist (character 16)" },
	{ "ctid > '(0,1)'", "the condition of the rows cannot be used: index creation on system columns is not supported" },
};

START_TEST(condition_refused)
{
	struct err e = { 0 };
	ck_assert(!try_put("t", bads[_i].where, &e));
	ck_assert_str_eq(e.msg, bads[_i].why);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'gatewalk%'"), "0");
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_class WHERE relpersistence = 't'"), "0");
}
END_TEST

struct tamper { const char *sql; bool there, enabled; };
static const struct tamper tampers[] = {
	{ "ALTER TABLE ONLY public.p DISABLE TRIGGER " TRIGGER "_t", true, false },
	{ "ALTER TABLE public.p2a DISABLE TRIGGER " TRIGGER, true, false },
	{ "ALTER TABLE public.p2a DISABLE TRIGGER " TRIGGER "_t", true, false },
	{ "ALTER TABLE public.p2a DISABLE TRIGGER " TRIGGER "; ALTER TABLE public.p2a ENABLE ALWAYS TRIGGER " TRIGGER, true, false },
	{ "DROP TRIGGER " TRIGGER "_t ON public.p2a", false, false },
	{ "CREATE TABLE public.p3 PARTITION OF public.p FOR VALUES FROM (100) TO (200)", false, false },
	{ "ALTER TABLE public.p DETACH PARTITION public.p2", false, false },
	{ "CREATE OR REPLACE FUNCTION " TRIP "() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS 'BEGIN RETURN NULL; END'", false, false },
	{ "DROP SEQUENCE " TRIP, false, false },
	/* Put half way, or taken half way: */
	{ "DROP TRIGGER " TRIGGER " ON public.p2a; DROP TRIGGER " TRIGGER "_t ON public.p2a; COMMENT ON FUNCTION " TRIP "() IS NULL", false, false },
	{ "DROP TRIGGER " TRIGGER " ON public.\"p 1\"", false, false },
	/* As versions before put it. */
	{ "DROP TRIGGER " TRIGGER " ON public.p2a; DROP TRIGGER " TRIGGER " ON public.\"p 1\";"
		"CREATE TRIGGER " TRIGGER " AFTER INSERT OR UPDATE OR DELETE ON public.p FOR EACH ROW EXECUTE FUNCTION " TRIP "()", false, false },
};

START_TEST(tampering_is_seen)
{
	put("p", NULL);
	seen(true, true);
	test_sql(x.db, tampers[_i].sql);
	seen(tampers[_i].there, tampers[_i].enabled);
	put("p", NULL);   /* and mended */
	seen(true, true);
	ck_assert_str_eq(test_value(x.db, x.a, "SELECT count(*) FROM pg_trigger g WHERE tgname LIKE 'gatewalk%' AND (tgparentid <> 0 OR NOT EXISTS ("
		"SELECT FROM pg_partition_tree('public.p') WHERE relid = tgrelid))"), "0");
	ck_assert_int_eq(grown("INSERT INTO public.\"p 1\" (id) VALUES (1)"), 1);
}
END_TEST

static int64_t ours(void)
{
	return cell_int(test_value(x.db, x.a, "SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'gatewalk%') + (SELECT count(*) FROM pg_proc WHERE proname LIKE 'trip\\_%')"
		" + (SELECT count(*) FROM pg_class WHERE relname LIKE 'trip\\_0%')"));
}

START_TEST(takes_away)
{
	struct err e = { 0 };
	put("p", NULL);
	ck_assert_int_eq(ours(), 8);
	test_sql(x.db, "ALTER TABLE public.p DETACH PARTITION public.p2");   /* what it took along is found */
	ck_assert_msg(own_tripwire_take(x.db, x.a, SID, target.relid, &e), "%s", e.msg);
	ck_assert_int_eq(ours(), 0);
	ck_assert(own_tripwire_take(x.db, x.a, SID, target.relid, &e));
}
END_TEST

/* In the drop's own transaction, and behind a drop by somebody else. */
START_TEST(goes_with_a_drop)
{
	struct err e = { 0 };
	put("p", NULL);
	test_sql(x.db, "ALTER TABLE public.p DETACH PARTITION public.\"p 1\"");
	struct own_removal r = { .relid = target.relid, .whole = true };
	ck_assert(own_removal_sql(x.db, x.a, SID, &r, &e));
	ck_assert_str_eq(r.before, "DROP TRIGGER " TRIGGER " ON public.\"p 1\";\nDROP TRIGGER " TRIGGER "_t ON public.\"p 1\";\n");
	test_sql(x.db, arena_printf(x.a, "BEGIN; %s DROP TABLE public.p; %s COMMIT", r.before, r.after));
	ck_assert_int_eq(ours(), 0);
	put("t", NULL);
	test_sql(x.db, "DROP TABLE public.t");
	r.relid = target.relid;
	ck_assert(own_removal_sql(x.db, x.a, SID, &r, &e));
	ck_assert_str_eq(r.before, "");
	ck_assert_str_eq(r.after, "DROP FUNCTION " TRIP "();\nDROP SEQUENCE " TRIP ";\n");
	test_sql(x.db, r.after);
	ck_assert_int_eq(ours(), 0);
}
END_TEST

/* Somebody has written to one partition and does not end: whoever writes to another does not wait for that. */
START_TEST(holds_one_partition_at_a_time)
{
	struct err e = { 0 };
	int status, failed = 0;
	pid_t holder = fork();
	if (holder == 0) {
		struct db *db = test_connect(x.conninfo);
		test_sql(db, "BEGIN; INSERT INTO public.p2a VALUES (50); SELECT pg_sleep(1.5); COMMIT");
		_exit(0);
	}
	while (strcmp(test_value(x.db, x.a, "SELECT count(*) FROM pg_locks WHERE relation = 'public.p2a'::regclass"), "0") == 0)
		usleep(10000);
	pid_t writer = fork();
	if (writer == 0) {
		struct db *db = test_connect(x.conninfo);
		test_sql(db, "SET lock_timeout = 300");
		for (int i = 0; i < 100 && !failed; i++)
			failed = !db_script(db, x.a, "INSERT INTO public.\"p 1\" (id) VALUES (1); DELETE FROM public.\"p 1\"; SELECT pg_sleep(0.01)", 0, NULL, &e);
		_exit(failed);
	}
	put("p", NULL);
	seen(true, true);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(waitpid(holder, &status, 0), holder);
}
END_TEST

/* It neither falls nor stands in the way. */
START_TEST(is_no_part_of_the_target)
{
	struct err e = { 0 };
	struct fact_target t;
	put("p", NULL);
	ck_assert(probe_target(x.db, x.a, &x.plan, &t, &e));
	ck_assert_uint_eq(t.n_blockers, 0);
	ck_assert_uint_eq(t.n_falls, target.n_falls);
	ck_assert_str_eq(t.definition, target.definition);
	put("t", "id > 3");
	ck_assert(probe_target(x.db, x.a, &x.plan, &t, &e));
	ck_assert_ptr_null(t.unfit);
	ck_assert_uint_eq(t.n_blockers, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("own_table");
	TCase *t = tcase_create("own_table");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_loop_test(t, counts, 0, (int)(sizeof writes / sizeof writes[0]));
	tcase_add_test(t, failing_condition_stops_nobody);
	tcase_add_loop_test(t, condition_refused, 0, (int)(sizeof bads / sizeof bads[0]));
	tcase_add_loop_test(t, tampering_is_seen, 0, (int)(sizeof tampers / sizeof tampers[0]));
	tcase_add_test(t, takes_away);
	tcase_add_test(t, goes_with_a_drop);
	tcase_add_test(t, holds_one_partition_at_a_time);
	tcase_add_test(t, is_no_part_of_the_target);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
