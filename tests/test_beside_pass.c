/* SPDX-License-Identifier: MIT */
/* Two columns side by side: what a pass over all rows says, and which one is the last. */
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

START_TEST(the_last_pass)
{
	start("rename");
	beside_to(AT_RELAX, true);
	BESIDE_MUST(beside_parity(0, 0));
	int64_t early = c->walk.parity_n;
	BESIDE_MUST(beside_done("relax", BESIDE_RELAXED));
	no(beside_change("end dual write", arena_printf(c->a, "'parity':%lld,", (long long)early)), "the pass began before reads had moved and the old column was relaxed");
	BESIDE_MUST(beside_parity(0, c->t - US_DAY));
	no(beside_end(), "the pass did not cover every row");
	BESIDE_MUST(beside_parity(0, 0));
	no(beside_change("end dual write", "'parity':1,"), "field \"parity\" is not the line of the last pass over all rows");
	no(beside_change("end dual write", ""), "field \"parity\" is missing or no whole number from 0 on");
	no(core_fold(c, OP_QUIET, "{'parity':1}"), "its trigger ends dual write, by a change");
	c->t += US_DAY + US_HOUR;
	no(beside_end(), "the pass is older than a day");
	BESIDE_MUST(beside_parity(0, 0));
	BESIDE_MUST(beside_end());
	ck_assert_int_eq(c->walk.stage, AT_UNUSED);
}
END_TEST

START_TEST(a_pass_of_before_reads_moved)
{
	start("rename");
	beside_to(AT_READS, true);
	BESIDE_MUST(beside_parity(0, 0));
	BESIDE_MUST(beside_confirm(8));
	BESIDE_MUST(beside_confirm(9));
	no(beside_end(), "the pass began before reads had moved and the old column was relaxed");
}
END_TEST

/* Where a pass says that old and new differ, from each stage. */
static const struct { enum stage at, to; } found_at[] = {
	{ AT_BACKFILL, AT_BACKFILL }, { AT_WINDOW, AT_BACKFILL }, { AT_COPY, AT_BACKFILL }, { AT_READS, AT_BACKFILL }, { AT_RELAX, AT_BACKFILL }, { AT_PARITY, AT_BACKFILL },
	{ AT_UNUSED, AT_UNUSED }, { AT_FINAL, AT_UNUSED }, { AT_GATE_C, AT_UNUSED }, { AT_ARMED, AT_UNUSED }, { AT_DROPPING, AT_DROPPING }, { AT_MONITOR, AT_MONITOR },
};

START_TEST(what_differs)
{
	start("rename");
	beside_to(found_at[_i].at, true);
	BESIDE_MUST(beside_parity(2, 0));
	ck_assert_int_eq(c->walk.stage, found_at[_i].to);
	if (found_at[_i].to == AT_BACKFILL) {
		ck_assert_int_eq(c->walk.window_from, 0);
		ck_assert_int_eq(c->walk.confirmed[ITEM_WINDOW], 0);
		ck_assert_int_eq(c->walk.confirmed[ITEM_READS], 0);
		ck_assert_int_ne(c->walk.confirmed[ITEM_DUAL_WRITE], 0);
		beside_to(AT_CLOSED, true);
	} else if (found_at[_i].to == AT_UNUSED) {
		ck_assert_int_eq(c->walk.gate_passed[1], 0);
		ck_assert_int_eq(c->walk.parity.mismatches, 2);
		ck_assert_str_eq(c->walk.parity.first, "id 7");
	}
}
END_TEST

START_TEST(passes_that_make_no_sense)
{
#define PASS(began, ended, first, n) "{'began':'2026-09-21T13:33:2" began ".000000Z','blob':'" CORE_BLOB "','covers':'','ended':'2026-09-21T13:33:2" ended ".000000Z','first':'" first \
	"','kind':'parity','mismatches':" n ",'round':3,'rows':9}"
	start("rename");
	beside_to(AT_WINDOW, true);
	refused(OP_EVIDENCE, PASS("2", "1", "", "0"), "the pass ended before it began");
	refused(OP_EVIDENCE, PASS("1", "2", "id 7", "0"), "field \"first\" does not fit the mismatches");
	refused(OP_EVIDENCE, PASS("1", "2", "", "1"), "field \"first\" does not fit the mismatches");
	taken(OP_EVIDENCE, PASS("1", "2", "id 7", "1"));   /* of before writes went to both */
	ck_assert_int_eq(c->walk.stage, AT_WINDOW);
	ck_assert_int_eq(c->walk.parity.at, 0);
}
END_TEST

/* Rows that stand in the new column alone are no reason to fill the new one anew; but no step leads past them. */
START_TEST(what_differs_because_it_stands_alone)
{
	start("rename");
	beside_to(AT_UNUSED, true);
	BESIDE_MUST(beside_done("dual write again", "'alone':1,"));
	BESIDE_MUST(beside_parity(3, 0));
	ck_assert_int_eq(c->walk.stage, AT_PARITY);
	ck_assert(c->walk.alone && !walk_passed(&c->walk));
	no(beside_end(), "old and new differ in that pass");
	BESIDE_MUST(beside_parity(0, 0));
	ck_assert(!c->walk.alone && walk_passed(&c->walk));
	BESIDE_MUST(beside_end());
}
END_TEST

START_TEST(it_speaks_of_all_that_came_before)
{
	start("rename");
	beside_to(AT_PARITY, true);
	ck_assert(!walk_passed(&c->walk));
	BESIDE_MUST(beside_parity(0, 0));
	ck_assert(walk_passed(&c->walk));
	struct walk w = c->walk;
	w.parity.mismatches = 1;
	ck_assert(!walk_passed(&w));
	w = c->walk;
	w.parity.covers = c->t;
	ck_assert(!walk_passed(&w));
	w = c->walk;
	w.relaxed_at = w.parity.began;
	ck_assert(!walk_passed(&w));
	w = c->walk;
	w.confirmed[ITEM_READS] = w.parity.began;
	ck_assert(!walk_passed(&w));
	w = c->walk;
	w.confirmed[ITEM_UNUSED] = w.parity.began;
	ck_assert(!walk_passed(&w));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside_pass");
	TCase *t = tcase_create("beside_pass");
	const TTest *const all[] = { the_last_pass, a_pass_of_before_reads_moved, passes_that_make_no_sense, what_differs_because_it_stands_alone, it_speaks_of_all_that_came_before };
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_differs, 0, sizeof found_at / sizeof *found_at);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
