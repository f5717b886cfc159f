/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

/* The rows of the walk: each is an item or a gate. */
static const struct { enum item item; enum gate gate; } steps[] = {
	{ ITEM_SNAPSHOT, 0 }, { ITEM_ARCHETYPE, 0 }, { ITEM_DOCUMENT, 0 }, { 0, GATE_A }, { ITEM_CONSUMERS, 0 },
	{ ITEM_DUAL_WRITE, 0 }, { ITEM_BACKFILL, 0 }, { ITEM_WINDOW, 0 }, { ITEM_READS, 0 }, { ITEM_UNUSED, 0 }, { 0, GATE_B },
	{ ITEM_FINAL, 0 }, { 0, GATE_C }, { ITEM_DROP, 0 }, { ITEM_MONITOR, 0 }, { ITEM_LOG, 0 },
};
#define STEPS ((int)(sizeof steps / sizeof steps[0]))

struct word { const char *text; enum style style; };

/* Only the next gate is red when it is shut: those behind it are not due yet. */
static struct word gate_word(const struct view *v, enum gate g)
{
	int i = g == GATE_A ? 0 : g == GATE_B ? 1 : 2;
	if (!walk_has_gate(v->walk->archetype, g))
		return (struct word){ "not needed", ST_DIM };
	if (v->walk->gate_passed[i])
		return (struct word){ "passed", ST_DONE };
	if (view_next_gate(v) != g)
		return (struct word){ "not yet", ST_DIM };
	return (v->open_gates & (unsigned)g) ? (struct word){ "open", ST_DONE } : (struct word){ "shut", ST_SHUT };
}

static void item_row(struct page *p, const struct view *v, enum item i)
{
	const struct view_item *it = &v->items[i];
	const char *name = item_name(i);
	int room = page_width(p) - 6 - text_width(name) - 2;
	page_pick(p, arena_printf(p->arena, "item %d", (int)i));
	page_sign(p, ST_PLAIN, 1, arena_printf(p->arena, "%2d", (int)i), "");
	page_mood(p, 4, it->mood);
	page_put(p, it->mood == MOOD_NOT_YET || it->mood == MOOD_NOT_NEEDED ? ST_DIM : ST_PLAIN, 6, "%s", name);
	if (it->percent >= 0 && room >= 12) {
		page_sign(p, style_of_mood(it->mood), RIGHT, glyph_bar(p->arena, it->percent / 100.0, room - 6 < 12 ? room - 6 : 12), "");
		page_put(p, ST_PLAIN, RIGHT, "%d %%", it->percent);
	} else if (it->mood == MOOD_NOT_NEEDED || (it->mood == MOOD_NOT_YET && !it->note[0])) {
		page_sign(p, ST_DIM, RIGHT, mood_word(it->mood), "");
	} else if (room > 4) {
		page_fit(p, it->mood == MOOD_NOT_YET ? ST_DIM : ST_PLAIN, RIGHT, room, it->note);
	}
}

static void gate_row(struct page *p, const struct view *v, enum gate g)
{
	struct word w = gate_word(v, g);
	page_pick(p, arena_printf(p->arena, "gate %c", gate_letter(g)));
	page_sign(p, ST_PLAIN, 1, "─╫─", "");
	page_sign(p, ST_PLAIN, 5, arena_printf(p->arena, "%c", gate_letter(g)), "");
	if (walk_has_gate(v->walk->archetype, g))
		page_put(p, ST_PLAIN, 8, "%s", gate_question(g));
	page_put(p, w.style, RIGHT, "%s", w.text);
}

/* Which day of item 9's count it is; of a new column, how long it has been written. */
static void day_of(struct page *p, const struct view *v, int64_t now)
{
	const struct view_item *reads = &v->items[ITEM_READS], *window = &v->items[ITEM_WINDOW];
	if (v->walk->stage == AT_WINDOW && window->percent >= 0)
		page_state(p, ST_PLAIN, RIGHT, "both written %s ·", window->note);
	if (view_adds(v) && v->walk->stage == AT_READS && reads->percent >= 0)
		page_state(p, ST_PLAIN, RIGHT, "written %s ·", reads->note);
	const struct walk *w = v->walk;
	int64_t from = w->last_sighting > w->quiet_since ? w->last_sighting : w->quiet_since;
	if (w->stage != AT_UNUSED || w->quiet_since == 0 || now < from || w->day_us <= 0)
		return;
	page_state(p, ST_PLAIN, RIGHT, "day %lld of %d or more ·", (long long)((now - from) / w->day_us) + 1, plan_unused_days(v->plan));
}

