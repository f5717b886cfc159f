/* SPDX-License-Identifier: MIT */
/* Judges a plan by itself: what is missing, what contradicts, what is laxer than the floors, what this version does not do. */
#include "core/plan.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/pause.h"
#include "core/plan_judge.h"
#include "core/rule.h"
#include "core/sql.h"

#define MINUTES_A_DAY 1440
#define RECIPES "write recipe: add-column, rename-column, change-type, never-null, add-check, add-foreign-key, build-index, rename-table, split-table, drop-column, drop-table or remove-rows"

/* added: what is written instead where something is added. */
static const struct need { const char *path; size_t at; const char *instead, *added; } needs[] = {
	{ "name", offsetof(struct plan, name), "write a short name, such as orders-drop-legacy-total", "write a short name, such as orders-add-note" },
	{ "recipe", offsetof(struct plan, recipe), RECIPES, NULL },
	{ "target.schema", offsetof(struct plan, schema), "write the table's schema, such as public", NULL },
	{ "target.table", offsetof(struct plan, table), "write the table's name", NULL },
	{ "document.before", offsetof(struct plan, before), "write what stands there now: type, default, what it holds", "write what stands there now: the table without it" },
	{ "document.after", offsetof(struct plan, after), "write what stands there afterwards", NULL },
	{ "document.why", offsetof(struct plan, why), "write why it goes", "write why it comes" },
	{ "document.way_back", offsetof(struct plan, way_back), "write how the data comes back, and who does it", "write how it goes again, and who does it" },
	{ "document.leaves_behind", offsetof(struct plan, leaves_behind), "write what a way back does not restore", "write what a way back loses: values that stand only in it" },
	{ "document.rollback_floor", offsetof(struct plan, rollback_floor),
		"write the oldest release of the application that runs without it", "write the oldest release of the application that runs with it there" },
	{ "document.api_contract", offsetof(struct plan, api_contract), "write what changes for those who call the application, or none", NULL },
	{ "window.zone", offsetof(struct plan, zone), "write a time zone, such as Europe/Madrid", NULL },
};

static void judge_needs(struct findings *f)
{
	for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++) {
		const char *value = *(const char *const *)((const char *)f->p + needs[i].at);
		if (is_blank(value))
			found(f, needs[i].path, arena_printf(f->a, "%s is %s", needs[i].path, value ? "empty" : "missing"),
				needs[i].added && target_comes(plan_target(f->p)) ? needs[i].added : needs[i].instead);
	}
	if (f->p->archetype == ARCH_NONE)
		found(f, "archetype", "archetype is missing", "write archetype: additive, rename, type change or destructive");
	if (!f->p->has_falls && !target_comes(plan_target(f->p)))
		found(f, "document.falls", "document.falls is missing", "list what else falls with it, or write falls: [] when nothing does");
	if (f->p->n_deploys == 0)
		found(f, "deploys", "deploys names no part", "name each deployed part of the application, such as - {name: web}");
	if (f->p->n_windows == 0)
		found(f, "window.open", "window.open names no hours",
			target_comes(plan_target(f->p)) ? "write the hours in which it may be added, such as - {days: [Tue], from: \"02:00\", to: \"05:00\"}" :
			"write the hours in which the drop may happen, such as - {days: [Tue], from: \"02:00\", to: \"05:00\"}");
}

static const struct floor { const char *path; size_t at; int least; const char *why; } floors[] = {
	{ "policy.monitor_hours", offsetof(struct plan, monitor_hours), 48, "two days of watching are the least" },
	{ "policy.release_quiet_hours", offsetof(struct plan, release_quiet_hours), 48, "a release within two days hides the cause of a fault" },
	{ "policy.writes_hours", offsetof(struct plan, writes_hours), 4, "what reads first finds what nobody has written yet" },
};

