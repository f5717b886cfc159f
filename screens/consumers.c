/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/consumers.h"
#include "screens/num.h"

enum standing { STAND_OPEN, STAND_CLEAR };
struct verdict_word { const char *text; enum verdict verdict; enum standing standing; };

/* Without a walk nothing was cleared. */
static const struct walk *walk_of(const struct view *v)
{
	static const struct walk none;
	return v->walk ? v->walk : &none;
}

/* By the same rule as gate B (B1). */
static struct verdict_word judge(const struct view *v, const struct consumer *c)
{
	struct walk_clear done = { 0 };
	bool cleared = walk_is_cleared(walk_of(v), c->key, &done);
	if (consumer_is_clear(walk_of(v), c, NULL, NULL))
		return (struct verdict_word){ cleared && done.survives ? "survives" : "clear", HOLDS, STAND_CLEAR };
	if (c->structural)
		return (struct verdict_word){ "must go", REFUSED, STAND_OPEN };
	if (c->touch != TOUCH_NONE && c->last)
		return (struct verdict_word){ c->touch == TOUCH_WRITE ? "WRITES" : "READS", REFUSED, STAND_OPEN };
	return (struct verdict_word){ "open", WAITS, STAND_OPEN };
}

/* The n-th as shown: open ones first. Gives its place in the audit, -1 past the end. */
static int consumer_at(const struct view *v, int n)
{
	for (int pass = STAND_OPEN; v->facts && pass <= STAND_CLEAR; pass++)
		for (size_t i = 0; i < v->facts->audit.n; i++)
			if ((int)judge(v, &v->facts->audit.found[i]).standing == pass && n-- == 0)
				return (int)i;
	return -1;
}

struct columns { int role, source, touch, owner; };

static struct columns columns_of(const struct page *p)
{
	int w = page_width(p);
	if (page_narrow(p))
		return (struct columns){ 0, 0, w - 25, 0 };
	int more = (w - 80) / 4;
	return (struct columns){ 28 + more, 37 + more, 49 + 2 * more, 64 + 3 * more };
}

static void consumer_row(struct page *p, const struct view *v, const struct consumer *c, struct columns at)
{
	struct verdict_word w = judge(v, c);
	const char *touch = c->last ? arena_printf(p->arena, "%s%s", num_when(p->arena, c->last) + 4,
		c->touch == TOUCH_WRITE ? " W" : c->touch == TOUCH_READ ? " R" : "") : "never seen";
	page_pick(p, "consumer");
	page_sign(p, style_of_verdict(w.verdict), 3, glyph_of_verdict(w.verdict), "");
	page_fit(p, ST_PLAIN, 5, (at.role ? at.role : at.touch) - 6, c->key);
	if (at.role) {
		page_fit(p, ST_PLAIN, at.role, at.source - at.role - 1, c->role ? c->role : "-");
		page_fit(p, ST_PLAIN, at.source, at.touch - at.source - 1, c->source);
	}
	page_fit(p, ST_PLAIN, at.touch, 14, touch);
	if (at.owner)
		page_fit(p, ST_PLAIN, at.owner, 7, c->owner ? c->owner : "-");
	page_put(p, style_of_verdict(w.verdict), RIGHT, "%s", w.text);
}

static void titles(struct page *p, struct columns at)
{
	page_row(p, NULL);
	page_sign(p, ST_DIM, 3, "consumer", "");
	if (at.role) {
		page_sign(p, ST_DIM, at.role, "role", "");
		page_sign(p, ST_DIM, at.source, "how we know", "");
		page_sign(p, ST_DIM, at.owner, "owner", "");
	}
	page_sign(p, ST_DIM, at.touch, "last touch", "");
	page_sign(p, ST_DIM, RIGHT, "verdict", "");
}

static void evidence_of(struct page *p, const struct view *v, const struct consumer *c)
{
	const char *why = NULL, *todo = NULL;
	page_blank(p);
	page_row(p, "evidence");
	page_sign(p, ST_PLAIN, 1, "EVIDENCE", "");
	page_put(p, ST_PLAIN, 11, "%s", c->key);
	if (c->app)
		page_put(p, ST_DIM, FOLLOW, "  app %s", c->app);
	if (c->calls)
		page_put(p, ST_DIM, FOLLOW, "  calls %s", num_group(p->arena, c->calls));
	page_lines(p, ST_PLAIN, 2, c->evidence);
	if (v->walk && !consumer_is_clear(v->walk, c, &why, &todo)) {
		page_labelled(p, "WHY", 7, why);
		page_labelled(p, "DO", 7, todo);
	}
	page_copy(p, c->evidence);
}

static void counts(struct page *p, const struct view *v)
{
	int red = 0, asked = 0, clear = 0;
	for (size_t i = 0; i < v->facts->audit.n; i++) {
		enum verdict is = judge(v, &v->facts->audit.found[i]).verdict;
		red += is == REFUSED;
		asked += is == WAITS;
		clear += is == HOLDS;
	}
	page_state(p, red ? ST_SHUT : ST_DIM, 1, "✗ %d in the way", red);
	page_state(p, asked ? ST_WAITING : ST_DIM, FOLLOW, "   ◔ %d open", asked);
	page_state(p, ST_DONE, FOLLOW, "   ✓ %d clear", clear);
	page_brief(p, "✗ %d ◔ %d ✓ %d", red, asked, clear);
}

/* The offers, where it is their turn; the cursor begins on the one NEXT asks for. */
static void offers(struct page *p, const struct view *v)
{
	int before = p->picks, wanted = offers_wanted(v, ACT_COUNT);
	if (!v->walk || (view_item_now(v) != ITEM_CONSUMERS && view_item_now(v) != ITEM_UNUSED))
		return;
	offers_rows(p, v, ACT_COUNT);
	if (wanted >= 0)
		p->start = before + wanted;
}

