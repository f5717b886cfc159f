/* SPDX-License-Identifier: MIT */
#include "core/walk.h"

#include <string.h>

#include "core/rule.h"

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
	[AT_WINDOW] = { "dual-write window", ITEM_WINDOW },
	[AT_COPY] = { "snapshot before reads", ITEM_READS },
	[AT_READS] = { "reads moved", ITEM_READS },
	[AT_RELAX] = { "old column relaxed", ITEM_UNUSED },
	[AT_ENDING] = { "ending", ITEM_UNUSED },
	[AT_PARITY] = { "last parity pass", ITEM_UNUSED },
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
#define RENAMES (1u << ARCH_RENAME)
#define TYPES (1u << ARCH_TYPE)
#define BESIDE (RENAMES | TYPES)    /* a new column beside the old one */
#define COMES (ADDS | BESIDE)       /* a column comes */
#define GOES (DESTROYS | BESIDE)    /* something goes */
#define ALL (GOES | ADDS)

/* The state machine. No row means no. EFFECT_DROP stands on one row only, and that row asks for every gate. */
static const struct row {
	unsigned archs;
	enum stage from;
	enum event ev;
	unsigned needs;
	enum stage to;
	enum effect effect;
} rows[] = {
	{ ALL, AT_NOWHERE, EV_BEGIN, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_SNAPSHOT, EV_PROVEN, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ ALL, AT_ARCHETYPE, EV_CONFIRM, 0, AT_DOCUMENT, EFFECT_NONE },
	{ ALL, AT_DOCUMENT, EV_CONFIRM, 0, AT_GATE_A, EFFECT_NONE },
	{ GOES, AT_GATE_A, EV_GATE_A, GATE_A, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_CONSUMERS, EV_CONFIRM, 0, AT_READS, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_CONFIRM, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_UNUSED, EV_QUIET, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_UNUSED, EV_GATE_B, GATE_A | GATE_B, AT_FINAL, EFFECT_NONE },
	{ GOES, AT_FINAL, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_PROVEN, 0, AT_GATE_C, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_GATE_C, GATES_ALL, AT_ARMED, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_INTENT, GATES_ALL, AT_DROPPING, EFFECT_DROP },
	{ GOES, AT_DROPPING, EV_DROPPED, 0, AT_MONITOR, EFFECT_NONE },
	{ GOES, AT_DROPPING, EV_NOT_DROPPED, 0, AT_GATE_C, EFFECT_NONE },

	/* A new column comes, writes fill it, what is there is filled, reads move to it. */
	{ ADDS, AT_GATE_A, EV_GATE_A, GATE_A, AT_EXPAND, EFFECT_NONE },
	{ COMES, AT_EXPAND, EV_ADD, GATE_A, AT_CHANGING, EFFECT_ADD },
	{ COMES, AT_CHANGING, EV_ADDED, 0, AT_WRITES, EFFECT_NONE },
	{ COMES, AT_CHANGING, EV_NOT_ADDED, 0, AT_EXPAND, EFFECT_NONE },
	{ COMES, AT_WRITES, EV_CONFIRM, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_FILLED, 0, AT_READS, EFFECT_NONE },
	{ COMES, AT_BACKFILL, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ COMES, AT_READS, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_READS, EV_CONFIRM, 0, AT_MONITOR, EFFECT_NONE },
	{ ADDS, AT_READS, EV_HOLD, GATE_A, AT_CHANGING, EFFECT_HOLD },
	{ ADDS, AT_CHANGING, EV_HELD, 0, AT_READS, EFFECT_NONE },
	{ ADDS, AT_CHANGING, EV_NOT_HELD, 0, AT_READS, EFFECT_NONE },
	{ COMES, AT_WRITES, EV_TAKE, 0, AT_CHANGING, EFFECT_TAKE },
	{ COMES, AT_CHANGING, EV_TAKEN, 0, AT_EXPAND, EFFECT_NONE },
	{ COMES, AT_CHANGING, EV_NOT_TAKEN, 0, AT_WRITES, EFFECT_NONE },

	/* A new column beside the old one. Writes go to both, by a trigger or by the application, which confirms it. */
	{ BESIDE, AT_CONSUMERS, EV_CONFIRM, 0, AT_EXPAND, EFFECT_NONE },
	{ BESIDE, AT_WRITES, EV_DUAL, GATE_A, AT_CHANGING, EFFECT_DUAL },
	{ BESIDE, AT_CHANGING, EV_DUALED, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_CHANGING, EV_NOT_DUALED, 0, AT_WRITES, EFFECT_NONE },
	{ BESIDE, AT_BACKFILL, EV_FILLED, 0, AT_WINDOW, EFFECT_NONE },
	{ RENAMES, AT_WINDOW, EV_CONFIRM, 0, AT_COPY, EFFECT_NONE },
	{ TYPES, AT_WINDOW, EV_CONFIRM, 0, AT_READS, EFFECT_NONE },
	{ RENAMES, AT_COPY, EV_PROVEN, 0, AT_READS, EFFECT_NONE },
	{ BESIDE, AT_READS, EV_CONFIRM, 0, AT_RELAX, EFFECT_NONE },

	/* Item 9, in this order: the old column is relaxed, all rows are compared once more, writes go to the new one alone, the count begins. */
	{ BESIDE, AT_RELAX, EV_RELAX, GATE_A, AT_ENDING, EFFECT_RELAX },
	{ BESIDE, AT_RELAX, EV_CONFIRM, 0, AT_PARITY, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_RELAXED, 0, AT_PARITY, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_NOT_RELAXED, 0, AT_RELAX, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_END, GATE_A, AT_ENDING, EFFECT_END },
	{ BESIDE, AT_PARITY, EV_QUIET, GATE_A, AT_UNUSED, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_ENDED, 0, AT_UNUSED, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_NOT_ENDED, 0, AT_PARITY, EFFECT_NONE },

	/* Rows that differ, or another conversion: what was reached behind item 6 no longer stands. */
	{ BESIDE, AT_WINDOW, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ RENAMES, AT_COPY, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_RELAX, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_REFILL, 0, AT_BACKFILL, EFFECT_NONE },

	/* Each of these statements has its way back. What was relaxed may be put back from item 6 too, where rows that differ lead. */
	{ BESIDE, AT_UNUSED, EV_AGAIN, 0, AT_ENDING, EFFECT_AGAIN },
	{ BESIDE, AT_ENDING, EV_AGAINED, 0, AT_PARITY, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_NOT_AGAINED, 0, AT_UNUSED, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_TIGHTEN, 0, AT_ENDING, EFFECT_TIGHTEN },
	{ BESIDE, AT_ENDING, EV_TIGHTENED, 0, AT_RELAX, EFFECT_NONE },
	{ BESIDE, AT_ENDING, EV_NOT_TIGHTENED, 0, AT_PARITY, EFFECT_NONE },
	{ BESIDE, AT_BACKFILL, EV_TIGHTEN, 0, AT_CHANGING, EFFECT_TIGHTEN },
	{ BESIDE, AT_CHANGING, EV_TIGHTENED, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_CHANGING, EV_NOT_TIGHTENED, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_BACKFILL, EV_UNDUAL, 0, AT_CHANGING, EFFECT_UNDUAL },
	{ BESIDE, AT_CHANGING, EV_UNDUALED, 0, AT_WRITES, EFFECT_NONE },
	{ BESIDE, AT_CHANGING, EV_NOT_UNDUALED, 0, AT_BACKFILL, EFFECT_NONE },

	{ ALL, AT_MONITOR, EV_WATCHED, 0, AT_LOG, EFFECT_NONE },
	{ ALL, AT_LOG, EV_CLOSE, 0, AT_CLOSED, EFFECT_NONE },

	{ GOES, AT_FINAL, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_REOPEN_GATES, 0, AT_UNUSED, EFFECT_NONE },

	/* The database lost what the log has: what was counted there counts anew. */
	{ ALL, AT_SNAPSHOT, EV_RECOUNT, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_ARCHETYPE, EV_RECOUNT, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ ALL, AT_DOCUMENT, EV_RECOUNT, 0, AT_DOCUMENT, EFFECT_NONE },
	{ ALL, AT_GATE_A, EV_RECOUNT, 0, AT_GATE_A, EFFECT_NONE },
	{ GOES, AT_CONSUMERS, EV_RECOUNT, 0, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_RECOUNT, 0, AT_READS, EFFECT_NONE },
	{ GOES, AT_UNUSED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_FINAL, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_DROPPING, EV_RECOUNT, 0, AT_UNUSED, EFFECT_NONE },
	{ ALL, AT_MONITOR, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ ALL, AT_LOG, EV_RECOUNT, 0, AT_MONITOR, EFFECT_NONE },
	{ ALL, AT_CLOSED, EV_RECOUNT, 0, AT_CLOSED, EFFECT_NONE },
	{ ALL, AT_LEFT, EV_RECOUNT, 0, AT_LEFT, EFFECT_NONE },
	{ COMES, AT_EXPAND, EV_RECOUNT, 0, AT_EXPAND, EFFECT_NONE },
	{ COMES, AT_WRITES, EV_RECOUNT, 0, AT_WRITES, EFFECT_NONE },
	{ COMES, AT_BACKFILL, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_WINDOW, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },
	{ RENAMES, AT_COPY, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },
	{ COMES, AT_READS, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_RELAX, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_RECOUNT, 0, AT_BACKFILL, EFFECT_NONE },

	/* It is of before the drop. A walk that is over stays over. */
	{ GOES, AT_MONITOR, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_LOG, EV_DROP_LOST, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_CLOSED, EV_DROP_LOST, 0, AT_CLOSED, EFFECT_NONE },

	/* It is of before the new column came, which may come again. */
	{ ADDS, AT_WRITES, EV_ADD_LOST, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_BACKFILL, EV_ADD_LOST, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_READS, EV_ADD_LOST, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_ADD_LOST, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_LOG, EV_ADD_LOST, 0, AT_EXPAND, EFFECT_NONE },
	{ ADDS, AT_CLOSED, EV_ADD_LOST, 0, AT_CLOSED, EFFECT_NONE },
	{ ADDS, AT_LEFT, EV_ADD_LOST, 0, AT_LEFT, EFFECT_NONE },

	/* Not even the first snapshot counts any more. */
	{ ALL, AT_SNAPSHOT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_ARCHETYPE, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_DOCUMENT, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_GATE_A, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ GOES, AT_CONSUMERS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ COMES, AT_EXPAND, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_FINAL, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_GATE_C, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_ARMED, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ DESTROYS, AT_DROPPING, EV_RESTART, 0, AT_SNAPSHOT, EFFECT_NONE },

	{ ALL, AT_ARCHETYPE, EV_BACK, 0, AT_SNAPSHOT, EFFECT_NONE },
	{ ALL, AT_DOCUMENT, EV_BACK, 0, AT_ARCHETYPE, EFFECT_NONE },
	{ ALL, AT_GATE_A, EV_BACK, 0, AT_DOCUMENT, EFFECT_NONE },
	{ GOES, AT_CONSUMERS, EV_BACK, 0, AT_GATE_A, EFFECT_NONE },
	{ DESTROYS, AT_READS, EV_BACK, 0, AT_CONSUMERS, EFFECT_NONE },
	{ DESTROYS, AT_UNUSED, EV_BACK, 0, AT_READS, EFFECT_NONE },
	{ GOES, AT_FINAL, EV_BACK, 0, AT_UNUSED, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_BACK, 0, AT_FINAL, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_BACK, 0, AT_GATE_C, EFFECT_NONE },
	{ ADDS, AT_EXPAND, EV_BACK, 0, AT_GATE_A, EFFECT_NONE },
	{ COMES, AT_BACKFILL, EV_BACK, 0, AT_WRITES, EFFECT_NONE },
	{ ADDS, AT_READS, EV_BACK, 0, AT_BACKFILL, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_BACK, 0, AT_READS, EFFECT_NONE },
	{ BESIDE, AT_EXPAND, EV_BACK, 0, AT_CONSUMERS, EFFECT_NONE },
	{ BESIDE, AT_WINDOW, EV_BACK, 0, AT_BACKFILL, EFFECT_NONE },
	{ RENAMES, AT_COPY, EV_BACK, 0, AT_WINDOW, EFFECT_NONE },
	{ RENAMES, AT_READS, EV_BACK, 0, AT_COPY, EFFECT_NONE },
	{ TYPES, AT_READS, EV_BACK, 0, AT_WINDOW, EFFECT_NONE },
	{ BESIDE, AT_RELAX, EV_BACK, 0, AT_READS, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_BACK, 0, AT_RELAX, EFFECT_NONE },
	{ BESIDE, AT_UNUSED, EV_BACK, 0, AT_PARITY, EFFECT_NONE },

	/* A new column that holds what nothing else holds stays where its walk is left. */
	{ ALL, AT_SNAPSHOT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ALL, AT_ARCHETYPE, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ALL, AT_DOCUMENT, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ALL, AT_GATE_A, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ GOES, AT_CONSUMERS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ALL, AT_READS, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ GOES, AT_UNUSED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ GOES, AT_FINAL, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ GOES, AT_GATE_C, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ GOES, AT_ARMED, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ COMES, AT_EXPAND, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ COMES, AT_WRITES, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ COMES, AT_BACKFILL, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ ADDS, AT_MONITOR, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BESIDE, AT_WINDOW, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ RENAMES, AT_COPY, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BESIDE, AT_RELAX, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
	{ BESIDE, AT_PARITY, EV_LEAVE, 0, AT_LEFT, EFFECT_NONE },
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
	if (w->alone || walk_back_change(w) != CHANGE_NONE || !walk_move(w->archetype, w->stage, EV_BACK, 0, &m))
		return false;
	*to = m.to;
	if (m.to == AT_BACKFILL && w->unfilled) {   /* which has a row of its own for that */
		walk_move(w->archetype, m.to, EV_BACK, 0, &m);
		*to = m.to;
	}
	return true;
}

int64_t walk_changed_at(const struct walk *w)
{
	return w->dropped || w->archetype == ARCH_DESTRUCTIVE ? w->dropped_at : w->added_at;
}

int64_t walk_reads_from(const struct walk *w, const struct plan *p)
{
	int64_t since = w->confirmed[ITEM_DUAL_WRITE];
	if (!rule_binds(p))
		return since;   /* it refuses nothing, and is read at once */
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
	int ask = archetype_beside(w->archetype) ? walk_ask(what) : -1;
	int64_t since = ask >= 0 ? w->asked[ask] : w->archetype != ARCH_ADDITIVE ? -1 : w->back_at > w->added_at ? w->back_at : w->added_at;
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
