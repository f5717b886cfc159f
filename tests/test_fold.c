/* SPDX-License-Identifier: MIT */
/* The fold: each op, each refusal with its text. The state machine itself is test_walk.c's. */
#include "tests/fold_harness.h"

START_TEST(walks_to_the_end)
{
	core_walk_to(c, AT_CLOSED);
	const struct walk *w = &c->walk;
	ck_assert_str_eq(w->sid, CORE_SID);
	ck_assert_str_eq(w->name, "orders-drop-legacy-total");
	ck_assert_str_eq(w->target, "public.orders.legacy_total");
	ck_assert_str_eq(w->plan_digest, CORE_PLAN);
	ck_assert_int_eq(w->env, ENV_PRODUCTION);
	ck_assert_int_eq(w->begun, CORE_BEGUN);
	ck_assert_int_eq(w->day_us, US_DAY);
	ck_assert_uint_eq(w->relid, 16400);
	ck_assert_int_eq(w->attnum, 7);
	ck_assert(w->first.equal && w->final.equal && w->drill.passed);
	ck_assert_str_eq(w->final.manifest_sha256, CORE_MANIFEST);
	ck_assert_str_eq(w->final.definition_digest, CORE_DIGEST);
	ck_assert_int_eq(w->final.scope, SNAP_COLUMN);
	ck_assert_int_eq(w->final.trip_count, 42);
	ck_assert_int_eq(w->final.rows, 61204118);
	ck_assert_str_eq(w->drill.fell[0], "index public.orders_legacy");
	ck_assert_ptr_null(w->drill.problem);
	ck_assert(w->confirmed[2] && w->confirmed[3] && w->confirmed[4] && w->confirmed[8] && w->confirmed[12]);
	ck_assert(w->gate_passed[0] && w->gate_passed[1] && w->gate_passed[2]);
	ck_assert(w->dropped && w->outcome_known && w->schema_logged);
	ck_assert_int_eq(w->drop_us, 21000);
	ck_assert_int_eq(w->lock_us, 5);
	ck_assert_str_eq(w->intent_statement, CORE_STATEMENT);
	ck_assert_str_eq(w->intent_snapshot, CORE_MANIFEST);
	ck_assert_str_eq(w->intent_nonce, "n1");
	ck_assert_str_eq(w->intent_head, CORE_HEAD);
	ck_assert_int_eq(w->sealed, w->n);
}
END_TEST

#define REST_OF_BEGIN "'day_us':86400000000,'environment':'staging','gatewalk':'0.1.0','install_id':'i'," \
	"'name':'n','plan':'" CORE_PLAN "','relid':16400,'server':'s','signers':'" CORE_BLOB "','target':'t'}"
#define BEGIN_BODY(day, env, plan) "{'attnum':7,'day_us':" day ",'environment':'" env "','gatewalk':'0.1.0','install_id':'i'," \
	"'name':'n','plan':'" plan "','relid':16400,'server':'s','signers':'" CORE_BLOB "','target':'t'}"

