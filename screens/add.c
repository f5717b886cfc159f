/* SPDX-License-Identifier: MIT */
/* Item 5 of a new column: the statement, how it gets its lock, who is in its way, and what stands before it. */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/rule.h"
#include "core/sql.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define AT 13

static bool refused(const struct view *v)
{
	return !v->walk->added_at && v->facts->target.at && v->facts->target.unfit;
}

/* What was signed, and is not whole yet: a job brings it. */
static bool builds(const struct view *v)
{
	enum rule_step is = rule_step(v->plan, &v->facts->target);
	return plan_rule(v->plan) == RULE_INDEX ? is != RULE_DONE : plan_rule(v->plan) == RULE_SPLIT && is < RULE_ALL_ROWS;
}

static enum mood mood_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING)
		return v->busy ? MOOD_RUNNING : MOOD_WAITING;
	if (v->walk->added_at)
		return builds(v) ? MOOD_WAITING : MOOD_DONE;
	return refused(v) || v->facts->blocker.at ? MOOD_SHUT : MOOD_NOT_YET;
}

static const char *words_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING)
		return v->busy ? "asking for the lock" : "outcome not known yet";
	if (v->walk->added_at)
		return builds(v) ? "signed; not finished yet" : "it is there";
	return refused(v) ? "not run as it is" : v->facts->blocker.at ? "not added" : "not added yet";
}

/* Who held the lock at the last attempt, or holds it now. */
void change_blocker(struct page *p, const struct view *v, int64_t now)
{
	const struct fact_blocker *b = &v->facts->blocker;
	struct arena *a = p->arena;
	if (!b->at)
		return;
	page_blank(p);
	page_labelled(p, "LAST TRY", AT, arena_printf(a, "%s, asked %d time%s: the lock on the table was not free", num_age(a, b->at, now), b->tries, b->tries == 1 ? "" : "s"));
	page_labelled(p, "IN THE WAY", AT, !b->pid ? "a prepared transaction: see pg_prepared_xacts" : arena_printf(a, "pid %d  %s%s%s%s%s", b->pid,
		b->app && *b->app ? b->app : "no application name", b->user ? "  role " : "", b->user ? b->user : "", b->state ? "  " : "", b->state ? b->state : ""));
	if (b->since)
		page_item(p, "since", "", AT, arena_printf(a, "since %s UTC, for %s then", num_when(a, b->since), num_span(a, b->at - b->since)));
	page_item(p, "its query", "", AT, b->query);
}

static const struct finding *finding(const struct view *v, const char *id)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (v->findings[i].id && text_eq(v->findings[i].id, id))
			return &v->findings[i];
	return NULL;
}

static void one(struct page *p, bool first, enum verdict is, const char *what, const char *now)
{
	page_row(p, "before it");
	page_sign(p, ST_PLAIN, 1, first ? "BEFORE IT" : "", "");
	page_sign(p, style_of_verdict(is), AT, glyph_of_verdict(is), verdict_word(is));
	page_fit(p, ST_PLAIN, AT + 2, now ? 25 : page_width(p) - AT - 3, what);
	if (now)
		page_fit(p, style_of_verdict(is), AT + 28, page_width(p) - AT - 29, now);
}

/* Gate A once more, and the moment: what does not hold has a row of its own. */
void change_before(struct page *p, const struct view *v)
{
	static const char *const moment[] = { "C3", "C4", "C6" };
	struct gate_sum a = view_gate(v, GATE_A);
	bool first = true;
	if (!a.open) {
		one(p, first, REFUSED, "gate A", arena_printf(p->arena, "%d of %d hold", a.hold, a.asked));
		first = false;
	}
	for (size_t i = 0; i < sizeof moment / sizeof moment[0]; i++) {
		const struct finding *f = finding(v, moment[i]);
		if (!f || f->verdict == HOLDS || f->verdict == NOT_NEEDED)
			continue;
		one(p, first, f->verdict, f->brief, f->now);
		first = false;
	}
	if (first)
		one(p, first, HOLDS, "gate A, the window, the server's health, log and ledger", NULL);
}

const char *change_published(struct page *p, const struct view *v)
{
	struct text t = { 0 };
	const struct fact_target *f = &v->facts->target;
	for (size_t i = 0; i < f->n_published; i++)
		text_addf(&t, "%s%s", i ? ", " : "", f->published[i]);
	const char *s = arena_printf(p->arena, "%s will send it on. A subscriber without it stops at the first row written; add it there first.", text_str(&t));
	text_free(&t);
	return s;
}

