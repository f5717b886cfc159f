/* SPDX-License-Identifier: MIT */
/* Memory with one lifetime: everything an arena gives is freed with it. Out of memory ends the program with a message. */
#ifndef GW_BASE_ARENA_H
#define GW_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* NULL is allowed. */
void arena_free(struct arena *a);
/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
/* n elements of size each, overflow checked. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A growing array: returns space for element *n (doubling old), copies what was there, and counts *n up. */
void *arena_grow(struct arena *a, void *old, size_t *n, size_t *cap, size_t size);
char *arena_dup(struct arena *a, const char *s);                 /* NULL gives NULL */
char *arena_dupn(struct arena *a, const char *s, size_t len);    /* adds the NUL */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Bytes handed out so far. */
size_t arena_used(const struct arena *a);

#endif
