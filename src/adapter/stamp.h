/* SPDX-License-Identifier: MIT */
/* The clocks of one moment, for a line of the log: the server's where there is one, and this machine's. */
#ifndef GW_ADAPTER_STAMP_H
#define GW_ADAPTER_STAMP_H

#include "adapter/journal.h"

struct arena;
struct db;
struct err;

/* db NULL or gone: t is 0 and t_why says so; that is no error. */
void stamp_take(struct db *db, struct arena *a, struct stamp *out);

#endif
