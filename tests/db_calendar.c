/* SPDX-License-Identifier: MIT */
/* A plan's calendar: from a file, from a command, in the zones that the server knows. */
#include <sys/stat.h>

#include "adapter/calendar.h"
#include "base/when.h"
#include "port/files.h"
#include "tests/lib_db.h"

static struct arena *a;
static struct db *db;
static struct plan p;
static char path[512];

static void setup(void)
{
	a = arena_new();
	db = test_connect("dbname=postgres");
	p = (struct plan){ .zone = "Europe/Madrid", .release_quiet_hours = 48 };
	snprintf(path, sizeof path, "%s/releases.ics", test_dir());
}

static void teardown(void)
{
	db_close(db);
	arena_free(a);
}

/* Asked on 2026-11-20: "from to name; ..." or the refusal, the file's folder left out. */
static const char *read_now(void)
{
	struct calendar c;
	struct err e = { 0 };
	int64_t now;
	char from[WHEN_MAX], to[WHEN_MAX];
	ck_assert(when_parse("2026-11-20T00:00:00Z", &now));
	if (!calendar_read(db, a, &p, now, &c, &e)) {
		const char *slash = strrchr(e.msg, '/'), *own = p.release_ics ? strstr(e.msg, "releases.ics") : NULL;
		return arena_dup(a, own ? own : slash && p.release_ics ? slash + 1 : e.msg);
	}
	const char *all = "";
	for (size_t i = 0; i < c.n; i++)
		all = arena_printf(a, "%s%s%.16s %.16s%s%s", all, i ? "; " : "", when_iso(c.v[i].from, from), when_iso(c.v[i].to, to), c.v[i].name ? " " : "", c.v[i].name ? c.v[i].name : "");
	return all;
}

static const char *file(const char *events)
{
	struct err e = { 0 };
	const char *text = arena_printf(a, "BEGIN:VCALENDAR\nVERSION:2.0\n%sEND:VCALENDAR\n", events);
	ck_assert_msg(file_write(path, text, strlen(text), &e), "%s", e.msg);
	p.release_ics = path;
	return read_now();
}

static const char *command(const char *c)
{
	p.release_ics = NULL;
	p.release_command = c;
	return read_now();
}

#define EVENT(lines) "BEGIN:VEVENT\nUID:1\n" lines "\nEND:VEVENT\n"
#define OUTLOOK "BEGIN:VTIMEZONE\nTZID:W. Europe Standard Time\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n" \
	"BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\nEND:VTIMEZONE\n"

START_TEST(zones)
{
	ck_assert_str_eq(file(""), "");
	ck_assert_str_eq(file(EVENT("DTSTART:20261201T100000Z\nDTEND:20261201T110000Z\nSUMMARY:web 4.2")), "2026-12-01T10:00 2026-12-01T11:00 web 4.2");
	ck_assert_str_eq(file(EVENT("DTSTART;TZID=America/New_York:20261201T100000\nSUMMARY:a\xE2\x80\xAE" "b")), "2026-12-01T15:00 2026-12-01T15:00 a\\u{202E}b");
	/* No zone, and whole days: the plan's own. */
	ck_assert_str_eq(file(EVENT("DTSTART:20261201T100000")), "2026-12-01T09:00 2026-12-01T09:00");
	ck_assert_str_eq(file(EVENT("DTSTART;VALUE=DATE:20261201")), "2026-11-30T23:00 2026-12-01T23:00");
	/* A name of somebody else's goes by what the calendar says of it; without that it is refused, and never taken for an offset. */
	ck_assert_str_eq(file(OUTLOOK EVENT("DTSTART;TZID=W. Europe Standard Time:20261201T100000")), "2026-12-01T09:00 2026-12-01T09:00");
	ck_assert_str_eq(file(EVENT("DTSTART;TZID=W. Europe Standard Time:20261201T100000")),
		"releases.ics:3: neither the server nor the calendar knows the time zone W. Europe Standard Time");
	ck_assert_str_eq(file(EVENT("DTSTART;TZID=Mars/Olympus2:20261201T100000")), "releases.ics:3: neither the server nor the calendar knows the time zone Mars/Olympus2");
	ck_assert_str_eq(file(EVENT("DTSTART:20261201T100000Z") EVENT("DTSTART;TZID=Europe/Madrid:20261202T100000") EVENT("DTSTART;TZID=Europe/Madrid:20261203T100000")),
		"2026-12-01T10:00 2026-12-01T10:00; 2026-12-02T09:00 2026-12-02T09:00; 2026-12-03T09:00 2026-12-03T09:00");
}
END_TEST

