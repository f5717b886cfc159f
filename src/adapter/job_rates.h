/* SPDX-License-Identifier: MIT */
/* How fast a job went, over its whole life: at most RATES_MAX means, each over the same stretch of time, which doubles when
   they are full. Pure: the clock is a parameter. They travel in the job's row, as text: "1000 rows 210 208.5 ...". */
#ifndef GW_ADAPTER_JOB_RATES_H
#define GW_ADAPTER_JOB_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

#define RATES_MAX 60

struct rates {
	double v[RATES_MAX];    /* a second */
	size_t n;
	int64_t each, since;    /* us; since: when the stretch that is not full yet began, 0 before the first */
	double done;            /* at that moment */
	char unit[32];
};

/* Where the job is now. Another unit begins anew; less done than before is a new phase. */
void rates_add(struct rates *r, int64_t now, double done, const char *unit);
/* NULL when there is none yet. Owned by a. */
const char *rates_text(struct arena *a, const struct rates *r);
/* False when the text is none of ours: it comes from a row that others can write. */
bool rates_read(const char *text, struct rates *r);

#endif
