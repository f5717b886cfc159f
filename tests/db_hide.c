/* SPDX-License-Identifier: MIT */
/* Hiding by grants: every shape of grants is given back as it was; what breaks for the application and what goes on; each of the
   ways in which it ends. */
#include <pthread.h>

#include "adapter/hide.h"
#include "adapter/monitor.h"
#include "tests/drop_fixture.h"
#include "tests/lib_db.h"

#define DB "gw_hide"
#define SID "00000000000000000000000000000001"

static struct fix x;

static const char SHOP_SQL[] =
	"DO $d$ DECLARE r text; BEGIN FOREACH r IN ARRAY '{gw_h_owner,gw_h_app,gw_h_lead,gw_h_sub,gw_h_col,gw_h_none}'::text[] LOOP"
	"  IF to_regrole(r) IS NULL THEN EXECUTE 'CREATE ROLE ' || r || ' LOGIN'; END IF; END LOOP; END $d$;"
	"CREATE SCHEMA s AUTHORIZATION gw_h_owner; GRANT USAGE ON SCHEMA s TO PUBLIC; SET SESSION AUTHORIZATION gw_h_owner; SET search_path = s;"
	"CREATE TABLE orders (id bigint PRIMARY KEY, gone int, old text, note text); ALTER TABLE orders DROP COLUMN gone; INSERT INTO orders VALUES (1, 'a', 'n');"
	"CREATE TABLE part (id int, old text) PARTITION BY RANGE (id); CREATE TABLE part1 (old text, id int); ALTER TABLE part ATTACH PARTITION part1 FOR VALUES FROM (0) TO (10);"
	"RESET SESSION AUTHORIZATION; SET search_path = pg_catalog, pg_temp";

static void walk_row(const char *table, const char *column)
{
	struct err e = { 0 };
	ck_assert_msg(fix_sql(x.db, x.a, &e, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" SELECT '" SID "', 'walk', 'x', 'destructive', 's.%s'::regclass, coalesce((SELECT attnum FROM pg_attribute WHERE attrelid = 's.%s'::regclass AND attname = '%s'), 0),"
		" 's.%s', 'audit', 'ana@office', 'h', 'p', 1", table, table, column ? column : "", table), "%s", e.msg);
}

