/* SPDX-License-Identifier: MIT */
/* Views of walks with two columns side by side, made from those of a walk that adds one. */
#include "tests/lib_fixture_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"

static struct view *beside(enum stage stage, enum archetype arch)
{
	struct view *v = fixture_added(FIX_WRITES);
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	struct facts *f = (struct facts *)(uintptr_t)v->facts;
	p->name = w->name = arch == ARCH_RENAME ? "users-rename-total" : "users-total-number";
	p->archetype = w->archetype = arch;
	p->recipe = arch == ARCH_RENAME ? "rename-column" : "change-type";
	p->column = "total_text";
	p->add_column = "total";
	p->convert_to = arch == ARCH_RENAME ? "total_text" : "total_text::numeric";
	p->convert_back = arch == ARCH_RENAME ? "total" : "total::text";
	p->dual_write = "trigger";
	w->kind = TARGET_COLUMN;
	w->stage = stage;
	w->unfilled = false;
	w->target = v->target_name = "public.users.total_text";
	w->confirmed[ITEM_CONSUMERS] = FIX_NOW - 3 * US_DAY;
	if (stage > AT_WRITES) {
		w->by_trigger = true;
		w->confirmed[ITEM_DUAL_WRITE] = FIX_NOW - 5 * US_DAY;
	}
	if (stage > AT_BACKFILL)
		w->window_from = FIX_NOW - 76 * US_HOUR;
	f->backfill = (struct fact_backfill){ .at = FIX_NOW, .begun = true, .done = true, .filled = 61204118, .counted_at = FIX_NOW - 4 * US_DAY };
	return v;
}

static void finding(struct view *v, const char *id, enum verdict is, const char *now)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		struct finding *f = &v->findings[i];
		if (!f->id || strcmp(f->id, id) != 0)
			continue;
		f->verdict = is;
		snprintf(f->now, sizeof f->now, "%s", now);
		snprintf(f->passes, sizeof f->passes, "a pass over every row in which none differs");
		snprintf(f->because, sizeof f->because, "%s", is == HOLDS ? "" : "3 of 61 204 118 rows differ; the first: id 4711");
		snprintf(f->todo, sizeof f->todo, "%s", is == HOLDS ? "" : "Look at them, and find who writes one column alone.");
	}
}

/* Compared without an end; every deploy has said what it reads. */
static struct view *window(bool differ)
{
	static struct walk_declared said[] = { { .what = "reads_both", .key = "web", .value = "90ab18 ended 2025-11-16 23:20", .at = FIX_NOW - 77 * US_HOUR },
		{ .what = "reads_both", .key = "workers", .value = "90ab18 ended 2025-11-16 23:50", .at = FIX_NOW - 76 * US_HOUR } };
	static double rates[] = { 21000, 22400, 22900, 23100, 22000, 21800, 22600, 23000, 23200, 22800, 22100, 22500 };
	struct view *v = beside(AT_WINDOW, ARCH_RENAME);
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	struct view_job *j = arena_alloc(v->arena, sizeof *j);
	w->declared = said;
	w->n_declared = 2;
	((struct facts *)(uintptr_t)v->facts)->parity = (struct fact_parity){ .at = FIX_NOW - US_SECOND, .round = 14, .began = FIX_NOW - 70 * US_MINUTE, .ended = FIX_NOW - 22 * US_MINUTE,
		.rows = 61204118, .mismatches = differ ? 3 : 0, .first = differ ? "id 4711: 12.50 and 12.05" : NULL };
	*j = (struct view_job){ .id = 51, .kind = "parity", .state = "running", .phase = "compare", .unit = "rows", .started = FIX_NOW - 3 * US_DAY, .seen = FIX_NOW - US_SECOND,
		.done = 23.3e6, .total = 61.2e6, .estimate = true, .eta_low_s = 1180, .eta_high_s = 2700, .rates = rates, .n_rates = 12, .rate_each = 2 * US_MINUTE, .rate_unit = "rows" };
	v->jobs = j;
	v->n_jobs = 1;
	static struct view_mismatch rows[] = { { 14, "id=4711", "12.50", "12.05", "12.50", NULL }, { 14, "id=4712", NULL, "0.00", NULL, NULL }, { 15, "id=9", "x", NULL, NULL, "invalid input syntax for type numeric: \"x\"" }, { 15, "id=10", "y", NULL, NULL, "invalid input syntax for type numeric: \"y\"" } };
	v->mismatches = rows;
	v->n_mismatches = differ ? sizeof rows / sizeof rows[0] : 0;
	finding(v, "B4", differ ? REFUSED : HOLDS, differ ? "3 differ" : "61 204 118 rows, 0 differ");
	return v;
}

static struct view *relaxing(void)
{
	struct view *v = window(false);
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	struct facts *f = (struct facts *)(uintptr_t)v->facts;
	w->stage = AT_RELAX;
	w->confirmed[ITEM_WINDOW] = w->confirmed[ITEM_READS] = FIX_NOW - US_HOUR;
	f->target.not_null = true;
	return v;
}

struct view *fixture_beside(enum fixture f)
{
	struct view *v = f == FIX_DUAL ? beside(AT_WRITES, ARCH_TYPE) : f == FIX_DUAL_ON ? beside(AT_BACKFILL, ARCH_TYPE) : f == FIX_RELAX ? relaxing() : window(f == FIX_DIFFER);
	v->open_gates = gates_open(v->findings);
	view_judge(v);
	return v;
}
