/* SPDX-License-Identifier: MIT */
/* What can be done here and now. The first is what NEXT asks for, so that the cursor can begin there. An offer is a
   convenience: the engine judges every act again. */
#include "core/view_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"

#define OFFERS_MAX (sizeof ((struct view *)0)->offers / sizeof *((struct view *)0)->offers)
#define LAST_OFFERS 2   /* kept free for stepping back and leaving */

void view_offer_add(struct view *v, struct offer o)
{
	size_t room = o.kind == ACT_BACK || o.kind == ACT_LEAVE ? OFFERS_MAX : OFFERS_MAX - LAST_OFFERS;
	if (v->n_offers < room)
		v->offers[v->n_offers++] = o;
}

void view_offer_plain(struct view *v, enum act_kind kind, const char *label)
{
	view_offer_add(v, (struct offer){ .kind = kind, .label = label });
}

void view_offer_asks(struct view *v, enum act_kind kind, const char *label, const char *prompt, const char *expect)
{
	view_offer_add(v, (struct offer){ .kind = kind, .label = label, .prompt = prompt, .expect = expect });
}

void view_offer_confirm(struct view *v, enum item item, const char *prompt, const char *expect)
{
	const char *key = arena_printf(v->arena, "%d", (int)item);
	view_offer_add(v, (struct offer){ .kind = ACT_CONFIRM, .key = key, .label = arena_printf(v->arena, "confirm item %d", (int)item),
		.prompt = prompt, .expect = expect });
}

void view_offer_declare(struct view *v, const char *key, const char *label, const char *prompt, const char *expect)
{
	view_offer_add(v, (struct offer){ .kind = ACT_DECLARE, .key = key, .label = label, .prompt = prompt, .expect = expect });
}

static void pass(struct view *v, enum gate g)
{
	const char *key = g == GATE_A ? "A" : g == GATE_B ? "B" : "C";
	if (view_gate_holds(v, g))
		view_offer_add(v, (struct offer){ .kind = ACT_PASS, .key = key, .label = arena_printf(v->arena, "pass gate %s", key) });
}

static void snapshot(struct view *v, const char *label)
{
	if (!view_job_here(v))
		view_offer_plain(v, ACT_SNAPSHOT, label);
}

void view_offer_drill(struct view *v)
{
	if (v->walk->first.equal && !view_holds(v, "A3") && !view_job_here(v))
		view_offer_plain(v, ACT_DRILL, "start a drill");
}

void view_offer_rehearsal(struct view *v)
{
	static const struct { const char *key, *what, *label, *prompt; } tests[] = {
		{ "tests/old_code", "old_code", "name the test of old code", "which test ran the old code on the new schema" },
		{ "tests/half_filled", "half_filled", "name the half-filled test", "which test ran the new code on half-filled data" },
	};
	if (v->walk->env != ENV_PRODUCTION || view_holds(v, "A7"))
		return;
	const struct walk_declared *told = walk_declared(v->walk, "rehearsed", "");
	const char *digest = arena_printf(v->arena, "%.12s", v->plan->digest);
	if (!told || !strstr(told->value, digest))
		view_offer_declare(v, "rehearsed", "declare the rehearsal", "the rehearsed plan's digest, as gatewalk status shows it, and the way back",
			arena_printf(v->arena, "%s, way back included", digest));
	for (size_t i = 0; i < 2; i++)
		if (!walk_declared(v->walk, "tests", tests[i].what))
			view_offer_declare(v, tests[i].key, tests[i].label, tests[i].prompt, "a name and a date, or a link");
}

void view_offer_releases(struct view *v)
{
	const struct walk_declared *d = walk_declared(v->walk, "releases", "");
	bool asked = v->walk->env == ENV_PRODUCTION || v->walk->env == ENV_REHEARSAL;
	bool old = !d || v->now - d->at > 24 * US_HOUR;
	if (asked && (old ? !plan_release_source(v->plan) : !release_reads(d->value)))
		view_offer_declare(v, "releases", "declare the releases", "releases planned in the next days", "none, or 2026-11-24 10:00, ...");
}

static void clear_first(struct view *v)
{
	struct consumers_state s = view_consumers(v);
	const struct fact_audit *a = &v->facts->audit;
	for (size_t i = 0; s.first && i < a->n; i++)
		if (strcmp(a->found[i].key, s.first) == 0 && a->found[i].structural)
			return;
	if (s.first)
		view_offer_add(v, (struct offer){ .kind = ACT_CLEAR, .key = s.first, .label = "clear a consumer",
			.prompt = arena_printf(v->arena, "why %s is clear, and who says so", s.first), .expect = "stopped 10 Nov, says Pair" });
}

