/* SPDX-License-Identifier: MIT */
/* Jobs that have to let go of a table before what they stand on is changed. */
#ifndef GW_ENGINE_JOBEND_H
#define GW_ENGINE_JOBEND_H

#include <stdbool.h>

struct engine;
struct err;

/* Tells those of this kind to stop, where they run, and waits until they have. name: "backfill", for messages. *was: one ran. */
bool jobend_wait(struct engine *g, const char *kind, const char *name, bool *was, struct err *e);

#endif
