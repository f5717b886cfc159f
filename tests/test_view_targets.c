/* SPDX-License-Identifier: MIT */
/* The view of what is rarer: rows that are removed, few consumers, jobs that wait, and a log that its database does not know. */
#include "tests/view_harness.h"

static void rows(void)
{
	c->plan.recipe = "remove-rows";
	c->walk.kind = TARGET_ROWS;
	judge();
}

START_TEST(rows_are_counted_by_who_writes_them)
{
	at(AT_UNUSED);
	rows();
	next_is("Begin the count: from now on nobody may write to these rows.", "The server keeps count, also while gatewalk is closed.");
	ck_assert_str_eq(v->items[ITEM_ARCHETYPE].note, "destructive: rows");
}
END_TEST

START_TEST(a_removal_on_its_way)
{
	at(AT_DROPPING);
	rows();
	next_is("The outcome is not known yet: gatewalk asks the ledger; press r.", "Do not drop it by hand. The ledger alone decides what happened.");
	ck_assert_str_eq(v->offers[0].label, "let the removal go on");
	ck_assert_int_eq(v->offers[0].kind, ACT_REMOVE);
	ck_assert_str_eq(v->offers[1].label, "end the removal here");
	ck_assert_int_eq(v->offers[1].kind, ACT_REMOVE_END);
	ck_assert_str_eq(v->offers[2].label, "ask the ledger");
	job("remove", "running", 1, 4);
	next_is("The removal runs: copying, 25 %. Safe to quit.", "It goes on without you. Look again later.");
	ck_assert_int_eq(v->items[ITEM_DROP].mood, MOOD_RUNNING);
	ck_assert_int_eq(v->items[ITEM_DROP].percent, 25);
	ck_assert_ptr_null(offered(ACT_REMOVE, NULL));
	ck_assert_ptr_null(offered(ACT_REMOVE_END, NULL));
	job("remove", "paused", 1, 4);
	next_is("The removal is paused.", "Open the job to let it go on. Quitting is safe.");
	job("remove", "done", 4, 4);
	next_is("The removal's job has ended; what it did is being taken in. Press r.", "The ledger counts each batch: none is lost, and none is done twice.");
	job("remove", "failed", 1, 4);
	next_is("The removal job failed: no reason was given", "Open the job to see how far it came, then start it again.");
	ck_assert_ptr_nonnull(offered(ACT_REMOVE, NULL));
}
END_TEST

/* A removal may take more than a night, and C3 asks for the releases of each day. */
START_TEST(a_removal_asks_for_the_day)
{
	at(AT_DROPPING);
	rows();
	ck_assert_ptr_null(offered(ACT_DECLARE, "releases"));
	c->facts.now += 25 * US_HOUR;
	judge();
	ck_assert_str_eq(v->offers[0].key, "releases");
	c->walk.kind = TARGET_COLUMN;
	judge();
	ck_assert_uint_eq(v->n_offers, 1);
	ck_assert_int_eq(v->offers[0].kind, ACT_LOOK);
}
END_TEST

START_TEST(a_removal_that_ended)
{
	at(AT_MONITOR);
	c->walk.rows_removed = 61204118;
	c->walk.rows_left = 12;
	rows();
	ck_assert_str_eq(v->items[ITEM_DROP].note, "61.2 M rows, 12 left");
	ck_assert_str_eq(offered(ACT_RESTORE, NULL)->label, "put the rows back");
	job("remove", "done", 4, 4);
	ck_assert(!v->jobs[0].mine);
}
END_TEST

START_TEST(a_job_that_waits)
{
	static const char goes_on[] = "It goes on by itself when that has passed. Safe to quit.";
	at(AT_SNAPSHOT);
	job("snapshot", "waiting", 61, 100);
	next_is("The snapshot waits, 61 %: no reason was given", goes_on);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_WAITING);
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].percent, 61);
	v->jobs[0].note = "";
	judge();
	ck_assert_str_eq(v->next[0], "The snapshot waits, 61 %: no reason was given");
	v->jobs[0].note = "replication lag, s, is 7";
	v->jobs[0].phase = "";
	v->jobs[0].total = 0;
	judge();
	next_is("The snapshot waits: replication lag, s, is 7", goes_on);
	ck_assert_str_eq(v->items[ITEM_SNAPSHOT].note, "snapshot");
	v->jobs[0].state = "running";
	judge();
	ck_assert_str_eq(v->next[0], "The snapshot runs: starting. Safe to quit.");
}
END_TEST

