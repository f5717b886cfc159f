/* SPDX-License-Identifier: MIT */
/* A new column stands beside the old one: the log's lines, one by one, and what each of them refuses. */
#include "tests/lib_beside.h"

#include "base/text.h"
#include "base/when.h"
#include "core/deploy.h"

static void start(const char *arch)
{
	BESIDE_MUST(beside_begin(arch, "staging"));
}

static void no(bool ok, const char *why)
{
	ck_assert(!ok);
	ck_assert_str_eq(strstr(c->err.msg, ": ") + 2, why);
}

START_TEST(begins)
{
	static const char other[] = "{'archetype':'%s','attnum':%d,'day_us':86400000000,'environment':'staging','gatewalk':'0.1.0','install_id':'11111111-2222-3333-4444-555555555555',"
		"'kind':'%s','name':'n','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1','signers':'" CORE_BLOB "','target':'public.orders.note'}";
	no(core_foldf(c, OP_BEGIN, other, "rename", 0, "table"), "field \"archetype\" does not fit the kind of target");
	no(core_foldf(c, OP_BEGIN, other, "type change", 0, "rows"), "field \"archetype\" does not fit the kind of target");
	no(core_foldf(c, OP_BEGIN, other, "type change", 0, "new column"), "field \"archetype\" does not fit the kind of target");
	no(core_foldf(c, OP_BEGIN, other, "renaming", 0, "column"), "field \"archetype\" has an unknown word");
	no(core_foldf(c, OP_BEGIN, other, "rename", 0, "column"), "field \"attnum\" does not fit the kind of target");
	start("rename");
	ck_assert_int_eq(c->walk.archetype, ARCH_RENAME);
	ck_assert_int_eq(c->walk.kind, TARGET_COLUMN);
}
END_TEST

static const struct { const char *arch; bool trigger; } ways[] = { { "rename", true }, { "rename", false }, { "type change", true }, { "type change", false } };

START_TEST(the_whole_way)
{
	bool trigger = ways[_i].trigger, rename = ways[_i].arch[0] == 'r';
	start(ways[_i].arch);
	beside_to(AT_EXPAND, trigger);
	ck_assert(!walk_is_monitored(&c->walk) && !c->walk.added_at);
	BESIDE_MUST(beside_change("add", ""));
	ck_assert(walk_is_monitored(&c->walk));   /* nobody knows yet whether it came */
	BESIDE_MUST(beside_changed("not done", 0));
	ck_assert(!walk_is_monitored(&c->walk));
	beside_to(AT_WRITES, trigger);
	ck_assert(walk_is_monitored(&c->walk) && !walk_trigger_due(&c->walk));
	ck_assert_int_eq(c->walk.added_attnum, 8);
	ck_assert_int_eq(walk_changed_at(&c->walk), c->walk.added_at);
	beside_to(AT_BACKFILL, trigger);
	ck_assert_int_eq(walk_trigger_due(&c->walk), trigger);
	beside_to(AT_READS, trigger);
	ck_assert_int_eq(c->walk.moved.equal, rename);
	beside_to(AT_UNUSED, trigger);
	ck_assert(!walk_trigger_due(&c->walk));
	ck_assert_int_eq(c->walk.quiet_since, c->walk.ended_at);
	beside_to(AT_CLOSED, trigger);
	ck_assert(c->walk.dropped && !walk_is_monitored(&c->walk));
	ck_assert_int_eq(walk_changed_at(&c->walk), c->walk.dropped_at);
}
END_TEST

