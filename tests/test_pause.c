/* SPDX-License-Identifier: MIT */
#include "core/pause.h"

#include "base/arena.h"
#include "base/err.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new();
	err_clear(&e);
}

static void teardown(void)
{
	arena_free(a);
}

static bool allows(const struct plan_pause *p, double value, bool paused)
{
	const struct pause_limit l = pause_limit_of(a, p);
	err_clear(&e);
	return pause_allows(&l, &(struct pause_value){ .known = true, .value = value }, paused, &e);
}

START_TEST(two_thresholds)
{
	const struct plan_pause lag = { .when = "replication lag", .above = 10, .has_above = true }, given = { .when = "slot", .above = 10, .has_above = true, .below = 2, .has_below = true };
	ck_assert(allows(&lag, 10, false) && !allows(&lag, 10.5, false));
	ck_assert_str_eq(e.msg, "replication lag is 10.5 s, and it pauses above 10");
	ck_assert_int_eq(e.code, ERR_GATE);
	ck_assert(!allows(&lag, 9, true) && allows(&lag, 8, true));
	ck_assert(!allows(&given, 3, true) && allows(&given, 2, true) && allows(&given, 3, false));
	ck_assert_str_eq(e.msg, "");
	ck_assert(!pause_allows(&(struct pause_limit){ .name = "orders waiting", .unit = "", .above = 10 }, &(struct pause_value){ .known = true, .value = 11 }, false, &e));
	ck_assert_str_eq(e.msg, "orders waiting is 11, and it pauses above 10");
}
END_TEST

START_TEST(conditions_without_a_number)
{
	ck_assert(allows(&(struct plan_pause){ .when = "autovacuum" }, 0, true) && !allows(&(struct plan_pause){ .when = "autovacuum" }, 1, false));
	ck_assert_str_eq(e.msg, "an autovacuum works on the table");
	ck_assert(!allows(&(struct plan_pause){ .when = "flag", .file = "/run/pause" }, 1, false));
	ck_assert_str_eq(e.msg, "the flag /run/pause is there");
	ck_assert(!allows(&(struct plan_pause){ .when = "flag", .query = "SELECT true" }, 1, false));
	ck_assert_str_eq(e.msg, "the flag's query says so");
	ck_assert(!allows(&(struct plan_pause){ .when = "hours", .from = 8 * 60, .to = 20 * 60 + 30 }, 1, false));
	ck_assert_str_eq(e.msg, "it is between 08:00 and 20:30, in which it pauses");
	ck_assert_str_eq(pause_limit_of(a, &(struct plan_pause){ .when = "no progress", .above = 5, .has_above = true }).says,
		"it got no further for 5 min: it rests for 1 min, and tries again");
	ck_assert_str_eq(pause_limit_of(a, &(struct plan_pause){ .when = "no progress", .above = 5, .has_above = true, .below = 2, .has_below = true }).says,
		"it got no further for 5 min: it rests for 3 min, and tries again");
}
END_TEST

START_TEST(what_is_not_known_pauses)
{
	const struct pause_limit l = { .name = "slot", .unit = "MB", .above = 10, .below = 8 };
	ck_assert(!pause_allows(&l, &(struct pause_value){ .why = "no such table" }, false, &e));
	ck_assert_str_eq(e.msg, "slot cannot be read: no such table");
	ck_assert(!pause_allows(&l, &(struct pause_value){ .known = false }, false, &e));
	ck_assert_str_eq(e.msg, "slot cannot be read");
	ck_assert_int_eq(pause_parse("slots"), PAUSE_NONE);
	ck_assert_int_eq(pause_parse("hours"), PAUSE_HOURS);
}
END_TEST

/* 100 ms asked for, 100 to 50,000 rows. */
static const struct { int64_t size, took_us, next; } paces[] = {
	{ 1000, 100000, 1000 }, { 1000, 50000, 2000 }, { 1000, 1000, 2000 }, { 1000, 0, 2000 }, { 1000, 200000, 500 }, { 1000, 900000, 250 },
	{ 200, 400000, 100 }, { 200, 1000000, 50 }, { 10, 100000, 20 }, { 40000, 100, 50000 }, { 1, 5000000, 1 },
};

START_TEST(sized_by_time)
{
	ck_assert_int_eq(pace_next(&(struct pace){ 100, 50000, 100000 }, paces[_i].size, paces[_i].took_us), paces[_i].next);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("pause");
	TCase *t = tcase_create("pause");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, two_thresholds);
	tcase_add_test(t, conditions_without_a_number);
	tcase_add_test(t, what_is_not_known_pauses);
	tcase_add_loop_test(t, sized_by_time, 0, sizeof paces / sizeof paces[0]);
	suite_add_tcase(s, t);
	return test_main(s);
}
