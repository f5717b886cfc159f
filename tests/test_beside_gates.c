/* SPDX-License-Identifier: MIT */
/* Two columns side by side: what the gates ask, condition by condition. */
#include "tests/lib_beside.h"

static const struct finding *judged(const char *id)
{
	static struct finding all[CONDITION_COUNT];
	gate_judge_all(&c->plan, &c->walk, &c->facts, all);
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(all[i].id, id) == 0)
			return &all[i];
	ck_abort_msg("no condition %s", id);
}

static const char *finding(const char *id, enum verdict v)
{
	const struct finding *f = judged(id);
	ck_assert_msg(f->verdict == v, "%s: %d, %s", id, (int)f->verdict, f->because);
	return f->because;
}

/* design.md: every condition stands here; which are not asked for depends on the environment and the plan alone. */
START_TEST(every_condition_is_asked)
{
	static const char *const archs[] = { "rename", "type change" };
	beside_start(archs[_i], AT_UNUSED, true);
	beside_good();
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = judged(condition_id(i));
		bool spared = strcmp(f->id, "A7") == 0 || strcmp(f->id, "B8") == 0 || strcmp(f->id, "C3") == 0;
		ck_assert_msg((f->verdict == NOT_NEEDED) == spared, "%s: %s", f->id, f->now);
	}
	ck_assert_str_eq(finding("B4", HOLDS), "");
	ck_assert_str_eq(judged("B4")->now, "61 204 118 rows, 0 differ");
	finding("B3", HOLDS);
	finding("B7", HOLDS);
	finding("B5", WAITS);
	finding("B6", HOLDS);
	c->t += archetype_unused_floor(c->walk.archetype) * US_DAY;
	beside_good();
	finding("B5", HOLDS);
}
END_TEST

START_TEST(archetype)
{
	beside_start("rename", AT_UNUSED, true);
	beside_good();
	finding("A4", HOLDS);
	c->plan.statement = "alter table orders rename legacy_total to cents";
	finding("A4", HOLDS);
	c->plan.statement = "alter table orders drop legacy_total";
	ck_assert_str_eq(finding("A4", REFUSED), "the plan's statement is not the one gatewalk writes: it says something else than the target and add.column");
	c->plan.recipe = "drop-column";
	ck_assert_str_eq(finding("A4", REFUSED), "the walk began as rename, and the plan says rename");
	c->plan.archetype = ARCH_DESTRUCTIVE;
	ck_assert_str_eq(finding("A4", REFUSED), "the walk began as rename, and the plan says destructive");
}
END_TEST

START_TEST(a_backfill_pauses)
{
	beside_start("type change", AT_GATE_A, true);
	beside_good();
	finding("A5", HOLDS);
	c->plan.backfill.n_pauses = 0;
	ck_assert_str_eq(finding("A5", REFUSED), "the backfill has no condition under which it pauses");
	ck_assert_str_eq(judged("A5")->passes, "backfill.pause names at least one");
}
END_TEST

START_TEST(old_and_new_agree)
{
	beside_start("rename", AT_READS, true);
	beside_good();
	struct fact_parity *p = &c->facts.parity;
	finding("B4", HOLDS);
	p->at = 0;
	ck_assert_str_eq(finding("B4", UNKNOWN), "nobody has looked at old and new yet");
	p->at = c->t;
	p->round = 0;
	ck_assert_str_eq(finding("B4", REFUSED), "no pass over all rows has come to its end");
	p->round = 1;
	p->mismatches = 1200;
	ck_assert_str_eq(finding("B4", REFUSED), "1 200 of 61 204 118 rows differ; the first: not known");
	p->first = "id 7";
	ck_assert_str_eq(finding("B4", REFUSED), "1 200 of 61 204 118 rows differ; the first: id 7");
	p->mismatches = 0;
	p->began = c->walk.window_from - 1;
	ck_assert_str_eq(finding("B4", REFUSED), "the last pass began before the backfill was verified");
	p->began = c->walk.confirmed[ITEM_DUAL_WRITE] - 1;
	finding("B4", REFUSED);
	p->began = c->walk.window_from;
	finding("B4", HOLDS);
	p->covers = c->t - US_HOUR;
	ck_assert_ptr_nonnull(strstr(finding("B4", REFUSED), "when both columns were still written"));
	p->covers = 0;
	p->ended = c->t - US_DAY - 1;
	ck_assert_ptr_nonnull(strstr(finding("B4", UNKNOWN), "the look at every row of old and new is 1 d"));
	p->at = c->t - US_DAY - 1;
	ck_assert_ptr_nonnull(strstr(finding("B4", UNKNOWN), "the look at old and new is 1 d"));
}
END_TEST

