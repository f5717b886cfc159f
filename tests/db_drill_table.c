/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include "tests/lib_table.h"

static struct snap_world w;
static struct fact_drill d;

static void hold(void)
{
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	snap_no_scratch(&w);
}

/* What the drop took along in the drill is what the documentation asks the operator for. */
static void passes_with_all_that_falls(void)
{
	struct fact_target t;
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_msg(probe_target(w.db, w.a, &w.plan, &t, &w.e), "%s", w.e.msg);
	ck_assert_uint_eq(d.n_fell, t.n_falls);
	for (size_t i = 0; i < d.n_fell; i++)
		ck_assert_str_eq(d.fell[i], t.falls[i]);
	ck_assert(d.restore_us > 0 && d.took_us > d.restore_us && d.at > w.s.proved);
}

START_TEST(a_table_with_everything_is_drilled)
{
	table_world_open(&w, "drill_all", EVERYTHING);
	snap_take(&w);
	passes_with_all_that_falls();
	ck_assert_uint_gt(d.n_fell, 25);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("drill_table");
	TCase *t = tcase_create("drill_table");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_table_with_everything_is_drilled);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
