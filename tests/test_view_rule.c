/* SPDX-License-Identifier: MIT */
/* The view of a walk whose constraint comes: what each stage asks, offers and says next. */
#include "tests/view_harness.h"

static struct plan_pause pauses[] = { { .when = "lock waiters", .above = 4, .has_above = true } };

static void says(enum record_op op, const char *body)
{
	ck_assert_msg(core_fold(c, op, body), "%s", c->err.msg);
}

static void look(char rule, bool not_null)
{
	core_good_facts(c);
	c->facts.target.attnum = 0;
	c->facts.target.type = NULL;
	c->facts.target.n_falls = 0;
	c->facts.target.rule = rule;
	c->facts.target.not_null = not_null;
	judge();
}

static void begin(const char *recipe)
{
	teardown();
	c = core_new(ENV_STAGING);
	v = arena_alloc(c->a, sizeof *v);
	v->arena = c->a;
	c->plan.archetype = ARCH_ADDITIVE;
	c->plan.recipe = recipe;
	c->plan.column = "note";
	c->plan.add_name = "positive";
	c->plan.add_check = "total >= 0";
	c->plan.add_index = "total";
	c->plan.statement = NULL;
	c->plan.n_falls = 0;
	c->plan.has_falls = false;
	ck_assert_msg(core_foldf(c, OP_BEGIN, "{'archetype':'additive','attnum':0,'day_us':86400000000,'environment':'staging','gatewalk':'0.1.0',"
		"'install_id':'11111111-2222-3333-4444-555555555555','kind':'constraint','name':'orders-positive','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1',"
		"'signers':'" CORE_BLOB "','target':'constraint positive of public.orders'}"), "%s", c->err.msg);
	ck_assert(core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'first','fact':{'attnum':0,'begun':'%s','bytes':1024,'dboid':16384,"
		"'definition_digest':'" CORE_DIGEST "','equal':1,'id':'3f1c','manifest_sha256':'" CORE_MANIFEST "','path':'/snap/3f1c','proved':'%s','relid':16400,'rows':9,"
		"'scope':'table','sysid':'7000000000000000001','trip_count':-1,'values':9}}", core_time(c->t - 5 * US_SECOND), core_time(c->t - US_SECOND)));
	ck_assert(core_drill(c, true));
	says(OP_CONFIRM, "{'item':2,'typed':'additive'}");
	says(OP_CONFIRM, "{'item':3,'typed':'1.20'}");
	look(0, false);
	ck_assert(core_gate(c, 'A'));
	look(0, false);
}

static void changed(const char *what)
{
	ck_assert_msg(core_foldf(c, OP_CHANGE, "{'expires':'%s','nonce':'n','relid':16400,'statement':'ALTER TABLE','statement_sha256':'" CORE_BLOB "','what':'%s','why':''}",
		core_time(c->t + US_MINUTE), what), "%s", c->err.msg);
	ck_assert_msg(core_foldf(c, OP_CHANGED, "{'at':'%s','attnum':0,'held_us':1,'intent':%lld,'lock_us':1,'result':'done','why':'','xid':'7'}", core_time(c->t),
		(long long)c->walk.n - 1), "%s", c->err.msg);
}

static void to_reads(const char *recipe)
{
	begin(recipe);
	changed("add");
	says(OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'writes_fill'}");
	says(OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'writes_fill'}");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	ck_assert_int_eq(c->walk.stage, AT_READS);
}

START_TEST(it_comes)
{
	begin("add-check");
	c->facts.monitor.baseline_at = 0;
	judge();
	next_is("The monitor takes a baseline first: how things are without it.", "It does so by itself, every minute; press r then.");
	look(0, false);
	ck_assert_str_eq(offered(ACT_ADD, NULL)->label, "add the constraint");
	next_is("Add it, for rows that are written from then on: a short lock.", "Rows that do not hold to it are counted first, and nothing is done then.");
	ck_assert_str_eq(challenge("baseline")->question, "how are things without it?");
	ck_assert_str_eq(challenge("broken")->now, "counted when it is begun");
	ck_assert_int_eq(challenge("broken")->verdict, WAITS);
	c->facts.broken = (struct fact_broken){ .at = c->facts.now, .rows = 2, .first = "id=3, id=5" };
	judge();
	ck_assert_str_eq(challenge("broken")->now, "2 do not: id=3, id=5");
	ck_assert_int_eq(challenge("broken")->verdict, REFUSED);
	next_is("2 rows do not hold to it: id=3, id=5", "Nothing was changed. Mend them, then begin it again.");
	ck_assert_ptr_nonnull(offered(ACT_ADD, NULL));   /* once they are mended */
	c->plan.backfill.value = "0";
	c->plan.backfill.pauses = pauses;
	c->plan.backfill.n_pauses = 1;
	c->facts.broken.first = NULL;
	judge();
	ck_assert_int_eq(challenge("broken")->verdict, HOLDS);
	ck_assert_str_eq(v->next[1], "A change of a row without a value is refused until item 6 has filled it.");
	ck_assert_str_eq(challenge("broken")->passes, "yes, or the backfill fills those that do not");
	c->facts.broken.rows = 0;
	judge();
	ck_assert_str_eq(challenge("broken")->now, "every row does");
}
END_TEST

