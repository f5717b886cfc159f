/* SPDX-License-Identifier: MIT */
/* guard status: does it hold? Tried on the target itself, and what can still get around it.
   MUST 1. Try only where guard_look says that it stands: what it would let through is not tried on a table that matters.
   MUST 2. Send each try as one DO block that ends in an error whatever happens: no COMMIT can make it stand.
   MUST 3. Wait 100 ms for a lock and 1 s in all, so that nobody queues behind a try for longer; then say "not tried".
   MUST 4. Run nothing of the table's owner with the rights of who asks: their trigger before TRUNCATE would run before ours. */
#ifndef GW_ADAPTER_GUARD_TRY_H
#define GW_ADAPTER_GUARD_TRY_H

#include "core/fact.h"

struct arena;
struct db;
struct err;

#define GUARD_TRY_TAKES "Each try locks the table for the time of one refusal, some milliseconds, after waiting 100 ms at most; all are rolled back."

/* result: refused (by the guard), stopped (by the server, before the guard was asked), open, not tried. said: the server's words. */
struct guard_tried { const char *way, *result, *said; };
/* *n is 0 when it does not stand, or the target is not there any more. */
bool guard_try(struct db *db, struct arena *a, const char *sid, const struct fact_guard *f, struct guard_tried **out, size_t *n, struct err *e);

/* way: what can be done; who can; why nothing stops it. */
struct guard_gap { const char *way, *who, *why; };
bool guard_gaps(struct db *db, struct arena *a, bool by_views, struct guard_gap **out, size_t *n, struct err *e);

#endif
