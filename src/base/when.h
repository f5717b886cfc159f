/* SPDX-License-Identifier: MIT */
/* Times are microseconds since 1970-01-01 UTC in an int64_t; 0 means "not known". Nothing here reads a clock. */
#ifndef GW_BASE_WHEN_H
#define GW_BASE_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define US_SECOND INT64_C(1000000)
#define US_MINUTE (60 * US_SECOND)
#define US_HOUR (60 * US_MINUTE)
#define US_DAY (24 * US_HOUR)

#define WHEN_MAX 40

/* Each fills and returns buf. */
const char *when_iso(int64_t us, char buf[static WHEN_MAX]);     /* 2026-11-20T04:12:09.123456Z */
const char *when_short(int64_t us, char buf[static WHEN_MAX]);   /* Fri 20 Nov 04:12 */
const char *when_clock(int64_t us, char buf[static WHEN_MAX]);   /* 04:12:09 */
const char *when_span(int64_t us, char buf[static WHEN_MAX]);    /* 4 d 02 h, 19 min, 3.2 s, 21 ms */
/* Reads when_iso's form, also without fraction and with a space for the T, with Z, +00 or +00:00. */
bool when_parse(const char *s, int64_t *us);
/* 0 Sunday .. 6 Saturday, and minutes since midnight, of a UTC time. */
void when_weekday(int64_t us, int *dow, int *minute);

#endif
