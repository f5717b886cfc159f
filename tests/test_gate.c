/* SPDX-License-Identifier: MIT */
/* Each condition of each gate: it holds on a good day, and it is shut when a single fact is wrong, missing or too old. */
#include "tests/gate_harness.h"

#include "base/arena.h"
#include "core/gate_rules.h"

START_TEST(the_table)
{
	static const char *const ids[] = { "A1", "A2", "A3", "A4", "A5", "A6", "A7", "B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8",
		"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "C9" };
	static const int64_t lives[] = { 0, 0, 90 * US_DAY, 0, 0, 10 * US_SECOND, 0, US_DAY, 10 * US_MINUTE, US_DAY, US_DAY, 10 * US_MINUTE,
		10 * US_MINUTE, 0, 0, US_HOUR, -1, 10 * US_SECOND, 10 * US_SECOND, -1, US_MINUTE, 30 * US_MINUTE, US_DAY, -1 };
	ck_assert_uint_eq(sizeof ids / sizeof *ids, CONDITION_COUNT);
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		ck_assert_str_eq(condition_id(i), ids[i]);
		ck_assert_int_eq(condition_lives(i), lives[i]);
		ck_assert_int_gt((int)strlen(condition_question(i)), 10);
		ck_assert_int_le((int)strlen(condition_brief(i)), 26);   /* what a row of 60 columns has room for */
		ck_assert_int_gt((int)strlen(condition_brief(i)), 8);
	}
	ck_assert_ptr_null(condition_id(CONDITION_COUNT));
	ck_assert_ptr_null(condition_question(CONDITION_COUNT));
	ck_assert_ptr_null(condition_brief(CONDITION_COUNT));
	ck_assert_int_eq(condition_lives(CONDITION_COUNT), 0);
}
END_TEST

static void all_hold(enum env env, const char *not_needed)
{
	teardown();
	fresh(env);
	judge("A1");
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		bool needless = strstr(not_needed, all[i].id) != NULL;
		ck_assert_msg(all[i].verdict == (needless ? NOT_NEEDED : HOLDS), "%s in %s: %d %s", all[i].id, env_name(env), all[i].verdict, all[i].because);
		ck_assert_str_eq(all[i].because, "");
		ck_assert_str_eq(all[i].todo, "");
		ck_assert_msg(all[i].now[0] != '\0', "%s says nothing", all[i].id);
		ck_assert_int_eq(all[i].at, 0);
	}
	ck_assert_uint_eq(gates_open(all), GATES_ALL);
	for (unsigned g = GATE_A; g <= GATE_C; g *= 2)
		ck_assert(gate_refusal(all, (enum gate)g, NULL));
	ck_assert(gate_change_allowed(p, w, f, NULL));
}

START_TEST(a_good_day)
{
	all_hold(ENV_PRODUCTION, "B3 B4 B7 B8");
	all_hold(ENV_STAGING, "A7 B3 B4 B7 B8 C3");
	all_hold(ENV_DEVELOPMENT, "A7 B3 B4 B5 B7 B8 C3");
	all_hold(ENV_REHEARSAL, "A7 B3 B4 B7 B8");
}
END_TEST

START_TEST(values_in_words)
{
	ck_assert_str_eq(judge("A2")->now, "61 204 118 rows, equal");
	ck_assert_str_eq(judge("B1")->now, "3 of 3 clear");
	ck_assert_str_eq(judge("B3")->now, "not needed: no backfill");
	ck_assert_str_eq(judge("B6")->now, "none seen");
	ck_assert_str_eq(judge("C2")->now, "0 writes");
	ck_assert_str_eq(judge("C3")->now, "Tue 04:30 there, 60 min left");
	ck_assert_str_eq(judge("A5")->now, "in full; 1 falls with it");
	ck_assert_str_eq(judge("C5")->now, "unchanged; 1 falls with it");
	ck_assert_str_eq(judge("C4")->now, "lag 0.4 s, 0 waiting, longest 2 s");
	ck_assert_str_eq(judge("C7")->now, "the drop asks a person for its own signature");
	ck_assert_str_eq(judge("C8")->now, "baseline taken, way back 52 min");
}
END_TEST

