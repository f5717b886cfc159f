/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "screens/glyph.h"
#include "screens/num.h"

struct columns { int server, step, state, width; };

static struct columns columns_of(const struct page *p)
{
	int w = page_width(p);
	if (page_narrow(p))
		return (struct columns){ .server = 0, .step = 0, .state = 30, .width = w };
	int more = (w - 80) / 4;
	return (struct columns){ .server = 30 + more, .step = 41 + 2 * more, .state = 59 + 3 * more, .width = w };
}

static void heading(struct page *p, const char *title, const char *count)
{
	page_row(p, NULL);
	page_put(p, ST_PLAIN, 1, "%s", title);
	page_put(p, ST_DIM, RIGHT, "%s", count);
	page_blank(p);
}

static void titles(struct page *p, struct columns c)
{
	page_row(p, NULL);
	page_sign(p, ST_DIM, 3, "plan", "");
	if (c.server) {
		page_sign(p, ST_DIM, c.server, "server", "");
		page_sign(p, ST_DIM, c.step, "step", "");
	}
	page_sign(p, ST_DIM, c.state, "state", "");
	page_sign(p, ST_DIM, RIGHT, "look again", "");
}

/* One sign an item, as far along as the walk is. */
static void trail(struct page *p, const struct view_walk *w, int at)
{
	page_row(p, "note");
	for (int i = 1; i <= ITEM_COUNT; i++)
		page_sign(p, style_of_mood(w->items[i]), i == 1 ? at : FOLLOW, glyph_of_mood(w->items[i]), "");
}

static void walk_row(struct page *p, const struct view_walk *w, struct columns c, int64_t now)
{
	const char *look = w->look_again ? num_soon(p->arena, w->look_again, now) : w->needs_you ? "now" : "-";
	page_pick(p, "walk");
	page_fit(p, ST_PLAIN, 3, (c.server ? c.server : c.state) - 4, w->name);
	if (c.server) {
		page_fit(p, ST_PLAIN, c.server, c.step - c.server - 1, w->server);
		page_fit(p, ST_PLAIN, c.step, c.state - c.step - 1, w->step);
	}
	page_mood(p, c.state, w->mood);
	page_sign(p, style_of_mood(w->mood), FOLLOW, arena_printf(p->arena, " %s", mood_word(w->mood)), "");
	page_put(p, ST_PLAIN, RIGHT, "%s", look);
	trail(p, w, 5);
	page_fit(p, ST_DIM, c.server ? c.server : 20, c.width - (c.server ? c.server : 20) - 1, w->note);
}

static void closed_row(struct page *p, const struct view_walk *w, struct columns c)
{
	page_pick(p, "closed walk");
	page_fit(p, ST_PLAIN, 3, (c.server ? c.server : c.state) - 4, w->name);
	if (c.server) {
		page_fit(p, ST_PLAIN, c.server, c.step - c.server - 1, w->server);
		page_fit(p, ST_PLAIN, c.step, c.state - c.step - 1, w->step);
	}
	page_mood(p, c.state, w->mood);
	page_put(p, ST_PLAIN, FOLLOW, " %s", num_day(p->arena, w->closed));
	if (w->closing)
		page_put(p, ST_DIM, RIGHT, "%s", w->closing);
}

static int count(const struct view *v, bool closed, int *need)
{
	int n = 0;
	for (size_t i = 0; i < v->n_walks; i++) {
		n += (v->walks[i].closed != 0) == closed;
		*need += !closed && v->walks[i].closed == 0 && v->walks[i].needs_you;
	}
	return n;
}

static void empty(struct page *p)
{
	page_text(p, ST_PLAIN, 1, "No walk has begun on this machine.");
	page_blank(p);
	page_text(p, ST_PLAIN, 1, "A walk takes a column, a table or rows away, with a proven way back. It begins with a plan:");
	page_blank(p);
	page_lines(p, ST_PLAIN, 3, "gatewalk new --recipe drop-column --table T --column C >drop-c.yaml\n"
		"gatewalk check drop-c.yaml\ngatewalk walk drop-c.yaml");
	page_blank(p);
	page_text(p, ST_PLAIN, 1, "To try it on a private server first: gatewalk demo");
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	struct columns c = columns_of(p);
	int need = 0, open = count(v, false, &need), closed = count(v, true, &need);
	page_place(p, "gatewalk", NULL);
	page_state(p, ST_PLAIN, 1, "%d open", open);
	if (need)
		page_state(p, ST_BOLD, FOLLOW, " · %d need%s you", need, need == 1 ? "s" : "");
	page_brief(p, "%d open, %d need you", open, need);
	if (v->n_walks == 0)
		empty(p);
	if (open) {
		heading(p, "OPEN WALKS", "");
		titles(p, c);
	}
	for (size_t i = 0; i < v->n_walks; i++)
		if (v->walks[i].closed == 0)
			walk_row(p, &v->walks[i], c, s->now);
	if (open && closed)
		page_blank(p);
	if (closed)
		heading(p, "CLOSED WALKS", arena_printf(p->arena, "%d closed · newest first", closed));
	for (size_t i = 0; i < v->n_walks; i++)
		if (v->walks[i].closed)
			closed_row(p, &v->walks[i], c);
	if (v->next[0][0] == '\0')
		page_next(p, v->n_walks ? "Open a walk with Enter." : "Write a plan, then begin its walk.", "Quitting stops nothing: jobs run on their own.");
}

/* Rows stand open ones first, then closed ones; the cursor counts them in that order. */
static const struct view_walk *under_cursor(const struct scene *s)
{
	int left = s->cursor;
	for (int closed = 0; closed < 2; closed++)
		for (size_t i = 0; i < s->view->n_walks; i++)
			if ((s->view->walks[i].closed != 0) == (closed == 1) && left-- == 0)
				return &s->view->walks[i];
	return NULL;
}

static struct action key(const struct scene *s, enum key k)
{
	const struct view_walk *w = k == K_ENTER ? under_cursor(s) : NULL;
	if (!w)
		return (struct action){ .todo = DO_COMMON };
	return (struct action){ .todo = DO_WALK, .word = w->sid };
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, NULL }, { K_LOOK, NULL }, { K_FIND, NULL }, { K_SETTINGS, NULL }, { K_HELP, NULL }, { K_Q, NULL },
};

const struct screen screen_home = {
	.name = "home", .title = "the walks on this machine",
	.help = "Every walk that was begun on this machine: what needs you, what runs, what waits, and when to look again. Enter opens "
		"one. Nothing here changes a server, and quitting stops nothing.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0],
	.render = render, .key = key,
};
