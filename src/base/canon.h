/* SPDX-License-Identifier: MIT */
/* Reads the log's canonical JSON subset, and nothing else: one object, keys [a-z0-9_]+ in order, no white space, integers
   below 2^53, strings in their one way of being escaped, depth 8. What json_write would not have written is refused. */
#ifndef GW_BASE_CANON_H
#define GW_BASE_CANON_H

#include <stddef.h>

struct arena;
struct json;

/* NULL when it is anything else; *at (may be NULL) is then the byte where that showed. */
struct json *canon_read(struct arena *a, const char *text, size_t len, size_t *at);

#endif
