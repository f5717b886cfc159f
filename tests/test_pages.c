/* SPDX-License-Identifier: MIT */
/* Pages over a walk as it goes: a job in each of its states, what Enter does on a gate, what a question is about. As plain lines. */
#include "tests/view_harness.h"

#include "screens/page_plain.h"
#include "screens/screen.h"

static struct scene scene;
static struct settings settings;
static struct field field;

static const char *shown(const struct screen *sc, long long subject)
{
	struct text out = { 0 };
	struct page *p = page_new(c->a, 100, 0, false);
	scene = (struct scene){ .view = v, .now = v->now, .subject = subject, .cursor = scene.cursor, .field = &field, .offer = scene.offer,
		.settings = &settings, .below = &screen_walk, .whole = true };
	screen_fill(p, sc, &scene);
	page_plain(p, &out);
	const char *all = arena_dup(c->a, text_str(&out));
	text_free(&out);
	return all;
}

static void has(const char *page, const char *row)
{
	ck_assert_msg(strstr(page, row) != NULL, "no \"%s\" in\n%s", row, page);
}

static void begin(void)
{
	setup();
	scene = (struct scene){ .cursor = -1 };
}

START_TEST(a_job_in_each_state)
{
	static const struct { struct view_job j; const char *rows[3]; } states[] = {
		{ { .state = "running", .done = 61, .total = 100, .unit = "rows", .eta_low_s = 60, .eta_high_s = 120, .rate = 5 },
			{ "total: 61 %", "left: 1 min 00 s to 2 min 00 s left", "5 rows/s" } },
		{ { .state = "running", .done = 200, .total = 100, .unit = "rows", .eta_low_s = -1 }, { "total: 99 %", "left: time left not known yet", "running" } },
		{ { .state = "running", .done = 0, .total = 100, .unit = "rows", .eta_low_s = -1, .note = "block 1" }, { "total: 0 %", "phase: copying", "block 1" } },
		{ { .state = "running", .eta_low_s = -1, .seen = 1 }, { "left: no progress for ", ": copying", "phase: copying" } },
		{ { .state = "paused", .eta_low_s = -1 }, { "paused", "phase: copying", "left: time left not known yet" } },
		{ { .state = "waiting", .eta_low_s = -1 }, { "waiting", "phase: copying", "left: time left not known yet" } },
		{ { .state = "done", .done = 90, .total = 100, .unit = "rows", .ended = 2 }, { "total: 100 %", "done", "job 7" } },
		{ { .state = "failed", .ended = 2, .error = "no room on the disk" }, { "failed", "no room on the disk", "phase: copying" } },
	};
	at(AT_SNAPSHOT);
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct view_job j = states[i].j;
		j.id = 7;
		j.kind = "snapshot";
		j.phase = "copying";
		j.started = 1;
		v->jobs = &j;
		v->n_jobs = 1;
		judge();
		for (size_t k = 0; k < 3; k++)
			has(shown(&screen_job, 7), states[i].rows[k]);
		const struct action pause = screen_key(&screen_job, &scene, K_PAUSE), stop = screen_key(&screen_job, &scene, K_STOP);
		ck_assert_int_eq(pause.todo == DO_ACT, !j.ended);
		ck_assert_int_eq(stop.todo == DO_ACT && stop.act.kind == ACT_JOB_STOP && stop.act.job == 7, !j.ended);
		if (!j.ended)
			ck_assert_int_eq(pause.act.kind, strcmp(j.state, "paused") == 0 ? ACT_JOB_RESUME : ACT_JOB_PAUSE);
	}
}
END_TEST

START_TEST(other_jobs)
{
	struct view_job three[] = { { .id = 1, .kind = "snapshot", .state = "running", .phase = "", .eta_low_s = -1 },
		{ .id = 2, .kind = "watch", .state = "done", .ended = CORE_BEGUN }, { .id = 3, .kind = "monitor", .state = "running", .phase = "looking" } };
	at(AT_SNAPSHOT);
	v->jobs = three;
	v->n_jobs = 3;
	judge();
	const char *page = shown(&screen_job, 1);
	has(page, "phase: starting");
	has(page, "other job: done; 2 watch; done; ");
	has(page, "other job: running; 3 monitor; running; looking");
	scene.cursor = 1;
	struct action a = screen_key(&screen_job, &scene, K_ENTER);
	ck_assert(a.todo == DO_SUBJECT && a.subject == 3);
	scene.cursor = 2;
	ck_assert_int_eq(screen_key(&screen_job, &scene, K_ENTER).todo, DO_BACK);
	ck_assert_ptr_null(strstr(shown(&screen_job, 3), "left:"));   /* it has no end */
	has(shown(&screen_job, 99), "text: No such job runs, and none is remembered.");
}
END_TEST

