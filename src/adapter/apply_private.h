/* SPDX-License-Identifier: MIT */
/* Shared by apply.c and apply_look.c. */
#ifndef GW_ADAPTER_APPLY_PRIVATE_H
#define GW_ADAPTER_APPLY_PRIVATE_H

#include "adapter/apply.h"

/* The longest that the one query under the lock may take. */
#define LOOK_MS 300

/* What is seen under the lock: d->facts with the groups renewed that can have changed since; and this transaction's id. */
bool apply_look(struct db *db, struct arena *a, const struct drop *d, struct facts *out, const char **xid, struct err *e);
/* Are these exactly the relations that were locked? A foreign key more or less since then is drift. */
bool apply_same_locks(const struct fact_target *locked, const struct fact_target *seen);

#endif
