/* SPDX-License-Identifier: MIT */
/* Gate C: is now the moment? C3, the moment itself, stands in gate_moment.c. */
#include "core/gate_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"

static bool final_shut(const struct judge *j, const char *because)
{
	find_shut(j->o, REFUSED, "%s", because);
	find_passes(j->o, "a snapshot begun after gate B, proven within the last 60 min");
	find_todo(j->o, "Take the final snapshot again (item 10).");
	return false;
}

static bool final_there(const struct judge *j)
{
	const struct fact_snapshot *s = &j->w->final;
	if (s->begun && s->id && s->manifest_sha256)
		return true;
	find_now(j->o, "none");
	return final_shut(j, "the final snapshot has not been taken yet");
}

/* Right before the drop the files themselves have been read again. */
static bool files_good(const struct judge *j)
{
	const struct facts *f = j->f;
	if (f->files_at && !f->files_intact)
		return final_shut(j, "the snapshot's files no longer have the hashes of the proof");
	if (j->w->stage != AT_DROPPING)
		return true;
	return rule_fresh(j, f->files_at, j->lives, "the snapshot's files");
}

void rule_c1(const struct judge *j)
{
	const struct fact_snapshot *s = &j->w->final;
	int64_t gate_b = j->w->gate_passed[1];
	char when[WHEN_MAX];
	if (!final_there(j) || !rule_fresh(j, j->f->server.at, LOOK_LIVES, "the server"))
		return;
	j->o->seen = s->proved;
	find_now(j->o, "%s of %s", s->id, when_short(s->begun, when));
	if (!s->equal || !s->proved) {
		final_shut(j, "the final snapshot is not proven equal to its source");
	} else if (!same_known(s->sysid, j->f->server.sysid) || s->dboid != j->f->server.dboid) {
		final_shut(j, "the final snapshot was taken from another database");
	} else if (!gate_b || s->begun <= gate_b) {
		final_shut(j, "the final snapshot was begun before gate B was passed");
	} else if (!rule_fresh(j, s->proved, j->lives, "the snapshot's proof")) {
		find_todo(j->o, "Take the final snapshot again (item 10).");
	} else if (files_good(j)) {
		j->o->seen = s->proved;
		find_holds(j->o);
	}
}

void rule_c2(const struct judge *j)
{
	const struct fact_watch *w = &j->f->watch;
	char written[32];
	if (!final_there(j))
		return;
	if (!j->f->locked && !rule_fresh(j, w->at, LOOK_LIVES, "the write tripwire"))
		return;
	j->o->seen = j->f->locked ? j->f->now : w->at;
	find_now(j->o, "not known");
	if (j->w->final.trip_count < 0) {
		final_shut(j, "the tripwire was not there when the final snapshot was taken");
	} else if (!w->tripwire_there || !w->tripwire_enabled || w->trip_count < 0) {
		find_shut(j->o, UNKNOWN, "the tripwire's count cannot be read");
		find_passes(j->o, "the tripwire is there, enabled, and its count is that of the snapshot");
		find_todo(j->o, "Put the tripwire on again (item 4), then take the final snapshot again.");
	} else if (w->trip_count < j->w->final.trip_count) {
		find_now(j->o, "counted anew");
		final_shut(j, "the tripwire counts anew since the final snapshot: somebody put it on again");
	} else if (w->trip_count > j->w->final.trip_count) {
		int64_t n = w->trip_count - j->w->final.trip_count;
		find_now(j->o, n == 1 ? "%s write" : "%s writes", grouped(n, written));
		final_shut(j, "it was written to after the final snapshot");
	} else {
		find_now(j->o, "0 writes");
		find_holds(j->o);
	}
}

static void unhealthy(const struct judge *j, const char *what, double now, double limit)
{
	find_now(j->o, "%s %.1f", what, now);
	find_shut(j->o, REFUSED, "%s is %.1f, and the plan's limit is %.1f", what, now, limit);
	find_passes(j->o, "%s at or below %.1f", what, limit);
	find_todo(j->o, "Wait until the server is quieter; gatewalk looks again by itself.");
}