/* The whole walk as one row of signs. */
static void trail(struct page *p, const struct view *v)
{
	bool first = true;
	for (int i = 0; i < STEPS; i++) {
		if (steps[i].item) {
			enum mood m = v->items[steps[i].item].mood;
			page_state(p, style_of_mood(m), first ? 1 : FOLLOW, "%s", glyph_of_mood(m));
		} else if (walk_has_gate(v->walk->archetype, steps[i].gate)) {
			struct word w = gate_word(v, steps[i].gate);
			page_state(p, ST_PLAIN, FOLLOW, " ╫%c ", gate_letter(steps[i].gate));
			page_state(p, w.style, FOLLOW, "%s ", w.text);
		}
		first = false;
	}
}

static void state_line(struct page *p, const struct view *v, int64_t now)
{
	enum item at = view_item_now(v);
	if (p->plain)
		page_state(p, ST_PLAIN, 1, "%s", at ? mood_word(v->items[at].mood) : stage_name(v->walk->stage));
	else
		trail(p, v);
	day_of(p, v, now);
	if (v->walk->stage == AT_CLOSED || v->walk->stage == AT_LEFT)
		page_state(p, ST_PLAIN, RIGHT, "%s", stage_name(v->walk->stage));
	else
		page_state(p, ST_PLAIN, RIGHT, "%d of %d", (int)at, ITEM_COUNT);
}

/* The question that NEXT is about. */
static const struct challenge *first_open(const struct view *v)
{
	for (size_t i = 0; i < v->n_challenges; i++)
		if (offer_is(&v->challenges[i].offer, view_wanted(v)))
			return &v->challenges[i];
	for (size_t i = 0; i < v->n_challenges; i++)
		if (v->challenges[i].verdict != HOLDS && v->challenges[i].verdict != NOT_NEEDED)
			return &v->challenges[i];
	return NULL;
}

static void list(struct page *p, const struct view *v)
{
	for (size_t i = 0; i < v->n_challenges; i++) {
		page_row(p, "challenge");
		page_sign(p, style_of_verdict(v->challenges[i].verdict), 1, glyph_of_verdict(v->challenges[i].verdict),
			verdict_word(v->challenges[i].verdict));
		page_fit(p, ST_PLAIN, 3, page_width(p) - 4, v->challenges[i].question);
	}
}

static void side_challenges(struct page *p, const struct view *v, int64_t now)
{
	const struct challenge *c = first_open(v);
	const struct offer *wanted = view_wanted(v);
	if (!c) {
		list(p, v);
		return;
	}
	page_labelled(p, "question", 12, c->question);
	page_labelled(p, "passes", 12, c->passes);
	page_labelled(p, "now", 12, c->now);
	page_labelled(p, "source", 12, c->source[0] ? c->source : NULL);
	page_labelled(p, "seen", 12, c->seen ? num_age(p->arena, c->seen, now) : NULL);
	page_labelled(p, "you", 12, offer_is(&c->offer, wanted) ? wanted->prompt : NULL);
	if (v->n_challenges > 1) {
		page_blank(p);
		list(p, v);
	}
}

/* Named here, done on the step's own screen. */
static void side_offers(struct page *p, const struct view *v)
{
	if (v->n_offers == 0 || p->plain)
		return;
	bool first = true;
	page_blank(p);
	for (size_t i = 0; i < v->n_offers; i++) {
		const struct offer *o = &v->offers[i];
		bool key = o->kind == ACT_RESTORE;
		page_labelled(p, key ? "F" : first ? "Enter, then" : " ", 14, o->label ? o->label : act_name(o->kind));
		first = first && key;
	}
}

