/* SPDX-License-Identifier: MIT */
#include "tests/lib_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "tests/lib_fixture_parts.h"

static const char *const names[] = {
#define X(id, name) name,
	FIXTURES(X)
#undef X
};

const char *fixture_name(enum fixture f)
{
	return names[f];
}

enum fixture fixture_parse(const char *name)
{
	enum fixture f = 0;
	while (f < FIXTURE_COUNT && strcmp(names[f], name) != 0)
		f++;
	return f;
}

static void server(struct view *v)
{
	v->now = FIX_NOW;
	v->connected = true;
	v->label = "shop@db1";
	v->version = "15.18";
	v->who = "oper1@bastion";
	v->env = ENV_PRODUCTION;
}

static struct plan *plan(struct arena *a)
{
	static const char *const falls[] = { "index public.orders_legacy_total_idx" };
	static struct plan_deploy deploys[] = { { .name = "web" }, { .name = "workers" } };
	struct plan *p = arena_alloc(a, sizeof *p);
	plan_defaults(p);
	p->name = "orders-drop-legacy-total";
	p->archetype = ARCH_DESTRUCTIVE;
	p->recipe = "drop-column";
	p->schema = "public";
	p->table = "orders";
	p->column = "legacy_total";
	p->before = "orders has legacy_total and total";
	p->after = "orders has total only";
	p->why = "legacy_total has had no writer since release 90ab17";
	p->way_back = "gatewalk restore from the final snapshot";
	p->leaves_behind = "rows written since the drop have no legacy_total";
	p->rollback_floor = "90ab17";
	p->api_contract = "unchanged";
	p->falls = (const char **)falls;
	p->n_falls = 1;
	p->has_falls = true;
	p->deploys = deploys;
	p->n_deploys = 2;
	p->unused_days = 14;
	p->monitor_hours = 48;
	return p;
}

static struct walk *walk(struct arena *a, enum stage stage)
{
	static struct walk_clear clears[] = {
		{ .key = "declared looker", .reason = "no dashboard reads it, says biop", .at = FIX_NOW - 12 * US_DAY },
		{ .key = "view public.all_orders", .reason = "works without it on the clone", .survives = true, .at = FIX_NOW - 11 * US_DAY },
	};
	static struct walk_declared declared[] = {
		{ .what = "reads_moved", .key = "web", .value = "90ab17 ended 2025-11-10 11:20", .at = FIX_NOW - 10 * US_DAY },
	};
	struct walk *w = arena_alloc(a, sizeof *w);
	*w = (struct walk){
		.archetype = ARCH_DESTRUCTIVE, .sid = "00112233445566778899aabbccddeeff", .name = "orders-drop-legacy-total", .target = "public.orders.legacy_total",
		.env = ENV_PRODUCTION, .stage = stage, .begun = FIX_NOW - 20 * US_DAY, .last_t = FIX_NOW - US_HOUR, .day_us = US_DAY,
		.n = 214, .sealed = 5, .intent_n = -1, .clears = clears, .n_clears = 2, .declared = declared, .n_declared = 1,
	};
	return w;
}

static void proven(struct walk *w)
{
	w->first = (struct fact_snapshot){ .id = "3f1c", .path = "/srv/gatewalk/snapshots/3f1c", .begun = FIX_NOW - 19 * US_DAY,
		.proved = FIX_NOW - 19 * US_DAY + US_HOUR, .equal = true, .rows = 61204118, .values = 61204118, .bytes = 412000000000,
		.manifest_sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };
	w->drill = (struct fact_drill){ .at = FIX_NOW - 19 * US_DAY + 2 * US_HOUR, .passed = true, .snapshot_id = "3f1c", .restore_us = 52 * US_MINUTE };
}

