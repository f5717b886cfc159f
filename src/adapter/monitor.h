/* SPDX-License-Identifier: MIT */
/* The monitor: rollbacks, deadlocks, lock waits, lag, longest transaction, latency, and the plan's metrics, sampled against
   the baseline taken before the drop. */
#ifndef GW_ADAPTER_MONITOR_H
#define GW_ADAPTER_MONITOR_H

#include "core/fact.h"
#include "core/plan.h"
#include "core/view.h"

struct arena;
struct db;
struct err;

/* One sample of every metric into gatewalk.sample; baseline: before the drop. A metric that cannot be read is stored with why. */
bool monitor_tick(struct db *db, struct arena *a, const char *sid, const struct plan *p, bool baseline, struct err *e);
/* Judges the newest samples against baseline and limits, writes new gatewalk.alarm rows (at most one a metric per 10 min), and
   runs plan->notify for each with GATEWALK_WALK, GATEWALK_EVENT, GATEWALK_TEXT in its environment. */
bool monitor_judge(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct err *e);
bool monitor_read(struct db *db, struct arena *a, const char *sid, const struct plan *p, struct fact_monitor *out, struct err *e);
/* Up to 60 points before the drop and 60 after, for the screen. */
bool monitor_series(struct db *db, struct arena *a, const char *sid, const struct plan *p, int64_t dropped_at, struct view_series **out, size_t *n, struct err *e);
struct alarm { int64_t id, at; const char *metric, *text; };
bool monitor_untaken(struct db *db, struct arena *a, const char *sid, struct alarm **out, size_t *n, struct err *e);
bool monitor_taken(struct db *db, const char *sid, int64_t up_to_id, struct err *e);
/* Why this query of a plan gives no number now, in the server's words, or neither true nor false where it is a flag's; NULL where it does. Asked read only, 5 s at
   most. */
const char *monitor_unread(struct db *db, struct arena *a, const char *sql, bool flag);
/* Is this metric of the plan past its alarm limit now, or unreadable? *what says so. */
bool monitor_over(struct db *db, struct arena *a, const struct plan_metric *x, const char **what);
/* Runs plan->notify, if any. */
void notify_run(struct arena *a, const struct plan *p, const char *walk, const char *event, const char *text);

#endif
