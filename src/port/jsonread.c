/* SPDX-License-Identifier: MIT */
#include "port/jsonread.h"

/* jansson and base/json.h both have a JSON_NULL: theirs goes by another name here. */
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_NULL
#include <string.h>

#include "base/arena.h"
#include "base/canon.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"

#define DEPTH_MAX 32

/* left: levels that may still come. Nothing is said of a tree that is too deep. */
static bool copy(struct json *to, const char *key, json_t *from, int left, struct err *e);

static bool copy_array(struct json *to, json_t *from, int left, struct err *e)
{
	for (size_t i = 0; i < json_array_size(from); i++)
		if (!copy(to, NULL, json_array_get(from, i), left, e))
			return false;
	return true;
}

static bool copy_object(struct json *to, json_t *from, int left, struct err *e)
{
	for (void *it = json_object_iter(from); it; it = json_object_iter_next(from, it))
		if (!copy(to, json_object_iter_key(it), json_object_iter_value(it), left, e))
			return false;
	return true;
}

/* json_typeof is what tells the kinds apart; a real number has no place in ours. */
static bool copy(struct json *to, const char *key, json_t *from, int left, struct err *e)
{
	if (left < 0)
		return false;
	switch (json_typeof(from)) {
	case JSON_OBJECT: return copy_object(json_add_obj(to, key), from, left - 1, e);
	case JSON_ARRAY: return copy_array(json_add_arr(to, key), from, left - 1, e);
	case JSON_STRING: json_add_str(to, key, json_string_value(from)); return true;
	case JSON_INTEGER: json_add_int(to, key, json_integer_value(from)); return true;
	case JSON_REAL: return err_set(e, ERR_USE, NULL, "a number with a fraction");
	case JSON_TRUE: json_add_bool(to, key, true); return true;
	case JSON_FALSE: json_add_bool(to, key, false); return true;
	default: json_add_null(to, key); return true;
	}
}

/* jansson refuses U+0000 in strings and keys by itself unless it is told to take it, and stops at 2,048 levels. */
struct json *json_read_deep(struct arena *a, const char *text, size_t len, int depth, struct err *e)
{
	json_error_t why;
	json_t *tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!tree) {
		err_set(e, ERR_USE, NULL, "not valid JSON at byte %d: %s", why.position, text_clean(a, why.text));
		return NULL;
	}
	struct json *out = NULL;
	if (json_is_object(tree)) {
		struct err own = { 0 };
		out = json_obj(a);
		if (!copy_object(out, tree, depth - 1, &own)) {
			out = NULL;
			err_set(e, ERR_USE, NULL, "%s", own.code ? own.msg : arena_printf(a, "nested deeper than %d", depth));
		}
	} else {
		err_set(e, ERR_USE, NULL, "not a JSON object");
	}
	json_decref(tree);
	return out;
}

struct json *json_read(struct arena *a, const char *text, size_t len, struct err *e)
{
	return json_read_deep(a, text, len, DEPTH_MAX, e);
}

/* Read by the strict reader, and still written out again: two pieces of code must agree on what the bytes are. */
struct json *json_read_canonical(struct arena *a, const char *text, size_t len, struct err *e)
{
	struct text again = { 0 };
	size_t at;
	struct json *v = canon_read(a, text, len, &at);
	if (v) {
		json_write(&again, v);
		if (!json_is_log_subset(v) || again.len != len || memcmp(again.s, text, len) != 0)
			v = NULL;
		text_free(&again);
	}
	if (!v)
		err_set(e, ERR_VERIFY, NULL, "it is not canonical JSON (byte %zu)", at);
	return v;
}
