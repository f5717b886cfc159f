/* SPDX-License-Identifier: MIT */
/* A backfill that is killed, cut off, and written over meanwhile. */
#include "adapter/writer.h"
#include "tests/backfill_fixture.h"
#include "tests/pg_proxy.h"

static struct bf x;

#define ROWS "30000"
#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, w int DEFAULT 0, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, " ROWS ") i"
/* A batch that meets row 20000 sleeps there, once; the sequence remembers. */
#define SLEEPS "CREATE SEQUENCE public.slept; CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.v = 20000 AND nextval('public.slept') = 2" \
	" THEN PERFORM pg_sleep(0.3); END IF; RETURN NEW; END$$; CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW WHEN (NEW.v = 20000) EXECUTE FUNCTION public.f();" \
	" SELECT nextval('public.slept')"

static void setup(void)
{
	bf_open(&x, TABLE);
	x.plan.backfill.batch_ms = 10;
}

static void teardown(void)
{
	bf_close(&x);
}

/* The control of bf_whole(): a cursor that is not of its batch. */
START_TEST(a_cursor_apart_shows)
{
	test_sql(x.db, "UPDATE public.t SET n = v * 100 WHERE id <= 10");
	bf_must(&x);
	bf_is(&x, "SELECT filled::text = '" ROWS "' FROM gatewalk.backfill", "f");
}
END_TEST

START_TEST(killed_between_batches)
{
	x.plan.backfill.load = 5;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 3 FROM gatewalk.backfill");
	kill(pid, SIGKILL);
	ck_assert(WIFSIGNALED(bf_end(pid)));
	bf_is(&x, "SELECT pass_over FROM gatewalk.backfill", "f");
	x.plan.backfill.load = 100;
	bf_must(&x);
	bf_whole(&x, ROWS);
}
END_TEST

START_TEST(killed_inside_a_batch)
{
	test_sql(x.db, SLEEPS);
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND wait_event = 'PgSleep'");
	kill(pid, SIGKILL);
	ck_assert(WIFSIGNALED(bf_end(pid)));
	bf_must(&x);
	bf_whole(&x, ROWS);
}
END_TEST

static const struct { const char *cut_query, *cut_after; } cuts[] = { { "COMMIT", NULL }, { NULL, "COMMIT" }, { "/* gatewalk */ WITH u AS (UPDATE", NULL }, { NULL, "/* gatewalk */ WITH u AS (UPDATE" } };

START_TEST(link_cut)
{
	struct proxy p = { .cut = false };
	ck_assert(proxy_start(&p, test_dir()));
	x.conninfo = arena_printf(x.a, "host=%s port=5432 dbname=" BF_DB, p.dir);
	x.plan.backfill.load = 20;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
	p.cut_query = cuts[_i].cut_query;
	p.cut_after = cuts[_i].cut_after;
	for (int i = 0; i < 3000 && !p.cut; i++)
		clock_nap(10);
	ck_assert(p.cut);
	p.cut_query = p.cut_after = NULL;
	p.cut = false;
	ck_assert_int_eq(bf_end(pid), 0);
	proxy_stop(&p);
	bf_whole(&x, ROWS);
	bf_is(&x, "SELECT count(*) > 0 FROM gatewalk.job_event WHERE text LIKE 'the link was cut: %'", "t");
}
END_TEST

/* The role's own timeouts are shorter than a batch, and than a pause. */
START_TEST(the_roles_timeouts)
{
	test_sql(x.db, SLEEPS);
	test_sql(x.db, "DROP ROLE IF EXISTS gwt_filler; CREATE ROLE gwt_filler LOGIN SUPERUSER; ALTER ROLE gwt_filler SET statement_timeout = 5; ALTER ROLE gwt_filler SET lock_timeout = 1;"
		" ALTER ROLE gwt_filler SET idle_in_transaction_session_timeout = 1; ALTER ROLE gwt_filler SET idle_session_timeout = 20");
	x.conninfo = "user=gwt_filler dbname=" BF_DB;
	x.plan.backfill.load = 30;
	bool ok = bf_run(&x);
	const char *events = bf_get(&x, "SELECT count(*) FROM gatewalk.job_event WHERE text LIKE 'the link%'");
	test_gone(x.db, "usename = 'gwt_filler'");
	test_sql(x.db, "DROP ROLE gwt_filler");
	ck_assert_msg(ok, "%s", x.e.msg);
	ck_assert_str_eq(events, "0");
	bf_whole(&x, ROWS);
}
END_TEST

