/* SPDX-License-Identifier: MIT */
/* How an amended plan differs from the one that a walk began with. What is neither equal nor surely stricter is laxer. */
#include "core/plan.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/sql.h"

#define WEEK_MIN (7 * 1440)

struct comparison {
	struct arena *a;
	const struct plan *old, *now;
	enum amend_class class;
	const char *why;
};

/* The worst finding stands, and of equals the first. */
static void differs(struct comparison *c, enum amend_class class, const char *why)
{
	if (class <= c->class)
		return;
	c->class = class;
	c->why = why;
}

static const char *shown(struct arena *a, const char *s)
{
	return s ? arena_printf(a, "\"%s\"", text_clean(a, s)) : "not given";
}

struct text_field { const char *path; size_t at; enum amend_class class; };
#define FIELD(path, member, class) { path, offsetof(struct plan, member), class }
static const struct text_field texts[] = {
	FIELD("target.schema", schema, AMEND_NEW_WALK), FIELD("target.table", table, AMEND_NEW_WALK),
	FIELD("target.column", column, AMEND_NEW_WALK), FIELD("target.where", where, AMEND_NEW_WALK), FIELD("recipe", recipe, AMEND_NEW_WALK),
	FIELD("add.column", add_column, AMEND_NEW_WALK), FIELD("dual_write", dual_write, AMEND_NEW_WALK),
	FIELD("add.type", add_type, AMEND_NEW_WALK), FIELD("add.default", add_default, AMEND_NEW_WALK), FIELD("add.comment", add_comment, AMEND_NEW_WALK),
	FIELD("add.name", add_name, AMEND_NEW_WALK), FIELD("add.check", add_check, AMEND_NEW_WALK), FIELD("add.refers_to.schema", add_refers_schema, AMEND_NEW_WALK),
	FIELD("add.refers_to.table", add_refers_table, AMEND_NEW_WALK), FIELD("add.refers_to.column", add_refers_column, AMEND_NEW_WALK),
	FIELD("add.on_delete", add_on_delete, AMEND_NEW_WALK), FIELD("add.index", add_index, AMEND_NEW_WALK), FIELD("add.where", add_where, AMEND_NEW_WALK),
	FIELD("add.method", add_method, AMEND_NEW_WALK),
	FIELD("name", name, AMEND_GATES), FIELD("document.before", before, AMEND_GATES),
	FIELD("document.after", after, AMEND_GATES), FIELD("document.why", why, AMEND_GATES),
	FIELD("document.way_back", way_back, AMEND_GATES), FIELD("document.leaves_behind", leaves_behind, AMEND_GATES),
	FIELD("document.rollback_floor", rollback_floor, AMEND_GATES), FIELD("document.api_contract", api_contract, AMEND_GATES),
	FIELD("window.zone", zone, AMEND_GATES), FIELD("health.sync_standby", sync_standby, AMEND_GATES),
	FIELD("releases_from.ics", release_ics, AMEND_GATES), FIELD("releases_from.command", release_command, AMEND_GATES),
	FIELD("snapshot.store", store, AMEND_GATES), FIELD("snapshot.scratch", scratch, AMEND_GATES),
	FIELD("convert.to", convert_to, AMEND_BACKFILL), FIELD("convert.back", convert_back, AMEND_BACKFILL), FIELD("convert.check", convert_check, AMEND_BACKFILL),
	FIELD("backfill.value", backfill.value, AMEND_BACKFILL), FIELD("backfill.where", backfill.where, AMEND_BACKFILL), FIELD("backfill.fills", backfill.fills, AMEND_BACKFILL),
	FIELD("monitor.notify", notify, AMEND_GATES), FIELD("monitor.migration_tool", migration_tool, AMEND_GATES),
};

static void compare_texts(struct comparison *c)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		const char *was = *(const char *const *)((const char *)c->old + texts[i].at);
		const char *is = *(const char *const *)((const char *)c->now + texts[i].at);
		if (!text_eq(was, is))
			differs(c, texts[i].class, arena_printf(c->a, "%s was %s and is now %s", texts[i].path, shown(c->a, was), shown(c->a, is)));
	}
}

