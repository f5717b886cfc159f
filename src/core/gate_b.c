/* SPDX-License-Identifier: MIT */
/* Gate B: does anybody miss it? */
#include "core/gate_rules.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "core/consumers.h"
#include "core/rule.h"

static int64_t quiet_wait(const struct judge *j)
{
	return (int64_t)plan_unused_days(j->p) * j->w->day_us;
}

static int64_t last_sighting(const struct judge *j)
{
	return later(j->w->last_sighting, j->f->watch.last_sighting);
}

void rule_b1(const struct judge *j)
{
	struct consumers_state s;
	if (!rule_fresh(j, j->f->audit.at, j->lives, "the consumers"))
		return;
	consumers_count(j->p, j->w, &j->f->audit, &s);
	find_now(j->o, "%zu of %zu clear", s.clear, s.all);
	if (s.clear == s.all) {
		find_holds(j->o);
		return;
	}
	find_shut(j->o, REFUSED, "%s %s", s.first, s.why);
	find_passes(j->o, "%zu of %zu clear, each by its owner", s.all, s.all);
	find_todo(j->o, "%s", s.todo);
}

static bool watch_shut(const struct judge *j, const char *because, const char *todo)
{
	find_now(j->o, "it cannot see everything");
	find_shut(j->o, REFUSED, "%s", because);
	find_passes(j->o, "every source can be read and has watched without a gap");
	find_todo(j->o, "%s", todo);
	return false;
}

static bool sources_see(const struct judge *j)
{
	const struct fact_watch *w = &j->f->watch;
	if (!w->tripwire_there)
		return watch_shut(j, "the write tripwire is not on the table", "Put the tripwire on the table and start the watcher (item 4).");
	if (!w->tripwire_enabled)
		return watch_shut(j, "the write tripwire is switched off",
			"Find out who did that; start the watch again, and begin the count anew.");
	if (j->w->kind == TARGET_ROWS)
		return true;   /* reads of the table go on: that nobody writes the rows is the tripwire's to see */
	if (j->p->slot && !slot_tells(&w->slot))
		return watch_shut(j, "the logical slot that the plan asks for cannot be read", w->slot.why ? w->slot.why : "Start the watch (item 4): it makes the slot.");
	if (!w->statements_there)
		return watch_shut(j, "statements cannot be watched", w->statements_why ? w->statements_why : "Run gatewalk doctor.");
	if (!w->standbys_ok)
		return watch_shut(j, "a standby could not be asked", w->standbys_why ? w->standbys_why : "Name each standby in the plan with a way to ask it.");
	return true;
}

static bool blind_spots_cleared(const struct judge *j)
{
	const struct fact_audit *a = &j->f->audit;
	char because[200];
	for (size_t i = 0; i < a->n_blind_keys; i++) {
		if (walk_is_cleared(j->w, a->blind_keys[i], NULL))
			continue;
		snprintf(because, sizeof because, "nobody has cleared the blind spot: %s", a->blind_keys[i]);
		return watch_shut(j, because, "Ask its owner, and clear it by name (item 4).");
	}
	return true;
}

/* Each kind of use needs a source that could see it. Of rows, reads go on. Code that nobody searched was answered for by name above. */
static bool classes_seen(const struct judge *j)
{
	struct class_seen seen[CLASSES];
	char because[200];
	audit_classes(&j->f->audit, seen);
	for (size_t i = 0; i < CLASSES; i++) {
		bool answered = i == CLASS_CODE && walk_is_cleared(j->w, BLIND_CODE, NULL);
		if (seen[i].by || answered || (j->w->kind == TARGET_ROWS && (i == CLASS_READ || i == CLASS_CODE)))
			continue;
		snprintf(because, sizeof because, "no source of the audit could see %s", seen[i].what);
		return watch_shut(j, because, "Look at the sources on the consumers' page (item 4): each that is blind says what helps.");
	}
	return true;
}

