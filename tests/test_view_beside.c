/* SPDX-License-Identifier: MIT */
/* The view of a walk with two columns side by side, by trigger and by the application: what each stage shows, asks, offers and says next. */
#include "tests/lib_beside.h"
#include "tests/view_harness.h"

/* A good day. */
static void look(void)
{
	core_good_facts(c);
	c->facts.trigger = (struct fact_trigger){ .at = c->facts.now };
	c->facts.parity = c->walk.parity;
	c->facts.parity.at = c->facts.now;
	c->facts.backfill = (struct fact_backfill){ .at = c->facts.now, .begun = true, .done = true, .counted_at = c->facts.now, .filled = 9 };
	c->facts.target.n_falls = 1;
	judge();
}

static void trigger_missed(const char *why)
{
	c->facts.trigger = (struct fact_trigger){ .at = c->facts.now, .why = why };
	judge();
}

static struct plan_pause pause = { .when = "replication lag", .above = 5, .has_above = true };

static void to(const char *arch, bool trigger, enum stage s)
{
	teardown();
	setup();
	v = arena_alloc(c->a, sizeof *v);
	v->arena = c->a;
	c->plan.archetype = arch[0] == 'r' ? ARCH_RENAME : ARCH_TYPE;
	c->plan.recipe = arch[0] == 'r' ? "rename-column" : "change-type";
	c->plan.add_column = "total";
	c->plan.add_type = "numeric";
	c->plan.convert_to = arch[0] == 'r' ? NULL : "legacy_total::numeric";
	c->plan.dual_write = trigger ? "trigger" : "application";
	c->plan.statement = NULL;
	c->plan.backfill.pauses = &pause;
	c->plan.backfill.n_pauses = 1;
	plan_finish(c->a, &c->plan);
	BESIDE_MUST(beside_begin(arch, "staging"));
	beside_to(s, trigger);
	look();
}

static void moods_are(const char *want)
{
	static const char letter[] = { [MOOD_DONE] = 'd', [MOOD_RUNNING] = 'r', [MOOD_WAITING] = 'w', [MOOD_SHUT] = 's', [MOOD_NOT_YET] = '.', [MOOD_NOT_NEEDED] = '-' };
	char got[ITEM_COUNT + 1] = "";
	for (int i = 1; i <= ITEM_COUNT; i++)
		got[i - 1] = letter[v->items[i].mood];
	got[ITEM_CONSUMERS - 1] = 'd';   /* others ask for them */
	ck_assert_msg(strcmp(got, want) == 0, "%s: %s, not %s", stage_name(c->walk.stage), got, want);
}

static const struct { const char *arch; bool trigger; } ways[] = { { "rename", true }, { "rename", false }, { "type change", true }, { "type change", false } };

/* No stage is silent, and nothing is cut. */
START_TEST(every_stage_says_something)
{
	for (enum stage s = AT_CONSUMERS; s <= AT_UNUSED; s++) {
		bool copies = ways[_i].arch[0] == 'r';
		if (s == AT_CHANGING || s == AT_ENDING || (s == AT_COPY && !copies))
			continue;
		to(ways[_i].arch, ways[_i].trigger, s);
		for (int i = 0; i < 2; i++)
			ck_assert_msg(v->next[i][0] && text_width(v->next[i]) <= 72 && !strstr(v->next[i], "…"), "%s: %s", stage_name(s), v->next[i]);
		ck_assert_msg(v->n_challenges > 0, "%s asks nothing", stage_name(s));
		for (size_t i = 0; i < v->n_offers; i++)
			ck_assert(v->offers[i].label && (!v->offers[i].prompt || v->offers[i].expect));
		ck_assert(v->items[ITEM_WINDOW].mood != MOOD_NOT_NEEDED && v->items[ITEM_BACKFILL].mood != MOOD_NOT_NEEDED);
	}
}
END_TEST