/* name, condition, verdict, why, what breaks it */
#define BREAKS(X) \
	X(a1_none, "A1", REFUSED, "no snapshot has been taken in this walk yet", w->first = (struct fact_snapshot){ .begun = 0 }) \
	X(a1_system, "A1", REFUSED, "snapshot 3f1c was taken from another database", w->first.sysid = "1") \
	X(a1_unknown_system, "A1", REFUSED, "snapshot 3f1c was taken from another database", w->first.sysid = NULL) \
	X(a1_dboid, "A1", REFUSED, "snapshot 3f1c was taken from another database", w->first.dboid++) \
	X(a1_relid, "A1", REFUSED, "snapshot 3f1c holds another target", w->first.relid++) \
	X(a1_attnum, "A1", REFUSED, "snapshot 3f1c holds another target", w->first.attnum++) \
	X(a1_definition, "A1", REFUSED, "snapshot 3f1c was taken under another definition than there is now", w->first.definition_digest[0] = 'f') \
	X(a1_no_definition, "A1", REFUSED, "snapshot 3f1c was taken under another definition than there is now", f->target.definition_digest[0] = '\0') \
	X(a1_no_target, "A1", UNKNOWN, "nobody has looked at the target yet", f->target.at = 0) \
	X(a1_gone, "A1", REFUSED, "the target is not there: no column legacy_total", f->target.found = false, f->target.missing = "no column legacy_total") \
	X(a1_not_found, "A1", REFUSED, "the target is not there: not found", f->target.found = false) \
	X(a1_replaced, "A1", REFUSED, "the walk began with oid 16400, column 7; under this name now stands another one", f->target.attnum = 8) \
	X(a1_replaced_table, "A1", REFUSED, "the walk began with oid 16400; under this name now stands another one", p->recipe = "drop-table", \
		w->kind = TARGET_TABLE, w->attnum = f->target.attnum = 0, f->target.relid++) \
	X(a1_no_server, "A1", UNKNOWN, "nobody has looked at the server yet", f->server.at = 0) \
	X(a1_no_mark, "A1", UNKNOWN, "nobody has looked at the mark of gatewalk init yet", f->mark.at = 0) \
	X(a1_unmarked, "A1", REFUSED, MARK "the mark of gatewalk init is gone", f->mark.installed = false) \
	X(a1_mark_elsewhere, "A1", REFUSED, MARK "the mark was made for another database", f->mark.sysid = "1") \
	X(a1_mark_dboid, "A1", REFUSED, MARK "the mark was made for another database", f->mark.dboid++) \
	X(a1_unknown_server, "A1", REFUSED, MARK "the mark was made for another database", f->server.sysid = NULL) \
	X(a1_no_install, "A1", REFUSED, MARK "the log belongs to another database", f->mark.install_id = NULL) \
	X(a1_log_elsewhere, "A1", REFUSED, MARK "the log belongs to another database", w->db = "1.2.3") \
	X(a1_reinstalled, "A1", REFUSED, MARK "the log belongs to another database", f->mark.install_id = "x") \
	X(a1_remembered_id, "A1", REFUSED, MARK "this machine remembers another gatewalk here", f->mark.remembered_install_id = "x") \
	X(a1_env, "A1", REFUSED, MARK "the mark names another environment than the walk", f->mark.env = ENV_REHEARSAL) \
	X(a1_env_none, "A1", REFUSED, MARK "the mark names another environment than the walk", f->mark.env = ENV_NONE) \
	X(a1_comment_gone, "A1", REFUSED, MARK "the comment on the database that names the environment is gone", f->mark.comment_env = ENV_NONE) \
	X(a1_comment_lower, "A1", REFUSED, MARK "the comment on the database names another environment than the mark", f->mark.comment_env = ENV_STAGING) \
	X(a1_not_remembered, "A1", REFUSED, MARK "this machine does not remember this database", f->mark.remembered_env = ENV_NONE) \
	X(a1_remembered_lower, "A1", REFUSED, MARK "this machine remembers another environment", f->mark.remembered_env = ENV_DEVELOPMENT) \
	X(a2_none, "A2", REFUSED, "no snapshot has been taken in this walk yet", w->first.id = NULL) \
	X(a2_differs, "A2", REFUSED, "snapshot 3f1c does not equal its source: the copy loaded from its files differs", w->first.equal = false) \
	X(a2_unproved, "A2", REFUSED, "snapshot 3f1c has not been loaded and compared yet", w->first.proved = 0) \
	X(a3_none, "A3", REFUSED, "no restore drill has run in this walk yet", w->drill.at = 0) \
	X(a3_failed, "A3", REFUSED, "the last restore drill failed: 2 rows differ", w->drill.passed = false, w->drill.problem = "2 rows differ") \
	X(a3_failed_mute, "A3", REFUSED, "the last restore drill failed: no reason was given", w->drill.passed = false) \
	X(a3_elsewhere, "A3", REFUSED, "the last restore drill was of another database", w->drill.sysid = "1") \
	X(a3_dboid, "A3", REFUSED, "the last restore drill was of another database", w->drill.dboid++) \
	X(a3_old, "A3", UNKNOWN, "the look at the restore drill is 90 d 00 h old, and it counts for 90 d 00 h", w->drill.at = f->now - 90 * US_DAY - 1) \
	X(a3_no_server, "A3", UNKNOWN, "nobody has looked at the server yet", f->server.at = 0) \
	X(a4_plan, "A4", REFUSED, "the plan at hand is not the one in the log: f123456789ab here, 0123456789ab there", p->digest[0] = 'f') \
	X(a4_lower, "A4", REFUSED, "taking the column away is destructive, and the plan says additive", p->archetype = ARCH_ADDITIVE) \
	X(a4_unconfirmed, "A4", REFUSED, "the archetype has not been confirmed", w->confirmed[ITEM_ARCHETYPE] = 0) \
	X(a5_plan, "A5", REFUSED, "the plan at hand is not the one in the log: 0123456789ab here,  there", w->plan_digest = NULL) \
	X(a5_before, "A5", REFUSED, "document.before is empty", p->before = NULL) \
	X(a5_after, "A5", REFUSED, "document.after is empty", p->after = "") \
	X(a5_why, "A5", REFUSED, "document.why is empty", p->why = " \n") \
	X(a5_way_back, "A5", REFUSED, "document.way_back is empty", p->way_back = NULL) \
	X(a5_leaves, "A5", REFUSED, "document.leaves_behind is empty", p->leaves_behind = NULL) \
	X(a5_floor, "A5", REFUSED, "document.rollback_floor is empty", p->rollback_floor = NULL) \
	X(a5_contract, "A5", REFUSED, "document.api_contract is empty", p->api_contract = NULL) \
	X(a5_deploys, "A5", REFUSED, "no deployed part is named", p->n_deploys = 0) \
	X(a5_no_falls, "A5", REFUSED, "document.falls is missing; [] says that nothing falls", p->has_falls = false) \
	X(a5_unconfirmed, "A5", REFUSED, "the documentation has not been confirmed", w->confirmed[ITEM_DOCUMENT] = 0) \
	X(a5_no_target, "A5", UNKNOWN, "nobody has looked at the target yet", f->target.at = 0) \
	X(a5_more_falls, "A5", REFUSED, "it would take along, and the plan does not list it: index public.orders_legacy", p->n_falls = 0) \
	X(a5_less_falls, "A5", REFUSED, "the plan lists it, and it would not fall: index public.orders_legacy", f->target.n_falls = 0) \
	X(a6_unknown, "A6", UNKNOWN, "nobody has looked at the other walks on this database yet", f->others.at = 0) \
	X(a6_old, "A6", UNKNOWN, "the look at the other walks on this database is 10 s old, and it counts for 10 s", f->others.at = f->now - 10 * US_SECOND - 1) \
	X(a6_other, "A6", REFUSED, "another walk is in the way: walk x", f->others.clear = false, f->others.who = "walk x") \
	X(a6_nameless, "A6", REFUSED, "another walk is in the way: one is open", f->others.clear = false) \
	X(a7_none, "A7", REFUSED, "no rehearsal of this plan has been declared", undeclare("rehearsed")) \
	X(a7_other_plan, "A7", REFUSED, "the declared rehearsal is of another plan, or without its way back", redeclare("rehearsed", "fffff6789abc, way back included")) \
	X(a7_short, "A7", REFUSED, "the declared rehearsal is of another plan, or without its way back", redeclare("rehearsed", "0123456789a, way back included")) \
	X(a7_long, "A7", REFUSED, "the declared rehearsal is of another plan, or without its way back", redeclare("rehearsed", CORE_PLAN "0, way back included")) \
	X(a7_no_way_back, "A7", REFUSED, "the declared rehearsal is of another plan, or without its way back", redeclare("rehearsed", "0123456789ab")) \
	X(a7_plan, "A7", REFUSED, "the plan at hand is not the one in the log: f123456789ab here, 0123456789ab there", p->digest[0] = 'f') \
	X(a7_old_code, "A7", REFUSED, "nobody has named the test of the old code on the new schema", undeclare("old_code")) \
	X(a7_half, "A7", REFUSED, "nobody has named the test of the new code on half-filled data", undeclare("half_filled")) \
	X(a7_blank, "A7", REFUSED, "nobody has named the test of the old code on the new schema", redeclare("old_code", "  ")) \
	X(a7_unsaid, "A7", REFUSED, "nobody has named the test of the old code on the new schema", redeclare("old_code", NULL))

