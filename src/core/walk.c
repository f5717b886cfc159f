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
	[AT_EXPAND] = { "expand", ITEM_DUAL_WRITE },
	[AT_CHANGING] = { "changing", ITEM_DUAL_WRITE },
	[AT_WRITES] = { "writes fill it", ITEM_DUAL_WRITE },
	[AT_BACKFILL] = { "backfill", ITEM_BACKFILL },
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

/* Which archetypes a row stands for. */
#define DESTROYS (1u << ARCH_DESTRUCTIVE)
#define ADDS (1u << ARCH_ADDITIVE)
#define BOTH (DESTROYS | ADDS)

/* The state machine. No row means no. EFFECT_DROP stands on one row only, and that row asks for every gate. */
static const struct row {
	unsigned archs;
	enum stage from;
	enum event ev;
	unsigned needs;
	enum stage to;
	enum effect effect;
} rows[] = {
	{ BOTH, AT_NOWHERE, EV_BEGIN, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ BOTH, AT_SNAPSHOT, EV_PROVEN, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ BOTH, AT_ARCHETYPE, EV_CONFIRM, 0, AT_DOCUMENT, EFFECT_NONE },
	{ BOTH, AT_DOCUMENT, EV_CONFIRM, 0, AT_GATE_A, EFFECT_NONE },
	{ DESTROYS, AT_GATE_A, EV_GATE_A, GATE_A, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_CONFIRM, 0, AT_READS, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_CONFIRM, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_QUIET, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_GATE_B, GATE_A | GATE_B, AT_FINAL, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_GATE_C, GATES_ALL, AT_ARMED, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_INTENT, GATES_ALL, AT_DROPPING, EFFECT_DROP },
	{ DESTROYS, AT_DROPPING, EV_DROPPED, 0, AT_MONITOR, EFFECT_NONE },
	{ DESTROYS, AT_DROPPING, EV_NOT_DROPPED, 0, AT_GATE_C, EFFECT_NONE },

	/* A new column comes, writes fill it, what is there is filled, reads move to it. */
	{ ADDS, AT_GATE_A, EV_GATE_A, GATE_A, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_EXPAND, EV_ADD, GATE_A, AT_CHANGING, EFFECT_ADD },
	{ ADDS, AT_CHANGING, EV_ADDED, 0, AT_WRITES, EFFECT_NONE },
	{ ADDS, AT_CHANGING, EV_NOT_ADDED, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_WRITES, EV_CONFIRM, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_FILLED, 0, AT_READS, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_READS, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_READS, EV_CONFIRM, 0, AT_MONITOR, EFFECT_NONE },
	{ ADDS, AT_WRITES, EV_TAKE, 0, AT_CHANGING, EFFECT_TAKE },
	{ ADDS, AT_CHANGING, EV_TAKEN, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_CHANGING, EV_NOT_TAKEN, 0, AT_WRITES, EFFECT_NONE },

	{ BOTH, AT_MONITOR, EV_WATCHED, 0, AT_LOG, EFFECT_NONE },
	{ BOTH, AT_LOG, EV_CLOSE, 0, AT_CLOSED, EFFECT_NONE },

	{ DESTROYS, AT_FINAL, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },

	/* The database lost what the log has: what was counted there counts anew. */
	{ DESTROYS, AT_SNAPSHOT, EV_RECOUNT, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_ARCHETYPE, EV_RECOUNT, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ DESTROYS, AT_DOCUMENT, EV_RECOUNT, 0, AT_DOCUMENT, EFFECT_NONE },
	{ DESTROYS, AT_GATE_A, EV_RECOUNT, 0, AT_GATE_A, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_RECOUNT, 0, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_RECOUNT, 0, AT_READS, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_DROPPING, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_MONITOR, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ DESTROYS, AT_LOG, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ DESTROYS, AT_CLOSED, EV_RECOUNT, 0, AT_CLOSED, EFFECT_NONE },
	{ DESTROYS, AT_LEFT, EV_RECOUNT, 0, AT_LEFT, EFFECT_NONE },

	/* It is of before the drop. A walk that is over stays over. */
	{ DESTROYS, AT_MONITOR, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_LOG, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_CLOSED, EV_DROP_LOST, 0, AT_CLOSED, EFFECT_NONE },

	/* Not even the first snapshot counts any more. */
	{ DESTROYS, AT_SNAPSHOT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_ARCHETYPE, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_DOCUMENT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_GATE_A, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_DROPPING, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },

	{ BOTH, AT_ARCHETYPE, EV_BACK, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ BOTH, AT_DOCUMENT, EV_BACK, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ BOTH, AT_GATE_A, EV_BACK, 0, AT_DOCUMENT, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_BACK, 0, AT_GATE_A, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_BACK, 0, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_BACK, 0, AT_READS, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_BACK, 0, AT_UNUSED, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_BACK, 0, AT_FINAL, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_BACK, 0, AT_GATE_C, EFFECT_NONE },
	{ ADDS, AT_EXPAND, EV_BACK, 0, AT_GATE_A, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_BACK, 0, AT_WRITES, EFFECT_NONE },
	{ ADDS, AT_READS, EV_BACK, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_BACK, 0, AT_READS, EFFECT_NONE },

	/* A new column that holds what nothing else holds stays where its walk is left. */
	{ BOTH, AT_SNAPSHOT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BOTH, AT_ARCHETYPE, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BOTH, AT_DOCUMENT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BOTH, AT_GATE_A, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_EXPAND, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_WRITES, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_READS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
};

static const struct row *row_of(enum archetype arch, enum stage from, enum event ev)
{
	unsigned bit = (unsigned)arch <= ARCH_DESTRUCTIVE ? 1u << arch : 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].from == from && rows[i].ev == ev && (rows[i].archs & bit))
			return &rows[i];
	return NULL;
}