/* Of each number, which way is stricter: 1 more, -1 less, 0 neither. */
struct number_field { const char *path; size_t at; int stricter; };
#define NUMBER(path, member, stricter) { path, offsetof(struct plan, member), stricter }
static const struct number_field ints[] = {
	NUMBER("policy.unused_days", unused_days, 1), NUMBER("policy.longest_job_days", longest_job_days, 1),
	NUMBER("policy.writes_hours", writes_hours, 1), NUMBER("policy.window_days", window_days, 1),
	NUMBER("policy.monitor_hours", monitor_hours, 1), NUMBER("policy.release_quiet_hours", release_quiet_hours, 1),
	NUMBER("policy.drop_estimate_min", drop_estimate_min, 1), NUMBER("policy.signatures", signatures, 1),
	NUMBER("snapshot.retention_days", retention_days, 1), NUMBER("health.max_lock_waiters", max_lock_waiters, -1),
	NUMBER("policy.slot_max_mb", slot_max_mb, 0), NUMBER("rows.batch_ms", batch_ms, -1), NUMBER("backfill.batch_ms", backfill.batch_ms, -1), NUMBER("backfill.load", backfill.load, -1),
	NUMBER("backfill.max_rejects", backfill.max_rejects, -1), NUMBER("rehearsal.now", rehearsal_dow, 0), NUMBER("rehearsal.now", rehearsal_minute, 0),
};
static const struct number_field doubles[] = {
	NUMBER("health.max_lag_s", max_lag_s, -1), NUMBER("health.max_longest_tx_s", max_longest_tx_s, -1),
	NUMBER("health.max_standby_query_s", max_standby_query_s, -1), NUMBER("rehearsal.day", rehearsal_day_s, 0),
};

static void compare_number(struct comparison *c, const struct number_field *f, double was, double is)
{
	if (was < is || was > is)
		differs(c, (is - was) * f->stricter > 0 ? AMEND_STRICTER : AMEND_GATES,
			arena_printf(c->a, "%s was %.15g and is now %.15g", f->path, was, is));
}

static void compare_numbers(struct comparison *c)
{
	const char *old = (const char *)c->old, *now = (const char *)c->now;
	for (size_t i = 0; i < sizeof ints / sizeof ints[0]; i++)
		compare_number(c, &ints[i], *(const int *)(const void *)(old + ints[i].at), *(const int *)(const void *)(now + ints[i].at));
	for (size_t i = 0; i < sizeof doubles / sizeof doubles[0]; i++)
		compare_number(c, &doubles[i], *(const double *)(const void *)(old + doubles[i].at),
			*(const double *)(const void *)(now + doubles[i].at));
	if (c->old->hide != c->now->hide)
		differs(c, c->now->hide ? AMEND_STRICTER : AMEND_GATES, "policy.hide changed");
	if (c->old->guard != c->now->guard)
		differs(c, c->now->guard ? AMEND_STRICTER : AMEND_GATES, "policy.guard changed");
	if (c->old->slot != c->now->slot)
		differs(c, c->now->slot ? AMEND_STRICTER : AMEND_GATES, "policy.slot changed");
	if (c->old->add_not_null != c->now->add_not_null)
		differs(c, AMEND_NEW_WALK, "add.not_null changed");
	if (c->old->add_unique != c->now->add_unique)
		differs(c, AMEND_NEW_WALK, "add.unique changed");
	if (c->old->scope != c->now->scope)
		differs(c, AMEND_GATES, "snapshot.scope changed");
}

/* Another text of the same statement is still another proposal: what was confirmed is confirmed again. */
static void compare_statement(struct comparison *c)
{
	const char *was = c->old->statement, *is = c->now->statement;
	if (c->old->archetype != c->now->archetype)
		differs(c, AMEND_NEW_WALK, arena_printf(c->a, "archetype was %s and is now %s",
			archetype_name(c->old->archetype), archetype_name(c->now->archetype)));
	if (text_eq(was, is))
		return;
	bool same = (was == NULL || sql_same(c->a, c->old, was, NULL)) && (is == NULL || sql_same(c->a, c->now, is, NULL));
	differs(c, same ? AMEND_GATES : AMEND_NEW_WALK, same ? "statement is written in another way" : "statement changed");
}

static void mark_week(bool week[static WEEK_MIN], const struct plan *p)
{
	memset(week, 0, WEEK_MIN * sizeof *week);
	for (size_t i = 0; i < p->n_windows; i++) {
		const struct plan_window *w = &p->windows[i];
		int minutes = w->to - w->from + (w->to < w->from ? 1440 : 0);
		for (int day = 0; day < 7; day++)
			for (int m = 0; w->days & 1U << day && m < minutes; m++)
				week[(day * 1440 + w->from + m) % WEEK_MIN] = true;
	}
}

static void compare_windows(struct comparison *c)
{
	bool *was = arena_array(c->a, WEEK_MIN, sizeof *was), *is = arena_array(c->a, WEEK_MIN, sizeof *is);
	bool more = false, less = false;
	mark_week(was, c->old);
	mark_week(is, c->now);
	for (size_t i = 0; i < WEEK_MIN; i++) {
		more = more || (is[i] && !was[i]);
		less = less || (was[i] && !is[i]);
	}
	if (more)
		differs(c, AMEND_GATES, "the window is open at times when it was not");
	else if (less)
		differs(c, AMEND_STRICTER, "the window is shorter");
}

