/* SPDX-License-Identifier: MIT */
#include "adapter/monitor_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "adapter/audit.h"
#include "adapter/monitor.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

#define QUERY_MS 5000       /* a plan's query */
#define COMMAND_MS 10000    /* a plan's command */
#define FEW 20              /* fewer transactions than this make no share */

static double max_waiters(const struct plan *p) { return p->max_lock_waiters; }
static double max_lag(const struct plan *p) { return p->max_lag_s; }
static double max_tx(const struct plan *p) { return p->max_longest_tx_s; }

const struct metric_kind metric_kinds[] = {
	{ "rollbacks", "/min", LIMIT_FIVE_TIMES, NULL },
	{ "rollback share", "%", LIMIT_SHARE, NULL },
	{ "deadlocks", "/min", LIMIT_BASE, NULL },
	{ "lock waiters", "", LIMIT_PLAN, max_waiters },
	{ "replica lag", "s", LIMIT_PLAN, max_lag },
	{ "longest transaction", "s", LIMIT_PLAN, max_tx },
	{ "statement mean", "ms", LIMIT_TWICE, NULL },
	{ "round trip", "ms", LIMIT_TWICE, NULL },
};
const size_t n_metric_kinds = sizeof metric_kinds / sizeof metric_kinds[0];

static void put(struct arena *a, struct measures *m, const struct measure *x)
{
	m->v = arena_grow(a, m->v, &m->n, &m->cap, sizeof *m->v);
	m->v[m->n - 1] = *x;
	if (!isfinite(x->value))
		m->v[m->n - 1] = (struct measure){ .name = x->name, .why = "is not a number" };
}

static void known(struct arena *a, struct measures *m, const char *name, double value)
{
	put(a, m, &(struct measure){ .name = name, .known = true, .value = value });
}

static void unknown(struct arena *a, struct measures *m, const char *name, const char *why)
{
	put(a, m, &(struct measure){ .name = name, .why = why });
}

/* Counters of now and of the look before; -1 unknown. */
enum { RAW_AT, RAW_COMMITS, RAW_ROLLBACKS, RAW_DEADLOCKS, RAW_EXEC_MS, RAW_CALLS, RAWS };
static const char *const raws[RAWS] = { RAW "at", RAW "commits", RAW "rollbacks", RAW "deadlocks", RAW "exec_ms", RAW "calls" };
struct counters { double v[RAWS]; };
static const struct counters no_counters = { { -1, -1, -1, -1, -1, -1 } };

static bool counters_before(struct db *db, struct arena *a, const char *sid, struct counters *out, struct err *e)
{
	const char *v[] = { sid };
	const struct query q = { .sql = OWN_TAG "SELECT metric, value FROM gatewalk.sample WHERE sid = $1 AND metric LIKE 'raw:%' ORDER BY at",
		.args = v, .nargs = 1, .cols = 2 };
	struct rows r;
	*out = no_counters;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n; i++)
		for (size_t k = 0; k < RAWS; k++)
			if (r.cell[i][1] && text_eq(r.cell[i][0], raws[k]))
				out->v[k] = cell_double(r.cell[i][1]);
	return true;
}

static bool database_counters(struct db *db, struct arena *a, struct counters *out, struct err *e)
{
	static const struct query q = { .sql = OWN_TAG "SELECT extract(epoch FROM clock_timestamp()), xact_commit, xact_rollback, deadlocks\n"
		"FROM pg_stat_database WHERE datname = current_database()", .cols = 4, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	*out = no_counters;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	char **c = r.cell[0];
	out->v[RAW_AT] = cell_double(c[0]);
	out->v[RAW_COMMITS] = cell_double(c[1]);
	out->v[RAW_ROLLBACKS] = cell_double(c[2]);
	out->v[RAW_DEADLOCKS] = cell_double(c[3]);
	return true;
}

/* Left at -1 where pg_stat_statements is not there: the metric then says so. */
static void statement_counters(struct db *db, struct arena *a, struct counters *out)
{
	static const struct query find = { .sql = OWN_TAG "SELECT n.nspname FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace\n"
		"WHERE x.extname = 'pg_stat_statements' AND current_setting('pg_stat_statements.track', true) IS DISTINCT FROM 'none'", .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &find, &r, NULL) || r.n == 0)
		return;
	const struct query sum = { .sql = arena_printf(a, OWN_TAG "SELECT coalesce(sum(total_exec_time), 0), coalesce(sum(calls), 0) FROM %s.pg_stat_statements(false)\n"
		"WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())", sql_quoted(a, r.cell[0][0])), .cols = 2, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(db, a, &sum, &r, NULL))
		return;
	out->v[RAW_EXEC_MS] = cell_double(r.cell[0][0]);
	out->v[RAW_CALLS] = cell_double(r.cell[0][1]);
}