/* Everything behind `stage` was done. */
static void behind(struct walk *w)
{
	if (w->stage >= AT_ARCHETYPE)
		proven(w);
	if (w->stage >= AT_DOCUMENT)
		w->confirmed[ITEM_ARCHETYPE] = FIX_NOW - 18 * US_DAY;
	if (w->stage >= AT_GATE_A)
		w->confirmed[ITEM_DOCUMENT] = FIX_NOW - 17 * US_DAY;
	if (w->stage >= AT_CONSUMERS)
		w->gate_passed[0] = FIX_NOW - 16 * US_DAY;
	if (w->stage >= AT_UNUSED) {
		w->quiet_since = FIX_NOW - 12 * US_DAY;
		w->last_sighting = FIX_NOW - 9 * US_DAY - 22 * US_HOUR;
		w->sighted = "etl_nightly (role etl, 10.0.4.17) read legacy_total";
	}
	if (w->stage >= AT_FINAL)
		w->gate_passed[1] = FIX_NOW - 2 * US_HOUR;
	if (w->stage >= AT_GATE_C) {
		w->final = w->first;
		w->final.begun = FIX_NOW - US_HOUR;
	}
	if (w->stage >= AT_ARMED)
		w->gate_passed[2] = FIX_NOW - 10 * US_MINUTE;
	if (w->stage >= AT_MONITOR && w->stage != AT_LEFT) {
		w->dropped = w->outcome_known = true;
		w->dropped_at = w->watch_from = FIX_NOW - 4 * US_HOUR - 41 * US_MINUTE;
		w->drop_us = 21000;
		w->intent_n = 231;
	}
}

static void items(struct view *v)
{
	enum item now = stage_item(v->walk->stage);
	bool closed = v->walk->stage == AT_CLOSED;
	for (int i = 1; i <= ITEM_COUNT; i++) {
		struct view_item *it = &v->items[i];
		*it = (struct view_item){ .item = (enum item)i, .percent = -1,
			.mood = closed || i < (int)now ? MOOD_DONE : i == (int)now ? MOOD_WAITING : MOOD_NOT_YET };
		if (i >= ITEM_DUAL_WRITE && i <= ITEM_WINDOW)
			it->mood = MOOD_NOT_NEEDED;
	}
	static const char *const notes[ITEM_COUNT + 1] = {
		[1] = "61.2 M rows, equal", [2] = "destructive: column", [3] = "before and after", [4] = "36 of 36 clear", [8] = "deploy 90ab17",
		[9] = "14 d 00 h", [10] = "61.2 M rows, equal", [11] = "21 ms", [12] = "0 alarms", [13] = "written",
	};
	for (int i = 1; i <= ITEM_COUNT; i++)
		if (v->items[i].mood == MOOD_DONE)
			snprintf(v->items[i].note, sizeof v->items[i].note, "%s", notes[i] ? notes[i] : "");
}

static struct view *walking(enum stage stage)
{
	struct arena *a = arena_new();
	struct view *v = arena_alloc(a, sizeof *v);
	v->arena = a;
	server(v);
	v->plan = plan(a);
	struct walk *w = walk(a, stage);
	behind(w);
	v->walk = w;
	v->facts = fixture_facts(a);
	v->statement = "ALTER TABLE public.orders DROP COLUMN legacy_total";
	v->target_name = "public.orders.legacy_total";
	v->restore_command = "gatewalk restore orders-drop-legacy-total";
	v->restore_span = "about 52 min (drilled Sat 01 Nov 06:12)";
	items(v);
	fixture_findings(v);
	fixture_lines(v);
	return v;
}

static void next(struct view *v, const char *first, const char *second)
{
	snprintf(v->next[0], sizeof v->next[0], "%s", first);
	snprintf(v->next[1], sizeof v->next[1], "%s", second);
}

static struct view *bare(void)
{
	struct arena *a = arena_new();
	struct view *v = arena_alloc(a, sizeof *v);
	v->arena = a;
	v->now = FIX_NOW;
	v->connected = true;
	v->who = "oper1@bastion";
	return v;
}

static struct view *home(void)
{
	struct view *v = bare();
	fixture_walks(v);
	next(v, "Open invoices-drop-fax: it needs you.", "Jobs go on without you; quitting gatewalk does not stop them.");
	return v;
}

static struct view *empty(void)
{
	struct view *v = bare();
	next(v, "No walk yet: gatewalk new writes a plan, gatewalk walk PLAN begins.", "gatewalk demo shows it all on a private server.");
	return v;
}

