/* SPDX-License-Identifier: MIT */
/* What every job that changes a table batch by batch has in common: it tells where it is, waits with a reason that is noted once,
   sizes by time, and tells an error of the data from one of the moment. */
#ifndef GW_ENGINE_BATCHES_H
#define GW_ENGINE_BATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "adapter/throttle.h"

struct arena;
struct db;
struct err;
struct job;
struct plan;

#define BATCHES_PAUSE_MS 1000
#define BATCHES_LOGIN_MS 2000

struct batches {
	struct job *job;
	struct arena *arena;
	const struct plan *plan;
	const char *walk, *bell;      /* for plan->notify: the walk's name, and the event */
	const char *phase, *unit;
	char note[96];
	double done, total;
	bool estimate;
	int64_t size;                 /* of the next batch */
	bool paused;
	char why[768];                /* while paused */
};

/* Progress, and what the operator says: false with ERR_INTERRUPTED when the job is to stop. */
bool batches_tick(struct batches *b, struct err *e);
/* The same without waiting where the operator pauses it: false when it is to pause or to stop, and the next tick does. */
bool batches_still(const struct batches *b);
/* Noted once, rung once, except for what is told elsewhere: the off-peak window, a lost link. */
void batches_pause(struct batches *b, const struct err *why);
void batches_go_on(struct batches *b);
/* Waits, paused, for a moment that may come: ticks, and naps. */
bool batches_wait(struct batches *b, const struct err *why, int ms, struct err *e);
/* A number that `job set` wrote under this name, within its bounds; *value stays where there is none. Noted when it changes. */
void batches_setting(const struct batches *b, const char *name, int least, int most, int *value);
/* The link: a server that restarts or fails over comes back. */
bool batches_is_link(const struct err *e);
/* How fast it goes, as plan and `job set` say, and whether it may: asked once a second while it does. Zero but for the two numbers. */
struct batches_pace { struct throttle throttle; int64_t looked_at; bool allowed; int batch_ms, load; };
/* May it go on now, on this table? False: ERR_GATE with the condition that pauses it, or the link is gone. Every condition, as it was read, is told. */
bool batches_may(struct batches *b, struct batches_pace *p, struct db *db, unsigned relid, struct err *e);
/* Behind a lost or another session. */
void batches_forget(struct batches_pace *p);
/* Behind work of so long: as long as makes it so many per cent of the time, 5 s at most. */
void batches_rest(int load, int64_t took_us);
#endif
