/* SPDX-License-Identifier: MIT */
#include "adapter/calendar.h"

#include <string.h>
#include <strings.h>

#include "adapter/probe_moment.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/child.h"
#include "port/files.h"
#include "port/ical.h"

#define COMMAND_MS 10000
#define TIME_LEN 20       /* 2026-11-24T10:00:00Z */
#define NAME_COLUMNS 60

struct reading { struct db *db; struct arena *a; const struct plan *p; const char *file; int64_t now; struct calendar *out; };

static const char *named(struct arena *a, const char *name)
{
	return name && *name ? text_fit(a, text_clean(a, name), NAME_COLUMNS, false) : NULL;
}

/* The wall times of one zone, in the order in which they stand in v; each is answered in its place. */
static bool in_zone(struct reading *r, const char *zone, struct ical_time *v, struct release *to, size_t n, bool *done, struct err *e)
{
	const char **walls = arena_array(r->a, n + 1, sizeof *walls);
	size_t *which = arena_array(r->a, n + 1, sizeof *which), k = 0;
	for (size_t i = 0; i < n; i++)
		if (!done[i] && text_eq(v[i].zone, zone)) {
			which[k] = i;
			walls[k++] = v[i].wall;
		}
	struct opening *at = arena_array(r->a, k + 1, sizeof *at);
	if (!probe_instants(r->db, r->a, zone ? zone : r->p->zone, walls, k, at, e))
		return false;
	for (size_t i = 0; i < k; i++) {
		to[which[i]].from = at[i].from;
		to[which[i]].to = at[i].to + v[which[i]].lasts;
		done[which[i]] = true;
	}
	return true;
}

/* What is neither in UTC nor in a named zone is of the plan's: whole days, and times that say no zone. A name that the server does not
   know goes by the calendar's own description of it. */
static bool resolve(struct reading *r, struct ical_time *v, struct release *to, size_t n, struct err *e)
{
	bool *done = arena_array(r->a, n + 1, sizeof *done);
	for (size_t i = 0; i < n; i++) {
		struct err why = { 0 };
		to[i].name = named(r->a, v[i].name);
		if (v[i].utc && when_parse(arena_printf(r->a, "%sZ", v[i].wall), &to[i].from)) {
			to[i].to = to[i].from + v[i].lasts;
			done[i] = true;
		}
		if (done[i] || in_zone(r, v[i].zone, v, to, n, done, &why))
			continue;
		if (why.code != ERR_USE || !v[i].own) {
			if (why.code == ERR_USE)
				return err_set(e, ERR_USE, NULL, "%s:%d: neither the server nor the calendar knows the time zone %s", r->file, v[i].line,
					text_clean(r->a, v[i].zone ? v[i].zone : r->p->zone));
			*e = why;
			return false;
		}
		to[i].from = v[i].own;
		to[i].to = v[i].own + v[i].lasts;
		done[i] = true;
	}
	return true;
}

static bool read_calendar(struct reading *r, const char *text, size_t len, struct err *e)
{
	int64_t until = r->now + MOMENT_AHEAD_DAYS * US_DAY + r->p->release_quiet_hours * US_HOUR;
	const struct ical_ask q = { r->file, text, len, r->now, until };
	struct ical_time *v;
	if (!ical_read(r->a, &q, &v, &r->out->n, e))
		return false;
	r->out->v = arena_array(r->a, r->out->n + 1, sizeof *r->out->v);
	return resolve(r, v, r->out->v, r->out->n, e);
}

/* "2026-11-24T10:00:00Z web 4.2": a time in UTC, and what is released. */
static bool read_line(struct reading *r, const char *line, int number, struct err *e)
{
	struct calendar *c = r->out;
	size_t len = strlen(line);
	while (len && strchr(" \t\r", line[len - 1]))
		len--;
	struct release *one = &c->v[c->n];
	if (len < TIME_LEN || !when_parse(arena_dupn(r->a, line, TIME_LEN), &one->from) || (len > TIME_LEN && line[TIME_LEN] != ' '))
		return err_set(e, ERR_USE, NULL, "%s:%d: this is no time in UTC, such as 2026-11-24T10:00:00Z: \"%s\"", r->file, number,
			text_fit(r->a, text_cleann(r->a, line, len), NAME_COLUMNS, false));
	one->to = one->from;
	one->name = len > TIME_LEN ? named(r->a, arena_dupn(r->a, line + TIME_LEN + 1, len - TIME_LEN - 1)) : NULL;
	c->n++;
	return true;
}

/* "none" alone says that there are none. Nothing at all says nothing: a command whose input was lost prints that as well. */
static bool read_lines(struct reading *r, const char *text, struct err *e)
{
	int number = 0;
	size_t used = strcspn(text, "\r\n");
	if (used == 4 && strncasecmp(text, "none", 4) == 0 && text[used + strspn(text + used, "\r\n")] == '\0')
		return true;
	r->out->v = arena_array(r->a, ICAL_TIMES_MAX, sizeof *r->out->v);
	for (const char *s = text; *s; s += used + (s[used] == '\n')) {
		used = strcspn(s, "\n");
		number++;
		if (strspn(s, " \t\r") >= used)
			continue;
		if (r->out->n == ICAL_TIMES_MAX)
			return err_set(e, ERR_USE, NULL, "%s:%d: more releases than gatewalk reads: %d", r->file, number, ICAL_TIMES_MAX);
		if (!read_line(r, arena_dupn(r->a, s, used), number, e))
			return false;
	}
	return r->out->n || err_set(e, ERR_USE, "A command that knows of no release prints \"none\".", "%s printed nothing", r->file);
}

static bool is_calendar(const char *s)
{
	s += strncmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	return strncasecmp(s, "BEGIN:", 6) == 0;
}

bool calendar_read(struct db *db, struct arena *a, const struct plan *p, int64_t now, struct calendar *out, struct err *e)
{
	struct reading r = { .db = db, .a = a, .p = p, .file = plan_release_source(p) ? text_clean(a, plan_release_source(p)) : NULL, .now = now, .out = out };
	char *text;
	size_t len;
	*out = (struct calendar){ NULL, 0 };
	if (r.file == NULL)
		return true;
	if (p->release_ics)
		return file_read(a, p->release_ics, ICAL_BYTES_MAX, &text, &len, e) && read_calendar(&r, text, len, e);
	const char *said;
	if (!child_answer(a, p->release_command, COMMAND_MS, &said, &len, e))
		return err_in(e, "%s", r.file);
	if (strlen(said) != len)
		return err_set(e, ERR_USE, NULL, "%s printed what is no text", r.file);
	return is_calendar(said) ? read_calendar(&r, said, len, e) : read_lines(&r, said, e);
}