/* Whose evidence is shown: the one under the cursor, or the one that the offer there would clear. */
static const struct consumer *subject(const struct view *v, int cursor)
{
	const struct fact_audit *u = &v->facts->audit;
	int c = consumer_at(v, cursor);
	const struct offer *o = c >= 0 ? NULL : offers_at(v, ACT_COUNT, cursor - (int)u->n);
	for (size_t i = 0; o && o->kind == ACT_CLEAR && i < u->n; i++)
		if (text_eq(u->found[i].key, o->key))
			c = (int)i;
	return c >= 0 ? &u->found[c] : NULL;
}

/* What Enter and s do where the cursor is. */
static void words(struct page *p, const struct view *v, int cursor)
{
	int c = consumer_at(v, cursor);
	const struct offer *o = c >= 0 ? NULL : offers_at(v, ACT_COUNT, cursor - (int)v->facts->audit.n);
	page_word(p, K_ENTER, c >= 0 ? "evidence" : o ? o->label : NULL);
	if (c < 0 || v->facts->audit.found[c].structural)
		page_word(p, K_SIGN, NULL);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	if (v->audited)
		page_place(p, v->audited, "audit");
	else
		screen_place(p, v, "4 consumers");
	if (!v->facts || v->facts->audit.at == 0) {
		page_text(p, ST_PLAIN, 1, v->walk && !walk_has_item(v->walk->archetype, ITEM_CONSUMERS) ? "Not needed where something is added: nobody loses anything." : "Nobody has looked for consumers yet.");
		offers(p, v);
		return;
	}
	const struct fact_audit *u = &v->facts->audit;
	struct columns at = columns_of(p);
	counts(p, v);
	page_state(p, ST_PLAIN, RIGHT, "%zu found · looked %s", u->n, num_age(p->arena, u->at, s->now));
	titles(p, at);
	for (int pass = STAND_OPEN; pass <= STAND_CLEAR; pass++)
		for (size_t i = 0; i < u->n; i++)
			if ((int)judge(v, &u->found[i]).standing == pass)
				consumer_row(p, v, &u->found[i], at);
	if (u->n == 0)
		page_text(p, ST_PLAIN, 3, "none found");
	offers(p, v);
	int cursor = s->cursor >= 0 ? s->cursor : p->start;
	const struct consumer *c = subject(v, cursor);
	words(p, v, cursor);
	if (c)
		evidence_of(p, v, c);
	sources_rows(p, u);
	if (!v->walk)
		page_next(p, "One look, and no walk: nothing found here opens or shuts a gate.", "gatewalk new writes a plan; in its walk this is item 4, watched for weeks.");
}

/* Clearing asks for the reason; ui.c fills in the consumer and whether it survives. */
static const struct offer clear_offer = {
	.kind = ACT_CLEAR, .label = "clear this consumer", .prompt = "Who says it is clear, and why?",
	.expect = "who, when, what was done", .needs_tty = false,
};

static struct action key(const struct scene *s, enum key k)
{
	const struct view *v = s->view;
	int c = s->cursor >= 0 ? consumer_at(v, s->cursor) : -1;
	if (k == K_SIGN && c >= 0 && v->facts->audit.found[c].structural)
		return (struct action){ .todo = DO_REFUSE, .word = "No word can clear this one: change or drop it, by a change of its own." };
	if (k == K_SIGN && c >= 0)
		return (struct action){ .todo = DO_OFFER, .offer = &clear_offer, .word = v->facts->audit.found[c].key };
	if (k == K_ENTER && c >= 0)
		return action_open(&screen_evidence, -(c + 1));
	if (k == K_ENTER)
		return action_offer(offers_at(v, ACT_COUNT, s->cursor - (v->facts ? (int)v->facts->audit.n : 0)));
	return (struct action){ .todo = DO_COMMON };
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, "evidence" }, { K_SIGN, NULL }, { K_LOOK, NULL }, { K_COPY, "copy SQL" }, { K_FIND, NULL },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_consumers = {
	.name = "consumers", .title = "who uses it",
	.help = "Everything that uses what goes, or may: found in the catalogue, in function bodies, in statements, in sessions, by the tripwire, "
		"or declared in the plan. s signs one off with a reason; what would need CASCADE cannot be signed off, it must go. SOURCES "
		"says what each source can see and since when; what nobody can see stands under BLIND SPOTS.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};

/* The same without a walk: nothing to sign, and quitting leaves nothing behind. */
static struct action audit_key(const struct scene *s, enum key k)
{
	int c = s->cursor >= 0 ? consumer_at(s->view, s->cursor) : -1;
	if (k == K_ENTER)
		return c >= 0 ? action_open(&screen_evidence, -(c + 1)) : (struct action){ .todo = DO_NOTHING };
	return (struct action){ .todo = k == K_BACK ? DO_QUIT : DO_COMMON };
}

static const struct key_use audit_keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, "evidence" }, { K_LOOK, NULL }, { K_COPY, "copy SQL" }, { K_FIND, NULL }, { K_Q, "quit" }, { K_HELP, NULL },
};

const struct screen screen_audit = {
	.name = "audit", .title = "who uses it, without a walk",
	.help = "One look, as item 4 of a walk takes it, at everything that uses this or may. SOURCES says what each source can see and since "
		"when; what nobody can see stands under BLIND SPOTS. Nothing is written, and nothing found here opens a gate: r looks again.",
	.keys = audit_keys, .n_keys = sizeof audit_keys / sizeof audit_keys[0],
	.render = render, .key = audit_key,
};
