/* SPDX-License-Identifier: MIT */
/* A page put into cells, for any size: 80x24 by design, one column on narrow ones, one line on tiny ones. Pure. */
#ifndef GW_SCREENS_PAGE_GRID_H
#define GW_SCREENS_PAGE_GRID_H

#include "screens/grid.h"
#include "screens/page.h"

/* Where the reader is. Corrected to what the page has. */
struct scroll {
	int cursor;       /* the picked row; -1: none yet */
	int top;          /* first row shown */
	bool follow;      /* the cursor was moved: keep it in sight */
	int found;        /* row of the main pane that was found; -1 none */
	int height;       /* out: rows of the body */
	int rows;         /* out: rows of the longest pane */
};

struct grid *page_grid(const struct page *p, struct arena *a, struct scroll *s);

#endif