START_TEST(begin_is_first_and_once)
{
	refused(OP_QUIET, "{}", "a log starts with \"begin\"");
	refused(OP_BEGIN, BEGIN_BODY("86400000000", "prod", CORE_PLAN), "field \"environment\" has an unknown word");
	refused(OP_BEGIN, BEGIN_BODY("1000000", "production", CORE_PLAN), "only a rehearsal has shorter days");
	refused(OP_BEGIN, BEGIN_BODY("0", "rehearsal", CORE_PLAN), "field \"day_us\" is no day or part of one");
	refused(OP_BEGIN, BEGIN_BODY("86400000001", "rehearsal", CORE_PLAN), "field \"day_us\" is no day or part of one");
	refused(OP_BEGIN, BEGIN_BODY("86400000000", "staging", "abc"), "field \"plan\" is not 64 lower-case hex digits");
	refused(OP_BEGIN, "{'day_us':1,'environment':'rehearsal'}", "field \"plan\" is missing or no text");
	refused(OP_BEGIN, "{'day_us':1,'environment':''}", "field \"environment\" is empty");
	refused(OP_BEGIN, "{'attnum':7,'kind':'table'," REST_OF_BEGIN, "field \"attnum\" does not fit the kind of target");
	refused(OP_BEGIN, "{'attnum':0,'kind':'column'," REST_OF_BEGIN, "field \"attnum\" does not fit the kind of target");
	refused(OP_BEGIN, "{'attnum':0," REST_OF_BEGIN, "field \"attnum\" does not fit the kind of target");
	refused(OP_BEGIN, "{'attnum':0,'kind':'view'," REST_OF_BEGIN, "field \"kind\" has an unknown word");
	struct record r = core_record(c, OP_BEGIN, BEGIN_BODY("86400000000", "staging", CORE_PLAN));
	r.t = 0;
	ck_assert(!walk_fold(&c->walk, &r, &c->err));
	ck_assert_str_eq(c->err.msg, "log line 0 (begin): a decision without the server's time");
	taken(OP_BEGIN, BEGIN_BODY("86400000000", "staging", CORE_PLAN));
	refused(OP_BEGIN, BEGIN_BODY("86400000000", "staging", CORE_PLAN), "a walk begins once");
}
END_TEST

