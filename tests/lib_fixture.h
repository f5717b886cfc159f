/* SPDX-License-Identifier: MIT */
/* Views made by hand, one for each state a walk can be looked at in: what the tests of the screens draw. */
#ifndef GW_TESTS_LIB_FIXTURE_H
#define GW_TESTS_LIB_FIXTURE_H

#include "core/view.h"

/* name, what it shows */
#define FIXTURES(X) \
	X(FIX_HOME, "home") X(FIX_EMPTY, "empty") X(FIX_BEGIN, "begin") X(FIX_SNAPSHOT, "snapshot") X(FIX_GATE_A, "gate_a") \
	X(FIX_CONSUMERS, "consumers") X(FIX_AUDIT, "audit") X(FIX_WAITING, "waiting") X(FIX_ARMED, "armed") X(FIX_QUIET, "quiet") X(FIX_ALARM, "alarm") \
	X(FIX_CLOSED, "closed") X(FIX_GONE, "gone") X(FIX_HOSTILE, "hostile") X(FIX_ROWS, "rows") X(FIX_ROWS_SIGNED, "rows_signed") \
	X(FIX_EXPAND, "expand") X(FIX_MOMENT, "moment") X(FIX_BLOCKED, "blocked") X(FIX_PHASED, "phased") X(FIX_ASKING, "asking") X(FIX_CHANGING, "changing") X(FIX_WRITES, "writes") X(FIX_UNFILLED, "unfilled") \
	X(FIX_FILLING, "filling") X(FIX_FILL_WAITS, "fill_waits") X(FIX_REJECTS, "rejects") X(FIX_READS, "reads") X(FIX_WATCHED, "watched") X(FIX_LOGGING, "logging") X(FIX_RULE, "rule") X(FIX_HOLD, "hold") X(FIX_INDEX, "index") X(FIX_BUILDS, "builds") X(FIX_NAMED, "named") X(FIX_SPLIT, "split") X(FIX_KEPT, "kept") \
	X(FIX_ADDED, "added") \
	X(FIX_DUAL, "dual") X(FIX_DUAL_ON, "dual_on") X(FIX_WINDOW, "window") X(FIX_DIFFER, "differ") X(FIX_RELAX, "relax")

enum fixture {
#define X(id, name) id,
	FIXTURES(X)
#undef X
	FIXTURE_COUNT
};

#define FIX_NOW INT64_C(1763611929000000)   /* Thu 20 Nov 2025 04:12:09 UTC */

const char *fixture_name(enum fixture f);
enum fixture fixture_parse(const char *name);   /* FIXTURE_COUNT when unknown */
/* Owned by its own arena: free it with arena_free(v->arena). */
struct view *fixture_view(enum fixture f);

#endif