static void open_db(void)
{
	fix_open(&x, DB, true);
	fix_do(&x, SHOP_SQL);
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

/* "" when it was done, else the SQLSTATE. */
static const char *said(const char *role, const char *sql)
{
	struct err e = { 0 };
	bool done = db_script(x.db, x.a, arena_printf(x.a, "BEGIN; SET LOCAL SESSION AUTHORIZATION %s; SET LOCAL search_path = s; %s", role, sql), 0, NULL, &e);
	db_rollback(x.db);
	return done ? "" : arena_dup(x.a, e.sqlstate);
}

/* Every right on every table of the schema, as the server keeps it, but for the order. */
static const char *acls(void)
{
	return fix_get(&x, "SELECT string_agg(t, E'\\n' ORDER BY t) FROM (SELECT c.relname || ' ' || (c.relacl IS NULL) || ' ' || coalesce((SELECT string_agg(i::text, ',' ORDER BY i::text) FROM unnest(c.relacl) i), '')"
		" FROM pg_class c WHERE c.relnamespace = 's'::regnamespace UNION ALL SELECT a.attrelid::regclass || '.' || a.attname || ' ' || (SELECT string_agg(i::text, ',' ORDER BY i::text) FROM unnest(a.attacl) i)"
		" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 's'::regnamespace AND a.attacl IS NOT NULL) v(t)");
}

static long long begin(double seconds, const char *log)
{
	struct err e = { 0 };
	long long id = 0;
	ck_assert_msg(hide_begin(x.db, x.a, SID, seconds, log, &id, &e), "%s", e.msg);
	return id;
}

/* Shapes of grants on s.orders, given by its owner; sees: roles that see the column before, and must not while it is hidden. */
static const struct shape { const char *what, *sql; } shapes[] = {
	{ "none", "" },
	{ "a table grant", "GRANT SELECT, INSERT, UPDATE, DELETE ON orders TO gw_h_app" },
	{ "ALL", "GRANT ALL ON orders TO gw_h_app" },
	{ "columns, the target among them", "GRANT SELECT (id, old), UPDATE (old), INSERT (note) ON orders TO gw_h_col" },
	{ "table and columns", "GRANT SELECT ON orders TO gw_h_app; GRANT SELECT (old, note) ON orders TO gw_h_app; GRANT UPDATE (note) ON orders TO gw_h_app" },
	{ "PUBLIC", "GRANT SELECT ON orders TO PUBLIC; GRANT UPDATE (old) ON orders TO PUBLIC" },
	{ "with grant option", "GRANT SELECT, UPDATE ON orders TO gw_h_lead WITH GRANT OPTION" },
	{ "granted on", "GRANT SELECT, UPDATE ON orders TO gw_h_lead WITH GRANT OPTION; SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT ON s.orders TO gw_h_sub;"
		"GRANT UPDATE (old, note) ON s.orders TO gw_h_sub; GRANT SELECT ON s.orders TO PUBLIC" },
	{ "two grantors of one right", "GRANT SELECT ON orders TO gw_h_lead WITH GRANT OPTION; GRANT SELECT ON orders TO gw_h_sub; SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT ON s.orders TO gw_h_sub" },
	{ "granted on and on", "GRANT SELECT ON orders TO gw_h_lead WITH GRANT OPTION; SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT ON s.orders TO gw_h_sub WITH GRANT OPTION;"
		"SET SESSION AUTHORIZATION gw_h_sub; GRANT SELECT ON s.orders TO gw_h_app" },
	{ "column option above a table grant", "GRANT SELECT ON orders TO gw_h_lead; GRANT SELECT (note) ON orders TO gw_h_lead WITH GRANT OPTION; SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT (note) ON s.orders TO gw_h_sub" },
	{ "the owner revoked own", "GRANT SELECT ON orders TO gw_h_app; REVOKE ALL ON orders FROM gw_h_owner" },
	{ "the owner has columns alone", "REVOKE SELECT ON orders FROM gw_h_owner; GRANT SELECT (id) ON orders TO gw_h_owner; GRANT SELECT ON orders TO gw_h_app" },
};
#define SHAPES (sizeof shapes / sizeof shapes[0])

static const char SEES[] = "SELECT count(*) FROM pg_roles r WHERE r.rolname ~ '^gw_h_' AND r.rolname <> 'gw_h_owner'"
	" AND has_column_privilege(r.oid, 's.orders', 'old', 'SELECT, INSERT, UPDATE, REFERENCES')";
static const char OTHERS[] = "SELECT string_agg(r.rolname || a.attname || p, ',' ORDER BY 1) FROM pg_roles r, pg_attribute a, unnest('{SELECT,INSERT,UPDATE,REFERENCES}'::text[]) p"
	" WHERE r.rolname ~ '^gw_h_' AND a.attrelid = 's.orders'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'old' AND has_column_privilege(r.oid, 's.orders', a.attname, p)";

START_TEST(every_shape_is_given_back)
{
	const struct shape *g = &shapes[_i];
	struct err e = { 0 };
	walk_row("orders", "old");
	fix_do(&x, arena_printf(x.a, "SET SESSION AUTHORIZATION gw_h_owner; SET search_path = s; %s; RESET SESSION AUTHORIZATION; SET search_path = pg_catalog, pg_temp", g->sql));
	const char *before = acls(), *others = fix_get(&x, OTHERS), *seen = fix_get(&x, SEES);
	ck_assert_msg(_i == 0 || strcmp(seen, "0") != 0, "%s: nobody sees it before", g->what);
	long long id = begin(60, NULL);
	ck_assert_msg(fix_sql(x.db, x.a, &e, "SELECT gatewalk.hide_on(%lld)", id), "%s: %s", g->what, e.msg);
	ck_assert_str_eq(fix_get(&x, SEES), "0");
	ck_assert_str_eq(fix_get(&x, OTHERS), others);
	if (_i)
		ck_assert_str_ne(acls(), before);
	ck_assert_msg(fix_sql(x.db, x.a, &e, "SELECT gatewalk.hide_back(%lld, 'test')", id), "%s: %s", g->what, e.msg);
	ck_assert_str_eq(acls(), before);
	ck_assert_str_eq(fix_get(&x, "SELECT exact::text || ' ' || why FROM gatewalk.hiding"), "true test");
}
END_TEST

/* What the application does, before and while the column is hidden. */
static const struct { const char *sql, *state; } uses[] = {
	{ "SELECT old FROM orders", "42501" }, { "SELECT * FROM orders", "42501" }, { "SELECT o FROM orders o", "42501" }, { "SELECT row_to_json(o) FROM orders o", "42501" },
	{ "DECLARE c CURSOR FOR SELECT id FROM orders WHERE old = 'a'", "42501" }, { "UPDATE orders SET old = 'b'", "42501" }, { "INSERT INTO orders VALUES (2, 'b', 'n')", "42501" },
	{ "INSERT INTO orders (id) VALUES (3) RETURNING old", "42501" }, { "SELECT id, note, xmin FROM orders", "" }, { "UPDATE orders SET note = 'm' WHERE id = 1", "" },
	{ "INSERT INTO orders (id, note) VALUES (4, 'n')", "" }, { "DELETE FROM orders WHERE id = 1", "" }, { "SELECT count(*) FROM orders", "" },
};

START_TEST(the_application_breaks_on_it_and_goes_on_else)
{
	walk_row("orders", "old");
	fix_do(&x, "GRANT SELECT, INSERT, UPDATE, DELETE ON s.orders TO gw_h_app");
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		ck_assert_msg(!*said("gw_h_app", uses[i].sql), "%s: refused before", uses[i].sql);
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_on(%lld)", begin(60, NULL)));
	for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
		ck_assert_msg(strcmp(said("gw_h_app", uses[i].sql), uses[i].state) == 0, "%s: %s", uses[i].sql, said("gw_h_app", uses[i].sql));
	ck_assert_str_eq(said("gw_h_app", "COPY orders TO STDOUT"), "42501");
	ck_assert_str_eq(said("gw_h_owner", "SELECT old FROM orders"), "");
}
END_TEST

START_TEST(partitions_and_whole_tables)
{
	fix_do(&x, "GRANT SELECT ON s.part, s.part1 TO gw_h_app; GRANT ALL ON s.orders TO gw_h_app; GRANT SELECT (id) ON s.orders TO PUBLIC");
	walk_row("part", "old");
	const char *before = acls();
	long long id = begin(60, NULL);
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_on(%lld)", id));
	ck_assert_str_eq(said("gw_h_app", "SELECT old FROM part"), "42501");
	ck_assert_str_eq(said("gw_h_app", "SELECT old FROM part1"), "42501");
	ck_assert_str_eq(said("gw_h_app", "SELECT id FROM part1, LATERAL (SELECT id AS i FROM part) p"), "");
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_back(%lld, 'test')", id));
	ck_assert_str_eq(acls(), before);
	fix_do(&x, "UPDATE gatewalk.walk SET relid = 's.orders'::regclass, attnum = 0");
	id = begin(60, NULL);
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_on(%lld)", id));
	ck_assert_str_eq(said("gw_h_app", "SELECT id FROM orders"), "42501");
	ck_assert_str_eq(said("gw_h_app", "DELETE FROM orders"), "42501");
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_back(%lld, 'test')", id));
	ck_assert_str_eq(acls(), before);
}
END_TEST

/* What others granted meanwhile stays; a column that came is not forgotten; who cannot be given back exactly is not taken from. */
START_TEST(changes_meanwhile_and_what_is_refused)
{
	struct err e = { 0 };
	walk_row("orders", "old");
	fix_do(&x, "GRANT SELECT ON s.orders TO gw_h_app");
	long long id = begin(60, NULL), other = 0;
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_on(%lld)", id));
	ck_assert(!hide_begin(x.db, x.a, SID, 60, NULL, &other, &e));
	ck_assert_str_eq(e.msg, "this table is hidden already");
	err_clear(&e);
	fix_do(&x, "GRANT UPDATE ON s.orders TO gw_h_sub; ALTER TABLE s.orders ADD fresh int");
	ck_assert(!fix_sql(x.db, x.a, &e, "SELECT gatewalk.hide_done(%lld, 'it is not')", id));
	ck_assert_str_eq(e.sqlstate, "GW202");
	fix_do(&x, arena_printf(x.a, "SELECT gatewalk.hide_back(%lld, 'test')", id));
	ck_assert_str_eq(fix_get(&x, "SELECT exact FROM gatewalk.hiding"), "f");
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(i::text, ' ' ORDER BY i::text) FROM pg_class c, unnest(relacl) i WHERE c.oid = 's.orders'::regclass AND i::text !~ '^gw_h_owner='"),
		"gw_h_app=r/gw_h_owner gw_h_sub=w/gw_h_owner");
	ck_assert_str_eq(said("gw_h_app", "SELECT old, fresh FROM orders"), "");
	/* Granted by one who is a superuser by now: the server would write the owner as grantor. */
	fix_do(&x, "GRANT SELECT ON s.orders TO gw_h_lead WITH GRANT OPTION; SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT ON s.orders TO gw_h_sub; RESET SESSION AUTHORIZATION; ALTER ROLE gw_h_lead SUPERUSER");
	const char *before = acls();
	id = begin(60, NULL);
	bool hidden = fix_sql(x.db, x.a, &e, "SELECT gatewalk.hide_on(%lld)", id);
	fix_do(&x, "ALTER ROLE gw_h_lead NOSUPERUSER");
	ck_assert(!hidden);
	ck_assert_str_eq(e.sqlstate, "GW200");
	ck_assert_str_eq(acls(), before);
}
END_TEST

