/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include "adapter/snapshot_parts.h"
#include "port/files.h"
#include "tests/lib_snapshot.h"

static struct snap_world w;

#define PLAIN "CREATE TABLE public.t (id int PRIMARY KEY, name text, legacy text);" \
	"INSERT INTO public.t SELECT i, 'n' || i, CASE WHEN i % 3 > 0 THEN 'v' || i END FROM generate_series(1, 1000) i;"

#define TYPES "CREATE TYPE public.mood AS ENUM ('sad', 'it''s \"ok\"'); CREATE DOMAIN public.word AS text COLLATE \"C\" NOT NULL CHECK (VALUE <> 'no');" \
	"CREATE TYPE public.pair AS (a int, b text);"
#define FULL_ROW "1, true, -32768, 2147483647, 'NaN', 123456789.125, 1.1, 0.1::float8 + 0.2, '12.34', E'a\\nb\\tc\\\\N\\rd', '\\N', 'x  ', 'n\"m', 'q'," \
	"'\\x00ff5c6e', '0044-03-15 BC', '24:00:00', '23:59:59+14', 'infinity', '2020-02-29 23:59:59.999999+00', '-1 mon +2 days -03:04:05.6'," \
	"gen_random_uuid(), '{\"a\" :  1}', '{\"b\": [1, null, \"\\\\\"]}', '<a>x &amp; y</a>', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:ff:fe:01:02:03'," \
	"B'10101', B'1', '(1.5,-2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '[(0,0),(1,1)]', '((0,0),(1,1),(1,0))', '<(0,0),2>'," \
	"to_tsvector('simple', 'a b'), 'a & !b', '[1,5)', 'empty', '[2020-01-01,)', '{[1,3),[7,9)}', ARRAY['a', NULL, 'NULL', '', '{', '\\'], '{{1,2},{3,4}}'," \
	"'16/B374D848', '[-9223372036854775808,5)', '[2020-01-01,2021-01-01)', '(,\"2020-01-01 00:00:00+00\"]', '{[1,3)}', '{[1.5,2.5]}', '{[2020-01-01,2020-02-01)}'," \
	"'{(,2020-01-01)}', '{[2020-01-01 00:00:00+14,)}', '4294967295', '7', '1 2', '16 4294967295', '=r*w/pg_database_owner', 'a cursor', '10:20:10,14'," \
	"'\"C\"', 'simple', 'simple', 'pg_catalog', '*<>', '+(int4,int4)', 'boolin', 'abs(int8)', 'pg_monitor', 'timestamp(3) with time zone'," \
	"'10:20:10,14', 4294967295, 'pg_class', '(0,1)', '123', '$.a[*] ? (@ > 1)', 'it''s \"ok\"', 'yes', ROW(1, 'x,y\"')"

/* Their input functions refuse every text. */
#define NO_INPUT "gtsvector pg_brin_bloom_summary pg_brin_minmax_multi_summary pg_dependencies pg_mcv_list pg_ndistinct pg_node_tree"

START_TEST(a_snapshot_is_taken_and_proven)
{
	snap_world_open(&w, "snap_plain", PLAIN);
	snap_take(&w);
	ck_assert(w.s.equal);
	ck_assert_int_eq(w.s.rows, 1000);
	ck_assert_int_eq(w.s.values, 667);
	ck_assert_int_eq(w.s.trip_count, -1);
	ck_assert_int_eq(w.s.scope, SNAP_TABLE);
	ck_assert(w.s.begun > 0 && w.s.proved >= w.s.begun);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT 'public.t'::regclass::oid") , arena_printf(w.a, "%u", w.s.relid));
	ck_assert_int_eq(snap_entries(&w), 1);
	snap_no_scratch(&w);
	struct fact_snapshot back;
	ck_assert_msg(snapshot_check(w.a, w.s.path, w.s.manifest_sha256, &w.e), "%s", w.e.msg);
	ck_assert(snapshot_read(w.a, w.s.path, &back, &w.e));
	ck_assert_str_eq(back.id, w.s.id);
	ck_assert_str_eq(back.manifest_sha256, w.s.manifest_sha256);
	ck_assert_int_eq(back.bytes, w.s.bytes);
	snap_world_close(&w);
}
END_TEST

