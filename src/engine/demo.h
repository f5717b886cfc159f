/* SPDX-License-Identifier: MIT */
/* `gatewalk demo`: a private PostgreSQL in a folder of its own, a shop with live traffic in it, marked rehearsal, and three
   walks: one to begin, one that waits, one ready for its drop. Everything it makes lies in that folder and goes with it. */
#ifndef GW_ENGINE_DEMO_H
#define GW_ENGINE_DEMO_H

#include "engine/engine.h"

struct demo;

/* Makes the folder and points the XDG folders of this process into it. */
struct demo *demo_new(const char *program, struct err *e);
/* Server, shop, traffic, walks. say gets a line a step. */
bool demo_prepare(struct demo *d, void (*say)(const char *line), struct err *e);
/* The engine's options for the demo's database. Valid until demo_stop. */
void demo_options(const struct demo *d, struct engine_opts *o);
/* Stops the server if it runs, also one that another process of ours started there, and removes the folder. NULL is fine. */
void demo_stop(struct demo *d);

#endif
