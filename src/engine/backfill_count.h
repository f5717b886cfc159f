/* SPDX-License-Identifier: MIT */
/* The count that proves that no row is left: one statement, which may take hours, over all of the table. What the operator says and the
   plan's pause conditions hold for it as for a batch, looked at over a second connection meanwhile: it is let go of, and with it its
   transaction, and begins anew when it may. */
#ifndef GW_ENGINE_BACKFILL_COUNT_H
#define GW_ENGINE_BACKFILL_COUNT_H

#include <stdbool.h>
#include <stdint.h>

struct backfill;
struct batches;
struct err;
struct plan;
struct throttle;

struct counting {
	struct backfill *b;
	const struct batches *at;
	const char *conninfo;
	const struct plan *plan;
	int batch_ms;
	struct throttle *throttle;
};

/* False with ERR_GATE and the reason when a condition pauses it; with ERR_WAIT when the operator does. */
bool counting_run(const struct counting *c, int64_t *left, struct err *e);

#endif