START_TEST(column_scope_holds_key_and_column)
{
	snap_world_open(&w, "snap_column", PLAIN);
	w.plan.scope = SCOPE_COLUMN;
	snap_take(&w);
	struct manifest m;
	ck_assert(manifest_read(w.a, w.s.path, NULL, &m, &w.e));
	ck_assert_uint_eq(m.n_cols, 2);
	ck_assert_str_eq(m.cols[0].name, "id");
	ck_assert_str_eq(m.cols[1].name, "legacy");
	ck_assert_int_eq(w.s.values, 667);
	snap_world_close(&w);
}
END_TEST

START_TEST(column_scope_without_a_key_is_refused)
{
	snap_world_open(&w, "snap_nokey", "CREATE TABLE public.t (id int, legacy text); INSERT INTO public.t VALUES (1, 'a'), (1, 'a'), (2, NULL);");
	w.plan.scope = SCOPE_COLUMN;
	ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
	ck_assert_int_eq(w.e.code, ERR_USE);
	ck_assert_str_eq(w.e.msg, "the table has no unique key of columns that are NOT NULL, so that key and column alone cannot be put back");
	ck_assert_str_eq(w.e.hint, "Write snapshot.scope: table in the plan.");
	ck_assert_int_eq(snap_entries(&w), 0);
	w.plan.scope = SCOPE_TABLE;
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 3);
	snap_world_close(&w);
}
END_TEST

START_TEST(every_type_is_carried)
{
	snap_world_open(&w, "snap_types", TYPES "CREATE TABLE public.t (" ALL_TYPES_COLUMNS ", legacy bytea, gone int,"
		"c_gen int GENERATED ALWAYS AS (c_int4 / 2) STORED); ALTER TABLE public.t DROP COLUMN gone;"
		"INSERT INTO public.t VALUES (" FULL_ROW ", '\\xdeadbeef'); INSERT INTO public.t (id, c_dom) VALUES (2, '')");
	/* What is left are types that no table's column can hold a value of. */
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT coalesce(string_agg(typname, ' ' ORDER BY typname), '') FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
		" AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A' AND oid NOT IN (SELECT atttypid FROM pg_attribute WHERE attrelid = 'public.t'::regclass)"), NO_INPUT);
	snap_take(&w);
	ck_assert_int_eq(w.s.rows, 2);
	ck_assert_int_eq(w.s.values, 1);
	struct fact_drill d;
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
	snap_world_close(&w);
}
END_TEST

START_TEST(an_empty_table_is_a_snapshot_too)
{
	snap_world_open(&w, "snap_empty", "CREATE TABLE public.t (id int PRIMARY KEY, legacy text)");
	snap_take(&w);
	ck_assert(w.s.equal);
	ck_assert_int_eq(w.s.rows, 0);
	snap_world_close(&w);
}
END_TEST

START_TEST(large_values_and_several_files)
{
	snap_world_open(&w, "snap_large", "CREATE TABLE public.t (id int PRIMARY KEY, legacy text);"
		"INSERT INTO public.t SELECT i, repeat(md5(i::text) || E'\\n\\\\', 300000) FROM generate_series(1, 3) i; INSERT INTO public.t VALUES (4, '\\N'), (5, NULL)");
	w.o.file_text_max = 1000000;
	snap_take(&w);
	struct manifest m;
	ck_assert(manifest_read(w.a, w.s.path, NULL, &m, &w.e));
	ck_assert_uint_eq(m.n_files, 6);
	ck_assert_int_eq(w.s.values, 4);
	ck_assert_int_eq(m.files[4].rows, 2);
	snap_world_close(&w);
}
END_TEST

