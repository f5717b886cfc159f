/* SPDX-License-Identifier: MIT */
/* What the db_* tests share: a fresh database each, reached by libpq's environment. In a header, so that tests that need no
   server do not link the database port. */
#ifndef GW_TESTS_LIB_DB_H
#define GW_TESTS_LIB_DB_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"
#include "tests/lib_test.h"

static inline void test_sql(struct db *db, const char *sql)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	ck_assert_msg(db_script(db, a, sql, 30000, NULL, &e), "%s: %s", sql, e.msg);
	arena_free(a);
}

/* What a test sets up waits for an autovacuum to make way: the server ends one after a second, as long as our own lock_timeout. */
static inline struct db *test_connect(const char *conninfo)
{
	struct err e = { 0 };
	struct db *db = db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk test" }, &e);
	ck_assert_msg(db != NULL, "%s", e.msg);
	test_sql(db, "SET lock_timeout = '20s'");
	return db;
}

/* The one value of an answer. */
static inline const char *test_value(struct db *db, struct arena *a, const char *sql)
{
	struct err e = { 0 };
	const char *v = db_value(db, a, &(struct query){ .sql = sql }, &e);
	ck_assert_msg(e.code == ERR_NONE, "%s: %s", sql, e.msg);
	return v;
}

/* Waits until the server has let go of all who match: a session that was closed or cut ends a moment later. One that was killed while it
   connected may come in sight between two looks: what is said in the end is what the last look saw. */
static inline void test_gone(struct db *db, const char *who)
{
	struct arena *a = arena_new();
	const char *sql = arena_printf(a, "SELECT string_agg(concat_ws(' ', pid, application_name, state, wait_event_type, wait_event, left(query, 200)), '; ')"
		" FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND (%s)", who);
	const char *left = test_value(db, a, sql);
	for (int i = 0; i < 600 && left; i++) {
		usleep(50000);
		left = test_value(db, a, sql);
	}
	ck_assert_msg(!left, "still there: %s", left);
	arena_free(a);
}

static inline void test_drop_database(const char *name)
{
	char sql[256];
	struct db *db = test_connect("dbname=postgres");
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
	test_sql(db, sql);
	db_close(db);
}

/* A new, empty database; name is a plain lower-case word. */
static inline struct db *test_database(const char *name)
{
	char sql[256];
	test_drop_database(name);
	struct db *db = test_connect("dbname=postgres");
	snprintf(sql, sizeof sql, "CREATE DATABASE %s", name);
	test_sql(db, sql);
	db_close(db);
	snprintf(sql, sizeof sql, "dbname=%s", name);
	return test_connect(sql);
}

#endif
