/* SPDX-License-Identifier: MIT */
#include "core/plan.h"

#include <string.h>

#include "base/arena.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct plan p;
static struct plan_deploy deploys[] = { { .name = "web" }, { .name = "worker" } };
static struct plan_window windows[] = { { .days = 1 << 2, .from = 120, .to = 300 } };
static struct plan_consumer consumers[] = { { .name = "report", .kind = "report", .owner = "Ana" }, { .name = "hook", .kind = "webhook", .owner = "Luis" } };
static const char *falls[] = { "index a", "index b" };

static struct plan whole(void)
{
	struct plan w = { .name = "a-plan", .archetype = ARCH_DESTRUCTIVE, .recipe = "drop-column", .table = "orders", .column = "total",
		.before = "b", .after = "a", .why = "w", .way_back = "w", .leaves_behind = "l", .rollback_floor = "1", .api_contract = "none",
		.falls = falls, .n_falls = 1, .has_falls = true, .deploys = deploys, .n_deploys = 1, .zone = "Europe/Madrid",
		.windows = windows, .n_windows = 1, .consumers = consumers, .n_consumers = 1 };
	plan_defaults(&w);
	return w;
}

static void setup(void)
{
	a = arena_new();
	p = whole();
}

static void teardown(void)
{
	arena_free(a);
}

/* Judges p: "" when it is in order, else every error, one a line. */
static const char *judged(void)
{
	struct plan_error *errs;
	size_t n = plan_judge(a, &p, &errs);
	const char *all = "";
	for (size_t i = 0; i < n; i++)
		all = arena_printf(a, "%s%s; %s\n", all, errs[i].what, errs[i].instead);
	return all;
}

/* As if the plan's file had this path. */
static void gives(const char *path)
{
	p.marks = arena_array(a, 1, sizeof *p.marks);
	p.marks[0].path = path;
	p.n_marks = 1;
}

static void backfill(const struct plan_pause *x)
{
	static struct plan_pause one;
	one = *x;
	gives("backfill");
	p.archetype = ARCH_ADDITIVE;
	p.backfill.value = "total * 100";
	p.backfill.pauses = &one;
	p.backfill.n_pauses = 1;
}

/* That this version walks no additive change is another test's. */
static const char *backfill_judged(void)
{
	static const char own[] = "archetype is additive, and drop-column is destructive; write archetype: destructive\n";
	const char *all = judged();
	return strncmp(all, own, strlen(own)) == 0 ? all + strlen(own) : all;
}

START_TEST(a_backfill)
{
	backfill(&(struct plan_pause){ .when = "slot", .above = 5, .has_above = true });
	ck_assert_str_eq(backfill_judged(), "");
	p.backfill.fills = "differences";
	ck_assert_str_eq(backfill_judged(), "");
	p.backfill.fills = "all";
	ck_assert_str_eq(backfill_judged(), "backfill.fills is \"all\"; write nulls or differences, or leave it out\n");
	p.backfill.fills = NULL;
	p.backfill.value = NULL;
	p.backfill.n_pauses = 0;
	ck_assert_ptr_nonnull(strstr(backfill_judged(), "backfill.value is missing; write an expression over the row's own columns, such as \"total * 100\"\n"));
	ck_assert_ptr_nonnull(strstr(backfill_judged(), "backfill.pause names no condition; write at least one, such as [{when: replication lag, above: 5}]\n"));
	p.backfill.value = " ";
	ck_assert_ptr_nonnull(strstr(backfill_judged(), "backfill.value is empty"));
	p = whole();
	gives("backfill");
	ck_assert_ptr_nonnull(strstr(judged(), "backfill is given, and what is taken away is not filled; leave it out\n"));
}
END_TEST

