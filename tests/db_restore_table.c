/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include "tests/lib_table.h"

static struct snap_world w;
static struct restore_end end;

static bool restore(void)
{
	err_clear(&w.e);
	return restore_target(w.a, &w.o, w.s.path, &end, &w.e);
}

static void restore_whole(void)
{
	bool ok = restore();
	for (size_t i = 0; i < end.n_left; i++)
		fprintf(stderr, "left: %s\n", end.left[i]);
	ck_assert_msg(ok, "%s", w.e.msg);
}

START_TEST(all_that_hangs_on_it_comes_back)
{
	table_world_open(&w, "rt_all", EVERYTHING);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 500);
	ck_assert_int_eq(w.s.values, 500);
	ck_assert_int_eq(w.s.attnum, 0);
	table_drop(&w);
	restore_whole();
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	ck_assert_int_eq(end.placed, 500);
	table_same_schema(&w, schema);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("restore_table");
	TCase *t = tcase_create("restore_table");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, all_that_hangs_on_it_comes_back);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
