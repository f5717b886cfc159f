/* SPDX-License-Identifier: MIT */
/* Shared by addition.c and addition_look.c. */
#ifndef GW_ADAPTER_ADDITION_PRIVATE_H
#define GW_ADAPTER_ADDITION_PRIVATE_H

#include "core/fact.h"

struct arena;
struct db;
struct err;

/* Who holds a lock on the table, or on a partition of it, for the longest; at 0: nobody. */
bool blocker_look(struct db *db, struct arena *a, unsigned relid, struct fact_blocker *out, struct err *e);
/* "pid 4711 (psql, ana) has held it since 04:12:09 UTC: UPDATE ..." */
const char *blocker_says(struct arena *a, const struct fact_blocker *b);

#endif