START_TEST(deploys_write_what_holds)
{
	begin("add-check");
	changed("add");
	look('f', false);
	next_is("Deploy web so that all it writes holds to it, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
	asks(ACT_DECLARE, "writes_fill/web", "release of web that writes only what holds to it, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	asks(ACT_TAKE, NULL, "why it goes again", "a reason");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	ck_assert_str_eq(challenge("writes_fill/web")->question, "does web write only that?");
	says(OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'writes_fill'}");
	says(OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'writes_fill'}");
	look('f', false);
	asks(ACT_CONFIRM, "5", "type \"written\"", "written");
	next_is("Every deploy writes only what holds to it. Type \"written\" (item 5).", "Then every row that stands is asked, 4 h later.");
	c->plan.backfill.value = "0";
	judge();
	ck_assert_str_eq(v->next[1], "Then the rows that have no value are filled.");
}
END_TEST

START_TEST(every_row_is_asked)
{
	to_reads("add-check");
	look('f', false);
	ck_assert_ptr_null(offered(ACT_ALTER, "hold"));
	ck_assert_ptr_nonnull(strstr(v->next[0], "Nothing to do before "));
	ck_assert_ptr_nonnull(strstr(challenge("B7")->now, "written since"));
	c->t += 5 * US_HOUR;
	look('f', false);
	c->facts.health.lock_waiters = 99;
	judge();
	ck_assert_ptr_nonnull(strstr(v->next[0], "Rows that stand are not asked yet"));
	look('f', false);
	ck_assert_str_eq(offered(ACT_ALTER, "hold")->label, "ask every row that stands");
	ck_assert_str_eq(v->items[ITEM_READS].note, "new rows alone");
	next_is("Ask every row that stands: all are read, and nobody is kept out.", "It may take a while; reads and writes go on beside it.");
	c->facts.blocker = (struct fact_blocker){ .at = c->facts.now, .pid = 4711, .app = "vacuum" };
	judge();
	next_is("Not done: pid 4711 (vacuum) held the table.", "Nothing was changed, and nobody waits behind it. Try again later.");
	c->facts.blocker.at = 0;
	c->facts.broken = (struct fact_broken){ .at = c->facts.now, .rows = 1, .first = "id=3" };
	judge();
	next_is("1 row does not hold to it: id=3", "Nothing was changed. Mend them, then begin it again.");
	ck_assert_str_eq(challenge("broken")->now, "1 do not: id=3");
	c->facts.broken.first = NULL;
	judge();
	ck_assert_str_eq(v->next[0], "1 row does not hold to it: ");
	c->plan.backfill.value = "0";   /* which fills them, and B3 is asked for that */
	judge();
	ck_assert_ptr_nonnull(strstr(v->next[0], "Rows that stand are not asked yet"));
	c->facts.backfill = (struct fact_backfill){ .at = c->facts.now, .begun = true, .pass = 2, .counted_at = c->facts.now, .done = true };
	c->walk.unfilled = false;
	c->walk.fill = (struct walk_fill){ .at = c->facts.now };
	judge();
	ck_assert_str_eq(v->next[0], "Ask every row that stands: all are read, and nobody is kept out.");
	c->plan.backfill.value = NULL;
	c->walk.unfilled = true;
	c->facts.broken.rows = 0;
	judge();
	ck_assert_str_eq(v->next[0], "Ask every row that stands: all are read, and nobody is kept out.");
	look('t', false);
	asks(ACT_CONFIRM, "8", "type \"held\"", "held");
	next_is("Every row holds to it. Type \"held\" (item 8).", "Then it is watched for 48 h.");
	ck_assert_str_eq(v->items[ITEM_READS].note, "every row");
	look(0, false);
	next_is("The constraint that this walk added is not there any more.", "Find out who took it away; leave the walk, if it is not to go on.");
	ck_assert_ptr_null(offered(ACT_ALTER, "hold"));
	says(OP_CONFIRM, "{'item':8,'typed':'held'}");
	look('t', false);
	ck_assert_str_eq(v->items[ITEM_READS].note, "every row");
	c->walk.alarms = 1;
	c->walk.alarm = "errors";
	judge();
	next_is("ALARM: errors", "If the constraint is the cause, step back: it goes again at item 5.");
	c->walk.stage = AT_CLOSED;
	judge();
	next_is("This walk is closed. Nothing to do.", "The constraint stays; the snapshot is kept for 90 days.");
}
END_TEST

START_TEST(never_null)
{
	to_reads("never-null");
	c->t += 5 * US_HOUR;
	look('t', false);
	ck_assert_str_eq(offered(ACT_ALTER, "hold")->label, "set NOT NULL");
	next_is("Set NOT NULL: the check has been held, so no row is read.", "A short lock, asked for again if it is not free; the check goes with it.");
	look(0, true);
	asks(ACT_CONFIRM, "8", "type \"held\"", "held");
}
END_TEST

static struct view_job building(const char *state, const char *note)
{
	return (struct view_job){ .id = 5, .kind = "index", .state = state, .phase = "build", .done = 50, .total = 100, .note = note, .started = c->facts.now, .ended = strcmp(state, "running") == 0 ? 0 : c->facts.now,
		.error = strcmp(state, "failed") == 0 ? "could not create it" : NULL };
}

START_TEST(an_index)
{
	struct view_job job;
	begin("build-index");
	ck_assert_str_eq(offered(ACT_ADD, NULL)->label, "build the index");
	next_is("Build it: a job does, beside reads and writes; nobody waits for it.", "It may take a while; you may leave, and it tells how far it is.");
	changed("add");
	look(0, false);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "not built");
	ck_assert_str_eq(offered(ACT_BUILD, NULL)->label, "build the index");
	asks(ACT_TAKE, NULL, "why it goes again", "a reason");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	ck_assert_int_eq(challenge("built")->verdict, REFUSED);
	next_is("The index does not stand. Build it; what was begun is cleared away.", "Or take it away, and the walk goes back to where nothing was built.");
	job = building("running", "waits for pid 9 (etl, owner), in a transaction for 70 s");
	v->jobs = &job;
	v->n_jobs = 1;
	look('f', false);
	ck_assert_ptr_null(offered(ACT_BUILD, NULL));
	ck_assert_int_eq(challenge("built")->verdict, WAITS);
	next_is("The index runs: build, 50 %. Safe to quit.", "It waits for pid 9 (etl, owner), in a transaction for 70 s.");
	ck_assert_int_eq(v->items[ITEM_DUAL_WRITE].percent, 50);
	job = building("running", "");
	look('f', false);
	ck_assert_str_eq(v->next[1], "It goes on without you. Look again later.");
	job = building("running", NULL);
	look('f', false);
	ck_assert_str_eq(v->next[1], "It goes on without you. Look again later.");
	job = building("failed", "");
	look(0, false);
	ck_assert_ptr_nonnull(offered(ACT_BUILD, NULL));
	v->n_jobs = 0;
	look('t', false);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "built");
	asks(ACT_CONFIRM, "5", "type \"written\"", "written");
	asks(ACT_TAKE, NULL, "why it goes again", "a reason");
	ck_assert_int_eq(challenge("built")->verdict, HOLDS);
	next_is("The index stands, and refuses nothing. Type \"written\" (item 5).", "Then queries that need it are looked at (item 8).");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	look('t', false);
	ck_assert_str_eq(v->items[ITEM_READS].note, "to be looked at");
	asks(ACT_CONFIRM, "8", "type \"held\"", "held");
	next_is("Queries may use it: look at their plans. Type \"held\" (item 8).", "Then it is watched for 48 h.");
	ck_assert_ptr_null(offered(ACT_ALTER, "hold"));
	look('f', false);
	next_is("The index that this walk added is not there any more.", "Find out who took it away; leave the walk, if it is not to go on.");
	says(OP_CONFIRM, "{'item':8,'typed':'held'}");
	look('t', false);
	ck_assert_str_eq(v->items[ITEM_READS].note, "queries may use it");
	c->walk.stage = AT_CLOSED;
	judge();
	next_is("This walk is closed. Nothing to do.", "The index stays; the snapshot is kept for 90 days.");
}
END_TEST

