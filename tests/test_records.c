/* SPDX-License-Identifier: MIT */
#include "port/records.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new();
	memset(&e, 0, sizeof e);
}
static void teardown(void) { arena_free(a); }

static struct records *shell(const char *command, int ms)
{
	const char *const argv[] = { "sh", "-c", command, NULL };
	struct records *r = records_open(a, argv, NULL, ms, &e);
	ck_assert_msg(r, "%s", e.msg);
	return r;
}

static size_t count(struct records *r)
{
	const char *rec;
	size_t n = 0, len;
	for (; records_next(r, &rec, &len); n++)
		ck_assert_uint_eq(strlen(rec), len);
	return n;
}

START_TEST(records_come_one_by_one)
{
	const char *rec;
	size_t len;
	struct records *r = shell("printf 'a\\0\\0two\\nlines\\0'; echo 'a word' >&2", 10000);
	ck_assert(records_next(r, &rec, &len));
	ck_assert_str_eq(rec, "a");
	ck_assert(records_next(r, &rec, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert(records_next(r, &rec, &len));
	ck_assert_str_eq(rec, "two\nlines");
	ck_assert(!records_next(r, &rec, &len));
	ck_assert(!records_next(r, &rec, &len));
	ck_assert_msg(records_close(r, &e), "%s", e.msg);
	ck_assert_str_eq(records_said(r), "a word\n");
}
END_TEST

START_TEST(more_than_a_buffer_of_them)
{
	struct records *r = shell("i=0; while [ $i -lt 20000 ]; do printf 'record %d of twenty thousand\\0' $i; i=$((i + 1)); done", 10000);
	ck_assert_uint_eq(count(r), 20000);
	ck_assert(records_close(r, &e));
}
END_TEST

struct failure { const char *command; int ms; size_t n; const char *words; };
static const struct failure failures[] = {
	{ "printf 'a\\0'; echo 'no \x1b[31mway' >&2; exit 3", 10000, 1, "sh: status 3: no \\x1b[31mway" },
	{ "exit 1", 10000, 0, "sh: status 1: " },
	{ "printf 'a\\0b'", 10000, 1, "sh: its last record has no end" },
	{ "printf 'a\\0'; kill -9 $$", 10000, 1, "sh: ended by signal 9" },
	{ "printf 'a\\0'; exec sleep 100", 100, 1, "sh: it said nothing for too long and was stopped" },
	{ "head -c 70000 /dev/zero | tr '\\0' x", 10000, 0, "sh: one record is too long" },
};

START_TEST(what_fails_says_so)
{
	const struct failure *f = &failures[_i];
	struct records *r = shell(f->command, f->ms);
	ck_assert_uint_eq(count(r), f->n);
	ck_assert(!records_close(r, &e));
	ck_assert_msg(strstr(e.msg, f->words + 4) && strncmp(e.msg, "sh", 2) == 0, "%s", e.msg);
}
END_TEST

START_TEST(it_can_be_left_early)
{
	const char *rec;
	size_t len;
	struct records *r = shell("yes | tr '\\n' '\\0'", 10000);
	ck_assert(records_next(r, &rec, &len));
	ck_assert(!records_close(r, &e));
	ck_assert_str_eq(e.msg, "sh was stopped");
	const char *const none[] = { "no-such-program-of-ours", NULL };
	ck_assert_ptr_null(records_open(a, none, NULL, 1000, &e));
	ck_assert_str_eq(e.msg, "no-such-program-of-ours was not found");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("records");
	TCase *t = tcase_create("records");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, records_come_one_by_one);
	tcase_add_test(t, more_than_a_buffer_of_them);
	tcase_add_loop_test(t, what_fails_says_so, 0, (int)(sizeof failures / sizeof *failures));
	tcase_add_test(t, it_can_be_left_early);
	suite_add_tcase(s, t);
	return test_main(s);
}
