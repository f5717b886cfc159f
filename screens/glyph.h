/* SPDX-License-Identifier: MIT */
/* The few signs the screens use, each one cell wide, with an ASCII form; bars and charts made of them. Pure. */
#ifndef GW_SCREENS_GLYPH_H
#define GW_SCREENS_GLYPH_H

#include <stddef.h>

#include "core/walk.h"

struct arena;

#define GLYPH_GATE "╫"
#define GLYPH_CURSOR "▸"

const char *glyph_of_mood(enum mood m);
/* Clean text in ASCII only: our own signs by their ASCII form, all else that is foreign as \u{NNNN}. Owned by a. */
char *glyph_ascii(struct arena *a, const char *clean);
/* A bar of `cols` cells, filled to part (0 to 1, cut there). Owned by a. */
char *glyph_bar(struct arena *a, double part, int cols);
/* One cell a value, scaled to the greatest of them and `top`; where there are more than `cols`, a cell stands for several of
   them and shows the highest, so that no peak is lost. Owned by a. */
char *glyph_chart(struct arena *a, const double *v, size_t n, int cols, double top);
/* A chart of several rows: row 0 is the top one, a whole cell stands below what ends above it. The values fill `cols`, however few they are;
   a cell shows the highest of those it stands for. Owned by a. */
struct glyph_scale { double top; int high, row; };
char *glyph_tower(struct arena *a, const double *v, size_t n, int cols, struct glyph_scale at);

#endif
