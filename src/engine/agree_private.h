/* SPDX-License-Identifier: MIT */
/* What agree.c and agree_look.c share. */
#ifndef GW_ENGINE_AGREE_PRIVATE_H
#define GW_ENGINE_AGREE_PRIVATE_H

#include "adapter/place.h"
#include "engine/engine_private.h"

#define SAID_MAX 16

/* Both sides, as they stand. */
struct sides {
	struct arena *a;
	struct place here;
	struct fact_server server;
	struct fact_mark mark;
	struct fact_target target;
	struct anchor last;          /* the last entry that log and ledger have in common */
	int64_t mirrored;
	const struct record *newest; /* the log's last line that knows the server's clock */
	bool adds, add_lost, drop_lost, again;       /* again: the first snapshot does not count any more */
	enum stage to;
	unsigned relid;              /* a rebind's: the table's number here, and the column's */
	int attnum;
	const char *said[SAID_MAX];
	size_t n;
};

/* Reads both sides of the open walk. */
bool agree_look(struct engine *g, struct sides *s, struct err *e);
/* Where a resync, or a rebind, leads to; refuses what is not known to be safe. */
bool agree_resync_leads(struct engine *g, struct sides *s, struct err *e);
bool agree_rebind_leads(struct engine *g, struct sides *s, struct err *e);
/* The sentences. */
void agree_say_sides(struct engine *g, struct sides *s);
void agree_say_mark(struct sides *s);
void agree_say_end(struct engine *g, struct sides *s);

#endif
