/* SPDX-License-Identifier: MIT */
/* The releases that a plan's releases_from tells of: read from its file or its command, on this machine, and turned into instants by
   the server's zone tables. What cannot be read in full is unknown, and unknown refuses. */
#ifndef GW_ADAPTER_CALENDAR_H
#define GW_ADAPTER_CALENDAR_H

#include "core/plan.h"
#include "core/release.h"

struct arena;
struct db;
struct err;

struct calendar { struct release *v; size_t n; };

/* The releases that are not over at now, as far ahead as the openings are looked for; owned by a. False with the reason, which names
   file and line; ERR_DB_LOST when it was the server that did not answer. A plan without a source has none. */
bool calendar_read(struct db *db, struct arena *a, const struct plan *p, int64_t now, struct calendar *out, struct err *e);

#endif