START_TEST(lines_belong_to_one_log)
{
	core_walk_to(c, AT_SNAPSHOT);
	struct record r = core_record(c, OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	struct record other = r;
	other.n = 5;
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	ck_assert_str_eq(c->err.msg, "log line 5 (declare): line 1 is expected here");
	other = r;
	other.sid = "ffffffffffffffffffffffffffffffff";
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	ck_assert_str_eq(c->err.msg, "log line 1 (declare): it belongs to another walk or database");
	other = r;
	other.db = "1.2.3";
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	other = r;
	other.t = c->walk.last_t - 1;
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	ck_assert_str_eq(c->err.msg, "log line 1 (declare): the server's clock went back");
	other = r;
	other.b = NULL;
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	ck_assert_str_eq(c->err.msg, "log line 1 (declare): it has no known meaning");
	other = r;
	other.op = OP_COUNT;
	ck_assert(!walk_fold(&c->walk, &other, &c->err));
	other = r;
	other.t = c->walk.last_t;
	struct walk copy = c->walk;
	ck_assert_msg(walk_fold(&copy, &other, &c->err), "two lines may bear the same time");
	other.op = OP_NONE;
	ck_assert(!walk_fold(&c->walk, &other, NULL));
	ck_assert(walk_fold(&c->walk, &r, &c->err));
}
END_TEST

START_TEST(time_without_a_server_is_skipped)
{
	core_walk_to(c, AT_SNAPSHOT);
	int64_t last = c->walk.last_t;
	struct record r = core_record(c, OP_JOB, "{'event':'start','job':1,'kind':'snapshot','note':''}");
	r.t = 0;
	ck_assert(walk_fold(&c->walk, &r, &c->err));
	ck_assert_int_eq(c->walk.last_t, last);
	ck_assert_int_eq(c->walk.sealed, 1);
	ck_assert_int_eq(c->walk.n, 2);
	r.n++;
	r.sealed = true;
	ck_assert(walk_fold(&c->walk, &r, &c->err));
	ck_assert_int_eq(c->walk.sealed, 3);
	r = core_record(c, OP_CLEAR, "{'consumer':'x','reason':'y','survives':0}");
	r.t = 0;
	ck_assert(!walk_fold(&c->walk, &r, &c->err));
}
END_TEST

START_TEST(snapshots)
{
	core_walk_to(c, AT_SNAPSHOT);
	ck_assert(core_snapshot(c, "first", false));
	ck_assert_int_eq(c->walk.stage, AT_SNAPSHOT);
	ck_assert(!c->walk.first.equal && c->walk.first.proved == 0 && c->walk.first.begun);
	ck_assert(core_snapshot(c, "final", true));
	ck_assert_msg(c->walk.final.begun == 0, "a final snapshot before gate B changes nothing");
	ck_assert(core_snapshot(c, "first", true));
	ck_assert_int_eq(c->walk.stage, AT_ARCHETYPE);
	ck_assert(core_snapshot(c, "first", true));
	ck_assert_int_eq(c->walk.stage, AT_ARCHETYPE);
	core_walk_to(c, AT_CONSUMERS);
	int64_t begun = c->walk.first.begun;
	ck_assert(core_snapshot(c, "first", false));
	ck_assert_int_eq(c->walk.first.begun, begun);
	core_walk_to(c, AT_FINAL);
	ck_assert(core_snapshot(c, "final", false));
	ck_assert_int_eq(c->walk.stage, AT_FINAL);
	core_walk_to(c, AT_GATE_C);
	ck_assert(core_snapshot(c, "final", true));
	ck_assert_int_eq(c->walk.stage, AT_GATE_C);
	core_walk_to(c, AT_ARMED);
	ck_assert(c->walk.gate_passed[2]);
	ck_assert(core_snapshot(c, "final", true));
	ck_assert_int_eq(c->walk.stage, AT_GATE_C);
	ck_assert_int_eq(c->walk.gate_passed[2], 0);
}
END_TEST

#define FACT(proved, equal, trip, scope, attnum) "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'first','fact':{'attnum':" attnum \
	",'begun':'2026-09-21T13:33:20.000000Z','bytes':1,'dboid':1,'definition_digest':'" CORE_DIGEST "','equal':" equal ",'id':'i'," \
	"'manifest_sha256':'" CORE_MANIFEST "','path':'/p','proved':'" proved "','relid':1,'rows':1,'scope':'" scope "','sysid':'7'," \
	"'trip_count':" trip ",'values':1}}"

START_TEST(begin_says_what_goes)
{
	static const struct { const char *kind; enum target is; } kinds[] = { { "table", TARGET_TABLE }, { "rows", TARGET_ROWS } };
	for (size_t i = 0; i < 2; i++) {
		walk_init(&c->walk, c->a);
		ck_assert(core_foldf(c, OP_BEGIN, "{'attnum':0,'kind':'%s'," REST_OF_BEGIN, kinds[i].kind));
		ck_assert_int_eq(c->walk.kind, kinds[i].is);
		ck_assert_int_eq(c->walk.attnum, 0);
	}
	refused(OP_EVIDENCE, FACT(PROVED, "1", "0", "table", "0"), "the snapshot is of another kind of target than the walk's");
	taken(OP_EVIDENCE, FACT(PROVED, "1", "0", "rows", "0"));
}
END_TEST

START_TEST(evidence_is_read_strictly)
{
	core_walk_to(c, AT_SNAPSHOT);
	refused(OP_EVIDENCE, "{'kind':'rumour'}", "field \"kind\" has an unknown word");
	refused(OP_EVIDENCE, "{}", "field \"kind\" is missing or no text");
	refused(OP_EVIDENCE, FACT("", "1", "0", "table", "7"), "a snapshot that was not proven calls itself equal");
	refused(OP_EVIDENCE, FACT(PROVED, "2", "0", "table", "7"), "field \"equal\" is missing or neither 0 nor 1");
	refused(OP_EVIDENCE, FACT(PROVED, "1", "-2", "table", "7"), "field \"trip_count\" is missing or no count");
	refused(OP_EVIDENCE, FACT(PROVED, "1", "0", "heap", "7"), "field \"scope\" has an unknown word");
	refused(OP_EVIDENCE, FACT(PROVED, "1", "0", "table", "0"), "the snapshot is of another kind of target than the walk's");
	refused(OP_EVIDENCE, "{'blob':'x','kind':'snapshot','role':'first'}", "field \"blob\" is not 64 lower-case hex digits");
	refused(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'first'}", "field \"id\" is missing or no text");
	refused(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'snapshot','role':'second'}", "field \"role\" has an unknown word");
	taken(OP_EVIDENCE, FACT(PROVED, "0", "-1", "table", "7"));
	ck_assert_int_eq(c->walk.first.scope, SNAP_TABLE);
	ck_assert_int_eq(c->walk.first.proved, 0);
	taken(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'audit','found':3,'blind':1}");
	taken(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'watched'}");
	taken(OP_EVIDENCE, "{'kind':'guard','why':'it is not installed'}");
	ck_assert(!c->walk.guarded);
	ck_assert_str_eq(c->walk.guard_why, "it is not installed");
	taken(OP_EVIDENCE, "{'kind':'guard','why':''}");
	ck_assert(c->walk.guarded && !c->walk.guard_why);
	taken(OP_EVIDENCE, "{'kind':'guard','why':'gone'}");
	ck_assert(c->walk.guarded);   /* it stood once: its lack shuts gate C */
	taken(OP_EVIDENCE, "{'kind':'slot','why':'gone'}");
	ck_assert_str_eq(c->walk.slot_why, "gone");
	taken(OP_EVIDENCE, "{'kind':'slot','why':''}");
	ck_assert_ptr_null(c->walk.slot_why);
	refused(OP_EVIDENCE, "{'kind':'slot'}", "field \"why\" is missing or no text");
	refused(OP_EVIDENCE, "{'kind':'guard'}", "field \"why\" is missing or no text");
	refused(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','kind':'audit','found':-3,'blind':1}", "field \"found\" is missing or no whole number from 0 on");
	refused(OP_EVIDENCE, "{'at':'','kind':'baseline'}", "field \"at\" is no time like 2026-11-20T04:12:09.123456Z");
}
END_TEST

