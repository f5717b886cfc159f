/* SPDX-License-Identifier: MIT */
/* What the backfill pauses on, as a table: its value now, above what it pauses, at what it goes on. */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "screens/num.h"

struct columns { int now, above, below, width; };

static struct columns columns_of(const struct page *p)
{
	int w = page_width(p);
	if (page_narrow(p))
		return (struct columns){ .now = w - 33, .above = w - 22, .below = w - 11, .width = 10 };
	return (struct columns){ .now = 30, .above = 44, .below = 58, .width = 12 };
}

const char *limit_now(struct page *p, const struct view_limit *l)
{
	return l->known ? num_unit(p->arena, l->now, l->unit) : "not read";
}

/* Right-aligned on the screen; said with its name without one. */
static void figure(struct page *p, unsigned style, int end, const char *label, const char *s)
{
	page_sign(p, style, end - text_width(s), s, arena_printf(p->arena, "%s %s", label, s));
}

static enum mood mood_of(const struct view_limit *l)
{
	if (!l->known || !l->has_limits)
		return MOOD_NOT_YET;
	return l->now > l->above ? MOOD_WAITING : MOOD_DONE;
}

static void limit_row(struct page *p, const struct view_limit *l, bool matters, struct columns c)
{
	enum mood m = mood_of(l);
	page_row(p, "pauses on");
	page_sign(p, style_of_mood(m), 2, m == MOOD_DONE ? "✓" : m == MOOD_WAITING ? "◔" : "·", "");
	page_fit(p, matters ? ST_BOLD : ST_PLAIN, 4, c.now - 5, l->name);
	if (!l->has_limits) {
		page_fit(p, ST_DIM, c.now, page_width(p) - c.now - 1, l->says ? l->says : "");
		return;
	}
	figure(p, l->known ? ST_PLAIN : ST_DIM, c.now + c.width, "now", limit_now(p, l));
	figure(p, ST_DIM, c.above + c.width, "pauses above", num_unit(p->arena, l->above, l->unit));
	figure(p, ST_DIM, c.below + c.width, "goes on at", num_unit(p->arena, l->below, l->unit));
}

void limits_rows(struct page *p, const struct view *v)
{
	struct columns c = columns_of(p);
	if (v->n_limits == 0) {
		page_text(p, ST_DIM, 2, "The plan names nothing that it pauses on.");
		return;
	}
	page_row(p, NULL);
	page_sign(p, ST_DIM, 2, "PAUSES ON", "");
	page_sign(p, ST_DIM, c.now, arena_printf(p->arena, "%*s", c.width, "now"), "");
	page_sign(p, ST_DIM, c.above, arena_printf(p->arena, "%*s", c.width, "above"), "");
	page_sign(p, ST_DIM, c.below, arena_printf(p->arena, "%*s", c.width, "goes on at"), "");
	for (size_t i = 0; i < v->n_limits; i++)
		limit_row(p, &v->limits[i], (int)i == v->limit, c);
}