static void offer(struct view *v, struct offer o)
{
	v->offers[v->n_offers++] = o;
}

static const struct offer start_snapshot = { .kind = ACT_SNAPSHOT, .label = "start the snapshot" };
static const struct offer leave = { .kind = ACT_LEAVE, .label = "leave this walk", .prompt = "why this walk is given up", .expect = "a reason" };

static struct view *begin(void)
{
	struct view *v = walking(AT_SNAPSHOT);
	next(v, "Start the snapshot: copy, proof and restore drill in one go.", "It runs by itself and the table stays in use. Quitting is safe meanwhile.");
	v->challenges[0] = (struct challenge){ .id = "A1", .question = "is there a snapshot of this column?", .passes = "one from this very database",
		.now = "none", .source = "catalogue, manifest", .seen = FIX_NOW - 3 * US_SECOND, .verdict = REFUSED, .offer = start_snapshot };
	v->challenges[1] = (struct challenge){ .id = "A3", .question = "has a full restore drill passed?", .passes = "within 90 d",
		.now = "never", .source = "drill, scratch database", .verdict = UNKNOWN };
	v->n_challenges = 2;
	offer(v, start_snapshot);
	offer(v, leave);
	v->items[1].mood = MOOD_SHUT;
	fixture_gate(v, GATE_A, "A1", REFUSED);
	return v;
}

static struct view *snapshot(void)
{
	struct view *v = begin();
	v->items[1].mood = MOOD_RUNNING;
	v->items[1].percent = 57;
	fixture_jobs(v);
	next(v, "The snapshot runs: copy table, 57 %. Safe to quit.", "It goes on without you; at most 19 min more.");
	return v;
}

static struct view *gate_a(void)
{
	struct view *v = walking(AT_GATE_A);
	fixture_gate(v, GATE_A, "A3", REFUSED);
	fixture_gate(v, GATE_A, "A6", UNKNOWN);
	v->items[3].mood = MOOD_SHUT;
	next(v, "A3 drill passed within 90 d: 2 rows differ", "Mend the reason, then start a drill again.");
	offer(v, (struct offer){ .kind = ACT_DRILL, .label = "start a drill" });
	v->last_error = "gate A is shut: a full restore drill has not passed (2 rows differ)";
	v->last_hint = "Start a drill again once the reason is mended.";
	return v;
}

static struct view *consumers(void)
{
	struct view *v = walking(AT_CONSUMERS);
	next(v, "2 of 5 clear. Next: statement 1 by etl", "Ask its owner; it is cleared once it has stopped.");
	offer(v, (struct offer){ .kind = ACT_CLEAR, .key = "statement 1 by etl", .label = "clear a consumer",
		.prompt = "why statement 1 by etl is clear, and who says so", .expect = "stopped 10 Nov, says Pair" });
	offer(v, (struct offer){ .kind = ACT_AUDIT, .label = "look again" });
	fixture_gate(v, GATE_B, "B1", REFUSED);
	return v;
}

/* The same look without a walk. */
static struct view *audit(void)
{
	struct view *v = consumers();
	v->walk = NULL;
	v->plan = NULL;
	v->n_offers = v->n_challenges = v->n_jobs = v->n_lines = 0;
	v->next[0][0] = v->next[1][0] = '\0';
	v->audited = "public.orders.legacy_total";
	return v;
}

static struct view *waiting(void)
{
	struct view *v = walking(AT_UNUSED);
	v->items[9].percent = 71;
	v->left_for = 6 * US_DAY;
	static const char *const news[] = { "etl_nightly read legacy_total on Mon 10 Nov 06:20 UTC: the count began again.",
		"The watch job ran without a gap." };
	v->since_left = (const char **)news;
	v->n_since_left = 2;
	next(v, "Nothing to do before Mon 24 Nov 06:20 UTC (in 4 d 02 h).", "Safe to quit: the server keeps count while gatewalk is closed.");
	fixture_challenge_nine(v);
	fixture_gate(v, GATE_B, "B5", WAITS);
	fixture_gate(v, GATE_B, "B6", REFUSED);
	return v;
}

