/* SPDX-License-Identifier: MIT */
/* Any bytes as a calendar. With -DREPLAY a plain program that reads the files it is given, as the corpus replay does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/ical.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
#include "tests/fuzz_replay.h"   /* behind what it calls */

#define FROM INT64_C(1764547200000000)   /* 2025-12-01 */

/* What must hold of any answer: times that are times and lie where they were asked for, or a refusal with a line. */
static void hold(const struct ical_time *v, size_t n)
{
	int64_t us;
	char iso[WHEN_MAX];
	if (n > ICAL_TIMES_MAX)
		abort();
	for (size_t i = 0; i < n; i++) {
		snprintf(iso, sizeof iso, "%sZ", v[i].wall);
		if (!when_parse(iso, &us) || v[i].lasts < 0 || v[i].line < 1 || (v[i].utc && v[i].zone) || (v[i].own && !v[i].zone))
			abort();
		if (us > FROM + 62 * US_DAY || us + v[i].lasts < FROM - 2 * US_DAY)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct ical_time *v = NULL;
	size_t n = 0;
	const struct ical_ask q = { "f.ics", arena_dupn(a, (const char *)data, size), size, FROM, FROM + 60 * US_DAY };
	if (ical_read(a, &q, &v, &n, &e))
		hold(v, n);
	else if (strncmp(e.msg, "f.ics:", 6) != 0 || atoi(e.msg + 6) < 1 || !text_is_clean(e.msg))
		abort();
	arena_free(a);
	return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
	return replay(argc, argv, "calendars");
}
#endif
