/* SPDX-License-Identifier: MIT */
#include "screens/ui.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/text.h"
#include "engine/desk.h"
#include "screens/term.h"

#define TICK_MS 1000   /* ages and clocks on the screen go on by themselves */

int64_t ui_clock(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

struct place *ui_top(struct ui *u)
{
	return &u->stack[u->depth - 1];
}

void ui_say(struct ui *u, bool bad, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(u->notice, sizeof u->notice, fmt, ap);
	va_end(ap);
	u->notice_bad = bad;
}

void ui_push(struct ui *u, const struct screen *sc, long long subject)
{
	if (u->depth == PLACES_MAX) {   /* round and round: forget the oldest after home */
		memmove(&u->stack[1], &u->stack[2], (PLACES_MAX - 2) * sizeof u->stack[0]);
		u->depth--;
	}
	u->stack[u->depth++] = (struct place){ .screen = sc, .subject = subject,
		.scroll = { .cursor = -1, .follow = true, .found = -1 } };
	term_paste(u->term, sc->field);
}

void ui_pop(struct ui *u)
{
	if (u->depth <= 1)
		return;
	u->depth--;
	const struct screen *now = ui_top(u)->screen;
	if (now == &screen_home && u->view->walk)
		desk_home(u->desk);
	ui_top(u)->scroll.follow = true;
	term_paste(u->term, now->field);
}

struct scene ui_scene(struct ui *u)
{
	const struct place *at = ui_top(u);
	int64_t gone = ui_clock() - u->received;
	return (struct scene){
		.view = u->view, .now = u->view->now ? u->view->now + gone : 0, .subject = at->subject, .cursor = at->scroll.cursor,
		.field = at->screen == &screen_find ? &u->find : &u->field, .offer = &u->asked, .drop = &u->drop,
		.settings = &u->settings, .settings_path = u->settings_path, .eight = term_theme(u->term, u->settings.theme) == THEME_EIGHT,
		.read = u->read, .below = u->depth > 1 ? u->stack[u->depth - 2].screen : NULL,
		.notice = u->notice[0] ? u->notice : NULL, .notice_bad = u->notice_bad, .on_home = u->depth == 1,
	};
}

/* The page below a find has the cursor of that page. */
static struct scroll *scroll_of(struct ui *u, struct scene *s)
{
	struct place *at = ui_top(u);
	if (at->screen != &screen_find || u->depth < 2)
		return &at->scroll;
	s->subject = at[-1].subject;
	s->cursor = at[-1].scroll.cursor;
	return &at[-1].scroll;
}

void ui_draw(struct ui *u)
{
	int rows, cols;
	struct scene s = ui_scene(u);
	struct scroll *scroll = scroll_of(u, &s);
	term_size(u->term, &rows, &cols);
	arena_free(u->frame);
	u->frame = arena_new();
	u->page = screen_page(ui_top(u)->screen, u->frame, &s, cols, rows, u->settings.ascii);
	bool first = scroll->cursor < 0;
	struct grid *g = page_grid(u->page, u->frame, scroll);
	scroll->follow = false;
	term_draw(u->term, g, u->settings.theme);
	if (first && scroll->cursor >= 0) {   /* the page may say more about the row it begins on */
		ui_draw(u);
	}
}

void ui_stroke(struct ui *u, struct stroke st)
{
	if (ui_drop_stroke(u))
		return;
	struct place *at = ui_top(u);
	struct key_event e = key_read(st, at->screen->field);
	if (e.key == K_NONE)
		return;
	if (at->screen->field && field_key(at->screen == &screen_find ? &u->find : &u->field, e)) {
		u->drop.stopped = false;
		at->scroll.follow = true;
		return;
	}
	if (at->scroll.cursor < 0)
		ui_draw(u);   /* typed ahead: where the cursor begins is not known before */
	struct scene s = ui_scene(u);
	struct action a = screen_key(at->screen, &s, e.key);
	u->read = u->acted == 0;
	if (a.todo == DO_COMMON) {
		ui_move(u, e.key);
		return;
	}
	u->notice[0] = '\0';
	ui_do(u, &a);
}

/* A walk that was just opened begins with its news. */
static void on_walk(struct ui *u)
{
	const struct walk *w = u->view->walk;
	if (!text_eq(w->sid, u->sid)) {
		snprintf(u->sid, sizeof u->sid, "%s", w->sid ? w->sid : "");
		u->stage = w->stage;
		u->news_told = false;
	}
	/* The news come with the first look, which may be later than the walk itself. */
	if (!u->news_told && u->view->n_since_left > 0) {
		u->news_told = true;
		if (ui_top(u)->screen == &screen_walk)
			ui_push(u, &screen_since, 0);
	}
	if (w->stage == u->stage)
		return;
	u->stage = w->stage;
	/* The walk went on: show where it is now. */
	const struct screen *now = ui_top(u)->screen;
	while (u->depth > 2 && (now == &screen_step || now == &screen_gate || now == &screen_consumers || now == &screen_monitor) && ui_top(u)->screen != &screen_walk)
		ui_pop(u);
	for (int i = 0; i < u->depth; i++)
		if (u->stack[i].screen == &screen_walk)
			u->stack[i].scroll = (struct scroll){ .cursor = -1, .follow = true, .found = -1 };
}

static void ring(struct ui *u)
{
	long long running = 0;
	for (size_t i = 0; i < u->view->n_jobs; i++) {
		const struct view_job *j = &u->view->jobs[i];
		if (j->mine && j->ended == 0)
			running = j->id;
		if (j->id == u->job_running && j->ended && u->settings.bell)
			term_bell(u->term);
	}
	u->job_running = running;
}

static void on_desk(struct ui *u)
{
	struct answer said;
	desk_drain(u->desk);
	const struct view *v = desk_view(u->desk);
	desk_unview(u->desk, u->view);
	u->view = v;
	u->received = ui_clock();
	if (u->opening && desk_answer(u->desk, &said) && said.order >= u->opening) {
		u->opening = 0;
		if (!said.ok) {
			ui_say(u, true, "%s%s%s", said.err.msg, said.err.hint[0] ? ". " : "", said.err.hint);
			while (u->depth > 1 && ui_top(u)->screen != &screen_home)
				ui_pop(u);
		}
	}
	if (u->acted && desk_answer(u->desk, &said) && said.order >= u->acted) {
		u->acted = 0;
		u->read = false;
		if (said.ok && !ui_top(u)->screen->field)
			ui_top(u)->scroll = (struct scroll){ .cursor = -1, .follow = true, .found = -1 };
	}
	if (v->walk)
		on_walk(u);
	else
		u->sid[0] = '\0';
	ring(u);
}

static void on_signals(struct ui *u, unsigned saw)
{
	if (saw & (TERM_STOP | TERM_CONTINUED))
		ui_drop_stroke(u);   /* a stopped clock must not go on counting */
	if (saw & TERM_STOP)
		term_stop(u->term);
	if (saw & (TERM_CONTINUED | TERM_RESIZED)) {
		term_redraw(u->term);
		for (int i = 0; i < u->depth; i++)
			u->stack[i].scroll.follow = true;
	}
	if (saw & TERM_INTERRUPT)
		ui_stroke(u, (struct stroke){ .cp = 'c' & 0x1F });
	if (saw & TERM_END)
		u->quit = true;
}

static void loop(struct ui *u)
{
	struct stroke st;
	while (!u->quit) {
		ui_draw(u);
		unsigned saw = term_wait(u->term, desk_fd(u->desk), u->drop.stage == DROP_COUNTING ? 100 : TICK_MS);
		if (saw & TERM_OTHER)
			on_desk(u);
		on_signals(u, saw);
		while (!u->quit && (saw & TERM_KEYS) && term_read(u->term, &st))
			ui_stroke(u, st);
		ui_drop_tick(u);
	}
}

int ui_run(struct desk *d, struct tty *t, const struct look_kept *k, enum front_from from)
{
	struct ui u = { .desk = d, .term = t, .settings = k->settings, .settings_path = k->path };
	if (k->complaint)
		ui_say(&u, true, "%s", k->complaint);
	u.view = desk_view(d);
	u.received = ui_clock();
	u.drop.seconds = desk_countdown(d);
	ui_push(&u, from == FRONT_AUDIT ? &screen_audit : &screen_home, 0);
	if (from == FRONT_WALK)
		ui_push(&u, &screen_walk, 0);
	if (u.view->walk)
		on_walk(&u);
	loop(&u);
	desk_unview(d, u.view);
	arena_free(u.frame);
	arena_free(u.asked_arena);
	return u.status;
}
