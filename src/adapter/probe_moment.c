/* SPDX-License-Identifier: MIT */
#include "adapter/probe_moment.h"

#include <string.h>

#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

#define DAY_MINUTES 1440
#define LOOK_BACK_DAYS 8      /* no opening is longer: a Friday ends each */
#define NEXT_MAX ((int)(sizeof ((struct fact_moment *)0)->next / sizeof *((struct fact_moment *)0)->next))
#define NO_SUCH_ZONE "22023"
#define US(t) "(extract(epoch FROM " t ") * 1000000)::bigint"
#define INSTANT(us) "(timestamptz 'epoch' + " us " * interval '1 microsecond')"
#define ZONED "zone AS (SELECT $1::text AS z, CASE WHEN $2::bigint = 0 THEN clock_timestamp() ELSE " INSTANT("$2::bigint") " END AS now)"

/* The instants early and late that the wall time w is read to. The zone's offsets of a day before and a day after give two
   candidates. Those that show w on the wall are it: one, or two where the hour comes twice. Where w is skipped none is, and both
   stand, on either side of the skip. */
#define READINGS(w, name) \
	"LATERAL (SELECT coalesce(min(c) FILTER (WHERE c AT TIME ZONE z = " w "), min(c)) AS early, coalesce(max(c) FILTER (WHERE c AT TIME ZONE z = " w "), max(c)) AS late\n" \
	"  FROM (VALUES (interval '-24 h'), (interval '24 h')) o(o), LATERAL (SELECT (" w " AT TIME ZONE z) + o) s(beside),\n" \
	"  LATERAL (SELECT (" w " AT TIME ZONE 'UTC') - ((beside AT TIME ZONE z) - (beside AT TIME ZONE 'UTC'))) c(c)) " name

static const char WALL_SQL[] =
"/* gatewalk */ WITH " ZONED " SELECT " US("now") ", extract(dow FROM w)::int, (extract(hour FROM w) * 60 + extract(minute FROM w))::int\n"
"FROM zone, LATERAL (SELECT now AT TIME ZONE z) x(w)";

/* $1 zone, $2 the moment or 0, $3 days as bits, $4 and $5 from and to in minutes, $6 and $7 releases from and to (us), $8 quiet hours,
   $9 least minutes, $10 how many, $11 days ahead, $12 days back. The opening that the moment stands in comes first, whatever its
   releases; then those of the drop. A window's day is that of its start. */
static const char OPENINGS_SQL[] =
"/* gatewalk */ WITH " ZONED ", w AS (SELECT * FROM unnest($3::int[], $4::int[], $5::int[]) w(days, f, t)),\n"
"day AS (SELECT z, (now AT TIME ZONE z)::date + g AS d FROM zone, generate_series(-$12::int, $11::int) g),\n"
"open AS (SELECT range_agg(tstzrange(b.late, e.early)) AS m FROM day CROSS JOIN w,\n"
"  " READINGS("(d + f * interval '1 minute')", "b") ",\n"
"  " READINGS("(d + (CASE WHEN t > f THEN t ELSE t + 1440 END) * interval '1 minute')", "e") "\n"
"  WHERE (w.days >> extract(dow FROM d)::int) & 1 = 1 AND b.late < e.early),\n"
"friday AS (SELECT range_agg(tstzrange(b.early, e.late)) AS m FROM day,\n"
"  " READINGS("d::timestamp", "b") ", " READINGS("(d + 1)::timestamp", "e") " WHERE extract(dow FROM d) = 5),\n"
"near AS (SELECT range_agg(tstzrange(" INSTANT("f") " - $8::int * interval '1 hour', " INSTANT("greatest(f, t)") ", '[]')) AS m\n"
"  FROM unnest($6::bigint[], $7::bigint[]) r(f, t)),\n"
"free AS (SELECT now, open.m - friday.m AS m, coalesce(near.m, '{}') AS near FROM zone, open, friday, near)\n"
"(SELECT true, " US("lower(r)") ", " US("upper(r)") ", " US("lower(r)") " FROM free, unnest(m) r WHERE r @> now)\n"
"UNION ALL (SELECT false, " US("s") ", " US("upper(r)") ", " US("lower(r)") " FROM free, unnest(m - near) r, LATERAL (SELECT greatest(lower(r), now)) x(s)\n"
"  WHERE upper(r) - s >= $9::int * interval '1 minute' ORDER BY s LIMIT $10::int)";

