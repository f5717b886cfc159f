/* SPDX-License-Identifier: MIT */
/* What the files of restore share. Nobody but them and the drill includes this. */
#ifndef GW_ADAPTER_RESTORE_PARTS_H
#define GW_ADAPTER_RESTORE_PARTS_H

#include "adapter/snapshot_parts.h"

#define LISTED_MAX 1000   /* rows that are named in restore_end.left */

struct restore {
	struct arena *a;
	const struct snapshot_opts *o;
	struct db *db;
	struct manifest m;
	bool drill;                     /* a scratch database: the tables that foreign keys point to are empty */
	const char *table, *column;     /* quoted */
	const char *staging, *control;  /* gatewalk's own tables: the rows while they are placed, and how far it is */
	const char **own;               /* staging's name of each column of the files: k1.., v, o1.. */
	bool *there;                    /* the table still has this column */
	struct restore_end *end;
	size_t cap;
	int64_t missed;                 /* values that the table did not take, though nothing stood against it */
	bool attached;                  /* a partition that has its place again */
	bool *not_back;                 /* of a table: which of m.back were left, or have no place in a drill */
};

/* restore.c; drill: as above. */
bool restore_run(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, bool drill, struct restore_end *out, struct err *e);
/* restore_table.c: the same of a whole table. */
bool restore_table_run(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, bool drill, struct restore_end *out, struct err *e);
/* restore_compare.c: what is not as it was in the snapshot, into left. */
bool restore_compare(struct restore *r, unsigned relid, struct err *e);
/* One statement that waits for a lock 500 ms at most and is tried again with jitter, some 60 times. */
bool restore_locked(struct restore *r, const char *sql, int ms, struct err *e);
void restore_left(struct restore *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* restore_rows.c: those of the stage's first n rows for which filter (SQL over s) holds. */
struct rows_stage;
bool rows_put_back(struct restore *r, const struct rows_stage *s, const char *filter, int64_t n, struct err *e);

/* restore_stage.c */
bool stage_find(struct restore *r, struct err *e);       /* its name, and whether rows stand in it whole */
bool stage_fill(struct restore *r, struct err *e);       /* nothing when it is already there */
bool stage_drop(struct restore *r, struct err *e);

/* restore_fill.c */
bool restore_fill(struct restore *r, struct err *e);
/* restore_back.c: the statements of these kinds. */
bool restore_rest(struct restore *r, enum back_kind from, enum back_kind to, struct err *e);

#endif
