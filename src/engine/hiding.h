/* SPDX-License-Identifier: MIT */
/* Hiding, as the engine sees it: a job begun and ended, and what a backend that is gone left hidden given back. */
#ifndef GW_ENGINE_HIDING_H
#define GW_ENGINE_HIDING_H

#include <stdbool.h>

struct act;
struct db;
struct db_opts;
struct engine;
struct err;

bool hiding_begin(struct engine *g, const struct act *act, struct err *e);
/* Tells the job: it is given back within a second. ERR_USE when nothing is hidden. */
bool hiding_end(struct engine *g, const struct act *act, struct err *e);
/* Logs in; what a backend that is gone left hidden is given back first. NULL as db_open. */
struct db *hiding_db(const struct db_opts *o, struct err *e);
/* The same on the engine's new connection: that it was is said; that it cannot be given back is said, and stops nothing. */
void hiding_return(struct engine *g);
/* For a walk that is left: waits until it is given back, 20 s at most. */
bool hiding_over(struct engine *g, struct err *e);

#endif
