/* SPDX-License-Identifier: MIT */
/* What the removal of rows looks at before each batch, and when it pauses. What cannot be read pauses. */
#include "engine/remove_private.h"

#include <string.h>

#include "adapter/guard.h"
#include "adapter/journal.h"
#include "adapter/monitor.h"
#include "adapter/probe.h"
#include "adapter/remember.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/pause.h"
#include "port/db.h"
#include "port/files.h"

#define LOOK_EVERY US_SECOND
#define READ_EVERY (20 * US_SECOND)    /* the whole log, signatures too; C6 takes what is at most 60 s old */
#define TICK_EVERY (60 * US_SECOND)
#define TICK_PAUSING (5 * US_SECOND)   /* where the plan names a metric that pauses */

/* The last line that has an entry of its own in the ledger, of those before the intent. */
static void find_before(struct removing *r, const struct journal *j)
{
	r->before = (struct anchor){ .n = -1 };
	for (int64_t i = 0; i < r->walk.intent_n; i++) {
		const struct line_mark *m = journal_mark(j, (size_t)i);
		if (!m->is_signed || m->op == OP_INTENT)
			continue;
		r->before.n = i;
		memcpy(r->before.head, m->head, sizeof r->before.head);
	}
}

static bool open_intent(const struct removing *r, const struct walk *w, struct err *e)
{
	if (w->stage != AT_DROPPING || w->intent_n < 0 || w->outcome_known)
		return err_set(e, ERR_VERIFY, NULL, "no open intent stands in the log of this walk");
	if (w->kind != TARGET_ROWS || !text_eq(w->sid, r->o->sid))
		return err_set(e, ERR_VERIFY, NULL, "the log is not that of a walk that removes rows, or of another one");
	if (!text_eq(w->plan_digest, r->o->plan->digest))
		return err_set(e, ERR_VERIFY, "Find out who changed gatewalk.walk.", "the plan in the database is not the one of the log");
	if (r->read_at && !text_eq(w->intent_head, r->walk.intent_head))
		return err_set(e, ERR_VERIFY, NULL, "the log has another intent than a moment ago");
	return true;
}

static bool fold_all(const struct journal *j, struct walk *w, struct err *e)
{
	bool good = true;
	for (size_t i = 0; good && i < journal_count(j); i++) {
		struct arena *a = arena_new();
		good = walk_fold(w, journal_line(j, a, i), e);
		arena_free(a);
	}
	if (!good)
		e->code = ERR_VERIFY;
	return good;
}

/* Forms, chain and signatures are verified by journal_read; a copy of the log is kept only as the walk it folds to. */
bool remove_read_log(struct removing *r, struct err *e)
{
	if (r->read_at && clock_mono() - r->read_at < READ_EVERY)
		return true;
	struct arena *a = arena_new();
	struct journal *j = journal_read(path_join(a, path_walks(a), r->o->sid), e);
	struct walk w;
	walk_init(&w, a);
	bool ok = j && fold_all(j, &w, e) && open_intent(r, &w, e);
	if (ok) {
		r->walk = w;
		find_before(r, j);
		r->read_at = clock_mono();
	}
	journal_close(j);
	if (!ok) {
		arena_free(a);
		return err_in(e, "the walk's log");
	}
	if (r->log)
		arena_free(r->log);
	r->log = a;
	return true;
}

/* The ledger's half of C6: its last entry is the intent's, from the first batch on, and before it the one before the intent. */
static bool look_ledger(struct removing *r, struct err *e)
{
	struct fact_log *f = &r->facts.log;
	if (!ledger_last(r->db, r->look, r->o->sid, &r->last, e))
		return false;
	bool begun = r->batches > 0;
	f->at = r->facts.now - (clock_mono() - r->read_at);
	f->verifies = true;
	f->ledger_agrees = begun ? r->last.n == r->walk.intent_n && strcmp(r->last.head, r->walk.intent_head) == 0 && text_eq(r->last.kind, "drop") :
		r->last.n == r->before.n && strcmp(r->last.head, r->before.head) == 0;
	f->why = f->ledger_agrees ? NULL : "the ledger's last entry is not the one that belongs there";
	return true;
}

