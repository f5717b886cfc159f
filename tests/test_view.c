/* SPDX-License-Identifier: MIT */
/* The view as a whole: items, jobs, offers and the NEXT lines. */
#include "tests/view_harness.h"

START_TEST(every_stage_fits_its_lines)
{
	for (enum env env = ENV_PRODUCTION; env <= ENV_REHEARSAL; env++)
		for (enum stage s = AT_SNAPSHOT; s <= AT_CLOSED; s = core_after(s)) {
			again(env, s);
			for (int i = 0; i < 2; i++) {
				ck_assert_msg(v->next[i][0] != '\0', "%s says nothing", stage_name(s));
				ck_assert_msg(text_width(v->next[i]) <= 72 && !strstr(v->next[i], "…"), "%s: %s", stage_name(s), v->next[i]);
			}
			ck_assert_msg(v->n_challenges > 0 || s == AT_DROPPING, "%s asks nothing", stage_name(s));
			ck_assert_msg(v->n_offers > 0 || s == AT_CLOSED, "%s offers nothing", stage_name(s));
			for (size_t i = 0; i < v->n_offers; i++)
				ck_assert(v->offers[i].label && (!v->offers[i].prompt || v->offers[i].expect));
		}
}
END_TEST

START_TEST(the_drop_is_offered_armed_and_open_only)
{
	for (enum stage s = AT_SNAPSHOT; s <= AT_CLOSED; s = core_after(s)) {
		again(ENV_PRODUCTION, s);
		ck_assert_msg((offered(ACT_DROP, NULL) != NULL) == (s == AT_ARMED), "at %s", stage_name(s));
	}
	again(ENV_PRODUCTION, AT_ARMED);
	ck_assert_str_eq(v->offers[0].label, "go to the drop");
	next_is("Gates A, B and C hold. Go to the drop when you are ready.", "It asks for the full name, counts down, and asks for your signature.");
	c->facts.others.clear = false;
	judge();
	ck_assert_ptr_null(offered(ACT_DROP, NULL));
	next_is("Gate A is shut: another walk is in the way: one is open (A6).", "Finish or leave the other walk first, or wait for its 48 h.");
	core_good_facts(c);
	c->walk.final.proved = c->facts.now - 2 * US_HOUR;
	judge();
	ck_assert_ptr_nonnull(offered(ACT_SNAPSHOT, NULL));
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_WAITING);
}
END_TEST

START_TEST(items_show_where_it_stands)
{
	at(AT_UNUSED);
	c->walk.quiet_since = c->facts.now - 10 * US_DAY;
	judge();
	static const enum mood moods[] = { MOOD_DONE, MOOD_DONE, MOOD_DONE, MOOD_DONE, MOOD_NOT_NEEDED, MOOD_NOT_NEEDED, MOOD_NOT_NEEDED,
		MOOD_DONE, MOOD_WAITING, MOOD_NOT_YET, MOOD_NOT_YET, MOOD_NOT_YET, MOOD_NOT_YET };
	static const char *const notes[] = { "61.2 M rows, equal", "destructive: column", "before and after", "3 of 3 clear", "not needed", "not needed",
		"not needed", "2 of 2 deploys", "10 d 00 h of 14 d 00 h", "", "", "", "" };
	for (int i = 0; i < ITEM_COUNT; i++) {
		ck_assert_int_eq(v->items[i + 1].item, i + 1);
		ck_assert_msg(v->items[i + 1].mood == moods[i], "item %d is %s", i + 1, mood_word(v->items[i + 1].mood));
		ck_assert_str_eq(v->items[i + 1].note, notes[i]);
	}
	ck_assert_int_eq(v->items[ITEM_UNUSED].percent, 71);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].percent, -1);
	c->walk.quiet_since = c->facts.now - 20 * US_DAY;
	judge();
	ck_assert_int_eq(v->items[ITEM_UNUSED].percent, 99);
	c->walk.quiet_since = c->facts.now;
	judge();
	ck_assert_int_eq(v->items[ITEM_UNUSED].percent, 0);
	c->plan.n_deploys = 1;
	judge();
	ck_assert_str_eq(v->items[ITEM_READS].note, "deploy 90ab17");
}
END_TEST

