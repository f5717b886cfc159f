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
	page_item(p, "form", " ", 13, c->offer.expect);
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
		if (j->phase)
			page_put(p, ST_PLAIN, FOLLOW, "  %s", j->phase);
		if (j->error)
			page_text(p, ST_SHUT, 3, j->error);
	}
}

static void current(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	bool found = false;
	for (size_t i = 0; i < v->n_challenges; i++) {
		enum verdict is = v->challenges[i].verdict;
		if (!found && is != HOLDS && is != NOT_NEEDED && v->challenges[i].offer.kind) {
			p->start = (int)i;
			found = true;
		}
		challenge_rows(p, &v->challenges[i], s->now);
		page_blank(p);
	}
	job_rows(p, v);
	if (!found && offers_at(v, ACT_NONE, 0))
		p->start = (int)v->n_challenges;
	offers_rows(p, v, ACT_NONE);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	enum item i = (enum item)s->subject;
	const struct view_item *it = &v->items[i];
	screen_place(p, v, arena_printf(p->arena, "%d %s", (int)i, item_name(i)));
	page_state(p, style_of_mood(it->mood), 1, "%s %s", glyph_of_mood(it->mood), mood_word(it->mood));
	page_state(p, ST_PLAIN, FOLLOW, "  %s", it->note);
	page_state(p, ST_DIM, RIGHT, "%d of %d", (int)i, ITEM_COUNT);
	page_brief(p, "%s %d %s", glyph_of_mood(it->mood), (int)i, item_name(i));
	page_text(p, ST_BOLD, 1, item_about(i));
	page_blank(p);
	if (i == view_item_now(v))
		current(p, s);
	else
		page_text(p, ST_DIM, 1, it->mood == MOOD_NOT_NEEDED ? "Not needed for a dropped column."
			: i < view_item_now(v) ? "This item is behind you. Stepping back is logged like going forward."
			: "Not yet: the items before it come first.");
	evidence_rows(p, v, i, s->now);
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view *v = s->view;
	bool now = v->walk && (enum item)s->subject == view_item_now(v);
	if (k != K_ENTER || !now || s->cursor < 0)
		return (struct action){ .todo = k == K_EVIDENCE ? DO_OPEN : DO_COMMON, .screen = &screen_evidence, .subject = s->subject };
	if (s->cursor < (int)v->n_challenges) {
		const struct offer *o = &v->challenges[s->cursor].offer;
		return o->kind ? action_offer(o) : action_open(&screen_evidence, s->subject);
	}
	return action_offer(offers_at(v, ACT_NONE, s->cursor - (int)v->n_challenges));
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
