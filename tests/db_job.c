/* SPDX-License-Identifier: MIT */
#include "adapter/job.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "port/child.h"
#include "port/files.h"
#include "tests/lib_walk.h"

static struct db *db, *own;
static struct arena *a;
static struct err e;

static void nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000L }, NULL);
}

static void setup(void)
{
	db = test_database("gwt_job");
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, "CREATE TABLE public.orders (id int PRIMARY KEY, legacy_total int)");
	struct fact_target t = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &t);
	own = test_client("gwt_job", "gatewalk job 1", NULL);
}

static void teardown(void)
{
	db_close(own);
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_job");
}

static long long make(const char *kind)
{
	long long id = 0;
	ck_assert_msg(job_make(db, a, TEST_SID, kind, "{\"role\":\"first\"}", &id, &e), "%s", e.msg);
	return id;
}

static struct job *claim(const char *kind)
{
	struct job *j = job_claim(own, make(kind), &e);
	ck_assert_msg(j != NULL, "%s", e.msg);
	return j;
}

static struct view_job *list(size_t want)
{
	struct view_job *v;
	size_t n;
	ck_assert_msg(job_list(db, a, TEST_SID, &v, &n, &e), "%s", e.msg);
	ck_assert_uint_eq(n, want);
	return v;
}

START_TEST(claim_is_for_one)
{
	long long id = make("snapshot");
	ck_assert_str_eq(list(1)->state, "new");
	struct job *j = job_claim(own, id, &e);
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(job_kind(j), "snapshot");
	ck_assert_str_eq(job_sid(j), TEST_SID);
	ck_assert_str_eq(job_args(j), "{\"role\":\"first\"}");
	ck_assert_ptr_null(job_claim(db, id, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "is taken already: running, process "));
	ck_assert_ptr_null(job_claim(db, 999, &e));
	ck_assert_str_eq(e.msg, "there is no job 999 in this database");
	ck_assert_str_eq(list(1)->state, "running");
	job_free(j);
}
END_TEST

/* A newer gatewalk upgraded the schema: this one's jobs write no more of it, and stop. */
START_TEST(another_schema)
{
	struct job *j = claim("watch");
	ck_assert(job_tick(j, "watch", 1, 0, "rounds", false, "mine"));
	long long id = make("monitor");
	test_sql(db, "UPDATE gatewalk.meta SET version = version + 1");
	ck_assert(!job_tick(j, "another phase", 2, 0, "rounds", false, "theirs"));
	job_event(j, "theirs");
	ck_assert(!job_done(j, "{}", &e));
	ck_assert_ptr_null(job_claim(db, id, &e));
	ck_assert_str_eq(test_value(db, a, "SELECT string_agg(state || ' ' || coalesce(phase, '-') || ' ' || coalesce(note, '-') || ' ' || coalesce(result, '-'), ', ' ORDER BY id) FROM gatewalk.job"),
		"running watch mine -, new - - -");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM gatewalk.job_event"), "1");
	job_free(j);
}
END_TEST

START_TEST(progress_phases_and_range)
{
	struct job *j = claim("snapshot");
	ck_assert(job_tick(j, "open snapshot", 0, 0, "", false, "lock taken, then exported"));
	ck_assert(job_tick(j, "copy table", 1, 100, "rows", true, "part 1"));
	job_event(j, "part %d done", 1);
	nap(2200);
	ck_assert(job_tick(j, "copy table", 50, 100, "rows", true, "part 2"));
	struct view_job *v = list(1);
	ck_assert_str_eq(v->phase, "copy table");
	ck_assert_str_eq(v->note, "part 2");
	ck_assert_str_eq(v->unit, "rows");
	ck_assert(v->done == 50 && v->total == 100 && v->estimate);
	ck_assert_uint_eq(v->n_phases, 2);
	ck_assert_str_eq(v->phases[0].name, "open snapshot");
	ck_assert_str_eq(v->phases[0].note, "lock taken, then exported");
	ck_assert_int_eq(v->phases[0].mood, MOOD_DONE);
	ck_assert_int_eq(v->phases[1].mood, MOOD_RUNNING);
	ck_assert_int_gt(v->phases[1].took, 2000000);
	ck_assert_uint_eq(v->n_events, 1);
	ck_assert_str_eq(v->events[0].text, "part 1 done");
	ck_assert(v->rate > 15 && v->rate < 25);
	/* 49 rows in 2.2 s: two stretches of a second. */
	ck_assert_uint_eq(v->n_rates, 2);
	ck_assert(v->rates[1] > 15 && v->rates[1] < 25 && v->rate_each == 1000000);
	ck_assert_str_eq(v->rate_unit, "rows");
	ck_assert(v->eta_low_s > 1 && v->eta_low_s < v->eta_high_s && v->eta_high_s < 6);
	ck_assert_msg(job_done(j, "{\"rows\":100}", &e), "%s", e.msg);
	v = list(1);
	ck_assert_str_eq(v->state, "done");
	ck_assert_int_eq(v->phases[1].mood, MOOD_DONE);
	ck_assert(v->eta_low_s == -1 && v->ended > 0);
	job_free(j);
}
END_TEST

