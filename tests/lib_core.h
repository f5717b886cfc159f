/* SPDX-License-Identifier: MIT */
/* A whole walk for the tests of the pure core: a plan, the facts of a good day, and a log folded line by line. */
#ifndef GW_TESTS_LIB_CORE_H
#define GW_TESTS_LIB_CORE_H

#include "base/err.h"
#include "core/gate.h"
#include "core/walk.h"

#define CORE_DIGEST "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   /* definition */
#define CORE_PLAN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CORE_MANIFEST "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define CORE_BLOB "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define CORE_HEAD "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
#define CORE_SID "00112233445566778899aabbccddeeff"
#define CORE_STATEMENT "ALTER TABLE public.orders DROP COLUMN legacy_total"
#define CORE_BEGUN INT64_C(1790000000000000)   /* 2026-09-21T13:33:20Z */

struct core {
	struct arena *a;
	struct plan plan;
	struct facts facts;
	struct walk walk;
	int64_t t;              /* time of the next line; each takes a minute */
	struct err err;
	struct plan_deploy deploys[2];
	struct plan_consumer declared[1];
	struct consumer found[3];
	struct audit_source sources[4];   /* static, reads and writes, writes, code */
	const char *falls[1];
	struct record records[128];   /* every line that was taken in */
};

/* A plan and a walk that has not begun, at CORE_BEGUN. */
struct core *core_new(enum env env);
void core_free(struct core *c);
/* Folds one line; body with ' for ". False leaves the error in c->err. */
bool core_fold(struct core *c, enum record_op op, const char *body);
bool core_foldf(struct core *c, enum record_op op, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The record that core_fold would fold. */
struct record core_record(struct core *c, enum record_op op, const char *body);
bool core_snapshot(struct core *c, const char *role, bool equal);
bool core_drill(struct core *c, bool passed);
bool core_gate(struct core *c, char letter);
/* Walks, from the very start, until the walk stands at this stage; days of waiting pass by the fixture's clock. */
/* The stage behind this one, and before it, in a walk that drops. */
enum stage core_after(enum stage s);
enum stage core_before(enum stage s);
void core_walk_to(struct core *c, enum stage s);
/* Fills the facts with those of a good day, seen just now (c->t). */
void core_good_facts(struct core *c);
/* c->t as the log writes it. Five texts are kept. */
const char *core_time(int64_t t);

#endif
