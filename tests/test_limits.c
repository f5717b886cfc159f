/* SPDX-License-Identifier: MIT */
/* What a job tells of its pause conditions, there and back; and what others may have written in its row. */
#include "adapter/job_limits.h"

#include "adapter/job_rates.h"
#include "base/arena.h"
#include "base/text.h"
#include "tests/lib_test.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(there_and_back)
{
	double past[] = { 0, 1.5, 1e6 };
	const struct view_limit l[] = { { .name = "replication \"lag\"", .unit = "s", .has_limits = true, .known = true, .now = 2.25, .above = 5, .below = 4, .past = past, .n_past = 3 },
		{ .name = "autovacuum", .unit = "", .says = "an autovacuum works on the table" } };
	struct view_limit *got;
	size_t n;
	ck_assert(limits_read(a, limits_text(a, l, 2), &got, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(got[0].name, "replication \"lag\"");
	ck_assert(got[0].known && got[0].has_limits && !got[0].says && got[0].now == 2.25 && got[0].above == 5 && got[0].below == 4);
	ck_assert(got[0].n_past == 3 && got[0].past[1] == 1.5 && got[0].past[2] == 1e6);
	ck_assert_str_eq(got[1].says, "an autovacuum works on the table");
	ck_assert(!got[1].known && got[1].n_past == 0);
}
END_TEST

START_TEST(no_more_than_there_is_room_for)
{
	struct view_limit l[LIMITS_MAX + 3], *got;
	size_t n;
	for (size_t i = 0; i < LIMITS_MAX + 3; i++)
		l[i] = (struct view_limit){ .name = "x", .unit = "" };
	ck_assert(limits_read(a, limits_text(a, l, LIMITS_MAX + 3), &got, &n));
	ck_assert_uint_eq(n, LIMITS_MAX);
}
END_TEST

#define ONE(above, past) "{\"limits\":[{\"above\":\"" above "\",\"below\":\"1\",\"known\":1,\"limits\":1,\"name\":\"x\",\"now\":\"1\",\"past\":\"" past "\",\"says\":\"\",\"unit\":\"\"}]}"

static const char *const bad[] = { "", "[]", "{}", "{\"limits\":3}", "{\"limits\":[3]}", "{\"limits\":[{}]}", ONE("", ""), ONE("x", ""), ONE("1x", ""), ONE("inf", ""), ONE("1", "x"), ONE("1", "1 nan"),
	ONE("1", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1") };

START_TEST(foreign)
{
	struct view_limit *got;
	size_t n = 7;
	ck_assert(!limits_read(a, bad[_i], &got, &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("limits");
	TCase *t = tcase_create("limits");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, no_more_than_there_is_room_for);
	tcase_add_loop_test(t, foreign, 0, sizeof bad / sizeof bad[0]);
	suite_add_tcase(s, t);
	return test_main(s);
}
