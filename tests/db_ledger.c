/* SPDX-License-Identifier: MIT */
#include "adapter/ledger.h"

#include <string.h>

#include "adapter/schema.h"
#include "base/text.h"
#include "base/when.h"
#include "core/migration.h"
#include "tests/lib_db.h"

#define SID "0123456789abcdef0123456789abcdef"

static struct db *db;
static struct arena *a;
static struct err e;
static struct plan plan;
static struct walk walk;
static char head[3][65];

static void setup(void)
{
	bool strong;
	db = test_database("gwt_ledger");
	a = arena_new();
	e = (struct err){ 0 };
	ck_assert_msg(schema_init(db, a, ENV_STAGING, &strong, &e), "%s", e.msg);
	for (int i = 0; i < 3; i++)
		memset(head[i], 'a' + i, 64);
	plan = (struct plan){ .name = "orders-drop-note", .archetype = ARCH_DESTRUCTIVE, .recipe = "drop-column", .schema = "public", .table = "orders", .column = "note",
		.text = "name: orders-drop-note\n", .digest = "d", .monitor_hours = 48 };
	walk_init(&walk, a);
	walk.sid = SID;
	walk.who = "me@host";
	walk.relid = 4000000000U;
	walk.attnum = 3;
	walk.day_us = US_DAY;
	walk.stage = AT_SNAPSHOT;
	ck_assert_msg(ledger_open(db, &walk, &plan, "bastion", &e), "%s", e.msg);
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
	test_drop_database("gwt_ledger");
	struct db *x = test_connect("dbname=postgres");
	test_sql(x, "DROP ROLE IF EXISTS gatewalk_owner; DROP ROLE IF EXISTS gatewalk_operator");
	db_close(x);
}

static void refused(bool done, enum err_code code, const char *msg)
{
	ck_assert(!done);
	ck_assert_str_eq(e.msg, msg);
	ck_assert_int_eq(e.code, code);
}

START_TEST(walk_is_opened_once_and_found)
{
	struct ledger_walk *w;
	size_t n;
	refused(ledger_open(db, &walk, &plan, "bastion", &e), ERR_VERIFY, "the ledger already knows a walk with the id " SID);
	ck_assert(ledger_find(db, a, "orders-", &w, &n, &e));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(w[0].sid, SID);
	ck_assert_str_eq(w[0].target, "public.orders.note");
	ck_assert_str_eq(w[0].host, "bastion");
	ck_assert_str_eq(w[0].plan, plan.text);
	ck_assert_str_eq(w[0].plan_digest, "d");
	ck_assert_int_eq(w[0].closed, 0);
	ck_assert_int_eq(w[0].day_us, US_DAY);
	ck_assert_int_gt(w[0].opened, INT64_C(1700000000000000));
	ck_assert(ledger_find(db, a, "0123", &w, &n, &e) && n == 1);
	ck_assert(ledger_find(db, a, "%", &w, &n, &e) && n == 0);
	ck_assert(ledger_find(db, a, NULL, &w, &n, &e) && n == 1);
}
END_TEST

START_TEST(update_carries_the_walk_and_wakes)
{
	struct db *other = test_connect("dbname=gwt_ledger");
	const char *channel, *payload;
	test_sql(other, "LISTEN gatewalk");
	walk.stage = AT_MONITOR;
	walk.dropped_at = walk.watch_from = INT64_C(1795147929123456);
	walk.quiet_since = INT64_C(1700000000000001);
	ck_assert_msg(ledger_update(db, &walk, &plan, true, &e), "%s", e.msg);
	ck_assert(db_listen_wait(other, a, 5000, &channel, &payload));
	ck_assert_str_eq(payload, SID);
	ck_assert_str_eq(test_value(db, a, "SELECT dropped_at || ' ' || watched_until || ' ' || quiet_since || ' ' || changing || ' ' || (closed_at IS NULL) || ' ' || relid FROM gatewalk.walk"),
		"2026-11-20 04:12:09.123456+00 2026-11-22 04:12:09.123456+00 2023-11-14 22:13:20.000001+00 true true 4000000000");
	walk.day_us = US_SECOND;   /* a rehearsal's day */
	walk.stage = AT_CLOSED;
	ck_assert(ledger_update(db, &walk, &plan, false, &e));
	ck_assert_str_eq(test_value(db, a, "SELECT watched_until - dropped_at || ' ' || (closed_at IS NOT NULL) FROM gatewalk.walk"), "00:00:01.999968 true");
	walk.sid = "another";
	refused(ledger_update(db, &walk, &plan, false, &e), ERR_VERIFY, "the ledger does not know the walk another");
	db_close(other);
}
END_TEST

