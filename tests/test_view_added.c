/* SPDX-License-Identifier: MIT */
/* The view of a walk that adds a column, with and without a backfill: what each stage shows, asks, offers and says next. */
#include "tests/view_harness.h"

static struct plan_pause pauses[] = {
	{ .when = "replication lag", .above = 5, .has_above = true }, { .when = "lock waiters", .above = 4, .below = 1, .has_above = true, .has_below = true },
	{ .when = "longest transaction", .above = 300, .has_above = true }, { .when = "hours", .from = 480, .to = 1200 }, { .when = "wal rate", .above = 50, .has_above = true },
};
static struct plan_metric metrics[] = { { .name = "queue", .unit = "jobs", .pause = 100, .has_pause = true }, { .name = "errors" }, { .name = "load", .pause = 8, .has_pause = true } };

static void says(enum record_op op, const char *body)
{
	ck_assert_msg(core_fold(c, op, body), "%s", c->err.msg);
}

/* A good day. */
static void look(void)
{
	core_good_facts(c);
	c->facts.target.attnum = 0;
	c->facts.target.type = NULL;
	c->facts.target.n_falls = 0;
	judge();
}

static void begin(enum env env)
{
	teardown();
	c = core_new(env);
	v = arena_alloc(c->a, sizeof *v);
	v->arena = c->a;
	c->plan.archetype = ARCH_ADDITIVE;
	c->plan.recipe = "add-column";
	c->plan.column = "note";
	c->plan.add_type = "text";
	c->plan.statement = NULL;
	c->plan.n_falls = 0;
	c->plan.has_falls = false;
	ck_assert_msg(core_foldf(c, OP_BEGIN, "{'archetype':'additive','attnum':0,'day_us':86400000000,'environment':'%s','gatewalk':'0.1.0',"
		"'install_id':'11111111-2222-3333-4444-555555555555','kind':'new column','name':'orders-add-note','plan':'" CORE_PLAN "','relid':16400,'server':'shop@db1',"
		"'signers':'" CORE_BLOB "','target':'public.orders.note'}", env_name(env)), "%s", c->err.msg);
	look();
}

static void filled_by(const char *value)
{
	c->plan.backfill.value = value;
	c->plan.backfill.pauses = pauses;
	c->plan.backfill.n_pauses = sizeof pauses / sizeof *pauses;
}

