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
static enum stage destroys(enum stage from, enum event ev, unsigned open)
{
	static const enum stage way[] = { AT_SNAPSHOT, AT_ARCHETYPE, AT_DOCUMENT, AT_GATE_A, AT_CONSUMERS, AT_READS, AT_UNUSED, AT_FINAL, AT_GATE_C, AT_ARMED };
	bool a = open & 1, b = open & 2, all = open == 7;
	size_t at = 0;
	while (at < sizeof way / sizeof *way && way[at] != from)
		at++;
	bool on = at < sizeof way / sizeof *way, over = from == AT_MONITOR || from == AT_LOG || from == AT_CLOSED || from == AT_LEFT;
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
	case EV_BACK: return on && at > 0 ? way[at - 1] : AT_NOWHERE;
	case EV_LEAVE: return on ? AT_LEFT : AT_NOWHERE;
	case EV_REOPEN_GATES: return from == AT_FINAL || from == AT_GATE_C || from == AT_ARMED ? AT_UNUSED : AT_NOWHERE;
	case EV_RECOUNT:
		return from >= AT_FINAL && from <= AT_DROPPING ? AT_UNUSED : from == AT_LOG ? AT_MONITOR : on || over ? from : AT_NOWHERE;
	case EV_DROP_LOST: return from == AT_MONITOR || from == AT_LOG ? AT_UNUSED : from == AT_CLOSED ? AT_CLOSED : AT_NOWHERE;
	case EV_RESTART: return on || from == AT_DROPPING ? AT_SNAPSHOT : AT_NOWHERE;
	default: return AT_NOWHERE;
	}
}

/* The same of a new column: the gates B and C and the drop are not for it. */
static enum stage adds(enum stage from, enum event ev, unsigned open)
{
	static const enum stage way[] = { AT_SNAPSHOT, AT_ARCHETYPE, AT_DOCUMENT, AT_GATE_A, AT_EXPAND, AT_WRITES, AT_BACKFILL, AT_READS, AT_MONITOR };
	bool a = open & 1;
	size_t at = 0;
	while (at < sizeof way / sizeof *way && way[at] != from)
		at++;
	bool on = at < sizeof way / sizeof *way;
	switch (ev) {
	case EV_BEGIN: return from == AT_NOWHERE ? AT_SNAPSHOT : AT_NOWHERE;
	case EV_PROVEN: return from == AT_SNAPSHOT ? AT_ARCHETYPE : AT_NOWHERE;
	case EV_CONFIRM: return from == AT_ARCHETYPE || from == AT_DOCUMENT || from == AT_WRITES || from == AT_READS ? way[at + 1] : AT_NOWHERE;
	case EV_GATE_A: return from == AT_GATE_A && a ? AT_EXPAND : AT_NOWHERE;
	case EV_ADD: return from == AT_EXPAND && a ? AT_CHANGING : AT_NOWHERE;
	case EV_TAKE: return from == AT_WRITES ? AT_CHANGING : AT_NOWHERE;
	case EV_ADDED: case EV_NOT_TAKEN: return from == AT_CHANGING ? AT_WRITES : AT_NOWHERE;
	case EV_TAKEN: case EV_NOT_ADDED: return from == AT_CHANGING ? AT_EXPAND : AT_NOWHERE;
	case EV_HOLD: return from == AT_READS && a ? AT_CHANGING : AT_NOWHERE;
	case EV_HELD: case EV_NOT_HELD: return from == AT_CHANGING ? AT_READS : AT_NOWHERE;
	case EV_FILLED: return from == AT_BACKFILL ? AT_READS : AT_NOWHERE;
	case EV_REFILL: return from == AT_BACKFILL || from == AT_READS || from == AT_MONITOR ? AT_BACKFILL : AT_NOWHERE;
	case EV_WATCHED: return from == AT_MONITOR ? AT_LOG : AT_NOWHERE;
	case EV_CLOSE: return from == AT_LOG ? AT_CLOSED : AT_NOWHERE;
	case EV_BACK: return on && at > 0 && from != AT_WRITES ? way[at - 1] : AT_NOWHERE;
	case EV_LEAVE: return on ? AT_LEFT : AT_NOWHERE;
	case EV_RECOUNT: return from == AT_READS ? AT_BACKFILL : from == AT_LOG ? AT_MONITOR : on || from == AT_CLOSED || from == AT_LEFT ? from : AT_NOWHERE;
	case EV_ADD_LOST: return from == AT_CLOSED || from == AT_LEFT ? from : (on && at >= 5) || from == AT_LOG ? AT_EXPAND : AT_NOWHERE;
	case EV_RESTART: return on && at <= 4 ? AT_SNAPSHOT : AT_NOWHERE;
	default: return AT_NOWHERE;
	}
}

