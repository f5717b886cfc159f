/* SPDX-License-Identifier: MIT */
#include "tests/lib_test.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "tests/lib_core.h"

static struct core *c;

static void setup(void)
{
	c = core_new(ENV_PRODUCTION);
}

static void teardown(void)
{
	core_free(c);
}

/* The state machine once more, written by the kind of event, as the design tells it. Returns AT_NOWHERE for "no". */
static enum stage expected(enum stage from, enum event ev, unsigned open)
{
	bool a = open & 1, b = open & 2, all = open == 7;
	switch (ev) {
	case EV_BEGIN: return from == AT_NOWHERE ? AT_SNAPSHOT : AT_NOWHERE;
	case EV_PROVEN:
		return from == AT_SNAPSHOT ? AT_ARCHETYPE : from == AT_FINAL || from == AT_GATE_C || from == AT_ARMED ? AT_GATE_C : AT_NOWHERE;
	case EV_CONFIRM:
		return from == AT_ARCHETYPE ? AT_DOCUMENT : from == AT_DOCUMENT ? AT_GATE_A : from == AT_CONSUMERS ? AT_READS :
			from == AT_READS ? AT_UNUSED : AT_NOWHERE;
	case EV_GATE_A: return from == AT_GATE_A && a ? AT_CONSUMERS : AT_NOWHERE;
	case EV_QUIET: return from == AT_UNUSED ? AT_UNUSED : AT_NOWHERE;
	case EV_GATE_B: return from == AT_UNUSED && a && b ? AT_FINAL : AT_NOWHERE;
	case EV_GATE_C: return from == AT_GATE_C && all ? AT_ARMED : AT_NOWHERE;
	case EV_INTENT: return from == AT_ARMED && all ? AT_DROPPING : AT_NOWHERE;
	case EV_DROPPED: return from == AT_DROPPING ? AT_MONITOR : AT_NOWHERE;
	case EV_NOT_DROPPED: return from == AT_DROPPING ? AT_GATE_C : AT_NOWHERE;
	case EV_WATCHED: return from == AT_MONITOR ? AT_LOG : AT_NOWHERE;
	case EV_CLOSE: return from == AT_LOG ? AT_CLOSED : AT_NOWHERE;
	case EV_BACK: return from >= AT_ARCHETYPE && from <= AT_ARMED ? (enum stage)(from - 1) : AT_NOWHERE;
	case EV_LEAVE: return from >= AT_SNAPSHOT && from <= AT_ARMED ? AT_LEFT : AT_NOWHERE;
	case EV_REOPEN_GATES: return from == AT_FINAL || from == AT_GATE_C || from == AT_ARMED ? AT_UNUSED : AT_NOWHERE;
	case EV_RECOUNT:
		return from == AT_NOWHERE ? AT_NOWHERE : from >= AT_FINAL && from <= AT_DROPPING ? AT_UNUSED : from == AT_LOG ? AT_MONITOR : from;
	case EV_DROP_LOST: return from == AT_MONITOR || from == AT_LOG ? AT_UNUSED : from == AT_CLOSED ? AT_CLOSED : AT_NOWHERE;
	case EV_RESTART: return from >= AT_SNAPSHOT && from <= AT_DROPPING ? AT_SNAPSHOT : AT_NOWHERE;
	case EVENT_COUNT: break;
	}
	return AT_NOWHERE;
}

START_TEST(every_state_event_and_gates)
{
	int drops = 0, moves = 0;
	for (int from = -1; from <= STAGE_COUNT; from++)
		for (int ev = -1; ev <= EVENT_COUNT; ev++)
			for (unsigned open = 0; open < 8; open++) {
				struct move m = { STAGE_COUNT, EFFECT_DROP };
				bool known = from >= 0 && from < STAGE_COUNT && ev >= 0 && ev < EVENT_COUNT;
				enum stage want = known ? expected((enum stage)from, (enum event)ev, open) : AT_NOWHERE;
				bool moved = walk_move((enum stage)from, (enum event)ev, open, &m);
				ck_assert_msg(moved == (want != AT_NOWHERE), "%d x %d x %u", from, ev, open);
				if (!moved)
					continue;
				moves++;
				ck_assert_msg(m.to == want, "%d x %d x %u goes to %s", from, ev, open, stage_name(m.to));
				bool drop = from == AT_ARMED && ev == EV_INTENT && open == GATES_ALL;
				ck_assert_msg((m.effect == EFFECT_DROP) == drop, "%d x %d x %u: effect", from, ev, open);
				drops += m.effect == EFFECT_DROP;
			}
	ck_assert_int_eq(drops, 1);
	ck_assert_int_gt(moves, 100);
}
END_TEST

