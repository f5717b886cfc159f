/* SPDX-License-Identifier: MIT */
/* Gate B, one wrong fact at a time. */
#include "core/consumers.h"
#include "tests/gate_harness.h"

static void find_not_there(void)
{
	f->audit.n = 2;
	w->clears[2].key = "another key";
}

/* The look that found it came after the clearing. */
static void counted(const char *now, const char *when_cleared)
{
	c->found[0].last = w->clears[0].at + 1;
	c->found[0].counted = now;
	w->clears[0].counted = when_cleared;
}

/* What was cleared by its text. */
static void read_as(const char *now, const char *when_cleared)
{
	c->found[0].as_read = true;
	c->found[0].counted = now;
	w->clears[0].counted = when_cleared;
}

/* The plan asks for it; hidden that long ago, until then. */
static void hidden(int64_t from, int64_t to, const char *why, bool exact)
{
	p->hide = true;
	w->hiding = from ? (struct walk_hiding){ f->now - from, f->now - to, why, exact } : (struct walk_hiding){ 0 };
}

static void quiet_for(int64_t us)
{
	w->quiet_since = f->now - us;
}

#define BREAKS_B(X) \
	X(b1_unknown, "B1", UNKNOWN, "nobody has looked at the consumers yet", f->audit.at = 0) \
	X(b1_uncleared, "B1", REFUSED, "statement 1 by etl has not been cleared", w->clears[0].key = "another key") \
	X(b1_again, "B1", REFUSED, "statement 1 by etl names what goes and was seen again after it was cleared", c->found[0].last = w->clears[0].at) \
	X(b1_again_counted, "B1", REFUSED, "statement 1 by etl names what goes and was seen again after it was cleared", counted("6 calls", "5 calls")) \
	X(b1_again_unknown, "B1", REFUSED, "statement 1 by etl names what goes and was seen again after it was cleared", counted(NULL, "5 calls")) \
	X(b1_again_before, "B1", REFUSED, "statement 1 by etl names what goes and was seen again after it was cleared", counted("5 calls", NULL)) \
	X(b1_other_text, "B1", REFUSED, "statement 1 by etl reads otherwise than when it was cleared", read_as("a1", "b2")) \
	X(b1_no_text, "B1", REFUSED, "statement 1 by etl reads otherwise than when it was cleared", read_as(NULL, "b2")) \
	X(b1_no_text_before, "B1", REFUSED, "statement 1 by etl reads otherwise than when it was cleared", read_as("a1", NULL)) \
	X(b1_survives, "B1", REFUSED, "statement 1 by etl names what goes and was cleared as surviving, which it cannot", w->clears[0].survives = true) \
	X(b1_structural, "B1", REFUSED, "view public.all_orders depends on it: the drop would need CASCADE, or it would vanish", c->found[1].structural = true) \
	X(b1_declared, "B1", REFUSED, "looker is declared in the plan and has not been cleared", find_not_there()) \
	X(b1_declared_found, "B1", REFUSED, "declared looker has not been cleared", w->clears[2].key = "another key") \
	X(b2_unknown, "B2", UNKNOWN, "nobody has looked at the watch yet", f->watch.at = 0) \
	X(b2_no_audit, "B2", UNKNOWN, "nobody has looked at the consumers yet", f->audit.at = 0) \
	X(b2_no_target, "B2", UNKNOWN, "nobody has looked at the target yet", f->target.at = 0) \
	X(b2_gone, "B2", REFUSED, "the target is not there: not found", f->target.found = false) \
	X(b2_tripwire, "B2", REFUSED, "the write tripwire is not on the table", f->watch.tripwire_there = false) \
	X(b2_disabled, "B2", REFUSED, "the write tripwire is switched off", f->watch.tripwire_enabled = false) \
	X(b2_no_slot, "B2", REFUSED, "the logical slot that the plan asks for cannot be read", p->slot = true) \
	X(b2_slot_behind, "B2", REFUSED, "the logical slot that the plan asks for cannot be read", p->slot = true, f->watch.slot = (struct fact_slot){ .there = true, .why = "behind" }) \
	X(b2_statements, "B2", REFUSED, "statements cannot be watched", f->watch.statements_there = false, f->watch.statements_why = "CREATE EXTENSION pg_stat_statements;") \
	X(b2_standby, "B2", REFUSED, "a standby could not be asked", f->watch.standbys_ok = false) \
	X(b2_standby_why, "B2", REFUSED, "a standby could not be asked", f->watch.standbys_ok = false, f->watch.standbys_why = "Start db3.") \
	X(b2_blind, "B2", REFUSED, "nobody has cleared the blind spot: standby db3", w->clears[3].key = "another key") \
	X(b2_static, "B2", REFUSED, "no source of the audit could see what the database itself is built of", c->sources[0].saw = SAW_BLIND) \
	X(b2_reads, "B2", REFUSED, "no source of the audit could see reads", c->sources[1].why = "track is none") \
	X(b2_far, "B2", REFUSED, "no source of the audit could see reads", c->sources[1].server = "db2") \
	X(b2_moment, "B2", REFUSED, "no source of the audit could see reads", c->sources[1].from = c->sources[1].to) \
	X(b2_writes, "B2", REFUSED, "no source of the audit could see writes", c->sources[1].sees = SEES_READ, c->sources[2].from = 0) \
	X(b2_code, "B2", REFUSED, "no source of the audit could see source code outside of it", c->sources[3].saw = SAW_MISSING) \
	X(b2_default, "B2", REFUSED, "the column still has a default", f->target.def = "0") \
	X(b2_not_null, "B2", REFUSED, "the column is still NOT NULL", f->target.not_null = true) \
	X(b2_generated, "B2", REFUSED, "the server itself fills the column (generated or identity)", f->target.generated = true) \
	X(b2_identity, "B2", REFUSED, "the server itself fills the column (generated or identity)", f->target.identity = true) \
	X(b2_never, "B2", REFUSED, "the sources have not watched yet", f->watch.unbroken_since = 0) \
	X(b2_future, "B2", REFUSED, "the sources have not watched yet", f->watch.unbroken_since = f->now + 1) \
	X(b2_never_gap, "B2", REFUSED, "statistics reset", f->watch.unbroken_since = 0, f->watch.gap = "statistics reset") \
	X(b2_short, "B2", WAITS, "the sources have watched without a gap for 6 d 23 h, and the longest job runs every 7 d", \
		f->watch.unbroken_since = f->now - 7 * US_DAY + 1) \
	X(b2_gap, "B2", WAITS, "the sources have watched without a gap for 1 d 00 h, and the longest job runs every 7 d; the last gap: statistics reset", \
		f->watch.unbroken_since = f->now - US_DAY, f->watch.gap = "statistics reset") \
	X(b2_daily, "B2", WAITS, "the sources have watched without a gap for 1 h 00 min, and the longest job runs every 1 d", \
		f->watch.unbroken_since = f->now - US_HOUR, p->longest_job_days = 0) \
	X(b5_deploy, "B5", REFUSED, "nobody has said when the last old instance of web ended", declared("web")->key = "x") \
	X(b5_second, "B5", REFUSED, "nobody has said when the last old instance of workers ended", declared("workers")->value = "") \
	X(b5_unsaid, "B5", REFUSED, "nobody has said when the last old instance of workers ended", declared("workers")->value = NULL) \
	X(b5_not_begun, "B5", REFUSED, "the count has not begun", w->quiet_since = 0) \
	X(b5_unknown, "B5", UNKNOWN, "nobody has looked at the watch yet", f->watch.at = 0) \
	X(b6_unknown, "B6", UNKNOWN, "nobody has looked at the watch yet", f->watch.at = 0) \
	X(b6_not_begun, "B6", REFUSED, "the count has not begun", w->quiet_since = 0) \
	X(b8_never, "B8", REFUSED, "it was not hidden yet", hidden(0, 0, NULL, true)) \
	X(b8_early, "B8", REFUSED, "it ended before its time: error", hidden(2 * US_DAY, US_DAY, "error", true)) \
	X(b8_unsaid, "B8", REFUSED, "it ended before its time: not known why", hidden(2 * US_DAY, US_DAY, NULL, true)) \
	X(b8_changed, "B8", REFUSED, "the grants are not what they were: somebody changed them meanwhile", hidden(2 * US_DAY, US_DAY, "over", false)) \
	X(b8_short, "B8", REFUSED, "it was hidden for 23 h 59 min only", hidden(2 * US_DAY, US_DAY + 1, "over", true)) \
	X(b8_before_count, "B8", REFUSED, "it was hidden before the count began", hidden(400 * US_DAY, US_DAY, "over", true)) \
	X(b8_seen, "B8", REFUSED, "it was hidden before it was last seen in use", hidden(2 * US_DAY, US_DAY, "over", true), f->watch.last_sighting = f->now - US_HOUR) \
	X(b8_amended, "B8", REFUSED, "it was hidden before the plan was amended", hidden(2 * US_DAY, US_DAY, "over", true), w->amended_at = f->now - US_HOUR) \
	X(b8_unknown, "B8", UNKNOWN, "nobody has looked at the watch yet", hidden(2 * US_DAY, US_DAY, "over", true), f->watch.at = 0)

