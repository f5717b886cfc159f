/* SPDX-License-Identifier: MIT */
#include "adapter/monitor.h"

#include "adapter/audit.h"
#include "adapter/monitor_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

#define KEEP_BASELINE "2 days"   /* the baseline is how things are now, not how they were weeks ago */

static bool sample_write(struct db *db, struct arena *a, const char *sid, const struct measure *m, bool baseline, struct err *e)
{
	const char *v[] = { sid, m->name, m->known ? arena_printf(a, "%.17g", m->value) : NULL, baseline ? "t" : "f", m->why };
	const struct query q = { .sql = OWN_TAG "INSERT INTO gatewalk.sample (sid, at, metric, value, baseline, why)\n"
		"VALUES ($1, now(), $2, $3::float8, $4::boolean, $5)", .args = v, .nargs = 5, .cols = -1 };
	return db_ask(db, a, &q, NULL, e);
}

/* now() gives the rows of one look one time: the newest look is the newest time. */
static bool samples_write(struct db *db, struct arena *a, const char *sid, const struct measures *m, bool baseline, struct err *e)
{
	const char *v[] = { sid };
	const struct query old = { .sql = OWN_TAG "DELETE FROM gatewalk.sample WHERE sid = $1\n"
		"AND (metric LIKE 'raw:%' OR (baseline AND at < now() - interval '" KEEP_BASELINE "'))", .args = v, .nargs = 1, .cols = -1 };
	if (!db_ask(db, a, &old, NULL, e))
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (!sample_write(db, a, sid, &m->v[i], baseline, e))
			return false;
	return true;
}

bool monitor_tick(struct db *db, struct arena *a, const char *sid, const struct plan *p, bool baseline, struct err *e)
{
	struct measures m;
	if (!measure_all(db, a, sid, p, &m, e))
		return err_in(e, "measuring");
	if (!db_script(db, a, OWN_TAG "BEGIN", 5000, NULL, e))
		return false;
	if (!samples_write(db, a, sid, &m, baseline, e)) {
		db_rollback(db);
		return err_in(e, "measuring");
	}
	struct err why = { 0 };
	if (db_commit(db, 10000, &why) == DB_COMMITTED)
		return true;
	return err_set(e, why.code ? why.code : ERR_DB, why.hint, "the sample was not kept: %s", why.msg);
}

/* Newest value of a metric, its baseline, and when. */
static const char READ_SQL[] = OWN_TAG
"WITH newest AS (SELECT DISTINCT ON (metric) * FROM gatewalk.sample\n"
"    WHERE sid = $1 AND (metric NOT LIKE 'raw:%' OR metric = 'raw:rollbacks') ORDER BY metric, at DESC),\n"
"  base AS (SELECT metric, avg(value) AS value, max(at) FILTER (WHERE value IS NOT NULL) AS at FROM gatewalk.sample WHERE sid = $1 AND baseline GROUP BY metric)\n"
"SELECT n.metric, n.value, n.why, (extract(epoch FROM n.at) * 1000000)::bigint, n.baseline, b.value, (extract(epoch FROM b.at) * 1000000)::bigint\n"
"FROM newest n LEFT JOIN base b USING (metric) ORDER BY n.metric";
enum { M_NAME, M_VALUE, M_WHY, M_AT, M_BASELINE, M_BASE, M_BASE_AT, M_COLS };

static char *const *row_of(const struct rows *r, const char *name)
{
	for (int i = 0; i < r->n; i++)
		if (text_eq(r->cell[i][M_NAME], name))
			return r->cell[i];
	return NULL;
}

static void fill(struct fact_metric *m, char *const *c)
{
	if (!c) {
		m->why = "was never measured";
		return;
	}
	m->known = c[M_VALUE] != NULL;
	m->value = cell_double(c[M_VALUE]);
	m->why = c[M_WHY];
	m->has_base = c[M_BASE] != NULL;
	m->base = cell_double(c[M_BASE]);
}

static double larger(double x, double y) { return x > y ? x : y; }

/* Limits from the baseline leave room for noise: a rate of 0.1 a minute that doubles is no alarm. */
static void limit(struct fact_metric *m, const struct metric_kind *k, const struct plan *p)
{
	if (k->limit == LIMIT_PLAN)
		m->alarm = k->of_plan(p);
	else if (k->limit == LIMIT_FIVE_TIMES)
		m->alarm = larger(5 * m->base, m->base + 5);
	else if (k->limit == LIMIT_TWICE)
		m->alarm = larger(2 * m->base, m->base + 5);
	else if (k->limit == LIMIT_SHARE)
		m->alarm = larger(5 * m->base, m->base + 1);
	else
		m->alarm = m->base;
	m->has_alarm = k->limit == LIMIT_PLAN || m->has_base;
}

