/* SPDX-License-Identifier: MIT */
/* C3: what time is it where the plan's windows count, and when are they open? Wall times become instants by the server's own
   zone tables. A wall time that comes twice in a night, or never, is read to the shorter opening: a window begins at the later and
   ends at the earlier of its readings, a Friday the other way round, and a window that so has no length is not open that night. */
#ifndef GW_ADAPTER_PROBE_MOMENT_H
#define GW_ADAPTER_PROBE_MOMENT_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;

#define MOMENT_AHEAD_DAYS 60   /* how far openings are looked for */

struct moment_ask {
	const struct plan *plan;
	enum env env;
	const struct release *releases;   /* all that are known: none of the openings comes near one */
	size_t n_releases;
	int64_t at;                       /* the moment that is asked about; 0: the server's clock */
};
/* A zone that the server does not know leaves zone_known false; that is no error. */
bool probe_moment(struct db *db, struct arena *a, const struct moment_ask *q, struct fact_moment *out, struct err *e);

/* from: not before the moment asked about; begins: where the opening itself begins, the same at every asking. */
struct opening { int64_t from, to, begins; };
bool probe_openings(struct db *db, struct arena *a, const struct moment_ask *q, int want, struct opening *out, int *n, struct err *e);

/* "Tue 01 Dec 02:00" of each time in a zone. ERR_USE when the server does not know the zone. */
bool probe_walls(struct db *db, struct arena *a, const char *zone, const int64_t *at, size_t n, const char ***out, struct err *e);

/* Wall times ("2026-12-01 10:00:00") of a zone as instants, to the earlier and the later reading. ERR_USE as above. */
bool probe_instants(struct db *db, struct arena *a, const char *zone, const char *const *walls, size_t n, struct opening *out, struct err *e);

/* Fills in out->in_window and minutes_left, from out->at and the opening; of a rehearsal from its day and minute. Asks nobody: it
   judges again under the lock. */
void moment_judge(const struct plan *p, enum env env, struct fact_moment *out);

#endif