/* What the server itself still writes into the column is no evidence of quiet. */
static bool relaxed(const struct judge *j)
{
	const struct fact_target *t = &j->f->target;
	if (t->generated || t->identity)
		return watch_shut(j, "the server itself fills the column (generated or identity)", "Take that off the column first, by a change of its own.");
	if (t->n_foreign && archetype_beside(j->w->archetype))
		return watch_shut(j, "the column still has a foreign key", "Step back, and take it off (item 9).");
	if (t->def || t->not_null)
		return watch_shut(j, t->not_null ? "the column is still NOT NULL" : "the column still has a default",
			"Begin the count (item 9): it takes NOT NULL and DEFAULT off first.");
	return true;
}

static bool long_enough(const struct judge *j)
{
	const struct fact_watch *w = &j->f->watch;
	char span[WHEN_MAX], need[WHEN_MAX], when[WHEN_MAX];
	int days = j->p->longest_job_days > 1 ? j->p->longest_job_days : 1;
	int64_t wait = days * j->w->day_us, since = w->unbroken_since;
	if (!since || since > j->f->now)
		return watch_shut(j, w->gap ? w->gap : "the sources have not watched yet", "Start the watcher (item 4), or run gatewalk job tick.");
	find_now(j->o, "no gap for %s", when_span(j->f->now - since, span));
	if (j->f->now - since >= wait || j->w->env == ENV_DEVELOPMENT)   /* development asks for no waits */
		return true;
	find_shut(j->o, WAITS, "the sources have watched without a gap for %s, and the longest job runs every %d d%s%s", span,
		days, w->gap ? "; the last gap: " : "", w->gap ? w->gap : "");
	find_passes(j->o, "no gap for %s", when_span(wait, need));
	find_todo(j->o, "Wait until %s UTC; keep the watcher running.", when_short(since + wait, when));
	j->o->at = since + wait;
	return false;
}

void rule_b2(const struct judge *j)
{
	if (!rule_fresh(j, j->f->target.at, LOOK_LIVES, "the target") || !rule_target(j) ||
	    !rule_fresh(j, j->f->audit.at, 24 * US_HOUR, "the consumers") ||
	    !rule_fresh(j, j->f->watch.at, j->lives, "the watch"))
		return;
	if (sources_see(j) && blind_spots_cleared(j) && classes_seen(j) && relaxed(j) && long_enough(j))
		find_holds(j->o);
}

void rule_b3(const struct judge *j)
{
	const struct fact_backfill *b = &j->f->backfill;
	char n[32];
	if (!walk_has_item(j->w->archetype, ITEM_BACKFILL) || (j->w->archetype == ARCH_ADDITIVE && !j->p->backfill.value)) {
		find_not_needed(j->o, "no backfill");
		return;
	}
	if (!rule_fresh(j, b->at, LOOK_LIVES, "the backfill"))
		return;
	find_passes(j->o, "0 rows left, 0 rejected");
	find_now(j->o, "%.0f %% of pass %d", b->share * 100, b->pass);
	if (!b->begun) {
		find_now(j->o, "not begun");
		find_shut(j->o, REFUSED, "the backfill has not begun with this plan");
		find_todo(j->o, "Start it (item 6).");
	} else if (b->rejects > 0) {
		find_now(j->o, "%s rejected", grouped(b->rejects, n));
		find_shut(j->o, REFUSED, "rows that do not convert: %s", grouped(b->rejects, n));
		find_todo(j->o, "gatewalk job rejects WALK lists them. Mend the rows, or the plan and amend it; then try them again (item 6).");
	} else if (b->left < 0 || !b->counted_at) {
		find_shut(j->o, REFUSED, "the rows that are left have not been counted");
		find_todo(j->o, "The backfill counts them at its end: start it, or let it go on (item 6).");
	} else if (b->left > 0) {
		find_now(j->o, "%s left", grouped(b->left, n));
		find_shut(j->o, REFUSED, "rows without a value: %s", grouped(b->left, n));
		find_todo(j->o, "Start the backfill again (item 6).");
	} else if (rule_fresh(j, b->counted_at, j->lives, "the count of rows left")) {
		find_now(j->o, "0 left, 0 rejected");
		find_holds(j->o);
	} else {
		find_todo(j->o, "Start the backfill again (item 6): it counts anew.");
	}
}

