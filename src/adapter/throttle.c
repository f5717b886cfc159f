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
	return l->health->lag_known ? known(l->health->lag_s) : unknown("the lag of a standby is not known");
}

static struct pause_value waiters(const struct look *l)
{
	return known(l->health->lock_waiters);
}

static struct pause_value transaction(const struct look *l)
{
	return known(l->health->longest_tx_s);
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

static bool metrics_allow(struct db *db, struct arena *a, const struct plan *p, bool paused, struct err *e)
{
	for (size_t i = 0; i < p->n_metrics; i++) {
		const struct plan_metric *x = &p->metrics[i];
		if (!x->has_pause)
			continue;
		const struct pause_limit limit = { .name = x->name, .unit = x->unit ? x->unit : "", .above = x->pause, .below = pause_calm(x->pause) };
		const struct pause_value v = of_metric(db, a, x);
		if (!pause_allows(&limit, &v, paused, e))
			return false;
	}
	return true;
}

static bool conditions_allow(struct throttle *t, struct db *db, struct arena *a, const struct plan *p, unsigned relid, bool paused, struct err *e)
{
	struct fact_health health = { 0 };
	/* The standbys' own queries are no condition here: they are not asked. */
	struct plan lone = *p;
	lone.n_standbys = 0;
	if (needs_health(&p->backfill) && !probe_health(db, a, &lone, &health, e))
		return false;
	for (size_t i = 0; i < p->backfill.n_pauses; i++) {
		const struct plan_pause *x = &p->backfill.pauses[i];
		enum pause_kind k = pause_parse(x->when);
		const struct look l = { t, db, a, p, x, relid, &health };
		const struct pause_limit limit = pause_limit_of(a, x);
		const struct pause_value v = k == PAUSE_NONE ? unknown("the condition is not known") : readers[k](&l);
		if (!db_alive(db))
			return err_set(e, ERR_DB_LOST, NULL, "the connection was lost while looking at the pause conditions");
		if (!pause_allows(&limit, &v, paused, e))
			return false;
	}
	return metrics_allow(db, a, p, paused, e);
}

bool throttle_allows(struct throttle *t, struct db *db, struct arena *a, const struct plan *p, unsigned relid, bool paused, struct err *e)
{
	bool ok = conditions_allow(t, db, a, p, relid, paused, e);
	if (!ok && !t->stalled_at)
		throttle_moved(t);
	return ok;
}
