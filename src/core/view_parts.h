/* SPDX-License-Identifier: MIT */
/* Inside of the view: what view*.c share. Nobody else includes this. */
#ifndef GW_CORE_VIEW_PARTS_H
#define GW_CORE_VIEW_PARTS_H

#include "base/when.h"
#include "core/consumers.h"
#include "core/view.h"

/* Each fills its part of the view; in this order. */
void view_items(struct view *v);
void view_offers(struct view *v);
void view_challenges(struct view *v);
void view_next(struct view *v);

/* The finding of a condition; never NULL for an id of the table. */
const struct finding *view_finding(const struct view *v, const char *id);
bool view_holds(const struct view *v, const char *id);
/* The first shut condition of a gate, those that wait last; NULL when it holds. */
const struct finding *view_shut(const struct view *v, enum gate g);
bool view_gate_holds(const struct view *v, enum gate g);
/* The stage, and for a walk that was left the furthest that it had reached. */
enum stage view_reached(const struct walk *w);
/* The newest job of this kind, alive or ended; NULL when there is none. */
const struct view_job *view_job_of(const struct view *v, const char *kind);
bool view_job_alive(const struct view_job *j);
/* The job that does the current item's work: snapshot, drill, removal or restore. NULL when none is alive. */
const struct view_job *view_job_here(const struct view *v);
/* Consumers as the live audit shows them. */
struct consumers_state view_consumers(const struct view *v);
/* The first deploy that has not declared its release; NULL when all have. */
const char *view_deploy_left(const struct view *v, size_t *done);
/* When the count of item 9 began, and how long it takes; when the watch of item 12 ends. */
int64_t view_quiet_start(const struct view *v);
int64_t view_quiet_wait(const struct view *v);
int64_t view_watch_end(const struct view *v);
/* How long the watch takes: "48 h"; where a day of waiting is shorter, as long as it is there. */
const char *view_watch_words(const struct view *v, char buf[static WHEN_MAX]);
/* True when that time has come, and the monitor has looked since. */
bool view_watched(const struct view *v);
/* "column", "table", "rows" */
const char *view_noun(const struct view *v);
/* "61.2 M", "204 118" */
const char *view_count(int64_t n, char buf[static 32]);

/* What a stage offers, asks and says next. */
struct view_stage { void (*offers)(struct view *), (*asks)(struct view *), (*next)(struct view *); };
extern const struct view_stage view_expanding, view_changing, view_filling;   /* of every column that comes */
/* Of a walk with two columns side by side; NULL where the stage is as that of something that goes. */
const struct view_stage *view_beside(enum stage s);
/* Says what the trigger that is to write both columns lacks, whatever else goes on: false where it lacks nothing. */
bool view_next_trigger(struct view *v);
/* Of a constraint; NULL where the stage is as that of a new column. */
const struct view_stage *view_rule(enum stage s);
/* Asks whether every row holds to it already, as counted when it was last begun. */
void view_ask_broken(struct view *v);
/* Says which rows do not, where nothing fills them; false where there are none. */
bool view_next_broken(struct view *v);
/* By the walk's archetype. False: this stage is as that of something that goes. */
bool view_own_offers(struct view *v);
bool view_own_challenges(struct view *v);
bool view_own_next(struct view *v);
/* Of a walk that builds an index. */
bool view_is_index(const struct view *v);
bool view_is_added(const struct view *v);
/* Item 7's wait: how much of it has passed, and the whole; false while it has not begun. */
bool view_window_wait(const struct view *v, int64_t *passed, int64_t *whole);
/* The first condition that stands before this change and does not hold; NULL when it may be made. */
const struct finding *view_change_shut(const struct view *v, enum change ch);
/* What a step back asks that one of two columns, or who writes it, is part of. */
#define VIEW_ALONE "was a row written to the new column alone? no or yes, and why you step back"
#define VIEW_ALONE_FORM "no, the deploy is not out yet"
/* A change of the table, where nothing stands before it. */
void view_offer_change(struct view *v, enum change ch, const char *label, const char *prompt, const char *expect);
/* A step back that is a change of the table. */
void view_offer_change_back(struct view *v);
void view_offer_take(struct view *v);
/* does: "writes the new column" */
void view_offer_deploys(struct view *v, const char *what, const char *does);
/* The first condition that stands before the column comes and does not hold; NULL when it may come. */
const struct finding *view_add_shut(const struct view *v);
/* Who held the table when a change was tried last, in words; NULL nobody did. */
const char *view_blocker(const struct view *v);
/* Are the rows that stand to be filled? */
bool view_fills(const struct view *v);
/* The wait before reads may move: how much of it has passed, and the whole; false when there is none under way. */
bool view_reads_wait(const struct view *v, int64_t *passed, int64_t *whole);
/* When the watch of item 12 began to count. */
int64_t view_watch_from(const struct view *v);
/* Fills the view's limits: what the backfill pauses on. */
void view_limits(struct view *v);

/* Offers, one by one. */
void view_offer_add(struct view *v, struct offer o);
void view_offer_plain(struct view *v, enum act_kind kind, const char *label);
void view_offer_asks(struct view *v, enum act_kind kind, const char *label, const char *prompt, const char *expect);
void view_offer_confirm(struct view *v, enum item item, const char *prompt, const char *expect);
void view_offer_declare(struct view *v, const char *key, const char *label, const char *prompt, const char *expect);
void view_offer_rehearsal(struct view *v);
void view_offer_releases(struct view *v);
void view_offer_drill(struct view *v);
/* Challenges, one by one. */
struct challenge *view_ask(struct view *v, const char *id, const char *question, const char *passes);
void view_ask_sensed(struct view *v, const char *id);
void view_ask_typed(struct view *v, enum item item, const char *question, const char *passes, const char *now);
void view_ask_deploys(struct view *v, const char *what, const char *question);
void view_ask_releases(struct view *v);
void view_ask_fits(struct view *v, const char *question);
/* The offer of this kind and key that stands; kind ACT_NONE when none does. */
struct offer view_offered(const struct view *v, enum act_kind kind, const char *key);
/* The two NEXT lines, cut to what fits. */
#define NEXT_COLS 72
void view_line(struct view *v, int i, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void view_two(struct view *v, const char *first, const char *second);
void view_quiet_until(struct view *v, int64_t at);
/* What stands before this, with its reason, or until when there is nothing to do. */
void view_because(struct view *v, const char *what, const struct finding *f);
void view_waits_or_because(struct view *v, const char *what, const struct finding *f);

/* The server's guard stands over the target, but for TRUNCATE: its trigger comes with the watch. */
bool view_guard_bare(const struct view *v);

#endif