/* As long as it is to write both: neither B4 nor item 7 goes by a trigger that somebody switched off, or that nobody has looked at. */
START_TEST(the_trigger_stands)
{
	static const char *const off = "the trigger that writes both columns: it is switched off";
	struct err e = { 0 };
	struct fact_trigger *t = &c->facts.trigger;
	beside_start("rename", AT_PARITY, true);
	beside_good();
	finding("B4", HOLDS);
	*t = (struct fact_trigger){ .at = c->t, .why = "it is switched off" };
	ck_assert_str_eq(finding("B4", REFUSED), off);
	ck_assert_str_eq(judged("B4")->now, "the trigger does not stand");
	ck_assert(!gate_alter_allowed(&c->plan, &c->walk, &c->facts, CHANGE_END, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, off));
	err_clear(&e);
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, off));
	*t = (struct fact_trigger){ 0 };
	ck_assert_str_eq(finding("B4", UNKNOWN), "nobody has looked at the trigger that writes both columns yet");
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
}
END_TEST

/* Dual write has ended; or none was ever there. */
START_TEST(no_trigger_is_to_stand)
{
	beside_start("rename", _i ? AT_PARITY : AT_UNUSED, !_i);
	beside_good();
	c->facts.trigger = (struct fact_trigger){ 0 };
	finding("B4", HOLDS);
}
END_TEST

START_TEST(what_is_written_after_the_end)
{
	beside_start("rename", AT_UNUSED, true);
	beside_good();
	finding("B4", HOLDS);
	c->facts.parity.covers = c->walk.ended_at - 1;
	finding("B4", REFUSED);
	c->facts.parity.covers = c->walk.ended_at + 1;
	finding("B4", HOLDS);
}
END_TEST

START_TEST(item_seven)
{
	struct err e = { 0 };
	beside_start("rename", AT_BACKFILL, true);
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "the backfill has not been verified yet");
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
	ck_assert_str_eq(e.msg, "gate B is shut: B5, the wait has passed: the backfill has not been verified yet");
	beside_to(AT_WINDOW, true);
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "nobody has said that web reads the new column first, with the old one as fallback");
	BESIDE_MUST(core_fold(c, OP_DECLARE, "{'key':'web','value':'1.21','what':'reads_both'}"));
	ck_assert_str_eq(finding("B5", REFUSED), "nobody has said that workers reads the new column first, with the old one as fallback");
	BESIDE_MUST(beside_said("reads_both"));
	int64_t from = c->t - US_MINUTE;
	c->t = from + 2 * US_DAY;
	beside_good();
	ck_assert_msg(strstr(finding("B5", WAITS), "both columns have been written for 2 d 00 h of 7 d 00 h, since ") != NULL, "%s", finding("B5", WAITS));
	ck_assert_int_eq(judged("B5")->at, from + 7 * US_DAY);
	err_clear(&e);
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
	ck_assert_int_eq(e.code, ERR_WAIT);
	c->t = from + 7 * US_DAY;
	beside_good();
	ck_assert(gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
	c->facts.now = c->walk.last_t - 1;
	err_clear(&e);
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "the server's time is not known, or went back"));
	c->facts.now = 0;
	ck_assert(!gate_window_allowed(&c->plan, &c->walk, &c->facts, NULL));
}
END_TEST

START_TEST(dual_write_first)
{
	beside_start("type change", AT_WRITES, true);
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "writes do not go to both columns yet");
	ck_assert_str_eq(finding("B7", REFUSED), "nobody has confirmed that writes fill the new column");
}
END_TEST

