/* SPDX-License-Identifier: MIT */
/* Two columns side by side: whatever way a walk takes, it does not come to the drop past a gate, a wait or a pass over all rows. */
#include <stdlib.h>

#include "tests/lib_beside.h"

static const enum archetype archs[] = { ARCH_RENAME, ARCH_TYPE };

/* A move that is taken out of the table: an event, at one stage or (AT_NOWHERE) at every one. */
struct without { enum event ev; enum stage at; };

static const enum event asked[] = { EV_ADD, EV_TAKE, EV_DUAL, EV_UNDUAL, EV_RELAX, EV_TIGHTEN, EV_END, EV_AGAIN };
#define ASKED (sizeof asked / sizeof *asked)

/* May the event come while this change is open (ASKED: none)? Only its own two ends; each stands behind what asks for it. */
static bool fits_open(size_t change, enum event ev, size_t *now_open)
{
	*now_open = ASKED;
	for (size_t i = 0; i < ASKED; i++) {
		if (ev == asked[i])
			*now_open = i;
		if (ev == (enum event)(asked[i] + 1) || ev == (enum event)(asked[i] + 2))
			return change == i;
	}
	return change == ASKED;
}

static bool is_out(const struct without *out, size_t n, enum event ev, enum stage at)
{
	for (size_t i = 0; i < n; i++)
		if (out[i].ev == ev && (out[i].at == AT_NOWHERE || out[i].at == at))
			return true;
	return false;
}

/* Is the drop reached from the start by moves of the table alone, these gates open, without those events? */
static bool reaches_drop(enum archetype arch, const struct without *out, size_t n, unsigned open)
{
	bool seen[STAGE_COUNT][ASKED + 1] = { [AT_NOWHERE] = { [ASKED] = true } }, more = true;
	while (more) {
		more = false;
		for (size_t k = 0; k < STAGE_COUNT * (ASKED + 1) * EVENT_COUNT; k++) {
			enum stage from = (enum stage)(k / EVENT_COUNT / (ASKED + 1));
			size_t change = k / EVENT_COUNT % (ASKED + 1), now;
			enum event ev = (enum event)(k % EVENT_COUNT);
			struct move m;
			if (!seen[from][change] || is_out(out, n, ev, from) || !fits_open(change, ev, &now) || !walk_move(arch, from, ev, open, &m) || seen[m.to][now])
				continue;
			more = seen[m.to][now] = true;
		}
	}
	return seen[AT_DROPPING][ASKED];
}

START_TEST(every_step_is_needed)
{
	static const struct { struct without out[2]; size_t n; bool rename_only; } needed[] = {
		{ { { EV_PROVEN, AT_SNAPSHOT } }, 1, false }, { { { EV_CONFIRM, AT_ARCHETYPE } }, 1, false }, { { { EV_CONFIRM, AT_DOCUMENT } }, 1, false }, { { { EV_GATE_A, AT_NOWHERE } }, 1, false },
		{ { { EV_CONFIRM, AT_CONSUMERS } }, 1, false }, { { { EV_ADD, AT_NOWHERE } }, 1, false }, { { { EV_DUAL, AT_NOWHERE }, { EV_CONFIRM, AT_WRITES } }, 2, false },
		{ { { EV_FILLED, AT_NOWHERE } }, 1, false }, { { { EV_CONFIRM, AT_WINDOW } }, 1, false }, { { { EV_PROVEN, AT_COPY } }, 1, true }, { { { EV_CONFIRM, AT_READS } }, 1, false },
		{ { { EV_RELAX, AT_NOWHERE }, { EV_CONFIRM, AT_RELAX } }, 2, false }, { { { EV_END, AT_NOWHERE }, { EV_QUIET, AT_PARITY } }, 2, false }, { { { EV_GATE_B, AT_NOWHERE } }, 1, false },
		{ { { EV_PROVEN, AT_FINAL } }, 1, false }, { { { EV_GATE_C, AT_NOWHERE } }, 1, false }, { { { EV_INTENT, AT_NOWHERE } }, 1, false },
	};
	for (size_t k = 0; k < 2; k++) {
		ck_assert(reaches_drop(archs[k], NULL, 0, GATES_ALL));
		for (unsigned open = 0; open < GATES_ALL; open++)
			ck_assert_msg(!reaches_drop(archs[k], NULL, 0, open), "%d with gates %u", (int)archs[k], open);
		for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
			ck_assert_msg(reaches_drop(archs[k], needed[i].out, needed[i].n, GATES_ALL) == (needed[i].rename_only && archs[k] == ARCH_TYPE), "%d without %zu", (int)archs[k], i);
	}
}
END_TEST

