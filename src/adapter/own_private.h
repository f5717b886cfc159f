/* SPDX-License-Identifier: MIT */
/* Shared by own.c and own_put.c. */
#ifndef GW_ADAPTER_OWN_PRIVATE_H
#define GW_ADAPTER_OWN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/when.h"

struct arena;
struct db;
struct err;

#define OWN_PATIENCE (20 * US_SECOND)
/* The count: 0 as long as the sequence was never asked. */
#define OWN_COUNT_SQL "/* gatewalk */ SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM %s"

/* trigger: the UPDATE one of a column, the one of each row else; the others add _i (INSERT) and _t (TRUNCATE). object: function and sequence, gatewalk.trip_... */
struct own_names { const char *trigger, *object; };
/* triggers: on the table itself. digest: of function and triggers as they stand, on partitions too; sealed: as it was noted when they were made. stamp: of when they were last touched; enabled asks for that, too. */
struct own_seen { int triggers; bool enabled, function, sequence; const char *digest, *sealed, *stamp; };

bool own_names(struct arena *a, const char *sid, struct own_names *out, struct err *e);
bool own_look(struct db *db, struct arena *a, const struct own_names *names, unsigned relid, struct own_seen *out, struct err *e);
/* All of it is there and as it was made. */
bool own_whole(const struct own_seen *s);

/* The query behind own_look, also as a part of another one: triggers, enabled, function, sequence, digest, sealed, stamp. */
#define OWN_LOOK_COLS 7
/* A short transaction of ours, again and again for OWN_PATIENCE as long as only a lock is not free. */
bool own_step(struct db *db, struct arena *a, const char *sql, struct err *e);
/* For steps of many: a crash may take one back, which the seal shows. */
#define OWN_SOON "SET LOCAL synchronous_commit = off;\n"
/* Takes the triggers away, each by a step; but not those that stand where they belong on the table except and its partitions. */
bool own_triggers_take(struct db *db, struct arena *a, const struct own_names *names, unsigned except, struct err *e);
/* BEGIN, and how long that transaction may wait for a lock: 40 ms, in the last three quarters of the patience 500. */
const char *own_begin_sql(struct arena *a, int64_t deadline);
const char *own_look_sql(struct arena *a, const struct own_names *names, unsigned relid);

#endif