START_TEST(writes_by_trigger)
{
	to("rename", true, AT_WRITES);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "no trigger yet");
	ck_assert_int_eq(v->offers[0].kind, ACT_ALTER);
	ck_assert_str_eq(v->offers[0].key, "dual write");
	next_is("Put the trigger on: from then on every write goes to both columns.", "A short lock. What does not convert is left out, and noted.");
	c->facts.blocker = (struct fact_blocker){ .at = c->facts.now, .pid = 7, .app = "psql", .since = c->facts.now - US_MINUTE };
	judge();
	ck_assert_str_eq(v->next[0], "Not done: pid 7 (psql) has held the table for 1 min 00 s.");
	c->facts.health.lag_s = 600;
	judge();
	ck_assert_ptr_null(offered(ACT_ALTER, NULL));
	ck_assert_ptr_nonnull(strstr(v->next[0], "(C4)"));
	to("rename", true, AT_WRITES);
	v->busy = "asking";
	judge();
	ck_assert_ptr_null(offered(ACT_ALTER, NULL));
	to("rename", true, AT_BACKFILL);
	moods_are("ddd" "dd" "w" ".......");
	ck_assert_str_eq(offered(ACT_ALTER, "take dual write")->label, "step back: trigger off");
	ck_assert_ptr_null(offered(ACT_LEAVE, NULL));   /* its trigger is to go first */
	ck_assert_str_eq(v->next[1], "Then old and new are compared, row by row, for days.");
}
END_TEST

START_TEST(writes_by_the_application)
{
	to("type change", false, AT_WRITES);
	asks(ACT_DECLARE, "writes_both/web", "release of web that writes both columns, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	next_is("Deploy web: it writes both columns. Then declare it.", "And when its last old instance ended. 0 of 2 are declared.");
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "0 of 2 deploys");
	BESIDE_MUST(beside_said("writes_both"));
	look();
	asks(ACT_CONFIRM, "5", "type \"written\"", "written");
	next_is("Every deploy writes both. Type \"written\" (item 5).", "Then the rows that stand are filled.");
	ck_assert_str_eq(challenge("typed")->now, "2 of 2 deploys declared");
	ck_assert_int_eq(challenge("writes_both/web")->verdict, HOLDS);
	to("type change", false, AT_BACKFILL);
	ck_assert_ptr_null(offered(ACT_ALTER, NULL));
	ck_assert_ptr_nonnull(offered(ACT_BACK, NULL));
}
END_TEST

START_TEST(both_for_days)
{
	to("rename", true, AT_WINDOW);
	ck_assert_str_eq(v->items[ITEM_WINDOW].note, "not begun");
	ck_assert_str_eq(v->next[0], "Deploy web: it reads new first, old as fallback. Then declare it.");
	ck_assert_str_eq(challenge("typed")->now, "not begun");
	ck_assert_str_eq(offered(ACT_PARITY, NULL)->label, "compare old and new");
	BESIDE_MUST(beside_said("reads_both"));
	c->t += 3 * US_DAY + 12 * US_HOUR;
	BESIDE_MUST(beside_parity(0, 0));
	look();
	ck_assert_int_eq(v->items[ITEM_WINDOW].percent, 50);
	ck_assert_ptr_nonnull(strstr(v->items[ITEM_WINDOW].note, "3 d 12 h of 7 d 00 h"));
	ck_assert_ptr_nonnull(strstr(v->next[0], "(in 3 d 1"));
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	job("parity", "running", 1, 4);
	ck_assert(v->jobs[0].mine);
	ck_assert_ptr_null(offered(ACT_PARITY, NULL));
	ck_assert_ptr_nonnull(strstr(challenge("typed")->now, "3 d 12 h of"));
	c->t += 4 * US_DAY;
	BESIDE_MUST(beside_parity(0, 0));
	look();
	asks(ACT_CONFIRM, "7", "type \"over\"", "over");
	next_is("Both were written for long enough. Type \"over\" (item 7).", "Then comes a snapshot, and reads move to the new column alone.");
	trigger_missed("it is not there");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	trigger_missed(NULL);
	c->facts.parity.mismatches = 3;
	c->facts.parity.first = "id 7";
	judge();
	ck_assert_int_eq(v->items[ITEM_WINDOW].mood, MOOD_SHUT);
	ck_assert_str_eq(v->next[0], "Old and new differ: 3 of 9 rows differ; the first: id 7 (B4).");
	to("type change", true, AT_WINDOW);
	c->t += 15 * US_DAY;
	look();
	ck_assert_str_eq(v->next[1], "Then reads move to the new column alone.");
	v->now = 0;
	view_judge(v);
	ck_assert_str_eq(v->items[ITEM_WINDOW].note, "not begun");
}
END_TEST

