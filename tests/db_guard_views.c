/* SPDX-License-Identifier: MIT */
/* Where no event triggers can be had: a login that is no superuser and makes no roles owns everything. Views hold the targets, TRUNCATE
   triggers refuse, gatewalk's own drop goes through, and what that leaves open is said. */
#include "tests/guard_fixture.h"

#define DB "gw_guard_views"
#define LOGIN "gw_guard_plain"

static void open_db(void)
{
	struct err e = { 0 };
	bool strong;
	fix_open(&x, DB, true);
	fix_do(&x, "DROP SCHEMA gatewalk CASCADE; COMMENT ON DATABASE " DB " IS NULL;"
		"DO $d$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '" LOGIN "') THEN CREATE ROLE " LOGIN " LOGIN; END IF; END $d$;"
		"GRANT pg_read_all_stats TO " LOGIN "; ALTER DATABASE " DB " OWNER TO " LOGIN "; CREATE SCHEMA s AUTHORIZATION " LOGIN);
	db_close(x.db);
	x.conninfo = "dbname='" DB "' user='" LOGIN "'";
	x.db = test_connect(x.conninfo);
	ck_assert_msg(schema_init(x.db, x.a, ENV_REHEARSAL, &strong, &e), "%s", e.msg);
	fix_do(&x, "CREATE TABLE s.orders (id bigint PRIMARY KEY, legacy text, after text); INSERT INTO s.orders VALUES (1, 'a', 'b')");
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

static void says(const char *sql, const char *want)
{
	const char *msg, *state = guard_said("", sql, &msg);
	ck_assert_msg(strcmp(state, want) == 0, "%s: \"%s\" %s", sql, state, msg);
}

START_TEST(views_hold)
{
	struct err e = { 0 };
	struct guard_done d;
	struct guard_gap *gaps;
	struct guard_tried *t;
	size_t n = 0, named = 0;
	struct drop_end end;
	fix_ready(&x, "s", "orders", "legacy", true);
	ck_assert_msg(guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	ck_assert_str_eq(d.how, "views");
	ck_assert_uint_eq(d.n, 1);
	ck_assert_str_eq(d.walks[0].why, "");
	fix_look(&x);
	ck_assert_msg(x.facts.guard.stands && !x.facts.guard.truncate && x.facts.guard.by_views, "%s", x.facts.guard.why);
	ck_assert_uint_eq(x.facts.target.n_blockers, 0);
	ck_assert_msg(guard_put(x.db, x.a, x.sid, &x.facts.target, &e), "%s", e.msg);
	/* What it stops, and what not. */
	says(arena_printf(x.a, "DROP TRIGGER %s ON s.orders; DROP TRIGGER %s_i ON s.orders; ALTER TABLE s.orders DROP COLUMN legacy", own_trigger_name(x.a, x.sid), own_trigger_name(x.a, x.sid)), "2BP01");
	says("DROP TABLE s.orders", "2BP01");
	says("ALTER TABLE s.orders ALTER legacy TYPE varchar", "0A000");
	says("TRUNCATE s.orders", "GW100");
	says("ALTER TABLE s.orders DROP COLUMN after", "");
	says("ALTER TABLE s.orders RENAME legacy TO old", "");
	says("ALTER TABLE s.orders DROP COLUMN legacy CASCADE", "");
	fix_look(&x);
	ck_assert_msg(guard_try(x.db, x.a, x.sid, &x.facts.guard, &t, &n, &e), "%s", e.msg);
	for (size_t i = 0; i < n; i++)
		named += strcmp(t[i].way, "RENAME COLUMN") == 0 && strcmp(t[i].result, "open") == 0;
	ck_assert_uint_eq(named, 1);
	ck_assert_msg(guard_gaps(x.db, x.a, true, &gaps, &n, &e), "%s", e.msg);
	named = 0;
	for (size_t i = 0; i < n; i++)
		named += strstr(gaps[i].way, "RENAME, SET SCHEMA") && strstr(gaps[i].who, LOGIN) && strstr(gaps[i].why, "OWNER TO");
	ck_assert_uint_eq(named, 1);
	/* The drop itself. */
	fix_walk(&x);
	fix_bind(&x);
	const struct drop drop = fix_drop(&x, fix_mint(&x));
	ck_assert_msg(apply_drop(x.a, &drop, &end, &e), "%s", e.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'v'"), "0");
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_trigger WHERE tgrelid = 's.orders'::regclass"), "0");
}
END_TEST

/* A view that is gone is seen, and the next record puts it there again; leaving takes it away. */
START_TEST(a_view_gone)
{
	struct err e = { 0 };
	struct guard_done d;
	struct fact_guard f;
	const char *why;
	fix_ready(&x, "s", "orders", "legacy", true);
	ck_assert_msg(guard_install(x.db, x.a, &d, &e), "%s", e.msg);
	fix_do(&x, arena_printf(x.a, "DROP VIEW %s", own_hold_name(x.a, x.sid)));
	ck_assert_msg(guard_look(x.db, x.a, x.sid, &f, &e), "%s", e.msg);
	ck_assert(!f.stands && !f.recorded);
	ck_assert_str_eq(f.why, "the view that holds the target is missing");
	ck_assert_msg(guard_record(x.db, x.a, x.sid, &why, &e), "%s", e.msg);
	ck_assert_str_eq(why, "");
	ck_assert(guard_look(x.db, x.a, x.sid, &f, &e) && f.stands && f.recorded);
	ck_assert_msg(guard_take(x.db, x.a, x.sid, &e), "%s", e.msg);
	ck_assert_str_eq(fix_get(&x, "SELECT count(*) FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'v'"), "0");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("guard_views");
	TCase *t = tcase_create("views");
	tcase_add_checked_fixture(t, open_db, close_db);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, views_hold);
	tcase_add_test(t, a_view_gone);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
