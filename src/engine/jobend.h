/* SPDX-License-Identifier: MIT */
/* How the jobs of one kind ended, and those that have to let go of a table before what they stand on is changed. */
#ifndef GW_ENGINE_JOBEND_H
#define GW_ENGINE_JOBEND_H

#include <stdbool.h>

struct engine;
struct err;
struct view_job;

/* Of those of this kind in the engine's list; NULL none. */
const struct view_job *jobend_newest(const struct engine *g, const char *kind);
/* Its process is gone, and long enough ago that one which dies at once is not started in a storm: it may be started again. One that a person stopped, or
   that failed, is a person's. */
bool jobend_lost(const struct engine *g, const struct view_job *j);
/* Tells those of this kind to stop, where they run, and waits until they have. name: "backfill", for messages. *was: one ran. */
bool jobend_wait(struct engine *g, const char *kind, const char *name, bool *was, struct err *e);

#endif
