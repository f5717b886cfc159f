/* SPDX-License-Identifier: MIT */
/* What the files of the drill share. Nobody else includes this. */
#ifndef GW_ADAPTER_DRILL_PARTS_H
#define GW_ADAPTER_DRILL_PARTS_H

#include "adapter/restore_parts.h"

struct drill {
	struct arena *a;
	const struct snapshot_opts *o;
	const struct manifest *m;
	struct db *db;               /* the scratch database */
	const char *conninfo;
	struct fact_drill *out;
	const char *dir;             /* of a table: where its dumps are, */
	int lock;                    /* who holds that folder, */
	char *before;                /* and the definitions before the drop */
};

/* drill.c: keeps the first reason that the drill failed; false. */
bool drill_problem(const struct drill *d, const char *what);
/* drill_added.c: behind the loading, which began then (clock_mono). */
bool drill_added(struct drill *d, int64_t began, struct err *e);

/* drill_table.c. What is run before and behind the rows. */
bool drill_table_statements(const struct drill *d, struct rows *before, struct rows *after, struct err *e);
/* The source's list without what cannot fall here. */
void drill_table_falls(const struct drill *d, const char ***falls, size_t *n);
/* Who owned it owns it here, too, as far as this login may give it and the role is there. */
bool drill_table_owners(const struct drill *d, struct err *e);
/* What the snapshot would be of the same table without a row. False: no need, all of it can stand here with its rows. */
bool drill_table_without(const struct drill *d, struct manifest *none);
/* Keeps all definitions as they stand; compare says how they differ from then ("": not at all; NULL: e). */
bool drill_table_keep(struct drill *d, struct err *e);
const char *drill_table_compare(struct drill *d, struct err *e);
void drill_table_end(struct drill *d);

#endif
