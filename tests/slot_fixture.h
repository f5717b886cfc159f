/* SPDX-License-Identifier: MIT */
/* A server of its own with wal_level = logical, a shop, its walk's row, and the walk's slot: for the db_slot* tests. */
#ifndef GW_TESTS_SLOT_FIXTURE_H
#define GW_TESTS_SLOT_FIXTURE_H

#include <stdlib.h>

#include "adapter/audit.h"
#include "adapter/cluster.h"
#include "adapter/slot.h"
#include "base/when.h"
#include "tests/lib_walk.h"

#define DB "gwt_slot"
#define NAME "gatewalk_slot_001122334455"
#define LIMIT (INT64_C(64) << 20)

static struct cluster server;
static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static const char *outside_host, *outside_port, *outside_user;   /* of the server that all tests share: wal_level = replica */

/* Unchecked: it runs in the process that survives a failed test, so that nothing is left running. */
static inline void server_up(void)
{
	a = arena_new();
	outside_host = arena_dup(a, getenv("PGHOST"));
	outside_port = arena_dup(a, getenv("PGPORT"));
	outside_user = arena_dup(a, getenv("PGUSER"));
	const struct cluster_opts o = { .dir = arena_printf(a, "/tmp/gwsl.%d", (int)getpid()),
		.settings = "fsync = off\nshared_buffers = 16MB\nwal_level = logical\nmax_replication_slots = 3\nautovacuum = off\n" };
	ck_assert_msg(cluster_start(a, &o, &server, &e), "%s", e.msg);
	setenv("PGHOST", server.host, 1);
	setenv("PGPORT", arena_printf(a, "%d", server.port), 1);
	setenv("PGUSER", server.user, 1);
	setenv("PGDATABASE", DB, 1);
}

static inline void server_down(void)
{
	cluster_remove(a, &server, &e);
	arena_free(a);
}

static inline void take_slots(void)
{
	struct db *any = test_connect("dbname=postgres");
	test_sql(any, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots");
	db_close(any);
}

static inline void setup(void)
{
	take_slots();
	db = test_database(DB);
	e = (struct err){ 0 };
	plan = test_plan();
	plan.slot = true;
	plan.slot_max_mb = LIMIT >> 20;
	test_sql(db, "CREATE TABLE public.orders (id int PRIMARY KEY, note text, legacy_total text); ALTER TABLE public.orders ALTER legacy_total SET STORAGE EXTERNAL");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
}

static inline void teardown(void)
{
	db_close(db);
	take_slots();
	test_drop_database(DB);
}

static inline const char *try_put(struct db *by)
{
	const char *why;
	const struct slot_order o = { .sid = TEST_SID, .target = &target, .limit = LIMIT };
	ck_assert_msg(slot_put(by, a, &o, &why, &e), "%s", e.msg);
	return why;
}

static inline void put(void)
{
	const char *why = try_put(db);
	ck_assert_msg(why == NULL, "%s", why);
}

static inline void tick(void)
{
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
}

static inline struct slot_kept kept(void)
{
	struct slot_kept k;
	ck_assert_msg(slot_kept_read(db, a, TEST_SID, &k, &e), "%s", e.msg);
	return k;
}

static inline struct fact_watch look(void)
{
	struct fact_watch w;
	ck_assert_msg(watch_read(db, a, TEST_SID, 0, &w, &e), "%s", e.msg);
	return w;
}

static inline bool stands(void)
{
	return atoi(test_value(db, a, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '" NAME "'"));
}

static inline const char *gap(void)
{
	return test_value(db, a, "SELECT gap FROM gatewalk.source WHERE source = '" SOURCE_SLOT "'");
}

/* What the slot sighted; 0: nothing. */
static inline int sighted(void)
{
	return atoi(test_value(db, a, "SELECT count(*) FROM gatewalk.sighting WHERE source = '" SOURCE_SLOT "'"));
}

static inline void counts(int64_t inserts, int64_t updates, int64_t deletes, int64_t truncates, int64_t open)
{
	struct slot_kept k = kept();
	ck_assert_msg(k.inserts == inserts && k.updates == updates && k.deletes == deletes && k.truncates == truncates && k.open == open && k.unread == 0,
		"INSERT %lld UPDATE %lld DELETE %lld TRUNCATE %lld open %lld unread %lld", (long long)k.inserts, (long long)k.updates, (long long)k.deletes,
		(long long)k.truncates, (long long)k.open, (long long)k.unread);
}

static inline void fill_wal(int segments)
{
	for (int i = 0; i < segments; i++)
		test_sql(db, "SELECT pg_logical_emit_message(false, 'test', 'x'); SELECT pg_switch_wal()");
}

static inline bool seen_in_blind(const char *words)
{
	struct fact_audit f;
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &f, &e), "%s", e.msg);
	return test_blind(&f, words);
}

static inline int run(Suite *s, const TTest *const *tests, size_t n)
{
	TCase *t = tcase_create("slot");
	tcase_set_timeout(t, 60);
	tcase_add_unchecked_fixture(t, server_up, server_down);
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < n; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return test_main(s);
}

#endif