START_TEST(never_above_all)
{
	struct job *j = claim("snapshot");
	ck_assert(job_tick(j, "copy", 130, 100, "rows", true, ""));
	ck_assert(list(1)->total == 130);
	job_free(j);
}
END_TEST

START_TEST(two_writes_a_second)
{
	struct job *j = claim("snapshot");
	test_sql(db, "CREATE TABLE public.writes (n int); CREATE FUNCTION public.count() RETURNS trigger LANGUAGE plpgsql AS"
		" $$BEGIN INSERT INTO public.writes VALUES (1); RETURN NULL; END$$;"
		" CREATE TRIGGER c AFTER UPDATE ON gatewalk.job FOR EACH ROW EXECUTE FUNCTION public.count()");
	for (int i = 0; i < 200; i++) {
		ck_assert(job_tick(j, "copy", i, 200, "rows", false, ""));
		nap(6);
	}
	int n = atoi(test_value(db, a, "SELECT count(*) FROM public.writes"));
	ck_assert_msg(n >= 2 && n <= 4, "%d writes in 1.2 s", n);
	job_free(j);
}
END_TEST

START_TEST(odd_notes_do_not_stop_it)
{
	struct job *j = claim("snapshot");
	char note[600];
	memset(note, 'x', sizeof note);
	note[254] = '\xc3';   /* where the note is cut: half a character */
	note[255] = '\xa4';
	note[599] = '\0';
	ck_assert(job_tick(j, "caf\xc3", 1, 2, "rows", false, note));
	struct view_job *v = list(1);
	ck_assert_uint_eq(strlen(v->note), 254);
	ck_assert_str_eq(v->phase, "caf");
	job_free(j);
}
END_TEST

START_TEST(stop_and_pause)
{
	struct job *j = claim("watch");
	ck_assert(job_tick(j, "watch", 1, 0, "rounds", false, ""));
	ck_assert_msg(job_control(db, list(1)->id, "pause", &e), "%s", e.msg);
	pid_t pid = fork();
	if (pid == 0) {   /* the second terminal: sees it paused, lets it go on */
		struct db *other = test_client("gwt_job", "gatewalk", NULL);
		struct view_job *v;
		size_t n;
		bool paused = false;
		for (int i = 0; i < 50 && !paused; i++, nap(100))
			paused = job_list(other, a, TEST_SID, &v, &n, &e) && strcmp(v->state, "paused") == 0;
		_exit(paused && job_control(other, v->id, "run", &e) ? 0 : 1);
	}
	nap(600);
	ck_assert(job_tick(j, "watch", 2, 0, "rounds", false, ""));
	ck_assert_str_eq(list(1)->state, "running");
	ck_assert_msg(job_control(db, list(1)->id, "stop", &e), "%s", e.msg);
	nap(600);
	ck_assert(!job_tick(j, "watch", 3, 0, "rounds", false, ""));
	ck_assert(!job_tick(j, "watch", 4, 0, "rounds", false, ""));
	ck_assert(job_failed(j, &(struct err){ .code = ERR_INTERRUPTED, .msg = "stopped" }));
	ck_assert_str_eq(list(1)->state, "stopped");
	ck_assert(!job_control(db, 1, "dance", &e));
	ck_assert_str_eq(e.msg, "a job is told run, pause or stop, not \"dance\"");
	ck_assert(!job_control(db, list(1)->id, "stop", &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "or it has ended"));
	job_free(j);
}
END_TEST