static void to_gate_a(void)
{
	ck_assert(core_foldf(c, OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'first','fact':{'attnum':0,'begun':'%s','bytes':1024,'dboid':16384,"
		"'definition_digest':'" CORE_DIGEST "','equal':1,'id':'3f1c','manifest_sha256':'" CORE_MANIFEST "','path':'/snap/3f1c','proved':'%s','relid':16400,'rows':9,"
		"'scope':'table','sysid':'7000000000000000001','trip_count':-1,'values':9}}", core_time(c->t - 5 * US_SECOND), core_time(c->t - US_SECOND)));
	ck_assert(core_drill(c, true));
	says(OP_CONFIRM, "{'item':2,'typed':'additive'}");
	says(OP_CONFIRM, "{'item':3,'typed':'1.20'}");
	look();
}

static void to_expand(void)
{
	begin(ENV_STAGING);
	to_gate_a();
	ck_assert(core_gate(c, 'A'));
	look();
}

static void to_changing(void)
{
	to_expand();
	says(OP_CHANGE, "{'expires':'2026-09-21T13:33:20.000000Z','nonce':'n1','relid':16400,'statement':'ALTER TABLE','statement_sha256':'" CORE_BLOB "','what':'add','why':''}");
	look();
}

static void to_writes(const char *value)
{
	to_changing();
	filled_by(value);
	ck_assert(core_foldf(c, OP_CHANGED, "{'at':'%s','attnum':8,'held_us':1,'intent':%lld,'lock_us':1,'result':'done','why':'','xid':'7'}", core_time(c->t), (long long)c->walk.n - 1));
	look();
}

static void declared(const char *what)
{
	ck_assert(core_foldf(c, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'%s'}", what));
	ck_assert(core_foldf(c, OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'%s'}", what));
	look();
}

static void to_reads(void)
{
	to_writes(NULL);
	declared("writes_fill");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	look();
}

static void to_backfill(void)
{
	to_writes("lower(name)");
	declared("writes_fill");
	says(OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
	look();
}

static void to_monitor(void)
{
	to_reads();
	declared("reads_moved");
	says(OP_CONFIRM, "{'item':8,'typed':'moved'}");
	look();
}

static void moods_are(const char *want)
{
	static const char letter[] = { [MOOD_DONE] = 'd', [MOOD_RUNNING] = 'r', [MOOD_WAITING] = 'w', [MOOD_SHUT] = 's', [MOOD_NOT_YET] = '.', [MOOD_NOT_NEEDED] = '-' };
	char got[ITEM_COUNT + 1] = "";
	for (int i = 1; i <= ITEM_COUNT; i++)
		got[i - 1] = letter[v->items[i].mood];
	ck_assert_str_eq(got, want);
}

static void fits_its_lines(void)
{
	for (int i = 0; i < 2; i++)
		ck_assert_msg(v->next[i][0] && text_width(v->next[i]) <= 72 && !strstr(v->next[i], "…"), "%s: %s", stage_name(c->walk.stage), v->next[i]);
	for (size_t i = 0; i < v->n_offers; i++)
		ck_assert(v->offers[i].label && (!v->offers[i].prompt || v->offers[i].expect));
}

static bool asked(const char *id)
{
	for (size_t i = 0; i < v->n_challenges; i++)
		if (strcmp(v->challenges[i].id, id) == 0)
			return true;
	return false;
}

/* Not needed is never shown as done. */
START_TEST(the_thirteen_items)
{
	begin(ENV_STAGING);
	moods_are("w..-.--.---..");
	filled_by("1");
	judge();
	moods_are("w..-..-.---..");
	to_monitor();
	moods_are("ddd-d--d---w.");
	to_backfill();
	moods_are("ddd-dw-.---..");
}
END_TEST

START_TEST(before_it_comes)
{
	begin(ENV_STAGING);
	ck_assert_str_eq(challenge("fits")->question, "can the new column be added?");
	ck_assert_str_eq(challenge("fits")->now, "yes");
	to_gate_a();
	ck_assert_str_eq(v->items[ITEM_ARCHETYPE].note, "additive: new column");
	next_is("Gate A holds: it can be got back. Pass it.", "After it the column may come. Nothing on the table changes yet.");
	ck_assert_str_eq(v->offers[0].label, "pass gate A");
	for (int i = 0; i < 2; i++) {
		ck_assert(core_foldf(c, OP_BACK, "{'from':'%s','to':'%s','why':'x'}", i ? "documented" : "gate A", i ? "archetype" : "documented"));
		look();
		ck_assert(!asked("falls") && !asked("blockers"));
		fits_its_lines();
	}
}
END_TEST

START_TEST(it_may_come)
{
	to_expand();
	next_is("Add the new column: a short lock, asked for again if it is not free.", "No row is written, and nobody is kept waiting behind it.");
	ck_assert_int_eq(v->offers[0].kind, ACT_ADD);
	ck_assert_ptr_nonnull(offered(ACT_LEAVE, NULL));
	ck_assert_str_eq(offered(ACT_BACK, NULL)->prompt, "why you step back to \"gate A\"");
	moods_are("ddd-w--.---..");
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "to be added");
	ck_assert(asked("C4") && asked("C6") && !asked("A3"));
	ck_assert_str_eq(challenge("fits")->question, "can it be added as the plan says?");
	c->facts.health.lag_s = 600;
	judge();
	ck_assert_ptr_null(offered(ACT_ADD, NULL));
	ck_assert_ptr_nonnull(strstr(v->next[0], "C4"));
	look();
	c->walk.drill.at -= 100 * US_DAY;
	judge();
	ck_assert(asked("A3"));
	ck_assert_int_eq(v->offers[0].kind, ACT_DRILL);
	ck_assert_ptr_nonnull(strstr(v->next[0], "A3"));
	fits_its_lines();
}
END_TEST

START_TEST(it_waits_for_its_moment)
{
	to_expand();
	c->walk.env = ENV_PRODUCTION;
	c->facts.mark.env = c->facts.mark.comment_env = c->facts.mark.remembered_env = ENV_PRODUCTION;
	says(OP_DECLARE, "{'key':'','value':'0123456789ab, way back included','what':'rehearsed'}");
	says(OP_DECLARE, "{'key':'old_code','value':'ci 1','what':'tests'}");
	says(OP_DECLARE, "{'key':'half_filled','value':'ci 2','what':'tests'}");
	look();
	c->facts.mark.env = c->facts.mark.comment_env = c->facts.mark.remembered_env = ENV_PRODUCTION;
	judge();
	ck_assert_ptr_nonnull(offered(ACT_DECLARE, "releases"));
	ck_assert_msg(strstr(v->next[0], "(C3)"), "%s", v->next[0]);
	ck_assert(asked("releases"));
	says(OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	look();
	c->facts.moment.in_window = false;
	c->facts.moment.next[0] = c->facts.now + US_HOUR;
	judge();
	ck_assert_ptr_null(offered(ACT_ADD, NULL));
	ck_assert_ptr_nonnull(strstr(v->next[0], "Nothing to do before"));
	/* A reason too long for its line names the page that has it; a gate that the walk lacks is not named as one. */
	c->facts.moment.in_window = true;
	c->facts.server.at = 0;
	c->facts.log.verifies = false;
	c->facts.log.why = "the line 17 of the log in the folder of this walk was changed by somebody";
	judge();
	fits_its_lines();
}
END_TEST

START_TEST(it_did_not_come)
{
	struct fact_blocker *b;
	to_expand();
	b = &c->facts.blocker;
	*b = (struct fact_blocker){ .at = c->facts.now, .pid = 4711, .app = "airflow", .since = c->facts.now - 12 * US_MINUTE, .tries = 14 };
	judge();
	next_is("Not added: pid 4711 (airflow) has held the table for 12 min.", "Nothing was changed, and nobody waits behind it. Try again later.");
	ck_assert_int_eq(v->items[ITEM_DUAL_WRITE].mood, MOOD_SHUT);
	ck_assert_int_eq(v->offers[0].kind, ACT_ADD);
	b->app = "";
	judge();
	ck_assert_str_eq(v->next[0], "Not added: pid 4711 (no name) has held the table for 12 min.");
	b->app = NULL;
	b->since = 0;
	judge();
	ck_assert_str_eq(v->next[0], "Not added: pid 4711 (no name) held the table.");
	b->pid = 0;
	judge();
	ck_assert_str_eq(v->next[0], "Not added: a prepared transaction held the table.");
	b->at = 0;
	c->facts.monitor.baseline_at = 0;
	judge();
	ck_assert_ptr_null(offered(ACT_ADD, NULL));
	next_is("The monitor takes a baseline first: how things are without the column.", "It does so by itself, every minute; press r then.");
	ck_assert_int_eq(challenge("baseline")->verdict, WAITS);
	c->facts.monitor.baseline_at = c->facts.now;
	c->facts.target.unfit = "a view, not a table";
	judge();
	ck_assert_ptr_null(offered(ACT_ADD, NULL));
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "not run as it is");
	next_is("Not run as it is: a view, not a table", "What changes the statement is another plan: a new walk.");
	c->facts.target.unfit = "the whole table would be written anew under the lock, since its default is not one value";
	judge();
	ck_assert_str_eq(v->next[0], "Not run as it is: why, stands on the page of item 5.");
	c->facts.target.at = 0;
	judge();
	ck_assert_ptr_null(strstr(v->next[0], "Not run as it is"));
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "to be added");
}
END_TEST

START_TEST(nobody_knows_yet)
{
	to_changing();
	next_is("The outcome is not known yet: gatewalk asks the ledger; press r.", "Do nothing by hand. The ledger alone decides what happened.");
	ck_assert_int_eq(v->offers[0].kind, ACT_LOOK);
	ck_assert_uint_eq(v->n_offers, 1);
	ck_assert_int_eq(challenge("outcome")->verdict, UNKNOWN);
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "outcome not known yet");
	v->busy = "waiting for the table's lock";
	judge();
	next_is("It asks for the table's lock, again and again for 20 s; nobody queues.", "Wait for its end.");
	c->facts.blocker = (struct fact_blocker){ .at = c->facts.now, .pid = 4711, .app = "airflow", .since = c->facts.now - 12 * US_MINUTE };
	judge();
	ck_assert_str_eq(v->next[1], "pid 4711 (airflow) has held the table for 12 min.");
	c->facts = (struct facts){ .now = 0 };
	judge();
	ck_assert_str_eq(v->next[1], "What became of the change, the ledger tells. Press r to try again.");
}
END_TEST

START_TEST(writes_fill_it)
{
	to_writes(NULL);
	moods_are("ddd-w--.---..");
	ck_assert_str_eq(v->items[ITEM_DUAL_WRITE].note, "0 of 2 deploys");
	next_is("Deploy web so that it writes the column, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
	asks(ACT_DECLARE, "writes_fill/web", "release of web that writes the new column, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	ck_assert_str_eq(offered(ACT_TAKE, NULL)->label, "count what it holds");
	ck_assert_int_eq(act_keys(&(struct act){ .kind = ACT_TAKE }), 0);
	ck_assert_int_eq(act_keys(&(struct act){ .kind = ACT_TAKE, .text = "" }), 0);
	ck_assert_int_eq(act_keys(&(struct act){ .kind = ACT_TAKE, .text = "0 nobody needs it" }), 1);
	c->facts.added = (struct fact_added){ .counted_at = c->facts.now, .values = 4711 };
	judge();
	asks(ACT_TAKE, NULL, "4 711 values stand only in it and go with it: type the number, and why", "4711 nobody needs them");
	c->facts.added.values = 1;
	judge();
	asks(ACT_TAKE, NULL, "1 value stands only in it and goes with it: type the number, and why", "1 nobody needs them");
	ck_assert_ptr_null(offered(ACT_CONFIRM, NULL));
	ck_assert_str_eq(challenge("writes_fill/workers")->question, "does workers write it?");
	ck_assert_int_eq(challenge("writes_fill/workers")->offer.kind, ACT_DECLARE);
	declared("writes_fill");
	ck_assert_str_eq(challenge("writes_fill/web")->now, "1.21 ended");
	ck_assert_int_eq(challenge("writes_fill/web")->verdict, HOLDS);
	asks(ACT_CONFIRM, "5", "type \"written\"", "written");
	next_is("Every deploy writes it. Type \"written\" (item 5).", "Then reads may move, once it was written for 4 h.");
	filled_by("1");
	judge();
	ck_assert_str_eq(v->next[1], "Then the rows that stand are filled.");
	/* What the copy is of is the table as it was: its tick is not judged on. */
	c->facts.target.definition_digest[0] = 'f';
	judge();
	ck_assert_int_eq(v->items[ITEM_SNAPSHOT].mood, MOOD_DONE);
}
END_TEST

START_TEST(rows_are_filled)
{
	struct fact_backfill *b = &c->facts.backfill;
	to_backfill();
	b = &c->facts.backfill;
	next_is("Start the backfill: it fills the rows that stand, batch by batch.", "It runs by itself, pauses on what the plan names, and may be left.");
	ck_assert_int_eq(v->offers[0].kind, ACT_BACKFILL);
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "not begun");
	ck_assert_str_eq(challenge("filled")->now, "not looked at");
	ck_assert_ptr_nonnull(strstr(v->items[ITEM_DUAL_WRITE].note, "since "));
	*b = (struct fact_backfill){ .at = c->facts.now, .begun = true, .pass = 1, .share = 0.61, .filled = 38100000, .left = -1 };
	judge();
	ck_assert_str_eq(v->offers[0].label, "go on filling");
	next_is("The backfill does not run. Let it go on from where it was.", "38.1 M rows are filled; nothing is done twice.");
	ck_assert_int_eq(v->items[ITEM_BACKFILL].percent, 61);
	ck_assert_str_eq(challenge("filled")->now, "not counted yet");
	ck_assert_int_eq(challenge("filled")->verdict, WAITS);
	ck_assert_int_eq(challenge("rejects")->verdict, HOLDS);
	b->pass = 2;
	judge();
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "pass 2");
	job("backfill", "running", 61, 100);
	ck_assert(v->jobs[0].mine);
	ck_assert_ptr_null(offered(ACT_BACKFILL, NULL));
	ck_assert_int_eq(v->items[ITEM_BACKFILL].mood, MOOD_RUNNING);
	ck_assert_str_eq(v->next[0], "The backfill runs: copying, 61 %. Safe to quit.");
	job("backfill", "failed", 61, 100);
	ck_assert_str_eq(v->next[0], "The backfill job failed: no reason was given");
	job("backfill", "done", 100, 100);
	*b = (struct fact_backfill){ .at = c->facts.now, .begun = true, .pass = 2, .share = 1, .filled = 38100000, .rejects = 3, .counted_at = c->facts.now - US_HOUR, .done = true };
	judge();
	next_is("3 rows do not convert: mend them or the plan, then try again.", "All others are filled. gatewalk amend takes the next version in.");
	ck_assert_int_eq(v->offers[0].kind, ACT_RETRY);
	ck_assert_ptr_null(offered(ACT_BACKFILL, NULL));
	ck_assert_int_eq(v->items[ITEM_BACKFILL].mood, MOOD_SHUT);
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "3 do not convert");
	ck_assert_int_eq(challenge("rejects")->offer.kind, ACT_RETRY);
	ck_assert_int_eq(challenge("filled")->seen, c->facts.now - US_HOUR);
	b->rejects = 1;
	judge();
	ck_assert_str_eq(v->next[0], "1 row does not convert: mend them or the plan, then try again.");
	c->facts.others.clear = false;
	judge();
	ck_assert_ptr_null(offered(ACT_RETRY, NULL));
	ck_assert_str_eq(v->next[0], "Before rows are filled: another walk is in the way: one is open (A6).");
	c->facts.others.clear = true;
	c->facts.log.verifies = false;
	judge();
	ck_assert_str_eq(v->next[0], "Before rows are filled: the log does not verify (C6).");
	c->facts.log.verifies = true;
	b->rejects = 0;
	judge();
	next_is("Every row has its value, and none was rejected. Press r.", "Then reads may move.");
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "38.1 M filled");
	ck_assert_str_eq(v->offers[0].label, "take its end in");
	b->begun = false;
	b->done = false;
	judge();
	ck_assert_str_eq(challenge("filled")->now, "not begun");
	ck_assert_int_eq(challenge("filled")->verdict, REFUSED);
}
END_TEST

