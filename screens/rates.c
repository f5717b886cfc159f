/* SPDX-License-Identifier: MIT */
/* How fast a backfill goes, beside the limit that matters: two charts of several rows on one time axis. */
#include "screens/screen.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/num.h"

#define SCALE 7    /* columns of the figures left of an axis */

struct chart { const double *v; size_t n; double top, mark; int at, cols, high; };   /* mark: a line at this value; 0 none */

static double highest(const double *v, size_t n)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return most;
}

static bool holds_mark(const struct chart *c, int row)
{
	double low = c->top * (c->high - 1 - row) / c->high, high = c->top * (c->high - row) / c->high;
	return c->mark > low && c->mark <= high;
}

/* The mark's line shows where no bar stands before it. */
static const char *marked(struct page *p, const char *bars)
{
	const char *out = "";
	size_t used;
	for (size_t left = strlen(bars); left; bars += used, left -= used) {
		text_next(bars, left, &used);
		out = *bars == ' ' ? arena_printf(p->arena, "%s╌", out) : arena_printf(p->arena, "%s%.*s", out, (int)used, bars);
	}
	return out;
}

/* The figure of the mark where there is one, else of the top and of its half. */
static const char *figure_of(struct page *p, const struct chart *c, int row)
{
	bool half = c->high % 2 == 0 && row == c->high / 2;
	if (c->mark > 0)
		return holds_mark(c, row) ? num_short(p->arena, c->mark) : "";
	return row == 0 ? num_short(p->arena, c->top) : half ? num_short(p->arena, c->top / 2) : "";
}

static void chart_row(struct page *p, const struct chart *c, int row)
{
	const char *figure = figure_of(p, c, row);
	page_sign(p, ST_DIM, c->at + SCALE - 1 - text_width(figure), figure, "");
	page_sign(p, ST_DIM, c->at + SCALE, *figure ? "┤" : "│", "");
	const char *bars = glyph_tower(p->arena, c->v, c->n, c->cols, (struct glyph_scale){ c->top, c->high, row });
	page_sign(p, ST_PLAIN, c->at + SCALE + 1, holds_mark(c, row) ? marked(p, bars) : bars, "");
}

static void axis(struct page *p, const struct chart *c)
{
	const char *line = "┴";
	for (int i = 0; i < c->cols; i++)
		line = arena_printf(p->arena, "%s─", line);
	page_sign(p, ST_DIM, c->at + SCALE - 2, "0", "");
	page_sign(p, ST_DIM, c->at + SCALE, line, "");
}

static void times(struct page *p, const struct chart *c, int64_t from)
{
	char clock[WHEN_MAX];
	page_sign(p, ST_DIM, c->at + SCALE + 1, from ? arena_printf(p->arena, "%.5s", when_clock(from, clock)) : "", "");
	page_sign(p, ST_DIM, c->at + SCALE + 1 + c->cols - 3, "now", "");
}

static void head(struct page *p, const struct view_job *j)
{
	double sum = 0;
	for (size_t i = 0; i < j->n_rates; i++)
		sum += j->rates[i];
	page_row(p, "speed");
	page_put(p, ST_PLAIN, 2, "%s/s", j->rate_unit && *j->rate_unit ? j->rate_unit : "done");
	page_put(p, ST_PLAIN, FOLLOW, j->ended ? "  last %s" : "  now %s", num_short(p->arena, j->rates[j->n_rates - 1]));
	page_put(p, ST_PLAIN, FOLLOW, "   mean %s", num_short(p->arena, sum / (double)j->n_rates));
}

static void limit_head(struct page *p, const struct view_limit *l, int at)
{
	page_sign(p, ST_DIM, at - 2, "│", "");
	page_sign(p, ST_PLAIN, at, l->name, "");
	page_sign(p, ST_PLAIN, FOLLOW, arena_printf(p->arena, "  now %s", limit_now(p, l)), "");
	page_sign(p, ST_DIM, FOLLOW, arena_printf(p->arena, "  limit %s", num_short(p->arena, l->above)), "");
}

void rates_rows(struct page *p, const struct view *v, const struct view_job *j, int64_t now)
{
	const struct view_limit *l = v->limit >= 0 ? &v->limits[v->limit] : NULL;
	bool both = l && l->n_past && l->has_limits;
	int w = page_width(p), half = both ? w / 2 : w, high = p->rows < 30 ? 3 : 6;
	if (j->n_rates == 0)
		return;
	if (page_narrow(p) || p->plain) {
		job_speed(p, j);
		return;
	}
	struct chart left = { j->rates, j->n_rates, num_ceiling(highest(j->rates, j->n_rates)), 0, 0, half - SCALE - 4, high }, right = { 0 };
	if (both) {
		double most = highest(l->past, l->n_past);
		right = (struct chart){ l->past, l->n_past, num_ceiling(most > l->above ? most : l->above * 1.1), l->above, half + 1, w - half - SCALE - 4, high };
	}
	page_blank(p);
	head(p, j);
	if (both)
		limit_head(p, l, half + 1);
	for (int row = 0; row < high; row++) {
		page_row(p, NULL);
		chart_row(p, &left, row);
		if (both) {
			page_sign(p, ST_DIM, half - 1, "│", "");
			chart_row(p, &right, row);
		}
	}
	int64_t until = j->ended ? j->ended : now, from = until && j->rate_each ? until - (int64_t)j->n_rates * j->rate_each : 0;
	page_row(p, NULL);
	axis(p, &left);
	if (both) {
		page_sign(p, ST_DIM, half - 1, "│", "");
		axis(p, &right);
	}
	page_row(p, NULL);
	times(p, &left, from);
	if (both)
		times(p, &right, from);
}
