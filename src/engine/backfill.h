/* SPDX-License-Identifier: MIT */
/* The job that fills a new column (adapter/backfill.h), pass by pass until a count finds no row left. It stops rather than go on by
   itself on another timeline. While it waits it holds no transaction. */
#ifndef GW_ENGINE_BACKFILL_H
#define GW_ENGINE_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct job;
struct json;
struct plan;

struct backfill_order {
	struct arena *arena;
	const char *conninfo, *sid, *name;   /* name: the walk's, for the bell */
	struct job *job;
	const struct plan *plan;
	int64_t timeline;                    /* that a person saw who started it; 0: the one it was filled on before, else the first one met */
	bool rejects;                        /* first the rejects again */
	struct json *result;                 /* gets filled, left, passes, rejects */
};

/* ERR_INTERRUPTED when it was stopped; ERR_GATE where the plan's expression cannot be used, or the timeline is another one; ERR_LEFT when
   rows are left behind many passes. Rejects are no error: they are in the result. */
bool backfill_run(const struct backfill_order *o, struct err *e);

#endif
