/* SPDX-License-Identifier: MIT */
/* The refusal is a page: which condition, its value now, what passes, when at the earliest, why, who can do what. */
#include "screens/screen.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "screens/num.h"

struct columns { int condition, now, passes, at; };

enum passing { NOT_ITS_TURN, PASS_NOW, PASSED };

/* Names in full come first: what passes has a column of its own only where there is room, and stands below the list anyhow.
   Where all holds nobody asks when. */
static struct columns columns_of(const struct page *p, bool all_hold)
{
	int w = page_width(p), at = all_hold ? w : w - 11;
	if (page_narrow(p))
		return (struct columns){ 5, w / 2 + 2, 0, at };
	if (w < 110)
		return (struct columns){ 5, 46, 0, at };
	return (struct columns){ 5, 50 + (w - 110) / 3, all_hold ? 0 : 74 + 2 * (w - 110) / 3, at };
}

static const char *at_word(struct page *p, const struct finding *f, int64_t now)
{
	if (f->verdict == HOLDS)
		return "-";
	if (f->at == 0)
		return f->verdict == WAITS ? "later" : "";
	return num_soon(p->arena, f->at, now);
}

static void condition_row(struct page *p, const struct finding *f, struct columns c, int64_t now)
{
	page_pick(p, "condition");
	page_sign(p, style_of_verdict(f->verdict), 3, glyph_of_verdict(f->verdict), verdict_word(f->verdict));
	page_sign(p, ST_PLAIN, c.condition, "", f->id);
	page_fit(p, ST_PLAIN, c.condition, c.now - c.condition - 1, page_narrow(p) ? f->brief : f->question);
	bool holds = f->verdict == HOLDS, passes = c.passes && f->passes[0] && !holds, asks_when = c.at < page_width(p);
	const char *at = asks_when ? at_word(p, f, now) : "";
	int end = passes ? c.passes - 1 : page_width(p) - 1 - (at[0] ? (int)strlen(at) + 1 : 0);
	page_fit(p, holds ? ST_PLAIN : style_of_verdict(f->verdict), c.now, end - c.now, f->now);
	if (passes)
		page_fit(p, ST_PLAIN, c.passes, c.at - c.passes, f->passes);
	if (asks_when)
		page_sign(p, ST_PLAIN, RIGHT, at, f->at && f->verdict != HOLDS ? num_moment(p->arena, f->at, now) : "");
}

static const struct finding *finding_at(const struct view *v, enum gate g, int pick)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &v->findings[i];
		if (f->id && f->gate == g && f->verdict != NOT_NEEDED && pick-- == 0)
			return f;
	}
	return NULL;
}

/* What can be done about it here; NULL: nothing but to read. */
static const struct offer *remedy(const struct view *v, const struct finding *f)
{
	for (size_t i = 0; f && f->verdict != HOLDS && i < v->n_challenges; i++)
		if (text_eq(v->challenges[i].id, f->id) && v->challenges[i].offer.kind)
			return &v->challenges[i].offer;
	return NULL;
}

static int conditions(struct page *p, const struct view *v, enum gate g, int64_t now)
{
	struct gate_sum sum = view_gate(v, g);
	struct columns c = columns_of(p, sum.hold == sum.asked);
	int unneeded = 0;
	const char *names = "";
	bool found = false;
	page_row(p, NULL);
	page_sign(p, ST_DIM, c.condition, "condition", "");
	page_sign(p, ST_DIM, c.now, "now", "");
	if (c.passes)
		page_sign(p, ST_DIM, c.passes, "passes when", "");
	if (c.at < page_width(p))
		page_sign(p, ST_DIM, RIGHT, "at", "");
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &v->findings[i];
		if (!f->id || f->gate != g)
			continue;
		if (f->verdict == NOT_NEEDED) {
			names = arena_printf(p->arena, "%s%s%s", names, unneeded++ ? ", " : "", f->id);
			continue;
		}
		if (!found && f->verdict != HOLDS) {
			p->start = p->picks;
			found = true;
		}
		condition_row(p, f, c, now);
	}
	if (unneeded) {
		page_row(p, "not needed");
		page_sign(p, ST_DIM, 3, "-", "");
		page_put(p, ST_DIM, 5, "not needed here: %d condition%s (%s)", unneeded, unneeded == 1 ? "" : "s", names);
	}
	return p->picks;
}