#define TOO_LITTLE(name) "the condition \"" name "\" of backfill.pause is given too little, or what it does not take; "
static const struct { struct plan_pause p; const char *says; } pauses[] = {
	{ { .when = "replication lag", .above = 5, .has_above = true }, "" },
	{ { .when = "replication lag" }, TOO_LITTLE("replication lag") "write {when: replication lag, above: 5}, in seconds\n" },
	{ { .when = "lag" }, "backfill.pause has a condition \"lag\", which is not known; write one of replication lag, slot, lock waiters, longest transaction, wal rate, "
		"write latency, archive backlog, autovacuum, query, flag, hours, no progress\n" },
	{ { .when = "slot", .above = 5, .has_above = true, .below = 4, .has_below = true }, "" },
	{ { .when = "slot", .above = 5, .has_above = true, .below = 5, .has_below = true }, "below of the condition \"slot\" is not below its above; "
		"write below less than above, or leave it out: four fifths of it\n" },
	{ { .when = "autovacuum" }, "" },
	{ { .when = "autovacuum", .above = 1, .has_above = true }, TOO_LITTLE("autovacuum") "write {when: autovacuum} and nothing else\n" },
	{ { .when = "query", .query = "SELECT 1", .above = 1, .has_above = true }, "" },
	{ { .when = "flag", .query = "SELECT true" }, "" },
	{ { .when = "flag", .file = "/run/pause" }, "" },
	{ { .when = "flag", .file = "pause" }, "the flag's file is \"pause\"; write a file from / on\n" },
	{ { .when = "flag", .file = "/run/pause", .query = "SELECT true" }, TOO_LITTLE("flag") "write {when: flag, file: /run/pause}, or a query that gives true or false\n" },
	{ { .when = "flag", .file = "/run/pause", .below = 1, .has_below = true }, "below of the condition \"flag\" is not below its above; "
		"write below less than above, or leave it out: four fifths of it\n" },
	{ { .when = "hours", .from = 60, .to = 120 }, "" },
	{ { .when = "hours", .days = 2 }, TOO_LITTLE("hours") "write {when: hours, from: \"08:00\", to: \"20:00\"}, in the zone of window.zone\n" },
};

START_TEST(conditions_of_a_pause)
{
	backfill(&pauses[_i].p);
	ck_assert_str_eq(backfill_judged(), pauses[_i].says);
}
END_TEST

START_TEST(a_whole_plan_is_in_order)
{
	ck_assert_str_eq(judged(), "");
}
END_TEST

START_TEST(nothing_is_missed_in_an_empty_plan)
{
	p = (struct plan){ .name = NULL };
	plan_defaults(&p);
	struct plan_error *errs;
	ck_assert_int_eq((int)plan_judge(a, &p, &errs), 15);
	for (size_t i = 0; i < 15; i++) {
		ck_assert_ptr_nonnull(errs[i].what);
		ck_assert_int_gt((int)strlen(errs[i].instead), 0);
	}
}
END_TEST

START_TEST(blank_is_empty)
{
	p.why = " \n\t";
	ck_assert_str_eq(judged(), "document.why is empty; write why it goes\n");
}
END_TEST

START_TEST(floors_hold)
{
	p.unused_days = 13;
	ck_assert_str_eq(judged(), "policy.unused_days is 13, below the floor of 14; write 14 or more: two weeks without a reader are the least\n");
	p = whole();
	p.monitor_hours = 47;
	ck_assert_str_eq(judged(), "policy.monitor_hours is 47, below the floor of 48; write 48 or more: two days of watching are the least\n");
	p = whole();
	p.release_quiet_hours = 0;
	ck_assert_str_eq(judged(),
		"policy.release_quiet_hours is 0, below the floor of 48; write 48 or more: a release within two days hides the cause of a fault\n");
}
END_TEST

START_TEST(this_version)
{
	p.archetype = ARCH_RENAME;
	ck_assert_str_eq(judged(), "archetype is rename, and drop-column is destructive; write archetype: destructive\n");
	p = whole();
	p.signatures = 0;
	ck_assert_str_eq(judged(), "policy.signatures is 0: this version does not take a second signature yet; write 1, or leave it out\n");
	p = whole();
	p.hide = true;
	ck_assert_str_eq(judged(), "");
	p.recipe = "remove-rows";
	p.column = NULL;
	p.where = "id < 10";
	ck_assert_ptr_nonnull(strstr(judged(), "policy.hide is true: rows are hidden by the application, by a flag or a view; write false, or leave it out\n"));
	p = whole();
	gives("policy.slot_max_mb");
	ck_assert_str_eq(judged(), "policy.slot_max_mb is given without policy.slot; write slot: true beside it, or leave it out\n");
	p.slot = true;
	ck_assert_str_eq(judged(), "");
	p.recipe = "remove-rows";
	p.column = NULL;
	p.where = "id < 10";
	ck_assert_ptr_nonnull(strstr(judged(), "policy.slot is true: of rows the tripwire alone tells who writes them; write false, or leave it out\n"));
}
END_TEST

