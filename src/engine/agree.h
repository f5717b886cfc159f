/* SPDX-License-Identifier: MIT */
/* Log and database brought together again, by a person's signed word. Nothing here happens by itself, and what cannot be shown
   to be this walk's own ledger, or its own target, is refused. */
#ifndef GW_ENGINE_AGREE_H
#define GW_ENGINE_AGREE_H

#include "engine/engine.h"

/* Shows what is known, one sentence a line, and gives what the operator typed for `word`, and why. Strings live until the call
   that asked returns. False: no answer, with e. */
struct agree_answer { const char *typed, *why; };
struct asker {
	bool (*ask)(void *ctx, const char *const *said, size_t n, const char *word, struct agree_answer *out, struct err *e);
	void *ctx;
};

/* The database is behind its log (failover with loss, restored from a backup): goes on with what it has. The walk is open after. */
bool engine_resync(struct engine *g, const char *walk, const struct asker *by, struct err *e);
/* The walk goes on in a database of another identity (pg_upgrade, dump and restore) that holds its ledger; the mark goes along. */
bool engine_rebind(struct engine *g, const char *walk, const struct asker *by, struct err *e);
/* The mark alone, where no open walk is to go along. */
bool engine_rebind_mark(struct engine *g, const struct asker *by, struct err *e);
/* What the last of these did, in one sentence. */
const char *engine_agreed(const struct engine *g);

#endif