static struct view *armed(void)
{
	struct view *v = walking(AT_ARMED);
	v->open_gates = GATES_ALL;
	v->unlocked = true;
	next(v, "Gates A, B and C hold. Go to the drop when you are ready.", "It asks for the full name, counts down, and asks for your signature.");
	offer(v, (struct offer){ .kind = ACT_DROP, .label = "go to the drop" });
	offer(v, leave);
	return v;
}

static struct view *monitor(bool alarm)
{
	struct view *v = walking(AT_MONITOR);
	fixture_series(v, alarm);
	offer(v, (struct offer){ .kind = ACT_RESTORE, .label = "put the column back" });
	next(v, "Nothing to do before Fri 21 Nov 23:31 UTC (in 1 d 19 h).", "Safe to quit: the monitor watches and rings until Fri 21 Nov 23:31 UTC.");
	if (alarm) {
		struct walk *w = (struct walk *)(uintptr_t)v->walk;
		w->alarms = 1;
		w->alarm = "p95 checkout 188 ms, limit 140 ms, at Thu 20 Nov 04:02 UTC";
		v->items[12].mood = MOOD_SHUT;
		next(v, "ALARM: p95 checkout 188 ms, limit 140 ms", "If it comes from the drop, put the column back: the way is on the screen.");
	}
	return v;
}

static struct view *closed(void)
{
	struct view *v = walking(AT_CLOSED);
	next(v, "This walk is closed. Nothing to do.", "The snapshot is kept for 90 days: gatewalk restore puts the column back.");
	return v;
}

static struct view *gone(void)
{
	struct view *v = waiting();
	v->connected = false;
	v->now = 0;
	v->n_since_left = 0;
	v->trouble = "could not connect to server db1: connection refused";
	next(v, "The server cannot be reached: connection refused", "Press r to try again. The log is safe, and no step is lost.");
	return v;
}

/* Names and values that try to act on the terminal. */
static struct view *hostile(void)
{
	struct view *v = armed();
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	p->name = "orders\033[2J\r\n-drop";
	p->rollback_floor = "90\xff\x61\u202e17";
	v->statement = "ALTER TABLE \"we\u202eird\nname\" DROP COLUMN \"zero\u200bwidth\"";
	v->target_name = "public.\"we\u202eird\".\"zero\u200bwidth\"";
	v->label = "shop\007@db1";
	v->last_error = "no \033]52;c;AAAA\007 tricks";
	return v;
}

/* Rows, before the signature and right behind it. */
static struct view *rows(bool at_work)
{
	struct view *v = armed();
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	p->name = w->name = "orders-remove-2019";
	p->recipe = "remove-rows";
	p->column = NULL;
	p->where = "created_at < '2020-01-01Z'";
	w->kind = TARGET_ROWS;
	w->target = v->target_name = "rows of public.orders";
	w->stage = at_work ? AT_DROPPING : AT_ARMED;
	((struct facts *)(uintptr_t)v->facts)->target = (struct fact_target){ .at = FIX_NOW, .found = true };
	v->statement = "DELETE FROM public.orders WHERE (created_at < '2020-01-01Z')";
	v->restore_command = "gatewalk restore orders-remove-2019";
	return v;
}

struct view *fixture_view(enum fixture f)
{
	switch (f) {
	case FIX_HOME:      return home();
	case FIX_EMPTY:     return empty();
	case FIX_BEGIN:     return begin();
	case FIX_SNAPSHOT:  return snapshot();
	case FIX_GATE_A:    return gate_a();
	case FIX_CONSUMERS: return consumers();
	case FIX_AUDIT: return audit();
	case FIX_WAITING:   return waiting();
	case FIX_ARMED:     return armed();
	case FIX_QUIET:     return monitor(false);
	case FIX_ALARM:     return monitor(true);
	case FIX_CLOSED:    return closed();
	case FIX_GONE:      return gone();
	case FIX_ROWS:      return rows(false);
	case FIX_ROWS_SIGNED: return rows(true);
	case FIX_HOSTILE:   return hostile();
	default:            return f >= FIX_DUAL ? fixture_beside(f) : fixture_added(f);
	}
}
