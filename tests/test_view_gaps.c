/* SPDX-License-Identifier: MIT */
/* A view of what is only partly known, of things that come in another order than they do on a good day, and of walks that are over. */
#include "tests/view_harness.h"

START_TEST(a_walk_without_plan_or_facts_is_home)
{
	static const char none[] = "No walk yet: gatewalk new writes a plan, gatewalk walk PLAN begins.";
	at(AT_READS);
	v->plan = NULL;
	view_judge(v);
	ck_assert_str_eq(v->next[0], none);
	v->plan = &c->plan;
	v->facts = NULL;
	view_judge(v);
	ck_assert_str_eq(v->next[0], none);
	ck_assert_uint_eq(v->n_offers + v->n_challenges, 0);
}
END_TEST

/* A walk that has not begun, and a stage that this version does not know. */
START_TEST(a_stage_without_a_page)
{
	static const enum stage odd[] = { AT_NOWHERE, STAGE_COUNT };
	at(AT_READS);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		c->walk.stage = odd[i];
		judge();
		next_is("", "");
		ck_assert_uint_eq(v->n_offers + v->n_challenges, 0);
	}
}
END_TEST

START_TEST(a_target_that_is_not_looked_at)
{
	at(AT_ARCHETYPE);
	ck_assert_str_eq(challenge("fits")->now, "numeric");
	c->facts.target.type = NULL;   /* as a table has none */
	judge();
	ck_assert_str_eq(challenge("fits")->now, "yes");
	c->facts.target.at = 0;
	judge();
	ck_assert_str_eq(challenge("blockers")->now, "not looked at");
	ck_assert_int_eq(challenge("blockers")->verdict, UNKNOWN);
	c->facts.target.at = c->facts.now;
	c->facts.target.blockers = (const char *[]){ "view public.v" };
	c->facts.target.n_blockers = 1;
	judge();
	ck_assert_str_eq(challenge("blockers")->now, "view public.v");
	again(ENV_PRODUCTION, AT_DOCUMENT);
	ck_assert_int_eq(challenge("falls")->verdict, HOLDS);
	c->facts.target.n_falls = 0;
	judge();
	ck_assert_int_eq(challenge("falls")->verdict, REFUSED);
	c->facts.target.at = 0;
	judge();
	ck_assert_int_eq(challenge("falls")->verdict, UNKNOWN);
}
END_TEST

START_TEST(of_two_waits_the_longer_counts)
{
	char want[120], when[WHEN_MAX];
	at(AT_UNUSED);
	ck_assert(core_fold(c, OP_QUIET, "{}"));
	core_good_facts(c);
	c->facts.watch.unbroken_since = c->facts.now - US_DAY;
	c->plan.longest_job_days = 1;
	judge();
	int64_t end = c->walk.quiet_since + 14 * US_DAY;   /* B5; B2 holds */
	snprintf(want, sizeof want, "Nothing to do before %s UTC (in ", when_short(end, when));
	ck_assert_msg(strncmp(v->next[0], want, strlen(want)) == 0, "%s", v->next[0]);
	c->facts.watch.unbroken_since = c->facts.now;
	judge();
	ck_assert_msg(strncmp(v->next[0], want, strlen(want)) == 0, "%s", v->next[0]);   /* B2, which is judged first, waits a day */
}
END_TEST

/* A moment that has come while nobody looked: there is no "before" any more. */
START_TEST(a_wait_that_is_over_is_a_reason)
{
	at(AT_ARMED);
	c->facts.moment.in_window = false;
	c->facts.moment.next[0] = c->facts.now;
	judge();
	ck_assert_str_eq(v->next[0], "Gate C is shut: it is outside the off-peak window (C3).");
}
END_TEST

START_TEST(what_to_do_is_never_empty)
{
	at(AT_ARMED);
	c->facts.watch.statements_there = false;
	c->facts.watch.statements_why = "";
	judge();
	next_is("Gate B is shut: statements cannot be watched (B2).", "every source can be read and has watched without a gap");
}
END_TEST

