/* SPDX-License-Identifier: MIT */
/* A walk's state is a fold over its log's lines. The state machine is one const table; no row means no. */
#ifndef GW_CORE_WALK_H
#define GW_CORE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/fact.h"
#include "core/plan.h"
#include "core/record.h"

struct arena;
struct err;

enum item {
	ITEM_NONE, ITEM_SNAPSHOT, ITEM_ARCHETYPE, ITEM_DOCUMENT, ITEM_CONSUMERS, ITEM_DUAL_WRITE, ITEM_BACKFILL, ITEM_WINDOW,
	ITEM_READS, ITEM_UNUSED, ITEM_FINAL, ITEM_DROP, ITEM_MONITOR, ITEM_LOG
};
#define ITEM_COUNT 13
#define CHANGE_LOCK_MS 500      /* a change of the table waits so long for its lock, and asks again for so long */
#define CHANGE_PATIENCE_S 20
#define INTENT_MINUTES 10   /* so long after its signature the drop, or the first batch of rows, may begin */
const char *item_name(enum item i);   /* "snapshot", "nobody uses it", ... */

enum gate { GATE_A = 1, GATE_B = 2, GATE_C = 4 };
#define GATES_ALL (GATE_A | GATE_B | GATE_C)
char gate_letter(enum gate g);
const char *gate_question(enum gate g);   /* "can we get it back?" */

enum stage {
	AT_NOWHERE, AT_SNAPSHOT, AT_ARCHETYPE, AT_DOCUMENT, AT_GATE_A, AT_CONSUMERS, AT_EXPAND, AT_CHANGING, AT_WRITES, AT_BACKFILL, AT_WINDOW, AT_COPY, AT_READS,
	AT_RELAX, AT_ENDING, AT_PARITY, AT_UNUSED, AT_FINAL, AT_GATE_C, AT_ARMED, AT_DROPPING, AT_MONITOR, AT_LOG, AT_CLOSED, AT_LEFT, STAGE_COUNT
};
const char *stage_name(enum stage s);
enum item stage_item(enum stage s);
enum stage stage_parse(const char *name);   /* AT_NOWHERE when unknown */

/* What moves a walk. */
enum event {
	EV_BEGIN, EV_PROVEN, EV_CONFIRM, EV_GATE_A, EV_QUIET, EV_GATE_B, EV_GATE_C, EV_INTENT, EV_DROPPED, EV_NOT_DROPPED,
	EV_WATCHED, EV_CLOSE, EV_BACK, EV_LEAVE, EV_REOPEN_GATES,
	EV_RECOUNT, EV_DROP_LOST, EV_ADD_LOST, EV_RESTART,
	EV_ADD, EV_ADDED, EV_NOT_ADDED, EV_FILLED, EV_REFILL, EV_TAKE, EV_TAKEN, EV_NOT_TAKEN,
	EV_DUAL, EV_DUALED, EV_NOT_DUALED, EV_UNDUAL, EV_UNDUALED, EV_NOT_UNDUALED,
	EV_RELAX, EV_RELAXED, EV_NOT_RELAXED, EV_TIGHTEN, EV_TIGHTENED, EV_NOT_TIGHTENED,
	EV_END, EV_ENDED, EV_NOT_ENDED, EV_AGAIN, EV_AGAINED, EV_NOT_AGAINED, EV_HOLD, EV_HELD, EV_NOT_HELD, EVENT_COUNT
};
enum effect { EFFECT_NONE, EFFECT_DROP, EFFECT_ADD, EFFECT_TAKE, EFFECT_DUAL, EFFECT_UNDUAL, EFFECT_RELAX, EFFECT_TIGHTEN, EFFECT_END, EFFECT_AGAIN, EFFECT_HOLD };

struct move { enum stage to; enum effect effect; };
/* The table: does this event move a walk of this archetype at this stage, when exactly these gates hold now? No row means no: false. */
bool walk_move(enum archetype arch, enum stage from, enum event ev, unsigned open_gates, struct move *out);
/* Gates that the row for (arch, from, ev) asks for; GATES_ALL + 1 when there is no row. */
unsigned walk_move_needs(enum archetype arch, enum stage from, enum event ev);
/* Does an item, or a gate, stand in walks of this archetype? Those that do not are shown as "not needed". */
bool walk_has_item(enum archetype arch, enum item i);
bool walk_has_gate(enum archetype arch, enum gate g);

/* counted: how its counters stood in the look it was cleared on; NULL when nothing counted it, or in a line of before that was kept. */
struct walk_clear { const char *key, *reason, *counted; bool survives; int64_t at; };
struct walk_declared { const char *what, *key, *value; int64_t at; };
/* The last hiding. why: "over" when its time had passed, else what ended it; exact: the grants are what they were. to 0: there was none. */
struct walk_hiding { int64_t from, to; const char *why; bool exact; };

/* What the last end of a backfill found: rows left and rejected, counted then. at 0: none has ended. */
struct walk_fill { int64_t at, filled, left, rejects; };

