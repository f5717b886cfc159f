/* SPDX-License-Identifier: MIT */
/* What test_fold.c and test_fold_late.c share: a line is taken in, or refused with its text and no change. */
#ifndef GW_TESTS_FOLD_HARNESS_H
#define GW_TESTS_FOLD_HARNESS_H

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "tests/lib_core.h"
#include "tests/lib_test.h"

static struct core *c;

static inline void setup(void)
{
	c = core_new(ENV_PRODUCTION);
}

static inline void teardown(void)
{
	core_free(c);
}

static inline void refused(enum record_op op, const char *body, const char *text)
{
	struct walk before = c->walk;
	int64_t t = c->t;
	ck_assert_msg(!core_fold(c, op, body), "taken in at %s: %s", stage_name(before.stage), body);
	ck_assert_int_eq(c->err.code, ERR_VERIFY);
	const char *want = arena_printf(c->a, "log line %lld (%s): %s", (long long)before.n, record_op_name(op), text);
	ck_assert_str_eq(c->err.msg, want);
	ck_assert_msg(memcmp(&before, &c->walk, sizeof before) == 0, "a refused line changed the walk");
	c->t = t;
}

static inline void taken(enum record_op op, const char *body)
{
	ck_assert_msg(core_fold(c, op, body), "%s", c->err.msg);
}

#define PROVED "2026-09-21T13:33:21.000000Z"
#define GATE(letter, verdict) "{'conditions':[{'id':'A1','now':'','verdict':'" verdict "'}],'gate':'" letter "'}"

#endif