/* The owner's own login, no superuser: what it granted; what others granted on is theirs, and is refused with the reason. */
START_TEST(by_the_owners_login)
{
	struct err e = { 0 };
	walk_row("orders", "old");
	fix_do(&x, "GRANT gatewalk_operator TO gw_h_owner; GRANT SELECT, UPDATE ON s.orders TO gw_h_app, PUBLIC; GRANT SELECT ON s.orders TO gw_h_lead WITH GRANT OPTION");
	const char *before = acls();
	struct db *own = test_connect(arena_printf(x.a, "%s user=gw_h_owner", x.conninfo));
	long long id = begin(60, NULL);
	ck_assert_msg(fix_sql(own, x.a, &e, "SELECT gatewalk.hide_on(%lld)", id), "%s", e.msg);
	ck_assert_str_eq(said("gw_h_app", "SELECT old FROM orders"), "42501");
	ck_assert_msg(fix_sql(own, x.a, &e, "SELECT gatewalk.hide_back(%lld, 'test')", id), "%s", e.msg);
	ck_assert_str_eq(acls(), before);
	fix_do(&x, "SET SESSION AUTHORIZATION gw_h_lead; GRANT SELECT ON s.orders TO gw_h_sub; RESET SESSION AUTHORIZATION");
	before = acls();
	id = begin(60, NULL);
	ck_assert(!fix_sql(own, x.a, &e, "SELECT gatewalk.hide_on(%lld)", id));
	ck_assert_str_eq(e.sqlstate, "42501");
	ck_assert_ptr_nonnull(strstr(e.msg, "gw_h_lead"));
	ck_assert_str_eq(acls(), before);
	err_clear(&e);
	ck_assert(!fix_sql(own, x.a, &e, "UPDATE gatewalk.hiding SET before = '{}'"));
	ck_assert_str_eq(e.sqlstate, "42501");
	db_close(own);
	fix_do(&x, "REVOKE gatewalk_operator FROM gw_h_owner");
}
END_TEST

