/* SPDX-License-Identifier: MIT */
/* Item 6: the rows that stand get their value. The job as it runs, what it pauses on, what it could not convert. */
#include "screens/screen.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define EVENTS 3

/* ---- how far ---- */

static void state_line(struct page *p, const struct view *v, const struct view_job *j, int64_t now)
{
	const struct fact_backfill *b = &v->facts->backfill;
	enum mood m = job_alive(j) ? job_mood(j) : v->items[ITEM_BACKFILL].mood;
	const char *word = job_alive(j) ? j->state : b->done && b->rejects == 0 ? "done" : !b->begun ? "not begun" : b->done ? "done, but for the rejects" : "stopped";
	page_state(p, style_of_mood(m), 1, "%s %s", glyph_of_mood(m), word);
	if (job_alive(j) && j->started && now)
		page_state(p, ST_PLAIN, FOLLOW, " %s", num_whole(p->arena, now - j->started));
	page_state(p, ST_PLAIN, FOLLOW, "   batch %d ms   load %d %%", j && j->batch_ms ? j->batch_ms : v->plan->backfill.batch_ms, j && j->load ? j->load : v->plan->backfill.load);
	if (job_alive(j))
		page_state(p, ST_DIM, RIGHT, "safe to quit: it runs on its own");
	page_brief(p, "%s backfill %s", glyph_of_mood(m), v->items[ITEM_BACKFILL].note);
}

static void without_job(struct page *p, const struct view *v)
{
	const struct fact_backfill *b = &v->facts->backfill;
	if (!b->begun) {
		page_labelled(p, " VALUE", 10, v->plan->backfill.value);
		page_labelled(p, " ROWS", 10, v->plan->backfill.where ? v->plan->backfill.where : "all that have none yet");
	}
	if (!b->begun || b->done)
		return;
	int share = b->share >= 0.99 ? 99 : b->share > 0 ? (int)(b->share * 100) : 0;
	page_row(p, "total");
	page_sign(p, ST_PLAIN, 2, "TOTAL", "");
	page_sign(p, ST_WAITING, 10, glyph_bar(p->arena, share / 100.0, page_width(p) - 30), "");
	page_put(p, ST_PLAIN, FOLLOW, " %3d %%", share);
	page_put(p, ST_DIM, FOLLOW, "   of pass %d", b->pass);
}

static void rows_row(struct page *p, const struct fact_backfill *b)
{
	if (!b->begun)
		return;
	page_row(p, "rows");
	page_put(p, ST_PLAIN, 10, "%s filled", num_short(p->arena, (double)b->filled));
	if (b->left >= 0)
		page_put(p, b->left ? ST_WAITING : ST_DONE, FOLLOW, "   %s left, counted in one look", num_short(p->arena, (double)b->left));
	else
		page_put(p, ST_DIM, FOLLOW, "   left: counted at the end");
	if (b->cursor && *b->cursor && !page_narrow(p))
		page_put(p, ST_DIM, RIGHT, "%s", b->cursor);
}

/* The way to them. */
static void rejects_row(struct page *p, const struct fact_backfill *b)
{
	if (b->rejects <= 0)
		return;
	page_pick(p, "rejects");
	page_sign(p, ST_SHUT, 2, "✗", "");
	page_put(p, ST_SHUT, 4, "%s row%s not convert", num_group(p->arena, b->rejects), b->rejects == 1 ? " does" : "s do");
	page_sign(p, ST_DIM, FOLLOW, "   Enter shows them", "");
	p->start = 0;
}

static void ended(struct page *p, const struct view_job *j)
{
	if (!j || job_alive(j) || !j->error)
		return;
	page_blank(p);
	page_labelled(p, " WHY IT ENDED", 17, j->error);
}

/* What is left is no guess while it waits: it waits, and for what. */
static void left_row(struct page *p, const struct view_job *j, int64_t now)
{
	if (!text_eq(j->state, "waiting")) {
		job_left(p, j, now);
		return;
	}
	page_row(p, "waits");
	page_sign(p, ST_WAITING, 2, "WAITS", "");
	page_more(p, ST_WAITING, 10, j->note && *j->note ? j->note : "no reason was given");
}

static void events(struct page *p, const struct view_job *j)
{
	char clock[WHEN_MAX];
	if (!j || j->n_events == 0)
		return;
	page_blank(p);
	for (size_t i = j->n_events; i-- > 0 && i + EVENTS >= j->n_events;)
		page_labelled(p, arena_printf(p->arena, " %s", when_clock(j->events[i].at, clock)), 12, j->events[i].text);
}

/* ---- keys ---- */

