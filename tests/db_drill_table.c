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

/* What the drop took along in the drill is what the documentation asks the operator for, but for those that cannot stand there. */
static void passes_with_all_that_falls(const char *out)
{
	struct fact_target t;
	hold();
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_msg(probe_target(w.db, w.a, &w.plan, &t, &w.e), "%s", w.e.msg);
	size_t n = 0;
	for (size_t i = 0; i < t.n_falls; i++) {
		if (out && strcmp(out, t.falls[i]) == 0)
			continue;
		ck_assert_uint_lt(n, d.n_fell);
		ck_assert_str_eq(d.fell[n++], t.falls[i]);
	}
	ck_assert_uint_eq(n, d.n_fell);
	ck_assert_uint_eq(n, t.n_falls - (out != NULL));
	ck_assert(d.restore_us > 0 && d.took_us > d.restore_us && d.at > w.s.proved);
}

START_TEST(a_table_with_everything_is_drilled)
{
	table_world_open(&w, "drill_all", EVERYTHING);
	snap_take(&w);
	passes_with_all_that_falls(NULL);
	ck_assert_uint_gt(d.n_fell, 25);
	snap_world_close(&w);
}
END_TEST

/* The referenced table is empty in the drill, and a foreign key of a partitioned table cannot be NOT VALID. */
START_TEST(a_tree_of_partitions_is_drilled)
{
	table_world_open(&w, "drill_tree", TREE);
	snap_take(&w);
	passes_with_all_that_falls("constraint t_r_fkey on table public.t");
	snap_world_close(&w);
}
END_TEST

START_TEST(a_partition_is_drilled)
{
	table_world_open(&w, "drill_part", PARTITION);
	snap_take(&w);
	passes_with_all_that_falls("constraint top_r_fkey on table public.t");
	snap_world_close(&w);
}
END_TEST

START_TEST(an_index_that_was_never_valid_is_no_loss)
{
	table_world_open(&w, "drill_bad", "CREATE TABLE public.t (id int, a int); INSERT INTO public.t VALUES (1, 1), (1, 1);");
	ck_assert(!db_script(w.db, w.a, "CREATE UNIQUE INDEX CONCURRENTLY t_bad ON public.t (id)", 0, NULL, &w.e));
	snap_take(&w);
	passes_with_all_that_falls("index public.t_bad");
	snap_world_close(&w);
}
END_TEST

START_TEST(what_asks_for_cascade_fails_the_drill)
{
	table_world_open(&w, "drill_stop2", "CREATE TABLE public.t (id int); CREATE VIEW public.reader AS SELECT id FROM public.t;");
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "the drop would ask for CASCADE: view public.reader");
	snap_world_close(&w);
}
END_TEST

/* An event trigger takes another table's comment away: the way back does not bring it, and the definitions tell. */
START_TEST(what_the_way_back_leaves_fails_the_drill)
{
	table_world_open(&w, "drill_differ", "CREATE TABLE public.t (id int); CREATE TABLE public.other (id int); COMMENT ON TABLE public.other IS 'kept';"
		"CREATE FUNCTION public.also() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN COMMENT ON TABLE public.other IS NULL; END$$;"
		"CREATE EVENT TRIGGER also ON sql_drop WHEN TAG IN ('DROP TABLE') EXECUTE FUNCTION public.also();");
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_ptr_nonnull(strstr(d.problem, "the definitions are not as they were: before: COMMENT ON TABLE public.other IS 'kept';"));
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("drill_table");
	TCase *t = tcase_create("drill_table");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_table_with_everything_is_drilled);
	tcase_add_test(t, a_tree_of_partitions_is_drilled);
	tcase_add_test(t, a_partition_is_drilled);
	tcase_add_test(t, an_index_that_was_never_valid_is_no_loss);
	tcase_add_test(t, what_asks_for_cascade_fails_the_drill);
	tcase_add_test(t, what_the_way_back_leaves_fails_the_drill);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
