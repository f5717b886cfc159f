/* SPDX-License-Identifier: MIT */
/* The two NEXT lines: what to do, or that there is nothing to do, until when, and that leaving is safe. */
#include "core/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate_rules.h"

/* What stands in the way, or until when there is nothing to do. Who used the column is said: it moved the date. */
static void shut(struct view *v, const struct finding *f)
{
	if (f->verdict != WAITS || f->at <= v->now) {
		view_because(v, arena_printf(v->arena, "Gate %c is shut", gate_letter(f->gate)), f);
		return;
	}
	view_quiet_until(v, f->at);
	const struct finding *seen = view_finding(v, "B6");
	if (f->gate == GATE_B && seen->verdict == WAITS)
		view_line(v, 1, "%s", seen->because);
}

static void gate(struct view *v, enum gate g, const char *first, const char *second)
{
	const struct finding *f = view_shut(v, g);
	if (f)
		shut(v, f);
	else
		view_two(v, first, second);
}

static void at_snapshot(struct view *v)
{
	const struct walk *w = v->walk;
	if (w->first.begun && !w->first.equal)
		view_two(v, "The copy did not prove equal to its source. Take the snapshot again.", "Evidence is in the log. Nothing on the table has changed.");
	else if (w->drill.at && !w->drill.passed && w->first.equal)
		view_two(v, "The restore drill failed. Mend the reason, then start a drill again.", w->drill.problem ? w->drill.problem : "No reason was given.");
	else
		view_two(v, "Start the snapshot: copy, proof and restore drill in one go.", "It runs by itself, the table stays in use, and quitting is safe.");
}

static void at_archetype(struct view *v)
{
	view_line(v, 0, "Confirm item 2: type what kind of change this is.");
	view_line(v, 1, "The risk is %s. Confirming changes nothing on the server.", archetype_risk(v->plan->archetype));
}

static void at_document(struct view *v)
{
	view_two(v, "Read what is documented, then type the rollback floor (item 3).", "What is wrong there is mended in the plan, with gatewalk amend.");
}

static void at_gate_a(struct view *v)
{
	gate(v, GATE_A, "Gate A holds: it can be got back. Pass it.", view_is_added(v) ? "After it the column may come. Nothing on the table changes yet." :
		"After it the consumers are audited. Nothing on the table changes yet.");
}

static void consumers(struct view *v)
{
	struct consumers_state s = view_consumers(v);
	if (s.named < s.all) {
		view_line(v, 0, "%zu of %zu clear. Next: %s", s.clear, s.all, s.first);
		view_line(v, 1, "%s", s.todo);
		return;
	}
	if (s.all == 0)
		view_line(v, 0, "No consumer was found. Type 0 (item 4).");
	else if (s.all == 1)
		view_line(v, 0, "The one consumer is answered for. Type 1 (item 4).");
	else
		view_line(v, 0, "All %zu consumers are answered for. Type their number (item 4).", s.all);
	view_line(v, 1, "One that still runs has to be cleared again once it has stopped.");
}

/* What changes the table waits for the window, the server's health, and log and ledger. */
static bool change_waits(struct view *v, const char *what)
{
	static const char *const ids[] = { "C3", "C4", "C6" };
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		const struct finding *f = view_finding(v, ids[i]);
		if (view_holds(v, ids[i]))
			continue;
		view_because(v, arena_printf(v->arena, "Before %s", what), f);
		return true;
	}
	return false;
}

static void watch(struct view *v)
{
	if (!change_waits(v, "the watch"))
		view_two(v, "Start the watch: a tripwire on the table, and a job that looks.", "It counts the writes from now on, also after you quit.");
}

static void at_consumers(struct view *v)
{
	if (!v->facts->audit.at)
		view_two(v, "Look for consumers now.", "It reads catalogues and statistics, and changes nothing.");
	else if (v->facts->watch.tripwire_there && v->facts->watch.tripwire_enabled)
		consumers(v);
	else
		watch(v);
}

