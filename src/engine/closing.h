/* SPDX-License-Identifier: MIT */
/* The acts that take a walk back or end it: step back, leave, and item 13. */
#ifndef GW_ENGINE_CLOSING_H
#define GW_ENGINE_CLOSING_H

#include "engine/engine.h"

bool closing_back(struct engine *g, const struct act *act, struct err *e);
bool closing_leave(struct engine *g, const struct act *act, struct err *e);
bool closing_schema_log(struct engine *g, const struct act *act, struct err *e);

#endif
