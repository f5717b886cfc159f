/* SPDX-License-Identifier: MIT */
/* A constraint that comes: its statements, how far it is, what a plan may say of it, and its walk line by line. */
#include "tests/rule_fixture.h"

START_TEST(statements)
{
	struct plan null = rule_plan("never-null"), check = rule_plan("add-check"), key = rule_plan("add-foreign-key");
	const struct fact_target absent = { 0 }, is_new = { .rule = 'f' }, all = { .rule = 't' }, done = { .not_null = true };
	ck_assert_str_eq(sql_statement(c->a, &null, NULL), "ALTER TABLE public.orders ADD CONSTRAINT gatewalk_not_null CHECK (note IS NOT NULL) NOT VALID");
	ck_assert_str_eq(rule_hold(c->a, &null, &is_new), "ALTER TABLE public.orders VALIDATE CONSTRAINT gatewalk_not_null");
	ck_assert_str_eq(rule_hold(c->a, &null, &all), "ALTER TABLE public.orders ALTER COLUMN note SET NOT NULL; ALTER TABLE public.orders DROP CONSTRAINT gatewalk_not_null");
	ck_assert_str_eq(rule_hold(c->a, &null, &done), "");
	ck_assert_str_eq(rule_hold(c->a, &null, &absent), "");
	ck_assert_str_eq(sql_take(c->a, &null), "ALTER TABLE public.orders ALTER COLUMN note DROP NOT NULL, DROP CONSTRAINT IF EXISTS gatewalk_not_null");
	ck_assert_str_eq(sql_proposal(c->a, &null), "ALTER TABLE public.orders ALTER COLUMN note SET NOT NULL");
	ck_assert_str_eq(rule_broken(c->a, &null), "r.\"note\" IS NULL");
	ck_assert_str_eq(sql_add(c->a, &check), "ALTER TABLE public.orders ADD CONSTRAINT \"orders_Rule\" CHECK (total >= 0) NOT VALID");
	ck_assert_str_eq(sql_proposal(c->a, &check), "ALTER TABLE public.orders ADD CONSTRAINT \"orders_Rule\" CHECK (total >= 0)");
	ck_assert_str_eq(sql_take(c->a, &check), "ALTER TABLE public.orders DROP CONSTRAINT \"orders_Rule\"");
	ck_assert_str_eq(rule_broken(c->a, &check), "(total >= 0\n) IS FALSE");
	ck_assert_ptr_null(rule_other(c->a, &check));
	ck_assert_str_eq(sql_add(c->a, &key), "ALTER TABLE public.orders ADD CONSTRAINT \"orders_Rule\" FOREIGN KEY (note) REFERENCES public.customers (id) NOT VALID");
	key.add_on_delete = "set null";
	ck_assert_str_eq(sql_proposal(c->a, &key), "ALTER TABLE public.orders ADD CONSTRAINT \"orders_Rule\" FOREIGN KEY (note) REFERENCES public.customers (id) ON DELETE set null");
	ck_assert_str_eq(rule_broken(c->a, &key), "r.\"note\" IS NOT NULL AND NOT EXISTS (SELECT FROM public.customers o WHERE o.\"id\" = r.\"note\")");
	ck_assert_str_eq(plan_target_name(c->a, &null), "public.orders.note");
	ck_assert_str_eq(plan_target_name(c->a, &key), "constraint \"orders_Rule\" of public.orders");
	ck_assert_str_eq(target_noun(plan_target(&key)), "constraint");
	ck_assert_str_eq(sql_comment(c->a, &key), "");
}
END_TEST

START_TEST(how_far)
{
	static const struct { const char *recipe; char rule; bool not_null; enum rule_step is; } steps[] = {
		{ "never-null", 0, false, RULE_ABSENT }, { "never-null", 'f', false, RULE_NEW_ROWS }, { "never-null", 't', false, RULE_ALL_ROWS }, { "never-null", 0, true, RULE_DONE },
		{ "never-null", 't', true, RULE_ALL_ROWS }, { "add-check", 0, false, RULE_ABSENT }, { "add-check", 'f', false, RULE_NEW_ROWS }, { "add-check", 't', false, RULE_DONE },
		{ "add-foreign-key", 0, true, RULE_ABSENT }, { "add-foreign-key", 'f', true, RULE_NEW_ROWS }, { "add-foreign-key", 't', true, RULE_DONE },
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		const struct plan p = rule_plan(steps[i].recipe);
		const struct fact_target t = { .rule = steps[i].rule, .not_null = steps[i].not_null };
		ck_assert_int_eq(rule_step(&p, &t), steps[i].is);
	}
}
END_TEST