/* Where no log can be read, a metric of the plan stands for it; one that says nothing ends it too. */
static const struct { const char *query, *what; } metrics[] = {
	{ "SELECT 5", NULL }, { "SELECT 6", "errors is 6, with an alarm limit of 5" }, { "SELECT 'x'", "errors cannot be read: gave no number: x" },
	{ "SELECT 1 WHERE false", "errors cannot be read: gave no row" },
};

START_TEST(a_metric_says)
{
	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
		const struct plan_metric m = { .name = "errors", .query = metrics[i].query, .alarm = 5, .has_alarm = true };
		const char *what = NULL;
		ck_assert(monitor_over(x.db, x.a, &m, &what) == (metrics[i].what != NULL));
		ck_assert(!what == !metrics[i].what && (!what || strcmp(what, metrics[i].what) == 0));
	}
	struct err e = { 0 };
	walk_row("orders", "old");
	long long id = begin(60, NULL);
	ck_assert(hide_hit(x.db, x.a, id, "errors is 6", &e) && hide_hit(x.db, x.a, id, "errors is 7", &e));
	ck_assert_str_eq(fix_get(&x, "SELECT string_agg(source || ': ' || text, ';') FROM gatewalk.sighting"), "hiding: an error while it was hidden: errors is 6");
}
END_TEST

