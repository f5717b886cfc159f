/* SPDX-License-Identifier: MIT */
#include "adapter/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "port/files.h"
#include "tests/lib_db.h"

static struct arena *a;
static struct err e;
static char dir[64];
static struct cluster c;

static void setup(void)
{
	a = arena_new();
	e = (struct err){ 0 };
	/* Below /tmp itself: the server's user must get there when we are root. */
	snprintf(dir, sizeof dir, "/tmp/gwt-cluster-%d", (int)getpid());
	struct cluster_opts o = { .dir = dir, .settings = "fsync = off\nwork_mem = '7MB'\n" };
	ck_assert_msg(cluster_start(a, &o, &c, &e), "%s", e.msg);
}

static void teardown(void)
{
	ck_assert_msg(cluster_remove(a, &c, &e), "%s", e.msg);
	ck_assert(!file_exists(dir));
	arena_free(a);
}

static int postmaster(void)
{
	char *text;
	size_t len;
	return file_read(a, arena_printf(a, "%s/data/postmaster.pid", dir), 4096, &text, &len, NULL) ? atoi(text) : 0;
}

START_TEST(is_private)
{
	struct stat st;
	struct db *db = test_connect(c.conninfo);
	ck_assert_str_eq(test_value(db, a, "SHOW listen_addresses"), "");
	ck_assert_str_eq(test_value(db, a, "SHOW shared_preload_libraries"), "pg_stat_statements");
	ck_assert_str_eq(test_value(db, a, "SHOW work_mem"), "7MB");
	ck_assert_str_eq(test_value(db, a, "SHOW max_connections"), "60");
	ck_assert_str_eq(test_value(db, a, "SHOW server_encoding"), "UTF8");
	db_close(db);
	ck_assert_int_eq(stat(dir, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	/* The server never runs as root. */
	ck_assert_int_eq(stat(arena_printf(a, "/proc/%d", postmaster()), &st), 0);
	ck_assert_uint_ne(st.st_uid, 0);
}
END_TEST

START_TEST(crash_and_restart_keep_the_data)
{
	struct cluster found;
	struct db *db = test_connect(c.conninfo);
	test_sql(db, "CREATE TABLE public.t AS SELECT 1 AS k");
	ck_assert(cluster_stop(a, &c, "immediate", &e));
	ck_assert(!db_script(db, a, "SELECT 1", 0, NULL, &e));
	ck_assert_int_eq(e.code, ERR_DB_LOST);
	db_close(db);
	ck_assert(cluster_find(a, dir, &found, &e));
	ck_assert_str_eq(found.conninfo, c.conninfo);
	ck_assert_msg(cluster_restart(a, &found, &e), "%s", e.msg);
	db = test_connect(found.conninfo);
	ck_assert_str_eq(test_value(db, a, "SELECT k FROM public.t"), "1");
	db_close(db);
}
END_TEST

/* Ended: gone, or waiting for a parent that does not look. */
static bool is_gone(int pid)
{
	char line[256] = "";
	FILE *f = fopen(arena_printf(a, "/proc/%d/stat", pid), "r");
	if (!f)
		return true;
	bool zombie = fgets(line, sizeof line, f) && strstr(line, ") Z");
	fclose(f);
	return zombie;
}

/* Its owner was killed: the next one stops the server that it left behind and starts anew. */
START_TEST(leftover_is_stopped)
{
	int old = postmaster();
	struct cluster_opts o = { .dir = dir, .settings = "fsync = off\n" };
	ck_assert_msg(cluster_start(a, &o, &c, &e), "%s", e.msg);
	ck_assert_int_ne(postmaster(), old);
	ck_assert(is_gone(old));
}
END_TEST

START_TEST(owner_alive_is_left_alone)
{
	struct cluster other;
	const char *text = arena_printf(a, "%d\n%s\n", (int)getppid(), c.bindir);
	ck_assert(file_write(arena_printf(a, "%s/gatewalk-cluster", dir), text, strlen(text), &e));
	ck_assert(!cluster_start(a, &(struct cluster_opts){ .dir = dir }, &other, &e));
	ck_assert_str_eq(e.msg, arena_printf(a, "%s is in use by process %d", dir, (int)getppid()));
	ck_assert_int_gt(postmaster(), 1);
}
END_TEST

START_TEST(foreign_folders_are_refused)
{
	struct cluster other;
	const char *foreign = test_dir();
	ck_assert(!cluster_start(a, &(struct cluster_opts){ .dir = foreign }, &other, &e));
	ck_assert_str_eq(e.msg, arena_printf(a, "%s exists already and is no private PostgreSQL of gatewalk", foreign));
	ck_assert(file_exists(foreign));
	struct cluster wrong = { .dir = foreign, .bindir = c.bindir };
	ck_assert(!cluster_remove(a, &wrong, &e));
	ck_assert(file_exists(foreign));
	ck_assert(!cluster_find(a, foreign, &other, &e));
	char *far = arena_printf(a, "/tmp/%0100d", 1);
	ck_assert(!cluster_start(a, &(struct cluster_opts){ .dir = far }, &other, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "a socket below it would have more than the 107 bytes that the system allows"));
	ck_assert(!file_exists(far));
}
END_TEST

START_TEST(failed_start_leaves_nothing_and_says_why)
{
	struct cluster other;
	const char *bad = arena_printf(a, "%s-bad", dir);
	ck_assert(!cluster_start(a, &(struct cluster_opts){ .dir = bad, .settings = "work_mem = 'much'\n" }, &other, &e));
	ck_assert_msg(strstr(e.msg, "invalid value for parameter \"work_mem\": \"much\""), "%s", e.msg);
	ck_assert(!file_exists(bad));
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { is_private, crash_and_restart_keep_the_data, leftover_is_stopped, owner_alive_is_left_alone,
		foreign_folders_are_refused, failed_start_leaves_nothing_and_says_why };
	Suite *s = suite_create("cluster");
	TCase *t = tcase_create("cluster");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
