/* SPDX-License-Identifier: MIT */
/* Shared by apply.c, apply_rows.c and apply_look.c. */
#ifndef GW_ADAPTER_APPLY_PRIVATE_H
#define GW_ADAPTER_APPLY_PRIVATE_H

#include "adapter/apply.h"
#include "adapter/locked.h"

/* Plans that look, before the lock (locked_ready). */
bool apply_ready(struct db *db, struct arena *a, const struct drop *d, struct err *e);
/* What is seen under the lock: d->facts with the groups renewed that can have changed since; and this transaction's id. */
bool apply_look(struct db *db, struct arena *a, const struct drop *d, struct facts *out, const char **xid, struct err *e);

#endif
