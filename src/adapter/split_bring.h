/* SPDX-License-Identifier: MIT */
/* Brings over the rows that stood before a table was split, block by block, beside reads and writes. Called by a job, and only while the ledger says that the
   split was signed. Each batch is its own transaction and waits for no row: what somebody holds comes by his own write, or in a later pass. What came over
   is there; begun anew, nothing is done twice. */
#ifndef GW_ADAPTER_SPLIT_BRING_H
#define GW_ADAPTER_SPLIT_BRING_H

#include <stdbool.h>
#include <stdint.h>

#include "core/split.h"

struct arena;
struct db;
struct err;
struct plan;

/* db: one session, which alone fills or changes a table meanwhile (writer.h). */
struct split_bring { struct db *db; struct split_form form; unsigned relid; const char *leaf; };
/* A session of the job; NULL with e. */
struct db *split_link(const char *conninfo, struct err *e);
/* The session that works. form is owned by a. False: b->db may stand, and is the caller's to close. */
bool split_login(struct split_bring *b, struct arena *a, const char *conninfo, const char *sid, const struct plan *p, struct err *e);
/* How many blocks the table has now. */
bool split_blocks(struct split_bring *b, int64_t *blocks, struct err *e);
/* Blocks from..to-1: how many rows came over, and how long it took, us. */
bool split_batch(struct split_bring *b, int64_t from, int64_t to, int64_t *rows, int64_t *took_us, struct err *e);
/* Old rows that are not there yet. */
bool split_missing(struct split_bring *b, int64_t *rows, struct err *e);
/* In one look: old rows that are not there yet, new ones without an old one, and pairs that differ. */
struct split_counts { int64_t missing, extra, differing; };
bool split_counted(struct split_bring *b, struct split_counts *out, struct err *e);
/* Says on the new table that every row has come over: the walk goes on by that. */
bool split_finish(struct split_bring *b, struct err *e);

#endif