/* What somebody sees who reads the log by its lines and knows nothing of the fold's own counts. */
struct seen { int64_t window, word, unused, gate[3], pass, reads, relaxed, final; int drops, passed_b; };

static bool is_word(const struct record *r, const char *key, const char *value)
{
	const char *is = json_str(r->b, key);
	return is && strcmp(is, value) == 0;
}

static void see_ends(struct seen *s, const struct record *r, const struct walk *was, const struct walk *w)
{
	int64_t days = archetype_unused_floor(w->archetype) * US_DAY;
	if (r->op == OP_GATE && is_word(r, "gate", "B")) {
		ck_assert_msg(s->unused && r->t - s->unused >= days, "line %lld: gate B before the wait", (long long)r->n);
		ck_assert_msg(s->pass >= s->reads && s->pass >= s->relaxed, "line %lld: gate B without a last pass", (long long)r->n);
		s->passed_b++;
	}
	if (r->op == OP_OUTCOME && w->dropped) {
		ck_assert(s->gate[0] && s->gate[1] > s->gate[0] && s->gate[2] > s->gate[1] && s->final > s->gate[1]);
		ck_assert(!walk_trigger_due(w) && was->ended_at && s->gate[1] - s->unused >= days);
		s->drops++;
	}
}

static void see(struct seen *s, const struct record *r, const struct walk *was, const struct walk *w)
{
	bool enters = w->stage != was->stage;
	if (r->op == OP_CONFIRM && was->stage == AT_WINDOW) {
		int64_t from = w->archetype == ARCH_RENAME && s->word > s->window ? s->word : s->window, days = archetype_window_floor(w->archetype) * US_DAY;
		ck_assert_msg(from && r->t - from >= days, "line %lld: reads before the window is over", (long long)r->n);
	}
	if (w->stage == AT_WINDOW && enters)
		s->window = r->t;
	if (is_word(r, "what", "reads_both") && was->stage <= AT_WINDOW)
		s->word = r->t;
	if (w->stage == AT_UNUSED && (was->stage == AT_PARITY || was->stage == AT_ENDING || r->op == OP_QUIET) && !was->ended_at)
		s->unused = r->t;
	if (r->op == OP_QUIET && was->stage == AT_UNUSED)
		s->unused = r->t;
	if (is_word(r, "kind", "parity") && is_word(r, "first", "") && is_word(r, "covers", ""))
		s->pass = r->t - US_SECOND;
	if (r->op == OP_CONFIRM && was->stage == AT_READS)
		s->reads = r->t;
	if (was->stage == AT_ENDING && w->stage == AT_PARITY && !was->relaxed_at)
		s->relaxed = r->t;
	if (is_word(r, "role", "final") && w->stage == AT_GATE_C)
		s->final = r->t;
	see_ends(s, r, was, w);
	if (r->op == OP_GATE)
		s->gate[*json_str(r->b, "gate") - 'A'] = r->t;
}

/* What stands on the table, and what the stage says of it. */
static void fits_stage(const struct walk *w)
{
	bool open = w->stage == AT_CHANGING || w->stage == AT_ENDING, both = w->stage >= AT_BACKFILL && w->stage <= AT_PARITY && !open;
	ck_assert(!both || (w->confirmed[ITEM_DUAL_WRITE] && w->added_at && !w->ended_at));
	ck_assert(w->stage < AT_WINDOW || w->stage > AT_ARMED || open || w->window_from);
	ck_assert(w->stage < AT_UNUSED || w->stage > AT_ARMED || (w->ended_at && !walk_trigger_due(w)));
	ck_assert(!walk_trigger_due(w) || both || open);
	ck_assert_int_eq(open, w->change != CHANGE_NONE);
	ck_assert(w->stage > AT_EXPAND || !w->added_at);
}

