/* SPDX-License-Identifier: MIT */
/* Faults of the audit's sources, and texts made to hide: each is seen through, or the source says what is wrong and what helps. On a
   server of its own, whose settings are turned about. */
#include "adapter/audit.h"

#include <stdlib.h>

#include "adapter/cluster.h"
#include "base/json.h"
#include "port/child.h"
#include "tests/lib_walk.h"

#define DB "gwt_blind"

static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct fact_target target;
static struct cluster server;
static struct fact_audit found;

/* Unchecked: it runs in the process that survives a failed test, so that nothing is left running. */
static void server_up(void)
{
	a = arena_new();
	const struct cluster_opts o = { .dir = arena_printf(a, "/tmp/gwbl.%d", (int)getpid()),
		.settings = "fsync = off\nshared_buffers = 16MB\npg_stat_statements.max = 100\n" };
	ck_assert_msg(cluster_start(a, &o, &server, &e), "%s", e.msg);
	setenv("PGHOST", server.host, 1);
	setenv("PGPORT", arena_printf(a, "%d", server.port), 1);
	setenv("PGUSER", server.user, 1);
	setenv("PGDATABASE", "postgres", 1);
}

static void server_down(void)
{
	cluster_remove(a, &server, &e);
	arena_free(a);
}

static void shop(const char *options)
{
	test_drop_database(DB);
	struct db *top = test_connect("dbname=postgres");
	test_sql(top, arena_printf(a, "CREATE DATABASE " DB " %s", options));
	test_sql(top, "DO $$BEGIN IF to_regrole('gwt_low') IS NULL THEN CREATE ROLE gwt_low LOGIN; CREATE ROLE gwt_web LOGIN; END IF; END$$");
	db_close(top);
	db = test_connect("dbname=" DB);
	test_sql(db, "CREATE SCHEMA stats; CREATE TABLE public.orders (id int, legacy_total int); GRANT ALL ON public.orders TO gwt_web, gwt_low");
	plan = test_plan();
	target = test_target(db, a, "public", "orders", "legacy_total");
}

static void setup(void)
{
	shop("");
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA stats; SELECT stats.pg_stat_statements_reset()");
}

static void teardown(void)
{
	db_close(db);
}

static void audit(struct db *by)
{
	ck_assert_msg(audit_look(by, a, &(struct audit_ask){ "", &plan, &target, TARGET_COLUMN }, &found, &e), "%s", e.msg);
}

static const struct audit_source *source(const char *name)
{
	for (size_t i = 0; i < found.n_sources; i++)
		if (strcmp(found.sources[i].name, name) == 0)
			return &found.sources[i];
	ck_abort_msg("no source %s", name);
	return NULL;
}

/* It could not see, and its own row says what helps. */
static void is_blind(const char *name, const char *words)
{
	const struct audit_source *s = source(name);
	ck_assert_msg(s->why && strstr(s->why, words), "%s: %s", name, s->why ? s->why : "nothing");
	ck_assert_int_ne(s->saw, SAW_NONE);
	ck_assert_int_ne(s->saw, SAW_FOUND);
}

static void shell(const char *command)
{
	struct child_end end;
	ck_assert_msg(child_shell(a, command, NULL, 60000, &end, &e) && end.status == 0, "%s: %s", command, end.err);
}

static bool has_text(const char *text)
{
	for (size_t i = 0; i < found.n; i++)
		if (strstr(found.found[i].evidence, text))
			return true;
	return false;
}

START_TEST(no_permission)
{
	struct db *web = test_client(DB, "web", "gwt_web"), *low = test_client(DB, "low", "gwt_low");
	test_sql(web, "SELECT legacy_total FROM public.orders");
	audit(low);
	is_blind("statements", "GRANT USAGE ON SCHEMA stats TO gwt_low; GRANT SELECT ON stats.pg_stat_statements, stats.pg_stat_statements_info TO gwt_low");
	is_blind("sessions", "GRANT pg_read_all_stats TO gwt_low");
	test_sql(db, "GRANT USAGE ON SCHEMA stats TO gwt_low");
	audit(low);
	is_blind("statements", "GRANT pg_read_all_stats TO gwt_low");
	test_sql(db, "GRANT pg_read_all_stats TO gwt_low");
	audit(low);
	ck_assert(!source("statements")->why && !source("sessions")->why);
	ck_assert(has_text("SELECT legacy_total"));
	test_sql(db, "REVOKE pg_read_all_stats FROM gwt_low");
	db_close(web);
	db_close(low);
}
END_TEST

