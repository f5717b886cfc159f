/* SPDX-License-Identifier: MIT */
/* What stands as evidence of each item, along a whole walk: the log's and the server's own values, in plain words. */
#include "tests/view_harness.h"

#include "screens/page_plain.h"
#include "screens/screen.h"

static const char *rows_of(enum item i)
{
	struct text out = { 0 };
	struct page *p = page_new(c->a, 100, 0, false);
	evidence_rows(p, v, i, v->now);
	page_plain(p, &out);
	const char *all = arena_dup(c->a, text_str(&out));
	text_free(&out);
	return all;
}

static void has(enum item i, const char *row)
{
	const char *all = rows_of(i);
	ck_assert_msg(strstr(all, arena_printf(c->a, "%s\n", row)) != NULL, "item %d has no \"%s\":\n%s", (int)i, row, all);
}

static void is_time(enum item i, const char *label, int64_t t)
{
	char when[WHEN_MAX];
	has(i, arena_printf(c->a, "%s: %s UTC", label, when_short(t, when)));
}

START_TEST(before_anything_was_done)
{
	at(AT_SNAPSHOT);
	has(ITEM_SNAPSHOT, "snapshot: none yet");
	has(ITEM_SNAPSHOT, "drill: none yet");
	has(ITEM_FINAL, "snapshot: none yet");
	has(ITEM_UNUSED, "count began: never");
	has(ITEM_LOG, "schema log: not yet");
	ck_assert_ptr_null(strstr(rows_of(ITEM_DROP), "dropped"));
	ck_assert_str_eq(rows_of(ITEM_DUAL_WRITE), "");
	ck_assert_str_eq(rows_of((enum item)99), "");
	v->plan = NULL;
	ck_assert_str_eq(rows_of(ITEM_SNAPSHOT), "");
}
END_TEST

START_TEST(snapshot_and_drill)
{
	at(AT_ARCHETYPE);
	has(ITEM_SNAPSHOT, "snapshot: 3f1c");
	has(ITEM_SNAPSHOT, "equal: yes: rows, contents and types of the loaded copy equal the source");
	has(ITEM_SNAPSHOT, "scope: key and column");
	has(ITEM_SNAPSHOT, "manifest: " CORE_MANIFEST);
	has(ITEM_SNAPSHOT, "drill: passed, from the files alone");
	has(ITEM_SNAPSHOT, "fell there: index public.orders_legacy");
	is_time(ITEM_SNAPSHOT, "begun", c->walk.first.begun);
	is_time(ITEM_SNAPSHOT, "drilled", c->walk.drill.at);
	c->walk.first.equal = false;
	c->walk.first.scope = SNAP_TABLE;
	c->walk.drill.passed = false;
	c->walk.drill.problem = "2 rows differ";
	c->walk.drill.n_fell = 0;
	has(ITEM_SNAPSHOT, "equal: NO");
	has(ITEM_SNAPSHOT, "scope: the whole table");
	has(ITEM_SNAPSHOT, "drill: 2 rows differ");
	has(ITEM_SNAPSHOT, "fell there: nothing");
}
END_TEST

START_TEST(what_was_decided)
{
	at(AT_UNUSED);
	v->statement = CORE_STATEMENT;
	has(ITEM_ARCHETYPE, "archetype: destructive");
	has(ITEM_ARCHETYPE, "risk: highest");
	has(ITEM_ARCHETYPE, "statement: " CORE_STATEMENT);
	has(ITEM_ARCHETYPE, "proposed as: alter table orders drop column legacy_total;");
	has(ITEM_DOCUMENT, "rollback floor: 1.20");
	has(ITEM_DOCUMENT, "deploys: web");
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_DOCUMENT), "rehearsed: 0123456789ab, way back included (said "));
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_DOCUMENT), "half_filled: ci 4712 (said "));
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_CONSUMERS), "cleared: statement 1 by etl: asked its owner ("));
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_CONSUMERS), "view public.all_orders, survives: asked its owner ("));
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_READS), "web: 90ab17 ended 2026-11-10 11:20 (said "));
}
END_TEST

