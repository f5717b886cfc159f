/* SPDX-License-Identifier: MIT */
/* A backfill that is killed, cut off, paused, throttled, and written over; and what it holds while it waits: nothing. */
#include "tests/backfill_fixture.h"
#include "tests/pg_proxy.h"

static struct bf x;

#define ROWS "30000"
#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, w int DEFAULT 0, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, " ROWS ") i"
/* A batch that meets row 20000 sleeps there, once; the sequence remembers. */
#define SLEEPS "CREATE SEQUENCE public.slept; CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.v = 20000 AND nextval('public.slept') = 2" \
	" THEN PERFORM pg_sleep(0.3); END IF; RETURN NEW; END$$; CREATE TRIGGER f BEFORE UPDATE ON public.t FOR EACH ROW WHEN (NEW.v = 20000) EXECUTE FUNCTION public.f();" \
	" SELECT nextval('public.slept')"
#define FILLING "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'gatewalk backfill' AND datname = '" BF_DB "'"

static void setup(void)
{
	bf_open(&x, TABLE);
	x.plan.backfill.batch_ms = 10;
}

static void teardown(void)
{
	bf_close(&x);
}

/* Every row once: what was written down as done is what was done. */
static void whole(void)
{
	bf_is(&x, BF_BAD, "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", ROWS);
	bf_is(&x, "SELECT rows_left FROM gatewalk.backfill", "0");
}

/* The control of whole(): a cursor that is not of its batch. */
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
	whole();
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
	whole();
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
	whole();
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
	whole();
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
	whole();
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
	whole();
}
END_TEST

START_TEST(one_at_a_time)
{
	x.plan.backfill.load = 2;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 2 FROM gatewalk.backfill");
	pid_t second = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note = 'another session fills this column'");
	kill(pid, SIGKILL);
	bf_end(pid);
	test_sql(x.db, "SELECT pg_terminate_backend(backend_pid) FROM gatewalk.job WHERE id = 1");
	test_sql(x.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}' WHERE id = 2");
	ck_assert_int_eq(bf_end(second), 0);
	whole();
}
END_TEST

/* ---- told from a second terminal ---- */

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
	whole();
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
	whole();
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
	whole();
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
	whole();
	test_sql(x.db, "UPDATE public.t SET n = NULL");
	x.pause = (struct plan_pause){ .when = "longest transaction", .above = 0.2, .has_above = true };
	test_sql(one, "BEGIN; SELECT 1 FROM public.t LIMIT 1; SELECT pg_sleep(0.3)");
	pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE 'longest transaction is % s, and it pauses above 0.2'");
	test_sql(one, "COMMIT");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_is(&x, BF_BAD, "0");
	db_close(one);
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
	whole();
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
	tcase_add_test(t, paused_set_and_resumed);
	tcase_add_loop_test(t, pauses, 0, sizeof brakes / sizeof brakes[0]);
	tcase_add_test(t, pauses_for_a_file);
	tcase_add_test(t, pauses_for_sessions);
	tcase_add_test(t, memory_does_not_grow);
	tcase_add_test(t, another_timeline_is_asked_about);
	suite_add_tcase(s, t);
	return test_main(s);
}
