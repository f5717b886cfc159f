/* SPDX-License-Identifier: MIT */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static struct json *node(struct arena *a, enum json_kind kind)
{
	struct json *j = arena_alloc(a, sizeof *j);
	j->kind = kind;
	j->arena = a;
	return j;
}

struct json *json_obj(struct arena *a)
{
	return node(a, JSON_OBJ);
}

struct json *json_arr(struct arena *a)
{
	return node(a, JSON_ARR);
}

struct json *json_add(struct json *o, const char *key, struct json *child)
{
	child->key = key ? arena_dup(o->arena, key) : NULL;
	child->next = NULL;
	if (o->last)
		o->last->next = child;
	else
		o->first = child;
	o->last = child;
	return child;
}

struct json *json_add_str(struct json *o, const char *key, const char *s)
{
	struct json *j = node(o->arena, JSON_STR);
	j->str = arena_dup(o->arena, s ? s : "");
	return json_add(o, key, j);
}

struct json *json_add_strf(struct json *o, const char *key, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	struct json *j = node(o->arena, JSON_STR);
	if (len >= 0 && (size_t)len < sizeof small) {
		j->str = arena_dup(o->arena, small);
	} else {
		char *big = arena_alloc(o->arena, (size_t)(len < 0 ? 0 : len) + 1);
		vsnprintf(big, (size_t)(len < 0 ? 0 : len) + 1, fmt, again);
		j->str = big;
	}
	va_end(again);
	return json_add(o, key, j);
}

struct json *json_add_int(struct json *o, const char *key, int64_t n)
{
	struct json *j = node(o->arena, JSON_INT);
	j->num = n;
	return json_add(o, key, j);
}

struct json *json_add_bool(struct json *o, const char *key, bool b)
{
	struct json *j = node(o->arena, JSON_BOOL);
	j->num = b;
	return json_add(o, key, j);
}

struct json *json_add_null(struct json *o, const char *key)
{
	return json_add(o, key, node(o->arena, JSON_NULL));
}

struct json *json_add_obj(struct json *o, const char *key)
{
	return json_add(o, key, json_obj(o->arena));
}

struct json *json_add_arr(struct json *o, const char *key)
{
	return json_add(o, key, json_arr(o->arena));
}

const struct json *json_get(const struct json *o, const char *key)
{
	if (!o || o->kind != JSON_OBJ)
		return NULL;
	for (const struct json *c = o->first; c; c = c->next)
		if (strcmp(c->key, key) == 0)
			return c;
	return NULL;
}

const char *json_str(const struct json *o, const char *key)
{
	const struct json *c = json_get(o, key);
	return c && c->kind == JSON_STR ? c->str : NULL;
}

bool json_int(const struct json *o, const char *key, int64_t *out)
{
	const struct json *c = json_get(o, key);
	if (!c || c->kind != JSON_INT)
		return false;
	*out = c->num;
	return true;
}

int64_t json_int_or(const struct json *o, const char *key, int64_t other)
{
	int64_t n;
	return json_int(o, key, &n) ? n : other;
}

size_t json_count(const struct json *o)
{
	size_t n = 0;
	for (const struct json *c = o ? o->first : NULL; c; c = c->next)
		n++;
	return n;
}

static void write_string(struct text *out, const char *s)
{
	static const char escape[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
	text_addn(out, "\"", 1);
	for (const char *from = s; ; s++) {
		unsigned char c = (unsigned char)*s;
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		text_addn(out, from, (size_t)(s - from));
		from = s + 1;
		if (c == '\0')
			break;
		if (c >= 0x20)
			text_addf(out, "\\%c", c);
		else if (escape[c])
			text_addf(out, "\\%c", escape[c]);
		else
			text_addf(out, "\\u%04x", c);
	}
	text_addn(out, "\"", 1);
}

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;
	return strcmp((*x)->key, (*y)->key);
}

static bool in_order(const struct json *o)
{
	for (const struct json *c = o->first; c && c->next; c = c->next)
		if (strcmp(c->key, c->next->key) >= 0)
			return false;
	return true;
}

static void write_member(struct text *out, const struct json *c, bool first)
{
	if (!first)
		text_addn(out, ",", 1);
	if (c->key) {
		write_string(out, c->key);
		text_addn(out, ":", 1);
	}
	json_write(out, c);
}

static void write_sorted(struct text *out, const struct json *o)
{
	size_t n = json_count(o), i = 0;
	const struct json **all = arena_array(o->arena, n, sizeof *all);
	for (const struct json *c = o->first; c; c = c->next)
		all[i++] = c;
	qsort(all, n, sizeof *all, by_key);
	for (i = 0; i < n; i++)
		write_member(out, all[i], i == 0);
}

static void write_children(struct text *out, const struct json *o)
{
	if (o->kind == JSON_OBJ && !in_order(o)) {
		write_sorted(out, o);
		return;
	}
	for (const struct json *c = o->first; c; c = c->next)
		write_member(out, c, c == o->first);
}

void json_write(struct text *out, const struct json *v)
{
	switch (v->kind) {
	case JSON_NULL: text_add(out, "null"); break;
	case JSON_BOOL: text_add(out, v->num ? "true" : "false"); break;
	case JSON_INT: text_addf(out, "%lld", (long long)v->num); break;
	case JSON_STR: write_string(out, v->str); break;
	case JSON_ARR: text_addn(out, "[", 1); write_children(out, v); text_addn(out, "]", 1); break;
	case JSON_OBJ: text_addn(out, "{", 1); write_children(out, v); text_addn(out, "}", 1); break;
	}
}

static bool log_key(const char *k)
{
	if (*k == '\0')
		return false;
	for (; *k; k++)
		if (!((*k >= 'a' && *k <= 'z') || (*k >= '0' && *k <= '9') || *k == '_'))
			return false;
	return true;
}

static bool unique_keys(const struct json *o)
{
	if (in_order(o))
		return true;
	for (const struct json *c = o->first; c; c = c->next)
		for (const struct json *d = c->next; d; d = d->next)
			if (strcmp(c->key, d->key) == 0)
				return false;
	return true;
}

static bool in_subset(const struct json *v, int depth)
{
	if (v->kind == JSON_NULL || v->kind == JSON_BOOL)
		return false;
	if (v->kind == JSON_INT)
		return v->num >= -JSON_LOG_INT_MAX && v->num <= JSON_LOG_INT_MAX;
	if (v->kind == JSON_STR)
		return true;
	if (depth >= JSON_LOG_DEPTH)
		return false;
	for (const struct json *c = v->first; c; c = c->next)
		if ((v->kind == JSON_OBJ && !log_key(c->key)) || !in_subset(c, depth + 1))
			return false;
	return v->kind == JSON_ARR || unique_keys(v);
}

bool json_is_log_subset(const struct json *v)
{
	return v->kind == JSON_OBJ && in_subset(v, 0);
}
