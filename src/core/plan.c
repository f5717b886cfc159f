/* SPDX-License-Identifier: MIT */
#include "core/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/sql.h"

#define DROP_FLOOR_MIN 10
#define SLOT_MAX_MB 1024
#define DAY_MINUTES 1440

/* What a file may leave out. The health limits are those of a small server at a quiet hour; gatewalk-plan(5) says them. */
void plan_defaults(struct plan *p)
{
	p->schema = "public";
	p->unused_days = archetype_unused_floor(ARCH_DESTRUCTIVE);
	p->longest_job_days = 7;
	p->writes_hours = 4;
	p->release_quiet_hours = 48;
	p->drop_estimate_min = 10;
	p->signatures = 1;
	p->slot_max_mb = SLOT_MAX_MB;
	p->batch_ms = 100;
	p->backfill.batch_ms = 100;
	p->backfill.load = 100;
	p->backfill.max_rejects = 10000;
	p->max_lag_s = 5;
	p->max_lock_waiters = 5;
	p->max_longest_tx_s = 300;
	p->max_standby_query_s = 300;
	p->scope = SCOPE_COLUMN;
	p->retention_days = 90;
	p->monitor_hours = 48;
	p->rehearsal_dow = 2;
	p->rehearsal_minute = 4 * 60 + 30;
	p->rehearsal_day_s = 1;
}

static const struct mark *mark_of(const struct plan *p, const char *path, size_t len)
{
	for (size_t i = 0; i < p->n_marks; i++)
		if (strncmp(p->marks[i].path, path, len) == 0 && p->marks[i].path[len] == '\0')
			return &p->marks[i].at;
	return NULL;
}

struct mark plan_mark(const struct plan *p, const char *path)
{
	for (size_t len = strlen(path); len; ) {
		const struct mark *at = mark_of(p, path, len);
		if (at)
			return *at;
		do
			len--;
		while (len && path[len] != '.');
	}
	const struct mark *start = mark_of(p, "", 0);
	return start ? *start : (struct mark){ 0, 0 };
}

bool plan_gives(const struct plan *p, const char *path)
{
	return mark_of(p, path, strlen(path)) != NULL;
}

bool plan_metric_alarms(const struct plan_metric *m)
{
	return m->has_alarm && (m->query || m->command);
}

bool plan_has_alarm(const struct plan *p)
{
	for (size_t i = 0; i < p->n_metrics; i++)
		if (plan_metric_alarms(&p->metrics[i]))
			return true;
	return false;
}

int plan_unused_days(const struct plan *p)
{
	int floor = archetype_unused_floor(plan_recipe(p)), days = p->unused_days > floor ? p->unused_days : floor;
	return p->longest_job_days >= days ? p->longest_job_days + 1 : days;
}

int plan_window_days(const struct plan *p)
{
	int floor = archetype_window_floor(plan_recipe(p));
	return floor && p->window_days > floor ? p->window_days : floor;
}

const char *plan_new_column(const struct plan *p)
{
	return archetype_beside(plan_recipe(p)) ? p->add_column : plan_target(p) == TARGET_ADDED ? p->column : NULL;
}

struct plan plan_reversed(const struct plan *p)
{
	struct plan back = *p;
	back.column = p->add_column;
	back.add_column = p->column;
	back.convert_to = back.backfill.value = p->convert_back;
	back.convert_back = p->convert_to;
	back.backfill.fills = "differences";
	return back;
}

bool plan_dual_by_application(const struct plan *p)
{
	return text_eq(p->dual_write, "application");
}

/* A rename converts nothing, and goes both ways. Its wait in item 9 is the shorter one unless the plan says more. */
void plan_finish(struct arena *a, struct plan *p)
{
	if (plan_recipe(p) == ARCH_RENAME) {
		p->convert_to = p->column ? sql_ident(a, p->column) : NULL;
		p->convert_back = p->add_column ? sql_ident(a, p->add_column) : NULL;
		if (!plan_gives(p, "policy.unused_days"))
			p->unused_days = archetype_unused_floor(ARCH_RENAME);
	}
	if (!archetype_beside(plan_recipe(p)))
		return;
	p->backfill.value = p->convert_to;
	if (p->convert_back && !p->backfill.fills)
		p->backfill.fills = "differences";
}

int plan_drop_min(const struct plan *p)
{
	return p->drop_estimate_min > DROP_FLOOR_MIN ? p->drop_estimate_min : DROP_FLOOR_MIN;
}

int plan_window_left(const struct plan_window *w, int dow, int minute)
{
	bool today = w->days & 1U << dow, yesterday = w->days & 1U << (dow + 6) % 7;
	if (w->to > w->from)
		return today && minute >= w->from && minute < w->to ? w->to - minute : 0;
	if (today && minute >= w->from)
		return DAY_MINUTES - minute + w->to;
	return yesterday && minute < w->to ? w->to - minute : 0;
}

const char *plan_release_source(const struct plan *p)
{
	return p->release_ics ? p->release_ics : p->release_command ? "releases_from.command" : NULL;
}

/* Etc/GMT-14 to Etc/GMT+12, the sign as POSIX has it. */
static bool is_etc_gmt(const char *s)
{
	if (strncmp(s, "Etc/GMT", 7) != 0 || (s[7] != '+' && s[7] != '-') || s[8] < '0' || s[8] > '9')
		return false;
	int hours = s[8] - '0';
	if (s[9] != '\0')
		hours = s[8] == '1' && s[9] >= '0' && s[9] <= '9' && s[10] == '\0' ? 10 + s[9] - '0' : 99;
	return hours <= (s[7] == '-' ? 14 : 12);
}

