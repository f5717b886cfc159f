/* SPDX-License-Identifier: MIT */
/* Health, the moment and other walks, as the probes read them from a real server. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter/planfile.h"
#include "adapter/probe_moment.h"
#include "engine/demo_walks.h"
#include "tests/drop_fixture.h"
#include "tests/lib_core.h"
#include "tests/lib_db.h"

#define DB "gw_moment"

static struct fix x;

static void open_db(void)
{
	fix_open(&x, DB, true);
}

static void close_db(void)
{
	fix_close(&x);
	fix_drop_database(DB);
}

START_TEST(health)
{
	struct err e = { 0 };
	struct fact_health h;
	struct plan p = { .n_standbys = 0 };
	ck_assert_msg(probe_health(x.db, x.a, &p, &h, &e), "%s", e.msg);
	ck_assert(h.lag_known && h.standby_query_known && h.sync_standby_there);
	ck_assert_int_eq(h.standbys, 0);
	ck_assert_int_eq(h.lock_waiters, 0);
	fix_do(&x, "CREATE TABLE public.l (id int)");
	struct db *holder = test_connect("dbname=" DB), *own = db_open(&(struct db_opts){ .conninfo = "dbname=" DB, .app = "gatewalk job 1" }, &e);
	test_sql(own, "BEGIN; SELECT 1");
	/* lib_db's sessions are gatewalk's by name: this one is not. */
	test_sql(holder, "SET application_name = 'app'; BEGIN; LOCK TABLE public.l IN ACCESS EXCLUSIVE MODE");
	pid_t pid = fork();
	if (pid == 0) {
		struct db *db = test_connect("dbname=" DB);
		test_sql(db, "SET application_name = 'app'; SET lock_timeout = '5s'; SELECT * FROM public.l");
		_exit(0);
	}
	for (int i = 0; i < 100 && h.lock_waiters == 0; i++, usleep(20000))
		ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert_int_eq(h.lock_waiters, 1);
	usleep(1100000);
	ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert_msg(h.longest_tx_s > 1 && h.longest_tx_s < 30, "%f", h.longest_tx_s);
	db_close(holder);
	waitpid(pid, NULL, 0);
	test_gone(x.db, "datname = current_database() AND application_name = 'app'");
	ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert_msg(h.longest_tx_s < 1, "gatewalk's own transaction counted: %f", h.longest_tx_s);
	db_close(own);
}
END_TEST

/* A standby that cannot be asked, or is none, leaves it unknown; a required one that is not there is missed. */
START_TEST(health_standbys)
{
	struct err e = { 0 };
	struct fact_health h;
	struct plan_standby s = { .name = "db2" };
	struct plan p = { .standbys = &s, .n_standbys = 1, .sync_standby = "db2" };
	ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert(!h.standby_query_known && !h.sync_standby_there && h.lag_known);
	s.dbname = "host=/nonexistent";
	ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert(!h.standby_query_known);
	s.dbname = "dbname=" DB;   /* a primary */
	ck_assert(probe_health(x.db, x.a, &p, &h, &e));
	ck_assert(!h.standby_query_known);
}
END_TEST

/* A rehearsal's moment, by the wall alone. Windows: days bits, from, to; dow and minute; what is left. */
struct window_case { unsigned days; int from, to, dow, minute, left; };
static const struct window_case windows[] = {
	{ 1u << 2, 120, 300, 2, 119, 0 }, { 1u << 2, 120, 300, 2, 120, 180 }, { 1u << 2, 120, 300, 2, 299, 1 }, { 1u << 2, 120, 300, 2, 300, 0 },
	{ 1u << 2, 120, 300, 3, 200, 0 },
	{ 1u << 2, 1380, 120, 2, 1379, 0 }, { 1u << 2, 1380, 120, 2, 1380, 180 }, { 1u << 2, 1380, 120, 3, 0, 120 }, { 1u << 2, 1380, 120, 3, 119, 1 },
	{ 1u << 2, 1380, 120, 3, 120, 0 }, { 1u << 2, 1380, 120, 2, 60, 0 },
	{ 1u << 6, 1380, 120, 0, 60, 60 }, { 1u << 0, 1380, 120, 1, 0, 120 },
	{ 1u << 4, 1380, 120, 4, 1390, 50 },      /* Thursday night ends where Friday begins */
	{ 1u << 4, 1380, 120, 5, 30, 90 },        /* Friday itself is refused by its day */
	{ 1u << 4, 60, 120, 4, 70, 50 },
	{ 1u << 1, 1320, 0, 1, 1439, 1 }, { 1u << 1, 1320, 0, 2, 0, 0 },
	{ 127, 0, 1440, 0, 0, 1440 },
};

