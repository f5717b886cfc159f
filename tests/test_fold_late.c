/* SPDX-License-Identifier: MIT */
/* The fold from the count of item 9 on, and the ways back and out. */
#include "tests/fold_harness.h"

static void sight(int64_t at, int counts)
{
	ck_assert_msg(core_foldf(c, OP_SIGHTING, "{'at':'%s','consumer':'statement 1 by etl','counts':%d,'source':'statements','text':'SELECT',"
		"'touch':'read','who':'etl_nightly (role etl)'}", core_time(at), counts), "%s", c->err.msg);
}

START_TEST(a_sighting_shuts_the_gates)
{
	static const enum stage from[] = { AT_FINAL, AT_GATE_C, AT_ARMED };
	core_walk_to(c, AT_READS);
	refused(OP_QUIET, "{}", "it may not stand at \"reads moved\"");
	core_walk_to(c, AT_UNUSED);
	struct record r = core_record(c, OP_QUIET, "{}");
	r.t = 0;
	ck_assert(!walk_fold(&c->walk, &r, &c->err));
	refused(OP_GATE, GATE("C", "holds"), "it may not stand at \"nobody uses it\"");
	taken(OP_QUIET, "{}");
	int64_t quiet = c->walk.quiet_since;
	sight(c->t, 0);
	ck_assert_int_eq(c->walk.last_sighting, 0);
	sight(c->t, 1);
	ck_assert_int_gt(c->walk.last_sighting, quiet);
	ck_assert_str_eq(c->walk.sighted, "etl_nightly (role etl)");
	int64_t last = c->walk.last_sighting;
	sight(last - US_HOUR, 1);
	ck_assert_int_eq(c->walk.last_sighting, last);
	for (size_t i = 0; i < 3; i++) {
		core_walk_to(c, from[i]);
		sight(c->t, 0);
		ck_assert_int_eq(c->walk.stage, from[i]);
		sight(c->t, 1);
		ck_assert_int_eq(c->walk.stage, AT_UNUSED);
		ck_assert(c->walk.gate_passed[0] && !c->walk.gate_passed[1] && !c->walk.gate_passed[2]);
	}
	core_walk_to(c, AT_DROPPING);
	last = c->walk.last_sighting;
	sight(c->t, 1);
	ck_assert_int_eq(c->walk.stage, AT_DROPPING);
	ck_assert_int_eq(c->walk.last_sighting, last);
	refused(OP_SIGHTING, "{'at':'','consumer':'x','counts':1,'source':'','text':'','touch':'read','who':'x'}",
		"field \"at\" is no time like 2026-11-20T04:12:09.123456Z");
	core_walk_to(c, AT_CLOSED);
	sight(c->t, 1);
}
END_TEST

#define INTENT(attnum, snapshot) "{'attnum':" attnum ",'expires':'" PROVED "','nonce':'n','relid':16400,'snapshot':'" snapshot "','statement':'x'," \
	"'statement_sha256':'" CORE_BLOB "'}"
#define OUTCOME(at, intent, result) "{'at':'" at "','held_us':1,'intent':" intent ",'lock_us':1,'result':'" result "','why':'x','xid':''}"

