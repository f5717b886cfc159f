/* SPDX-License-Identifier: MIT */
#include "screens/grid.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "screens/style.h"

struct grid *grid_new(struct arena *a, int rows, int cols)
{
	struct grid *g = arena_alloc(a, sizeof *g);
	g->rows = rows > 0 ? rows : 1;
	g->cols = cols > 0 ? cols : 1;
	g->cells = arena_array(a, (size_t)g->rows * (size_t)g->cols, sizeof *g->cells);
	g->cursor_row = -1;
	for (int i = 0; i < g->rows * g->cols; i++)
		g->cells[i].cp = ' ';
	return g;
}

static struct cell *at(struct grid *g, int row, int col)
{
	return &g->cells[(size_t)row * (size_t)g->cols + (size_t)col];
}

const struct cell *grid_at(const struct grid *g, int row, int col)
{
	return &g->cells[(size_t)row * (size_t)g->cols + (size_t)col];
}

/* A mark stands on the cell before it. */
static void put_mark(struct grid *g, int row, int col, uint32_t cp)
{
	if (col > 0 && at(g, row, col - 1)->cp == 0)
		col--;
	if (col <= 0)
		return;
	struct cell *c = at(g, row, col - 1);
	for (int i = 0; i < CELL_MARKS; i++) {
		if (c->marks[i] == 0) {
			c->marks[i] = cp;
			return;
		}
	}
}

int grid_put(struct grid *g, int row, int col, int end, unsigned style, const char *s)
{
	size_t used;
	end = end < g->cols ? end : g->cols;
	if (row < 0 || row >= g->rows || col < 0)
		return col;
	for (size_t len = strlen(s); len; s += used, len -= used) {
		uint32_t cp = text_next(s, len, &used);
		int width = text_cp_width(cp);
		if (width == 0 && cp >= 0x300) {
			put_mark(g, row, col, cp);
			continue;
		}
		if (col + width > end)
			break;
		*at(g, row, col) = (struct cell){ .cp = cp, .style = style };
		if (width == 2)
			*at(g, row, col + 1) = (struct cell){ .cp = 0, .style = style };
		col += width;
	}
	return col;
}

void grid_style(struct grid *g, int row, int from, int end, unsigned style)
{
	for (int c = from; row >= 0 && row < g->rows && c < end && c < g->cols; c++)
		at(g, row, c)->style = style;
}

void grid_flag(struct grid *g, int row, int from, int end, unsigned flag)
{
	for (int c = from; row >= 0 && row < g->rows && c < end && c < g->cols; c++)
		at(g, row, c)->style |= flag;
}

static void add_cp(struct text *out, uint32_t cp)
{
	char b[5] = { 0 };
	if (cp < 0x80) {
		b[0] = (char)cp;
	} else if (cp < 0x800) {
		b[0] = (char)(0xC0 | cp >> 6);
		b[1] = (char)(0x80 | (cp & 0x3F));
	} else if (cp < 0x10000) {
		b[0] = (char)(0xE0 | cp >> 12);
		b[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		b[2] = (char)(0x80 | (cp & 0x3F));
	} else {
		b[0] = (char)(0xF0 | cp >> 18);
		b[1] = (char)(0x80 | (cp >> 12 & 0x3F));
		b[2] = (char)(0x80 | (cp >> 6 & 0x3F));
		b[3] = (char)(0x80 | (cp & 0x3F));
	}
	text_add(out, b);
}

static void end_line(struct text *out, size_t from)
{
	while (out->len > from && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	text_add(out, "\n");
}

void grid_text(const struct grid *g, struct text *out)
{
	for (int r = 0; r < g->rows; r++) {
		size_t from = out->len;
		for (int c = 0; c < g->cols; c++) {
			const struct cell *cell = grid_at(g, r, c);
			for (int i = -1; cell->cp && i < CELL_MARKS; i++) {
				uint32_t cp = i < 0 ? cell->cp : cell->marks[i];
				if (cp)
					add_cp(out, cp);
			}
		}
		end_line(out, from);
	}
}

void grid_styles(const struct grid *g, struct text *out)
{
	for (int r = 0; r < g->rows; r++) {
		size_t from = out->len;
		for (int c = 0; c < g->cols; c++) {
			char letter[2] = { style_letter(grid_at(g, r, c)->style), '\0' };
			text_add(out, letter);
		}
		end_line(out, from);
	}
}
