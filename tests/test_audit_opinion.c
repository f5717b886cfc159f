/* SPDX-License-Identifier: MIT */
/* The parser in a process of its own: what is too much for it is not read, and the next text is. */
#include "adapter/audit_opinion.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/text.h"
#include "port/apart.h"
#include "port/sqlparse.h"
#include "tests/lib_test.h"

static struct arena *a;
static const struct text_target column = { "public", "orders", "legacy_total", NULL, NULL, TARGET_COLUMN, NULL };
static const char text[] = "select o.legacy_total from public.orders o";

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

static const char *many(const char *s, size_t n, const char *end)
{
	struct text t = { 0 };
	while (n--)
		text_add(&t, s);
	text_add(&t, end);
	const char *all = arena_dup(a, text_str(&t));
	text_free(&t);
	return all;
}

/* Front and back: n times each. */
static const struct { const char *begin, *front; size_t n; const char *back, *end; } hard[] = {
	{ "select ", "(", 9000, ")", "" },
	{ "select ", "f(", 9000, ")", "" },
	{ "select legacy_total from orders where ", "1+", 49000, "", "1" },
	{ "select ", "not ", 20000, "", "true" },
	{ "select ", "- ", 40000, "", "1" },
	{ "select 1 from ", "(a join ", 5000, "b on true)", "" },
	{ "", "select (", 9000, ")", "" },
	{ "select 1 where ", "a in (", 9000, ")", "" },
	{ "", "select 1 union all ", 4000, "", "select 1" },
	{ "", "with x as (", 5000, "select 1) select 1", "" },
	{ "select ", "array[", 9000, "]", "" },
	{ "select 1 as ", "a234567890123456789012345678901234567890123456789012345678901234567890, 1 as ", 1100, "", "b" },   /* a warning each, on standard error */
	{ "", "/*", 30000, "", "" },
	{ "select '", "''", 40000, "", "" },
	{ "do $$", "begin ", 9000, "end; ", "$$" },
	{ "do $$begin ", "if true then ", 5000, "end if; ", "end$$" },
};

START_TEST(what_is_too_much)
{
	struct opinion *o = opinion_new(a, &column, NULL, 60000000);
	const char *why;
	const char *t = arena_printf(a, "%s%s%s%s", hard[_i].begin, many(hard[_i].front, hard[_i].n, ""), many(hard[_i].back, hard[_i].n, ""), hard[_i].end);
	struct parsed p = opinion_text(o, t);
	ck_assert_int_eq(opinion_text(o, text).as, PARSED_USED);
	ck_assert_uint_eq(opinion_unread(o, &why), p.as == PARSED_NOT);
	printf("  %.30s... %zu bytes: %s\n", t, strlen(t), p.as == PARSED_NOT ? why : "read");
	opinion_end(o);
}
END_TEST

START_TEST(too_long)
{
	struct opinion *o = opinion_new(a, &column, NULL, 60000000);
	const char *why;
	const char *t = arena_printf(a, "%s where x in (%s", text, many("1,", SQLPARSE_MAX / 2, "1)"));
	ck_assert_int_eq(opinion_text(o, t).as, PARSED_NOT);
	ck_assert_uint_eq(opinion_unread(o, &why), 1);
	ck_assert_str_eq(why, "longer than 100000 bytes");
	t = arena_printf(a, "%s where x in (%s", text, many("1,", 20000, "1)"));
	ck_assert_int_eq(opinion_text(o, t).as, PARSED_USED);
	opinion_end(o);
}
END_TEST

START_TEST(no_time)
{
	struct opinion *o = opinion_new(a, &column, NULL, 1);
	const char *why;
	ck_assert_int_eq(opinion_text(o, text).as, PARSED_USED);
	ck_assert_int_eq(opinion_text(o, text).as, PARSED_NOT);
	ck_assert_uint_eq(opinion_unread(o, &why), 1);
	ck_assert_str_eq(why, "the parser had no time left");
	opinion_end(o);
	ck_assert_int_eq(opinion_text(o, text).as, PARSED_USED);   /* another look */
	opinion_end(o);
}
END_TEST

/* Work that goes as its text says. */
struct gone { int pid, fds; };
static void work(const void *ctx, const char *how, void *out)
{
	struct gone *g = out;
	g->pid = getpid();
	for (int fd = 3; fd < 256; fd++)
		g->fds += dup2(fd, fd) == fd;
	if (strcmp(how, "crash") == 0)
		raise(SIGSEGV);
	else if (strcmp(how, "leave") == 0)
		_exit(0);
	else if (strcmp(how, "hang") == 0)
		pause();
	else if (strcmp(how, "print") == 0)
		fprintf(stderr, "%s\n", (const char *)ctx);
}

START_TEST(alone)
{
	struct apart *w = apart_new(a, work, "nobody reads this", sizeof(struct gone), 300);
	struct gone first = { 0 }, g = { 0 };
	int open = dup(1);
	ck_assert(apart_ask(w, "", &first) && first.pid != getpid() && first.pid > 0);
	ck_assert_int_eq(first.fds, 1);   /* nothing of ours but the way to it */
	ck_assert(apart_ask(w, "print", &g) && g.pid == first.pid);
	static const char *const ways[] = { "crash", "leave", "hang" };
	for (size_t i = 0; i < 3; i++) {
		ck_assert(!apart_ask(w, ways[i], &g));
		ck_assert_int_eq(kill(first.pid, 0), -1);
		ck_assert(apart_ask(w, many("x", 300000, ""), &g) && g.pid != first.pid);
		first = g;
	}
	apart_end(w);
	apart_end(w);
	ck_assert_int_eq(kill(first.pid, 0), -1);
	ck_assert(apart_ask(w, "", &g) && g.pid != first.pid);
	apart_end(w);
	close(open);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("audit_opinion");
	TCase *c = tcase_create("opinion");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 30);
	tcase_add_loop_test(c, what_is_too_much, 0, sizeof hard / sizeof hard[0]);
	tcase_add_test(c, too_long);
	tcase_add_test(c, no_time);
	tcase_add_test(c, alone);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
