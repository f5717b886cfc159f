/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define BEFORE 12

struct columns { int chart, after, now, base, limit; };

static struct columns columns_of(const struct page *p)
{
	int w = page_width(p);
	if (page_narrow(p))
		return (struct columns){ .chart = 0, .now = w - 32, .base = w - 22, .limit = w - 12 };
	return (struct columns){ .chart = 23, .after = w - 33 - 23 - BEFORE - 1, .now = w - 30, .base = w - 21, .limit = w - 12 };
}

static void number(struct page *p, int at, int width, unsigned style, const char *s)
{
	page_put(p, style, at, "%*s", width, s);
}

/* Both sides on one scale, or they could not be compared. */
static double top_of(const struct view_series *s)
{
	double top = s->has_alarm ? s->alarm : 0;
	for (size_t i = 0; i < s->n_before; i++)
		top = s->before[i] > top ? s->before[i] : top;
	for (size_t i = 0; i < s->n_after; i++)
		top = s->after[i] > top ? s->after[i] : top;
	return top;
}

static void series_row(struct page *p, const struct view_series *s, struct columns c)
{
	struct arena *a = p->arena;
	double top = top_of(s);
	page_pick(p, "metric");
	page_fit(p, ST_PLAIN, 1, (c.chart ? c.chart : c.now) - 2, s->unit && *s->unit ? arena_printf(a, "%s %s", s->name, s->unit) : s->name);
	if (c.chart) {
		page_sign(p, ST_DIM, c.chart, glyph_chart(a, s->before, s->n_before, BEFORE, top), "");
		page_sign(p, ST_DIM, c.chart + BEFORE, "╎", "");
		page_sign(p, s->alarmed ? ST_SHUT : ST_PLAIN, c.chart + BEFORE + 1, glyph_chart(a, s->after, s->n_after, c.after, top), "");
	}
	number(p, c.now, 8, s->known ? ST_PLAIN : ST_DIM, s->known ? num_short(a, s->now) : "no value");
	number(p, c.base, 7, ST_DIM, s->has_base ? num_short(a, s->base) : "-");
	number(p, c.limit, 7, ST_DIM, s->has_alarm ? num_short(a, s->alarm) : "-");
	page_sign(p, s->alarmed ? ST_SHUT : s->known ? ST_DONE : ST_WAITING, RIGHT, s->alarmed ? "✗" : s->known ? "✓" : "◔",
		s->alarmed ? "alarm" : s->known ? "quiet" : "no value");
}

/* The line between before and after bears the time of the drop. */
static void titles(struct page *p, const struct view *v, int64_t now, struct columns c)
{
	int64_t at = walk_changed_at(v->walk);
	page_row(p, NULL);
	if (c.chart) {
		page_sign(p, ST_DIM, c.chart, view_adds(v) ? "      before" : " before drop", "");
		page_sign(p, ST_DIM, c.chart + BEFORE, at ? arena_printf(p->arena, "╎%s", num_passed(p->arena, at, now)) : "╎", "");
	}
	page_sign(p, ST_DIM, c.now, "     now", "");
	page_sign(p, ST_DIM, c.base, "   base", "");
	page_sign(p, ST_DIM, c.limit, "  limit", "");
}

/* How old the figures are, and how long a cell of the time after the drop is: a cell shows the highest figure in it. */
static const char *sampled(struct page *p, const struct view *v, int64_t now, struct columns c)
{
	size_t most = 0;
	const char *age = num_age(p->arena, v->facts->monitor.at, now);
	for (size_t i = 0; i < v->n_series; i++)
		most = v->series[i].n_after > most ? v->series[i].n_after : most;
	int cells = most > (size_t)c.after ? c.after : (int)most;
	int64_t from = walk_changed_at(v->walk);
	if (!c.chart || p->plain || cells == 0 || !from || v->facts->monitor.at <= from)
		return age;
	return arena_printf(p->arena, "%s · each cell the highest of %s", age, num_span(p->arena, (v->facts->monitor.at - from) / cells));
}

static bool ringing(const struct view *v)
{
	for (size_t i = 0; i < v->n_series; i++)
		if (v->series[i].alarmed)
			return true;
	return false;
}

