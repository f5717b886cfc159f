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

#define P(is, u, s) { is, u, false, s }
#define NO_OPINION P(PARSED_NOT, USE_NONE, false)
#define NOT_SURE P(PARSED_UNSURE, USE_NONE, false)
#define WITHOUT P(PARSED_NONE, USE_NONE, false)
#define FINDS P(PARSED_USED, USE_NAME, false)
#define FINDS_SURELY P(PARSED_USED, USE_NAME, true)

static const struct { enum text_use words; enum resolved_as server; struct parsed parser; bool whole; enum text_use use; const char *who; } three[] = {
	/* the parser says nothing: as without it */
	{ USE_NAME, RESOLVED_NOT, NO_OPINION, true, USE_NAME, ", by its words" },
	{ USE_NAME, RESOLVED_NOT, NOT_SURE, true, USE_NAME, ", by its words" },
	{ USE_NAME, RESOLVED_USED, NO_OPINION, true, USE_NAME, ", resolved by the server" },
	{ USE_NAME, RESOLVED_WITHOUT, NOT_SURE, true, USE_NONE, ", resolved by the server" },
	{ USE_NAME, RESOLVED_ELSEWHERE, NO_OPINION, true, USE_NAME, ", by its words" },
	/* it is certain that there is no use */
	{ USE_NAME, RESOLVED_NOT, WITHOUT, true, USE_NONE, ", read by the parser" },
	{ USE_STAR, RESOLVED_ELSEWHERE, WITHOUT, true, USE_NONE, ", read by the parser" },
	{ USE_NAME, RESOLVED_NOT, WITHOUT, false, USE_NAME, ", by its words" },
	{ USE_NAME, RESOLVED_USED, WITHOUT, true, USE_NAME, ", resolved by the server, not seen by the parser" },
	{ USE_NONE, RESOLVED_USED, WITHOUT, true, USE_NAME, ", resolved by the server, not seen by the parser" },
	{ USE_NAME, RESOLVED_WITHOUT, WITHOUT, true, USE_NONE, ", resolved by the server" },
	{ USE_NONE, RESOLVED_NOT, WITHOUT, true, USE_NONE, ", by its words" },
	/* it finds one */
	{ USE_NAME, RESOLVED_NOT, FINDS, true, USE_NAME, ", read by the parser" },
	{ USE_STAR, RESOLVED_NOT, FINDS, true, USE_STAR, ", read by the parser" },   /* COPY as pg_dump writes it is one that may survive */
	{ USE_NONE, RESOLVED_NOT, FINDS, false, USE_NAME, ", read by the parser" },
	{ USE_NAME, RESOLVED_USED, FINDS, true, USE_NAME, ", resolved by the server, read so by the parser" },
	{ USE_NAME, RESOLVED_WITHOUT, FINDS, true, USE_NONE, ", resolved by the server" },
	{ USE_NAME, RESOLVED_WITHOUT, FINDS_SURELY, true, USE_NAME, ", read by the parser, not seen by the server" },
	{ USE_NONE, RESOLVED_ELSEWHERE, FINDS, true, USE_NONE, ", by its words" },
	{ USE_NONE, RESOLVED_ELSEWHERE, FINDS_SURELY, true, USE_NAME, ", read by the parser, not seen by the server" },
	{ USE_NAME, RESOLVED_ELSEWHERE, FINDS, true, USE_NAME, ", read by the parser" },
};

START_TEST(each_three)
{
	const struct text_found words = WORDS(three[_i].words, false, false);
	struct text_found f = audit_second(&words, (struct resolved){ three[_i].server, false }, three[_i].parser, three[_i].whole);
	ck_assert_int_eq(f.use, three[_i].use);
	ck_assert_int_eq(f.touch, f.use == USE_NONE ? TOUCH_NONE : TOUCH_READ);
	ck_assert_str_eq(audit_who(&f), three[_i].who);
}
END_TEST

/* Whatever the others say, without the server's or the parser's certainty nothing that was found is taken back. */
START_TEST(nothing_is_lost)
{
	static const struct parsed unsure[] = { NO_OPINION, NOT_SURE, FINDS, FINDS_SURELY };
	for (size_t i = 0; i < sizeof unsure / sizeof unsure[0]; i++)
		for (int as = 0; as < RESOLVED_ALL; as++)
			for (size_t k = 0; k < ROWS; k++) {
				const struct resolved server = { (enum resolved_as)as, false };
				struct text_found before = audit_verdict(&rows[k].words, server), f = audit_second(&rows[k].words, server, unsure[i], true);
				ck_assert_int_ge(f.use, before.use);
			}
}
END_TEST

START_TEST(who_writes)
{
	struct text_found words = WORDS(USE_NONE, true, false);
	ck_assert_int_eq(audit_verdict(&words, (struct resolved){ RESOLVED_USED, true }).touch, TOUCH_WRITE);
	words = (struct text_found)WORDS(USE_NAME, false, false);   /* the words know which column is written */
	ck_assert_int_eq(audit_verdict(&words, (struct resolved){ RESOLVED_USED, true }).touch, TOUCH_READ);
	ck_assert_int_eq(audit_second(&words, (struct resolved){ RESOLVED_NOT, false }, (struct parsed){ PARSED_USED, USE_NAME, true, false }, true).touch, TOUCH_WRITE);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_verdict");
	TCase *c = tcase_create("verdict");
	tcase_add_loop_test(c, each_pair, 0, ROWS);
	tcase_add_loop_test(c, each_three, 0, sizeof three / sizeof three[0]);
	tcase_add_test(c, nothing_is_lost);
	tcase_add_test(c, who_writes);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
