/* SPDX-License-Identifier: MIT */
#include "adapter/schema.h"

#include <string.h>

#include "adapter/probe.h"
#include "adapter/schema.sql.h"
#include "tests/lib_db.h"

static struct db *db;
static struct arena *a;
static struct err e;
static bool strong;

static void setup(void)
{
	db = test_database("gwt_schema");
	a = arena_new();
	e = (struct err){ 0 };
}

static void drop_roles(void)
{
	struct db *x = test_connect("dbname=postgres");
	test_sql(x, "DROP ROLE IF EXISTS gatewalk_owner; DROP ROLE IF EXISTS gatewalk_operator; DROP ROLE IF EXISTS gwt_plain; DROP ROLE IF EXISTS gwt_maker");
	db_close(x);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_schema");
	drop_roles();
}

static void init_as(enum env env)
{
	ck_assert_msg(schema_init(db, a, env, &strong, &e), "%s", e.msg);
}

static void refused(bool done, enum err_code code, const char *msg)
{
	ck_assert(!done);
	ck_assert_str_eq(e.msg, msg);
	ck_assert_int_eq(e.code, code);
}

START_TEST(init_marks_three_times_the_same)
{
	struct fact_mark m;
	int version = -1;
	ck_assert(schema_version(db, a, &version, &e));
	ck_assert_int_eq(version, 0);
	ck_assert(probe_mark(db, a, &m, &e));
	ck_assert(!m.installed);
	init_as(ENV_PRODUCTION);
	ck_assert(!strong);   /* a superuser can rewrite everything */
	init_as(ENV_PRODUCTION);
	ck_assert(schema_version(db, a, &version, &e));
	ck_assert_int_eq(version, SCHEMA_VERSION);
	ck_assert(probe_mark(db, a, &m, &e));
	ck_assert(m.installed);
	ck_assert_int_eq(m.env, ENV_PRODUCTION);
	ck_assert_int_eq(m.comment_env, ENV_PRODUCTION);
	ck_assert_str_eq(m.sysid, test_value(db, a, "SELECT system_identifier FROM pg_control_system()"));
	ck_assert_uint_eq(m.dboid, (unsigned)cell_int(test_value(db, a, "SELECT oid FROM pg_database WHERE datname = current_database()")));
	ck_assert_uint_eq(strlen(m.install_id), 36);
	ck_assert(!m.ledger_strong);
}
END_TEST

START_TEST(comment_keeps_what_it_said)
{
	static const char comment[] = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()";
	test_sql(db, "COMMENT ON DATABASE gwt_schema IS 'the shop''s \\ data'");
	init_as(ENV_STAGING);
	ck_assert_str_eq(test_value(db, a, comment), "the shop's \\ data [gatewalk: staging]");
	test_sql(db, "COMMENT ON DATABASE gwt_schema IS 'edited [gatewalk: development] by hand'");
	init_as(ENV_STAGING);
	ck_assert_str_eq(test_value(db, a, comment), "edited by hand [gatewalk: staging]");
	ck_assert_msg(schema_uninstall(db, a, &e), "%s", e.msg);
	ck_assert_str_eq(test_value(db, a, comment), "edited by hand");
}
END_TEST

START_TEST(another_environment_is_refused)
{
	init_as(ENV_PRODUCTION);
	refused(schema_init(db, a, ENV_DEVELOPMENT, &strong, &e), ERR_USE, "this database is marked production, not development");
	refused(schema_init(db, a, ENV_NONE, &strong, &e), ERR_USE, "no environment was named");
	ck_assert_str_eq(test_value(db, a, "SELECT environment FROM gatewalk.meta"), "production");
	ck_assert_str_eq(test_value(db, a, "SELECT pg_current_xact_id_if_assigned() IS NULL"), "t");
}
END_TEST

START_TEST(newer_foreign_and_emptied_are_refused)
{
	init_as(ENV_STAGING);
	test_sql(db, "UPDATE gatewalk.meta SET version = 99");
	refused(schema_init(db, a, ENV_STAGING, &strong, &e), ERR_USE, "the gatewalk schema here has version 99, made by gatewalk " GATEWALK_VERSION ", and this gatewalk (" GATEWALK_VERSION ") knows up to 6");
	refused(schema_uninstall(db, a, &e), ERR_USE, "the gatewalk schema here has version 99, and this gatewalk (" GATEWALK_VERSION ") knows up to 6");
	test_sql(db, "UPDATE gatewalk.meta SET version = 1, system_identifier = '1'");
	refused(schema_init(db, a, ENV_STAGING, &strong, &e), ERR_VERIFY, "the mark in this database belongs to another server or database");
	test_sql(db, "DELETE FROM gatewalk.meta");
	refused(schema_init(db, a, ENV_STAGING, &strong, &e), ERR_VERIFY, "the gatewalk schema has lost its mark: gatewalk.meta is empty");
	test_sql(db, "DROP TABLE gatewalk.meta");
	refused(schema_init(db, a, ENV_STAGING, &strong, &e), ERR_VERIFY, "there is a schema gatewalk without gatewalk's table meta");
}
END_TEST

