/* SPDX-License-Identifier: MIT */
#include "adapter/remember.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"
#include "tests/lib_test.h"

#define SYS "7300000000000000001"
#define ID "6f1e2d3c-0000-4000-8000-000000000001"

static struct arena *a;
static struct err e;
static struct fact_mark m;
static const char *known;

static void setup(void)
{
	a = arena_new();
	memset(&e, 0, sizeof e);
	memset(&m, 0, sizeof m);
	static int homes;
	setenv("XDG_STATE_HOME", arena_printf(a, "%s/%d.%d", test_dir(), (int)getpid(), ++homes), 1);
	known = path_join(a, path_state(a), "known_databases");
}

static void teardown(void)
{
	arena_free(a);
}

static bool note(unsigned dboid, enum env env)
{
	return remember_write(a, SYS, dboid, ID, env, false, &e);
}

static const char *file(void)
{
	char *data;
	size_t len;
	return file_exists(known) && file_read(a, known, 4096, &data, &len, &e) ? data : "";
}

START_TEST(never_met)
{
	ck_assert(remember_read(a, SYS, 5, &m, &e));
	ck_assert_int_eq(m.remembered_env, ENV_NONE);
	ck_assert_ptr_null(m.remembered_install_id);
}
END_TEST

START_TEST(met_again)
{
	ck_assert_msg(note(5, ENV_STAGING) && note(6, ENV_REHEARSAL), "%s", e.msg);
	ck_assert_str_eq(file(), SYS " 5 " ID " staging\n" SYS " 6 " ID " rehearsal\n");
	ck_assert(remember_read(a, SYS, 5, &m, &e));
	ck_assert_int_eq(m.remembered_env, ENV_STAGING);
	ck_assert_str_eq(m.remembered_install_id, ID);
	ck_assert(remember_read(a, SYS, 7, &m, &e));
	ck_assert_int_eq(m.remembered_env, ENV_NONE);
}
END_TEST

START_TEST(never_lowered)
{
	ck_assert(note(5, ENV_STAGING));
	ck_assert(note(5, ENV_PRODUCTION));
	ck_assert(!note(5, ENV_STAGING));
	ck_assert_int_eq(e.code, ERR_VERIFY);
	ck_assert_str_eq(e.msg, "this machine remembers this database as production, which is more than staging");
	ck_assert(!note(5, ENV_DEVELOPMENT) && !note(5, ENV_REHEARSAL) && !note(5, ENV_NONE));
	ck_assert_str_eq(file(), SYS " 5 " ID " production\n");
	ck_assert(remember_write(a, SYS, 5, ID, ENV_NONE, true, &e));
	ck_assert_str_eq(file(), "");
	ck_assert(note(5, ENV_REHEARSAL));
}
END_TEST

START_TEST(what_is_not_understood_refuses)
{
	static const char *const bad[] = { "x\n", SYS " 5 " ID " moon\n", SYS " 5 " ID " staging more\n", SYS " five " ID " staging\n", "\n" };
	ck_assert(note(5, ENV_PRODUCTION));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert(file_write(known, bad[i], strlen(bad[i]), &e));
		ck_assert_msg(!remember_read(a, SYS, 5, &m, &e), "%s", bad[i]);
		ck_assert_int_eq(e.code, ERR_VERIFY);
		ck_assert_ptr_nonnull(strstr(e.msg, "known_databases, line 1 is not understood"));
		ck_assert(!note(5, ENV_REHEARSAL));
	}
	ck_assert(!remember_write(a, "1 5 x production\n2", 5, ID, ENV_STAGING, false, &e));
	ck_assert(!remember_write(a, SYS, 5, "two words", ENV_STAGING, false, &e));
	ck_assert_str_eq(e.msg, "the database's identity is not well formed");
}
END_TEST

START_TEST(the_last_look)
{
	struct last_look l = { .at = 1, .line = 1 }, gone = { .at = 1, .line = 1 };
	const char *sid = "00112233445566778899aabbccddeeff";
	ck_assert(remember_look(a, sid, &l));
	ck_assert(l.at == 0 && l.line == 0 && l.held[0] == '\0');
	remember_looked(a, sid, &(struct last_look){ .at = INT64_C(1760000000000000), .line = 12, .held = "hhr-" });
	ck_assert(remember_look(a, sid, &l));
	ck_assert(l.at == INT64_C(1760000000000000) && l.line == 12);
	ck_assert_str_eq(l.held, "hhr-");
	/* As an older version wrote it: nothing is known of what held. */
	remember_looked(a, sid, &(struct last_look){ .at = 5, .line = 3 });
	ck_assert(remember_look(a, sid, &l));
	ck_assert(l.at == 5 && l.line == 3 && l.held[0] == '\0');
	ck_assert(!remember_look(a, "../../etc/passwd", &l));
	remember_looked(a, "../x", &gone);
	ck_assert(!file_exists(path_join(a, path_state(a), "x")));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("remember");
	TCase *t = tcase_create("remember");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, never_met);
	tcase_add_test(t, met_again);
	tcase_add_test(t, never_lowered);
	tcase_add_test(t, what_is_not_understood_refuses);
	tcase_add_test(t, the_last_look);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
