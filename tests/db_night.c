/* SPDX-License-Identifier: MIT */
/* The plan's windows on nights in which the clock changes, asked of the server's own zone tables for given instants. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/probe_moment.h"
#include "base/when.h"
#include "tests/lib_db.h"

static struct { struct arena *a; struct db *db; } x;

static void setup(void)
{
	x.a = arena_new();
	x.db = test_connect("dbname=postgres");
}

static void teardown(void)
{
	db_close(x.db);
	arena_free(x.a);
}

static struct plan moment_plan(struct plan_window *w, const char *zone)
{
	struct plan p = { .zone = zone, .windows = w, .n_windows = 1 };
	plan_defaults(&p);
	return p;
}

static int64_t instant(const char *iso)
{
	int64_t us;
	ck_assert_msg(when_parse(iso, &us), "%s", iso);
	return us;
}

/* Nights in which the clock changes. At this moment, in this zone, with a window of every day: the minutes that are left, and the
   instants of the opening that the moment stands in or that comes next. Europe/Madrid: 2026-03-29 02:00 to 03:00, 2026-10-25 03:00
   to 02:00. America/New_York: 2026-03-08, 2026-11-01. Australia/Lord_Howe, by half an hour: 2026-10-04 02:00 to 02:30, 2026-04-05
   02:00 to 01:30. Africa/Cairo, where midnight itself is skipped and comes twice: 2026-04-24, a Friday, and 2026-10-29, a Thursday. */
struct night { const char *zone; int from, to; const char *at; int left; const char *opens, *closes; };
static const struct night nights[] = {
	/* The missing hour: three hours on the wall are two; 01:00 to 03:00 is one. */
	{ "Europe/Madrid", 60, 240, "2026-03-29T00:00:00Z", 120, "2026-03-29T00:00:00Z", "2026-03-29T02:00:00Z" },
	{ "Europe/Madrid", 60, 180, "2026-03-29T00:10:00Z", 50, "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z" },
	{ "Europe/Madrid", 120, 240, "2026-03-29T01:00:00Z", 60, "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z" },
	/* A window inside of it is not open that night, nor is one that has only its own wall on either side. */
	{ "Europe/Madrid", 120, 180, "2026-03-29T00:30:00Z", 0, "2026-03-30T00:00:00Z", "2026-03-30T01:00:00Z" },
	{ "Europe/Madrid", 135, 165, "2026-03-29T01:00:00Z", 0, "2026-03-30T00:15:00Z", "2026-03-30T00:45:00Z" },
	{ "Europe/Madrid", 135, 195, "2026-03-29T01:05:00Z", 0, "2026-03-30T00:15:00Z", "2026-03-30T01:15:00Z" },
	/* A beginning in it comes as much later, an end in it as much earlier. */
	{ "Europe/Madrid", 150, 300, "2026-03-29T01:30:00Z", 90, "2026-03-29T01:30:00Z", "2026-03-29T03:00:00Z" },
	{ "Europe/Madrid", 150, 300, "2026-03-29T01:29:00Z", 0, "2026-03-29T01:30:00Z", "2026-03-29T03:00:00Z" },
	{ "Europe/Madrid", 30, 150, "2026-03-28T23:30:00Z", 60, "2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z" },
	{ "Europe/Madrid", 1380, 180, "2026-03-28T22:00:00Z", 180, "2026-03-28T22:00:00Z", "2026-03-29T01:00:00Z" },
	/* The hour that comes twice: across it the night is longer; a beginning in it is the later one, an end the earlier one. */
	{ "Europe/Madrid", 60, 240, "2026-10-24T23:00:00Z", 240, "2026-10-24T23:00:00Z", "2026-10-25T03:00:00Z" },
	{ "Europe/Madrid", 120, 180, "2026-10-25T00:30:00Z", 0, "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z" },
	{ "Europe/Madrid", 120, 180, "2026-10-25T01:30:00Z", 30, "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z" },
	{ "Europe/Madrid", 60, 150, "2026-10-25T00:10:00Z", 20, "2026-10-24T23:00:00Z", "2026-10-25T00:30:00Z" },
	{ "Europe/Madrid", 60, 150, "2026-10-25T01:10:00Z", 0, "2026-10-26T00:00:00Z", "2026-10-26T01:30:00Z" },
	{ "Europe/Madrid", 135, 165, "2026-10-25T00:20:00Z", 0, "2026-10-26T01:15:00Z", "2026-10-26T01:45:00Z" },
	{ "America/New_York", 60, 180, "2026-03-08T06:00:00Z", 60, "2026-03-08T06:00:00Z", "2026-03-08T07:00:00Z" },
	{ "America/New_York", 60, 180, "2026-11-01T05:30:00Z", 0, "2026-11-01T06:00:00Z", "2026-11-01T08:00:00Z" },
	{ "America/New_York", 0, 180, "2026-11-01T04:00:00Z", 240, "2026-11-01T04:00:00Z", "2026-11-01T08:00:00Z" },
	{ "Australia/Lord_Howe", 60, 180, "2026-10-03T14:30:00Z", 90, "2026-10-03T14:30:00Z", "2026-10-03T16:00:00Z" },
	{ "Australia/Lord_Howe", 60, 180, "2026-04-04T14:00:00Z", 150, "2026-04-04T14:00:00Z", "2026-04-04T16:30:00Z" },
	{ "Australia/Lord_Howe", 100, 180, "2026-04-04T15:10:00Z", 80, "2026-04-04T15:10:00Z", "2026-04-04T16:30:00Z" },
	{ "Asia/Kathmandu", 60, 180, "2026-03-28T19:15:00Z", 120, "2026-03-28T19:15:00Z", "2026-03-28T21:15:00Z" },
	/* Thursday night ends where Friday begins; where that midnight is skipped, as much earlier. The second 23:00 is still Thursday. */
	{ "Africa/Cairo", 1320, 180, "2026-04-23T20:00:00Z", 60, "2026-04-23T20:00:00Z", "2026-04-23T21:00:00Z" },
	{ "Africa/Cairo", 1320, 180, "2026-10-29T19:00:00Z", 180, "2026-10-29T19:00:00Z", "2026-10-29T22:00:00Z" },
};