static void drill_here(enum item item, enum mood mood)
{
	job("drill", "running", 1, 2);
	ck_assert_int_eq(v->items[item].mood, mood);
	ck_assert_int_eq(v->items[item].percent == 50, mood == MOOD_RUNNING);
}

START_TEST(where_a_job_is_shown)
{
	at(AT_GATE_A);
	drill_here(ITEM_SNAPSHOT, MOOD_RUNNING);
	again(ENV_PRODUCTION, AT_ARMED);
	drill_here(ITEM_FINAL, MOOD_RUNNING);
	again(ENV_PRODUCTION, AT_MONITOR);
	drill_here(ITEM_MONITOR, MOOD_WAITING);
	ck_assert_ptr_null(offered(ACT_RESTORE, NULL));
	again(ENV_PRODUCTION, AT_LOG);
	job("restore", "running", 1, 2);
	ck_assert_int_eq(v->items[ITEM_LOG].mood, MOOD_RUNNING);
	ck_assert_ptr_null(offered(ACT_SCHEMA_LOG, NULL));
}
END_TEST

/* Of two jobs of a kind the newer one counts, wherever it stands in the list. */
START_TEST(the_newest_job_counts)
{
	struct view_job two[] = {
		{ .id = 9, .kind = "snapshot", .state = "failed", .error = "no room" }, { .id = 3, .kind = "snapshot", .state = "done" },
		{ .id = 5, .kind = "drill", .state = "done" },
	};
	at(AT_SNAPSHOT);
	v->jobs = two;
	v->n_jobs = 3;
	judge();
	ck_assert_str_eq(v->next[0], "The snapshot job failed: no room");
	two[1].id = 10;
	judge();
	ck_assert_str_eq(v->next[0], "Start the snapshot: copy, proof and restore drill in one go.");
	two[1].state = NULL;
	judge();
	ck_assert_str_eq(v->next[0], "Start the snapshot: copy, proof and restore drill in one go.");
}
END_TEST

START_TEST(none_or_one_consumer)
{
	static const char still[] = "One that still runs has to be cleared again once it has stopped.";
	at(AT_CONSUMERS);
	c->facts.audit.n = c->plan.n_consumers = 0;
	judge();
	next_is("No consumer was found. Type 0 (item 4).", still);
	asks(ACT_CONFIRM, "4", "type the number of consumers cleared", "0");
	c->plan.n_consumers = 1;
	judge();
	ck_assert_str_eq(v->next[0], "0 of 1 clear. Next: looker");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	core_fold(c, OP_CLEAR, "{'consumer':'declared looker','reason':'asked','survives':0}");
	judge();
	next_is("The one consumer is answered for. Type 1 (item 4).", still);
	asks(ACT_CONFIRM, "4", "type the number of consumers cleared", "1");
	c->facts.watch.tripwire_there = false;
	judge();
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
}
END_TEST

START_TEST(a_count_needs_its_tripwire)
{
	static const char first[] = "Start the watch: a tripwire on the table, and a job that looks.", second[] = "It counts the writes from now on, also after you quit.";
	at(AT_UNUSED);
	core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	core_good_facts(c);
	c->facts.watch.tripwire_there = false;
	judge();
	next_is(first, second);
	ck_assert_ptr_nonnull(offered(ACT_WATCH, NULL));
	c->facts.watch.tripwire_there = true;
	c->facts.watch.tripwire_enabled = false;
	judge();
	next_is(first, second);
	c->facts.watch.at = 0;   /* nobody has looked: nothing is said of it */
	judge();
	ck_assert_str_eq(v->next[0], "Begin the count: from now on nobody may use the column.");
}
END_TEST