static const struct view_limit *limit(const char *name)
{
	for (size_t i = 0; i < v->n_limits; i++)
		if (strcmp(v->limits[i].name, name) == 0)
			return &v->limits[i];
	ck_abort_msg("no limit %s", name);
	return NULL;
}

START_TEST(what_it_pauses_on)
{
	static struct fact_metric seen[] = { { .name = "errors", .known = true, .value = 1 }, { .name = "queue", .known = true, .value = 90 } };
	to_backfill();
	c->plan.metrics = metrics;
	c->plan.n_metrics = 3;
	c->facts.monitor.metrics = seen;
	c->facts.monitor.n = 2;
	c->facts.health.lock_waiters = 1;
	judge();
	ck_assert_uint_eq(v->n_limits, 7);
	ck_assert_double_eq(limit("replication lag")->now, 0.4);
	ck_assert_double_eq(limit("replication lag")->below, 4);
	ck_assert_double_eq(limit("lock waiters")->below, 1);
	ck_assert_double_eq(limit("longest transaction")->now, 2);
	ck_assert(!limit("wal rate")->known && !limit("load")->known);
	ck_assert_str_eq(limit("hours")->says, "it is between 08:00 and 20:00, in which it pauses");
	ck_assert_str_eq(v->limits[v->limit].name, "queue");
	job("backfill", "waiting", 1, 2);
	v->jobs[0].note = "replication lag is 6.2 s, and it pauses above 5";
	judge();
	ck_assert_str_eq(v->limits[v->limit].name, "replication lag");
	v->jobs[0].note = "it is between 08:00 and 20:00, in which it pauses";
	judge();
	ck_assert_str_eq(v->limits[v->limit].name, "hours");
	v->jobs[0].note = "the link is gone";
	v->jobs[0].limits = (struct view_limit[]){ { .name = "slot", .has_limits = true, .known = true, .now = 1, .above = 2 } };
	v->jobs[0].n_limits = 1;
	judge();
	ck_assert_uint_eq(v->n_limits, 1);
	ck_assert_int_eq(v->limit, 0);
	/* What came near it lately matters more than what is nearer now. */
	v->jobs[0].limits = (struct view_limit[]){ { .name = "wal rate", .has_limits = true, .known = true, .now = 41, .above = 120 },
		{ .name = "replication lag", .has_limits = true, .known = true, .now = 0.4, .above = 5, .past = (double[]){ 0.3, 5.8, 0.4 }, .n_past = 3 } };
	v->jobs[0].n_limits = 2;
	judge();
	ck_assert_int_eq(v->limit, 1);
	v->jobs[0].limits = (struct view_limit[]){ { .name = "wal rate", .has_limits = true, .known = true, .now = 41 } };
	v->jobs[0].n_limits = 1;
	judge();
	ck_assert_int_eq(v->limit, -1);
	v->jobs[0].n_limits = 0;
	c->facts.health.at = 0;
	c->plan.n_metrics = 0;
	judge();
	ck_assert_int_eq(v->limit, -1);
	c->plan.backfill.value = NULL;
	judge();
	ck_assert_uint_eq(v->n_limits, 0);
}
END_TEST

