/* SPDX-License-Identifier: MIT */
/* The ledger of removed rows: gatewalk.removal has a row for each batch that was committed, removal_left one for each row of the
   snapshot that was left. What stands there is what happened; a job's word is not. */
#ifndef GW_ADAPTER_REMOVAL_H
#define GW_ADAPTER_REMOVAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

struct removal { int64_t batches, done, removed, left, began, ended; const char *xid; };   /* done: rows gone through; times by the server; xid of the last */

/* ERR_VERIFY when the batches do not follow each other, or one does not bear the nonce that belongs to this intent. */
bool removal_read(struct db *db, struct arena *a, const char *sid, const char *intent_nonce, struct removal *out, struct err *e);
struct removal_row { const char *key, *why; };
/* The rows that were left, in the order of their key; at most max. */
bool removal_rows(struct db *db, struct arena *a, const char *sid, int max, struct removal_row **out, size_t *n, struct err *e);
/* Spends the nonce of the batch that would come next, so that none can come any more, whoever is still at work. Waits for a
   batch under way. Idempotent. */
bool removal_close(struct db *db, struct arena *a, const char *sid, const char *intent_nonce, int64_t batches, struct err *e);

#endif