START_TEST(window_left)
{
	const struct window_case *c = &windows[_i];
	struct plan_window w = { .days = c->days, .from = c->from, .to = c->to };
	struct plan p = { .windows = &w, .n_windows = 1 };
	struct fact_moment m = { .at = 1, .dow = c->dow, .minute = c->minute };
	moment_judge(&p, ENV_REHEARSAL, &m);
	ck_assert_int_eq(m.minutes_left, c->left);
	ck_assert_int_eq(m.in_window, c->left > 0);
}
END_TEST

static struct plan moment_plan(struct plan_window *w, const char *zone)
{
	struct plan p = { 0 };
	plan_defaults(&p);
	p.zone = zone;
	p.windows = w;
	p.n_windows = 1;
	return p;
}

START_TEST(moment)
{
	struct err e = { 0 };
	struct fact_moment m;
	struct plan_window w = { .days = 127, .from = 0, .to = 1440 };
	struct plan p = moment_plan(&w, "Asia/Kathmandu");
	struct release r = { 1, 2, "web" };
	struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION, .releases = &r, .n_releases = 1 };
	int dow, minute;
	ck_assert_msg(probe_moment(x.db, x.a, &q, &m, &e), "%s", e.msg);
	when_weekday(m.at + (5 * 60 + 45) * US_MINUTE, &dow, &minute);
	ck_assert_int_eq(m.dow, dow);
	ck_assert_int_eq(m.minute, minute);
	ck_assert(m.zone_known && m.in_window == (dow != FRIDAY) && m.n_next > 0 && m.releases == &r && m.n_releases == 1);
	q.env = ENV_REHEARSAL;
	ck_assert(probe_moment(x.db, x.a, &q, &m, &e));
	ck_assert_int_eq(m.dow, 2);
	ck_assert_int_eq(m.minute, 270);
	/* The second one the server would take for an offset of two hours. */
	static const char *const unknown[] = { "Nowhere/Atall", "Europe/Madrid2" };
	for (size_t i = 0; i < 2; i++) {
		p.zone = unknown[i];
		ck_assert_msg(probe_moment(x.db, x.a, &q, &m, &e), "%s", e.msg);
		ck_assert(!m.zone_known && m.at > 0 && !m.in_window);
	}
}
END_TEST

START_TEST(under_the_lock_the_clock_goes_on)
{
	struct plan p = { 0 };
	struct fact_moment m = { .at = 10 * US_MINUTE, .opens = US_MINUTE, .closes = 20 * US_MINUTE };
	moment_judge(&p, ENV_PRODUCTION, &m);
	ck_assert(m.in_window && m.minutes_left == 10);
	m.at++;
	moment_judge(&p, ENV_PRODUCTION, &m);
	ck_assert(m.in_window && m.minutes_left == 9);
	m.at = m.closes;
	moment_judge(&p, ENV_PRODUCTION, &m);
	ck_assert(!m.in_window && m.minutes_left == 0);
}
END_TEST

/* Every opening, in every zone, begins and ends where the plan says on its own wall, whatever the clocks do meanwhile. */
static const char *const zones[] = { "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Pacific/Apia" };

