/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/cluster.h"
#include "adapter/guard.h"
#include "adapter/probe.h"
#include "adapter/probe_version.h"
#include "adapter/schema.h"
#include "tests/lib_db.h"

#define WORD(n) #n
#define VERSION_WORDS(n) "version " WORD(n)
#define SCHEMA_NOW VERSION_WORDS(SCHEMA_VERSION)

static struct db *db;
static struct arena *a;
static struct err e;

static void setup(void)
{
	db = test_database("gwt_doctor");
	a = arena_new();
	e = (struct err){ 0 };
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_doctor");
	struct db *x = test_connect("dbname=postgres");
	test_sql(x, "DROP ROLE IF EXISTS gatewalk_owner; DROP ROLE IF EXISTS gatewalk_operator; DROP ROLE IF EXISTS \"Gwt plain\"; DROP ROLE IF EXISTS gwt_app");
	db_close(x);
}

static const struct doctor_row *row(struct db *on, const char *id)
{
	struct doctor_row *rows;
	size_t n;
	ck_assert_msg(probe_doctor(on, a, &rows, &n, &e), "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].id, id) == 0)
			return &rows[i];
	ck_abort_msg("no row %s", id);
	return NULL;
}

static void says(struct db *on, const char *id, enum doctor_state state, const char *now, const char *fix)
{
	const struct doctor_row *r = row(on, id);
	ck_assert_msg(r->state == state, "%s: state %d: %s", id, r->state, r->now);
	if (now)
		ck_assert_str_eq(r->now, now);
	ck_assert_msg((r->fix == NULL) == (fix == NULL), "%s: %s", id, r->fix ? r->fix : "no fix");
	if (fix)
		ck_assert_str_eq(r->fix, fix);
}

START_TEST(server_is_known)
{
	struct fact_server s;
	int64_t now = 0;
	ck_assert_msg(probe_server(db, a, &s, &e), "%s", e.msg);
	ck_assert_int_eq(s.version, db_version(db));
	ck_assert_str_eq(s.dbname, "gwt_doctor");
	ck_assert_ptr_eq(strstr(s.label, "gwt_doctor@"), s.label);
	ck_assert_str_eq(s.sysid, test_value(db, a, "SELECT system_identifier FROM pg_control_system()"));
	ck_assert_str_eq(s.login, test_value(db, a, "SELECT session_user"));
	ck_assert(s.superuser && !s.pooled && !s.in_recovery);
	ck_assert_int_eq(s.timeline, 1);
	ck_assert_ptr_nonnull(s.lsn);
	ck_assert_int_gt(s.at, s.started);
	ck_assert_uint_ge(strlen(s.boot_id), 32);
	ck_assert(probe_now(db, &now, &e));
	ck_assert_int_ge(now, s.at);
}
END_TEST

START_TEST(room_for_locks)
{
	const char *room = test_value(db, a, "SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int)");
	says(db, "locks", DOCTOR_OK, arena_printf(a, "for %s at once", room), NULL);
	test_sql(db, "CREATE TABLE public.small (id int); CREATE TABLE public.\"M y\" (id int) PARTITION BY RANGE (id)");
	test_sql(db, arena_printf(a, "DO $$ BEGIN FOR i IN 1 .. %lld LOOP EXECUTE format('CREATE TABLE public.m%%s PARTITION OF public.\"M y\" FOR VALUES FROM (%%s) TO (%%s)', i, i, i + 1);"
		" END LOOP; END $$", (long long)cell_int(room) / 7));
	says(db, "locks", DOCTOR_WARN, arena_printf(a, "for %s at once; to drop public.\"M y\" whole would take about %lld", room, (long long)(cell_int(room) / 7 + 1) * 7),
		"ALTER SYSTEM SET max_locks_per_transaction = 128; then restart the server");
}
END_TEST

START_TEST(versions_outside_are_audit_only)
{
	ck_assert(probe_supported(150018, &e) && probe_supported(180000, &e));
	ck_assert(!probe_supported(140011, &e));
	ck_assert_str_eq(e.msg, "this server is PostgreSQL 14: audit only");
	ck_assert(!probe_supported(190000, &e));
	ck_assert_int_eq(e.code, ERR_USE);
	ck_assert_int_eq(probe_version(140000)->major, 15);
	ck_assert_int_eq(probe_version(170004)->major, 17);
	ck_assert_int_eq(probe_version(210000)->major, 18);
}
END_TEST

START_TEST(superuser_before_and_after_init)
{
	bool strong;
	says(db, "server", DOCTOR_OK, NULL, NULL);
	says(db, "pooler", DOCTOR_OK, "none in between", NULL);
	says(db, "create", DOCTOR_OK, NULL, NULL);
	says(db, "stats", DOCTOR_OK, NULL, NULL);
	says(db, "tracking", DOCTOR_OK, "track_activities and track_counts are on", NULL);
	says(db, "standbys", DOCTOR_OK, "none is known to this server", NULL);
	says(db, "clock", DOCTOR_OK, NULL, NULL);
	says(db, "slot", DOCTOR_OK, "none can be made, and only a plan with policy.slot asks for one: wal_level is replica", "ALTER SYSTEM SET wal_level = logical; then restart the server");
	says(db, "schema", DOCTOR_MISSING, "not there", "gatewalk init --environment production|staging|development|rehearsal");
	says(db, "mark", DOCTOR_MISSING, "not marked", "gatewalk init --environment production|staging|development|rehearsal");
	says(db, "guard", DOCTOR_WARN, "not installed", "gatewalk init first; then gatewalk guard install");
	ck_assert_msg(schema_init(db, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	says(db, "schema", DOCTOR_OK, SCHEMA_NOW, NULL);
	says(db, "mark", DOCTOR_OK, "production", NULL);
	says(db, "guard", DOCTOR_WARN, "not installed: the server refuses nobody else what a walk is about", "as a superuser: gatewalk guard install");
	struct guard_done done;
	ck_assert_msg(guard_install(db, a, &done, &e), "%s", e.msg);
	says(db, "guard", DOCTOR_OK, "installed, enabled always", NULL);
	test_sql(db, "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE");
	says(db, "guard", DOCTOR_MISSING, "an event trigger of the guard is missing, switched off or changed", "as a superuser: gatewalk guard install");
	says(db, "ledger", DOCTOR_WARN, "the ledger is as strong as this login: it can rewrite it", "walk with a login that is no superuser and no member of gatewalk_owner");
	test_sql(db, "COMMENT ON DATABASE gwt_doctor IS NULL");
	says(db, "mark", DOCTOR_MISSING, "the schema says production, the comment on the database says none",
		"find out who changed it; gatewalk init --environment production writes the comment again");
}
END_TEST

START_TEST(statements_in_four_states)
{
	static const char on[] = "ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf();";
	says(db, "statements", DOCTOR_MISSING, "loaded, but not created in this database", "CREATE EXTENSION pg_stat_statements;");
	test_sql(db, "CREATE EXTENSION pg_stat_statements WITH SCHEMA public; SET pg_stat_statements.track = 'none'");
	says(db, "statements", DOCTOR_MISSING, "track is none: nothing is counted", on);
	test_sql(db, "SET pg_stat_statements.track = 'top'");
	says(db, "statements", DOCTOR_WARN, "track is top: statements inside functions are not counted", on);
	test_sql(db, "SET pg_stat_statements.track = 'all'");
	says(db, "statements", DOCTOR_OK, "loaded, created, track = all", NULL);
}
END_TEST

START_TEST(plain_login_gets_the_commands_that_help)
{
	test_sql(db, "CREATE ROLE \"Gwt plain\" LOGIN; CREATE ROLE gwt_app; CREATE TABLE public.t (k int); ALTER TABLE public.t OWNER TO gwt_app");
	struct db *plain = test_connect("dbname=gwt_doctor user='Gwt plain'");
	says(plain, "create", DOCTOR_MISSING, "this login may not create a schema", "GRANT CREATE ON DATABASE gwt_doctor TO \"Gwt plain\";");
	says(plain, "owner", DOCTOR_WARN, "this login may not alter 1 of 1 tables", "GRANT gwt_app TO \"Gwt plain\";");
	says(plain, "stats", DOCTOR_MISSING, "this login sees only its own statements and sessions", "GRANT pg_read_all_stats TO \"Gwt plain\";");
	bool strong;
	ck_assert(schema_init(db, a, ENV_STAGING, &strong, &e));
	says(plain, "schema", DOCTOR_MISSING, "this login may not read the gatewalk schema", "GRANT gatewalk_operator TO \"Gwt plain\";");
	test_sql(db, "GRANT gatewalk_operator TO \"Gwt plain\"");
	says(plain, "schema", DOCTOR_OK, SCHEMA_NOW, NULL);
	says(plain, "ledger", DOCTOR_OK, "the ledger's owner is a role that this login is not", NULL);
	db_close(plain);
	test_sql(db, "DROP TABLE public.t");
}
END_TEST

START_TEST(tracking_and_standbys)
{
	test_sql(db, "SET track_activities = off; SELECT pg_create_physical_replication_slot('gwt_standby')");
	struct doctor_row standbys = *row(db, "standbys");
	says(db, "tracking", DOCTOR_MISSING, "track_activities is off: sessions cannot be seen", "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();");
	test_sql(db, "SELECT pg_drop_replication_slot('gwt_standby')");
	ck_assert_int_eq(standbys.state, DOCTOR_WARN);
	ck_assert_str_eq(standbys.now, "1: gwt_standby (slot)");
}
END_TEST

/* A server without the library, with another one that must stay: the command must not break its start. */
START_TEST(missing_library_command_keeps_the_others)
{
	struct cluster c;
	char dir[64];
	snprintf(dir, sizeof dir, "/tmp/gwt-doctor-%d", (int)getpid());
	struct cluster_opts o = { .dir = dir, .settings = "shared_preload_libraries = 'auto_explain, pg_prewarm'\nfsync = off\n" };
	ck_assert_msg(cluster_start(a, &o, &c, &e), "%s", e.msg);
	struct db *bare = test_connect(c.conninfo);
	const struct doctor_row *r = row(bare, "statements");
	ck_assert_str_eq(r->fix, "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_prewarm', 'pg_stat_statements'; then restart the server");
	test_sql(bare, arena_dupn(a, r->fix, strcspn(r->fix, ";")));
	db_close(bare);
	bool again = cluster_restart(a, &c, &e);
	if (again) {
		bare = test_connect(c.conninfo);
		r = row(bare, "statements");
		db_close(bare);
	}
	ck_assert(cluster_remove(a, &c, &e));
	ck_assert_msg(again, "%s", e.msg);
	ck_assert_str_eq(r->now, "loaded, but not created in this database");
}
END_TEST

/* A fix, up to what is done by hand; each statement by itself, as psql would. */
static void done(struct db *on, const char *id)
{
	char *fix = arena_dup(a, row(on, id)->fix), *at = NULL;
	char *end = strstr(fix, "; then ");
	if (end)
		*end = '\0';
	for (char *s = strtok_r(fix, ";", &at); s; s = strtok_r(NULL, ";", &at))
		test_sql(on, s);
}

static struct cluster logs;

static struct db *again(struct db *on)
{
	db_close(on);
	ck_assert_msg(cluster_restart(a, &logs, &e), "%s", e.msg);
	return test_connect(logs.conninfo);
}

static void logs_start(void)
{
	char dir[64];
	a = arena_new();
	snprintf(dir, sizeof dir, "/tmp/gwt-doctor-log-%d", (int)getpid());
	struct cluster_opts o = { .dir = arena_dup(a, dir), .settings = "shared_preload_libraries = ''\nsession_preload_libraries = 'auth_delay'\nfsync = off\n" };
	ck_assert_msg(cluster_start(a, &o, &logs, &e), "%s", e.msg);
}

static void logs_end(void)
{
	cluster_remove(a, &logs, &e);
	arena_free(a);
}

START_TEST(commands_for_the_log_help)
{
	struct db *s = test_connect(logs.conninfo);
	says(s, "log", DOCTOR_WARN, "logging_collector is off, so that the server keeps no log of its own",
		"ALTER SYSTEM SET logging_collector = on; ALTER SYSTEM SET log_destination = 'csvlog'; then restart the server");
	says(s, "auto_explain", DOCTOR_WARN, "auto_explain is not loaded",
		"ALTER SYSTEM SET session_preload_libraries = 'auth_delay', 'auto_explain'; SELECT pg_reload_conf(); then let all clients log in again");
	says(s, "pgaudit", DOCTOR_WARN, "pgaudit is not loaded", arena_printf(a, "apt install postgresql-%d-pgaudit; ALTER SYSTEM SET shared_preload_libraries = 'pgaudit'; then restart the server", db_version(s) / 10000));
	says(s, "pg_cron", DOCTOR_WARN, "pg_cron is not loaded",
		arena_printf(a, "apt install postgresql-%d-cron; ALTER SYSTEM SET shared_preload_libraries = 'pg_cron'; then restart the server", db_version(s) / 10000));
	done(s, "log");
	done(s, "auto_explain");
	test_sql(s, "ALTER SYSTEM SET shared_preload_libraries = 'pgaudit'");
	s = again(s);
	says(s, "log", DOCTOR_OK, "csvlog, which this login may read", NULL);
	says(s, "auto_explain", DOCTOR_WARN, "auto_explain is loaded, and switched off", "ALTER SYSTEM SET auto_explain.log_min_duration = 0; SELECT pg_reload_conf()");
	says(s, "pgaudit", DOCTOR_WARN, "pgaudit is loaded, and logs no use of any table",
		"CREATE ROLE auditor NOLOGIN; ALTER SYSTEM SET pgaudit.role = auditor; SELECT pg_reload_conf(); then GRANT SELECT, INSERT, UPDATE, DELETE ON what is to be dropped TO that role");
	done(s, "pgaudit");
	for (int i = 0; i < 4; i++) {   /* on, verbose, and inside functions */
		if (row(s, "auto_explain")->fix)
			done(s, "auto_explain");
		db_close(s);
		s = test_connect(logs.conninfo);
	}
	says(s, "auto_explain", DOCTOR_OK, "loaded: minimum 0, verbose on, format text, nested on, sample rate 1", NULL);
	says(s, "pgaudit", DOCTOR_OK, "loaded; the grants of its role on a table say what is logged of it", NULL);
	test_sql(s, "CREATE ROLE \"Plain\" LOGIN; GRANT pg_monitor, pg_read_all_settings TO \"Plain\"; GRANT EXECUTE ON FUNCTION pg_current_logfile(text) TO \"Plain\"");
	struct db *plain = test_connect(arena_printf(a, "%s user=Plain", logs.conninfo));
	says(plain, "log", DOCTOR_WARN, "this login may not read it, which the audit and hiding would do",
		"GRANT EXECUTE ON FUNCTION pg_read_binary_file(text, bigint, bigint), pg_read_binary_file(text, bigint, bigint, boolean),"
		" pg_stat_file(text), pg_stat_file(text, boolean) TO \"Plain\";");
	test_sql(s, row(plain, "log")->fix);
	says(plain, "log", DOCTOR_OK, "csvlog, which this login may read", NULL);
	db_close(plain);
	test_sql(s, "ALTER SYSTEM SET log_destination = 'stderr'");
	s = again(s);
	says(s, "log", DOCTOR_WARN, "stderr: names can be made that look like entries, and hiding needs %e in log_line_prefix",
		"ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf();");
	db_close(s);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { server_is_known, room_for_locks, versions_outside_are_audit_only, superuser_before_and_after_init, statements_in_four_states,
		plain_login_gets_the_commands_that_help, tracking_and_standbys, missing_library_command_keeps_the_others };
	Suite *s = suite_create("doctor");
	TCase *c = tcase_create("doctor");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	c = tcase_create("log");
	tcase_add_unchecked_fixture(c, logs_start, logs_end);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, commands_for_the_log_help);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
