/* SPDX-License-Identifier: MIT */
/* Old and new, compared by a job from item 7 on until the drop, round by round. It begins by itself, and anew behind each step that
   changes what is compared; each round whose figures matter becomes a line of the log. It is told to end before the table is changed.
   Where nobody brings to the old column what is written to the new one alone (the application writes both, or the plan has no way back),
   the last pass of item 9 is one round: what is written behind it goes its own way. */
#ifndef GW_ENGINE_COMPARING_H
#define GW_ENGINE_COMPARING_H

#include <stdbool.h>

struct act;
struct arena;
struct engine;
struct err;

/* Act: the job, with a round that begins now. */
bool comparing_begin(struct engine *g, const struct act *act, struct err *e);
/* Rounds that came to their end, into the log. */
bool comparing_take(struct engine *g, struct err *e);
/* Begins it where it should run, and ends it where it is of before. One that a person stopped, or that failed, is a person's, until the walk
   has gone on. */
bool comparing_care(struct engine *g, struct err *e);
/* As filling_over. */
bool comparing_over(struct engine *g, bool *was, struct err *e);
/* The fact, and the first rows that differ, for the screen. */
bool comparing_look(struct engine *g, struct arena *a, struct err *e);

#endif
