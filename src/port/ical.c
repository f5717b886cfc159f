/* SPDX-License-Identifier: MIT */
#include "port/ical.h"

#include <libical/ical.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"

#define DEPTH_MAX 8
#define EVENTS_MAX 10000
#define ROUNDS_MAX 100000      /* repetitions that are looked at, of all events together */
#define MARGIN (2 * US_DAY)    /* more than any zone is away from UTC */

struct reading {
	struct arena *a;
	const struct ical_ask *q;
	icalcomponent *root;
	int *lines;                /* where each VEVENT begins, in order */
	size_t n_lines, cap_lines;
	struct ical_time *times;
	size_t n, cap;
	long rounds;
	struct err *e;
};

static bool refuse(struct reading *r, int line, const char *why)
{
	return err_set(r->e, ERR_USE, NULL, "%s:%d: %s", r->q->file, line, why);
}

/* The frame first: the library takes half a file for a whole one, knows no lines, and speaks to the terminal about an end too many.
   So nothing is let through that it could see as a beginning or an end and we would not. `whole`: the line before has its name whole,
   and may go on in the next one. */
struct frame { struct reading *r; const char *open[DEPTH_MAX]; size_t len[DEPTH_MAX]; int depth, line, calendars; bool whole; };

static bool frame_end(struct frame *f, const char *name, size_t n)
{
	if (f->depth == 0 || f->len[f->depth - 1] != n || strncasecmp(f->open[f->depth - 1], name, n) != 0)
		return refuse(f->r, f->line, "this end has no beginning");
	f->depth--;
	return true;
}

static bool frame_begin(struct frame *f, const char *name, size_t n)
{
	struct reading *r = f->r;
	bool calendar = n == 9 && strncasecmp(name, "VCALENDAR", n) == 0;
	if (calendar != (f->depth == 0) || f->depth == DEPTH_MAX)
		return refuse(r, f->line, "this does not begin here");
	f->calendars += calendar;
	f->open[f->depth] = name;
	f->len[f->depth++] = n;
	if (f->depth == 2 && n == 6 && strncasecmp(name, "VEVENT", n) == 0) {
		r->lines = arena_grow(r->a, r->lines, &r->n_lines, &r->cap_lines, sizeof *r->lines);
		r->lines[r->n_lines - 1] = f->line;
	}
	return true;
}

static bool frame_line(struct frame *f, const char *s, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	if (len == 0)
		return true;
	if (*s == ' ' || *s == '\t')
		return f->whole || refuse(f->r, f->line, "this line goes on from none");
	size_t name = strspn(s, letters);
	bool begins = name == 5 && strncasecmp(s, "BEGIN", 5) == 0, ends = name == 3 && strncasecmp(s, "END", 3) == 0;
	f->whole = !begins && !ends && name && name < len && (s[name] == ':' || s[name] == ';');
	if (f->depth == 0 && !begins && !ends)
		return refuse(f->r, f->line, "this stands outside of the calendar");
	if (!begins && !ends)
		return f->whole || refuse(f->r, f->line, "this is no line of a calendar");
	const char *what = s + name + 1;
	size_t n = name < len && s[name] == ':' ? len - name - 1 : 0;
	if (n == 0 || strspn(what, letters) != n)
		return refuse(f->r, f->line, "this is no line of a calendar");
	return begins ? frame_begin(f, what, n) : frame_end(f, what, n);
}

/* No control characters but tabs: the library takes a lone carriage return for the end of a line. */
static bool clean_line(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' && s[i] != '\t')
			return false;
	return true;
}

