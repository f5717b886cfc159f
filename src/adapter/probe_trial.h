/* SPDX-License-Identifier: MIT */
/* Inside of trying what comes on an empty table of the same columns: what probe_added.c and probe_rule.c share. */
#ifndef GW_ADAPTER_PROBE_TRIAL_H
#define GW_ADAPTER_PROBE_TRIAL_H

#include "adapter/probe.h"

#define TRIAL "gatewalk_trial"

/* The server's own words about the statement; what is no word about it is an error. what: "column", "constraint" */
bool trial_refused(struct arena *a, const char *what, const struct err *why, const char **unfit, struct err *e);
/* Of a constraint: what speaks against its statement, in t->unfit. */
bool probe_rule(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e);

#endif
