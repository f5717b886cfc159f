/* SPDX-License-Identifier: MIT */
/* What needs servers of its own: a real standby that is asked, and a server that is killed. */
#include "adapter/audit.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adapter/hide.h"
#include "adapter/own.h"
#include "adapter/probe.h"
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
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA public; CREATE TABLE public.orders (id int PRIMARY KEY, legacy_total int);"
		" CREATE FUNCTION public.report() RETURNS bigint LANGUAGE plpgsql AS $$ DECLARE n bigint; BEGIN EXECUTE 'SELECT sum(legacy' || '_total) FROM public.orders' INTO n; RETURN n; END $$");
	target = test_target(db, a, "public", "orders", "legacy_total");
	test_schema(db, a, &target);
	ck_assert_msg(own_tripwire_put(db, a, &(struct own_trip){ .sid = TEST_SID, .target = &target }, &e), "%s", e.msg);
}

static const char LOGS[] = "-c logging_collector=on -c log_destination=csvlog -c session_preload_libraries=auto_explain -c auto_explain.log_min_duration=0 "
	"-c auto_explain.log_verbose=on -c auto_explain.log_nested_statements=on -c pg_stat_statements.track=top";

static void standby_up(void)
{
	standby_make(a, &primary, copy, LOGS);
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

static const char *text_of(const char *sql)
{
	const char *s = test_value(db, a, sql);
	return s ? s : "";
}

static const struct audit_source *source_on(const struct fact_audit *f, const char *name, const char *server)
{
	for (size_t i = 0; i < f->n_sources; i++)
		if (strcmp(f->sources[i].name, name) == 0 && text_eq(f->sources[i].server, server))
			return &f->sources[i];
	ck_abort_msg("no source %s", name);
	return NULL;
}

/* Those whose key begins so. */
static size_t found_on_db2(const struct fact_audit *f, const char *key)
{
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++)
		n += strncmp(f->found[i].key, key, strlen(key)) == 0 && strstr(f->found[i].key, " on db2") && text_eq(f->found[i].server, "db2") && f->found[i].names_column;
	return n;
}

static void until(struct db *on, const char *sql)
{
	for (int i = 0; i < 500 && strcmp(test_value(on, a, sql), "t") != 0; i++)
		nap(10);
	ck_assert_msg(strcmp(test_value(on, a, sql), "t") == 0, "never true: %s", sql);
}

/* Until the standby's log has the plan of what was run last: its collector writes a moment later. */
static void logged(struct db *on, const char *app)
{
	const char *sql = arena_printf(a, "SELECT coalesce(position(',\"%s\",'::bytea IN pg_read_binary_file(pg_current_logfile('csvlog'))) > 0, false)", app);
	until(on, sql);
}

/* A program of the standby whose statement names nothing: neither its statistics nor its sessions say what the function reads. */
static void seen_by_its_log_alone(void)
{
	struct fact_audit found;
	struct db *nightly = connect_to(copy, "nightly");
	test_sql(nightly, "SELECT public.report()");
	db_close(nightly);
	struct db *own = connect_to(copy, "gatewalk test");
	logged(own, "nightly");
	db_close(own);
	tick();
	ck_assert_str_eq(look().sighted, "nightly (role postgres) read legacy_total on db2");
	ck_assert_str_eq(text_of("SELECT string_agg(DISTINCT source || ' ' || consumer, ';') FROM gatewalk.sighting WHERE consumer ~ 'nightly'"), "auto_explain logged postgres (nightly) on db2");
	ck_assert_str_eq(text_of("SELECT string_agg(source || ' ' || ok, ', ' ORDER BY source) FROM gatewalk.source WHERE server = 'db2' AND source IN ('auto_explain', 'pgaudit', 'server log')"),
		"auto_explain true, pgaudit false, server log true");
	ck_assert_msg(audit_look(db, a, &(struct audit_ask){ TEST_SID, &plan, &target, plan_target(&plan) }, &found, &e), "%s", e.msg);
	const struct audit_source *s = source_on(&found, "auto_explain", "db2");
	ck_assert_int_eq(s->saw, SAW_FOUND);
	ck_assert_int_gt(s->from, 0);
	ck_assert_int_eq(source_on(&found, "auto_explain", NULL)->saw, SAW_MISSING);
	ck_assert_int_eq(source_on(&found, "pgaudit", "db2")->saw, SAW_MISSING);
	size_t blind = 0;
	for (size_t i = 0; i < found.n_blind; i++)
		blind += strstr(found.blind[i], "pgaudit on db2: pgaudit is not loaded: ") == found.blind[i];
	ck_assert_uint_eq(blind, 1);
	ck_assert_uint_eq(found_on_db2(&found, "logged postgres (nightly)"), 1);
}

