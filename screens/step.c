/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "screens/glyph.h"
#include "screens/num.h"

static void challenge_rows(struct page *p, const struct challenge *c, int64_t now)
{
	page_pick(p, "challenge");
	page_sign(p, style_of_verdict(c->verdict), 3, glyph_of_verdict(c->verdict), verdict_word(c->verdict));
	page_fit(p, ST_PLAIN, 5, page_width(p) - 6, c->question);
	page_item(p, "passes", "    passes", 13, c->passes);
	page_item(p, "now", "    now", 13, c->now);
	page_row(p, "source");
	page_sign(p, ST_DIM, 5, c->declared ? "you" : "source", "");
	if (c->declared)
		page_put(p, ST_DIM, 13, "%s%s", c->seen ? "said by a person, " : "to be said by a person", c->seen ? num_age(p->arena, c->seen, now) : "");
	else
		page_put(p, ST_DIM, 13, "%s%s%s (ticks by itself)", c->source, c->source[0] ? ", " : "", num_age(p->arena, c->seen, now));
	if (c->offer.kind == ACT_NONE)
		return;
	page_item(p, "type", "    Enter", 13, c->offer.prompt ? c->offer.prompt : c->offer.label);
	page_item(p, "form", "    form", 13, c->offer.expect);
}

static void job_rows(struct page *p, const struct view *v)
{
	for (size_t i = 0; i < v->n_jobs; i++) {
		const struct view_job *j = &v->jobs[i];
		if (!j->mine)
			continue;
		page_row(p, "job");
		page_put(p, ST_PLAIN, 1, "job %lld  %s  ", j->id, j->kind);
		page_put(p, j->error ? ST_SHUT : j->ended ? ST_PLAIN : ST_RUNNING, FOLLOW, "%s", j->state);
		if (j->phase && !j->ended)
			page_put(p, ST_PLAIN, FOLLOW, "  %s", j->phase);
		if (j->error)
			page_text(p, ST_SHUT, 3, j->error);
	}
}

/* The row that NEXT asks for, else the first question that is open. */
static int start(const struct view *v)
{
	const struct offer *wanted = view_wanted(v);
	for (int i = 0; wanted && i < (int)v->n_challenges; i++)
		if (offer_is(&v->challenges[i].offer, wanted))
			return i;
	if (offers_wanted(v, ACT_NONE) >= 0)
		return (int)v->n_challenges + offers_wanted(v, ACT_NONE);
	for (int i = 0; i < (int)v->n_challenges; i++)
		if (v->challenges[i].verdict != HOLDS && v->challenges[i].verdict != NOT_NEEDED)
			return i;
	return 0;
}

/* What Enter does where the cursor is; NULL: it shows the evidence. */
static const struct offer *under_cursor(const struct view *v, int cursor)
{
	if (cursor < 0 || cursor >= (int)v->n_challenges)
		return offers_at(v, ACT_NONE, cursor - (int)v->n_challenges);
	return v->challenges[cursor].offer.kind ? &v->challenges[cursor].offer : NULL;
}

static void current(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	p->start = start(v);
	for (size_t i = 0; i < v->n_challenges; i++) {
		challenge_rows(p, &v->challenges[i], s->now);
		page_blank(p);
	}
	job_rows(p, v);
	offers_rows(p, v, ACT_NONE);
	const struct offer *o = under_cursor(v, s->cursor >= 0 ? s->cursor : p->start);
	page_word(p, K_ENTER, o ? o->label : p->picks ? "evidence" : NULL);
}

static void elsewhere(struct page *p, const struct view *v, enum item i)
{
	bool fills = i == ITEM_BACKFILL && view_adds(v);
	page_text(p, ST_DIM, 1, v->items[i].mood == MOOD_NOT_NEEDED ? (fills ? "Not needed: the plan has no backfill." : view_adds(v) ? "Not needed where something is added."
		: "Not needed where something is taken away.")
		: i < view_item_now(v) ? "This item is behind you. Stepping back is logged like going forward."
		: "Not yet: the items before it come first.");
	page_word(p, K_ENTER, NULL);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	enum item i = (enum item)s->subject;
	const struct view_item *it = &v->items[i];
	screen_place(p, v, arena_printf(p->arena, "%d %s", (int)i, item_name(i)));
	page_state(p, style_of_mood(it->mood), 1, "%s %s", glyph_of_mood(it->mood), mood_word(it->mood));
	if (it->mood != MOOD_NOT_NEEDED)
		page_state(p, ST_PLAIN, FOLLOW, "  %s", it->note);
	page_state(p, ST_DIM, RIGHT, "%d of %d", (int)i, ITEM_COUNT);
	page_brief(p, "%s %d %s", glyph_of_mood(it->mood), (int)i, item_name(i));
	page_text(p, ST_BOLD, 1, item_about(v, i));
	bool now = i == view_item_now(v), read_first = now && i == ITEM_DOCUMENT;
	if (read_first)
		evidence_rows(p, v, i, s->now);
	page_blank(p);
	if (now)
		current(p, s);
	else
		elsewhere(p, v, i);
	if (!read_first)
		evidence_rows(p, v, i, s->now);
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view *v = s->view;
	bool now = v->walk && (enum item)s->subject == view_item_now(v);
	if (k != K_ENTER || !now || s->cursor < 0)
		return (struct action){ .todo = k == K_EVIDENCE ? DO_OPEN : DO_COMMON, .screen = &screen_evidence, .subject = s->subject };
	const struct offer *o = under_cursor(v, s->cursor);
	return o ? action_offer(o) : action_open(&screen_evidence, s->subject);
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, "answer" }, { K_GATES, NULL }, { K_EVIDENCE, NULL }, { K_LOG, NULL }, { K_LOOK, NULL }, { K_COPY, NULL },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_step = {
	.name = "step", .title = "one item of the walk",
	.help = "One item: each question, the answer that passes, and what is so now, with its source and age. Sensed answers tick and un-tick "
		"by themselves. A declared one needs a person who types a value: Enter asks for it. Below stands what else you can do here, "
		"and the evidence.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
