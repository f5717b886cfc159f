/* SPDX-License-Identifier: MIT */
/* Inside of judging a plan: what plan_judge.c and plan_beside.c share. Nobody else includes this. */
#ifndef GW_CORE_PLAN_JUDGE_H
#define GW_CORE_PLAN_JUDGE_H

#include <string.h>

#include "base/arena.h"
#include "core/plan.h"

struct findings {
	struct arena *a;
	const struct plan *p;
	struct plan_error *list;
	size_t n, cap;
};

static inline void found_at(struct findings *f, struct mark at, const char *what, const char *instead)
{
	f->list = arena_grow(f->a, f->list, &f->n, &f->cap, sizeof *f->list);
	f->list[f->n - 1] = (struct plan_error){ at, what, instead };
}

static inline void found(struct findings *f, const char *path, const char *what, const char *instead)
{
	found_at(f, plan_mark(f->p, path), what, instead);
}

static inline bool is_blank(const char *s)
{
	return s == NULL || s[strspn(s, " \t\r\n")] == '\0';
}

/* The type and the default of the column that comes. */
void judge_added(struct findings *f);
/* A rename and a change of type: the new column, the conversion, who writes both; and that no other plan says such things. */
void judge_beside(struct findings *f);
/* What a constraint that comes asks; and that no other plan says such things. */
void judge_rule(struct findings *f);

#endif
