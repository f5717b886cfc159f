/* SPDX-License-Identifier: MIT */
/* Gate C, one wrong fact at a time. */
#include "tests/gate_harness.h"

static const char *blocker[] = { "view public.v" };

#define BREAKS_C(X) \
	X(c1_none, "C1", REFUSED, "the final snapshot has not been taken yet", w->final.begun = 0) \
	X(c1_no_server, "C1", UNKNOWN, "nobody has looked at the server yet", f->server.at = 0) \
	X(c1_differs, "C1", REFUSED, "the final snapshot is not proven equal to its source", w->final.equal = false) \
	X(c1_unproved, "C1", REFUSED, "the final snapshot is not proven equal to its source", w->final.proved = 0) \
	X(c1_elsewhere, "C1", REFUSED, "the final snapshot was taken from another database", w->final.sysid = "1") \
	X(c1_dboid, "C1", REFUSED, "the final snapshot was taken from another database", w->final.dboid++) \
	X(c1_before_b, "C1", REFUSED, "the final snapshot was begun before gate B was passed", w->final.begun = w->gate_passed[1]) \
	X(c1_no_b, "C1", REFUSED, "the final snapshot was begun before gate B was passed", w->gate_passed[1] = 0) \
	X(c1_old, "C1", UNKNOWN, "the look at the snapshot's proof is 1 h 00 min old, and it counts for 1 h 00 min", w->final.proved = f->now - US_HOUR - 1) \
	X(c1_damaged, "C1", REFUSED, "the snapshot's files no longer have the hashes of the proof", f->files_intact = false) \
	X(c1_unread, "C1", UNKNOWN, "nobody has looked at the snapshot's files yet", f->files_at = 0) \
	X(c2_no_final, "C2", REFUSED, "the final snapshot has not been taken yet", w->final.id = NULL) \
	X(c2_unknown, "C2", UNKNOWN, "nobody has looked at the write tripwire yet", f->watch.at = 0) \
	X(c2_no_wire_then, "C2", REFUSED, "the tripwire was not there when the final snapshot was taken", w->final.trip_count = -1) \
	X(c2_no_count, "C2", UNKNOWN, "the tripwire's count cannot be read", f->watch.trip_count = -1) \
	X(c2_no_wire, "C2", UNKNOWN, "the tripwire's count cannot be read", f->watch.tripwire_there = false) \
	X(c2_off, "C2", UNKNOWN, "the tripwire's count cannot be read", f->watch.tripwire_enabled = false) \
	X(c2_written, "C2", REFUSED, "it was written to after the final snapshot", f->watch.trip_count = 1042) \
	X(c2_went_back, "C2", REFUSED, "the tripwire counts anew since the final snapshot: somebody put it on again", f->watch.trip_count = 41) \
	X(c3_unknown, "C3", UNKNOWN, "nobody has looked at the moment yet", f->moment.at = 0) \
	X(c3_zone, "C3", UNKNOWN, "the server does not know the time zone Europe/Berlin", f->moment.zone_known = false) \
	X(c3_no_day, "C3", UNKNOWN, "the server does not know the time zone Europe/Berlin", f->moment.dow = 9) \
	X(c3_day_before_sunday, "C3", UNKNOWN, "the server does not know the time zone Europe/Berlin", f->moment.dow = -1) \
	X(c3_no_zone, "C3", UNKNOWN, "the server does not know the time zone ", f->moment.zone_known = false, p->zone = NULL) \
	X(c3_friday, "C3", WAITS, "it is Friday there, and nothing is dropped on a Friday", f->moment.dow = 5) \
	X(c3_outside, "C3", WAITS, "it is outside the off-peak window", f->moment.in_window = false) \
	X(c3_outside_for_good, "C3", REFUSED, "it is outside the off-peak window", f->moment.in_window = false, f->moment.n_next = 0) \
	X(c3_late, "C3", WAITS, "the window has 9 min left, and 10 are needed", f->moment.minutes_left = 9) \
	X(c3_long_step, "C3", WAITS, "the window has 60 min left, and 61 are needed", p->drop_estimate_min = 61) \
	X(c3_undeclared, "C3", REFUSED, "the list of releases has not been confirmed", undeclare("releases")) \
	X(c3_old_list, "C3", REFUSED, "the list of releases was confirmed more than 24 h ago", declared("releases")->at = f->now - US_DAY - 1) \
	X(c3_unreadable, "C3", REFUSED, "the declared list of releases cannot be read", redeclare("releases", "two, I think")) \
	X(c3_half_read, "C3", REFUSED, "the declared list of releases cannot be read", redeclare("releases", "2099-01-01 10:00, soon")) \
	X(c3_no_time, "C3", REFUSED, "the declared list of releases cannot be read", redeclare("releases", "2099-01-01")) \
	X(c3_no_such_day, "C3", REFUSED, "the declared list of releases cannot be read", redeclare("releases", "2099-13-01 10:00")) \
	X(c3_empty_end, "C3", REFUSED, "the declared list of releases cannot be read", redeclare("releases", "2099-01-01 10:00,")) \
	X(c4_unknown, "C4", UNKNOWN, "nobody has looked at the server's health yet", f->health.at = 0) \
	X(c4_lag_unknown, "C4", UNKNOWN, "the replication lag cannot be read", f->health.lag_known = false) \
	X(c4_replay_paused, "C4", UNKNOWN, "the replication lag is not known: the replay is paused on db2", f->health.lag_known = false, f->health.lag_why = "the replay is paused on db2") \
	X(c4_standby_unknown, "C4", UNKNOWN, "the longest query on a standby cannot be read", f->health.standby_query_known = false) \
	X(c4_lag, "C4", REFUSED, "replication lag, s, is 5.1, and the plan's limit is 5.0", f->health.lag_s = 5.1) \
	X(c4_waiters, "C4", REFUSED, "sessions waiting for locks is 6.0, and the plan's limit is 5.0", f->health.lock_waiters = 6) \
	X(c4_tx, "C4", REFUSED, "longest transaction, s, is 301.0, and the plan's limit is 300.0", f->health.longest_tx_s = 301) \
	X(c4_query, "C4", REFUSED, "longest standby query, s, is 301.0, and the plan's limit is 300.0", f->health.standby_query_s = 301) \
	X(c4_sync, "C4", REFUSED, "the synchronous standby db2 is not connected in step", f->health.sync_standby_there = false) \
	X(c5_unknown, "C5", UNKNOWN, "nobody has looked at the target yet", f->target.at = 0) \
	X(c5_gone, "C5", REFUSED, "the target is not there: not found", f->target.found = false) \
	X(c5_replaced, "C5", REFUSED, "the walk began with oid 16400, column 7; under this name now stands another one", f->target.relid++) \
	X(c5_no_final, "C5", REFUSED, "the final snapshot has not been taken yet", w->final.manifest_sha256 = NULL) \
	X(c5_final_other, "C5", REFUSED, "the final snapshot holds another target", w->final.attnum++) \
	X(c5_final_other_table, "C5", REFUSED, "the final snapshot holds another target", w->final.relid++) \
	X(c5_changed, "C5", REFUSED, "the definition is not that of the final snapshot", f->target.definition_digest[0] = 'f') \
	X(c5_since_start, "C5", REFUSED, "the definition is not that of the start", w->first.definition_digest[0] = 'f') \
	X(c5_cascade, "C5", REFUSED, "the drop would need CASCADE, which gatewalk never uses: view public.v", f->target.n_blockers = 1, f->target.blockers = blocker) \
	X(c5_falls, "C5", REFUSED, "it would take along, and the plan does not list it: index public.orders_legacy", p->n_falls = 0) \
	X(c6_unknown, "C6", UNKNOWN, "nobody has looked at the log yet", f->log.at = 0) \
	X(c6_broken, "C6", REFUSED, "line 7 was changed", f->log.verifies = false, f->log.why = "line 7 was changed") \
	X(c6_broken_mute, "C6", REFUSED, "the log does not verify", f->log.verifies = false) \
	X(c6_ledger, "C6", REFUSED, "the log and the ledger do not agree", f->log.ledger_agrees = false) \
	X(c6_pooled, "C6", REFUSED, "the connection goes through a pooler, where locks and settings do not hold", f->server.pooled = true) \
	X(c6_mark, "C6", REFUSED, MARK "the mark of gatewalk init is gone", f->mark.installed = false) \
	X(c6_comment, "C6", REFUSED, MARK "the comment on the database names another environment than the mark", f->mark.comment_env = ENV_DEVELOPMENT) \
	X(c7_two, "C7", REFUSED, "the plan asks for 2 signatures, and this version takes one", p->signatures = 2) \
	X(c7_none, "C7", REFUSED, "the plan asks for 0 signatures, and this version takes one", p->signatures = 0) \
	X(c8_unknown, "C8", UNKNOWN, "nobody has looked at the monitor yet", f->monitor.at = 0) \
	X(c8_baseline, "C8", REFUSED, "the monitor has taken no baseline yet", w->baseline_at = 0) \
	X(c8_baseline_gone, "C8", REFUSED, "the monitor has taken no baseline yet", f->monitor.baseline_at = 0) \
	X(c8_errors, "C8", REFUSED, "the monitor sees no source of errors", f->monitor.errors_seen = false) \
	X(c8_way_back, "C8", REFUSED, "no drill has measured how long the way back takes", w->drill.restore_us = 0) \
	X(c9_unknown, "C9", UNKNOWN, "nobody has looked at the server's guard yet", f->guard.at = 0) \
	X(c9_asked, "C9", REFUSED, "the plan asks for the server's guard, and it is not installed", f->guard.installed = false, p->guard = true) \
	X(c9_gone, "C9", REFUSED, "the guard was over it, and is gone", f->guard.installed = false, w->guarded = true) \
	X(c9_broken, "C9", REFUSED, "an event trigger is missing", f->guard.stands = false, f->guard.why = "an event trigger is missing") \
	X(c9_broken_mute, "C9", REFUSED, "the guard does not stand", f->guard.stands = false) \
	X(c9_truncate, "C9", REFUSED, "no trigger", f->guard.truncate = false, f->guard.why = "no trigger") \
	X(c9_truncate_mute, "C9", REFUSED, "TRUNCATE is not refused", f->guard.truncate = false)

