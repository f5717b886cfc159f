/* SPDX-License-Identifier: MIT */
/* How an amended plan differs from the one before: the class of the change, and its words. */
#include "core/plan.h"

#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct plan p;
static struct plan_deploy deploys[] = { { .name = "web" }, { .name = "worker" } };
static struct plan_window windows[] = { { .days = 1 << 2, .from = 120, .to = 300 } };
static struct plan_consumer consumers[] = { { .name = "report", .kind = "report", .owner = "Ana" }, { .name = "hook", .kind = "webhook", .owner = "Luis" } };
static const char *falls[] = { "index a", "index b" };

/* What is compared, whether the plan is in order or not. */
static struct plan given(void)
{
	struct plan w = { .archetype = ARCH_DESTRUCTIVE, .recipe = "drop-column", .table = "orders", .column = "total", .before = "b", .falls = falls,
		.n_falls = 1, .has_falls = true, .deploys = deploys, .n_deploys = 1, .windows = windows, .n_windows = 1, .consumers = consumers, .n_consumers = 1 };
	plan_defaults(&w);
	return w;
}

static void setup(void)
{
	a = arena_new();
	p = given();
}

static void teardown(void)
{
	arena_free(a);
}

static void window(unsigned days, int from, int to)
{
	static struct plan_window one;
	one = (struct plan_window){ .days = days, .from = from, .to = to };
	p.windows = &one;
}

/* From old to now. */
static void compared(const struct plan *old, const struct plan *now, enum amend_class class, const char *why)
{
	const char *got = NULL;
	ck_assert_int_eq(plan_compare(a, old, now, &got), class);
	ck_assert_str_eq(got, why);
}

static void compare(const struct plan *now, enum amend_class class, const char *why)
{
	struct plan old = given();
	compared(&old, now, class, why);
}

START_TEST(amended_backfill)
{
	static struct plan_pause one[] = { { .when = "slot", .above = 5, .has_above = true }, { .when = "slot", .above = 5, .has_above = true, .below = 1, .has_below = true } };
	p.backfill.value = "total * 100";
	compare(&p, AMEND_BACKFILL, "backfill.value was not given and is now \"total * 100\"");
	p.backfill.batch_ms = 900;   /* laxer, and not the worst of it */
	compare(&p, AMEND_BACKFILL, "backfill.value was not given and is now \"total * 100\"");
	p = given();
	p.backfill.where = "total > 0";
	compare(&p, AMEND_BACKFILL, "backfill.where was not given and is now \"total > 0\"");
	p = given();
	p.backfill.fills = "differences";
	compare(&p, AMEND_BACKFILL, "backfill.fills was not given and is now \"differences\"");
	p = given();
	p.backfill.load = 50;
	compare(&p, AMEND_STRICTER, "backfill.load was 100 and is now 50");
	p = given();
	p.backfill.pauses = one;
	p.backfill.n_pauses = 1;
	compare(&p, AMEND_STRICTER, "backfill.pause has more than it had");
	struct plan old = p;
	p.backfill.pauses = one + 1;
	compared(&old, &p, AMEND_GATES, "backfill.pause no longer has all that it had");
}
END_TEST

/* Whatever of a pause is another one, it is another pause. */
START_TEST(amended_pauses)
{
	static struct plan_pause was = { .when = "flag", .query = "SELECT true", .file = "/run/a", .days = 2, .from = 60, .to = 120, .above = 5, .has_above = true }, is[8];
	struct plan old = given();
	for (size_t i = 0; i < sizeof is / sizeof *is; i++)
		is[i] = was;
	is[0].when = "hours";
	is[1].query = "SELECT false";
	is[2].file = "/run/b";
	is[3].days = 4;
	is[4].from = 61;
	is[5].to = 121;
	is[6].above = 6;
	is[7].has_above = false;
	old.backfill.pauses = &was;
	old.backfill.n_pauses = p.backfill.n_pauses = 1;
	for (size_t i = 0; i < sizeof is / sizeof *is; i++) {
		p.backfill.pauses = &is[i];
		compared(&old, &p, AMEND_GATES, "backfill.pause no longer has all that it had");
	}
	p.backfill.pauses = &was;
	compared(&old, &p, AMEND_SAME, "no field changed");
}
END_TEST