/* Two columns side by side: a change is asked for at one stage, is open at the next, and comes to one of two ends. */
static const struct change_way { enum event ev; enum stage from, open, done, not_done; bool gate_a; enum effect effect; } changes[] = {
	{ EV_ADD, AT_EXPAND, AT_CHANGING, AT_WRITES, AT_EXPAND, true, EFFECT_ADD }, { EV_TAKE, AT_WRITES, AT_CHANGING, AT_EXPAND, AT_WRITES, false, EFFECT_TAKE },
	{ EV_DUAL, AT_WRITES, AT_CHANGING, AT_BACKFILL, AT_WRITES, true, EFFECT_DUAL }, { EV_UNDUAL, AT_BACKFILL, AT_CHANGING, AT_WRITES, AT_BACKFILL, false, EFFECT_UNDUAL },
	{ EV_RELAX, AT_RELAX, AT_ENDING, AT_PARITY, AT_RELAX, true, EFFECT_RELAX }, { EV_TIGHTEN, AT_PARITY, AT_ENDING, AT_RELAX, AT_PARITY, false, EFFECT_TIGHTEN },
	{ EV_TIGHTEN, AT_BACKFILL, AT_CHANGING, AT_BACKFILL, AT_BACKFILL, false, EFFECT_TIGHTEN }, { EV_END, AT_PARITY, AT_ENDING, AT_UNUSED, AT_PARITY, true, EFFECT_END },
	{ EV_AGAIN, AT_UNUSED, AT_ENDING, AT_PARITY, AT_UNUSED, false, EFFECT_AGAIN },
};
#define CHANGES (sizeof changes / sizeof *changes)

/* What a change's events lead to; AT_NOWHERE for every other. An event is followed by its two ends, but for these two, which stand apart. */
static enum stage changed(enum stage from, enum event ev, unsigned open)
{
	for (size_t i = 0; i < CHANGES; i++) {
		const struct change_way *c1 = &changes[i];
		enum event done = (enum event)(c1->ev + 1), not_done = (enum event)(c1->ev + 2);
		if (ev == c1->ev && from == c1->from)
			return !c1->gate_a || (open & 1) ? c1->open : AT_NOWHERE;
		if (from == c1->open && (ev == done || ev == not_done))
			return ev == done ? c1->done : c1->not_done;
	}
	return AT_NOWHERE;
}

