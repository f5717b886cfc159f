/* SPDX-License-Identifier: MIT */
#include "adapter/locked.h"

#include <string.h>

#include "adapter/place.h"
#include "adapter/probe_moment.h"
#include "adapter/probe_target.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

#define READY_MS 6000   /* the server's 5 s come first */

/* Further pairs, behind the target's: $4 walk, $5 zone. */
static const char BASE_SQL[] =
"UNION ALL SELECT p.k, p.v, 1000 FROM (SELECT clock_timestamp() AT TIME ZONE $5) z(w), LATERAL (VALUES\n"
"  ('pid', pg_backend_pid()::text), ('xid', pg_current_xact_id()::text), ('recovery', pg_is_in_recovery()::text),\n"
"  ('sysid', (SELECT system_identifier FROM pg_control_system())::text),\n"
"  ('dow', extract(dow FROM w)::int::text), ('minute', (extract(hour FROM w) * 60 + extract(minute FROM w))::int::text)) p(k, v)\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM pg_database d, LATERAL (VALUES ('dboid', d.oid::text),\n"
"  ('comment_env', substring(shobj_description(d.oid, 'pg_database') from '\\[gatewalk: ([a-z]+)\\]'))) p(k, v) WHERE d.datname = current_database()\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM gatewalk.meta m, LATERAL (VALUES ('env', m.environment), ('install_id', m.install_id::text),\n"
"  ('schema_version', m.version::text), ('program', to_jsonb(m)->>'program'), ('mark_sysid', m.system_identifier), ('mark_dboid', m.database_oid::text)) p(k, v)\n"
"UNION ALL SELECT p.k, p.v, 1000 FROM (SELECT n, head FROM gatewalk.anchor WHERE sid = $4 ORDER BY n DESC LIMIT 1) l,\n"
"  LATERAL (VALUES ('last_n', l.n::text), ('last_head', l.head)) p(k, v)\n";

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
static void read_moment(const struct rows *r, const struct locked_look *d, struct fact_moment *m, int64_t now)
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

/* Upgraded by a newer gatewalk since the look before the lock. No mark at all is for the identity to refuse. */
static bool same_schema(const struct rows *r, struct err *e)
{
	const char *version = pairs_get(r, "schema_version"), *program = pairs_get(r, "program");
	const struct place p = { .version = (int)cell_int(version), .program = program ? program : "", .environment = pairs_get(r, "env") };
	return !version || place_fits(&p, e);
}

static bool look(struct db *db, struct arena *a, const struct locked_look *l, int ms, struct rows *pairs, struct err *e)
{
	const char *const args[] = { l->walk->sid, l->plan->zone };
	const struct pairs_query q = { .plan = l->plan, .more = arena_printf(a, "%s%s", BASE_SQL, l->more), .args = args, .nargs = 2, .ms = ms, .kept = true };
	return target_pairs(db, a, &q, pairs, e);
}

bool locked_ready(struct db *db, struct arena *a, const struct locked_look *l, struct err *e)
{
	struct rows pairs;
	return look(db, a, l, READY_MS, &pairs, e) || err_in(e, "looking before the lock");
}

bool locked_look(struct db *db, struct arena *a, const struct locked_look *l, struct facts *out, struct rows *pairs, struct err *e)
{
	if (!look(db, a, l, 4 * LOOK_MS, pairs, e))   /* the server's own limit comes first */
		return err_in(e, "looking under the lock");
	if (!same_schema(pairs, e))
		return false;
	*out = *l->facts;
	target_read(a, l->plan, pairs, &out->target);
	out->now = out->target.at;
	read_identity(pairs, db_backend_pid(db), out);
	read_moment(pairs, l, &out->moment, out->now);
	read_log(pairs, l->last, &out->log);
	out->locked = true;
	return true;
}

bool locked_same(const struct fact_target *locked, const struct fact_target *seen)
{
	if (locked->n_locks != seen->n_locks)
		return false;
	for (size_t i = 0; i < seen->n_locks; i++)
		if (strcmp(locked->locks[i], seen->locks[i]) != 0)
			return false;
	return true;
}