BREAK_TABLE(BREAKS_B);

START_TEST(one_wrong_fact_shuts_gate_b)
{
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
		broken(&breaks[i], GATE_B);
}
END_TEST

START_TEST(the_first_open_consumer_is_named)
{
	w->clears[0].key = "another key";
	c->found[1].structural = true;
	ck_assert_str_eq(judge("B1")->now, "1 of 3 clear");
	ck_assert_str_eq(judge("B1")->because, "statement 1 by etl has not been cleared");
	ck_assert_str_eq(judge("B1")->todo, "Ask its owner, and clear it by name with the reason (item 4).");
	f->audit.n = 2;
	ck_assert_str_eq(judge("B1")->now, "1 of 3 clear");   /* the plan's own is counted though the audit did not list it */
	w->clears[2].key = "another key";
	ck_assert_str_eq(judge("B1")->now, "0 of 3 clear");
	ck_assert_str_eq(judge("B1")->because, "statement 1 by etl has not been cleared");
	c->found[1].key = "declared grafana";   /* another's name: the plan's own is still not found */
	ck_assert_str_eq(judge("B1")->now, "0 of 3 clear");
}
END_TEST

/* Who keeps the longest eye on a kind of use is named; a hit does not make a source blind, a reason does. */
START_TEST(who_saw_each_kind_of_use)
{
	struct class_seen seen[CLASSES];
	audit_classes(&f->audit, seen);
	ck_assert_str_eq(seen[CLASS_STATIC].by->name, "catalogue");
	ck_assert_str_eq(seen[CLASS_READ].by->name, "statements");
	ck_assert_str_eq(seen[CLASS_WRITE].by->name, "tripwire");
	ck_assert_str_eq(seen[CLASS_CODE].by->name, "source trees");
	c->sources[2].saw = SAW_MISSING;
	audit_classes(&f->audit, seen);
	ck_assert_str_eq(seen[CLASS_WRITE].by->name, "statements");
	c->sources[3].saw = SAW_MISSING;
	ck_assert_int_eq(judge("B2")->verdict, REFUSED);
	w->clears[0].key = BLIND_CODE;
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	f->target.n_foreign = 1;   /* falls with a column that is dropped */
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	ck_assert_str_eq(sees_word(SEES_DEFINER), "definer");
	ck_assert_str_eq(sees_word(3), "");
}
END_TEST

