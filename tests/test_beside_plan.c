/* SPDX-License-Identifier: MIT */
/* Two columns side by side: the plan, what of it another version changes, and the SQL that follows from it. */
#include "tests/lib_test.h"

#include <string.h>

#include "base/arena.h"
#include "core/fact.h"
#include "core/plan.h"
#include "core/sql.h"

static struct arena *a;
static struct plan p;
static struct plan_pause one = { .when = "replication lag", .above = 5, .has_above = true };

/* As the file's fields are given; plan_finish is up to the test. */
static struct plan given(const char *recipe, const char *const *paths, size_t n)
{
	struct plan q = { .recipe = recipe, .schema = "public", .table = "orders", .column = "total", .add_column = "cents", .add_type = "bigint", .dual_write = "trigger" };
	plan_defaults(&q);
	q.archetype = plan_recipe(&q);
	q.convert_to = q.archetype == ARCH_TYPE ? "total * 100" : NULL;
	q.backfill.pauses = &one;
	q.backfill.n_pauses = 1;
	q.marks = arena_array(a, n + 1, sizeof *q.marks);
	q.marks[q.n_marks++].path = "backfill";
	for (size_t i = 0; i < n; i++)
		q.marks[q.n_marks++].path = paths[i];
	return q;
}

static void setup(void)
{
	a = arena_new();
	p = given("change-type", NULL, 0);
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(the_other_way)
{
	p.column = "old";
	p.add_column = "new";
	p.convert_to = p.backfill.value = "old::int";
	p.convert_back = "new::text";
	struct plan back = plan_reversed(&p);
	ck_assert_str_eq(back.column, "new");
	ck_assert_str_eq(back.add_column, "old");
	ck_assert_str_eq(back.backfill.value, "new::text");
	ck_assert_str_eq(back.convert_back, "old::int");
	ck_assert_str_eq(back.backfill.fills, "differences");
	ck_assert_str_eq(p.backfill.value, "old::int");
}
END_TEST

START_TEST(recipes)
{
	static const struct { const char *recipe; enum archetype arch; enum target target; int unused, window; } all[] = {
		{ "rename-column", ARCH_RENAME, TARGET_COLUMN, 3, 7 }, { "change-type", ARCH_TYPE, TARGET_COLUMN, 14, 14 }, { "drop-column", ARCH_DESTRUCTIVE, TARGET_COLUMN, 14, 0 },
		{ "add-column", ARCH_ADDITIVE, TARGET_ADDED, 14, 0 }, { "no such", ARCH_NONE, TARGET_NONE, 14, 0 }, { NULL, ARCH_NONE, TARGET_NONE, 14, 0 },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct plan q = { .recipe = all[i].recipe, .column = "total", .add_column = "cents" };
		ck_assert_int_eq(plan_recipe(&q), all[i].arch);
		ck_assert_int_eq(plan_target(&q), all[i].target);
		ck_assert_int_eq(plan_unused_days(&q), all[i].unused);
		ck_assert_int_eq(plan_window_days(&q), all[i].window);
		const char *comes = all[i].arch == ARCH_ADDITIVE ? "total" : archetype_beside(all[i].arch) ? "cents" : NULL;
		ck_assert_pstr_eq(plan_new_column(&q), comes);
		q.window_days = 20;
		ck_assert_int_eq(plan_window_days(&q), all[i].window ? 20 : 0);
		q.longest_job_days = 31;
		ck_assert_int_eq(plan_unused_days(&q), 32);
	}
	ck_assert_int_eq(archetype_unused_floor((enum archetype)99), 14);
	ck_assert_int_eq(archetype_window_floor((enum archetype)99), 0);
}
END_TEST

START_TEST(what_follows)
{
	static const char *const days[] = { "policy.unused_days" };
	p = given("rename-column", NULL, 0);
	plan_finish(a, &p);
	ck_assert_str_eq(p.convert_to, "total");
	ck_assert_str_eq(p.convert_back, "cents");
	ck_assert_str_eq(p.backfill.value, "total");
	ck_assert_str_eq(p.backfill.fills, "differences");   /* it has a way back */
	ck_assert_int_eq(p.unused_days, 3);
	ck_assert_int_eq(plan_unused_days(&p), 8);   /* the rarest job, and a day */
	ck_assert(!plan_dual_by_application(&p));
	p = given("rename-column", days, 1);
	p.column = "Old \"Total\"";
	p.add_column = NULL;
	p.dual_write = "application";
	plan_finish(a, &p);
	ck_assert_int_eq(p.unused_days, 14);
	ck_assert_str_eq(p.convert_to, "\"Old \"\"Total\"\"\"");
	ck_assert_ptr_null(p.convert_back);
	ck_assert(plan_dual_by_application(&p));
	p.column = NULL;
	plan_finish(a, &p);
	ck_assert_ptr_null(p.convert_to);
	p = given("change-type", NULL, 0);
	plan_finish(a, &p);
	ck_assert_str_eq(p.backfill.value, "total * 100");
	ck_assert_ptr_null(p.convert_back);
	p.backfill.fills = "all";   /* the plan's own word stays */
	p.convert_back = "cents / 100";
	plan_finish(a, &p);
	ck_assert_str_eq(p.backfill.fills, "all");
	p = given("drop-column", NULL, 0);
	plan_finish(a, &p);
	ck_assert_ptr_null(p.backfill.value);
}
END_TEST

static bool finds(const char *what)
{
	struct plan_error *list;
	size_t n = plan_judge(a, &p, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].what, what) == 0)
			return true;
	return false;
}

