/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

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
