/* SPDX-License-Identifier: MIT */
/* Two columns side by side: every step has its way back, and what was waited for is waited for again. */
#include "tests/lib_beside.h"

static void start(const char *arch)
{
	BESIDE_MUST(beside_begin(arch, "staging"));
}

static void no(bool ok, const char *why)
{
	ck_assert(!ok);
	ck_assert_str_eq(strstr(c->err.msg, ": ") + 2, why);
}

static const struct { const char *arch; bool trigger; } ways[] = { { "rename", true }, { "rename", false }, { "type change", true }, { "type change", false } };

START_TEST(all_the_way_back_and_on_again)
{
	static const enum stage way[] = { AT_GATE_C, AT_FINAL, AT_UNUSED, AT_PARITY, AT_RELAX, AT_READS, AT_COPY, AT_WINDOW, AT_BACKFILL, AT_WRITES, AT_EXPAND, AT_CONSUMERS, AT_GATE_A,
		AT_DOCUMENT, AT_ARCHETYPE, AT_SNAPSHOT };
	bool trigger = ways[_i].trigger, rename = ways[_i].arch[0] == 'r';
	start(ways[_i].arch);
	beside_to(AT_ARMED, trigger);
	for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
		if (way[i] == AT_COPY && !rename)
			continue;
		BESIDE_MUST(beside_back_one(trigger));
		ck_assert_msg(c->walk.stage == way[i], "%s, not %s", stage_name(c->walk.stage), stage_name(way[i]));
	}
	ck_assert(!beside_back_one(trigger));
	ck_assert(!c->walk.added_at && !c->walk.by_trigger && !c->walk.relaxed_at && !c->walk.ended_at && !c->walk.quiet_since && !c->walk.window_from && !c->walk.moved.begun);
	beside_to(AT_CLOSED, trigger);
}
END_TEST

/* From each stage one step back, and on: neither wait is spared that lies behind it. */
static const enum stage stages[] = { AT_WRITES, AT_BACKFILL, AT_WINDOW, AT_COPY, AT_READS, AT_RELAX, AT_PARITY, AT_UNUSED, AT_FINAL, AT_GATE_C, AT_ARMED };

START_TEST(waits_again)
{
	bool trigger = _i % 2;
	start("rename");
	beside_to(stages[_i / 2], trigger);
	BESIDE_MUST(beside_back_one(trigger));
	int64_t at = c->t - US_MINUTE;
	bool window = c->walk.stage <= AT_WINDOW, unused = c->walk.stage < AT_UNUSED;
	if (window) {
		beside_to(AT_WINDOW, trigger);
		BESIDE_MUST(beside_said("reads_both"));
		c->t = at + 7 * US_DAY - 1 > c->t ? at + 7 * US_DAY - 1 : c->t;
		ck_assert(!beside_confirm(7));
	}
	if (unused) {
		beside_to(AT_UNUSED, trigger);
		ck_assert_int_gt(c->walk.quiet_since, at);
		no(core_gate(c, 'B'), "the wait of item 9 is not over");
	}
	beside_to(AT_CLOSED, trigger);
}
END_TEST

START_TEST(a_window_begins_at_the_step_back)
{
	start("type change");
	beside_to(AT_READS, true);
	c->t += 30 * US_DAY;
	BESIDE_MUST(beside_back_one(true));
	ck_assert_int_eq(c->walk.stage, AT_WINDOW);
	int64_t at = c->t - US_MINUTE;
	ck_assert_int_eq(c->walk.window_from, at);
	c->t = at + 14 * US_DAY - 1;
	no(beside_confirm(7), "the wait of item 7 is not over");
	c->t = at + 14 * US_DAY;
	BESIDE_MUST(beside_confirm(7));
}
END_TEST

START_TEST(a_window_asks_each_deploy_again)
{
	start("rename");
	beside_to(AT_COPY, true);
	BESIDE_MUST(beside_back_one(true));
	c->t += 8 * US_DAY;
	no(beside_confirm(7), "no deploy reads the new column first, with the old one as fallback");
}
END_TEST

START_TEST(words_are_asked_again)
{
	size_t done;
	start("rename");
	beside_to(AT_UNUSED, true);
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "writes_new", &done));
	ck_assert_uint_eq(done, 2);
	BESIDE_MUST(beside_back_one(true));
	ck_assert_str_eq(walk_deploy_left(&c->walk, &c->plan, "writes_new", NULL), "web");
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "reads_moved", NULL));
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "reads_both", NULL));
	BESIDE_MUST(beside_back_one(true));   /* what was relaxed */
	BESIDE_MUST(beside_back_one(true));   /* reads */
	ck_assert_int_eq(c->walk.stage, AT_READS);
	ck_assert_str_eq(walk_deploy_left(&c->walk, &c->plan, "reads_moved", NULL), "web");
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "reads_both", NULL));
}
END_TEST

START_TEST(a_change_is_no_word)
{
	start("rename");
	beside_to(AT_BACKFILL, true);
	refused(OP_BACK, "{'alone':0,'from':'backfill','to':'writes fill it','why':'x'}", "the way back from here is a change, \"take dual write\"");
	beside_to(AT_PARITY, true);
	refused(OP_BACK, "{'from':'last parity pass','to':'old column relaxed','why':'x'}", "the way back from here is a change, \"tighten\"");
	beside_to(AT_UNUSED, true);
	refused(OP_BACK, "{'alone':0,'from':'nobody uses it','to':'last parity pass','why':'x'}", "the way back from here is a change, \"dual write again\"");
	refused(OP_CHANGE, "{'expires':'" PROVED "','nonce':'n1','relid':16400,'statement':'x','statement_sha256':'" CORE_BLOB "','what':'dual write again','why':''}",
		"field \"alone\" is missing or neither 0 nor 1");
}
END_TEST