BREAK_TABLE(BREAKS);

START_TEST(one_wrong_fact_shuts_gate_a)
{
	for (size_t i = 0; i < sizeof breaks / sizeof *breaks; i++)
		broken(&breaks[i], GATE_A);
}
END_TEST

START_TEST(the_statement_of_the_plan)
{
	p->statement = NULL;
	ck_assert_int_eq(judge("A4")->verdict, HOLDS);
	p->statement = "ALTER TABLE public.orders DROP COLUMN legacy_total CASCADE";
	ck_assert_int_eq(judge("A4")->verdict, REFUSED);
	ck_assert_ptr_nonnull(strstr(judge("A4")->because, "the plan's statement is not the one gatewalk writes: "));
	p->statement = "ALTER TABLE public.orders DROP COLUMN total";
	ck_assert_int_eq(judge("A4")->verdict, REFUSED);
}
END_TEST

START_TEST(falls_are_compared_as_sets)
{
	const char *there[] = { "constraint c", "index i", "index j" }, *planned[] = { "index j", "constraint c", "index i" };
	f->target.falls = there;
	p->falls = planned;
	f->target.n_falls = p->n_falls = 3;
	ck_assert_int_eq(judge("A5")->verdict, HOLDS);
	ck_assert_str_eq(judge("A5")->now, "in full; 3 fall with it");
	planned[1] = "constraint d";
	ck_assert_str_eq(judge("A5")->because, "it would take along, and the plan does not list it: constraint c");
	f->target.n_falls = 0;
	p->n_falls = 0;
	ck_assert_int_eq(judge("C5")->verdict, HOLDS);
}
END_TEST