START_TEST(release_sources)
{
	p.release_ics = "/srv/releases.ics";
	ck_assert_str_eq(judged(), "");
	p.release_ics = "releases.ics";
	ck_assert_str_eq(judged(), "releases_from.ics is \"releases.ics\"; write a file from / on\n");
	p.release_command = "cat releases";
	ck_assert_str_eq(judged(), "releases_from has a file and a command; leave one of them\n");
	p.release_ics = NULL;
	ck_assert_str_eq(judged(), "");
	gives("releases_from");
	ck_assert_str_eq(judged(), "");
	p = whole();
	gives("releases_from");
	ck_assert_str_eq(judged(), "releases_from has neither a file nor a command; write ics or command under it\n");
}
END_TEST

START_TEST(names)
{
	static const char *const bad[] = { "A", "a_b", "-a", "../a", "a/b", "a b", "01234567890123456789012345678901234567890" };
	static const char *const good[] = { "a", "0", "a-", "0123456789012345678901234567890123456789" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p.name = bad[i];
		ck_assert_str_eq(judged(), arena_printf(a, "name is \"%s\"; write 1 to 40 of a-z, 0-9 and -, not beginning with -\n", bad[i]));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		p.name = good[i];
		ck_assert_str_eq(judged(), "");
	}
}
END_TEST

START_TEST(zones)
{
	static const char *const bad[] = { "CET", "GMT+1", "Europe/", "/Madrid", "Europe//Madrid", "Europe/Madrid'", "../etc/passwd", "+01:00", "A/B/C/D",
		"Europe/Madrid2", "Foo/Bar+2", "W._Europe/Std-3", "Etc/GMT+13", "Etc/GMT-15", "Etc/GMT+123", "Etc/GMT+1a", "Etc/GMT+x", "Etc/GMT5", "Etc/GMT+", "Etc/GMT+21", "Etc/GMT+1+",
		"Europe/Mad|rid", "America/Argentina/Buenos_Aires_Buenos_Aires_Buenos_Aires_Buenos_A" };
	static const char *const good[] = { "UTC", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "Etc/GMT+12", "Etc/GMT-14", "America/Port-au-Prince" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p.zone = bad[i];
		ck_assert_str_eq(judged(),
			arena_printf(a, "window.zone is \"%s\"; write a name of the IANA list, such as Europe/Madrid, or UTC\n", bad[i]));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		p.zone = good[i];
		ck_assert_str_eq(judged(), "");
	}
}
END_TEST

static void window(unsigned days, int from, int to)
{
	static struct plan_window one;
	one = (struct plan_window){ .days = days, .from = from, .to = to };
	p.windows = &one;
}

START_TEST(window_lengths)
{
	window(1 << 2, 120, 129);
	ck_assert_str_eq(judged(),
		"this window is 9 minutes long, the drop asks for 10; write a longer window, or a smaller policy.drop_estimate_min\n");
	window(1 << 2, 120, 130);
	ck_assert_str_eq(judged(), "");
	p.drop_estimate_min = 11;
	ck_assert_str_eq(judged(),
		"this window is 10 minutes long, the drop asks for 11; write a longer window, or a smaller policy.drop_estimate_min\n");
	p.drop_estimate_min = 1;
	window(1 << 2, 1435, 5);
	ck_assert_str_eq(judged(), "");
	window(1 << 2, 1435, 4);
	ck_assert_ptr_nonnull(strstr(judged(), "9 minutes long"));
	window(1 << 2, 60, 60);
	ck_assert_str_eq(judged(), "this window begins and ends at the same minute; write a later time in to\n");
}
END_TEST