static enum stage beside(bool rename, enum stage from, enum event ev, unsigned open)
{
	static const enum stage way[] = { AT_SNAPSHOT, AT_ARCHETYPE, AT_DOCUMENT, AT_GATE_A, AT_CONSUMERS, AT_EXPAND, AT_WRITES, AT_BACKFILL, AT_WINDOW, AT_COPY, AT_READS,
		AT_RELAX, AT_PARITY, AT_UNUSED, AT_FINAL, AT_GATE_C, AT_ARMED };
	bool all = open == 7, over = from == AT_MONITOR || from == AT_LOG || from == AT_CLOSED || from == AT_LEFT;
	size_t at = 0;
	while (at < sizeof way / sizeof *way && way[at] != from)
		at++;
	bool on = at < sizeof way / sizeof *way && (rename || from != AT_COPY);
	enum stage change = changed(from, ev, open), next = on && from != AT_ARMED ? way[at + 1] : AT_NOWHERE, last = on && at > 0 ? way[at - 1] : AT_NOWHERE;
	next = next == AT_COPY && !rename ? AT_READS : next;
	last = last == AT_COPY && !rename ? AT_WINDOW : last;
	if (change != AT_NOWHERE)
		return change;
	switch (ev) {
	case EV_BEGIN: return from == AT_NOWHERE ? AT_SNAPSHOT : AT_NOWHERE;
	case EV_PROVEN: return from == AT_SNAPSHOT || (on && from == AT_COPY) ? next : from == AT_FINAL || from == AT_GATE_C || from == AT_ARMED ? AT_GATE_C : AT_NOWHERE;
	case EV_CONFIRM:
		return from == AT_ARCHETYPE || from == AT_DOCUMENT || from == AT_CONSUMERS || from == AT_WRITES || from == AT_WINDOW || from == AT_READS || from == AT_RELAX ? next : AT_NOWHERE;
	case EV_GATE_A: return from == AT_GATE_A && (open & 1) ? next : AT_NOWHERE;
	case EV_FILLED: return from == AT_BACKFILL ? next : AT_NOWHERE;
	case EV_REFILL: return on && from >= AT_BACKFILL && from <= AT_PARITY ? AT_BACKFILL : AT_NOWHERE;
	case EV_QUIET: return from == AT_PARITY && (open & 1) ? next : from == AT_UNUSED ? from : AT_NOWHERE;
	case EV_GATE_B: return from == AT_UNUSED && (open & 3) == 3 ? next : AT_NOWHERE;
	case EV_GATE_C: return from == AT_GATE_C && all ? next : AT_NOWHERE;
	case EV_INTENT: return from == AT_ARMED && all ? AT_DROPPING : AT_NOWHERE;
	case EV_DROPPED: return from == AT_DROPPING ? AT_MONITOR : AT_NOWHERE;
	case EV_NOT_DROPPED: return from == AT_DROPPING ? AT_GATE_C : AT_NOWHERE;
	case EV_WATCHED: return from == AT_MONITOR ? AT_LOG : AT_NOWHERE;
	case EV_CLOSE: return from == AT_LOG ? AT_CLOSED : AT_NOWHERE;
	case EV_BACK: return from == AT_WRITES ? AT_NOWHERE : last;
	case EV_LEAVE: return on ? AT_LEFT : AT_NOWHERE;
	case EV_REOPEN_GATES: return from == AT_FINAL || from == AT_GATE_C || from == AT_ARMED ? AT_UNUSED : AT_NOWHERE;
	case EV_RECOUNT:
		return from == AT_LOG ? AT_MONITOR : over ? from : from >= AT_UNUSED && from <= AT_DROPPING ? AT_UNUSED : on && from >= AT_BACKFILL ? AT_BACKFILL : on ? from : AT_NOWHERE;
	case EV_DROP_LOST: return from == AT_MONITOR || from == AT_LOG ? AT_UNUSED : from == AT_CLOSED ? AT_CLOSED : AT_NOWHERE;
	case EV_RESTART: return on && from <= AT_EXPAND ? AT_SNAPSHOT : AT_NOWHERE;
	default: return AT_NOWHERE;
	}
}

static enum stage expected(int arch, enum stage from, enum event ev, unsigned open)
{
	if (arch == ARCH_RENAME || arch == ARCH_TYPE)
		return beside(arch == ARCH_RENAME, from, ev, open);
	return arch == ARCH_DESTRUCTIVE ? destroys(from, ev, open) : arch == ARCH_ADDITIVE ? adds(from, ev, open) : AT_NOWHERE;
}

