/* SPDX-License-Identifier: MIT */
/* Challenge, answer, sensed: the questions of the current item, with the value now, its source and age. */
#include "core/view_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate_rules.h"

/* Where a condition's fact comes from, and what can be done about it. */
static const struct { const char *id, *source; enum act_kind kind; const char *key; } helps[] = {
	{ "A1", "catalogue, manifest", ACT_SNAPSHOT, NULL }, { "A2", "files loaded again", ACT_SNAPSHOT, NULL },
	{ "A3", "drill, scratch database", ACT_DRILL, NULL }, { "A4", "plan", ACT_CONFIRM, "2" }, { "A5", "plan, catalogue", ACT_CONFIRM, "3" },
	{ "A6", "gatewalk schema", ACT_NONE, NULL }, { "A7", "declared", ACT_DECLARE, NULL },
	{ "B1", "audit", ACT_CLEAR, NULL }, { "B2", "watch", ACT_WATCH, NULL }, { "B5", "server's clock", ACT_QUIET, NULL },
	{ "B6", "statements, tripwire", ACT_NONE, NULL }, { "B8", "job, server's log", ACT_HIDE, NULL }, { "C1", "files loaded again", ACT_SNAPSHOT, NULL },
	{ "B3", "backfill", ACT_NONE, NULL }, { "B7", "server's clock", ACT_NONE, NULL }, { "C2", "tripwire", ACT_SNAPSHOT, NULL }, { "C3", "server's clock, plan", ACT_DECLARE, "releases" },
	{ "C4", "server's statistics", ACT_NONE, NULL }, { "C5", "catalogue", ACT_NONE, NULL }, { "C6", "log, ledger, mark", ACT_NONE, NULL },
	{ "C7", "plan", ACT_NONE, NULL }, { "C8", "monitor", ACT_DRILL, NULL },
	{ "C9", "catalogue", ACT_WATCH, NULL },
};

struct challenge *view_ask(struct view *v, const char *id, const char *question, const char *passes)
{
	struct challenge *c = v->n_challenges < CHALLENGE_MAX ? &v->challenges[v->n_challenges++] : arena_alloc(v->arena, sizeof *c);
	*c = (struct challenge){ .id = id, .question = question, .passes = passes, .verdict = REFUSED };
	return c;
}

struct offer view_offered(const struct view *v, enum act_kind kind, const char *key)
{
	for (size_t i = 0; kind != ACT_NONE && i < v->n_offers; i++)
		if (v->offers[i].kind == kind && (!key || text_eq(v->offers[i].key, key)))
			return v->offers[i];
	return (struct offer){ .kind = ACT_NONE };
}

void view_ask_sensed(struct view *v, const char *id)
{
	const struct finding *f = view_finding(v, id);
	size_t i = 0;
	while (i < sizeof helps / sizeof *helps - 1 && strcmp(helps[i].id, id) != 0)
		i++;
	if (f->verdict == NOT_NEEDED)
		return;
	struct challenge *c = view_ask(v, f->id, f->question, f->passes[0] ? f->passes : "it holds");
	c->verdict = f->verdict;
	c->seen = f->seen;
	put_text(c->now, sizeof c->now, "%s", f->now);
	put_text(c->source, sizeof c->source, "%s", helps[i].source);
	if (f->verdict != HOLDS)
		c->offer = view_offered(v, helps[i].kind, helps[i].key);
}

static void gate(struct view *v, enum gate g)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++)
		if (v->findings[i].id && v->findings[i].gate == g)
			view_ask_sensed(v, v->findings[i].id);
}

/* Of the item at hand, which is not confirmed: what confirms it goes on to the next. */
void view_ask_typed(struct view *v, enum item item, const char *question, const char *passes, const char *now)
{
	struct challenge *c = view_ask(v, "typed", question, passes);
	c->declared = true;
	c->verdict = WAITS;
	c->offer = view_offered(v, ACT_CONFIRM, arena_printf(v->arena, "%d", (int)item));
	put_text(c->now, sizeof c->now, "%s", now);
	put_text(c->source, sizeof c->source, "you");
}

/* full: the key of its act; d: what was said, NULL nothing that counts. */
static void answered(struct view *v, const char *full, const struct walk_declared *d, const char *question, const char *passes)
{
	struct challenge *c = view_ask(v, full, question, passes);
	c->declared = true;
	c->seen = d ? d->at : 0;
	c->verdict = d ? HOLDS : WAITS;
	c->offer = view_offered(v, ACT_DECLARE, full);
	put_text(c->now, sizeof c->now, "%s", d ? d->value : "not declared");
	put_text(c->source, sizeof c->source, "you");
}

static void declared(struct view *v, const char *what, const char *key, const char *question, const char *passes)
{
	answered(v, *key ? arena_printf(v->arena, "%s/%s", what, key) : what, walk_declared(v->walk, what, key), question, passes);
}