static bool deploys_said(const struct judge *j)
{
	const char *reads = walk_deploy_left(j->w, j->p, "reads_moved", NULL);
	const char *writes = archetype_beside(j->w->archetype) ? walk_deploy_left(j->w, j->p, "writes_new", NULL) : NULL;
	if (reads) {
		find_shut(j->o, REFUSED, "nobody has said when the last old instance of %s ended", reads);
		find_todo(j->o, "Declare its release and the time (item 8).");
	} else if (writes) {
		find_shut(j->o, REFUSED, "nobody has said that %s writes the new column alone", writes);
		find_todo(j->o, "Declare its release and the time (item 9).");
	}
	return !reads && !writes;
}

void rule_b5(const struct judge *j)
{
	int64_t since = later(j->w->quiet_since, last_sighting(j)), wait = quiet_wait(j);
	char span[WHEN_MAX], need[WHEN_MAX], when[WHEN_MAX];
	if (j->w->env == ENV_DEVELOPMENT) {
		find_not_needed(j->o, "development asks for no waits");
		return;
	}
	if (archetype_beside(j->w->archetype) && !rule_window(j))
		return;
	find_passes(j->o, "%s in a row", when_span(wait, need));
	find_now(j->o, "not begun");
	if (!deploys_said(j))
		return;
	if (!j->w->quiet_since) {
		find_shut(j->o, REFUSED, "the count has not begun");
		find_todo(j->o, "Begin the count (item 9).");
		return;
	}
	if (!rule_fresh(j, j->f->watch.at, j->lives, "the watch"))
		return;
	find_now(j->o, "%s", when_span(since > j->f->now ? 0 : j->f->now - since, span));
	if (since <= j->f->now && j->f->now - since >= wait) {
		find_holds(j->o);
		return;
	}
	find_passes(j->o, "%s in a row", need);
	find_shut(j->o, WAITS, "the count has run for %s of %s, since %s UTC", span, need, when_short(since, when));
	find_todo(j->o, "Wait until %s UTC. The server's clock decides; leaving and coming back is safe.", when_short(since + wait, when));
	j->o->at = since + wait;
}

static void sighted(const struct judge *j, int64_t last)
{
	char when[WHEN_MAX], need[WHEN_MAX];
	bool live = j->f->watch.last_sighting >= j->w->last_sighting;
	const char *who = live && j->f->watch.sighted ? j->f->watch.sighted : j->w->sighted;
	bool no_waits = j->w->env == ENV_DEVELOPMENT;
	find_now(j->o, "last seen %s", when_short(last, when));
	find_shut(j->o, no_waits ? REFUSED : WAITS, "%s at %s UTC; the count began again then", who ? who : "somebody used it", when);
	find_passes(j->o, "no read and no write for %s", when_span(quiet_wait(j), need));
	if (no_waits) {
		find_todo(j->o, "End that use, then begin the count again (item 9).");
		return;
	}
	j->o->at = last + quiet_wait(j);
	find_todo(j->o, "End that use, or clear its reader as one that survives. Else wait until %s UTC.",
		when_short(j->o->at, when));
}

void rule_b6(const struct judge *j)
{
	int64_t last = last_sighting(j);
	bool no_waits = j->w->env == ENV_DEVELOPMENT;
	char when[WHEN_MAX];
	if (!rule_fresh(j, j->f->watch.at, j->lives, "the watch"))
		return;
	if (!j->w->quiet_since) {
		find_now(j->o, "not begun");
		find_shut(j->o, REFUSED, "the count has not begun");
		find_passes(j->o, "the count has begun and nobody used it since");
		find_todo(j->o, "Begin the count (item 9).");
		return;
	}
	if (no_waits ? last > j->w->quiet_since : last && j->f->now - last < quiet_wait(j)) {
		sighted(j, last);
		return;
	}
	find_now(j->o, last ? "last seen %s" : "none seen", last ? when_short(last, when) : "");
	find_holds(j->o);
}

