/* SPDX-License-Identifier: MIT */
#include "core/sql.h"

#include <string.h>

#include "base/arena.h"
#include "core/fact.h"
#include "core/plan.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct plan p;

static void setup(void)
{
	a = arena_new();
	p = (struct plan){ .recipe = "drop-column", .schema = "public", .table = "orders", .column = "legacy_total" };
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(names_are_quoted_where_they_must)
{
	static const struct { const char *name, *sql; } rows[] = {
		{ "orders", "orders" }, { "_a1", "_a1" }, { "legacy_total", "legacy_total" }, { "Order", "\"Order\"" }, { "1a", "\"1a\"" },
		{ "", "\"\"" }, { "a b", "\"a b\"" }, { "a\"b", "\"a\"\"b\"" }, { "a$b", "\"a$b\"" }, { "user", "\"user\"" }, { "table", "\"table\"" },
		{ "all", "\"all\"" }, { "xmltable", "\"xmltable\"" }, { "json", "\"json\"" }, { "system_user", "\"system_user\"" },
		{ "name", "name" }, { "if", "if" }, { "ma\xc3\xb1" "ana", "\"ma\xc3\xb1" "ana\"" }, { "x\\y", "\"x\\y\"" }, { "a;b", "\"a;b\"" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_str_eq(sql_ident(a, rows[i].name), rows[i].sql);
	ck_assert_str_eq(sql_ident(a, NULL), "\"\"");
	ck_assert_str_eq(sql_quoted(a, "orders"), "\"orders\"");
	ck_assert_str_eq(sql_quoted(a, "\"\""), "\"\"\"\"\"\"");
}
END_TEST

START_TEST(literals)
{
	ck_assert_str_eq(sql_literal(a, "it's"), "'it''s'");
	ck_assert_str_eq(sql_literal(a, ""), "''");
	ck_assert_str_eq(sql_literal(a, "a\\'b"), "E'a\\\\''b'");
	ck_assert_str_eq(sql_literal(a, "line\nbreak"), "'line\nbreak'");
	ck_assert_str_eq(sql_literal(a, NULL), "NULL");
}
END_TEST

START_TEST(the_statement)
{
	ck_assert_str_eq(sql_statement(a, &p, NULL), "ALTER TABLE public.orders DROP COLUMN legacy_total");
	p = (struct plan){ .recipe = "drop-column", .schema = "My Shop", .table = "select", .column = "x\"; DROP TABLE y; --" };
	ck_assert_str_eq(sql_statement(a, &p, NULL), "ALTER TABLE \"My Shop\".\"select\" DROP COLUMN \"x\"\"; DROP TABLE y; --\"");
}
END_TEST

static const char *const same[] = {
	"ALTER TABLE public.orders DROP COLUMN legacy_total", "alter table orders drop column legacy_total;",
	"AlTeR\n\tTABLE\f\"public\" . \"orders\"\r\nDROP COLUMN \"legacy_total\" ; ", "alter table orders drop legacy_total",
	"ALTER TABLE Orders DROP COLUMN LEGACY_TOTAL RESTRICT;", "/* a /* nested / * */ one */ALTER/**/TABLE orders--x\nDROP COLUMN legacy_total -- end",
	"alter table public/* . */.orders drop column legacy_total--", "ALTER TABLE orders DROP COLUMN legacy_total;--;",
};

START_TEST(the_same_drop)
{
	const char *why = NULL;
	ck_assert_msg(sql_same(a, &p, same[_i], &why), "%s: %s", same[_i], why);
	ck_assert_str_eq(why, "it is the statement that gatewalk writes itself");
}
END_TEST

START_TEST(the_statement_of_each_target)
{
	static const char *before[] = { "ALTER TABLE ONLY public.lines DROP CONSTRAINT lines_order_fkey", "ALTER TABLE ONLY \"X\".y DROP CONSTRAINT z" };
	const struct fact_target t = { .before = before, .n_before = 2 };
	p = (struct plan){ .recipe = "drop-table", .schema = "public", .table = "Orders" };
	ck_assert_str_eq(sql_statement(a, &p, NULL), "DROP TABLE public.\"Orders\"");
	ck_assert_str_eq(sql_statement(a, &p, &t), "ALTER TABLE ONLY public.lines DROP CONSTRAINT lines_order_fkey; "
		"ALTER TABLE ONLY \"X\".y DROP CONSTRAINT z; DROP TABLE public.\"Orders\"");
	p = (struct plan){ .recipe = "remove-rows", .schema = "public", .table = "orders", .where = "created < '2020-01-01'" };
	ck_assert_str_eq(sql_statement(a, &p, &t), "DELETE FROM public.orders WHERE (created < '2020-01-01')");
	p.where = NULL;
	ck_assert_str_eq(sql_statement(a, &p, NULL), "DELETE FROM public.orders WHERE ()");
	p.recipe = "rename";
	ck_assert_str_eq(sql_statement(a, &p, NULL), "");
	ck_assert_str_eq(plan_target_name(a, &(struct plan){ .recipe = "drop-table", .schema = "public", .table = "Orders" }), "public.\"Orders\"");
	ck_assert_str_eq(plan_target_name(a, &(struct plan){ .recipe = "remove-rows", .schema = "public", .table = "orders" }), "rows of public.orders");
}
END_TEST

static const struct { const char *recipe, *sql, *why; } targets[] = {
	{ "drop-table", "drop table orders;", NULL }, { "drop-table", "DROP/**/TABLE \"public\".orders RESTRICT", NULL },
	{ "drop-table", "DROP TABLE orders CASCADE", "it says CASCADE, which takes other objects along; gatewalk never cascades" },
	{ "drop-table", "DROP TABLE IF EXISTS orders", "it says IF EXISTS, and then it would pass where the target is not there" },
	{ "drop-table", "DROP TABLE orders, customers", "it has a second one behind the first" },
	{ "drop-table", "DROP TABLE orders; DROP TABLE customers", "it has a second statement behind the first" },
	{ "drop-table", "DROP TABLE sales.orders", "it names the schema sales, the plan names public" },
	{ "drop-table", "DROP VIEW orders", "\"view\" stands where gatewalk's own statement has \"table\"" },
	{ "drop-table", "TRUNCATE orders", "\"truncate\" stands where gatewalk's own statement has \"drop\"" },
	{ "drop-table", "", "it is empty" },
	{ "drop-table", "$ drop table orders", "it has a dollar sign; write such a name in double quotes" },
	{ "drop-table", "DROP TABLE public.'orders'", "it has a string in single quotes, and a name stands in double quotes" },
	{ "drop-table", "DROP TABLE public. $", "it has a dollar sign; write such a name in double quotes" },
	{ "drop-table", "DROP TABLE public.", "its end stands where a name belongs" },
	{ "drop-table", "DROP TABLE a.b.orders", "the table's name has three parts; write schema.table" },
	{ "drop-table", "DROP TABLE orders; /* x", "a comment in it has no end" },
	{ "drop-table", "DROP TABLE orders RESTRICT $", "it has a dollar sign; write such a name in double quotes" },
	{ "drop-table", "DROP TABLE lines", "it names the table lines, the plan names orders" },
	{ "remove-rows", "DELETE FROM public.orders WHERE (total < 0) ;\n", NULL },
	{ "remove-rows", " ;\n", "rows are named by target.where; a statement beside it has to be the same to the letter" },
	{ "remove-rows", "DELETE FROM public.orders", "rows are named by target.where; a statement beside it has to be the same to the letter" },
	{ "remove-rows", "DELETE FROM public.orders WHERE (total < 1)", "rows are named by target.where; a statement beside it has to be the same to the letter" },
	{ "rename", "DROP TABLE orders", "the plan's recipe names no target" },
};

START_TEST(a_proposal_for_each_target)
{
	const char *why = NULL;
	p = (struct plan){ .recipe = targets[_i].recipe, .schema = "public", .table = "orders", .where = "total < 0" };
	bool yes = sql_same(a, &p, targets[_i].sql, &why);
	ck_assert_msg(yes == !targets[_i].why, "%s: %s", targets[_i].sql, why);
	ck_assert_str_eq(why, targets[_i].why ? targets[_i].why : "it is the statement that gatewalk writes itself");
}
END_TEST

static const struct { const char *sql, *why; } other[] = {
	{ "", "it is empty" },
	{ " -- only a comment", "it is empty" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total CASCADE", "it says CASCADE, which takes other objects along; gatewalk never cascades" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total /* */ cascade;", "it says CASCADE, which takes other objects along; gatewalk never cascades" },
	{ "ALTER TABLE IF EXISTS orders DROP COLUMN legacy_total", "it says IF EXISTS, and then it would pass where the target is not there" },
	{ "ALTER TABLE orders DROP COLUMN IF EXISTS legacy_total", "it says IF EXISTS, and then it would pass where the target is not there" },
	{ "ALTER TABLE orders DROP IF/**/EXISTS legacy_total", "it says IF EXISTS, and then it would pass where the target is not there" },
	{ "ALTER TABLE ONLY orders DROP COLUMN legacy_total", "it says ONLY, which leaves the column in the tables that inherit it" },
	{ "ALTER TABLE orders * DROP COLUMN legacy_total", "it has a * behind the table's name" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total, DROP COLUMN tax", "it has a second one behind the first" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total; DROP TABLE orders", "it has a second statement behind the first" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total;;", "it has a second statement behind the first" },
	{ "ALTER TABLE orders DROP COLUMN tax", "it names the column tax, the plan names legacy_total" },
	{ "ALTER TABLE orders DROP COLUMN \"Legacy_Total\"", "it names the column \"Legacy_Total\", the plan names legacy_total" },
	{ "ALTER TABLE sales.orders DROP COLUMN legacy_total", "it names the schema sales, the plan names public" },
	{ "ALTER TABLE customers DROP COLUMN legacy_total", "it names the table customers, the plan names orders" },
	{ "ALTER TABLE shop.public.orders DROP COLUMN legacy_total", "the table's name has three parts; write schema.table" },
	{ "ALTER TABLE orders DROP COLUMN orders.legacy_total", "the name of what goes has a dot in it that is not quoted" },
	{ "ALTER TABLE orders DROP CONSTRAINT legacy_total", "it drops a constraint, not a column" },
	{ "ALTER TABLE orders RENAME COLUMN legacy_total TO x", "\"rename\" stands where gatewalk's own statement has \"drop\"" },
	{ "ALTER VIEW orders DROP COLUMN legacy_total", "\"view\" stands where gatewalk's own statement has \"table\"" },
	{ "ALTER TABLE IF 'x'", "it has a string in single quotes, and a name stands in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN constraint legacy_total", "\"legacy_total\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total RESTRICT 'x'", "it has a string in single quotes, and a name stands in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total - 1", "\"-\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total / 1", "\"/\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total{", "\"{\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total&\"x\"", "\"&\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total2", "it names the column legacy_total2, the plan names legacy_total" },
	{ "DROP TABLE orders", "\"drop\" stands where gatewalk's own statement has \"alter\"" },
	{ "\"alter\" table orders drop column legacy_total", "\"alter\" stands where gatewalk's own statement has \"alter\"" },
	{ "ALTER TABLE orders DROP COLUMN", "its end stands where a name belongs" },
	{ "ALTER TABLE", "its end stands where a name belongs" },
	{ "ALTER TABLE orders DROP COLUMN U&\"legacy_total\"", "it writes a name as U&\"...\"; write the name itself in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN u&\"\\006c\"", "it writes a name as U&\"...\"; write the name itself in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN $$legacy_total$$", "it has a dollar sign; write such a name in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN legacy$total", "it has a dollar sign; write such a name in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN 'legacy_total'", "it has a string in single quotes, and a name stands in double quotes" },
	{ "ALTER TABLE orders DROP COLUMN \"legacy_total", "a double quote in it has no end" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total /* x", "a comment in it has no end" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total /* /* */", "a comment in it has no end" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total x", "\"x\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total \"cascade\"", "\"cascade\" stands behind the name of what goes" },
	{ "ALTER TABLE orders DROP COLUMN 1", "\"1\" stands where a name belongs" },
	{ "BEGIN; ALTER TABLE orders DROP COLUMN legacy_total", "\"begin\" stands where gatewalk's own statement has \"alter\"" },
	{ "\\! rm", "\"\\\" stands where gatewalk's own statement has \"alter\"" },
	{ "ALTER TABLE orders DROP COLUMN legacy_total\xc2\xa0", "it names the column \"legacy_total\xc2\xa0\", the plan names legacy_total" },
	{ "ALTER TABLE orders DROP COLUMN \xe2\x80\xae", "it names the column \"\\u{202E}\", the plan names legacy_total" },
};

START_TEST(another_statement)
{
	const char *why = NULL;
	ck_assert_msg(!sql_same(a, &p, other[_i].sql, &why), "%s", other[_i].sql);
	ck_assert_str_eq(why, other[_i].why);
}
END_TEST

START_TEST(odd_names)
{
	const char *why;
	p = (struct plan){ .recipe = "drop-column", .schema = "public", .table = "if", .column = "restrict" };
	ck_assert(sql_same(a, &p, "alter table if drop restrict", &why));
	ck_assert(sql_same(a, &p, "alter table if drop column restrict restrict", &why));
	p.column = "if";
	ck_assert(sql_same(a, &p, "alter table if drop if", &why));
	p.column = "a\"b;--/*";
	ck_assert(sql_same(a, &p, "alter table \"if\" drop column \"a\"\"b;--/*\"", &why));
	p.schema = "Public";
	ck_assert(!sql_same(a, &p, "alter table if drop column \"a\"\"b;--/*\"", &why));
	ck_assert_str_eq(why, "it names the schema public, the plan names \"Public\"");
	ck_assert(!sql_same(a, &p, NULL, NULL));
}
END_TEST

/* What gatewalk writes is the same as itself, whatever the names. */
START_TEST(own_statement)
{
	static const char *const names[] = { "a", "A", "a b", "\"", "\"\"", "user", "'", "$", "\\", "--", "/*", "\n", ".", "U&\"x\"", "\xc3\xb1" };
	const char *why;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		p = (struct plan){ .recipe = "drop-column", .schema = names[i], .table = names[i], .column = names[i] };
		ck_assert_msg(sql_same(a, &p, sql_statement(a, &p, NULL), &why), "%s", why);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sql");
	TCase *c = tcase_create("sql");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, names_are_quoted_where_they_must);
	tcase_add_test(c, literals);
	tcase_add_test(c, the_statement);
	tcase_add_test(c, the_statement_of_each_target);
	tcase_add_loop_test(c, a_proposal_for_each_target, 0, sizeof targets / sizeof *targets);
	tcase_add_loop_test(c, the_same_drop, 0, (int)(sizeof same / sizeof same[0]));
	tcase_add_loop_test(c, another_statement, 0, (int)(sizeof other / sizeof other[0]));
	tcase_add_test(c, odd_names);
	tcase_add_test(c, own_statement);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
