/* SPDX-License-Identifier: MIT */
/* An index that comes: what the server says of its statement, which keys stand more than once, and whether what stands is the plan's. */
#include "base/text.h"
#include "tests/index_fixture.h"

/* ---- what the server says ---- */

#define ELSE "something else of schema public is named \"" NAME "\" already"
#define OUTSIDE "; a type, a collation or an operator class outside of pg_catalog is written with its schema"
#define SAYS "the server refuses the new index: "
static const struct { const char *table, *list, *method, *where, *sql, *why; bool unique; } trials[] = {
	{ "orders", "total, lower(note) DESC", NULL, "total > 0", NULL, NULL, true }, { "orders", "\"E Mail\" COLLATE \"C\" text_pattern_ops NULLS FIRST", NULL, NULL, NULL, NULL, false },
	{ "orders", "at", "gist", NULL, NULL, NULL, false },
	{ "parts", "id", NULL, NULL, NULL, "the table is partitioned, and the server builds an index beside writes for one partition at a time; give each partition its own, by a walk of its own", false },
	{ "orders", "total", NULL, NULL, "CREATE INDEX \"" NAME "\" ON public.other (id)", ELSE, false }, { "orders", "total", NULL, NULL, "CREATE TABLE public.\"" NAME "\" ()", ELSE, false },
	{ "orders", "total", NULL, NULL, "CREATE INDEX \"" NAME "\" ON public.orders (id)", "the table has an index \"" NAME "\" already", false },
	{ "orders", "total", NULL, NULL, "CREATE INDEX \"" NAME "\" ON public.orders (id); UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'public.\"" NAME "\"'::regclass", NULL, false },
	{ "orders", "(total + extract(epoch FROM now()))", NULL, NULL, NULL, SAYS "functions in index expression must be marked IMMUTABLE", false },
	{ "orders", "at", NULL, NULL, NULL, SAYS "data type point has no default operator class for access method \"btree\"", false },
	{ "orders", "total", "gin", NULL, NULL, SAYS "data type integer has no default operator class for access method \"gin\"", false },
	{ "orders", "total", "hash", NULL, NULL, SAYS "access method \"hash\" does not support unique indexes", true },
	{ "orders", "total", NULL, "total", NULL, SAYS "argument of WHERE must be type boolean, not type integer", false },
	{ "orders", "gone", NULL, NULL, NULL, SAYS "column \"gone\" does not exist", false },
	{ "orders", "total public.no_ops", NULL, NULL, NULL, SAYS "operator class \"public.no_ops\" does not exist for access method \"btree\"" OUTSIDE, false },
	{ "orders", "note COLLATE nowhere", NULL, NULL, NULL, SAYS "collation \"nowhere\" for encoding \"UTF8\" does not exist" OUTSIDE, false },
	{ "orders", "((SELECT 1))", NULL, NULL, NULL, SAYS "cannot use subquery in index expression", false },
};

START_TEST(what_its_statement_says)
{
	struct fact_target t;
	plan(trials[_i].table, trials[_i].list);
	x.plan.add_method = trials[_i].method;
	x.plan.add_where = trials[_i].where;
	x.plan.add_unique = trials[_i].unique;
	if (trials[_i].sql)
		fix_do(&x, trials[_i].sql);
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_str_eq(t.unfit ? t.unfit : "", trials[_i].why ? trials[_i].why : "");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relname ~ 'gatewalk_trial'"), "0");
}
END_TEST

START_TEST(hostile_names)
{
	struct fact_target t;
	struct fact_broken b;
	plan("ta'b\"le $1", "\"co'l\"\"umn\"");
	x.plan.add_name = HOSTILE;
	x.plan.add_unique = true;
	fix_do(&x, "CREATE TABLE public.\"ta'b\"\"le $1\" (\"co'l\"\"umn\" text); INSERT INTO public.\"ta'b\"\"le $1\" VALUES (E'a\\x1b[31m'), (E'a\\x1b[31m')");
	ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_added(x.db, x.a, &x.plan, &t, &err), "%s", err.msg);
	ck_assert_msg(!t.unfit, "%s", t.unfit);
	ck_assert_msg(probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err), "%s", err.msg);
	ck_assert_int_eq(b.rows, 2);
	ck_assert_ptr_null(strchr(b.first, '\x1b'));
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM public.orders"), "1000");
}
END_TEST

/* ---- keys that stand more than once ---- */

static const struct { const char *list, *where, *sql, *first; int64_t rows; } doubles[] = {
	{ "total", NULL, "", "", 0 }, { "total", NULL, "UPDATE public.orders SET total = 7 WHERE id IN (8, 9)", "(7)", 3 },
	{ "total DESC", NULL, "UPDATE public.orders SET total = 7 WHERE id = 8", "(7)", 2 }, { "total, \"E Mail\"", NULL, "UPDATE public.orders SET total = 7 WHERE id = 8", "", 0 },
	{ "total DESC NULLS LAST, note COLLATE \"C\" text_pattern_ops", NULL, "UPDATE public.orders SET total = 7, note = 'x, y' WHERE id IN (7, 8)", "(7,\"x, y\")", 2 },
	{ "total", "id > 7", "UPDATE public.orders SET total = 7 WHERE id = 8", "", 0 }, { "total", "id > 6", "UPDATE public.orders SET total = 7 WHERE id = 8", "(7)", 2 },
	{ "lower(note) DESC", NULL, "UPDATE public.orders SET note = 'N7' WHERE id = 8", "(n7)", 2 }, { "note", NULL, "UPDATE public.orders SET note = 'N7' WHERE id = 8", "", 0 },
	{ "note COLLATE public.anycase", NULL, "CREATE COLLATION public.anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false); UPDATE public.orders SET note = 'N7' WHERE id = 8", NULL, 2 },
	{ "(total % 2)", NULL, "DELETE FROM public.orders WHERE id > 3", NULL, 2 },
};

