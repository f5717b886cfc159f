/* SPDX-License-Identifier: MIT */
/* "Since you left": sentences about what changed, the weightiest first; the lines themselves stand in the log. What a look of
   before found is remembered as one letter a condition. */
#include "engine/engine_private.h"

#include <string.h>

#include "adapter/remember.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "port/files.h"

#define EACH_MAX 4   /* sentences of one kind; the rest is counted */

static const char letters[] = { [NOT_NEEDED] = '-', [HOLDS] = 'h', [REFUSED] = 'r', [UNKNOWN] = 'u', [WAITS] = 'w' };

static void tell(struct engine *g, const char *s)
{
	struct arena *a = lot_arena(g->walk_lot);
	g->since_left = arena_grow(a, g->since_left, &g->n_since_left, &g->cap_since_left, sizeof *g->since_left);
	g->since_left[g->n_since_left - 1] = s;
}

void since_open(struct engine *g)
{
	g->news_due = remember_look(g->arena, g->walk.sid, &g->last_look) && g->last_look.at != 0;
	g->left_for = g->news_due ? clock_local() - g->last_look.at : 0;
	g->since_left = NULL;
	g->n_since_left = g->cap_since_left = 0;
}

void since_keep(struct engine *g)
{
	struct last_look l = { .at = clock_local(), .line = g->walk.n };
	for (size_t i = 0; g->facts.now && i < CONDITION_COUNT; i++)
		l.held[i] = letters[g->findings[i].verdict];
	_Static_assert(CONDITION_COUNT <= LOOK_HELD, "one letter a condition");
	remember_looked(g->arena, g->walk.sid, &l);
}

static bool held_then(const struct engine *g, size_t i)
{
	return g->last_look.held[i] == 'h' || g->last_look.held[i] == '-';
}

/* A gate is open when each of its conditions passes; known is false where the look of before said nothing. */
static bool was_open(const struct engine *g, enum gate gate, bool *known)
{
	bool open = true;
	*known = strlen(g->last_look.held) == CONDITION_COUNT;
	for (size_t i = 0; *known && i < CONDITION_COUNT; i++)
		if (g->findings[i].gate == gate)
			open = open && held_then(g, i);
	return open;
}

/* The gate that is next: those passed are judged again at the drop, those behind it are not due. */
static enum gate next_gate(const struct walk *w)
{
	return !w->gate_passed[0] ? GATE_A : !w->gate_passed[1] ? GATE_B : GATE_C;
}

static void gate_news(struct engine *g)
{
	struct arena *a = lot_arena(g->walk_lot);
	enum gate gate = next_gate(&g->walk);
	bool known, then = was_open(g, gate, &known), now = (gates_open(g->findings) & (unsigned)gate) != 0;
	int told = 0;
	if (!known || g->walk.dropped || g->walk.stage >= AT_CLOSED)
		return;
	if (then != now)
		tell(g, arena_printf(a, now ? "Gate %c has opened: all its conditions hold now." : "Gate %c was open and is shut now.", gate_letter(gate)));
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		const struct finding *f = &g->findings[i];
		bool holds = f->verdict == HOLDS || f->verdict == NOT_NEEDED;
		if (f->gate != gate || holds == held_then(g, i) || told++ >= EACH_MAX)
			continue;
		if (holds)
			tell(g, arena_printf(a, "Holds now: %s (%s).", f->question, f->now));
		else
			tell(g, arena_printf(a, "Holds no longer: %s. %s", f->question, f->because[0] ? f->because : f->now));
	}
}

static const char *field(const struct record *r, const char *key)
{
	const char *s = r->b ? json_str(r->b, key) : NULL;
	return s ? s : "";
}

/* The lines since then; scratch is for those that are decoded. */
struct news { struct engine *g; struct arena *scratch; size_t from; };

static enum record_op op_at(const struct news *w, size_t i)
{
	return journal_mark(w->g->journal, i)->op;
}

static const struct record *line_at(const struct news *w, size_t i)
{
	return journal_line(w->g->journal, w->scratch, i);
}

