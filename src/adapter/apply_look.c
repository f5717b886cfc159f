/* SPDX-License-Identifier: MIT */
/* The one look under the lock (MUST 4). It reads only; it sees the target by the very words of probe_target. */
#include "adapter/apply_private.h"

#include <string.h>

#include "adapter/guard.h"
#include "adapter/own_private.h"
#include "adapter/place.h"
#include "adapter/probe_moment.h"
#include "adapter/probe_target.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* Further pairs, behind the target's: $4 walk, $5 zone. %1$s: the tripwire's own query, %2$s: its sequence; %3$s: the guard's. */
static const char MORE_SQL[] =
"UNION ALL SELECT p.k, p.v, 1000 FROM (SELECT clock_timestamp() AT TIME ZONE $5) z(w), LATERAL (VALUES\n"
"  ('pid', pg_backend_pid()::text), ('xid', pg_current_xact_id()::text), ('recovery', pg_is_in_recovery()::text),\n"
"  ('sysid', (SELECT system_identifier FROM pg_control_system())::text),\n"
"  ('dow', extract(dow FROM w)::int::text), ('minute', (extract(hour FROM w) * 60 + extract(minute FROM w))::int::text)) p(k, v)\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM pg_database d, LATERAL (VALUES ('dboid', d.oid::text),\n"
"  ('comment_env', substring(shobj_description(d.oid, 'pg_database') from '\\[gatewalk: ([a-z]+)\\]'))) p(k, v) WHERE d.datname = current_database()\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM gatewalk.meta m, LATERAL (VALUES ('env', m.environment), ('install_id', m.install_id::text),\n"
"  ('schema_version', m.version::text), ('program', to_jsonb(m)->>'program'), ('mark_sysid', m.system_identifier), ('mark_dboid', m.database_oid::text)) p(k, v)\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM (SELECT n, head FROM gatewalk.anchor WHERE sid = $4 ORDER BY n DESC LIMIT 1) l,\n"
"  LATERAL (VALUES ('last_n', l.n::text), ('last_head', l.head)) p(k, v)\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM (%1$s) w(triggers, enabled, func, seq, digest, sealed),\n"
"  LATERAL (VALUES ('trip_whole', (triggers > 0 AND func AND seq AND digest = sealed)::text), ('trip_enabled', enabled::text)) p(k, v)\n"
"UNION ALL SELECT 'trip_count', CASE WHEN is_called THEN last_value ELSE 0 END::text, 1000 FROM %2$s\n"
"UNION ALL SELECT gu.k, gu.v, 1000 FROM (%3$s) gu\n";

static void read_identity(const struct rows *r, int backend, struct facts *out)
{
	const char *pid = pairs_get(r, "pid");
	out->server.at = out->mark.at = out->now;
	out->server.sysid = pairs_get(r, "sysid");
	out->server.dboid = (unsigned)cell_int(pairs_get(r, "dboid"));
	out->server.pooled = cell_int(pid) != backend;
	out->server.in_recovery = cell_bool(pairs_get(r, "recovery"));
	out->mark.installed = pairs_get(r, "env") != NULL;
	out->mark.env = env_parse(pairs_get(r, "env"));
	out->mark.comment_env = env_parse(pairs_get(r, "comment_env"));
	out->mark.install_id = pairs_get(r, "install_id");
	out->mark.sysid = pairs_get(r, "mark_sysid");
	out->mark.dboid = (unsigned)cell_int(pairs_get(r, "mark_dboid"));
}

/* The opening is that of the look before the lock, an instant: it is held against the time under the lock. */
static void read_moment(const struct rows *r, const struct drop *d, struct fact_moment *m, int64_t now)
{
	enum env env = d->walk->env;
	bool rehearsal = env == ENV_REHEARSAL;
	m->at = now;
	m->zone_known = pairs_get(r, "dow") != NULL;
	m->dow = rehearsal ? d->plan->rehearsal_dow : (int)cell_int(pairs_get(r, "dow"));
	m->minute = rehearsal ? d->plan->rehearsal_minute : (int)cell_int(pairs_get(r, "minute"));
	moment_judge(d->plan, env, m);
}

/* The ledger's half of C6; that the file verifies was seen before the lock, and keeps the age it had. */
static void read_log(const struct rows *r, const struct anchor *last, struct fact_log *out)
{
	const char *n = pairs_get(r, "last_n"), *head = pairs_get(r, "last_head");
	bool same = n && head ? cell_int(n) == last->n && strcmp(head, last->head) == 0 : last->n < 0;
	if (!same) {
		out->ledger_agrees = false;
		out->why = "the ledger's last entry is not the one before this intent";
	}
}

static void read_watch(const struct rows *r, struct fact_watch *out)
{
	const char *count = pairs_get(r, "trip_count");
	out->tripwire_there = cell_bool(pairs_get(r, "trip_whole"));
	out->tripwire_enabled = out->tripwire_there && cell_bool(pairs_get(r, "trip_enabled"));
	out->trip_count = count ? cell_int(count) : -1;
}

/* Upgraded by a newer gatewalk since the look before the lock. No mark at all is for the identity to refuse. */
static bool same_schema(const struct rows *r, struct err *e)
{
	const char *version = pairs_get(r, "schema_version"), *program = pairs_get(r, "program");
	const struct place p = { .version = (int)cell_int(version), .program = program ? program : "", .environment = pairs_get(r, "env") };
	return !version || place_fits(&p, e);
}

bool apply_look(struct db *db, struct arena *a, const struct drop *d, struct facts *out, const char **xid, struct err *e)
{
	struct own_names own;
	struct rows r;
	if (!own_names(a, d->walk->sid, &own, e))
		return false;
	const char *const args[] = { d->walk->sid, d->plan->zone };
	const struct pairs_query q = {
		.plan = d->plan, .more = arena_printf(a, MORE_SQL, own_look_sql(a, &own, d->binding.relid), own.object,
			guard_look_sql(a, d->walk->sid)),
		.args = args, .nargs = 2, .ms = 4 * LOOK_MS,   /* the server's own limit comes first */
	};
	if (!target_pairs(db, a, &q, &r, e))
		return err_in(e, "looking under the lock");
	if (!same_schema(&r, e))
		return false;
	*out = *d->facts;
	target_read(a, d->plan, &r, &out->target);
	out->now = out->target.at;
	read_identity(&r, db_backend_pid(db), out);
	read_moment(&r, d, &out->moment, out->now);
	read_log(&r, &d->last, &out->log);
	read_watch(&r, &out->watch);
	guard_read(a, &r, out->now, &out->guard);
	out->locked = true;
	*xid = pairs_get(&r, "xid");
	return true;
}

bool apply_same_locks(const struct fact_target *locked, const struct fact_target *seen)
{
	if (locked->n_locks != seen->n_locks)
		return false;
	for (size_t i = 0; i < seen->n_locks; i++)
		if (strcmp(locked->locks[i], seen->locks[i]) != 0)
			return false;
	return true;
}