static bool frame_good(struct reading *r)
{
	struct frame f = { .r = r };
	const char *s = r->q->text, *end = s + r->q->len;
	if (r->q->len > ICAL_BYTES_MAX || strlen(s) != r->q->len || !text_utf8_valid(s, r->q->len))
		return refuse(r, 1, r->q->len > ICAL_BYTES_MAX ? "the calendar is larger than 1 MiB" : "the calendar is no text in UTF-8");
	if (strncmp(s, "\xEF\xBB\xBF", 3) == 0)
		s += 3;
	while (s < end) {
		const char *lf = memchr(s, '\n', (size_t)(end - s));
		size_t len = (size_t)((lf ? lf : end) - s);
		f.line++;
		len -= len && s[len - 1] == '\r';
		if (!clean_line(s, len))
			return refuse(r, f.line, "this line has a control character in it");
		if (!frame_line(&f, s, len))
			return false;
		s = lf ? lf + 1 : end;
	}
	if (f.calendars == 0)
		return refuse(r, 1, "this is no calendar: it has no BEGIN:VCALENDAR");
	if (f.depth)
		return refuse(r, f.line, arena_printf(r->a, "the calendar ends inside of %.60s: is the file cut off?",
			text_cleann(r->a, f.open[f.depth - 1], f.len[f.depth - 1])));
	return r->n_lines <= EVENTS_MAX || refuse(r, r->lines[EVENTS_MAX], "more events than gatewalk reads");
}

/* What the library could not read it leaves in the component as an error. Those of texts do not matter; those of times do. */
static const char *bad_time(struct reading *r, icalcomponent *c)
{
	static const char *const names[] = { "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID", "STATUS", "TZID", "VALUE", "RANGE", "TZOFFSET" };
	for (icalproperty *p = icalcomponent_get_first_property(c, ICAL_XLICERROR_PROPERTY); p; p = icalcomponent_get_next_property(c, ICAL_XLICERROR_PROPERTY)) {
		const char *said = icalproperty_get_xlicerror(p);
		for (size_t i = 0; said && i < sizeof names / sizeof names[0]; i++)
			if (strstr(said, names[i]))
				return arena_printf(r->a, "this event has a time that cannot be read: %.120s", text_clean(r->a, said));
	}
	return NULL;
}

/* One event while it is told. */
struct event { struct reading *r; icalcomponent *calendar, *c; int line; const char *uid; struct icaltimetype start; int64_t lasts; };

/* The wall as text and as if it were UTC; false for the 13th month, which the library lets through. */
static bool wall(struct icaltimetype t, char text[static 24], int64_t *us)
{
	char iso[WHEN_MAX];
	if (t.year < 1 || t.year > 9999)
		return false;
	snprintf(iso, sizeof iso, "%04d-%02d-%02d %02d:%02d:%02dZ", t.year, t.month & 0xFF, t.day & 0xFF, t.hour & 0xFF, t.minute & 0xFF, t.second & 0xFF);
	if (!when_parse(iso, us) || strlen(iso) != 20)
		return false;
	memcpy(text, iso, 19);
	text[19] = '\0';
	return true;
}

static const char *zone_of(icalproperty *p)
{
	icalparameter *z = p ? icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER) : NULL;
	return z ? icalparameter_get_tzid(z) : NULL;
}

static bool same_moment(struct icaltimetype a, struct icaltimetype b)
{
	return icaltime_is_date(a) || icaltime_is_date(b) ? icaltime_compare_date_only(a, b) == 0 : icaltime_compare(a, b) == 0;
}

/* Another event of the same name stands in this one's place: moved, or cancelled. */
static bool replaced(const struct event *v, struct icaltimetype t)
{
	for (icalcompiter i = icalcomponent_begin_component(v->calendar, ICAL_VEVENT_COMPONENT); icalcompiter_deref(&i); icalcompiter_next(&i)) {
		icalcomponent *c = icalcompiter_deref(&i);
		if (c != v->c && icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY) && text_eq(icalcomponent_get_uid(c), v->uid) &&
		    same_moment(icalcomponent_get_recurrenceid(c), t))
			return true;
	}
	return false;
}

/* Notes one time of the event, when it lies where it was asked for. */
static bool add_time(struct event *v, struct icaltimetype t, const char *zone)
{
	struct reading *r = v->r;
	struct ical_time one = { .line = v->line, .date = icaltime_is_date(t), .utc = icaltime_is_utc(t), .lasts = v->lasts };
	int64_t us;
	if (!wall(t, one.wall, &us))
		return refuse(r, v->line, "this event has a time that is none");
	if (us > r->q->to + MARGIN || us + v->lasts < r->q->from - MARGIN || icalproperty_recurrence_is_excluded(v->c, &v->start, &t))
		return true;
	if (!icalcomponent_get_first_property(v->c, ICAL_RECURRENCEID_PROPERTY) && replaced(v, t))
		return true;
	icaltimezone *own = zone && !one.utc && !one.date ? icalcomponent_get_timezone(v->calendar, zone) : NULL;
	one.own = own ? (int64_t)icaltime_as_timet_with_zone(t, own) * US_SECOND : 0;
	one.zone = one.utc || one.date ? NULL : arena_dup(r->a, zone);
	one.name = arena_dup(r->a, icalcomponent_get_summary(v->c));
	if (r->n == ICAL_TIMES_MAX)
		return refuse(r, v->line, "more releases than gatewalk reads: 1000");
	r->times = arena_grow(r->a, r->times, &r->n, &r->cap, sizeof *r->times);
	r->times[r->n - 1] = one;
	return true;
}