START_TEST(amended_target)
{
	compare(&p, AMEND_SAME, "no field changed");
	p.column = "tax";
	p.unused_days = 20;
	compare(&p, AMEND_NEW_WALK, "target.column was \"total\" and is now \"tax\"");
	p = given();
	p.archetype = ARCH_RENAME;
	compare(&p, AMEND_NEW_WALK, "archetype was destructive and is now rename");
	p = given();
	p.statement = "drop table orders";
	compare(&p, AMEND_NEW_WALK, "statement changed");
	p.statement = "alter table orders drop total";
	compare(&p, AMEND_GATES, "statement is written in another way");
}
END_TEST

START_TEST(amended_numbers)
{
	p.unused_days = 21;
	compare(&p, AMEND_STRICTER, "policy.unused_days was 14 and is now 21");
	p.max_lag_s = 4.5;
	compare(&p, AMEND_STRICTER, "policy.unused_days was 14 and is now 21");
	p.max_lag_s = 5.5;
	compare(&p, AMEND_GATES, "health.max_lag_s was 5 and is now 5.5");
	p = given();
	p.retention_days = 30;
	compare(&p, AMEND_GATES, "snapshot.retention_days was 90 and is now 30");
	p = given();
	p.rehearsal_day_s = 0.1;
	compare(&p, AMEND_GATES, "rehearsal.day was 1 and is now 0.1");
}
END_TEST

START_TEST(amended_texts)
{
	p.sync_standby = "db2";
	compare(&p, AMEND_GATES, "health.sync_standby was not given and is now \"db2\"");
	p = given();
	p.before = "x\x1b[31m";
	compare(&p, AMEND_GATES, "document.before was \"b\" and is now \"x\\x1b[31m\"");
	p = given();
	p.scope = SCOPE_TABLE;
	compare(&p, AMEND_GATES, "snapshot.scope changed");
}
END_TEST

START_TEST(amended_windows)
{
	window(1 << 2, 120, 240);
	compare(&p, AMEND_STRICTER, "the window is shorter");
	window(1 << 2, 119, 240);
	compare(&p, AMEND_GATES, "the window is open at times when it was not");
	struct plan_window halves[] = { { .days = 1 << 2, .from = 200, .to = 300 }, { .days = 1 << 2, .from = 120, .to = 200 } };
	p.windows = halves;
	p.n_windows = 2;
	compare(&p, AMEND_SAME, "no field changed");
	window(1 << 1, 1380, 60);
	p.n_windows = 1;
	compare(&p, AMEND_GATES, "the window is open at times when it was not");
}
END_TEST

START_TEST(amended_lists)
{
	p.n_consumers = 2;
	compare(&p, AMEND_STRICTER, "consumers has more than it had");
	p.n_consumers = 0;
	compare(&p, AMEND_GATES, "consumers no longer has all that it had");
	p = given();
	static const char *sources[] = { "/srv/shop" };
	p.has_sources = true;
	compare(&p, AMEND_GATES, "sources changed");
	p = given();
	p.sources = sources;
	p.n_sources = 1;
	compare(&p, AMEND_STRICTER, "sources has more than it had");
	p = given();
	p.n_deploys = 2;
	compare(&p, AMEND_GATES, "deploys has more than it had");
	p = given();
	p.n_falls = 2;
	compare(&p, AMEND_GATES, "document.falls has more than it had");
	p = given();
	int64_t releases[] = { 5 * US_DAY };
	p.releases = releases;
	p.n_releases = 1;
	compare(&p, AMEND_STRICTER, "releases has more than it had");
	p = given();
	p.release_command = "cat releases";
	compare(&p, AMEND_GATES, "releases_from.command was not given and is now \"cat releases\"");
	p = given();
	p.releases = releases;
	p.n_releases = 1;
	struct plan without = given();
	compared(&p, &without, AMEND_GATES, "releases no longer has all that it had");
	struct plan_consumer changed[] = { { .name = "report", .kind = "report", .owner = "Eve" } };
	p = given();
	p.consumers = changed;
	compare(&p, AMEND_GATES, "consumers no longer has all that it had");
}
END_TEST

