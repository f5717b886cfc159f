/* SPDX-License-Identifier: MIT */
/* What needs servers of its own: a real standby that is asked, and a server that is killed. */
#include "adapter/audit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/own.h"
#include "port/files.h"
#include "tests/lib_walk.h"
#include "tests/standby_fixture.h"

static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct cluster primary;
static const char *copy;   /* the standby's folder */

static void nap(int ms)
{
	nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000L }, NULL);
}

static struct db *connect_to(const char *host, const char *app)
{
	const struct db_opts o = { .conninfo = arena_printf(a, "host=%s user=postgres dbname=postgres", host), .app = app };
	struct db *d = NULL;
	for (int i = 0; i < 100 && !d; i++) {
		d = db_open(&o, &e);
		if (!d)
			nap(100);
	}
	ck_assert_msg(d != NULL, "%s", e.msg);
	return d;
}

/* Unchecked fixtures run in the process that survives a failed test: nothing is left running. */
static void setup(void)
{
	a = arena_new();
	e = (struct err){ 0 };
	plan = test_plan();
	copy = arena_printf(a, "/tmp/gwsb.%d.b", (int)getpid());
	const struct cluster_opts o = { .dir = arena_printf(a, "/tmp/gwsb.%d", (int)getpid()), .settings = "fsync = off\nshared_buffers = 16MB\n" };
	ck_assert_msg(cluster_start(a, &o, &primary, &e), "%s", e.msg);
}

static void teardown(void)
{
	standby_remove(a, &primary, copy);
	arena_free(a);
}

static void begin(void)
{
	db = connect_to(primary.host, "gatewalk test");
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id int PRIMARY KEY, legacy_total int)");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
}

static void standby_start(void)
{
	standby_make(a, &primary, copy);
	for (int i = 0; i < 100 && !test_value(db, a, "SELECT max(pid) FROM pg_stat_replication WHERE state = 'streaming'"); i++)
		nap(100);
}

static void tick(void)
{
	nap(5);
	ck_assert_msg(watch_tick(db, a, TEST_SID, &plan, &target, NULL, 0, &e), "%s", e.msg);
}

static struct fact_watch look(void)
{
	struct fact_watch w;
	ck_assert_msg(watch_read(db, a, TEST_SID, 0, &w, &e), "%s", e.msg);
	return w;
}

START_TEST(standby_is_asked)
{
	struct fact_audit found;
	begin();
	standby_start();
	tick();
	ck_assert(!look().standbys_ok);
	ck_assert_str_eq(look().standbys_why, "standby db2: the primary sends to it, but the plan does not name it");
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
	ck_assert_uint_eq(found.n_blind_keys, 1);
	ck_assert_str_eq(found.blind_keys[0], "standby db2");

	struct plan_standby s[] = { { .name = "db2", .dbname = arena_printf(a, "host=%s user=postgres dbname=postgres", copy) } };
	plan.standbys = s;
	plan.n_standbys = 1;
	tick();
	struct fact_watch w = look();
	ck_assert_msg(w.standbys_ok, "%s", w.standbys_why);
	int64_t since = w.unbroken_since;

	struct db *report = connect_to(copy, "report");
	test_sql(report, "SELECT sum(legacy_total) FROM public.orders");
	test_sql(report, "SELECT 1");
	tick();
	w = look();
	ck_assert_int_gt(w.last_sighting, 0);
	ck_assert_str_eq(w.sighted, "role postgres read legacy_total on db2");
	ck_assert_int_eq(w.unbroken_since, since);
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
	ck_assert_uint_eq(found.n, 1);
	ck_assert_ptr_nonnull(strstr(found.found[0].key, " by postgres on db2"));
	ck_assert_str_eq(found.found[0].server, "db2");
	db_close(report);

	/* Out of reach: shut. Back again with its counters: the time is bridged. */
	standby_shell(a, arena_printf(a, "%s/pg_ctl -D %s -m fast -w stop", primary.bindir, copy));
	tick();
	w = look();
	ck_assert(!w.standbys_ok && w.unbroken_since == 0);
	ck_assert_ptr_nonnull(strstr(w.standbys_why, "standby db2: cannot be asked: "));
	standby_shell(a, arena_printf(a, "%s/pg_ctl -D %s -o '-c unix_socket_directories=%s' -l %s/log -w start", primary.bindir, copy, copy, copy));
	tick();
	w = look();
	ck_assert_msg(w.standbys_ok, "%s", w.standbys_why);
	ck_assert_int_eq(w.unbroken_since, since);
}
END_TEST

static pid_t postmaster(void)
{
	char *text;
	size_t len;
	ck_assert_msg(file_read(a, arena_printf(a, "%s/data/postmaster.pid", primary.dir), 4096, &text, &len, &e), "%s", e.msg);
	return (pid_t)atoi(text);
}

START_TEST(restart_bridges_and_kill_does_not)
{
	begin();
	struct db *web = connect_to(primary.host, "web");
	test_sql(web, "SELECT legacy_total FROM public.orders");
	db_close(web);
	tick();
	int64_t since = look().unbroken_since;
	db_close(db);
	ck_assert_msg(cluster_restart(a, &primary, &e), "%s", e.msg);
	db = connect_to(primary.host, "gatewalk test");
	tick();
	ck_assert_int_eq(look().unbroken_since, since);
	ck_assert_int_eq(look().last_sighting, 0);

	db_close(db);
	pid_t pid = postmaster();
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	for (int i = 0; i < 100 && kill(pid, 0) == 0; i++)
		nap(50);
	bool up = false;
	for (int i = 0; i < 100 && !up; i++, nap(100))   /* its children notice and go */
		up = cluster_restart(a, &primary, &e);
	ck_assert_msg(up, "%s", e.msg);
	db = connect_to(primary.host, "gatewalk test");
	tick();
	struct fact_watch w = look();
	ck_assert_int_gt(w.unbroken_since, since);
	ck_assert_msg(strstr(w.gap, "the statistics of statements were reset or lost at ") != NULL, "%s", w.gap);
	ck_assert_ptr_nonnull(strstr(w.gap, ", with a restart of the server"));
}
END_TEST

static TCase *server_case(const char *name, const TTest *test)
{
	TCase *c = tcase_create(name);
	tcase_add_unchecked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, test);
	return c;
}

static Suite *suite(void)
{
	Suite *s = suite_create("db_standby");
	suite_add_tcase(s, server_case("standby", standby_is_asked));
	suite_add_tcase(s, server_case("restart", restart_bridges_and_kill_does_not));
	return s;
}

int main(void) { return test_main(suite()); }
