/* SPDX-License-Identifier: MIT */
/* Inside of trying what comes on an empty table of the same columns: what probe_added.c, probe_rule.c and probe_index.c share. */
#ifndef GW_ADAPTER_PROBE_TRIAL_H
#define GW_ADAPTER_PROBE_TRIAL_H

#include "adapter/probe.h"

#define TRIAL "gatewalk_trial"

/* The server's own words about the statement; what is no word about it is an error. what: "column", "constraint", "index". */
bool trial_refused(struct arena *a, const char *what, const struct err *why, const char **unfit, struct err *e);
/* Of a constraint: what speaks against its statement, in t->unfit. */
bool probe_rule(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);
/* The same of an index. */
bool probe_index(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);
/* The same of a table's new name. */
bool probe_name(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);
/* The same of a table that is split in two. */
bool probe_split(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);
/* Of one whose rows have come over: how many are not in the new table, or are not the same there. */
bool probe_left(struct db *db, struct arena *a, const struct plan *p, const struct fact_target *t, int ms, struct fact_broken *out, struct err *e);
/* How many rows stand in the way of a unique one, and the first keys. */
bool probe_doubles(struct db *db, struct arena *a, const struct plan *p, int ms, struct fact_broken *out, struct err *e);

#endif