static void state_line(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct walk *w = v->walk;
	struct arena *a = p->arena;
	bool rings = ringing(v);
	int64_t from = view_adds(v) ? w->watch_from : w->dropped_at;
	int64_t all = v->plan->monitor_hours * (w->day_us / 24), gone = from && s->now ? s->now - from : 0;
	page_state(p, rings ? ST_SHUT : ST_DONE, 1, rings ? "✗ ALARM" : "✓ QUIET");
	page_brief(p, rings ? "✗ alarm" : "✓ quiet");
	if (!from) {
		page_state(p, ST_PLAIN, FOLLOW, view_adds(v) ? "  before reads move: the count of 48 h begins then" : "  before the drop: what the time after it is compared with");
		return;
	}
	if (gone > all)
		gone = all;
	const char *whole = w->day_us == US_DAY ? arena_printf(a, "%d h", v->plan->monitor_hours) : num_span(a, all);
	page_state(p, ST_PLAIN, FOLLOW, "  %s of %s  ", num_span(a, gone), whole);
	if (!page_narrow(p))
		page_state(p, ST_DIM, FOLLOW, "%s", glyph_bar(a, all ? (double)gone / (double)all : 0, 20));
	page_state(p, w->alarms ? ST_SHUT : ST_PLAIN, RIGHT, "%d alarm%s", w->alarms, w->alarms == 1 ? "" : "s");
	page_state(p, ST_PLAIN, RIGHT, "· ends %s", num_soon(a, from + all, s->now));
}

/* A new column: what is undone first is what was done last. */
static void step_back(struct page *p, const struct view *v)
{
	page_blank(p);
	page_row(p, NULL);
	page_sign(p, ringing(v) ? ST_BOLD : ST_PLAIN, 1, "IF IT GOES WRONG", "");
	page_labelled(p, "  1", 6, "step back: deploy the release that does not read the column");
	page_labelled(p, "  2", 6, "step back again: the release that does not write it; then the column can be taken away");
	page_labelled(p, "  or", 6, v->plan->way_back);
}

static void way_back(struct page *p, const struct view *v)
{
	if (view_adds(v)) {
		step_back(p, v);
		return;
	}
	page_blank(p);
	page_row(p, NULL);
	page_sign(p, ringing(v) ? ST_BOLD : ST_PLAIN, 1, v->walk->dropped ? "IF IT GOES WRONG" : "BEFORE THE DROP", "");
	if (!v->walk->dropped) {
		page_text(p, ST_PLAIN, 3, "An alarm now proposes to step back: see the step's screen.");
		return;
	}
	if (v->walk->restored_at) {
		page_text(p, ST_PLAIN, 3, arena_printf(p->arena, "It was put back on %s UTC.", num_when(p->arena, v->walk->restored_at)));
		return;
	}
	page_labelled(p, "  F", 6, arena_printf(p->arena, "put the %s back, %s", target_noun(plan_target(v->plan)), v->restore_span ? v->restore_span : "time not measured"));
	page_labelled(p, "  or", 6, v->restore_command);
	page_copy(p, v->restore_command);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	screen_place(p, v, "12 monitor");
	if (!v->walk || !v->plan)
		return;
	struct columns c = columns_of(p);
	state_line(p, s);
	titles(p, v, s->now, c);
	for (size_t i = 0; i < v->n_series; i++)
		series_row(p, &v->series[i], c);
	if (v->n_series == 0)
		page_text(p, ST_WAITING, 1, "◔ No sample has been taken yet.");
	if (v->facts && v->facts->monitor.at)
		page_item(p, "sampled", "sampled", 10, sampled(p, v, s->now, c));
	if (v->walk->alarm) {
		page_blank(p);
		page_labelled(p, "ALARM", 10, v->walk->alarm);
	}
	way_back(p, v);
	offers_rows(p, v, ACT_RESTORE);
	if (offers_wanted(v, ACT_RESTORE) >= 0)
		p->start = (int)v->n_series + offers_wanted(v, ACT_RESTORE);
	int at = s->cursor >= 0 ? s->cursor : p->start;
	const struct offer *o = offers_at(v, ACT_RESTORE, at - (int)v->n_series);
	page_word(p, K_ENTER, o ? o->label : "item 12");
	if (!view_offer(v, ACT_RESTORE))
		page_word(p, K_RESTORE, NULL);
}

static struct action key(const struct scene *s, enum key k)
{
	int i = s->cursor - (int)s->view->n_series;
	if (k == K_ENTER && i >= 0)
		return action_offer(offers_at(s->view, ACT_RESTORE, i));
	return k == K_ENTER ? action_open(&screen_step, ITEM_MONITOR) : (struct action){ .todo = DO_COMMON };
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, "step" }, { K_RESTORE, "restore (asks)" }, { K_LOOK, NULL }, { K_LOG, NULL }, { K_COPY, NULL },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_monitor = {
	.name = "monitor", .title = "the 48 hours after",
	.help = "Each figure before and after the change, now, at its base, and its alarm limit. The job that samples runs on its own and rings when a "
		"limit is passed. The way back stands below, with the time it took when it was drilled; F puts it back, and asks.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
