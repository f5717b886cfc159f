/* SPDX-License-Identifier: MIT */
/* Shared by drop.c, drop_rows.c and those who start or take in what they do. */
#ifndef GW_ENGINE_DROP_PARTS_H
#define GW_ENGINE_DROP_PARTS_H

#include "adapter/apply.h"
#include "engine/engine_private.h"

struct snapshot_hold;

/* drop.c: the line that ends an intent. b holds what the kind of target adds, and is completed. */
bool drop_outcome(struct engine *g, bool dropped, const struct drop_end *end, struct json *b, struct err *e);

/* Right behind the intent, everything again, the files with it. The audit too: while the passphrase was typed somebody may have made
   a view that reads the whole row. */
bool drop_look(struct engine *g, struct snapshot_hold *files, struct err *e);

/* drop_rows.c */
/* Right behind the intent: judges all gates again, then starts the job; or ends the intent. */
bool rows_begin(struct engine *g, struct snapshot_hold *files, struct err *e);
/* A job of the removal has ended in this state: its outcome. */
bool rows_taken(struct engine *g, const char *state, const struct json *result, struct err *e);
bool rows_settle(struct engine *g, struct err *e);
/* Acts, after a job that failed: go on, or end it here. */
bool rows_resume(struct engine *g, const struct act *act, struct err *e);
bool rows_end(struct engine *g, const struct act *act, struct err *e);

#endif