static bool repeat_rule(struct event *v, icalproperty *p, const char *zone)
{
	struct reading *r = v->r;
	struct icalrecurrencetype rule = icalproperty_get_rrule(p);
	char text[24];
	int64_t us;
	if (rule.freq < ICAL_DAILY_RECURRENCE || rule.freq > ICAL_YEARLY_RECURRENCE)
		return refuse(r, v->line, "this event repeats by the hour or finer, which no release does");
	icalrecur_iterator *i = icalrecur_iterator_new(rule, v->start);
	if (i == NULL)
		return refuse(r, v->line, "this event has a rule that cannot be followed");
	bool good = true;
	for (struct icaltimetype t = icalrecur_iterator_next(i); good && !icaltime_is_null_time(t); t = icalrecur_iterator_next(i)) {
		if (!wall(t, text, &us) || us > r->q->to + MARGIN)
			break;
		if (++r->rounds > ROUNDS_MAX)
			good = refuse(r, v->line, "this event repeats too often to be followed");
		else if (icaltime_compare(t, v->start) != 0)
			good = add_time(v, t, zone);
	}
	icalrecur_iterator_free(i);
	return good;
}

/* Both in zones that are known, or in the same one: else how long it lasts would be a guess. */
static bool span(struct event *v, struct icaltimetype from, struct icaltimetype to, bool one_zone)
{
	char text[24];
	int64_t us;
	if (!wall(from, text, &us))
		return refuse(v->r, v->line, "this event has a time that is none");
	if (!wall(to, text, &us))
		return refuse(v->r, v->line, "this event has an end that is no time");
	if (!from.zone != !to.zone || (!from.zone && !one_zone))
		return refuse(v->r, v->line, "this event begins and ends in zones that cannot be compared");
	v->lasts = ((int64_t)icaltime_as_timet_with_zone(to, to.zone) - (int64_t)icaltime_as_timet_with_zone(from, from.zone)) * US_SECOND;
	return v->lasts >= 0 || refuse(v->r, v->line, "this event ends before it begins");
}

/* A period lasts as long as it says, whatever the event does. */
static bool repeat_date(struct event *v, icalproperty *p, const char *zone)
{
	struct icaldatetimeperiodtype d = icalproperty_get_rdate(p);
	struct event one = *v;
	const char *own = zone_of(p);
	if (!icaltime_is_null_time(d.time))
		return add_time(v, d.time, own ? own : zone);
	struct icaltimetype end = icaltime_is_null_time(d.period.end) ? icaltime_add(d.period.start, d.period.duration) : d.period.end;
	return span(&one, d.period.start, end, true) && add_time(&one, d.period.start, own ? own : zone);
}

/* Each property of a kind. They are gathered first: a component has one place of its own to count from, and what asks whether a time
   is excluded moves it. */
static bool repeat_all(struct event *v, icalproperty_kind kind, bool (*one)(struct event *, icalproperty *, const char *), const char *zone)
{
	icalproperty **all = NULL;
	size_t n = 0, cap = 0;
	for (icalproperty *p = icalcomponent_get_first_property(v->c, kind); p; p = icalcomponent_get_next_property(v->c, kind)) {
		all = arena_grow(v->r->a, all, &n, &cap, sizeof *all);
		all[n - 1] = p;
	}
	for (size_t i = 0; i < n; i++)
		if (!one(v, all[i], zone))
			return false;
	return true;
}

