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
	ck_assert_uint_eq(t.n_falls, d.n_fell);
	for (size_t i = 0; i < t.n_falls; i++)
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

/* The referenced table is empty in the drill, and a foreign key of a partitioned table cannot be NOT VALID: it is drilled with no rows. */
START_TEST(a_tree_of_partitions_is_drilled)
{
	table_world_open(&w, "drill_tree", TREE);
	snap_take(&w);
	passes_with_all_that_falls();
	snap_world_close(&w);
}
END_TEST

START_TEST(a_partition_is_drilled)
{
	table_world_open(&w, "drill_part", PARTITION);
	snap_take(&w);
	passes_with_all_that_falls();
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

/* A foreign key of the parent that the way back would not bring shows in the drill with no rows. */
START_TEST(a_key_of_the_parent_counts)
{
	table_world_open(&w, "drill_key", "CREATE TABLE public.ref (a int PRIMARY KEY); INSERT INTO public.ref VALUES (1);"
		"CREATE TABLE public.t (id int, r int CONSTRAINT t_r REFERENCES public.ref) PARTITION BY LIST (id); CREATE TABLE public.t1 PARTITION OF public.t DEFAULT; INSERT INTO public.t VALUES (1, 1);"
		"CREATE FUNCTION public.also() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_constraint WHERE conname = 't_r') THEN"
		" RAISE EXCEPTION 'no keys here'; END IF; END$$;");
	snap_take(&w);
	passes_with_all_that_falls();
	test_sql(w.db, "CREATE EVENT TRIGGER also ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION public.also()");
	w.o.sid = "0123456789abcdef0123456789abcdee";
	snap_take(&w);
	hold();
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "the way back left something: constraint t_r on table public.t1: no keys here");
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
	tcase_add_test(t, a_key_of_the_parent_counts);
	tcase_add_test(t, what_asks_for_cascade_fails_the_drill);
	tcase_add_test(t, what_the_way_back_leaves_fails_the_drill);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
