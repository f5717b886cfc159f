/* SPDX-License-Identifier: MIT */
/* A change of the table (enum change), as the engine drives it: look, sign the change, look again, mint, send, write what became of it. What sends the
   statement is adapter/alter.h, and it believes nothing of what is said here but the permit. */
#ifndef GW_ENGINE_ALTERING_H
#define GW_ENGINE_ALTERING_H

#include "adapter/dualwrite.h"
#include "engine/engine_private.h"

/* alone: of two columns, whether a row was written to the new one alone; asked of whoever takes it or its trigger away, or puts that on again. */
struct alteration { enum change what; const char *why; bool alone; };
/* Signs it and sends it; the acts judge before. Behind it the log says what became of it, whatever happened. */
bool altering_send(struct engine *g, const struct alteration *c, struct err *e);
/* The walk's trigger, as it is put on and looked for. */
struct dual_order altering_order(const struct engine *g);
/* The act: key is the change's name, text what it asks for. A new column comes and goes by acts of its own (engine/adding.h). */
bool altering_begin(struct engine *g, const struct act *act, struct err *e);
/* Settles a change whose outcome is not known: the anchor and the catalogue decide. */
bool altering_settle(struct engine *g, struct err *e);
/* May dual write end, by trigger or application: what has to be said and seen before. The log would refuse it as well, in other words. */
bool altering_may_end(const struct engine *g, struct err *e);
/* "no, the deploy is not out": whether rows were written to the new column alone, and why one steps back. */
bool altering_answer(const struct act *act, bool *alone, const char **why, struct err *e);
/* Steps back to where no trigger of this walk stands any more: what leaving asks for. */
bool altering_untrigger(struct engine *g, const char *why, struct err *e);
/* What a step back has left to look at, of the rows that stand (alter_rest). */
bool altering_finish(struct engine *g, struct err *e);
/* The facts that outlive a look: who held the table last, what was counted in the column, what its trigger is made of. */
void altering_facts(struct engine *g);
/* Of a split: what would be sent, for whoever is to sign it (facts.dual.put). *unfit: what speaks against it. */
bool altering_split(struct engine *g, const char **unfit, struct err *e);
/* Everything that is read anew before a change. */
bool altering_look(struct engine *g, struct err *e);

#endif