/* $1 zone, $2 times. */
static const char WALLS_SQL[] =
"/* gatewalk */ SELECT to_char(" INSTANT("us") " AT TIME ZONE $1, 'Dy DD Mon HH24:MI') FROM unnest($2::bigint[]) WITH ORDINALITY u(us, n) ORDER BY n";

static const char INSTANTS_SQL[] =
"/* gatewalk */ SELECT " US("b.early") ", " US("b.late") " FROM (SELECT $1::text) zone(z), unnest($2::timestamp[]) WITH ORDINALITY u(w, n), " READINGS("w", "b") " ORDER BY n";

/* A rehearsal's moment is a day and minute of no real night: it goes by the wall alone. Friday begins at midnight whatever a window says. */
static int rehearsed_left(const struct plan *p, int dow, int minute)
{
	int left = 0;
	for (size_t i = 0; i < p->n_windows; i++) {
		int one = plan_window_left(&p->windows[i], dow, minute);
		left = one > left ? one : left;
	}
	return dow == FRIDAY - 1 && left > DAY_MINUTES - minute ? DAY_MINUTES - minute : left;
}

void moment_judge(const struct plan *p, enum env env, struct fact_moment *out)
{
	bool inside = out->at >= out->opens && out->at < out->closes;
	out->minutes_left = inside ? (int)((out->closes - out->at) / US_MINUTE) : 0;
	out->in_window = inside;
	if (env != ENV_REHEARSAL)
		return;
	out->minutes_left = rehearsed_left(p, out->dow, out->minute);
	out->in_window = out->minutes_left > 0;
}

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

/* "{1,2}" of n numbers that `one` gives. */
static const char *array(struct arena *a, size_t n, int64_t (*one)(const void *of, size_t i), const void *of)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s%lld", i ? "," : "", (long long)one(of, i));
	const char *s = arena_printf(a, "{%s}", text_str(&t));
	text_free(&t);
	return s;
}

static int64_t days_of(const void *of, size_t i) { return ((const struct plan_window *)of)[i].days; }
static int64_t from_of(const void *of, size_t i) { return ((const struct plan_window *)of)[i].from; }
static int64_t to_of(const void *of, size_t i) { return ((const struct plan_window *)of)[i].to; }
static int64_t release_from(const void *of, size_t i) { return ((const struct release *)of)[i].from; }
static int64_t release_to(const void *of, size_t i) { return ((const struct release *)of)[i].to; }
static int64_t time_of(const void *of, size_t i) { return ((const int64_t *)of)[i]; }

/* The openings, and the one that the moment stands in: in `inside`, zero when there is none. */
static bool ask_openings(struct db *db, struct arena *a, const struct moment_ask *q, struct opening *inside, int want, struct opening *out, int *n, struct err *e)
{
	const struct plan *p = q->plan;
	const char *const args[] = {
		p->zone, number(a, q->at), array(a, p->n_windows, days_of, p->windows), array(a, p->n_windows, from_of, p->windows),
		array(a, p->n_windows, to_of, p->windows), array(a, q->n_releases, release_from, q->releases), array(a, q->n_releases, release_to, q->releases),
		number(a, p->release_quiet_hours), number(a, plan_drop_min(p)), number(a, want), number(a, MOMENT_AHEAD_DAYS), number(a, LOOK_BACK_DAYS),
	};
	const struct query ask = { .sql = OPENINGS_SQL, .args = args, .nargs = 12, .cols = 4, .max_rows = want + 1 };
	struct rows r;
	*n = 0;
	*inside = (struct opening){ .from = 0 };
	if (!db_ask(db, a, &ask, &r, e))
		return err_in(e, "asking the server for the next windows in %s", p->zone);
	for (int i = 0; i < r.n; i++) {
		const struct opening one = { cell_int(r.cell[i][1]), cell_int(r.cell[i][2]), cell_int(r.cell[i][3]) };
		if (cell_bool(r.cell[i][0]))
			*inside = one;
		else
			out[(*n)++] = one;
	}
	return true;
}

