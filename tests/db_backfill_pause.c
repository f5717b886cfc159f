/* SPDX-License-Identifier: MIT */
/* A backfill that is paused, told to hurry, and throttled by each condition; and what it holds while it waits: nothing. */
#include "tests/backfill_fixture.h"

static struct bf x;

#define ROWS "20000"

static void setup(void)
{
	bf_open(&x, "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, " ROWS ") i");
	x.plan.backfill.batch_ms = 10;
}

static void teardown(void)
{
	bf_close(&x);
}

START_TEST(paused_set_and_resumed)
{
	x.plan.backfill.load = 5;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
	long long id = cell_int(bf_get(&x, "SELECT id FROM gatewalk.job"));
	ck_assert(job_control(x.db, id, "pause", &x.e));
	bf_until(&x, "SELECT state = 'paused' FROM gatewalk.job");
	const char *batches = bf_get(&x, "SELECT batches FROM gatewalk.backfill");
	clock_nap(700);
	bf_is(&x, "SELECT batches FROM gatewalk.backfill", batches);
	bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND xact_start IS NOT NULL", "0");
	ck_assert(job_set(x.db, x.a, id, "batch_ms", "50", &x.e) && job_set(x.db, x.a, id, "load", "100", &x.e));
	ck_assert(job_control(x.db, id, "run", &x.e));
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
	bf_is(&x, "SELECT count(*) FROM gatewalk.job_event WHERE text IN ('batch_ms is 50 from now on', 'load is 100 from now on')", "2");
}
END_TEST

/* Each condition: what makes it pause, the reason, and what lets it go on. */
static const struct { struct plan_pause p; const char *up, *reason, *down; } brakes[] = {
	{ { .when = "query", .query = "SELECT i FROM public.brake", .above = 10, .has_above = true }, "UPDATE public.brake SET i = 50", "query is 50, and it pauses above 10", "UPDATE public.brake SET i = 8" },
	{ { .when = "query", .query = "SELECT i FROM public.brake", .above = 10, .has_above = true }, "ALTER TABLE public.brake RENAME TO gone", "query cannot be read: relation \"public.brake\" does not exist",
		"ALTER TABLE public.gone RENAME TO brake" },
	{ { .when = "query", .query = "SELECT i FROM public.brake", .above = 10, .has_above = true, .below = 2, .has_below = true }, "DELETE FROM public.brake", "query cannot be read: gave no row",
		"INSERT INTO public.brake VALUES (2)" },
	{ { .when = "flag", .query = "SELECT i > 0 FROM public.brake" }, "UPDATE public.brake SET i = 1", "the flag's query says so", "UPDATE public.brake SET i = 0" },
	{ { .when = "flag", .query = "SELECT CASE WHEN i = 0 THEN 'f' ELSE 'maybe' END FROM public.brake" }, "UPDATE public.brake SET i = 1", "flag cannot be read: gave neither true nor false",
		"UPDATE public.brake SET i = 0" },
	{ { .when = "slot", .above = 1, .has_above = true }, "SELECT pg_create_physical_replication_slot('gwt_fill', true); CREATE TABLE public.big AS SELECT repeat('x', 500) FROM generate_series(1, 8000)",
		"slot is %MB, and it pauses above 1", "SELECT pg_drop_replication_slot('gwt_fill')" },
	{ { .when = "archive backlog", .above = 42, .has_above = true }, NULL, NULL, NULL },
	{ { .when = "autovacuum" }, NULL, NULL, NULL },
	{ { .when = "replication lag", .above = 5, .has_above = true }, NULL, NULL, NULL },
	{ { .when = "wal rate", .above = 100000, .has_above = true }, NULL, NULL, NULL },
	{ { .when = "write latency", .above = 60000, .has_above = true }, NULL, NULL, NULL },
	{ { .when = "write latency", .above = 0, .has_above = true }, NULL, "write latency is % ms, and it pauses above 0", "" },
	{ { .when = "hours", .from = 0, .to = 1439 }, NULL, "it is between 00:00 and 23:59, in which it pauses", "" },
};

/* Inside a literal. */
static const char *quoted(const char *s)
{
	struct text t = { 0 };
	for (; *s; s++)
		text_addf(&t, *s == '\'' ? "''" : "%c", *s);
	const char *out = arena_dup(x.a, text_str(&t));
	text_free(&t);
	return out;
}

