/* SPDX-License-Identifier: MIT */
/* A column is added: the log's lines, the gates, the plan. */
#include "tests/added_harness.h"

static void declared(const char *what)
{
	ck_assert(core_foldf(c, OP_DECLARE, "{'key':'web','value':'1.21 ended','what':'%s'}", what));
	ck_assert(core_foldf(c, OP_DECLARE, "{'key':'workers','value':'1.21 ended','what':'%s'}", what));
}

START_TEST(begins)
{
	ck_assert(!core_foldf(c, OP_BEGIN, BEGIN, "additive", 7, "column"));
	ck_assert_str_eq(c->err.msg, "log line 0 (begin): field \"archetype\" does not fit the kind of target");
	ck_assert(!core_foldf(c, OP_BEGIN, BEGIN, "destructive", 0, "new column"));
	ck_assert_str_eq(c->err.msg, "log line 0 (begin): field \"archetype\" does not fit the kind of target");
	ck_assert(!core_foldf(c, OP_BEGIN, BEGIN, "additive", 7, "new column"));
	ck_assert_str_eq(c->err.msg, "log line 0 (begin): field \"attnum\" does not fit the kind of target");
	ck_assert(!core_foldf(c, OP_BEGIN, BEGIN, "rename", 0, "new column"));
	to_expand();
	ck_assert_int_eq(c->walk.archetype, ARCH_ADDITIVE);
	ck_assert_int_eq(c->walk.kind, TARGET_ADDED);
}
END_TEST

START_TEST(the_whole_way)
{
	to_writes();
	ck_assert_int_eq(c->walk.added_attnum, 8);
	ck_assert_int_eq(walk_changed_at(&c->walk), c->walk.added_at);
	ck_assert_int_eq(walk_reads_from(&c->walk, &c->plan), 0);
	refused(OP_CONFIRM, "{'item':5,'typed':'written'}", "field \"backfill\" is missing or neither 0 nor 1");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	ck_assert_int_eq(c->walk.stage, AT_READS);
	ck_assert(c->walk.unfilled);
	ck_assert_int_eq(walk_reads_from(&c->walk, &c->plan), c->walk.confirmed[ITEM_DUAL_WRITE] + 4 * US_HOUR);
	c->walk.env = ENV_DEVELOPMENT;
	ck_assert_int_eq(walk_reads_from(&c->walk, &c->plan), c->walk.confirmed[ITEM_DUAL_WRITE]);
	says(OP_CONFIRM, "{'item':8,'typed':'moved'}");
	ck_assert_int_eq(c->walk.stage, AT_MONITOR);
	ck_assert_int_eq(walk_watch_end(&c->walk, &c->plan), c->walk.confirmed[ITEM_READS] + 2 * US_DAY);
	says(OP_CONFIRM, "{'item':12,'typed':'0'}");
	says(OP_SCHEMA_LOG, "{'blob':'" CORE_BLOB "'}");
	says(OP_CLOSE, "{}");
	ck_assert_int_eq(c->walk.stage, AT_CLOSED);
	ck_assert(!c->walk.dropped);
}
END_TEST