START_TEST(the_same_statement)
{
	static const struct { const char *recipe, *sql; bool same; } of[] = {
		{ "never-null", "alter table orders alter note set not null;", true }, { "never-null", "ALTER TABLE public.orders ALTER COLUMN note SET NOT NULL", true },
		{ "never-null", "alter table orders add constraint gatewalk_not_null check (note is not null) not valid", true }, { "never-null", "alter table orders alter total set not null", false },
		{ "add-check", "alter table orders add constraint \"orders_Rule\" check (total >= 0)", true }, { "add-check", "alter table orders add constraint \"orders_Rule\" check (total >= 0) not valid", true },
		{ "add-check", "alter table orders add constraint \"orders_Rule\" check (total > 0)", false }, { "add-check", "alter table other.orders add constraint \"orders_Rule\" check (total >= 0)", false },
		{ "add-foreign-key", "alter table orders add constraint \"orders_Rule\" foreign key (note) references public.customers (id)", true },
		{ "add-foreign-key", "alter table orders add constraint \"orders_Rule\" foreign key (note) references public.customers (id) on delete cascade", false },
		{ "add-check", "alter table orders add $x", false },
	};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		const struct plan p = rule_plan(of[i].recipe);
		const char *why;
		ck_assert_msg(sql_same(c->a, &p, of[i].sql, &why) == of[i].same, "%s: %s", of[i].sql, why);
		if (of[i].same)
			ck_assert_str_eq(why, "it asks for the change that gatewalk makes in steps");
	}
	struct plan p = rule_plan("add-check");
	p.schema = "shop";
	ck_assert(!sql_same(c->a, &p, "alter table orders add constraint \"orders_Rule\" check (total >= 0)", NULL));
}
END_TEST

START_TEST(judged)
{
	static const char *const recipes[] = { "never-null", "add-check", "add-foreign-key" };
	struct plan_error *list;
	for (size_t i = 0; i < 3; i++) {
		struct plan p = rule_plan(recipes[i]);
		size_t n = plan_judge(c->a, &p, &list);
		ck_assert_msg(n == 0, "%s: %s", recipes[i], n ? list[0].what : "");
		ck_assert(rule_whole(&p));
		p.statement = "alter table orders drop column note";
		ck_assert(finds(&p, "statement is not the one of the target: it says something else than the target and the fields under add"));
		p.n_falls = 1;
		p.falls = &(const char *){ "index x" };
		ck_assert(finds(&p, "document.falls lists something, and nothing falls with a constraint"));
		gives(&p, "add.type");
		ck_assert(finds(&p, arena_printf(c->a, "add.type is given, and %s adds no column", recipes[i])));
		p.backfill.fills = "differences";
		ck_assert(finds(&p, arena_printf(c->a, "backfill.fills is \"differences\", and %s fills what is null", recipes[i])));
		p.backfill.fills = "nulls";
		gives(&p, "backfill");
		ck_assert(finds(&p, arena_printf(c->a, "backfill is given, and %s fills nothing", recipes[i])) == (i > 0));
	}
	struct plan p = rule_plan("never-null");
	p.column = " ";
	ck_assert(finds(&p, "target.column is empty"));
	ck_assert(!rule_whole(&p));
	gives(&p, "add.name");
	ck_assert(finds(&p, "add.name is given, and never-null has no use for it"));
	p = rule_plan("add-check");
	p.add_name = "";
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.name is empty"));
	p.add_check = NULL;
	ck_assert(finds(&p, "add.check is missing"));
	p.add_check = "a; b";
	ck_assert(finds(&p, "add.check is \"a; b\": it is more than one value"));
	p.column = "x";
	ck_assert(finds(&p, "target.column is given, and add-check takes no single column"));
	p = rule_plan("add-check");
	p.add_check = "1)";
	ck_assert(!rule_whole(&p));
	p = c->plan;
	gives(&p, "add.check");
	ck_assert(!finds(&p, "add.check is given, and drop-column has no use for it"));   /* that it adds nothing is said already */
	p.recipe = "add-column";
	ck_assert(finds(&p, "add.check is given, and add-column has no use for it"));
	ck_assert(!rule_whole(&p));
}
END_TEST