/* A signed intent other than a drop, by what it does to the table:
   ADD       the new column comes, or the constraint, of new rows alone   TAKE     it goes again
   DUAL      the trigger that writes both columns comes                   UNDUAL   it goes again: a step back
   RELAX     NOT NULL, default and foreign keys go off the old column     TIGHTEN  they come again: a step back
   END       the trigger goes, for good: the count of item 9 begins       AGAIN    it comes again: a step back from there
   HOLD      a constraint is asked of every row that stands; of a column that is never null, once more: NOT NULL is set */
enum change { CHANGE_NONE, CHANGE_ADD, CHANGE_TAKE, CHANGE_DUAL, CHANGE_UNDUAL, CHANGE_RELAX, CHANGE_TIGHTEN, CHANGE_END, CHANGE_AGAIN, CHANGE_HOLD };
const char *change_name(enum change ch);   /* as the log has it: "add", "dual write", ... */

/* Where the walk stands once the change that is under way is done. */
struct walk;
enum stage walk_change_to(const struct walk *w);
/* One is signed, and what became of it is not known yet. */
bool walk_is_changing(const struct walk *w);
/* Is there a row for it from here? What it has to fit besides is the fold's to say. */
bool walk_change_may(const struct walk *w, enum change ch);

/* What the deploys of a walk with two columns declare. */
#define WALK_ASKS 4

struct walk {
	struct arena *arena;             /* owns what the fold keeps */
	const char *sid, *name, *plan_digest, *db, *who, *target;
	enum env env;
	enum stage stage;
	int64_t begun, last_t;           /* server clock */
	int64_t day_us;                  /* microseconds that a day of waiting takes: US_DAY, less in a rehearsal */
	enum archetype archetype;        /* logs of before there were others say none: destructive */
	enum target kind;                /* column, table, rows, new column, constraint */
	unsigned relid;
	int attnum;                      /* 0 of a table, of rows and of what comes */
	int64_t n;                       /* lines folded */
	int64_t sealed;                  /* lines covered by a signature */

	struct fact_snapshot first, final;   /* items 1 and 10 */
	struct fact_drill drill;
	int64_t confirmed[ITEM_COUNT + 1];   /* when item i was confirmed; 0 not */
	int64_t gate_passed[3];          /* A, B, C: last passed; 0 not (or taken back) */
	int64_t quiet_since;             /* item 9's count begins here; later sightings move it */

	/* of a rename and a change of type. That writes go to both columns is confirmed[ITEM_DUAL_WRITE]. */
	bool by_trigger;                 /* gatewalk's trigger writes both, or did until it was ended; else the application */
	bool reconvert;                  /* that trigger converts as an earlier version of the plan said */
	int64_t window_from;             /* item 7 is counted from here at the earliest: dual write on and backfill verified; 0 not yet */
	int64_t relaxed_at;              /* nothing asks any more that the old column be filled; 0 not so */
	const char **tighten;            /* what puts that back, noted before it went: the first at once, the others behind it, under weaker locks */
	size_t n_tighten;                /* 0: nothing was taken off yet */
	const char *old_default;         /* the default among it, as SQL; "" it had none */
	int64_t ended_at;                /* dual write went off, in item 9; 0 not yet, or it is on again */
	bool alone;                      /* rows were written to the new column alone: the old one is to be filled from it first */
	bool alone_said;                 /* what the open change says of that */
	struct fact_parity parity;       /* the last pass over all rows that stands in the log */
	int64_t parity_n;                /* its line */
	struct fact_snapshot moved;      /* of a rename: the one before reads move */
	int64_t asked[WALK_ASKS];        /* since when a declaration of each counts */
	int64_t last_sighting;
	const char *sighted;
	struct walk_clear *clears;
	size_t n_clears, cap_clears;
	struct walk_declared *declared;
	size_t n_declared, cap_declared;

	int64_t intent_n;                /* line of the open or last intent; -1 none */
	char intent_head[65];            /* head after that line: what the anchor row must hold */
	const char *intent_nonce, *intent_statement, *intent_snapshot;
	int64_t intent_t, intent_expires;   /* when it was signed; until when it must begin */
	enum change change;              /* what the intent is about to do to the table, where it is no drop */
	bool outcome_known;
	int added_attnum;                /* of a new column: the number it got; 0 while it is not there */
	int64_t added_at;
	int64_t changed_n;               /* line of the last change that was done and would be missed (not HOLD, which only looks); -1 none */
	bool unfilled;                   /* item 6 was passed over: the plan has no backfill */
	struct walk_fill fill;
	int64_t filling;                 /* the backfill's job that is at work; 0 none */
	int64_t back_at;                 /* the last step back; what was declared before it does not count for a new column */
	bool dropped;
	int64_t dropped_at;
	int64_t drop_us, lock_us;
	int64_t rows_removed, rows_left; /* of removed rows: what became of the snapshot's rows */
	int64_t restored_at;
	int64_t watch_from;              /* item 12 counts from here: the drop, or that reads moved to a new column, or when log and ledger were brought together */
	int64_t drop_lost_at;            /* when it was found that the database was of before the drop; 0 never */
	int64_t first_n;                 /* line of the first snapshot */
	int64_t agreed_n;                /* line of the last resync or rebind; -1 none */
	int64_t agreed_last;             /* the last entry that ledger and log had in common then; -1 none */
	int64_t baseline_at;
	struct walk_hiding hiding;
	int64_t amended_at;              /* the plan was last changed; 0 never */
	bool guarded;                    /* the server's guard was seen over the target: C9 asks for it from then on */
	const char *slot_why;            /* why the watch's logical slot was gone at the last line about it; NULL it was not */
	const char *guard_why;           /* what was wrong with it at the last line about it; NULL nothing */
	int alarms;
	const char *alarm;
	bool schema_logged;
	const char *left_why;
	bool stopped_by_torn;            /* a torn line was sealed over: shown, not fatal */
};

