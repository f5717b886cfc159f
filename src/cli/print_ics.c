/* SPDX-License-Identifier: MIT */
/* The moments for the drop as iCalendar (RFC 5545): CRLF, lines of at most 75 bytes, the same UID for the same moment. */
#include "cli/print.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

#define LINE_BYTES 75

static const char *str(const struct json *o, const char *key)
{
	const char *s = json_str(o, key);
	return s ? s : "";
}

/* A line, folded between characters: what goes on begins with a blank. */
static void put_line(const char *line)
{
	size_t len = strlen(line), room = LINE_BYTES, used;
	for (const char *s = line; *s; s += used, len -= used) {
		text_next(s, len, &used);
		if (used > room) {
			fputs("\r\n ", stdout);
			room = LINE_BYTES - 1;
		}
		fwrite(s, 1, used, stdout);
		room -= used;
	}
	fputs("\r\n", stdout);
}

static void put(struct arena *a, const char *name, const char *value)
{
	put_line(arena_printf(a, "%s:%s", name, value));
}

/* As a TEXT value: cleaned, then \ ; , and line breaks escaped. */
static const char *escaped(struct arena *a, const char *s)
{
	struct text t = { 0 };
	for (; *s; s++)
		if (*s == '\n')
			text_add(&t, "\\n");
		else
			text_addf(&t, strchr("\\;,", *s) ? "\\%c" : "%c", *s);
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

/* 2026-12-01T01:00:00.000000Z as 20261201T010000Z */
static const char *stamp(struct arena *a, const char *iso)
{
	return strlen(iso) < 19 ? "" : arena_printf(a, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", iso, iso + 5, iso + 8, iso + 11, iso + 14, iso + 17);
}

static const char *description(struct arena *a, const struct json *o, const struct json *opening)
{
	struct text t = { 0 };
	text_addf(&t, "Walk %s on %s", text_clean(a, str(o, "name")), text_clean(a, str(o, "server")));
	const struct json *walls = json_get(opening, "walls");
	for (const struct json *z = walls ? walls->first : NULL; z; z = z->next)
		text_addf(&t, "\n%s: %s to %s", str(z, "zone"), str(z, "from"), str(z, "to"));
	const char *out = escaped(a, text_str(&t));
	text_free(&t);
	return out;
}

static void put_event(struct arena *a, const struct json *o, const struct json *opening)
{
	put_line("BEGIN:VEVENT");
	put(a, "UID", arena_printf(a, "%s-%s@gatewalk", stamp(a, str(opening, "begins")), str(o, "sid")));
	put(a, "DTSTAMP", stamp(a, str(o, "server_time")));
	put(a, "DTSTART", stamp(a, str(opening, "begins")));
	put(a, "DTEND", stamp(a, str(opening, "to")));
	put(a, "SUMMARY", escaped(a, arena_printf(a, "Window for %s", text_clean(a, str(o, "target")))));
	put(a, "DESCRIPTION", description(a, o, opening));
	put_line("TRANSP:TRANSPARENT");
	put_line("END:VEVENT");
}

void print_ics(const struct json *o)
{
	struct arena *a = arena_new();
	const struct json *openings = json_get(o, "openings");
	put_line("BEGIN:VCALENDAR");
	put_line("VERSION:2.0");
	put_line("PRODID:-//gatewalk//gatewalk " GATEWALK_VERSION "//EN");
	for (const struct json *w = openings ? openings->first : NULL; w; w = w->next)
		put_event(a, o, w);
	put_line("END:VCALENDAR");
	arena_free(a);
}
