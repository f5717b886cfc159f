/* SPDX-License-Identifier: MIT */
/* Does a database look like one that people depend on? Then it is neither development nor rehearsal. */
#ifndef GW_ADAPTER_SCHEMA_REAL_H
#define GW_ADAPTER_SCHEMA_REAL_H

#include <stdbool.h>

#include "core/fact.h"

struct arena;
struct db;
struct err;

/* True for production and staging, and where nothing speaks against env. What cannot be seen refuses too. */
bool schema_may_be(struct db *db, struct arena *a, enum env env, struct err *e);

#endif
