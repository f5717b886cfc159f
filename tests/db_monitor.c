/* SPDX-License-Identifier: MIT */
#include "adapter/monitor.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port/files.h"
#include "tests/lib_walk.h"

#define DB "gwt_monitor"

static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;

static void nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000L }, NULL);
}

static void setup(void)
{
	db = test_database(DB);
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	plan.archetype = ARCH_DESTRUCTIVE;
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public");
	test_sql(db, "CREATE TABLE public.orders (id int PRIMARY KEY, legacy_total int); INSERT INTO public.orders VALUES (1, 1)");
	struct fact_target t = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &t);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database(DB);
}

static void tick(bool baseline)
{
	ck_assert_msg(monitor_tick(db, a, TEST_SID, &plan, baseline, &e), "%s", e.msg);
}

static struct fact_monitor look(void)
{
	struct fact_monitor m;
	ck_assert_msg(monitor_read(db, a, TEST_SID, &plan, &m, &e), "%s", e.msg);
	return m;
}

static struct fact_metric metric(const char *name)
{
	struct fact_monitor m = look();
	for (size_t i = 0; i < m.n; i++)
		if (strcmp(m.metrics[i].name, name) == 0)
			return m.metrics[i];
	ck_abort_msg("no metric %s", name);
	return (struct fact_metric){ 0 };
}

static void judge(void)
{
	ck_assert_msg(monitor_judge(db, a, TEST_SID, &plan, &e), "%s", e.msg);
}

static size_t alarms(struct alarm **v)
{
	size_t n;
	ck_assert_msg(monitor_untaken(db, a, TEST_SID, v, &n, &e), "%s", e.msg);
	return n;
}

static void sample(const char *name, double value, bool baseline)
{
	test_sql(db, arena_printf(a, "INSERT INTO gatewalk.sample (sid, metric, value, baseline) VALUES ('" TEST_SID "', '%s', %g, %s)",
		name, value, baseline ? "true" : "false"));
}

static void roll_back(int times)
{
	struct db *app = test_client(DB, "web", NULL);
	for (int i = 0; i < times; i++)
		test_sql(app, "BEGIN; SELECT 1; ROLLBACK");
	for (int i = 0; i < times; i++)
		test_sql(app, "SELECT 1");
	db_close(app);
	test_gone(db, "application_name = 'web'");   /* its counters come in at its end */
}

START_TEST(nothing_yet)
{
	struct fact_monitor m = look();
	ck_assert(m.at == 0 && m.baseline_at == 0 && !m.errors_seen && m.alarms == 0);
	ck_assert(!metric("rollbacks").known);
	ck_assert_str_eq(metric("rollbacks").why, "was never measured");
}
END_TEST

START_TEST(rates_need_two_looks)
{
	tick(true);
	ck_assert_str_eq(metric("rollbacks").why, "the first look: a rate needs two");
	ck_assert(look().errors_seen);
	ck_assert(metric("lock waiters").known && metric("round trip").known && metric("longest transaction").known);
	ck_assert(metric("replica lag").known && metric("replica lag").value == 0);
	nap(600);
	roll_back(30);
	tick(true);
	struct fact_metric r = metric("rollbacks");
	ck_assert_msg(r.known && r.has_base && r.value >= 30 && r.value < 60, "%g %s", r.value, r.why ? r.why : "");
	ck_assert(r.has_alarm && r.alarm == 5 * r.base);
	ck_assert(metric("rollback share").known && metric("rollback share").value > 20);
	ck_assert(metric("statement mean").known);
	ck_assert(look().baseline_at > 0 && look().baseline_at <= look().at);
}
END_TEST

START_TEST(counters_set_back_are_unknown)
{
	tick(true);
	nap(600);
	test_sql(db, "UPDATE gatewalk.sample SET value = value + 1000000 WHERE metric IN ('raw:commits', 'raw:calls')");
	tick(true);
	ck_assert_str_eq(metric("rollbacks").why, "the server's counters were set back");
	ck_assert_str_eq(metric("statement mean").why, "the statistics were reset");
}
END_TEST

START_TEST(one_alarm_in_ten_minutes_and_notify)
{
	struct alarm *v;
	char *said;
	size_t len;
	const char *file = path_join(a, test_dir(), "rang");
	plan.notify = arena_printf(a, "echo \"$GATEWALK_WALK|$GATEWALK_EVENT|$GATEWALK_TEXT\" >> %s", file);
	for (int i = 0; i < 10; i++)
		sample("rollbacks", 2, true);
	sample("rollbacks", 10, false);
	judge();
	ck_assert_uint_eq(alarms(&v), 0);   /* 10 is not above max(5 x 2, 2 + 5) */
	sample("rollbacks", 11, false);
	ck_assert(metric("rollbacks").alarmed);
	judge();
	judge();
	ck_assert_uint_eq(alarms(&v), 1);
	ck_assert_str_eq(v[0].metric, "rollbacks");
	ck_assert_str_eq(v[0].text, "rollbacks 11 /min, limit 10 (before the drop 2)");
	ck_assert_int_eq(look().alarms, 1);
	ck_assert_str_eq(look().alarm, v[0].text);
	ck_assert_msg(file_read(a, file, 1000, &said, &len, &e), "%s", e.msg);
	ck_assert_str_eq(said, "orders-drop|alarm|rollbacks 11 /min, limit 10 (before the drop 2)\n");
	ck_assert(monitor_taken(db, TEST_SID, v[0].id, &e));
	ck_assert_uint_eq(alarms(&v), 0);
	test_sql(db, "UPDATE gatewalk.alarm SET at = at - interval '11 min'");
	judge();
	ck_assert_uint_eq(alarms(&v), 1);
}
END_TEST