START_TEST(a_backfill_waits)
{
	to_writes();
	says(OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert(!c->walk.unfilled);
	back(AT_BACKFILL, AT_WRITES);
}
END_TEST

START_TEST(steps_back)
{
	enum stage to;
	to_writes();
	ck_assert(!walk_back(&c->walk, &to));
	refused(OP_BACK, "{'from':'writes fill it','to':'expand','why':'x'}", "it may not stand at \"writes fill it\"");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	says(OP_CONFIRM, "{'item':8,'typed':'moved'}");
	back(AT_MONITOR, AT_READS);
	ck_assert_int_eq(c->walk.watch_from, 0);
	refused(OP_BACK, "{'from':'reads moved','to':'backfill','why':'x'}", "one step back is \"writes fill it\"");
	back(AT_READS, AT_WRITES);
	ck_assert_int_eq(c->walk.confirmed[ITEM_DUAL_WRITE], 0);
	says(OP_CHANGE, CHANGE("take", "16400"));
	refused(OP_AMEND, "{'class':'same','plan':'" CORE_PLAN "','why':'x'}", "no plan is taken in while a change is open");
	ck_assert(changed("not done", 0, c->walk.n - 1));
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
	ck_assert_int_eq(c->walk.added_attnum, 8);
	says(OP_CHANGE, CHANGE("take", "16400"));
	ck_assert(!changed("done", 0, 1));
	ck_assert_str_eq(strstr(c->err.msg, ": ") + 2, "the outcome speaks of another change than the open one");
	ck_assert(!changed("done", 8, c->walk.n - 1));
	ck_assert_str_eq(strstr(c->err.msg, ": ") + 2, "field \"attnum\" does not fit what was done");
	ck_assert(changed("done", 0, c->walk.n - 1));
	ck_assert_int_eq(c->walk.stage, AT_EXPAND);
	ck_assert_int_eq(c->walk.added_attnum, 0);
	ck_assert_int_eq(walk_changed_at(&c->walk), 0);
	back(AT_EXPAND, AT_GATE_A);
}
END_TEST

START_TEST(refused_changes)
{
	to_expand();
	refused(OP_CHANGE, CHANGE("take", "16400"), "it may not stand at \"expand\"");
	refused(OP_CHANGE, CHANGE("add", "16401"), "the change is for another table than the walk's");
	refused(OP_CHANGE, CHANGE("eat", "16400"), "field \"what\" has an unknown word");
	struct record r = core_record(c, OP_CHANGE, CHANGE("add", "16400"));
	memset(r.head, 0, sizeof r.head);
	ck_assert(!walk_fold(&c->walk, &r, &c->err));
	refused(OP_CHANGED, "{'at':'','attnum':0,'held_us':1,'intent':1,'lock_us':1,'result':'perhaps','why':'','xid':''}", "field \"result\" has an unknown word");
	refused(OP_CHANGED, "{'at':'','attnum':0,'held_us':1,'intent':1,'lock_us':1,'result':'not done','why':'','xid':''}", "it may not stand at \"expand\"");
	refused(OP_CHANGED, "{'at':'','attnum':8,'held_us':1,'intent':1,'lock_us':1,'result':'done','why':'','xid':''}", "field \"at\" is no time like 2026-11-20T04:12:09.123456Z");
	says(OP_CHANGE, CHANGE("add", "16400"));
	ck_assert(changed("not done", 0, c->walk.n - 1));
	ck_assert_int_eq(c->walk.stage, AT_EXPAND);
}
END_TEST

START_TEST(deploys_are_asked_again)
{
	size_t done;
	to_writes();
	declared("writes_fill");
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "writes_fill", &done));
	ck_assert_uint_eq(done, 2);
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	back(AT_READS, AT_WRITES);
	ck_assert_str_eq(walk_deploy_left(&c->walk, &c->plan, "writes_fill", &done), "web");
	ck_assert_uint_eq(done, 0);
	declared("writes_fill");
	ck_assert_ptr_null(walk_deploy_left(&c->walk, &c->plan, "writes_fill", NULL));
}
END_TEST

static const char *finding(const char *id, enum verdict v)
{
	static struct finding all[CONDITION_COUNT];
	gate_judge_all(&c->plan, &c->walk, &c->facts, all);
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(all[i].id, id) == 0) {
			ck_assert_msg(all[i].verdict == v, "%s: %d, %s", id, (int)all[i].verdict, all[i].because);
			return all[i].because;
		}
	ck_abort_msg("no condition %s", id);
}

/* What a backfill's job found, with its counts as they stand in the line. */
#define FILLED(left, rejects) "{'blob':'" CORE_BLOB "','counted':'" PROVED "','filled':9,'kind':'backfill','left':" left ",'passes':1,'rejects':" rejects "}"
#define JOB(event, n) "{'event':'" event "','job':" n ",'kind':'backfill','note':''}"

