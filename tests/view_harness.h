/* SPDX-License-Identifier: MIT */
/* What test_view.c and test_view_steps.c share: a view of a walk at any stage. */
#ifndef GW_TESTS_VIEW_HARNESS_H
#define GW_TESTS_VIEW_HARNESS_H

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/view.h"
#include "tests/lib_core.h"
#include "tests/lib_test.h"

#ifdef GW_TESTS_FOLD_HARNESS_H   /* which has the core and its setup */
static struct view *v;
#else
static struct core *c;
static struct view *v;

static inline void setup(void)
{
	c = core_new(ENV_PRODUCTION);
	v = arena_alloc(c->a, sizeof *v);
	v->arena = c->a;
}

static inline void teardown(void)
{
	core_free(c);
}
#endif

static inline void judge(void)
{
	v->now = c->facts.now;
	v->connected = v->now != 0;
	v->plan = &c->plan;
	v->walk = &c->walk;
	v->facts = &c->facts;
	gate_judge_all(&c->plan, &c->walk, &c->facts, v->findings);
	v->open_gates = gates_open(v->findings);
	view_judge(v);
}

/* A good day at this stage. */
static inline void at(enum stage s)
{
	core_walk_to(c, s);
	core_good_facts(c);
	judge();
}

static inline void again(enum env env, enum stage s)
{
	teardown();
	c = core_new(env);
	v = arena_alloc(c->a, sizeof *v);
	v->arena = c->a;
	at(s);
}

static inline void next_is(const char *first, const char *second)
{
	ck_assert_str_eq(v->next[0], first);
	ck_assert_str_eq(v->next[1], second);
}

static inline const struct offer *offered(enum act_kind kind, const char *key)
{
	for (size_t i = 0; i < v->n_offers; i++)
		if (v->offers[i].kind == kind && (!key || (v->offers[i].key && strcmp(v->offers[i].key, key) == 0)))
			return &v->offers[i];
	return NULL;
}

static inline void asks(enum act_kind kind, const char *key, const char *prompt, const char *expect)
{
	const struct offer *o = offered(kind, key);
	ck_assert_msg(o != NULL, "no offer %s %s", act_name(kind), key ? key : "");
	ck_assert_str_eq(o->prompt, prompt);
	ck_assert_str_eq(o->expect, expect);
}

static inline const struct challenge *challenge(const char *id)
{
	for (size_t i = 0; i < v->n_challenges; i++)
		if (strcmp(v->challenges[i].id, id) == 0)
			return &v->challenges[i];
	ck_abort_msg("no challenge %s", id);
	return NULL;
}

static inline void job(const char *kind, const char *state, double done, double total)
{
	v->jobs = arena_array(c->a, 1, sizeof *v->jobs);
	v->n_jobs = 1;
	v->jobs[0] = (struct view_job){ .id = 1, .kind = kind, .state = state, .phase = "copying", .done = done, .total = total, .eta_low_s = -1, .eta_high_s = -1 };
	judge();
}

#endif
