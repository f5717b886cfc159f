/* SPDX-License-Identifier: MIT */
/* The thirteen lines of the checklist: their state, a short note, and how far. */
#include "core/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/when.h"
#include "core/gate_rules.h"
#include "core/rule.h"

/* Where an item is worked on, where it is over, and the conditions that keep its tick true until the drop. */
static const struct { enum stage from, past; const char *ids[4]; } places[ITEM_COUNT + 1] = {
	[ITEM_SNAPSHOT] = { AT_SNAPSHOT, AT_ARCHETYPE, { "A1", "A2", "A3" } },
	[ITEM_ARCHETYPE] = { AT_ARCHETYPE, AT_DOCUMENT, { "A4" } },
	[ITEM_DOCUMENT] = { AT_DOCUMENT, AT_GATE_A, { "A5" } },
	[ITEM_CONSUMERS] = { AT_CONSUMERS, AT_READS, { "B1" } },
	[ITEM_DUAL_WRITE] = { AT_EXPAND, AT_BACKFILL, { NULL } },
	[ITEM_BACKFILL] = { AT_BACKFILL, AT_WINDOW, { "B3" } },
	[ITEM_WINDOW] = { AT_WINDOW, AT_COPY, { "B4" } },
	[ITEM_READS] = { AT_COPY, AT_RELAX, { "B7" } },
	[ITEM_UNUSED] = { AT_RELAX, AT_FINAL, { "B2", "B5", "B6", "B8" } },
	[ITEM_FINAL] = { AT_FINAL, AT_GATE_C, { "C1", "C2" } },
	[ITEM_DROP] = { AT_ARMED, AT_MONITOR, { NULL } },
	[ITEM_MONITOR] = { AT_MONITOR, AT_LOG, { NULL } },
	[ITEM_LOG] = { AT_LOG, AT_CLOSED, { NULL } },
};

/* Asked once its item has begun. */
typedef void noter(const struct view *v, struct view_item *it);

static int percent_of(int64_t part, int64_t whole)
{
	if (whole <= 0 || part >= whole)
		return 99;
	return part <= 0 ? 0 : (int)((double)part / (double)whole * 100);
}

/* Notes fit beside the item's name in half a screen of 80 columns. */
static void note_copy(const struct fact_snapshot *s, const char *unit, struct view_item *it)
{
	char rows[32];
	if (s->begun && s->equal)
		put_text(it->note, sizeof it->note, "%s%s, equal", view_count(s->rows, rows), unit);
	else if (s->begun)
		put_text(it->note, sizeof it->note, "not equal");
}

static void note_first(const struct view *v, struct view_item *it)
{
	note_copy(&v->walk->first, " rows", it);
}

static void note_final(const struct view *v, struct view_item *it)
{
	note_copy(&v->walk->final, "", it);
}

static void note_archetype(const struct view *v, struct view_item *it)
{
	put_text(it->note, sizeof it->note, "%s: %s", archetype_name(v->plan->archetype), view_noun(v));
}

static void note_document(const struct view *v, struct view_item *it)
{
	(void)v;
	put_text(it->note, sizeof it->note, "before and after");
}

static void note_consumers(const struct view *v, struct view_item *it)
{
	struct consumers_state s = view_consumers(v);
	if (v->walk->dropped)
		put_text(it->note, sizeof it->note, "all clear");
	else if (v->facts->audit.at)
		put_text(it->note, sizeof it->note, "%zu of %zu clear", s.clear, s.all);
}