START_TEST(a_drill_that_failed)
{
	at(AT_SNAPSHOT);
	ck_assert(core_snapshot(c, "first", true));
	ck_assert(core_drill(c, false));
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DRILL, NULL));
	job("drill", "running", 1, 2);
	ck_assert_ptr_null(offered(ACT_DRILL, NULL));
	c->walk.stage = AT_SNAPSHOT;   /* after a resync: the snapshot is gone with the database, its drill is not */
	c->walk.first = (struct fact_snapshot){ .begun = 0 };
	v->n_jobs = 0;
	judge();
	next_is("Start the snapshot: copy, proof and restore drill in one go.", "It runs by itself, the table stays in use, and quitting is safe.");
}
END_TEST

START_TEST(a_column_that_is_not_null)
{
	at(AT_UNUSED);
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	c->facts.target.not_null = true;
	judge();
	ck_assert_str_eq(v->next[0], "Begin the count: it takes NOT NULL and DEFAULT off the column first.");
}
END_TEST

START_TEST(a_final_snapshot)
{
	static const char plain[] = "Its proof counts for 60 min: take it when the window is near.";
	at(AT_FINAL);
	struct release r = { c->facts.now + US_HOUR, c->facts.now + US_HOUR, NULL };
	c->facts.moment.releases = &r;
	c->facts.moment.n_releases = 1;
	c->facts.moment.n_next = 0;   /* C3 waits for the release; when the window opens, is not known */
	judge();
	ck_assert_str_eq(v->next[1], plain);
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_WAITING);
	ck_assert(core_snapshot(c, "final", false));
	core_good_facts(c);
	judge();
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_SHUT);
	ck_assert_str_eq(v->items[ITEM_FINAL].note, "not equal");
	again(ENV_PRODUCTION, AT_GATE_C);
	ck_assert(core_fold(c, OP_BACK, "{'from':'gate C','to':'snapshot again','why':'x'}"));
	core_good_facts(c);
	judge();
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_WAITING);
}
END_TEST

/* Gate C is not offered while what A or B asked for no longer holds. */
START_TEST(gates_before_gate_c)
{
	at(AT_GATE_C);
	core_fold(c, OP_EVIDENCE, "{'at':'" "2026-09-21T13:33:21.000000Z" "','kind':'baseline'}");
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_PASS, "C"));
	c->facts.others.clear = false;
	judge();
	ck_assert_ptr_null(offered(ACT_PASS, NULL));
	core_good_facts(c);
	c->facts.watch.statements_there = false;
	judge();
	ck_assert_ptr_null(offered(ACT_PASS, NULL));
}
END_TEST

START_TEST(words_that_grew_old)
{
	at(AT_GATE_C);
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	judge();
	ck_assert_ptr_null(offered(ACT_DECLARE, NULL));
	c->t += US_DAY;
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
	again(ENV_PRODUCTION, AT_GATE_A);
	ck_assert_ptr_null(offered(ACT_DECLARE, NULL));
	ck_assert(core_fold(c, OP_DECLARE, "{'key':'','value':'ffffffffffff, way back included','what':'rehearsed'}"));
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "rehearsed"));   /* of another plan */
}
END_TEST

START_TEST(a_deploy_that_was_told_at_length)
{
	c->plan.n_deploys = 1;
	at(AT_UNUSED);
	ck_assert_str_eq(v->items[ITEM_READS].note, "deploy 90ab17");
	ck_assert(core_fold(c, OP_DECLARE, "{'key':'web','value':'release-2026-11-10.4711-with-a-long-name ended','what':'reads_moved'}"));
	core_good_facts(c);
	judge();
	ck_assert_str_eq(v->items[ITEM_READS].note, "deploy release-2026-11-10.4");
}
END_TEST