static void reasons(struct page *p, const struct view *v, const struct finding *f, int64_t now)
{
	const struct offer *o = remedy(v, f);
	page_blank(p);
	page_labelled(p, f->id, 7, f->question);
	page_labelled(p, "NOW", 7, f->now);
	page_labelled(p, "WHY", 7, f->verdict == HOLDS ? NULL : f->because);
	page_labelled(p, "PASS", 7, f->passes);
	page_labelled(p, "DO", 7, f->todo[0] ? f->todo : f->verdict == WAITS ? "Wait. The server's clock decides; leaving and coming back is safe." : NULL);
	if (!p->plain)
		page_labelled(p, "Enter", 7, o ? o->label : NULL);
	if (f->at && f->verdict != HOLDS)
		page_labelled(p, "AT", 7, num_moment(p->arena, f->at, now));
	page_labelled(p, "SEEN", 7, num_age(p->arena, f->seen, now));
	page_copy(p, f->todo[0] ? f->todo : NULL);
	page_word(p, K_ENTER, o ? o->label : "evidence");
}

static void next_lines(struct page *p, const struct view *v, const struct gate_sum *sum, enum passing state, int64_t now)
{
	const char *never = "No key overrides a gate; a changed plan has to pass them all again.";
	if (state == PASSED)
		page_next(p, arena_printf(p->arena, "This gate was passed. Its conditions are judged again %s.",
			v->walk->archetype == ARCH_ADDITIVE ? "before the column comes" : "at the drop"), never);
	else if (state == PASS_NOW)
		page_next(p, p->plain ? "This gate is open: pass it." : "This gate is open. Pass it: Enter on \"pass gate\".", never);
	else if (sum->open)
		page_next(p, "It holds, but it is not its turn: the items before it come first.", never);
	else if (sum->at)
		page_next(p, arena_printf(p->arena, "Earliest this gate can open: %s.", num_moment(p->arena, sum->at, now)), never);
	else
		page_next(p, "Time alone does not open it: see DO of each condition that is shut.", never);
}

/* At its turn a gate is passed by an act of its own. */
static const struct offer *pass_of(const struct view *v, enum gate g)
{
	const struct offer *pass = view_offer(v, ACT_PASS);
	return pass && pass->key && pass->key[0] == gate_letter(g) ? pass : NULL;
}

/* An additive walk passes gate A alone; of the others it is asked what concerns the moment and the order. */
static void no_gate(struct page *p, enum gate g, const struct gate_sum *sum)
{
	page_state(p, ST_PLAIN, 1, "╫ GATE %c  %s", gate_letter(g), gate_question(g));
	page_state(p, ST_DIM, RIGHT, "- not needed");
	page_state(p, ST_PLAIN, RIGHT, "%d of %d", sum->hold, sum->asked);
	page_brief(p, "gate %c not needed, %d of %d", gate_letter(g), sum->hold, sum->asked);
	page_text(p, ST_PLAIN, 1, g == GATE_B ? "Nothing goes: this walk has no gate B. What of it stands before reads move:"
		: "Nothing goes: this walk has no gate C. What of it stands before the column comes:");
	page_next(p, "No gate of this walk: each is judged before the act it belongs to.", "No key overrides one.");
}

