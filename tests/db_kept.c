/* SPDX-License-Identifier: MIT */
/* A query that a session keeps: planned once, right each time. */
#include "port/db.h"

#include "base/text.h"
#include "tests/lib_db.h"

static struct db *db;
static struct arena *a;
static struct err e;

static void setup(void)
{
	db = test_database("gwt_kept");
	a = arena_new();
	e = (struct err){ 0 };
	test_sql(db, "CREATE TABLE public.t (n int); INSERT INTO public.t VALUES (7)");
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_kept");
}

static const char *ask(const char *sql, const char *value)
{
	const char *const args[] = { value };
	return db_value(db, a, &(struct query){ .sql = sql, .args = args, .nargs = 1, .kept = true }, &e);
}

static const char *statements(void)
{
	return test_value(db, a, "SELECT count(*) || ' ' || coalesce(string_agg(statement, ';'), '') FROM pg_prepared_statements");
}

#define SUM "SELECT sum(n) + $1::int FROM public.t"

START_TEST(one_stands)
{
	ck_assert_str_eq(ask(SUM, "1"), "8");
	ck_assert_str_eq(ask(SUM, "2"), "9");
	ck_assert_str_eq(statements(), "1 " SUM);
	ck_assert_str_eq(ask("SELECT $1::int * 2", "2"), "4");
	ck_assert_str_eq(statements(), "1 SELECT $1::int * 2");
}
END_TEST

/* What was planned before a change is planned again behind it. */
START_TEST(it_sees_what_has_changed)
{
	ck_assert_str_eq(ask(SUM, "1"), "8");
	test_sql(db, "ALTER TABLE public.t RENAME TO u; CREATE TABLE public.t (n int, m int); INSERT INTO public.t VALUES (100)");
	ck_assert_str_eq(ask(SUM, "1"), "101");
	test_sql(db, "DROP TABLE public.t");
	ck_assert(!ask(SUM, "1"));
	ck_assert_str_eq(e.sqlstate, "42P01");
	test_sql(db, "ALTER TABLE public.u RENAME TO t");
	ck_assert_str_eq(ask(SUM, "1"), "8");
}
END_TEST

START_TEST(a_rollback_and_an_error_leave_it)
{
	test_sql(db, "BEGIN");
	ck_assert(!ask("SELECT $1::no_such_type", "1"));
	ck_assert(!ask(SUM, "1"));
	ck_assert_str_eq(e.sqlstate, "25P02");
	db_rollback(db);
	test_sql(db, "BEGIN");
	ck_assert_str_eq(ask(SUM, "1"), "8");
	db_rollback(db);
	ck_assert_str_eq(ask(SUM, "3"), "10");
	ck_assert(!ask(SUM, "three"));
	ck_assert_str_eq(ask(SUM, "3"), "10");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = { one_stands, it_sees_what_has_changed, a_rollback_and_an_error_leave_it };
	return test_cases("kept", tests, sizeof tests / sizeof *tests, setup, teardown);
}
