/* SPDX-License-Identifier: MIT */
/* C4: is the server well? gatewalk's own sessions never count. What this login may not see makes the whole look fail, since
   a number without it would be too good. */
#include "adapter/probe.h"

#include <string.h>

#include "adapter/standby.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

#define SEE_ALL_HINT "GRANT pg_monitor TO this login; without it other sessions cannot be seen."

/* A session of another login shows neither its start nor its kind to a login without pg_read_all_stats. */
static const char SESSIONS_SQL[] =
"/* gatewalk */ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,\n"
"  (SELECT count(*) FROM pg_locks l LEFT JOIN pg_stat_activity s USING (pid) WHERE NOT l.granted AND coalesce(s.application_name, '') NOT LIKE 'gatewalk%'),\n"
"  greatest(0, (SELECT max(extract(epoch FROM clock_timestamp() - xact_start)) FROM pg_stat_activity\n"
"      WHERE datname = current_database() AND backend_type = 'client backend' AND application_name NOT LIKE 'gatewalk%'),\n"
"    (SELECT max(extract(epoch FROM clock_timestamp() - prepared)) FROM pg_prepared_xacts WHERE database = current_database())),\n"
"  (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type IS NULL)";

/* Physical standbys and subscribers. replay_lag is null once all is replayed; a mebibyte is what may be under way just then. What
   only receives WAL, as pg_receivewal does, replays nothing and answers no queries; the replay_lag that the server shows for it grows
   without end. */
static const char LAG_SQL[] =
"/* gatewalk */ SELECT application_name, state, sync_state, extract(epoch FROM replay_lag),\n"
"  pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn),\n"
"  EXISTS (SELECT FROM pg_replication_slots o WHERE o.active_pid = r.pid AND o.slot_type = 'logical'),\n"
"  " PG_ONLY_RECEIVES "\n"
"FROM pg_stat_replication r WHERE state IS DISTINCT FROM 'backup'";
#define LAG_CAUGHT_UP 1048576.0

/* While its replay is paused, what the primary knows of its lag stands still. */
static const char STANDBY_SQL[] =
"/* gatewalk */ SELECT pg_is_in_recovery(), greatest(0, max(extract(epoch FROM clock_timestamp() - query_start))\n"
"    FILTER (WHERE state <> 'idle' AND backend_type = 'client backend' AND application_name NOT LIKE 'gatewalk%')),\n"
"  count(*) FILTER (WHERE datid IS NOT NULL AND backend_type IS NULL), CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END FROM pg_stat_activity";

static bool sessions(struct db *db, struct arena *a, struct fact_health *out, int64_t *at, struct err *e)
{
	const struct query q = { .sql = SESSIONS_SQL, .cols = 4, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at sessions");
	if (cell_int(r.cell[0][3]) > 0)
		return err_set(e, ERR_DB, SEE_ALL_HINT, "%s sessions of other logins cannot be seen", r.cell[0][3]);
	*at = cell_int(r.cell[0][0]);
	out->lock_waiters = (int)cell_int(r.cell[0][1]);
	out->longest_tx_s = cell_double(r.cell[0][2]);
	return true;
}

static bool lag_of(char **row, double *s)
{
	if (!row[1] || strcmp(row[1], "streaming") != 0)
		return false;
	*s = row[3] ? cell_double(row[3]) : 0;
	return row[3] || (row[4] && cell_double(row[4]) <= LAG_CAUGHT_UP);
}

static bool is_planned(const struct plan *p, const char *name)
{
	for (size_t i = 0; i < p->n_standbys; i++)
		if (name && strcmp(p->standbys[i].name, name) == 0)
			return true;
	return false;
}

static bool replication(struct db *db, struct arena *a, const struct plan *p, struct fact_health *out, struct err *e)
{
	const struct query q = { .sql = LAG_SQL, .cols = 7 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at replication");
	out->lag_known = out->standby_query_known = true;
	out->sync_standby_there = !p->sync_standby;
	for (int i = 0; i < r.n; i++) {
		char **row = r.cell[i];
		double s = 0;
		if (p->sync_standby && row[0] && row[2] && strcmp(row[0], p->sync_standby) == 0)
			out->sync_standby_there |= strcmp(row[2], "sync") == 0 || strcmp(row[2], "quorum") == 0;
		if (cell_bool(row[6]))
			continue;
		out->lag_known = lag_of(row, &s) && out->lag_known;
		out->lag_s = s > out->lag_s ? s : out->lag_s;
		if (cell_bool(row[5]))
			continue;   /* a subscriber answers no queries of this database */
		out->standbys++;
		if (!is_planned(p, row[0]))
			out->standby_query_known = false;
	}
	return true;
}

/* The longest query there; false when it cannot be known. */
static bool ask_standby(struct arena *a, const struct plan_standby *s, double *longest, bool *paused)
{
	const struct db_opts o = { .conninfo = s->dbname, .app = "gatewalk" };
	const struct query q = { .sql = STANDBY_SQL, .ms = 3000, .cols = 4, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	struct db *db = s->dbname ? db_open(&o, NULL) : NULL;
	bool ok = db && db_ask(db, a, &q, &r, NULL) && cell_bool(r.cell[0][0]) && cell_int(r.cell[0][2]) == 0;
	if (ok) {
		*longest = cell_double(r.cell[0][1]);
		*paused = cell_bool(r.cell[0][3]);
	}
	db_close(db);
	return ok;
}

bool probe_health(struct db *db, struct arena *a, const struct plan *p, struct fact_health *out, struct err *e)
{
	int64_t at = 0;
	*out = (struct fact_health){ .at = 0 };
	if (!replication(db, a, p, out, e))
		return false;
	for (size_t i = 0; i < p->n_standbys; i++) {
		double s = 0;
		bool paused = false;
		out->standby_query_known = ask_standby(a, &p->standbys[i], &s, &paused) && out->standby_query_known;
		if (paused) {
			out->lag_known = false;
			out->lag_why = arena_printf(a, "the replay is paused on %s", p->standbys[i].name);
		}
		out->standby_query_s = s > out->standby_query_s ? s : out->standby_query_s;
	}
	if (!sessions(db, a, out, &at, e))
		return false;
	out->at = at;
	return true;
}