START_TEST(needs_are_told)
{
	ck_assert_uint_eq(walk_move_needs(AT_ARMED, EV_INTENT), GATES_ALL);
	ck_assert_uint_eq(walk_move_needs(AT_UNUSED, EV_GATE_B), GATE_A | GATE_B);
	ck_assert_uint_eq(walk_move_needs(AT_SNAPSHOT, EV_PROVEN), 0);
	ck_assert_uint_eq(walk_move_needs(AT_SNAPSHOT, EV_INTENT), GATES_ALL + 1);
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(item_name(ITEM_SNAPSHOT), "snapshot");
	ck_assert_str_eq(item_name(ITEM_UNUSED), "nobody uses it");
	ck_assert_str_eq(item_name(ITEM_LOG), "schema log");
	ck_assert_str_eq(item_name((enum item)99), "");
	ck_assert_str_eq(stage_name(AT_GATE_C), "gate C");
	ck_assert_str_eq(stage_name(STAGE_COUNT), "");
	ck_assert_int_eq(stage_item(AT_ARMED), ITEM_DROP);
	ck_assert_int_eq(stage_item(STAGE_COUNT), ITEM_NONE);
	ck_assert_int_eq(gate_letter(GATE_A), 'A');
	ck_assert_int_eq(gate_letter(GATE_B), 'B');
	ck_assert_int_eq(gate_letter(GATE_C), 'C');
	ck_assert_str_eq(gate_question(GATE_A), "can we get it back?");
	ck_assert_str_eq(gate_question(GATE_B), "does anybody miss it?");
	ck_assert_str_eq(gate_question(GATE_C), "is now the moment?");
	ck_assert_str_eq(mood_word(MOOD_WAITING), "waiting");
	ck_assert_str_eq(mood_word((enum mood)99), "");
}
END_TEST

START_TEST(a_watch_that_has_not_begun_has_no_end)
{
	ck_assert_int_eq(walk_watch_end(&c->walk, &c->plan), 0);
	core_walk_to(c, AT_MONITOR);
	ck_assert_int_eq(walk_watch_end(&c->walk, &c->plan), c->walk.dropped_at + 2 * c->walk.day_us);
}
END_TEST

START_TEST(any_prefix_folds)
{
	core_walk_to(c, AT_CLOSED);
	for (int64_t len = 0; len <= c->walk.n; len++) {
		struct walk w;
		walk_init(&w, c->a);
		for (int64_t i = 0; i < len; i++)
			ck_assert_msg(walk_fold(&w, &c->records[i], &c->err), "%s", c->err.msg);
		ck_assert_int_eq(w.n, len);
		bool outcome = len > 0 && w.outcome_known;
		ck_assert_int_eq(w.dropped, outcome);
	}
}
END_TEST

#define LINES 128

/* What a reader sees of a shuffled log: which lines were taken in, and whether each drop had its steps before it. */
struct seen { bool gate[3], final, intent, outcome; };

static void note(struct seen *s, const struct record *r, const struct walk *w)
{
	const char *gate = json_str(r->b, "gate"), *role = json_str(r->b, "role");
	if (r->op == OP_GATE)
		s->gate[*gate - 'A'] = true;
	if (r->op == OP_EVIDENCE && role && strcmp(role, "final") == 0 && w->final.equal)
		s->final = true;
	if (r->op == OP_INTENT) {
		ck_assert_msg(s->gate[0] && s->gate[1] && s->gate[2] && s->final, "an intent before its gates and snapshot");
		s->intent = true;
	}
	if (r->op == OP_OUTCOME) {
		ck_assert_msg(s->intent, "an outcome before its intent");
		s->outcome = true;
	}
	ck_assert(!w->dropped || s->outcome);
}

static void shuffle(size_t order[LINES], size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (int k = rand() % 4; k >= 0; k--) {
		size_t x = (size_t)rand() % n, y = (size_t)rand() % n, keep = order[x];
		order[x] = order[y];
		order[y] = keep;
	}
}

/* Lines in another order, renumbered so that only their meaning can betray them, read on even after a refusal. */
START_TEST(no_order_drops_without_its_steps)
{
	size_t order[LINES], drops = 0, refusals = 0;
	core_walk_to(c, AT_CLOSED);
	size_t n = (size_t)c->walk.n;
	srand(4711);
	for (int round = 0; round < 4000; round++) {
		struct seen s = { .intent = false };
		struct walk w;
		walk_init(&w, c->a);
		shuffle(order, n);
		for (size_t i = 0; i < n; i++) {
			struct record r = c->records[order[i]];
			r.n = w.n;
			r.t = CORE_BEGUN + (int64_t)i * US_MINUTE;
			if (walk_fold(&w, &r, NULL))
				note(&s, &r, &w);
			else
				refusals++;
		}
		drops += w.dropped;
	}
	ck_assert_int_gt((int)drops, 0);
	ck_assert_int_gt((int)refusals, 1000);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("walk");
	TCase *t = tcase_create("walk");
	const TTest *const all[] = {
		every_state_event_and_gates, needs_are_told, names, a_watch_that_has_not_begun_has_no_end, any_prefix_folds, no_order_drops_without_its_steps,
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