static void blind_first(struct view *v)
{
	const struct fact_audit *a = &v->facts->audit;
	for (size_t i = 0; i < a->n_blind_keys; i++) {
		if (walk_is_cleared(v->walk, a->blind_keys[i], NULL))
			continue;
		view_offer_add(v, (struct offer){ .kind = ACT_CLEAR, .key = a->blind_keys[i], .label = "clear a blind spot",
			.prompt = arena_printf(v->arena, "why %s need not be asked, and who says so", a->blind_keys[i]),
			.expect = "no reader connects there, says dba" });
		return;
	}
}

static void watch(struct view *v)
{
	const struct fact_watch *w = &v->facts->watch;
	bool bare = !w->tripwire_there || !w->tripwire_enabled || view_guard_bare(v), slotless = v->plan->slot && !w->slot.there;
	/* The tripwire changes the table: C3 stands before it, and C3 asks for the releases. */
	if (bare)
		view_offer_releases(v);
	if (bare || slotless || !view_job_alive(view_job_of(v, "watch")))
		view_offer_plain(v, ACT_WATCH, "start the watch");
}

static void at_snapshot(struct view *v)
{
	view_offer_drill(v);
	snapshot(v, v->walk->first.begun ? "take the snapshot again" : "start the snapshot");
}

static void at_archetype(struct view *v)
{
	view_offer_confirm(v, ITEM_ARCHETYPE, "type the archetype", archetype_name(v->plan->archetype));
	view_offer_drill(v);
}

static void at_document(struct view *v)
{
	view_offer_confirm(v, ITEM_DOCUMENT, "type the rollback floor", v->plan->rollback_floor ? v->plan->rollback_floor : "");
	view_offer_rehearsal(v);
	view_offer_drill(v);
}

static void at_gate_a(struct view *v)
{
	pass(v, GATE_A);
	view_offer_drill(v);
	view_offer_rehearsal(v);
	snapshot(v, "take the snapshot again");
}

static void at_consumers(struct view *v)
{
	struct consumers_state s = view_consumers(v);
	bool looked = v->facts->audit.at != 0;
	if (!looked)
		view_offer_plain(v, ACT_AUDIT, "look for consumers");
	watch(v);
	if (looked && s.named == s.all && v->facts->watch.tripwire_there)
		view_offer_confirm(v, ITEM_CONSUMERS, "type the number of consumers cleared", arena_printf(v->arena, "%zu", s.all));
	clear_first(v);
	blind_first(v);
	if (looked)
		view_offer_plain(v, ACT_AUDIT, "look again");
}

static void at_reads(struct view *v)
{
	for (size_t i = 0; i < v->plan->n_deploys; i++) {
		const char *name = v->plan->deploys[i].name;
		if (!walk_deploy_said(v->walk, "reads_moved", name))
			view_offer_declare(v, arena_printf(v->arena, "reads_moved/%s", name), arena_printf(v->arena, "declare %s", name),
				arena_printf(v->arena, "release of %s without the %s, and when its last old instance ended", name, view_noun(v)),
				"90ab17 ended 2026-11-10 11:20");
	}
	if (!view_deploy_left(v, NULL))
		view_offer_confirm(v, ITEM_READS, "type \"moved\"", "moved");
	clear_first(v);
}

static void hiding(struct view *v)
{
	const struct view_job *j = view_job_of(v, "hide");
	if (view_job_alive(j))
		view_offer_plain(v, ACT_UNHIDE, "give it back now");
	else if (v->walk->quiet_since && v->walk->kind != TARGET_ROWS && v->plan->hide && !view_holds(v, "B8"))
		view_offer_plain(v, ACT_HIDE, arena_printf(v->arena, "hide the %s", view_noun(v)));
}

static void at_unused(struct view *v)
{
	bool again = v->walk->env == ENV_DEVELOPMENT && view_quiet_start(v) > v->walk->quiet_since;
	view_offer_rehearsal(v);
	watch(v);
	bool relax = v->facts->target.not_null || v->facts->target.def;
	if (relax)
		view_offer_releases(v);
	if (!v->walk->quiet_since || again || relax)
		view_offer_plain(v, ACT_QUIET, "begin the count");
	if (archetype_beside(v->walk->archetype))
		view_offer_deploys(v, "writes_new", "writes the new column alone");
	hiding(v);
	pass(v, GATE_B);
	if (view_finding(v, "B1")->verdict == REFUSED)
		clear_first(v);
	blind_first(v);
	view_offer_plain(v, ACT_AUDIT, "look again");
}

