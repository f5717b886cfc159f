/* SPDX-License-Identifier: MIT */
/* Fills a new column in the rows that stand, a range of blocks at a time. Each batch is one transaction that also writes how far it
   is, so a crash at any moment loses nothing and does nothing twice. It compares no keys: a table is walked by the places of its rows
   (TID ranges), whatever its key is, each partition and child in the order of their oids.
   The value is worked out by the UPDATE itself, on the version of the row that it locks: nothing older than the row is written, and
   with fills: nulls nothing is ever written over.
   Of two columns side by side, with fills: differences, a row is filled where neither value is what the other makes. A large range goes in four strips, each a transaction: the dead versions that one
   leaves make room on the same pages for the next, so most updates touch no index.
   A row that moved meanwhile is found by a later pass; a count in one look of the server's proves that none is left.
   It sets gatewalk.backfill to the walk's id in its session, for triggers that are not to answer it. */
#ifndef GW_ADAPTER_BACKFILL_H
#define GW_ADAPTER_BACKFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/fact.h"
#include "core/plan.h"
#include "port/db.h"

struct arena;
struct err;

#define BACKFILL_STRIPS 4
#define BACKFILL_BLOCK INT64_C(65536)   /* positions: block * BACKFILL_BLOCK + line */

/* One table that holds rows: the target itself, a partition, a child. */
struct backfill_leaf { unsigned oid; const char *name; int64_t blocks; double rows; };   /* rows -1: never analyzed */

/* gatewalk.backfill's row. */
struct backfill_row {
	int pass;
	unsigned leaf;                /* 0: before the first */
	int64_t at, upto, range_to;
	int strip;                    /* the next one up to range_to; 0: a new range */
	bool pass_over;
	int64_t batches, filled, pass_filled, passed_by;   /* passed_by: ranges whose rows others held */
	int64_t left;                 /* -1 not counted */
	int64_t rejects, older;       /* older: refused by another expression than the plan's now */
	int64_t timeline;             /* on which it is filled; 0 not known */
};

struct backfill {
	struct db *db;                /* the caller's; may be exchanged after a new login */
	struct arena *a;              /* as long as the backfill */
	const struct plan *plan;
	const char *sid;
	unsigned relid;
	int attnum;
	const char *alias, *column;   /* quoted: the table's own name, by which the plan's expression may know it; the column */
	const char *key, *shown;      /* SQL over a row, in words: its key, and the columns that the expression reads */
	const char *type;             /* the column's, as SQL */
	const char *other, *other_type;   /* of two side by side with a way back: what that makes a value for, quoted; else NULL */
	bool strict;                  /* while rows are tried for two side by side: a value that is another one behind the update counts as none */
	const char *triggers;         /* the application's on UPDATE, by name; "" none */
	int line_max;                 /* no row of a block stands behind this line */
	struct backfill_leaf *leaves;
	size_t n_leaves;
	struct backfill_row row;
};

/* A session whose timeouts are these, whatever the role's are. */
struct db *backfill_connect(const char *conninfo, const char *sid, int batch_ms, struct err *e);
/* Finds the target and judges the plan's expression: shape, type, volatility; tries some rows and rolls back. *unfit: why it cannot be
   used, and what to do; NULL when it can. Makes temporary views and rolls them back. */
bool backfill_try(struct db *db, struct arena *a, const struct plan *p, const char *sid, struct backfill *out, const char **unfit, struct err *e);
/* The timeline that it was filled on last; 0 when it never was. */
bool backfill_timeline(struct db *db, const char *sid, int64_t *tli, struct err *e);
/* Reads the row, makes it when there is none, or anew when the expression or the target is another one; and the leaves. Another
   expression forgets how far it was, but no reject of the same column; what was filled to its end is only counted anew. One session a
   table: ERR_WAIT when another one fills it. */
bool backfill_begin(struct backfill *b, int64_t timeline, struct err *e);
bool backfill_read(struct backfill *b, struct err *e);
/* Of the pass, 0 to 1; and how many rows that are, -1 when the server does not know. */
double backfill_share(const struct backfill *b, double *rows);
const struct backfill_leaf *backfill_at(const struct backfill *b);   /* NULL before the first, and where it is gone */

/* Each is a transaction. False: nothing of it was done, or (ERR_DB_LOST) it is not known; the caller logs in and reads the row. */
struct backfill_end { int64_t filled, kept, still, took_us; };   /* kept: the new version stayed in the range; still: a trigger took the value away again */
/* The next leaf, or the pass is over. */
bool backfill_next(struct backfill *b, struct err *e);
/* All rows of row.at up to `to`, or one strip of them. */
bool backfill_fill(struct backfill *b, int64_t to, bool strips, struct backfill_end *out, struct err *e);
/* The range's rows are held by others: a later pass comes to them. */
bool backfill_pass_by(struct backfill *b, int64_t to, struct err *e);
/* The one row at row.at: filled, or a reject; one on which the statement's time is over is a reject, too. */
bool backfill_one(struct backfill *b, bool *rejected, struct err *e);
/* Counts the rows without a value in one look, rejects apart. A row on which the expression raises makes *left -1. */
bool backfill_count(struct backfill *b, int64_t *left, struct err *e);
/* Another pass from the beginning. */
bool backfill_again(struct backfill *b, struct err *e);
/* Those that a whole pass did not change are rejects: something takes the value away. */
bool backfill_give_up(struct backfill *b, const char *why, struct err *e);

/* The next reject behind *n tried again, all of them or those of older expressions: gone from the list when its row took the value, or is
   not that version any more. *more: there may be another one. */
bool backfill_retry(struct backfill *b, bool all, int64_t *n, bool *more, struct err *e);
struct backfill_reject { int64_t n; const char *key, *value, *sqlstate, *error; };
bool backfill_rejects(struct db *db, struct arena *a, const char *sid, int max, struct backfill_reject **out, size_t *n, struct err *e);
/* All of them as CSV (RFC 4180), a row a call; the first names the columns: key, value, sqlstate, error. Needs no memory for them. */
bool backfill_export(struct db *db, const char *sid, db_sink *sink, void *ctx, struct err *e);

/* For B3 and the screen. Of another expression or target than the plan's: not begun. */
bool backfill_look(struct db *db, struct arena *a, const struct plan *p, const char *sid, unsigned relid, struct fact_backfill *out, struct err *e);

#endif