START_TEST(stopped_before_anybody_took_it)
{
	long long id = make("drill");
	ck_assert(job_control(db, id, "stop", &e));
	ck_assert_str_eq(list(1)->state, "stopped");
	ck_assert_ptr_null(job_claim(own, id, &e));
}
END_TEST

START_TEST(results_oldest_first)
{
	struct job_left l = { 0 };
	struct job *j = claim("snapshot");
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_int_eq(l.id, 0);
	ck_assert(job_done(j, "{\"n\":1}", &e));
	job_free(j);
	j = claim("drill");
	ck_assert(job_failed(j, &(struct err){ .code = ERR_SYSTEM, .msg = "no room", .hint = "free 3 GB" }));
	job_free(j);
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_str_eq(l.kind, "snapshot");
	ck_assert_str_eq(l.state, "done");
	ck_assert_str_eq(l.result, "{\"n\":1}");
	l.but = "snapshot";
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_str_eq(l.kind, "drill");
	l.but = NULL;
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_str_eq(l.kind, "snapshot");
	ck_assert(job_taken(db, l.id, &e));
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_str_eq(l.kind, "drill");
	ck_assert_str_eq(l.state, "failed");
	ck_assert_str_eq(l.error, "no room; free 3 GB");
	ck_assert(job_taken(db, l.id, &e));
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_int_eq(l.id, 0);
}
END_TEST

START_TEST(lost_when_the_process_is_gone)
{
	bool yes;
	long long id = make("watch");
	pid_t pid = fork();
	if (pid == 0) {
		struct db *mine = test_client("gwt_job", "gatewalk job", NULL);
		_exit(job_claim(mine, id, &e) ? 0 : 1);
	}
	for (int i = 0; i < 100 && child_alive((int)pid); i++)
		nap(50);
	ck_assert_str_eq(list(1)->state, "lost");
	ck_assert(job_running(db, a, TEST_SID, "watch", &yes, &e) && !yes);
	struct job_left l = { 0 };
	ck_assert(job_result(db, a, TEST_SID, &l, &e));
	ck_assert_str_eq(l.state, "lost");
	ck_assert(job_taken(db, l.id, &e));
	ck_assert_str_eq(list(1)->state, "lost");
}
END_TEST

/* The maker was killed before it could start the job. */
START_TEST(lost_when_its_maker_is_gone)
{
	long long id = make("snapshot");
	ck_assert_str_eq(list(1)->state, "new");
	test_sql(db, arena_printf(a, "UPDATE gatewalk.job SET pid = 2147483647 WHERE id = %lld", id));
	ck_assert_str_eq(list(1)->state, "lost");
	bool running = true;
	ck_assert(job_running(db, a, TEST_SID, "snapshot", &running, &e) && !running);
}
END_TEST

START_TEST(lost_when_not_heard_of)
{
	bool yes;
	struct job *j = claim("monitor");
	ck_assert(job_running(db, a, TEST_SID, "monitor", &yes, &e) && yes);
	test_sql(db, "UPDATE gatewalk.job SET host = 'elsewhere', seen_at = now() - interval '119 s', backend_pid = 1");
	ck_assert_str_eq(list(1)->state, "running");
	test_sql(db, "UPDATE gatewalk.job SET seen_at = now() - interval '121 s', made_at = now() - interval '1 h'");
	ck_assert_str_eq(list(1)->state, "lost");
	ck_assert(job_running(db, a, TEST_SID, "monitor", &yes, &e) && !yes);
	test_sql(db, "UPDATE gatewalk.job SET host = (SELECT host FROM gatewalk.job LIMIT 1)");
	/* Taken in as lost: should it come back, it stops by itself and its result does not count. */
	ck_assert(job_taken(db, list(1)->id, &e));
	ck_assert(!job_tick(j, "monitor", 1, 0, "", false, ""));
	ck_assert(!job_done(j, "{}", &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "was ended from outside: its result does not count"));
	job_free(j);
}
END_TEST

