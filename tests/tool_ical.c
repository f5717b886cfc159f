/* SPDX-License-Identifier: MIT */
/* What gatewalk's calendars say to another reader, for the scripts: tool_ical FILE FROM
   Reads it with libical and prints "BEGIN LENGTH-IN-MINUTES SUMMARY" of each event within 60 days from FROM. Exit status 1 when it
   is no calendar. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/files.h"
#include "port/ical.h"

int main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct ical_ask q = { .file = argc > 1 ? argv[1] : "" };
	struct ical_time *v = NULL;
	char *text = NULL;
	size_t n = 0;
	bool good = argc == 3 && when_parse(argv[2], &q.from) && file_read(a, argv[1], ICAL_BYTES_MAX, &text, &q.len, &e);
	q.text = text;
	q.to = q.from + 60 * US_DAY;
	good = good && ical_read(a, &q, &v, &n, &e);
	for (size_t i = 0; good && i < n; i++)
		printf("%s%s %lld %s\n", v[i].wall, v[i].utc ? "Z" : "", (long long)(v[i].lasts / US_MINUTE), v[i].name ? v[i].name : "-");
	if (!good)
		fprintf(stderr, "%s\n", argc == 3 ? e.msg : "tool_ical FILE FROM");
	arena_free(a);
	return good ? 0 : 1;
}