static bool same_text(const void *a, const void *b)
{
	return text_eq(*(const char *const *)a, *(const char *const *)b);
}

static bool same_time(const void *a, const void *b)
{
	return *(const int64_t *)a == *(const int64_t *)b;
}

static bool same_deploy(const void *a, const void *b)
{
	return text_eq(((const struct plan_deploy *)a)->name, ((const struct plan_deploy *)b)->name);
}

static bool same_consumer(const void *a, const void *b)
{
	const struct plan_consumer *x = a, *y = b;
	return text_eq(x->name, y->name) && text_eq(x->kind, y->kind) && text_eq(x->owner, y->owner) && text_eq(x->check, y->check);
}

static bool same_standby(const void *a, const void *b)
{
	const struct plan_standby *x = a, *y = b;
	return text_eq(x->name, y->name) && text_eq(x->dbname, y->dbname);
}

static bool same_limit(bool has_x, double x, bool has_y, double y)
{
	return has_x == has_y && !(has_x && (x < y || x > y));
}

static bool same_metric(const void *a, const void *b)
{
	const struct plan_metric *x = a, *y = b;
	return text_eq(x->name, y->name) && text_eq(x->query, y->query) && text_eq(x->command, y->command) && text_eq(x->unit, y->unit)
		&& same_limit(x->has_pause, x->pause, y->has_pause, y->pause) && same_limit(x->has_alarm, x->alarm, y->has_alarm, y->alarm);
}

static bool same_pause(const void *a, const void *b)
{
	const struct plan_pause *x = a, *y = b;
	return text_eq(x->when, y->when) && text_eq(x->query, y->query) && text_eq(x->file, y->file) && x->days == y->days && x->from == y->from && x->to == y->to
		&& same_limit(x->has_above, x->above, y->has_above, y->above) && same_limit(x->has_below, x->below, y->has_below, y->below);
}

/* One more consumer, standby, metric or release only asks for more; one that is gone or changed asks for less. */
static const struct list {
	const char *path;
	size_t items, count, size;
	bool (*same)(const void *, const void *);
	enum amend_class added;
} lists[] = {
#define LIST(path, member, same, added) \
	{ path, offsetof(struct plan, member), offsetof(struct plan, n_##member), sizeof *((struct plan *)0)->member, same, added }
	LIST("add.columns", add_columns, same_text, AMEND_NEW_WALK),
	LIST("document.falls", falls, same_text, AMEND_GATES),
	LIST("deploys", deploys, same_deploy, AMEND_GATES),
	LIST("consumers", consumers, same_consumer, AMEND_STRICTER),
	LIST("sources", sources, same_text, AMEND_STRICTER),
	LIST("standbys", standbys, same_standby, AMEND_STRICTER),
	LIST("releases", releases, same_time, AMEND_STRICTER),
	LIST("monitor.metrics", metrics, same_metric, AMEND_STRICTER),
	{ "backfill.pause", offsetof(struct plan, backfill.pauses), offsetof(struct plan, backfill.n_pauses), sizeof(struct plan_pause), same_pause, AMEND_STRICTER },
#undef LIST
};

/* True when every element of x is in y as well. */
static bool within(const struct list *l, const struct plan *x, const struct plan *y)
{
	const char *xs = *(char *const *)(const void *)((const char *)x + l->items), *ys = *(char *const *)(const void *)((const char *)y + l->items);
	size_t nx = *(const size_t *)(const void *)((const char *)x + l->count), ny = *(const size_t *)(const void *)((const char *)y + l->count);
	for (size_t i = 0; i < nx; i++) {
		bool found = false;
		for (size_t j = 0; j < ny && !found; j++)
			found = l->same(xs + i * l->size, ys + j * l->size);
		if (!found)
			return false;
	}
	return true;
}

static void compare_lists(struct comparison *c)
{
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		const struct list *l = &lists[i];
		if (!within(l, c->old, c->now))
			differs(c, l->added == AMEND_NEW_WALK ? AMEND_NEW_WALK : AMEND_GATES, arena_printf(c->a, "%s no longer has all that it had", l->path));
		else if (!within(l, c->now, c->old))
			differs(c, l->added, arena_printf(c->a, "%s has more than it had", l->path));
	}
	if (c->old->has_falls != c->now->has_falls)
		differs(c, AMEND_GATES, "document.falls changed");
	if (c->old->has_sources != c->now->has_sources)
		differs(c, AMEND_GATES, "sources changed");   /* code that there is, or is not */
}

enum amend_class plan_compare(struct arena *a, const struct plan *old, const struct plan *now, const char **why)
{
	struct comparison c = { a, old, now, AMEND_SAME, "no field changed" };
	compare_statement(&c);
	compare_texts(&c);
	compare_numbers(&c);
	compare_windows(&c);
	compare_lists(&c);
	if (why)
		*why = c.why;
	return c.class;
}
