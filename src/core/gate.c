/* SPDX-License-Identifier: MIT */
#include "core/gate.h"

#include <string.h>

#include "base/err.h"
#include "base/when.h"
#include "core/gate_rules.h"

/* lives: us; 0 as long as the walk; LOCKED: read under the lock. */
#define LOCKED (-1)

static const struct condition {
	const char *id, *question, *brief;
	enum gate gate;
	int64_t lives;
	rule *judge;
	bool adds;   /* it stands where a column is added as well; the others ask about something that goes */
} conditions[CONDITION_COUNT] = {
	{ "A1", "a snapshot of it, from this very database", "a snapshot of it", GATE_A, 0, rule_a1, true },
	{ "A2", "restored elsewhere and proven equal", "restored, proven equal", GATE_A, 0, rule_a2, true },
	{ "A3", "a full restore drill, from files alone, has passed", "restore drill passed", GATE_A, 90 * US_DAY, rule_a3, true },
	{ "A4", "archetype confirmed, and what the SQL says", "archetype confirmed", GATE_A, 0, rule_a4, true },
	{ "A5", "documented in full", "documented in full", GATE_A, 0, rule_a5, true },
	{ "A6", "no other walk is in the way", "no other walk in the way", GATE_A, MOMENT_LIVES, rule_a6, true },
	{ "A7", "rehearsed, way back included, old code tested", "rehearsed, old code too", GATE_A, 0, rule_a7, true },
	{ "B1", "every consumer is cleared, by name", "every consumer cleared", GATE_B, 24 * US_HOUR, rule_b1, false },
	{ "B2", "the audit was able to see", "the audit could see", GATE_B, 10 * US_MINUTE, rule_b2, false },
	{ "B3", "backfill: nothing left, nothing rejected", "backfill complete", GATE_B, 24 * US_HOUR, rule_b3, true },
	{ "B4", "parity: old and new agree", "old and new agree", GATE_B, 24 * US_HOUR, rule_b4, false },
	{ "B5", "the wait has passed", "the wait has passed", GATE_B, 10 * US_MINUTE, rule_b5, false },
	{ "B6", "nobody read or wrote it in that time", "no read or write seen", GATE_B, 10 * US_MINUTE, rule_b6, false },
	{ "B7", "reads moved after writes", "reads moved", GATE_B, 0, rule_b7, true },
	{ "B8", "hidden for 24 h without an alarm", "hidden without alarm", GATE_B, 0, rule_b8, false },
	{ "C1", "a fresh snapshot, proven within the hour", "final snapshot proven", GATE_C, 60 * US_MINUTE, rule_c1, false },
	{ "C2", "nothing written since that snapshot", "nothing written since", GATE_C, LOCKED, rule_c2, false },
	{ "C3", "inside the off-peak window", "inside the window", GATE_C, MOMENT_LIVES, rule_c3, true },
	{ "C4", "the server is healthy", "server healthy", GATE_C, MOMENT_LIVES, rule_c4, true },
	{ "C5", "the target is what was documented", "target as documented", GATE_C, LOCKED, rule_c5, false },
	{ "C6", "log, ledger and mark agree", "log and ledger agree", GATE_C, 60 * US_SECOND, rule_c6, true },
	{ "C7", "every signature the plan asks for", "every signature", GATE_C, 30 * US_MINUTE, rule_c7, false },
	{ "C8", "the monitor can see, the way back is measured", "monitor and way back", GATE_C, 24 * US_HOUR, rule_c8, false },
	{ "C9", "the server refuses it to everybody else", "refused to all others", GATE_C, LOCKED, rule_c9, false },
};

/* Without the server's clock, or with one that went back, nothing that has an age can be judged. */
static bool clock_good(const struct judge *j)
{
	char now[WHEN_MAX], last[WHEN_MAX];
	if (j->f->now <= 0) {
		find_now(j->o, "not known");
		find_shut(j->o, UNKNOWN, "the server's time is not known");
		find_passes(j->o, "a connection to the server");
		find_todo(j->o, "Connect again: r on the screens.");
		return false;
	}
	if (j->lives == 0 || j->f->now >= j->w->last_t)
		return true;
	when_iso(j->f->now, now);
	when_iso(j->w->last_t, last);
	find_now(j->o, "%s", now);
	find_shut(j->o, REFUSED, "the server's clock went back: it says %s, and the log's last line was written at %s", now, last);
	find_passes(j->o, "a server clock later than the log's last line");
	find_todo(j->o, "Have the server's clock set right; gatewalk counts by it alone.");
	return false;
}

static void judge(const struct condition *c, const struct plan *p, const struct walk *w, const struct facts *f, struct finding *out)
{
	struct judge j = { p, w, f, out, c->lives };
	*out = (struct finding){ .id = c->id, .gate = c->gate, .verdict = UNKNOWN, .question = c->question, .brief = c->brief };
	if (w->archetype == ARCH_ADDITIVE && !c->adds)
		find_not_needed(out, "nothing is taken away");
	else if (clock_good(&j))
		c->judge(&j);
}