static void side_item(struct page *p, const struct scene *s, enum item i)
{
	const struct view_item *it = &s->view->items[i];
	char *title = arena_dup(p->arena, item_name(i));
	for (char *c = title; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	page_row(p, "shown");
	page_put(p, ST_BOLD, 1, "%d  %s", (int)i, title);
	page_sign(p, style_of_mood(it->mood), RIGHT, arena_printf(p->arena, "%s %s", glyph_of_mood(it->mood), mood_word(it->mood)), mood_word(it->mood));
	page_blank(p);
	if (i == view_item_now(s->view)) {
		side_challenges(p, s->view, s->now);
		side_offers(p, s->view);
		return;
	}
	page_text(p, ST_PLAIN, 1, item_about(s->view, i));
	if (it->note[0]) {
		page_blank(p);
		page_labelled(p, "now", 12, it->note);
	}
	if (s->view->walk->confirmed[i])
		page_labelled(p, "confirmed", 12, arena_printf(p->arena, "%s UTC", num_when(p->arena, s->view->walk->confirmed[i])));
}

/* As in the mock-up: only what does not hold. */
static void side_gate(struct page *p, const struct scene *s, enum gate g)
{
	const struct view *v = s->view;
	struct word w = gate_word(v, g);
	struct gate_sum sum = view_gate(v, g);
	page_row(p, "shown");
	bool has = walk_has_gate(v->walk->archetype, g);
	page_put(p, ST_BOLD, 1, has ? "GATE %c  %s" : "GATE %c", gate_letter(g), gate_question(g));
	page_put(p, w.style, RIGHT, "%s", w.text);
	page_blank(p);
	if (!has) {
		page_text(p, ST_PLAIN, 1, g == GATE_B ? "Nothing goes where something is added. The order of writes and reads is asked all the same." :
			"Nothing goes where something is added. The moment is asked all the same, before the column comes.");
		page_blank(p);
	}
	page_row(p, "conditions");
	page_put(p, ST_PLAIN, 1, "%d of %d conditions hold", sum.hold, sum.asked);
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &v->findings[i];
		if (!f->id || f->gate != g || f->verdict == HOLDS || f->verdict == NOT_NEEDED)
			continue;
		page_row(p, "condition");
		page_sign(p, style_of_verdict(f->verdict), 1, glyph_of_verdict(f->verdict), verdict_word(f->verdict));
		page_fit(p, ST_PLAIN, 3, page_width(p) - 4, f->question);
	}
	page_blank(p);
	page_text(p, ST_DIM, 1, "Enter shows each condition with its reason. No key overrides a gate.");
	const struct offer *wanted = view_wanted(v);
	if (wanted && wanted->kind == ACT_PASS && view_next_gate(v) == g)
		side_offers(p, v);
}

/* The row of what NEXT asks for: at a gate, the gate. */
static bool is_start(const struct view *v, int step)
{
	const struct offer *wanted = view_wanted(v);
	bool at_gate = (wanted && wanted->kind == ACT_PASS) || v->walk->stage == AT_GATE_A || v->walk->stage == AT_GATE_C;
	return at_gate ? steps[step].gate && steps[step].gate == view_next_gate(v)
		: steps[step].item && steps[step].item == view_item_now(v);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	page_place(p, v->plan ? v->plan->name : "gatewalk", v->plan ? NULL : "opening");
	if (!v->walk || !v->plan) {
		page_text(p, ST_PLAIN, 1, v->busy ? v->busy : "Opening the walk ...");
		page_next(p, "Wait, or go back with b.", "");
		return;
	}
	enum item now = view_item_now(v);
	page_split(p, 38);
	state_line(p, v, s->now);
	page_brief(p, "%s %d %s", now ? glyph_of_mood(v->items[now].mood) : "", (int)now, item_name(now));
	for (int i = 0; i < STEPS; i++) {
		if (is_start(v, i))
			p->start = i;
		if (steps[i].item)
			item_row(p, v, steps[i].item);
		else
			gate_row(p, v, steps[i].gate);
	}
	int at = s->cursor >= 0 && s->cursor < STEPS ? s->cursor : p->start;
	page_pane(p, PANE_SIDE);
	if (steps[at].item)
		side_item(p, s, steps[at].item);
	else
		side_gate(p, s, steps[at].gate);
	page_pane(p, PANE_MAIN);
}

static struct action key(const struct scene *s, enum key k)
{
	if (k == K_EVIDENCE && s->view->walk && s->cursor >= 0 && s->cursor < STEPS && steps[s->cursor].item)
		return action_open(&screen_evidence, steps[s->cursor].item);
	if (k != K_ENTER || !s->view->walk || s->cursor < 0 || s->cursor >= STEPS)
		return (struct action){ .todo = DO_COMMON };
	if (steps[s->cursor].gate)
		return action_open(&screen_gate, steps[s->cursor].gate);
	return action_item(s->view, steps[s->cursor].item);
}

static const struct key_use keys[] = {
	{ K_MOVE, "step" }, { K_ENTER, NULL }, { K_GATES, NULL }, { K_EVIDENCE, NULL }, { K_LOG, NULL }, { K_COPY, NULL },
	{ K_HELP, NULL }, { K_Q, "home" },
};

const struct screen screen_walk = {
	.name = "walk", .title = "the walk",
	.help = "The thirteen items and the three gates of one walk, and on the right what the item under the cursor asks, what passes, and "
		"what is so now. Items are done in order; what is red is shut, and the gate screen says what opens it. You may leave at any "
		"time: the server keeps count, jobs run on, and the log remembers.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0],
	.render = render, .key = key,
};