START_TEST(night)
{
	const struct night *c = &nights[_i];
	struct err e = { 0 };
	struct fact_moment m;
	struct opening next[3];
	int n;
	struct plan_window w = { .days = 127, .from = c->from, .to = c->to };
	struct plan p = moment_plan(&w, c->zone);
	struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION, .at = instant(c->at) };
	ck_assert_msg(probe_moment(x.db, x.a, &q, &m, &e), "%s", e.msg);
	ck_assert_int_eq(m.at, q.at);
	ck_assert_int_eq(m.minutes_left, c->left);
	ck_assert_int_eq(m.in_window, c->left > 0);
	if (c->left > 0) {
		ck_assert_int_eq(m.opens, instant(c->opens));
		ck_assert_int_eq(m.closes, instant(c->closes));
	}
	ck_assert_msg(probe_openings(x.db, x.a, &q, 3, next, &n, &e), "%s", e.msg);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(next[0].begins, instant(c->opens));
	ck_assert_int_eq(next[0].to, instant(c->closes));
	ck_assert_int_eq(next[0].from, c->left > 0 ? q.at : next[0].begins);
}
END_TEST

/* Whatever the night, every five minutes of an opening show a time of its window on the wall. */
static void held_on_the_wall(const char *zone, const struct opening *v, int n, int from, int to)
{
	struct err e = { 0 };
	static int64_t times[4000];
	size_t k = 0;
	const char **walls;
	for (int i = 0; i < n; i++)
		for (int64_t at = v[i].begins; at < v[i].to; at += 5 * US_MINUTE)
			times[k++] = at;
	ck_assert_msg(probe_walls(x.db, x.a, zone, times, k, &walls, &e), "%s", e.msg);
	for (size_t i = 0; i < k; i++) {
		int minute = atoi(walls[i] + 11) * 60 + atoi(walls[i] + 14);
		ck_assert_msg(minute >= from && minute < to, "%s: %s", zone, walls[i]);
	}
}

static const char *const restless[] = { "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo", "America/Havana", "America/Santiago" };

START_TEST(nights_are_never_wider_than_their_wall)
{
	struct err e = { 0 };
	struct opening v[40];
	int n;
	for (int from = 0; from < 240; from += 25) {
		struct plan_window w = { .days = 127, .from = from, .to = from + 55 };
		struct plan p = moment_plan(&w, restless[_i]);
		/* Spring and autumn, in both halves of the world. */
		for (int half = 0; half < 2; half++) {
			struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION, .at = instant(half ? "2026-09-20T00:00:00Z" : "2026-03-01T00:00:00Z") };
			ck_assert_msg(probe_openings(x.db, x.a, &q, 40, v, &n, &e), "%s", e.msg);
			ck_assert_int_eq(n, 40);
			held_on_the_wall(restless[_i], v, n, from, from + 55);
		}
	}
}
END_TEST

/* Two windows that touch are one opening; of two that do not, each is its own. */
START_TEST(several_windows)
{
	struct err e = { 0 };
	struct fact_moment m;
	struct opening v[4];
	int n;
	struct plan_window w[] = { { .days = 1u << 2, .from = 120, .to = 180 }, { .days = 1u << 2, .from = 180, .to = 240 }, { .days = 1u << 2, .from = 1380, .to = 60 } };
	struct plan p = moment_plan(w, "UTC");
	struct moment_ask q = { .plan = &p, .env = ENV_PRODUCTION, .at = instant("2026-12-01T02:50:00Z") };
	p.n_windows = 3;
	ck_assert_msg(probe_moment(x.db, x.a, &q, &m, &e), "%s", e.msg);
	ck_assert_int_eq(m.minutes_left, 70);
	ck_assert(probe_openings(x.db, x.a, &q, 4, v, &n, &e));
	ck_assert_int_eq(v[0].begins, instant("2026-12-01T02:00:00Z"));
	ck_assert_int_eq(v[1].from, instant("2026-12-01T23:00:00Z"));
	ck_assert_int_eq(v[1].to, instant("2026-12-02T01:00:00Z"));
	ck_assert_int_eq(v[2].from, instant("2026-12-08T02:00:00Z"));
	/* Too short for the drop: the rest of today's is passed over. */
	p.drop_estimate_min = 71;
	ck_assert(probe_openings(x.db, x.a, &q, 4, v, &n, &e));
	ck_assert_int_eq(v[0].from, instant("2026-12-01T23:00:00Z"));
	/* At the end, the minute under way is not counted. */
	q.at = instant("2026-12-01T03:59:30Z");
	ck_assert(probe_moment(x.db, x.a, &q, &m, &e));
	ck_assert(m.in_window && m.minutes_left == 0);
	q.at = instant("2026-12-01T04:00:00Z");
	ck_assert(probe_moment(x.db, x.a, &q, &m, &e));
	ck_assert(!m.in_window);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("night");
	TCase *c = tcase_create("night");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, night, 0, (int)(sizeof nights / sizeof nights[0]));
	tcase_add_loop_test(c, nights_are_never_wider_than_their_wall, 0, (int)(sizeof restless / sizeof restless[0]));
	tcase_add_test(c, several_windows);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