START_TEST(the_window_is_waited_for)
{
	c->plan.recipe = "rename-column";
	start("rename");
	beside_to(AT_WINDOW, true);
	ck_assert_int_eq(walk_window_from(&c->walk, &c->plan), 0);
	ck_assert_int_eq(walk_window_end(&c->walk, &c->plan), 0);
	c->t += 8 * US_DAY;
	no(beside_confirm(7), "no deploy reads the new column first, with the old one as fallback");
	BESIDE_MUST(core_fold(c, OP_DECLARE, "{'key':'web','value':'1.21','what':'reads_both'}"));
	ck_assert_int_eq(walk_window_from(&c->walk, &c->plan), 0);
	BESIDE_MUST(beside_said("reads_both"));
	c->t -= US_MINUTE;
	BESIDE_MUST(core_fold(c, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'reads_both'}"));   /* at the same time as the last one */
	int64_t from = c->t - US_MINUTE;
	ck_assert_int_eq(walk_window_from(&c->walk, &c->plan), from);
	ck_assert_int_eq(walk_window_end(&c->walk, &c->plan), from + 7 * US_DAY);
	c->t = from + 7 * US_DAY - 1;
	no(beside_confirm(7), "the wait of item 7 is not over");
	c->t = from + 7 * US_DAY;
	BESIDE_MUST(beside_confirm(7));
	ck_assert_int_eq(c->walk.stage, AT_COPY);
	BESIDE_MUST(beside_said("reads_both"));   /* once more, which moves nothing */
	ck_assert_int_eq(walk_window_from(&c->walk, &c->plan), from);
}
END_TEST

START_TEST(a_type_counts_from_the_backfill)
{
	c->plan.recipe = "change-type";
	start("type change");
	beside_to(AT_WINDOW, true);
	int64_t from = c->walk.window_from;
	ck_assert_int_eq(walk_window_end(&c->walk, &c->plan), from + 14 * US_DAY);
	c->plan.window_days = 20;
	ck_assert_int_eq(walk_window_end(&c->walk, &c->plan), from + 20 * US_DAY);
	c->t = from + 14 * US_DAY - 1;
	no(beside_confirm(7), "the wait of item 7 is not over");
	c->t = from + 14 * US_DAY;
	BESIDE_MUST(beside_confirm(7));
	ck_assert_int_eq(c->walk.stage, AT_READS);
}
END_TEST

START_TEST(development_waits_for_nothing)
{
	BESIDE_MUST(beside_begin("type change", "development"));
	beside_to(AT_WINDOW, true);
	ck_assert_int_eq(walk_window_end(&c->walk, &c->plan), c->walk.window_from);
	BESIDE_MUST(beside_confirm(7));
	beside_to(AT_UNUSED, true);
	BESIDE_MUST(core_gate(c, 'B'));
}
END_TEST

START_TEST(item_nine_is_waited_for)
{
	int days = ways[_i].arch[0] == 'r' ? 3 : 14;
	start(ways[_i].arch);
	beside_to(AT_UNUSED, ways[_i].trigger);
	int64_t from = c->walk.quiet_since;
	c->t = from + US_DAY;
	BESIDE_MUST(core_fold(c, OP_QUIET, "{}"));   /* counted anew */
	ck_assert_int_eq(c->walk.ended_at, from);
	ck_assert_int_eq(c->walk.quiet_since, from + US_DAY);
	c->t = from + US_DAY + days * US_DAY - 1;
	no(core_gate(c, 'B'), "the wait of item 9 is not over");
	c->t = c->walk.quiet_since + days * US_DAY;
	BESIDE_MUST(core_gate(c, 'B'));
}
END_TEST

START_TEST(words_come_at_their_time)
{
	start("rename");
	beside_to(AT_EXPAND, true);
	no(beside_said("writes_both"), "it is declared before its time");
	no(beside_said("reads_both"), "it is declared before its time");
	beside_to(AT_COPY, true);
	no(beside_said("reads_moved"), "it is declared before its time");
	no(beside_said("writes_new"), "it is declared before its time");
	BESIDE_MUST(core_fold(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}"));
	beside_to(AT_READS, true);
	BESIDE_MUST(beside_said("writes_new"));
	ck_assert_int_eq(walk_ask("releases"), -1);
	ck_assert_str_eq(change_name(CHANGE_AGAIN), "dual write again");
	ck_assert_str_eq(change_name((enum change)99), "none");
}
END_TEST

/* By who writes both: db_mixed shows what any other order does to the data. */
START_TEST(each_way_asks_in_its_order)
{
	static const struct { const char *by, *back, *what; enum stage at, from; } all[] = {
		{ "trigger", "n", "writes_both", AT_NOWHERE, AT_NOWHERE }, { "trigger", "n", "reads_both", AT_WINDOW, AT_WINDOW }, { "trigger", "n", "writes_new", AT_PARITY, AT_READS },
		{ "trigger", NULL, "writes_both", AT_PARITY, AT_BACKFILL }, { "trigger", NULL, "reads_moved", AT_READS, AT_READS }, { "trigger", NULL, "writes_new", AT_UNUSED, AT_UNUSED },
		{ "application", "n", "writes_both", AT_WRITES, AT_WRITES }, { "application", NULL, "writes_new", AT_UNUSED, AT_UNUSED }, { "application", "n", "reads_both", AT_WINDOW, AT_WINDOW },
		{ "trigger", "n", "releases", AT_NOWHERE, AT_NOWHERE },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct plan p = { .dual_write = all[i].by, .convert_back = all[i].back };
		struct walk w = { .stage = all[i].from };
		ck_assert_int_eq(walk_ask_stage(walk_ask(all[i].what), &p), all[i].at);
		ck_assert_int_eq(walk_ask_from(walk_ask(all[i].what), &p), all[i].from);
		ck_assert_int_eq(walk_asks_now(&w, &p, all[i].what), all[i].from != AT_NOWHERE);
		w.stage = all[i].from ? all[i].from - 1 : AT_UNUSED;
		ck_assert(!walk_asks_now(&w, &p, all[i].what));
		ck_assert(text_eq(walk_ask_to_end(&p), !strcmp(all[i].by, "application") ? NULL : all[i].back ? "writes_new" : "writes_both"));
	}
	ck_assert_int_eq(walk_ask_from(WALK_ASKS, &c->plan), AT_NOWHERE);
	ck_assert_int_eq(walk_ask_stage(WALK_ASKS, &c->plan), AT_NOWHERE);
}
END_TEST

START_TEST(other_walks_have_one_column)
{
	core_walk_to(c, AT_READS);
	refused(OP_DECLARE, "{'key':'web','value':'x','what':'writes_both'}", "field \"what\" is of a walk with two columns");
	refused(OP_EVIDENCE, "{'began':'" PROVED "','blob':'" CORE_BLOB "','covers':'','ended':'" PROVED "','first':'','kind':'parity','mismatches':0,'round':3,'rows':9}",
		"it compares two columns, and the walk has one");
	refused(OP_CHANGE, "{'expires':'" PROVED "','nonce':'n1','relid':16400,'statement':'x','statement_sha256':'" CORE_BLOB "','what':'relax','why':''}",
		"it may not stand at \"reads moved\"");
}
END_TEST

START_TEST(a_walk_that_only_drops)
{
	core_walk_to(c, AT_ARMED);
	ck_assert_int_eq(walk_changed_at(&c->walk), 0);
	ck_assert(!walk_is_monitored(&c->walk));
	core_walk_to(c, AT_MONITOR);
	ck_assert(walk_is_monitored(&c->walk));
	core_walk_to(c, AT_CLOSED);
	ck_assert(!walk_is_monitored(&c->walk));
}
END_TEST

START_TEST(changes_that_do_not_fit)
{
	start("rename");
	beside_to(AT_BACKFILL, false);
	no(beside_change("take dual write", "'alone':0,"), "the application writes both columns, and no trigger");
	no(beside_change("tighten", ""), "nothing was taken off the old column");
	no(core_fold(c, OP_CONFIRM, "{'backfill':0,'item':5,'typed':'x'}"), "item 5 cannot be confirmed at \"backfill\"");
	beside_to(AT_PARITY, false);
	BESIDE_MUST(beside_parity(0, 0));
	no(beside_change("end dual write", "'parity':1,"), "the application writes both columns, and no trigger");
	beside_to(AT_UNUSED, false);
	no(beside_change("dual write again", "'alone':0,"), "the application wrote both columns, and no trigger");
}
END_TEST

START_TEST(a_column_beside_is_filled)
{
	start("rename");
	beside_to(AT_WRITES, false);
	no(core_fold(c, OP_CONFIRM, "{'backfill':0,'item':5,'typed':'x'}"), "a column beside another one is filled from it");
	BESIDE_MUST(core_fold(c, OP_CONFIRM, "{'backfill':1,'item':5,'typed':'x'}"));
	no(core_fold(c, OP_AMEND, "{'backfill':0,'class':'backfill','plan':'" CORE_PLAN "','why':'x'}"), "a column beside another one is filled from it");
}
END_TEST

START_TEST(the_application_ends_it_by_a_word)
{
	start("type change");
	beside_to(AT_PARITY, false);
	no(core_fold(c, OP_QUIET, "{'parity':1}"), "field \"parity\" is not the line of the last pass over all rows");
	BESIDE_MUST(beside_parity(0, 0));
	BESIDE_MUST(beside_quiet());
	ck_assert_int_eq(c->walk.stage, AT_UNUSED);
	ck_assert_int_eq(c->walk.ended_at, c->walk.quiet_since);
	no(beside_back(AT_PARITY, ""), "field \"alone\" is missing or neither 0 nor 1");
	BESIDE_MUST(beside_back(AT_PARITY, "'alone':0,"));
	ck_assert(!c->walk.alone && !c->walk.ended_at);
}
END_TEST

START_TEST(a_count_of_before_dual_write)
{
	start("rename");
	beside_to(AT_BACKFILL, true);
	taken(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','counted':'" PROVED "','filled':9,'kind':'backfill','left':0,'passes':1,'rejects':0}");
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_filled(3));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_filled(0));
	ck_assert_int_eq(c->walk.stage, AT_WINDOW);
	int64_t from = c->walk.window_from;
	BESIDE_MUST(beside_filled(0));   /* counted once more, which moves nothing */
	ck_assert_int_eq(c->walk.window_from, from);
	BESIDE_MUST(beside_filled(1));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
}
END_TEST

#define AMEND "{'backfill':1,'class':'backfill','plan':'" CORE_PLAN "','why':'x'}"

START_TEST(another_conversion)
{
	start("type change");
	beside_to(AT_READS, true);
	taken(OP_AMEND, AMEND);
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert(c->walk.reconvert);
	BESIDE_MUST(beside_filled(0));   /* by the old trigger */
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_done("take dual write", "'alone':0,"));
	ck_assert(!c->walk.reconvert);
	beside_to(AT_UNUSED, true);
	refused(OP_AMEND, AMEND, "writes no longer go to both columns: the way to another conversion is back to where they do");
	BESIDE_MUST(beside_change("dual write again", "'alone':0,"));
	refused(OP_AMEND, AMEND, "no plan is taken in while a change is open");
}
END_TEST