bool plan_is_zone(const char *s)
{
	if (strcmp(s, "UTC") == 0 || is_etc_gmt(s))
		return true;
	int slashes = 0;
	for (size_t i = 0; s[i]; i++) {
		bool letter = (s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= 'a' && s[i] <= 'z');
		bool begins = i == 0 || s[i - 1] == '/';
		if (s[i] == '/' && !begins)
			slashes++;
		else if (!letter && (begins || (s[i] != '_' && s[i] != '-')))
			return false;
	}
	return slashes >= 1 && slashes <= 2 && s[strlen(s) - 1] != '/' && strlen(s) < 64;
}

/* Days: the floors of items 9 and 7. */
static const struct { const char *name, *risk; int unused, window; } archetypes[] = {
	[ARCH_NONE] = { "unknown", "unknown", 14, 0 },
	[ARCH_ADDITIVE] = { "additive", "low", 14, 0 },
	[ARCH_RENAME] = { "rename", "medium", 3, 7 },
	[ARCH_TYPE] = { "type change", "high", 14, 14 },
	[ARCH_DESTRUCTIVE] = { "destructive", "highest", 14, 0 },
};
#define ARCHETYPES (sizeof archetypes / sizeof archetypes[0])

const char *archetype_name(enum archetype a)
{
	return archetypes[(size_t)a < ARCHETYPES ? a : ARCH_NONE].name;
}

const char *archetype_risk(enum archetype a)
{
	return archetypes[(size_t)a < ARCHETYPES ? a : ARCH_NONE].risk;
}

enum archetype archetype_parse(const char *s)
{
	for (size_t i = ARCH_ADDITIVE; i < ARCHETYPES; i++)
		if (text_eq(s, archetypes[i].name))
			return (enum archetype)i;
	return ARCH_NONE;
}

bool archetype_beside(enum archetype a)
{
	return a == ARCH_RENAME || a == ARCH_TYPE;
}

int archetype_unused_floor(enum archetype a)
{
	return archetypes[(size_t)a < ARCHETYPES ? a : ARCH_NONE].unused;
}

int archetype_window_floor(enum archetype a)
{
	return archetypes[(size_t)a < ARCHETYPES ? a : ARCH_NONE].window;
}

static const struct recipe { const char *name; enum target target; enum archetype archetype; enum rule rule; } recipes[] = {
	{ "drop-column", TARGET_COLUMN, ARCH_DESTRUCTIVE, RULE_NONE }, { "drop-table", TARGET_TABLE, ARCH_DESTRUCTIVE, RULE_NONE }, { "remove-rows", TARGET_ROWS, ARCH_DESTRUCTIVE, RULE_NONE },
	{ "add-column", TARGET_ADDED, ARCH_ADDITIVE, RULE_NONE }, { "rename-column", TARGET_COLUMN, ARCH_RENAME, RULE_NONE }, { "change-type", TARGET_COLUMN, ARCH_TYPE, RULE_NONE },
	{ "never-null", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_NOT_NULL }, { "add-check", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_CHECK },
	{ "add-foreign-key", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_FOREIGN }, { "build-index", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_INDEX },
	{ "rename-table", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_NAME }, { "split-table", TARGET_CONSTRAINT, ARCH_ADDITIVE, RULE_SPLIT },
};

static const struct recipe *recipe_of(const struct plan *p)
{
	static const struct recipe none = { NULL, TARGET_NONE, ARCH_NONE, RULE_NONE };
	for (size_t i = 0; p->recipe && i < sizeof recipes / sizeof recipes[0]; i++)
		if (strcmp(p->recipe, recipes[i].name) == 0)
			return &recipes[i];
	return &none;
}

enum target plan_target(const struct plan *p)
{
	return recipe_of(p)->target;
}

enum archetype plan_recipe(const struct plan *p)
{
	return recipe_of(p)->archetype;
}

enum rule plan_rule(const struct plan *p)
{
	return recipe_of(p)->rule;
}

bool target_comes(enum target t)
{
	return t == TARGET_ADDED || t == TARGET_CONSTRAINT;
}

const char *target_noun(enum target t)
{
	static const char *const nouns[] = {
		[TARGET_NONE] = "target", [TARGET_COLUMN] = "column", [TARGET_TABLE] = "table", [TARGET_ROWS] = "rows", [TARGET_ADDED] = "new column", [TARGET_CONSTRAINT] = "constraint",
		[TARGET_INDEX] = "index", [TARGET_TYPE] = "type",
	};
	return nouns[(size_t)t < sizeof nouns / sizeof nouns[0] ? t : TARGET_NONE];
}

const char *plan_noun(const struct plan *p)
{
	static const char *const nouns[] = { [RULE_INDEX] = "index", [RULE_NAME] = "new name", [RULE_SPLIT] = "new table" };
	enum rule r = plan_rule(p);
	return r < sizeof nouns / sizeof *nouns && nouns[r] ? nouns[r] : target_noun(plan_target(p));
}

const char *plan_target_name(struct arena *a, const struct plan *p)
{
	const char *table = arena_printf(a, "%s.%s", sql_ident(a, p->schema), sql_ident(a, p->table));
	switch (plan_target(p)) {
	case TARGET_TABLE: return table;
	case TARGET_ROWS: return arena_printf(a, "rows of %s", table);
	case TARGET_CONSTRAINT:
		if (plan_rule(p) != RULE_NOT_NULL)
			return arena_printf(a, "%s %s of %s", plan_noun(p), sql_ident(a, p->add_name), table);
	/* fall through */
	default: return arena_printf(a, "%s.%s", table, sql_ident(a, p->column));
	}
}
