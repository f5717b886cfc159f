/* SPDX-License-Identifier: MIT */
#include "core/release.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/when.h"

#define FORM 16   /* 2026-11-24 10:00 */

const struct release *release_next(const struct release *v, size_t n, int64_t now)
{
	const struct release *first = NULL;
	for (size_t i = 0; i < n; i++)
		if ((v[i].from > now || v[i].to > now) && (!first || v[i].from < first->from))
			first = &v[i];
	return first;
}

bool release_declared(const char **list, int64_t *at)
{
	char iso[WHEN_MAX];
	const char *s = *list;
	if (s == NULL || text_same_nocase(s, "none")) {
		*list = NULL;
		return false;
	}
	size_t len = strcspn(s, ","), blanks = strspn(s, " ");
	const char *rest = s[len] ? s + len + 1 : NULL;
	for (s += blanks, len -= blanks; len && s[len - 1] == ' ';)
		len--;
	snprintf(iso, sizeof iso, "%.*s:00Z", FORM, s);
	if (len != FORM || !when_parse(iso, at))
		return false;
	*list = rest;
	return true;
}

bool release_reads(const char *list)
{
	int64_t at;
	while (release_declared(&list, &at))
		;
	return list == NULL;
}
