/* SPDX-License-Identifier: MIT */
/* The target's catalogue as pairs (name, value): the one reading that probe_target and the look under the lock share. */
#ifndef GW_ADAPTER_PROBE_TARGET_H
#define GW_ADAPTER_PROBE_TARGET_H

#include "adapter/probe.h"
#include "port/db.h"

/* Asks for the target's pairs and, in the same query, for more: "UNION ALL SELECT name, value, 1000 ..." or "". Further
   arguments begin at $4. */
struct pairs_query { const struct plan *plan; const char *more; const char *const *args; int nargs; int ms; bool kept; };
bool target_pairs(struct db *db, struct arena *a, const struct pairs_query *q, struct rows *out, struct err *e);
/* The value of the first pair of that name, or NULL. */
const char *pairs_get(const struct rows *r, const char *name);
/* Is this, in the server's words, one of the foreign keys that are taken off before the drop, so that it does not fall? */
bool target_lets_go(const struct fact_target *t, const char *what);
/* Fills in out from the target's pairs. */
void target_read(struct arena *a, const struct plan *p, const struct rows *r, struct fact_target *out);

#endif
