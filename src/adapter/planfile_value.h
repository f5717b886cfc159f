/* SPDX-License-Identifier: MIT */
/* One value of a plan's file, from text into its place in memory. Used by planfile.c only. */
#ifndef GW_ADAPTER_PLANFILE_VALUE_H
#define GW_ADAPTER_PLANFILE_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "adapter/planfile_fields.h"
#include "core/plan.h"
#include "port/yaml.h"

struct arena;

#define PLANFILE_LIST_MAX 10000   /* a table of some thousand partitions names each under falls */

struct planfile_reading {
	struct arena *a;
	struct plan *p;
	struct plan_error **errs;
	size_t *n_errs, cap_errs, cap_marks;
	struct mark *bad;       /* fields that were given and could not be read */
	size_t n_bad, cap_bad;
};

/* A field as it was found: its row, its path with indices, the struct it goes into, and its node. */
struct planfile_slot { const struct field *field; const char *path; char *base; const struct ynode *node; };

/* An error that is not about a field's value. */
void planfile_error(struct planfile_reading *r, struct mark at, const char *what, const char *instead);
/* An error about the value of the field at this place; what else is wrong with it need not be told. */
void planfile_refuse(struct planfile_reading *r, struct mark at, const char *what, const char *instead);
/* Where a node's field stands. */
struct mark planfile_place(const struct ynode *node);
bool planfile_is_blank(const struct ynode *node);
/* False, with an error, when a list is too long. */
bool planfile_list_fits(struct planfile_reading *r, const struct planfile_slot *s, size_t *n);
/* Reads every kind but FIELD_MAP and FIELD_MAPS; the node has the right shape already. */
void planfile_value(struct planfile_reading *r, const struct planfile_slot *s);

#endif
