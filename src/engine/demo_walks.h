/* SPDX-License-Identifier: MIT */
/* The demo's three walks, prepared by the same acts that an operator does, over the same engine. */
#ifndef GW_ENGINE_DEMO_WALKS_H
#define GW_ENGINE_DEMO_WALKS_H

#include "engine/engine.h"

struct arena;

/* Writes the plans into dir and brings each walk to its place. The key must open without a passphrase. */
bool demo_walks(struct arena *a, const struct engine_opts *o, const char *dir, void (*say)(const char *line), struct err *e);

#endif