/* The reason is shortened by its front first; what still does not fit is named by its condition. */
START_TEST(reasons_that_are_long)
{
	at(AT_ARMED);
	c->facts.others.clear = false;
	c->facts.others.who = "orders-x by pair@db1";
	judge();
	ck_assert_str_eq(v->next[0], "Gate A is shut: another walk is in the way: orders-x by pair@db1 (A6).");
	c->facts.others.who = "orders-drop-tax by pair@db1";
	judge();
	ck_assert_str_eq(v->next[0], "Gate A: another walk is in the way: orders-drop-tax by pair@db1 (A6).");
	c->facts.others.who = "orders-drop-legacy-tax-2 by pair@bastion";
	judge();
	ck_assert_str_eq(v->next[0], "Gate A is shut by A6: why, stands on the page of gate A.");
}
END_TEST

START_TEST(a_stale_snapshot_is_taken_before_the_releases)
{
	at(AT_GATE_C);
	c->walk.final.proved = c->facts.now - 2 * US_HOUR;
	judge();
	ck_assert_str_eq(v->offers[0].label, "take the snapshot again");
	ck_assert_int_eq(v->offers[0].kind, ACT_SNAPSHOT);
	ck_assert_str_eq(v->offers[1].key, "releases");
	core_good_facts(c);
	c->walk.final.proved = c->facts.now;
	judge();
	ck_assert_str_eq(v->offers[0].key, "releases");
	ck_assert_int_eq(v->offers[1].kind, ACT_SNAPSHOT);
	c->facts.watch.trip_count++;   /* written to since */
	judge();
	ck_assert_int_eq(v->offers[0].kind, ACT_SNAPSHOT);
}
END_TEST

static void log_is(enum log_state s, const char *first, const char *second)
{
	c->facts.log.state = s;
	judge();
	next_is(first, second);
	ck_assert_uint_eq(v->n_offers, 1);
	ck_assert_int_eq(v->offers[0].kind, ACT_LOOK);
	ck_assert_str_eq(v->offers[0].label, "look again");
}

START_TEST(log_and_database_disagree)
{
	static const char who[] = "Find out who did it: gatewalk(1), WHEN LOG AND DATABASE DISAGREE.";
	at(AT_ARMED);
	log_is(LOG_BEHIND, "The log here is older than its database: lines are missing at its end.", "Run: gatewalk walk --fetch orders-drop-legacy-total");
	log_is(LOG_AHEAD, "The database is behind the log: it lost decisions of this walk.", "Run: gatewalk resync orders-drop-legacy-total");
	log_is(LOG_NO_WALK, "The database is behind the log: it knows nothing of this walk.", "Run: gatewalk resync orders-drop-legacy-total");
	log_is(LOG_MOVED, "This is not the database that the walk was in: upgraded, or a copy.", "Run: gatewalk rebind orders-drop-legacy-total");
	log_is(LOG_MIRROR_CHANGED, "Somebody changed the log's mirror in the database. Nothing goes on.", who);
	log_is(LOG_OTHER, "The log is not the one the ledger knows. Nothing goes on from here.", who);
	job("drill", "running", 1, 2);
	next_is("The log is not the one the ledger knows. Nothing goes on from here.", who);
	c->facts.log.at = 0;   /* nobody has looked */
	judge();
	ck_assert_str_eq(v->next[0], "The drill runs: copying, 50 %. Safe to quit.");
	again(ENV_PRODUCTION, AT_MONITOR);
	log_is(LOG_DROP_LOST, "The drop was lost: the database is of before it.", "Run: gatewalk resync orders-drop-legacy-total");
	again(ENV_PRODUCTION, AT_CLOSED);
	c->facts.log.state = LOG_DROP_LOST;
	c->facts.now = 0;
	judge();
	ck_assert_str_eq(v->next[0], "This walk is closed. Nothing to do.");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_targets");
	TCase *t = tcase_create("view_targets");
	const TTest *const tests[] = {
		rows_are_counted_by_who_writes_them, a_removal_on_its_way, a_removal_asks_for_the_day, a_removal_that_ended, a_job_that_waits, where_a_job_is_shown,
		the_newest_job_counts, none_or_one_consumer, a_count_needs_its_tripwire, reasons_that_are_long, a_stale_snapshot_is_taken_before_the_releases,
		log_and_database_disagree,
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
