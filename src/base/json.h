/* SPDX-License-Identifier: MIT */
/* A small JSON tree and its one canonical way of being written: keys sorted by bytes, no white space, no duplicate keys,
   only integers, strings, arrays and objects for the log; true, false and null only in --json output. */
#ifndef GW_BASE_JSON_H
#define GW_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct text;

/* The limits of the log's subset. */
#define JSON_LOG_DEPTH 8
#define JSON_LOG_INT_MAX ((INT64_C(1) << 53) - 1)

enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_STR, JSON_ARR, JSON_OBJ };

struct json {
	enum json_kind kind;
	int64_t num;            /* JSON_INT, JSON_BOOL */
	const char *str;        /* JSON_STR, valid UTF-8, no NUL inside */
	const char *key;        /* name inside the parent object, else NULL */
	struct json *first, *last, *next;   /* children; next sibling */
	struct arena *arena;
};

struct json *json_obj(struct arena *a);
struct json *json_arr(struct arena *a);
/* Each adds to an object (key) or an array (key NULL), copies its strings, and returns the child. A NULL string adds "". */
struct json *json_add_str(struct json *o, const char *key, const char *s);
struct json *json_add_strf(struct json *o, const char *key, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct json *json_add_int(struct json *o, const char *key, int64_t n);
struct json *json_add_bool(struct json *o, const char *key, bool b);
struct json *json_add_null(struct json *o, const char *key);
struct json *json_add_obj(struct json *o, const char *key);
struct json *json_add_arr(struct json *o, const char *key);
struct json *json_add(struct json *o, const char *key, struct json *child);

const struct json *json_get(const struct json *o, const char *key);          /* NULL when absent */
const char *json_str(const struct json *o, const char *key);                 /* NULL when absent or no string */
bool json_int(const struct json *o, const char *key, int64_t *out);
int64_t json_int_or(const struct json *o, const char *key, int64_t other);
size_t json_count(const struct json *o);

/* Writes the canonical form. Strings: only " \ and U+0000-U+001F are escaped (\" \\ \b \f \n \r \t \u00XX, lower-case
   hex); all else stands as it is. Keys are sorted. */
void json_write(struct text *out, const struct json *v);
/* True when v is within the log's subset: keys [a-z0-9_]+, ints below 2^53, no bool or null, depth <= 8, unique keys. */
bool json_is_log_subset(const struct json *v);

#endif
