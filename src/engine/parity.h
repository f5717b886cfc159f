/* SPDX-License-Identifier: MIT */
/* The job that compares old and new (adapter/parity.h), round by round until it is told to stop. On another timeline it begins anew. */
#ifndef GW_ENGINE_PARITY_H
#define GW_ENGINE_PARITY_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct job;
struct json;
struct parity_order;
struct plan;

struct parity_job {
	struct arena *arena;
	const char *conninfo, *name;         /* name: the walk's, for the bell */
	struct job *job;
	const struct plan *plan;             /* its pauses, batch and load are the backfill's */
	const struct parity_order *order;
	int64_t rounds;                      /* 0: until it is stopped */
	int rest_s;                          /* between two rounds; also `job set rest_s` */
	struct json *result;                 /* gets round, rows, mismatches of the last one that came to its end */
};

/* ERR_INTERRUPTED when it was stopped; ERR_GATE where the plan's expressions cannot be used. Rows that differ are no error: they are in the result. */
bool parity_run(const struct parity_job *o, struct err *e);

#endif
