/* SPDX-License-Identifier: MIT */
/* A planned release of the application: the hours before it, and those in which it goes on, are none for a drop. */
#ifndef GW_CORE_RELEASE_H
#define GW_CORE_RELEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct release {
	int64_t from, to;   /* us UTC; it may begin at `from`, and is over at `to` (>= from) */
	const char *name;   /* as its calendar calls it, clean; NULL: it has no name */
};

/* The first of n that is not over at now, NULL when there is none. One that ends where it begins is over once it has begun. */
const struct release *release_next(const struct release *v, size_t n, int64_t now);

/* Of what the operator declared: "none", or times in UTC with commas between them: "2026-11-24 10:00, 2026-12-01 09:30". Gives the
   time at *list and moves on; false at the end, where *list is NULL, and at what cannot be read, where it is not. */
bool release_declared(const char **list, int64_t *at);
/* Can the whole of it be read? */
bool release_reads(const char *list);

#endif