/* Whatever else the stage would say next, and whatever job runs. */
START_TEST(the_trigger_is_off)
{
	static const enum stage stages[] = { AT_BACKFILL, AT_WINDOW, AT_COPY, AT_READS, AT_RELAX, AT_PARITY };
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		to("rename", true, stages[i]);
		job("parity", "running", 1, 4);
		trigger_missed("it is switched off, or does not fire always");
		next_is("The trigger: it is switched off, or does not fire always.", "Find out who did that, step back to item 5, and put it on anew.");
		c->facts.trigger.at = 0;
		judge();
		ck_assert_ptr_null(strstr(v->next[0], "The trigger:"));
	}
	/* It has ended, or is just being taken off. */
	for (int ending = 0; ending < 2; ending++) {
		to("rename", true, ending ? AT_PARITY : AT_UNUSED);
		if (ending)
			c->walk.stage = AT_ENDING;
		trigger_missed("it is not there");
		ck_assert_ptr_null(strstr(v->next[0], "The trigger:"));
	}
}
END_TEST

START_TEST(reads_move)
{
	to("rename", true, AT_COPY);
	ck_assert_str_eq(v->items[ITEM_WINDOW].note, "7 d passed");
	ck_assert_int_eq(v->offers[0].kind, ACT_SNAPSHOT);
	ck_assert_str_eq(challenge("moved")->now, "none");
	c->walk.moved.begun = c->t;
	judge();
	ck_assert_str_eq(challenge("moved")->now, "not equal");
	job("snapshot", "running", 1, 4);
	ck_assert(v->jobs[0].mine);
	ck_assert_ptr_null(offered(ACT_SNAPSHOT, NULL));
	ck_assert_int_eq(v->items[ITEM_READS].mood, MOOD_RUNNING);
	to("rename", true, AT_READS);
	asks(ACT_DECLARE, "reads_moved/web", "release of web that reads the new column alone, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "writes_new/web"));
	ck_assert_str_eq(v->next[0], "Deploy web: it reads the new column alone. Then declare it.");
	BESIDE_MUST(beside_said("reads_moved"));
	look();
	asks(ACT_CONFIRM, "8", "type \"moved\"", "moved");
	next_is("Every deploy reads the new one. Type \"moved\" (item 8).", "Then what still asks for the old column is taken off it.");
	trigger_missed("it is not there");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
}
END_TEST

START_TEST(the_old_one_is_relaxed)
{
	to("rename", true, AT_RELAX);
	ck_assert_str_eq(v->items[ITEM_UNUSED].note, "to be relaxed");
	asks(ACT_CONFIRM, "9", "type \"relaxed\"", "relaxed");
	next_is("Nothing asks for the old column any more. Type \"relaxed\" (item 9).", "Then both are compared a last time, with dual write on.");
	ck_assert_str_eq(challenge("relaxed")->now, "nothing is left of them");
	BESIDE_MUST(beside_parity(0, 0));
	look();
	c->facts.target.not_null = true;
	judge();
	ck_assert_int_eq(v->offers[0].kind, ACT_ALTER);
	ck_assert_str_eq(v->offers[0].key, "relax");
	next_is("Relax the old column: NOT NULL, default and foreign keys off it.", "A short lock. Its way back stands in the log.");
	ck_assert_str_eq(challenge("relaxed")->now, "ALTER TABLE public.orders ALTER COLUMN legacy_total DROP NOT NULL");
	c->facts.target.not_null = false;
	c->facts.target.def = "0";
	judge();
	ck_assert_int_eq(challenge("relaxed")->verdict, REFUSED);
	c->facts.target.def = NULL;
	c->facts.target.n_foreign = 1;
	static const char *const key[] = { "fk" };
	c->facts.target.foreign = (const char **)key;
	c->facts.health.lag_s = 600;
	judge();
	ck_assert_ptr_null(offered(ACT_ALTER, NULL));
	ck_assert_msg(strstr(v->next[0], "C4"), "%s", v->next[0]);
	c->facts.target.at = 0;
	judge();
	ck_assert_str_eq(challenge("relaxed")->now, "not looked at");
}
END_TEST

START_TEST(the_last_pass)
{
	to("rename", true, AT_PARITY);
	ck_assert_str_eq(v->items[ITEM_UNUSED].note, "compared once more");
	ck_assert_str_eq(offered(ACT_ALTER, "tighten")->label, "step back: put it back");
	ck_assert_str_eq(v->next[0], "Deploy web: it writes the new column alone. Then declare it.");
	ck_assert_str_eq(challenge("pass")->now, "none yet");
	BESIDE_MUST(beside_said("writes_new"));
	look();
	next_is("Both are compared a last time, every row, with dual write on.", "It runs by itself. Safe to quit.");
	BESIDE_MUST(beside_parity(0, 0));
	look();
	ck_assert_int_eq(v->offers[0].kind, ACT_ALTER);
	ck_assert_str_eq(v->offers[0].key, "end dual write");
	next_is("Old and new agree. End dual write: the count of item 9 begins.", "The trigger goes in one transaction with the note of that pass.");
	ck_assert_int_eq(challenge("pass")->verdict, HOLDS);
	c->walk.alone = true;
	judge();
	ck_assert_ptr_null(offered(ACT_ALTER, "end dual write"));
	c->plan.convert_back = NULL;
	judge();
	next_is("Rows were written to the new column alone, and the plan has no way back.", "Amend it (convert.back), or leave the walk: no step goes past it.");
	ck_assert_ptr_null(offered(ACT_BACKFILL, NULL));
	c->plan.convert_back = "cents";
	judge();
	next_is("Rows were written to the new column alone: fill the old one from it.", "A job does it; then a pass over every row shows that both agree.");
	ck_assert_str_eq(offered(ACT_BACKFILL, NULL)->label, "fill the old column");
	c->walk.alone = false;
	c->facts.backfill.at = 0;
	judge();
	ck_assert_str_eq(offered(ACT_BACKFILL, NULL)->label, "count the rows again");
	static struct view_job filling = { .id = 3, .kind = "backfill", .state = "running" };
	v->jobs = &filling;
	v->n_jobs = 1;
	judge();
	ck_assert_ptr_null(offered(ACT_BACKFILL, NULL));
	v->n_jobs = 0;
	c->facts.others.clear = false;
	judge();
	ck_assert_ptr_nonnull(strstr(v->next[0], "(A6)"));
	to("type change", false, AT_PARITY);
	ck_assert_ptr_null(offered(ACT_DECLARE, "writes_new/web"));
	BESIDE_MUST(beside_parity(0, 0));
	look();
	ck_assert_int_eq(v->offers[0].kind, ACT_QUIET);
	next_is("Old and new agree. Begin the count (item 9).", "The server keeps count, also while gatewalk is closed.");
	c->walk.parity.round = 0;
	judge();
	ck_assert_ptr_null(offered(ACT_QUIET, NULL));
}
END_TEST

/* Nothing brings back what is written to the new column alone: that comes behind the end of dual write, and before it each deploy writes both. */
START_TEST(one_way)
{
	to("type change", true, AT_READS);
	c->plan.convert_back = NULL;
	judge();
	ck_assert_ptr_null(offered(ACT_DECLARE, "writes_new/web"));
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "writes_both/web"));
	to("type change", true, AT_PARITY);
	c->plan.convert_back = NULL;
	judge();
	ck_assert_str_eq(v->next[0], "Deploy web: it writes both columns by itself. Then declare it.");
	BESIDE_MUST(beside_said("writes_both"));
	BESIDE_MUST(beside_parity(0, 0));
	look();
	ck_assert_str_eq(v->offers[0].key, "end dual write");
	to("type change", false, AT_UNUSED);
	BESIDE_MUST(beside_back_one(false));
	BESIDE_MUST(beside_parity(0, 0));
	BESIDE_MUST(core_foldf(c, OP_QUIET, "{'parity':%lld}", (long long)c->walk.parity_n));
	look();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "writes_new/web"));
}
END_TEST

