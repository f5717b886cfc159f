/* SPDX-License-Identifier: MIT */
/* Work of a job that is one transaction, which may take hours, over all of a table. What the operator says and the plan's pause conditions hold for it as for a
   batch, looked at over a second connection meanwhile: it is let go of, and with it its transaction, and begins anew when it may. */
#ifndef GW_ENGINE_BATCHES_LONG_H
#define GW_ENGINE_BATCHES_LONG_H

#include <stdbool.h>

struct batches;
struct db;
struct err;
struct throttle;

struct batches_long {
	const struct batches *at;
	struct throttle *throttle;
	struct db *db;                                   /* where the work runs, and is cancelled */
	unsigned relid;
	bool (*work)(void *ctx, struct err *e);          /* in a thread of its own */
	struct db *(*aside)(void *ctx, struct err *e);   /* the second connection; closed here */
	void *ctx;
};

/* What work says. Where it was let go of: ERR_GATE with the condition that pauses it; ERR_INTERRUPTED where the operator pauses or stops it, as the next tick
   tells; ERR_DB_CONNECT or ERR_DB_LOST where the second connection fails, though db may be well. */
bool batches_long(const struct batches_long *l, struct err *e);

#endif
