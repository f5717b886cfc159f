/* SPDX-License-Identifier: MIT */
/* What test_gate.c, test_gate_b.c and test_gate_c.c share: a good day, and breaking it one fact at a time. */
#ifndef GW_TESTS_GATE_HARNESS_H
#define GW_TESTS_GATE_HARNESS_H

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/when.h"
#include "core/gate.h"
#include "tests/lib_core.h"
#include "tests/lib_test.h"

static struct core *c;
static struct walk *w;
static struct facts *f;
static struct plan *p;
static struct finding all[CONDITION_COUNT];

static void fresh(enum env env)
{
	c = core_new(env);
	core_walk_to(c, AT_DROPPING);
	core_good_facts(c);
	w = &c->walk;
	f = &c->facts;
	p = &c->plan;
}

static void setup(void)
{
	fresh(ENV_PRODUCTION);
}

static void teardown(void)
{
	core_free(c);
}

static const struct finding *judge(const char *id)
{
	gate_judge_all(p, w, f, all);
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(all[i].id, id) == 0)
			return &all[i];
	ck_abort_msg("no condition %s", id);
	return NULL;
}

static inline bool shut(const struct finding *one)
{
	return one->verdict != HOLDS && one->verdict != NOT_NEEDED;
}

static inline struct walk_declared *declared(const char *word)
{
	for (size_t i = w->n_declared; i-- > 0;)
		if (strcmp(w->declared[i].what, word) == 0 || strcmp(w->declared[i].key, word) == 0)
			return &w->declared[i];
	ck_abort_msg("nothing declared: %s", word);
	return NULL;
}

static inline void undeclare(const char *word)
{
	declared(word)->what = "something else";
}

static inline void redeclare(const char *word, const char *value)
{
	declared(word)->value = value;
}

/* What a verdict says when the identity is broken. */
#define MARK "this database is not what the walk began on: "

struct breaking { const char *name, *id; enum verdict verdict; const char *why; void (*go)(void); };

/* Expands a list of X(name, condition, verdict, why, what breaks it...) into functions and the table `breaks`. */
#define BREAK_FUNCTION(name, id, verdict, why, ...) static void break_##name(void) { __VA_ARGS__; }
#define BREAK_ROW(name, id, verdict, why, ...) { #name, id, verdict, why, break_##name },
#define BREAK_TABLE(list) list(BREAK_FUNCTION) static const struct breaking breaks[] = { list(BREAK_ROW) }

static void broken(const struct breaking *b, enum gate g)
{
	struct err e = { 0 };
	teardown();
	setup();
	b->go();
	const struct finding *one = judge(b->id);
	ck_assert_msg(strcmp(one->because, b->why) == 0, "%s: \"%s\" and not \"%s\"", b->name, one->because, b->why);
	ck_assert_msg(one->verdict == b->verdict, "%s: verdict %d", b->name, one->verdict);
	ck_assert_msg(one->now[0] && one->passes[0] && one->todo[0], "%s: now \"%s\" passes \"%s\" todo \"%s\"", b->name, one->now, one->passes, one->todo);
	ck_assert_msg((one->at != 0) == (one->verdict == WAITS), "%s: time", b->name);
	ck_assert_msg(!(gates_open(all) & g), "%s leaves gate %c open", b->name, gate_letter(g));
	ck_assert(!gate_refusal(all, g, &e));
	ck_assert_int_eq(e.code == ERR_WAIT, one->verdict == WAITS);
	ck_assert_msg(e.hint[0] != '\0', "%s: no hint", b->name);
}

#endif
