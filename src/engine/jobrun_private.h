/* SPDX-License-Identifier: MIT */
/* Shared by jobrun.c (a job from its claim to its end, and the work that ends by itself) and jobrun_rounds.c (watch and monitor). */
#ifndef GW_ENGINE_JOBRUN_PRIVATE_H
#define GW_ENGINE_JOBRUN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/jobrun.h"

struct db;
struct job;
struct json;
struct ledger_walk;
struct plan;

struct run {
	struct arena *arena;
	const char *conninfo;
	struct db *db;            /* for the work: rows, samples */
	struct db *claimed;       /* the connection the job's row was taken with: job.c keeps it, also when it is lost */
	struct job *job;          /* NULL in a tick */
	long long id;             /* its number */
	const struct ledger_walk *walk;
	struct plan *plan;
	const struct json *args;
	struct json *result;
	int64_t told;             /* the last sighting that notify was run for */
	bool rang;                /* notify was run for the end of the wait */
};

/* The walk's row and its plan, which must be one that was taken in on this machine. */
bool jobrun_load(struct run *r, const char *sid, struct err *e);

/* jobrun_hide.c: hides the target and looks on until it was given back. args: ms, how long. */
bool jobrun_hide(struct run *r, struct err *e);

/* jobrun_rounds.c: bodies of the jobs of these kinds. */
bool jobrun_watch(struct run *r, struct err *e);
bool jobrun_monitor(struct run *r, struct err *e);

#endif