START_TEST(before_the_drop_nothing_rings)
{
	struct alarm *v;
	sample("lock waiters", 1000000, true);
	judge();
	ck_assert_uint_eq(alarms(&v), 0);
	sample("lock waiters", 1000000, false);
	judge();
	ck_assert_uint_eq(alarms(&v), 1);
}
END_TEST

START_TEST(limits)
{
	plan.max_lag_s = 5;
	sample("deadlocks", 0, true);
	sample("deadlocks", 0.5, false);
	ck_assert(metric("deadlocks").alarmed);
	sample("statement mean", 1, true);
	sample("statement mean", 5.9, false);
	ck_assert(!metric("statement mean").alarmed);   /* twice, but within 5 ms */
	sample("statement mean", 6.1, false);
	ck_assert(metric("statement mean").alarmed);
	sample("replica lag", 5, false);
	ck_assert(!metric("replica lag").alarmed);
	sample("replica lag", 5.1, false);
	ck_assert(metric("replica lag").alarmed);
	sample("round trip", 1000, false);
	ck_assert(!metric("round trip").has_alarm);   /* no baseline, no limit */
}
END_TEST

START_TEST(metrics_of_the_plan)
{
	struct plan_metric m[] = {
		{ .name = "queue", .query = "SELECT 42.5, 'x'", .unit = "rows", .alarm = 40, .has_alarm = true },
		{ .name = "text", .query = "SELECT 'abc'" }, { .name = "nothing", .query = "SELECT 1 WHERE false" },
		{ .name = "null", .query = "SELECT NULL" }, { .name = "broken", .query = "SELECT nonsense" },
		{ .name = "writes", .query = "INSERT INTO public.orders VALUES (9, 9) RETURNING 1" },
		{ .name = "two", .query = "SELECT 1; DROP TABLE public.orders" },
		{ .name = "slow", .query = "SELECT pg_sleep(20)" },
		{ .name = "command", .command = "echo ' 17 '" }, { .name = "fails", .command = "echo 3; exit 2" },
		{ .name = "words", .command = "echo 3 apples" },
	};
	struct alarm *v;
	plan.metrics = m;
	plan.n_metrics = sizeof m / sizeof m[0];
	tick(false);
	ck_assert(metric("queue").known && metric("queue").value == 42.5 && metric("queue").alarmed);
	ck_assert_str_eq(metric("queue").unit, "rows");
	ck_assert_str_eq(metric("text").why, "gave no number: abc");
	ck_assert_str_eq(metric("nothing").why, "gave no row");
	ck_assert_str_eq(metric("null").why, "gave no value");
	ck_assert_str_eq(metric("broken").why, "column \"nonsense\" does not exist");
	ck_assert_str_eq(metric("writes").why, "cannot execute INSERT in a read-only transaction");
	ck_assert_str_eq(metric("two").why, "cannot insert multiple commands into a prepared statement");
	ck_assert_str_eq(metric("slow").why, "canceling statement due to statement timeout");
	ck_assert(metric("command").known && metric("command").value == 17);
	ck_assert_str_eq(metric("fails").why, "its command failed with status 2");
	ck_assert_str_eq(metric("words").why, "gave no number: 3 apples\n");
	judge();
	ck_assert_uint_eq(alarms(&v), 1);
	ck_assert_str_eq(v[0].text, "queue 42.5 rows, limit 40");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM public.orders"), "1");
}
END_TEST

START_TEST(without_statements_it_says_so)
{
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	tick(true);
	ck_assert_str_eq(metric("statement mean").why, "pg_stat_statements cannot be read");
	ck_assert(look().errors_seen);
}
END_TEST

START_TEST(series_keep_the_peaks)
{
	struct view_series *v;
	size_t n;
	test_sql(db, "INSERT INTO gatewalk.sample (sid, at, metric, value, baseline) SELECT '" TEST_SID "', to_timestamp(1000 + i), 'round trip', i % 100, true"
		" FROM generate_series(1, 30) i");
	test_sql(db, "INSERT INTO gatewalk.sample (sid, at, metric, value) SELECT '" TEST_SID "', to_timestamp(2000 + i), 'round trip', CASE i WHEN 555 THEN 99 ELSE 1 END"
		" FROM generate_series(1, 600) i");
	ck_assert_msg(monitor_series(db, a, TEST_SID, &plan, INT64_C(1500000000), &v, &n, &e), "%s", e.msg);
	size_t i = 0;
	while (i < n && strcmp(v[i].name, "round trip") != 0)
		i++;
	ck_assert_uint_lt(i, n);
	ck_assert_uint_eq(v[i].n_before, 30);
	ck_assert(v[i].before[0] == 1 && v[i].before[29] == 30);
	ck_assert_uint_eq(v[i].n_after, 60);
	ck_assert(v[i].after[55] == 99 && v[i].after[54] == 1 && v[i].after[0] == 1);
	ck_assert(v[i].has_base && v[i].base == 15.5);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_monitor");
	TCase *c = tcase_create("monitor");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, nothing_yet);
	tcase_add_test(c, rates_need_two_looks);
	tcase_add_test(c, counters_set_back_are_unknown);
	tcase_add_test(c, one_alarm_in_ten_minutes_and_notify);
	tcase_add_test(c, before_the_drop_nothing_rings);
	tcase_add_test(c, limits);
	tcase_add_test(c, metrics_of_the_plan);
	tcase_add_test(c, without_statements_it_says_so);
	tcase_add_test(c, series_keep_the_peaks);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
