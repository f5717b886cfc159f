/* SPDX-License-Identifier: MIT */
/* What happened while nobody looked: summed up once at the return, and rung for by the jobs themselves. */
#include "adapter/job.h"
#include "tests/lib_engine.h"

static struct engine_world w;

static bool told(const char *words)
{
	for (size_t i = 0; i < w.g->n_since_left; i++)
		if (strstr(w.g->since_left[i], words))
			return true;
	return false;
}

static const char *all(void)
{
	const char *s = "";
	for (size_t i = 0; i < w.g->n_since_left; i++)
		s = arena_printf(w.a, "%s\n%s", s, w.g->since_left[i]);
	return s;
}

static void go_away(void)
{
	engine_free(w.g);
	w.g = NULL;
}

static void come_back(void)
{
	ck_assert_msg(world_walk(&w), "%s", w.e.msg);
	ck_assert_msg(engine_look(w.g, &w.e), "%s", w.e.msg);
}

static const char *sid(void)
{
	return test_value(w.db, w.a, "SELECT sid FROM gatewalk.walk");
}

static void sighted(void)
{
	test_sql(w.db, "INSERT INTO gatewalk.sighting (sid, source, touch, who, consumer) SELECT sid, 'statements', 'read', 'etl', 'statement 1 by etl' FROM gatewalk.walk");
}

START_TEST(a_first_visit_has_no_news)
{
	world_open(&w, "sincefirst");
	come_back();
	ck_assert_uint_eq(w.g->n_since_left, 0);
	ck_assert(w.g->left_for == 0);
	go_away();
	world_close(&w, "sincefirst");
}
END_TEST

START_TEST(what_the_watch_left_is_summed_up_once)
{
	world_open(&w, "sincewatch");
	world_at(&w, AT_UNUSED);
	go_away();
	sighted();
	sighted();
	come_back();
	ck_assert_msg(told("It was used 2 times; the last was a read by etl, "), "%s", all());
	ck_assert_msg(told("The count began again."), "%s", all());
	ck_assert(w.g->left_for > 0);
	size_t n = w.g->n_since_left;
	ck_assert(engine_look(w.g, &w.e));
	ck_assert_uint_eq(w.g->n_since_left, n);   /* news of this visit are no news */
	go_away();
	come_back();
	ck_assert_msg(!told("It was used"), "%s", all());
	go_away();
	world_close(&w, "sincewatch");
}
END_TEST

START_TEST(a_gate_that_shut_is_told)
{
	world_open(&w, "sincegate");
	world_at(&w, AT_ARMED);
	/* On a busy machine a source may just be too long ago: the watch comes to it. */
	for (int i = 0; i < 600 && gates_open(w.g->findings) != GATES_ALL; i++) {
		clock_nap(100);
		ck_assert_msg(engine_look(w.g, &w.e), "%s", w.e.msg);
	}
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		ck_assert_msg(finding_passes(&w.g->findings[i]), "%s: %s", w.g->findings[i].id, w.g->findings[i].because);
	go_away();
	/* Gate C is shut by it; and once the watch has seen it, gate B too, whose passing it takes back. */
	test_sql(w.db, "UPDATE public.orders SET old_total = old_total || 'x'");
	come_back();
	ck_assert_msg(told(" was open and is shut now."), "%s", all());
	ck_assert_msg(told("Holds no longer: nobody read or wrote it in that time.") || told("Holds no longer: nothing written since that snapshot."), "%s", all());
	go_away();
	world_close(&w, "sincegate");
}
END_TEST

START_TEST(an_alarm_and_a_job_that_failed_are_told)
{
	long long id = 0;
	world_open(&w, "sincejob");
	world_at(&w, AT_CONSUMERS);
	go_away();
	test_sql(w.db, "INSERT INTO gatewalk.alarm (sid, metric, text) SELECT sid, 'lag', 'replica lag 9 s, limit 5 s' FROM gatewalk.walk");
	ck_assert(job_make(w.db, w.a, sid(), "drill", "{}", &id, &w.e));
	test_sql(w.db, "UPDATE gatewalk.job SET state = 'failed', error = 'no room', ended_at = clock_timestamp() WHERE kind = 'drill'");
	come_back();
	ck_assert_msg(told("ALARM: replica lag 9 s, limit 5 s"), "%s", all());
	ck_assert_msg(told("The drill job failed: no room."), "%s", all());
	go_away();
	world_close(&w, "sincejob");
}
END_TEST

static void rung(const char *file, const char *words)
{
	char *text = NULL;
	size_t len;
	for (int i = 0; i < 300; i++) {
		struct err e = { 0 };
		if (file_read(w.a, file, 1 << 20, &text, &len, &e) && strstr(text, words))
			return;
		usleep(100000);
	}
	ck_abort_msg("not rung: %s; it has: %s", words, text ? text : "nothing");
}

START_TEST(the_jobs_ring_by_themselves)
{
	long long id = 0;
	struct child_end end;
	world_open(&w, "sincering");
	char *plan;
	size_t len;
	const char *file = path_join(w.a, getenv("HOME"), "rung");
	ck_assert(file_read(w.a, w.plan, 1 << 20, &plan, &len, &w.e));
	const char *more = arena_printf(w.a, "%smonitor:\n  notify: 'echo \"$GATEWALK_WALK|$GATEWALK_EVENT|$GATEWALK_TEXT\" >>%s'\n", plan, file);
	ck_assert(file_write(w.plan, more, strlen(more), &w.e));
	world_at(&w, AT_UNUSED);
	go_away();
	/* The wait of item 9 is 2.8 s here: its end rings once, and a sighting rings and begins it again. */
	rung(file, "sincering|gate opened|the wait of item 9 is over: gate B can be passed when its other conditions hold");
	sighted();
	rung(file, "sincering|sighting|etl: read");
	ck_assert(job_make(w.db, w.a, sid(), "nonsense", "{}", &id, &w.e));
	const char *const argv[] = { w.o.program, "job", "run", arena_printf(w.a, "%lld", id), "-d", w.conninfo, NULL };
	const struct child c = { .argv = argv, .ms = 30000 };
	ck_assert_msg(child_run(w.a, &c, &end, &w.e) && end.status != 0, "%s", w.e.msg);
	rung(file, "sincering|job stopped|this program knows no job \"nonsense\"");
	world_close(&w, "sincering");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("since");
	TCase *t = tcase_create("since");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_first_visit_has_no_news);
	tcase_add_test(t, what_the_watch_left_is_summed_up_once);
	tcase_add_test(t, a_gate_that_shut_is_told);
	tcase_add_test(t, an_alarm_and_a_job_that_failed_are_told);
	tcase_add_test(t, the_jobs_ring_by_themselves);
	suite_add_tcase(s, t);
	return test_main(s);
}