START_TEST(keys_that_stand_twice)
{
	struct fact_target t;
	struct fact_broken b;
	for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++) {
		fix_do(&x, arena_printf(x.a, "UPDATE public.orders SET total = id, note = 'n' || id; %s", doubles[i].sql));
		plan("orders", doubles[i].list);
		x.plan.add_where = doubles[i].where;
		ck_assert_msg(probe_target(x.db, x.a, &x.plan, &t, &err) && probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err), "%s", err.msg);
		ck_assert(b.at > 0 && b.rows == 0 && !b.first);
		x.plan.add_unique = true;
		ck_assert_msg(probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err), "%s: %s", doubles[i].list, err.msg);
		ck_assert_msg(b.rows == doubles[i].rows && (!doubles[i].first || text_eq(b.first ? b.first : "", doubles[i].first)), "%s: %lld, %s", doubles[i].list, (long long)b.rows, b.first);
		ck_assert(!db_in_transaction(x.db));
	}
}
END_TEST

START_TEST(keys_that_cannot_be_read)
{
	struct fact_target t = { .found = true };
	struct fact_broken b = { .at = 1 };
	plan("orders", "gone");
	x.plan.add_unique = true;
	ck_assert(!probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err));
	ck_assert_str_eq(err.msg, "looking what the index is of: " SAYS "column \"gone\" does not exist");
	ck_assert_int_eq(b.at, 0);
	plan("orders", "(total / (id - 5))");
	x.plan.add_unique = true;
	ck_assert(!probe_broken(x.db, x.a, &x.plan, &t, 10000, &b, &err));
	ck_assert_str_eq(err.msg, "counting the rows whose key stands more than once: division by zero");
}
END_TEST

/* ---- is what stands there the plan's? ---- */

static const struct { const char *sql; bool same; } made[] = {
	{ "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) WHERE total > 0", true }, { "INDEX \"" NAME "\" ON public.orders USING btree (total ASC, lower(note) DESC NULLS FIRST) WHERE (0 < total)", false },
	{ "INDEX \"" NAME "\" ON public.orders USING btree (total ASC NULLS LAST, lower((note)) DESC NULLS FIRST) WHERE ((total) > 0)", true },
	{ "INDEX \"" NAME "\" ON public.orders (lower(note) DESC, total) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.orders (total, lower(note)) WHERE total > 0", false },
	{ "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC NULLS LAST) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.orders (total, upper(note) DESC) WHERE total > 0", false },
	{ "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) WHERE total > 1", false }, { "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC)", false },
	{ "UNIQUE INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.orders (id, lower(note) DESC) WHERE total > 0", false },
	{ "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) INCLUDE (id) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.orders (total, lower(note) text_pattern_ops DESC) WHERE total > 0", false },
	{ "INDEX \"" NAME "\" ON public.orders (total, lower(note) COLLATE \"POSIX\" DESC) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) WITH (fillfactor = 50) WHERE total > 0", false },
	{ "INDEX other_idx ON public.orders (total, lower(note) DESC) WHERE total > 0", false }, { "INDEX \"" NAME "\" ON public.other (id)", false },
};

START_TEST(what_stands_is_the_plans)
{
	bool same;
	unsigned relid = (unsigned)cell_int(fix_get(&x, "SELECT 'public.orders'::regclass::oid"));
	x.plan.add_where = "total > 0";
	for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
		fix_do(&x, arena_printf(x.a, "SET client_min_messages = error; DROP INDEX IF EXISTS public.other_idx, public.\"" NAME "\"; CREATE %s", made[i].sql));
		ck_assert_msg(probe_index_same(x.db, x.a, &x.plan, relid, &same, &err), "%s", err.msg);
		ck_assert_msg(same == made[i].same, "%s", made[i].sql);
	}
	x.plan.add_index = "gone";
	ck_assert_msg(probe_index_same(x.db, x.a, &x.plan, relid, &same, &err) && !same, "%s", err.msg);
	ck_assert(!db_in_transaction(x.db));
}
END_TEST

START_TEST(a_unique_one_is_another)
{
	bool same;
	unsigned relid = (unsigned)cell_int(fix_get(&x, "SELECT 'public.orders'::regclass::oid"));
	x.plan.add_unique = true;
	fix_do(&x, "CREATE UNIQUE INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC)");
	ck_assert(probe_index_same(x.db, x.a, &x.plan, relid, &same, &err) && same);
	fix_do(&x, "DROP INDEX public.\"" NAME "\"; CREATE UNIQUE INDEX \"" NAME "\" ON public.orders (total, lower(note) DESC) NULLS NOT DISTINCT");
	ck_assert(probe_index_same(x.db, x.a, &x.plan, relid, &same, &err) && !same);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("index");
	TCase *t = tcase_create("index");
	const TTest *const all[] = { hostile_names, keys_that_stand_twice, keys_that_cannot_be_read, what_stands_is_the_plans, a_unique_one_is_another };
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_its_statement_says, 0, (int)(sizeof trials / sizeof *trials));
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