START_TEST(a_unique_index)
{
	begin("build-index");
	c->plan.add_unique = true;
	judge();
	ck_assert_str_eq(challenge("broken")->question, "is every key there once?");
	changed("add");
	look('f', false);
	ck_assert_ptr_null(offered(ACT_DECLARE, "writes_fill/web"));
	look('t', false);
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "writes_fill/web"));
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "0 of 2 deploys");
	next_is("Deploy web so that all it writes holds to it, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
}
END_TEST

START_TEST(a_name)
{
	begin("rename-table");
	ck_assert_str_eq(offered(ACT_ADD, NULL)->label, "give it its new name");
	next_is("Rename it, with a view under the old name, in one short transaction.", "Both names work then, for reads and writes, and mean the same rows.");
	changed("add");
	look('t', false);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "both names work");
	ck_assert_str_eq(offered(ACT_TAKE, NULL)->label, "give it its old name back");
	next_is("Both names work, and mean the same rows. Type \"written\" (item 5).", "Then each deploy moves to the new name (item 8).");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	look('t', false);
	asks(ACT_DECLARE, "reads_moved/web", "release of web that uses the new name alone, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	next_is("Deploy web so that it uses the new name, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
	says(OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'reads_moved'}");
	says(OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'reads_moved'}");
	look('t', false);
	asks(ACT_CONFIRM, "8", "type \"held\"", "held");
	next_is("Every deploy uses the new name. Type \"held\" (item 8).", "The view under the old name stays; gatewalk audit says who else uses it.");
	look(0, false);
	ck_assert_ptr_nonnull(strstr(v->next[0], "is not there any more"));
	says(OP_CONFIRM, "{'item':8,'typed':'held'}");
	c->walk.stage = AT_CLOSED;
	judge();
	next_is("This walk is closed. Nothing to do.", "The new name stays; the snapshot is kept for 90 days.");
}
END_TEST