BREAK_TABLE(BREAKS_C);

START_TEST(one_wrong_fact_shuts_gate_c)
{
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
		broken(&breaks[i], GATE_C);
}
END_TEST

START_TEST(the_guard)
{
	ck_assert_str_eq(judge("C9")->now, "it stands");
	const struct { bool whole, recorded, stands; const char *help; } broken_by[] = {
		{ true, true, false, "gatewalk guard remove and then install" }, { false, true, false, "gatewalk guard install" },
		{ true, false, false, "gatewalk guard install" }, { true, true, true, "gatewalk guard install" },
	};
	for (size_t i = 0; i < sizeof broken_by / sizeof *broken_by; i++) {
		const struct fact_guard g = { .installed = true, .whole = broken_by[i].whole, .recorded = broken_by[i].recorded, .stands = broken_by[i].stands };
		ck_assert_msg(strstr(guard_help(&g), broken_by[i].help), "%zu: %s", i, guard_help(&g));
	}
	f->guard.stands = false;
	ck_assert(strstr(judge("C9")->todo, "Find out who changed it"));
	f->guard.stands = true;
	f->guard.by_views = true;
	ck_assert_str_eq(judge("C9")->now, "views hold it, TRUNCATE is refused");
	f->guard = (struct fact_guard){ .at = f->now };
	ck_assert_int_eq(judge("C9")->verdict, NOT_NEEDED);
	ck_assert(gates_open(all) & GATE_C);
}
END_TEST

