/* SPDX-License-Identifier: MIT */
#include "screens/page_grid.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "screens/glyph.h"
#include "screens/wrap.h"

#define MESSAGE_MAX 5
#define NEXT_MIN 2   /* lines of NEXT; more only where the texts do not fit */
#define NEXT_MAX 4

struct drawing { const struct page *p; struct arena *a; struct grid *g; const struct scroll *s; };

static const char *sign(const struct drawing *d, const char *utf8)
{
	return d->p->ascii ? glyph_ascii(d->a, utf8) : utf8;
}

/* Columns that spans from i on to the right edge take, one blank between them. */
static int right_width(const struct row *r)
{
	int width = 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->spans[i].at == RIGHT)
			width += text_width(r->spans[i].text) + (width ? 1 : 0);
	return width;
}

static int draw_left(const struct drawing *d, const struct row *r, int y, int x, int end)
{
	int col = x;
	for (size_t i = 0; i < r->n; i++) {
		const struct span *s = &r->spans[i];
		if (s->at == RIGHT)
			continue;
		int at = s->at == FOLLOW ? col : x + s->at;
		int after = grid_put(d->g, y, at, end, s->style, s->text);
		col = after > col ? after : col;
	}
	return col;
}

/* What stands left has the right of way; what stands right is left out, first ones first, until it fits. */
static void draw_row(const struct drawing *d, const struct row *r, int y, int x, int end)
{
	int col = draw_left(d, r, y, x, end);
	int width = right_width(r);
	for (size_t i = 0; i < r->n; i++) {
		const struct span *s = &r->spans[i];
		if (s->at != RIGHT)
			continue;
		int own = text_width(s->text);
		if (end - 1 - width > col || (width == own && end - 1 - width >= col))
			grid_put(d->g, y, end - 1 - width, end, s->style, s->text);
		width -= own + 1;
	}
}

static void draw_field(const struct drawing *d, const struct row *r, int y, int x, int end)
{
	int col = draw_left(d, r, y, x, end);
	int room = end - 1 - col;
	const char *before = d->p->field;
	while (room > 0 && text_width(before) > room) {
		size_t used;
		text_next(before, strlen(before), &used);
		before += used;
	}
	col = grid_put(d->g, y, col, end, ST_UNDER, before);
	d->g->cursor_row = y;
	d->g->cursor_col = col;
	d->g->typing = true;
	grid_put(d->g, y, col, end, ST_UNDER, d->p->field_after);
}

static void draw_cursor(const struct drawing *d, const struct row *r, int y, int x, int end)
{
	int first = r->n ? r->spans[0].at : 2;
	int at = x + (first > 2 ? first - 2 : 0);
	grid_put(d->g, y, at, end, ST_INFO, sign(d, GLYPH_CURSOR));
	grid_flag(d->g, y, x, end, ST_CURSOR);
	d->g->cursor_row = y;
	d->g->cursor_col = at;
}

/* The bar: the name of the plan gives way first. */
static void draw_bar(const struct drawing *d)
{
	struct row r = { .spans = arena_array(d->a, d->p->bar.n + 1, sizeof *r.spans), .n = d->p->bar.n };
	if (r.n)
		memcpy(r.spans, d->p->bar.spans, r.n * sizeof *r.spans);
	int room = d->p->cols - right_width(&r) - 3;
	if (r.n > 1 && r.spans[1].at == FOLLOW)
		room -= text_width(r.spans[1].text);
	if (r.n)
		r.spans[0].text = text_fit(d->a, r.spans[0].text, room > 8 ? room : 8, d->p->ascii);
	grid_style(d->g, 0, 0, d->p->cols, ST_BAR);
	draw_row(d, &r, 0, 0, d->p->cols);
}

struct area { int y, height, x, end, top; };