START_TEST(alarms)
{
	at(AT_MONITOR);
	c->facts.now = 0;
	judge();
	ck_assert_str_eq(v->items[ITEM_MONITOR].note, "");   /* how long it has watched, only the server's clock can tell */
	core_good_facts(c);
	c->facts.monitor.alarms = 1;   /* seen, and not in the log yet */
	judge();
	ck_assert_int_eq(v->items[ITEM_MONITOR].mood, MOOD_SHUT);
	core_foldf(c, OP_ALARM, "{'at':'%s','metric':'latency','text':'latency 128 ms, limit 84','value':'128'}", core_time(c->t));
	at(AT_LOG);
	ck_assert_str_eq(v->items[ITEM_MONITOR].note, "1 alarm");
	c->facts.now = 0;
	judge();
	ck_assert_str_eq(v->items[ITEM_MONITOR].note, "1 alarm");   /* what is over is known without a server */
	again(ENV_PRODUCTION, AT_MONITOR);
	c->t = c->walk.dropped_at + 3 * US_DAY;
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_CONFIRM, "12"));
	job("restore", "running", 1, 2);
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
}
END_TEST

/* The database came back as it was before the drop: there is nothing to put back. */
START_TEST(a_closed_walk_whose_drop_was_lost)
{
	at(AT_CLOSED);
	ck_assert_ptr_nonnull(offered(ACT_RESTORE, NULL));
	ck_assert_msg(core_foldf(c, OP_RESYNC, "{'drop':'lost','last_head':'" CORE_HEAD "','last_n':0,'lsn_was':'0/1','mirrored':5,'snapshot':'stands',"
		"'tli_was':1,'to':'closed','typed':'orders','why':'an old backup'}"), "%s", c->err.msg);
	core_good_facts(c);
	judge();
	ck_assert_ptr_null(offered(ACT_RESTORE, NULL));
}
END_TEST

START_TEST(a_walk_that_was_left)
{
	at(AT_GATE_C);
	ck_assert(core_fold(c, OP_BACK, "{'from':'gate C','to':'snapshot again','why':'x'}"));
	ck_assert(core_fold(c, OP_BACK, "{'from':'snapshot again','to':'nobody uses it','why':'x'}"));
	ck_assert(core_gate(c, 'B'));
	ck_assert(core_fold(c, OP_LEAVE, "{'why':'not wanted'}"));
	core_good_facts(c);
	judge();
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_NOT_YET);   /* its snapshot is older than the gate */
	c->facts.now = 0;
	judge();
	ck_assert_str_eq(v->next[0], "This walk was left: not wanted");
}
END_TEST

START_TEST(no_server_and_no_reason)
{
	at(AT_READS);
	c->facts.now = 0;
	v->trouble = "";
	judge();
	ck_assert_str_eq(v->next[0], "The server cannot be reached: no reason was given");
}
END_TEST

/* A watcher that failed in another step than this one says nothing here. */
START_TEST(a_watcher_of_another_step)
{
	at(AT_SNAPSHOT);
	job("watch", "failed", 0, 0);
	ck_assert_str_eq(v->next[0], "Start the snapshot: copy, proof and restore drill in one go.");
	again(ENV_PRODUCTION, AT_READS);
	job("watch", "failed", 0, 0);
	ck_assert_str_eq(v->next[0], "The watch job failed: no reason was given");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_gaps");
	TCase *t = tcase_create("view_gaps");
	const TTest *const tests[] = {
		a_walk_without_plan_or_facts_is_home, a_stage_without_a_page, a_target_that_is_not_looked_at, of_two_waits_the_longer_counts,
		a_wait_that_is_over_is_a_reason, what_to_do_is_never_empty, a_drill_that_failed, a_column_that_is_not_null, a_final_snapshot, gates_before_gate_c,
		words_that_grew_old, a_deploy_that_was_told_at_length, alarms, a_closed_walk_whose_drop_was_lost, a_walk_that_was_left, no_server_and_no_reason,
		a_watcher_of_another_step,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
