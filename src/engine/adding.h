/* SPDX-License-Identifier: MIT */
/* A new column comes and goes again, by changes of the table (engine/altering.h); and what its items ask before they can be confirmed. */
#ifndef GW_ENGINE_ADDING_H
#define GW_ENGINE_ADDING_H

#include "engine/engine_private.h"

/* Acts. The second one counts first what would be lost with the column; asked again with that number and a reason, it takes the column away. */
bool adding_begin(struct engine *g, const struct act *act, struct err *e);
bool adding_take(struct engine *g, const struct act *act, struct err *e);
/* Items 5, 7, 8 and the first step of 9, of a walk with a new column: may they be confirmed now? */
bool adding_ready(struct engine *g, enum item item, struct err *e);

#endif