/* Only later calls count as seen again: the look comes after the clearing, the calls came before it. */
START_TEST(what_ran_before_it_was_cleared)
{
	counted("5 calls", "5 calls");
	ck_assert_int_eq(judge("B1")->verdict, HOLDS);
	read_as("a1", "a1");
	ck_assert_int_eq(judge("B1")->verdict, HOLDS);
}
END_TEST

START_TEST(the_count_of_days)
{
	quiet_for(14 * US_DAY - 1);
	const struct finding *b5 = judge("B5");
	ck_assert_int_eq(b5->verdict, WAITS);
	ck_assert_int_eq(b5->at, w->quiet_since + 14 * US_DAY);
	ck_assert_str_eq(b5->now, "13 d 23 h");
	ck_assert_str_eq(b5->passes, "14 d 00 h in a row");
	quiet_for(14 * US_DAY);
	ck_assert_int_eq(judge("B5")->verdict, HOLDS);
	p->longest_job_days = 31;
	ck_assert_int_eq(judge("B5")->verdict, WAITS);
	ck_assert_int_eq(judge("B5")->at, w->quiet_since + 32 * US_DAY);
	quiet_for(-US_MINUTE);
	ck_assert_int_eq(judge("B5")->verdict, WAITS);
	ck_assert_str_eq(judge("B5")->now, "0 ms");
}
END_TEST

START_TEST(hidden_for_a_day)
{
	hidden(2 * US_DAY, US_DAY, "over", true);
	ck_assert_int_eq(judge("B8")->verdict, HOLDS);
	ck_assert_ptr_nonnull(strstr(judge("B8")->now, "hidden until "));
	w->kind = TARGET_ROWS;
	ck_assert_int_eq(judge("B8")->verdict, NOT_NEEDED);
	teardown();
	fresh(ENV_DEVELOPMENT);
	w->quiet_since = f->now - US_DAY;
	hidden(US_MINUTE, US_SECOND, "over", true);
	ck_assert_int_eq(judge("B8")->verdict, HOLDS);
	hidden(US_MINUTE, US_SECOND, "stopped by the operator", true);
	ck_assert_int_eq(judge("B8")->verdict, REFUSED);
}
END_TEST

