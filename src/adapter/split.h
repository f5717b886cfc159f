/* SPDX-License-Identifier: MIT */
/* What a table split in two is made of, read from the catalogue (core/split.h). Nothing is changed from here. */
#ifndef GW_ADAPTER_SPLIT_H
#define GW_ADAPTER_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/split.h"

struct arena;
struct db;
struct err;
struct plan;

/* None is quoted. stands: the new table is there already, and its name is no reason against it. */
struct split_order { const char *id, *schema, *table, *to_schema, *to; const char *const *columns; size_t n; bool stands; };
struct split_order split_order_of(struct arena *a, const struct plan *p, bool stands);

/* *unfit: what speaks against it, and NULL when nothing does; then form stands, owned by a. Checks that are not valid yet stay behind, since
   rows that break them are to come over. */
bool split_form(struct db *db, struct arena *a, const struct split_order *o, struct split_form *form, const char **unfit, struct err *e);

#endif
