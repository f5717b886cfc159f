/* SPDX-License-Identifier: MIT */
/* Item 5 of two columns: how a write of one comes to the other, by whom, since when. */
#include "screens/screen.h"

#include "base/arena.h"
#include "core/sql.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define AT 13

static const char *broken(const struct view *v)
{
	return walk_trigger_due(v->walk) && v->facts->trigger.at ? v->facts->trigger.why : NULL;
}

static enum mood mood_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING || v->walk->stage == AT_ENDING)
		return v->busy ? MOOD_RUNNING : MOOD_WAITING;
	if (broken(v))
		return MOOD_SHUT;
	if (v->walk->ended_at || v->walk->confirmed[ITEM_DUAL_WRITE])
		return MOOD_DONE;
	return v->facts->blocker.at ? MOOD_SHUT : MOOD_WAITING;
}

static const char *words_of(const struct view *v)
{
	if (v->walk->stage == AT_CHANGING || v->walk->stage == AT_ENDING)
		return v->busy ? "asking for the lock" : "outcome not known yet";
	if (v->walk->ended_at)
		return "over: the new column is written alone";
	if (broken(v))
		return broken(v);
	return v->walk->confirmed[ITEM_DUAL_WRITE] ? "every write goes to both" : "writes go to the old column alone";
}

static void who(struct page *p, const struct view *v)
{
	if (plan_dual_by_application(v->plan)) {
		page_labelled(p, "BY", AT, "the application itself: each deployed part says so; whether it is true, the comparison shows");
		return;
	}
	page_labelled(p, "BY", AT, "gatewalk's trigger: it fires always, also for what replication brings, and does nothing where a write changes neither column. "
		"A value that does not convert is left out and noted; the application's write stands.");
}

static void since(struct page *p, const struct view *v, int64_t now)
{
	const struct walk *w = v->walk;
	if (w->confirmed[ITEM_DUAL_WRITE])
		page_labelled(p, "SINCE", AT, arena_printf(p->arena, "%s UTC, %s", num_when(p->arena, w->confirmed[ITEM_DUAL_WRITE]), num_age(p->arena, w->confirmed[ITEM_DUAL_WRITE], now)));
	if (w->ended_at)
		page_labelled(p, "UNTIL", AT, arena_printf(p->arena, "%s UTC", num_when(p->arena, w->ended_at)));
	if (w->reconvert)
		page_labelled(p, "STALE", AT, "it converts as an earlier version of the plan said: step back, and put it on anew");
}

static void columns(struct page *p, const struct view *v)
{
	const struct plan *n = v->plan;
	struct arena *a = p->arena;
	const char *new = plan_new_column(n);
	page_labelled(p, "OLD", AT, v->target_name);
	page_labelled(p, "NEW", AT, arena_printf(a, "%s %s", sql_ident(a, new ? new : ""), n->add_type ? n->add_type : ""));
	page_labelled(p, "OVER", AT, arena_printf(a, "%s: a write of the old column fills the new one", n->convert_to ? n->convert_to : sql_ident(a, n->column)));
	page_labelled(p, "BACK", AT, n->convert_back ? arena_printf(a, "%s: a write of the new one fills the old one", n->convert_back)
		: v->walk->archetype == ARCH_RENAME ? "the same: a write of the new one fills the old one" : "not: it goes one way, and the application writes both from item 8 on");
	if (n->convert_check)
		page_labelled(p, "HOLDS", AT, n->convert_check);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	screen_place(p, v, "5 dual write");
	if (!view_comes(v) || view_adds(v)) {
		page_text(p, ST_PLAIN, 1, "This walk has no second column beside the first.");
		page_word(p, K_ENTER, NULL);
		return;
	}
	enum mood m = mood_of(v);
	page_state(p, style_of_mood(m), 1, "%s %s", glyph_of_mood(m), words_of(v));
	page_brief(p, "%s 5 %s", glyph_of_mood(m), words_of(v));
	columns(p, v);
	who(p, v);
	since(p, v, s->now);
	if (v->walk->stage == AT_WRITES && !plan_dual_by_application(v->plan))
		change_before(p, v);
	change_blocker(p, v, s->now);
	offers_page(p, s);
}

static struct action key(const struct scene *s, enum key k)
{
	return offers_key(s, k, ITEM_DUAL_WRITE);
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, NULL }, { K_LOOK, NULL }, { K_GATES, NULL }, { K_EVIDENCE, NULL }, { K_LOG, NULL }, { K_COPY, NULL }, { K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_dual = {
	.name = "dual", .title = "writes go to both columns",
	.help = "The old column and the new one, how a write of one comes to the other, by whom, and since when. Where gatewalk's trigger does it, putting it on and taking it "
		"off are short statements that let go when the table is held, and this page names who holds it. Enter does what the cursor stands on; changes are signed.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