/* Hidden on the primary is hidden here, and the error that it makes is in this server's log alone. */
static void hidden_on_the_standby_too(void)
{
	long long id;
	const char *what;
	test_sql(db, "CREATE ROLE gwt_app LOGIN; GRANT SELECT ON public.orders TO gwt_app");
	ck_assert_msg(hide_begin(db, a, TEST_SID, 60, NULL, &id, &e), "%s", e.msg);
	test_sql(db, arena_printf(a, "SELECT gatewalk.hide_on(%lld::bigint)", id));
	/* The primary's log is the hiding backend's to read: what the watcher notes late may be of the hiding before. */
	test_sql(db, "INSERT INTO gatewalk.sighting (sid, source, touch, who, consumer, text) VALUES ('" TEST_SID "', 'server log', 'read', 'web', 'logged gwt_app (web)', 'late')");
	ck_assert_msg(hide_elsewhere(db, a, id, &what, &e), "%s", e.msg);
	ck_assert_ptr_null(what);
	struct db *own = connect_to(copy, "gatewalk test");
	until(own, "SELECT NOT has_column_privilege('gwt_app', 'public.orders', 'legacy_total', 'SELECT')");
	struct db *web = db_open(&(struct db_opts){ .conninfo = arena_printf(a, "host=%s user=gwt_app dbname=postgres", copy), .app = "web" }, &e);
	ck_assert_msg(web != NULL, "%s", e.msg);
	ck_assert(!db_script(web, a, "SELECT legacy_total FROM public.orders", 5000, NULL, NULL));
	db_close(web);
	logged(own, "web");
	db_close(own);
	tick();
	ck_assert_msg(hide_elsewhere(db, a, id, &what, &e), "%s", e.msg);
	ck_assert_str_eq(what, "web (role gwt_app) read legacy_total on db2");
	ck_assert_str_eq(test_value(db, a, arena_printf(a, "SELECT gatewalk.hide_back(%lld::bigint, 'error'::text)", id)), "t");
	test_sql(db, "DROP OWNED BY gwt_app; DROP ROLE gwt_app");
}

/* A standby with its replay paused lags for a time that the primary does not know. What only takes WAL is none. */
static void lag_is_known(void)
{
	struct fact_health h;
	standby_shell(a, arena_printf(a, "sh -c 'mkdir %s/wal; %s/pg_receivewal -n -h %s -U postgres -D %s/wal >/dev/null 2>&1 & echo $! >%s/wal.pid'", copy, primary.bindir, primary.host, copy, copy));
	until(db, "SELECT count(*) = 1 FROM pg_stat_replication WHERE write_lsn IS NOT NULL AND replay_lsn IS NULL");
	ck_assert_msg(probe_health(db, a, &plan, &h, &e), "%s", e.msg);
	ck_assert_int_eq(h.standbys, 1);
	ck_assert(h.lag_known && h.standby_query_known);
	ck_assert_msg(h.lag_s < 10, "%f", h.lag_s);
	tick();
	ck_assert_msg(look().standbys_ok, "%s", look().standbys_why);
	struct db *own = connect_to(copy, "gatewalk test");
	test_sql(own, "SELECT pg_wal_replay_pause()");
	ck_assert_msg(probe_health(db, a, &plan, &h, &e), "%s", e.msg);
	ck_assert(!h.lag_known);
	ck_assert_str_eq(h.lag_why, "the replay is paused on db2");
	test_sql(own, "SELECT pg_wal_replay_resume()");
	db_close(own);
	ck_assert_msg(probe_health(db, a, &plan, &h, &e), "%s", e.msg);
	ck_assert(h.lag_known);
	standby_shell(a, arena_printf(a, "sh -c 'kill $(cat %s/wal.pid)'", copy));
}

START_TEST(standby_is_asked)
{
	struct fact_audit found;
	begin();
	standby_up();
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
	ck_assert_uint_eq(found_on_db2(&found, "statement"), 1);
	db_close(report);
	seen_by_its_log_alone();

	hidden_on_the_standby_too();
	lag_is_known();

	/* Out of reach: shut. Back again with its counters: the time is bridged. */
	standby_shell(a, arena_printf(a, "%s/pg_ctl -D %s -m fast -w stop", primary.bindir, copy));
	tick();
	w = look();
	ck_assert(!w.standbys_ok && w.unbroken_since == 0);
	ck_assert_str_eq(text_of("SELECT ok || ', ' || (state::jsonb ? 'file') || ', ' || (why ~ '^cannot be asked: ') FROM gatewalk.source WHERE server = 'db2' AND source = 'server log'"),
		"false, true, true");
	ck_assert_ptr_nonnull(strstr(w.standbys_why, "standby db2: cannot be asked: "));
	standby_start(a, &primary, copy, LOGS);
	tick();
	w = look();
	ck_assert_msg(w.standbys_ok, "%s", w.standbys_why);
	ck_assert_int_eq(w.unbroken_since, since);
	ck_assert_str_eq(text_of("SELECT ok || coalesce(', ' || gap, '') FROM gatewalk.source WHERE server = 'db2' AND source = 'server log'"), "true");
	/* What was taken away is a gap of its own. */
	standby_shell(a, arena_printf(a, "rm %s/log/*.csv", copy));
	tick();
	ck_assert_ptr_nonnull(strstr(text_of("SELECT gap FROM gatewalk.source WHERE server = 'db2' AND source = 'server log'"), " is not in its log folder"));
	db_close(db);
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
	db_close(db);
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
