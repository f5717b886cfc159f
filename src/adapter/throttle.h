/* SPDX-License-Identifier: MIT */
/* The plan's pause conditions, and its metrics that pause, read from the server. Nothing is judged here but by core/pause.h; what cannot be read has its reason. */
#ifndef GW_ADAPTER_THROTTLE_H
#define GW_ADAPTER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/job_limits.h"
#include "adapter/job_rates.h"

struct arena;
struct db;
struct err;
struct plan;

/* Kept from one look to the next: a rate needs two, and what got no further needs to be known since when. Zero-initialise; forget it after
   a new login. stalled_at: since when it rests for that; 0 it does not. */
struct throttle {
	int64_t wal_at;
	double wal_bytes;
	int64_t moved_at, stalled_at;
	int64_t looked_at;
	struct { double sum; struct rates means; } past[LIMITS_MAX];   /* of each condition, in the plan's order: its value over the time */
};

/* Behind a new login; what was read before it stays. */
void throttle_forget(struct throttle *t);

/* The work got on, or could not for another reason than its own: "no progress" counts from here. */
void throttle_moved(struct throttle *t);

/* May the work go on now? relid: the table, its partitions with it. paused: it does not as it is, and the lower thresholds hold. *told:
   every condition as it was read, for job_limits; owned by a, NULL where the look failed. False: e is ERR_GATE with the first condition
   that pauses, or says that the link is gone. */
struct throttle_ask { struct db *db; struct arena *a; const struct plan *plan; unsigned relid; bool paused; };
bool throttle_allows(struct throttle *t, const struct throttle_ask *q, const char **told, struct err *e);

#endif
