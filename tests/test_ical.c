/* SPDX-License-Identifier: MIT */
/* Calendars as they are written by others: what is read out of them, and what is refused, with its line. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/files.h"
#include "port/ical.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct err e;

static void setup(void)
{
	a = arena_new();
	err_clear(&e);
}

static void teardown(void)
{
	arena_free(a);
}

/* Asked about 2026-11-20 to 2027-01-19: "wall zone lasts(min) name" of each time, or the refusal. */
static const char *read_as(const char *text, size_t len)
{
	struct ical_time *v = NULL;
	size_t n = 0;
	int64_t from;
	ck_assert(when_parse("2026-11-20T00:00:00Z", &from));
	const struct ical_ask q = { "r.ics", text, len, from, from + 60 * US_DAY };
	if (!ical_read(a, &q, &v, &n, &e))
		return arena_dup(a, e.msg);
	const char *all = "";
	for (size_t i = 0; i < n; i++)
		all = arena_printf(a, "%s%s%.16s %s %lld%s%s", all, i ? "; " : "", v[i].wall, v[i].date ? "date" : v[i].utc ? "utc" : v[i].zone ? v[i].zone : "here",
			(long long)(v[i].lasts / US_MINUTE), v[i].name ? " " : "", v[i].name ? v[i].name : "");
	return all;
}

