/* SPDX-License-Identifier: MIT */
/* Checked reading of the fields of a log line's tree. Each returns false with ERR_VERIFY and the field's name when the field
   is missing or has another form; strings stay where the tree has them. */
#ifndef GW_CORE_BODY_H
#define GW_CORE_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct json;

/* Any text, also an empty one. */
bool body_text(const struct json *o, const char *key, const char **out, struct err *e);
/* A text that says something. */
bool body_word(const struct json *o, const char *key, const char **out, struct err *e);
/* Exactly len lower-case hex digits. */
bool body_hex(const struct json *o, const char *key, size_t len, const char **out, struct err *e);
/* A time in the log's own form, 2026-11-20T04:12:09.123456Z, in us. */
bool body_time(const struct json *o, const char *key, int64_t *out, struct err *e);
/* The same, and "" for a time that is not known: 0. */
bool body_time_or_none(const struct json *o, const char *key, int64_t *out, struct err *e);
/* An integer from min to max. */
bool body_int(const struct json *o, const char *key, int64_t min, int64_t max, int64_t *out);
bool body_count(const struct json *o, const char *key, int64_t *out, struct err *e);     /* >= 0 */
bool body_oid(const struct json *o, const char *key, unsigned *out, struct err *e);      /* 1 .. 2^32-1 */
bool body_attnum(const struct json *o, const char *key, int *out, struct err *e);        /* 1 .. 1600 of a column; 0: the table as a whole */
bool body_flag(const struct json *o, const char *key, bool *out, struct err *e);         /* 0 or 1 */
/* One word of a list that ends in NULL; *which gets its place. */
bool body_choice(const struct json *o, const char *key, const char *const *words, size_t *which, struct err *e);
/* True when s is exactly len lower-case hex digits. */
bool hex_is(const char *s, size_t len);

#endif
