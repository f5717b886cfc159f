/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE 8192
#define ALIGN _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block *first;   /* the one being filled */
	size_t used;
};

static void die_of_memory(void)
{
	static const char text[] = "gatewalk: out of memory\n";
	fputs(text, stderr);
	abort();
}

static struct block *block_new(size_t size)
{
	struct block *b = malloc(sizeof *b + size);
	if (!b)
		die_of_memory();
	b->next = NULL;
	b->used = 0;
	b->size = size;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof *a);
	if (!a)
		die_of_memory();
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->first, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

/* A large piece gets a block of its own behind the one being filled, so that this one is not thrown away half empty. */
static struct block *room_for(struct arena *a, size_t size)
{
	if (a->first && a->first->size - a->first->used >= size)
		return a->first;
	struct block *b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
	if (size > BLOCK_SIZE && a->first) {
		b->next = a->first->next;
		a->first->next = b;
	} else {
		b->next = a->first;
		a->first = b;
	}
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - ALIGN - sizeof(struct block))
		die_of_memory();
	size_t whole = (size + ALIGN - 1) / ALIGN * ALIGN;
	if (whole == 0)
		whole = ALIGN;
	struct block *b = room_for(a, whole);
	void *p = b->data + b->used;
	b->used += whole;
	a->used += whole;
	return memset(p, 0, whole);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		die_of_memory();
	return arena_alloc(a, n * size);
}

void *arena_grow(struct arena *a, void *old, size_t *n, size_t *cap, size_t size)
{
	if (*n < *cap) {
		(*n)++;
		return old;
	}
	size_t bigger = *cap ? *cap * 2 : 8;
	void *p = arena_array(a, bigger, size);
	if (*n)
		memcpy(p, old, *n * size);
	*cap = bigger;
	(*n)++;
	return p;
}

char *arena_dupn(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);
	if (len)
		memcpy(p, s, len);
	return p;
}

char *arena_dup(struct arena *a, const char *s)
{
	return s ? arena_dupn(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		die_of_memory();
	char *p = arena_alloc(a, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
