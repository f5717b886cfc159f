/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/lib_table.h"

static struct snap_world w;
static struct restore_end end;

/* Taken, drilled, dropped, put back: rows and definitions as before. */
static void round_trip(void)
{
	struct fact_drill d;
	const char *rows = snap_rows(&w, "t::text"), *schema = table_schema(&w);
	snap_take(&w);
	ck_assert(w.s.equal);
	ck_assert_int_eq(w.s.scope, SNAP_TABLE);
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
	table_drop(&w);
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "t::text"), rows);
	table_same_schema(&w, schema);
}

START_TEST(kinds_of_tables)
{
	static const char *const sql[] = {
		"CREATE TABLE public.t (id int, b text);",
		"CREATE UNLOGGED TABLE public.t (id bigserial PRIMARY KEY, b text); INSERT INTO public.t (b) SELECT i::text FROM generate_series(1, 99) i;",
		"CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE TABLE public.t (h hstore, c citext UNIQUE, a citext[]); CREATE INDEX t_h ON public.t USING gin (h); INSERT INTO public.t VALUES ('a=>1, b=>NULL', 'X', '{a,B}');",
		("SELECT format('CREATE TABLE public.t (%s)', string_agg('c' || i || CASE i % 50 WHEN 0 THEN ' bool DEFAULT true' WHEN 1 THEN ' int GENERATED ALWAYS AS (1) STORED' ELSE ' smallint' END, ', ')) FROM generate_series(1, 1600) i \\gexec\n"
			"INSERT INTO public.t (c3) SELECT generate_series(1, 20);"),
		"CREATE TABLE public.t (id int, b text[] DEFAULT '{}'); INSERT INTO public.t VALUES (1, ARRAY['a', NULL, E'\\\\N', E'\\t\\n']), (NULL, NULL), (1, ARRAY['x']), (1, ARRAY['x']);",
	};
	static const char *const names[] = { "st_empty", "st_unlogged", "st_extension", "st_wide", "st_keyless" };
	for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
		table_world_open(&w, names[i], sql[i]);
		round_trip();
		snap_world_close(&w);
	}
}
END_TEST

START_TEST(names_that_are_hard)
{
	static const char long_name[] = "äöü\"'; --\\ $x$ ` 12345678901234567890123456789012345678";
	table_world_open(&w, "st_names", "CREATE SCHEMA \"S 'p\"\"\"; CREATE TABLE \"S 'p\"\"\".\"äöü\"\"'; --\\ $x$ ` 12345678901234567890123456789012345678\" (\"I d\" serial PRIMARY KEY, \"ATTACH\" text DEFAULT E'q''\\\\;', \"x;y\" int, CHECK (\"x;y\" > 0));"
		"CREATE TABLE public.t (a int); INSERT INTO \"S 'p\"\"\".\"äöü\"\"'; --\\ $x$ ` 12345678901234567890123456789012345678\" (\"x;y\") VALUES (1), (2);"
		"CREATE INDEX \"i;x\" ON \"S 'p\"\"\".\"äöü\"\"'; --\\ $x$ ` 12345678901234567890123456789012345678\" ((\"ATTACH\" || ';'));");
	w.plan.schema = "S 'p\"";
	w.plan.table = long_name;
	const char *schema = table_schema(&w);
	round_trip();
	table_drop(&w);
	table_by_hand(&w);
	table_same_schema(&w, schema);
	snap_world_close(&w);
}
END_TEST

/* The largest row is held twice: as libpq has received it, and as it hands it over. The sanitizers, which take many times as long
   for each byte and hold what was freed, have a smaller one and no measure: check-long measures. */
START_TEST(a_large_value_passes)
{
#ifdef __SANITIZE_ADDRESS__
	enum { mb = 20 };
#else
	enum { mb = 100 };
#endif
	char sql[512];
	snprintf(sql, sizeof sql, "CREATE TABLE public.t (id int PRIMARY KEY, v text); ALTER TABLE public.t ALTER v SET STORAGE EXTERNAL; INSERT INTO public.t SELECT 1, repeat(md5('x'), %d * 32768); INSERT INTO public.t VALUES (2, 's');", mb);
	table_world_open(&w, "st_large", sql);
	pid_t pid = fork();
	if (pid == 0)
		_exit(snapshot_take(w.a, &w.o, &w.s, &w.e) ? 0 : 1);
	int status;
	struct rusage u;
	ck_assert_int_eq(wait4(pid, &status, 0, &u), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	fprintf(stderr, "# peak %ld MiB for a row of %d MiB\n", u.ru_maxrss / 1024, mb);
#ifndef __SANITIZE_ADDRESS__
	ck_assert_int_lt(u.ru_maxrss / 1024, 5 * mb / 2);
#endif
	const char *rows = snap_rows(&w, "id || md5(v)");
	snap_take(&w);
	table_drop(&w);
	table_restore_whole(&w, &end);
	ck_assert_str_eq(snap_rows(&w, "id || md5(v)"), rows);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("snapshot_table");
	TCase *t = tcase_create("snapshot_table");
	tcase_set_timeout(t, 180);
	tcase_add_test(t, kinds_of_tables);
	tcase_add_test(t, names_that_are_hard);
	tcase_add_test(t, a_large_value_passes);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
