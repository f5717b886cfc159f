/* SPDX-License-Identifier: MIT */
#include "base/canon.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

#define DIGITS_MAX 16

struct reader { struct arena *a; const char *p, *end; };

static struct json *value(struct reader *r, int depth);

static bool next_is(struct reader *r, char c)
{
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static struct json *node(struct reader *r, enum json_kind kind)
{
	struct json *v = arena_alloc(r->a, sizeof *v);
	v->kind = kind;
	v->arena = r->a;
	return v;
}

static void link_child(struct json *o, struct json *child)
{
	if (o->last)
		o->last->next = child;
	else
		o->first = child;
	o->last = child;
}

static const char *key(struct reader *r)
{
	const char *from = r->p;
	while (r->p < r->end && ((*r->p >= 'a' && *r->p <= 'z') || (*r->p >= '0' && *r->p <= '9') || *r->p == '_'))
		r->p++;
	size_t len = (size_t)(r->p - from);
	return len > 0 && next_is(r, '"') ? arena_dupn(r->a, from, len) : NULL;
}

/* Behind a backslash: the byte it stands for, or 0. A control byte with a short form must use it; U+0000 has none. */
static char escaped(struct reader *r)
{
	static const char from[] = "\"\\bfnrt", to[] = "\"\\\b\f\n\r\t", hex[] = "0123456789abcdef";
	if (r->p >= r->end || *r->p == '\0')
		return 0;
	const char *found = strchr(from, *r->p);
	if (found) {
		r->p++;
		return to[found - from];
	}
	if (r->end - r->p < 5 || memcmp(r->p, "u00", 3) != 0 || (r->p[3] != '0' && r->p[3] != '1') || r->p[4] == '\0')
		return 0;
	const char *low = strchr(hex, r->p[4]);
	char c = low ? (char)((r->p[3] - '0') * 16 + (low - hex)) : 0;
	r->p += 5;
	return c != 0 && !strchr(to, c) ? c : 0;
}

/* The end of a string: its closing quote. *plain: nothing in it is escaped. */
static const char *string_end(const struct reader *r, bool *plain)
{
	*plain = true;
	for (const char *p = r->p; p < r->end; p++) {
		if (*p == '"')
			return p;
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\') {
			*plain = false;
			p++;
		}
	}
	return NULL;
}

static struct json *string(struct reader *r)
{
	bool plain;
	const char *close = string_end(r, &plain);
	if (!close || !text_utf8_valid(r->p, (size_t)(close - r->p)))
		return NULL;
	struct json *v = node(r, JSON_STR);
	char *to = arena_dupn(r->a, r->p, (size_t)(close - r->p));
	v->str = to;
	if (plain) {
		r->p = close + 1;
		return v;
	}
	while (r->p < close) {
		char c = *r->p++;
		if (c == '\\' && (c = escaped(r)) == 0)
			return NULL;
		*to++ = c;
	}
	*to = '\0';
	return next_is(r, '"') ? v : NULL;
}

static struct json *integer(struct reader *r)
{
	bool minus = next_is(r, '-');
	const char *from = r->p;
	int64_t n = 0;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - from < DIGITS_MAX; r->p++)
		n = n * 10 + (*r->p - '0');
	if (r->p == from || (*from == '0' && (r->p - from > 1 || minus)) || n > JSON_LOG_INT_MAX)
		return NULL;
	struct json *v = node(r, JSON_INT);
	v->num = minus ? -n : n;
	return v;
}

static struct json *array(struct reader *r, int depth)
{
	struct json *o = node(r, JSON_ARR);
	if (next_is(r, ']'))
		return o;
	do {
		struct json *v = value(r, depth + 1);
		if (!v)
			return NULL;
		link_child(o, v);
	} while (next_is(r, ','));
	return next_is(r, ']') ? o : NULL;
}

static struct json *object(struct reader *r, int depth)
{
	struct json *o = node(r, JSON_OBJ);
	if (next_is(r, '}'))
		return o;
	do {
		const char *k = next_is(r, '"') ? key(r) : NULL;
		if (!k || (o->last && strcmp(o->last->key, k) >= 0))
			return NULL;
		struct json *v = next_is(r, ':') ? value(r, depth + 1) : NULL;
		if (!v)
			return NULL;
		v->key = k;
		link_child(o, v);
	} while (next_is(r, ','));
	return next_is(r, '}') ? o : NULL;
}

static struct json *value(struct reader *r, int depth)
{
	if (next_is(r, '"'))
		return string(r);
	if (depth < JSON_LOG_DEPTH && next_is(r, '{'))
		return object(r, depth);
	if (depth < JSON_LOG_DEPTH && next_is(r, '['))
		return array(r, depth);
	return integer(r);
}

struct json *canon_read(struct arena *a, const char *text, size_t len, size_t *at)
{
	struct reader r = { .a = a, .p = text, .end = text + len };
	struct json *v = next_is(&r, '{') ? object(&r, 0) : NULL;
	if (at)
		*at = (size_t)(r.p - text);
	return v && r.p == r.end ? v : NULL;
}