START_TEST(mirror_is_idempotent_and_never_rewritten)
{
	const char **lines;
	size_t n;
	ck_assert(ledger_mirror(db, SID, 0, "{\"a\":1}\tsig", &e));
	ck_assert(ledger_mirror(db, SID, 0, "{\"a\":1}\tsig", &e));
	refused(ledger_mirror(db, SID, 0, "{\"a\":2}\tsig", &e), ERR_VERIFY, "line 0 of walk " SID " stands in the ledger with another text");
	ck_assert(ledger_mirror(db, SID, 1, "second", &e));
	ck_assert(ledger_lines(db, a, SID, &lines, &n, &e));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(lines[0], "{\"a\":1}\tsig");
	ck_assert(ledger_mirror(db, SID, 3, "gap", &e));
	refused(ledger_lines(db, a, SID, &lines, &n, &e), ERR_VERIFY, "the ledger's mirror of walk " SID " has no line 2");
}
END_TEST

START_TEST(anchors_follow_each_other)
{
	struct anchor last, at;
	bool there;
	ck_assert(ledger_last(db, a, SID, &last, &e));
	ck_assert_int_eq(last.n, -1);
	ck_assert_msg(ledger_anchor(db, SID, 2, head[0], &last, &e), "%s", e.msg);
	ck_assert(ledger_last(db, a, SID, &last, &e));
	ck_assert_int_eq(last.n, 2);
	ck_assert_str_eq(last.head, head[0]);
	ck_assert_str_eq(last.kind, "line");
	ck_assert_int_gt(last.at, INT64_C(1700000000000000));
	ck_assert(ledger_anchor(db, SID, 5, head[1], &last, &e));
	ck_assert(ledger_at(db, a, SID, 2, &at, &there, &e) && there);
	ck_assert_str_eq(at.head, head[0]);
	ck_assert(ledger_at(db, a, SID, 3, &at, &there, &e) && !there);
	/* A wrong predecessor, an entry that is there already, none named, an unknown one. */
	refused(ledger_anchor(db, SID, 6, head[2], &last, &e), ERR_VERIFY, "entry 6 of walk " SID " does not follow the ledger's last entry 5");
	refused(ledger_anchor(db, SID, 5, head[1], &last, &e), ERR_VERIFY, "the ledger is already at entry 5 of walk " SID);
	refused(ledger_anchor(db, SID, 6, head[2], NULL, &e), ERR_VERIFY, "entry 6 of walk " SID " does not follow the ledger's last entry 5");
	test_sql(db, "DELETE FROM gatewalk.anchor");
	refused(ledger_anchor(db, SID, 6, head[2], &last, &e), ERR_VERIFY, "the ledger has no entry 2 of walk " SID);
}
END_TEST

START_TEST(clock_gone_back_is_refused)
{
	struct anchor last;
	ck_assert(ledger_anchor(db, SID, 1, head[0], NULL, &e));
	test_sql(db, "UPDATE gatewalk.anchor SET at = at + interval '1 hour'");
	ck_assert(ledger_last(db, a, SID, &last, &e));
	ck_assert(!ledger_anchor(db, SID, 2, head[1], &last, &e));
	ck_assert_str_eq(e.sqlstate, "GW004");
	ck_assert_ptr_eq(strstr(e.msg, "the server's clock went back from "), e.msg);
}
END_TEST