START_TEST(openings)
{
	struct err e = { 0 };
	struct opening v[40];
	int n;
	struct plan_window w = { .days = 127, .from = 1380, .to = 90 };   /* 23:00 to 01:30: never inside a gap of these zones */
	struct plan p = moment_plan(&w, zones[_i]);
	struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION };
	ck_assert_msg(probe_openings(x.db, x.a, &q, 40, v, &n, &e), "%s", e.msg);
	ck_assert_int_eq(n, 40);
	for (int i = 1; i < n; i++) {
		const char *wall = fix_get(&x, arena_printf(x.a, "SELECT to_char(to_timestamp(%lld) AT TIME ZONE '%s', 'ID HH24:MI') || ' ' || to_char(to_timestamp(%lld) AT TIME ZONE '%s', 'ID HH24:MI')",
			(long long)(v[i].from / US_SECOND), zones[_i], (long long)(v[i].to / US_SECOND), zones[_i]));
		ck_assert_uint_eq(strlen(wall), strlen("1 23:00 2 01:30"));
		ck_assert_msg(v[i].from > v[i - 1].to, "%s", wall);
		int a = wall[0] - '0', b = wall[8] - '0';
		ck_assert_msg(a != 5, "on a Friday: %s", wall);
		ck_assert_msg(strncmp(wall + 2, a == 6 && strncmp(wall + 2, "00", 2) == 0 ? "00:00" : "23:00", 5) == 0, "%s", wall);
		ck_assert_msg(strcmp(wall + 10, a == 4 ? "00:00" : "01:30") == 0, "%s", wall);
		ck_assert_msg(a == 4 ? b == 5 : b >= 1, "%s", wall);
	}
}
END_TEST

START_TEST(openings_keep_clear_of_releases)
{
	struct err e = { 0 };
	int64_t now;
	struct opening v[40];
	int n;
	struct plan_window w = { .days = 127, .from = 0, .to = 1440 };
	struct plan p = moment_plan(&w, "UTC");
	ck_assert(probe_now(x.db, &now, &e));
	struct release r = { now + 20 * US_DAY, now + 22 * US_DAY, NULL };
	const struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION, .releases = &r, .n_releases = 1 };
	p.release_quiet_hours = 72;
	ck_assert(probe_openings(x.db, x.a, &q, 40, v, &n, &e));
	ck_assert_int_gt(n, 3);
	int before = 0, after = 0;
	for (int i = 0; i < n; i++) {
		ck_assert(v[i].to - v[i].from >= 10 * US_MINUTE);
		ck_assert_msg(v[i].to <= r.from - 72 * US_HOUR + 1 || v[i].from >= r.to, "opening %d", i);
		before += v[i].to <= r.from;
		after += v[i].from >= r.to;
	}
	ck_assert(before > 0 && after > 0);
}
END_TEST

/* A week through every hour, ordinary, and two in which the clocks of the server's own zone are changed. */
static const char *const weeks[] = { "2026-11-23 00:00+00", "2027-03-25 00:00+00", "2027-10-28 00:00+00" };

static struct plan *demo_parsed(size_t i)
{
	struct plan_error *errs;
	size_t n;
	const char *text = demo_plan(x.a, i, "/srv");
	struct plan *p = text ? planfile_parse(x.a, "demo", text, strlen(text), &errs, &n) : NULL;
	ck_assert_msg(!text || p, "%s", text ? text : "");
	return p;
}

static const struct finding *judge_c3(struct core *c, const struct plan *p, int64_t at)
{
	static struct finding all[CONDITION_COUNT];
	struct err e = { 0 };
	const struct moment_ask q = { .plan = p, .env = c->walk.env, .at = at };
	ck_assert_msg(probe_moment(x.db, x.a, &q, &c->facts.moment, &e), "%s", e.msg);
	c->facts.now = at;
	for (size_t i = 0; i < c->walk.n_declared; i++)
		c->walk.declared[i].at = at;
	gate_judge_all(p, &c->walk, &c->facts, all);
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(all[i].id, "C3") == 0)
			return &all[i];
	return NULL;
}