static void draw_pane(const struct drawing *d, const struct pane_rows *rows, struct area at)
{
	for (int i = 0; i < at.height && at.top + i < (int)rows->n; i++) {
		const struct row *r = &rows->row[at.top + i];
		int y = at.y + i;
		draw_row(d, r, y, at.x, at.end);
		if (r->pick >= 0 && r->pick == d->s->cursor)
			draw_cursor(d, r, y, at.x, at.end);
		if (r->has_field)
			draw_field(d, r, y, at.x, at.end);
		if (rows == &d->p->pane[PANE_MAIN] && at.top + i == d->s->found)
			grid_style(d->g, y, at.x, at.end, ST_FOUND);
	}
}

static void rule(const struct drawing *d, int y, const char *note)
{
	for (int c = 0; c < d->g->cols; c++)
		grid_put(d->g, y, c, d->g->cols, ST_DIM, sign(d, "─"));
	int width = text_width(note);
	if (width && width + 4 < d->g->cols)
		grid_put(d->g, y, d->g->cols - width - 3, d->g->cols, ST_PLAIN, note);
}

/* In one column the side pane stands below the main one. */
static struct pane_rows joined(const struct page *p, struct arena *a)
{
	const struct pane_rows *m = &p->pane[PANE_MAIN], *s = &p->pane[PANE_SIDE];
	struct pane_rows all = { .n = m->n + s->n + 1, .width = p->cols };
	all.row = arena_array(a, all.n, sizeof *all.row);
	if (m->n)
		memcpy(all.row, m->row, m->n * sizeof *all.row);
	all.row[m->n] = (struct row){ .pick = -1 };
	memcpy(all.row + m->n + 1, s->row, s->n * sizeof *all.row);
	return all;
}

static int row_of_pick(const struct pane_rows *rows, int pick)
{
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].pick == pick)
			return (int)i;
	return -1;
}

/* The row to keep in sight: the field's, what was found, or the cursor's; and the last row that belongs to it. */
static int row_in_sight(const struct pane_rows *rows, const struct scroll *s, int *last)
{
	int at = s->found >= 0 ? s->found : row_of_pick(rows, s->cursor);
	for (size_t i = 0; i < rows->n; i++)
		if (rows->row[i].has_field)
			at = (int)i;
	*last = at;
	while (at >= 0 && *last + 1 < (int)rows->n && *last - at < 5 && rows->row[*last + 1].pick < 0 && rows->row[*last + 1].n > 0)
		++*last;
	return at;
}

static void correct(const struct page *p, const struct pane_rows *main, struct scroll *s)
{
	int last = -1;
	if (s->cursor >= p->picks)
		s->cursor = p->picks - 1;
	if (s->cursor < 0 && p->picks > 0)
		s->cursor = p->start;
	int at = s->follow ? row_in_sight(main, s, &last) : -1;
	if (at >= 0 && last >= s->top + s->height)
		s->top = last - s->height + 1;
	if (at >= 0 && at < s->top)
		s->top = at;
	if (s->top > s->rows - s->height)
		s->top = s->rows - s->height;
	if (s->top < 0 || (s->follow && s->cursor == 0 && at >= 0 && at < s->height))
		s->top = 0;
}

/* A tiny terminal: state, then NEXT, on as many lines as they take; the field instead of NEXT where something is typed. */
static struct grid *tiny(struct drawing *d)
{
	const struct page *p = d->p;
	const char *line = arena_printf(d->a, "%s%s%s %s", p->brief, *p->brief ? " · " : "", p->field ? ">" : p->next[0],
		p->field ? "" : p->next[1]);
	const char *shown = p->ascii ? glyph_ascii(d->a, line) : line;
	if (p->field) {
		struct row r = { .has_field = true };
		int col = grid_put(d->g, 0, 0, d->g->cols - 8, ST_PLAIN, shown);
		draw_field(d, &r, 0, col, d->g->cols);
		return d->g;
	}
	size_t lines;
	const char **part = wrap(d->a, shown, d->g->cols, &lines), *left = shown;
	for (size_t i = 0; i < lines && (int)i < d->g->rows; i++) {
		left += strspn(left, " ");
		bool last = (int)i == d->g->rows - 1 && i + 1 < lines;
		grid_put(d->g, (int)i, 0, d->g->cols, ST_PLAIN, last ? text_fit(d->a, left, d->g->cols, p->ascii) : part[i]);
		left += strlen(part[i]);
	}
	return d->g;
}

