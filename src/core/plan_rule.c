/* SPDX-License-Identifier: MIT */
/* Judges what a constraint that comes says: its name, what it asks of each row, what it refers to. */
#include "core/plan_judge.h"

#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"

/* Which of the fields under add belong to which constraint. */
static const struct { const char *path, *instead; size_t at; unsigned of; bool must; } fields[] = {
#define OF(rule) (1u << (rule))
	{ "add.name", "write its name, such as orders_total_positive", offsetof(struct plan, add_name), OF(RULE_CHECK) | OF(RULE_FOREIGN) | OF(RULE_INDEX) | OF(RULE_NAME) | OF(RULE_SPLIT), true },
	{ "add.check", "write what is true of every row, such as \"total >= 0\"", offsetof(struct plan, add_check), OF(RULE_CHECK), true },
	{ "add.refers_to.schema", "write the other table's schema, such as public", offsetof(struct plan, add_refers_schema), OF(RULE_FOREIGN), true },
	{ "add.refers_to.table", "write the other table's name", offsetof(struct plan, add_refers_table), OF(RULE_FOREIGN), true },
	{ "add.refers_to.column", "write the column there that has a unique key, such as id", offsetof(struct plan, add_refers_column), OF(RULE_FOREIGN), true },
	{ "add.on_delete", "", offsetof(struct plan, add_on_delete), OF(RULE_FOREIGN), false },
	{ "add.index", "write what it is of, such as \"customer, created DESC\"", offsetof(struct plan, add_index), OF(RULE_INDEX), true },
	{ "add.where", "", offsetof(struct plan, add_where), OF(RULE_INDEX), false },
	{ "add.method", "", offsetof(struct plan, add_method), OF(RULE_INDEX), false },
#undef OF
};
/* What speaks of a new column. */
static const char *const of_column[] = { "add.type", "add.default", "add.not_null", "add.comment" };

static void judge_column_words(struct findings *f)
{
	for (size_t i = 0; i < sizeof of_column / sizeof *of_column; i++)
		if (plan_gives(f->p, of_column[i]))
			found(f, of_column[i], arena_printf(f->a, "%s is given, and %s adds no column", of_column[i], f->p->recipe), "leave it out");
}

/* Each goes into the statement as a piece of SQL, out of which nothing reaches. */
static void judge_index(struct findings *f)
{
	const struct plan *p = f->p;
	const char *why = "";
	if (!is_blank(p->add_index) && !sql_is_list(p->add_index, &why))
		found(f, "add.index", arena_printf(f->a, "add.index is \"%s\": %s", text_clean(f->a, p->add_index), why), "write columns or expressions with commas between them, such as \"customer, created DESC\"");
	if (p->add_where && !sql_is_value(p->add_where, &why))
		found(f, "add.where", arena_printf(f->a, "add.where is \"%s\": %s", text_clean(f->a, p->add_where), why), "write one condition over the row's own columns, or leave it out");
	if (p->add_method && !rule_is_method(p->add_method))
		found(f, "add.method", arena_printf(f->a, "add.method is \"%s\"", text_clean(f->a, p->add_method)), "write btree, hash, gin, gist, spgist or brin, or leave it out");
}

static void judge_split(struct findings *f)
{
	const struct plan *p = f->p;
	if (p->n_add_columns == 0)
		found(f, "add.columns", p->has_add_columns ? "add.columns is empty" : "add.columns is missing", "write which columns stand in the new table, such as [note, note_lang]");
	for (size_t i = 0; i < p->n_add_columns; i++)
		for (size_t k = 0; k < i; k++)
			if (text_eq(p->add_columns[i], p->add_columns[k]))
				found(f, "add.columns", arena_printf(f->a, "add.columns names %s twice", text_clean(f->a, p->add_columns[i])), "name each once");
	if (p->add_name && text_eq(p->add_name, p->table))
		found(f, "add.name", "add.name is the table's name", "write the new table's name");
	if (!plan_gives(p, "backfill"))
		found(f, "backfill.pause", "backfill.pause names no condition", "write at least one, such as [{when: replication lag, above: 5}]");
}

void judge_rule(struct findings *f)
{
	const struct plan *p = f->p;
	enum rule r = plan_rule(p);
	const char *why = "";
	if (plan_target(p) == TARGET_NONE)
		return;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		const char *value = *(const char *const *)((const char *)p + fields[i].at);
		bool here = fields[i].of & (1u << r);
		if (!here && plan_recipe(p) != ARCH_DESTRUCTIVE && plan_gives(p, fields[i].path))
			found(f, fields[i].path, arena_printf(f->a, "%s is given, and %s has no use for it", fields[i].path, p->recipe), "leave it out");
		if (here && fields[i].must && is_blank(value))
			found(f, fields[i].path, arena_printf(f->a, "%s is %s", fields[i].path, value ? "empty" : "missing"), fields[i].instead);
	}
	if (r != RULE_INDEX && plan_recipe(p) != ARCH_DESTRUCTIVE && plan_gives(p, "add.unique"))
		found(f, "add.unique", arena_printf(f->a, "add.unique is given, and %s has no use for it", p->recipe), "leave it out");
	if (r != RULE_SPLIT && plan_recipe(p) != ARCH_DESTRUCTIVE && plan_gives(p, "add.columns"))
		found(f, "add.columns", arena_printf(f->a, "add.columns is given, and %s has no use for it", p->recipe), "leave it out");
	if (r == RULE_NONE)
		return;
	judge_column_words(f);
	if (r == RULE_SPLIT)
		judge_split(f);
	if (r == RULE_NAME && p->add_name && text_eq(p->add_name, p->table))
		found(f, "add.name", "add.name is the table's name", "write another name");
	if (r == RULE_INDEX)
		judge_index(f);
	if (r == RULE_CHECK && !is_blank(p->add_check) && !sql_is_value(p->add_check, &why))
		found(f, "add.check", arena_printf(f->a, "add.check is \"%s\": %s", text_clean(f->a, p->add_check), why), "write one expression over the row's own columns");
	if (r == RULE_FOREIGN && p->add_on_delete && !rule_is_action(p->add_on_delete))
		found(f, "add.on_delete", arena_printf(f->a, "add.on_delete is \"%s\"", text_clean(f->a, p->add_on_delete)),
			"write no action, restrict, cascade, set null or set default, or leave it out");
	if (p->backfill.fills && !text_eq(p->backfill.fills, "nulls"))
		found(f, "backfill.fills", arena_printf(f->a, "backfill.fills is \"%s\", and %s fills what is null", text_clean(f->a, p->backfill.fills), p->recipe), "leave it out");
}
