/* SPDX-License-Identifier: MIT */
/* Moving on a page, finding, copying: what every screen has in common. */
#include "screens/ui.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "screens/copy.h"
#include "screens/page_plain.h"
#include "screens/term.h"

static int row_of(const struct page *p, int pick)
{
	for (size_t i = 0; i < p->pane[PANE_MAIN].n; i++)
		if (p->pane[PANE_MAIN].row[i].pick == pick)
			return (int)i;
	return -1;
}

static void one(struct ui *u, int dir)
{
	struct scroll *s = &ui_top(u)->scroll;
	int row = row_of(u->page, s->cursor), next = s->cursor + dir;
	bool off = row >= 0 && (row < s->top || row >= s->top + s->height);
	if (u->page->picks == 0 || next < 0 || next >= u->page->picks || (off && dir < 0 && row < s->top)) {
		s->top += dir;
		return;
	}
	s->cursor = next;
	s->follow = true;
}

/* By pages the text moves, and the cursor stays in what is seen. */
static void page_by(struct ui *u, int dir)
{
	struct scroll *s = &ui_top(u)->scroll;
	const struct pane_rows *rows = &u->page->pane[PANE_MAIN];
	int last = s->rows - s->height, step = s->height > 1 ? s->height - 1 : 1;
	int top = s->top + dir * step;
	top = top > last ? last : top;
	top = top < 0 ? 0 : top;
	if (top == s->top && u->page->picks) {
		s->cursor = dir > 0 ? u->page->picks - 1 : 0;
		return;
	}
	s->top = top;
	int row = row_of(u->page, s->cursor);
	for (int i = top; row >= 0 && (row < top || row >= top + s->height) && i < top + s->height && i < (int)rows->n; i++)
		if (rows->row[i].pick >= 0) {
			row = i;
			s->cursor = rows->row[i].pick;
		}
}

static void to_end(struct ui *u, bool last)
{
	struct scroll *s = &ui_top(u)->scroll;
	s->cursor = u->page->picks ? (last ? u->page->picks - 1 : 0) : -1;
	s->top = last ? s->rows : 0;
	s->follow = false;
}

/* Where a search begins: at what was found last, else where the cursor is, else at the top of what is seen. */
static int search_from(const struct ui *u, const struct place *at)
{
	int row = at->scroll.found >= 0 ? at->scroll.found : row_of(u->page, at->scroll.cursor);
	return row >= 0 ? row : at->scroll.top;
}

/* What a search says of itself: that it found nothing, only this one, or went around. */
static void found_what(struct ui *u, int from, int found, int dir, bool again)
{
	if (found < 0)
		ui_say(u, true, "not on this page: %s", u->word);
	else if (again && found == from)
		ui_say(u, false, "only here: %s", u->word);
	else if (dir > 0 ? found < from : found > from)
		ui_say(u, false, dir > 0 ? "past the end: from the top again" : "past the top: from the end again");
}

void ui_find(struct ui *u, int dir, bool again)
{
	struct place *at = ui_top(u);
	if (at->screen->field)
		return;
	if (u->word[0] == '\0') {
		ui_say(u, true, "Nothing was looked for yet: / asks what.");
		return;
	}
	struct arena *a = arena_new();
	struct scene s = ui_scene(u);
	s.whole = true;
	struct page *p = screen_page(at->screen, a, &s, u->page->cols, u->page->rows, u->settings.ascii);
	int from = search_from(u, at);
	int found = page_find(p, u->word, again ? from + dir : from, dir);
	at->scroll.found = found;
	at->scroll.follow = true;
	found_what(u, from, found, dir, again);
	if (found >= 0 && p->pane[PANE_MAIN].row[found].pick >= 0)
		at->scroll.cursor = p->pane[PANE_MAIN].row[found].pick;
	arena_free(a);
}

void ui_copy(struct ui *u)
{
	struct err e = { 0 };
	struct text whole = { 0 };
	const char *text = u->page->copy;
	if (!text) {
		page_plain(u->page, &whole);
		text = text_str(&whole);
	}
	const char *path = copy_file(u->frame, text, &e);
	copy_tmux(text);
	const char *osc = copy_osc52(u->frame, text);
	if (osc)
		term_send(u->term, osc);
	if (path)
		ui_say(u, false, "copied, and kept in %s", path);
	else
		ui_say(u, true, "%s", e.msg);
	text_free(&whole);
}

void ui_move(struct ui *u, enum key k)
{
	if (k != K_COPY)
		u->notice[0] = '\0';
	if (k != K_NEXT && k != K_PREV)
		ui_top(u)->scroll.found = -1;
	switch (k) {
	case K_UP:        one(u, -1); break;
	case K_DOWN:      one(u, 1); break;
	case K_PAGE_UP:   page_by(u, -1); break;
	case K_PAGE_DOWN: page_by(u, 1); break;
	case K_FIRST:     to_end(u, false); break;
	case K_LAST:      to_end(u, true); break;
	case K_NEXT:      ui_find(u, 1, true); break;
	case K_PREV:      ui_find(u, -1, true); break;
	case K_COPY:      ui_copy(u); break;
	case K_REDRAW:    term_redraw(u->term); break;
	case K_SUSPEND:   term_stop(u->term); break;
	default:          break;
	}
}
