/* SPDX-License-Identifier: MIT */
/* Who stands in the way of a lock on a table. */
#ifndef GW_ADAPTER_BLOCKER_H
#define GW_ADAPTER_BLOCKER_H

struct arena;
struct db;

/* "session 4711 (web, since 12 s): UPDATE ..." of the oldest transaction that holds what a trigger may not be made or taken away beside, on the table or one of its
   partitions and children; NULL when there is none, or it cannot be read. whole: also whoever only reads. Owned by a. */
const char *blocker_words(struct db *db, struct arena *a, unsigned relid, _Bool whole);

#endif
