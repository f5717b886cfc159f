/* SPDX-License-Identifier: MIT */
/* The permit for one drop, for one batch of removed rows, or for one change of the table (enum change): a column that comes or goes again, the
   trigger beside it, what the old column asks for. Only permit_mint makes one, it judges the gates itself, and it seals what it gave with a key
   that lives as long as the process. The writer checks the seal and every binding before it sends a byte.
   1. No permit without stage AT_DROPPING with its own open intent, and A, B and C holding at that moment; for a change of the table
      AT_CHANGING or AT_ENDING with its own open change, what gate_alter_allowed asks of it, and for a column that goes again its number.
   2. Bound to walk, plan digest, statement, snapshot, intent head, target oid and attnum, and to the number of its batch.
   3. Sixty seconds by the server's clock; never before it was issued.
   4. Spent once: permit_spend marks it in memory, the writer spends its nonce in the server too.
   5. Rows are removed in batches under one intent, which a person signed. All gates are judged at the intent; each batch has
      a permit of its own, for which A6, C3, C4, C5 and C6 hold. C1 and C2 are the intent's: how old the proof is says nothing
      of the rows still to come, since each is compared with the snapshot, key and content, in the statement that removes it.
      The first batch must come before the intent expires; later ones as long as the intent stands without an outcome. */
#ifndef GW_CORE_PERMIT_H
#define GW_CORE_PERMIT_H

#include "base/when.h"
#include "core/gate.h"

#define PERMIT_LIFE (60 * US_SECOND)

/* Keyed hash over data: fills 32 bytes. Given from outside, since this layer links no library. */
struct permit_mac { void (*mac)(void *key, const void *data, size_t len, unsigned char out[32]); void *key; };

struct permit_binding {
	const char *sid, *plan_digest, *statement, *snapshot_sha256, *intent_head, *nonce;
	unsigned relid;
	int attnum;
	int64_t intent_n;
	int64_t batch;                /* of removed rows: 1, 2, ...; else 0 */
};

struct permit;   /* opaque */

/* What the walk's open intent or change speaks of: the number of the plan's own column (0 of a table, rows and a plan whose column comes),
   of a column that goes again its own; the statement as plan, log and facts make it, "" where one of them lacks for it. */
int permit_attnum(const struct walk *w);
const char *permit_statement(struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f);

/* The nonce of one batch: that of the intent, and the batch's number. Owned by a. */
const char *permit_batch_nonce(struct arena *a, const char *intent_nonce, int64_t batch);

/* NULL with ERR_GATE, ERR_WAIT or ERR_VERIFY when it may not be. b must match the walk's open intent. Owned by a. */
struct permit *permit_mint(struct arena *a, const struct plan *p, const struct walk *w, const struct facts *f,
	const struct permit_binding *b, const struct permit_mac *mac, struct err *e);
/* True when the seal is good, the bindings are exactly b, now lies in [issued, issued + PERMIT_LIFE], and it is unspent. */
bool permit_check(const struct permit *pm, const struct permit_binding *b, int64_t now, const struct permit_mac *mac, struct err *e);
/* permit_check, then marks it spent: a second call refuses. */
bool permit_spend(struct permit *pm, const struct permit_binding *b, int64_t now, const struct permit_mac *mac, struct err *e);
/* Its size in bytes, so that a test can alter each of them. */
size_t permit_size(void);
int64_t permit_expires(const struct permit *pm);
/* Judged once more under the lock, with facts read there: C2 (not of rows), C3, C5, C6 (its ledger half) and identity;
   for a change C6, and A1 and C3 where a column or its trigger comes, B4 and C3 where the old one is relaxed, B3 and B4 where dual write
   ends; and the statement, once more, by what is seen there. Refuses what it does not know. */
bool permit_rejudge(const struct permit *pm, const struct plan *p, const struct walk *w, const struct facts *under_lock, struct err *e);

#endif
