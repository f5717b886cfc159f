/* SPDX-License-Identifier: MIT */
/* A plan's file: read into struct plan, every error with its place, all in one run; and written from flags. */
#ifndef GW_ADAPTER_PLANFILE_H
#define GW_ADAPTER_PLANFILE_H

#include "core/plan.h"

struct arena;
struct err;

/* Reads and judges. *errs (owned by a, sorted by place) holds syntax, unknown fields, bad values and plan_judge's findings.
   NULL only when the file cannot be read at all (e set) or errs is not empty. */
struct plan *planfile_load(struct arena *a, const char *path, struct plan_error **errs, size_t *n_errs, struct err *e);
/* The same from bytes (a plan kept in a log); name is for messages. */
struct plan *planfile_parse(struct arena *a, const char *name, const char *text, size_t len, struct plan_error **errs, size_t *n_errs);

/* What `gatewalk new` was told; NULL or 0 leaves a field to be filled in by hand, with a comment that says so. */
struct plan_draft {
	const char *recipe, *name, *schema, *table, *column, *type, *def, *where, *why, *zone;   /* type and def: of a new column; where: which rows, or a check */
	const char *to, *convert;                              /* of two side by side: the new column, and how a value goes over; of a constraint its name, and what fills a null */
	const char *columns;                                   /* of an index: what it is of */
	const char *back;                                      /* of a change of type: the way back of a value */
	bool of_enum;                                          /* of a change of type: one value of an enum is replaced */
	const char **falls; size_t n_falls; bool has_falls;    /* looked up on the server */
	const char **deploys; size_t n_deploys;
	const char **sources; size_t n_sources;                /* folders, from / on */
	const char *before;                                    /* what stands there, when looked up */
};
/* The commented YAML text of a new plan, owned by a. What was given comes out again exactly when read back. */
char *planfile_write(struct arena *a, const struct plan_draft *d);

#endif
