/* SPDX-License-Identifier: MIT */
/* An index that comes, a table's new name, and a table that is split: their statements, what a plan may say of them, and that most of them refuse nothing. */
#include "core/split.h"
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

START_TEST(a_split)
{
	struct plan p = rule_plan("split-table");
	const struct fact_target absent = { 0 }, filling = { .rule = 'f' }, kept = { .rule = 'k' }, broken = { .rule = 'b' }, alone = { .rule = 't' };
	struct plan_error *list;
	gives(&p, "backfill");
	p.name = "a-split";
	const char *take = rule_hold(c->a, &p, &kept);
	ck_assert_str_eq(take, "DROP TRIGGER IF EXISTS zz_gatewalk_split_a_split_i ON \"public\".\"orders\";\nDROP TRIGGER IF EXISTS zz_gatewalk_split_a_split_u ON \"public\".\"orders\";\n"
		"DROP TRIGGER IF EXISTS zz_gatewalk_split_a_split_d ON \"public\".\"orders\";\nDROP FUNCTION IF EXISTS gatewalk.split_a_split();\nCOMMENT ON TABLE \"public\".\"order notes\" IS 'gatewalk: split off public.orders, stands by itself'");
	ck_assert(strncmp(sql_take(c->a, &p), take, (size_t)(strstr(take, ";\nCOMMENT") - take)) == 0 && strstr(sql_take(c->a, &p), "COMMENT ON TABLE \"public\".\"order notes\" IS NULL") && !strstr(sql_take(c->a, &p), "DROP TABLE"));
	ck_assert_str_eq(rule_hold(c->a, &p, &filling), "");
	ck_assert_str_eq(rule_hold(c->a, &p, &alone), "");
	ck_assert_str_eq(sql_add(c->a, &p), "CREATE TABLE public.\"order notes\" (the key of public.orders, note, \"Lang\"; FOREIGN KEY, ON DELETE CASCADE), with its owner and rights, and triggers that bring over "
		"every write (copy SQL shows how)");
	ck_assert_ptr_null(rule_broken(c->a, &p));
	ck_assert(!rule_binds(&p));
	ck_assert_int_eq(rule_step(&p, &absent), RULE_ABSENT);
	ck_assert_int_eq(rule_step(&p, &broken), RULE_ABSENT);
	ck_assert_int_eq(rule_step(&p, &filling), RULE_NEW_ROWS);
	ck_assert_int_eq(rule_step(&p, &kept), RULE_ALL_ROWS);
	ck_assert_int_eq(rule_step(&p, &alone), RULE_DONE);
	ck_assert_str_eq(plan_noun(&p), "new table");
	ck_assert(!sql_same(c->a, &p, "create table \"order notes\" (id int)", NULL));
	ck_assert_uint_eq(plan_judge(c->a, &p, &list), 0);
	struct plan now = p;
	const char *why;
	now.n_add_columns = 1;
	ck_assert_int_eq(plan_compare(c->a, &p, &now, &why), AMEND_NEW_WALK);
	ck_assert_int_eq(plan_compare(c->a, &now, &p, &why), AMEND_NEW_WALK);
}
END_TEST

START_TEST(judged_splits)
{
	static const char *twice[] = { "note", "note" };
	struct plan p = rule_plan("split-table");
	ck_assert(finds(&p, "backfill.pause names no condition"));
	gives(&p, "backfill");
	p.add_columns = twice;
	ck_assert(finds(&p, "add.columns names note twice"));
	p.n_add_columns = 0;
	ck_assert(!rule_whole(&p));
	ck_assert(finds(&p, "add.columns is empty"));
	p.has_add_columns = false;
	ck_assert(finds(&p, "add.columns is missing"));
	p = rule_plan("split-table");
	p.add_name = "orders";
	p.backfill.value = "1";
	gives(&p, "backfill");
	ck_assert(finds(&p, "add.name is the table's name"));
	ck_assert(finds(&p, "backfill.value is given, and what goes over is the row's own"));
	p.backfill.n_pauses = 0;
	ck_assert(finds(&p, "backfill.pause names no condition"));
	p = rule_plan("add-check");
	gives(&p, "add.columns");
	ck_assert(finds(&p, "add.columns is given, and add-check has no use for it"));
}
END_TEST

/* The triggers go behind the last deploy that needs them: the permit says so itself, whatever the engine asked. */
START_TEST(the_triggers_stay_while_they_are_needed)
{
	struct err e = { 0 };
	to_new_rows();
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	const struct plan check = c->plan;
	c->plan = rule_plan("split-table");
	c->plan.name = check.name;
	c->plan.deploys = check.deploys;
	c->plan.n_deploys = check.n_deploys;
	core_good_facts(c);
	c->facts.target.rule = 'k';
	c->facts.locked = true;
	struct walk *w = &c->walk;
	w->stage = AT_CHANGING, w->change = CHANGE_HOLD, w->intent_n = 9, w->outcome_known = false, w->dropped = false;
	w->intent_statement = permit_statement(c->a, &c->plan, w, &c->facts);
	w->intent_expires = c->facts.now + US_MINUTE;
	ck_assert_ptr_nonnull(strstr(w->intent_statement, "DROP TRIGGER"));
	struct permit *any = arena_alloc(c->a, permit_size());
	memset(any, 0, permit_size());
	/* Issued now, and what it is bound to is not asked for here. */
	memcpy(any, &c->facts.now, sizeof c->facts.now);
	ck_assert(!permit_rejudge(any, &c->plan, w, &c->facts, &e));
	ck_assert_str_eq(e.msg, "no permit: not every deploy uses the new table alone");
	c->plan.n_deploys = 0;
	err_clear(&e);
	ck_assert_msg(permit_rejudge(any, &c->plan, w, &c->facts, &e), "%s", e.msg);
	c->facts.target.rule = 'b';
	ck_assert(!permit_rejudge(any, &c->plan, w, &c->facts, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "asks for another statement"));
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
	const TTest *const all[] = { an_index, a_name, a_split, judged_splits, the_triggers_stay_while_they_are_needed, judged_indexes, an_index_refuses_nothing };
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
