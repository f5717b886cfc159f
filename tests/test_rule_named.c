/* SPDX-License-Identifier: MIT */
/* An index that comes, and a table's new name: their statements, what a plan may say of them, and that most of them refuse nothing. */
#include "tests/rule_fixture.h"

START_TEST(an_index)
{
	struct plan p = rule_plan("build-index");
	const struct fact_target absent = { 0 }, unfinished = { .rule = 'f' }, built = { .rule = 't' };
	ck_assert_str_eq(sql_statement(c->a, &p, NULL), "CREATE INDEX CONCURRENTLY \"orders_Rule\" ON public.orders (total, lower(note) DESC)");
	ck_assert_str_eq(sql_take(c->a, &p), "DROP INDEX IF EXISTS public.\"orders_Rule\"");
	ck_assert_str_eq(rule_hold(c->a, &p, &unfinished), "");
	ck_assert_str_eq(rule_spelt(c->a, &p, "x", false, true), "CREATE INDEX \"orders_Rule\" ON x (total, lower(note) DESC)");
	p.add_unique = true;
	p.add_method = "btree";
	p.add_where = "total > 0";
	ck_assert_str_eq(sql_proposal(c->a, &p), "CREATE UNIQUE INDEX CONCURRENTLY \"orders_Rule\" ON public.orders USING btree (total, lower(note) DESC) WHERE (total > 0)");
	ck_assert_ptr_null(rule_broken(c->a, &p));
	ck_assert_ptr_null(rule_other(c->a, &p));
	ck_assert_int_eq(rule_step(&p, &absent), RULE_ABSENT);
	ck_assert_int_eq(rule_step(&p, &unfinished), RULE_NEW_ROWS);
	ck_assert_int_eq(rule_step(&p, &built), RULE_DONE);
	ck_assert_str_eq(plan_noun(&p), "index");
	ck_assert_str_eq(plan_target_name(c->a, &p), "index \"orders_Rule\" of public.orders");
	ck_assert(sql_same(c->a, &p, "create unique index \"orders_Rule\" on orders using btree (total, lower(note) desc) where (total > 0)", NULL));
	ck_assert(sql_same(c->a, &p, "create unique index concurrently \"orders_Rule\" on public.orders using btree (total, lower(note) desc) where (total > 0);", NULL));
	ck_assert(!sql_same(c->a, &p, "create index \"orders_Rule\" on orders using btree (total, lower(note) desc) where (total > 0)", NULL));
	struct plan now = p;
	const char *why;
	now.add_unique = false;
	ck_assert_int_eq(plan_compare(c->a, &p, &now, &why), AMEND_NEW_WALK);
	ck_assert_str_eq(why, "add.unique changed");
}
END_TEST

START_TEST(a_name)
{
	struct plan p = rule_plan("rename-table");
	const struct fact_target old = { 0 }, new = { .rule = 't' };
	struct plan_error *list;
	const char *add = sql_add(c->a, &p);
	ck_assert_ptr_eq(strstr(add, "ALTER TABLE public.orders RENAME TO \"pur chases\"; CREATE VIEW public.orders WITH (security_invoker = true) AS SELECT * FROM public.\"pur chases\"; "
		"COMMENT ON VIEW public.orders IS 'gatewalk: public.pur chases under its old name'; DO '"), add);
	ck_assert_ptr_nonnull(strstr(add, "aclexplode(v.relacl) x WHERE v.oid = pg_catalog.to_regclass(''public.orders'')"));
	ck_assert_str_eq(sql_take(c->a, &p), "DROP VIEW public.orders; ALTER TABLE public.\"pur chases\" RENAME TO orders");
	ck_assert(strstr(add, rule_brief(c->a, &p)) == NULL && strncmp(add, rule_brief(c->a, &p), 120) == 0);
	ck_assert_str_eq(rule_hold(c->a, &p, &new), "");
	ck_assert_ptr_null(rule_broken(c->a, &p));
	ck_assert(!rule_binds(&p));
	ck_assert_int_eq(rule_step(&p, &old), RULE_ABSENT);
	ck_assert_int_eq(rule_step(&p, &new), RULE_DONE);
	ck_assert_str_eq(plan_noun(&p), "new name");
	ck_assert(sql_same(c->a, &p, "alter table orders rename to \"pur chases\"", NULL));
	ck_assert(!sql_same(c->a, &p, "alter table orders rename to purchases", NULL));
	ck_assert_uint_eq(plan_judge(c->a, &p, &list), 0);
	p.add_name = "orders";
	ck_assert(finds(&p, "add.name is the table's name"));
	p.add_name = " ";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.name is empty"));
}
END_TEST

START_TEST(judged_indexes)
{
	struct plan p = rule_plan("build-index");
	struct plan_error *list;
	ck_assert_uint_eq(plan_judge(c->a, &p, &list), 0);
	ck_assert(rule_whole(&p));
	p.add_name = NULL;
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.name is missing"));
	p = rule_plan("build-index");
	p.add_index = "total; DROP TABLE x";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.index is \"total; DROP TABLE x\": it has a semicolon"));
	p.add_index = " ";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.index is empty"));
	p = rule_plan("build-index");
	p.add_where = "a, b";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.where is \"a, b\": it is more than one value"));
	p.add_where = "total > 0";
	ck_assert(rule_whole(&p));
	p.add_method = "heap";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.method is \"heap\""));
	p.add_method = "brin";
	ck_assert(rule_whole(&p));
	gives(&p, "backfill");
	ck_assert(finds(&p, "backfill is given, and build-index fills nothing"));
	p.n_falls = 1;
	p.falls = &(const char *){ "index x" };
	ck_assert(finds(&p, "document.falls lists something, and nothing falls with a constraint"));
	p = rule_plan("add-check");
	gives(&p, "add.unique");
	ck_assert(finds(&p, "add.unique is given, and add-check has no use for it"));
	p = c->plan;
	gives(&p, "add.unique");
	ck_assert(!finds(&p, "add.unique is given, and drop-column has no use for it"));
}
END_TEST

START_TEST(an_index_refuses_nothing)
{
	struct finding o;
	to_new_rows();
	c->plan = rule_plan("build-index");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	core_good_facts(c);
	gate_judge_one(&c->plan, &c->walk, &c->facts, "B7", &o);
	ck_assert_int_eq(o.verdict, NOT_NEEDED);
	ck_assert_int_eq(walk_reads_from(&c->walk, &c->plan), c->walk.confirmed[ITEM_DUAL_WRITE]);
	c->plan.add_unique = true;
	gate_judge_one(&c->plan, &c->walk, &c->facts, "B7", &o);
	ck_assert_int_eq(o.verdict, WAITS);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rule_named");
	TCase *t = tcase_create("rule_named");
	const TTest *const all[] = { an_index, a_name, judged_indexes, an_index_refuses_nothing };
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
