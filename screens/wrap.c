/* SPDX-License-Identifier: MIT */
#include "screens/wrap.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* Bytes of s that make the next line; *skip gets the blanks after it. */
static size_t line_length(const char *s, int cols, size_t *skip)
{
	size_t used, at = 0, blank = 0, len = strlen(s);
	int width = 0;
	for (; at < len; at += used) {
		width += text_cp_width(text_next(s + at, len - at, &used));
		if (width > cols)
			break;
		if (s[at] == ' ')
			blank = at;
	}
	if (at < len && s[at] == ' ')
		blank = at;
	if (at < len && blank > 0)
		at = blank;
	if (at == 0 && len > 0)
		text_next(s, len, &at);   /* a wide sign in one column: never stand still */
	*skip = strspn(s + at, " ");
	return at;
}

const char **wrap(struct arena *a, const char *s, int cols, size_t *n)
{
	const char **lines = NULL;
	size_t cap = 0;
	*n = 0;
	cols = cols > 1 ? cols : 1;
	do {
		size_t skip, len = line_length(s, cols, &skip);
		lines = arena_grow(a, lines, n, &cap, sizeof *lines);
		lines[*n - 1] = arena_dupn(a, s, len);
		s += len + skip;
	} while (*s);
	return lines;
}
