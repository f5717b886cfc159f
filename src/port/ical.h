/* SPDX-License-Identifier: MIT */
/* libical: iCalendar (RFC 5545) read into plain times, repeated events told one by one. Refuses what it cannot read in full, with the
   line, since an event that is passed over is a release nobody waits for: no whole VCALENDAR, a time that is none, a rule that is
   not understood, repetition by the hour or finer. The only file that knows it; pure: no file is opened but the library's own
   zone tables, and what times mean in a named zone is left to the caller. */
#ifndef GW_PORT_ICAL_H
#define GW_PORT_ICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;

#define ICAL_BYTES_MAX (1024 * 1024)
#define ICAL_TIMES_MAX 1000   /* of all events together, between from and to */

struct ical_time {
	int line;             /* where its event begins */
	const char *name;     /* SUMMARY, not yet cleaned; NULL: none */
	char wall[24];        /* 2026-12-01 10:00:00: UTC's, the zone's, or that of nobody's zone */
	bool date;            /* a whole day: wall is its midnight */
	bool utc;
	const char *zone;     /* TZID as it stands; NULL: none */
	int64_t own;          /* us UTC by the calendar's own VTIMEZONE of that name; 0: it has none */
	int64_t lasts;        /* us; at least 0 */
};

struct ical_ask { const char *file, *text; size_t len; int64_t from, to; };   /* file: for messages. Times outside of from and to, wide by two days, are left out */

/* The times of every event that is not cancelled, owned by a. False with "FILE:LINE: what" in e. */
bool ical_read(struct arena *a, const struct ical_ask *q, struct ical_time **out, size_t *n, struct err *e);

#endif
