/* SPDX-License-Identifier: MIT */
/* The only writer that removes rows of the user's: one batch, one transaction, one permit.
   MUST 1. Send nothing without a permit that permit_check accepts for exactly this statement and this batch.
   MUST 2. Use a connection of its own, its timeouts set at its login and seen again before each BEGIN. Between two batches no
           transaction is open.
   MUST 3. Take the walk's lock of the ledger, ROW EXCLUSIVE on the table (so that nothing about it changes), and spend the nonce,
           in the transaction of the batch.
   MUST 4. Look again in that transaction in one query of at most 300 ms, and judge again; anything unknown rolls back.
   MUST 5. Remove only rows that equal the snapshot's, key and content, as the server sees them when it removes them. Write down
           each of the others with its reason. A batch that does not account for every one of its rows rolls back.
   MUST 6. Write the batch's row of the ledger in that transaction, and only as the one that follows the last; the first batch's
           also appends the intent's anchor.
   MUST 7. Believe COMMIT only by its command tag. After "unknown" nothing is sent before the ledger was asked. */
#ifndef GW_ADAPTER_APPLY_ROWS_H
#define GW_ADAPTER_APPLY_ROWS_H

#include "adapter/apply.h"

struct rows_stage;
struct rows_writer;   /* opaque: its connection */

struct rows_batch {
	const struct plan *plan;
	const struct walk *walk;
	const struct facts *facts;          /* as judged before the transaction */
	const struct rows_stage *stage;
	struct permit_binding binding;
	struct permit *permit;
	const struct permit_mac *mac;
	struct anchor last;                 /* the ledger's last entry: before the intent for batch 1, then the intent's */
	int64_t from_n, to_n;               /* the stage's rows from_n < n <= to_n */
	const char *skip;                   /* NULL; else the reason for which these rows are left */
};
struct rows_batch_end { enum drop_result result; int64_t removed, left, held_us; int tries; const char *why; };

/* Logs in; ERR_GATE behind a pooler or on a standby. */
struct rows_writer *rows_writer_open(const char *conninfo, struct err *e);
void rows_writer_close(struct rows_writer *w);
bool rows_writer_alive(const struct rows_writer *w);
/* False: result is not DROP_DONE; e says why. Locks that are not free within 500 ms are tried again, some times. */
bool apply_rows(struct rows_writer *w, struct arena *a, const struct rows_batch *b, struct rows_batch_end *out, struct err *e);

#endif
