/* SPDX-License-Identifier: MIT */
/* When gatewalk's own work pauses, and how large its next batch may be. Pure: what was read is handed in; what could not be read
   pauses. */
#ifndef GW_CORE_PAUSE_H
#define GW_CORE_PAUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/plan.h"

struct err;

enum pause_kind {
	PAUSE_NONE, PAUSE_LAG, PAUSE_SLOT, PAUSE_WAITERS, PAUSE_TRANSACTION, PAUSE_WAL, PAUSE_LATENCY, PAUSE_ARCHIVE, PAUSE_AUTOVACUUM, PAUSE_QUERY, PAUSE_FLAG, PAUSE_HOURS,
	PAUSE_PROGRESS
};
enum pause_kind pause_parse(const char *when);   /* PAUSE_NONE when unknown */
/* "replication lag, slot, ...": every kind by its name. Owned by a. */
const char *pause_kinds(struct arena *a);
/* What is wrong with a condition as it was written, NULL when nothing is; *instead says what to write. */
const char *pause_wrong(struct arena *a, const struct plan_pause *p, const char **instead);

/* Above `above` it pauses; once it does, it goes on at `below` or less. says, when given, is the whole reason in words. */
struct pause_limit { const char *name, *unit, *says; double above, below; };
struct pause_value { bool known; double value; const char *why; };   /* why: when it is not known */
/* Four fifths of the limit, where the plan does not say at what it goes on. */
double pause_calm(double above);
struct pause_limit pause_limit_of(struct arena *a, const struct plan_pause *p);
/* False: e says why it waits (ERR_GATE). */
bool pause_allows(const struct pause_limit *l, const struct pause_value *v, bool paused, struct err *e);

/* Sizes batches by time: how large the next may be after one of this size took so long. least: below it a batch takes the time of
   its round trips and its commit, not of its rows; one ten times slower than asked for may become smaller still, down to 1. */
struct pace { int64_t least, most, aim_us; };
int64_t pace_next(const struct pace *p, int64_t size, int64_t took_us);

#endif