void rule_b7(const struct judge *j)
{
	int64_t writes = j->w->confirmed[ITEM_DUAL_WRITE], from = walk_reads_from(j->w, j->p);
	char when[WHEN_MAX], need[WHEN_MAX];
	if (j->w->archetype == ARCH_DESTRUCTIVE) {
		find_not_needed(j->o, "nothing is written to a new field");
		return;
	}
	if (!rule_binds(j->p)) {
		find_not_needed(j->o, "it refuses nothing");
		return;
	}
	find_passes(j->o, "writes have filled the new column for %s", when_span(j->p->writes_hours * (j->w->day_us / 24), need));
	if (!writes) {
		find_now(j->o, "not yet");
		find_shut(j->o, REFUSED, "nobody has confirmed that writes fill the new column");
		find_todo(j->o, "Declare each deploy's release that writes it, and confirm item 5.");
		return;
	}
	j->o->seen = writes;
	find_now(j->o, "written since %s", when_short(writes, when));
	if (j->f->now >= from) {
		find_holds(j->o);
		return;
	}
	bool all = j->w->kind == TARGET_CONSTRAINT;
	find_shut(j->o, WAITS, all ? "all that is written holds to it since %s UTC, and what it refuses is to be seen first" :
		"writes fill it since %s UTC, and what reads first finds what nobody has written yet", when);
	find_todo(j->o, all ? "Wait until %s UTC; then every row is asked (item 8)." : "Wait until %s UTC; then move the reads (item 8).", when_short(from, when));
	j->o->at = from;
}

/* What speaks against the last hiding as evidence, or NULL. */
static const char *hiding_lacks(const struct judge *j, char *buf, size_t size)
{
	const struct walk_hiding *h = &j->w->hiding;
	char span[WHEN_MAX];
	if (!h->to)
		return "it was not hidden yet";
	if (!same_known(h->why, "over")) {
		put_text(buf, size, "it ended before its time: %s", h->why ? h->why : "not known why");
		return buf;
	}
	if (!h->exact)
		return "the grants are not what they were: somebody changed them meanwhile";
	if (h->to - h->from < j->w->day_us && j->w->env != ENV_DEVELOPMENT) {
		put_text(buf, size, "it was hidden for %s only", when_span(h->to - h->from, span));
		return buf;
	}
	if (h->from < j->w->quiet_since)
		return "it was hidden before the count began";
	if (h->from < last_sighting(j))
		return "it was hidden before it was last seen in use";
	if (h->from < j->w->amended_at)
		return "it was hidden before the plan was amended";
	return NULL;
}

void rule_b8(const struct judge *j)
{
	char buf[200], need[WHEN_MAX], when[WHEN_MAX];
	if (!j->p->hide || j->w->kind == TARGET_ROWS) {
		find_not_needed(j->o, j->p->hide ? "the application hides rows" : "the plan does not ask for hiding");
		return;
	}
	if (!rule_fresh(j, j->f->watch.at, LOOK_LIVES, "the watch"))
		return;
	find_now(j->o, j->w->hiding.to ? "hidden until %s" : "not hidden yet", when_short(j->w->hiding.to, when));
	const char *lacks = hiding_lacks(j, buf, sizeof buf);
	if (!lacks) {
		find_holds(j->o);
		return;
	}
	find_shut(j->o, REFUSED, "%s", lacks);
	find_passes(j->o, "hidden for %s in one piece without an error, and given back as it was", when_span(j->w->day_us, need));
	find_todo(j->o, "Hide it (H at item 9); the first error, its end, or u gives it back.");
}
