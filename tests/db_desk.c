/* SPDX-License-Identifier: MIT */
/* The engine on its own thread: orders, answers, views. Also to be run under -fsanitize=thread. */
#include "engine/desk.h"

#include <poll.h>
#include <time.h>

#include "tests/lib_engine.h"

static struct engine_world w;
static struct desk *d;

static void setup(const char *name)
{
	world_open(&w, name);
	world_engine(&w);
	d = desk_open(w.g, 100, &w.e);
	ck_assert_msg(d != NULL, "%s", w.e.msg);
	w.g = NULL;   /* the desk's now */
}

static void teardown(const char *name)
{
	desk_close(d);
	world_close(&w, name);
}

static bool wait_news(int ms)
{
	struct pollfd p = { .fd = desk_fd(d), .events = POLLIN };
	bool news = poll(&p, 1, ms) == 1;
	desk_drain(d);
	return news;
}

/* The answer to this order, which must come. */
static struct answer answer_to(unsigned long long order)
{
	struct answer a = { 0 };
	ck_assert(order > 0);
	for (int i = 0; i < 300 && !(desk_answer(d, &a) && a.order >= order); i++)
		wait_news(100);
	ck_assert(a.order == order);
	return a;
}

START_TEST(orders_are_answered_in_their_order)
{
	setup("deskone");
	const struct view *v = desk_view(d);
	ck_assert(v && !v->walk);
	desk_unview(d, v);
	struct answer a = answer_to(desk_open_walk(d, "nobody"));
	ck_assert(!a.ok);
	ck_assert_str_eq(a.err.msg, "no walk \"nobody\" on this machine");
	a = answer_to(desk_open_walk(d, w.plan));
	ck_assert_msg(a.ok, "%s", a.err.msg);
	unsigned long long first = desk_look(d);
	a = answer_to(desk_do(d, &(struct act){ .kind = ACT_DECLARE, .key = "weather", .text = "x" }));
	ck_assert(!a.ok && a.order == first + 1);
	ck_assert_str_eq(a.err.msg, "nothing is declared under \"weather\"");
	a = answer_to(desk_do(d, &(struct act){ .kind = ACT_DECLARE, .key = "releases", .text = "none" }));
	ck_assert_msg(a.ok, "%s", a.err.msg);
	ck_assert_str_eq(a.done, "declared: releases");
	v = desk_view(d);
	ck_assert(v->walk && v->n_lines == 2);
	ck_assert_str_eq(v->last_done, "declared: releases");
	desk_unview(d, v);
	ck_assert(answer_to(desk_home(d)).ok);
	v = desk_view(d);
	ck_assert(!v->walk && v->n_walks == 1);
	desk_unview(d, v);
	teardown("deskone");
}
END_TEST

/* What was shown stays what it was, however long somebody holds it. */
START_TEST(views_outlive_their_time)
{
	enum { HELD = 20 };
	const struct view *held[HELD];
	const char *label[HELD];
	unsigned long long serial[HELD];
	setup("deskviews");
	ck_assert(answer_to(desk_open_walk(d, w.plan)).ok);
	for (int i = 0; i < HELD; i++) {
		held[i] = desk_view(d);
		serial[i] = held[i]->serial;
		label[i] = arena_dup(w.a, held[i]->label);
		if (i % 3 == 0)
			desk_look(d);
		wait_news(300);
	}
	ck_assert(held[HELD - 1]->serial > held[0]->serial);
	ck_assert(answer_to(desk_home(d)).ok);
	for (int i = 0; i < HELD; i++) {
		ck_assert(held[i]->serial == serial[i]);
		ck_assert_str_eq(held[i]->label, label[i]);
		ck_assert_str_eq(held[i]->lines[0].op, "begin");
		ck_assert_str_eq(held[i]->plan->name, "deskviews");
		ck_assert(held[i]->n_challenges > 0 && held[i]->challenges[0].question[0]);
		desk_unview(d, held[i]);
	}
	teardown("deskviews");
}
END_TEST

START_TEST(a_full_desk_says_so)
{
	setup("deskfull");
	ck_assert(answer_to(desk_open_walk(d, w.plan)).ok);
	unsigned long long last = 0;
	int taken = 0;
	for (int i = 0; i < 40; i++) {
		unsigned long long n = desk_look(d);
		taken += n > 0;
		last = n ? n : last;
	}
	ck_assert_int_ge(taken, 16);
	ck_assert_int_lt(taken, 40);
	ck_assert(answer_to(last).ok);
	ck_assert(desk_look(d) == last + 1);
	teardown("deskfull");
}
END_TEST

START_TEST(orders_that_wait_are_waited_for)
{
	setup("deskwait");
	ck_assert(answer_to(desk_open_walk(d, w.plan)).ok);
	ck_assert_msg(desk_unlock(d, &w.e), "%s", w.e.msg);
	const struct view *v = desk_view(d);
	ck_assert(v->unlocked);
	desk_unview(d, v);
	ck_assert(!desk_do_waiting(d, &(struct act){ .kind = ACT_QUIET }, &w.e));
	ck_assert_str_eq(w.e.msg, "the count of item 9 does not belong to this part of the walk (snapshot)");
	ck_assert(!desk_drop(d, "public.orders.old_total", &w.e));
	ck_assert_str_eq(w.e.msg, "the walk is not at its drop");
	ck_assert_int_eq(desk_countdown(d), 30);
	teardown("deskwait");
}
END_TEST

/* With orders in the ring, and the worker waiting for a lock that somebody else holds. */
START_TEST(closing_does_not_wait_for_the_server)
{
	struct timespec from, to;
	setup("deskclose");
	ck_assert(answer_to(desk_open_walk(d, w.plan)).ok);
	test_sql(w.db, "BEGIN; LOCK TABLE gatewalk.job, gatewalk.anchor, gatewalk.line");
	for (int i = 0; i < 10; i++)
		desk_do(d, &(struct act){ .kind = ACT_DECLARE, .key = "releases", .text = "none" });
	wait_news(300);
	clock_gettime(CLOCK_MONOTONIC, &from);
	desk_close(d);
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_lt(to.tv_sec - from.tv_sec, 8);
	test_sql(w.db, "ROLLBACK");
	world_close(&w, "deskclose");
}
END_TEST

/* The screen keeps its pace whatever the server does. */
START_TEST(a_view_is_there_at_once_while_the_engine_waits)
{
	struct timespec from, to;
	setup("deskpace");
	ck_assert(answer_to(desk_open_walk(d, w.plan)).ok);
	test_sql(w.db, "BEGIN; LOCK TABLE gatewalk.job, gatewalk.anchor");
	desk_look(d);
	wait_news(100);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < 1000; i++)
		desk_unview(d, desk_view(d));
	clock_gettime(CLOCK_MONOTONIC, &to);
	ck_assert_int_lt((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, 500);
	test_sql(w.db, "ROLLBACK");
	teardown("deskpace");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("desk");
	TCase *t = tcase_create("desk");
	tcase_set_timeout(t, 120);
	tcase_add_test(t, orders_are_answered_in_their_order);
	tcase_add_test(t, views_outlive_their_time);
	tcase_add_test(t, a_full_desk_says_so);
	tcase_add_test(t, orders_that_wait_are_waited_for);
	tcase_add_test(t, closing_does_not_wait_for_the_server);
	tcase_add_test(t, a_view_is_there_at_once_while_the_engine_waits);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