#define DRILL(fell, rest) "{'blob':'" CORE_BLOB "','kind':'drill','fact':{'at':'" PROVED "','dboid':1," fell "'id':'d','passed':1,'problem':''," \
	"'restore_us':1,'snapshot_id':'s','sysid':'7','took_us':1" rest "}}"

START_TEST(drills)
{
	core_walk_to(c, AT_SNAPSHOT);
	ck_assert(core_drill(c, false));
	ck_assert(!c->walk.drill.passed);
	ck_assert_str_eq(c->walk.drill.problem, "2 rows differ");
	refused(OP_EVIDENCE, DRILL("", ""), "field \"fell\" is missing or no list");
	refused(OP_EVIDENCE, DRILL("'fell':'x',", ""), "field \"fell\" is missing or no list");
	refused(OP_EVIDENCE, DRILL("'fell':[1],", ""), "field \"fell\" holds something that is no text");
	taken(OP_EVIDENCE, DRILL("'fell':[],", ""));
	ck_assert_int_eq((int)c->walk.drill.n_fell, 0);
}
END_TEST

START_TEST(confirms_fit_their_step)
{
	core_walk_to(c, AT_ARCHETYPE);
	refused(OP_CONFIRM, "{'item':3,'typed':'1.20'}", "item 3 cannot be confirmed at \"archetype\"");
	refused(OP_CONFIRM, "{'item':2,'typed':''}", "field \"typed\" is empty");
	refused(OP_CONFIRM, "{'item':-2,'typed':'x'}", "field \"item\" is missing or no whole number from 0 on");
	refused(OP_CONFIRM, "{'item':9007199254740991,'typed':'x'}", "item 9007199254740991 cannot be confirmed at \"archetype\"");
	core_walk_to(c, AT_MONITOR);
	refused(OP_CONFIRM, "{'item':8,'typed':'moved'}", "item 8 cannot be confirmed at \"monitor\"");
}
END_TEST

