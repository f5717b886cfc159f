/* SPDX-License-Identifier: MIT */
/* The job that builds an index: adapter/index.h, again and again while the link is lost or another walk works, until it stands. */
#ifndef GW_ENGINE_INDEX_H
#define GW_ENGINE_INDEX_H

#include <stdbool.h>

struct arena;
struct err;
struct job;
struct json;
struct plan;

/* result gets bytes and took_us. While the operator pauses it nothing is built and nothing unfinished stands: it begins anew. */
struct index_job { struct arena *arena; const char *conninfo, *sid, *name; struct job *job; const struct plan *plan; struct json *result; };
bool index_run(const struct index_job *o, struct err *e);

#endif