/* Another transaction holds some rows: nobody waits for long, the rest is done, and they follow when they are free. */
START_TEST(rows_held_by_others)
{
	struct db *other = test_connect("dbname=" BF_DB);
	test_sql(other, "BEGIN; UPDATE public.t SET w = 1 WHERE id IN (5, 15000)");
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) BETWEEN 2 AND 600 FROM public.t WHERE n IS NULL");
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'other transactions hold rows that are to be filled'");
	test_sql(other, "COMMIT");
	ck_assert_int_eq(bf_end(pid), 0);
	db_close(other);
	bf_whole(&x, ROWS);
	bf_is(&x, "SELECT sum(w) FROM public.t", "2");
}
END_TEST

/* ---- beside it ---- */

/* As an application that writes: v changes, and its own trigger (the dual write) brings n along; rows come and go. */
#define DUAL "CREATE FUNCTION public.dual() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF TG_OP = 'INSERT' OR NEW.v <> OLD.v THEN NEW.n := NEW.v * 100; END IF; RETURN NEW; END$$;" \
	" CREATE TRIGGER dual BEFORE INSERT OR UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.dual()"

static pid_t writer(int seed)
{
	pid_t pid = fork();
	if (pid != 0)
		return pid;
	struct db *db = test_connect("dbname=" BF_DB);
	struct arena *a = arena_new();
	test_sql(db, arena_printf(a, "SELECT setseed(0.%d); SELECT setval('public.seed', 1)", seed));
	for (;;)
		if (!db_script(db, a, "UPDATE public.t SET v = v + 1, w = w + 1 WHERE id = 1 + (random() * 30000)::int; UPDATE public.t SET w = w WHERE id = 1 + (random() * 30000)::int;"
				" INSERT INTO public.t (id, v) VALUES (nextval('public.ids'), 7); INSERT INTO public.written VALUES (1)", 5000, NULL, NULL))
			_exit(1);
}

START_TEST(written_meanwhile)
{
	test_sql(x.db, DUAL "; CREATE SEQUENCE public.seed; CREATE SEQUENCE public.ids START 100000; CREATE TABLE public.written (i int)");
	pid_t writers[2] = { writer(1), writer(2) };
	x.plan.backfill.load = 20;
	bf_until(&x, "SELECT count(*) > 20 FROM public.written");
	bf_must(&x);
	int gone = waitpid(-1, NULL, WNOHANG);
	for (int i = 0; i < 2; i++) {
		kill(writers[i], SIGKILL);
		bf_end(writers[i]);
	}
	ck_assert_int_eq(gone, 0);   /* no writer failed */
	test_gone(x.db, "application_name = 'gatewalk test'");
	bf_is(&x, BF_BAD, "0");
	/* No write was lost: each one that changed v counted itself in w. */
	bf_is(&x, "SELECT count(*) FROM public.t WHERE id <= 30000 AND v <> id + w", "0");
	bf_is(&x, "SELECT count(*) > 20 FROM public.t WHERE id >= 100000", "t");
}
END_TEST

/* The control: a backfill that reads first and writes then leaves an older value; ours, with the same write between its look and its lock, does not. */
START_TEST(older_values_show)
{
	test_sql(x.db, "CREATE TABLE public.old AS SELECT id, v * 100 AS n FROM public.t WHERE id <= 10; UPDATE public.t SET v = v + 1 WHERE id = 5;"
		" UPDATE public.t SET n = o.n FROM public.old o WHERE o.id = t.id");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n <> v * 100", "1");
	test_sql(x.db, "UPDATE public.t SET n = NULL");
	struct db *other = test_connect("dbname=" BF_DB);
	test_sql(x.db, "CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END$$;"
		" CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW WHEN (OLD.id = 1) EXECUTE FUNCTION public.f()");
	test_sql(other, "BEGIN; UPDATE public.t SET v = v + 1 WHERE id IN (20, 21)");
	pid_t pid = bf_begin(&x);
	/* The batch waits for row 20: its snapshot is older than what is committed now. */
	bf_until(&x, "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND wait_event_type = 'Lock'");
	test_sql(other, "COMMIT");
	ck_assert_int_eq(bf_end(pid), 0);
	db_close(other);
	bf_is(&x, BF_BAD, "0");
	bf_is(&x, "SELECT string_agg(n::text, ' ' ORDER BY id) FROM public.t WHERE id IN (20, 21)", "2100 2200");
}
END_TEST

/* Without a dual write rows move and come in: later passes find them, and a count ends it. */
START_TEST(moved_rows_are_found)
{
	x.plan.backfill.load = 10;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(at), 0) > 10 * 65536 FROM gatewalk.backfill");
	test_sql(x.db, "INSERT INTO public.t SELECT i, i FROM generate_series(40001, 41000) i; UPDATE public.t SET w = 1 WHERE id BETWEEN 25000 AND 26000");
	test_sql(x.db, "VACUUM public.t");
	test_sql(x.db, "INSERT INTO public.t SELECT i, i FROM generate_series(41001, 42000) i");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_is(&x, BF_BAD, "0");
	bf_is(&x, "SELECT pass > 1 FROM gatewalk.backfill", "t");
}
END_TEST