static void judge_floors(struct findings *f)
{
	int unused = archetype_unused_floor(plan_recipe(f->p));
	if (f->p->unused_days < unused)
		found(f, "policy.unused_days", arena_printf(f->a, "policy.unused_days is %d, below the floor of %d", f->p->unused_days, unused),
			arena_printf(f->a, "write %d or more: %s without a reader are the least", unused, unused < 14 ? "three days" : "two weeks"));
	for (size_t i = 0; i < sizeof floors / sizeof floors[0]; i++) {
		int value = *(const int *)(const void *)((const char *)f->p + floors[i].at);
		if (value >= floors[i].least)
			continue;
		found(f, floors[i].path, arena_printf(f->a, "%s is %d, below the floor of %d", floors[i].path, value, floors[i].least),
			arena_printf(f->a, "write %d or more: %s", floors[i].least, floors[i].why));
	}
}

static void judge_version(struct findings *f)
{
	const struct plan *p = f->p;
	enum archetype of = plan_recipe(p);
	if (p->archetype != ARCH_NONE && of != ARCH_NONE && p->archetype != of)
		found(f, "archetype", arena_printf(f->a, "archetype is %s, and %s is %s", archetype_name(p->archetype), p->recipe, archetype_name(of)),
			arena_printf(f->a, "write archetype: %s", archetype_name(of)));
	if (!is_blank(p->recipe) && of == ARCH_NONE)
		found(f, "recipe", arena_printf(f->a, "recipe is \"%s\": this version does not know it", text_clean(f->a, p->recipe)), RECIPES);
	if (p->signatures != 1)
		found(f, "policy.signatures", arena_printf(f->a, "policy.signatures is %d: this version does not take a second signature yet",
			p->signatures), "write 1, or leave it out");
	if (p->hide && of == ARCH_ADDITIVE)
		found(f, "policy.hide", "policy.hide is true, and what is added is not hidden", "write false, or leave it out");
	if (p->guard && of == ARCH_ADDITIVE)
		found(f, "policy.guard", "policy.guard is true, and what is added needs no guard", "write false, or leave it out");
	if (p->slot && of == ARCH_ADDITIVE)
		found(f, "policy.slot", "policy.slot is true, and nobody has to stop using what is added", "write false, or leave it out");
	if (p->hide && plan_target(p) == TARGET_ROWS)
		found(f, "policy.hide", "policy.hide is true: rows are hidden by the application, by a flag or a view", "write false, or leave it out");
	if (p->slot && plan_target(p) == TARGET_ROWS)
		found(f, "policy.slot", "policy.slot is true: of rows the tripwire alone tells who writes them", "write false, or leave it out");
	if (!p->slot && plan_gives(p, "policy.slot_max_mb"))
		found(f, "policy.slot_max_mb", "policy.slot_max_mb is given without policy.slot", "write slot: true beside it, or leave it out");
}

static void judge_name(struct findings *f)
{
	const char *s = f->p->name;
	if (is_blank(s))
		return;
	size_t fits = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (s[fits] != '\0' || s[0] == '-' || fits > 40)
		found(f, "name", arena_printf(f->a, "name is \"%s\"", text_clean(f->a, s)),
			"write 1 to 40 of a-z, 0-9 and -, not beginning with -");
}

static bool target_whole(const struct plan *p)
{
	switch (plan_target(p)) {
	case TARGET_COLUMN: return !is_blank(p->column) && (!archetype_beside(plan_recipe(p)) || (!is_blank(p->add_column) && sql_is_type(p->add_type, NULL)));
	case TARGET_TABLE: return true;
	case TARGET_ROWS: return !is_blank(p->where);
	case TARGET_CONSTRAINT: return rule_whole(p);
	case TARGET_ADDED: return !is_blank(p->column) && sql_is_type(p->add_type, NULL) && (!p->add_default || sql_is_value(p->add_default, NULL));
	default: return false;
	}
}