/* The log folded anew, line by line. */
static void read_again(struct seen *s)
{
	struct walk w;
	walk_init(&w, c->a);
	for (int64_t i = 0; i < c->walk.n; i++) {
		struct walk was = w;
		ck_assert_msg(walk_fold(&w, &c->records[i], &c->err), "%s", c->err.msg);
		see(s, &c->records[i], &was, &w);
		fits_stage(&w);
	}
	ck_assert(w.stage == c->walk.stage && w.n == c->walk.n && w.added_at == c->walk.added_at && w.by_trigger == c->walk.by_trigger && w.relaxed_at == c->walk.relaxed_at &&
		w.ended_at == c->walk.ended_at && w.quiet_since == c->walk.quiet_since && w.window_from == c->walk.window_from && w.alone == c->walk.alone &&
		w.reconvert == c->walk.reconvert && w.dropped == c->walk.dropped && w.n_declared == c->walk.n_declared && w.parity.ended == c->walk.parity.ended);
	ck_assert_int_eq(memcmp(w.confirmed, c->walk.confirmed, sizeof w.confirmed) | memcmp(w.gate_passed, c->walk.gate_passed, sizeof w.gate_passed) |
		memcmp(w.asked, c->walk.asked, sizeof w.asked), 0);
}

/* Something else than what leads on: now and then it may not stand. */
static bool astray(bool trigger)
{
	switch (rand() % 14) {
	case 0: case 1: return beside_back_one(trigger);
	case 2: return beside_parity(rand() % 3, 0);
	case 3: return beside_filled(rand() % 2);
	case 4: return beside_confirm(7);
	case 5: return core_gate(c, (char)('A' + rand() % 3));
	case 6: return core_foldf(c, OP_AMEND, "{'backfill':1,'class':'backfill','plan':'" CORE_PLAN "','why':'x'}");
	case 7: return core_foldf(c, OP_SIGHTING, "{'at':'%s','consumer':'x','counts':1,'source':'s','text':'t','touch':'read','who':'w'}", core_time(c->t));
	case 8: return beside_said("reads_both");
	case 9: return beside_quiet();
	case 10: return beside_end();
	case 11: return beside_change("dual write again", "'alone':1,") && beside_changed(rand() % 2 ? "done" : "not done", 0);
	case 12: return beside_intent();
	default: return beside_outcome("not dropped");
	}
}

#define WALKS 1500
#define LINES_MOST 110   /* of the fixture's room */

START_TEST(no_way_past_them)
{
	struct seen all = { .drops = 0 };
	int refused_lines = 0;
	srand(4711 + (unsigned)_i);
	for (int k = 0; k < WALKS; k++) {
		bool trigger = rand() % 2;
		int strays = rand() % 12;
		struct seen s = { .drops = 0 };
		ck_assert(beside_begin(archetype_name(archs[_i]), "staging"));
		while (c->walk.n < LINES_MOST && c->walk.stage != AT_CLOSED) {
			c->t += rand() % 3 == 0 ? US_DAY * (rand() % 5) : 0;
			bool on = rand() % 40 >= strays;
			refused_lines += !(on ? beside_on(trigger) : astray(trigger));
		}
		read_again(&s);
		all.drops += s.drops;
		all.passed_b += s.passed_b;
		teardown();
		setup();
	}
	ck_assert_msg(all.drops > WALKS / 10 && all.passed_b > all.drops && refused_lines > WALKS, "%d drops, %d gates B, %d refused", all.drops, all.passed_b, refused_lines);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("beside_paths");
	TCase *t = tcase_create("beside_paths");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_step_is_needed);
	tcase_add_loop_test(t, no_way_past_them, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
