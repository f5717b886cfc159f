/* SPDX-License-Identifier: MIT */
#include "adapter/throttle.h"

#include "adapter/monitor_private.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pause.h"
#include "port/db.h"
#include "port/files.h"

#define MB "1048576.0"
#define LOOK_MS 5000
#define RATE_US US_SECOND   /* a rate is over a second at least */

struct look {
	struct throttle *t;
	struct db *db;
	struct arena *a;
	const struct plan *plan;
	const struct plan_pause *p;
	unsigned relid;
	const struct fact_health *health;
	const char *blind;            /* why the health could not be read; NULL it was */
};

static struct pause_value known(double v)
{
	return (struct pause_value){ .known = true, .value = v };
}

static struct pause_value unknown(const char *why)
{
	return (struct pause_value){ .why = why };
}

/* One number or boolean of a query of ours; NULL is not known. */
static struct pause_value ask(const struct look *l, const char *sql, const char *arg, const char *none)
{
	struct err e = { 0 };
	const char *args[] = { arg };
	const char *v = db_value(l->db, l->a, &(struct query){ .sql = sql, .args = args, .nargs = arg ? 1 : 0, .ms = LOOK_MS }, &e);
	return v ? known(cell_double(v)) : unknown(e.code == ERR_NONE ? none : arena_dup(l->a, e.msg));
}

static struct pause_value lag(const struct look *l)
{
	return l->blind ? unknown(l->blind) : l->health->lag_known ? known(l->health->lag_s) : unknown("the lag of a standby is not known");
}

static struct pause_value waiters(const struct look *l)
{
	return l->blind ? unknown(l->blind) : known(l->health->lock_waiters);
}

static struct pause_value transaction(const struct look *l)
{
	return l->blind ? unknown(l->blind) : known(l->health->longest_tx_s);
}

static struct pause_value slot(const struct look *l)
{
	return ask(l, "/* gatewalk */ SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)), 0) / " MB " FROM pg_replication_slots", NULL, NULL);
}

/* Bytes of WAL since the server began, now and a second or more ago. */
static struct pause_value wal_rate(const struct look *l)
{
	struct pause_value v = ask(l, "/* gatewalk */ SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')", NULL, NULL);
	struct throttle *t = l->t;
	int64_t now = clock_mono(), took = now - t->wal_at;
	double bytes = v.value - t->wal_bytes;
	if (!v.known)
		return v;
	if (t->wal_at && took < RATE_US)
		return unknown("looked at twice within a second");
	bool first = t->wal_at == 0;
	t->wal_at = now;
	t->wal_bytes = v.value;
	return first ? unknown("the first look: a rate needs two") : known(bytes / 1048576 / ((double)took / US_SECOND));
}

/* What a session that writes waits for: a transaction of one record, and its commit with all that the server makes it wait for (the disk, a
   synchronous standby). A message in the WAL leaves nothing behind, neither a row nor a lock. */
static struct pause_value write_latency(const struct look *l)
{
	int64_t began = clock_mono();
	struct pause_value v = ask(l, "/* gatewalk */ SELECT pg_logical_emit_message(true, 'gatewalk_latency', '')", NULL, NULL);
	return v.known ? known((double)(clock_mono() - began) / 1000) : v;
}

void throttle_moved(struct throttle *t)
{
	t->moved_at = clock_mono();
}

/* Rests for as long as lies between its two thresholds, then may try again: nothing else could end it. */
static struct pause_value no_progress(const struct look *l)
{
	struct throttle *t = l->t;
	const struct pause_limit limit = pause_limit_of(l->a, l->p);
	int64_t now = clock_mono();
	if (t->stalled_at && now - t->stalled_at >= (int64_t)((limit.above - limit.below) * US_MINUTE)) {
		t->stalled_at = 0;
		t->moved_at = now;
	}
	if (!t->moved_at)
		t->moved_at = now;
	if (!t->stalled_at && now - t->moved_at > (int64_t)(limit.above * US_MINUTE))
		t->stalled_at = now;
	return known(t->stalled_at ? limit.above + 1 : 0);
}

static struct pause_value archive(const struct look *l)
{
	return ask(l, "/* gatewalk */ SELECT count(*) FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready'", NULL, NULL);
}

/* What this login may not see of a vacuum has no table. */
static struct pause_value autovacuum(const struct look *l)
{
	return ask(l, "/* gatewalk */ WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid)\n"
		"SELECT CASE WHEN bool_or(v.relid IS NULL AND v.pid IS NOT NULL) THEN NULL ELSE count(tree.oid) END FROM pg_stat_progress_vacuum v\n"
		"LEFT JOIN tree ON tree.oid = v.relid LEFT JOIN pg_stat_activity s ON s.pid = v.pid\n"
		"WHERE v.datid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.backend_type IS DISTINCT FROM 'client backend'",
		arena_printf(l->a, "%u", l->relid), "this login may not see vacuums: GRANT pg_monitor to it");
}

static struct pause_value of_metric(struct db *db, struct arena *a, const struct plan_metric *x)
{
	struct measure m = measure_metric(db, a, x);
	return m.known ? known(m.value) : unknown(m.why);
}

static struct pause_value query(const struct look *l)
{
	return of_metric(l->db, l->a, &(struct plan_metric){ .name = "query", .query = l->p->query });
}

static struct pause_value flag(const struct look *l)
{
	bool there;
	struct err e = { 0 };
	if (l->p->file)
		return file_there(l->p->file, &there, &e) ? known(there) : unknown(arena_dup(l->a, e.msg));
	const char *why, *v = measure_text(l->db, l->a, l->p->query, &why);
	bool yes = text_eq(v, "t"), no = text_eq(v, "f");
	return yes || no ? known(yes) : unknown(v ? "gave neither true nor false" : why);
}