bool probe_openings(struct db *db, struct arena *a, const struct moment_ask *q, int want, struct opening *out, int *n, struct err *e)
{
	struct opening inside;
	return ask_openings(db, a, q, &inside, want, out, n, e);
}

bool probe_moment(struct db *db, struct arena *a, const struct moment_ask *q, struct fact_moment *out, struct err *e)
{
	const struct plan *p = q->plan;
	const char *const args[] = { p->zone, number(a, q->at) };
	const struct query ask = { .sql = WALL_SQL, .args = args, .nargs = 2, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct opening inside, next[NEXT_MAX];
	struct rows r;
	struct err why = { 0 };
	*out = (struct fact_moment){ .releases = q->releases, .n_releases = q->n_releases };
	bool known = plan_is_zone(p->zone) && db_ask(db, a, &ask, &r, &why);
	if (!known && (why.code == ERR_NONE || strcmp(why.sqlstate, NO_SUCH_ZONE) == 0))
		return probe_now(db, &out->at, e);
	if (!known) {
		if (e)
			*e = why;
		return err_in(e, "asking the server for the time in %s", p->zone);
	}
	out->at = cell_int(r.cell[0][0]);
	out->dow = q->env == ENV_REHEARSAL ? p->rehearsal_dow : (int)cell_int(r.cell[0][1]);
	out->minute = q->env == ENV_REHEARSAL ? p->rehearsal_minute : (int)cell_int(r.cell[0][2]);
	struct moment_ask same = *q;
	same.at = out->at;
	if (!ask_openings(db, a, &same, &inside, NEXT_MAX, next, &out->n_next, e))
		return false;
	for (int i = 0; i < out->n_next; i++)
		out->next[i] = next[i].from;
	out->zone_known = true;
	out->opens = inside.from;
	out->closes = inside.to;
	moment_judge(p, q->env, out);
	return true;
}

static bool no_such_zone(const char *zone, struct err *e)
{
	return err_set(e, ERR_USE, "Write a name of the IANA list, such as Europe/Madrid, or UTC.", "the server does not know the time zone %s", zone);
}

/* One row for each value of the array in the second place. */
static bool ask_in_zone(struct db *db, struct arena *a, const char *zone, const struct query *q, struct rows *r, struct err *e)
{
	struct err why = { 0 };
	if (!plan_is_zone(zone))
		return no_such_zone(text_clean(a, zone), e);
	if (db_ask(db, a, q, r, &why))
		return true;
	if (strcmp(why.sqlstate, NO_SUCH_ZONE) == 0)
		return no_such_zone(zone, e);
	if (e)
		*e = why;
	return err_in(e, "asking the server for times in %s", zone);
}

bool probe_walls(struct db *db, struct arena *a, const char *zone, const int64_t *at, size_t n, const char ***out, struct err *e)
{
	const char *const args[] = { zone, array(a, n, time_of, at) };
	const struct query q = { .sql = WALLS_SQL, .args = args, .nargs = 2, .cols = 1, .min_rows = (int)n, .max_rows = (int)n };
	struct rows r;
	if (!ask_in_zone(db, a, zone, &q, &r, e))
		return false;
	*out = arena_array(a, n + 1, sizeof **out);
	for (size_t i = 0; i < n; i++)
		(*out)[i] = r.cell[i][0];
	return true;
}

bool probe_instants(struct db *db, struct arena *a, const char *zone, const char *const *walls, size_t n, struct opening *out, struct err *e)
{
	struct text t = { 0 };
	for (size_t i = 0; i < n; i++)
		text_addf(&t, "%s\"%s\"", i ? "," : "", walls[i]);
	const char *const args[] = { zone, arena_printf(a, "{%s}", text_str(&t)) };
	const struct query q = { .sql = INSTANTS_SQL, .args = args, .nargs = 2, .cols = 2, .min_rows = (int)n, .max_rows = (int)n };
	struct rows r;
	text_free(&t);
	if (!ask_in_zone(db, a, zone, &q, &r, e))
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = (struct opening){ cell_int(r.cell[i][0]), cell_int(r.cell[i][1]), 0 };
	return true;
}