START_TEST(ticks_expire_in_sight)
{
	at(AT_UNUSED);
	c->facts.audit.at -= 25 * US_HOUR;
	judge();
	ck_assert_int_eq(v->items[ITEM_CONSUMERS].mood, MOOD_WAITING);
	c->found[0].last = c->facts.now;
	core_good_facts(c);
	c->found[0].last = c->facts.now;
	judge();
	ck_assert_int_eq(v->items[ITEM_CONSUMERS].mood, MOOD_WAITING);
	c->walk.drill.at -= 100 * US_DAY;
	judge();
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_WAITING);
	c->facts.target.definition_digest[0] = 'f';
	judge();
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_SHUT);
	c->facts.watch.statements_there = false;
	c->walk.quiet_since = c->facts.now;
	judge();
	ck_assert_int_eq(v->items[ITEM_UNUSED].mood, MOOD_SHUT);
	memset(&c->facts, 0, sizeof c->facts);
	judge();
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_DONE);   /* nothing new is known */
	ck_assert_int_eq(v->items[ITEM_UNUSED].mood, MOOD_WAITING);
}
END_TEST

START_TEST(snapshot)
{
	at(AT_SNAPSHOT);
	next_is("Start the snapshot: copy, proof and restore drill in one go.", "It runs by itself, the table stays in use, and quitting is safe.");
	ck_assert_int_eq(v->offers[0].kind, ACT_SNAPSHOT);
	ck_assert_str_eq(v->offers[0].label, "start the snapshot");
	ck_assert_int_eq(challenge("A1")->offer.kind, ACT_SNAPSHOT);
	ck_assert_int_eq(challenge("A1")->verdict, REFUSED);
	ck_assert_str_eq(challenge("A1")->source, "catalogue, manifest");
	ck_assert_str_eq(challenge("fits")->now, "numeric");
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_WAITING);
	core_snapshot(c, "first", false);
	core_good_facts(c);
	judge();
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_SHUT);
	ck_assert_str_eq(v->items[ITEM_SNAPSHOT].note, "not equal");
	next_is("The copy did not prove equal to its source. Take the snapshot again.", "Evidence is in the log. Nothing on the table has changed.");
	c->walk.first.equal = true;
	c->walk.drill = (struct fact_drill){ .at = c->t, .problem = "2 rows differ" };
	judge();
	next_is("The restore drill failed. Mend the reason, then start a drill again.", "2 rows differ");
	ck_assert_int_eq(v->offers[0].kind, ACT_DRILL);
	c->walk.drill.problem = NULL;
	c->facts.target.unfit = "a partitioned table";
	judge();
	ck_assert_str_eq(v->next[1], "No reason was given.");
	ck_assert_str_eq(challenge("fits")->now, "a partitioned table");
	ck_assert_int_eq(challenge("fits")->verdict, REFUSED);
	c->facts.target.found = false;
	judge();
	ck_assert_str_eq(challenge("fits")->now, "not found");
	c->facts.target.at = 0;
	judge();
	ck_assert_str_eq(challenge("fits")->now, "not looked at");
}
END_TEST

START_TEST(a_running_job)
{
	at(AT_SNAPSHOT);
	job("snapshot", "running", 61, 100);
	ck_assert(v->jobs[0].mine);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_RUNNING);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].percent, 61);
	ck_assert_str_eq(v->items[ITEM_SNAPSHOT].note, "copying");
	ck_assert_ptr_null(offered(ACT_SNAPSHOT, NULL));
	next_is("The snapshot runs: copying, 61 %. Safe to quit.", "It goes on without you. Look again later.");
	v->jobs[0].eta_high_s = 1140;
	v->jobs[0].done = 200;
	judge();
	next_is("The snapshot runs: copying, 99 %. Safe to quit.", "It goes on without you; at most 19 min more.");
	job("snapshot", "paused", 1, 2);
	next_is("The snapshot is paused.", "Open the job to let it go on. Quitting is safe.");
	job("snapshot", "needs a login", 1, 2);
	next_is("The snapshot is paused: it needs a login.", "Open the job and let it go on once the server takes its login again.");
	job("snapshot", "new", 0, 0);
	v->jobs[0].phase = NULL;
	judge();
	ck_assert_str_eq(v->next[0], "The snapshot runs: starting. Safe to quit.");
	ck_assert_str_eq(v->items[ITEM_SNAPSHOT].note, "snapshot");
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].percent, -1);
}
END_TEST

