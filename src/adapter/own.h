/* SPDX-License-Identifier: MIT */
/* gatewalk's own objects on the target: put there and taken away. Refuses every name outside gatewalk's: triggers
   gatewalk_trip_<12 hex> and gatewalk_guard_<12 hex>, functions and sequences gatewalk.trip_<12 hex>, tables gatewalk.rows_<12 hex>,
   views gatewalk.hold_<12 hex>, replication slots gatewalk_slot_<12 hex>; of a dual write the triggers and functions of core/dual.h. Nothing else can be removed from here. */
#ifndef GW_ADAPTER_OWN_H
#define GW_ADAPTER_OWN_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;

/* The tripwire: SECURITY DEFINER with a pinned search_path; never raises; ENABLE ALWAYS; counts by nextval; a row a minute with who.
   Of a column: AFTER INSERT OR UPDATE ROW with WHEN (the column's value is new and not null, or changed), and AFTER TRUNCATE.
   Of a table: each row inserted, updated or deleted, in whatever partition and by whatever way it comes there, and each TRUNCATE
   of the table or of one of its partitions; of a partitioned one also each statement that names it. A partition that comes later is
   seen as a change of the tripwire.
   Of rows (where): each such row that meets the condition before or after; one on which it cannot be worked out counts as well.
   Put and taken one relation at a time, each by a short transaction of its own: no writer waits for all of them. It counts from when
   all are in place. A lock is waited for 40 ms, after 5 s of vain tries 500 ms; with jitter, for up to 20 s. Idempotent. */
struct own_trip { const char *sid; const struct fact_target *target; const char *where; };   /* where: NULL unless rows are the target */
bool own_tripwire_put(struct db *db, struct arena *a, const struct own_trip *t, struct err *e);
/* Takes it away; nothing there is fine. */
bool own_tripwire_take(struct db *db, struct arena *a, const char *sid, unsigned relid, struct err *e);
/* There, enabled always, its definition untouched; and its count. */
bool own_tripwire_look(struct db *db, struct arena *a, const char *sid, unsigned relid, bool *there, bool *enabled, int64_t *count, struct err *e);
/* SQL text that removes it, for the drop's own transaction: before the drop's statement and behind it, "" when there is nothing.
   whole: the table goes, and its triggers with it. Checked names only. */
struct own_removal { unsigned relid; bool whole; const char *before, *after; };
bool own_removal_sql(struct db *db, struct arena *a, const char *sid, struct own_removal *x, struct err *e);
/* Trigger and sequence names of a walk. */
const char *own_trigger_name(struct arena *a, const char *sid);
const char *own_sequence_name(struct arena *a, const char *sid);   /* gatewalk.trip_... */
/* Where the snapshot's rows stand while they are removed: gatewalk.rows_... */
const char *own_rows_name(struct arena *a, const char *sid);
bool own_rows_take(struct db *db, struct arena *a, const char *sid, struct err *e);
/* The guard's trigger on a table, and the view that holds it: gatewalk_guard_..., gatewalk.hold_... NULL: no id. */
const char *own_guard_name(struct arena *a, const char *sid);
const char *own_hold_name(struct arena *a, const char *sid);
/* The watch's logical replication slot: gatewalk_slot_... NULL: no id. */
const char *own_slot_name(struct arena *a, const char *sid);
/* Is this name one of gatewalk's? */
bool own_is_ours(const char *name);

#endif
