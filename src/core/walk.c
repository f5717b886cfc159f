/* SPDX-License-Identifier: MIT */
#include "core/walk.h"

#include <string.h>

static const char *const item_names[ITEM_COUNT + 1] = {
	"", "snapshot", "archetype", "documented", "consumers", "dual write", "backfill", "dual-write window",
	"reads moved", "nobody uses it", "snapshot again", "drop", "monitor", "schema log",
};

static const struct { const char *name; enum item item; } stages[STAGE_COUNT] = {
	[AT_NOWHERE] = { "nowhere", ITEM_NONE },
	[AT_SNAPSHOT] = { "snapshot", ITEM_SNAPSHOT },
	[AT_ARCHETYPE] = { "archetype", ITEM_ARCHETYPE },
	[AT_DOCUMENT] = { "documented", ITEM_DOCUMENT },
	[AT_GATE_A] = { "gate A", ITEM_DOCUMENT },
	[AT_CONSUMERS] = { "consumers", ITEM_CONSUMERS },
	[AT_READS] = { "reads moved", ITEM_READS },
	[AT_UNUSED] = { "nobody uses it", ITEM_UNUSED },
	[AT_FINAL] = { "snapshot again", ITEM_FINAL },
	[AT_GATE_C] = { "gate C", ITEM_FINAL },
	[AT_ARMED] = { "armed", ITEM_DROP },
	[AT_DROPPING] = { "dropping", ITEM_DROP },
	[AT_MONITOR] = { "monitor", ITEM_MONITOR },
	[AT_LOG] = { "schema log", ITEM_LOG },
	[AT_CLOSED] = { "closed", ITEM_LOG },
	[AT_LEFT] = { "left", ITEM_NONE },
};

/* The state machine. No row means no. EFFECT_DROP stands on one row only, and that row asks for every gate. */
static const struct row {
	enum stage from;
	enum event ev;
	unsigned needs;
	enum stage to;
	enum effect effect;
} rows[] = {
	{ AT_NOWHERE, EV_BEGIN, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_SNAPSHOT, EV_PROVEN, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ AT_ARCHETYPE, EV_CONFIRM, 0, AT_DOCUMENT, EFFECT_NONE },
	{ AT_DOCUMENT, EV_CONFIRM, 0, AT_GATE_A, EFFECT_NONE },
	{ AT_GATE_A, EV_GATE_A, GATE_A, AT_CONSUMERS, EFFECT_NONE },
	{ AT_CONSUMERS, EV_CONFIRM, 0, AT_READS, EFFECT_NONE },
	{ AT_READS, EV_CONFIRM, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_UNUSED, EV_QUIET, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_UNUSED, EV_GATE_B, GATE_A | GATE_B, AT_FINAL, EFFECT_NONE },
	{ AT_FINAL, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ AT_GATE_C, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ AT_ARMED, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ AT_GATE_C, EV_GATE_C, GATES_ALL, AT_ARMED, EFFECT_NONE },
	{ AT_ARMED, EV_INTENT, GATES_ALL, AT_DROPPING, EFFECT_DROP },
	{ AT_DROPPING, EV_DROPPED, 0, AT_MONITOR, EFFECT_NONE },
	{ AT_DROPPING, EV_NOT_DROPPED, 0, AT_GATE_C, EFFECT_NONE },
	{ AT_MONITOR, EV_WATCHED, 0, AT_LOG, EFFECT_NONE },
	{ AT_LOG, EV_CLOSE, 0, AT_CLOSED, EFFECT_NONE },

	{ AT_FINAL, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_GATE_C, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_ARMED, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },

	/* The database lost what the log has: what was counted there counts anew. */
	{ AT_SNAPSHOT, EV_RECOUNT, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_ARCHETYPE, EV_RECOUNT, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ AT_DOCUMENT, EV_RECOUNT, 0, AT_DOCUMENT, EFFECT_NONE },
	{ AT_GATE_A, EV_RECOUNT, 0, AT_GATE_A, EFFECT_NONE },
	{ AT_CONSUMERS, EV_RECOUNT, 0, AT_CONSUMERS, EFFECT_NONE },
	{ AT_READS, EV_RECOUNT, 0, AT_READS, EFFECT_NONE },
	{ AT_UNUSED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_FINAL, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_GATE_C, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_ARMED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_DROPPING, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_MONITOR, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ AT_LOG, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ AT_CLOSED, EV_RECOUNT, 0, AT_CLOSED, EFFECT_NONE },
	{ AT_LEFT, EV_RECOUNT, 0, AT_LEFT, EFFECT_NONE },

	/* It is of before the drop. A walk that is over stays over. */
	{ AT_MONITOR, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_LOG, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_CLOSED, EV_DROP_LOST, 0, AT_CLOSED, EFFECT_NONE },

	/* Not even the first snapshot counts any more. */
	{ AT_SNAPSHOT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_ARCHETYPE, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_DOCUMENT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_GATE_A, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_CONSUMERS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_READS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_UNUSED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_FINAL, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_GATE_C, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_ARMED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_DROPPING, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },

	{ AT_ARCHETYPE, EV_BACK, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ AT_DOCUMENT, EV_BACK, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ AT_GATE_A, EV_BACK, 0, AT_DOCUMENT, EFFECT_NONE },
	{ AT_CONSUMERS, EV_BACK, 0, AT_GATE_A, EFFECT_NONE },
	{ AT_READS, EV_BACK, 0, AT_CONSUMERS, EFFECT_NONE },
	{ AT_UNUSED, EV_BACK, 0, AT_READS, EFFECT_NONE },
	{ AT_FINAL, EV_BACK, 0, AT_UNUSED, EFFECT_NONE },
	{ AT_GATE_C, EV_BACK, 0, AT_FINAL, EFFECT_NONE },
	{ AT_ARMED, EV_BACK, 0, AT_GATE_C, EFFECT_NONE },

	{ AT_SNAPSHOT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_ARCHETYPE, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_DOCUMENT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_GATE_A, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_CONSUMERS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_READS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_UNUSED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_FINAL, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_GATE_C, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ AT_ARMED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
};

static const struct row *row_of(enum stage from, enum event ev)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].from == from && rows[i].ev == ev)
			return &rows[i];
	return NULL;
}

