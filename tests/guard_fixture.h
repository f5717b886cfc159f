/* SPDX-License-Identifier: MIT */
/* For db_guard.c and db_guard_pass.c: a database with the guard in it, and a walk over each kind of target. The application's
   role gw_app owns all of it; gw_other is another role. */
#ifndef GW_TESTS_GUARD_FIXTURE_H
#define GW_TESTS_GUARD_FIXTURE_H

#include "adapter/guard_try.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define GUARD_APP "gw_guard_app"

static struct fix x;

static const char GUARD_SHOP_SQL[] =
	"DO $d$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '" GUARD_APP "') THEN CREATE ROLE " GUARD_APP " LOGIN; END IF; END $d$;"
	"CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; GRANT USAGE ON SCHEMA ext TO PUBLIC;"
	"CREATE SCHEMA s AUTHORIZATION " GUARD_APP "; SET SESSION AUTHORIZATION " GUARD_APP "; SET search_path = s, ext;"
	"CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN dom AS text; CREATE TYPE pair AS (x int, y int);"
	"CREATE TABLE t (id bigint PRIMARY KEY, old text, other int); INSERT INTO t VALUES (1, 'a', 1);"
	"CREATE TABLE tm (id int, old mood); CREATE TABLE td (id int, old dom); CREATE TABLE tc (id int, old citext); CREATE TABLE tp (id int, old pair);"
	"CREATE TABLE whole (id int, note text); INSERT INTO whole VALUES (1, 'n');"
	"CREATE TABLE part (id int, note text) PARTITION BY RANGE (id); CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (10);"
	"CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (10) TO (20);"
	"CREATE TABLE pc (id int, other int, old text) PARTITION BY RANGE (id); CREATE TABLE pc1 (gone int, id int, other int, old text);"
	"ALTER TABLE pc1 DROP COLUMN gone; ALTER TABLE pc ATTACH PARTITION pc1 FOR VALUES FROM (0) TO (10); INSERT INTO pc VALUES (1, 1, 'a');"
	"CREATE TABLE above (id int PRIMARY KEY); CREATE TABLE rows (id int PRIMARY KEY, up int REFERENCES above);"
	"CREATE TABLE free (id int, old text, gone int); CREATE TABLE like_whole (LIKE whole);"
	"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE s.t DROP COLUMN old; END';"
	"RESET SESSION AUTHORIZATION; SET search_path = pg_catalog, pg_temp";

/* sid, table, column: a walk each. */
static const struct { const char *sid, *table, *column; } guarded[] = {
	{ "00000000000000000000000000000001", "t", "old" }, { "00000000000100000000000000000002", "tm", "old" },
	{ "00000000000200000000000000000003", "td", "old" }, { "00000000000300000000000000000004", "tc", "old" },
	{ "00000000000400000000000000000005", "tp", "old" }, { "00000000000500000000000000000006", "whole", NULL },
	{ "00000000000600000000000000000007", "part", NULL }, { "00000000000700000000000000000008", "rows", NULL },
	{ "00000000000800000000000000000009", "pc", "old" },
};
#define GUARDED (sizeof guarded / sizeof guarded[0])

static inline void guard_walk_row(size_t i)
{
	struct err e = { 0 };
	ck_assert_msg(fix_sql(x.db, x.a, &e, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" SELECT '%s', 'walk-%s', 'x', 'destructive', 's.%s'::regclass, coalesce((SELECT attnum FROM pg_attribute WHERE attrelid = 's.%s'::regclass AND attname = '%s'), 0),"
		" 's.%s%s%s', 'audit', 'ana@office', 'h', 'p', 1", guarded[i].sid, guarded[i].table, guarded[i].table, guarded[i].table, guarded[i].column ? guarded[i].column : "",
		guarded[i].table, guarded[i].column ? "." : "", guarded[i].column ? guarded[i].column : ""), "%s", e.msg);
}

static inline void guard_put_on(size_t i)
{
	struct err e = { 0 };
	const struct fact_target t = { .schema = "s", .table = guarded[i].table,
		.relid = (unsigned)strtoul(fix_get(&x, arena_printf(x.a, "SELECT relid FROM gatewalk.walk WHERE sid = '%s'", guarded[i].sid)), NULL, 10) };
	ck_assert_msg(guard_put(x.db, x.a, guarded[i].sid, &t, &e), "%s", e.msg);
}

/* With every walk under guard, TRUNCATE included. */
static inline void guard_open(const char *db)
{
	struct err e = { 0 };
	struct guard_done d;
	fix_open(&x, db, true);
	fix_do(&x, GUARD_SHOP_SQL);
	for (size_t i = 0; i < GUARDED; i++)
		guard_walk_row(i);
	ck_assert_msg(guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	ck_assert_str_eq(d.how, "triggers");
	ck_assert_uint_eq(d.n, GUARDED);
	for (size_t i = 0; i < GUARDED; i++)
		guard_put_on(i);
}

static inline void guard_close(const char *db)
{
	fix_close(&x);
	fix_drop_database(db);
}

/* What the server says to it, in a transaction that is rolled back: SQLSTATE, or "" when it was done. */
static inline const char *guard_said(const char *role, const char *sql, const char **msg)
{
	struct err e = { 0 };
	const char *as = *role ? arena_printf(x.a, "SET LOCAL SESSION AUTHORIZATION %s; SET LOCAL search_path = s, ext;", role) : "SET LOCAL search_path = s, ext;";
	bool done = db_script(x.db, x.a, arena_printf(x.a, "BEGIN; %s %s; SET CONSTRAINTS ALL IMMEDIATE", as, sql), 20000, NULL, &e);
	*msg = arena_dup(x.a, e.msg);
	db_rollback(x.db);
	return done ? "" : arena_dup(x.a, e.sqlstate);
}

#endif