START_TEST(files_that_cannot_be_read)
{
	ck_assert_str_eq(file(EVENT("DTSTART:tomorrow")),
		"releases.ics:3: this event has a time that cannot be read: Can't parse as DATE-TIME value in DTSTART property. Removing entire property: tomorrow");
	unlink(path);
	ck_assert_ptr_nonnull(strstr(read_now(), "No such file"));
	ck_assert_int_eq(symlink("/etc/hostname", path), 0);
	ck_assert_ptr_nonnull(strstr(read_now(), "is a link"));
	unlink(path);
}
END_TEST

START_TEST(commands)
{
	static const struct { const char *command, *want; } cases[] = {
		{ "printf 'BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART:20261201T100000Z\\nEND:VEVENT\\nEND:VCALENDAR\\n'", "2026-12-01T10:00 2026-12-01T10:00" },
		{ "printf '2026-12-01T10:00:00Z web 4.2\\r\\n\\n2026-12-02 11:00:00Z'", "2026-12-01T10:00 2026-12-01T10:00 web 4.2; 2026-12-02T11:00 2026-12-02T11:00" },
		{ "echo none", "" }, { "printf none", "" },
		{ "true", "releases_from.command printed nothing" }, { "echo", "releases_from.command printed nothing" },
		{ "printf 'none\\n2026-12-01T10:00:00Z\\n'", "releases_from.command:1: this is no time in UTC, such as 2026-11-24T10:00:00Z: \"none\"" },
		{ "printf '2026-12-01T10:00:00Z\\nTuesday\\n'", "releases_from.command:2: this is no time in UTC, such as 2026-11-24T10:00:00Z: \"Tuesday\"" },
		{ "echo 2026-12-01T10:00:00+01:00", "releases_from.command:1: this is no time in UTC, such as 2026-11-24T10:00:00Z: \"2026-12-01T10:00:00+01:00\"" },
		{ "echo none; exit 3", "releases_from.command: its command failed with status 3" },
		{ "kill -9 $$", "releases_from.command: its command failed with status 137" },
		{ "printf 'none\\0none'", "releases_from.command printed what is no text" },
		{ "head -c 1100000 /dev/zero", "releases_from.command: its command printed more than 1 MiB" },
		{ "head -c 50000000 /dev/zero | tr '\\0' x", "releases_from.command: its command printed more than 1 MiB" },
		{ "cat", "releases_from.command printed nothing" },   /* it gets no input, and waits for none */
		{ "printf '\\033]0;x\\007\\n'", "releases_from.command:1: this is no time in UTC, such as 2026-11-24T10:00:00Z: \"\\x1b]0;x\\x07\"" },
		{ "printf 'BEGIN:VCALENDAR\\nBEGIN:VEVENT\\nDTSTART:20261201T100000Z\\n'", "releases_from.command:3: the calendar ends inside of VEVENT: is the file cut off?" },
		{ "i=0; while [ $i -le 1000 ]; do echo 2026-12-01T10:00:00Z; i=$((i+1)); done", "releases_from.command:1001: more releases than gatewalk reads: 1000" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *got = command(cases[i].command);
		ck_assert_msg(strcmp(got, cases[i].want) == 0, "%s: %s", cases[i].command, got);
	}
	p.release_command = NULL;
	ck_assert_str_eq(read_now(), "");
}
END_TEST

/* One that never ends is ended, however fast it prints, with all that it started; what it left behind holds nobody up. */
START_TEST(commands_that_do_not_end)
{
	static const char *const endless[] = { "yes 2026-12-01T10:00:00Z", "echo none; sleep 600 | cat" };
	for (size_t i = 0; i < 2; i++) {
		int64_t began = clock_mono();
		const char *got = command(endless[i]);
		ck_assert_msg(strstr(got, "did not end within 10"), "%s: %s", endless[i], got);
		ck_assert_int_lt(clock_mono() - began, 30 * US_SECOND);
	}
	ck_assert_str_eq(command("sleep 600 >/dev/null 2>&1 & echo none"), "");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("calendar");
	TCase *c = tcase_create("calendar");
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, zones);
	tcase_add_test(c, files_that_cannot_be_read);
	tcase_add_test(c, commands);
	tcase_add_test(c, commands_that_do_not_end);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
