/* SPDX-License-Identifier: MIT */
/* The writer of a new column: it comes, and what came by this walk goes again. No other object of the user's is touched here; one that is
   built on the column is in the way, and nothing falls with it.
   MUST 1. Send nothing without a permit that permit_check accepts for exactly this statement; one that takes away names the column's number.
   MUST 2. Before a column comes, try its statement on an empty table of the same columns: what rewrites the table or reads all of it is not run.
   MUST 3. Use a connection of its own, its timeouts set before BEGIN; wait 500 ms for the lock at most, so that nobody queues behind it for longer,
           and try again with jitter for 20 s at most, naming who holds it.
   MUST 4. Look again under the lock in one query of at most 300 ms, and judge again; anything unknown rolls back.
   MUST 5. Run the statement, append the anchor and prove both by the last statement, all in that transaction.
   MUST 6. Believe COMMIT only by its command tag; say "unknown" when the link is cut. Then the anchor alone decides. */
#ifndef GW_ADAPTER_ADDITION_H
#define GW_ADAPTER_ADDITION_H

#include "adapter/apply.h"

struct addition {
	const char *conninfo;               /* where; a connection of its own is opened */
	const struct plan *plan;
	const struct walk *walk;
	const struct facts *facts;          /* as judged before the lock */
	struct permit_binding binding;
	struct permit *permit;
	const struct permit_mac *mac;
	struct anchor last;                 /* the ledger's last entry before the change */
	void (*held)(void *ctx, const struct fact_blocker *by);   /* told after each try that met a lock; or NULL */
	void *ctx;
};
/* attnum: of the column that came. blocker: who held the table when it was tried last; at 0: nobody did. */
struct addition_end { enum drop_result result; int attnum; int64_t at, lock_wait_us, held_us; const char *xid, *why; int tries; struct fact_blocker blocker; };

/* Owned by a: strings of out. False means result is not DROP_DONE; e says why. */
bool addition_run(struct arena *a, const struct addition *o, struct addition_end *out, struct err *e);
/* What became of the walk's open change, by the anchor and the catalogue. Ask apply_ended before. */
bool addition_settle(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, struct addition_end *out, struct err *e);
/* How many rows have a value in the column that is not its default: what would be lost with it. Reads the whole table, ms at most. */
bool addition_values(struct db *db, struct arena *a, const struct plan *p, int ms, int64_t *out, struct err *e);

#endif
