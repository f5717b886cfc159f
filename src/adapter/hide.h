/* SPDX-License-Identifier: MIT */
/* Hiding: the target taken away from the application's roles for a set time, by their grants, and given back as it was. One CALL in
   its own backend hides, waits and gives back; it outlives its client. A restart of the server it does not: then whoever connects
   next gives back (hide_return), or pg_cron (hide_cron.h). What grants cannot reach is listed by hide_beyond. */
#ifndef GW_ADAPTER_HIDE_H
#define GW_ADAPTER_HIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

#define HIDE_BEAT_S 15   /* how long the job may be silent before its target is given back */

/* What is said where nobody would see an error, with the reason behind it; and what helps. */
#define HIDE_UNSEEN "nobody would see what hiding breaks: "
#define HIDE_TO_SEE "let the server write csvlog, or give the plan a metric with an alarm limit"

/* Where the errors of others can be read from: the format of the server's log, tried with an error of our own; or NULL and why not. */
bool hide_source(struct db *db, struct arena *a, const char **log, const char **why, struct err *e);
/* The same without the trial, and where there is no schema of ours yet. */
bool hide_could_read(struct db *db, struct arena *a, const char **log, const char **why, struct err *e);
/* Notes that a hiding of this walk's target is to begin. log: as hide_source gave it, or NULL. ERR_USE when the target is hidden. */
bool hide_begin(struct db *db, struct arena *a, const char *sid, double seconds, const char *log, long long *id, struct err *e);
/* The whole of it, on a connection of its own: returns when it was given back, or with an error when the connection was lost. */
bool hide_call(struct db *db, struct arena *a, long long id, double seconds, struct err *e);
/* From another connection: it goes on only while this is called. */
bool hide_beat(struct db *db, struct arena *a, long long id, struct err *e);
/* It ends within a second. why: one word or more, shown as the reason. */
bool hide_stop(struct db *db, struct arena *a, long long id, const char *why, struct err *e);

/* What the watcher found since in a standby's log: the primary's, the backend that hides reads itself. NULL: nothing. */
bool hide_elsewhere(struct db *db, struct arena *a, long long id, const char **what, struct err *e);
/* An error that was seen from outside: the first one is kept, and is a sighting. */
bool hide_hit(struct db *db, struct arena *a, long long id, const char *what, struct err *e);

struct hiding {
	long long id;
	int64_t hidden_at, back_at, hit_at;   /* 0: not (yet) */
	const char *why, *hit;                /* why it ended: "over" alone is the end that was asked for; hit: the error that was seen */
	bool exact;                           /* the grants are what they were before */
};
/* *now: the server's clock. */
bool hide_look(struct db *db, struct arena *a, long long id, struct hiding *out, int64_t *now, struct err *e);
/* Is this walk's target hidden, or about to be? */
bool hide_open(struct db *db, struct arena *a, const char *sid, bool *open, struct err *e);
/* Gives back what nobody holds any more: the backend that hid it is gone. *what: the targets, or "". */
bool hide_return(struct db *db, struct arena *a, const char **what, struct err *e);
/* Who keeps seeing the target, one line each. */
bool hide_beyond(struct db *db, struct arena *a, const char *sid, const char ***lines, size_t *n, struct err *e);

#endif
