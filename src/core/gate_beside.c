/* SPDX-License-Identifier: MIT */
/* What gate B asks of a new column beside the old one: that the two agree, and item 7's wait. */
#include "core/gate_rules.h"

#include "base/err.h"
#include "base/when.h"

static void parity_shut(const struct judge *j, const char *todo)
{
	find_passes(j->o, "a pass over every row in which none differs, younger than 24 h");
	find_todo(j->o, "%s", todo);
}

/* Once dual write has ended, rows that are written go their own way, and the pass leaves them out: those alone. */
static bool covers_enough(const struct judge *j)
{
	const struct fact_parity *p = &j->f->parity;
	int64_t ended = j->w->ended_at;
	char when[WHEN_MAX];
	if (!p->covers || (ended && p->covers >= ended))
		return true;
	find_now(j->o, "not every row");
	find_shut(j->o, REFUSED, "the last pass left out what was written since %s UTC, when both columns were still written", when_short(p->covers, when));
	parity_shut(j, "Let the comparison run: it begins its next pass by itself.");
	return false;
}

/* While a trigger writes both. Once it was off or changed it is put on anew, from item 5 on: what was written meanwhile is filled again, and its days are counted again. */
static bool trigger_fits(const struct judge *j)
{
	const struct fact_trigger *t = &j->f->trigger;
	if (!walk_trigger_due(j->w))
		return true;
	if (!rule_fresh(j, t->at, LOOK_LIVES, "the trigger that writes both columns"))
		return false;
	if (!t->why)
		return true;
	find_now(j->o, "the trigger does not stand");
	find_shut(j->o, REFUSED, "the trigger that writes both columns: %s", t->why);
	find_passes(j->o, "the trigger on the table, as it was put on");
	find_todo(j->o, "Find out who did that, step back to item 5, and put it on anew.");
	return false;
}

void rule_b4(const struct judge *j)
{
	const struct fact_parity *p = &j->f->parity;
	char rows[32], wrong[32];
	if (!archetype_beside(j->w->archetype)) {
		find_not_needed(j->o, "no new field beside the old one");
		return;
	}
	if (!trigger_fits(j) || !rule_fresh(j, p->at, j->lives, "old and new"))
		return;
	if (!p->round) {
		find_now(j->o, "no whole pass yet");
		find_shut(j->o, REFUSED, "no pass over all rows has come to its end");
		parity_shut(j, "Let the comparison run (item 6).");
	} else if (p->mismatches) {
		find_now(j->o, "%s differ", grouped(p->mismatches, wrong));
		find_shut(j->o, REFUSED, "%s of %s rows differ; the first: %s", wrong, grouped(p->rows, rows), p->first ? p->first : "not known");
		parity_shut(j, "Look at them, find who writes one column alone, and let the backfill go over them again (item 6).");
	} else if (p->began < j->w->confirmed[ITEM_DUAL_WRITE] || p->began < j->w->window_from) {
		find_now(j->o, "begun too early");
		find_shut(j->o, REFUSED, "the last pass began before the backfill was verified");
		parity_shut(j, "Let the comparison run: it begins its next pass by itself.");
	} else if (rule_fresh(j, p->ended, j->lives, "every row of old and new") && covers_enough(j)) {
		find_now(j->o, "%s rows, 0 differ", grouped(p->rows, rows));
		find_holds(j->o);
	}
}

/* Why item 7's count has not begun; NULL when it has. */
static const char *window_lacks(const struct judge *j, char *buf, size_t size)
{
	const char *deploy = j->w->archetype == ARCH_RENAME ? walk_deploy_left(j->w, j->p, "reads_both", NULL) : NULL;
	if (!j->w->confirmed[ITEM_DUAL_WRITE])
		return "writes do not go to both columns yet";
	if (!j->w->window_from)
		return "the backfill has not been verified yet";
	if (!deploy)
		return NULL;
	put_text(buf, size, "nobody has said that %s reads the new column first, with the old one as fallback", deploy);
	return buf;
}

bool rule_window(const struct judge *j)
{
	int64_t from = walk_window_from(j->w, j->p), end = walk_window_end(j->w, j->p), until = j->w->confirmed[ITEM_WINDOW];
	char buf[200], span[WHEN_MAX], need[WHEN_MAX], when[WHEN_MAX];
	const char *lacks = window_lacks(j, buf, sizeof buf);
	find_passes(j->o, "both columns written for %s", when_span(end - from, need));
	find_now(j->o, "item 7 not begun");
	if (lacks) {
		find_shut(j->o, REFUSED, "%s", lacks);
		find_todo(j->o, "Item 7 is counted from then on.");
		return false;
	}
	find_now(j->o, "item 7: %s", when_span((until ? until : j->f->now) - from, span));
	if ((until ? until : j->f->now) >= end)
		return true;
	if (until) {
		find_shut(j->o, REFUSED, "both columns were written for %s before reads moved, and the plan asks for %s", span, need);
		find_todo(j->o, "Step back to item 7, and let it pass in full.");
		return false;
	}
	find_shut(j->o, WAITS, "both columns have been written for %s of %s, since %s UTC", span, need, when_short(from, when));
	find_todo(j->o, "Wait until %s UTC; then item 7 can be confirmed.", when_short(end, when));
	j->o->at = end;
	return false;
}

bool gate_window_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e)
{
	struct finding same = { .id = "B4", .gate = GATE_B, .verdict = UNKNOWN, .question = "parity: old and new agree", .brief = "" };
	bool timed = f->now > 0 && f->now >= w->last_t;
	if (timed && !trigger_fits(&(struct judge){ p, w, f, &same, LOOK_LIVES }))
		return gate_refuse(&same, e);
	struct finding o = { .id = "B5", .gate = GATE_B, .verdict = UNKNOWN, .question = "the wait has passed", .brief = "" };
	const struct judge j = { p, w, f, &o, LOOK_LIVES };
	if (timed && rule_window(&j))
		return true;
	if (o.verdict == UNKNOWN)
		find_shut(&o, UNKNOWN, "the server's time is not known, or went back");
	return gate_refuse(&o, e);
}