struct caller { pthread_t thread; struct db *db; long long id; double seconds; bool ok; struct err e; };

static void *call(void *ctx)
{
	struct caller *c = ctx;
	struct arena *a = arena_new();
	c->ok = hide_call(c->db, a, c->id, c->seconds, &c->e);
	arena_free(a);
	return NULL;
}

static void call_begin(struct caller *c, double seconds, const char *log)
{
	*c = (struct caller){ .db = test_connect(x.conninfo), .id = begin(seconds, log), .seconds = seconds };
	ck_assert_int_eq(pthread_create(&c->thread, NULL, call, c), 0);
	for (int i = 0; i < 400 && strcmp(fix_get(&x, "SELECT count(*) FROM gatewalk.hiding WHERE hidden_at IS NOT NULL AND back_at IS NULL"), "1") != 0; i++)
		usleep(10000);
}

static struct hiding call_end(struct caller *c)
{
	struct err e = { 0 };
	struct hiding h;
	int64_t now;
	pthread_join(c->thread, NULL);
	db_close(c->db);
	ck_assert_msg(hide_look(x.db, x.a, c->id, &h, &now, &e), "%s", e.msg);
	return h;
}

/* Each way to its end: at its time, told to stop, cancelled, no word from the job, an error in the log. */
static const struct ending { const char *what, *act, *why; double seconds; } endings[] = {
	{ "its time", "", "over", 1 },
	{ "told to stop", NULL, "stopped by the operator", 60 },
	{ "cancelled", "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^CALL gatewalk.hide'", "cancelled", 60 },
	{ "no word from the job", "UPDATE gatewalk.hiding SET beat_at = beat_at - interval '15 seconds'", "the job is gone", 60 },
};

START_TEST(it_ends)
{
	const struct ending *w = &endings[_i];
	struct caller c;
	walk_row("orders", "old");
	fix_do(&x, "GRANT SELECT, UPDATE ON s.orders TO gw_h_app");
	const char *before = acls();
	call_begin(&c, w->seconds, NULL);
	ck_assert_str_eq(said("gw_h_app", "SELECT old FROM orders"), "42501");
	struct err e = { 0 };
	if (w->act)
		fix_do(&x, w->act);
	else
		ck_assert_msg(hide_beat(x.db, x.a, c.id, &e) && hide_stop(x.db, x.a, c.id, w->why, &e), "%s", e.msg);
	struct hiding h = call_end(&c);
	ck_assert_msg(c.ok, "%s: %s", w->what, c.e.msg);
	ck_assert_str_eq(h.why, w->why);
	ck_assert(h.exact && h.back_at);
	if (w->seconds < 2)
		ck_assert(h.back_at - h.hidden_at >= 1 * US_SECOND);
	ck_assert_str_eq(acls(), before);
}
END_TEST