START_TEST(another_conversion_of_the_application)
{
	start("type change");
	beside_to(AT_WINDOW, false);
	taken(OP_AMEND, AMEND);
	ck_assert(!c->walk.reconvert);
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	BESIDE_MUST(beside_filled(0));
	ck_assert_int_eq(c->walk.stage, AT_WINDOW);
}
END_TEST

START_TEST(leaving)
{
	start("rename");
	beside_to(AT_PARITY, true);
	refused(OP_LEAVE, "{'why':'x'}", "its dual-write trigger stands on the table, and is to be taken away first");
	beside_to(AT_UNUSED, true);
	taken(OP_LEAVE, "{'why':'x'}");
	ck_assert_int_eq(c->walk.stage, AT_LEFT);
}
END_TEST

#define RESYNC(last, to) "{'drop':'none','last_head':'" CORE_HEAD "','last_n':" last ",'lsn_was':'0/1','mirrored':5,'snapshot':'stands','tli_was':1,'to':'" to "','typed':'x','why':'y'}"

START_TEST(a_database_that_fell_behind)
{
	start("rename");
	beside_to(AT_READS, true);
	refused(OP_RESYNC, RESYNC("3", "backfill"), "the database is of before the last change of its table: its columns are not those of this walk");
	BESIDE_MUST(core_foldf(c, OP_RESYNC, "{'drop':'none','last_head':'" CORE_HEAD "','last_n':%lld,'lsn_was':'0/1','mirrored':5,'snapshot':'stands','tli_was':1,'to':'backfill','typed':'x','why':'y'}",
		(long long)c->walk.changed_n));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_eq(c->walk.window_from, 0);
	beside_to(AT_ARMED, true);
	BESIDE_MUST(core_foldf(c, OP_RESYNC, "{'drop':'none','last_head':'" CORE_HEAD "','last_n':%lld,'lsn_was':'0/1','mirrored':5,'snapshot':'stands','tli_was':1,'to':'nobody uses it','typed':'x','why':'y'}",
		(long long)c->walk.changed_n));
	ck_assert_int_eq(c->walk.quiet_since, 0);
	ck_assert_int_ne(c->walk.ended_at, 0);
	c->t += 20 * US_DAY;
	no(core_gate(c, 'B'), "the wait of item 9 is not over");
	BESIDE_MUST(core_fold(c, OP_QUIET, "{}"));
	beside_to(AT_CLOSED, true);
}
END_TEST

