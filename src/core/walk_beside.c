/* SPDX-License-Identifier: MIT */
/* Walks in which a new column stands beside the old one: what they ask of each deploy, how long item 7 lasts, what a step back takes. */
#include "core/walk_fold.h"

#include <string.h>

/* By whom both columns are written: a trigger both ways, one that brings the old column's values to the new one, the application. */
enum { BOTH_WAYS, ONE_WAY, APPLICATION, MODES };

/* at: the step that asks for it; from: the first at which a release may run that does so. Reads wait until the rows that stand are filled: before that a value that
   stands in the new column may be an older one. Where nothing brings the new column's values back, it is not written alone before the old one is compared no more. */
static const struct ask { const char *what; struct { enum stage at, from; } by[MODES]; } asks[WALK_ASKS] = {
	{ "writes_both", { [ONE_WAY] = { AT_PARITY, AT_BACKFILL }, [APPLICATION] = { AT_WRITES, AT_WRITES } } },
	{ "reads_both", { { AT_WINDOW, AT_WINDOW }, { AT_WINDOW, AT_WINDOW }, { AT_WINDOW, AT_WINDOW } } },
	{ "reads_moved", { { AT_READS, AT_READS }, { AT_READS, AT_READS }, { AT_READS, AT_READS } } },
	{ "writes_new", { [BOTH_WAYS] = { AT_PARITY, AT_READS }, [ONE_WAY] = { AT_UNUSED, AT_UNUSED }, [APPLICATION] = { AT_UNUSED, AT_UNUSED } } },
};

static size_t mode_of(const struct plan *p)
{
	return plan_dual_by_application(p) ? APPLICATION : p->convert_back ? BOTH_WAYS : ONE_WAY;
}

int walk_ask(const char *what)
{
	for (int i = 0; i < WALK_ASKS; i++)
		if (strcmp(asks[i].what, what) == 0)
			return i;
	return -1;
}

enum stage walk_ask_stage(int ask, const struct plan *p)
{
	return ask >= 0 && ask < WALK_ASKS ? asks[ask].by[mode_of(p)].at : AT_NOWHERE;
}

enum stage walk_ask_from(int ask, const struct plan *p)
{
	return ask >= 0 && ask < WALK_ASKS ? asks[ask].by[mode_of(p)].from : AT_NOWHERE;
}

/* The least of any plan: the log does not say which one it is. */
bool fold_ask_early(int ask, enum stage at)
{
	enum stage least = STAGE_COUNT;
	for (size_t m = 0; ask >= 0 && m < MODES; m++)
		if (asks[ask].by[m].from && asks[ask].by[m].from < least)
			least = asks[ask].by[m].from;
	return ask >= 0 && at < least;
}

bool walk_asks_now(const struct walk *w, const struct plan *p, const char *what)
{
	enum stage from = walk_ask_from(walk_ask(what), p);
	return from != AT_NOWHERE && w->stage >= from;
}

const char *walk_ask_to_end(const struct plan *p)
{
	return mode_of(p) == BOTH_WAYS ? "writes_new" : mode_of(p) == ONE_WAY ? "writes_both" : NULL;
}

const char *change_name(enum change ch)
{
	static const char *const names[] = {
		"none", "add", "take", "dual write", "take dual write", "relax", "tighten", "end dual write", "dual write again", "hold",
	};
	return names[(unsigned)ch <= CHANGE_HOLD ? ch : CHANGE_NONE];
}

bool walk_trigger_due(const struct walk *w)
{
	return w->by_trigger && !w->ended_at;
}

enum change walk_back_change(const struct walk *w)
{
	switch (w->stage) {
	case AT_WRITES: return CHANGE_TAKE;
	case AT_BACKFILL: return w->relaxed_at ? CHANGE_TIGHTEN : w->by_trigger ? CHANGE_UNDUAL : CHANGE_NONE;
	case AT_PARITY: return w->relaxed_at ? CHANGE_TIGHTEN : CHANGE_NONE;
	case AT_UNUSED: return w->by_trigger ? CHANGE_AGAIN : CHANGE_NONE;
	default: return CHANGE_NONE;
	}
}

/* The last word of a deploy that counts for the window; once item 7 was confirmed, later ones do not. */
static int64_t last_word(const struct walk *w)
{
	int64_t last = 0, until = w->confirmed[ITEM_WINDOW];
	for (size_t i = 0; i < w->n_declared; i++) {
		const struct walk_declared *d = &w->declared[i];
		if (strcmp(d->what, "reads_both") == 0 && d->at > last && d->at > w->asked[walk_ask("reads_both")] && (!until || d->at <= until))
			last = d->at;
	}
	return last;
}

void fold_ask_again(struct walk *w, int64_t now)
{
	for (int i = 0; i < WALK_ASKS; i++)
		for (size_t m = 0; m < MODES; m++)
			if (asks[i].by[m].at >= w->stage)
				w->asked[i] = now;
}

int64_t walk_window_since(const struct walk *w)
{
	int64_t word = w->archetype == ARCH_RENAME ? last_word(w) : w->window_from;
	if (!w->window_from || !word)
		return 0;
	return word > w->window_from ? word : w->window_from;
}

int64_t walk_window_from(const struct walk *w, const struct plan *p)
{
	bool waits = w->archetype == ARCH_RENAME && walk_deploy_left(w, p, "reads_both", NULL);
	return waits ? 0 : walk_window_since(w);
}

int64_t walk_window_end(const struct walk *w, const struct plan *p)
{
	int64_t from = walk_window_from(w, p);
	return from && w->env != ENV_DEVELOPMENT ? from + plan_window_days(p) * w->day_us : from;
}

bool walk_passed(const struct walk *w)
{
	const struct fact_parity *p = &w->parity;
	return p->round && !p->mismatches && !p->covers && p->began > w->relaxed_at && p->began > w->confirmed[ITEM_READS] && p->began > w->confirmed[ITEM_UNUSED];
}

bool walk_is_monitored(const struct walk *w)
{
	bool changed = w->archetype == ARCH_DESTRUCTIVE ? w->dropped : w->added_at || w->stage == AT_CHANGING;
	return changed && w->stage <= AT_MONITOR;
}