/* Why the difference of two looks says nothing; NULL when it does. */
static const char *no_difference(const struct counters *old, const struct counters *now)
{
	if (old->v[RAW_AT] < 0)
		return "the first look: a rate needs two";
	if (now->v[RAW_AT] - old->v[RAW_AT] < 0.5)
		return "looked at twice within half a second";
	if (now->v[RAW_COMMITS] < old->v[RAW_COMMITS] || now->v[RAW_ROLLBACKS] < old->v[RAW_ROLLBACKS] || now->v[RAW_DEADLOCKS] < old->v[RAW_DEADLOCKS])
		return "the server's counters were set back";
	return NULL;
}

static void rates(struct arena *a, struct measures *m, const struct counters *old, const struct counters *now)
{
	const char *why = no_difference(old, now);
	if (why) {
		unknown(a, m, "rollbacks", why);
		unknown(a, m, "rollback share", why);
		unknown(a, m, "deadlocks", why);
		return;
	}
	/* Two looks close together count as a minute apart: one rollback in two seconds is no thirty a minute. */
	double apart = (now->v[RAW_AT] - old->v[RAW_AT]) / 60, minutes = apart > 1 ? apart : 1, rolled = now->v[RAW_ROLLBACKS] - old->v[RAW_ROLLBACKS];
	double all = rolled + now->v[RAW_COMMITS] - old->v[RAW_COMMITS];
	known(a, m, "rollbacks", rolled / minutes);
	known(a, m, "deadlocks", (now->v[RAW_DEADLOCKS] - old->v[RAW_DEADLOCKS]) / minutes);
	if (all >= FEW)
		known(a, m, "rollback share", 100 * rolled / all);
	else
		unknown(a, m, "rollback share", "too few transactions since the last look");
}

static void statement_mean(struct arena *a, struct measures *m, const struct counters *old, const struct counters *now)
{
	if (now->v[RAW_CALLS] < 0)
		unknown(a, m, "statement mean", "pg_stat_statements cannot be read");
	else if (old->v[RAW_CALLS] < 0)
		unknown(a, m, "statement mean", "the first look: a mean needs two");
	else if (now->v[RAW_CALLS] < old->v[RAW_CALLS] || now->v[RAW_EXEC_MS] < old->v[RAW_EXEC_MS])
		unknown(a, m, "statement mean", "the statistics were reset");
	else if (now->v[RAW_CALLS] == old->v[RAW_CALLS])
		unknown(a, m, "statement mean", "no statement ran since the last look");
	else
		known(a, m, "statement mean", (now->v[RAW_EXEC_MS] - old->v[RAW_EXEC_MS]) / (now->v[RAW_CALLS] - old->v[RAW_CALLS]));
}

/* How long a small read takes from here: the only latency to be had without pg_stat_statements. The best of three. */
static void round_trip(struct db *db, struct arena *a, struct measures *m)
{
	static const struct query q = { .sql = OWN_TAG "SELECT count(*) FROM pg_database", .cols = 1, .min_rows = 1, .max_rows = 1 };
	int64_t best = INT64_MAX;
	for (int i = 0; i < 3; i++) {
		int64_t from = clock_mono();
		if (!db_ask(db, a, &q, NULL, NULL)) {
			unknown(a, m, "round trip", "the server did not answer");
			return;
		}
		int64_t took = clock_mono() - from;
		best = took < best ? took : best;
	}
	known(a, m, "round trip", (double)best / 1000);
}

static void health(struct db *db, struct arena *a, const struct plan *p, struct measures *m)
{
	struct fact_health h = { 0 };
	struct err e = { 0 };
	if (!probe_health(db, a, p, &h, &e)) {
		const char *why = arena_dup(a, e.msg);
		unknown(a, m, "lock waiters", why);
		unknown(a, m, "replica lag", why);
		unknown(a, m, "longest transaction", why);
		return;
	}
	known(a, m, "lock waiters", h.lock_waiters);
	known(a, m, "longest transaction", h.longest_tx_s);
	if (h.lag_known)
		known(a, m, "replica lag", h.lag_s);
	else
		unknown(a, m, "replica lag", h.lag_why ? h.lag_why : "the lag of a standby is not known");
}

