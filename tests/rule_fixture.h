/* SPDX-License-Identifier: MIT */
/* Plans of what comes beside a column: constraints, an index, a name; and their walk up to item 5. */
#ifndef GW_TESTS_RULE_FIXTURE_H
#define GW_TESTS_RULE_FIXTURE_H

#include "tests/added_harness.h"

#include "core/gate_rules.h"
#include "core/permit.h"
#include "core/rule.h"
#include "core/sql.h"

static struct plan rule_plan(const char *recipe)
{
	static struct plan_window night = { .days = 1U << 2, .from = 120, .to = 300 };
	struct plan p = c->plan;
	p.windows = &night;
	p.n_windows = 1;
	p.archetype = ARCH_ADDITIVE;
	p.recipe = recipe;
	p.schema = "public";
	p.table = "orders";
	p.column = strcmp(recipe, "add-check") == 0 || strcmp(recipe, "build-index") == 0 || strcmp(recipe, "rename-table") == 0 || strcmp(recipe, "split-table") == 0 ? NULL : "note";
	p.statement = NULL;
	p.n_falls = 0;
	p.has_falls = false;
	if (strcmp(recipe, "never-null") == 0)
		return p;
	p.add_name = "orders_Rule";
	if (strcmp(recipe, "add-check") == 0)
		p.add_check = "total >= 0";
	else if (strcmp(recipe, "rename-table") == 0)
		p.add_name = "pur chases";
	else if (strcmp(recipe, "split-table") == 0) {
		static const char *over[] = { "note", "Lang" };
		static struct plan_pause pause = { .when = "replication lag", .above = 5, .has_above = true };
		p.add_name = "order notes", p.add_columns = over, p.n_add_columns = 2, p.has_add_columns = true;
		p.backfill.pauses = &pause, p.backfill.n_pauses = 1;
	} else if (strcmp(recipe, "build-index") == 0)
		p.add_index = "total, lower(note) DESC";
	else
		p.add_refers_schema = "public", p.add_refers_table = "customers", p.add_refers_column = "id";
	return p;
}

static bool finds(const struct plan *p, const char *what)
{
	struct plan_error *list;
	size_t n = plan_judge(c->a, p, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].what, what) == 0)
			return true;
	return false;
}

static void gives(struct plan *p, const char *path)
{
	p->marks = arena_array(c->a, 1, sizeof *p->marks);
	p->marks[0].path = path;
	p->n_marks = 1;
}

static void to_new_rows(void)
{
	ck_assert_msg(core_foldf(c, OP_BEGIN, BEGIN, "additive", 0, "constraint"), "%s", c->err.msg);
	says(OP_EVIDENCE, SNAPSHOT);
	says(OP_CONFIRM, "{'item':2,'typed':'additive'}");
	says(OP_CONFIRM, "{'item':3,'typed':'1.20'}");
	ck_assert(core_gate(c, 'A'));
	says(OP_CHANGE, CHANGE("add", "16400"));
	ck_assert(!changed("done", 8, c->walk.n - 1));
	ck_assert_str_eq(c->err.msg, "log line 6 (changed): field \"attnum\" does not fit what was done");
	ck_assert_msg(changed("done", 0, c->walk.n - 1), "%s", c->err.msg);
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
	ck_assert_int_eq(c->walk.kind, TARGET_CONSTRAINT);
}

#endif