static void unreadable(const struct judge *j, const char *what)
{
	find_now(j->o, "not known");
	find_shut(j->o, UNKNOWN, "%s cannot be read", what);
	find_passes(j->o, "%s can be read", what);
	find_todo(j->o, "Run gatewalk doctor: it names the privilege or address that is missing.");
}

void rule_c4(const struct judge *j)
{
	const struct fact_health *h = &j->f->health;
	const struct plan *p = j->p;
	if (!rule_fresh(j, h->at, j->lives, "the server's health"))
		return;
	if (!h->lag_known) {
		unreadable(j, "the replication lag");
		if (h->lag_why) {
			find_shut(j->o, UNKNOWN, "the replication lag is not known: %s", h->lag_why);
			find_todo(j->o, "Resume it there: SELECT pg_wal_replay_resume().");
		}
	} else if (!h->standby_query_known) {
		unreadable(j, "the longest query on a standby");
	} else if (h->lag_s > p->max_lag_s) {
		unhealthy(j, "replication lag, s,", h->lag_s, p->max_lag_s);
	} else if (h->lock_waiters > p->max_lock_waiters) {
		unhealthy(j, "sessions waiting for locks", h->lock_waiters, p->max_lock_waiters);
	} else if (h->longest_tx_s > p->max_longest_tx_s) {
		unhealthy(j, "longest transaction, s,", h->longest_tx_s, p->max_longest_tx_s);
	} else if (h->standby_query_s > p->max_standby_query_s) {
		unhealthy(j, "longest standby query, s,", h->standby_query_s, p->max_standby_query_s);
	} else if (p->sync_standby && !h->sync_standby_there) {
		find_now(j->o, "%s is not there", p->sync_standby);
		find_shut(j->o, REFUSED, "the synchronous standby %s is not connected in step", p->sync_standby);
		find_passes(j->o, "%s is there, synchronous", p->sync_standby);
		find_todo(j->o, "Bring the standby back first.");
	} else {
		find_now(j->o, "lag %.1f s, %d waiting, longest %.0f s", h->lag_s, h->lock_waiters, h->longest_tx_s);
		find_holds(j->o);
	}
}

void rule_c5(const struct judge *j)
{
	const struct fact_target *t = &j->f->target;
	const struct fact_snapshot *s = &j->w->final;
	if (!rule_fresh(j, t->at, MOMENT_LIVES, "the target") || !rule_target(j) || !final_there(j))
		return;
	find_now(j->o, "changed");
	if (s->relid != t->relid || s->attnum != t->attnum) {
		final_shut(j, "the final snapshot holds another target");
	} else if (!same_known(s->definition_digest, t->definition_digest)) {
		final_shut(j, "the definition is not that of the final snapshot");
	} else if (!same_known(j->w->first.definition_digest, t->definition_digest)) {
		final_shut(j, "the definition is not that of the start");
		find_todo(j->o, "Find out who changed it. A changed target is a new walk: leave this one.");
	} else if (t->n_blockers > 0) {
		find_now(j->o, "%zu in the way", t->n_blockers);
		find_shut(j->o, REFUSED, "the drop would need CASCADE, which gatewalk never uses: %s", t->blockers[0]);
		find_passes(j->o, "nothing depends on the %s", rule_noun(j));
		find_todo(j->o, "Change or drop it first, by a change of its own.");
	} else if (rule_falls(j)) {
		find_now(j->o, "unchanged; %zu fall%s with it", t->n_falls, t->n_falls == 1 ? "s" : "");
		find_holds(j->o);
	}
}