START_TEST(intent_and_outcome)
{
	core_walk_to(c, AT_GATE_C);
	refused(OP_INTENT, INTENT("7", CORE_MANIFEST), "it may not stand at \"gate C\"");
	core_walk_to(c, AT_ARMED);
	refused(OP_INTENT, "{'relid':0}", "field \"relid\" is missing or no object id");
	refused(OP_INTENT, INTENT("8", CORE_MANIFEST), "the intent is for another target than the walk's");
	c->walk.relid++;
	refused(OP_INTENT, INTENT("7", CORE_MANIFEST), "the intent is for another target than the walk's");
	c->walk.relid--;
	refused(OP_INTENT, INTENT("7", CORE_BLOB), "the intent names another snapshot than the proven final one");
	refused(OP_OUTCOME, OUTCOME(PROVED, "1", "dropped"), "it may not stand at \"armed\"");
	ck_assert(core_snapshot(c, "final", false));   /* the last one counts, and it is not proven */
	refused(OP_INTENT, INTENT("7", CORE_MANIFEST), "the intent names another snapshot than the proven final one");
	c->walk.final.equal = true;
	struct record r = core_record(c, OP_INTENT, INTENT("7", CORE_MANIFEST));
	r.head[0] = '\0';
	ck_assert(!walk_fold(&c->walk, &r, &c->err));
	taken(OP_INTENT, INTENT("7", CORE_MANIFEST));
	ck_assert_int_eq(c->walk.stage, AT_DROPPING);
	ck_assert(!c->walk.outcome_known && !c->walk.dropped);
	ck_assert_int_eq(c->walk.intent_n, c->walk.n - 1);
	refused(OP_INTENT, INTENT("7", CORE_MANIFEST), "it may not stand at \"dropping\"");
	refused(OP_LEAVE, "{'why':'x'}", "it may not stand at \"dropping\"");
	refused(OP_BACK, "{'from':'dropping','to':'armed','why':'x'}", "it may not stand at \"dropping\"");
	refused(OP_AMEND, "{'class':'same','plan':'" CORE_BLOB "','why':'x'}", "no plan is taken in while a drop is open");
	refused(OP_OUTCOME, OUTCOME(PROVED, "1", "dropped"), "the outcome speaks of another intent than the open one");
	refused(OP_OUTCOME, OUTCOME("", "1", "dropped"), "field \"at\" is no time like 2026-11-20T04:12:09.123456Z");
	refused(OP_OUTCOME, OUTCOME(PROVED, "1", "perhaps"), "field \"result\" has an unknown word");
	ck_assert(core_foldf(c, OP_OUTCOME, OUTCOME("", "%lld", "not dropped"), (long long)c->walk.intent_n));
	ck_assert_int_eq(c->walk.stage, AT_GATE_C);
	ck_assert(c->walk.outcome_known && !c->walk.dropped && !c->walk.gate_passed[2]);
	core_walk_to(c, AT_MONITOR);
	ck_assert(c->walk.dropped && c->walk.dropped_at);
}
END_TEST

#define RESTORE "{'blob':'" CORE_BLOB "','conflicts':0,'gone':1,'kept':2,'placed':3,'took_us':4}"
#define ALARM "{'at':'" PROVED "','metric':'latency','text':'latency 128 ms','value':'128'}"

START_TEST(after_the_drop)
{
	core_walk_to(c, AT_DROPPING);
	refused(OP_RESTORE, RESTORE, "it may not stand at \"dropping\"");
	core_walk_to(c, AT_MONITOR);
	taken(OP_ALARM, ALARM);
	taken(OP_ALARM, ALARM);
	ck_assert_int_eq(c->walk.alarms, 2);
	ck_assert_str_eq(c->walk.alarm, "latency 128 ms");
	refused(OP_ALARM, "{'at':'" PROVED "','metric':'','text':'x','value':''}", "field \"metric\" is empty");
	taken(OP_RESTORE, RESTORE);
	ck_assert_int_gt(c->walk.restored_at, 0);
	refused(OP_RESTORE, "{'blob':'" CORE_BLOB "','conflicts':0}", "field \"gone\" is missing or no whole number from 0 on");
	refused(OP_SCHEMA_LOG, "{'blob':'" CORE_BLOB "'}", "it may not stand at \"monitor\"");
	core_walk_to(c, AT_LOG);
	refused(OP_CLOSE, "{}", "the schema log has not been written");
	refused(OP_SCHEMA_LOG, "{'blob':'x'}", "field \"blob\" is not 64 lower-case hex digits");
	core_walk_to(c, AT_CLOSED);
	refused(OP_CLOSE, "{}", "the walk is closed");
	refused(OP_CONFIRM, "{'item':2,'typed':'x'}", "the walk is closed");
	taken(OP_RESTORE, RESTORE);
	taken(OP_ALARM, ALARM);
	taken(OP_JOB, "{'event':'end','job':1,'kind':'restore','note':''}");
	taken(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'watched'}");
}
END_TEST

