/* SPDX-License-Identifier: MIT */
/* Below the consumers: what each source of the audit can see, since when without a gap, and what nobody could see. */
#include "screens/screen.h"

#include "base/arena.h"
#include "core/consumers.h"
#include "screens/num.h"

#define AT 14   /* where the words begin */

static const char *sees(struct arena *a, const struct audit_source *s)
{
	const char *all = "";
	for (unsigned bit = 0; bit < SEES_KINDS; bit++)
		if (s->sees & (1u << bit))
			all = arena_printf(a, "%s%s%s", all, *all ? ", " : "", sees_word(1u << bit));
	return all;
}

static const char *source_line(struct arena *a, const struct audit_source *s)
{
	const char *name = s->server ? arena_printf(a, "%s on %s", s->name, s->server) : s->name;
	const char *since = s->from == 0 ? "since nobody knows when" : s->from == s->to ? "at that moment"
		: arena_printf(a, "since %s", num_when(a, s->from) + 4);
	const char *line = s->why ? arena_printf(a, "%s · %s: %s", name, s->saw == SAW_MISSING ? "missing" : "blind", s->why)
		: arena_printf(a, "%s · %zu found %s · sees %s", name, s->hits, since, *sees(a, s) ? sees(a, s) : "nothing by itself");
	return s->gap ? arena_printf(a, "%s · not before that: %s", line, s->gap) : line;
}

static void unseen(struct page *p, const struct fact_audit *u)
{
	struct class_seen classes[CLASSES];
	const char *all = "";
	audit_classes(u, classes);
	for (size_t i = 0; i < CLASSES; i++)
		if (!classes[i].by)
			all = arena_printf(p->arena, "%s%s%s", all, *all ? ", " : "", classes[i].what);
	if (*all)
		page_item(p, "unseen", "UNSEEN", AT, arena_printf(p->arena, "no source could see: %s", all));
}

void sources_rows(struct page *p, const struct fact_audit *u)
{
	page_blank(p);
	for (size_t i = 0; i < u->n_sources; i++)
		page_item(p, "source", i ? " " : "SOURCES", AT, source_line(p->arena, &u->sources[i]));
	unseen(p, u);
	for (size_t i = 0; i < u->n_blind; i++)
		page_item(p, "blind spot", i ? " " : "BLIND SPOTS", AT, u->blind[i]);
	if (u->n_blind == 0)
		page_labelled(p, "BLIND SPOTS", AT, "none that this audit knows of");
}