START_TEST(nobody_uses_the_old_one)
{
	to("rename", true, AT_UNUSED);
	ck_assert_str_eq(offered(ACT_ALTER, "dual write again")->label, "step back: trigger on");
	BESIDE_MUST(core_fold(c, OP_CLEAR, "{'consumer':'standby db3','reason':'no reader connects there','survives':0}"));
	look();
	moods_are("ddddddddw....");
	to("rename", false, AT_UNUSED);
	ck_assert_ptr_null(offered(ACT_ALTER, NULL));
	ck_assert_ptr_nonnull(offered(ACT_BACK, NULL));
	to("rename", true, AT_PARITY);
	BESIDE_MUST(beside_change("tighten", ""));
	look();
	ck_assert_str_eq(v->next[0], "The outcome is not known yet: gatewalk asks the ledger; press r.");
}
END_TEST

START_TEST(gaps)
{
	to("type change", true, AT_WINDOW);
	c->walk.env = ENV_DEVELOPMENT;
	judge();
	ck_assert_str_eq(v->items[ITEM_WINDOW].note, "not begun");
	ck_assert_ptr_nonnull(offered(ACT_CONFIRM, "7"));
	c->walk.window_from = 0;
	judge();
	ck_assert_str_eq(v->next[0], "The wait has not begun: it counts from dual write and a filled column.");
	to("rename", true, AT_PARITY);
	BESIDE_MUST(beside_parity(0, 0));
	look();
	ck_assert_ptr_null(offered(ACT_ALTER, "end dual write"));
	c->walk.parity.began = c->walk.relaxed_at;
	judge();
	ck_assert_int_eq(challenge("pass")->verdict, WAITS);
	to("rename", true, AT_RELAX);
	c->facts.target.not_null = true;
	c->walk.relaxed_at = c->t;
	judge();
	ck_assert_str_eq(v->next[0], "Nothing asks for the old column any more. Type \"relaxed\" (item 9).");
	to("rename", false, AT_RELAX);
	BESIDE_MUST(beside_confirm(9));
	BESIDE_MUST(core_fold(c, OP_LEAVE, "{'why':'not now'}"));
	look();
	moods_are("dddddddd.....");
}
END_TEST

