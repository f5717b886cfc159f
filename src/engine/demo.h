/* SPDX-License-Identifier: MIT */
/* `gatewalk demo`: a private PostgreSQL in a folder of its own, a shop with live traffic in it, marked rehearsal, and three
   walks: one to begin, one that waits, one ready for its drop. Everything it makes lies in that folder and goes with it. */
#ifndef GW_ENGINE_DEMO_H
#define GW_ENGINE_DEMO_H

#include "engine/engine.h"

struct demo;

/* *out is set as soon as there is something to stop, also on failure. say gets a line a step. */
bool demo_start(const char *program, void (*say)(const char *line), struct demo **out, struct err *e);
/* The engine's options for the demo's database. Valid until demo_stop. */
void demo_options(const struct demo *d, struct engine_opts *o);
void demo_stop(struct demo *d);

#endif