/* The type and the default go into a statement: each has to be one piece of SQL, out of which nothing reaches. */
void judge_added(struct findings *f)
{
	const struct plan *p = f->p;
	const char *why = "";
	if (is_blank(p->add_type))
		found(f, "add.type", arena_printf(f->a, "add.type is %s", p->add_type ? "empty" : "missing"), "write the new column's type, such as text or numeric(10,2)");
	else if (!sql_is_type(p->add_type, &why))
		found(f, "add.type", arena_printf(f->a, "add.type is \"%s\": %s", text_clean(f->a, p->add_type), why), "write a type alone, such as text or numeric(10,2)");
	if (p->add_default && !sql_is_value(p->add_default, &why))
		found(f, "add.default", arena_printf(f->a, "add.default is \"%s\": %s", text_clean(f->a, p->add_default), why), "write one value as SQL, such as 0 or \"'new'\"");
	if (p->add_not_null && !p->add_default)
		found(f, "add.not_null", "add.not_null is true, and the rows that stand would have no value", "write a default, or false");
}

/* Fields that speak of what is added stand in a plan that adds, and nowhere else. */
static void judge_addition(struct findings *f)
{
	const struct plan *p = f->p;
	bool adds = plan_target(p) == TARGET_ADDED;
	if (adds)
		judge_added(f);
	else if (plan_target(p) != TARGET_NONE && plan_gives(p, "add") && !archetype_beside(plan_recipe(p)) && plan_target(p) != TARGET_CONSTRAINT)
		found(f, "add", arena_printf(f->a, "add is given, and %s adds nothing", p->recipe), "leave it out");
	if (target_comes(plan_target(p)) && p->n_falls > 0)
		found(f, "document.falls", arena_printf(f->a, "document.falls lists something, and nothing falls with a %s", target_noun(plan_target(p))), "write falls: [], or leave it out");
}

/* Each recipe has its own words for its target, and no others. */
static void judge_target(struct findings *f)
{
	const struct plan *p = f->p;
	enum target t = plan_target(p);
	if (t == TARGET_NONE)
		return;
	bool column = t == TARGET_COLUMN || t == TARGET_ADDED || plan_rule(p) == RULE_NOT_NULL || plan_rule(p) == RULE_FOREIGN;
	if (column && is_blank(p->column))
		found(f, "target.column", arena_printf(f->a, "target.column is %s", p->column ? "empty" : "missing"), "write the column's name");
	if (t == TARGET_ROWS && is_blank(p->where))
		found(f, "target.where", arena_printf(f->a, "target.where is %s", p->where ? "empty" : "missing"),
			"write which rows, such as \"created < '2020-01-01'\"");
	if (!column && p->column)
		found(f, "target.column", arena_printf(f->a, "target.column is given, and %s takes no single column", p->recipe), "leave it out");
	if (t != TARGET_ROWS && p->where)
		found(f, "target.where", arena_printf(f->a, "target.where is given, and %s takes more than rows", p->recipe), "leave it out");
	if (t != TARGET_COLUMN && p->scope == SCOPE_COLUMN && plan_gives(p, "snapshot.scope"))
		found(f, "snapshot.scope", arena_printf(f->a, "snapshot.scope is column, and %s needs whole rows", p->recipe), "leave it out");
	if (t == TARGET_ROWS && p->n_falls > 0)
		found(f, "document.falls", "document.falls lists something, and nothing falls with rows", "write falls: []");
}

static void judge_statement(struct findings *f)
{
	const struct plan *p = f->p;
	const char *why;
	if (is_blank(p->statement) || is_blank(p->schema) || is_blank(p->table) || !target_whole(p))
		return;
	if (!sql_same(f->a, p, p->statement, &why))
		found(f, "statement", arena_printf(f->a, "statement is not the one of the target: %s", why),
			arena_printf(f->a, "write %s, or leave it out", text_clean(f->a, sql_proposal(f->a, p))));
}

/* The most minutes in a row that a window has outside Fridays. */
static int longest_run(const struct plan_window *w)
{
	bool over = w->to < w->from;
	int best = 0;
	for (unsigned day = 0; day < 7; day++) {
		if ((w->days & 1U << day) == 0 || day == FRIDAY)
			continue;
		int end = !over ? w->to : day == FRIDAY - 1 ? MINUTES_A_DAY : MINUTES_A_DAY + w->to;
		best = end - w->from > best ? end - w->from : best;
	}
	return best;
}

