/* SPDX-License-Identifier: MIT */
/* The view step by step: what each item asks, offers and says. */
#include "tests/view_harness.h"

START_TEST(items_that_are_typed)
{
	at(AT_ARCHETYPE);
	asks(ACT_CONFIRM, "2", "type the archetype", "destructive");
	ck_assert(challenge("typed")->declared);
	ck_assert_str_eq(challenge("typed")->passes, "destructive: the risk is highest");
	ck_assert_str_eq(challenge("blockers")->now, "nothing");
	next_is("Confirm item 2: type what kind of change this is.", "The risk is highest. Confirming changes nothing on the server.");
	static const char *view[] = { "view public.v" };
	c->facts.target.blockers = view;
	c->facts.target.n_blockers = 1;
	judge();
	ck_assert_str_eq(challenge("blockers")->now, "view public.v");
	at(AT_DOCUMENT);
	asks(ACT_CONFIRM, "3", "type the rollback floor", "1.20");
	asks(ACT_DECLARE, "rehearsed", "the rehearsed plan's digest, as gatewalk status shows it, and the way back", "0123456789ab, way back included");
	asks(ACT_DECLARE, "tests/old_code", "which test ran the old code on the new schema", "a name and a date, or a link");
	asks(ACT_DECLARE, "tests/half_filled", "which test ran the new code on half-filled data", "a name and a date, or a link");
	ck_assert_int_eq(challenge("rehearsed")->verdict, WAITS);
	ck_assert_int_eq(challenge("tests/old_code")->offer.kind, ACT_DECLARE);
	ck_assert_str_eq(challenge("falls")->now, "1 there, 1 in the plan");
	c->plan.rollback_floor = NULL;
	judge();
	ck_assert_str_eq(offered(ACT_CONFIRM, "3")->expect, "");
	again(ENV_STAGING, AT_DOCUMENT);
	ck_assert_ptr_null(offered(ACT_DECLARE, NULL));
}
END_TEST

START_TEST(gate_a)
{
	at(AT_GATE_A);
	ck_assert_int_eq(v->offers[0].kind, ACT_PASS);
	ck_assert_str_eq(v->offers[0].key, "A");
	ck_assert_str_eq(v->offers[0].label, "pass gate A");
	ck_assert_ptr_null(offered(ACT_PASS, "B"));
	next_is("Gate A holds: it can be got back. Pass it.", "After it the consumers are audited. Nothing on the table changes yet.");
	c->walk.drill.at = 0;
	judge();
	ck_assert_ptr_null(offered(ACT_PASS, NULL));
	ck_assert_int_eq(v->offers[0].kind, ACT_DRILL);
	ck_assert_int_eq(challenge("A3")->offer.kind, ACT_DRILL);
	ck_assert_str_eq(v->next[0], "Gate A is shut: no restore drill has run in this walk yet (A3).");
	ck_assert_str_eq(v->next[1], "Start a restore drill from the files alone (item 1).");
	ck_assert_str_eq(challenge("rehearsed")->now, "0123456789ab, way back included");
	ck_assert_ptr_nonnull(offered(ACT_BACK, NULL));
	ck_assert_str_eq(offered(ACT_BACK, NULL)->prompt, "why you step back to \"documented\"");
	ck_assert_ptr_nonnull(offered(ACT_LEAVE, NULL));
}
END_TEST

START_TEST(consumers)
{
	at(AT_CONSUMERS);
	next_is("0 of 3 clear. Next: statement 1 by etl", "Ask its owner, and clear it by name with the reason (item 4).");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	asks(ACT_CLEAR, "statement 1 by etl", "why statement 1 by etl is clear, and who says so", "stopped 10 Nov, says Pair");
	asks(ACT_CLEAR, "standby db3", "why standby db3 need not be asked, and who says so", "no reader connects there, says dba");
	ck_assert_int_eq(challenge("B1")->offer.kind, ACT_CLEAR);
	c->found[0].structural = true;
	judge();
	ck_assert_ptr_null(offered(ACT_CLEAR, "statement 1 by etl"));
	c->found[0].structural = false;
	c->facts.watch.tripwire_there = false;
	judge();
	next_is("Before the watch: the list of releases has not been confirmed (C3).", "Declare the releases of the next days, or \"none\".");
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	c->facts.watch.tripwire_there = false;
	c->facts.log.verifies = false;
	judge();
	next_is("Before the watch: the log does not verify (C6).", "Run gatewalk verify: it names the first bad line. Find out why first.");
	c->facts.log.verifies = true;
	judge();
	ck_assert_ptr_null(offered(ACT_DECLARE, "releases"));
	next_is("Start the watch: a tripwire on the table, and a job that looks.", "It counts the writes from now on, also after you quit.");
	ck_assert_int_eq(v->offers[0].kind, ACT_WATCH);
	ck_assert_str_eq(challenge("watch")->now, "not there");
	c->facts.watch.tripwire_there = true;
	c->facts.watch.tripwire_enabled = false;
	judge();
	ck_assert_str_eq(challenge("watch")->now, "switched off");
	c->facts.audit.at = 0;
	judge();
	next_is("Look for consumers now.", "It reads catalogues and statistics, and changes nothing.");
	core_good_facts(c);
	core_fold(c, OP_CLEAR, "{'consumer':'statement 1 by etl','reason':'r','survives':0}");
	core_fold(c, OP_CLEAR, "{'consumer':'view public.all_orders','reason':'r','survives':1}");
	core_fold(c, OP_CLEAR, "{'consumer':'declared looker','reason':'r','survives':0}");
	core_good_facts(c);
	c->found[0].last = c->t;   /* still running: answered for, not clear yet */
	judge();
	asks(ACT_CONFIRM, "4", "type the number of consumers cleared", "3");
	next_is("All 3 consumers are answered for. Type their number (item 4).", "One that still runs has to be cleared again once it has stopped.");
	ck_assert_str_eq(v->items[ITEM_CONSUMERS].note, "2 of 3 clear");
	ck_assert_str_eq(challenge("typed")->now, "3 of 3 answered for");
}
END_TEST