static void note_added(const struct view *v, struct view_item *it)
{
	size_t done = 0;
	char when[WHEN_MAX];
	walk_deploy_left(v->walk, v->plan, view_is_added(v) ? "writes_fill" : "writes_both", &done);
	if (v->walk->stage == AT_CHANGING)
		put_text(it->note, sizeof it->note, "outcome not known yet");
	else if (!v->walk->added_at)
		put_text(it->note, sizeof it->note, v->facts->target.at && v->facts->target.unfit ? "not run as it is" : "to be added");
	else if (v->walk->confirmed[ITEM_DUAL_WRITE])
		put_text(it->note, sizeof it->note, "since %s", when_short(v->walk->confirmed[ITEM_DUAL_WRITE], when) + 4);
	else if (plan_rule(v->plan) == RULE_NAME)
		put_text(it->note, sizeof it->note, "both names work");
	else if (plan_rule(v->plan) == RULE_SPLIT)
		put_text(it->note, sizeof it->note, "%s", rule_step(v->plan, &v->facts->target) >= RULE_ALL_ROWS ? "every row came over" : "rows come over");
	else if (plan_rule(v->plan) == RULE_INDEX && (!v->plan->add_unique || rule_step(v->plan, &v->facts->target) != RULE_DONE))
		put_text(it->note, sizeof it->note, "%s", rule_step(v->plan, &v->facts->target) == RULE_DONE ? "built" : "not built");
	else if (!view_is_added(v) && !plan_dual_by_application(v->plan))
		put_text(it->note, sizeof it->note, "no trigger yet");
	else
		put_text(it->note, sizeof it->note, "%zu of %zu deploys", done, v->plan->n_deploys);
}

static void note_backfill(const struct view *v, struct view_item *it)
{
	const struct fact_backfill *b = &v->facts->backfill;
	char rows[32], bad[32];
	if (it->mood == MOOD_DONE && !b->at)
		put_text(it->note, sizeof it->note, "filled");
	else if (b->done && b->rejects > 0)
		put_text(it->note, sizeof it->note, "%s do not convert", view_count(b->rejects, bad));
	else if (b->done || it->mood == MOOD_DONE)
		put_text(it->note, sizeof it->note, "%s filled", view_count(b->filled, rows));
	else if (b->begun && b->pass == 1)
		it->percent = percent_of((int64_t)(b->share * 10000), 10000);
	else
		put_text(it->note, sizeof it->note, b->begun ? "pass %d" : "not begun", b->pass);
}

static void note_window(const struct view *v, struct view_item *it)
{
	int64_t passed, whole;
	char span[WHEN_MAX], need[WHEN_MAX];
	if (v->walk->confirmed[ITEM_WINDOW]) {
		put_text(it->note, sizeof it->note, "%d d passed", plan_window_days(v->plan));
		return;
	}
	if (!view_window_wait(v, &passed, &whole)) {
		put_text(it->note, sizeof it->note, "not begun");
		return;
	}
	it->percent = percent_of(passed, whole);
	put_text(it->note, sizeof it->note, "%s of %s", when_span(passed, span), when_span(whole, need));
}

static void note_reads(const struct view *v, struct view_item *it)
{
	size_t done = 0;
	int64_t passed, whole;
	char span[WHEN_MAX], need[WHEN_MAX];
	if (view_reads_wait(v, &passed, &whole)) {
		it->percent = percent_of(passed, whole);
		put_text(it->note, sizeof it->note, "%s of %s", when_span(passed, span), when_span(whole, need));
		return;
	}
	if (plan_rule(v->plan) == RULE_INDEX) {
		put_text(it->note, sizeof it->note, "%s", it->mood == MOOD_DONE ? "queries may use it" : "to be looked at");
		return;
	}
	if (v->walk->kind == TARGET_CONSTRAINT && plan_rule(v->plan) != RULE_NAME && plan_rule(v->plan) != RULE_SPLIT) {
		bool all = it->mood == MOOD_DONE || rule_step(v->plan, &v->facts->target) >= RULE_ALL_ROWS;
		put_text(it->note, sizeof it->note, "%s", all ? "every row" : "new rows alone");
		return;
	}
	view_deploy_left(v, &done);
	const struct walk_declared *d = v->plan->n_deploys == 1 ? walk_declared(v->walk, "reads_moved", v->plan->deploys[0].name) : NULL;
	if (d)
		put_text(it->note, sizeof it->note, "deploy %.*s", (int)(strcspn(d->value, " ") > 20 ? 20 : strcspn(d->value, " ")), d->value);
	else
		put_text(it->note, sizeof it->note, "%zu of %zu deploys", done, v->plan->n_deploys);
}

