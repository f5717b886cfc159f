/* SPDX-License-Identifier: MIT */
#include "adapter/audit_verdict.h"

#include "tests/lib_test.h"

#define WORDS(u, view, has_star) { .use = u, .touch = u == USE_NONE ? TOUCH_NONE : TOUCH_READ, .names_view = view, .star = has_star }

static const struct { struct text_found words; enum text_use use[RESOLVED_ALL]; } rows[] = {
	/*                                      cannot say  used      without   elsewhere */
	{ WORDS(USE_NONE, false, false),        { USE_NONE, USE_NAME, USE_NONE, USE_NONE } },
	{ WORDS(USE_NONE, false, true),         { USE_NONE, USE_STAR, USE_NONE, USE_NONE } },
	{ WORDS(USE_NONE, true, false),         { USE_STAR, USE_NAME, USE_NONE, USE_NONE } },
	{ WORDS(USE_NONE, true, true),          { USE_STAR, USE_STAR, USE_NONE, USE_NONE } },
	{ WORDS(USE_STAR, false, true),         { USE_STAR, USE_STAR, USE_NONE, USE_STAR } },
	{ WORDS(USE_STAR, true, false),         { USE_STAR, USE_STAR, USE_NONE, USE_STAR } },
	{ WORDS(USE_NAME, false, false),        { USE_NAME, USE_NAME, USE_NONE, USE_NAME } },
	{ WORDS(USE_NAME, true, true),          { USE_NAME, USE_NAME, USE_NONE, USE_NAME } },
};
#define ROWS (sizeof rows / sizeof rows[0])

START_TEST(each_pair)
{
	for (int as = 0; as < RESOLVED_ALL; as++) {
		struct text_found f = audit_verdict(&rows[_i].words, (struct resolved){ (enum resolved_as)as, false });
		ck_assert_int_eq(f.use, rows[_i].use[as]);
		ck_assert_int_eq(f.touch, f.use == USE_NONE ? TOUCH_NONE : TOUCH_READ);
		bool taken_back = as == RESOLVED_WITHOUT && rows[_i].words.use != USE_NONE;
		ck_assert_int_eq(f.by_server, as == RESOLVED_USED || taken_back);
	}
}
END_TEST

START_TEST(who_writes)
{
	struct text_found words = WORDS(USE_NONE, true, false);
	ck_assert_int_eq(audit_verdict(&words, (struct resolved){ RESOLVED_USED, true }).touch, TOUCH_WRITE);
	words = (struct text_found)WORDS(USE_NAME, false, false);   /* the words know which column is written */
	ck_assert_int_eq(audit_verdict(&words, (struct resolved){ RESOLVED_USED, true }).touch, TOUCH_READ);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_verdict");
	TCase *c = tcase_create("verdict");
	tcase_add_loop_test(c, each_pair, 0, ROWS);
	tcase_add_test(c, who_writes);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
