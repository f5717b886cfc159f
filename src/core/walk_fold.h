/* SPDX-License-Identifier: MIT */
/* Inside of the fold: what walk_fold.c, walk_steps.c, walk_seen.c, walk_change.c and walk_evidence.c share. Nobody else includes this. */
#ifndef GW_CORE_WALK_FOLD_H
#define GW_CORE_WALK_FOLD_H

#include "core/walk.h"

/* Moves w by the table, with the gates that have been passed; says what may not be when there is no row. */
bool fold_move(struct walk *w, enum event ev, enum effect *effect, struct err *e);
bool fold_refuse(struct err *e, const char *why);
/* The line may stand from one stage to another only. */
bool fold_here(const struct walk *w, enum stage low, enum stage high, struct err *e);
/* Waits and expiries are counted by the server's clock alone: this line needs it. */
bool fold_timed(const struct record *r, struct err *e);

/* Behind item 5: item 6 on again. */
bool fold_refill(struct walk *w, struct err *e);
/* Is the walk at item 6, or behind it, as far as rows can still be filled? */
bool fold_fills(const struct walk *w);
/* What was reached at the stage that the walk is at now, or behind it, no longer stands. */
void fold_undo(struct walk *w);
/* The same of what deploys declared, of two columns side by side: from now on it is asked again. */
void fold_ask_again(struct walk *w, int64_t now);
/* Is this declared before any plan would ask for it? ask -1: nothing is. */
bool fold_ask_early(int ask, enum stage at);
/* Item 9 of two columns side by side: the line names the pass over all rows behind which dual write may end. */
bool fold_last_pass(const struct walk *w, const struct record *r, struct err *e);

/* One an op. They may change w before they refuse: walk_fold gives them a copy. */
bool fold_evidence(struct walk *w, const struct record *r, struct err *e);
bool fold_confirm(struct walk *w, const struct record *r, struct err *e);
bool fold_declare(struct walk *w, const struct record *r, struct err *e);
bool fold_clear(struct walk *w, const struct record *r, struct err *e);
bool fold_gate(struct walk *w, const struct record *r, struct err *e);
bool fold_quiet(struct walk *w, const struct record *r, struct err *e);
bool fold_back(struct walk *w, const struct record *r, struct err *e);
bool fold_amend(struct walk *w, const struct record *r, struct err *e);
bool fold_leave(struct walk *w, const struct record *r, struct err *e);
bool fold_schema_log(struct walk *w, const struct record *r, struct err *e);
bool fold_close(struct walk *w, const struct record *r, struct err *e);
bool fold_sighting(struct walk *w, const struct record *r, struct err *e);
bool fold_job(struct walk *w, const struct record *r, struct err *e);
bool fold_intent(struct walk *w, const struct record *r, struct err *e);
bool fold_outcome(struct walk *w, const struct record *r, struct err *e);
bool fold_change(struct walk *w, const struct record *r, struct err *e);
bool fold_changed(struct walk *w, const struct record *r, struct err *e);
bool fold_alarm(struct walk *w, const struct record *r, struct err *e);
bool fold_restore(struct walk *w, const struct record *r, struct err *e);
bool fold_resync(struct walk *w, const struct record *r, struct err *e);
bool fold_rebind(struct walk *w, const struct record *r, struct err *e);
bool fold_torn(struct walk *w, const struct record *r, struct err *e);

#endif