/* The demo's drop is open at every hour of every day; in production the same plan is shut then on most, Fridays among them. */
START_TEST(the_demo_on_any_day)
{
	struct core *rehearsal = core_new(ENV_REHEARSAL), *production = core_new(ENV_PRODUCTION);
	core_walk_to(rehearsal, AT_DROPPING);
	core_walk_to(production, AT_DROPPING);
	test_sql(x.db, "SET TimeZone = 'Europe/Madrid'");
	int64_t begin = atoll(fix_get(&x, arena_printf(x.a, "SELECT extract(epoch FROM timestamptz '%s')::bigint", weeks[_i]))) * US_SECOND;
	int plans = 0, open = 0;
	for (struct plan *p; (p = demo_parsed((size_t)plans)); plans++)
		for (int h = 0; h < 7 * 24; h++) {
			const struct finding *c3 = judge_c3(rehearsal, p, begin + h * US_HOUR);
			ck_assert_msg(c3->verdict == HOLDS, "plan %d, hour %d: %s", plans, h, c3->because);
			open += plans == 0 && judge_c3(production, p, begin + h * US_HOUR)->verdict == HOLDS;
		}
	ck_assert_int_eq(plans, 6);
	ck_assert_int_eq(open, 16);   /* Monday to Thursday, 02:00 to 06:00 */
	core_free(rehearsal);
	core_free(production);
}
END_TEST

static void walk_row(const char *sid, const char *table, const char *more)
{
	fix_do(&x, arena_printf(x.a, "INSERT INTO gatewalk.walk (sid, name, plan_digest, archetype, relid, attnum, target, stage, operator, host, plan, day_us)"
		" VALUES ('%s', 'walk-%s', '', 'destructive', '%s'::regclass, 2, '%s.c', 'consumers', 'o', 'h', '', 1000000)", sid, sid, table, table));
	if (more)
		fix_do(&x, arena_printf(x.a, "UPDATE gatewalk.walk SET %s WHERE sid = '%s'", more, sid));
}

struct other_case { const char *sql, *table, *more, *who; };
static const struct other_case others_cases[] = {
	{ "SELECT 1", "public.b", NULL, NULL },
	{ "SELECT 1", "public.a", NULL, "walk walk-two (public.a.c) is open on the same table" },
	{ "SELECT 1", "public.a", "closed_at = now()", NULL },
	{ "SELECT 1", "public.a", "stage = 'left'", NULL },
	{ "SELECT 1", "public.b", "changing = true", "walk walk-two (public.b.c) is changing the schema or filling data right now" },
	{ "SELECT 1", "public.b", "dropped_at = now() - interval '47 h'", "walk walk-two (public.b.c) has dropped its column and is still being watched" },
	{ "SELECT 1", "public.b", "dropped_at = now() - interval '49 h'", NULL },
	{ "ALTER TABLE public.b ADD FOREIGN KEY (c) REFERENCES public.a", "public.b", NULL, "walk walk-two (public.b.c) is open on a table tied to this one by a foreign key" },
	{ "ALTER TABLE public.a ADD FOREIGN KEY (c) REFERENCES public.b", "public.b", NULL, "walk walk-two (public.b.c) is open on a table tied to this one by a foreign key" },
	{ "CREATE VIEW public.v AS SELECT a.id FROM public.a JOIN public.b USING (id)", "public.b", NULL, "walk walk-two (public.b.c) is open on a table tied to this one by a view" },
	{ "CREATE VIEW public.v AS SELECT id FROM public.a; CREATE MATERIALIZED VIEW public.w AS SELECT v.id FROM public.v JOIN public.b USING (id)", "public.b", NULL,
		"walk walk-two (public.b.c) is open on a table tied to this one by a view" },
	{ "CREATE VIEW public.v AS SELECT id FROM public.a; CREATE VIEW public.w AS SELECT id FROM public.b", "public.b", NULL, NULL },
	{ "SELECT 1", "public.b", "attnum = 0, dropped_at = now() - interval '47 h'", "walk walk-two (public.b.c) has taken its table or rows away and is still being watched" },
	{ "DROP TABLE public.a, public.b; CREATE TABLE public.a (id int) PARTITION BY LIST (id); CREATE TABLE public.m PARTITION OF public.a DEFAULT PARTITION BY LIST (id);"
		"CREATE TABLE public.b PARTITION OF public.m DEFAULT", "public.b", NULL, "walk walk-two (public.b.c) is open on a partition or child of this table" },
	{ "DROP TABLE public.a, public.b; CREATE TABLE public.b (id int) PARTITION BY LIST (id); CREATE TABLE public.a PARTITION OF public.b DEFAULT", "public.b", NULL,
		"walk walk-two (public.b.c) is open on the table that this one is a partition or child of" },
	{ "DROP TABLE public.b; CREATE TABLE public.b (id int) PARTITION BY LIST (id); CREATE TABLE public.b1 PARTITION OF public.b DEFAULT;"
		"ALTER TABLE public.b1 ADD FOREIGN KEY (id) REFERENCES public.a", "public.b", NULL, "walk walk-two (public.b.c) is open on a table tied to this one by a foreign key" },
	{ "DROP TABLE public.b; CREATE TABLE public.b (id int) PARTITION BY LIST (id); CREATE TABLE public.b1 PARTITION OF public.b DEFAULT;"
		"CREATE VIEW public.v AS SELECT a.id FROM public.a JOIN public.b1 USING (id)", "public.b", NULL, "walk walk-two (public.b.c) is open on a table tied to this one by a view" },
};

