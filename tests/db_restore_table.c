/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include "tests/lib_table.h"

static struct snap_world w;
static struct restore_end end;

START_TEST(all_that_hangs_on_it_comes_back)
{
	table_world_open(&w, "rt_all", EVERYTHING);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 500);
	ck_assert_int_eq(w.s.values, 500);
	ck_assert_int_eq(w.s.attnum, 0);
	table_drop(&w);
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	ck_assert_int_eq(end.placed, 500);
	table_same_schema(&w, schema);
	table_drop(&w);
	table_by_hand(&w);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	table_same_schema(&w, schema);
	/* The rows go on where they were. */
	test_sql(w.db, "ALTER TABLE public.t DISABLE TRIGGER ALL; INSERT INTO public.t (name, q) VALUES ('new', 'x')");
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT id || ' ' || id2 || ' ' || ser FROM public.t WHERE name = 'new'"), "1510 501 501");
	snap_world_close(&w);
}
END_TEST

START_TEST(a_tree_of_partitions_comes_back)
{
	static const char in_place[] = "SELECT string_agg(p || ' ' || n, ', ' ORDER BY p) FROM (SELECT tableoid::regclass::text AS p, count(*) AS n FROM public.t GROUP BY 1) q";
	table_world_open(&w, "rt_tree", TREE);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text"), *places = test_value(w.db, w.a, in_place);
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 300);
	table_drop(&w);
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	ck_assert_str_eq(test_value(w.db, w.a, in_place), places);
	table_same_schema(&w, schema);
	table_drop(&w);
	table_by_hand(&w);
	ck_assert_str_eq(test_value(w.db, w.a, in_place), places);
	table_same_schema(&w, schema);
	snap_world_close(&w);
}
END_TEST

START_TEST(a_partition_of_another_table_comes_back)
{
	table_world_open(&w, "rt_part", PARTITION);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	snap_take(&w);
	table_drop(&w);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.top"), "100");
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.top"), "300");
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
	tcase_add_test(t, a_tree_of_partitions_comes_back);
	tcase_add_test(t, a_partition_of_another_table_comes_back);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