START_TEST(silent_but_alive_needs_a_login)
{
	struct job *j = claim("watch");
	test_sql(db, "UPDATE gatewalk.job SET seen_at = now() - interval '10 min', made_at = now() - interval '1 h', backend_pid = 1");
	ck_assert_str_eq(list(1)->state, "needs a login");
	job_free(j);
}
END_TEST

START_TEST(cut_connection_is_no_end)
{
	struct job *j = claim("watch");
	ck_assert(job_tick(j, "watch", 1, 0, "rounds", false, ""));
	test_sql(db, "SELECT pg_terminate_backend(backend_pid) FROM gatewalk.job");
	nap(600);
	for (int i = 2; i < 6; i++, nap(600))
		ck_assert(job_tick(j, "watch", i, 0, "rounds", false, ""));
	ck_assert(list(1)->done >= 3);
	ck_assert_msg(job_done(j, "{}", &e), "%s", e.msg);
	ck_assert_str_eq(list(1)->state, "done");
	job_free(j);
}
END_TEST

START_TEST(settings)
{
	const char *value;
	struct job *j = claim("watch");
	long long id = list(1)->id;
	ck_assert(job_setting(j, a, "interval_s", &value, &e));
	ck_assert_ptr_null(value);
	ck_assert(job_set(db, a, id, "interval_s", "3", &e));
	ck_assert(job_setting(j, a, "interval_s", &value, &e));
	ck_assert_str_eq(value, "3");
	ck_assert(!job_set(db, a, id, "gatewalk_rates", "1", &e));
	ck_assert_str_eq(e.msg, "a job has no setting \"gatewalk_rates\"");
	ck_assert(!job_set(db, a, id, "Load; DROP", "1", &e));
	ck_assert_str_eq(e.msg, "a job has no setting \"Load; DROP\"");
	static const char *const wrong[] = { "0", "101", "1x", "", "99999999999999999999" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		ck_assert(!job_set(db, a, id, "load", wrong[i], &e));
		ck_assert_str_eq(e.msg, arena_printf(a, "load is a number from 1 to 100, not \"%s\"", wrong[i]));
	}
	ck_assert(!job_set(db, a, 999, "load", "1", &e));
	job_free(j);
}
END_TEST

START_TEST(starts_a_process)
{
	char script[512], *said;
	size_t len;
	snprintf(script, sizeof script, "%s/program", test_dir());
	ck_assert(file_write(script, "#!/bin/sh\necho \"$@\"\n", 20, &e));
	ck_assert_int_eq(system(arena_printf(a, "chmod 700 %s", script)), 0);
	const struct job_order o = { script, "dbname=x", make("drill"), path_join(a, test_dir(), "jobs") };
	ck_assert_msg(job_start(db, a, &o, &e), "%s", e.msg);
	const char *log = path_join(a, o.log_dir, arena_printf(a, "job-%lld.log", o.id));
	for (int i = 0; i < 50; i++, nap(50))
		if (file_read(a, log, 1000, &said, &len, &e) && len > 0)
			break;
	ck_assert_str_eq(said, arena_printf(a, "job run %lld -d dbname=x\n", o.id));
	/* It ended without ever taking its row: known at once, not when nobody has heard of it for minutes. */
	for (int i = 0; i < 50 && strcmp(list(1)->state, "lost") != 0; i++)
		nap(50);
	ck_assert_str_eq(list(1)->state, "lost");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_job");
	TCase *c = tcase_create("rows");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, claim_is_for_one);
	tcase_add_test(c, progress_phases_and_range);
	tcase_add_test(c, another_schema);
	tcase_add_test(c, never_above_all);
	tcase_add_test(c, two_writes_a_second);
	tcase_add_test(c, odd_notes_do_not_stop_it);
	tcase_add_test(c, stop_and_pause);
	tcase_add_test(c, stopped_before_anybody_took_it);
	tcase_add_test(c, results_oldest_first);
	tcase_add_test(c, lost_when_the_process_is_gone);
	tcase_add_test(c, lost_when_its_maker_is_gone);
	tcase_add_test(c, lost_when_not_heard_of);
	tcase_add_test(c, silent_but_alive_needs_a_login);
	tcase_add_test(c, cut_connection_is_no_end);
	tcase_add_test(c, settings);
	tcase_add_test(c, starts_a_process);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
