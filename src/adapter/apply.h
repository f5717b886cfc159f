/* SPDX-License-Identifier: MIT */
/* The only writer that can remove an object of the user's. Rows are not objects: those apply_rows.h removes.
   MUST 1. Send nothing without a permit that permit_check accepts for exactly this statement.
   MUST 2. Use a connection of its own, its timeouts set before BEGIN.
   MUST 3. Lock every relation the statement will lock, in one order, then spend the nonce in the same transaction; the server's
           guard gets its pass there: for this transaction and the very message of MUST 5, spent by it once.
   MUST 4. Look again under the lock in one query of at most 300 ms, and judge again; anything unknown rolls back, and so does another walk that
           changes or fills a table of this database.
   MUST 5. Remove gatewalk's own objects, run the statement and append the anchor in that transaction.
   MUST 6. Believe COMMIT only by its command tag; say "unknown" when the link is cut.
   MUST 7. Take at most three round trips from the lock to COMMIT. */
#ifndef GW_ADAPTER_APPLY_H
#define GW_ADAPTER_APPLY_H

#include "adapter/ledger.h"
#include "core/permit.h"

struct arena;
struct db;
struct err;

enum drop_result { DROP_REFUSED, DROP_NOT_DONE, DROP_DONE, DROP_UNKNOWN };   /* REFUSED: no statement was sent or all rolled back by us */

struct drop {
	const char *conninfo;               /* where; a connection of its own is opened */
	const struct plan *plan;
	const struct walk *walk;
	const struct facts *facts;          /* as judged before the lock */
	struct permit_binding binding;
	struct permit *permit;
	const struct permit_mac *mac;
	struct anchor last;                 /* the ledger's last entry before the intent */
	bool (*files_same)(void *ctx);      /* fstat of the open snapshot files; called under the lock */
	void *ctx;
};
struct drop_end { enum drop_result result; int64_t at; int64_t lock_wait_us, held_us; const char *xid; const char *why; int tries; };

/* Owned by a: strings of out. False means result is not DROP_DONE; e says why. */
bool apply_drop(struct arena *a, const struct drop *d, struct drop_end *out, struct err *e);

/* Waits up to ms until no transaction of this walk's drop is under way any more. To be asked before the ledger is believed after
   a cut or a crash: a COMMIT that is still under way shows no anchor yet. False: ERR_WAIT, it is still under way. */
bool apply_ended(struct db *db, const char *sid, int ms, struct err *e);

/* Takes NOT NULL and DEFAULT off the column, so that an application that no longer names it can go on (item 9). What was
   there is put back by restore. lock_timeout 500 ms, retried with jitter. Not destructive: no permit, but gate_change_allowed
   is demanded inside. */
bool apply_relax(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);

#endif
