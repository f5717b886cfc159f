/* SPDX-License-Identifier: MIT */
/* Which consumers of an audit are clear. A consumer is known by its key; clearing is by key, and never by a pattern. */
#ifndef GW_CORE_CONSUMERS_H
#define GW_CORE_CONSUMERS_H

#include "core/walk.h"

struct consumers_state {
	size_t all, clear;            /* those found, and those the plan declares */
	size_t named;                 /* those somebody has answered for, be it that they still run: enough for item 4 */
	const char *first;            /* key of the first open one; NULL when all are clear */
	const char *why, *todo;       /* why it is open ("still reads it"), who can do what */
};

/* Strictly, as gate B asks: what would need CASCADE has to be gone; a statement that names the column must have stopped
   before it was cleared; only what may survive can be cleared as surviving. why and todo get a reason when false, and may be NULL. */
bool consumer_is_clear(const struct walk *w, const struct consumer *c, const char **why, const char **todo);
/* All of them, those that the plan declares and the audit did not list too. */
void consumers_count(const struct plan *p, const struct walk *w, const struct fact_audit *a, struct consumers_state *out);

/* The four kinds of use that an audit has to be able to see, and which source saw each for the longest time without a gap. */
enum use_class { CLASS_STATIC, CLASS_CODE, CLASS_READ, CLASS_WRITE, CLASSES };
struct class_seen { const char *what; const struct audit_source *by; };   /* by: NULL when nothing could see it */
void audit_classes(const struct fact_audit *a, struct class_seen out[static CLASSES]);

#endif