/* Its backend killed: who connects next gives back, and not while it lives. */
START_TEST(given_back_by_the_next)
{
	struct caller c;
	struct err e = { 0 };
	const char *what;
	walk_row("orders", "old");
	fix_do(&x, "GRANT SELECT ON s.orders TO gw_h_app");
	const char *before = acls();
	call_begin(&c, 60, NULL);
	ck_assert(hide_return(x.db, x.a, &what, &e));
	ck_assert_str_eq(what, "");
	fix_do(&x, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE query ~ '^CALL gatewalk.hide'");
	ck_assert_str_ne(acls(), before);
	ck_assert_msg(hide_return(x.db, x.a, &what, &e), "%s", e.msg);
	ck_assert_str_eq(what, "s.orders");
	ck_assert(!call_end(&c).hit_at && !c.ok);
	ck_assert_str_eq(acls(), before);
}
END_TEST

/* This test's server keeps no log of its own: errors cannot be read here, and the reason is said. */
START_TEST(no_log_to_read)
{
	struct err e = { 0 };
	const char *log, *why;
	ck_assert_msg(hide_source(x.db, x.a, &log, &why, &e), "%s", e.msg);
	ck_assert_ptr_null(log);
	ck_assert_str_eq(why, "the server keeps no log of its own (logging_collector)");
}
END_TEST

static const struct { const char *sql, *line; } beyond[] = {
	{ "GRANT gw_h_owner TO gw_h_sub", "owner and its members: gw_h_owner, gw_h_sub" }, { "SELECT 1", "superusers: " },
	{ "GRANT pg_read_all_data TO gw_h_none", "pg_read_all_data: gw_h_none" },
	{ "CREATE FUNCTION s.f() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT old FROM s.orders'", "functions with the rights of one of these: s.f()" },
	{ "CREATE VIEW s.v AS SELECT old FROM s.orders", "views with the rights of one of these: s.v" },
	{ "INSERT INTO gatewalk.source (sid, source, server, since, looked_at, state, ok) SELECT '" SID "', s, v, now(), now(), '{}', o FROM (VALUES ('server log', 'db2', false), ('sessions', 'db2', true),"
		" ('server log', 'db3', true), ('standby', 'db4', false), ('server log', 'primary', false)) x(s, v, o)", "errors on standbys whose log is not read: db2, db4" },
};

START_TEST(who_keeps_seeing_it)
{
	struct err e = { 0 };
	const char **lines;
	size_t n = 0;
	walk_row("orders", "old");
	for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++)
		fix_do(&x, beyond[i].sql);
	bool ok = hide_beyond(x.db, x.a, SID, &lines, &n, &e);
	fix_do(&x, "REVOKE pg_read_all_data FROM gw_h_none; REVOKE gw_h_owner FROM gw_h_sub");
	ck_assert_msg(ok, "%s", e.msg);
	ck_assert_uint_eq(n, sizeof beyond / sizeof beyond[0]);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strncmp(lines[i], beyond[i].line, strlen(beyond[i].line)) == 0, "%s", lines[i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("hide");
	TCase *t = tcase_create("hide");
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_add_loop_test(t, every_shape_is_given_back, 0, SHAPES);
	tcase_add_test(t, the_application_breaks_on_it_and_goes_on_else);
	tcase_add_test(t, partitions_and_whole_tables);
	tcase_add_test(t, changes_meanwhile_and_what_is_refused);
	tcase_add_loop_test(t, it_ends, 0, sizeof endings / sizeof endings[0]);
	tcase_add_test(t, given_back_by_the_next);
	tcase_add_test(t, by_the_owners_login);
	tcase_add_test(t, a_metric_says);
	tcase_add_test(t, no_log_to_read);
	tcase_add_test(t, who_keeps_seeing_it);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