START_TEST(declares_and_clears)
{
	struct walk_clear by;
	core_walk_to(c, AT_CONSUMERS);
	taken(OP_DECLARE, "{'key':'','value':'2026-11-24 10:00','what':'releases'}");
	taken(OP_DECLARE, "{'key':'','value':'none','what':'releases'}");
	taken(OP_DECLARE, "{'key':'gatewalk_trip','value':'put','what':'watch'}");
	ck_assert_str_eq(walk_declared(&c->walk, "releases", "")->value, "none");
	ck_assert_ptr_null(walk_declared(&c->walk, "reads_moved", "web"));
	refused(OP_DECLARE, "{'key':'','value':'x','what':'weather'}", "field \"what\" has an unknown word");
	refused(OP_DECLARE, "{'key':'','value':'x','what':'reads_moved'}", "field \"key\" does not fit what is declared");
	refused(OP_DECLARE, "{'key':'x','value':'x','what':'tests'}", "field \"key\" does not fit what is declared");
	refused(OP_DECLARE, "{'key':'x','value':'x','what':'releases'}", "field \"key\" does not fit what is declared");
	refused(OP_DECLARE, "{'key':'','value':'','what':'releases'}", "field \"value\" is empty");
	ck_assert(!walk_is_cleared(&c->walk, "view x", NULL));
	taken(OP_CLEAR, "{'consumer':'view x','reason':'old','survives':0}");
	taken(OP_CLEAR, "{'consumer':'view x','reason':'new','survives':1}");
	ck_assert(walk_is_cleared(&c->walk, "view x", &by) && by.survives && walk_is_cleared(&c->walk, "view x", NULL));
	ck_assert_str_eq(by.reason, "new");
	ck_assert_ptr_null(by.counted);
	taken(OP_CLEAR, "{'consumer':'statement 1 by etl','counted':'5 calls, 0.1 ms','reason':'it stopped','survives':0}");
	ck_assert(walk_is_cleared(&c->walk, "statement 1 by etl", &by));
	ck_assert_str_eq(by.counted, "5 calls, 0.1 ms");
	refused(OP_CLEAR, "{'consumer':'view x','counted':5,'reason':'x','survives':0}", "field \"counted\" is missing or no text");
	refused(OP_CLEAR, "{'consumer':'view x','reason':'','survives':1}", "field \"reason\" is empty");
	refused(OP_CLEAR, "{'consumer':'view x','reason':'x'}", "field \"survives\" is missing or neither 0 nor 1");
	core_walk_to(c, AT_DROPPING);
	refused(OP_CLEAR, "{'consumer':'view x','reason':'x','survives':1}", "it may not stand at \"dropping\"");
	refused(OP_DECLARE, "{'key':'','value':'none','what':'releases'}", "it may not stand at \"dropping\"");
}
END_TEST

START_TEST(gates)
{
	core_walk_to(c, AT_GATE_A);
	refused(OP_GATE, GATE("B", "holds"), "it may not stand at \"gate A\"");
	refused(OP_GATE, GATE("C", "holds"), "it may not stand at \"gate A\"");
	refused(OP_GATE, GATE("D", "holds"), "field \"gate\" has an unknown word");
	refused(OP_GATE, GATE("A", "refused"), "field \"verdict\" has an unknown word");
	refused(OP_GATE, GATE("A", "unknown"), "field \"verdict\" has an unknown word");
	refused(OP_GATE, "{'conditions':[{'now':'','verdict':'holds'}],'gate':'A'}", "field \"id\" is missing or no text");
	refused(OP_GATE, "{'conditions':[],'gate':'A'}", "field \"conditions\" is missing or empty");
	refused(OP_GATE, "{'gate':'A'}", "field \"conditions\" is missing or empty");
	taken(OP_GATE, GATE("A", "not needed"));
	ck_assert_int_eq(c->walk.stage, AT_CONSUMERS);
	refused(OP_GATE, GATE("A", "holds"), "it may not stand at \"consumers\"");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fold");
	TCase *t = tcase_create("fold");
	const TTest *const all[] = {
		walks_to_the_end, begin_is_first_and_once, lines_belong_to_one_log, time_without_a_server_is_skipped, snapshots,
		begin_says_what_goes, evidence_is_read_strictly, drills, confirms_fit_their_step, declares_and_clears, gates,
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
