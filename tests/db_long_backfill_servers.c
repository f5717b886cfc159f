/* SPDX-License-Identifier: MIT */
/* A backfill whose server crashes, whose standby lags, and whose standby takes over. */
#include "tests/backfill_fixture.h"
#include "tests/standby_fixture.h"

static struct bf x;
static struct arena *a;
static struct cluster primary;
static const char *copy;   /* the standby's folder */

#define TABLE "CREATE TABLE public.t (id bigint PRIMARY KEY, v int, n bigint); INSERT INTO public.t SELECT i, i FROM generate_series(1, 10000) i"

/* Unchecked fixtures run in the process that survives a failed test: nothing is left running. */
static void setup(void)
{
	struct err e = { 0 };
	a = arena_new();
	copy = arena_printf(a, "/tmp/gwbf.%d.b", (int)getpid());
	const struct cluster_opts o = { .dir = arena_printf(a, "/tmp/gwbf.%d", (int)getpid()), .settings = "fsync = off\nshared_buffers = 16MB\n" };
	ck_assert_msg(cluster_start(a, &o, &primary, &e), "%s", e.msg);
	setenv("PGHOST", primary.host, 1);
	setenv("PGPORT", arena_printf(a, "%d", primary.port), 1);
	setenv("PGUSER", "postgres", 1);
	standby_make(a, &primary, copy, "");
}

static void teardown(void)
{
	standby_remove(a, &primary, copy);
	arena_free(a);
}

static const char *here(void)
{
	return arena_printf(x.a, "host=%s port=%d user=postgres dbname=" BF_DB, primary.host, primary.port);
}

static struct db *connect_to(const char *conninfo)
{
	struct db *db = NULL;
	for (int i = 0; i < 300 && !db; i++) {
		db = db_open(&(struct db_opts){ .conninfo = conninfo, .app = "gatewalk test" }, &x.e);
		if (!db)
			clock_nap(100);
	}
	ck_assert_msg(db != NULL, "%s", x.e.msg);
	return db;
}

START_TEST(lag_crash_and_failover)
{
	struct err e = { 0 };
	bf_open(&x, TABLE);
	/* The standby replays late: the backfill waits until it catches up. */
	struct db *there = connect_to(arena_printf(x.a, "host=%s port=%d user=postgres dbname=postgres", copy, primary.port));
	test_sql(there, "ALTER SYSTEM SET recovery_min_apply_delay = '1500ms'");
	test_sql(there, "SELECT pg_reload_conf()");
	x.pause = (struct plan_pause){ .when = "replication lag", .above = 0.3, .has_above = true };
	x.plan.backfill.batch_ms = 10;
	x.plan.backfill.load = 1;
	pid_t pid = bf_begin(&x);
	bf_until(&x, "SELECT count(*) > 0 FROM gatewalk.job WHERE state = 'waiting' AND note LIKE 'replication lag %'");
	bf_is(&x, "SELECT coalesce(sum(filled), 0) < 10000 FROM gatewalk.backfill", "t");
	test_sql(x.db, "UPDATE gatewalk.job SET settings = '{\"load\":\"100\"}'");
	test_sql(there, "ALTER SYSTEM RESET recovery_min_apply_delay");
	test_sql(there, "SELECT pg_reload_conf()");
	ck_assert_int_eq(bf_end(pid), 0);
	bf_is(&x, BF_BAD, "0");

	/* A crash in the middle: it logs in again and goes on where it was. */
	test_sql(x.db, "UPDATE public.t SET n = NULL; DELETE FROM gatewalk.backfill");
	x.pause = (struct plan_pause){ .when = "lock waiters", .above = 1000, .has_above = true };
	x.plan.backfill.load = 5;
	pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 3 FROM gatewalk.backfill");
	db_close(x.db);
	db_close(there);
	ck_assert(cluster_stop(a, &primary, "immediate", &e) && cluster_restart(a, &primary, &e));
	x.db = connect_to(here());
	ck_assert_int_eq(bf_end(pid), 0);
	bf_is(&x, BF_BAD, "0");
	bf_is(&x, "SELECT filled FROM gatewalk.backfill", "10000");

	/* The standby takes over while it works: it asks. Started again by somebody who saw that, it goes on from what is there. */
	test_sql(x.db, "UPDATE public.t SET n = NULL; DELETE FROM gatewalk.backfill");
	x.conninfo = arena_printf(x.a, "host=%s,%s port=%d,%d user=postgres dbname=" BF_DB, primary.host, copy, primary.port, primary.port);
	pid = bf_begin(&x);
	bf_until(&x, "SELECT coalesce(max(batches), 0) > 3 FROM gatewalk.backfill");
	db_close(x.db);
	ck_assert(cluster_stop(a, &primary, "immediate", &e));
	setenv("PGHOST", copy, 1);
	there = connect_to(arena_printf(x.a, "host=%s port=%d user=postgres dbname=" BF_DB, copy, primary.port));
	test_sql(there, "SELECT pg_promote()");
	int status = bf_end(pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	x.db = there;
	bf_is(&x, "SELECT count(*) > 0 FROM public.t WHERE n IS NULL", "t");
	x.timeline = cell_int(bf_get(&x, "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int"));
	x.plan.backfill.load = 100;
	x.conninfo = arena_printf(x.a, "host=%s port=%d user=postgres dbname=" BF_DB, copy, primary.port);
	bf_must(&x);
	bf_is(&x, BF_BAD, "0");
	db_close(x.db);
	arena_free(x.a);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("backfill_servers");
	TCase *t = tcase_create("servers");
	tcase_set_timeout(t, 180);
	tcase_add_unchecked_fixture(t, setup, teardown);
	tcase_add_test(t, lag_crash_and_failover);
	suite_add_tcase(s, t);
	return test_main(s);
}
