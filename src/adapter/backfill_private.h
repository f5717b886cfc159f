/* SPDX-License-Identifier: MIT */
/* Shared by backfill.c (the row and the batches), backfill_try.c, backfill_sample.c and backfill_reject.c. */
#ifndef GW_ADAPTER_BACKFILL_PRIVATE_H
#define GW_ADAPTER_BACKFILL_PRIVATE_H

#include "adapter/backfill.h"

#define BACKFILL_MS 60000   /* ours; the server's own timeout comes first */
#define BACKFILL_ROW "3s"   /* a row that takes longer is a reject */

/* Which column is filled, not quoted: of two side by side the new one. */
const char *backfill_column(const struct plan *p);
/* Some rows, tried in the transaction that is open, and each rolled back. *unfit: what speaks against the expression, or the table. */
bool backfill_sample(struct backfill *b, struct arena *a, const char **unfit, struct err *e);
/* "(block,line)" as a literal of type tid. */
const char *backfill_tid(struct arena *a, int64_t at);
/* SQL, boolean, over the row: is this version of it a known reject? */
const char *backfill_rejected(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf);
/* SQL, boolean, over the row: has it no value yet, and is one to come? leaf: where it stands, for its rejects, which are passed over. */
const char *backfill_todo(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf);
/* UPDATE ONLY leaf ... WHERE cond RETURNING returning. */
const char *backfill_update(const struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *cond, const char *returning);
/* SQL, boolean, over the row behind the UPDATE: has it still no value, or another one? */
const char *backfill_still(const struct backfill *b, struct arena *a);
/* The identity of what is filled by what, kept in the row. */
const char *backfill_spec(struct arena *a, const struct plan *p);
bool backfill_open_tx(struct backfill *b, struct arena *a, struct err *e);
/* Writes where it is, as the batch behind the last, and commits. set: SQL assignments. leaf NULL: no table is named. */
bool backfill_close_tx(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *set, struct err *e);
/* Rolls back what failed, and frees the arena of the transaction. Returns ok. */
bool backfill_ended(struct backfill *b, struct arena *a, bool ok);
/* The one row at that place: locked as it is, filled with what fill says of it, else *rejected with why. *there: it is that version. */
bool backfill_try_row(struct backfill *b, struct arena *a, const struct backfill_leaf *leaf, const char *where, bool *there, int64_t *filled, struct err *why, struct err *e);

#endif
