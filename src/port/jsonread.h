/* SPDX-License-Identifier: MIT */
/* jansson: reads JSON text into base/json.h's tree. The only file that knows it. */
#ifndef GW_PORT_JSONREAD_H
#define GW_PORT_JSONREAD_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;
struct json;

/* Strict: one object, valid UTF-8, no duplicate keys, no U+0000, depth <= 32, no reals. NULL with ERR_USE. */
struct json *json_read(struct arena *a, const char *text, size_t len, struct err *e);
/* The same for what another program wrote, with a depth of its own, 2,048 at most. */
struct json *json_read_deep(struct arena *a, const char *text, size_t len, int depth, struct err *e);
/* json_read, then: within the log's subset and byte-equal to its own canonical form. NULL with ERR_VERIFY. */
struct json *json_read_canonical(struct arena *a, const char *text, size_t len, struct err *e);

#endif
