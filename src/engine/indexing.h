/* SPDX-License-Identifier: MIT */
/* Item 5 of what a job brings: of an index what is signed is its entry in the ledger alone, and a job builds it; of a split its table and triggers, and a job
   brings over the rows that stood. The job is told to end before either goes again. */
#ifndef GW_ENGINE_INDEXING_H
#define GW_ENGINE_INDEXING_H

#include <stdbool.h>

struct act;
struct engine;
struct err;

/* Act: the job, where it does not run. */
bool indexing_begin(struct engine *g, const struct act *act, struct err *e);
/* One whose process is gone is started again; one that a person stopped, or that failed, is a person's. */
bool indexing_care(struct engine *g, struct err *e);
/* Tells it to stop, where it runs, and waits until it has. *was: it ran. */
bool indexing_over(struct engine *g, bool *was, struct err *e);
/* Only of those two: is what stands under its name finished, and what the plan says? ERR_GATE with the reason when not. */
bool indexing_stands(struct engine *g, struct err *e);

#endif