static void state_line(struct page *p, enum gate g, const struct gate_sum *sum, bool passed)
{
	bool good = passed || sum->open;
	const char *word = passed ? "✓ PASSED" : sum->open ? "✓ OPEN" : "✗ SHUT";
	page_state(p, ST_PLAIN, 1, "╫ GATE %c  %s", gate_letter(g), gate_question(g));
	page_state(p, good ? ST_DONE : ST_SHUT, RIGHT, "%s", word);
	page_state(p, ST_PLAIN, RIGHT, passed ? "%d of %d hold now" : "%d of %d", sum->hold, sum->asked);
	page_brief(p, "gate %c %s %d of %d", gate_letter(g), word, sum->hold, sum->asked);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	enum gate g = (enum gate)s->subject;
	struct gate_sum sum = view_gate(v, g);
	screen_place(p, v, arena_printf(p->arena, "gate %c", gate_letter(g)));
	int which = g == GATE_A ? 0 : g == GATE_B ? 1 : 2;
	bool passed = v->walk && v->walk->gate_passed[which] != 0;
	bool has = !v->walk || walk_has_gate(v->walk->archetype, g);
	if (has)
		state_line(p, g, &sum, passed);
	else
		no_gate(p, g, &sum);
	int shut = sum.asked - sum.hold;
	const char *const what[] = { view_adds(v) ? "Item 5 and all after it are" : "Item 4 and all after it are", "Item 10 and the drop are", "The drop is" };
	if (has && passed && shut)
		page_text(p, ST_PLAIN, 1, arena_printf(p->arena, "Passed %s UTC. Of its conditions %d of %d do not hold just now.", num_when(p->arena, v->walk->gate_passed[which]), shut, sum.asked));
	else if (has && shut)
		page_text(p, ST_BOLD, 1, arena_printf(p->arena, "%s refused: %d of %d conditions do not hold yet.", what[which], shut, sum.asked));
	else if (has)
		page_text(p, ST_PLAIN, 1, "Every condition holds now.");
	page_blank(p);
	int n = conditions(p, v, g, s->now);
	const struct offer *pass = pass_of(v, g);
	if (pass) {
		page_blank(p);
		page_pick(p, "you can");
		page_put(p, ST_PLAIN, 3, "%s", pass->label);
		p->start = n;
	}
	const struct finding *f = finding_at(v, g, s->cursor >= 0 ? s->cursor : p->start);
	if (f)
		reasons(p, v, f, s->now);
	else
		page_word(p, K_ENTER, pass ? pass->label : NULL);
	if (has)
		next_lines(p, v, &sum, passed ? PASSED : pass ? PASS_NOW : NOT_ITS_TURN, s->now);
}

static struct action key(const struct scene *s, enum key k)
{
	enum gate g = (enum gate)s->subject;
	if (k == K_GATES)
		return (struct action){ .todo = DO_SUBJECT, .subject = g == GATE_A ? GATE_B : g == GATE_B ? GATE_C : GATE_A };
	if (k != K_ENTER)
		return (struct action){ .todo = DO_COMMON };
	const struct finding *f = finding_at(s->view, g, s->cursor);
	if (remedy(s->view, f))
		return action_offer(remedy(s->view, f));
	if (f)
		return action_open(&screen_evidence, g == GATE_A ? ITEM_SNAPSHOT : view_adds(s->view) ? (g == GATE_B ? ITEM_READS : ITEM_DUAL_WRITE) : g == GATE_B ? ITEM_UNUSED : ITEM_FINAL);
	return action_offer(pass_of(s->view, g));
}

static const struct key_use keys[] = {
	{ K_MOVE, "condition" }, { K_ENTER, "evidence" }, { K_LOOK, "check again" }, { K_GATES, "next gate" }, { K_LOG, NULL }, { K_COPY, NULL },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_gate = {
	.name = "gate", .title = "a gate and its conditions",
	.help = "Every condition of this gate: what is so now, what passes, and when at the earliest. Below stands why the one under the cursor "
		"does not hold, and who can do what about it; where something can be done here, Enter does it. What is not known counts as refused. "
		"There is no key, flag or field that opens a gate; when all of its conditions hold, passing it is offered here and signed.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
