/* SPDX-License-Identifier: MIT */
/* The job that compares old and new (adapter/parity.h), round by round until it is told to stop. On another timeline it begins anew. */
#ifndef GW_ENGINE_PARITY_H
#define GW_ENGINE_PARITY_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/parity.h"

struct arena;
struct err;
struct job;
struct json;
struct fact_parity;
struct plan;

struct parity_job {
	struct arena *arena;
	const char *conninfo, *name;         /* name: the walk's, for the bell */
	struct job *job;
	const struct plan *plan;             /* its pauses, batch and load are the backfill's */
	const struct parity_order *order;
	bool anew;                           /* a round that is under way is given up */
	const char *word;                    /* a file that gets parity_word of each round that came to its end; NULL none */
	int64_t rounds;                      /* 0: until it is stopped */
	int rest_s;                          /* between two rounds; also `job set rest_s` */
	struct json *result;                 /* gets round, rows, mismatches of the last one that came to its end */
};

/* What stands on the table, compared by the plan's own conversion. unwritten: as in adapter/parity.h. */
struct parity_order parity_order_of(const struct plan *p, const char *sid, bool unwritten);
/* A round's figures, as the job leaves them. */
struct json *parity_word(struct arena *a, const struct fact_parity *f);
/* Where that lies, in the walk's folder. */
const char *parity_word_file(struct arena *a, const char *walk_dir);
/* ERR_INTERRUPTED when it was stopped; ERR_GATE where the plan's expressions cannot be used. Rows that differ are no error: they are in the result. */
bool parity_run(const struct parity_job *o, struct err *e);

#endif