START_TEST(waits_of_both_items)
{
	beside_start("type change", AT_PARITY, true);
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "nobody has said that web writes the new column alone");
	BESIDE_MUST(beside_said("writes_new"));
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "the count has not begun");
	beside_to(AT_UNUSED, true);
	c->t += 14 * US_DAY;
	beside_good();
	finding("B5", HOLDS);
	c->plan.window_days = 30;
	ck_assert_ptr_nonnull(strstr(finding("B5", REFUSED), "before reads moved, and the plan asks for 30 d"));
	c->walk.env = ENV_DEVELOPMENT;
	finding("B5", NOT_NEEDED);
}
END_TEST

START_TEST(reads_are_asked_for)
{
	beside_start("rename", AT_READS, true);
	beside_good();
	ck_assert_str_eq(finding("B5", REFUSED), "nobody has said when the last old instance of web ended");
}
END_TEST

START_TEST(the_old_one_is_relaxed)
{
	static const char *keys[] = { "orders_total_fkey" };
	beside_start("rename", AT_UNUSED, true);
	beside_good();
	BESIDE_MUST(core_fold(c, OP_CLEAR, "{'consumer':'standby db3','reason':'asked','survives':0}"));
	beside_good();
	finding("B2", HOLDS);
	c->facts.target.foreign = keys;
	c->facts.target.n_foreign = 1;
	ck_assert_str_eq(finding("B2", REFUSED), "the column still has a foreign key");
}
END_TEST

START_TEST(fridays)
{
	beside_start("rename", AT_RELAX, true);
	beside_good();
	c->walk.env = ENV_PRODUCTION;
	c->facts.moment.dow = FRIDAY;
	ck_assert_str_eq(finding("C3", WAITS), "it is Friday there, and no table is changed on a Friday");
	c->walk.stage = AT_GATE_C;
	ck_assert_str_eq(finding("C3", WAITS), "it is Friday there, and nothing is dropped on a Friday");
}
END_TEST

/* id NULL: it is allowed. */
static void first_shut(enum change ch, const char *id)
{
	struct err e = { 0 };
	bool ok = gate_alter_allowed(&c->plan, &c->walk, &c->facts, ch, &e);
	ck_assert_msg(ok == !id, "%s: %s", change_name(ch), e.msg);
	ck_assert_msg(!id || strstr(e.msg, id), "%s: %s", change_name(ch), e.msg);
}

START_TEST(before_each_change)
{
	beside_start("type change", AT_PARITY, true);
	beside_good();
	for (enum change ch = CHANGE_ADD; ch <= CHANGE_AGAIN; ch++)
		first_shut(ch, NULL);
	first_shut(CHANGE_NONE, "no change is asked for");
	c->facts.parity.mismatches = 1;
	first_shut(CHANGE_RELAX, "B4");
	first_shut(CHANGE_END, "B4");
	for (enum change ch = CHANGE_ADD; ch <= CHANGE_AGAIN; ch++)
		if (ch != CHANGE_RELAX && ch != CHANGE_END)
			first_shut(ch, NULL);
	beside_good();
	c->facts.backfill.rejects = 1;
	first_shut(CHANGE_END, "B3");
	first_shut(CHANGE_RELAX, NULL);
	beside_good();
	c->facts.others.clear = false;
	for (enum change ch = CHANGE_ADD; ch <= CHANGE_AGAIN; ch++)
		first_shut(ch, "A6");
	beside_good();
	c->walk.env = ENV_PRODUCTION;
	beside_good();
	c->facts.moment.in_window = false;
	for (enum change ch = CHANGE_TAKE; ch <= CHANGE_AGAIN; ch++)
		first_shut(ch, ch == CHANGE_DUAL ? "A7" : ch == CHANGE_RELAX ? "C3" : NULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside_gates");
	TCase *t = tcase_create("beside_gates");
	const TTest *const all[] = {
		archetype, a_backfill_pauses, old_and_new_agree, the_trigger_stands, what_is_written_after_the_end, item_seven, dual_write_first, waits_of_both_items, reads_are_asked_for, the_old_one_is_relaxed,
		fridays, before_each_change,
	};
	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		tcase_add_test(t, all[i]);
	tcase_add_loop_test(t, no_trigger_is_to_stand, 0, 2);
	tcase_add_loop_test(t, every_condition_is_asked, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