START_TEST(reads)
{
	at(AT_READS);
	asks(ACT_DECLARE, "reads_moved/web", "release of web without the column, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "reads_moved/workers"));
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	next_is("Deploy web without the column, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
	ck_assert_int_eq(challenge("reads_moved/web")->verdict, WAITS);
	core_fold(c, OP_DECLARE, "{'key':'web','value':'90ab17 ended 2026-11-10 11:20','what':'reads_moved'}");
	core_fold(c, OP_DECLARE, "{'key':'workers','value':'90ab17 ended 2026-11-10 11:20','what':'reads_moved'}");
	core_good_facts(c);
	judge();
	asks(ACT_CONFIRM, "8", "type \"moved\"", "moved");
	next_is("Every deploy has declared its release. Type \"moved\" (item 8).", "Then the count of item 9 can begin.");
	ck_assert_str_eq(challenge("reads_moved/web")->now, "90ab17 ended 2026-11-10 11:20");
	struct plan_deploy *many = arena_array(c->a, 40, sizeof *many);
	for (size_t i = 0; i < 40; i++)
		many[i].name = arena_printf(c->a, "part%zu", i);
	c->plan.deploys = many;
	c->plan.n_deploys = 40;
	judge();
	ck_assert_uint_eq(v->n_challenges, CHALLENGE_MAX);
	ck_assert_uint_eq(v->n_offers, 12);
	ck_assert_int_eq(v->offers[10].kind, ACT_BACK);
	ck_assert_int_eq(v->offers[11].kind, ACT_LEAVE);
}
END_TEST

START_TEST(unused)
{
	char want[120], when[WHEN_MAX];
	at(AT_UNUSED);
	next_is("Begin the count: from now on nobody may use the column.", "The server keeps count, also while gatewalk is closed.");
	c->facts.target.def = "0";
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
	next_is("Before the count: the list of releases has not been confirmed (C3).", "Declare the releases of the next days, or \"none\".");
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	c->facts.target.def = "0";
	judge();
	next_is("Begin the count: it takes NOT NULL and DEFAULT off the column first.", "That is a short change of the table: window and health come first.");
	ck_assert_ptr_nonnull(offered(ACT_QUIET, NULL));
	ck_assert_str_eq(v->items[ITEM_UNUSED].note, "not begun");
	core_fold(c, OP_QUIET, "{}");
	core_good_facts(c);
	judge();
	ck_assert_ptr_null(offered(ACT_QUIET, NULL));
	snprintf(want, sizeof want, "Nothing to do before %s UTC (in 13 d 23 h).", when_short(c->walk.quiet_since + 14 * US_DAY, when));
	next_is(want, "Safe to quit: the server keeps count while gatewalk is closed.");
	c->facts.watch.last_sighting = c->facts.now - 10;
	judge();
	snprintf(want, sizeof want, "Nothing to do before %s UTC (in 13 d 23 h).", when_short(c->facts.now - 10 + 14 * US_DAY, when));
	ck_assert_str_eq(v->next[0], want);
	ck_assert_ptr_nonnull(strstr(v->next[1], "; the count began again then"));
	c->facts.target.not_null = true;
	judge();
	ck_assert_ptr_nonnull(offered(ACT_QUIET, NULL));
	ck_assert_str_eq(v->next[0], "Gate B is shut: the column is still NOT NULL (B2).");
	core_good_facts(c);
	c->found[0].last = c->t;
	judge();
	ck_assert_ptr_nonnull(offered(ACT_CLEAR, "statement 1 by etl"));
	core_good_facts(c);
	c->t += 15 * US_DAY;
	core_good_facts(c);
	judge();
	ck_assert_ptr_nonnull(offered(ACT_PASS, "B"));
	next_is("Gate B holds: nobody misses it. Pass it.", "After it comes the final snapshot, right before the drop.");
	again(ENV_DEVELOPMENT, AT_UNUSED);
	core_fold(c, OP_QUIET, "{}");
	core_good_facts(c);
	c->facts.watch.last_sighting = c->walk.quiet_since + 1;
	judge();
	ck_assert_ptr_nonnull(offered(ACT_QUIET, NULL));
}
END_TEST

START_TEST(final_and_gate_c)
{
	char want[120], when[WHEN_MAX];
	at(AT_FINAL);
	next_is("Take the final snapshot, right before the drop.", "Its proof counts for 60 min: take it when the window is near.");
	ck_assert_str_eq(v->offers[0].label, "take the final snapshot");
	asks(ACT_DECLARE, "releases", "releases planned in the next days", "none, or 2026-11-24 10:00, ...");
	c->facts.moment.in_window = false;
	judge();
	snprintf(want, sizeof want, "Its proof counts for 60 min, and the window opens %s UTC.", when_short(c->facts.now, when));
	ck_assert_str_eq(v->next[1], want);
	at(AT_GATE_C);
	ck_assert_ptr_null(offered(ACT_PASS, NULL));
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
	ck_assert_ptr_nonnull(offered(ACT_SNAPSHOT, NULL));
	ck_assert_str_eq(v->next[1], "Declare the releases of the next days, or \"none\".");
	core_foldf(c, OP_EVIDENCE, "{'at':'%s','kind':'baseline'}", core_time(c->t));
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	judge();
	ck_assert_int_eq(v->offers[0].kind, ACT_PASS);
	ck_assert_str_eq(v->offers[0].key, "C");
	ck_assert_ptr_null(offered(ACT_DECLARE, NULL));
	next_is("Gate C holds: now is the moment. Pass it.", "Passing drops nothing: the drop comes after it, on a page of its own.");
	c->facts.moment.in_window = false;
	c->facts.moment.next[0] = c->facts.now + US_DAY;
	judge();
	ck_assert_ptr_null(offered(ACT_PASS, NULL));
	snprintf(want, sizeof want, "Nothing to do before %s UTC (in 1 d 00 h).", when_short(c->facts.now + US_DAY, when));
	ck_assert_str_eq(v->next[0], want);
}
END_TEST

START_TEST(dropping)
{
	at(AT_DROPPING);
	next_is("The outcome is not known yet: gatewalk asks the ledger; press r.", "Do not drop it by hand. The ledger alone decides what happened.");
	ck_assert_uint_eq(v->n_offers, 1);
	ck_assert_int_eq(v->offers[0].kind, ACT_LOOK);
	ck_assert_str_eq(v->items[ITEM_DROP].note, "outcome not known yet");
	ck_assert_int_eq(v->items[ITEM_DROP].mood, MOOD_WAITING);
	c->facts.now = 0;
	judge();
	next_is("The server cannot be reached: no reason was given", "What became of the drop, the ledger tells. Press r to try again.");
	ck_assert_uint_eq(v->n_offers, 0);
}
END_TEST

START_TEST(monitor)
{
	char want[120], when[WHEN_MAX];
	at(AT_MONITOR);
	int64_t end = c->walk.dropped_at + 48 * US_HOUR;
	snprintf(want, sizeof want, "Nothing to do before %s UTC (in 1 d 23 h).", when_short(end, when));
	ck_assert_str_eq(v->next[0], want);
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	ck_assert_ptr_nonnull(offered(ACT_RESTORE, NULL));
	ck_assert_int_eq(challenge("watched")->verdict, WAITS);
	ck_assert_int_eq(v->items[ITEM_MONITOR].percent, 0);
	ck_assert_ptr_nonnull(strstr(v->items[ITEM_DROP].note, ", 21 ms"));
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_DONE);
	ck_assert_str_eq(v->items[ITEM_CONSUMERS].note, "all clear");
	core_foldf(c, OP_ALARM, "{'at':'%s','metric':'latency','text':'latency 128 ms, limit 84','value':'128'}", core_time(c->t));
	core_good_facts(c);
	judge();
	next_is("ALARM: latency 128 ms, limit 84", "If the drop is the cause, put the column back: the way is shown here.");
	ck_assert_int_eq(v->items[ITEM_MONITOR].mood, MOOD_SHUT);
	c->t = end;
	core_good_facts(c);
	judge();
	ck_assert_int_eq(challenge("watched")->verdict, HOLDS);
	c->facts.monitor.at = end - 1;
	judge();
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	ck_assert_int_eq(challenge("watched")->verdict, REFUSED);
	next_is("The time of the watch is over, but nobody has looked since it ended.", "Press r; or take a sample now, with gatewalk job tick.");
	core_good_facts(c);
	judge();
	asks(ACT_CONFIRM, "12", "type the number of alarms seen", "1");
	next_is("The watch is over, with 1 alarm. Type their number (item 12).", "Then the schema log is written.");
	ck_assert_str_eq(challenge("typed")->now, "latency 128 ms, limit 84");
	c->walk.restored_at = c->t;
	judge();
	char back[120];
	snprintf(back, sizeof back, "put back %s", when_short(c->t, when));
	ck_assert_str_eq(v->items[ITEM_DROP].note, back);
	ck_assert_ptr_null(offered(ACT_RESTORE, NULL));
}
END_TEST

START_TEST(the_end)
{
	char want[120], when[WHEN_MAX];
	at(AT_LOG);
	ck_assert_int_eq(v->offers[0].kind, ACT_SCHEMA_LOG);
	next_is("Write the schema log: that closes the walk.", "It holds the entry for the application's own migration tool, too.");
	ck_assert_int_eq(challenge("schema_log")->offer.kind, ACT_SCHEMA_LOG);
	ck_assert_str_eq(v->items[ITEM_MONITOR].note, "0 alarms");
	at(AT_CLOSED);
	for (int i = 1; i <= ITEM_COUNT; i++)
		ck_assert(v->items[i].mood == MOOD_DONE || v->items[i].mood == MOOD_NOT_NEEDED);
	ck_assert_str_eq(v->items[ITEM_LOG].note, "written");
	ck_assert_ptr_nonnull(strstr(v->items[ITEM_UNUSED].note, "quiet 15 d"));
	ck_assert_int_eq(v->offers[0].kind, ACT_RESTORE);
	next_is("This walk is closed. Nothing to do.", "The snapshot is kept for 90 days: gatewalk restore puts the column back.");
	c->walk.restored_at = c->t;
	judge();
	ck_assert_uint_eq(v->n_offers, 0);
	snprintf(want, sizeof want, "It was put back on %s UTC.", when_short(c->t, when));
	ck_assert_str_eq(v->next[1], want);
	c->facts.now = 0;
	judge();
	ck_assert_str_eq(v->next[0], "This walk is closed. Nothing to do.");
}
END_TEST

START_TEST(left)
{
	for (enum stage s = AT_SNAPSHOT; s <= AT_ARMED; s = core_after(s)) {
		again(ENV_STAGING, s);
		ck_assert(core_fold(c, OP_LEAVE, "{'why':'not wanted'}"));
		core_good_facts(c);
		judge();
		for (int i = 1; i <= ITEM_COUNT; i++) {
			bool reached = stage_item(s) > (enum item)i || (stage_item(s) == (enum item)i && (s == AT_GATE_A || s == AT_GATE_C));
			enum mood m = v->items[i].mood;
			ck_assert_msg(m == MOOD_NOT_NEEDED || (m == MOOD_DONE) == reached, "left at %s: item %d is %s", stage_name(s), i, mood_word(m));
		}
		ck_assert_uint_eq(v->n_offers, 0);
		next_is("This walk was left: not wanted", "Nothing to do. Its log stays; a new walk can begin from the plan.");
	}
}
END_TEST

/* A plan with a calendar asks for no list, and shows whether the calendar was read. */
START_TEST(a_calendar_is_asked_instead)
{
	c->plan.release_ics = "/srv/releases.ics";
	at(AT_FINAL);
	ck_assert_ptr_null(offered(ACT_DECLARE, "releases"));
	ck_assert_str_eq(challenge("releases")->now, "not read");
	ck_assert_int_eq(challenge("releases")->verdict, UNKNOWN);
	c->facts.moment.calendar_at = c->facts.now;
	judge();
	ck_assert_str_eq(challenge("releases")->now, "0 known");
	ck_assert_int_eq(challenge("releases")->verdict, HOLDS);
	c->facts.moment.calendar_why = "r.ics:3: this event ends twice";
	judge();
	ck_assert_str_eq(challenge("releases")->now, "r.ics:3: this event ends twice");
	ck_assert_int_eq(challenge("releases")->verdict, UNKNOWN);
	core_fold(c, OP_DECLARE, "{'key':'','value':'two, I think','what':'releases'}");
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_steps");
	TCase *t = tcase_create("view_steps");
	const TTest *const tests[] = {
		items_that_are_typed, gate_a, consumers, reads, unused, final_and_gate_c, a_calendar_is_asked_instead, dropping, monitor, the_end, left,
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