static void number(struct arena *a, struct measures *m, const char *name, const char *s)
{
	char *end;
	double d = s ? strtod(s, &end) : 0;
	if (!s)
		unknown(a, m, name, "gave no value");
	else if (end == s || strspn(end, " \t\r\n") != strlen(end) || !isfinite(d))
		unknown(a, m, name, arena_printf(a, "gave no number: %.60s", s));
	else
		known(a, m, name, d);
}

/* The query runs alone, read only, at most 5 s. */
const char *measure_text(struct db *db, struct arena *a, const char *sql, const char **why)
{
	const struct query q = { .sql = arena_printf(a, OWN_TAG "%s", sql), .ms = QUERY_MS + 1000, .cols = -1 };
	struct rows r = { 0 };
	struct err e = { 0 };
	bool ok = db_script(db, a, OWN_TAG "BEGIN READ ONLY; SET LOCAL statement_timeout = 5000", QUERY_MS, NULL, &e) && db_ask(db, a, &q, &r, &e);
	db_rollback(db);
	bool row = ok && r.n > 0 && r.cols > 0;
	*why = !ok ? arena_dup(a, e.msg) : !row ? "gave no row" : !r.cell[0][0] ? "gave no value" : NULL;
	return row ? r.cell[0][0] : NULL;
}

static void by_query(struct db *db, struct arena *a, const struct plan_metric *x, struct measures *m)
{
	const char *why, *text = measure_text(db, a, x->query, &why);
	if (text)
		number(a, m, x->name, text);
	else
		unknown(a, m, x->name, why);
}

static void by_command(struct arena *a, const struct plan_metric *x, struct measures *m)
{
	struct err e = { 0 };
	const char *said;
	size_t len;
	if (child_answer(a, x->command, COMMAND_MS, &said, &len, &e))
		number(a, m, x->name, len ? said : NULL);
	else
		unknown(a, m, x->name, arena_dup(a, e.msg));
}

static void of_plan(struct db *db, struct arena *a, const struct plan_metric *x, struct measures *m)
{
	if (x->query)
		by_query(db, a, x, m);
	else if (x->command)
		by_command(a, x, m);
	else
		unknown(a, m, x->name, "has neither query nor command");
}

struct measure measure_metric(struct db *db, struct arena *a, const struct plan_metric *x)
{
	struct measures m = { 0 };
	of_plan(db, a, x, &m);
	return m.v[0];
}

const char *monitor_unread(struct db *db, struct arena *a, const char *sql, bool flag)
{
	const struct plan_metric x = { .name = "", .query = sql };
	const char *why, *text = flag ? measure_text(db, a, sql, &why) : NULL;
	if (flag)
		return !text ? why : text_eq(text, "t") || text_eq(text, "f") ? NULL : "gave neither true nor false";
	struct measure m = measure_metric(db, a, &x);
	return m.known ? NULL : m.why;
}

bool monitor_over(struct db *db, struct arena *a, const struct plan_metric *x, const char **what)
{
	struct measure m = measure_metric(db, a, x);
	if (m.known && m.value <= x->alarm)
		return false;
	*what = m.known ? arena_printf(a, "%s is %g, with an alarm limit of %g", x->name, m.value, x->alarm) : arena_printf(a, "%s cannot be read: %s", x->name, m.why);
	return true;
}

bool measure_all(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct measures *out, struct err *e)
{
	struct counters old, now;
	*out = (struct measures){ 0 };
	if (!counters_before(db, a, sid, &old, e) || !database_counters(db, a, &now, e))
		return false;
	statement_counters(db, a, &now);
	rates(a, out, &old, &now);
	health(db, a, p, out);
	statement_mean(a, out, &old, &now);
	round_trip(db, a, out);
	for (size_t i = 0; i < p->n_metrics; i++)
		of_plan(db, a, &p->metrics[i], out);
	for (size_t k = 0; k < RAWS; k++)
		if (now.v[k] >= 0)
			known(a, out, raws[k], now.v[k]);
	return db_alive(db) || err_set(e, ERR_DB_LOST, NULL, "the connection was lost while measuring");
}