void view_ask_deploys(struct view *v, const char *what, const char *question)
{
	for (size_t i = 0; i < v->plan->n_deploys; i++) {
		const char *name = v->plan->deploys[i].name;
		answered(v, arena_printf(v->arena, "%s/%s", what, name), walk_deploy_said(v->walk, what, name), arena_printf(v->arena, "does %s %s?", name, question),
			"release, and when its last old instance ended");
	}
}

void view_ask_fits(struct view *v, const char *question)
{
	const struct fact_target *t = &v->facts->target;
	struct challenge *c = view_ask(v, "fits", question, "yes, by the catalogue");
	c->seen = t->at;
	c->verdict = !t->at ? UNKNOWN : t->found && !t->unfit ? HOLDS : REFUSED;
	put_text(c->now, sizeof c->now, "%s", !t->at ? "not looked at" : !t->found ? "not found" : t->unfit ? t->unfit : t->type ? t->type : "yes");
	put_text(c->source, sizeof c->source, "catalogue");
}

static void fits(struct view *v)
{
	view_ask_fits(v, arena_printf(v->arena, view_is_added(v) ? "can the %s be added?" : "can the %s be walked and taken away?", view_noun(v)));
}

/* Where something goes. */
static void depends(struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	struct challenge *c = view_ask(v, "blockers", "does anything depend on it that would need CASCADE?", "nothing, before gate C");
	c->seen = t->at;
	c->verdict = !t->at ? UNKNOWN : t->n_blockers ? REFUSED : HOLDS;
	put_text(c->now, sizeof c->now, "%s", !t->at ? "not looked at" : t->n_blockers ? t->blockers[0] : "nothing");
	put_text(c->source, sizeof c->source, "catalogue");
}

static void at_snapshot(struct view *v)
{
	view_ask_sensed(v, "A1");
	view_ask_sensed(v, "A2");
	view_ask_sensed(v, "A3");
	fits(v);
}

static void at_archetype(struct view *v)
{
	view_ask_typed(v, ITEM_ARCHETYPE, "what kind of change is this?", arena_printf(v->arena, "%s: the risk is %s",
		archetype_name(v->plan->archetype), archetype_risk(v->plan->archetype)), "not confirmed");
	fits(v);
	if (!view_is_added(v))
		depends(v);
}

static void rehearsal(struct view *v)
{
	if (v->walk->env != ENV_PRODUCTION)
		return;
	declared(v, "rehearsed", "", "was this very plan rehearsed?", arena_printf(v->arena, "%.12s, way back included", v->plan->digest));
	declared(v, "tests", "old_code", "did the old code run on the new schema?", "the test's name");
	declared(v, "tests", "half_filled", "did the new code run on half-filled data?", "the test's name");
}

static void falls(struct view *v)
{
	const struct fact_target *t = &v->facts->target;
	struct challenge *c = view_ask(v, "falls", arena_printf(v->arena, "what falls with the %s?", view_noun(v)), "exactly what the plan lists");
	c->seen = t->at;
	c->verdict = !t->at ? UNKNOWN : t->n_falls == v->plan->n_falls ? HOLDS : REFUSED;
	put_text(c->now, sizeof c->now, "%zu there, %zu in the plan", t->n_falls, v->plan->n_falls);
	put_text(c->source, sizeof c->source, "catalogue");
}

static void at_document(struct view *v)
{
	if (!view_is_added(v))
		falls(v);
	view_ask_typed(v, ITEM_DOCUMENT, "to which release can the application still go back?", "the rollback floor, as the plan says it",
		"not confirmed");
	rehearsal(v);
}

static void at_gate_a(struct view *v)
{
	gate(v, GATE_A);
	rehearsal(v);
}

/* Read, or not: what is in it is C3's. */
static void calendar(struct view *v)
{
	const struct fact_moment *m = &v->facts->moment;
	struct challenge *c = view_ask(v, "releases", "which releases are planned in the next days?", "the plan's calendar, read in the last 10 min");
	c->seen = m->calendar_at;
	c->verdict = m->calendar_at && !m->calendar_why ? HOLDS : UNKNOWN;
	if (c->verdict == HOLDS)
		put_text(c->now, sizeof c->now, "%zu known", m->n_releases);
	else
		put_text(c->now, sizeof c->now, "%s", m->calendar_why ? m->calendar_why : "not read");
	put_text(c->source, sizeof c->source, "calendar");
}

void view_ask_releases(struct view *v)
{
	if (v->walk->env != ENV_PRODUCTION && v->walk->env != ENV_REHEARSAL)
		return;
	if (plan_release_source(v->plan))
		calendar(v);
	else
		declared(v, "releases", "", "which releases are planned in the next days?", "a list or \"none\", not older than 24 h");
}