START_TEST(old_extension)
{
	test_sql(db, "DROP EXTENSION pg_stat_statements; CREATE EXTENSION pg_stat_statements SCHEMA stats VERSION '1.7'");
	audit(db);
	is_blind("statements", "of the old version 1.7, and cannot be read: ALTER EXTENSION pg_stat_statements UPDATE");
	test_sql(db, "ALTER EXTENSION pg_stat_statements UPDATE");
	audit(db);
	ck_assert_ptr_null(source("statements")->why);
}
END_TEST

START_TEST(thrown_out)
{
	const char *sql = "SELECT 1";
	for (int i = 0; i < 250; i++)
		test_sql(db, sql = arena_printf(a, "%s, 1", sql));   /* as many as the server keeps, and more */
	audit(db);
	ck_assert_ptr_nonnull(source("statements")->gap);
	ck_assert_ptr_nonnull(strstr(source("statements")->gap, "the least used were forgotten"));
}
END_TEST

/* The activity keeps 1 kB of a statement; the statistics all of it, of which the audit reads the first million. */
START_TEST(long_texts)
{
	struct db *web = test_client(DB, "web", "gwt_web");
	test_sql(web, arena_printf(a, "SELECT /* %2000s */ legacy_total FROM public.orders", ""));
	audit(db);
	is_blind("sessions", "what 1 sessions run is longer than the server keeps: ALTER SYSTEM SET track_activity_query_size");
	ck_assert(has_text("legacy_total"));
	ck_assert_ptr_null(source("statements")->why);
	test_sql(web, "SELECT 1");
	test_sql(db, "SELECT stats.pg_stat_statements_reset()");
	test_sql(web, arena_printf(a, "SELECT /* %1100000s */ legacy_total FROM public.orders", ""));
	test_sql(web, "SELECT 1");
	audit(db);
	ck_assert_uint_eq(found.n, 1);
	ck_assert(found.found[0].may_survive && !found.found[0].names_column);
	db_close(web);
}
END_TEST

static const struct { const char *sql; bool uses; } hostile[] = {
	{ "SELECT /* ' */ legacy_total /* ' */ FROM public.orders", true }, { "SELECT /* /* $x$ */ */ legacy_total FROM public.orders -- $x$", true },
	{ "SELECT $a$ /* $a$, legacy_total FROM public.orders", true }, { "SELECT E'\\' -- ', legacy_total FROM public.orders", true },
	{ "SELECT id -- /*\n, legacy_total FROM public.orders -- */", true }, { "SELECT '-- ' || legacy_total FROM public.orders", true },
	{ "SELECT U&\"legacy!005ftotal\" UESCAPE '!' FROM public.orders", true }, { "SELECT 1 AS \"/*\", legacy_total AS \"*/\" FROM public.orders", true },
	{ "SELECT x.\"$$\", legacy_total FROM public.orders, (SELECT 1 AS \"$$\") x", true }, { "SELECT U&'\\0027' || legacy_total FROM public.orders", true },
	{ "SELECT id /* legacy_total */ FROM public.orders -- legacy_total", false }, { "SELECT id AS \"legacy_total \" FROM public.orders", false },
};

START_TEST(texts_that_hide_it)
{
	struct db *web = test_client(DB, "web", "gwt_web");
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		test_sql(db, "SELECT stats.pg_stat_statements_reset()");
		test_sql(web, hostile[i].sql);
		test_sql(web, "SELECT 1");
		audit(db);
		ck_assert_msg((found.n == 1) == hostile[i].uses, "%s: %zu", hostile[i].sql, found.n);
	}
	db_close(web);
}
END_TEST

