/* SPDX-License-Identifier: MIT */
/* Item 6: a person begins the backfill's job, or goes on with it; what it leaves is checked against the database and becomes a line of
   the log. It is told to end before anything that it stands on is changed. */
#ifndef GW_ENGINE_FILLING_H
#define GW_ENGINE_FILLING_H

#include <stdbool.h>
#include <stdint.h>

struct act;
struct arena;
struct engine;
struct err;
struct json;

/* Acts: the job, from where it was; the same with the rejected rows first; how fast it works. */
bool filling_begin(struct engine *g, const struct act *act, struct err *e);
bool filling_set(struct engine *g, const struct act *act, struct err *e);
/* The job came to its end. */
bool filling_taken(struct engine *g, const struct json *result, struct err *e);
/* One whose process is gone is started again; one that a person stopped, or that failed, is a person's. */
bool filling_care(struct engine *g, struct err *e);
/* Tells it to stop, where it runs, and waits until it has. *was: it ran. */
bool filling_over(struct engine *g, bool *was, struct err *e);
/* A count of before then says nothing any more: the backfill is not done. */
void filling_since(struct engine *g, int64_t at);
/* The fact, and the first rejects for the screen. */
bool filling_look(struct engine *g, struct arena *a, struct err *e);

#endif
