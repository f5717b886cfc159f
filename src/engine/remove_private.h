/* SPDX-License-Identifier: MIT */
/* Shared by remove.c and remove_look.c. */
#ifndef GW_ENGINE_REMOVE_PRIVATE_H
#define GW_ENGINE_REMOVE_PRIVATE_H

#include "engine/batches.h"
#include "engine/look_moment.h"
#include "adapter/ledger.h"
#include "adapter/rows_stage.h"
#include "core/permit.h"
#include "engine/remove.h"

struct rows_writer;

struct removing {
	const struct remove_order *o;
	struct db *db;                /* for looking */
	struct rows_writer *writer;
	unsigned char key[32];        /* seals permits; never leaves this process */
	struct permit_mac mac;

	struct arena *log;            /* what was read of the journal */
	struct walk walk;
	struct anchor before;         /* the ledger's last entry before the intent, as the log has it */
	int64_t read_at, ticked_at;   /* clock_mono() */

	struct arena *look;           /* one look */
	struct facts facts;
	struct moment_calendar calendar;
	struct anchor last;           /* the ledger's last entry now */
	int64_t looked_at;            /* clock_mono() */

	bool staged;
	struct snapshot_opts snap;
	struct rows_stage stage;
	int64_t done, batches;
	struct batches at;            /* where it is, and whether it waits */
	const char *skip;             /* why the next row is left, or NULL */
};

/* The journal, verified and folded, again where that is due; ERR_VERIFY when no open intent of this walk stands in it. */
bool remove_read_log(struct removing *r, struct err *e);
/* Reads the journal again where that is due, and everything that is judged before a batch; r->facts are at most a second old.
   False: e says what is missing. */
bool remove_look(struct removing *r, struct err *e);
/* May a batch be made now? What paused it must have fallen to four fifths of its limit before it goes on. */
bool remove_may(struct removing *r, struct err *e);

#endif
