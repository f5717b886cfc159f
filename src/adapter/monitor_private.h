/* SPDX-License-Identifier: MIT */
/* What is measured (monitor_metrics.c) and what becomes of it (monitor.c). */
#ifndef GW_ADAPTER_MONITOR_PRIVATE_H
#define GW_ADAPTER_MONITOR_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan.h"

struct arena;
struct db;
struct err;

/* One value of one look. */
struct measure { const char *name; bool known; double value; const char *why; };
struct measures { struct measure *v; size_t n, cap; };

/* The built-in metrics, and how an alarm limit comes about from the baseline or the plan. */
enum limit_kind { LIMIT_FIVE_TIMES, LIMIT_TWICE, LIMIT_BASE, LIMIT_SHARE, LIMIT_PLAN };
struct metric_kind { const char *name, *unit; enum limit_kind limit; double (*of_plan)(const struct plan *p); };
extern const struct metric_kind metric_kinds[];
extern const size_t n_metric_kinds;

#define RAW "raw:"   /* counters kept only so that the next look has something to subtract */

/* Measures everything; what cannot be read is in with its reason. False only when the server is gone. */
bool measure_all(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct measures *out, struct err *e);
/* One metric of the plan's; and the one value of a query of the plan's as text, NULL with *why when there is none. */
struct measure measure_metric(struct db *db, struct arena *a, const struct plan_metric *x);
const char *measure_text(struct db *db, struct arena *a, const char *sql, const char **why);

#endif