static bool event_lasts(struct event *v)
{
	icalproperty *end = icalcomponent_get_first_property(v->c, ICAL_DTEND_PROPERTY);
	int ends = icalcomponent_count_properties(v->c, ICAL_DTEND_PROPERTY) + icalcomponent_count_properties(v->c, ICAL_DURATION_PROPERTY);
	if (ends > 1)
		return refuse(v->r, v->line, "this event ends twice");
	v->lasts = icaltime_is_date(v->start) ? US_DAY : 0;
	bool one_zone = !end || text_eq(zone_of(icalcomponent_get_first_property(v->c, ICAL_DTSTART_PROPERTY)), zone_of(end));
	return ends == 0 || span(v, v->start, icalcomponent_get_dtend(v->c), one_zone);
}

static bool event_read(struct event *v)
{
	struct reading *r = v->r;
	const char *bad = bad_time(r, v->c);
	icalproperty *start = icalcomponent_get_first_property(v->c, ICAL_DTSTART_PROPERTY);
	icalproperty *replaces = icalcomponent_get_first_property(v->c, ICAL_RECURRENCEID_PROPERTY);
	if (bad)
		return refuse(r, v->line, bad);
	if (icalcomponent_get_status(v->c) == ICAL_STATUS_CANCELLED)
		return true;
	if (icalcomponent_count_properties(v->c, ICAL_DTSTART_PROPERTY) != 1)
		return refuse(r, v->line, "this event does not say once when it begins");
	if (replaces && icalproperty_get_first_parameter(replaces, ICAL_RANGE_PARAMETER))
		return refuse(r, v->line, "this event changes all that follow it (RANGE), which gatewalk does not read");
	v->uid = icalcomponent_get_uid(v->c);
	v->start = icalcomponent_get_dtstart(v->c);
	const char *zone = zone_of(start);
	return event_lasts(v) && add_time(v, v->start, zone) && repeat_all(v, ICAL_RDATE_PROPERTY, repeat_date, zone) &&
		repeat_all(v, ICAL_RRULE_PROPERTY, repeat_rule, zone);
}

/* A zone that is described wrongly would move its events without a word. */
static bool zones_good(struct reading *r, icalcomponent *calendar)
{
	for (icalcompiter i = icalcomponent_begin_component(calendar, ICAL_VTIMEZONE_COMPONENT); icalcompiter_deref(&i); icalcompiter_next(&i))
		if (icalcomponent_count_errors(icalcompiter_deref(&i)))
			return refuse(r, 1, "a VTIMEZONE of this calendar cannot be read");
	return true;
}

static bool calendar_read(struct reading *r, icalcomponent *calendar, size_t *seen)
{
	if (!zones_good(r, calendar))
		return false;
	for (icalcompiter i = icalcomponent_begin_component(calendar, ICAL_VEVENT_COMPONENT); icalcompiter_deref(&i); icalcompiter_next(&i)) {
		struct event v = { .r = r, .calendar = calendar, .c = icalcompiter_deref(&i) };
		if (*seen == r->n_lines)
			return refuse(r, 1, "the calendar's events are not those of its lines");
		v.line = r->lines[(*seen)++];
		if (!event_read(&v))
			return false;
	}
	return true;
}

static bool calendars_read(struct reading *r)
{
	size_t seen = 0;
	bool good = true;
	if (icalcomponent_isa(r->root) == ICAL_VCALENDAR_COMPONENT)
		good = calendar_read(r, r->root, &seen);
	for (icalcompiter i = icalcomponent_begin_component(r->root, ICAL_VCALENDAR_COMPONENT); good && icalcompiter_deref(&i); icalcompiter_next(&i))
		good = calendar_read(r, icalcompiter_deref(&i), &seen);
	return good && (seen == r->n_lines || refuse(r, 1, "the calendar's events are not those of its lines"));
}

bool ical_read(struct arena *a, const struct ical_ask *q, struct ical_time **out, size_t *n, struct err *e)
{
	struct reading r = { .a = a, .q = q, .e = e };
	bool bom = strncmp(q->text, "\xEF\xBB\xBF", 3) == 0;
	icalerror_set_errors_are_fatal(false);
	if (!frame_good(&r))
		return false;
	r.root = icalparser_parse_string(q->text + (bom ? 3 : 0));
	bool good = r.root ? calendars_read(&r) : refuse(&r, 1, "this is no calendar that can be read");
	if (r.root)
		icalcomponent_free(r.root);
	*out = r.times;
	*n = r.n;
	return good;
}