static void to_backfill(void)
{
	to_writes();
	says(OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
}

START_TEST(filled_and_again)
{
	to_backfill();
	refused(OP_EVIDENCE, "{'blob':'" CORE_BLOB "','counted':'','filled':9,'kind':'backfill','left':0,'passes':1,'rejects':0}", "field \"counted\" is no time like 2026-11-20T04:12:09.123456Z");
	says(OP_JOB, JOB("start", "7"));
	ck_assert_int_eq(c->walk.filling, 7);
	says(OP_JOB, JOB("lost", "6"));
	ck_assert_int_eq(c->walk.filling, 7);
	says(OP_EVIDENCE, FILLED("0", "2"));
	says(OP_JOB, JOB("end", "7"));
	ck_assert_int_eq(c->walk.filling, 0);
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_eq(c->walk.fill.rejects, 2);
	says(OP_EVIDENCE, FILLED("3", "0"));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	says(OP_EVIDENCE, FILLED("0", "0"));
	ck_assert_int_eq(c->walk.stage, AT_READS);
	says(OP_EVIDENCE, FILLED("0", "0"));   /* counted anew */
	ck_assert_int_eq(c->walk.stage, AT_READS);
	says(OP_EVIDENCE, FILLED("1", "0"));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_ne(c->walk.confirmed[ITEM_DUAL_WRITE], 0);
	says(OP_EVIDENCE, FILLED("0", "0"));
	says(OP_CONFIRM, "{'item':8,'typed':'moved'}");
	says(OP_EVIDENCE, FILLED("0", "1"));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_eq(c->walk.confirmed[ITEM_READS], 0);
	ck_assert_int_eq(c->walk.watch_from, 0);
}
END_TEST

START_TEST(late_ends)
{
	to_backfill();
	back(AT_BACKFILL, AT_WRITES);
	says(OP_EVIDENCE, FILLED("0", "0"));
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
	ck_assert_int_eq(c->walk.fill.at, 0);
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	says(OP_EVIDENCE, FILLED("5", "0"));
	ck_assert_int_eq(c->walk.stage, AT_READS);
}
END_TEST

#define AMEND(class, more) "{" more "'class':'" class "','plan':'" CORE_PLAN "','why':'x'}"

START_TEST(amended_midway)
{
	to_writes();
	refused(OP_AMEND, AMEND("backfill", ""), "field \"backfill\" is missing or neither 0 nor 1");
	says(OP_AMEND, AMEND("backfill", "'backfill':1,"));
	ck_assert_int_eq(c->walk.stage, AT_WRITES);
	says(OP_CONFIRM, "{'backfill':1,'item':5,'typed':'written'}");
	says(OP_EVIDENCE, FILLED("0", "0"));
	says(OP_AMEND, AMEND("stricter", ""));
	ck_assert_int_eq(c->walk.stage, AT_READS);
	says(OP_AMEND, AMEND("backfill", "'backfill':1,"));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert_int_eq(c->walk.fill.at, 0);
	says(OP_AMEND, AMEND("backfill", "'backfill':0,"));
	ck_assert_int_eq(c->walk.stage, AT_READS);
	ck_assert(c->walk.unfilled);
	says(OP_AMEND, AMEND("backfill", "'backfill':1,"));
	ck_assert_int_eq(c->walk.stage, AT_BACKFILL);
	ck_assert(!c->walk.unfilled);
}
END_TEST

static const char *finding(const char *id, enum verdict v);

START_TEST(complete)
{
	to_backfill();
	additive_plan();
	struct fact_backfill *b = &c->facts.backfill;
	ck_assert_str_eq(finding("B3", NOT_NEEDED), "");
	c->plan.backfill.value = "total * 100";
	finding("B3", UNKNOWN);
	*b = (struct fact_backfill){ .at = c->facts.now, .left = -1 };
	ck_assert_str_eq(finding("B3", REFUSED), "the backfill has not begun with this plan");
	b->begun = true;
	ck_assert_str_eq(finding("B3", REFUSED), "the rows that are left have not been counted");
	b->left = 0;
	ck_assert_str_eq(finding("B3", REFUSED), "the rows that are left have not been counted");
	b->counted_at = c->facts.now;
	b->left = 12000;
	ck_assert_str_eq(finding("B3", REFUSED), "rows without a value: 12 000");
	b->rejects = 3;
	ck_assert_str_eq(finding("B3", REFUSED), "rows that do not convert: 3");
	b->rejects = b->left = 0;
	finding("B3", HOLDS);
	c->facts.now += 5 * US_HOUR;
	b->at = c->facts.now;
	ck_assert_msg(gate_reads_allowed(&c->plan, &c->walk, &c->facts, &c->err), "%s", c->err.msg);
	c->facts.now += 20 * US_HOUR;
	b->at = c->facts.now;
	ck_assert_ptr_nonnull(strstr(finding("B3", UNKNOWN), "the count of rows left"));
	ck_assert(!gate_reads_allowed(&c->plan, &c->walk, &c->facts, &c->err));
	core_good_facts(c);
	ck_assert_msg(gate_fill_allowed(&c->plan, &c->walk, &c->facts, &c->err), "%s", c->err.msg);
	c->facts.others.clear = false;
	ck_assert(!gate_fill_allowed(&c->plan, &c->walk, &c->facts, &c->err));
}
END_TEST

START_TEST(gates)
{
	static const char *const spared[] = { "B1", "B2", "B3", "B4", "B5", "B6", "B8", "C1", "C2", "C5", "C7", "C8", "C9" };
	to_writes();
	additive_plan();
	finding("A1", HOLDS);
	finding("A4", HOLDS);
	finding("A5", HOLDS);
	for (size_t i = 0; i < sizeof spared / sizeof *spared; i++)
		finding(spared[i], NOT_NEEDED);
	ck_assert_str_eq(finding("B7", REFUSED), "nobody has confirmed that writes fill the new column");
	says(OP_CONFIRM, "{'backfill':0,'item':5,'typed':'written'}");
	core_good_facts(c);
	finding("B7", WAITS);
	c->facts.now += 5 * US_HOUR;
	finding("B7", HOLDS);
	ck_assert(gate_reads_allowed(&c->plan, &c->walk, &c->facts, &c->err));
	c->plan.statement = "alter table orders add note int";
	ck_assert_ptr_nonnull(strstr(finding("A4", REFUSED), "it says something else than the target"));
	c->plan.archetype = ARCH_DESTRUCTIVE;
	ck_assert_str_eq(finding("A4", REFUSED), "the walk began as additive, and the plan says destructive");
	c->facts.now = 0;
	finding("C3", NOT_NEEDED + UNKNOWN);
	finding("C9", NOT_NEEDED);
}
END_TEST

START_TEST(friday)
{
	c->walk.env = ENV_PRODUCTION;
	c->walk.archetype = ARCH_ADDITIVE;
	core_good_facts(c);
	c->facts.moment.dow = FRIDAY;
	ck_assert_str_eq(finding("C3", WAITS), "it is Friday there, and nothing is added on a Friday");
}
END_TEST

START_TEST(what_stands_before_a_change)
{
	struct err e = { 0 };
	ck_assert(record_op_intends(OP_CHANGE) && record_op_intends(OP_INTENT) && !record_op_intends(OP_CHANGED));
	to_expand();
	additive_plan();
	ck_assert(!gate_add_allowed(&c->plan, &c->walk, &c->facts, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "A3"));
	ck_assert_msg(gate_take_allowed(&c->plan, &c->walk, &c->facts, &e), "%s", e.msg);
	c->facts.others.clear = false;
	ck_assert(!gate_take_allowed(&c->plan, &c->walk, &c->facts, &e));
	c->facts.others.clear = true;
	c->walk.env = ENV_STAGING;
	ck_assert(core_drill(c, true));
	core_good_facts(c);
	c->facts.target.attnum = 0;
	c->facts.target.n_falls = 0;
	ck_assert_msg(gate_add_allowed(&c->plan, &c->walk, &c->facts, &e), "%s", e.msg);
}
END_TEST

static bool finds(const struct plan *p, const char *what)
{
	struct plan_error *list;
	size_t n = plan_judge(c->a, p, &list);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].what, what) == 0)
			return true;
	return false;
}