START_TEST(a_split)
{
	begin("split-table");
	ck_assert_str_eq(offered(ACT_ADD, NULL)->label, "split it");
	next_is("Split it: the new table and its triggers, in one short transaction.", "Every write goes to both then; a job brings over the rows that stand.");
	changed("add");
	look('f', false);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "rows come over");
	ck_assert_str_eq(offered(ACT_BUILD, NULL)->label, "bring the rows over");
	ck_assert_int_eq(challenge("built")->verdict, REFUSED);
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	next_is("Not every row stands in the new table. Bring them over: a job does.", "Or take its triggers away; the table itself stays then, as it is.");
	look('k', false);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "every row came over");
	ck_assert_int_eq(challenge("built")->verdict, HOLDS);
	ck_assert_str_eq(offered(ACT_TAKE, NULL)->label, "take its triggers away");
	asks(ACT_CONFIRM, "5", "type \"written\"", "written");
	next_is("Every row stands in both, and every write goes to both. Type \"written\".", "Then each deploy moves to the new table, reads before writes (item 8).");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	look('k', false);
	asks(ACT_DECLARE, "reads_moved/web", "release of web that uses the new table alone, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	ck_assert_ptr_null(offered(ACT_ALTER, "hold"));
	next_is("Deploy web so that it uses the new table alone, reads before writes.", "Declare it when its last old instance ended. 0 of 2 are declared.");
	says(OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'reads_moved'}");
	says(OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'reads_moved'}");
	look('k', false);
	ck_assert_ptr_nonnull(offered(ACT_ALTER, "hold"));
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	next_is("Take the triggers off: nobody writes the old columns any more.", "A short lock; the old columns stay, for walks that drop them.");
	look('b', false);
	ck_assert_ptr_nonnull(strstr(v->next[0], "is not there any more"));
	ck_assert_ptr_null(offered(ACT_ALTER, "hold"));
	look('t', false);
	asks(ACT_CONFIRM, "8", "type \"held\"", "held");
	next_is("The new table stands by itself. Type \"held\" (item 8).", "Then it is watched for 48 h.");
	says(OP_CONFIRM, "{'item':8,'typed':'held'}");
	c->walk.stage = AT_CLOSED;
	judge();
	next_is("This walk is closed. Nothing to do.", "The new table stays; the snapshot is kept for 90 days.");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_rule");
	TCase *t = tcase_create("view_rule");
	const TTest *const all[] = { it_comes, deploys_write_what_holds, every_row_is_asked, never_null, an_index, a_unique_index, a_name, a_split };
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