START_TEST(amended_switches)
{
	struct plan old = given();
	p.guard = true;
	compare(&p, AMEND_STRICTER, "policy.guard changed");
	compared(&p, &old, AMEND_GATES, "policy.guard changed");
	p = old;
	p.hide = true;
	compare(&p, AMEND_STRICTER, "policy.hide changed");
	compared(&p, &old, AMEND_GATES, "policy.hide changed");
	p = old;
	p.slot = true;
	compare(&p, AMEND_STRICTER, "policy.slot changed");
	compared(&p, &old, AMEND_GATES, "policy.slot changed");
	p = old;
	p.slot_max_mb = 64;
	compare(&p, AMEND_GATES, "policy.slot_max_mb was 1024 and is now 64");
	p = given();
	p.has_falls = false;
	compare(&p, AMEND_GATES, "document.falls changed");
	p = given();
	p.statement = "alter table orders drop total";
	old.statement = "drop table orders";
	compared(&old, &p, AMEND_NEW_WALK, "statement changed");
	old.statement = "ALTER TABLE orders DROP COLUMN total";
	compared(&old, &p, AMEND_GATES, "statement is written in another way");
	p.statement = NULL;
	compared(&old, &p, AMEND_GATES, "statement is written in another way");
	ck_assert_int_eq(plan_compare(a, &old, &p, NULL), AMEND_GATES);
}
END_TEST

START_TEST(amended_releases)
{
	int64_t was[] = { 5 * US_DAY, 6 * US_DAY }, is[] = { 6 * US_DAY, 7 * US_DAY };
	struct plan old = given();
	old.releases = was;
	p.releases = is;
	old.n_releases = 1;
	p.n_releases = 2;
	compared(&old, &p, AMEND_GATES, "releases no longer has all that it had");
	old.releases = was + 1;
	compared(&old, &p, AMEND_STRICTER, "releases has more than it had");
}
END_TEST

START_TEST(amended_consumers)
{
	struct plan_consumer was = { .name = "a", .kind = "report", .owner = "Ana", .check = "log" }, is = was;
	struct plan old = given();
	old.consumers = &was;
	p.consumers = &is;
	compared(&old, &p, AMEND_SAME, "no field changed");
	is.check = NULL;
	compared(&old, &p, AMEND_GATES, "consumers no longer has all that it had");
	is = was, is.kind = "webhook";
	compared(&old, &p, AMEND_GATES, "consumers no longer has all that it had");
}
END_TEST

START_TEST(amended_standbys)
{
	struct plan_standby was[] = { { .name = "db2", .dbname = "shop" }, { .name = "db3", .dbname = "shop" } }, is[] = { was[1], was[0] };
	struct plan old = given();
	old.standbys = was;
	p.standbys = is;
	old.n_standbys = p.n_standbys = 2;
	compared(&old, &p, AMEND_SAME, "no field changed");
	is[0].dbname = "other";
	compared(&old, &p, AMEND_GATES, "standbys no longer has all that it had");
	is[0] = was[1];
	old.n_standbys = 1;
	compared(&old, &p, AMEND_STRICTER, "standbys has more than it had");
}
END_TEST

/* Each field of a metric counts: one that differs is another metric, and the old one is gone. */
START_TEST(amended_metrics)
{
	const struct plan_metric was = { .name = "errors", .query = "select 1", .unit = "a minute", .pause = 5, .alarm = 9, .has_pause = true, .has_alarm = true };
	struct plan_metric other[9], had = was, same = was;
	for (size_t i = 0; i < 9; i++)
		other[i] = was;
	other[0].name = "latency";
	other[1].query = "select 2";
	other[2].command = "count";
	other[3].unit = "an hour";
	other[4].has_pause = false;
	other[5].pause = 6;
	other[6].pause = 4;
	other[7].alarm = 10;
	other[8].has_alarm = false;
	struct plan old = given();
	old.metrics = &had;
	p.metrics = &same;
	old.n_metrics = p.n_metrics = 1;
	compared(&old, &p, AMEND_SAME, "no field changed");
	had.has_pause = same.has_pause = false;
	same.pause = 77;   /* not given: not compared */
	compared(&old, &p, AMEND_SAME, "no field changed");
	had = was;
	for (size_t i = 0; i < 9; i++) {
		p.metrics = &other[i];
		compared(&old, &p, AMEND_GATES, "monitor.metrics no longer has all that it had");
	}
	old.n_metrics = 0;
	compared(&old, &p, AMEND_STRICTER, "monitor.metrics has more than it had");
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		amended_backfill, amended_pauses, amended_target, amended_numbers, amended_texts, amended_windows, amended_lists, amended_switches, amended_releases, amended_consumers,
		amended_standbys, amended_metrics,
	};
	return test_cases("amend", tests, sizeof tests / sizeof *tests, setup, teardown);
}
