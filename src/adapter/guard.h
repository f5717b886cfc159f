/* SPDX-License-Identifier: MIT */
/* The server's guard: while a walk is open, nobody but its own drop takes the target away, renames it, changes its type or empties
   it. Event triggers and a TRUNCATE trigger refuse; a pass, written by the drop in its own transaction, lets that one message
   through. Where the login may make no event triggers, views hold the targets instead, which stops less (guard_open.h says what).
   Puts and removes gatewalk's own objects only, by names that are gatewalk's: event triggers gatewalk_guard_*, triggers
   gatewalk_guard_<12 hex>, views gatewalk.hold_<12 hex>. */
#ifndef GW_ADAPTER_GUARD_H
#define GW_ADAPTER_GUARD_H

#include "core/fact.h"

struct arena;
struct db;
struct err;
struct rows;

/* How it stands, for this walk; sid "": for none, so that only whether it is installed is told. Reads only. */
bool guard_look(struct db *db, struct arena *a, const char *sid, struct fact_guard *out, struct err *e);
/* The same as pairs (k, v) behind another query's, and read from its answer: the look under the lock. */
const char *guard_look_sql(struct arena *a, const char *sid);
void guard_read(struct arena *a, const struct rows *r, int64_t at, struct fact_guard *out);

/* Takes the walk's target under guard, or renews it there: no lock on the target. *why is "" or says why not. */
bool guard_record(struct db *db, struct arena *a, const char *sid, const char **why, struct err *e);
/* What locks the target for a moment: the TRUNCATE trigger on the table and each of its partitions, 50 of them in a transaction; then
   records it. lock_timeout 500 ms, retried with jitter for up to 20 s. Idempotent. */
bool guard_put(struct db *db, struct arena *a, const char *sid, const struct fact_target *t, struct err *e);
/* Ends the protection of this walk and takes what is on its table away; nothing there is fine. */
bool guard_take(struct db *db, struct arena *a, const char *sid, struct err *e);
/* SQL text that takes trigger and view away, for the drop's own transaction: before holds the view, after the statement the triggers. */
bool guard_removal_sql(struct db *db, struct arena *a, const char *sid, bool view, const char **sql, struct err *e);

/* What install and remove did. */
struct guard_walk { const char *sid, *name, *target, *why; };   /* why: "" or why it is not under guard */
struct guard_done { const char *how; struct guard_walk *walks; size_t n; };   /* how: triggers, views */
/* All in one transaction: event triggers ENABLE ALWAYS where this login may make them, else views; every open walk recorded.
   Run again it makes all of it anew. */
bool guard_install(struct db *db, struct arena *a, struct guard_done *out, struct err *e);
/* All in one transaction. Walks that stood under it keep the TRUNCATE triggers until they end; their gate C shuts. */
bool guard_remove(struct db *db, struct arena *a, struct guard_done *out, struct err *e);
/* Open walks, with how each stands. */
bool guard_walks(struct db *db, struct arena *a, struct guard_walk **out, size_t *n, struct err *e);

#endif