START_TEST(a_release_is_near)
{
	char want[200], when[WHEN_MAX];
	struct release r = { f->now + 48 * US_HOUR, f->now + 48 * US_HOUR, NULL };
	f->moment.releases = &r;
	f->moment.n_releases = 1;
	snprintf(want, sizeof want, "a release is planned for %s UTC, within 48 h", when_short(r.from, when));
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	ck_assert_str_eq(judge("C3")->because, want);
	ck_assert_int_eq(judge("C3")->at, r.from);
	f->moment.next[0] = r.from + US_DAY;
	ck_assert_int_eq(judge("C3")->at, f->moment.next[0]);
	f->moment.n_next = 0;
	ck_assert_int_eq(judge("C3")->at, r.from);
	r.from = ++r.to;
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	p->release_quiet_hours = 72;
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	p->release_quiet_hours = 1;   /* the floor stays */
	r.from = r.to = f->now + 47 * US_HOUR;
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
}
END_TEST

/* A release that has begun shuts until it is over; the first of several is the one that is told. */
START_TEST(a_release_goes_on)
{
	char want[200], when[WHEN_MAX];
	struct release r[] = { { f->now + US_HOUR, f->now + US_HOUR, NULL }, { f->now - US_DAY, f->now - US_HOUR, NULL }, { f->now - US_HOUR, f->now + 1, "web 4.2" } };
	f->moment.releases = r;
	f->moment.n_releases = 3;
	snprintf(want, sizeof want, "a release may be going on until %s UTC: web 4.2", when_short(f->now + 1, when));
	ck_assert_str_eq(judge("C3")->because, want);
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	r[2].to = f->now;
	r[0].name = "api 9";
	snprintf(want, sizeof want, "a release is planned for %s UTC, within 48 h: api 9", when_short(r[0].from, when));
	ck_assert_str_eq(judge("C3")->because, want);
	r[1] = (struct release){ f->now + 2 * US_HOUR, f->now + 2 * US_HOUR, "later" };
	ck_assert_str_eq(judge("C3")->because, want);
	r[2] = (struct release){ f->now + 1, f->now + 2, "earlier" };
	snprintf(want, sizeof want, "a release is planned for %s UTC, within 48 h: earlier", when_short(r[2].from, when));
	ck_assert_str_eq(judge("C3")->because, want);
	f->moment.n_releases = 0;
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
}
END_TEST