/* What the fixtures in tests/plans do not say. */
START_TEST(judged)
{
	plan_finish(a, &p);
	ck_assert(!finds("add.column is missing") && !finds("convert.to is missing") && !finds("dual_write is missing") && !finds("backfill.value is missing"));
	p.add_column = p.dual_write = p.convert_to = "";
	ck_assert(finds("add.column is empty"));
	ck_assert(finds("dual_write is empty"));
	ck_assert(finds("convert.to is empty"));
	p.add_column = p.convert_to = NULL;
	ck_assert(finds("add.column is missing"));
	ck_assert(finds("convert.to is missing"));
	p.statement = "alter table orders drop total";   /* not judged before the target is whole */
	ck_assert(!finds("statement is not the one of the target: it says something else than the target, add.type and convert.to"));
	p.add_column = "cents";
	p.convert_to = "total * 100";
	ck_assert(finds("statement is not the one of the target: it says something else than the target, add.type and convert.to"));
	p.add_type = "bigint; DROP TABLE x";
	ck_assert(!finds("statement is not the one of the target: it says something else than the target, add.type and convert.to"));
	p.add_type = "bigint";
	p.column = " ";
	ck_assert(!finds("statement is not the one of the target: it says something else than the target, add.type and convert.to"));
	p.column = "total";
	p.archetype = ARCH_DESTRUCTIVE;
	ck_assert(finds("archetype is destructive, and change-type is type change"));
	p.dual_write = "application";
	p.window_days = 14;
	ck_assert(!finds("dual_write is \"application\"") && !finds("policy.window_days is 14, below the floor of 14"));
}
END_TEST

static void compare(enum amend_class class, const char *why)
{
	struct plan old = given("change-type", NULL, 0);
	const char *is;
	plan_finish(a, &old);
	plan_finish(a, &p);
	ck_assert_msg(plan_compare(a, &old, &p, &is) == class, "%s", is);
	ck_assert_str_eq(is, why);
	p = given("change-type", NULL, 0);
}

START_TEST(amended)
{
	compare(AMEND_SAME, "no field changed");
	p.convert_to = "round(total * 100)";
	compare(AMEND_BACKFILL, "convert.to was \"total * 100\" and is now \"round(total * 100)\"");
	p.convert_back = "cents / 100.0";
	compare(AMEND_BACKFILL, "convert.back was not given and is now \"cents / 100.0\"");
	p.convert_check = "cents >= 0";
	compare(AMEND_BACKFILL, "convert.check was not given and is now \"cents >= 0\"");
	p.add_column = "pence";
	p.convert_to = "total";
	compare(AMEND_NEW_WALK, "add.column was \"cents\" and is now \"pence\"");
	p.dual_write = "application";
	compare(AMEND_NEW_WALK, "dual_write was \"trigger\" and is now \"application\"");
	p.window_days = 20;
	compare(AMEND_STRICTER, "policy.window_days was 0 and is now 20");
	p.recipe = "rename-column";
	p.convert_to = "total * 100";
	compare(AMEND_NEW_WALK, "recipe was \"change-type\" and is now \"rename-column\"");
}
END_TEST

