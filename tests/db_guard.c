/* SPDX-License-Identifier: MIT */
/* Ways to destroy what a walk is about. Each is refused by the server, or named by guard status as open; none is missed silently.
   The table is printed. */
#include "tests/guard_fixture.h"

#define DB "gw_guard"
#define TRIGGER "gatewalk_guard_000000000000"
#define SU ""   /* the superuser that the test logs in as */

static void open_db(void)
{
	guard_open(DB);
}

static void close_db(void)
{
	guard_close(DB);
}

/* state: how the server refuses it (GW100: the guard; else its own words), or NULL: it is open, and guard status says so by a way
   that has `open` in it. */
static const struct way { const char *what, *as, *sql, *state, *open; } ways[] = {
	{ "DROP COLUMN", GUARD_APP, "ALTER TABLE t DROP COLUMN old", "GW100", NULL },
	{ "DROP COLUMN CASCADE", GUARD_APP, "ALTER TABLE t DROP COLUMN old CASCADE", "GW100", NULL },
	{ "DROP COLUMN, of a table that goes", GUARD_APP, "ALTER TABLE whole DROP COLUMN note", "GW100", NULL },
	{ "DROP COLUMN, by a superuser", SU, "ALTER TABLE t DROP COLUMN old", "GW100", NULL },
	{ "DROP TABLE", GUARD_APP, "DROP TABLE t", "GW100", NULL },
	{ "DROP TABLE IF EXISTS two of them", GUARD_APP, "DROP TABLE IF EXISTS free, whole", "GW100", NULL },
	{ "DROP TABLE CASCADE", GUARD_APP, "CREATE VIEW v AS SELECT * FROM t; DROP TABLE t CASCADE", "GW100", NULL },
	{ "DROP TABLE of the rows", GUARD_APP, "DROP TABLE rows", "GW100", NULL },
	{ "DROP SCHEMA CASCADE", GUARD_APP, "DROP SCHEMA s CASCADE", "GW100", NULL },
	{ "DROP OWNED BY", GUARD_APP, "DROP OWNED BY " GUARD_APP, "GW100", NULL },
	{ "DROP OWNED BY, by a superuser", SU, "DROP OWNED BY " GUARD_APP, "GW100", NULL },
	{ "ALTER COLUMN TYPE, with a rewrite", GUARD_APP, "ALTER TABLE t ALTER old TYPE int USING 0", "GW100", NULL },
	{ "ALTER COLUMN TYPE, without a rewrite", GUARD_APP, "ALTER TABLE t ALTER old TYPE varchar", "GW100", NULL },
	{ "ALTER COLUMN TYPE to the same, USING NULL", GUARD_APP, "ALTER TABLE t ALTER old TYPE text USING NULL", "GW100", NULL },
	{ "ALTER COLUMN TYPE to the same, numbered otherwise in a partition", GUARD_APP, "ALTER TABLE pc ALTER old TYPE text USING NULL", "GW100", NULL },
	{ "ALTER COLUMN SET DATA TYPE COLLATE", GUARD_APP, "ALTER TABLE t ALTER old TYPE text COLLATE \"C\"", "GW100", NULL },
	{ "ALTER COLUMN ADD GENERATED AS IDENTITY", GUARD_APP, "ALTER TABLE whole ALTER id SET NOT NULL, ALTER id ADD GENERATED ALWAYS AS IDENTITY", "GW100", NULL },
	{ "SET UNLOGGED (gone after a crash)", GUARD_APP, "ALTER TABLE t SET UNLOGGED", "GW100", NULL },
	{ "RENAME COLUMN", GUARD_APP, "ALTER TABLE t RENAME old TO young", "GW100", NULL },
	{ "RENAME COLUMN, of a table that goes", GUARD_APP, "ALTER TABLE whole RENAME note TO young", "GW100", NULL },
	{ "RENAME TABLE", GUARD_APP, "ALTER TABLE t RENAME TO young", "GW100", NULL },
	{ "RENAME TABLE as ALTER INDEX", GUARD_APP, "ALTER INDEX t RENAME TO young", "GW100", NULL },
	{ "RENAME and back in one transaction", GUARD_APP, "ALTER TABLE t RENAME TO young; ALTER TABLE young RENAME TO t", "GW100", NULL },
	{ "SET SCHEMA", SU, "CREATE SCHEMA other; ALTER TABLE t SET SCHEMA other", "GW100", NULL },
	{ "RENAME SCHEMA", SU, "ALTER SCHEMA s RENAME TO other", "GW100", NULL },
	{ "RENAME SCHEMA of the column's type", SU, "ALTER SCHEMA ext RENAME TO other", "GW100", NULL },
	{ "TRUNCATE", GUARD_APP, "TRUNCATE t", "GW100", NULL },
	{ "TRUNCATE of the rows, through a key CASCADE", GUARD_APP, "TRUNCATE above CASCADE", "GW100", NULL },
	{ "TRUNCATE of a partition", GUARD_APP, "TRUNCATE part1", "GW100", NULL },
	{ "TRUNCATE, by a superuser as a replica", SU, "SET LOCAL session_replication_role = replica; TRUNCATE t", "GW100", NULL },
	{ "DROP TYPE CASCADE of the column's enum", GUARD_APP, "DROP TYPE mood CASCADE", "GW100", NULL },
	{ "ALTER TYPE RENAME VALUE", GUARD_APP, "ALTER TYPE mood RENAME VALUE 'a' TO 'z'", "GW100", NULL },
	{ "ALTER TYPE RENAME", GUARD_APP, "ALTER TYPE mood RENAME TO mood2", "GW100", NULL },
	{ "ALTER TYPE DROP ATTRIBUTE", GUARD_APP, "ALTER TYPE pair DROP ATTRIBUTE y", "GW100", NULL },
	{ "DROP DOMAIN CASCADE of the column's domain", GUARD_APP, "DROP DOMAIN dom CASCADE", "GW100", NULL },
	{ "DROP EXTENSION CASCADE that gives the type", SU, "DROP EXTENSION citext CASCADE", "GW100", NULL },
	{ "DROP TABLE of a partition", GUARD_APP, "DROP TABLE part1", "GW100", NULL },
	{ "DETACH PARTITION", GUARD_APP, "ALTER TABLE part DETACH PARTITION part1", "GW100", NULL },
	{ "INHERIT", GUARD_APP, "ALTER TABLE whole INHERIT like_whole", "GW100", NULL },
	{ "DISABLE TRIGGER, of the guard", GUARD_APP, "ALTER TABLE t DISABLE TRIGGER " TRIGGER, "GW100", NULL },
	{ "DISABLE TRIGGER USER", GUARD_APP, "ALTER TABLE t DISABLE TRIGGER USER", "GW100", NULL },
	{ "ENABLE REPLICA TRIGGER, of the guard", GUARD_APP, "ALTER TABLE t ENABLE REPLICA TRIGGER " TRIGGER, "GW100", NULL },
	{ "DROP TRIGGER, of the guard", GUARD_APP, "DROP TRIGGER " TRIGGER " ON t", "GW100", NULL },
	{ "ALTER TRIGGER RENAME, of the guard", GUARD_APP, "ALTER TRIGGER " TRIGGER " ON t RENAME TO z", "GW100", NULL },
	{ "CREATE OR REPLACE TRIGGER over the guard's", GUARD_APP, "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
		"CREATE OR REPLACE TRIGGER " TRIGGER " BEFORE TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION g()", "GW100", NULL },
	{ "DROP FUNCTION CASCADE of the guard's trigger", SU, "DROP FUNCTION gatewalk.guard_truncate() CASCADE", "GW100", NULL },
	{ "ALTER TABLE in a DO block that goes on after errors", GUARD_APP, "DO $d$ BEGIN BEGIN ALTER TABLE s.t DROP COLUMN old; EXCEPTION WHEN OTHERS THEN NULL; END; END $d$;"
		"DO $d$ BEGIN PERFORM old FROM s.t; RAISE EXCEPTION 'still there' USING ERRCODE = 'P0009'; END $d$", "P0009", NULL },
	{ "in a function", GUARD_APP, "SELECT f()", "GW100", NULL },
	{ "in a prepared DO", GUARD_APP, "DO $d$ BEGIN EXECUTE 'ALTER TABLE s.t ' || 'DROP COLUMN old'; END $d$", "GW100", NULL },
	{ "behind a savepoint", GUARD_APP, "SAVEPOINT a; SAVEPOINT b; ALTER TABLE t ALTER old TYPE text USING NULL", "GW100", NULL },
	{ "session_replication_role = replica, DROP TABLE", SU, "SET LOCAL session_replication_role = replica; DROP TABLE t", "GW100", NULL },
	{ "session_replication_role = replica, RENAME", SU, "SET LOCAL session_replication_role = replica; ALTER TABLE t RENAME old TO young", "GW100", NULL },
	{ "DROP EVENT TRIGGER, by the owner", GUARD_APP, "DROP EVENT TRIGGER gatewalk_guard_drop", "42501", NULL },
	{ "ALTER EVENT TRIGGER DISABLE, by the owner", GUARD_APP, "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE", "42501", NULL },
	{ "CREATE OR REPLACE of a guard's function, by the owner", GUARD_APP, "CREATE OR REPLACE FUNCTION gatewalk.guard_drop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'", "42501", NULL },
	{ "a pass of one's own, by the owner", GUARD_APP, "INSERT INTO gatewalk.pass VALUES ('00000000000000000000000000000001', '1', 1, 1, repeat('a', 64))", "42501", NULL },
	{ "a pass without a permit", SU, "SELECT gatewalk.guard_pass('00000000000000000000000000000001', repeat('a', 64)); ALTER TABLE t DROP COLUMN old", "GW101", NULL },
	{ "a pass for another statement", SU, "UPDATE gatewalk.walk SET stage = 'dropping'; INSERT INTO gatewalk.permit (nonce, sid) VALUES ('n', '00000000000000000000000000000001');"
		"SELECT gatewalk.guard_pass('00000000000000000000000000000001', repeat('a', 64)); ALTER TABLE t DROP COLUMN old", "GW100", NULL },
	{ "DROP EVENT TRIGGER, by a superuser", SU, "DROP EVENT TRIGGER gatewalk_guard_drop; DROP EVENT TRIGGER gatewalk_guard_ddl; ALTER TABLE t DROP COLUMN old", NULL, "DROP EVENT TRIGGER" },
	{ "ALTER EVENT TRIGGER DISABLE, by a superuser", SU, "ALTER EVENT TRIGGER gatewalk_guard_drop DISABLE; DROP TABLE t", NULL, "ALTER or DROP EVENT TRIGGER" },
	{ "changing pg_attribute itself, by a superuser", SU, "UPDATE pg_attribute SET attisdropped = true WHERE attrelid = 's.t'::regclass AND attname = 'old'", NULL, "changes of the catalogue itself" },
	{ "a forged pass, by a superuser", SU, "DELETE FROM gatewalk.guarded; ALTER TABLE t DROP COLUMN old", NULL, "changing the guard's functions and tables" },
	{ "CREATE OR REPLACE of a guard's function, by a superuser", SU, "CREATE OR REPLACE FUNCTION gatewalk.guard_drop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; DROP TABLE t", NULL,
		"changing the guard's functions and tables" },
	{ "UPDATE SET old = NULL", GUARD_APP, "UPDATE t SET old = NULL", NULL, "UPDATE and DELETE" },
	{ "DELETE of all rows", GUARD_APP, "DELETE FROM t", NULL, "UPDATE and DELETE" },
	{ "CREATE RULE DO INSTEAD", GUARD_APP, "CREATE RULE r AS ON INSERT TO t DO INSTEAD NOTHING", NULL, "a rule, policy or trigger" },
	{ "a policy that hides its rows", GUARD_APP, "ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY", NULL, "a rule, policy or trigger" },
};
#define WAYS (sizeof ways / sizeof ways[0])