static void judge_window(struct findings *f, const struct plan_window *w)
{
	int least = plan_drop_min(f->p);
	if (w->days & 1U << FRIDAY)
		found_at(f, w->at, "this window is open on Friday, and the drop never happens on a Friday", "leave Fri out of its days");
	if (w->days && w->from == w->to)
		found_at(f, w->at, "this window begins and ends at the same minute", "write a later time in to");
	else if ((w->days & ~(1U << FRIDAY)) && longest_run(w) < least)
		found_at(f, w->at, arena_printf(f->a, "this window is %d minutes long, the drop asks for %d", longest_run(w), least),
			"write a longer window, or a smaller policy.drop_estimate_min");
}

static void judge_moment(struct findings *f)
{
	const struct plan *p = f->p;
	bool in = p->n_windows == 0;
	if (!is_blank(p->zone) && !plan_is_zone(p->zone))
		found(f, "window.zone", arena_printf(f->a, "window.zone is \"%s\"", text_clean(f->a, p->zone)),
			"write a name of the IANA list, such as Europe/Madrid, or UTC");
	for (size_t i = 0; i < p->n_windows; i++) {
		judge_window(f, &p->windows[i]);
		in = in || plan_window_left(&p->windows[i], p->rehearsal_dow, p->rehearsal_minute) > 0;
	}
	if (!plan_gives(p, "rehearsal.now"))
		return;
	if (p->rehearsal_dow == FRIDAY)
		found(f, "rehearsal.now", "rehearsal.now is a Friday, and the drop never happens on a Friday", "write another day, such as \"Tue 04:30\"");
	else if (!in)
		found(f, "rehearsal.now", "rehearsal.now is outside the window", "write a day and time inside window.open");
}

static void judge_metric(struct findings *f, const struct plan_metric *m)
{
	const char *name = text_clean(f->a, m->name);
	if (m->query && m->command)
		found_at(f, m->at, arena_printf(f->a, "metric %s has a query and a command", name), "leave one of them");
	if (m->query == NULL && m->command == NULL)
		found_at(f, m->at, arena_printf(f->a, "metric %s has neither a query nor a command", name), "write one of them");
	if (!m->has_pause && !m->has_alarm)
		found_at(f, m->at, arena_printf(f->a, "metric %s has no limit", name), "write alarm, pause or both");
}

/* Names are what things are cleared by: two of one name would be cleared together. Each list's elements begin with the name. */
static void judge_twins(struct findings *f, const char *list, const void *items, size_t n, size_t size)
{
	for (size_t i = 1; i < n; i++) {
		const char *const *mine = (const void *)((const char *)items + i * size);
		bool twice = false;
		for (size_t j = 0; j < i && !twice; j++)
			twice = text_eq(*mine, *(const char *const *)(const void *)((const char *)items + j * size));
		if (twice && !is_blank(*mine))
			found(f, arena_printf(f->a, "%s[%zu].name", list, i),
				arena_printf(f->a, "%s has the name \"%s\" twice", list, text_clean(f->a, *mine)), "give each its own name");
	}
}

/* A job's working folder is not the operator's: only a whole path or a remote means one place. */
static void judge_store(struct findings *f)
{
	const char *s = f->p->store;
	if (is_blank(s) || s[0] == '/')
		return;
	const char *colon = strchr(s, ':'), *slash = strchr(s, '/');
	if (colon == NULL || colon == s || (slash && slash < colon))
		found(f, "snapshot.store", arena_printf(f->a, "snapshot.store is \"%s\"", text_clean(f->a, s)),
			"write a folder from / on, or a remote as name:path");
}

/* One source at most, and none that depends on where gatewalk was started. */
static void judge_release_source(struct findings *f)
{
	const struct plan *p = f->p;
	if (p->release_ics && p->release_command)
		found(f, "releases_from", "releases_from has a file and a command", "leave one of them");
	else if (plan_gives(p, "releases_from") && !p->release_ics && !p->release_command)
		found(f, "releases_from", "releases_from has neither a file nor a command", "write ics or command under it");
	else if (p->release_ics && p->release_ics[0] != '/')
		found(f, "releases_from.ics", arena_printf(f->a, "releases_from.ics is \"%s\"", text_clean(f->a, p->release_ics)),
			"write a file from / on");
}