/* One event of these lines; the event begins on line 3. */
static const char *event(const char *lines)
{
	const char *text = arena_printf(a, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", lines);
	return read_as(text, strlen(text));
}

struct one { const char *lines, *want; };
static const struct one ones[] = {
	{ "DTSTART:20261201T100000Z", "2026-12-01 10:00 utc 0" },
	{ "DTSTART:20261201T100000Z\r\nDTEND:20261201T113000Z\r\nSUMMARY:web\r\n  4.2", "2026-12-01 10:00 utc 90 web 4.2" },
	{ "DTSTART;TZID=Europe/Madrid:20261201T100000\r\nDURATION:PT2H", "2026-12-01 10:00 Europe/Madrid 120" },
	{ "DTSTART:20261201T100000", "2026-12-01 10:00 here 0" },
	{ "DTSTART;TZID=Nowhere/X:20261201T100000\r\nDTEND;TZID=Nowhere/X:20261201T113000", "2026-12-01 10:00 Nowhere/X 90" },
	{ "DTSTART;TZID=Europe/Madrid:20261201T100000\r\nDTEND:20261201T113000Z", "2026-12-01 10:00 Europe/Madrid 150" },
	{ "DTSTART:20261201T100000\r\nDTEND:20261201T113000", "2026-12-01 10:00 here 90" },
	{ "DTSTART;VALUE=DATE:20261201", "2026-12-01 00:00 date 1440" },
	{ "DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261203", "2026-12-01 00:00 date 2880" },
	{ "DTSTART:20261201T100000Z\r\nSTATUS:CANCELLED", "" },
	{ "DTSTART:20261201T100000Z\r\nLOCATION:\r\nDESCRIPTION:\r\nX-MINE:1", "2026-12-01 10:00 utc 0" },
	{ "DTSTART:20200101T100000Z", "" }, { "DTSTART:20270601T100000Z", "" },
	/* Repetition. */
	{ "DTSTART:20261130T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3", "2026-11-30 10:00 utc 0; 2026-12-01 10:00 utc 0; 2026-12-02 10:00 utc 0" },
	{ "DTSTART:20200107T100000Z\r\nRRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH;UNTIL=20261203T235959Z", "2026-11-19 10:00 utc 0; 2026-12-01 10:00 utc 0; 2026-12-03 10:00 utc 0" },
	{ "DTSTART:20260101T100000Z\r\nRRULE:FREQ=MONTHLY;BYDAY=2TU", "2026-12-08 10:00 utc 0; 2027-01-12 10:00 utc 0" },
	{ "DTSTART:20261201T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEXDATE:20261202T100000Z", "2026-12-01 10:00 utc 0; 2026-12-03 10:00 utc 0" },
	{ "DTSTART;TZID=Europe/Madrid:20261201T100000\r\nRRULE:FREQ=DAILY;COUNT=2\r\nEXDATE;TZID=Europe/Madrid:20261201T100000", "2026-12-02 10:00 Europe/Madrid 0" },
	{ "DTSTART:20261201T100000Z\r\nRDATE:20261205T120000Z,20261206T120000Z", "2026-12-01 10:00 utc 0; 2026-12-05 12:00 utc 0; 2026-12-06 12:00 utc 0" },
	{ "DTSTART:20261201T100000Z\r\nRDATE;VALUE=PERIOD:20261205T120000Z/PT5H,20261206T120000Z/20261206T123000Z", "2026-12-01 10:00 utc 0; 2026-12-05 12:00 utc 300; 2026-12-06 12:00 utc 30" },
	{ "DTSTART:20261201T100000Z\r\nRDATE;VALUE=PERIOD:20261205T120000Z/20261205T110000Z", "r.ics:3: this event ends before it begins" },
	{ "DTSTART:20261201T100000Z\r\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "r.ics:3: this event has a rule that cannot be followed" },
	{ "DTSTART:20261115T100000Z\r\nDURATION:P10D", "2026-11-15 10:00 utc 14400" },
	/* What is refused. */
	{ "DTSTART:20261332T256100Z", "r.ics:3: this event has a time that is none" },
	{ "DTSTART:00001201T100000Z\r\nDTEND:20261201T110000Z", "r.ics:3: this event has a time that is none" },
	{ "DTSTART:tomorrow", "r.ics:3: this event has a time that cannot be read: Can't parse as DATE-TIME value in DTSTART property. Removing entire property: tomorrow" },
	{ "SUMMARY:when?", "r.ics:3: this event does not say once when it begins" },
	{ "DTSTART:20261201T100000Z\r\nDTSTART:20261202T100000Z", "r.ics:3: this event does not say once when it begins" },
	{ "DTSTART:20261201T100000Z\r\nDTEND:20261201T090000Z", "r.ics:3: this event ends before it begins" },
	{ "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nDURATION:PT1H", "r.ics:3: this event ends twice" },
	{ "DTSTART:20261201T100000Z\r\nDTEND:20261201T990000Z", "r.ics:3: this event has an end that is no time" },
	{ "DTSTART:20261201T100000Z\r\nDTEND;TZID=Nowhere/X:20261201T110000", "r.ics:3: this event begins and ends in zones that cannot be compared" },
	{ "DTSTART;TZID=Nowhere/X:20261201T100000\r\nDTEND;TZID=Nowhere/Y:20261201T110000", "r.ics:3: this event begins and ends in zones that cannot be compared" },
	{ "DTSTART:20261201T100000\r\nDTEND:20261201T110000Z", "r.ics:3: this event begins and ends in zones that cannot be compared" },
	{ "DTSTART:20261201T100000Z\r\nRRULE:FREQ=HOURLY", "r.ics:3: this event repeats by the hour or finer, which no release does" },
	{ "DTSTART:20261201T100000Z\r\nRRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20", "r.ics:3: more releases than gatewalk reads: 1000" },
	{ "DTSTART:16010101T100000Z\r\nRRULE:FREQ=DAILY", "r.ics:3: this event repeats too often to be followed" },
	{ "DTSTART:20261201T100000Z\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261201T100000Z", "r.ics:3: this event changes all that follow it (RANGE), which gatewalk does not read" },
	{ "BEGIN:VALARM\r\nDTSTART:20261201T100000Z", "r.ics:7: this end has no beginning" },
};

START_TEST(one_event)
{
	const char *got = event(ones[_i].lines);
	ck_assert_msg(strcmp(got, ones[_i].want) == 0, "%s:\n%s\nwanted\n%s", ones[_i].lines, got, ones[_i].want);
}
END_TEST

START_TEST(rules_that_are_not_understood)
{
	static const char *const bad[] = { "RRULE:FREQ=WEEKLI", "RRULE:FREQ=WEEKLY;BYDAY=XX", "RRULE:FREQ=DAILY;FOO=1", "EXDATE:20261202T100000Z,junk", "RDATE:junk", "DURATION:P1X" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *got = event(arena_printf(a, "DTSTART:20261201T100000Z\r\n%s", bad[i]));
		ck_assert_msg(strncmp(got, "r.ics:3: this event has a time that cannot be read: ", 52) == 0, "%s: %s", bad[i], got);
	}
}
END_TEST

/* A moved instance stands in the place of the one it replaces; a cancelled one takes it away. */
START_TEST(instances)
{
	static const char text[] = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:20261201T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261202T100000Z\nDTSTART:20261202T150000Z\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261203T100000Z\nDTSTART:20261203T100000Z\nSTATUS:CANCELLED\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:2\nDTSTART:20261203T100000Z\nEND:VEVENT\nEND:VCALENDAR\n";
	ck_assert_str_eq(read_as(text, strlen(text)), "2026-12-01 10:00 utc 0; 2026-12-02 15:00 utc 0; 2026-12-03 10:00 utc 0");
}
END_TEST

START_TEST(zone_of_its_own)
{
	char *text;
	size_t len;
	ck_assert(file_read(a, test_fixture("fuzz/ical/outlook"), ICAL_BYTES_MAX, &text, &len, &e));
	struct ical_time *v;
	size_t n;
	int64_t from, want;
	ck_assert(when_parse("2026-11-20T00:00:00Z", &from) && when_parse("2026-12-01T09:00:00Z", &want));
	char *end = strstr(text, "END:VEVENT\n");
	memcpy(end, "END:VEVENT\nEND:VCALENDAR\n", 26);
	const struct ical_ask q = { "r.ics", text, strlen(text), from, from + 60 * US_DAY };
	ck_assert_msg(ical_read(a, &q, &v, &n, &e), "%s", e.msg);
	ck_assert_str_eq(v[0].zone, "W. Europe Standard Time");
	ck_assert_int_eq(v[0].own, want);
}
END_TEST

static const struct one frames[] = {
	{ "", "r.ics:1: this is no calendar: it has no BEGIN:VCALENDAR" },
	{ "<html>no</html>\n", "r.ics:1: this stands outside of the calendar" },
	{ "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "" },
	{ "\xEF\xBB\xBF" "BEGIN:VCALENDAR\nEND:VCALENDAR\n", "" },
	{ "begin:vcalendar\nend:vcalendar", "" },
	{ "BEGIN:VCALENDAR\nEND:VCALENDAR\nBEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261201T100000Z\nEND:VEVENT\nEND:VCALENDAR\n", "2026-12-01 10:00 utc 0" },
	{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261201T100000Z\nEND:VEVENT\n", "r.ics:4: the calendar ends inside of VCALENDAR: is the file cut off?" },
	{ "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:2026", "r.ics:3: the calendar ends inside of VEVENT: is the file cut off?" },
	{ "BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR\n", "r.ics:2: this end has no beginning" },
	{ "BEGIN:VEVENT\nEND:VEVENT\n", "r.ics:1: this does not begin here" },
	{ "BEGIN:VCALENDAR\nEND:VCALENDAR\nhello\n", "r.ics:3: this stands outside of the calendar" },
	/* What the library would take for a beginning or an end. */
	{ "BEGIN:VCALENDAR\nEND;X=1\nEND:VCALENDAR\n", "r.ics:2: this is no line of a calendar" },
	{ "BEGIN:VCALENDAR\nE\n ND:VCALENDAR\nEND:VCALENDAR\n", "r.ics:2: this is no line of a calendar" },
	{ "BEGIN:VCALENDAR\nEND:VCALENDAR \n", "r.ics:2: this is no line of a calendar" },
	{ "BEGIN:VCALENDAR\n X\nEND:VCALENDAR\n", "r.ics:2: this line goes on from none" },
	{ "BEGIN:VCALENDAR\nX:1\rEND:VCALENDAR\nEND:VCALENDAR\n", "r.ics:2: this line has a control character in it" },
	{ "BEGIN:VCALENDAR\nX:1\n 2\n\t3\nEND:VCALENDAR\n", "" },
	{ "BEGIN:VCALENDAR\nX:\xFF\nEND:VCALENDAR\n", "r.ics:1: the calendar is no text in UTF-8" },
	{ "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:X\nBEGIN:STANDARD\nDTSTART:junk\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n", "r.ics:1: a VTIMEZONE of this calendar cannot be read" },
};

START_TEST(frame)
{
	const char *got = read_as(frames[_i].lines, strlen(frames[_i].lines));
	ck_assert_msg(strcmp(got, frames[_i].want) == 0, "%s:\n%s\nwanted\n%s", frames[_i].lines, got, frames[_i].want);
}
END_TEST

START_TEST(size)
{
	char *text = arena_alloc(a, ICAL_BYTES_MAX + 2);
	memset(text, 'x', ICAL_BYTES_MAX + 1);
	ck_assert_str_eq(read_as(text, ICAL_BYTES_MAX + 1), "r.ics:1: the calendar is larger than 1 MiB");
	ck_assert_str_eq(read_as("BEGIN:VCALENDAR\0END", 19), "r.ics:1: the calendar is no text in UTF-8");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ical");
	TCase *c = tcase_create("ical");
	tcase_set_timeout(c, 30);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, one_event, 0, (int)(sizeof ones / sizeof ones[0]));
	tcase_add_loop_test(c, frame, 0, (int)(sizeof frames / sizeof frames[0]));
	tcase_add_test(c, rules_that_are_not_understood);
	tcase_add_test(c, instances);
	tcase_add_test(c, zone_of_its_own);
	tcase_add_test(c, size);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