/* The schema as version 1 made it, by its own text. */
static void version_one(void)
{
	test_sql(db, SCHEMA_V1);
	test_sql(db, "INSERT INTO gatewalk.meta (version, environment, system_identifier, database_oid) SELECT 1, 'staging',"
		" (SELECT system_identifier FROM pg_control_system())::text, oid FROM pg_database WHERE datname = current_database()");
	test_sql(db, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('00', 'w', '', 'destructive', 1, 1, 't', 'consumers', 'me', 'here', '', 1)");
	test_sql(db, "SELECT gatewalk.append('00', 0, repeat('a', 64), -1, '', 'line')");
}

START_TEST(upgrades_in_place)
{
	static const char again[] = "SELECT gatewalk.append('00', 1, repeat('b', 64), 0, repeat('a', 64), 'again')";
	int version = 0;
	version_one();
	ck_assert(!db_script(db, a, again, 5000, NULL, &e));
	err_clear(&e);
	const char *id = test_value(db, a, "SELECT install_id FROM gatewalk.meta");
	refused(schema_init(db, a, ENV_PRODUCTION, &strong, &e), ERR_USE, "this database is marked staging, not production");
	ck_assert(schema_version(db, a, &version, &e));
	ck_assert_int_eq(version, 1);
	init_as(ENV_STAGING);
	ck_assert_str_eq(test_value(db, a, "SELECT install_id FROM gatewalk.meta"), id);
	ck_assert_str_eq(test_value(db, a, "SELECT version || program FROM gatewalk.meta"), "6" GATEWALK_VERSION);
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM gatewalk.anchor a JOIN gatewalk.walk w USING (sid) WHERE w.closed_at IS NULL"), "1");
	ck_assert_str_eq(test_value(db, a, "SELECT relowner::regrole FROM pg_class WHERE oid = 'gatewalk.meta'::regclass"), "gatewalk_owner");
	test_sql(db, again);
	init_as(ENV_STAGING);
}
END_TEST

START_TEST(who_may_not_upgrade_is_told)
{
	version_one();
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; GRANT USAGE ON SCHEMA gatewalk TO gwt_plain; GRANT SELECT ON ALL TABLES IN SCHEMA gatewalk TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	bool done = schema_init(plain, a, ENV_STAGING, &strong, &e);
	db_close(plain);
	refused(done, ERR_DB, "the gatewalk schema has version 1, and this login may not upgrade it");
	test_sql(db, "DROP OWNED BY gwt_plain");
}
END_TEST

START_TEST(mark_is_bound_again)
{
	refused(schema_rebind(db, a, &e), ERR_USE, "there is no gatewalk schema in this database");
	err_clear(&e);
	version_one();
	test_sql(db, "UPDATE gatewalk.meta SET system_identifier = '1', database_oid = 2");
	refused(schema_init(db, a, ENV_STAGING, &strong, &e), ERR_VERIFY, "the mark in this database belongs to another server or database");
	err_clear(&e);
	ck_assert_msg(schema_rebind(db, a, &e), "%s", e.msg);
	ck_assert_str_eq(test_value(db, a, "SELECT moved_from FROM gatewalk.meta WHERE moved_at IS NOT NULL AND version = 6"), "1.2");
	init_as(ENV_STAGING);
}
END_TEST

START_TEST(slot_refuses_development)
{
	test_sql(db, "SELECT pg_create_physical_replication_slot('gwt_slot')");
	bool done = schema_init(db, a, ENV_REHEARSAL, &strong, &e);
	test_sql(db, "SELECT pg_drop_replication_slot('gwt_slot')");
	refused(done, ERR_USE, "this database is not marked rehearsal: it has replication slots (gwt_slot)");
	init_as(ENV_REHEARSAL);
}
END_TEST

START_TEST(unseen_sessions_refuse_development)
{
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; ALTER DATABASE gwt_schema OWNER TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	bool done = schema_init(plain, a, ENV_DEVELOPMENT, &strong, &e);
	db_close(plain);
	refused(done, ERR_USE, "this database is not marked development: this login cannot see where the sessions of postgres come from");
}
END_TEST

/* A login without rights to make roles owns everything: the ledger is as strong as the login. */
START_TEST(plain_login_is_weak)
{
	struct fact_mark m;
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; ALTER DATABASE gwt_schema OWNER TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	strong = true;
	ck_assert_msg(schema_init(plain, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	ck_assert(!strong);
	ck_assert(probe_mark(plain, a, &m, &e));
	ck_assert(!m.ledger_strong && m.installed && m.env == ENV_PRODUCTION);
	db_close(plain);
	/* A superuser makes it strong later, and lets the login in by one role. */
	init_as(ENV_PRODUCTION);
	test_sql(db, "GRANT gatewalk_operator TO gwt_plain");
	plain = test_connect("dbname=gwt_schema user=gwt_plain");
	ck_assert(probe_mark(plain, a, &m, &e));
	ck_assert(m.ledger_strong);
	ck_assert(schema_init(plain, a, ENV_PRODUCTION, &strong, &e));
	ck_assert(strong);
	db_close(plain);
}
END_TEST

START_TEST(operator_cannot_touch_anchors_lines_or_the_mark)
{
	static const char *const forbidden[] = { "INSERT INTO gatewalk.anchor VALUES ('s', 1, repeat('a', 64), -1, '', 'line', now(), '1', '0/0')",
		"UPDATE gatewalk.anchor SET n = 2", "DELETE FROM gatewalk.anchor", "UPDATE gatewalk.line SET line = 'x'", "DELETE FROM gatewalk.line",
		"UPDATE gatewalk.meta SET environment = 'development'", "DELETE FROM gatewalk.permit", "DELETE FROM gatewalk.walk", "TRUNCATE gatewalk.anchor",
		"DROP TABLE gatewalk.anchor", "CREATE OR REPLACE FUNCTION gatewalk.append(text,bigint,text,bigint,text,text) RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
		"SET ROLE gatewalk_owner", "ALTER TABLE gatewalk.anchor DISABLE TRIGGER ALL" };
	init_as(ENV_PRODUCTION);
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; GRANT gatewalk_operator TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	test_sql(plain, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('s', 'n', 'd', 'destructive', 1, 1, 't', 'x', 'o', 'h', 'p', 1)");
	test_sql(plain, "SELECT gatewalk.append('s', 0, repeat('a', 64), -1, '', 'line')");
	test_sql(plain, "INSERT INTO gatewalk.line (sid, n, line) VALUES ('s', 0, 'x')");
	for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
		ck_assert_msg(!db_script(plain, a, forbidden[i], 0, NULL, &e), "%s", forbidden[i]);
		ck_assert_msg(strcmp(e.sqlstate, "42501") == 0, "%s: %s %s", forbidden[i], e.sqlstate, e.msg);
	}
	db_close(plain);
}
END_TEST

/* init run again gives the owner what gatewalk made, and nothing of an operator's: such a function would have the owner's rights. */
START_TEST(nothing_of_an_operators_is_handed_over)
{
	init_as(ENV_PRODUCTION);
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; GRANT gatewalk_operator TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	test_sql(plain, "CREATE FUNCTION gatewalk.guard_mine() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text';"
		"CREATE FUNCTION gatewalk.append() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'; CREATE TABLE gatewalk.rows_0123456789ab (n int)");
	ck_assert_msg(schema_init(db, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	ck_assert_str_eq(test_value(plain, a, "SELECT gatewalk.guard_mine() || ' ' || gatewalk.append()"), "gwt_plain gwt_plain");
	ck_assert_str_eq(test_value(plain, a, "SELECT count(*) FROM gatewalk.rows_0123456789ab"), "0");
	ck_assert_str_eq(test_value(db, a, "SELECT bool_and(relowner::regrole::text = 'gatewalk_owner') FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace"
		" AND relkind = 'r' AND relname !~ '^rows_'"), "t");
	db_close(plain);
}
END_TEST

START_TEST(login_that_makes_roles_steps_out_of_the_owner)
{
	test_sql(db, "CREATE ROLE gwt_maker LOGIN CREATEROLE; ALTER DATABASE gwt_schema OWNER TO gwt_maker");
	struct db *maker = test_connect("dbname=gwt_schema user=gwt_maker");
	ck_assert_msg(schema_init(maker, a, ENV_PRODUCTION, &strong, &e), "%s", e.msg);
	ck_assert_msg(schema_init(maker, a, ENV_PRODUCTION, &strong, &e), "again: %s", e.msg);
	ck_assert_str_eq(test_value(maker, a, "SELECT pg_has_role('gatewalk_owner', 'MEMBER')"), "f");
	ck_assert_str_eq(test_value(maker, a, "SELECT relowner::regrole FROM pg_class WHERE oid = 'gatewalk.anchor'::regclass"), "gatewalk_owner");
	ck_assert_str_eq(test_value(maker, a, "SELECT count(*) FROM gatewalk.anchor"), "0");
	if (db_version(maker) < 160000)
		ck_assert(!strong);   /* such a login can make itself anything */
	db_close(maker);
}
END_TEST

START_TEST(only_the_owner_can_mark)
{
	test_sql(db, "CREATE ROLE gwt_plain LOGIN; GRANT CREATE ON DATABASE gwt_schema TO gwt_plain");
	struct db *plain = test_connect("dbname=gwt_schema user=gwt_plain");
	bool done = schema_init(plain, a, ENV_PRODUCTION, &strong, &e);
	db_close(plain);
	refused(done, ERR_DB, "only the owner of database gwt_schema can put gatewalk's mark into its comment");
	ck_assert_str_eq(e.hint, "As its owner: COMMENT ON DATABASE gwt_schema IS '[gatewalk: production]';");
	ck_assert_str_eq(test_value(db, a, "SELECT to_regnamespace('gatewalk') IS NULL"), "t");
}
END_TEST

START_TEST(uninstall_refuses_while_needed)
{
	refused(schema_uninstall(db, a, &e), ERR_USE, "there is no gatewalk schema in this database");
	init_as(ENV_STAGING);
	test_sql(db, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('0123456789abcdef', 'drop-note', 'd', 'destructive', 1, 1, 't', 'x', 'o', 'h', 'p', 1)");
	refused(schema_uninstall(db, a, &e), ERR_USE, "the gatewalk schema is still needed by open walks: drop-note (01234567)");
	test_sql(db, "UPDATE gatewalk.walk SET closed_at = now(); INSERT INTO gatewalk.job (sid, kind, state, seen_at) VALUES ('0123456789abcdef', 'watch', 'running', now())");
	refused(schema_uninstall(db, a, &e), ERR_USE, "the gatewalk schema is still needed by running jobs: 1 watch");
	test_sql(db, "UPDATE gatewalk.job SET seen_at = now() - interval '1 hour'; CREATE TABLE public.t (k int);"
		"CREATE FUNCTION gatewalk.trip_0123456789ab() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
		"CREATE SEQUENCE gatewalk.trip_0123456789ab;"
		"CREATE TRIGGER gatewalk_trip_0123456789ab AFTER INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION gatewalk.trip_0123456789ab()");
	refused(schema_uninstall(db, a, &e), ERR_USE, "the gatewalk schema is still needed by tripwires and guards: public.t gatewalk_trip_0123456789ab");
	test_sql(db, "DROP TRIGGER gatewalk_trip_0123456789ab ON public.t; CREATE FUNCTION gatewalk.dual_0123456789ab() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
		"CREATE TRIGGER zz_gatewalk_dual_0123456789ab_i BEFORE INSERT ON public.t FOR EACH ROW EXECUTE FUNCTION gatewalk.dual_0123456789ab()");
	refused(schema_uninstall(db, a, &e), ERR_USE, "the gatewalk schema is still needed by dual writes: public.t zz_gatewalk_dual_0123456789ab_i");
	test_sql(db, "DROP TRIGGER zz_gatewalk_dual_0123456789ab_i ON public.t; CREATE VIEW public.mine AS SELECT sid FROM gatewalk.walk");
	ck_assert(!schema_uninstall(db, a, &e));   /* somebody's view: never CASCADE */
	ck_assert_str_eq(e.sqlstate, "2BP01");
	test_sql(db, "DROP VIEW public.mine");
	ck_assert_msg(schema_uninstall(db, a, &e), "%s", e.msg);
	ck_assert_str_eq(test_value(db, a, "SELECT to_regnamespace('gatewalk') IS NULL"), "t");
	ck_assert_str_eq(test_value(db, a, "SELECT count(*) FROM pg_roles WHERE rolname ~ '^gatewalk'"), "0");
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { init_marks_three_times_the_same, comment_keeps_what_it_said, another_environment_is_refused,
		newer_foreign_and_emptied_are_refused, upgrades_in_place, who_may_not_upgrade_is_told, mark_is_bound_again, slot_refuses_development, unseen_sessions_refuse_development, plain_login_is_weak,
		operator_cannot_touch_anchors_lines_or_the_mark, nothing_of_an_operators_is_handed_over, login_that_makes_roles_steps_out_of_the_owner, only_the_owner_can_mark, uninstall_refuses_while_needed };
	Suite *s = suite_create("schema");
	TCase *c = tcase_create("schema");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