static bool listed(const char *open)
{
	struct err e = { 0 };
	struct guard_gap *gaps;
	size_t n = 0;
	ck_assert_msg(guard_gaps(x.db, x.a, false, &gaps, &n, &e), "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		if (strstr(gaps[i].way, open))
			return true;
	return false;
}

START_TEST(every_way_is_refused_or_listed)
{
	size_t missed = 0, refused = 0;
	for (size_t i = 0; i < WAYS; i++) {
		const struct way *w = &ways[i];
		const char *msg, *state = guard_said(w->as, w->sql, &msg);
		bool fits = w->state ? strcmp(state, w->state) == 0 : !*state && listed(w->open);
		const char *result = !fits ? "MISSED" : !w->state ? "open, listed" : strcmp(state, "GW100") == 0 ? "refused" : "refused by the server";
		refused += w->state && fits;
		missed += !fits;
		printf("%2zu %-56s %-22s%s%s%s\n", i + 1, w->what, result, fits ? "" : state, fits ? "" : " ", fits ? "" : msg);
	}
	printf("%zu ways: %zu refused, %zu open and listed, %zu missed\n", WAYS, refused, WAYS - refused - missed, missed);
	fflush(stdout);
	ck_assert_uint_eq(missed, 0);
}
END_TEST

/* Seen once to be refused at pc, in some hundred runs, and not known why: what the guard goes by is shown. */
static const char *row_versions(void)
{
	return fix_get(&x, "SELECT 'at ' || pg_current_xact_id() || string_agg(format(', %s.%s %s %s', attrelid::regclass, attname, xmin, pg_xact_status(xmin::text::xid8)), '' ORDER BY attrelid, attnum)"
		" FROM pg_attribute WHERE attrelid IN ('s.pc'::regclass, 's.pc1'::regclass) AND attnum > 0");
}

/* What applications and migration tools do meanwhile. */
START_TEST(the_rest_goes_on)
{
	static const char *const rest[] = {
		"ALTER TABLE t ADD COLUMN more int DEFAULT 7", "ALTER TABLE t DROP COLUMN other", "ALTER TABLE t RENAME other TO another", "ALTER TABLE t ALTER other TYPE bigint",
		"ALTER TABLE t ALTER old SET NOT NULL, ALTER old SET DEFAULT 'x'", "CREATE INDEX ON t (old)", "ALTER TABLE whole ADD COLUMN more int", "ALTER TYPE mood ADD VALUE 'c'",
		"CREATE TABLE part3 PARTITION OF part FOR VALUES FROM (20) TO (30); DROP TABLE part3", "CREATE TABLE n (i int); ALTER TABLE n ADD j int; ALTER TABLE n RENAME TO m; DROP TABLE m",
		"ALTER TABLE pc DROP COLUMN other", "ALTER TABLE pc ALTER other TYPE bigint", "DROP TABLE free", "TRUNCATE free, like_whole", "CREATE VIEW v AS SELECT old FROM t; DROP VIEW v", "ALTER TABLE free ALTER gone TYPE text", "COMMENT ON COLUMN t.old IS 'x'",
		"CREATE TEMP TABLE x (i int) ON COMMIT DROP", ("ALTER TABLE t OWNER TO " GUARD_APP), "ANALYZE t",
	};
	for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
		const char *msg, *state = guard_said(GUARD_APP, rest[i], &msg);
		ck_assert_msg(!*state, "%s: %s %s (%s)", rest[i], state, msg, row_versions());
	}
}
END_TEST

/* Who is hit by it learns which walk, and nothing that would open it. */
START_TEST(what_it_says)
{
	struct err e = { 0 };
	ck_assert(!db_script(x.db, x.a, "ALTER TABLE s.t DROP COLUMN old", 5000, NULL, &e));
	ck_assert_str_eq(e.sqlstate, "GW100");
	ck_assert_msg(strstr(e.msg, "gatewalk guards s.t.old: ALTER TABLE would take away table column s.t.old"), "%s", e.msg);
	db_rollback(x.db);
	const char *text = fix_get(&x, "SELECT prosrc FROM pg_proc WHERE proname = 'guard_refuse'");
	ck_assert(strstr(text, "gatewalk status %s") && strstr(text, "gatewalk leave %s"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guard");
	TCase *t = tcase_create("ways");
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_way_is_refused_or_listed);
	tcase_add_test(t, the_rest_goes_on);
	tcase_add_test(t, what_it_says);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