START_TEST(what_is_watched)
{
	at(AT_UNUSED);
	ck_assert(core_fold(c, OP_QUIET, "{}"));
	ck_assert(core_foldf(c, OP_SIGHTING, "{'at':'%s','consumer':'statement 1 by etl','counts':1,'source':'statements','text':'SELECT','touch':'read',"
		"'who':'etl_nightly (role etl)'}", core_time(c->t)));
	core_good_facts(c);
	judge();
	is_time(ITEM_UNUSED, "count began", c->walk.quiet_since);
	is_time(ITEM_UNUSED, "last sighting", c->walk.last_sighting);
	has(ITEM_UNUSED, "seen then: etl_nightly (role etl)");
	has(ITEM_UNUSED, "tripwire: there, enabled always");
	has(ITEM_UNUSED, "writes counted: 42");
	has(ITEM_UNUSED, "last gap: none");
	ck_assert_ptr_null(strstr(rows_of(ITEM_UNUSED), "hidden"));
	c->walk.hiding = (struct walk_hiding){ c->t, c->t + US_HOUR, "over", true };
	is_time(ITEM_UNUSED, "hidden from", c->t);
	is_time(ITEM_UNUSED, "until", c->t + US_HOUR);
	has(ITEM_UNUSED, "it ended: its time was over, no error was seen");
	has(ITEM_UNUSED, "its grants: given back as they were");
	c->walk.hiding = (struct walk_hiding){ c->t, c->t + US_HOUR, "error", false };
	has(ITEM_UNUSED, "it ended: error");
	has(ITEM_UNUSED, "its grants: given back; others changed them meanwhile");
	c->facts.watch = (struct fact_watch){ .at = c->facts.now, .trip_count = -1, .statements_why = "no extension", .standbys_why = "db3 is down", .gap = "reset" };
	has(ITEM_UNUSED, "tripwire: not there");
	has(ITEM_UNUSED, "writes counted: not known");
	has(ITEM_UNUSED, "statements: no extension");
	has(ITEM_UNUSED, "standbys: db3 is down");
	has(ITEM_UNUSED, "last gap: reset");
	c->facts.watch.tripwire_there = true;
	has(ITEM_UNUSED, "tripwire: there, but switched off");
}
END_TEST

START_TEST(the_drop_and_after)
{
	at(AT_LOG);
	v->statement = CORE_STATEMENT;
	v->restore_command = "gatewalk restore orders";
	v->restore_span = "about 52 min";
	has(ITEM_FINAL, "files: still have the proven hashes");
	ck_assert_ptr_nonnull(strstr(rows_of(ITEM_FINAL), "releases: none (said "));
	has(ITEM_DROP, arena_printf(c->a, "intent: log line %lld", (long long)c->walk.intent_n));
	is_time(ITEM_DROP, "dropped", c->walk.dropped_at);
	has(ITEM_DROP, "took: 21 ms");
	has(ITEM_DROP, "way back: gatewalk restore orders");
	has(ITEM_DROP, "takes: about 52 min");
	has(ITEM_MONITOR, "alarms: 0");
	has(ITEM_LOG, "verifies: yes");
	has(ITEM_LOG, "ledger: agrees");
	c->walk.restored_at = c->t;
	c->walk.alarm = "latency 128 ms, limit 84";
	c->walk.schema_logged = true;
	c->facts.log = (struct fact_log){ .at = c->facts.now, .why = "line 7 was changed" };
	c->facts.files_intact = false;
	is_time(ITEM_DROP, "put back", c->t);
	has(ITEM_MONITOR, "last alarm: latency 128 ms, limit 84");
	has(ITEM_LOG, "verifies: line 7 was changed");
	has(ITEM_LOG, "schema log: written");
	has(ITEM_FINAL, "files: not checked");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("evidence");
	TCase *t = tcase_create("evidence");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, before_anything_was_done);
	tcase_add_test(t, snapshot_and_drill);
	tcase_add_test(t, what_was_decided);
	tcase_add_test(t, what_is_watched);
	tcase_add_test(t, the_drop_and_after);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