START_TEST(reads_move_after_writes)
{
	to_reads();
	c->facts.now += 80 * US_MINUTE - (c->facts.now - c->walk.confirmed[ITEM_DUAL_WRITE]);
	judge();
	ck_assert_str_eq(v->items[ITEM_READS].note, "1 h 20 min of 4 h 00 min");
	ck_assert_int_eq(v->items[ITEM_READS].percent, 33);
	ck_assert_ptr_null(offered(ACT_DECLARE, NULL));
	ck_assert_ptr_nonnull(strstr(v->next[0], "(in 2 h 40 min)"));
	ck_assert_int_eq(challenge("B7")->verdict, WAITS);
	c->t = c->walk.confirmed[ITEM_DUAL_WRITE] + 4 * US_HOUR;
	look();
	ck_assert_str_eq(v->items[ITEM_READS].note, "0 of 2 deploys");
	next_is("Deploy web so that it reads the column, then declare that release.", "And when its last old instance ended. 0 of 2 are declared.");
	asks(ACT_DECLARE, "reads_moved/web", "release of web that reads the new column, and when its last old instance ended", "90ab17 ended 2026-11-10 11:20");
	declared("reads_moved");
	asks(ACT_CONFIRM, "8", "type \"moved\"", "moved");
	next_is("Every deploy reads it. Type \"moved\" (item 8).", "Then it is watched for 48 h.");
	struct finding *b3 = &v->findings[0];
	while (strcmp(b3->id, "B3") != 0)
		b3++;
	b3->verdict = REFUSED;
	snprintf(b3->because, sizeof b3->because, "2 rows have no value again");
	view_judge(v);
	ck_assert_str_eq(v->next[0], "Reads do not move yet: 2 rows have no value again (B3).");
	v->now = 0;
	view_judge(v);
	ck_assert_str_eq(v->items[ITEM_READS].note, "2 of 2 deploys");
}
END_TEST