START_TEST(pauses)
{
	x.pause = brakes[_i].p;
	x.plan.zone = "UTC";
	test_sql(x.db, "CREATE TABLE public.brake (i int); INSERT INTO public.brake VALUES (0)");
	if (brakes[_i].up)
		test_sql(x.db, brakes[_i].up);
	pid_t pid = bf_begin(&x);
	if (brakes[_i].reason) {
		bf_until(&x, arena_printf(x.a, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE '%s'", quoted(brakes[_i].reason)));
		bf_is(&x, "SELECT coalesce(sum(filled), 0) FROM gatewalk.backfill", "0");
		bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND xact_start IS NOT NULL", "0");
	}
	if (brakes[_i].down && !*brakes[_i].down) {
		test_sql(x.db, "UPDATE gatewalk.job SET control = 'stop'");
		ck_assert_int_ne(bf_end(pid), 0);
		bf_is(&x, "SELECT state FROM gatewalk.job", "stopped");
		return;
	}
	if (brakes[_i].down)
		test_sql(x.db, brakes[_i].down);
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
}
END_TEST

START_TEST(pauses_for_a_file)
{
	const char *file = arena_printf(x.a, "%s/pause", test_dir());
	x.pause = (struct plan_pause){ .when = "flag", .file = file };
	ck_assert(file_write(file, "", 0, &x.e));
	pid_t pid = bf_begin(&x);
	bf_until(&x, arena_printf(x.a, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'the flag %s is there'", file));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
	x.pause.file = "/dev/null/x";   /* not a folder: whether the flag is there cannot be known */
	pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE 'flag cannot be read: /dev/null/x cannot be looked at: %'");
	kill(pid, SIGKILL);
	bf_end(pid);
}
END_TEST

/* Sessions that wait, and transactions that last; both go on when they are over. */
START_TEST(pauses_for_sessions)
{
	struct db *one = test_client(BF_DB, "shop", NULL), *two = test_client(BF_DB, "shop", NULL);
	test_sql(x.db, "CREATE TABLE public.other ()");
	x.pause = (struct plan_pause){ .when = "lock waiters", .above = 0, .has_above = true };
	test_sql(one, "BEGIN; LOCK TABLE public.other");
	pid_t waiter = fork();
	if (waiter == 0) {
		db_script(two, x.a, "SET lock_timeout = 0; BEGIN; LOCK TABLE public.other; COMMIT", 60000, NULL, NULL);
		_exit(0);
	}
	bf_until(&x, "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'shop' AND wait_event_type = 'Lock'");
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'lock waiters is 1, and it pauses above 0'");
	test_sql(one, "COMMIT");
	bf_end(waiter);
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
	test_sql(x.db, "UPDATE public.t SET n = NULL");
	x.pause = (struct plan_pause){ .when = "longest transaction", .above = 0.2, .has_above = true };
	test_sql(one, "BEGIN; SELECT 1 FROM public.t LIMIT 1; SELECT pg_sleep(0.3)");
	pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE 'longest transaction is % s, and it pauses above 0.2'");
	test_sql(one, "COMMIT");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_is(&x, BF_BAD, "0");
	db_close(one);
	db_close(two);
}
END_TEST

/* A login that may not see other sessions: what it cannot read is no reason to go on, nor to give up. */
START_TEST(pauses_where_it_may_not_see)
{
	struct db *one = test_client(BF_DB, "shop", NULL);
	test_sql(x.db, "DROP ROLE IF EXISTS gwt_blind; CREATE ROLE gwt_blind LOGIN; GRANT USAGE ON SCHEMA gatewalk TO gwt_blind; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public, gatewalk TO gwt_blind");
	x.conninfo = "dbname=" BF_DB " user=gwt_blind";
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE 'lock waiters cannot be read: % sessions of other logins cannot be seen'");
	test_sql(x.db, "GRANT pg_monitor TO gwt_blind");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
	test_sql(x.db, "DROP OWNED BY gwt_blind; DROP ROLE gwt_blind");
	db_close(one);
}
END_TEST

/* What the job reads is told, with what it was. */
START_TEST(tells_its_limits)
{
	struct view_job *jobs;
	size_t n;
	test_sql(x.db, "CREATE TABLE public.brake (i int); INSERT INTO public.brake VALUES (7)");
	x.pause = (struct plan_pause){ .when = "query", .query = "SELECT i FROM public.brake", .above = 10, .has_above = true };
	x.plan.backfill.load = 3;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE settings::jsonb ->> 'gatewalk_limits' LIKE '%\"past\":\"7 7%'");
	ck_assert(job_set(x.db, x.a, 1, "load", "100", &x.e) && !job_set(x.db, x.a, 1, "gatewalk_limits", "{}", &x.e));
	ck_assert_int_eq(bf_end(pid), 0);
	ck_assert(job_list(x.db, x.a, TEST_SID, &jobs, &n, &x.e));
	ck_assert(n == 1 && jobs[0].load == 100 && jobs[0].batch_ms == 0 && jobs[0].n_limits == 1);
	ck_assert_str_eq(jobs[0].limits[0].name, "query");
	ck_assert(jobs[0].limits[0].known && jobs[0].limits[0].now == 7 && jobs[0].limits[0].above == 10 && jobs[0].limits[0].below == 8 && jobs[0].limits[0].n_past >= 2);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backfill_pause");
	TCase *t = tcase_create("pause");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, paused_set_and_resumed);
	tcase_add_loop_test(t, pauses, 0, sizeof brakes / sizeof brakes[0]);
	tcase_add_test(t, pauses_for_a_file);
	tcase_add_test(t, pauses_for_sessions);
	tcase_add_test(t, pauses_where_it_may_not_see);
	tcase_add_test(t, tells_its_limits);
	suite_add_tcase(s, t);
	return test_main(s);
}