/* What an item shows of the job that works on it. */
START_TEST(the_job_of_an_item)
{
	struct view_job j = { .id = 4, .kind = "snapshot", .state = "running", .phase = "copying", .eta_low_s = -1 };
	at(AT_SNAPSHOT);
	v->jobs = &j;
	v->n_jobs = 1;
	judge();
	has(shown(&screen_step, ITEM_SNAPSHOT), "job: job 4  snapshot   running copying\n");
	j = (struct view_job){ .id = 4, .kind = "snapshot", .state = "failed", .ended = CORE_BEGUN, .error = "no room" };
	judge();
	has(shown(&screen_step, ITEM_SNAPSHOT), "job: job 4  snapshot   failed\n");
	has(shown(&screen_step, ITEM_SNAPSHOT), "no room\n");
	has(shown(&screen_step, ITEM_DUAL_WRITE), "text: Not needed where something is taken away.");
	has(shown(&screen_step, ITEM_DROP), "text: Not yet: the items before it come first.");
}
END_TEST

START_TEST(enter_on_a_gate)
{
	at(AT_GATE_A);
	scene.cursor = -1;
	has(shown(&screen_gate, GATE_A), "next: This gate is open. Pass it: Enter on \"pass gate\".");
	has(shown(&screen_gate, GATE_A), "you can: pass gate A");
	scene.cursor = 0;
	struct action a = screen_key(&screen_gate, &scene, K_ENTER);
	ck_assert(a.todo == DO_OPEN && a.screen == &screen_evidence && a.subject == ITEM_SNAPSHOT);
	scene.cursor = 7;   /* behind its seven conditions */
	a = screen_key(&screen_gate, &scene, K_ENTER);
	ck_assert(a.todo == DO_OFFER && a.offer->kind == ACT_PASS);
	c->walk.drill.at = 0;
	judge();
	scene.cursor = 2;
	has(shown(&screen_gate, GATE_A), "WHY: no restore drill has run in this walk yet");
	has(shown(&screen_gate, GATE_A), "next: Time alone does not open it: see DO of each condition that is shut.");
	a = screen_key(&screen_gate, &scene, K_ENTER);
	ck_assert(a.todo == DO_OFFER && a.offer->kind == ACT_DRILL);
	scene.cursor = -1;
	again(ENV_PRODUCTION, AT_UNUSED);
	ck_assert(core_fold(c, OP_QUIET, "{}"));
	core_good_facts(c);
	judge();
	has(shown(&screen_gate, GATE_B), "next: Earliest this gate can open: ");
	again(ENV_PRODUCTION, AT_CONSUMERS);
	c->facts.others.clear = false;
	judge();
	has(shown(&screen_gate, GATE_A), "Of its conditions 1 of 7 do not hold just now.");
}
END_TEST

static struct offer asked(enum act_kind kind, const char *key)
{
	return (struct offer){ .kind = kind, .key = key, .label = "label", .prompt = "what?", .expect = "this" };
}

START_TEST(what_a_question_is_about)
{
	struct offer o = asked(ACT_CONFIRM, "3");
	at(AT_DOCUMENT);
	scene.offer = &o;
	has(shown(&screen_prompt, 0), "rollback floor: 1.20");
	o = asked(ACT_CONFIRM, "2");
	has(shown(&screen_prompt, 0), "risk: highest");
	c->found[0].role = "etl";
	c->found[0].evidence = "SELECT legacy_total FROM orders";
	o = asked(ACT_CLEAR, "statement 1 by etl");
	has(shown(&screen_prompt, 0), "who: statement 1 by etl");
	has(shown(&screen_prompt, 0), "evidence: SELECT legacy_total FROM orders");
	v->walk = NULL;
	ck_assert_ptr_null(strstr(shown(&screen_prompt, 0), "evidence:"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("pages");
	TCase *t = tcase_create("pages");
	tcase_add_checked_fixture(t, begin, teardown);
	tcase_add_test(t, a_job_in_each_state);
	tcase_add_test(t, other_jobs);
	tcase_add_test(t, the_job_of_an_item);
	tcase_add_test(t, enter_on_a_gate);
	tcase_add_test(t, what_a_question_is_about);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
