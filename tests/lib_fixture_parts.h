/* SPDX-License-Identifier: MIT */
/* The larger parts of the fixture views. */
#ifndef GW_TESTS_LIB_FIXTURE_PARTS_H
#define GW_TESTS_LIB_FIXTURE_PARTS_H

#include "core/view.h"
#include "tests/lib_fixture.h"

/* lib_fixture_added.c: the views from FIX_EXPAND on. */
struct view *fixture_added(enum fixture f);
/* lib_fixture_beside.c: those from FIX_DUAL on. */
struct view *fixture_beside(enum fixture f);
struct facts *fixture_facts(struct arena *a);
void fixture_findings(struct view *v);
/* Gives one condition another verdict, with its words, and shuts its gate. */
void fixture_gate(struct view *v, enum gate g, const char *id, enum verdict is);
void fixture_lines(struct view *v);
void fixture_walks(struct view *v);
void fixture_jobs(struct view *v);
void fixture_challenge_nine(struct view *v);
void fixture_series(struct view *v, bool alarm);

#endif