struct ladder { const char *name; const char *const *steps; size_t n; const char *least, *most; };
static const char *const batches[] = { "10", "20", "50", "100", "200", "500", "1000" };
static const char *const loads[] = { "1", "5", "10", "25", "50", "75", "100" };
static const struct ladder of_batch = { "batch_ms", batches, sizeof batches / sizeof batches[0], "A batch takes no less than 10 ms.", "A batch takes no more than a second." };
static const struct ladder of_load = { "load", loads, sizeof loads / sizeof loads[0], "It works one part in a hundred of the time: slower is a pause.", "It works all the time already." };

static struct action step(const struct view_job *j, const struct ladder *l, int now, int dir)
{
	const char *to = NULL;
	for (size_t i = 0; i < l->n; i++) {
		int at = atoi(l->steps[i]);
		if (dir > 0 ? at > now && !to : at < now)
			to = l->steps[i];
	}
	if (!to)
		return (struct action){ .todo = DO_REFUSE, .word = dir > 0 ? l->most : l->least };
	return (struct action){ .todo = DO_ACT, .act = { .kind = ACT_JOB_SET, .key = l->name, .text = to, .job = j->id } };
}

static struct action pace(const struct view *v, const struct view_job *j, enum key k)
{
	int batch = j && j->batch_ms ? j->batch_ms : v->plan->backfill.batch_ms, load = j && j->load ? j->load : v->plan->backfill.load;
	bool batches_key = k == K_LESS || k == K_MORE, loads_key = k == K_SLOWER || k == K_FASTER;
	if (!batches_key && !loads_key)
		return job_key(job_alive(j) ? j : NULL, k);
	if (!job_alive(j))
		return (struct action){ .todo = DO_REFUSE, .word = "It does not run: start it first." };
	return batches_key ? step(j, &of_batch, batch, k == K_MORE ? 1 : -1) : step(j, &of_load, load, k == K_FASTER ? 1 : -1);
}

static int rejects_pick(const struct view *v)
{
	return v->facts->backfill.rejects > 0 ? 1 : 0;
}

static const struct offer *under_cursor(const struct view *v, int cursor)
{
	return offers_at(v, ACT_COUNT, cursor - rejects_pick(v));
}

/* Offers that the questions of the step hold are as good as any here. */
static void can(struct page *p, const struct scene *s, const struct view_job *j)
{
	const struct view *v = s->view;
	offers_rows(p, v, ACT_COUNT);
	int wanted = offers_wanted(v, ACT_COUNT);
	if (!job_alive(j) && wanted >= 0 && v->facts->backfill.rejects == 0)
		p->start = rejects_pick(v) + wanted;
	int at = s->cursor >= 0 ? s->cursor : p->start;
	const struct offer *o = offers_at(v, ACT_COUNT, at - rejects_pick(v));
	page_word(p, K_ENTER, at < 0 ? NULL : at < rejects_pick(v) ? "rejects" : o ? o->label : NULL);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	const struct view_job *j = job_newest(v, "backfill");
	screen_place(p, v, "6 backfill");
	p->start = -1;
	if (v->items[ITEM_BACKFILL].mood == MOOD_NOT_NEEDED) {
		page_text(p, ST_PLAIN, 1, "This walk fills no rows.");
		job_words(p, NULL);
		return;
	}
	state_line(p, v, j, s->now);
	if (job_alive(j)) {
		job_total(p, j);
		left_row(p, j, s->now);
	} else {
		without_job(p, v);
	}
	rows_row(p, &v->facts->backfill);
	rejects_row(p, &v->facts->backfill);
	if (j)
		rates_rows(p, v, j, s->now);
	ended(p, j);
	page_blank(p);
	limits_rows(p, v);
	events(p, j);
	if (!job_alive(j)) {
		page_word(p, K_BATCH, NULL);
		page_word(p, K_PACE, NULL);
	}
	job_words(p, job_alive(j) ? j : NULL);
	can(p, s, j);
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view *v = s->view;
	if (k == K_ENTER && s->cursor >= 0 && s->cursor < rejects_pick(v))
		return action_open(&screen_rejects, 0);
	if (k == K_ENTER)
		return action_offer(under_cursor(v, s->cursor));
	if (k == K_EVIDENCE)
		return action_open(&screen_evidence, ITEM_BACKFILL);
	return pace(v, job_newest(v, "backfill"), k);
}

static const struct key_use keys[] = {
	{ K_PAUSE, NULL }, { K_BATCH, NULL }, { K_PACE, NULL }, { K_STOP, "stop" }, { K_ENTER, NULL }, { K_LOOK, NULL }, { K_LOG, NULL }, { K_COPY, NULL },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_backfill = {
	.name = "backfill", .title = "the rows that stand get their value",
	.help = "How far it is and how long it may take, as a range; how fast it goes, beside the limit that matters; and all that it pauses on by itself: its value, above "
		"what it pauses, at what it goes on. What could not be read pauses it too. While it waits it holds no transaction. Space pauses it and lets it go on; "
		"[ and ] make its batches smaller or larger, - and + make it rest longer or shorter between them; x stops it, and asks. Rows that do not convert are kept apart: "
		"Enter shows them.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