START_TEST(statements)
{
	p = given("rename-column", NULL, 0);
	plan_finish(a, &p);
	ck_assert_str_eq(sql_statement(a, &p, NULL), "ALTER TABLE public.orders DROP COLUMN total");
	ck_assert_str_eq(sql_add(a, &p), "ALTER TABLE public.orders ADD COLUMN cents bigint");
	ck_assert_str_eq(sql_take(a, &p), "ALTER TABLE public.orders DROP COLUMN cents");
	ck_assert_str_eq(sql_proposal(a, &p), "ALTER TABLE public.orders RENAME COLUMN total TO cents");
	p = given("change-type", NULL, 0);
	ck_assert_str_eq(sql_proposal(a, &p), "ALTER TABLE public.orders ALTER COLUMN total TYPE bigint USING total * 100");
	p.convert_to = NULL;
	ck_assert_str_eq(sql_proposal(a, &p), "ALTER TABLE public.orders ALTER COLUMN total TYPE bigint");
	p = given("drop-column", NULL, 0);
	ck_assert_str_eq(sql_proposal(a, &p), "ALTER TABLE public.orders DROP COLUMN total");
	ck_assert_str_eq(sql_add(a, &p), "");
}
END_TEST

START_TEST(relaxed_and_back)
{
	static const char *keys[] = { "orders_total_fkey", "Second Key" }, *as[] = { "FOREIGN KEY (total) REFERENCES sums(n)", "FOREIGN KEY (total) REFERENCES x(y)" };
	struct fact_target t = { .attnum = 7 };
	size_t n;
	ck_assert_str_eq(sql_relax(a, &p, &t), "");
	ck_assert_str_eq(sql_tighten(a, &p, &t), "");
	sql_tighten_rest(a, &p, &t, &n);
	ck_assert_uint_eq(n, 0);
	t.def = "0";
	ck_assert_str_eq(sql_relax(a, &p, &t), "ALTER TABLE public.orders ALTER COLUMN total DROP DEFAULT");
	t.not_null = true;
	t.foreign = keys;
	t.foreign_as = as;
	t.n_foreign = 2;
	ck_assert_str_eq(sql_relax(a, &p, &t), "ALTER TABLE public.orders ALTER COLUMN total DROP NOT NULL, ALTER COLUMN total DROP DEFAULT, "
		"DROP CONSTRAINT orders_total_fkey, DROP CONSTRAINT \"Second Key\"");
	ck_assert_str_eq(sql_tighten(a, &p, &t), "ALTER TABLE public.orders ALTER COLUMN total SET DEFAULT 0, ADD CONSTRAINT gatewalk_not_null_7 CHECK (total IS NOT NULL) NOT VALID, "
		"ADD CONSTRAINT orders_total_fkey FOREIGN KEY (total) REFERENCES sums(n) NOT VALID, ADD CONSTRAINT \"Second Key\" FOREIGN KEY (total) REFERENCES x(y) NOT VALID");
	const char **rest = sql_tighten_rest(a, &p, &t, &n);
	ck_assert_uint_eq(n, 4);
	ck_assert_str_eq(rest[0], "ALTER TABLE public.orders VALIDATE CONSTRAINT orders_total_fkey");
	ck_assert_str_eq(rest[1], "ALTER TABLE public.orders VALIDATE CONSTRAINT \"Second Key\"");
	ck_assert_str_eq(rest[2], "ALTER TABLE public.orders VALIDATE CONSTRAINT gatewalk_not_null_7");
	ck_assert_str_eq(rest[3], "ALTER TABLE public.orders ALTER COLUMN total SET NOT NULL; ALTER TABLE public.orders DROP CONSTRAINT gatewalk_not_null_7");
	as[0] = "short";   /* of no server's making */
	ck_assert_ptr_nonnull(strstr(sql_tighten(a, &p, &t), "short NOT VALID"));
	as[1] = "FOREIGN KEY (total) REFERENCES x(y) NOT VALID";   /* never looked at, and so it comes again */
	ck_assert_ptr_nonnull(strstr(sql_tighten(a, &p, &t), "REFERENCES x(y) NOT VALID"));
	ck_assert_ptr_null(strstr(sql_tighten(a, &p, &t), "NOT VALID NOT VALID"));
	sql_tighten_rest(a, &p, &t, &n);
	ck_assert_uint_eq(n, 3);
	p.add_comment = "in cents";
	ck_assert_str_eq(sql_comment(a, &p), "COMMENT ON COLUMN public.orders.cents IS 'in cents'");
	t.def = NULL;
	t.not_null = false;
	ck_assert_str_eq(sql_relax(a, &p, &t), "ALTER TABLE public.orders DROP CONSTRAINT orders_total_fkey, DROP CONSTRAINT \"Second Key\"");
	ck_assert_ptr_nonnull(strstr(sql_tighten(a, &p, &t), "orders ADD CONSTRAINT orders_total_fkey"));
	t.n_foreign = 0;
	t.not_null = true;
	ck_assert_str_eq(sql_relax(a, &p, &t), "ALTER TABLE public.orders ALTER COLUMN total DROP NOT NULL");
	ck_assert_str_eq(sql_tighten(a, &p, &t), "ALTER TABLE public.orders ADD CONSTRAINT gatewalk_not_null_7 CHECK (total IS NOT NULL) NOT VALID");
}
END_TEST

