/* SPDX-License-Identifier: MIT */
/* A snapshot's rows in a table of gatewalk's own, numbered in the order of the files, which is that of their key; and the SQL
   that compares them with the rows of the user's table. Removing, restoring and drilling share it, so that a drill tries the
   very words of the removal. Nothing here is run against the user's table. */
#ifndef GW_ADAPTER_ROWS_STAGE_H
#define GW_ADAPTER_ROWS_STAGE_H

#include "adapter/snapshot_parts.h"

struct rows_stage {
	struct arena *a;
	const struct snapshot_opts *o;
	struct manifest m;
	const char *table, *name;    /* quoted; the user's, and gatewalk's own */
	const char *join, *same;     /* SQL over t (the table) and s (the stage): same key; same content in every column */
	const char *key;             /* SQL over s: the key in words */
};

/* Checks the files' hashes against the manifest, and the manifest against o->manifest_sha256; reads how keys are compared. */
bool rows_stage_open(struct db *db, struct arena *a, const struct snapshot_opts *o, const char *path, const char *name, struct rows_stage *out, struct err *e);
/* UNLOGGED: a crash of the server empties it, and then it is filled again. Nothing is done when it holds all rows. */
bool rows_stage_fill(struct db *db, const struct rows_stage *s, struct err *e);
/* Counts its rows: all of the snapshot's? */
bool rows_stage_whole(struct db *db, const struct rows_stage *s, bool *whole, struct err *e);
bool rows_stage_drop(struct db *db, const struct rows_stage *s, struct err *e);

/* Settings of a batch's transaction: its rows are found by key, never by reading the table. */
extern const char ROWS_PLAN_SQL[];
/* Locks those rows of from < n <= to that are there, in the order of their key. */
const char *rows_lock_sql(const struct rows_stage *s, struct arena *a, int64_t from, int64_t to);
/* WITH s, d(n), l(n, key, why): removes the rows that equal the stage's by key and content; l are the others. A statement must
   follow. skip, when not NULL: nothing is removed, and that is the reason. */
const char *rows_delete_sql(const struct rows_stage *s, struct arena *a, int64_t from, int64_t to, const char *skip);

#endif
