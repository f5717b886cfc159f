/* SPDX-License-Identifier: MIT */
/* Judges what a rename and a change of type alone say: a new column beside the old one, the conversion between them, who writes both. */
#include "core/plan_judge.h"

#include "base/text.h"
#include "core/sql.h"

static void judge_new_column(struct findings *f)
{
	const struct plan *p = f->p;
	if (is_blank(p->add_column))
		found(f, "add.column", arena_printf(f->a, "add.column is %s", p->add_column ? "empty" : "missing"), "write the new column's name");
	else if (text_eq(p->add_column, p->column))
		found(f, "add.column", "add.column is the old column's name", "write another name: both stand side by side for weeks");
	judge_added(f);
}

/* Each goes into a statement of gatewalk's own: one value, out of which nothing reaches. */
static void judge_value(struct findings *f, const char *path, const char *value)
{
	const char *why = "";
	if (value && !sql_is_value(value, &why))
		found(f, path, arena_printf(f->a, "%s is \"%s\": %s", path, text_clean(f->a, value), why), "write one expression over the row's own columns");
}

static void judge_conversion(struct findings *f)
{
	const struct plan *p = f->p;
	if (plan_recipe(p) == ARCH_RENAME) {
		if (plan_gives(f->p, "convert"))
			found(f, "convert", "convert is given, and a rename converts nothing", "leave it out, or write recipe: change-type");
		return;
	}
	if (is_blank(p->convert_to))
		found(f, "convert.to", arena_printf(f->a, "convert.to is %s", p->convert_to ? "empty" : "missing"),
			"write the new value as SQL over the row's own columns, such as \"total * 100\"");
	else
		judge_value(f, "convert.to", p->convert_to);
	judge_value(f, "convert.back", p->convert_back);
	judge_value(f, "convert.check", p->convert_check);
}

/* Every row goes over, by the conversion; what else a backfill may say stays. */
static void judge_fill(struct findings *f)
{
	const struct plan *p = f->p;
	if (!plan_gives(p, "backfill"))
		found(f, "backfill", "backfill is missing, and the rows that stand go over by one", "write backfill: {pause: [{when: replication lag, above: 5}]}");
	if (plan_gives(p, "backfill.value"))
		found(f, "backfill.value", arena_printf(f->a, "backfill.value is given, and in %s the conversion says what is filled", p->recipe), "leave it out");
	if (p->backfill.where)
		found(f, "backfill.where", arena_printf(f->a, "backfill.where is given, and in %s every row goes over", p->recipe), "leave it out");
}

static void judge_dual_write(struct findings *f)
{
	const struct plan *p = f->p;
	if (is_blank(p->dual_write))
		found(f, "dual_write", arena_printf(f->a, "dual_write is %s", p->dual_write ? "empty" : "missing"), "write trigger or application: who writes both columns");
	else if (!text_eq(p->dual_write, "trigger") && !text_eq(p->dual_write, "application"))
		found(f, "dual_write", arena_printf(f->a, "dual_write is \"%s\"", text_clean(f->a, p->dual_write)), "write trigger or application");
	if (p->window_days && p->window_days < archetype_window_floor(p->archetype))
		found(f, "policy.window_days", arena_printf(f->a, "policy.window_days is %d, below the floor of %d", p->window_days, archetype_window_floor(p->archetype)),
			arena_printf(f->a, "write %d or more, or leave it out: so long both are written and compared", archetype_window_floor(p->archetype)));
}

static void judge_elsewhere(struct findings *f)
{
	static const char *const fields[] = { "add.column", "convert", "dual_write", "policy.window_days" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (plan_gives(f->p, fields[i]))
			found(f, fields[i], arena_printf(f->a, "%s is given, and %s has no two columns side by side", fields[i], f->p->recipe), "leave it out");
}

void judge_beside(struct findings *f)
{
	enum archetype of = plan_recipe(f->p);
	if (of == ARCH_NONE)
		return;
	if (!archetype_beside(of)) {
		judge_elsewhere(f);
		return;
	}
	judge_new_column(f);
	judge_conversion(f);
	judge_dual_write(f);
	judge_fill(f);
}