/* A calendar read in the last 10 min takes the place of the word of a day, and only then; what was declared still counts. */
START_TEST(a_calendar)
{
	p->release_ics = "/srv/releases.ics";
	ck_assert_int_eq(judge("C3")->verdict, UNKNOWN);
	ck_assert_str_eq(judge("C3")->because, "nobody has looked at the calendar of releases yet");
	f->moment.calendar_at = f->now - 10 * US_MINUTE;
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	ck_assert_int_eq(judge("C3")->seen, f->moment.at);
	f->moment.calendar_at--;
	ck_assert_int_eq(judge("C3")->verdict, UNKNOWN);
	f->moment.calendar_at = f->now;
	f->moment.calendar_why = "/srv/releases.ics:7: this event ends twice";
	ck_assert_int_eq(judge("C3")->verdict, UNKNOWN);
	ck_assert_str_eq(judge("C3")->because, "the planned releases are not known: /srv/releases.ics:7: this event ends twice");
	f->moment.calendar_why = NULL;
	declared("releases")->at = f->now - 3 * US_DAY;
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	char list[24], near[WHEN_MAX];
	when_iso(f->now + US_HOUR, near);
	snprintf(list, sizeof list, "%.10s %.5s", near, near + 11);
	redeclare("releases", list);
	declared("releases")->at = f->now - 3 * US_DAY;
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	redeclare("releases", "two, I think");
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);   /* an old word that says nothing; a young one means something */
	declared("releases")->at = f->now;
	ck_assert_str_eq(judge("C3")->because, "the declared list of releases cannot be read");
	undeclare("releases");
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	p->release_ics = NULL;
	p->release_command = "cat releases";
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	f->moment.calendar_at = 0;
	ck_assert_int_eq(judge("C3")->verdict, UNKNOWN);
}
END_TEST

