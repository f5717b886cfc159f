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

START_TEST(a_tree_of_partitions_comes_back)
{
	static const char in_place[] = "SELECT string_agg(p || ' ' || n, ', ' ORDER BY p) FROM (SELECT tableoid::regclass::text AS p, count(*) AS n FROM public.t GROUP BY 1) q";
	table_world_open(&w, "rt_tree", TREE);
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text"), *places = test_value(w.db, w.a, in_place);
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 300);
	table_drop(&w);
	restore_whole();
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	ck_assert_str_eq(test_value(w.db, w.a, in_place), places);
	table_same_schema(&w, schema);
	snap_world_close(&w);
}
END_TEST

START_TEST(a_partition_of_another_table_comes_back)
{
	table_world_open(&w, "rt_part", "CREATE TABLE public.ref (a int PRIMARY KEY); INSERT INTO public.ref SELECT generate_series(0, 1000);\n"
		"CREATE TABLE public.top (id int, k text, r int REFERENCES public.ref, g int DEFAULT 4, PRIMARY KEY (id, k), CHECK (id > 0)) PARTITION BY LIST (k);\n"
		"CREATE TABLE public.t PARTITION OF public.top FOR VALUES IN ('a', 'b'); CREATE TABLE public.rest PARTITION OF public.top DEFAULT;\n"
		"CREATE INDEX top_i ON public.top (r); CREATE INDEX t_own ON public.t (g); ALTER TABLE public.t ADD CONSTRAINT t_fk FOREIGN KEY (g) REFERENCES public.ref, ALTER g SET DEFAULT 5;\n"
		"CREATE FUNCTION public.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER tr BEFORE INSERT ON public.top FOR EACH ROW EXECUTE FUNCTION public.tf();\n"
		"INSERT INTO public.top SELECT i, (ARRAY['a', 'b', 'z'])[1 + i % 3], i FROM generate_series(1, 300) i; COMMENT ON TABLE public.t IS 'part';");
	const char *schema = table_schema(&w), *rows = snap_rows(&w, "t::text");
	snap_take(&w);
	table_drop(&w);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM public.top"), "100");
	restore_whole();
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