START_TEST(every_state_event_and_gates)
{
	int effects[EFFECT_HOLD + 1] = { 0 }, moves = 0;
	for (int arch = -1; arch <= ARCH_DESTRUCTIVE + 1; arch++)
		for (int from = -1; from <= STAGE_COUNT; from++)
			for (int ev = -1; ev <= EVENT_COUNT; ev++)
				for (unsigned open = 0; open < 8; open++) {
					struct move m = { STAGE_COUNT, EFFECT_DROP };
					bool known = from >= 0 && from < STAGE_COUNT && ev >= 0 && ev < EVENT_COUNT;
					enum stage want = known ? expected(arch, (enum stage)from, (enum event)ev, open) : AT_NOWHERE;
					bool moved = walk_move((enum archetype)arch, (enum stage)from, (enum event)ev, open, &m);
					ck_assert_msg(moved == (want != AT_NOWHERE), "%d: %d x %d x %u", arch, from, ev, open);
					if (!moved)
						continue;
					moves++;
					ck_assert_msg(m.to == want, "%d: %d x %d x %u goes to %s", arch, from, ev, open, stage_name(m.to));
					enum effect effect = ev == EV_INTENT ? EFFECT_DROP : ev == EV_HOLD ? EFFECT_HOLD : EFFECT_NONE;
					for (size_t i = 0; i < CHANGES; i++)
						effect = changes[i].ev == (enum event)ev ? changes[i].effect : effect;
					ck_assert_msg(m.effect == effect, "%d: %d x %d x %u: effect", arch, from, ev, open);
					effects[m.effect]++;
				}
	ck_assert_int_eq(effects[EFFECT_DROP], 3);   /* of each archetype that drops: with every gate open, and no other way */
	ck_assert_int_eq(effects[EFFECT_ADD], 12);   /* with gate A, whatever B and C say */
	ck_assert_int_eq(effects[EFFECT_TAKE], 24);
	ck_assert_int_eq(effects[EFFECT_DUAL], 8);
	ck_assert_int_eq(effects[EFFECT_RELAX], 8);
	ck_assert_int_eq(effects[EFFECT_END], 8);
	ck_assert_int_eq(effects[EFFECT_UNDUAL], 16);
	ck_assert_int_eq(effects[EFFECT_AGAIN], 16);
	ck_assert_int_eq(effects[EFFECT_TIGHTEN], 32);
	ck_assert_int_eq(effects[EFFECT_HOLD], 4);
	ck_assert_int_gt(moves, 1500);
}
END_TEST

START_TEST(needs_are_told)
{
	ck_assert_uint_eq(walk_move_needs(ARCH_DESTRUCTIVE, AT_ARMED, EV_INTENT), GATES_ALL);
	ck_assert_uint_eq(walk_move_needs(ARCH_DESTRUCTIVE, AT_UNUSED, EV_GATE_B), GATE_A | GATE_B);
	ck_assert_uint_eq(walk_move_needs(ARCH_DESTRUCTIVE, AT_SNAPSHOT, EV_PROVEN), 0);
	ck_assert_uint_eq(walk_move_needs(ARCH_DESTRUCTIVE, AT_SNAPSHOT, EV_INTENT), GATES_ALL + 1);
	ck_assert_uint_eq(walk_move_needs(ARCH_ADDITIVE, AT_EXPAND, EV_ADD), GATE_A);
	ck_assert_uint_eq(walk_move_needs(ARCH_ADDITIVE, AT_ARMED, EV_INTENT), GATES_ALL + 1);
	ck_assert_uint_eq(walk_move_needs(ARCH_NONE, AT_NOWHERE, EV_BEGIN), GATES_ALL + 1);
}
END_TEST

/* design.md, section 1: the table of items. */
START_TEST(items_and_gates_of_each_archetype)
{
	static const char destructive[] = "xxxx---xxxxxx", additive[] = "xxx-xx-x---xx";
	for (int i = 1; i <= ITEM_COUNT; i++)
		ck_assert_msg(walk_has_item(ARCH_RENAME, (enum item)i) && walk_has_item(ARCH_TYPE, (enum item)i), "%d", i);
	for (int i = 1; i <= ITEM_COUNT; i++) {
		ck_assert_msg(walk_has_item(ARCH_DESTRUCTIVE, (enum item)i) == (destructive[i - 1] == 'x'), "destructive: %d", i);
		ck_assert_msg(walk_has_item(ARCH_ADDITIVE, (enum item)i) == (additive[i - 1] == 'x'), "additive: %d", i);
	}
	for (unsigned g = GATE_A; g <= GATE_C; g <<= 1) {
		ck_assert(walk_has_gate(ARCH_DESTRUCTIVE, (enum gate)g));
		ck_assert(walk_has_gate(ARCH_RENAME, (enum gate)g) && walk_has_gate(ARCH_TYPE, (enum gate)g));
		ck_assert_int_eq(walk_has_gate(ARCH_ADDITIVE, (enum gate)g), g == GATE_A);
	}
	for (int s = AT_SNAPSHOT; s < STAGE_COUNT; s++)
		ck_assert_int_eq(stage_parse(stage_name((enum stage)s)), s);
	ck_assert_int_eq(stage_parse("no such stage"), AT_NOWHERE);
	ck_assert_int_eq(stage_parse(NULL), AT_NOWHERE);
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
		every_state_event_and_gates, needs_are_told, items_and_gates_of_each_archetype, names, a_watch_that_has_not_begun_has_no_end, any_prefix_folds, no_order_drops_without_its_steps,
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
