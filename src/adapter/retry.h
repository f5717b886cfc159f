/* SPDX-License-Identifier: MIT */
/* Waiting for a lock without queueing everybody else behind us: short lock_timeout, random pauses, an end. */
#ifndef GW_ADAPTER_RETRY_H
#define GW_ADAPTER_RETRY_H

#include <stdbool.h>
#include <stdint.h>

struct err;

/* Was it only a lock that was not free, or a deadlock that ended us? Then the same may be tried again. */
bool retry_is_lock(const struct err *e);
/* Does the data itself stand in the way: a conversion, a constraint, a trigger? Found by halving. */
bool retry_is_refusal(const struct err *e);
/* Too much at once, or not just now: locks, the statement's time, the server's memory, disk and sessions. */
bool retry_is_moment(const struct err *e);
/* Pauses 50 to 350 ms at random. False, at once, when clock_mono() has passed deadline. */
bool retry_pause(int64_t deadline);

#endif