START_TEST(judged)
{
	struct plan p = c->plan;
	p.recipe = "add-column";
	p.has_falls = false;
	p.hide = true;
	p.writes_hours = 3;
	p.archetype = ARCH_ADDITIVE;
	ck_assert(finds(&p, "add.type is missing"));
	ck_assert(finds(&p, "document.falls lists something, and nothing falls with a new column"));
	ck_assert(finds(&p, "policy.hide is true, and what is added is not hidden"));
	ck_assert(finds(&p, "policy.writes_hours is 3, below the floor of 4"));
	p.guard = p.slot = true;
	ck_assert(finds(&p, "policy.guard is true, and what is added needs no guard"));
	ck_assert(finds(&p, "policy.slot is true, and nobody has to stop using what is added"));
	ck_assert(!finds(&p, "document.falls is missing"));
	p.add_type = "";
	ck_assert(finds(&p, "add.type is empty"));
	p.add_type = "int;";
	p.add_default = "1)";
	ck_assert(finds(&p, "add.type is \"int;\": it is more than a type"));
	ck_assert(finds(&p, "add.default is \"1)\": a bracket in it closes what it has not opened"));
	p.add_type = "int";
	ck_assert(!finds(&p, "statement is not the one of the target: it says something else than the target and the fields under add"));
	p.add_default = NULL;
	p.add_not_null = true;
	ck_assert(finds(&p, "add.not_null is true, and the rows that stand would have no value"));
	p.add_not_null = false;
	ck_assert(finds(&p, "statement is not the one of the target: it says something else than the target and the fields under add"));
	p.add_default = "0";
	ck_assert(finds(&p, "statement is not the one of the target: it says something else than the target and the fields under add"));
	p.add_default = "1)";
	p.add_not_null = true;
	ck_assert(!finds(&p, "add.not_null is true, and the rows that stand would have no value"));
	ck_assert(!finds(&p, "statement is not the one of the target: it says something else than the target and the fields under add"));
	p.add_default = NULL;
	p.column = NULL;
	ck_assert(finds(&p, "target.column is missing"));
	p = c->plan;
	p.guard = true;
	ck_assert(!finds(&p, "policy.guard is true, and what is added needs no guard"));
	p.marks = arena_array(c->a, 1, sizeof *p.marks);
	p.marks[0].path = "add";
	p.n_marks = 1;
	ck_assert(finds(&p, "add is given, and drop-column adds nothing"));
	p.recipe = "add-column";
	ck_assert(finds(&p, "archetype is destructive, and add-column is additive"));
}
END_TEST

START_TEST(amended)
{
	struct plan now = c->plan;
	const char *why;
	now.add_not_null = true;
	ck_assert_int_eq(plan_compare(c->a, &c->plan, &now, &why), AMEND_NEW_WALK);
	ck_assert_str_eq(why, "add.not_null changed");
	now = c->plan;
	now.writes_hours = 6;
	ck_assert_int_eq(plan_compare(c->a, &c->plan, &now, &why), AMEND_STRICTER);
	ck_assert_str_eq(target_noun((enum target)99), "target");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("added");
	TCase *t = tcase_create("added");
	const TTest *const all[] = { begins, the_whole_way, a_backfill_waits, filled_and_again, late_ends, amended_midway, complete, steps_back, refused_changes, deploys_are_asked_again, gates, friday, what_stands_before_a_change, judged, amended };
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
