/* SPDX-License-Identifier: MIT */
#include "base/when.h"

#include <stdio.h>
#include <string.h>

struct civil { int year, month, day, hour, minute, second, us, dow; };

/* Days since 1970-01-01 of a civil date, and back; proleptic Gregorian calendar, counted in eras of 400 years. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static struct civil civil_of(int64_t us)
{
	int64_t days = us / US_DAY, rest = us % US_DAY;
	if (rest < 0) {
		rest += US_DAY;
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct civil c = {
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.month = (int)(mp < 10 ? mp + 3 : mp - 9),
		.hour = (int)(rest / US_HOUR), .minute = (int)(rest / US_MINUTE % 60),
		.second = (int)(rest / US_SECOND % 60), .us = (int)(rest % US_SECOND),
		.dow = (int)(((days % 7) + 11) % 7),
	};
	c.year = (int)(yoe + era * 400 + (c.month <= 2));
	return c;
}

const char *when_iso(int64_t us, char buf[static WHEN_MAX])
{
	struct civil c = civil_of(us);
	snprintf(buf, WHEN_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", c.year, c.month, c.day, c.hour, c.minute, c.second, c.us);
	return buf;
}

const char *when_short(int64_t us, char buf[static WHEN_MAX])
{
	static const char days[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct civil c = civil_of(us);
	snprintf(buf, WHEN_MAX, "%s %02d %s %02d:%02d", days[c.dow], c.day, months[c.month - 1], c.hour, c.minute);
	return buf;
}

const char *when_clock(int64_t us, char buf[static WHEN_MAX])
{
	struct civil c = civil_of(us);
	snprintf(buf, WHEN_MAX, "%02d:%02d:%02d", c.hour, c.minute, c.second);
	return buf;
}

const char *when_span(int64_t us, char buf[static WHEN_MAX])
{
	long long d = us / US_DAY, h = us / US_HOUR, m = us / US_MINUTE, s = us / US_SECOND;
	if (us < 0)
		us = 0;
	if (d >= 1)
		snprintf(buf, WHEN_MAX, "%lld d %02lld h", d, h % 24);
	else if (h >= 1)
		snprintf(buf, WHEN_MAX, "%lld h %02lld min", h, m % 60);
	else if (m >= 10)
		snprintf(buf, WHEN_MAX, "%lld min", m);
	else if (m >= 1)
		snprintf(buf, WHEN_MAX, "%lld min %02lld s", m, s % 60);
	else if (s >= 10)
		snprintf(buf, WHEN_MAX, "%lld s", s);
	else if (s >= 1)
		snprintf(buf, WHEN_MAX, "%.1f s", (double)us / 1e6);
	else
		snprintf(buf, WHEN_MAX, "%lld ms", (long long)(us / 1000));
	return buf;
}

static bool number(const char **s, int digits, int *out)
{
	int n = 0;
	for (int i = 0; i < digits; i++, (*s)++) {
		if (**s < '0' || **s > '9')
			return false;
		n = n * 10 + (**s - '0');
	}
	*out = n;
	return true;
}

static bool literal(const char **s, const char *set)
{
	if (**s == '\0' || !strchr(set, **s))
		return false;
	(*s)++;
	return true;
}

static bool in_range(const struct civil *c)
{
	static const int length[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (c->year % 4 == 0 && c->year % 100 != 0) || c->year % 400 == 0;
	if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > length[c->month - 1])
		return false;
	if (c->month == 2 && c->day == 29 && !leap)
		return false;
	return c->hour < 24 && c->minute < 60 && c->second < 60;
}

static bool fraction(const char **s, int *us)
{
	int scale = 100000, digits = 0;
	*us = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, digits++, scale /= 10)
		*us += (**s - '0') * scale;
	return digits >= 1 && digits <= 6;
}

bool when_parse(const char *s, int64_t *us)
{
	struct civil c = { 0 };
	if (!s || !number(&s, 4, &c.year) || !literal(&s, "-") || !number(&s, 2, &c.month) || !literal(&s, "-") ||
	    !number(&s, 2, &c.day) || !literal(&s, "T ") || !number(&s, 2, &c.hour) || !literal(&s, ":") ||
	    !number(&s, 2, &c.minute) || !literal(&s, ":") || !number(&s, 2, &c.second) || !fraction(&s, &c.us))
		return false;
	if (strcmp(s, "Z") != 0 && strcmp(s, "+00") != 0 && strcmp(s, "+00:00") != 0)
		return false;
	if (!in_range(&c))
		return false;
	*us = days_of(c.year, c.month, c.day) * US_DAY + c.hour * US_HOUR + c.minute * US_MINUTE + c.second * US_SECOND + c.us;
	return true;
}

void when_weekday(int64_t us, int *dow, int *minute)
{
	struct civil c = civil_of(us);
	*dow = c.dow;
	*minute = c.hour * 60 + c.minute;
}