static void note_unused(const struct view *v, struct view_item *it)
{
	char span[WHEN_MAX], need[WHEN_MAX];
	int64_t start = view_quiet_start(v), wait = view_quiet_wait(v), since = v->now - start;
	if (!v->walk->quiet_since) {
		put_text(it->note, sizeof it->note, v->walk->stage == AT_RELAX ? "to be relaxed" : v->walk->stage == AT_PARITY ? "compared once more" : "not begun");
		return;
	}
	if (v->walk->dropped)
		since = v->walk->dropped_at - start;
	else if (!v->now)
		return;
	if (it->mood == MOOD_DONE) {
		put_text(it->note, sizeof it->note, "quiet %s", when_span(since, span));
		return;
	}
	it->percent = percent_of(since, wait);
	put_text(it->note, sizeof it->note, "%s of %s", when_span(since, span), when_span(wait, need));
}

static void note_drop(const struct view *v, struct view_item *it)
{
	char span[WHEN_MAX], when[WHEN_MAX], rows[32], left[32];
	if (v->walk->restored_at)
		put_text(it->note, sizeof it->note, "put back %s", when_short(v->walk->restored_at, when));
	else if (v->walk->dropped && v->walk->kind == TARGET_ROWS)
		put_text(it->note, sizeof it->note, "%s rows, %s left", view_count(v->walk->rows_removed, rows), view_count(v->walk->rows_left, left));
	else if (v->walk->dropped)
		put_text(it->note, sizeof it->note, "%s, %s", when_short(v->walk->dropped_at, when), when_span(v->walk->drop_us, span));
	else if (v->walk->stage == AT_DROPPING)
		put_text(it->note, sizeof it->note, "outcome not known yet");
}

const char *view_watch_words(const struct view *v, char buf[static WHEN_MAX])
{
	snprintf(buf, WHEN_MAX, "%d h", v->plan->monitor_hours);
	return v->walk->day_us == US_DAY ? buf : when_span(view_watch_end(v) - view_watch_from(v), buf);
}

static void note_monitor(const struct view *v, struct view_item *it)
{
	char span[WHEN_MAX], whole[WHEN_MAX];
	int64_t wait = view_watch_end(v) - view_watch_from(v), since = v->now - view_watch_from(v);
	if (!v->now && it->mood != MOOD_DONE)
		return;
	if (it->mood == MOOD_DONE) {
		put_text(it->note, sizeof it->note, "%d alarm%s", v->walk->alarms, v->walk->alarms == 1 ? "" : "s");
		return;
	}
	it->percent = percent_of(since, wait);
	put_text(it->note, sizeof it->note, "%s of %s", when_span(since < wait ? since : wait, span), view_watch_words(v, whole));
}

static void note_log(const struct view *v, struct view_item *it)
{
	if (v->walk->schema_logged)
		put_text(it->note, sizeof it->note, "written");
}

static noter *const noters[ITEM_COUNT + 1] = {
	[ITEM_SNAPSHOT] = note_first, [ITEM_ARCHETYPE] = note_archetype, [ITEM_DOCUMENT] = note_document,
	[ITEM_CONSUMERS] = note_consumers, [ITEM_DUAL_WRITE] = note_added, [ITEM_BACKFILL] = note_backfill, [ITEM_WINDOW] = note_window, [ITEM_READS] = note_reads, [ITEM_UNUSED] = note_unused, [ITEM_FINAL] = note_final,
	[ITEM_DROP] = note_drop, [ITEM_MONITOR] = note_monitor, [ITEM_LOG] = note_log,
};

/* The worst of the conditions that an item rests on: evidence expires in sight. Without a server nothing new is known. */
static enum mood mood_of(const struct view *v, enum item i, enum mood good)
{
	enum mood m = good;
	for (size_t k = 0; v->connected && k < 4 && places[i].ids[k]; k++) {
		const struct finding *f = view_finding(v, places[i].ids[k]);
		if (f->verdict == REFUSED)
			return MOOD_SHUT;
		if (f->verdict == UNKNOWN || f->verdict == WAITS)
			m = MOOD_WAITING;
	}
	return m;
}