/* The plan outlives the folder it was begun in. */
static void judge_sources(struct findings *f)
{
	for (size_t i = 0; i < f->p->n_sources; i++)
		if (f->p->sources[i][0] != '/')
			found(f, "sources", arena_printf(f->a, "sources has \"%s\"", text_clean(f->a, f->p->sources[i])), "write folders from / on");
}

static void judge_lists(struct findings *f)
{
	const struct plan *p = f->p;
	for (size_t i = 0; i < p->n_metrics; i++)
		judge_metric(f, &p->metrics[i]);
	judge_sources(f);
	judge_twins(f, "deploys", p->deploys, p->n_deploys, sizeof *p->deploys);
	judge_twins(f, "consumers", p->consumers, p->n_consumers, sizeof *p->consumers);
	judge_twins(f, "standbys", p->standbys, p->n_standbys, sizeof *p->standbys);
	judge_twins(f, "monitor.metrics", p->metrics, p->n_metrics, sizeof *p->metrics);
}

/* A5: a backfill says at least once when it is to make room for others. */
static void judge_backfill(struct findings *f)
{
	const struct plan_backfill *b = &f->p->backfill;
	if (!plan_gives(f->p, "backfill"))
		return;
	if (f->p->archetype == ARCH_DESTRUCTIVE)
		found(f, "backfill", "backfill is given, and what is taken away is not filled", "leave it out");
	if (f->p->archetype == ARCH_ADDITIVE && (plan_rule(f->p) == RULE_CHECK || plan_rule(f->p) == RULE_FOREIGN || plan_rule(f->p) == RULE_INDEX || plan_rule(f->p) == RULE_NAME))
		found(f, "backfill", arena_printf(f->a, "backfill is given, and %s fills nothing", f->p->recipe), "leave it out; rows that do not hold to it are mended first");
	if (b->value && plan_rule(f->p) == RULE_SPLIT)
		found(f, "backfill.value", "backfill.value is given, and what goes over is the row's own", "leave it out");
	if (is_blank(b->value) && !archetype_beside(plan_recipe(f->p)) && plan_rule(f->p) != RULE_SPLIT)
		found(f, "backfill.value", arena_printf(f->a, "backfill.value is %s", b->value ? "empty" : "missing"), "write an expression over the row's own columns, such as \"total * 100\"");
	if (b->fills && !text_eq(b->fills, "nulls") && !text_eq(b->fills, "differences"))
		found(f, "backfill.fills", arena_printf(f->a, "backfill.fills is \"%s\"", text_clean(f->a, b->fills)), "write nulls or differences, or leave it out");
	if (b->n_pauses == 0)
		found(f, "backfill.pause", "backfill.pause names no condition", "write at least one, such as [{when: replication lag, above: 5}]");
	for (size_t i = 0; i < b->n_pauses; i++) {
		const char *instead, *wrong = pause_wrong(f->a, &b->pauses[i], &instead);
		if (wrong)
			found_at(f, b->pauses[i].at, wrong, instead);
	}
}

static int by_place(const void *x, const void *y)
{
	const struct plan_error *a = x, *b = y;
	if (a->at.line != b->at.line)
		return a->at.line < b->at.line ? -1 : 1;
	if (a->at.column != b->at.column)
		return a->at.column < b->at.column ? -1 : 1;
	return strcmp(a->what, b->what);
}

void plan_errors_sort(struct plan_error *list, size_t n)
{
	if (n)
		qsort(list, n, sizeof *list, by_place);
}

size_t plan_judge(struct arena *a, const struct plan *p, struct plan_error **out)
{
	struct findings f = { .a = a, .p = p };
	judge_needs(&f);
	judge_floors(&f);
	judge_version(&f);
	judge_name(&f);
	judge_target(&f);
	judge_addition(&f);
	judge_beside(&f);
	judge_rule(&f);
	judge_statement(&f);
	judge_moment(&f);
	judge_release_source(&f);
	judge_store(&f);
	judge_lists(&f);
	judge_backfill(&f);
	plan_errors_sort(f.list, f.n);
	*out = f.list;
	return f.n;
}