START_TEST(it_is_watched)
{
	to_monitor();
	ck_assert_int_eq(v->items[ITEM_READS].mood, MOOD_DONE);
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "not needed");
	ck_assert_ptr_nonnull(strstr(v->items[ITEM_MONITOR].note, " of 48 h"));
	ck_assert_ptr_null(offered(ACT_RESTORE, NULL));
	ck_assert_str_eq(offered(ACT_BACK, NULL)->prompt, "why you step back to \"reads moved\"");
	c->walk.alarms = 1;
	c->walk.alarm = "p95 high";
	judge();
	next_is("ALARM: p95 high", "If the new column is the cause, step back: reads go first.");
	c->walk.unfilled = false;
	judge();
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "filled");
	c->walk.stage = AT_LOG;
	judge();
	fits_its_lines();
	c->walk.stage = AT_CLOSED;
	judge();
	ck_assert_str_eq(v->next[1], "The new column stays; the snapshot is kept for 90 days.");
	ck_assert_int_eq(v->items[ITEM_LOG].mood, MOOD_DONE);
}
END_TEST

/* What nobody judged, or what is past its time, is said as it is. */
START_TEST(gaps)
{
	to_expand();
	memset(v->findings, 0, sizeof v->findings);
	view_judge(v);
	ck_assert_ptr_null(offered(ACT_ADD, NULL));
	ck_assert(asked("fits"));
	to_reads();
	struct finding *b7 = &v->findings[0];
	while (strcmp(b7->id, "B7") != 0)
		b7++;
	b7->at = v->now - 1;
	view_judge(v);
	ck_assert_str_eq(v->next[0], "Reads do not move yet: see B7 on the page of gate B.");
	to_monitor();
	c->walk.unfilled = false;
	c->plan.backfill.value = "1";
	c->facts.backfill = (struct fact_backfill){ .at = c->facts.now, .begun = true, .pass = 1, .filled = 5 };
	judge();
	ck_assert_str_eq(v->items[ITEM_BACKFILL].note, "5 filled");
	c->walk.stage = STAGE_COUNT;
	judge();
	ck_assert_uint_eq(v->n_offers, 0);
}
END_TEST

START_TEST(left_where_it_was)
{
	static const struct { void (*to)(void); const char *moods; } ends[] = {
		{ to_expand, "ddd-.--.---.." }, { to_reads, "ddd-d--.---.." }, { to_backfill, "ddd-d.-.---.." }, { to_monitor, "ddd-d--d---.." },
	};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		ends[i].to();
		says(OP_LEAVE, "{'why':'not now'}");
		look();
		moods_are(ends[i].moods);
	}
	to_writes(NULL);
	says(OP_LEAVE, "{'why':'not now'}");
	look();
	moods_are("ddd-.--.---..");
	begin(ENV_STAGING);
	says(OP_LEAVE, "{'why':'not now'}");
	look();
	moods_are("...-.--.---..");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("view_added");
	TCase *t = tcase_create("view_added");
	const TTest *const tests[] = {
		the_thirteen_items, before_it_comes, it_may_come, it_waits_for_its_moment, it_did_not_come, nobody_knows_yet, writes_fill_it, rows_are_filled, what_it_pauses_on,
		reads_move_after_writes, it_is_watched, gaps, left_where_it_was,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
