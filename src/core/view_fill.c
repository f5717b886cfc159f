/* SPDX-License-Identifier: MIT */
/* Item 6: the rows that stand get their value. The same of a new column by itself and of one beside the old one. */
#include "core/view_parts.h"

#include "core/gate_rules.h"

/* What stands before rows are filled; NULL nothing does. */
static const struct finding *fill_shut(const struct view *v)
{
	return !view_holds(v, "A6") ? view_finding(v, "A6") : !view_holds(v, "C6") ? view_finding(v, "C6") : NULL;
}

static void offers_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	if (view_job_alive(view_job_of(v, "backfill")) || fill_shut(v))
		return;
	if (b->rejects > 0)
		view_offer_plain(v, ACT_RETRY, "try the rejects again");
	if (!b->done)
		view_offer_plain(v, ACT_BACKFILL, b->begun ? "go on filling" : "start the backfill");
	else if (b->rejects == 0)
		view_offer_plain(v, ACT_LOOK, "take its end in");
}

static void asks_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	char rows[32];
	struct challenge *c = view_ask(v, "filled", "does every row that stands have its value?", "0 rows left, counted in one look");
	c->seen = b->counted_at ? b->counted_at : b->at;
	c->verdict = !b->at ? UNKNOWN : b->done ? HOLDS : b->begun ? WAITS : REFUSED;
	c->offer = view_offered(v, ACT_BACKFILL, NULL);
	put_text(c->now, sizeof c->now, !b->at ? "not looked at" : !b->begun ? "not begun" : b->left < 0 ? "not counted yet" : "%s left", view_count(b->left, rows));
	put_text(c->source, sizeof c->source, "backfill");
	c = view_ask(v, "rejects", "does every row convert?", "0 rejects");
	c->seen = b->at;
	c->verdict = !b->at ? UNKNOWN : b->rejects > 0 ? REFUSED : HOLDS;
	c->offer = view_offered(v, ACT_RETRY, NULL);
	put_text(c->now, sizeof c->now, b->at ? "%s do not" : "not looked at", view_count(b->rejects, rows));
	put_text(c->source, sizeof c->source, "backfill");
}

static void next_backfill(struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	char rows[32];
	if (fill_shut(v)) {
		view_waits_or_because(v, "Before rows are filled", fill_shut(v));
	} else if (b->done && b->rejects > 0) {
		view_line(v, 0, "%s row%s not convert: mend them or the plan, then try again.", view_count(b->rejects, rows), b->rejects == 1 ? " does" : "s do");
		view_line(v, 1, "All others are filled. gatewalk amend takes the next version in.");
	} else if (b->done) {
		view_two(v, "Every row has its value, and none was rejected. Press r.",
			view_is_added(v) ? "Then reads may move." : "Then old and new are compared, row by row, for days.");
	} else if (b->begun) {
		view_line(v, 0, "The backfill does not run. Let it go on from where it was.");
		view_line(v, 1, "%s rows are filled; nothing is done twice.", view_count(b->filled, rows));
	} else {
		view_two(v, "Start the backfill: it fills the rows that stand, batch by batch.", "It runs by itself, pauses on what the plan names, and may be left.");
	}
}

const struct view_stage view_filling = { offers_backfill, asks_backfill, next_backfill };
