/* SPDX-License-Identifier: MIT */
#include "engine/lot.h"

#include <stdatomic.h>

#include "base/arena.h"

struct lot {
	struct arena *arena;
	atomic_int holders;
};

struct lot *lot_new(void)
{
	struct arena *a = arena_new();
	struct lot *l = arena_alloc(a, sizeof *l);
	l->arena = a;
	atomic_init(&l->holders, 1);
	return l;
}

struct lot *lot_keep(struct lot *l)
{
	if (l)
		atomic_fetch_add(&l->holders, 1);
	return l;
}

void lot_drop(struct lot *l)
{
	if (l && atomic_fetch_sub(&l->holders, 1) == 1)
		arena_free(l->arena);
}

struct arena *lot_arena(struct lot *l)
{
	return l->arena;
}