static void slot(struct view *v)
{
	const struct fact_slot *s = &v->facts->watch.slot;
	if (!v->plan->slot)
		return;
	struct challenge *c = view_ask(v, "slot", "does its logical slot keep every write?", "there, and read to its end");
	c->seen = v->facts->watch.at;
	c->verdict = slot_tells(s) ? HOLDS : REFUSED;
	c->offer = view_offered(v, ACT_WATCH, NULL);
	put_text(c->now, sizeof c->now, "%s", s->why ? s->why : !s->there ? "not there"
		: arena_printf(v->arena, "there, keeps %lld of %lld MB", (long long)(s->held >> 20), (long long)(s->limit >> 20)));
	put_text(c->source, sizeof c->source, "catalogue");
}

static void at_consumers(struct view *v)
{
	struct consumers_state s = view_consumers(v);
	const struct fact_watch *w = &v->facts->watch;
	if (!w->tripwire_there || !w->tripwire_enabled)
		view_ask_releases(v);
	view_ask_sensed(v, "B1");
	struct challenge *c = view_ask(v, "watch", "is the write tripwire on the table?", "there and enabled");
	c->seen = w->at;
	c->verdict = w->tripwire_there && w->tripwire_enabled ? HOLDS : REFUSED;
	c->offer = view_offered(v, ACT_WATCH, NULL);
	put_text(c->now, sizeof c->now, "%s", !w->tripwire_there ? "not there" : w->tripwire_enabled ? "there" : "switched off");
	put_text(c->source, sizeof c->source, "catalogue");
	slot(v);
	view_ask_typed(v, ITEM_CONSUMERS, "how many consumers were cleared?", arena_printf(v->arena, "%zu, each by name", s.all),
		arena_printf(v->arena, "%zu of %zu answered for", s.named, s.all));
}

static void at_reads(struct view *v)
{
	size_t done = 0;
	view_ask_deploys(v, "reads_moved", "no longer use it");
	view_deploy_left(v, &done);
	view_ask_typed(v, ITEM_READS, "have reads and writes moved off it everywhere?", "moved", arena_printf(v->arena, "%zu of %zu deploys declared", done, v->plan->n_deploys));
}

static void at_unused(struct view *v)
{
	view_ask_sensed(v, "B5");
	view_ask_sensed(v, "B6");
	view_ask_sensed(v, "B2");
	view_ask_sensed(v, "B1");
	view_ask_sensed(v, "B8");
	if (v->facts->target.not_null || v->facts->target.def)
		view_ask_releases(v);
}

static void at_final(struct view *v)
{
	view_ask_sensed(v, "C1");
	view_ask_sensed(v, "C2");
	view_ask_releases(v);
}

static void at_gate_c(struct view *v)
{
	gate(v, GATE_C);
	view_ask_releases(v);
}

static void at_monitor(struct view *v)
{
	const struct fact_monitor *m = &v->facts->monitor;
	char end[WHEN_MAX];
	struct challenge *c = view_ask(v, "watched", "was it watched long enough?", arena_dup(v->arena, view_watch_words(v, end)));
	c->seen = m->at;
	c->verdict = view_watched(v) ? HOLDS : v->now < view_watch_end(v) ? WAITS : REFUSED;
	put_text(c->now, sizeof c->now, v->now < view_watch_end(v) ? "until %s UTC" : "over since %s UTC", when_short(view_watch_end(v), end));
	put_text(c->source, sizeof c->source, "monitor");
	view_ask_typed(v, ITEM_MONITOR, "how many alarms were there?", "the number you have seen", v->walk->alarm ? v->walk->alarm : "no alarm");
}

static void at_log(struct view *v)
{
	struct challenge *c = view_ask(v, "schema_log", "is the change written down?", "schema log written");
	c->seen = v->walk->schema_logged ? v->walk->last_t : 0;
	c->verdict = c->seen ? HOLDS : WAITS;
	c->offer = view_offered(v, ACT_SCHEMA_LOG, NULL);
	put_text(c->now, sizeof c->now, "%s", v->walk->schema_logged ? "written" : "not yet");
	put_text(c->source, sizeof c->source, "gatewalk schema");
}

static void (*const at[STAGE_COUNT])(struct view *) = {
	[AT_SNAPSHOT] = at_snapshot, [AT_ARCHETYPE] = at_archetype, [AT_DOCUMENT] = at_document, [AT_GATE_A] = at_gate_a,
	[AT_CONSUMERS] = at_consumers, [AT_READS] = at_reads, [AT_UNUSED] = at_unused, [AT_FINAL] = at_final, [AT_GATE_C] = at_gate_c,
	[AT_ARMED] = at_gate_c, [AT_MONITOR] = at_monitor, [AT_LOG] = at_log, [AT_CLOSED] = at_log,
};

void view_challenges(struct view *v)
{
	enum stage s = v->walk->stage;
	if (!view_own_challenges(v) && (unsigned)s < STAGE_COUNT && at[s])
		at[s](v);
}