bool walk_move(enum archetype arch, enum stage from, enum event ev, unsigned open_gates, struct move *out)
{
	const struct row *r = row_of(arch, from, ev);
	if (!r || (open_gates & r->needs) != r->needs)
		return false;
	*out = (struct move){ r->to, r->effect };
	return true;
}

unsigned walk_move_needs(enum archetype arch, enum stage from, enum event ev)
{
	const struct row *r = row_of(arch, from, ev);
	return r ? r->needs : GATES_ALL + 1;
}

bool walk_has_item(enum archetype arch, enum item item)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (row_of(arch, rows[i].from, rows[i].ev) == &rows[i] && stage_item(rows[i].from) == item)
			return true;
	return false;
}

bool walk_has_gate(enum archetype arch, enum gate g)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (row_of(arch, rows[i].from, rows[i].ev) == &rows[i] && (rows[i].needs & (unsigned)g))
			return true;
	return false;
}

bool walk_back(const struct walk *w, enum stage *to)
{
	struct move m;
	if (!walk_move(w->archetype, w->stage, EV_BACK, 0, &m))
		return false;
	*to = m.to;
	return m.to != AT_BACKFILL || !w->unfilled || (walk_move(w->archetype, m.to, EV_BACK, 0, &m) && (*to = m.to, true));
}

int64_t walk_changed_at(const struct walk *w)
{
	return w->archetype == ARCH_ADDITIVE ? w->added_at : w->dropped_at;
}

int64_t walk_reads_from(const struct walk *w, const struct plan *p)
{
	int64_t since = w->confirmed[ITEM_DUAL_WRITE];
	return since && w->env != ENV_DEVELOPMENT ? since + p->writes_hours * (w->day_us / 24) : since;
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

enum stage stage_parse(const char *name)
{
	for (size_t s = AT_SNAPSHOT; name && s < STAGE_COUNT; s++)
		if (strcmp(stages[s].name, name) == 0)
			return (enum stage)s;
	return AT_NOWHERE;
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

const struct walk_declared *walk_deploy_said(const struct walk *w, const char *what, const char *deploy)
{
	int64_t since = w->archetype != ARCH_ADDITIVE ? -1 : w->back_at > w->added_at ? w->back_at : w->added_at;
	const struct walk_declared *d = walk_declared(w, what, deploy);
	return d && d->value && *d->value && d->at > since ? d : NULL;
}

const char *walk_deploy_left(const struct walk *w, const struct plan *p, const char *what, size_t *done)
{
	const char *left = NULL;
	size_t n = 0;
	for (size_t i = 0; i < p->n_deploys; i++) {
		if (walk_deploy_said(w, what, p->deploys[i].name))
			n++;
		else if (!left)
			left = p->deploys[i].name;
	}
	if (done)
		*done = n;
	return left;
}