static struct pause_value hours(const struct look *l)
{
	struct plan_window w = { .days = l->p->days ? l->p->days : 0x7f, .from = l->p->from, .to = l->p->to };
	struct pause_value v = ask(l, "/* gatewalk */ SELECT extract(dow FROM n) * 1440 + extract(hour FROM n) * 60 + extract(minute FROM n)\n"
		"FROM (SELECT clock_timestamp() AT TIME ZONE $1 AS n) x", l->plan->zone ? l->plan->zone : "UTC", NULL);
	int at = (int)v.value;
	return v.known ? known(plan_window_left(&w, at / 1440, at % 1440) > 0) : v;
}

static struct pause_value (*const readers[])(const struct look *) = {
	[PAUSE_LAG] = lag, [PAUSE_SLOT] = slot, [PAUSE_WAITERS] = waiters, [PAUSE_TRANSACTION] = transaction, [PAUSE_WAL] = wal_rate, [PAUSE_LATENCY] = write_latency, [PAUSE_ARCHIVE] = archive,
	[PAUSE_AUTOVACUUM] = autovacuum, [PAUSE_QUERY] = query, [PAUSE_FLAG] = flag, [PAUSE_HOURS] = hours, [PAUSE_PROGRESS] = no_progress,
};

static bool needs_health(const struct plan_backfill *b)
{
	for (size_t i = 0; i < b->n_pauses; i++) {
		enum pause_kind k = pause_parse(b->pauses[i].when);
		if (k == PAUSE_LAG || k == PAUSE_WAITERS || k == PAUSE_TRANSACTION)
			return true;
	}
	return false;
}

/* Every condition is read, since every one is told; the first that pauses is the reason. */
struct reading { struct throttle *t; const struct throttle_ask *q; struct view_limit list[LIMITS_MAX]; size_t n; bool ok; struct err *e; int64_t now; };

/* Its mean over each stretch of time, as a job's speed is kept: the sum of what it was, for as long as it was that. */
static void keep(struct reading *r, struct view_limit *l)
{
	double took = r->t->looked_at ? (double)(r->now - r->t->looked_at) / US_SECOND : 0;
	double *sum = &r->t->past[r->n].sum;
	struct rates *means = &r->t->past[r->n].means;
	*sum += l->known && l->now > 0 ? l->now * took : 0;
	rates_add(means, r->now, *sum, l->name);
	l->past = means->v;
	l->n_past = means->n;
}

static void judge(struct reading *r, const struct pause_limit *l, const struct pause_value *v)
{
	struct err none;
	r->ok = pause_allows(l, v, r->q->paused, r->ok ? r->e : &none) && r->ok;
	if (r->n == LIMITS_MAX)
		return;
	struct view_limit *x = &r->list[r->n];
	*x = (struct view_limit){ .name = l->name, .unit = l->unit, .says = l->says, .has_limits = !l->says, .known = v->known, .now = v->value, .above = l->above, .below = l->below };
	keep(r, x);
	r->n++;
}

static void read_metrics(struct reading *r)
{
	const struct plan *p = r->q->plan;
	for (size_t i = 0; i < p->n_metrics; i++) {
		const struct plan_metric *x = &p->metrics[i];
		if (!x->has_pause)
			continue;
		const struct pause_limit limit = { .name = x->name, .unit = x->unit ? x->unit : "", .above = x->pause, .below = pause_calm(x->pause) };
		const struct pause_value v = of_metric(r->q->db, r->q->a, x);
		judge(r, &limit, &v);
	}
}

static bool read_conditions(struct reading *r, struct err *e)
{
	const struct throttle_ask *q = r->q;
	struct fact_health health = { 0 };
	struct err why = { 0 };
	/* The standbys' own queries are no condition here: they are not asked. */
	struct plan lone = *q->plan;
	lone.n_standbys = 0;
	bool seen = !needs_health(&q->plan->backfill) || probe_health(q->db, q->a, &lone, &health, &why);
	for (size_t i = 0; i < q->plan->backfill.n_pauses; i++) {
		const struct plan_pause *x = &q->plan->backfill.pauses[i];
		enum pause_kind k = pause_parse(x->when);
		const struct look l = { r->t, q->db, q->a, q->plan, x, q->relid, &health, seen ? NULL : why.msg };
		const struct pause_limit limit = pause_limit_of(q->a, x);
		const struct pause_value v = k == PAUSE_NONE ? unknown("the condition is not known") : readers[k](&l);
		if (!db_alive(q->db))
			return err_set(e, ERR_DB_LOST, NULL, "the connection was lost while looking at the pause conditions");
		judge(r, &limit, &v);
	}
	return true;
}

bool throttle_allows(struct throttle *t, const struct throttle_ask *q, const char **told, struct err *e)
{
	struct err why = { 0 };
	struct reading r = { .t = t, .q = q, .ok = true, .e = &why, .now = clock_mono() };
	*told = NULL;
	if (!read_conditions(&r, e))
		return false;
	read_metrics(&r);
	t->looked_at = r.now;
	*told = limits_text(q->a, r.list, r.n);
	if (!r.ok && !t->stalled_at)
		throttle_moved(t);
	if (!r.ok && e)
		*e = why;
	return r.ok;
}

void throttle_forget(struct throttle *t)
{
	t->wal_at = 0;
	t->wal_bytes = 0;
	t->moved_at = t->stalled_at = 0;
}