/* Both texts, wrapped; what is beyond the last line is cut, and a second text that would be is left out. */
static int next_lines(const struct drawing *d, const char *out[static NEXT_MAX])
{
	const struct page *p = d->p;
	int n = 0, room = d->g->cols - 8;
	for (int i = 0; i < 2 && n < NEXT_MAX; i++) {
		size_t lines;
		const char **line = wrap(d->a, p->next[i], room, &lines), *left = p->next[i];
		if (i == 1 && n > 1 && n + (int)lines > NEXT_MAX)
			break;   /* what to do stands there whole; half a sentence after it helps nobody */
		for (size_t k = 0; k < lines && n < NEXT_MAX && (*left || i == 0); k++) {
			left += strspn(left, " ");
			bool last = n == NEXT_MAX - 1 && k + 1 < lines;
			out[n++] = last ? text_fit(d->a, left, room, p->ascii) : line[k];
			left += strlen(line[k]);
		}
	}
	return n;
}

static void draw_next(const struct drawing *d, int height)
{
	const char *line[NEXT_MAX] = { "", "", "", "" };
	int n = next_lines(d, line), y = d->g->rows - 1 - height;
	grid_put(d->g, y, 1, d->g->cols, ST_PLAIN, "NEXT");
	for (int i = 0; i < n; i++)
		grid_put(d->g, y + i, 7, d->g->cols, ST_PLAIN, line[i]);
	grid_put(d->g, d->g->rows - 1, 1, d->g->cols, ST_PLAIN, d->p->keys);
}

static int next_height(const struct drawing *d)
{
	const char *line[NEXT_MAX];
	int n = next_lines(d, line);
	return n < NEXT_MIN ? NEXT_MIN : n;
}

static void draw_body(struct drawing *d, int y, struct scroll *s)
{
	const struct page *p = d->p;
	struct pane_rows main = p->pane[PANE_MAIN];
	const struct pane_rows *side = &p->pane[PANE_SIDE];
	bool two = side->n > 0 && !page_narrow(p);
	if (side->n > 0 && !two)
		main = joined(p, d->a);
	s->rows = (int)(two && side->n > main.n ? side->n : main.n);
	correct(p, &main, s);
	int bottom = y + s->height;
	draw_pane(d, &main, (struct area){ y, s->height, 0, main.width < d->g->cols ? main.width : d->g->cols, s->top });
	for (int i = y; two && i < bottom; i++)
		grid_put(d->g, i, main.width, d->g->cols, ST_DIM, sign(d, "│"));
	if (two)
		draw_pane(d, side, (struct area){ y, s->height, main.width + 1, d->g->cols, s->top });
}

struct grid *page_grid(const struct page *p, struct arena *a, struct scroll *s)
{
	struct drawing d = { .p = p, .a = a, .g = grid_new(a, p->rows, p->cols), .s = s };
	if (p->cols < PAGE_MIN_COLS || p->rows < PAGE_MIN_ROWS)
		return tiny(&d);
	draw_bar(&d);
	draw_row(&d, &p->state, 1, 0, p->cols);
	int messages = p->message.n > MESSAGE_MAX ? MESSAGE_MAX : (int)p->message.n;
	int y = p->rows < 20 ? 2 : 3;
	int next = next_height(&d), foot = p->rows - 2 - next;
	s->height = foot - y - messages;
	if (s->height < 1) {
		messages += s->height - 1;
		s->height = 1;
	}
	draw_body(&d, y, s);
	if (y == 3)
		rule(&d, 2, s->top > 0 ? arena_printf(a, " %d more above ", s->top) : "");
	draw_pane(&d, &p->message, (struct area){ y + s->height, messages, 0, p->cols, 0 });
	int below = s->rows - s->top - s->height;
	rule(&d, foot, below > 0 ? arena_printf(a, " %d more below ", below) : "");
	draw_next(&d, next);
	return d.g;
}