static void at_reads(struct view *v)
{
	size_t done = 0;
	const char *name = view_deploy_left(v, &done);
	if (name) {
		view_line(v, 0, "Deploy %s without the %s, then declare that release.", name, view_noun(v));
		view_line(v, 1, "And when its last old instance ended. %zu of %zu are declared.", done, v->plan->n_deploys);
	} else {
		view_two(v, "Every deploy has declared its release. Type \"moved\" (item 8).", "Then the count of item 9 can begin.");
	}
}

static void begin_count(struct view *v)
{
	if (plan_target(v->plan) == TARGET_ROWS)
		view_line(v, 0, "Begin the count: from now on nobody may write to these rows.");
	else
		view_line(v, 0, "Begin the count: from now on nobody may use the %s.", view_noun(v));
	view_line(v, 1, "The server keeps count, also while gatewalk is closed.");
}

static void at_unused(struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	const struct fact_watch *w = &v->facts->watch;
	if (view_job_alive(view_job_of(v, "hide")))
		view_two(v, "It is hidden from the application's roles; u gives it back.", "It comes back by itself at the first error, and at the end.");
	else if (v->walk->quiet_since)
		gate(v, GATE_B, "Gate B holds: nobody misses it. Pass it.", "After it comes the final snapshot, right before the drop.");
	else if (w->at && !(w->tripwire_there && w->tripwire_enabled))
		watch(v);
	else if (!t->not_null && !t->def)
		begin_count(v);
	else if (!change_waits(v, "the count"))
		view_two(v, "Begin the count: it takes NOT NULL and DEFAULT off the column first.", "That is a short change of the table: window and health come first.");
}

static void at_final(struct view *v)
{
	int64_t next = v->facts->moment.n_next > 0 ? v->facts->moment.next[0] : 0;
	char when[WHEN_MAX];
	view_two(v, "Take the final snapshot, right before the drop.", "Its proof counts for 60 min: take it when the window is near.");
	if (view_finding(v, "C3")->verdict == WAITS && next)
		view_line(v, 1, "Its proof counts for 60 min, and the window opens %s UTC.", when_short(next, when));
}

static const struct finding *any_shut(const struct view *v)
{
	static const enum gate gates[] = { GATE_A, GATE_B, GATE_C };
	const struct finding *f = NULL;
	for (size_t i = 0; i < 3 && !f; i++)
		f = view_shut(v, gates[i]);
	return f;
}

static void at_gate_c(struct view *v)
{
	const struct finding *f = any_shut(v);
	if (f)
		shut(v, f);
	else
		view_two(v, "Gate C holds: now is the moment. Pass it.", "Passing drops nothing: the drop comes after it, on a page of its own.");
}

static void at_armed(struct view *v)
{
	const struct finding *f = any_shut(v);
	if (f)
		shut(v, f);
	else
		view_two(v, "Gates A, B and C hold. Go to the drop when you are ready.", "It asks for the full name, counts down, and asks for your signature.");
}

static void at_dropping(struct view *v)
{
	const struct view_job *j = v->walk->kind == TARGET_ROWS ? view_job_of(v, "remove") : NULL;
	if (j)
		view_two(v, "The removal's job has ended; what it did is being taken in. Press r.", "The ledger counts each batch: none is lost, and none is done twice.");
	else
		view_two(v, "The outcome is not known yet: gatewalk asks the ledger; press r.", "Do not drop it by hand. The ledger alone decides what happened.");
}

static void at_monitor(struct view *v)
{
	int64_t end = view_watch_end(v);
	char when[WHEN_MAX];
	if (v->walk->alarms > 0 && v->now < end) {
		view_line(v, 0, "ALARM: %s", v->walk->alarm);
		if (view_is_added(v))
			view_line(v, 1, "%s", v->walk->kind == TARGET_CONSTRAINT ? arena_printf(v->arena, "If the %s is the cause, step back: it goes again at item 5.", view_noun(v)) :
				"If the new column is the cause, step back: reads go first.");
		else
			view_line(v, 1, "If the drop is the cause, put the %s back: the way is shown here.", view_noun(v));
	} else if (v->now < end) {
		view_quiet_until(v, end);
		view_line(v, 1, "Safe to quit: the monitor watches and rings until %s UTC.", when_short(end, when));
	} else if (!view_watched(v)) {
		view_two(v, "The time of the watch is over, but nobody has looked since it ended.", "Press r; or take a sample now, with gatewalk job tick.");
	} else {
		view_line(v, 0, "The watch is over, with %d alarm%s. Type their number (item 12).", v->walk->alarms, v->walk->alarms == 1 ? "" : "s");
		view_line(v, 1, "Then the schema log is written.");
	}
}

