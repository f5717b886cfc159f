/* SPDX-License-Identifier: MIT */
/* Jobs: rows of gatewalk.job, driven by detached processes of this same program. A job never writes the log and holds no key. */
#ifndef GW_ADAPTER_JOB_H
#define GW_ADAPTER_JOB_H

#include "adapter/snapshot.h"   /* struct progress */
#include "core/view.h"

struct arena;
struct db;
struct err;

/* kinds: snapshot (take, prove, drill when asked), drill, watch, monitor, restore, remove, hide, backfill (args timeline, rejects), index, parity (args anew, rest_s, rounds, unwritten). args: canonical JSON text. */
bool job_make(struct db *db, struct arena *a, const char *sid, const char *kind, const char *args, long long *id, struct err *e);
/* Starts `program job run ID -d conninfo` as a process of its own, and notes its number. */
struct job_order { const char *program, *conninfo; long long id; const char *log_dir; };
bool job_start(struct db *db, struct arena *a, const struct job_order *o, struct err *e);
/* In the job's own process: takes the row (new -> running, pid, host, boot id, backend pid). Refuses one that is taken. */
struct job;   /* opaque */
struct job *job_claim(struct db *db, long long id, struct err *e);
const char *job_kind(const struct job *j);
const char *job_sid(const struct job *j);
const char *job_args(const struct job *j);
/* Progress, at most two writes a second; heeds control: waits while paused (no transaction held), false when told to stop.
   Fits struct progress with ctx = the job. */
bool job_tick(void *job, const char *phase, double done, double total, const char *unit, bool estimate, const char *note);
/* The same, while the work waits by itself for what note says: it shows as waiting. */
bool job_wait(void *job, const char *phase, double done, double total, const char *unit, const char *note);
/* As job_tick, but it never waits: false when the job is to pause or to stop, which the next job_tick does. For work that holds
   something it has to let go of first. */
bool job_still(struct job *j, const char *phase, double done, double total, const char *unit, const char *note);
/* What it pauses on, as it read it last (adapter/job_limits.h): written with its next tick. */
void job_limits(struct job *j, const char *text);
void job_event(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool job_done(struct job *j, const char *result_json, struct err *e);
bool job_failed(struct job *j, const struct err *why);
/* What `job set` wrote under this name, or NULL; owned by a. */
bool job_setting(struct job *j, struct arena *a, const char *name, const char **value, struct err *e);
void job_free(struct job *j);

/* From outside. sid NULL: all of the database. A job whose process is gone (same host and boot, pid dead; or not seen for
   2 min) shows as "lost". */
bool job_list(struct db *db, struct arena *a, const char *sid, struct view_job **out, size_t *n, struct err *e);
bool job_control(struct db *db, long long id, const char *control, struct err *e);   /* run, pause, stop */
bool job_set(struct db *db, struct arena *a, long long id, const char *name, const char *value, struct err *e);
/* The job that ended (or was lost) first of those not taken in yet: id 0 when there is none. Oldest first, so that the newest
   evidence stands last in the log. but, set by the caller: jobs of this kind are passed over; NULL none. */
struct job_left { const char *but; long long id; const char *kind, *state, *result, *error; };
bool job_result(struct db *db, struct arena *a, const char *sid, struct job_left *out, struct err *e);
bool job_taken(struct db *db, long long id, struct err *e);
/* Tells every job of this database to stop and waits up to ms until they have. For a server that is about to go. */
void job_stop_all(struct db *db, int ms);
/* Is a job of this kind alive for this walk? */
bool job_running(struct db *db, struct arena *a, const char *sid, const char *kind, bool *yes, struct err *e);

#endif