/* Nothing to relax is confirmed, and its way back is a word. */
START_TEST(nothing_was_relaxed)
{
	start("rename");
	beside_to(AT_RELAX, true);
	BESIDE_MUST(beside_confirm(9));
	ck_assert_int_eq(walk_back_change(&c->walk), CHANGE_NONE);
	BESIDE_MUST(beside_back(AT_RELAX, ""));
	ck_assert_int_eq(c->walk.confirmed[ITEM_UNUSED], 0);
}
END_TEST

START_TEST(a_change_that_came_to_nothing)
{
	static const struct { enum stage at; const char *what, *more; } tried[] = {
		{ AT_EXPAND, "add", "" }, { AT_WRITES, "dual write", "" }, { AT_WRITES, "take", "'alone':0," }, { AT_BACKFILL, "take dual write", "'alone':0," }, { AT_RELAX, "relax", BESIDE_RELAXED },
		{ AT_PARITY, "tighten", "" }, { AT_UNUSED, "dual write again", "'alone':1," },
	};
	start("type change");
	for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
		beside_to(tried[i].at, true);
		struct walk was = c->walk;
		BESIDE_MUST(beside_change(tried[i].what, tried[i].more));
		no(beside_changed("done", strcmp(tried[i].what, "add") == 0 ? 0 : 8), "field \"attnum\" does not fit what was done");
		BESIDE_MUST(beside_changed("not done", 0));
		ck_assert_int_eq(c->walk.stage, tried[i].at);
		ck_assert(was.added_at == c->walk.added_at && was.by_trigger == c->walk.by_trigger && was.relaxed_at == c->walk.relaxed_at && was.ended_at == c->walk.ended_at &&
			was.quiet_since == c->walk.quiet_since && was.window_from == c->walk.window_from && was.changed_n == c->walk.changed_n && was.alone == c->walk.alone);
	}
	beside_to(AT_CLOSED, true);
}
END_TEST

/* Rows were written to the new column alone: the old one is filled first, and nothing leads past that. */
START_TEST(written_to_the_new_one_alone)
{
	start("rename");
	beside_to(AT_UNUSED, true);
	BESIDE_MUST(beside_done("dual write again", "'alone':1,"));
	ck_assert(c->walk.alone);
	ck_assert_int_eq(c->walk.stage, AT_PARITY);
	no(beside_end(), "field \"parity\" is not the line of the last pass over all rows");   /* that of before counts no more */
	no(beside_change("tighten", ""), "rows stand in the new column alone: the old one is filled from it first");
	BESIDE_MUST(beside_parity(5, 0));
	ck_assert_int_eq(c->walk.stage, AT_PARITY);   /* the backfill would write over what is newer */
	BESIDE_MUST(beside_filled(3));
	ck_assert_int_eq(c->walk.stage, AT_PARITY);   /* it is the old one that is filled */
	BESIDE_MUST(beside_parity(0, c->t - US_HOUR));
	ck_assert(c->walk.alone);
	BESIDE_MUST(beside_parity(0, 0));
	ck_assert(!c->walk.alone);
	BESIDE_MUST(beside_done("tighten", ""));
	ck_assert_int_eq(c->walk.stage, AT_RELAX);
}
END_TEST

START_TEST(alone_by_the_application)
{
	enum stage to;
	start("rename");
	beside_to(AT_RELAX, false);
	BESIDE_MUST(beside_confirm(9));
	beside_to(AT_UNUSED, false);
	BESIDE_MUST(beside_back(AT_PARITY, "'alone':1,"));
	ck_assert(c->walk.alone && !walk_back(&c->walk, &to));
	no(beside_back(AT_RELAX, ""), "rows stand in the new column alone: the old one is filled from it first");
	BESIDE_MUST(beside_parity(0, 0));
	BESIDE_MUST(beside_back(AT_RELAX, ""));
}
END_TEST

/* Rows that differ lead back to the backfill past what was relaxed: it is put back from there, and before the trigger goes. */
START_TEST(relaxed_and_then_differing)
{
	start("rename");
	beside_to(AT_PARITY, true);
	BESIDE_MUST(beside_parity(1, 0));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_eq(walk_back_change(&c->walk), CHANGE_TIGHTEN);
	no(beside_change("take dual write", "'alone':0,"), "what was taken off the old column is put back first");
	BESIDE_MUST(beside_change("tighten", ""));
	BESIDE_MUST(beside_changed("not done", 0));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_done("tighten", ""));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_done("take dual write", "'alone':0,"));
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
	beside_to(AT_PARITY, true);
	BESIDE_MUST(beside_parity(1, 0));
	beside_to(AT_RELAX, true);
	BESIDE_MUST(beside_confirm(9));   /* still relaxed */
	beside_to(AT_CLOSED, true);
}
END_TEST

START_TEST(a_step_back_needs_the_clock)
{
	start("rename");
	beside_to(AT_READS, true);
	struct record r = core_record(c, OP_BACK, "{'from':'reads moved','to':'snapshot before reads','why':'x'}");
	r.t = 0;
	no(walk_fold(&c->walk, &r, &c->err), "a decision without the server's time");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside_back");
	TCase *t = tcase_create("beside_back");
	const TTest *const all[] = {
		a_window_begins_at_the_step_back, a_window_asks_each_deploy_again, words_are_asked_again, a_change_is_no_word, nothing_was_relaxed, a_change_that_came_to_nothing, written_to_the_new_one_alone,
		alone_by_the_application, relaxed_and_then_differing, a_step_back_needs_the_clock,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, all_the_way_back_and_on_again, 0, sizeof ways / sizeof *ways);
	tcase_add_loop_test(t, waits_again, 0, 2 * sizeof stages / sizeof *stages);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
