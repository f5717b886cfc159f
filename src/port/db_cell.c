/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "base/when.h"

int64_t cell_int(const char *s)
{
	return s ? strtoll(s, NULL, 10) : 0;
}

/* The server writes a point whatever the locale of the terminal. */
double cell_double(const char *s)
{
	locale_t c = s ? newlocale(LC_ALL_MASK, "C", (locale_t)0) : (locale_t)0;
	if (!c)
		return 0;
	double value = strtod_l(s, NULL, c);
	freelocale(c);
	return value;
}

bool cell_bool(const char *s)
{
	return s && (s[0] == 't' || s[0] == 'T' || strcmp(s, "1") == 0);
}

int64_t cell_time(const char *s)
{
	int64_t us = 0;
	if (!s)
		return 0;
	const char *digits = s[0] == '-' ? s + 1 : s;
	if (digits[0] && digits[strspn(digits, "0123456789")] == '\0')
		return strtoll(s, NULL, 10);
	return when_parse(s, &us) ? us : 0;
}