static void at_log(struct view *v)
{
	view_two(v, "Write the schema log: that closes the walk.", "It holds the entry for the application's own migration tool, too.");
}

static void at_closed(struct view *v)
{
	char when[WHEN_MAX];
	view_line(v, 0, "This walk is closed. Nothing to do.");
	if (v->walk->restored_at)
		view_line(v, 1, "It was put back on %s UTC.", when_short(v->walk->restored_at, when));
	else if (view_is_added(v))
		view_line(v, 1, "The %s stays; the snapshot is kept for %d days.", plan_noun(v->plan), v->plan->retention_days);
	else
		view_line(v, 1, "The snapshot is kept for %d days: gatewalk restore puts the %s back.", v->plan->retention_days, view_noun(v));
}

static void at_left(struct view *v)
{
	view_line(v, 0, "This walk was left: %s", v->walk->left_why);
	view_line(v, 1, "Nothing to do. Its log stays; a new walk can begin from the plan.");
}

static void (*const at[STAGE_COUNT])(struct view *) = {
	[AT_SNAPSHOT] = at_snapshot, [AT_ARCHETYPE] = at_archetype, [AT_DOCUMENT] = at_document, [AT_GATE_A] = at_gate_a,
	[AT_CONSUMERS] = at_consumers, [AT_READS] = at_reads, [AT_UNUSED] = at_unused, [AT_FINAL] = at_final, [AT_GATE_C] = at_gate_c,
	[AT_ARMED] = at_armed, [AT_DROPPING] = at_dropping, [AT_MONITOR] = at_monitor, [AT_LOG] = at_log, [AT_CLOSED] = at_closed,
	[AT_LEFT] = at_left,
};

static void offline(struct view *v)
{
	view_line(v, 0, "The server cannot be reached: %s", v->trouble && *v->trouble ? v->trouble : "no reason was given");
	if (v->walk->stage == AT_DROPPING || v->walk->stage == AT_CHANGING)
		view_line(v, 1, "What became of the %s, the ledger tells. Press r to try again.", v->walk->stage == AT_DROPPING ? "drop" : "change");
	else
		view_line(v, 1, "Press r to try again. The log is safe, and no step is lost.");
}

static const char *job_noun(const struct view_job *j)
{
	return strcmp(j->kind, "remove") == 0 ? "removal" : j->kind;
}

static void running(struct view *v, const struct view_job *j)
{
	char percent[32] = "", about[WHEN_MAX];
	if (strcmp(j->state, "needs a login") == 0 || strcmp(j->state, "paused") == 0) {
		view_line(v, 0, "The %s is paused%s.", job_noun(j), j->state[0] == 'n' ? ": it needs a login" : "");
		view_line(v, 1, "%s", j->state[0] == 'n' ? "Open the job and let it go on once the server takes its login again." : "Open the job to let it go on. Quitting is safe.");
		return;
	}
	if (j->total > 0)
		snprintf(percent, sizeof percent, ", %d %%", j->done >= j->total ? 99 : (int)(j->done / j->total * 100));
	if (strcmp(j->state, "waiting") == 0) {
		const char *why = j->note && *j->note ? j->note : "no reason was given";
		const char *whole = arena_printf(v->arena, "The %s waits%s: %s", job_noun(j), percent, why);
		if (text_width(whole) <= NEXT_COLS)
			view_line(v, 0, "%s", whole);
		else
			view_line(v, 0, "The %s waits: %s", job_noun(j), why);
		view_line(v, 1, "It goes on by itself when that has passed. Safe to quit.");
		return;
	}
	view_line(v, 0, "The %s runs: %s%s. Safe to quit.", job_noun(j), j->phase && *j->phase ? j->phase : "starting", percent);
	if (j->eta_high_s > 0)
		view_line(v, 1, "It goes on without you; at most %s more.", when_span((int64_t)(j->eta_high_s * 1e6), about));
	else if (strcmp(j->kind, "index") == 0 && j->note && *j->note)   /* whom it waits for */
		view_line(v, 1, "%s", text_fit(v->arena, arena_printf(v->arena, "It %s.", j->note), NEXT_COLS, false));
	else
		view_line(v, 1, "It goes on without you. Look again later.");
}