void rule_c6(const struct judge *j)
{
	const struct fact_log *l = &j->f->log;
	if (!rule_fresh(j, l->at, j->lives, "the log") || !rule_identity(j))
		return;
	if (j->f->server.pooled) {
		find_now(j->o, "a pooler is in between");
		find_shut(j->o, REFUSED, "the connection goes through a pooler, where locks and settings do not hold");
		find_passes(j->o, "a direct connection");
		find_todo(j->o, "Give the server's own address: -d host=... port=5432.");
	} else if (!l->verifies || !l->ledger_agrees) {
		find_now(j->o, l->verifies ? "the ledger differs" : "it does not verify");
		find_shut(j->o, REFUSED, "%s", l->why ? l->why : l->verifies ? "the log and the ledger do not agree" : "the log does not verify");
		find_passes(j->o, "the log verifies and the ledger agrees");
		find_todo(j->o, "Run gatewalk verify: it names the first bad line. Find out why first.");
	} else {
		find_now(j->o, "%lld lines, the ledger agrees", (long long)j->w->n);
		find_holds(j->o);
	}
}

void rule_c7(const struct judge *j)
{
	if (j->p->signatures != 1) {
		find_now(j->o, "%d asked for", j->p->signatures);
		find_shut(j->o, REFUSED, "the plan asks for %d signatures, and this version takes one", j->p->signatures);
		find_passes(j->o, "policy.signatures: 1");
		find_todo(j->o, "Correct the plan, and take it in with gatewalk amend.");
		return;
	}
	find_now(j->o, "the drop asks a person for its own signature");
	find_holds(j->o);
}

static void monitor_shut(const struct judge *j, const char *now, const char *because, const char *todo)
{
	find_now(j->o, "%s", now);
	find_shut(j->o, REFUSED, "%s", because);
	find_passes(j->o, "baseline taken, errors visible, way back measured");
	find_todo(j->o, "%s", todo);
}

void rule_c8(const struct judge *j)
{
	const struct fact_monitor *m = &j->f->monitor;
	char back[WHEN_MAX];
	if (!rule_fresh(j, m->at, j->lives, "the monitor"))
		return;
	if (!j->w->baseline_at || !m->baseline_at)
		monitor_shut(j, "no baseline", "the monitor has taken no baseline yet", "Let the watcher run for some minutes (item 10).");
	else if (!m->errors_seen)
		monitor_shut(j, "no errors visible", "the monitor sees no source of errors", "Run gatewalk doctor: it names the view that cannot be read.");
	else if (j->w->drill.restore_us <= 0)
		monitor_shut(j, "way back not measured", "no drill has measured how long the way back takes", "Start a restore drill (item 1).");
	else {
		find_now(j->o, "baseline taken, way back %s", when_span(j->w->drill.restore_us, back));
		find_holds(j->o);
	}
}

static void guard_shut(const struct judge *j, const char *now, const char *because, const char *todo)
{
	find_now(j->o, "%s", now);
	find_shut(j->o, REFUSED, "%s", because);
	find_passes(j->o, "the guard stands over the target, TRUNCATE included");
	find_todo(j->o, "%s", todo);
}

/* Asked for by the plan, by having been installed, or by the log, which knows that it stood once. */
void rule_c9(const struct judge *j)
{
	const struct fact_guard *g = &j->f->guard;
	if (!rule_fresh(j, g->at, MOMENT_LIVES, "the server's guard"))
		return;
	if (!g->installed && !j->p->guard && !j->w->guarded)
		find_not_needed(j->o, "neither installed nor asked for");
	else if (!g->installed)
		guard_shut(j, "not installed", j->w->guarded ? "the guard was over it, and is gone" : "the plan asks for the server's guard, and it is not installed", guard_help(g));
	else if (!g->stands)
		guard_shut(j, "it does not stand", g->why ? g->why : "the guard does not stand", guard_help(g));
	else if (!g->truncate)
		guard_shut(j, "not against TRUNCATE", g->why ? g->why : "TRUNCATE is not refused", "Start the watch again (item 4): it puts the guard's trigger on the table.");
	else {
		find_now(j->o, g->by_views ? "views hold it, TRUNCATE is refused" : "it stands");
		find_holds(j->o);
	}
}
