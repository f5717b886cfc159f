/* SPDX-License-Identifier: MIT */
/* pg_cron as the second way to give back what is hidden, where it works in this database: it needs neither gatewalk nor the backend that
   hides. Refuses nothing: where it is not, hiding goes on without it, and that is said. */
#ifndef GW_ADAPTER_HIDE_CRON_H
#define GW_ADAPTER_HIDE_CRON_H

#include <stdbool.h>

struct arena;
struct db;
struct err;

struct hide_cron {
	bool there;
	const char *why;   /* why it is not, or may not run; behind ": " the command that helps; NULL: all is well */
};
bool hide_cron_there(struct db *db, struct arena *a, struct hide_cron *out, struct err *e);
/* Schedules the giving back of this hiding: each minute, and when the server starts. It does nothing while the backend that hides lives. */
bool hide_cron_put(struct db *db, struct arena *a, long long id, struct err *e);
/* What pg_cron said when it failed last; NULL: it did not. */
bool hide_cron_failed(struct db *db, struct arena *a, long long id, const char **what, struct err *e);
/* Takes the schedule away. One that is not there is fine. */
bool hide_cron_take(struct db *db, struct arena *a, long long id, struct err *e);

#endif