static bool pauses_by_metric(const struct plan *p)
{
	for (size_t i = 0; i < p->n_metrics; i++)
		if (p->metrics[i].has_pause)
			return true;
	return false;
}

/* The monitor runs meanwhile: samples, and its alarms. */
static bool look_monitor(struct removing *r, struct err *e)
{
	const struct plan *p = r->o->plan;
	int64_t every = pauses_by_metric(p) ? TICK_PAUSING : TICK_EVERY;
	if (!r->ticked_at || clock_mono() - r->ticked_at >= every) {
		if (!monitor_tick(r->db, r->look, r->o->sid, p, false, e) || !monitor_judge(r->db, r->look, r->o->sid, p, e))
			return false;
		r->ticked_at = clock_mono();
	}
	return monitor_read(r->db, r->look, r->o->sid, p, &r->facts.monitor, e);
}

static bool look_all(struct removing *r, struct err *e)
{
	const struct plan *p = r->o->plan;
	struct facts *f = &r->facts;
	struct arena *a = r->look;
	*f = (struct facts){ 0 };
	if (!moment_read(&r->calendar, &(struct moment_of){ r->db, p, &r->walk, 0 }, e) || !probe_server(r->db, a, &f->server, e) || !probe_mark(r->db, a, &f->mark, e))
		return false;
	f->now = f->server.at;
	return remember_read(a, f->server.sysid, f->server.dboid, &f->mark, e) && probe_target(r->db, a, p, &f->target, e) &&
		probe_health(r->db, a, p, &f->health, e) && moment_look(&r->calendar, a, &(struct moment_of){ r->db, p, &r->walk, f->now }, &f->moment, e) &&
		probe_others(r->db, a, r->o->sid, r->walk.relid, 2 * r->walk.day_us, &f->others, e) &&
		guard_look(r->db, a, r->o->sid, &f->guard, e) && look_monitor(r, e) && probe_now(r->db, &f->now, e);
}

bool remove_look(struct removing *r, struct err *e)
{
	if (!remove_read_log(r, e))
		return false;
	if (!r->looked_at || clock_mono() - r->looked_at >= LOOK_EVERY) {
		if (r->look)
			arena_free(r->look);
		r->look = arena_new();
		r->looked_at = 0;
		if (!look_all(r, e))
			return false;
		r->looked_at = clock_mono();
	}
	return probe_now(r->db, &r->facts.now, e) && look_ledger(r, e);
}

/* The plan's health limits, four fifths of them. Nothing else of it is judged by this copy. */
static struct plan calmer(const struct plan *p)
{
	struct plan calm = *p;
	calm.max_lag_s = pause_calm(p->max_lag_s);
	calm.max_lock_waiters = (int)pause_calm(p->max_lock_waiters);
	calm.max_longest_tx_s = pause_calm(p->max_longest_tx_s);
	calm.max_standby_query_s = pause_calm(p->max_standby_query_s);
	return calm;
}

static bool metrics_allow(const struct removing *r, struct err *e)
{
	for (size_t i = 0; i < r->facts.monitor.n; i++) {
		const struct fact_metric *m = &r->facts.monitor.metrics[i];
		const struct pause_limit limit = { .name = m->name, .unit = m->unit, .above = m->pause, .below = pause_calm(m->pause) };
		if (m->has_pause && !pause_allows(&limit, &(struct pause_value){ .known = m->known, .value = m->value, .why = m->why }, r->at.paused, e))
			return false;
	}
	return true;
}

bool remove_may(struct removing *r, struct err *e)
{
	struct plan calm = calmer(r->o->plan);
	return gate_batch_allowed(r->at.paused ? &calm : r->o->plan, &r->walk, &r->facts, e) && metrics_allow(r, e);
}
