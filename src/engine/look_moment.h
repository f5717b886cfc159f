/* SPDX-License-Identifier: MIT */
/* The moment (C3) with every release that is known, from wherever it is told: for the engine and for the job that removes rows. */
#ifndef GW_ENGINE_LOOK_MOMENT_H
#define GW_ENGINE_LOOK_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/calendar.h"
#include "core/walk.h"

struct arena;
struct db;
struct err;
struct lot;

/* What releases_from gave when it was last read: kept for a minute. Begins as zeros. */
struct moment_calendar {
	struct lot *lot;               /* NULL: never read */
	struct calendar found;
	const char *why;               /* why it could not be read; NULL when it was */
	int64_t read;                  /* clock_mono */
	char plan_digest[65];
};
struct moment_of { struct db *db; const struct plan *plan; const struct walk *walk; int64_t now; };   /* now: the server's clock */

/* Reads the calendar again where that is due. Before all other looks: its command may take as long as what they see lives at the
   drop. o->now is not asked. */
bool moment_read(struct moment_calendar *c, const struct moment_of *o, struct err *e);
/* Asks the server, with every release that is known. Strings of out are owned by a. */
bool moment_look(const struct moment_calendar *c, struct arena *a, const struct moment_of *o, struct fact_moment *out, struct err *e);
void moment_forget(struct moment_calendar *c);

#endif
