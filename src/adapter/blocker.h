/* SPDX-License-Identifier: MIT */
/* Who stands in the way of a lock on a table. */
#ifndef GW_ADAPTER_BLOCKER_H
#define GW_ADAPTER_BLOCKER_H

#include <stdbool.h>

#include "core/fact.h"

struct arena;
struct db;
struct err;

/* Who holds a lock on the table, or on a partition or child of it, for the longest; at 0: nobody. readers: also whoever only reads, as what a statement that
   changes the table's shape waits for. */
bool blocker_look(struct db *db, struct arena *a, unsigned relid, bool readers, struct fact_blocker *out, struct err *e);
/* "pid 4711 (psql, ana) has held it since 04:12:09 UTC: UPDATE ..." */
const char *blocker_says(struct arena *a, const struct fact_blocker *b);

#endif