/* Its places are other ones afterwards. */
START_TEST(rewritten_meanwhile)
{
	x.plan.backfill.load = 10;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(at), 0) > 10 * 65536 FROM gatewalk.backfill");
	test_sql(x.db, "CREATE INDEX back ON public.t ((-id)); CLUSTER public.t USING back");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
}
END_TEST

START_TEST(one_at_a_time)
{
	x.plan.backfill.load = 2;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
	pid_t second = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'another session fills or changes a table of this database'");
	kill(pid, SIGKILL);
	bf_end(pid);
	test_sql(x.db, "SELECT pg_terminate_backend(backend_pid) FROM gatewalk.job WHERE id = 1");
	test_sql(x.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}' WHERE id = 2");
	ck_assert_int_eq(bf_end(second), 0);
	bf_whole(&x, ROWS);
}
END_TEST

/* Of another table, another walk: two engines may have passed A6 in the same moment. */
START_TEST(while_another_walk_changes)
{
	bf_is(&x, "SELECT pg_try_advisory_lock(" WRITER_ALONE_SQL ")", "t");
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note ~ 'fills or changes'");
	bf_is(&x, "SELECT coalesce(max(batches), 0) FROM gatewalk.backfill", "0");
	bf_is(&x, "SELECT pg_advisory_unlock(" WRITER_ALONE_SQL ")", "t");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_whole(&x, ROWS);
}
END_TEST

/* kB of a child that fills; the sanitizers' own are not counted. */
static long peak(void)
{
	pid_t pid = bf_begin(&x);
	char line[128], path[64];
	long kb = 0;
	int status;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		FILE *f = fopen(path, "r");
		long now;
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "VmHWM: %ld", &now) == 1)
				kb = now;
		if (f)
			fclose(f);
		clock_nap(2);
	}
	ck_assert_int_eq(status, 0);
	return kb;
}

/* The same for many times the rows, with rejects among them; far from 64 MB. */
START_TEST(memory_does_not_grow)
{
	test_sql(x.db, "TRUNCATE public.t; INSERT INTO public.t SELECT i, i FROM generate_series(1, 5000) i");
	x.plan.backfill.value = "CASE WHEN v % 1000 = 0 THEN v / (v % 1000) ELSE v * 100 END";
	long small = peak();
	test_sql(x.db, "TRUNCATE public.t; INSERT INTO public.t SELECT i, i FROM generate_series(1, 60000) i; DELETE FROM gatewalk.backfill_reject; DELETE FROM gatewalk.backfill");
	long large = peak();
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "59940");
	bf_is(&x, "SELECT count(*) FROM gatewalk.backfill_reject", "60");
#ifndef __SANITIZE_ADDRESS__
	ck_assert_msg(large < 64 * 1024 && large - small < 2048, "%ld kB for 5,000 rows, %ld kB for 60,000", small, large);
#else
	(void)small;
	(void)large;
#endif
}
END_TEST

START_TEST(another_timeline_is_asked_about)
{
	x.timeline = 7;
	ck_assert(!bf_run(&x));
	ck_assert_str_eq(x.e.msg, "the server is on timeline 1 and the backfill began on 7: a failover may have lost its last batches and other writes");
	ck_assert_str_eq(x.e.hint, "Start the backfill again to go on from what this server has.");
	bf_is(&x, "SELECT count(*) FROM public.t WHERE n IS NOT NULL", "0");
	x.timeline = 1;
	bf_must(&x);
	bf_whole(&x, ROWS);
	/* One that no person started asks as well: where it was filled before stands in its row. */
	test_sql(x.db, "UPDATE gatewalk.backfill SET timeline = 3");
	x.timeline = 0;
	ck_assert(!bf_run(&x));
	ck_assert_str_eq(x.e.msg, "the server is on timeline 1 and the backfill began on 3: a failover may have lost its last batches and other writes");
	x.timeline = 1;
	bf_must(&x);
	bf_is(&x, "SELECT timeline FROM gatewalk.backfill", "1");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backfill_faults");
	TCase *t = tcase_create("faults");
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_cursor_apart_shows);
	tcase_add_test(t, killed_between_batches);
	tcase_add_test(t, killed_inside_a_batch);
	tcase_add_loop_test(t, link_cut, 0, sizeof cuts / sizeof cuts[0]);
	tcase_add_test(t, the_roles_timeouts);
	tcase_add_test(t, rows_held_by_others);
	tcase_add_test(t, written_meanwhile);
	tcase_add_test(t, older_values_show);
	tcase_add_test(t, moved_rows_are_found);
	tcase_add_test(t, rewritten_meanwhile);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, while_another_walk_changes);
	tcase_add_test(t, memory_does_not_grow);
	tcase_add_test(t, another_timeline_is_asked_about);
	suite_add_tcase(s, t);
	return test_main(s);
}
