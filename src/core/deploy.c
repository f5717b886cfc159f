/* SPDX-License-Identifier: MIT */
#include "core/deploy.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/when.h"
#include "core/plan.h"

#define FORM 16   /* 2026-11-10 11:20 */
#define AS_ASKED "Type the release and when its last old instance ended, in UTC, such as 90ab17 ended 2026-11-10 11:20."

/* What lies before the release may run: its time, and the name of it. */
struct bound { int64_t at; const char *what; };

/* A constraint comes last: code may have held to it for years. So may code that has nothing to do with what a drop takes away. */
static struct bound bound_of(const struct walk *w, const struct plan *p, const char *what)
{
	struct bound came = { w->added_at, "the new column came" };
	if (w->archetype == ARCH_DESTRUCTIVE || w->kind == TARGET_CONSTRAINT)
		return (struct bound){ 0, NULL };
	if (!archetype_beside(w->archetype))
		return came;
	switch (walk_ask_from(walk_ask(what), p)) {
	case AT_BACKFILL: return (struct bound){ w->confirmed[ITEM_DUAL_WRITE], "dual write began" };
	case AT_WINDOW: return (struct bound){ w->window_from, "the rows were filled" };
	case AT_READS: return (struct bound){ w->confirmed[ITEM_WINDOW], "item 7 was confirmed" };
	case AT_UNUSED: return (struct bound){ w->ended_at, "dual write ended" };
	default: return came;
	}
}

static bool ended_at(const char *text, int64_t *at)
{
	char iso[WHEN_MAX];
	const char *s = strstr(text, " ended ");
	if (!s)
		return false;
	s += strlen(" ended ");
	s += strspn(s, " ");
	size_t len = strcspn(s, ",;");
	while (len && s[len - 1] == ' ')
		len--;
	snprintf(iso, sizeof iso, "%.*s:00Z", FORM, s);
	return len == FORM && when_parse(iso, at);
}

bool deploy_word_holds(const struct walk *w, const struct plan *p, const char *what, const char *text, int64_t now, struct err *e)
{
	struct bound b = bound_of(w, p, what);
	char after[WHEN_MAX];
	int64_t at;
	if (!ended_at(text, &at))
		return (!b.at && !strstr(text, " ended ")) || err_set(e, ERR_USE, AS_ASKED, "\"%s\" does not say when the last old instance ended", text);
	if (at > now)
		return err_set(e, ERR_USE, "Declare it once the last old instance has ended; times are UTC.", "the last old instance ends in the future: \"%s\"", text);
	/* To the minute: it may have ended at any second of it. */
	if (at + US_MINUTE <= b.at)
		return err_set(e, ERR_USE, "A release that ran before that is deployed again; times are UTC.", "\"%s\" lies before %s (%s UTC)", text, b.what, when_short(b.at, after));
	return true;
}