/* No statement that gatewalk sends renames a column or changes its type. */
START_TEST(nothing_in_place)
{
	static const char *const recipes_of[] = { "rename-column", "change-type" };
	struct fact_target t = { .attnum = 7, .not_null = true, .def = "0" };
	size_t n;
	for (size_t i = 0; i < 2; i++) {
		p = given(recipes_of[i], NULL, 0);
		plan_finish(a, &p);
		const char *sent[] = { sql_statement(a, &p, &t), sql_add(a, &p), sql_take(a, &p), sql_relax(a, &p, &t), sql_tighten(a, &p, &t), sql_tighten_rest(a, &p, &t, &n)[1] };
		for (size_t k = 0; k < sizeof sent / sizeof *sent; k++)
			ck_assert_msg(*sent[k] && !strstr(sent[k], "RENAME") && !strstr(sent[k], "TYPE"), "%s", sent[k]);
	}
}
END_TEST

static const struct { const char *recipe, *text; bool same; } proposals[] = {
	{ "rename-column", "ALTER TABLE orders RENAME total TO cents", true }, { "rename-column", "alter table public.orders rename column \"total\" to cents;", true },
	{ "rename-column", "alter table orders rename total to other", false }, { "rename-column", "alter table orders rename cents to total", false },
	{ "rename-column", "alter table orders rename to cents", false }, { "rename-column", "alter table orders drop total", false },
	{ "rename-column", "alter table orders rename total to cents; drop table x", false }, { "rename-column", "alter table orders rename total to $1", false },
	{ "change-type", "ALTER TABLE public.orders ALTER COLUMN total SET DATA TYPE bigint USING (total * 100)", true }, { "change-type", "alter table orders alter total type bigint using total*100", true },
	{ "change-type", "alter table orders alter total type bigint", true }, { "change-type", "alter table orders alter total type bigint using total", false },
	{ "change-type", "alter table orders alter total type int", false }, { "change-type", "alter table shop.orders alter total type bigint", false }, { "change-type", "", false },
};

START_TEST(what_others_would_have_run)
{
	const char *why = "";
	p = given(proposals[_i].recipe, NULL, 0);
	plan_finish(a, &p);
	ck_assert_msg(sql_same(a, &p, proposals[_i].text, &why) == proposals[_i].same, "%s: %s", proposals[_i].text, why);
	if (proposals[_i].same)
		ck_assert_str_eq(why, "it asks for the change that gatewalk makes in steps");
}
END_TEST

START_TEST(a_proposal_names_its_schema)
{
	const char *why;
	p.schema = "shop";
	p.convert_to = NULL;
	ck_assert(sql_same(a, &p, "alter table shop.orders alter total type bigint", &why));
	ck_assert(!sql_same(a, &p, "alter table orders alter total type bigint", &why));
	ck_assert(!sql_same(a, &p, "alter table shop.orders alter total type bigint using total", &why));
	p = given("rename-column", NULL, 0);
	p.schema = "shop";
	ck_assert(sql_same(a, &p, "alter table shop.orders rename total to cents", &why));
	ck_assert(!sql_same(a, &p, "alter table orders rename total to cents", &why));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside_plan");
	TCase *t = tcase_create("beside_plan");
	const TTest *const all[] = { recipes, what_follows, judged, amended, statements, relaxed_and_back, a_proposal_names_its_schema, nothing_in_place, the_other_way };
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, what_others_would_have_run, 0, sizeof proposals / sizeof *proposals);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
