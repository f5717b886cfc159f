/* SPDX-License-Identifier: MIT */
/* Hiding, as the engine sees it: a job begun and ended. What a backend that is gone left hidden is upkeep.h. */
#ifndef GW_ENGINE_HIDING_H
#define GW_ENGINE_HIDING_H

#include <stdbool.h>

struct act;
struct engine;
struct err;

bool hiding_begin(struct engine *g, const struct act *act, struct err *e);
/* Tells the job: it is given back within a second. ERR_USE when nothing is hidden. */
bool hiding_end(struct engine *g, const struct act *act, struct err *e);
/* For a walk that is left: waits until it is given back, 20 s at most. */
bool hiding_over(struct engine *g, struct err *e);

#endif
