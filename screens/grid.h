/* SPDX-License-Identifier: MIT */
/* A screen as cells, before any terminal sees it. Pure. Text that is put must be clean (base/text.h). */
#ifndef GW_SCREENS_GRID_H
#define GW_SCREENS_GRID_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct text;

#define CELL_MARKS 2
struct cell {
	uint32_t cp, marks[CELL_MARKS];   /* cp 0: the right half of a wide one */
	unsigned style;
};

struct grid {
	int rows, cols;
	struct cell *cells;
	int cursor_row, cursor_col;       /* where the terminal's own cursor stands; row -1: hidden */
	bool typing;                      /* the cursor is in a text field and shall be seen */
};

/* All blanks. Owned by a. */
struct grid *grid_new(struct arena *a, int rows, int cols);
/* Puts text from col on, cut before `end`; returns the column after it. Outside of the grid nothing happens. */
int grid_put(struct grid *g, int row, int col, int end, unsigned style, const char *s);
void grid_style(struct grid *g, int row, int from, int end, unsigned style);
/* Adds a style flag to every cell of the range. */
void grid_flag(struct grid *g, int row, int from, int end, unsigned flag);
const struct cell *grid_at(const struct grid *g, int row, int col);
/* One line a row, trailing blanks cut. */
void grid_text(const struct grid *g, struct text *out);
/* The same with one style letter a cell. */
void grid_styles(const struct grid *g, struct text *out);

#endif
