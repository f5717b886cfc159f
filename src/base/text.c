/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void text_free(struct text *t)
{
	free(t->s);
	memset(t, 0, sizeof *t);
}

void text_clear(struct text *t)
{
	t->len = 0;
	if (t->s)
		t->s[0] = '\0';
}

static void room(struct text *t, size_t more)
{
	if (t->len + more + 1 <= t->cap)
		return;
	size_t cap = t->cap ? t->cap : 128;
	while (cap < t->len + more + 1)
		cap *= 2;
	char *s = realloc(t->s, cap);
	if (!s) {
		fputs("gatewalk: out of memory\n", stderr);
		abort();
	}
	t->s = s;
	t->cap = cap;
}

void text_addn(struct text *t, const void *s, size_t n)
{
	room(t, n);
	if (n)
		memcpy(t->s + t->len, s, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_addn(t, s, strlen(s));
}

void text_addf(struct text *t, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len > 0) {
		room(t, (size_t)len);
		vsnprintf(t->s + t->len, (size_t)len + 1, fmt, again);
		t->len += (size_t)len;
	}
	va_end(again);
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

bool text_same_nocase(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

bool text_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}
