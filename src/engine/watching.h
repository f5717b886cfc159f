/* SPDX-License-Identifier: MIT */
/* The watch's beginning: what it puts into the server (tripwire, the guard's trigger, a logical slot where the plan asks for one), then
   its job. */
#ifndef GW_ENGINE_WATCHING_H
#define GW_ENGINE_WATCHING_H

#include <stdbool.h>

struct act;
struct engine;
struct err;

/* Puts what is missing; what stands is kept. */
bool watching_begin(struct engine *g, const struct act *act, struct err *e);

#endif
