/* SPDX-License-Identifier: MIT */
/* A column that comes: the table as it is documented, what its statement would do, snapshot and drill. */
#include "adapter/snapshot.h"
#include "tests/lib_snapshot.h"
#include "tests/probe_fixture.h"

static struct fact_target look(const char *table, const char *column)
{
	struct err e = { 0 };
	struct fact_target t;
	const struct plan p = { .recipe = "add-column", .schema = "shop", .table = table, .column = column };
	ck_assert_msg(probe_target(x.db, x.a, &p, &t, &e), "%s", e.msg);
	return t;
}

START_TEST(the_table_stays_what_it_was)
{
	struct fact_target before = look("ord", "note"), table = probe("drop-table", "shop", "ord");
	ck_assert(before.found && !before.unfit && before.attnum == 0 && before.taken == 0 && !before.column && before.may_alter);
	ck_assert_str_eq(before.definition, table.definition);
	ck_assert_uint_eq(before.n_falls + before.n_blockers, 0);
	ck_assert_str_eq(JOINED(before, locks), "shop.ord");
	ck_assert_str_eq(JOINED(before, keys), "id");
	fix_do(&x, "ALTER TABLE shop.ord ADD note text");
	struct fact_target after = look("ord", "note");
	ck_assert_str_eq(after.definition_digest, before.definition_digest);
	ck_assert_int_eq(after.taken, 10);
	fix_do(&x, "ALTER TABLE shop.ord ADD other text");
	ck_assert_str_ne(look("ord", "note").definition_digest, before.definition_digest);
	ck_assert_str_eq(JOINED(look("ev", "note"), locks), "shop.ev; shop.ev1; shop.ev2; shop.ev2a; shop.evd");
	ck_assert(look("none", "note").missing != NULL);
}
END_TEST

/* A subscriber that lacks the column stops; one that a column list keeps it from does not. */
START_TEST(who_sends_it_on)
{
	fix_do(&x, "CREATE PUBLICATION everything FOR ALL TABLES; CREATE PUBLICATION \"The whole\" FOR TABLE shop.ord; CREATE PUBLICATION listed FOR TABLE shop.ord (id);"
		"CREATE PUBLICATION here FOR TABLES IN SCHEMA shop; CREATE PUBLICATION other FOR TABLE shop.plain; CREATE PUBLICATION part FOR TABLE shop.ev1");
	ck_assert_str_eq(JOINED(look("ord", "note"), published), "\"The whole\"; everything; here; pub");
	ck_assert_str_eq(JOINED(look("ev", "note"), published), "everything; here; part");
	fix_do(&x, "DROP PUBLICATION everything, \"The whole\", here, part, pub");
	ck_assert_uint_eq(look("ord", "note").n_published, 0);
}
END_TEST

static const struct { const char *sql, *table, *column, *why; } unfit[] = {
	{ "CREATE VIEW shop.v AS SELECT 1 AS a", "v", "note", "this is a view; change the view's definition instead" },
	{ "CREATE TABLE shop.c () INHERITS (shop.plain)", "plain", "more", "the table inherits, or is inherited from; this version adds columns to plain and partitioned tables only" },
	{ "SELECT 1", "ev1", "note", "the table is a partition; its columns are those of its parent" },
	{ "CREATE TYPE shop.y AS (a int); CREATE TABLE shop.typed OF shop.y", "typed", "note", "the table is made of a type; its columns are those of the type" },
	{ "SELECT 1", "plain", "ctid", "ctid is the name of a column of the server's own" },
	{ "DO $$BEGIN EXECUTE (SELECT 'CREATE TABLE shop.wide (' || string_agg('c' || i || ' int', ',') || ')' FROM generate_series(1, 1600) i); ALTER TABLE shop.wide DROP c7; END$$", "wide", "note",
		"the table has had 1600 columns, those counted that are gone, and the server has numbers for no more" },
	{ "CREATE SEQUENCE shop.q", "q", "note", "this is not a table" },
};

START_TEST(what_is_not_walked)
{
	fix_do(&x, unfit[_i].sql);
	struct fact_target t = look(unfit[_i].table, unfit[_i].column);
	ck_assert_str_eq(t.unfit ? t.unfit : "", unfit[_i].why);
}
END_TEST

#define REWRITTEN "the whole table would be written anew under the lock, since its default is not one value"
static const struct { const char *type, *def; bool not_null; const char *why; } trials[] = {
	{ "text", NULL, false, NULL }, { "integer", "0", true, NULL }, { "timestamptz", "now()", true, NULL }, { "shop.mood", "'ok'", false, NULL }, { "numeric(10, 2)", "1 + 1", false, NULL },
	{ "uuid", "gen_random_uuid()", false, REWRITTEN }, { "timestamptz", "clock_timestamp()", true, REWRITTEN }, { "shop.word", "'a'", false, REWRITTEN },
	{ "serial", NULL, false, "the whole table would be written anew under the lock, since its type has a default or conditions" },
	{ "mood", NULL, false, "the server refuses the new column: type \"mood\" does not exist; a type outside of pg_catalog is written with its schema" },
	{ "no.such", NULL, false, "the server refuses the new column: schema \"no\" does not exist" },
	{ "integer", "'x'", false, "the server refuses the new column: invalid input syntax for type integer: \"x\"" },
	{ "integer", "(SELECT 1)", false, "the server refuses the new column: cannot use subquery in DEFAULT expression" },
	{ "integer", "id", false, "the server refuses the new column: cannot use column reference in DEFAULT expression" },
	{ "integer", "1 / 0", false, "the server refuses the new column: division by zero" },
};