START_TEST(jobs_that_failed)
{
	at(AT_SNAPSHOT);
	job("snapshot", "failed", 1, 2);
	v->jobs[0].error = "no room on /snap";
	judge();
	next_is("The snapshot job failed: no room on /snap", "Open the job to see how far it came, then start it again.");
	job("snapshot", "lost", 1, 2);
	next_is("The snapshot job is gone: its process has ended", "Open the job to see how far it came, then start it again.");
	struct view_job *two = arena_array(c->a, 2, sizeof *two);
	two[0] = v->jobs[0];
	two[1] = (struct view_job){ .id = 2, .kind = "drill", .state = "done" };
	v->jobs = two;
	v->n_jobs = 2;
	judge();
	ck_assert_str_eq(v->next[0], "Start the snapshot: copy, proof and restore drill in one go.");
	again(ENV_PRODUCTION, AT_UNUSED);
	job("watch", "lost", 0, 0);
	ck_assert_str_eq(v->next[0], "The watch job is gone: its process has ended");
	ck_assert_ptr_nonnull(offered(ACT_WATCH, NULL));
	job("watch", "running", 0, 0);
	ck_assert_ptr_null(offered(ACT_WATCH, NULL));
	job("snapshot", "failed", 0, 0);
	ck_assert(!v->jobs[0].mine);
	again(ENV_PRODUCTION, AT_FINAL);
	job("snapshot", "running", 1, 4);
	ck_assert_int_eq(v->items[ITEM_FINAL].mood, MOOD_RUNNING);
	ck_assert_int_eq(v->items[ITEM_FINAL].percent, 25);
	again(ENV_PRODUCTION, AT_MONITOR);
	job("restore", "running", 1, 4);
	ck_assert_int_eq(v->items[ITEM_MONITOR].mood, MOOD_RUNNING);
	ck_assert_ptr_null(offered(ACT_RESTORE, NULL));
	again(ENV_PRODUCTION, AT_READS);
	job("drill", "running", 1, 4);
	ck_assert_int_eq(v->items[ITEM_READS].mood, MOOD_WAITING);
}
END_TEST

START_TEST(rows_in_words)
{
	static const struct { int64_t rows; const char *note; } cases[] = {
		{ 0, "0 rows, equal" }, { 999, "999 rows, equal" }, { 204118, "204 118 rows, equal" }, { 9999999, "9 999 999 rows, equal" },
		{ 10000000, "10.0 M rows, equal" }, { 61204118, "61.2 M rows, equal" }, { INT64_C(12345678901), "12.3 G rows, equal" },
	};
	at(AT_ARCHETYPE);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		c->walk.first.rows = cases[i].rows;
		judge();
		ck_assert_str_eq(v->items[ITEM_SNAPSHOT].note, cases[i].note);
	}
}
END_TEST

START_TEST(what_was_not_judged_is_unknown)
{
	at(AT_GATE_A);
	memset(v->findings, 0, sizeof v->findings);
	v->walk = &c->walk;
	view_judge(v);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_WAITING);
	c->walk.stage = AT_SNAPSHOT;
	view_judge(v);
	ck_assert_int_eq(v->challenges[0].verdict, UNKNOWN);
}
END_TEST

START_TEST(without_a_server)
{
	at(AT_READS);
	c->facts = (struct facts){ .now = 0 };
	v->trouble = "connection refused\n\tby db1";
	judge();
	ck_assert_uint_eq(v->n_offers, 0);
	next_is("The server cannot be reached: connection refused\\x0a\\x09by db1", "Press r to try again. The log is safe, and no step is lost.");
}
END_TEST

START_TEST(home)
{
	view_judge(v);
	next_is("No walk yet: gatewalk new writes a plan, gatewalk walk PLAN begins.", "gatewalk demo shows it all on a private server.");
	struct view_walk walks[3] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };
	v->walks = walks;
	v->n_walks = 3;
	view_judge(v);
	next_is("Nothing needs you now. Safe to quit.", "Jobs go on without you; what waits, waits by the server's clock.");
	walks[1].needs_you = true;
	view_judge(v);
	next_is("Open b: it needs you.", "Jobs go on without you; quitting gatewalk does not stop them.");
	walks[2].needs_you = true;
	view_judge(v);
	ck_assert_str_eq(v->next[0], "Open b: it and others need you.");
}
END_TEST

