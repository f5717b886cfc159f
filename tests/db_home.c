/* SPDX-License-Identifier: MIT */
/* Home: each walk by its summary, or by its log where there is none; the step back, clearings that are refused, and leaving. */
#include "engine/engine.h"

#include "tests/lib_engine.h"

static struct engine_world w;

static const struct view_walk *home(void)
{
	ck_assert_msg(engine_home(w.g, &w.e), "%s", w.e.msg);
	ck_assert_uint_eq(w.g->n_walks, 1);
	return &w.g->walks[0];
}

static const char *in_walk(const char *file)
{
	return arena_printf(w.a, "%s/%s/%s", path_walks(w.a), test_value(w.db, w.a, "SELECT max(sid) FROM gatewalk.walk"), file);
}

static void put(const char *file, const char *text)
{
	ck_assert_msg(file_write(in_walk(file), text, strlen(text), &w.e), "%s", w.e.msg);
}

/* The log alone says the same of a walk as its summary. */
static void same_by_log(const char *summary)
{
	struct view_walk by_summary = *home();
	const char *name = arena_dup(w.a, by_summary.name), *server = arena_dup(w.a, by_summary.server), *db = arena_dup(w.a, by_summary.db);
	put("summary", summary);
	const struct view_walk *by_log = home();
	ck_assert_str_eq(by_log->name, name);
	ck_assert_str_eq(by_log->server, server);
	ck_assert_str_eq(by_log->db, db);
	ck_assert_int_eq(by_log->mood, by_summary.mood);
	ck_assert_int_eq(by_log->closed != 0, by_summary.closed != 0);
	ck_assert_int_eq(by_log->needs_you, by_summary.needs_you);
	ck_assert_str_eq(by_log->note, "public.orders.old_total");
}

START_TEST(a_walk_by_its_log)
{
	world_open(&w, "homelog");
	world_at(&w, AT_CONSUMERS);
	ck_assert_str_eq(home()->step, "4 consumers");
	ck_assert_str_eq(home()->note, "watch it, clear each consumer");
	same_by_log("");
	ck_assert_str_eq(home()->step, "4 consumers");
	put("summary", "{\"name\":\"homelog\"}");
	ck_assert_str_eq(home()->step, "4 consumers");
	world_expect(&w, &(struct act){ .kind = ACT_LEAVE, .text = "not wanted" }, "");
	ck_assert_int_eq(home()->mood, MOOD_SHUT);
	ck_assert_str_eq(home()->closing, "left");
	same_by_log("no summary");
	ck_assert_str_eq(home()->step, "left");
	engine_free(w.g);
	put("plan.gwlog", "no log\n");
	world_engine(&w);
	ck_assert_str_eq(home()->name, "?");
	ck_assert_str_eq(home()->step, "log does not verify");
	ck_assert_int_eq(home()->mood, MOOD_SHUT);
	ck_assert(*home()->note);
	world_close(&w, "homelog");
}
END_TEST

/* What needs somebody comes first, what is over last. */
START_TEST(walks_in_their_order)
{
	world_open(&w, "homemany");
	world_at(&w, AT_SNAPSHOT);
	world_expect(&w, &(struct act){ .kind = ACT_LEAVE, .text = "not wanted" }, "");
	const char *other = world_plan(w.a, "second"), *third = world_plan(w.a, "third");
	ck_assert(file_write(w.plan, other, strlen(other), &w.e) && world_walk(&w));
	world_expect(&w, &(struct act){ .kind = ACT_LEAVE, .text = "not this one either" }, "");
	ck_assert(file_write(w.plan, third, strlen(third), &w.e) && world_walk(&w));
	ck_assert(engine_home(w.g, &w.e));
	ck_assert_uint_eq(w.g->n_walks, 3);
	ck_assert_str_eq(w.g->walks[0].name, "third");
	ck_assert_str_eq(w.g->walks[1].name, "second");
	ck_assert_str_eq(w.g->walks[2].name, "homemany");
	ck_assert(w.g->walks[0].needs_you && !w.g->walks[1].needs_you && w.g->walks[1].closed >= w.g->walks[2].closed);
	world_close(&w, "homemany");
}
END_TEST

START_TEST(back_and_cleared)
{
	world_open(&w, "homeback");
	world_at(&w, AT_CONSUMERS);
	test_sql(w.db, "CREATE VIEW public.totals AS SELECT old_total FROM public.orders");
	world_expect(&w, &(struct act){ .kind = ACT_AUDIT }, "");
	world_expect(&w, &(struct act){ .kind = ACT_CLEAR, .key = "view public.totals", .text = "settled" },
		"view public.totals would be lost or would block the drop: a word cannot clear it");
	world_expect(&w, &(struct act){ .kind = ACT_BACK, .text = "read it once more" }, "");
	ck_assert_int_eq(w.g->walk.stage, AT_GATE_A);
	world_expect(&w, &(struct act){ .kind = ACT_BACK, .text = "and again" }, "");
	ck_assert_int_eq(w.g->walk.stage, AT_DOCUMENT);
	ck_assert_str_eq(home()->note, "read the document, and confirm it");
	world_close(&w, "homeback");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("home");
	TCase *t = tcase_create("home");
	tcase_set_timeout(t, 90);
	tcase_add_test(t, a_walk_by_its_log);
	tcase_add_test(t, walks_in_their_order);
	tcase_add_test(t, back_and_cleared);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
