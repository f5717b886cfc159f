/* SPDX-License-Identifier: MIT */
/* A new column, as the engine drives it: look, sign the change, look again, mint, send, write what became of it. What sends the statement
   is adapter/alter.c, and it believes nothing of what is said here but the permit. */
#ifndef GW_ENGINE_ADDING_H
#define GW_ENGINE_ADDING_H

#include "engine/engine_private.h"

/* Acts. The second one counts first what would be lost with the column; asked again with that number and a reason, it takes the column away. */
bool adding_begin(struct engine *g, const struct act *act, struct err *e);
bool adding_take(struct engine *g, const struct act *act, struct err *e);
/* Settles a change whose outcome is not known: the anchor and the catalogue decide. */
bool adding_settle(struct engine *g, struct err *e);
/* Items 5 and 8 of such a walk: may they be confirmed now? */
bool adding_ready(struct engine *g, enum item item, struct err *e);
/* The facts that outlive a look: who held the table last, and what was counted in the column. */
void adding_facts(struct engine *g);

#endif