START_TEST(one_gatewalk_holds_a_walk)
{
	struct db *other = test_connect("dbname=gwt_ledger");
	ck_assert(ledger_hold(db, SID, 0, &e));
	ck_assert(!ledger_hold(other, SID, 250, &e));
	ck_assert_int_eq(e.code, ERR_USE);
	ck_assert_ptr_nonnull(strstr(e.msg, arena_printf(a, "the walk is in use by another gatewalk (login postgres, this server's socket, backend %d, since ", db_backend_pid(db))));
	ck_assert(ledger_hold(other, "another", 0, &e));
	db_close(db);
	ck_assert_msg(ledger_hold(other, SID, 5000, &e), "%s", e.msg);   /* the old backend has to end first */
	db = other;
}
END_TEST

START_TEST(schema_log_is_written_once)
{
	struct schema_entry s = { .target = "public.orders.note", .statement = "ALTER", .before = "b", .why = "w", .snapshot = "s", .operator_name = "me", .head = head[0], .markdown = "# x" };
	ck_assert_msg(ledger_schema_log(db, SID, &s, &e), "%s", e.msg);
	s.markdown = "# y";
	ck_assert(ledger_schema_log(db, SID, &s, &e));
	ck_assert_str_eq(test_value(db, a, "SELECT string_agg(markdown, ',') FROM gatewalk.schema_log"), "# x");
}
END_TEST

/* The tools' own tables as they make them, and what the entry leaves in them. The words in capitals are filled in. */
static const struct { const char *tool, *table, *row; } histories[] = {
	{ "rails", "CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)", "SELECT version FROM schema_migrations" },
	{ "dbmate", "CREATE TABLE schema_migrations (version varchar PRIMARY KEY)", "SELECT version FROM schema_migrations" },
	{ "goose", "CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL)",
		"SELECT version_id FROM goose_db_version WHERE is_applied" },
	{ "knex", "CREATE TABLE knex_migrations (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)",
		"SELECT substr(name, 1, 14) FROM knex_migrations WHERE batch = 1" },
	{ "flyway", "CREATE TABLE flyway_schema_history (installed_rank integer NOT NULL PRIMARY KEY, version varchar(50), description varchar(200) NOT NULL, type varchar(20) NOT NULL,"
		" script varchar(1000) NOT NULL, checksum integer, installed_by varchar(100) NOT NULL, installed_on timestamp NOT NULL DEFAULT now(), execution_time integer NOT NULL, success boolean NOT NULL)",
		"SELECT version FROM flyway_schema_history WHERE success AND installed_rank = 1 AND type = 'SQL'" },
};

#define HISTORIES (sizeof histories / sizeof histories[0])

START_TEST(no_entry_in_sql_is_left_out)
{
	size_t n = 0;
	for (size_t i = 0; migration_tool(i); i++)
		n += strncmp(migration_entry(migration_tool(i)), "INSERT", 6) == 0;
	ck_assert_uint_eq(n, HISTORIES);
}
END_TEST

START_TEST(entries_of_migration_tools_run)
{
	struct text t = { 0 };
	const char *entry = migration_entry(histories[_i].tool);
	for (const char *s = entry; *s; s++) {
		bool version = strncmp(s, "VERSION", 7) == 0, file = strncmp(s, "'FILE'", 6) == 0;
		text_addn(&t, version ? "20261125120000" : file ? "'20261125120000_drop.sql'" : s, version ? 14 : file ? 25 : 1);
		s += version ? 6 : file ? 5 : 0;
	}
	test_sql(db, "SET search_path = public");   /* as the application has it */
	test_sql(db, histories[_i].table);
	test_sql(db, text_str(&t));
	ck_assert_str_eq(test_value(db, a, histories[_i].row), "20261125120000");
	text_free(&t);
}
END_TEST

static Suite *suite(void)
{
	const TTest *const tests[] = { walk_is_opened_once_and_found, update_carries_the_walk_and_wakes, mirror_is_idempotent_and_never_rewritten,
		anchors_follow_each_other, clock_gone_back_is_refused, one_gatewalk_holds_a_walk, schema_log_is_written_once };
	Suite *s = suite_create("ledger");
	TCase *c = tcase_create("ledger");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, entries_of_migration_tools_run, 0, (int)HISTORIES);
	tcase_add_test(c, no_entry_in_sql_is_left_out);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		tcase_add_test(c, tests[i]);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