START_TEST(no_clock_no_gate)
{
	f->now = 0;
	judge("A1");
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		ck_assert_int_eq(all[i].verdict, UNKNOWN);
		ck_assert_str_eq(all[i].because, "the server's time is not known");
	}
	ck_assert_uint_eq(gates_open(all), 0);
	core_good_facts(c);
	w->last_t = f->now;
	ck_assert_int_eq(judge("A6")->verdict, HOLDS);
	w->last_t = f->now + 1;
	judge("A1");
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		if (condition_lives(i) == 0) {
			ck_assert_msg(!shut(&all[i]), "%s has no age", all[i].id);
			continue;
		}
		ck_assert_int_eq(all[i].verdict, REFUSED);
		ck_assert_msg(strncmp(all[i].because, "the server's clock went back: it says ", 38) == 0, "%s: %s", all[i].id, all[i].because);
	}
	ck_assert_uint_eq(gates_open(all), 0);
	memset(f, 0, sizeof *f);
	judge("A1");
	ck_assert_uint_eq(gates_open(all), 0);
}
END_TEST

/* Every live group at its last good moment, and one microsecond later. */
START_TEST(facts_expire)
{
	const struct { int64_t *at; int64_t lives; const char *id; } groups[] = {
		{ &f->server.at, 10 * US_MINUTE, "A1" }, { &f->mark.at, 10 * US_MINUTE, "A1" }, { &f->target.at, 10 * US_SECOND, "C5" },
		{ &f->health.at, 10 * US_SECOND, "C4" }, { &f->moment.at, 10 * US_SECOND, "C3" }, { &f->others.at, 10 * US_SECOND, "A6" },
		{ &f->audit.at, US_DAY, "B1" }, { &f->audit.at, US_DAY, "B2" }, { &f->watch.at, 10 * US_MINUTE, "B2" },
		{ &f->watch.at, 10 * US_MINUTE, "B5" }, { &f->watch.at, 10 * US_MINUTE, "B6" }, { &f->watch.at, 10 * US_MINUTE, "C2" },
		{ &f->log.at, US_MINUTE, "C6" }, { &f->monitor.at, US_DAY, "C8" }, { &f->guard.at, 10 * US_SECOND, "C9" }, { &f->files_at, US_HOUR, "C1" },
		{ &w->drill.at, 90 * US_DAY, "A3" }, { &w->final.proved, US_HOUR, "C1" }, { &declared("releases")->at, US_DAY, "C3" },
	};
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		int64_t good = *groups[i].at;
		*groups[i].at = f->now - groups[i].lives;
		ck_assert_msg(!shut(judge(groups[i].id)), "%s, %zu: %s", groups[i].id, i, judge(groups[i].id)->because);
		*groups[i].at -= 1;
		ck_assert_msg(shut(judge(groups[i].id)), "%s, %zu: holds though expired", groups[i].id, i);
		*groups[i].at = 0;
		ck_assert_msg(shut(judge(groups[i].id)), "%s, %zu: holds though never seen", groups[i].id, i);
		*groups[i].at = f->now + US_HOUR;
		ck_assert_msg(shut(judge(groups[i].id)), "%s, %zu: holds though from the future", groups[i].id, i);
		*groups[i].at = good;
	}
	f->others.at = f->now + US_HOUR;
	ck_assert_str_eq(judge("A6")->because, "the look at the other walks on this database bears a time that has not come yet by the server's clock");
}
END_TEST

