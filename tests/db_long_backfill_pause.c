/* SPDX-License-Identifier: MIT */
/* What makes a backfill pause only after long: batches that get nowhere, and a count that is slow. */
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

/* Each row is held: no batch gets through, and it rests for as long as lies between the thresholds. */
START_TEST(rests_without_progress)
{
	struct db *one = test_client(BF_DB, "shop", NULL);
	x.pause = (struct plan_pause){ .when = "no progress", .above = 0.02, .has_above = true, .below = 0.005, .has_below = true };
	test_sql(one, "BEGIN; SELECT FROM public.t FOR UPDATE");
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'it got no further for 0.02 min: it rests for 0.015 min, and tries again'");
	bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND xact_start IS NOT NULL", "0");
	bf_until(&x, "SELECT count(*) > 1 FROM gatewalk.job_event WHERE text LIKE 'waits: it got no further%'");   /* tried in between */
	test_sql(one, "COMMIT");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
	db_close(one);
}
END_TEST

/* The count works out a slow expression on every row: some seconds. */
START_TEST(the_count_lets_go)
{
	const char *file = arena_printf(x.a, "%s/pause", test_dir()), *counting =
		"SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND query LIKE '%SELECT coalesce(sum(n), 0)%' AND state = 'active'";
	test_sql(x.db, "TRUNCATE public.t; INSERT INTO public.t SELECT i, i FROM generate_series(1, 300) i;"
		" CREATE FUNCTION public.slow(i int) RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN PERFORM pg_sleep(0.005); RETURN i; END$$");
	x.plan.backfill.fills = "differences";
	x.plan.backfill.where = "public.slow(v) > 0";
	x.pause = (struct plan_pause){ .when = "flag", .file = file };
	pid_t pid = bf_begin(&x);
	bf_until(&x, counting);
	long long id = cell_int(bf_get(&x, "SELECT id FROM gatewalk.job"));
	ck_assert(job_control(x.db, id, "pause", &x.e));
	bf_until(&x, "SELECT state = 'paused' FROM gatewalk.job");
	bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND xact_start IS NOT NULL", "0");
	ck_assert(file_write(file, "", 0, &x.e) && job_control(x.db, id, "run", &x.e));
	bf_until(&x, arena_printf(x.a, "SELECT state = 'waiting' AND note = 'the flag %s is there' FROM gatewalk.job", file));
	ck_assert_int_eq(unlink(file), 0);
	bf_until(&x, counting);
	bf_until(&x, "SELECT state = 'running' FROM gatewalk.job");
	ck_assert(file_write(file, "", 0, &x.e));
	bf_until(&x, arena_printf(x.a, "SELECT state = 'waiting' AND note = 'the flag %s is there' FROM gatewalk.job", file));
	bf_is(&x, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND xact_start IS NOT NULL", "0");
	ck_assert_int_eq(unlink(file), 0);
	bf_until(&x, counting);
	ck_assert(job_control(x.db, id, "stop", &x.e));
	ck_assert_int_ne(bf_end(pid), 0);
	bf_is(&x, "SELECT state FROM gatewalk.job", "stopped");
	bf_is(&x, "SELECT rows_left IS NULL FROM gatewalk.backfill", "t");
	bf_must(&x);
	bf_whole(&x, "300");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("long_backfill_pause");
	TCase *t = tcase_create("pause");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, rests_without_progress);
	tcase_add_test(t, the_count_lets_go);
	suite_add_tcase(s, t);
	return test_main(s);
}
