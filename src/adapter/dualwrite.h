/* SPDX-License-Identifier: MIT */
/* Dual write by trigger (core/dual.h): made, looked at, taken away; its statements are for one transaction each, however many partitions there are:
   a write meets all of it or none.
   It fires always (ENABLE ALWAYS), so also for what logical replication brings and for sessions whose session_replication_role is
   replica: their rows carry the old column alone, and where they carry both, nothing is done. A partition that comes later has it from
   its parent; a child table that comes later has not, and is seen at the next look. What it does not see: changes made by the
   application's BEFORE triggers that fire later than it; tables filled with triggers switched off.
   A value that does not convert is left out (NULL), the application's write stands, and gatewalk.dual_reject has a note of the row. */
#ifndef GW_ADAPTER_DUALWRITE_H
#define GW_ADAPTER_DUALWRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/dual.h"

struct arena;
struct db;
struct err;

/* to and back: SQL over the row's own columns. to NULL: the old column itself. back NULL: one way. old_default: the old column's, which is off it and may
   come again; NULL: as the catalogue has it. */
struct dual_order { const char *sid, *schema, *table, *column, *add_column, *to, *back, *old_default; };

/* Is there, as the server has it, anything against it? *unfit: what, and what to do; NULL when nothing is. Makes temporary views, tries some
   rows, and rolls back. form: what the texts are made of; parity needs it too. */
bool dualwrite_try(struct db *db, struct arena *a, const struct dual_order *o, struct dual_form *form, const char **unfit, struct err *e);
/* The same without what only a trigger would meet: the application writes both. */
bool dualwrite_form(struct db *db, struct arena *a, const struct dual_order *o, struct dual_form *form, const char **unfit, struct err *e);

/* What is sent to put it on, or to take it away, by whoever has a permit for it and holds the table (adapter/alter.h). Nothing is sent from here. */
struct dualwrite_sql {
	const char *put;              /* statements; takes away first what stands. NULL: not asked for, or unfit */
	const char *take;             /* what this walk has, on whatever table it stands, and the notes of rows that did not convert */
	bool replaces;                /* something of it stands: then the lock is the strongest one */
	const char *shape, *shape_sql;   /* of what it was made of, then; SQL that gives it anew */
	const char *on_sql, *off_sql; /* SQL, boolean: all of it stands, as made; nothing is left */
};
/* put: with that statement, for which it is tried as dualwrite_try does. */
bool dualwrite_sql(struct db *db, struct arena *a, const struct dual_order *o, bool put, struct dualwrite_sql *out, const char **unfit, struct err *e);

struct dualwrite_seen {
	bool there;                   /* something of it is */
	bool stands;                  /* all of it, on every partition and child, always enabled, of this order, and never off or another since it was put on */
	const char *why;              /* what is missing of stands; NULL when nothing is */
	const char *digest;           /* of functions and triggers as they stand; "" when nothing is there */
	/* Each a list in words, "" none. */
	const char *later;            /* the application's BEFORE triggers that fire behind it: what they change is not brought over */
	const char *earlier;          /* with a way back: those that fire before it, and see the old column as it was */
	const char *update_of;        /* with a way back: its triggers on UPDATE OF the old column, which a write of the new one alone does not fire */
	const char *refusing;         /* constraints of the new column by which a write of the old one alone could fail */
	int64_t rejects;              /* rows noted */
};
bool dualwrite_look(struct db *db, struct arena *a, const struct dual_order *o, struct dualwrite_seen *out, struct err *e);

struct dual_reject { const char *way, *key, *value, *sqlstate, *error; int64_t at; };   /* way: to or back */
bool dualwrite_rejects(struct db *db, struct arena *a, const char *sid, int max, struct dual_reject **out, size_t *n, struct err *e);

#endif