static bool has_failed(const struct view_job *j)
{
	return j && j->mine && j->state && (strcmp(j->state, "failed") == 0 || strcmp(j->state, "lost") == 0);
}

/* The newest piece of work if it failed, else a watcher that is gone. A later success hides an older failure. */
static const struct view_job *failed_job(const struct view *v)
{
	static const char *const works[] = { "snapshot", "drill", "backfill", "index", "split", "remove", "restore" }, *const watchers[] = { "watch", "monitor" };
	const struct view_job *newest = NULL;
	for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
		const struct view_job *j = view_job_of(v, works[i]);
		if (j && j->mine && (!newest || j->id > newest->id))
			newest = j;
	}
	for (size_t i = 0; !has_failed(newest) && i < sizeof watchers / sizeof *watchers; i++)
		newest = view_job_of(v, watchers[i]);
	return has_failed(newest) ? newest : NULL;
}

static void home(struct view *v)
{
	size_t need = 0;
	const struct view_walk *first = NULL;
	for (size_t i = 0; i < v->n_walks; i++) {
		need += v->walks[i].needs_you;
		if (v->walks[i].needs_you && !first)
			first = &v->walks[i];
	}
	if (v->n_walks == 0)
		view_two(v, "No walk yet: gatewalk new writes a plan, gatewalk walk PLAN begins.", "gatewalk demo shows it all on a private server.");
	else
		view_two(v, "Nothing needs you now. Safe to quit.", "Jobs go on without you; what waits, waits by the server's clock.");
	if (!first)
		return;
	view_line(v, 0, need == 1 ? "Open %s: it needs you." : "Open %s: it and others need you.", first->name);
	view_line(v, 1, "Jobs go on without you; quitting gatewalk does not stop them.");
}

/* Log and database disagree: what happened, and the command that goes on from there. */
static bool disagrees(struct view *v)
{
	const struct fact_log *l = &v->facts->log;
	const char *does, *command = log_state_command(l->state, &does);
	if (!v->connected || !l->at || l->state == LOG_AGREES)
		return false;
	view_line(v, 0, "%s", log_state_brief(l->state));
	if (command)
		view_line(v, 1, "Run: gatewalk %s %s", command, v->plan->name);
	else
		view_line(v, 1, "Find out who did it: gatewalk(1), WHEN LOG AND DATABASE DISAGREE.");
	return true;
}

void view_next(struct view *v)
{
	if (!v->walk || !v->plan || !v->facts) {
		home(v);
		return;
	}
	enum stage s = v->walk->stage;
	const struct view_job *here = view_job_here(v), *failed = failed_job(v);
	if (!v->connected && s != AT_CLOSED && s != AT_LEFT) {
		offline(v);
	} else if (disagrees(v)) {
		return;
	} else if (view_next_trigger(v)) {
		return;
	} else if (here && here->mine) {
		running(v, here);
	} else if (failed) {
		bool lost = strcmp(failed->state, "lost") == 0;
		view_line(v, 0, lost ? "The %s job is gone: %s" : "The %s job failed: %s", job_noun(failed),
			failed->error ? failed->error : lost ? "its process has ended" : "no reason was given");
		view_line(v, 1, "Open the job to see how far it came, then start it again.");
	} else if (!view_own_next(v) && (unsigned)s < STAGE_COUNT && at[s]) {
		at[s](v);
	}
}