static const struct { const char *arch; bool trigger; enum stage at; const char *moods; } lefts[] = {
	{ "rename", true, AT_GATE_A, "dddd........." }, { "rename", true, AT_CONSUMERS, "dddd........." }, { "rename", true, AT_EXPAND, "dddd........." }, { "rename", true, AT_WRITES, "dddd........." },
	{ "rename", false, AT_BACKFILL, "ddddd........" }, { "rename", false, AT_WINDOW, "dddddd......." }, { "rename", false, AT_COPY, "ddddddd......" },
	{ "rename", false, AT_READS, "ddddddd......" }, { "type change", false, AT_READS, "ddddddd......" }, { "rename", false, AT_RELAX, "dddddddd....." },
	{ "type change", false, AT_PARITY, "dddddddd....." }, { "rename", true, AT_UNUSED, "dddddddd....." }, { "rename", true, AT_FINAL, "ddddddddd...." },
};

START_TEST(left_where_it_was)
{
	to(lefts[_i].arch, lefts[_i].trigger, lefts[_i].at);
	BESIDE_MUST(core_fold(c, OP_LEAVE, "{'why':'not now'}"));
	look();
	moods_are(lefts[_i].moods);
	ck_assert_uint_eq(v->n_offers, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_beside");
	TCase *t = tcase_create("view_beside");
	const TTest *const tests[] = {
		writes_by_trigger, writes_by_the_application, both_for_days, the_trigger_is_off, reads_move, the_old_one_is_relaxed, the_last_pass, one_way, nobody_uses_the_old_one, gaps,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	tcase_add_loop_test(t, every_stage_says_something, 0, sizeof ways / sizeof *ways);
	tcase_add_loop_test(t, left_where_it_was, 0, sizeof lefts / sizeof *lefts);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