static bool said(const char *what, const char *release, int64_t ended)
{
	char at[WHEN_MAX];
	when_iso(ended, at);
	err_clear(&c->err);
	return deploy_word_holds(&c->walk, &c->plan, what, arena_printf(c->a, "%s %.10s %.5s", release, at, at + strlen("2026-11-10T")), c->t, &c->err);
}

/* To the minute: what ended in the very minute may have ended behind it. */
START_TEST(a_time_that_cannot_be)
{
	c->plan.recipe = "rename-column";
	c->plan.dual_write = "application";
	start("rename");
	beside_to(AT_WRITES, false);
	c->t += US_HOUR;
	ck_assert(said("writes_both", "2.5 ended", c->walk.added_at) && said("writes_both", "2.5 ended", c->t));
	ck_assert(!said("writes_both", "2.5 ended", c->walk.added_at - US_MINUTE));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "lies before the new column came"));
	ck_assert(!said("writes_both", "2.5 ended", c->t + US_MINUTE));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "ends in the future"));
	ck_assert(!said("writes_both", "2.5", c->t));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "does not say when the last old instance ended"));
	beside_to(AT_WINDOW, false);
	ck_assert(said("reads_both", "2.6 ended", c->walk.window_from) && !said("reads_both", "2.6 ended", c->walk.window_from - US_MINUTE));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "lies before the rows were filled"));
	beside_to(AT_READS, false);
	ck_assert(said("reads_moved", "2.7 ended", c->walk.confirmed[ITEM_WINDOW]) && !said("reads_moved", "2.7 ended", c->walk.confirmed[ITEM_WINDOW] - US_MINUTE));
	ck_assert_ptr_nonnull(strstr(c->err.msg, "lies before item 7 was confirmed"));
}
END_TEST

