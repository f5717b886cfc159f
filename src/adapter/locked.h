/* SPDX-License-Identifier: MIT */
/* The one look that a writer takes under its lock. It reads only; it sees the target by the very words of probe_target. */
#ifndef GW_ADAPTER_LOCKED_H
#define GW_ADAPTER_LOCKED_H

#include "adapter/ledger.h"

struct facts;
struct rows;

/* The longest that the query may take, as the server's statement_timeout of that moment says. */
#define LOOK_MS 300

/* facts: as they were judged before the lock; last: the ledger's last entry before the intent; more: further pairs, "UNION ALL SELECT name,
   value, 1000 ..." or "": $4 is the walk. */
struct locked_look { const struct plan *plan; const struct walk *walk; const struct facts *facts; const struct anchor *last; const char *more; };
/* The same query, before the lock: six sevenths of its time go into reading and planning it, and those are kept in the session (plan_cache_mode of a
   writer's session says so). What it answers is not used. */
bool locked_ready(struct db *db, struct arena *a, const struct locked_look *l, struct err *e);
/* facts with the groups renewed that can have changed since: target, server, mark, moment, log; locked is set. *pairs: the whole answer. */
bool locked_look(struct db *db, struct arena *a, const struct locked_look *l, struct facts *out, struct rows *pairs, struct err *e);
/* Are these exactly the relations that were locked? A foreign key or a partition more or less since then is drift. */
bool locked_same(const struct fact_target *locked, const struct fact_target *seen);

#endif