/* Offered once the count runs, where the plan asks; then giving back is. */
START_TEST(hiding)
{
	at(AT_UNUSED);
	ck_assert_ptr_null(offered(ACT_HIDE, NULL));
	c->plan.hide = true;
	c->walk.quiet_since = 0;
	judge();
	ck_assert_ptr_null(offered(ACT_HIDE, NULL));
	c->walk.quiet_since = c->facts.now - 40 * US_DAY;
	judge();
	ck_assert_str_eq(offered(ACT_HIDE, NULL)->label, "hide the column");
	ck_assert_int_eq(v->items[ITEM_UNUSED].mood, MOOD_SHUT);
	next_is("Gate B is shut: it was not hidden yet (B8).", "Hide it (H at item 9); the first error, its end, or u gives it back.");
	job("hide", "running", 1, 4);
	ck_assert_ptr_null(offered(ACT_HIDE, NULL));
	ck_assert_str_eq(offered(ACT_UNHIDE, NULL)->label, "give it back now");
	next_is("It is hidden from the application's roles; u gives it back.", "It comes back by itself at the first error, and at the end.");
	job("hide", "done", 4, 4);
	c->walk.hiding = (struct walk_hiding){ c->facts.now - 2 * US_DAY, c->facts.now - US_HOUR, "over", true };
	judge();
	ck_assert_ptr_null(offered(ACT_HIDE, NULL));
	ck_assert_ptr_null(offered(ACT_UNHIDE, NULL));
	c->walk.kind = TARGET_ROWS;
	c->walk.hiding.to = 0;
	judge();
	ck_assert_ptr_null(offered(ACT_HIDE, NULL));
}
END_TEST

/* A guard whose trigger is not on the table yet is put on by the watch's start. */
START_TEST(a_guard_without_its_trigger)
{
	static const struct { enum stage at; const char *label; } stages[] = { { AT_CONSUMERS, "start the watch" }, { AT_GATE_C, "put the guard's trigger on" },
		{ AT_ARMED, "put the guard's trigger on" } };
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		at(stages[i].at);
		job("watch", "running", 1, 4);
		ck_assert_ptr_null(offered(ACT_WATCH, NULL));
		c->facts.guard = (struct fact_guard){ .at = c->facts.now, .installed = true, .recorded = true, .stands = true };
		judge();
		ck_assert_str_eq(offered(ACT_WATCH, NULL)->label, stages[i].label);
		c->facts.guard.stands = false;   /* then it is not the trigger that lacks */
		judge();
		ck_assert_ptr_null(offered(ACT_WATCH, NULL));
	}
}
END_TEST

static const struct challenge *slot_row(void)
{
	for (size_t i = 0; i < v->n_challenges; i++)
		if (strcmp(v->challenges[i].id, "slot") == 0)
			return &v->challenges[i];
	return NULL;
}

/* Asked for at item 4 where the plan does; the watch's start makes it. */
START_TEST(a_slot_of_its_own)
{
	at(AT_CONSUMERS);
	job("watch", "running", 1, 4);
	ck_assert_ptr_null(slot_row());
	c->plan.slot = true;
	judge();
	ck_assert_int_eq(slot_row()->verdict, REFUSED);
	ck_assert_str_eq(slot_row()->now, "not there");
	ck_assert_str_eq(offered(ACT_WATCH, NULL)->label, "start the watch");
	c->facts.watch.slot = (struct fact_slot){ .why = "wal_level is replica" };
	judge();
	ck_assert_str_eq(slot_row()->now, "wal_level is replica");
	c->facts.watch.slot = (struct fact_slot){ .there = true, .held = 12 << 20, .limit = 1024 << 20 };
	judge();
	ck_assert_int_eq(slot_row()->verdict, HOLDS);
	ck_assert_str_eq(slot_row()->now, "there, keeps 12 of 1024 MB");
	ck_assert_ptr_null(offered(ACT_WATCH, NULL));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view");
	TCase *t = tcase_create("view");
	const TTest *const tests[] = {
		every_stage_fits_its_lines, the_drop_is_offered_armed_and_open_only, hiding, a_guard_without_its_trigger, a_slot_of_its_own, items_show_where_it_stands, ticks_expire_in_sight, snapshot,
		a_running_job, jobs_that_failed, rows_in_words, what_was_not_judged_is_unknown, without_a_server, home,
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