/* Of a constraint: what was counted when it was begun last, and what comes behind it. */
static void rows_that_do_not(struct page *p, const struct view *v)
{
	const struct fact_broken *b = &v->facts->broken;
	if (plan_rule(v->plan) == RULE_NONE)
		return;
	if (plan_rule(v->plan) == RULE_NAME) {
		page_labelled(p, "THEN", AT, "What goes by the old name goes through a view. TRUNCATE, COPY FROM, and what changes the table's definition need the new one.");
		return;
	}
	if (plan_rule(v->plan) == RULE_SPLIT) {
		page_labelled(p, "THEN", AT, "A job brings over the rows that stand, waits for none, and compares both. What a deploy writes to the new table alone, the next write of the old row's columns takes away: reads move first.");
		return;
	}
	if (plan_rule(v->plan) != RULE_INDEX)
		page_labelled(p, "THEN", AT, "It is asked of rows that are written from then on; those that stand are asked at item 8, while reads and writes go on.");
	if (b->at && (plan_rule(v->plan) != RULE_INDEX || v->plan->add_unique))
		page_labelled(p, "ROWS", AT, !b->rows ? "Every row holds to it." : arena_printf(p->arena, "%lld do not hold to it: %s%s", (long long)b->rows, b->first, b->rows > 3 ? ", ..." : ""));
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	enum mood m = mood_of(v);
	screen_place(p, v, plan_rule(v->plan) == RULE_NONE ? "5 new column" : arena_printf(p->arena, "5 %s", plan_noun(v->plan)));
	if (!view_comes(v)) {
		page_text(p, ST_PLAIN, 1, "This walk adds nothing.");
		page_word(p, K_ENTER, NULL);
		return;
	}
	page_state(p, style_of_mood(m), 1, "%s %s", glyph_of_mood(m), words_of(v));
	page_state(p, ST_DIM, RIGHT, plan_rule(v->plan) == RULE_INDEX ? "signed, noted, then built by a job" : plan_rule(v->plan) == RULE_SPLIT ? "one short transaction, then a job" : "signed, noted, then one short statement");
	page_brief(p, "%s 5 %s", glyph_of_mood(m), words_of(v));
	bool brief = plan_rule(v->plan) == RULE_NAME || plan_rule(v->plan) == RULE_SPLIT;
	const char *sql = plan_rule(v->plan) == RULE_SPLIT && v->facts->dual.put ? v->facts->dual.put : sql_add(p->arena, v->plan);
	page_labelled(p, "STATEMENT", AT, brief ? rule_brief(p->arena, v->plan) : sql);
	page_copy(p, sql);
	if (plan_rule(v->plan) == RULE_INDEX)
		page_labelled(p, "LOCK", AT, "SHARE UPDATE EXCLUSIVE, which keeps out neither reads nor writes, by a job of its own. It waits for transactions older than itself to end. "
			"A build that fails leaves an unfinished index: the next one, or taking it away, clears it.");
	else
		page_labelled(p, "LOCK", AT, arena_printf(p->arena, "%s, held for milliseconds; no row is written. It waits %d ms at a time, lets go, and asks again for %d s in all: nobody queues.",
		plan_rule(v->plan) == RULE_FOREIGN ? "SHARE ROW EXCLUSIVE on both tables" : plan_rule(v->plan) == RULE_SPLIT ? "SHARE ROW EXCLUSIVE, which keeps out writes alone" : "ACCESS EXCLUSIVE", CHANGE_LOCK_MS, CHANGE_PATIENCE_S));
	page_labelled(p, "WAY BACK", AT, plan_rule(v->plan) == RULE_SPLIT ? "The triggers and their function go. The new table stays, with all that stands in it, for a walk that drops it." : sql_take(p->arena, v->plan));
	if (plan_rule(v->plan) == RULE_NONE && !v->walk->added_at && v->facts->target.n_published)
		page_labelled(p, "REPLICATION", AT, change_published(p, v));
	rows_that_do_not(p, v);
	if (!v->walk->added_at && v->walk->stage == AT_EXPAND)
		change_before(p, v);
	if (refused(v)) {
		page_blank(p);
		page_labelled(p, "REFUSED", AT, v->facts->target.unfit);
		page_next(p, "It would hold up the table, or cannot be: it is not run.", "What changes the statement is another plan: a new walk.");
	}
	change_blocker(p, v, s->now);
	offers_page(p, s);
}

static struct action key(const struct scene *s, enum key k)
{
	return offers_key(s, k, ITEM_DUAL_WRITE);
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, NULL }, { K_LOOK, NULL }, { K_GATES, NULL }, { K_EVIDENCE, NULL }, { K_LOG, NULL }, { K_COPY, "copy SQL" },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_add = {
	.name = "add", .title = "the new column comes",
	.help = "The statement that adds the column, the lock it takes and for how long it asks for it, and, where it did not get it, who was in the way: process, "
		"application, query, since when. Nobody is kept waiting behind it: it lets go and asks again. What would block or write the table anew is not run; "
		"its form in phases stands here instead. Enter does what the cursor stands on; adding asks, and is signed.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
