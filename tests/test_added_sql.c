/* SPDX-License-Identifier: MIT */
/* A new column's type and default as pieces of SQL, and the statement that somebody proposed. */
#include "core/sql.h"
#include "tests/fold_harness.h"

/* why NULL: it is one. */
static const struct { const char *text, *why; } types[] = {
	{ "text", NULL }, { "numeric(10, 2)", NULL }, { "public.\"My Type\"[]", NULL }, { "timestamp (3) with time zone", NULL }, { "double precision", NULL },
	{ "CHARACTER VARYING(10)", NULL }, { "geometry(Point,4326)", NULL }, { "interval day to second(3)", NULL }, { "x.f('a')", NULL },
	{ NULL, "it is empty" }, { " ", "it is empty" }, { "int not null", "it is more than a type" }, { "int, drop column x", "it is more than a type" },
	{ "int; drop table x", "it is more than a type" }, { "int)", "a bracket in it closes what it has not opened" }, { "int(", "it is not whole" },
	{ "public.", "it is not whole" }, { "(int)", "it does not begin with a name" }, { "int default 5", "it is more than a type" }, { "int 5", "it is more than a type" },
	{ "int 'x'", "it is more than a type" }, { "5", "it is more than a type" }, { "int -- x", "it has a comment" }, { "int/**/", "it has a comment" }, { "int + 1", "it is more than a type" },
	{ "in$t", "it has a dollar sign" }, { "$1", "it has a dollar sign" }, { "\"int", "a quote in it has no end" }, { "int \\", "it has a sign that SQL does not know" },
	{ "\"a\"\"b\"", NULL }, { "_m\xc3\xb6glich", NULL }, { "int a1", "it is more than a type" }, { "int withoutwithoutwithout", "it is more than a type" },
}, values[] = {
	{ "0", NULL }, { "-1.5e3", NULL }, { ".5", NULL }, { "'it''s'", NULL }, { "E'a\\'b'", NULL }, { "now() + interval '1 day'", NULL }, { "ARRAY[1, 2]", NULL }, { "a.b('x', \"Y\")::text", NULL },
	{ NULL, "it is empty" }, { "", "it is empty" }, { "1, 2", "it is more than one value" }, { "1; drop table x", "it is more than one value" }, { "1)", "a bracket in it closes what it has not opened" },
	{ "1) NOT NULL, DROP COLUMN x, ADD y int DEFAULT (1", "a bracket in it closes what it has not opened" }, { "(1", "a bracket in it is not closed" },
	{ "'a", "a quote in it has no end" }, { "'a\\'", "a string in it has a backslash; write it as E'...'" }, { "E'a\\", "a quote in it has no end" },
	{ "1 /* x", "it has a comment" }, { "$$a$$", "it has a dollar sign" }, { "1 \\ 2", "it has a sign that SQL does not know" }, { "a~1", NULL }, { "1 +", NULL }, { "date'2020-01-01'", NULL }, { "e'a'", NULL }, { "B'1'", NULL }, { "6 / 2", NULL }, { "1 +--", "it has a comment" }, { "{", "it has a sign that SQL does not know" },
};

START_TEST(a_type_is_one_piece)
{
	const char *why = "";
	ck_assert_msg(sql_is_type(types[_i].text, &why) == !types[_i].why, "%s: %s", types[_i].text, why);
	ck_assert_int_eq(sql_is_type(types[_i].text, NULL), !types[_i].why);
	if (types[_i].why)
		ck_assert_str_eq(why, types[_i].why);
}
END_TEST

START_TEST(a_value_is_one_piece)
{
	const char *why = "";
	ck_assert_msg(sql_is_value(values[_i].text, &why) == !values[_i].why, "%s: %s", values[_i].text, why);
	if (values[_i].why)
		ck_assert_str_eq(why, values[_i].why);
}
END_TEST

static const struct { const char *text; bool same; } proposals[] = {
	{ "ALTER TABLE public.orders ADD COLUMN note text DEFAULT ('') NOT NULL", true }, { "alter table orders add note TEXT not null default '';", true },
	{ "alter table \"orders\"\n add column \"note\" text default '' not null", true }, { "alter table orders add note text default 'x' not null", false },
	{ "alter table orders add note text default ''", false }, { "alter table shop.orders add note text default '' not null", false },
	{ "alter table orders add note text default '' not null; drop table x", false }, { "alter table orders add note text default '", false }, { ";", false },
	{ "alter table orders add \"no\"\"te\" text default '' not null", false }, { "alter table orders add n1 text default '' not null", false },
};

START_TEST(the_same_statement)
{
	const struct plan p = { .recipe = "add-column", .schema = "public", .table = "orders", .column = "note", .add_type = "text", .add_default = "''", .add_not_null = true };
	const struct plan other = { .recipe = "drop-column", .schema = "public", .table = "orders", .column = "note" };
	const char *why = "";
	ck_assert_msg(sql_same(c->a, &p, proposals[_i].text, &why) == proposals[_i].same, "%s: %s", proposals[_i].text, why);
	ck_assert_str_eq(sql_statement(c->a, &p, NULL), proposals[0].text);
	ck_assert_str_eq(sql_take(c->a, &p), "ALTER TABLE public.orders DROP COLUMN note");
	ck_assert_str_eq(sql_take(c->a, &other), "");
}
END_TEST

START_TEST(another_schema_is_named)
{
	const struct plan p = { .recipe = "add-column", .schema = "shop", .table = "orders", .column = "note", .add_type = "text" };
	const char *why = "";
	ck_assert(sql_same(c->a, &p, "alter table shop.orders add note text", &why));
	ck_assert(!sql_same(c->a, &p, "alter table orders add note text", &why));
}
END_TEST

START_TEST(a_comment)
{
	struct plan p = { .recipe = "add-column", .schema = "public", .table = "Orders", .column = "note" };
	ck_assert_str_eq(sql_comment(c->a, &p), "");
	p.add_comment = "a clerk's";
	ck_assert_str_eq(sql_comment(c->a, &p), "COMMENT ON COLUMN public.\"Orders\".note IS 'a clerk''s'");
	p.recipe = "drop-column";
	ck_assert_str_eq(sql_comment(c->a, &p), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("added_sql");
	TCase *t = tcase_create("added_sql");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_type_is_one_piece, 0, sizeof types / sizeof *types);
	tcase_add_loop_test(t, a_value_is_one_piece, 0, sizeof values / sizeof *values);
	tcase_add_loop_test(t, the_same_statement, 0, sizeof proposals / sizeof *proposals);
	tcase_add_test(t, another_schema_is_named);
	tcase_add_test(t, a_comment);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
