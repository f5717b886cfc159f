/* SPDX-License-Identifier: MIT */
/* The one look under the lock (MUST 4): with what every writer looks at, the tripwire and the guard. */
#include "adapter/apply_private.h"

#include "adapter/guard.h"
#include "adapter/own_private.h"
#include "adapter/probe_target.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "port/db.h"

/* %1$s: the tripwire's own query, %2$s: its sequence; %3$s: the guard's. */
static const char MORE_SQL[] =
"UNION ALL SELECT p.k, p.v, 1000 FROM (%1$s) w(triggers, enabled, func, seq, digest, sealed),\n"
"  LATERAL (VALUES ('trip_whole', (triggers > 0 AND func AND seq AND digest = sealed)::text), ('trip_enabled', enabled::text)) p(k, v)\n"
"UNION ALL SELECT 'trip_count', CASE WHEN is_called THEN last_value ELSE 0 END::text, 1000 FROM %2$s\n"
"UNION ALL SELECT gu.k, gu.v, 1000 FROM (%3$s) gu\n"
WRITER_ALONE_PAIR_SQL;

static void read_watch(const struct rows *r, struct fact_watch *out)
{
	const char *count = pairs_get(r, "trip_count");
	out->tripwire_there = cell_bool(pairs_get(r, "trip_whole"));
	out->tripwire_enabled = out->tripwire_there && cell_bool(pairs_get(r, "trip_enabled"));
	out->trip_count = count ? cell_int(count) : -1;
}

static bool look(struct arena *a, const struct drop *d, struct locked_look *out, struct err *e)
{
	struct own_names own;
	if (!own_names(a, d->walk->sid, &own, e))
		return false;
	const char *more = arena_printf(a, MORE_SQL, own_look_sql(a, &own, d->binding.relid), own.object, guard_look_sql(a, d->walk->sid));
	*out = (struct locked_look){ .plan = d->plan, .walk = d->walk, .facts = d->facts, .last = &d->last, .more = more };
	return true;
}

bool apply_ready(struct db *db, struct arena *a, const struct drop *d, struct err *e)
{
	struct locked_look l;
	return look(a, d, &l, e) && locked_ready(db, a, &l, e);
}

bool apply_look(struct db *db, struct arena *a, const struct drop *d, struct facts *out, const char **xid, struct err *e)
{
	struct locked_look l;
	struct rows r;
	if (!look(a, d, &l, e) || !locked_look(db, a, &l, out, &r, e))
		return false;
	read_watch(&r, &out->watch);
	guard_read(a, &r, out->now, &out->guard);
	*xid = pairs_get(&r, "xid");
	return writer_alone(&r, e);
}
