/* SPDX-License-Identifier: MIT */
/* The permit for one drop. Only permit_mint makes one, it judges the gates itself, and it seals what it gave with a key
   that lives as long as the process. The writer checks the seal and every binding before it sends a byte.
   1. No permit without stage AT_DROPPING with its own open intent, and A, B and C holding at that moment.
   2. Bound to walk, plan digest, statement, snapshot, intent head, target oid and attnum.
   3. Sixty seconds by the server's clock; never before it was issued.
   4. Spent once: permit_spend marks it in memory, the writer spends its nonce in the server too. */
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
};

struct permit;   /* opaque */

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
/* Judged once more under the lock, with facts read there: C2, C3, C5, C6 (its ledger half) and identity. Refuses what it does not know. */
bool permit_rejudge(const struct permit *pm, const struct plan *p, const struct walk *w, const struct facts *under_lock, struct err *e);

#endif