void walk_init(struct walk *w, struct arena *a);
/* Takes one line in. False: this line may not stand here (an op without a row for the stage, a time gone back, another
   sid): the log is refused from here, and the error names n and the reason. A refused fold leaves w as it was. */
bool walk_fold(struct walk *w, const struct record *r, struct err *e);
bool walk_is_cleared(const struct walk *w, const char *key, struct walk_clear *out);   /* the latest one */
/* One step back from here, by the table: items that were passed over are passed over again. False: there is none. */
bool walk_back(const struct walk *w, enum stage *to);
/* Where a walk stands once its log and a database that has less are brought together. lost: the database is of before the drop, or of before a new
   column came. An open change that the ledger does not have came to nothing. False: there is no way on from here. */
bool walk_recounts(const struct walk *w, bool lost, enum stage *to);
/* When the change was made that the monitor watches: the drop, or the new column's coming; 0 not yet. */
int64_t walk_changed_at(const struct walk *w);
/* When reads may move to a new column at the earliest; 0 while writes do not fill it. */
int64_t walk_reads_from(const struct walk *w, const struct plan *p);
/* When item 7's wait begins; 0 while something of it is not there yet: dual write, a verified backfill, of a rename each deploy's word
   that it reads the new column first with the old one as fallback. And when it ends: 0 where it has not begun. */
int64_t walk_window_from(const struct walk *w, const struct plan *p);
/* The same by the log alone, which does not know which deploys there are: one word is enough. */
int64_t walk_window_since(const struct walk *w);
int64_t walk_window_end(const struct walk *w, const struct plan *p);
/* Is gatewalk's dual-write trigger to stand on the table, by the log? Whether it does: facts.trigger. */
bool walk_trigger_due(const struct walk *w);
/* Was every row compared since reads had moved and the old column was relaxed, and did none differ? Dual write ends on that alone. */
bool walk_passed(const struct walk *w);
/* Is the monitor to run: from the first statement of item 5 to the end of item 12? Of a walk that only drops: from the drop on. */
bool walk_is_monitored(const struct walk *w);
/* Which declaration this is, of those that a walk with two columns asks for: writes_both, reads_both, reads_moved, writes_new; else -1. */
int walk_ask(const char *what);
/* The step that asks for it, and the first at which a release may run that does so, by who writes both columns. AT_NOWHERE where none does. */
enum stage walk_ask_stage(int ask, const struct plan *p);
enum stage walk_ask_from(int ask, const struct plan *p);
/* May this be declared here? */
bool walk_asks_now(const struct walk *w, const struct plan *p, const char *what);
/* What every deploy has declared before dual write ends; NULL nothing. Both ways: that it writes the new column alone. One way: that it writes both by itself,
   since nothing brings back what it would write to the new one alone, and the last pass finds what differs. */
const char *walk_ask_to_end(const struct plan *p);
/* What one step back from here changes on the table: a signed change is its way. CHANGE_NONE: a word is enough, or there is none. */
enum change walk_back_change(const struct walk *w);
/* What this deploy declared under what, as it counts now; NULL it has not. Of a new column only what was declared since it came and
   since the last step back counts. */
const struct walk_declared *walk_deploy_said(const struct walk *w, const char *what, const char *deploy);
/* The first deploy that has not declared what; NULL when all have. */
const char *walk_deploy_left(const struct walk *w, const struct plan *p, const char *what, size_t *done);
/* When the watch after the drop ends, server clock. */
int64_t walk_watch_end(const struct walk *w, const struct plan *p);
/* The latest declaration of what + key, or NULL. */
const struct walk_declared *walk_declared(const struct walk *w, const char *what, const char *key);

/* The five states an item can show. */
enum mood { MOOD_DONE, MOOD_RUNNING, MOOD_WAITING, MOOD_SHUT, MOOD_NOT_YET, MOOD_NOT_NEEDED };
const char *mood_word(enum mood m);

#endif