START_TEST(sightings_begin_it_again)
{
	f->watch.last_sighting = f->now - 10 * US_DAY;
	f->watch.sighted = "etl_nightly (role etl) read it";
	const struct finding *b6 = judge("B6");
	ck_assert_int_eq(b6->verdict, WAITS);
	ck_assert_int_eq(b6->at, f->now + 4 * US_DAY);
	ck_assert_ptr_nonnull(strstr(b6->because, "etl_nightly (role etl) read it at "));
	ck_assert_int_eq(judge("B5")->at, f->now + 4 * US_DAY);
	w->last_sighting = f->now - 9 * US_DAY;
	w->sighted = "web (role app)";
	ck_assert_ptr_nonnull(strstr(judge("B6")->because, "web (role app) at "));
	ck_assert_int_eq(judge("B6")->at, f->now + 5 * US_DAY);
	w->sighted = NULL;
	ck_assert_ptr_nonnull(strstr(judge("B6")->because, "somebody used it at "));
	w->last_sighting = f->watch.last_sighting = f->now - 14 * US_DAY;
	ck_assert_int_eq(judge("B6")->verdict, HOLDS);
	ck_assert_ptr_nonnull(strstr(judge("B6")->now, "last seen "));
	ck_assert_int_eq(judge("B5")->verdict, HOLDS);
}
END_TEST

START_TEST(development_does_not_wait)
{
	teardown();
	fresh(ENV_DEVELOPMENT);
	w->quiet_since = f->now - US_MINUTE;
	ck_assert_int_eq(judge("B5")->verdict, NOT_NEEDED);
	f->watch.last_sighting = w->quiet_since - 1;
	ck_assert_int_eq(judge("B6")->verdict, HOLDS);
	f->watch.last_sighting = w->quiet_since + 1;
	ck_assert_int_eq(judge("B6")->verdict, REFUSED);
	ck_assert_int_eq(judge("B6")->at, 0);
	ck_assert_str_eq(judge("B6")->todo, "End that use, then begin the count again (item 9).");
	f->watch.unbroken_since = f->now - US_SECOND;
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	f->watch.unbroken_since = 0;   /* but it must watch */
	ck_assert_int_eq(judge("B2")->verdict, REFUSED);
}
END_TEST

START_TEST(rehearsal_scales_waits_only)
{
	teardown();
	fresh(ENV_REHEARSAL);
	quiet_for(14 * US_SECOND - 1);
	ck_assert_int_eq(judge("B5")->verdict, WAITS);
	quiet_for(14 * US_SECOND);
	ck_assert_int_eq(judge("B5")->verdict, HOLDS);
	f->watch.unbroken_since = f->now - 7 * US_SECOND;
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	f->watch.unbroken_since += 1;
	ck_assert_int_eq(judge("B2")->verdict, WAITS);
	f->watch.at = f->now - 9 * US_MINUTE;
	ck_assert_int_eq(judge("B6")->verdict, HOLDS);
}
END_TEST

/* What helps is said; a slot that tells is enough, and one that nobody asked for is not missed. */
START_TEST(the_slot_of_the_plan)
{
	p->slot = true;
	ck_assert_str_eq(judge("B2")->todo, "Start the watch (item 4): it makes the slot.");
	f->watch.slot = (struct fact_slot){ .why = "wal_level is replica" };
	ck_assert_str_eq(judge("B2")->todo, "wal_level is replica");
	f->watch.slot = (struct fact_slot){ .there = true };
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	p->slot = false;
	f->watch.slot.there = false;
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
}
END_TEST

/* Of rows the tripwire alone is asked: reads of the table go on, and nobody writes on a standby. Of a table all of it. */
START_TEST(sources_by_kind)
{
	f->watch.statements_there = f->watch.standbys_ok = false;
	w->kind = TARGET_TABLE;
	ck_assert_str_eq(judge("B2")->because, "statements cannot be watched");
	w->kind = TARGET_ROWS;
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	c->sources[1].saw = c->sources[3].saw = SAW_MISSING;   /* reads, and code */
	ck_assert_int_eq(judge("B2")->verdict, HOLDS);
	c->sources[2].saw = SAW_MISSING;
	ck_assert_str_eq(judge("B2")->because, "no source of the audit could see writes");
	c->sources[0].saw = SAW_MISSING;
	ck_assert_str_eq(judge("B2")->because, "no source of the audit could see what the database itself is built of");
	f->watch.tripwire_enabled = false;
	ck_assert_str_eq(judge("B2")->because, "the write tripwire is switched off");
	f->watch.tripwire_there = false;
	ck_assert_str_eq(judge("B2")->because, "the write tripwire is not on the table");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gate_b");
	TCase *t = tcase_create("gate_b");
	const TTest *const tests[] = {
		one_wrong_fact_shuts_gate_b, who_saw_each_kind_of_use, the_first_open_consumer_is_named, what_ran_before_it_was_cleared, the_count_of_days,
		hidden_for_a_day, sightings_begin_it_again, development_does_not_wait, rehearsal_scales_waits_only, the_slot_of_the_plan, sources_by_kind,
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
