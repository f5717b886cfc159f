/* SPDX-License-Identifier: MIT */
/* Numbers and times as the screens write them. Pure; all owned by a. */
#ifndef GW_SCREENS_NUM_H
#define GW_SCREENS_NUM_H

#include <stdint.h>

struct arena;

char *num_group(struct arena *a, int64_t n);             /* 61 204 118 */
char *num_short(struct arena *a, double n);              /* 61.2 M, 820, 0.4 */
double num_ceiling(double n);                            /* the next round number: 6 420 to 8 000; 1 for 0 and less */
char *num_bytes(struct arena *a, double n);              /* 235 GB */
/* An amount of a unit: bytes as bytes, all else short. */
char *num_unit(struct arena *a, double n, const char *unit);
/* A span that grows on the screen: whole seconds. */
char *num_whole(struct arena *a, int64_t us);
char *num_span(struct arena *a, int64_t us);             /* 4 d 02 h */
char *num_age(struct arena *a, int64_t then, int64_t now);   /* "3 s ago"; "never" when then is 0 */
/* "Mon 24 Nov 06:20 UTC (in 4 d 02 h)"; "now" when it is not ahead. */
char *num_moment(struct arena *a, int64_t at, int64_t now);
/* In a column: "05:40" today, "Mon 06:20" within a week, else "24 Nov"; "now" when it is not ahead. */
char *num_soon(struct arena *a, int64_t at, int64_t now);
/* The same for what has passed: 04:12 today, else 20 Nov. */
char *num_passed(struct arena *a, int64_t at, int64_t now);
char *num_day(struct arena *a, int64_t at);              /* 02 Nov */
char *num_when(struct arena *a, int64_t at);             /* Mon 24 Nov 06:20 */

#endif
