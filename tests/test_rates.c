/* SPDX-License-Identifier: MIT */
/* The speed of a job over its life: a bounded row of means that never loses its beginning. */
#include <math.h>
#include <string.h>

#include "adapter/job_rates.h"
#include "base/arena.h"
#include "base/when.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct rates r;

static void setup(void)
{
	a = arena_new();
	r = (struct rates){ 0 };
}

static void teardown(void)
{
	arena_free(a);
}

#define S(n) ((int64_t)((n) * US_SECOND))

START_TEST(one_mean_a_second)
{
	rates_add(&r, S(100), 0, "rows");
	ck_assert_ptr_null(rates_text(a, &r));
	rates_add(&r, S(100.5), 400, "rows");
	ck_assert_uint_eq(r.n, 0);
	rates_add(&r, S(101), 1000, "rows");
	rates_add(&r, S(102), 1500, "rows");
	ck_assert_str_eq(rates_text(a, &r), "1000 rows 1000 500");
}
END_TEST

START_TEST(a_silence_is_as_long_as_it_was)
{
	rates_add(&r, S(1), 0, "rows");
	rates_add(&r, S(5), 400, "rows");
	ck_assert_str_eq(rates_text(a, &r), "1000 rows 100 100 100 100");
}
END_TEST

START_TEST(a_new_phase_begins_at_its_own_zero)
{
	rates_add(&r, S(1), 0, "rows");
	rates_add(&r, S(2), 100, "rows");
	rates_add(&r, S(3), 0, "rows");
	rates_add(&r, S(4), 50, "rows");
	ck_assert_str_eq(rates_text(a, &r), "1000 rows 100 50");
	rates_add(&r, S(5), 0, "bytes");
	ck_assert_uint_eq(r.n, 0);
	rates_add(&r, S(6), NAN, "bytes");
	rates_add(&r, S(6), 7, "bytes");
	ck_assert_str_eq(rates_text(a, &r), "1000 bytes 7");
}
END_TEST

START_TEST(a_week_fits)
{
	double done = 0;
	for (int64_t t = 1; t < 7 * 86400; t += 10) {
		done += 10 * (t < 302400 ? 100 : 300);
		rates_add(&r, S(t), done, "rows");
		ck_assert_uint_le(r.n, RATES_MAX);
	}
	/* 30 to 60 cells of the whole week; the first half was slower. */
	ck_assert_uint_ge(r.n, RATES_MAX / 2);
	ck_assert_double_eq_tol((double)r.n * (double)r.each / 1e6, 7 * 86400, (double)r.each / 1e6 + 10);
	ck_assert_double_eq_tol(r.v[0], 100, 1);
	ck_assert_double_eq_tol(r.v[r.n - 1], 300, 1);
	ck_assert_uint_le(strlen(rates_text(a, &r)), 600);
}
END_TEST

START_TEST(text_goes_there_and_back)
{
	struct rates back;
	rates_add(&r, S(1), 0, "");
	rates_add(&r, S(2), 12345678, "");
	rates_add(&r, S(3), 12345678.25, "");
	ck_assert_str_eq(rates_text(a, &r), "1000 - 1.235e+07 0.25");
	ck_assert(rates_read(rates_text(a, &r), &back));
	ck_assert(back.n == 2 && back.each == S(1));
	ck_assert_double_eq_tol(back.v[1], 0.25, 1e-9);
	ck_assert_str_eq(back.unit, "-");
}
END_TEST

/* The row can be written by others. */
START_TEST(foreign_text_is_no_chart)
{
	static const char *const bad[] = { "", "x", "1000", "1000 ", "1000 rows", "1000 rows x", "1000 rows -1", "1000 rows nan", "1000 rows inf",
		"0 rows 1", "-5 rows 1", "99999999999999999 rows 1", "1000  1", "1000 a-unit-that-is-much-too-long-to-be-one 1", "1000\trows 1", "1000 rows 1,2" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(!rates_read(bad[i], &r), "taken: %s", bad[i]);
	char many[400] = "1000 rows";
	for (int i = 0; i <= RATES_MAX; i++)
		strcat(many, " 1");
	ck_assert(!rates_read(many, &r));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("rates");
	TCase *t = tcase_create("rates");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_mean_a_second);
	tcase_add_test(t, a_silence_is_as_long_as_it_was);
	tcase_add_test(t, a_new_phase_begins_at_its_own_zero);
	tcase_add_test(t, a_week_fits);
	tcase_add_test(t, text_goes_there_and_back);
	tcase_add_test(t, foreign_text_is_no_chart);
	suite_add_tcase(s, t);
	return test_main(s);
}