bool walk_move(enum stage from, enum event ev, unsigned open_gates, struct move *out)
{
	const struct row *r = row_of(from, ev);
	if (!r || (open_gates & r->needs) != r->needs)
		return false;
	*out = (struct move){ r->to, r->effect };
	return true;
}

unsigned walk_move_needs(enum stage from, enum event ev)
{
	const struct row *r = row_of(from, ev);
	return r ? r->needs : GATES_ALL + 1;
}

const char *item_name(enum item i)
{
	return (unsigned)i <= ITEM_COUNT ? item_names[i] : "";
}

const char *stage_name(enum stage s)
{
	return (unsigned)s < STAGE_COUNT ? stages[s].name : "";
}

enum item stage_item(enum stage s)
{
	return (unsigned)s < STAGE_COUNT ? stages[s].item : ITEM_NONE;
}

char gate_letter(enum gate g)
{
	return g == GATE_A ? 'A' : g == GATE_B ? 'B' : 'C';
}

const char *gate_question(enum gate g)
{
	return g == GATE_A ? "can we get it back?" : g == GATE_B ? "does anybody miss it?" : "is now the moment?";
}

const char *mood_word(enum mood m)
{
	static const char *const words[] = { "done", "running", "waiting", "shut", "not yet", "not needed" };
	return (unsigned)m <= MOOD_NOT_NEEDED ? words[m] : "";
}

int64_t walk_watch_end(const struct walk *w, const struct plan *p)
{
	return w->watch_from ? w->watch_from + p->monitor_hours * (w->day_us / 24) : 0;
}

bool walk_is_cleared(const struct walk *w, const char *key, struct walk_clear *out)
{
	for (size_t i = w->n_clears; i-- > 0;) {
		if (strcmp(w->clears[i].key, key) != 0)
			continue;
		if (out)
			*out = w->clears[i];
		return true;
	}
	return false;
}

const struct walk_declared *walk_declared(const struct walk *w, const char *what, const char *key)
{
	for (size_t i = w->n_declared; i-- > 0;)
		if (strcmp(w->declared[i].what, what) == 0 && strcmp(w->declared[i].key, key) == 0)
			return &w->declared[i];
	return NULL;
}