/* The current item waits for somebody or something; it is shut only when what was done has failed. */
static enum mood mood_here(const struct view *v, enum item i)
{
	const struct walk *w = v->walk;
	bool failed = false;
	if (i == ITEM_SNAPSHOT)
		failed = (w->first.begun && !w->first.equal) || (w->drill.at && !w->drill.passed);
	else if (i == ITEM_FINAL)
		failed = w->final.begun > w->gate_passed[1] && !w->final.equal;
	else if (i == ITEM_MONITOR)
		failed = v->facts->monitor.alarms > 0 || w->alarms > 0;
	else if (i == ITEM_DUAL_WRITE)
		failed = !w->added_at && ((v->facts->target.at && v->facts->target.unfit) || v->facts->blocker.at);
	else if (i == ITEM_BACKFILL)
		failed = v->facts->backfill.done && v->facts->backfill.rejects > 0;
	else if (i == ITEM_WINDOW)
		failed = v->facts->parity.mismatches > 0;
	else if (i == ITEM_UNUSED && w->quiet_since)
		return mood_of(v, i, MOOD_WAITING);
	return failed ? MOOD_SHUT : MOOD_WAITING;
}

/* A statement may run on until its deploy moves: seen again, its consumer only has to be cleared again. */
static enum mood soften(enum item i, enum mood m)
{
	return i == ITEM_CONSUMERS && m == MOOD_SHUT ? MOOD_WAITING : m;
}

static bool needed(const struct view *v, enum item i)
{
	return i == ITEM_BACKFILL ? view_fills(v) : walk_has_item(v->walk->archetype, i);
}

/* What has served its purpose is not judged again: of something new, the copy of what was before it, and all once reads use it. */
static bool settled(const struct view *v, enum item i, enum stage reached)
{
	if (view_is_added(v) && (reached >= AT_MONITOR || (v->walk->added_at && i <= ITEM_DOCUMENT)))
		return true;
	return v->walk->dropped || v->walk->stage == AT_LEFT;
}

static enum mood judge(const struct view *v, enum item i, enum stage reached)
{
	if (!needed(v, i))
		return MOOD_NOT_NEEDED;
	if (reached < places[i].from)
		return MOOD_NOT_YET;
	if (reached >= places[i].past)
		return settled(v, i, reached) ? MOOD_DONE : soften(i, mood_of(v, i, MOOD_DONE));
	return v->walk->stage == AT_LEFT ? MOOD_NOT_YET : mood_here(v, i);
}

/* A running job's own words beat the note. */
static void show_job(struct view *v, enum stage reached)
{
	const struct view_job *j = view_job_here(v);
	bool own = j && (strcmp(j->kind, "restore") == 0 || strcmp(j->kind, "remove") == 0 || strcmp(j->kind, "backfill") == 0 || strcmp(j->kind, "index") == 0 || strcmp(j->kind, "split") == 0);
	enum item i = !j ? ITEM_NONE : own ? stage_item(reached) :
		reached <= AT_GATE_A ? ITEM_SNAPSHOT : reached == AT_COPY ? ITEM_READS : reached >= AT_FINAL && reached <= AT_ARMED ? ITEM_FINAL : ITEM_NONE;
	if (i == ITEM_NONE)
		return;
	struct view_item *it = &v->items[i];
	it->mood = strcmp(j->state, "waiting") == 0 ? MOOD_WAITING : MOOD_RUNNING;
	put_text(it->note, sizeof it->note, "%.60s", j->phase && *j->phase ? j->phase : j->kind);
	it->percent = j->total > 0 ? percent_of((int64_t)j->done, (int64_t)j->total) : -1;
}

void view_items(struct view *v)
{
	enum stage reached = view_reached(v->walk);
	for (enum item i = ITEM_SNAPSHOT; i <= ITEM_LOG; i++) {
		struct view_item *it = &v->items[i];
		*it = (struct view_item){ .item = i, .mood = judge(v, i, reached), .percent = -1 };
		if (it->mood == MOOD_NOT_NEEDED)
			put_text(it->note, sizeof it->note, "not needed");
		else if (it->mood != MOOD_NOT_YET)
			noters[i](v, it);
	}
	show_job(v, reached);
}
