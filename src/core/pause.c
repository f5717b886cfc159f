/* SPDX-License-Identifier: MIT */
#include "core/pause.h"

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

#define SLOW 10   /* so many times the time asked for: then it is the rows, a trigger of theirs */

/* What a kind takes besides its name; all else is refused. */
enum takes { TAKES_LIMIT = 1, TAKES_QUERY = 2, TAKES_FILE = 4, TAKES_HOURS = 8 };

static const struct kind { const char *name, *unit; unsigned takes; const char *instead; } kinds[] = {
	[PAUSE_NONE] = { "", "", 0, "" },
	[PAUSE_LAG] = { "replication lag", "s", TAKES_LIMIT, "write {when: replication lag, above: 5}, in seconds" },
	[PAUSE_SLOT] = { "slot", "MB", TAKES_LIMIT, "write {when: slot, above: 1000}, in MB that a slot holds back" },
	[PAUSE_WAITERS] = { "lock waiters", "", TAKES_LIMIT, "write {when: lock waiters, above: 5}" },
	[PAUSE_TRANSACTION] = { "longest transaction", "s", TAKES_LIMIT, "write {when: longest transaction, above: 300}, in seconds" },
	[PAUSE_WAL] = { "wal rate", "MB/s", TAKES_LIMIT, "write {when: wal rate, above: 50}, in MB a second" },
	[PAUSE_LATENCY] = { "write latency", "ms", TAKES_LIMIT, "write {when: write latency, above: 50}, in milliseconds of one small write" },
	[PAUSE_ARCHIVE] = { "archive backlog", "files", TAKES_LIMIT, "write {when: archive backlog, above: 42}, in files" },
	[PAUSE_AUTOVACUUM] = { "autovacuum", "", 0, "write {when: autovacuum} and nothing else" },
	[PAUSE_QUERY] = { "query", "", TAKES_LIMIT | TAKES_QUERY, "write {when: query, query: \"SELECT ...\", above: 10}" },
	[PAUSE_FLAG] = { "flag", "", TAKES_FILE | TAKES_QUERY, "write {when: flag, file: /run/pause}, or a query that gives true or false" },
	[PAUSE_HOURS] = { "hours", "", TAKES_HOURS, "write {when: hours, from: \"08:00\", to: \"20:00\"}, in the zone of window.zone" },
	[PAUSE_PROGRESS] = { "no progress", "min", TAKES_LIMIT, "write {when: no progress, above: 30}, in minutes" },
};
#define KINDS (sizeof kinds / sizeof kinds[0])

enum pause_kind pause_parse(const char *when)
{
	for (size_t i = PAUSE_LAG; i < KINDS; i++)
		if (text_eq(when, kinds[i].name))
			return (enum pause_kind)i;
	return PAUSE_NONE;
}

const char *pause_kinds(struct arena *a)
{
	const char *all = kinds[PAUSE_LAG].name;
	for (size_t i = PAUSE_LAG + 1; i < KINDS; i++)
		all = arena_printf(a, "%s, %s", all, kinds[i].name);
	return all;
}

static unsigned given(const struct plan_pause *p)
{
	return (p->has_above ? TAKES_LIMIT : 0U) | (p->query ? TAKES_QUERY : 0U) | (p->file ? TAKES_FILE : 0U) | (p->days || p->from != p->to ? TAKES_HOURS : 0U);
}

const char *pause_wrong(struct arena *a, const struct plan_pause *p, const char **instead)
{
	enum pause_kind k = pause_parse(p->when);
	unsigned has = given(p), takes = kinds[k].takes;
	*instead = kinds[k].instead;
	if (k == PAUSE_NONE) {
		*instead = arena_printf(a, "write one of %s", pause_kinds(a));
		return arena_printf(a, "backfill.pause has a condition \"%s\", which is not known", text_clean(a, p->when));
	}
	bool whole = k == PAUSE_FLAG ? has == TAKES_FILE || has == TAKES_QUERY : has == takes;
	if (!whole || (k == PAUSE_HOURS && p->from == p->to))
		return arena_printf(a, "the condition \"%s\" of backfill.pause is given too little, or what it does not take", kinds[k].name);
	if (p->file && p->file[0] != '/') {
		*instead = "write a file from / on";
		return arena_printf(a, "the flag's file is \"%s\"", text_clean(a, p->file));
	}
	*instead = "write below less than above, or leave it out: four fifths of it";
	return p->has_below && !(p->has_above && p->below < p->above) ? arena_printf(a, "below of the condition \"%s\" is not below its above", kinds[k].name) : NULL;
}

double pause_calm(double above)
{
	return above * 4 / 5;
}

static const char *in_words(struct arena *a, const struct plan_pause *p, enum pause_kind k)
{
	switch (k) {
	case PAUSE_AUTOVACUUM: return "an autovacuum works on the table";
	case PAUSE_FLAG: return p->file ? arena_printf(a, "the flag %s is there", text_clean(a, p->file)) : "the flag's query says so";
	case PAUSE_PROGRESS: return arena_printf(a, "it got no further for %.4g min: it rests for %.4g min, and tries again", p->above, p->above - (p->has_below ? p->below : pause_calm(p->above)));
	case PAUSE_HOURS: return arena_printf(a, "it is between %02d:%02d and %02d:%02d, in which it pauses", p->from / 60, p->from % 60, p->to / 60, p->to % 60);
	default: return NULL;
	}
}

struct pause_limit pause_limit_of(struct arena *a, const struct plan_pause *p)
{
	enum pause_kind k = pause_parse(p->when);
	return (struct pause_limit){ .name = kinds[k].name, .unit = kinds[k].unit, .says = in_words(a, p, k), .above = p->above,
		.below = p->has_below ? p->below : pause_calm(p->above) };
}

bool pause_allows(const struct pause_limit *l, const struct pause_value *v, bool paused, struct err *e)
{
	double limit = paused ? l->below : l->above;
	if (!v->known)
		return err_set(e, ERR_GATE, NULL, "%s cannot be read%s%s", l->name, v->why ? ": " : "", v->why ? v->why : "");
	if (v->value <= limit)
		return true;
	if (l->says)
		return err_set(e, ERR_GATE, NULL, "%s", l->says);
	return err_set(e, ERR_GATE, NULL, "%s is %.4g%s%s, and it pauses above %.4g", l->name, v->value, *l->unit ? " " : "", l->unit, limit);
}

int64_t pace_next(const struct pace *p, int64_t size, int64_t took_us)
{
	int64_t want = took_us > 0 ? size * p->aim_us / took_us : size * 2, least = took_us < SLOW * p->aim_us ? p->least : 1;
	want = want < least ? least : want < size / 4 ? size / 4 : want;
	want = want > size * 2 ? size * 2 : want;
	return want > p->most ? p->most : want;
}