START_TEST(left_walks)
{
	for (enum stage s = AT_SNAPSHOT; s <= AT_ARMED; s = core_after(s)) {
		struct core *other = core_new(ENV_STAGING);
		core_walk_to(other, s);
		ck_assert(core_fold(other, OP_LEAVE, "{'why':'not wanted any more'}"));
		ck_assert_int_eq(other->walk.stage, AT_LEFT);
		ck_assert_str_eq(other->walk.left_why, "not wanted any more");
		core_free(other);
	}
	core_walk_to(c, AT_UNUSED);
	refused(OP_LEAVE, "{'why':''}", "field \"why\" is empty");
	taken(OP_LEAVE, "{'why':'x'}");
	refused(OP_ALARM, ALARM, "the walk was left");
	refused(OP_QUIET, "{}", "the walk was left");
	taken(OP_JOB, "{'event':'stopped','job':1,'kind':'watch','note':''}");
	taken(OP_TORN, "{'length':5,'offset':100,'sha256':'" CORE_BLOB "'}");
	ck_assert(c->walk.stopped_by_torn);
	refused(OP_TORN, "{'length':-5,'offset':100,'sha256':'" CORE_BLOB "'}", "field \"length\" is missing or no whole number from 0 on");
	refused(OP_JOB, "{'event':'x','job':1,'kind':'watch','note':''}", "field \"event\" has an unknown word");
}
END_TEST

START_TEST(stepping_back)
{
	core_walk_to(c, AT_ARMED);
	refused(OP_BACK, "{'from':'gate C','to':'snapshot again','why':'x'}", "it steps back from another step than \"armed\"");
	refused(OP_BACK, "{'from':'armed','why':'x'}", "field \"to\" is missing or no text");
	refused(OP_BACK, "{'from':'armed','to':'snapshot','why':'x'}", "one step back is \"gate C\"");
	for (enum stage s = AT_ARMED; s > AT_SNAPSHOT; s = core_before(s)) {
		enum stage to = core_before(s);
		ck_assert_int_eq(c->walk.stage, s);
		ck_assert_msg(core_foldf(c, OP_BACK, "{'from':'%s','to':'%s','why':'x'}", stage_name(s), stage_name(to)), "%s", c->err.msg);
		ck_assert_int_eq(c->walk.stage, to);
		ck_assert_int_eq(c->walk.gate_passed[2], 0);
		ck_assert_int_eq(c->walk.gate_passed[1] == 0, to <= AT_UNUSED);
		ck_assert_int_eq(c->walk.gate_passed[0] == 0, to <= AT_GATE_A);
		ck_assert_int_eq(c->walk.quiet_since == 0, to < AT_UNUSED);
		ck_assert_int_eq(c->walk.confirmed[ITEM_READS] == 0, to <= AT_READS);
		ck_assert_int_eq(c->walk.confirmed[ITEM_CONSUMERS] == 0, to <= AT_CONSUMERS);
		ck_assert_int_eq(c->walk.confirmed[ITEM_DOCUMENT] == 0, to <= AT_DOCUMENT);
		ck_assert_int_eq(c->walk.confirmed[ITEM_ARCHETYPE] == 0, to <= AT_ARCHETYPE);
	}
	refused(OP_BACK, "{'from':'snapshot','to':'nowhere','why':'x'}", "it may not stand at \"snapshot\"");
	core_walk_to(c, AT_CLOSED);
}
END_TEST

START_TEST(amends)
{
	core_walk_to(c, AT_UNUSED);
	taken(OP_AMEND, "{'class':'gates','plan':'" CORE_BLOB "','why':'shorter window'}");
	ck_assert_str_eq(c->walk.plan_digest, CORE_BLOB);
	refused(OP_AMEND, "{'class':'new','plan':'" CORE_BLOB "','why':'x'}", "field \"class\" has an unknown word");
	refused(OP_AMEND, "{'class':'same','plan':'','why':'x'}", "field \"plan\" is not 64 lower-case hex digits");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fold_late");
	TCase *t = tcase_create("fold_late");
	const TTest *const all[] = {
		a_sighting_shuts_the_gates, intent_and_outcome, after_the_drop, left_walks, stepping_back, amends,
	};
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