static void metrics_fill(struct arena *a, const struct plan *p, const struct rows *r, struct fact_monitor *out)
{
	out->n = n_metric_kinds + p->n_metrics;
	out->metrics = arena_array(a, out->n, sizeof *out->metrics);
	for (size_t i = 0; i < n_metric_kinds; i++) {
		struct fact_metric *m = &out->metrics[i];
		*m = (struct fact_metric){ .name = metric_kinds[i].name, .unit = metric_kinds[i].unit };
		fill(m, row_of(r, m->name));
		limit(m, &metric_kinds[i], p);
	}
	for (size_t i = 0; i < p->n_metrics; i++) {
		const struct plan_metric *x = &p->metrics[i];
		struct fact_metric *m = &out->metrics[n_metric_kinds + i];
		*m = (struct fact_metric){ .name = x->name, .unit = x->unit ? x->unit : "", .pause = x->pause, .has_pause = x->has_pause,
			.alarm = x->alarm, .has_alarm = x->has_alarm };
		fill(m, row_of(r, m->name));
	}
	for (size_t i = 0; i < out->n; i++) {
		struct fact_metric *m = &out->metrics[i];
		m->alarmed = m->known && m->has_alarm && m->value > m->alarm;
	}
}

static bool read_alarms(struct db *db, struct arena *a, const char *sid, struct fact_monitor *out, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = OWN_TAG "SELECT text, count(*) OVER () FROM gatewalk.alarm WHERE sid = $1 ORDER BY id DESC LIMIT 1",
		.args = v, .nargs = 1, .cols = 2, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (r.n) {
		out->alarm = r.cell[0][0];
		out->alarms = (int)cell_int(r.cell[0][1]);
	}
	return true;
}

/* *baseline: is the newest look one from before the drop? */
static bool read_all(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct fact_monitor *out, bool *baseline, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = READ_SQL, .args = v, .nargs = 1, .cols = M_COLS };
	struct rows r;
	*out = (struct fact_monitor){ 0 };
	*baseline = false;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		if (cell_int(c[M_AT]) > out->at) {
			out->at = cell_int(c[M_AT]);
			*baseline = cell_bool(c[M_BASELINE]);
		}
		if (cell_int(c[M_BASE_AT]) > out->baseline_at && c[M_BASE])
			out->baseline_at = cell_int(c[M_BASE_AT]);
	}
	char *const *raw = row_of(&r, RAW "rollbacks");
	out->errors_seen = raw && raw[M_VALUE] && cell_int(raw[M_AT]) == out->at;
	metrics_fill(a, p, &r, out);
	return read_alarms(db, a, sid, out, e);
}

bool monitor_read(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct fact_monitor *out, struct err *e)
{
	bool baseline;
	if (read_all(db, a, sid, p, out, &baseline, e))
		return true;
	*out = (struct fact_monitor){ 0 };   /* half a reading is none */
	return err_in(e, "reading the monitor");
}

/* *rang: a row was written; none within 10 min of the last one of this metric. */
static bool alarm_write(struct db *db, struct arena *a, const char *sid, const struct fact_metric *m, const char *text, bool *rang, struct err *e)
{
	const char *v[] = { sid, m->name, arena_printf(a, "%.17g", m->value), arena_printf(a, "%.17g", m->alarm), text };
	const struct query q = { .sql = OWN_TAG "INSERT INTO gatewalk.alarm (sid, metric, value, alarm_limit, text)\n"
		"SELECT $1, $2, $3::float8, $4::float8, $5 WHERE NOT EXISTS (SELECT FROM gatewalk.alarm\n"
		"  WHERE sid = $1 AND metric = $2 AND at > clock_timestamp() - interval '10 min') RETURNING pg_notify('gatewalk', sid)",
		.args = v, .nargs = 5, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*rang = r.n > 0;
	return true;
}

/* "rollbacks 120 /min, limit 25 (before the drop 4)" */
static const char *alarm_text(struct arena *a, const struct plan *p, const struct fact_metric *m)
{
	const char *base = m->has_base ? arena_printf(a, " (before the %s %.3g)", p->archetype == ARCH_DESTRUCTIVE ? "drop" : "change", m->base) : "";
	return arena_printf(a, "%s %.4g%s%s, limit %.4g%s", m->name, m->value, *m->unit ? " " : "", m->unit, m->alarm, base);
}

bool monitor_judge(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct err *e)
{
	struct fact_monitor f;
	bool baseline, rang;
	if (!read_all(db, a, sid, p, &f, &baseline, e))
		return err_in(e, "judging the monitor");
	for (size_t i = 0; !baseline && i < f.n; i++) {
		const struct fact_metric *m = &f.metrics[i];
		if (!m->alarmed)
			continue;
		const char *text = alarm_text(a, p, m);
		if (!alarm_write(db, a, sid, m, text, &rang, e))
			return err_in(e, "noting an alarm");
		if (rang)
			notify_run(a, p, p->name, "alarm", text);
	}
	return true;
}
