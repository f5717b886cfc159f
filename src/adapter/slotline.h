/* SPDX-License-Identifier: MIT */
/* One line of test_decoding, and what it says of the target. Pure: no server, no clock. A line it cannot read says that the target may
   have been written, never that it was not. */
#ifndef GW_ADAPTER_SLOTLINE_H
#define GW_ADAPTER_SLOTLINE_H

#include <stdbool.h>
#include <stddef.h>

enum slot_op { SLOT_INSERT, SLOT_UPDATE, SLOT_DELETE, SLOT_TRUNCATE, SLOT_OPS };
/* open: it may have written the target, or not. */
enum slot_says { SLOT_NOTHING, SLOT_OPEN, SLOT_HIT };

/* A table, or one below it, as the line names it: each part quoted where it needs it. */
struct slot_table {
	const char *name;
	bool full;      /* REPLICA IDENTITY FULL, now and at the look before */
	bool in_key;    /* the column is part of what its rows are known by, now and at the look before */
};
struct slot_ask {
	const struct slot_table *tables;   /* sorted by the bytes of their names */
	size_t n;
	const char *column;                /* quoted where it needs it; NULL: the whole table */
	bool filled;                       /* a default fills the column where an INSERT does not name it */
};

/* False: the line is of other tables alone. */
bool slotline_judge(const struct slot_ask *q, const char *line, size_t len, enum slot_op *op, enum slot_says *says);

#endif
