/* SPDX-License-Identifier: MIT */
/* C3: what time is it where the plan's windows count? Wall times come from the server's own zone tables, so that a night in
   which the clock changes is right. */
#include "adapter/probe_moment.h"

#include <stdio.h>
#include <string.h>

#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

#define DAY_MINUTES 1440
#define LOOK_AHEAD_DAYS 60
#define NO_SUCH_ZONE "22023"

static const char WALL_SQL[] =
"/* gatewalk */ SELECT (extract(epoch FROM t) * 1000000)::bigint, extract(dow FROM w)::int, (extract(hour FROM w) * 60 + extract(minute FROM w))::int\n"
"FROM clock_timestamp() t, LATERAL (SELECT t AT TIME ZONE $1) x(w)";

/* $1 zone, $2 days as bits, $3 and $4 from and to in minutes, $5 releases (us), $6 quiet hours, $7 least minutes, $8 how many.
   A window's day is that of its start. Fridays and the hours before a release are cut out of the windows. */
static const char OPENINGS_SQL[] =
"/* gatewalk */ WITH w AS (SELECT * FROM unnest($2::int[], $3::int[], $4::int[]) w(days, f, t)),\n"
"day AS (SELECT (clock_timestamp() AT TIME ZONE $1)::date + g AS d FROM generate_series(-2, $9::int) g),\n"
"open AS (SELECT range_agg(tstzrange(s, e)) AS m FROM day CROSS JOIN w,\n"
"  LATERAL (SELECT (d + f * interval '1 minute') AT TIME ZONE $1, (d + (CASE WHEN t > f THEN t ELSE t + 1440 END) * interval '1 minute') AT TIME ZONE $1) b(s, e)\n"
"  WHERE (w.days >> extract(dow FROM d)::int) & 1 = 1 AND s < e),\n"
"shut AS (SELECT range_agg(r) AS m FROM (\n"
"  SELECT tstzrange(d::timestamp AT TIME ZONE $1, (d + 1)::timestamp AT TIME ZONE $1) FROM day WHERE extract(dow FROM d) = 5\n"
"  UNION ALL SELECT tstzrange(at - $6::int * interval '1 hour', at, '[]') FROM unnest($5::bigint[]) u(us),\n"
"    LATERAL (SELECT timestamptz 'epoch' + us * interval '1 microsecond') r(at)) b(r))\n"
"SELECT (extract(epoch FROM s) * 1000000)::bigint, (extract(epoch FROM e) * 1000000)::bigint\n"
"FROM open, shut, LATERAL unnest(open.m - coalesce(shut.m, '{}'::tstzmultirange)) r, LATERAL (SELECT greatest(lower(r), clock_timestamp()), upper(r)) b(s, e)\n"
"WHERE e - s >= $7::int * interval '1 minute' ORDER BY s LIMIT $8::int";

void moment_judge(const struct plan *p, struct fact_moment *out)
{
	int left = 0;
	for (size_t i = 0; i < p->n_windows; i++) {
		int one = plan_window_left(&p->windows[i], out->dow, out->minute);
		left = one > left ? one : left;
	}
	/* Friday begins at midnight whatever the window says. */
	if (out->dow == FRIDAY - 1 && left > DAY_MINUTES - out->minute)
		left = DAY_MINUTES - out->minute;
	out->minutes_left = left;
	out->in_window = left > 0;
	out->next_release = 0;
	for (size_t i = 0; i < p->n_releases; i++)
		if (p->releases[i] > out->at && (out->next_release == 0 || p->releases[i] < out->next_release))
			out->next_release = p->releases[i];
}

bool probe_moment(struct db *db, struct arena *a, const struct plan *p, enum env env, struct fact_moment *out, struct err *e)
{
	const char *const args[] = { p->zone };
	const struct query q = { .sql = WALL_SQL, .args = args, .nargs = 1, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	int64_t to[5];
	struct err why = { 0 };
	*out = (struct fact_moment){ .at = 0 };
	if (!db_ask(db, a, &q, &r, &why)) {
		if (strcmp(why.sqlstate, NO_SUCH_ZONE) == 0)
			return probe_now(db, &out->at, e);
		if (e)
			*e = why;
		return err_in(e, "asking the server for the time in %s", p->zone);
	}
	out->at = cell_int(r.cell[0][0]);
	out->zone_known = true;
	out->dow = env == ENV_REHEARSAL ? p->rehearsal_dow : (int)cell_int(r.cell[0][1]);
	out->minute = env == ENV_REHEARSAL ? p->rehearsal_minute : (int)cell_int(r.cell[0][2]);
	moment_judge(p, out);
	return probe_openings(db, a, p, 5, out->next, to, &out->n_next, e);
}

static const char *int_array(struct arena *a, const struct plan *p, int which)
{
	struct text t = { 0 };
	text_add(&t, "{");
	for (size_t i = 0; i < p->n_windows; i++) {
		const struct plan_window *w = &p->windows[i];
		text_addf(&t, "%s%d", i ? "," : "", which == 0 ? (int)w->days : which == 1 ? w->from : w->to);
	}
	text_add(&t, "}");
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

static const char *release_array(struct arena *a, const struct plan *p)
{
	struct text t = { 0 };
	text_add(&t, "{");
	for (size_t i = 0; i < p->n_releases; i++)
		text_addf(&t, "%s%lld", i ? "," : "", (long long)p->releases[i]);
	text_add(&t, "}");
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}

bool probe_openings(struct db *db, struct arena *a, const struct plan *p, int want, int64_t *from, int64_t *to, int *n, struct err *e)
{
	char quiet[16], least[16], many[16], ahead[16];
	snprintf(quiet, sizeof quiet, "%d", p->release_quiet_hours);
	snprintf(least, sizeof least, "%d", plan_drop_min(p));
	snprintf(many, sizeof many, "%d", want);
	snprintf(ahead, sizeof ahead, "%d", LOOK_AHEAD_DAYS);
	const char *const args[] = { p->zone, int_array(a, p, 0), int_array(a, p, 1), int_array(a, p, 2), release_array(a, p), quiet, least, many, ahead };
	const struct query q = { .sql = OPENINGS_SQL, .args = args, .nargs = 9, .cols = 2, .max_rows = want };
	struct rows r;
	*n = 0;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "asking the server for the next windows in %s", p->zone);
	for (int i = 0; i < r.n; i++, (*n)++) {
		from[i] = cell_int(r.cell[i][0]);
		to[i] = cell_int(r.cell[i][1]);
	}
	return true;
}