START_TEST(what_its_statement_would_do)
{
	struct err e = { 0 };
	struct fact_target t = look("ord", "note");
	const struct plan p = { .recipe = "add-column", .schema = "shop", .table = "ord", .column = "note", .add_type = trials[_i].type, .add_default = trials[_i].def,
		.add_not_null = trials[_i].not_null };
	fix_do(&x, "CREATE TYPE shop.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN shop.word AS text CHECK (VALUE <> 'no'); INSERT INTO shop.ord (kind) VALUES ('a')");
	ck_assert_msg(probe_added(x.db, x.a, &p, &t, &e), "%s", e.msg);
	const char *why = trials[_i].why;
	if (why && t.unfit && strncmp(t.unfit, why, strlen(why)) == 0)
		why = t.unfit;
	ck_assert_str_eq(t.unfit ? t.unfit : "", why ? why : "");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relname ~ 'gatewalk_trial'"), "0");
	ck_assert_int_eq(look("ord", "note").taken, 0);
}
END_TEST

START_TEST(a_name_that_is_taken)
{
	struct err e = { 0 };
	struct fact_target t = look("plain", "note");
	const struct plan p = { .recipe = "add-column", .schema = "shop", .table = "plain", .column = "note", .add_type = "text" };
	ck_assert(probe_added(x.db, x.a, &p, &t, &e));
	ck_assert_str_eq(t.unfit, "the table has a column note already");
	t = look("plain", "more");
	fix_do(&x, "DROP TABLE shop.plain");
	ck_assert(!probe_added(x.db, x.a, &p, &t, &e));
	ck_assert_str_eq(e.msg, "trying the new column on an empty table: relation \"shop.plain\" does not exist");
}
END_TEST

static struct snap_world w;
static struct fact_drill d;

static void world(const char *name, const char *sql)
{
	snap_world_open(&w, name, sql);
	w.plan.recipe = "add-column";
	w.plan.schema = "public";
	w.plan.column = "note";
	w.plan.add_type = "text";
	w.plan.add_default = "'new'";
	w.plan.scope = SCOPE_COLUMN;   /* the default, which says nothing here */
	snap_take(&w);
	ck_assert_int_eq(w.s.scope, SNAP_TABLE);
	ck_assert_int_eq(w.s.attnum, 0);
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	snap_no_scratch(&w);
}

START_TEST(a_drill_ends_with_the_column)
{
	world("added_drill", "CREATE TABLE public.ref (id int PRIMARY KEY); INSERT INTO public.ref VALUES (1); CREATE TABLE public.t (id int PRIMARY KEY, r int NOT NULL REFERENCES public.ref, b text);"
		"CREATE INDEX ON public.t (b); CREATE VIEW public.v AS SELECT * FROM public.t; INSERT INTO public.t SELECT g, 1, 'x' || g FROM generate_series(1, 500) g");
	ck_assert_msg(d.passed, "%s", d.problem);
	ck_assert_uint_eq(d.n_fell, 0);
	ck_assert(d.restore_us > 0 && d.took_us > d.restore_us);
	/* It serves a plan of the same table; and with the column there it is still the same table. */
	test_sql(w.db, "ALTER TABLE public.t ADD note text");
	struct fact_target t;
	ck_assert(probe_target(w.db, w.a, &w.plan, &t, &w.e));
	ck_assert_str_eq(t.definition_digest, w.s.definition_digest);
	w.plan.add_type = "no_such_type";
	ck_assert_msg(drill_run(w.a, &w.o, w.s.path, &d, &w.e), "%s", w.e.msg);
	ck_assert(!d.passed);
	ck_assert_str_eq(d.problem, "type \"no_such_type\" does not exist");
	snap_world_close(&w);
}
END_TEST

START_TEST(a_drill_of_partitions)
{
	world("added_parts", "CREATE TABLE public.ref (id int PRIMARY KEY); INSERT INTO public.ref VALUES (1); CREATE TABLE public.t (id int, d date, r int REFERENCES public.ref, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);"
		"CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); CREATE TABLE public.t2 PARTITION OF public.t DEFAULT;"
		"INSERT INTO public.t SELECT g, date '2020-06-01' + g, 1 FROM generate_series(1, 400) g");
	ck_assert_msg(d.passed, "%s", d.problem);
	snap_world_close(&w);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("added");
	TCase *t = tcase_create("probe"), *n = tcase_create("snapshot");
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_table_stays_what_it_was);
	LOOP(t, what_is_not_walked, unfit);
	LOOP(t, what_its_statement_would_do, trials);
	tcase_add_test(t, a_name_that_is_taken);
	tcase_add_test(t, who_sends_it_on);
	suite_add_tcase(s, t);
	tcase_set_timeout(n, 120);
	tcase_add_test(n, a_drill_ends_with_the_column);
	tcase_add_test(n, a_drill_of_partitions);
	suite_add_tcase(s, n);
	return s;
}

int main(void)
{
	return test_main(suite());
}
