/* SPDX-License-Identifier: MIT */
/* The one writer of every change of a table that is no drop (enum change): a new column or a constraint comes, and goes again; the trigger that writes both columns;
   what the old column asks for. Nothing of the user's but the plan's column is touched here; what is built on a column that goes is in the way, and nothing falls with it.
   MUST 1. Send nothing without a permit that permit_check accepts for exactly this statement; one that takes a column away names the column's number.
   MUST 2. Before a column comes, try its statement on an empty table of the same columns: what rewrites the table or reads all of it is not run.
   MUST 3. Use a connection of its own, its timeouts set before BEGIN; wait 500 ms for the lock at most, so that nobody queues behind it for longer,
           and try again with jitter for 20 s at most, naming who holds it.
   MUST 4. Look again under the lock in one query of at most 300 ms, and judge again; anything unknown rolls back, and so does, of a change that goes on, another
           walk that changes or fills a table of this database. A step back waits for nobody.
   MUST 5. Run the statement, append the anchor and prove both by the last statement, all in that transaction.
   MUST 6. Believe COMMIT only by its command tag; say "unknown" when the link is cut. Then the anchor alone decides.
   MUST 7. Of what puts the old column back only the first statement runs under that lock. The others look at every row: they run behind COMMIT, each for
           itself, and only as the log has kept them. What is left of them after a crash is run by alter_rest.
   What the changes have of their own stands in one table, alter_form.c; of a constraint in alter_rule.c. What asks every row of it takes a lock beside which
   reads and writes go on, and alone may take longer than 5 s. */
#ifndef GW_ADAPTER_ALTER_H
#define GW_ADAPTER_ALTER_H

#include "adapter/apply.h"
#include "adapter/dualwrite.h"

struct alter {
	const char *conninfo;               /* where; a connection of its own is opened */
	const struct plan *plan;
	const struct walk *walk;
	const struct facts *facts;          /* as judged before the lock */
	struct permit_binding binding;
	struct permit *permit;
	const struct permit_mac *mac;
	struct anchor last;                 /* the ledger's last entry before the change */
	const struct dualwrite_sql *dual;   /* of the trigger's changes; else NULL */
	void (*held)(void *ctx, const struct fact_blocker *by);   /* told after each try that met a lock; or NULL */
	void *ctx;
};
/* attnum: of the column that came. blocker: who held the table when it was tried last; at 0: nobody did. left: why not all that looks at the rows that
   stand was run; NULL it was. */
struct alter_end { enum drop_result result; int attnum; int64_t at, lock_wait_us, held_us; const char *xid, *why, *left; int tries; struct fact_blocker blocker; };

/* Owned by a: strings of out. False means result is not DROP_DONE; e says why. */
bool alter_run(struct arena *a, const struct alter *o, struct alter_end *out, struct err *e);
/* What is left to be run of what puts the old column back: its keys and its NOT NULL hold for what is written from then on, and not yet for every row that
   stands. Nothing left is fine. */
bool alter_rest(const char *conninfo, struct arena *a, const struct walk *w, struct err *e);
/* What became of the walk's open change, by the anchor and the catalogue. Ask apply_ended before. */
bool alter_settle(struct db *db, struct arena *a, const struct plan *p, const struct walk *w, struct alter_end *out, struct err *e);
/* How many rows have a value in the new column that stands nowhere else: that is not its default, or not what the old column makes. What would be
   lost with it. Reads the whole table, ms at most. */
bool alter_values(struct db *db, struct arena *a, const struct plan *p, int ms, int64_t *out, struct err *e);

#endif