/* Keywords, a line's end, a direction turned about: the names of these are data. */
START_TEST(names_that_look_like_more)
{
	static const char *const names[][2] = { { "select", "from" }, { "orders\nx", "a\nb" }, { "or\xe2\x80\xae" "ders", "\xe2\x80\xae" "x" }, { "u&", "--" }, { "/*", "*/" }, { "$a$", "1" } };
	struct db *web = test_client(DB, "web", "gwt_web");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		test_sql(db, arena_printf(a, "CREATE TABLE public.\"%1$s\" (\"%2$s\" int); GRANT ALL ON public.\"%1$s\" TO gwt_web; CREATE VIEW public.\"v%3$zu\" AS SELECT \"%2$s\" AS x FROM public.\"%1$s\"",
			names[i][0], names[i][1], i));
		test_sql(db, "SELECT stats.pg_stat_statements_reset()");
		test_sql(web, arena_printf(a, "SELECT \"%s\" FROM public.\"%s\"", names[i][1], names[i][0]));
		test_sql(web, "SELECT 1");
		target = test_target(db, a, "public", names[i][0], names[i][1]);
		audit(db);
		ck_assert_msg(found.n == 2 && test_consumer(&found, arena_printf(a, "view public.v%zu", i)), "%s: %zu", names[i][0], found.n);
		ck_assert(json_is_log_subset(audit_json(a, &found)));
	}
	db_close(web);
}
END_TEST

static void in_encoding(const char *encoding)
{
	db_close(db);
	shop(arena_printf(a, "ENCODING '%s' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", encoding));
	test_sql(db, "CREATE EXTENSION pg_stat_statements SCHEMA stats; SELECT stats.pg_stat_statements_reset()");
	/* a session that stays until the database is dropped under it */
	shell("(printf 'SELECT /* \\377\\376 */ legacy_total AS \"\\351\" FROM public.orders;\\n'; exec sleep 20) | PGCLIENTENCODING=SQL_ASCII psql -qX -d " DB " >/dev/null 2>&1 &");
	for (int i = 0; i < 400 && strcmp(test_value(db, a, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND state = 'idle' AND query <> ''"), "1") != 0; i++)
		usleep(25000);
	audit(db);
	ck_assert(json_is_log_subset(audit_json(a, &found)));
}

/* Another encoding is read as well; a database that takes any bytes can be sent some that nobody can read, and that is said. */
START_TEST(other_encodings)
{
	in_encoding("LATIN1");
	ck_assert(has_text("legacy_total AS \"\xc3\xa9\"") && !source("statements")->why && !source("sessions")->why);
	in_encoding("SQL_ASCII");
	is_blind("sessions", "a session's text is not in the database's encoding");
	is_blind("statements", "SELECT stats.pg_stat_statements_reset() forgets it, and starts the time anew");
}
END_TEST

/* The last: it leaves the server without the library. */
START_TEST(not_preloaded)
{
	test_sql(db, "ALTER SYSTEM SET shared_preload_libraries = 'auto_explain'");
	db_close(db);
	ck_assert_msg(cluster_stop(a, &server, "fast", &e) && cluster_restart(a, &server, &e), "%s", e.msg);
	db = test_connect("dbname=" DB);
	audit(db);
	is_blind("statements", "pg_stat_statements is not loaded: ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_stat_statements'; then restart the server");
	test_sql(db, "DROP EXTENSION pg_stat_statements");
	audit(db);
	is_blind("statements", "then restart the server; then CREATE EXTENSION pg_stat_statements");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("db_audit_blind");
	TCase *c = tcase_create("blind");
	tcase_add_unchecked_fixture(c, server_up, server_down);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, no_permission);
	tcase_add_test(c, old_extension);
	tcase_add_test(c, thrown_out);
	tcase_add_test(c, long_texts);
	tcase_add_test(c, texts_that_hide_it);
	tcase_add_test(c, names_that_look_like_more);
	tcase_add_test(c, other_encodings);
	tcase_add_test(c, not_preloaded);
	suite_add_tcase(s, c);
	return s;
}

int main(void) { return test_main(suite()); }
