/* SPDX-License-Identifier: MIT */
/* How the NEXT lines are written: cut to what fits, and a reason never cut in its middle. */
#include "core/view_parts.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/gate_rules.h"

void view_line(struct view *v, int i, const char *fmt, ...)
{
	struct arena *a = arena_new();
	char all[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(all, sizeof all, fmt, ap);
	va_end(ap);
	put_text(v->next[i], sizeof v->next[i], "%s", text_fit(a, text_clean(a, all), NEXT_COLS, false));
	arena_free(a);
}

void view_two(struct view *v, const char *first, const char *second)
{
	view_line(v, 0, "%s", first);
	view_line(v, 1, "%s", second);
}

void view_quiet_until(struct view *v, int64_t at)
{
	char when[WHEN_MAX], span[WHEN_MAX];
	view_line(v, 0, "Nothing to do before %s UTC (in %s).", when_short(at, when), when_span(at - v->now, span));
	view_line(v, 1, "Safe to quit: the server keeps count while gatewalk is closed.");
}

/* The first of these that needs no cutting; the last one names a place where the reason stands in full. */
void view_because(struct view *v, const char *what, const struct finding *f)
{
	bool gate = walk_has_gate(v->walk->archetype, f->gate);
	const char *a = arena_printf(v->arena, "%s: %s (%s).", what, f->because, f->id);
	const char *b = arena_printf(v->arena, "Gate %c: %s (%s).", gate_letter(f->gate), f->because, f->id);
	if (text_width(a) <= NEXT_COLS)
		view_line(v, 0, "%s", a);
	else if (gate && text_width(b) <= NEXT_COLS)
		view_line(v, 0, "%s", b);
	else
		view_line(v, 0, gate ? "%s by %s: why, stands on the page of gate %c." : "%s: see %s on the page of gate %c.", what, f->id, gate_letter(f->gate));
	view_line(v, 1, "%s", f->todo[0] ? f->todo : f->passes);
}

void view_waits_or_because(struct view *v, const char *what, const struct finding *f)
{
	if (f->verdict == WAITS && f->at > v->now)
		view_quiet_until(v, f->at);
	else
		view_because(v, what, f);
}