/* "etl by airflow: read, Mon 10 Nov 06:20 UTC" and how many there were; the count began again with the last that counts. */
static void sightings(const struct news *w)
{
	struct engine *g = w->g;
	struct arena *a = lot_arena(g->walk_lot);
	const struct record *last = NULL;
	int n = 0, counted = 0;
	for (size_t i = w->from; i < journal_count(g->journal); i++) {
		if (op_at(w, i) != OP_SIGHTING)
			continue;
		n++;
		last = line_at(w, i);
		counted += json_int_or(last->b, "counts", 0) != 0;
	}
	if (!last)
		return;
	char when[WHEN_MAX];
	int64_t at = 0;
	const char *day = when_parse(field(last, "at"), &at) ? when_short(at, when) : "";
	tell(g, arena_printf(a, "It was used %d time%s; the last was a %s by %s%s%s.%s", n, n == 1 ? "" : "s", field(last, "touch"),
		field(last, "who"), *day ? ", " : "", day, counted ? " The count began again." : ""));
}

static void alarms(const struct news *w)
{
	struct engine *g = w->g;
	struct arena *a = lot_arena(g->walk_lot);
	int n = 0;
	for (size_t i = w->from; i < journal_count(g->journal); i++)
		if (op_at(w, i) == OP_ALARM && n++ < EACH_MAX)
			tell(g, arena_printf(a, "ALARM: %s", field(line_at(w, i), "text")));
	if (n > EACH_MAX)
		tell(g, arena_printf(a, "%d more alarms stand in the log.", n - EACH_MAX));
}

static void jobs(const struct news *w)
{
	struct engine *g = w->g;
	struct arena *a = lot_arena(g->walk_lot);
	int n = 0;
	for (size_t i = w->from; i < journal_count(g->journal); i++) {
		if (op_at(w, i) != OP_JOB)
			continue;
		const struct record *r = line_at(w, i);
		const char *event = field(r, "event"), *note = field(r, "note");
		if (strcmp(event, "start") == 0 || n++ >= EACH_MAX)
			continue;
		bool well = strcmp(event, "end") == 0;
		tell(g, arena_printf(a, "The %s job %s%s%s.", field(r, "kind"), well ? "is done" : strcmp(event, "lost") == 0 ? "was lost" : event,
			*note ? ": " : "", note));
	}
	if (n > EACH_MAX)
		tell(g, arena_printf(a, "%d more jobs ended: see the log.", n - EACH_MAX));
}

/* What was signed meanwhile, from another terminal or by somebody else. */
static void decisions(const struct news *w)
{
	struct engine *g = w->g;
	static const char *const words[OP_COUNT] = {
		[OP_CONFIRM] = "an item was confirmed", [OP_DECLARE] = "something was declared", [OP_CLEAR] = "a consumer was cleared",
		[OP_GATE] = "a gate was passed", [OP_QUIET] = "the count was begun", [OP_INTENT] = "the drop was signed",
		[OP_RESTORE] = "the column was put back", [OP_BACK] = "a step back was taken", [OP_AMEND] = "the plan was amended",
		[OP_LEAVE] = "the walk was left", [OP_CLOSE] = "the walk was closed", [OP_RESYNC] = "log and database were brought together again",
		[OP_REBIND] = "the walk was bound to another database",
	};
	struct arena *a = lot_arena(g->walk_lot);
	int n = 0;
	for (size_t i = w->from; i < journal_count(g->journal); i++) {
		const char *what = words[op_at(w, i)];
		if (what && n++ < EACH_MAX)
			tell(g, arena_printf(a, "Signed by %s: %s (line %zu).", line_at(w, i)->who, what, i));
	}
	if (n > EACH_MAX)
		tell(g, arena_printf(a, "%d more decisions were signed: see the log.", n - EACH_MAX));
}

void since_looked(struct engine *g)
{
	if (!g->news_due || !g->facts.now)
		return;
	const struct news w = { .g = g, .scratch = arena_new(), .from = g->last_look.line > 0 ? (size_t)g->last_look.line : 0 };
	g->news_due = false;
	alarms(&w);
	sightings(&w);
	gate_news(g);
	jobs(&w);
	decisions(&w);
	arena_free(w.scratch);
}
