/* SPDX-License-Identifier: MIT */
/* The job of a table that is split in two: rows that stood come over, pass by pass, until none is missing; then both are compared in one look. */
#ifndef GW_ENGINE_SPLITTING_H
#define GW_ENGINE_SPLITTING_H

#include <stdbool.h>

struct arena;
struct err;
struct job;
struct json;
struct plan;

struct split_job { struct arena *arena; const char *conninfo, *sid, *name; struct job *job; const struct plan *plan; struct json *result; };
/* False: ERR_INTERRUPTED when it was told to stop; ERR_VERIFY when the two differ. What came over stays. */
bool split_run(const struct split_job *o, struct err *e);

#endif
