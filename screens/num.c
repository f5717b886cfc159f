/* SPDX-License-Identifier: MIT */
#include "screens/num.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"

char *num_group(struct arena *a, int64_t n)
{
	char digits[32], *out = arena_alloc(a, 48);
	int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
	size_t k = 0;
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			out[k++] = ' ';
		out[k++] = digits[i];
	}
	return out;
}

static char *scaled(struct arena *a, double n, double step, const char *const *suffix)
{
	int i = 0;
	while ((n >= step * 0.9995 || n <= -step * 0.9995) && suffix[i + 1]) {
		n /= step;
		i++;
	}
	const char *blank = *suffix[i] ? " " : "";
	char number[32];
	snprintf(number, sizeof number, n >= 99.95 || n <= -99.95 ? "%.0f" : "%.1f", n);
	size_t len = strlen(number);
	if (len > 2 && strcmp(number + len - 2, ".0") == 0)
		number[len - 2] = '\0';
	return arena_printf(a, "%s%s%s", number, blank, suffix[i]);
}

char *num_short(struct arena *a, double n)
{
	static const char *const suffix[] = { "", "k", "M", "G", "T", NULL };
	return n >= -9999 && n <= 9999 && n == (double)(long long)n ? num_group(a, (int64_t)n) : scaled(a, n, 1000, suffix);
}

double num_ceiling(double n)
{
	static const double round[] = { 1, 1.5, 2, 3, 4, 5, 6, 8 };
	double step = 1;
	if (!(n > 0) || n > 1e15)
		return n > 0 ? n : 1;
	while (n > step * 10)
		step *= 10;
	while (n <= step)
		step /= 10;
	for (size_t i = 0; i < sizeof round / sizeof round[0]; i++)
		if (n <= round[i] * step)
			return round[i] * step;
	return 10 * step;
}

char *num_bytes(struct arena *a, double n)
{
	static const char *const suffix[] = { "B", "kB", "MB", "GB", "TB", NULL };
	return scaled(a, n, 1000, suffix);
}

char *num_unit(struct arena *a, double n, const char *unit)
{
	if (unit && strcmp(unit, "bytes") == 0)
		return num_bytes(a, n);
	return arena_printf(a, "%s%s%s", num_short(a, n), unit && *unit ? " " : "", unit ? unit : "");
}

char *num_span(struct arena *a, int64_t us)
{
	char b[WHEN_MAX];
	return arena_dup(a, when_span(us, b));
}

char *num_whole(struct arena *a, int64_t us)
{
	return us < 2 * US_MINUTE ? arena_printf(a, "%d s", us > 0 ? (int)(us / US_SECOND) : 0) : num_span(a, us);
}

char *num_age(struct arena *a, int64_t then, int64_t now)
{
	if (then == 0)
		return arena_dup(a, "never");
	if (now == 0)
		return arena_printf(a, "at %s", num_when(a, then));
	int64_t age = now - then;
	if (age < US_SECOND)
		return arena_dup(a, "just now");
	if (age < 2 * US_MINUTE)
		return arena_printf(a, "%d s ago", (int)(age / US_SECOND));
	return arena_printf(a, "%s ago", num_span(a, age));
}

char *num_moment(struct arena *a, int64_t at, int64_t now)
{
	if (now && at <= now)
		return arena_dup(a, "now");
	char *when = num_when(a, at);
	return now ? arena_printf(a, "%s UTC (in %s)", when, num_span(a, at - now)) : arena_printf(a, "%s UTC", when);
}

char *num_soon(struct arena *a, int64_t at, int64_t now)
{
	char *when = num_when(a, at);
	if (now && at <= now)
		return arena_dup(a, "now");
	if (now && at / US_DAY == now / US_DAY)
		return arena_dup(a, when + 11);
	return now && at - now < 7 * US_DAY ? arena_printf(a, "%.3s %s", when, when + 11) : num_day(a, at);
}

char *num_passed(struct arena *a, int64_t at, int64_t now)
{
	return now && at / US_DAY == now / US_DAY ? arena_dup(a, num_when(a, at) + 11) : num_day(a, at);
}

char *num_when(struct arena *a, int64_t at)
{
	char b[WHEN_MAX];
	return arena_dup(a, when_short(at, b));
}

char *num_day(struct arena *a, int64_t at)
{
	return arena_dupn(a, num_when(a, at) + 4, 6);
}