static void at_final(struct view *v)
{
	view_offer_rehearsal(v);
	snapshot(v, "take the final snapshot");
	view_offer_releases(v);
}

static bool stale(const struct view *v)
{
	return !view_holds(v, "C1") || !view_holds(v, "C2");
}

static void at_gate_c(struct view *v)
{
	view_offer_rehearsal(v);
	bool old = stale(v);
	if (view_gate_holds(v, GATE_A) && view_gate_holds(v, GATE_B))
		pass(v, GATE_C);
	if (old)
		snapshot(v, "take the snapshot again");
	view_offer_releases(v);
	if (view_guard_bare(v))
		view_offer_plain(v, ACT_WATCH, "put the guard's trigger on");
	if (!old)
		snapshot(v, "take the snapshot again");
	view_offer_drill(v);
}

static void at_armed(struct view *v)
{
	view_offer_rehearsal(v);
	if (gates_open(v->findings) == GATES_ALL)
		view_offer_plain(v, ACT_DROP, "go to the drop");
	if (stale(v))
		snapshot(v, "take the snapshot again");
	view_offer_releases(v);
	if (view_guard_bare(v))
		view_offer_plain(v, ACT_WATCH, "put the guard's trigger on");
	view_offer_drill(v);
}

static void at_dropping(struct view *v)
{
	if (v->walk->kind == TARGET_ROWS) {
		view_offer_releases(v);
		if (!view_job_here(v)) {
			view_offer_plain(v, ACT_REMOVE, "let the removal go on");
			view_offer_plain(v, ACT_REMOVE_END, "end the removal here");
		}
	}
	view_offer_plain(v, ACT_LOOK, "ask the ledger");
}

static void restore(struct view *v)
{
	if (v->walk->dropped && !v->walk->restored_at && !view_job_here(v))
		view_offer_plain(v, ACT_RESTORE, arena_printf(v->arena, "put the %s back", view_noun(v)));
}

static void at_monitor(struct view *v)
{
	if (view_watched(v) && !view_job_here(v))
		view_offer_confirm(v, ITEM_MONITOR, "type the number of alarms seen", arena_printf(v->arena, "%d", v->walk->alarms));
	restore(v);
}

static void at_log(struct view *v)
{
	if (!view_job_here(v))
		view_offer_plain(v, ACT_SCHEMA_LOG, "write the schema log");
	restore(v);
}

static void (*const at[STAGE_COUNT])(struct view *) = {
	[AT_SNAPSHOT] = at_snapshot, [AT_ARCHETYPE] = at_archetype, [AT_DOCUMENT] = at_document, [AT_GATE_A] = at_gate_a,
	[AT_CONSUMERS] = at_consumers, [AT_READS] = at_reads, [AT_UNUSED] = at_unused, [AT_FINAL] = at_final, [AT_GATE_C] = at_gate_c,
	[AT_ARMED] = at_armed, [AT_DROPPING] = at_dropping, [AT_MONITOR] = at_monitor, [AT_LOG] = at_log, [AT_CLOSED] = restore,
};

void view_offers(struct view *v)
{
	struct move m;
	enum stage to, s = v->walk->stage;
	if (!v->connected || (unsigned)s >= STAGE_COUNT || s == AT_LEFT)
		return;
	/* What would be refused is not offered: NEXT says how to go on. */
	if (v->facts->log.at && v->facts->log.state != LOG_AGREES) {
		view_offer_plain(v, ACT_LOOK, "look again");
		return;
	}
	if (!view_own_offers(v) && at[s])
		at[s](v);
	view_offer_change_back(v);
	bool alone = archetype_beside(v->walk->archetype) && (s == AT_BACKFILL || s == AT_UNUSED);
	if (walk_back(v->walk, &to) && alone)
		view_offer_asks(v, ACT_BACK, "step back", VIEW_ALONE, VIEW_ALONE_FORM);
	else if (walk_back(v->walk, &to))
		view_offer_asks(v, ACT_BACK, "step back", arena_printf(v->arena, "why you step back to \"%s\"", stage_name(to)), "a reason");
	if (walk_move(v->walk->archetype, s, EV_LEAVE, 0, &m) && !walk_trigger_due(v->walk))
		view_offer_asks(v, ACT_LEAVE, "leave this walk", "why this walk is given up", "a reason");
}
