/* SPDX-License-Identifier: MIT */
/* `gatewalk job run ID`: the body of a detached job. It connects by itself, holds no key and writes no log. */
#ifndef GW_ENGINE_JOBRUN_H
#define GW_ENGINE_JOBRUN_H

struct arena;
struct err;

/* The file below the walk's folder in which a job leaves its result before its row does: rows are written by others too. Owned by a. */
const char *job_result_file(struct arena *a, const char *walk_dir, long long id);
/* Runs job number id to its end. False when it failed; the row says why, too. */
_Bool job_run(const char *conninfo, long long id, struct err *e);
/* One sample of watch and monitor for each open walk of this database (or the one named), for cron or a timer. */
_Bool job_tick_once(const char *conninfo, const char *walk, int *walks, struct err *e);

#endif
