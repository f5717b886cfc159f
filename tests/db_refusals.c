/* SPDX-License-Identifier: MIT */
/* Where a walk does not begin, and acts that come before their time: each with its reason, and nothing is written. */
#include "engine/engine.h"

#include "tests/lib_engine.h"

static struct engine_world w;

static void begins_not(const char *answer)
{
	ck_assert(!world_walk(&w));
	ck_assert_msg(strstr(w.e.msg, answer) != NULL, "\"%s\" and not \"%s\"", w.e.msg, answer);
	ck_assert(w.e.hint[0]);
	ck_assert_str_eq(test_value(w.db, w.a, "SELECT count(*) FROM gatewalk.walk"), "0");
}

/* The plan with one text in it exchanged; until the next one. */
static void plan_with(const char *name, const char *old, const char *new)
{
	const char *text = world_plan(w.a, name), *at = strstr(text, old);
	ck_assert(at != NULL);
	text = arena_printf(w.a, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	ck_assert(file_write(w.plan, text, strlen(text), &w.e));
}

START_TEST(where_no_walk_begins)
{
	world_open(&w, "refbegin");
	plan_with("refbegin", "column: old_total", "column: no_such");
	begins_not("plan.yaml:5:1: ");
	plan_with("refbegin", "column: old_total", "column: id");
	begins_not("public.orders.id: ");
	plan_with("refbegin", "unused_days: 14", "unused_days: 1");
	begins_not("policy.unused_days is 1, below the floor of 14");
	plan_with("refbegin", "  - name: web\n", "  - name: web\n  - name: web\n");
	begins_not("deploys has the name \"web\" twice");
	plan_with("refbegin", "14", "14");
	test_sql(w.db, "DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), '[gatewalk: production]'); END $$");
	begins_not("do not agree: schema says rehearsal, the database's comment production, this machine remembers rehearsal");
	ck_assert_int_eq(w.e.code, ERR_VERIFY);
	test_sql(w.db, "DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS NULL', current_database()); END $$");
	begins_not("the database's comment none");
	world_close(&w, "refbegin");
}
END_TEST

START_TEST(a_database_without_its_mark)
{
	world_open(&w, "refmark");
	test_sql(w.db, "DROP SCHEMA gatewalk CASCADE");
	ck_assert(!world_walk(&w));
	ck_assert_msg(strstr(w.e.msg, " is not marked: gatewalk does not know what it is") != NULL, "%s", w.e.msg);
	world_close(&w, "refmark");
}
END_TEST

START_TEST(acts_before_their_time)
{
	static const struct { struct act act; const char *answer; } rows[] = {
		{ { .kind = ACT_SNAPSHOT }, "this walk has its first snapshot already" },
		{ { .kind = ACT_CONFIRM, .key = "4", .text = "0" }, "the watch has not begun" },
		{ { .kind = ACT_QUIET }, "the count of item 9 does not belong to this part of the walk (consumers)" },
		{ { .kind = ACT_RESTORE }, "a restore does not belong to this part of the walk (consumers)" },
		{ { .kind = ACT_SCHEMA_LOG }, "the schema log is written when the watch is over" },
	};
	world_open(&w, "refearly");
	world_at(&w, AT_DOCUMENT);
	world_expect(&w, &(struct act){ .kind = ACT_CONFIRM, .key = "3", .text = "9.9" }, "the answer to item 3 is not \"9.9\"");
	world_expect(&w, &(struct act){ .kind = ACT_CONFIRM, .key = "3" }, "the answer to item 3 is not \"\"");
	world_at(&w, AT_CONSUMERS);
	int64_t n = w.g->walk.n;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		world_expect(&w, &rows[i].act, rows[i].answer);
	ck_assert_int_eq(w.g->walk.n, n);
	test_sql(w.db, "SELECT old_total FROM public.orders LIMIT 1");
	world_expect(&w, &(struct act){ .kind = ACT_AUDIT }, "");
	for (size_t i = 0; i < w.g->facts.audit.n; i++) {
		const struct consumer *c = &w.g->facts.audit.found[i];
		if (!c->names_column || c->structural)
			continue;
		world_expect(&w, &(struct act){ .kind = ACT_CLEAR, .key = c->key, .text = "settled", .survives = true },
			arena_printf(w.a, "%s names what goes: it cannot survive the drop", c->key));
		world_expect(&w, &(struct act){ .kind = ACT_CLEAR, .key = c->key, .text = "ok" }, "a clearing needs a reason");
		n = -1;
	}
	ck_assert_msg(n == -1, "no statement was found that names the column");
	world_at(&w, AT_READS);
	world_expect(&w, &(struct act){ .kind = ACT_CONFIRM, .key = "8", .text = "moved" }, "deploy web has not said that it uses the target no more");
	world_at(&w, AT_UNUSED);
	test_sql(w.db, "DO $$ DECLARE t name; BEGIN FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'public.orders'::regclass LOOP "
		"EXECUTE format('DROP TRIGGER %I ON public.orders', t); END LOOP; END $$");
	world_expect(&w, &(struct act){ .kind = ACT_QUIET }, "nobody would see a write");
	world_close(&w, "refearly");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("refusals");
	TCase *t = tcase_create("refusals");
	tcase_set_timeout(t, 90);
	tcase_add_test(t, where_no_walk_begins);
	tcase_add_test(t, a_database_without_its_mark);
	tcase_add_test(t, acts_before_their_time);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