/* How much is left of a window, by day of the week and minute. */
START_TEST(minutes_left)
{
	static const struct { int from, to, dow, minute, left; } rows[] = {
		{ 120, 300, 2, 119, 0 }, { 120, 300, 2, 120, 180 }, { 120, 300, 2, 299, 1 }, { 120, 300, 2, 300, 0 }, { 120, 300, 1, 200, 0 },
		{ 1380, 60, 2, 1379, 0 }, { 1380, 60, 2, 1380, 120 }, { 1380, 60, 3, 59, 1 }, { 1380, 60, 3, 60, 0 }, { 1380, 60, 2, 30, 0 },
		{ 1380, 60, 4, 30, 0 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct plan_window w = { .days = 1 << 2, .from = rows[i].from, .to = rows[i].to };
		ck_assert_msg(plan_window_left(&w, rows[i].dow, rows[i].minute) == rows[i].left, "row %zu", i);
	}
	struct plan_window two[] = { { .days = 1 << 2, .from = 120, .to = 300 }, { .days = 1 << 3, .from = 120, .to = 300 } };
	p.windows = two;
	p.n_windows = 2;
	gives("rehearsal.now");
	ck_assert_str_eq(judged(), "");   /* one of them is enough */
}
END_TEST

START_TEST(fridays)
{
	static const char friday[] = "this window is open on Friday, and the drop never happens on a Friday; leave Fri out of its days\n";
	window(1 << 5, 120, 300);
	ck_assert_str_eq(judged(), friday);
	window(1 << 4 | 1 << 5, 120, 300);
	ck_assert_str_eq(judged(), friday);
	window(1 << 4, 1435, 300);   /* Thursday 23:55 to Friday 05:00 */
	ck_assert_ptr_nonnull(strstr(judged(), "this window is 5 minutes long"));
	window(1 << 3 | 1 << 4, 1435, 300);
	ck_assert_str_eq(judged(), "");
}
END_TEST

START_TEST(stores)
{
	static const char *const bad[] = { "backups", "./x", "~/x", ":x", "a/b:c" };
	static const char *const good[] = { "/srv/backup", "r2:shop", "s3:", "crypt:a/b" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p.store = bad[i];
		ck_assert_str_eq(judged(), arena_printf(a, "snapshot.store is \"%s\"; write a folder from / on, or a remote as name:path\n", bad[i]));
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		p.store = good[i];
		ck_assert_str_eq(judged(), "");
	}
}
END_TEST

START_TEST(statements)
{
	p.statement = "alter table orders drop total";
	ck_assert_str_eq(judged(), "");
	p.statement = "alter table orders drop total cascade";
	ck_assert_str_eq(judged(), "statement is not the one of the target: it says CASCADE, which takes other objects along; gatewalk never cascades; "
		"write ALTER TABLE public.orders DROP COLUMN total, or leave it out\n");
	p.table = "";   /* nothing to compare it with: only what is missing is said */
	ck_assert_str_eq(judged(), "target.table is empty; write the table's name\n");
	p.schema = "";
	ck_assert_str_eq(judged(), "target.schema is empty; write the table's schema, such as public\ntarget.table is empty; write the table's name\n");
}
END_TEST

/* Each recipe has its own words for its target. */
START_TEST(targets)
{
	p.recipe = "rename";
	ck_assert_str_eq(judged(), "recipe is \"rename\": this version does not know it; write recipe: add-column, rename-column, change-type, never-null, add-check, add-foreign-key, build-index, rename-table, split-table, drop-column, drop-table or remove-rows\n");
	p = whole();
	p.column = NULL;
	ck_assert_str_eq(judged(), "target.column is missing; write the column's name\n");
	p.column = " ";
	ck_assert_str_eq(judged(), "target.column is empty; write the column's name\n");
	p = whole();
	p.where = "true";
	ck_assert_str_eq(judged(), "target.where is given, and drop-column takes more than rows; leave it out\n");
	p = whole();
	p.recipe = "drop-table";
	ck_assert_str_eq(judged(), "target.column is given, and drop-table takes no single column; leave it out\n");
	p.column = NULL;
	ck_assert_str_eq(judged(), "");
	gives("snapshot.scope");
	ck_assert_str_eq(judged(), "snapshot.scope is column, and drop-table needs whole rows; leave it out\n");
	p.scope = SCOPE_TABLE;
	ck_assert_str_eq(judged(), "");
	p.statement = "drop table orders cascade";
	ck_assert_str_eq(judged(), "statement is not the one of the target: it says CASCADE, which takes other objects along; gatewalk never cascades; "
		"write DROP TABLE public.orders, or leave it out\n");
	p = whole();
	p.recipe = "remove-rows";
	p.column = NULL;
	p.n_falls = 0;
	ck_assert_str_eq(judged(), "target.where is missing; write which rows, such as \"created < '2020-01-01'\"\n");
	p.where = "";
	p.statement = "x";
	ck_assert_str_eq(judged(), "target.where is empty; write which rows, such as \"created < '2020-01-01'\"\n");
	p.where = "total < 0";
	p.statement = NULL;
	p.n_falls = 1;
	ck_assert_str_eq(judged(), "document.falls lists something, and nothing falls with rows; write falls: []\n");
	p.n_falls = 0;
	ck_assert_str_eq(judged(), "");
	ck_assert_str_eq(target_noun(plan_target(&p)), "rows");
	ck_assert_str_eq(target_noun((enum target)99), "target");
}
END_TEST

START_TEST(twins)
{
	static const char twice[] = "deploys has the name \"web\" twice; give each its own name\n";
	struct plan_deploy three[] = { { .name = "web" }, { .name = "web" }, { .name = "web" } };
	p.deploys = three;
	p.n_deploys = 2;
	ck_assert_str_eq(judged(), twice);
	p.n_deploys = 3;
	ck_assert_str_eq(judged(), arena_printf(a, "%s%s", twice, twice));
	three[0].name = three[1].name = "";   /* without a name is another error: planfile's */
	ck_assert_str_eq(judged(), "");
}
END_TEST

START_TEST(the_wait_of_item_9)
{
	static const int rows[][3] = { { 14, 7, 14 }, { 14, 13, 14 }, { 14, 14, 15 }, { 14, 31, 32 }, { 40, 31, 40 }, { 3, 1, 14 }, { 32, 31, 32 } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		p.unused_days = rows[i][0];
		p.longest_job_days = rows[i][1];
		ck_assert_int_eq(plan_unused_days(&p), rows[i][2]);
	}
}
END_TEST

START_TEST(archetypes)
{
	static const char *const risks[] = { "unknown", "low", "medium", "high", "highest" };
	for (int i = ARCH_NONE; i <= ARCH_DESTRUCTIVE; i++) {
		ck_assert_str_eq(archetype_risk((enum archetype)i), risks[i]);
		ck_assert_int_eq(archetype_parse(archetype_name((enum archetype)i)), i);
	}
	ck_assert_int_eq(archetype_parse(NULL), ARCH_NONE);
	ck_assert_int_eq(archetype_parse("Destructive"), ARCH_NONE);
	ck_assert_str_eq(archetype_name((enum archetype)99), "unknown");
	ck_assert_str_eq(archetype_risk((enum archetype)99), "unknown");
}
END_TEST

START_TEST(target_name)
{
	ck_assert_str_eq(plan_target_name(a, &p), "public.orders.total");
	p.schema = "My Shop";
	p.column = "a\"b";
	ck_assert_str_eq(plan_target_name(a, &p), "\"My Shop\".orders.\"a\"\"b\"");
}
END_TEST

START_TEST(metrics_that_alarm)
{
	struct plan_metric m[] = { { .name = "paused", .query = "SELECT 1", .pause = 5, .has_pause = true }, { .name = "by hand", .alarm = 5, .has_alarm = true } };
	struct plan q = { .metrics = m };
	ck_assert(!plan_has_alarm(&q));
	q.n_metrics = 2;
	ck_assert(!plan_has_alarm(&q));
	m[1].command = "true";
	ck_assert(plan_has_alarm(&q));
	m[0].has_alarm = true;
	ck_assert(plan_metric_alarms(&m[0]));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("plan");
	TCase *c = tcase_create("plan");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_backfill);
	tcase_add_loop_test(c, conditions_of_a_pause, 0, sizeof pauses / sizeof pauses[0]);
	tcase_add_test(c, a_whole_plan_is_in_order);
	tcase_add_test(c, nothing_is_missed_in_an_empty_plan);
	tcase_add_test(c, blank_is_empty);
	tcase_add_test(c, floors_hold);
	tcase_add_test(c, this_version);
	tcase_add_test(c, names);
	tcase_add_test(c, zones);
	tcase_add_test(c, release_sources);
	tcase_add_test(c, window_lengths);
	tcase_add_test(c, minutes_left);
	tcase_add_test(c, fridays);
	tcase_add_test(c, stores);
	tcase_add_test(c, statements);
	tcase_add_test(c, targets);
	tcase_add_test(c, twins);
	tcase_add_test(c, the_wait_of_item_9);
	tcase_add_test(c, archetypes);
	tcase_add_test(c, target_name);
	tcase_add_test(c, metrics_that_alarm);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return test_main(suite());
}