START_TEST(names_that_are_hard)
{
	snap_world_open(&w, "snap_names", "CREATE SCHEMA \"S p\"; CREATE TABLE \"S p\".\"T\"\"ab; --\" (\"I d\" int PRIMARY KEY, \"l'eg$(x)`y`\na\\cy\" text DEFAULT 'q''\\');"
		"INSERT INTO \"S p\".\"T\"\"ab; --\" VALUES (1, 'a'), (2, NULL)");
	w.plan.schema = "S p";
	w.plan.table = "T\"ab; --";
	w.plan.column = "l'eg$(x)`y`\na\\cy";
	w.plan.scope = SCOPE_COLUMN;
	snap_take(&w);
	struct fact_drill d;
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert_msg(d.passed, "%s", d.problem);
	test_sql(w.db, "ALTER TABLE \"S p\".\"T\"\"ab; --\" DROP COLUMN \"l'eg$(x)`y`\na\\cy\"");
	ck_assert_int_eq(system(arena_printf(w.a, "DB=dbname=snap_names sh '%s/RESTORE.txt' >'%s/out' 2>&1 || { cat '%s/out'; exit 1; }", w.s.path, test_dir(), test_dir())), 0);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT string_agg(coalesce(\"l'eg$(x)`y`\na\\cy\", '-'), ',' ORDER BY 1) FROM \"S p\".\"T\"\"ab; --\""), "-,a");
	snap_world_close(&w);
}
END_TEST

START_TEST(what_gatewalk_took_off_is_carried_on)
{
	snap_world_open(&w, "snap_carry", "CREATE TABLE public.o (k text PRIMARY KEY); INSERT INTO public.o VALUES ('a');"
		" CREATE TABLE public.t (id int PRIMARY KEY, legacy text NOT NULL DEFAULT 'd' CHECK (legacy <> '') REFERENCES public.o); INSERT INTO public.t VALUES (1, 'a');");
	w.o.sid = "0123456789abcdef0123456789abcdef";
	test_sql(w.db, "CREATE SCHEMA gatewalk");
	snap_take(&w);
	test_sql(w.db, "ALTER TABLE public.t ALTER COLUMN legacy DROP NOT NULL, ALTER COLUMN legacy DROP DEFAULT, DROP CONSTRAINT t_legacy_fkey");
	snap_take(&w);
	struct manifest m;
	ck_assert(manifest_read(w.a, w.s.path, NULL, &m, &w.e));
	ck_assert_ptr_nonnull(manifest_back(&m, BACK_NOT_NULL));
	ck_assert_ptr_nonnull(manifest_back(&m, BACK_DEFAULT));
	size_t foreign = 0, checks = 0;
	for (size_t i = 0; i < m.n_back; i++) {
		foreign += strcmp(m.back[i].name, "t_legacy_fkey") == 0;
		checks += strcmp(m.back[i].name, "t_legacy_check") == 0;
	}
	ck_assert_uint_eq(foreign, 2);   /* and the look at its rows */
	ck_assert_uint_eq(checks, 2);
	w.o.sid = "1123456789abcdef0123456789abcdef";
	snap_take(&w);
	ck_assert(manifest_read(w.a, w.s.path, NULL, &m, &w.e));
	ck_assert_ptr_null(manifest_back(&m, BACK_NOT_NULL));
	snap_world_close(&w);
}
END_TEST

START_TEST(no_room_is_said_before)
{
	snap_world_open(&w, "snap_room", PLAIN);
	w.o.store = "/proc/sys/nowhere";
	ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
	ck_assert_int_eq(w.e.code, ERR_SYSTEM);
	w.o.store = "remote:bucket/gatewalk";
	if (access("/usr/bin/rclone", X_OK) != 0 && access("/usr/local/bin/rclone", X_OK) != 0) {
		ck_assert(!snapshot_take(w.a, &w.o, &w.s, &w.e));
		ck_assert_str_eq(w.e.hint, "Install the package rclone.");
	}
	w.o.store = "";
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("snapshot");
	TCase *t = tcase_create("snapshot");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_snapshot_is_taken_and_proven);
	tcase_add_test(t, column_scope_holds_key_and_column);
	tcase_add_test(t, column_scope_without_a_key_is_refused);
	tcase_add_test(t, every_type_is_carried);
	tcase_add_test(t, an_empty_table_is_a_snapshot_too);
	tcase_add_test(t, large_values_and_several_files);
	tcase_add_test(t, names_that_are_hard);
	tcase_add_test(t, what_gatewalk_took_off_is_carried_on);
	tcase_add_test(t, no_room_is_said_before);
	suite_add_tcase(s, t);
	return s;
}

int main(void) { return test_main(suite()); }