/* What goes may have been out of use for years; what is still to come never counts. */
START_TEST(a_time_of_a_drop)
{
	c->walk.archetype = ARCH_DESTRUCTIVE;
	ck_assert(said("reads_moved", "2.7 ended", c->t - 900 * US_DAY) && said("reads_moved", "never used it:", c->t));
	ck_assert(!said("reads_moved", "2.7 ended", c->t + US_DAY));
	ck_assert(!deploy_word_holds(&c->walk, &c->plan, "reads_moved", "2.7 ended yesterday", c->t, &c->err));
	c->walk = (struct walk){ .archetype = ARCH_ADDITIVE, .kind = TARGET_CONSTRAINT, .added_at = c->t };
	ck_assert(said("writes_fill", "2.7 ended", c->t - 900 * US_DAY) && !said("writes_fill", "2.7 ended", c->t + US_DAY));
	c->walk.kind = TARGET_ADDED;
	ck_assert(!said("writes_fill", "2.7 ended", c->t - US_DAY));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside");
	TCase *t = tcase_create("beside");
	const TTest *const all[] = {
		begins, the_window_is_waited_for, a_type_counts_from_the_backfill, development_waits_for_nothing, words_come_at_their_time, each_way_asks_in_its_order, other_walks_have_one_column, a_walk_that_only_drops, changes_that_do_not_fit,
		a_column_beside_is_filled, the_application_ends_it_by_a_word, a_count_of_before_dual_write, another_conversion,
		another_conversion_of_the_application, a_time_that_cannot_be, a_time_of_a_drop, leaving, a_database_that_fell_behind,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, the_whole_way, 0, sizeof ways / sizeof *ways);
	tcase_add_loop_test(t, item_nine_is_waited_for, 0, sizeof ways / sizeof *ways);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
