/* SPDX-License-Identifier: MIT */
/* Item 7: the wait with both columns, and whether they are the same in every row. */
#include "screens/screen.h"

#include "base/arena.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define AT 10
#define FEW 3   /* rows named here */

static void state_line(struct page *p, const struct view *v, const struct view_job *j)
{
	const struct fact_parity *s = &v->facts->parity;
	const struct view_item *it = &v->items[ITEM_WINDOW];
	enum mood m = s->mismatches ? MOOD_SHUT : s->round ? MOOD_DONE : MOOD_WAITING;
	const char *words = s->mismatches ? "old and new differ" : s->round ? "old and new agree" : "not compared yet";
	page_state(p, style_of_mood(m), 1, "%s %s", glyph_of_mood(m), words);
	page_state(p, job_alive(j) ? ST_RUNNING : ST_WAITING, FOLLOW, job_alive(j) ? "   ● comparing" : "   ◔ not comparing now");
	page_state(p, style_of_mood(it->mood), RIGHT, "item 7 %s", mood_word(it->mood));
	page_brief(p, "%s %s", glyph_of_mood(m), words);
}

/* The days of item 7. */
static void wait_row(struct page *p, const struct view *v, int64_t now)
{
	const struct view_item *it = &v->items[ITEM_WINDOW];
	int64_t from = walk_window_from(v->walk, v->plan), end = walk_window_end(v->walk, v->plan);
	struct arena *a = p->arena;
	page_row(p, "wait");
	page_sign(p, ST_PLAIN, 2, "WAIT", "");
	if (!from) {
		page_put(p, ST_WAITING, AT, "not begun: it counts from dual write, a filled column%s", v->walk->archetype == ARCH_RENAME ? ", and every deploy's word" : "");
		return;
	}
	bool over = v->walk->confirmed[ITEM_WINDOW] || (now && now >= end);
	page_sign(p, over ? ST_DONE : ST_WAITING, AT, glyph_bar(a, over ? 1 : it->percent / 100.0, page_width(p) - AT - 36), "");
	if (over) {
		page_put(p, ST_PLAIN, FOLLOW, "  %d d passed", plan_window_days(v->plan));
		return;
	}
	page_put(p, ST_PLAIN, FOLLOW, "  day %lld of %d", v->walk->day_us ? (long long)((now - from) / v->walk->day_us) + 1 : 1, plan_window_days(v->plan));
	page_put(p, ST_PLAIN, RIGHT, "until %s", num_soon(a, end, now));
}

/* Those that were noted: of the last pass and the one under way. */
static void rows(struct page *p, const struct view *v)
{
	struct arena *a = p->arena;
	for (size_t i = 0; i < v->n_mismatches && i < FEW; i++) {
		const struct view_mismatch *m = &v->mismatches[i];
		const char *is = m->error ? m->error : m->expected ? arena_printf(a, "and not %s", m->expected) : "and should have none";
		page_item(p, arena_printf(a, "differs %zu", i + 1), "", AT, arena_printf(a, "%s   old %s   new %s   %s", m->key, m->old ? m->old : "no value", m->new ? m->new : "no value", is));
	}
	if (v->n_mismatches > FEW)
		page_item(p, "more", "", AT, arena_printf(a, "and more: gatewalk job differ %s lists them", v->plan->name));
}

static void last_pass(struct page *p, const struct view *v, int64_t now)
{
	const struct fact_parity *s = &v->facts->parity;
	struct arena *a = p->arena;
	page_row(p, "last pass");
	page_sign(p, ST_PLAIN, 2, "LAST", "");
	if (!s->round) {
		page_put(p, ST_DIM, AT, "no whole pass has come to its end yet");
		return;
	}
	page_put(p, ST_PLAIN, AT, "pass %lld   %s rows   ", (long long)s->round, num_short(a, (double)s->rows));
	page_put(p, s->mismatches ? ST_SHUT : ST_DONE, FOLLOW, "%s differ", num_group(a, s->mismatches));
	page_put(p, ST_DIM, RIGHT, "%s, took %s", num_age(a, s->ended, now), num_span(a, s->ended - s->began));
	if (s->covers)
		page_item(p, "covers", "", AT, arena_printf(a, "rows not written since %s UTC, when dual write ended", num_when(a, s->covers)));
	if (v->n_mismatches)
		rows(p, v);
	else if (s->first)
		page_item(p, "the first", "", AT, arena_printf(a, "the first: %s", s->first));
	if (s->mismatches)
		page_item(p, "what now", "", AT, "Find who writes one column alone; the backfill goes over these rows again (item 6), and the wait begins anew.");
}

static void this_pass(struct page *p, const struct view *v, const struct view_job *j, int64_t now)
{
	if (!job_alive(j))
		return;
	page_blank(p);
	job_total(p, j);
	job_left(p, j, now);
	rates_rows(p, v, j, now);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct view_job *j = job_newest(v, "parity");
	screen_place(p, v, "7 two columns");
	if (v->items[ITEM_WINDOW].mood == MOOD_NOT_NEEDED) {
		page_text(p, ST_PLAIN, 1, "This walk has no second column beside the first.");
		page_word(p, K_ENTER, NULL);
		job_words(p, NULL);
		return;
	}
	state_line(p, v, j);
	wait_row(p, v, s->now);
	last_pass(p, v, s->now);
	this_pass(p, v, j, s->now);
	offers_page(p, s);
	job_words(p, job_alive(j) ? j : NULL);
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view_job *j = job_newest(s->view, "parity");
	struct action a = job_key(job_alive(j) ? j : NULL, k);
	return a.todo == DO_COMMON ? offers_key(s, k, ITEM_WINDOW) : a;
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, NULL }, { K_PAUSE, NULL }, { K_STOP, "stop" }, { K_LOOK, NULL }, { K_GATES, NULL }, { K_EVIDENCE, NULL }, { K_LOG, NULL },
	{ K_COPY, NULL }, { K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_parity = {
	.name = "parity", .title = "two columns side by side",
	.help = "For how long both columns have been written, and for how long they have to be. Old against new over every row, pass by pass, until the drop: how many rows the "
		"last whole pass compared, how many differed, which ones, and how far this pass is. A row that differs shuts gate B, opens the backfill again, and the wait "
		"begins anew. Space pauses the comparison and lets it go on; x stops it, and asks.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
