/* SPDX-License-Identifier: MIT */
/* A constraint comes and goes again by changes of the table (engine/altering.h); and what is counted before them, so that no write is refused by surprise. */
#ifndef GW_ENGINE_HOLDING_H
#define GW_ENGINE_HOLDING_H

#include "engine/engine_private.h"

/* Before it comes: every row holds to it already, or the plan fills those that do not. */
bool holding_may_begin(struct engine *g, struct err *e);
/* The look at all rows failed, for why: which rows do not hold to it is said beside it. */
bool holding_failed(struct engine *g, struct err *e);
/* The act that takes it away; it asks for a reason. */
bool holding_take(struct engine *g, const struct act *act, struct err *e);
/* Items 5 and 8 of a constraint, by the catalogue. */
bool holding_ready(struct engine *g, enum item item, struct err *e);

#endif