START_TEST(others)
{
	const struct other_case *c = &others_cases[_i];
	struct err e = { 0 };
	struct fact_others o;
	fix_do(&x, "CREATE TABLE public.a (id int PRIMARY KEY, c int); CREATE TABLE public.b (id int PRIMARY KEY, c int)");
	test_sql(x.db, c->sql);
	unsigned relid = (unsigned)atoi(fix_get(&x, "SELECT 'public.a'::regclass::oid"));
	walk_row("one", "public.a", NULL);
	walk_row("two", c->table, c->more);
	ck_assert_msg(probe_others(x.db, x.a, "one", relid, 48 * US_HOUR, &o, &e), "%s", e.msg);
	ck_assert(o.at > 0);
	ck_assert_int_eq(o.clear, c->who == NULL);
	if (c->who)
		ck_assert_str_eq(o.who, c->who);
}
END_TEST

/* Without the gatewalk schema nobody has looked, and that refuses. */
START_TEST(others_without_schema)
{
	struct err e = { 0 };
	struct fact_others o;
	fix_do(&x, "DROP SCHEMA gatewalk CASCADE");
	ck_assert_msg(probe_others(x.db, x.a, "one", 1, 1, &o, &e), "%s", e.msg);
	ck_assert(o.at == 0 && !o.clear);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("moment");
	TCase *m = tcase_create("moment");
	tcase_set_timeout(m, 60);
	tcase_add_checked_fixture(m, open_db, close_db);
	tcase_add_test(m, health);
	tcase_add_test(m, health_standbys);
	tcase_add_test(m, moment);
	tcase_add_loop_test(m, openings, 0, (int)(sizeof zones / sizeof zones[0]));
	tcase_add_test(m, openings_keep_clear_of_releases);
	tcase_add_loop_test(m, the_demo_on_any_day, 0, (int)(sizeof weeks / sizeof weeks[0]));
	tcase_add_loop_test(m, others, 0, (int)(sizeof others_cases / sizeof others_cases[0]));
	tcase_add_test(m, others_without_schema);
	suite_add_tcase(s, m);
	TCase *pure = tcase_create("windows");
	tcase_add_loop_test(pure, window_left, 0, (int)(sizeof windows / sizeof windows[0]));
	tcase_add_test(pure, under_the_lock_the_clock_goes_on);
	suite_add_tcase(s, pure);
	return s;
}

int main(void)
{
	return test_main(suite());
}