void gate_judge_all(const struct plan *p, const struct walk *w, const struct facts *f, struct finding out[static CONDITION_COUNT])
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		judge(&conditions[i], p, w, f, &out[i]);
}

void gate_judge_one(const struct plan *p, const struct walk *w, const struct facts *f, const char *id, struct finding *out)
{
	*out = (struct finding){ .id = id, .verdict = UNKNOWN, .question = "", .brief = "" };
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (strcmp(conditions[i].id, id) == 0)
			judge(&conditions[i], p, w, f, out);
}

bool finding_passes(const struct finding *f)
{
	return f->verdict == HOLDS || f->verdict == NOT_NEEDED;
}

unsigned gates_open(const struct finding f[static CONDITION_COUNT])
{
	unsigned open = GATES_ALL;
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (!finding_passes(&f[i]))
			open &= ~(unsigned)conditions[i].gate;
	return open;
}

bool gate_refuse(const struct finding *f, struct err *e)
{
	if (!f)
		return true;
	return err_set(e, f->verdict == WAITS ? ERR_WAIT : ERR_GATE, f->todo[0] ? f->todo : f->passes, "gate %c is shut: %s, %s: %s",
		gate_letter(f->gate), f->id, f->question, f->because);
}

/* The first shut one that somebody can do something about, else the first that waits. */
static const struct finding *first_shut(const struct finding *f, size_t n, unsigned gates)
{
	const struct finding *waits = NULL;
	for (size_t i = 0; i < n; i++) {
		if (finding_passes(&f[i]) || !(f[i].gate & gates))
			continue;
		if (f[i].verdict != WAITS)
			return &f[i];
		if (!waits)
			waits = &f[i];
	}
	return waits;
}

bool gate_refusal(const struct finding f[static CONDITION_COUNT], enum gate g, struct err *e)
{
	return gate_refuse(first_shut(f, CONDITION_COUNT, g), e);
}

bool gate_refusal_any(const struct finding f[static CONDITION_COUNT], struct err *e)
{
	return gate_refusal(f, GATE_A, e) && gate_refusal(f, GATE_B, e) && gate_refusal(f, GATE_C, e);
}

#define SOME_MAX 10

static bool some_hold(const struct judge *j, const char *const *ids, size_t n, struct err *e)
{
	struct finding out[SOME_MAX];
	for (size_t i = 0; i < n; i++)
		gate_judge_one(j->p, j->w, j->f, ids[i], &out[i]);
	return gate_refuse(first_shut(out, n, GATES_ALL), e);
}

bool gate_change_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[] = { "C3", "C4", "C6" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

bool gate_batch_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[] = { "A6", "C3", "C4", "C5", "C6", "C9" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

bool gate_add_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[SOME_MAX] = { "A1", "A2", "A3", "A4", "A5", "A6", "A7", "C3", "C4", "C6" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

/* Steps back, and what only takes gatewalk's own trigger away, do not wait for a night. */
bool gate_alter_allowed(const struct plan *p, const struct walk *w, const struct facts *f, enum change ch, struct err *e)
{
	static const struct { const char *const ids[SOME_MAX]; size_t n; } asked[] = {
		[CHANGE_UNDUAL] = { { "A6", "C4", "C6" }, 3 }, [CHANGE_RELAX] = { { "A6", "B4", "C3", "C4", "C6" }, 5 }, [CHANGE_TIGHTEN] = { { "A6", "C4", "C6" }, 3 },
		[CHANGE_END] = { { "A6", "B3", "B4", "C4", "C6" }, 5 }, [CHANGE_AGAIN] = { { "A6", "C4", "C6" }, 3 },
		[CHANGE_HOLD] = { { "A6", "B3", "B7", "C3", "C4", "C6" }, 6 },
	};
	switch (ch) {
	case CHANGE_ADD: case CHANGE_DUAL: return gate_add_allowed(p, w, f, e);
	case CHANGE_TAKE: return gate_take_allowed(p, w, f, e);
	case CHANGE_NONE: return err_set(e, ERR_INTERNAL, NULL, "no change is asked for");
	default: return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, asked[ch].ids, asked[ch].n, e);
	}
}

bool gate_fill_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[] = { "A6", "C6" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

bool gate_reads_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[] = { "B3", "B4", "B7" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

bool gate_take_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	static const char *const ids[] = { "A6", "C4", "C6" };
	return some_hold(&(struct judge){ .p = p, .w = w, .f = f }, ids, sizeof ids / sizeof *ids, e);
}

const char *condition_id(size_t i)
{
	return i < CONDITION_COUNT ? conditions[i].id : NULL;
}

const char *condition_question(size_t i)
{
	return i < CONDITION_COUNT ? conditions[i].question : NULL;
}

const char *condition_brief(size_t i)
{
	return i < CONDITION_COUNT ? conditions[i].brief : NULL;
}

int64_t condition_lives(size_t i)
{
	return i < CONDITION_COUNT ? conditions[i].lives : 0;
}