/* What the operator types is judged as the plan's own list is. */
START_TEST(a_declared_release_is_near)
{
	char list[120], near[WHEN_MAX], want[200], when[WHEN_MAX];
	int64_t at = (f->now / US_MINUTE + 60) * US_MINUTE;
	when_iso(at, near);
	snprintf(list, sizeof list, "2020-01-01 10:00, %.10s %.5s ,2099-01-01 10:00", near, near + 11);
	redeclare("releases", list);
	snprintf(want, sizeof want, "a release is planned for %s UTC, within 48 h", when_short(at, when));
	ck_assert_str_eq(judge("C3")->because, want);
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	ck_assert_int_eq(judge("C3")->at, f->moment.next[0] > at ? f->moment.next[0] : at);
	redeclare("releases", " 2020-01-01 10:00,2099-01-01 10:00 ");
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	redeclare("releases", "None");
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
}
END_TEST

START_TEST(the_window)
{
	f->moment.minutes_left = 10;
	ck_assert_int_eq(judge("C3")->verdict, HOLDS);
	p->drop_estimate_min = 1;   /* the floor stays */
	f->moment.minutes_left = 9;
	ck_assert_int_eq(judge("C3")->verdict, WAITS);
	f->moment.in_window = false;
	f->moment.next[0] = f->now + US_DAY;
	ck_assert_int_eq(judge("C3")->at, f->now + US_DAY);
	ck_assert_ptr_nonnull(strstr(judge("C3")->todo, "gatewalk window lists the next moments."));
	f->moment.n_next = 0;
	ck_assert_int_eq(judge("C3")->at, 0);
}
END_TEST

START_TEST(limits_are_reached_not_passed)
{
	f->health.lag_s = p->max_lag_s;
	f->health.lock_waiters = p->max_lock_waiters;
	f->health.longest_tx_s = p->max_longest_tx_s;
	f->health.standby_query_s = p->max_standby_query_s;
	ck_assert_int_eq(judge("C4")->verdict, HOLDS);
	p->sync_standby = NULL;
	f->health.sync_standby_there = false;
	ck_assert_int_eq(judge("C4")->verdict, HOLDS);
}
END_TEST

START_TEST(under_the_lock_the_count_is_of_now)
{
	f->watch.at = 0;
	f->locked = true;
	ck_assert_int_eq(judge("C2")->verdict, HOLDS);
	f->watch.trip_count = 1042;
	ck_assert_int_eq(judge("C2")->verdict, REFUSED);
	ck_assert_str_eq(judge("C2")->now, "1 000 writes");
}
END_TEST

START_TEST(no_write_at_all)
{
	w->final.trip_count = f->watch.trip_count = 0;
	ck_assert_int_eq(judge("C2")->verdict, HOLDS);
	f->watch.trip_count = 1;
	ck_assert_str_eq(judge("C2")->now, "1 write");
}
END_TEST

START_TEST(files_are_read_again_at_the_drop)
{
	w->stage = AT_ARMED;
	f->files_at = 0;
	ck_assert_int_eq(judge("C1")->verdict, HOLDS);
	f->files_at = f->now;
	f->files_intact = false;
	ck_assert_int_eq(judge("C1")->verdict, REFUSED);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gate_c");
	TCase *t = tcase_create("gate_c");
	const TTest *const tests[] = {
		one_wrong_fact_shuts_gate_c, the_guard, a_release_is_near, a_release_goes_on, a_calendar, a_declared_release_is_near, the_window, limits_are_reached_not_passed,
		under_the_lock_the_count_is_of_now, no_write_at_all, files_are_read_again_at_the_drop,
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