START_TEST(judged_keys)
{
	struct plan p = rule_plan("add-foreign-key");
	const char **parts[] = { &p.add_name, &p.column, &p.add_refers_schema, &p.add_refers_table, &p.add_refers_column };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *was = *parts[i];
		*parts[i] = NULL;
		ck_assert(!rule_whole(&p));
		*parts[i] = was;
	}
	p.add_refers_table = NULL;
	ck_assert(finds(&p, "add.refers_to.table is missing"));
	p = rule_plan("add-foreign-key");
	p.add_on_delete = "vanish";
	ck_assert(finds(&p, "add.on_delete is \"vanish\""));
	ck_assert(!rule_whole(&p));
	p.add_on_delete = "restrict";
	ck_assert(!finds(&p, "add.on_delete is \"restrict\""));
	ck_assert(rule_whole(&p));
	struct plan now = p;
	const char *why;
	now.add_on_delete = NULL;
	ck_assert_int_eq(plan_compare(c->a, &p, &now, &why), AMEND_NEW_WALK);
	ck_assert_str_eq(why, "add.on_delete was \"restrict\" and is now not given");
}
END_TEST

START_TEST(the_whole_way)
{
	to_new_rows();
	int64_t added = c->walk.changed_n;
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	ck_assert(walk_change_may(&c->walk, CHANGE_HOLD));
	says(OP_CHANGE, CHANGE("hold", "16400"));
	ck_assert_int_eq(c->walk.change, CHANGE_HOLD);
	ck_assert_str_eq(change_name(c->walk.change), "hold");
	ck_assert_int_eq(walk_change_to(&c->walk), AT_READS);
	ck_assert_msg(changed("not done", 0, c->walk.n - 1), "%s", c->err.msg);
	says(OP_CHANGE, CHANGE("hold", "16400"));
	ck_assert_msg(changed("done", 0, c->walk.n - 1), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_READS);
	ck_assert_int_eq(c->walk.changed_n, added);   /* a database of before it has all that the walk needs */
	says(OP_CONFIRM, "{'item':8,'typed':'held'}");
	ck_assert_int_eq(c->walk.stage, AT_MONITOR);
	back(AT_MONITOR, AT_READS);
	back(AT_READS, AT_WRITES);
	says(OP_CHANGE, CHANGE("take", "16400"));
	ck_assert_msg(changed("done", 0, c->walk.n - 1), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_EXPAND);
	ck_assert_int_eq(c->walk.added_at, 0);
}
END_TEST

START_TEST(a_column_is_asked_of_no_row)
{
	to_writes();
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	ck_assert(!walk_change_may(&c->walk, CHANGE_HOLD));
	ck_assert(!walk_change_may(&c->walk, (enum change)(CHANGE_HOLD + 1)));
	ck_assert(!core_fold(c, OP_CHANGE, CHANGE("hold", "16400")));
	ck_assert(strstr(c->err.msg, "a new column is asked of no row"));
	ck_assert(!core_foldf(c, OP_BEGIN, BEGIN, "destructive", 0, "constraint"));
}
END_TEST

START_TEST(permitted)
{
	struct err e = { 0 };
	to_new_rows();
	c->plan = rule_plan("add-check");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	core_good_facts(c);
	c->facts.target.rule = 'f';
	ck_assert(!gate_alter_allowed(&c->plan, &c->walk, &c->facts, CHANGE_HOLD, &e));
	ck_assert(strstr(e.msg, "B7"));
	c->t += 5 * US_HOUR;
	core_good_facts(c);
	c->facts.target.rule = 'f';
	ck_assert_msg(gate_alter_allowed(&c->plan, &c->walk, &c->facts, CHANGE_HOLD, &e), "%s", e.msg);
	ck_assert_str_eq(permit_statement(c->a, &c->plan, &c->walk, &c->facts), rule_add(c->a, &c->plan));
	says(OP_CHANGE, CHANGE("hold", "16400"));
	ck_assert_str_eq(permit_statement(c->a, &c->plan, &c->walk, &c->facts), "ALTER TABLE public.orders VALIDATE CONSTRAINT \"orders_Rule\"");
	c->facts.target.rule = 't';
	ck_assert_str_eq(permit_statement(c->a, &c->plan, &c->walk, &c->facts), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rule");
	TCase *t = tcase_create("rule");
	const TTest *const all[] = { statements, how_far, the_same_statement, judged, judged_keys, the_whole_way, a_column_is_asked_of_no_row, permitted };
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
