/* SPDX-License-Identifier: MIT */
/* The conditions of gates A, B and C: one row each in a const table, each judged by a pure function. Unknown refuses.
   There is no override here and none may be added. */
#ifndef GW_CORE_GATE_H
#define GW_CORE_GATE_H

#include "core/walk.h"

enum verdict { NOT_NEEDED, HOLDS, REFUSED, UNKNOWN, WAITS };   /* WAITS: refused, and time alone will open it */

struct finding {
	const char *id;        /* "B5" */
	enum gate gate;
	enum verdict verdict;
	const char *question;  /* "nobody used it for 14 d" */
	const char *brief;     /* the same in at most 26 columns */
	char now[160];         /* the value now, in words */
	char because[240];     /* why it does not hold; "" when it does */
	char passes[160];      /* what would pass */
	char todo[240];        /* who can do what: a command or an act; "" */
	int64_t at;            /* at the earliest, server clock; 0 when time does not decide */
	int64_t seen;          /* when the fact it was judged by was seen, server clock; 0 never */
};

#define CONDITION_COUNT 24

/* HOLDS or NOT_NEEDED. */
bool finding_passes(const struct finding *f);
/* Judges every condition of the table at f->now. out has CONDITION_COUNT rows, in table order. */
void gate_judge_all(const struct plan *p, const struct walk *w, const struct facts *f, struct finding out[static CONDITION_COUNT]);
/* Which gates hold: every one of their conditions HOLDS or NOT_NEEDED. */
unsigned gates_open(const struct finding f[static CONDITION_COUNT]);
/* Only the conditions that also stand before other statements that change the target: C3, C4, C6. True when all hold;
   else e says which and why (ERR_GATE, or ERR_WAIT when only time is missing). */
bool gate_change_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* The conditions that stand before each batch of removed rows: A6, C3, C4, C5, C6, C9. As above. */
bool gate_batch_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* The conditions that stand before a new column comes: the whole of gate A, judged again, and C3, C4, C6. As above. */
bool gate_add_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* Those that stand before a column that this walk added goes again: A6, C4, C6. No window: whoever steps back does not wait for a night. */
bool gate_take_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* Those that stand before each change of a table. ADD and DUAL: as a new column. RELAX: A6, B4, C3, C4, C6. END: A6, B3, B4, C4, C6: it takes
   away what gatewalk added, and old and new have to agree. TAKE, UNDUAL, TIGHTEN, AGAIN, which are steps back: A6, C4, C6. */
bool gate_alter_allowed(const struct plan *p, const struct walk *w, const struct facts *f, enum change ch, struct err *e);
/* Item 7's wait is over: it can be confirmed. ERR_WAIT when only time is missing. */
bool gate_window_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* Those that stand before rows are filled: A6, C6. No window and no health: the plan's own pause conditions stand before each batch. */
bool gate_fill_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* Those that stand before reads may move to a new column: B3, B7, and B4 where it stands beside an old one. */
bool gate_reads_allowed(const struct plan *p, const struct walk *w, const struct facts *f, struct err *e);
/* True when this gate holds. Else the error of its first shut condition; ERR_WAIT when all shut ones WAIT. */
bool gate_refusal(const struct finding f[static CONDITION_COUNT], enum gate g, struct err *e);
/* The same of A, B and C in this order: true when all hold. */
bool gate_refusal_any(const struct finding f[static CONDITION_COUNT], struct err *e);
/* The table as data, for the manual and for tests. NULL past the end. */
const char *condition_id(size_t i);
const char *condition_question(size_t i);
const char *condition_brief(size_t i);
int64_t condition_lives(size_t i);       /* us; 0: the walk; -1: under the lock */

#endif