START_TEST(refusals_name_what_can_be_done_first)
{
	struct err e = { 0 };
	f->watch.last_sighting = f->now - US_DAY;
	judge("B6");
	ck_assert(!gate_refusal(all, GATE_B, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	f->watch.statements_there = false;
	judge("B6");
	ck_assert(!gate_refusal(all, GATE_B, &e));
	ck_assert_int_eq(e.code, ERR_GATE);
	ck_assert_str_eq(e.msg, "gate B is shut: B2, the audit was able to see: statements cannot be watched");
	ck_assert_str_eq(e.hint, "Run gatewalk doctor.");
	ck_assert(gate_change_allowed(p, w, f, &e));
	f->moment.in_window = false;
	ck_assert(!gate_change_allowed(p, w, f, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	f->health.lock_waiters = 99;
	ck_assert(!gate_change_allowed(p, w, f, &e));
	ck_assert_int_eq(e.code, ERR_GATE);
	ck_assert_str_eq(e.msg, "gate C is shut: C4, the server is healthy: sessions waiting for locks is 99.0, and the plan's limit is 5.0");
}
END_TEST

/* A reason that says nothing of what to do: what it waits for is told. */
START_TEST(a_hint_is_never_empty)
{
	struct err e = { 0 };
	f->watch.statements_there = false;
	f->watch.statements_why = "";
	judge("B2");
	ck_assert(!gate_refusal(all, GATE_B, &e));
	ck_assert_str_eq(e.hint, "every source can be read and has watched without a gap");
}
END_TEST

START_TEST(a_machine_that_remembers_no_install)
{
	f->mark.remembered_install_id = NULL;
	ck_assert_int_eq(judge("A1")->verdict, HOLDS);
}
END_TEST

START_TEST(texts_are_cut_at_a_character)
{
	static const struct { const char *text, *cut; } rows[] = {
		{ "abc", "abc" }, { "abcd", "abc" }, { "ab\xC3\xA4", "ab" }, { "\x80\x80\x80\x80", "" }, { "\xC3\xA4\xC3\xA4", "\xC3\xA4" },
	};
	char buf[4];
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put_text(buf, sizeof buf, "%s", rows[i].text);
		ck_assert_msg(strcmp(buf, rows[i].cut) == 0, "row %zu: \"%s\"", i, buf);
	}
}
END_TEST

START_TEST(long_names_are_cut_at_a_character)
{
	char name[400];
	for (size_t i = 0; i + 2 < sizeof name; i += 2)
		memcpy(name + i, "\xC3\xA4", 3);
	f->others.clear = false;
	for (size_t i = 0; i < 4; i++) {
		f->others.who = arena_printf(c->a, "%.*s%s", (int)i, "xyz", name);
		const char *s = judge("A6")->because;
		ck_assert_int_gt((int)strlen(s), 230);
		ck_assert_int_eq((unsigned char)s[strlen(s) - 1], 0xA4);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("gate");
	TCase *t = tcase_create("gate");
	const TTest *const tests[] = {
		the_table, a_good_day, values_in_words, one_wrong_fact_shuts_gate_a, the_statement_of_the_plan, falls_are_compared_as_sets, no_clock_no_gate, facts_expire,
		refusals_name_what_can_be_done_first, a_hint_is_never_empty, a_machine_that_remembers_no_install, texts_are_cut_at_a_character, long_names_are_cut_at_a_character,
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
