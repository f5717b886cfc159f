/* SPDX-License-Identifier: MIT */
/* Inside of the gates: what the conditions of gate_a.c, gate_b.c, gate_beside.c and gate_c.c have in common. Only gate*.c, permit.c and view*.c
   include this. A rule fills its finding by exactly one of find_holds, find_not_needed and find_shut, or not at all: a
   finding starts as UNKNOWN, and unknown refuses. */
#ifndef GW_CORE_GATE_RULES_H
#define GW_CORE_GATE_RULES_H

#include "core/gate.h"

struct judge {
	const struct plan *p;
	const struct walk *w;
	const struct facts *f;
	struct finding *o;
	int64_t lives;
};

typedef void rule(const struct judge *j);

rule rule_a1, rule_a2, rule_a3, rule_a4, rule_a5, rule_a6, rule_a7;
rule rule_b1, rule_b2, rule_b3, rule_b4, rule_b5, rule_b6, rule_b7, rule_b8;
rule rule_c1, rule_c2, rule_c3, rule_c4, rule_c5, rule_c6, rule_c7, rule_c8, rule_c9;

/* Live facts that the conditions without an age of their own look at; also how long one look may go on after the moment
   that is taken as now. */
#define LOOK_LIVES (10 * US_MINUTE)
/* Facts that are read again with every look. */
#define MOMENT_LIVES (10 * US_SECOND)

/* Item 7's wait is over; else the finding is shut. */
bool rule_window(const struct judge *j);
/* True when the finding passes; else the error that says so. NULL passes. */
bool gate_refuse(const struct finding *f, struct err *e);
/* Judges the one condition of this id, whole: also what stands before every rule. */
void gate_judge_one(const struct plan *p, const struct walk *w, const struct facts *f, const char *id, struct finding *out);

void find_now(struct finding *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void find_holds(struct finding *o);
void find_not_needed(struct finding *o, const char *why);
/* v: REFUSED, UNKNOWN or WAITS. */
void find_shut(struct finding *o, enum verdict v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void find_passes(struct finding *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void find_todo(struct finding *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The fact called what was seen at `at`, and that still counts; else the finding is shut as UNKNOWN. */
bool rule_fresh(const struct judge *j, int64_t at, int64_t lives, const char *what);
/* Server, mark and walk speak of the same database and environment; else the finding is shut. */
bool rule_identity(const struct judge *j);
/* What there is before the walk: "column", "table", "rows". */
const char *rule_noun(const struct judge *j);
/* The target is there, and it is the one the walk began with; else the finding is shut. */
bool rule_target(const struct judge *j);
/* What falls with the target is exactly the plan's list; else the finding is shut. */
bool rule_falls(const struct judge *j);
/* snprintf that cuts at a whole UTF-8 character. */
void put_text(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Both known, and the same. */
bool same_known(const char *a, const char *b);
/* "61 204 118" */
const char *grouped(int64_t n, char buf[static 32]);
int64_t later(int64_t a, int64_t b);

#endif
