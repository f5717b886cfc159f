/* SPDX-License-Identifier: MIT */
/* Item 5 of a new column: the statement, how it gets its lock, who is in its way, and what stands before it. */
#include "screens/screen.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/sql.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define AT 13

static enum mood mood_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING)
		return MOOD_WAITING;
	if (v->walk->added_at)
		return MOOD_DONE;
	return v->change.refused || v->change.why ? MOOD_SHUT : MOOD_NOT_YET;
}

static const char *words_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING)
		return "outcome not known yet";
	if (v->walk->added_at)
		return "it is there";
	return v->change.refused ? "not run as it is" : v->change.why ? "not added" : "not added yet";
}

static void lock(struct page *p, const struct view_change *c, const char *table)
{
	struct arena *a = p->arena;
	const char *how = c->lock_ms ? arena_printf(a, "It waits at most %d ms for it, then lets go, so that nobody queues behind it", c->lock_ms)
		: "It waits for it a moment only, then lets go, so that nobody queues behind it";
	page_labelled(p, "LOCK", AT, arena_printf(a, "ACCESS EXCLUSIVE on %s, held for milliseconds: no row is written. %s; %s.", table, how,
		c->budget_s ? arena_printf(a, "it asks again for %d s in all", c->budget_s) : "it asks again a few times"));
}

/* Who held the lock at the last attempt. */
static void blocker(struct page *p, const struct view_blocker *b, int64_t now)
{
	struct arena *a = p->arena;
	if (!b->pid)
		return;
	page_labelled(p, "IN THE WAY", AT, arena_printf(a, "pid %d  %s  %s%s%s%s", b->pid, b->app && *b->app ? b->app : "no application name", b->role ? "role " : "",
		b->role ? b->role : "", b->state ? "  " : "", b->state ? b->state : ""));
	if (b->since)
		page_item(p, "since", "", AT, arena_printf(a, "since %s UTC%s", num_when(a, b->since), now > b->since ? arena_printf(a, ", for %s", num_span(a, now - b->since)) : ""));
	page_item(p, "its query", "", AT, b->query);
}

static void last_try(struct page *p, const struct view *v, int64_t now)
{
	const struct view_change *c = &v->change;
	if (!c->at || !c->why)
		return;
	page_blank(p);
	page_labelled(p, "LAST TRY", AT, arena_printf(p->arena, "%s, asked %d time%s: %s", num_age(p->arena, c->at, now), c->tries, c->tries == 1 ? "" : "s", c->why));
	blocker(p, &c->blocker, now);
}

static void refused(struct page *p, const struct view_change *c)
{
	page_blank(p);
	page_item(p, "refused", "REFUSED", AT, c->refused);
	if (!c->phased)
		return;
	page_row(p, "in phases");
	page_sign(p, ST_PLAIN, 1, "IN PHASES", "");
	bool first = true;
	for (const char *s = c->phased, *end; *s; s = *end ? end + 1 : end) {
		end = s + strcspn(s, "\n");
		if (!first)
			page_row(p, NULL);
		page_more(p, ST_PLAIN, AT, arena_dupn(p->arena, s, (size_t)(end - s)));
		first = false;
	}
}

static void condition(struct page *p, const struct view *v, const char *id)
{
	const struct finding *f = v->findings;
	while (f < v->findings + CONDITION_COUNT && !(f->id && text_eq(f->id, id)))
		f++;
	if (f == v->findings + CONDITION_COUNT || f->verdict == NOT_NEEDED)
		return;
	page_row(p, "before it");
	page_sign(p, style_of_verdict(f->verdict), AT, glyph_of_verdict(f->verdict), verdict_word(f->verdict));
	page_fit(p, ST_PLAIN, AT + 2, 27, f->brief);
	page_fit(p, f->verdict == HOLDS ? ST_DIM : style_of_verdict(f->verdict), AT + 30, page_width(p) - AT - 31, f->now);
}

/* Gate A once more, and the moment. */
static void before(struct page *p, const struct view *v)
{
	static const char *const moment[] = { "C3", "C4", "C6" };
	struct gate_sum a = view_gate(v, GATE_A);
	page_blank(p);
	page_row(p, "before it");
	page_sign(p, ST_PLAIN, 1, "BEFORE IT", "");
	page_sign(p, a.open ? ST_DONE : ST_SHUT, AT, a.open ? "✓" : "✗", a.open ? "holds" : "refused");
	page_put(p, ST_PLAIN, AT + 2, "gate A");
	page_put(p, a.open ? ST_DIM : ST_SHUT, AT + 30, "%d of %d hold", a.hold, a.asked);
	for (size_t i = 0; i < sizeof moment / sizeof moment[0]; i++)
		condition(p, v, moment[i]);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	enum mood m = mood_of(v);
	screen_place(p, v, "5 new column");
	if (!view_adds(v)) {
		page_text(p, ST_PLAIN, 1, "This walk adds nothing.");
		page_word(p, K_ENTER, NULL);
		return;
	}
	page_state(p, style_of_mood(m), 1, "%s %s", glyph_of_mood(m), words_of(v));
	page_state(p, ST_DIM, RIGHT, "signed, noted, then one short statement");
	page_brief(p, "%s 5 %s", glyph_of_mood(m), words_of(v));
	page_labelled(p, "STATEMENT", AT, v->statement);
	page_copy(p, v->statement);
	lock(p, &v->change, arena_printf(p->arena, "%s.%s", sql_ident(p->arena, v->plan->schema), sql_ident(p->arena, v->plan->table)));
	page_labelled(p, "WAY BACK", AT, arena_printf(p->arena, "%s, at item 5, as long as nothing was written only there", sql_take(p->arena, v->plan)));
	if (v->change.refused)
		refused(p, &v->change);
	last_try(p, v, s->now);
	if (!v->walk->added_at)
		before(p, v);
	offers_rows(p, v, ACT_NONE);
	p->start = offers_wanted(v, ACT_NONE);
	const struct offer *o = offers_at(v, ACT_NONE, s->cursor >= 0 ? s->cursor : p->start);
	page_word(p, K_ENTER, o ? o->label : NULL);
}

static struct action key(const struct scene *s, enum key k)
{
	if (k == K_ENTER)
		return action_offer(offers_at(s->view, ACT_NONE, s->cursor));
	if (k == K_EVIDENCE)
		return action_open(&screen_evidence, ITEM_DUAL_WRITE);
	return (struct action){ .todo = DO_COMMON };
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
