/* SPDX-License-Identifier: MIT */
/* Reads of the server, each a named function with its own query; nothing here writes. Version differences stand in one table
   (probe_version.c). Strings are owned by a. */
#ifndef GW_ADAPTER_PROBE_H
#define GW_ADAPTER_PROBE_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;

bool probe_server(struct db *db, struct arena *a, struct fact_server *out, struct err *e);   /* two transactions: a pooler shows itself */
/* Refuses, with ERR_USE, a link through a pooler: neither locks nor settings hold there, and another session gets them. */
bool probe_direct(struct db *db, struct err *e);
bool probe_mark(struct db *db, struct arena *a, struct fact_mark *out, struct err *e);       /* the server's half; remembered_* are remember.h's */
bool probe_target(struct db *db, struct arena *a, const struct plan *p, struct fact_target *out, struct err *e);
/* Rows: tries the plan's condition on an empty copy of the table and fills t->unfit with the server's reason when it cannot be used.
   Makes a temporary table and rolls it back: for the start of a walk, not for each look. NULL: not rows, nothing to try. */
bool probe_where(struct db *db, struct arena *a, const char *where, struct fact_target *t, struct err *e);
/* Is the index that stands under the plan's name on that table what the plan says? Tried on an empty table of the same columns, and rolled back. */
bool probe_index_same(struct db *db, struct arena *a, const struct plan *p, unsigned relid, bool *same, struct err *e);
/* Of a column that comes: is its name free, and would its statement rewrite the table or read all of it? Tried on an empty table of the same
   columns and rolled back. What speaks against it, with the way in steps, goes into t->unfit. */
/* How many rows do not hold to the plan's constraint, and the keys of some of them. Reads the whole table, ms at most. */
bool probe_broken(struct db *db, struct arena *a, const struct plan *p, const struct fact_target *t, int ms, struct fact_broken *out, struct err *e);
bool probe_added(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);
/* Two enums: the type of a column, and the one that is to come after it. missing: values of the first, the replaced one under its new name, that the
   second lacks; NULL none. */
struct probe_enum_ask { const char *schema, *table, *column, *new_type, *from, *to; };
struct probe_enum { const char *type, *missing; bool is_enum, has_from, had_to, new_there; };
bool probe_enum(struct db *db, struct arena *a, const struct probe_enum_ask *ask, struct probe_enum *out, struct err *e);
bool probe_health(struct db *db, struct arena *a, const struct plan *p, struct fact_health *out, struct err *e);
bool probe_others(struct db *db, struct arena *a, const char *sid, unsigned relid, int64_t watched_for_us, struct fact_others *out, struct err *e);
bool probe_now(struct db *db, int64_t *now, struct err *e);

/* doctor: one row a check. */
enum doctor_state { DOCTOR_OK, DOCTOR_WARN, DOCTOR_MISSING };
struct doctor_row { const char *id, *what, *now, *fix; enum doctor_state state; };   /* fix: the exact command, or NULL */
bool probe_doctor(struct db *db, struct arena *a, struct doctor_row **out, size_t *n, struct err *e);

#endif
