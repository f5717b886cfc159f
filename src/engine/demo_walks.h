/* SPDX-License-Identifier: MIT */
/* The demo's walks, prepared by the same acts that an operator does, over the same engine. */
#ifndef GW_ENGINE_DEMO_WALKS_H
#define GW_ENGINE_DEMO_WALKS_H

#include "core/walk.h"
#include "engine/engine.h"

struct arena;

/* Writes the plans into dir and brings each walk to its place. The key must open without a passphrase. */
bool demo_walks(struct arena *a, const struct engine_opts *o, const char *dir, void (*say)(const char *line), struct err *e);
/* The plan of walk i, as YAML, with the shop's code below dir; NULL past the last. */
const char *demo_plan(struct arena *a, size_t i, const char *dir);
/* Does what the view offers, in its order, until the walk is at a stage no later than AT_ARMED: every gate and wait is met on
   the way. It types what a person would type and clears what may be cleared. For a demo and for tests: never on a real walk. */
bool walk_bring(struct engine *g, enum stage until, struct err *e);
/* The clearing alone: every consumer that a word can clear. */
bool walk_clear(struct engine *g, struct err *e);

#endif
