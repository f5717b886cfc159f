/* SPDX-License-Identifier: MIT */
#include "tests/lib_fixture_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "tests/lib_fixture.h"

struct facts *fixture_facts(struct arena *a)
{
	static struct consumer found[] = {
		{ .key = "declared looker", .kind = "declared", .source = "plan", .owner = "biop" },
		{ .key = "statement 1 by etl", .kind = "statement", .source = "statements", .role = "etl", .app = "airflow", .owner = "pair",
			.touch = TOUCH_READ, .last = FIX_NOW - 3 * US_DAY, .calls = 1, .names_column = true,
			.evidence = "SELECT o.id, o.legacy_total\n\tFROM orders o\n WHERE o.created_at >= $1" },
		{ .key = "view public.order_sum", .kind = "view", .source = "catalogue", .owner = "you", .structural = true,
			.evidence = "CREATE VIEW public.order_sum AS SELECT sum(legacy_total) FROM orders" },
		{ .key = "view public.all_orders", .kind = "view", .source = "catalogue", .may_survive = true, .evidence = "SELECT orders.* FROM orders" },
		{ .key = "writer web-api", .kind = "tripwire", .source = "tripwire", .role = "app", .touch = TOUCH_WRITE, .last = FIX_NOW - 17 * US_DAY },
	};
	static const char *const blind[] = { "CSV exports and dblink cannot be seen.", "Dynamic SQL: 4 functions, to be read by eye." };
	static struct audit_source sources[] = {
		{ .name = "catalogue", .from = FIX_NOW - US_MINUTE, .to = FIX_NOW - US_MINUTE, .sees = SEES_STATIC | SEES_WHOLE | SEES_STAR, .hits = 2, .saw = SAW_FOUND },
		{ .name = "statements", .from = FIX_NOW - 17 * US_DAY, .to = FIX_NOW - US_MINUTE, .sees = SEES_READ | SEES_WRITE | SEES_NESTED, .hits = 1,
			.saw = SAW_FOUND, .gap = "the statistics were reset" },
		{ .name = "statements", .server = "db2", .to = FIX_NOW - US_MINUTE, .sees = SEES_READ, .saw = SAW_NONE },
		{ .name = "tripwire", .from = FIX_NOW - 17 * US_DAY, .to = FIX_NOW - US_MINUTE, .sees = SEES_WRITE, .hits = 1, .saw = SAW_FOUND },
		{ .name = "server log", .to = FIX_NOW - US_MINUTE, .sees = SEES_READ, .saw = SAW_MISSING, .why = "GRANT pg_read_server_files TO you" },
	};
	static const char *const falls[] = { "index public.orders_legacy_total_idx" };
	struct facts *f = arena_alloc(a, sizeof *f);
	f->now = FIX_NOW;
	f->target = (struct fact_target){ .at = FIX_NOW, .found = true, .type = "numeric", .falls = (const char **)falls, .n_falls = 1 };
	f->audit = (struct fact_audit){ .at = FIX_NOW - US_MINUTE, .found = found, .n = 5, .sources = sources, .n_sources = 5, .blind = (const char **)blind, .n_blind = 2 };
	f->watch = (struct fact_watch){ .at = FIX_NOW - 20 * US_SECOND, .tripwire_there = true, .tripwire_enabled = true, .trip_count = 42,
		.statements_there = true, .unbroken_since = FIX_NOW - 17 * US_DAY, .standbys_ok = true };
	f->log = (struct fact_log){ .at = FIX_NOW, .verifies = true, .ledger_agrees = true };
	f->monitor = (struct fact_monitor){ .at = FIX_NOW - 40 * US_SECOND, .baseline_at = FIX_NOW - US_DAY };
	f->files_intact = true;
	return f;
}

static const struct { const char *id; enum gate gate; const char *now, *passes; } conditions[] = {
	{ "A1", GATE_A, "3f1c of 01 Nov", "one from this very database" },
	{ "A2", GATE_A, "rows, contents, types", "rows, contents, types equal" },
	{ "A3", GATE_A, "19 d ago", "a drill from the files alone" },
	{ "A4", GATE_A, "destructive", "typed by you" },
	{ "A5", GATE_A, "9 of 9 fields", "every field" },
	{ "A6", GATE_A, "none", "none open on this table" },
	{ "B1", GATE_B, "36 of 36", "each by its owner" },
	{ "B2", GATE_B, "no gap since 03 Nov", "no gap, longest job covered" },
	{ "B3", GATE_B, "", "" },
	{ "B4", GATE_B, "", "" },
	{ "B5", GATE_B, "14 d 02 h", "14 d in a row" },
	{ "B6", GATE_B, "none", "none in that time" },
	{ "B7", GATE_B, "", "" },
	{ "C1", GATE_C, "52 min ago", "at most 60 min ago" },
	{ "C2", GATE_C, "0 writes to it since snapshot 3f1c", "0 writes" },
	{ "C3", GATE_C, "45 min left", "10 min left, not a Friday" },
	{ "C4", GATE_C, "lag 0.4 s, 0 waiting", "below the plan's limits" },
	{ "C5", GATE_C, "the same", "the same, falls as listed" },
	{ "C6", GATE_C, "214 lines, sealed", "both verify" },
};

void fixture_findings(struct view *v)
{
	for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
		struct finding *f = &v->findings[i];
		size_t at = 0;
		while (strcmp(condition_id(at), conditions[i].id) != 0)
			at++;
		*f = (struct finding){ .id = conditions[i].id, .gate = conditions[i].gate, .question = condition_question(at), .brief = condition_brief(at),
			.verdict = conditions[i].now[0] ? HOLDS : NOT_NEEDED, .seen = FIX_NOW - 3 * US_SECOND };
		snprintf(f->now, sizeof f->now, "%s", conditions[i].now);
		snprintf(f->passes, sizeof f->passes, "%s", conditions[i].passes);
	}
	v->open_gates = GATES_ALL;
}

void fixture_gate(struct view *v, enum gate g, const char *id, enum verdict is)
{
	v->open_gates &= ~(unsigned)g;
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		struct finding *f = &v->findings[i];
		if (!f->id || strcmp(f->id, id) != 0)
			continue;
		f->verdict = is;
		snprintf(f->now, sizeof f->now, "%s", is == WAITS ? "9 d 22 h" : is == UNKNOWN ? "not looked at" : "seen 10 Nov 06:20");
		snprintf(f->because, sizeof f->because, "%s", is == UNKNOWN ? "Nobody has looked, and what is not known is refused."
			: "etl_nightly (role etl, 10.0.4.17) read legacy_total on 10 Nov 06:20 UTC. The count began again from there. Evidence: log line 131.");
		if (is != WAITS)
			snprintf(f->todo, sizeof f->todo, "Ask Pair to stop etl_nightly, then clear it: gatewalk walk orders-drop-legacy-total, item 4.");
		f->at = is == WAITS ? FIX_NOW + 4 * US_DAY + 2 * US_HOUR + 8 * US_MINUTE : 0;
		f->seen = is == UNKNOWN ? 0 : FIX_NOW - 20 * US_SECOND;
	}
}

void fixture_lines(struct view *v)
{
	static struct view_line lines[] = {
		{ 0, FIX_NOW - 20 * US_DAY, "begin", "oper1", "walk begun on shop@db1, production", true, NULL },
		{ 1, FIX_NOW - 19 * US_DAY, "job", "oper1", "snapshot started", false, NULL },
		{ 2, FIX_NOW - 19 * US_DAY, "evidence", "oper1", "blob 3f1c0a · kind snapshot · role first", false, "snapshot first" },
		{ 3, FIX_NOW - 18 * US_DAY, "confirm", "oper1", "item 2: destructive", true, NULL },
		{ 4, FIX_NOW - 12 * US_DAY, "quiet", "oper1", "ALTER TABLE public.orders ALTER COLUMN legacy_total DROP NOT NULL", true, NULL },
		{ 5, FIX_NOW - US_DAY, "evidence", "oper1", "audit: 36 found, 2 blind spots", false, NULL },
	};
	v->lines = lines;
	v->n_lines = sizeof lines / sizeof lines[0];
}

#define D MOOD_DONE
#define R MOOD_RUNNING
#define W MOOD_WAITING
#define X MOOD_SHUT
#define N MOOD_NOT_YET
#define O MOOD_NOT_NEEDED

void fixture_walks(struct view *v)
{
	static struct view_walk walks[] = {
		{ .sid = "aa", .name = "invoices-drop-fax", .server = "bill@db2", .step = "1 snapshot", .mood = X, .needs_you = true,
			.items = { 0, X, N, N, N, O, O, O, N, N, N, N, N, N }, .note = "2 of 31 drill checks differ: Enter shows why" },
		{ .sid = "bb", .name = "users-drop-nickname", .server = "shop@db1", .step = "1 snapshot", .mood = R, .look_again = FIX_NOW + 90 * US_MINUTE,
			.items = { 0, R, N, N, N, O, O, O, N, N, N, N, N, N }, .note = "61 %, 38.1 M of 62.4 M rows" },
		{ .sid = "cc", .name = "orders-drop-legacy-total", .server = "shop@db1", .step = "9 nobody uses it", .mood = W,
			.look_again = FIX_NOW + 4 * US_DAY, .items = { 0, D, D, D, D, O, O, O, D, W, N, N, N, N }, .note = "nothing for you for 4 d 02 h" },
		{ .sid = "dd", .name = "carts-drop-coupon-code", .server = "shop@db1", .step = "13 of 13", .mood = D, .closed = FIX_NOW - 18 * US_DAY,
			.items = { 0, D, D, D, D, O, O, O, D, D, D, D, D, D }, .closing = "0 alarms" },
		{ .sid = "ee", .name = "events-drop-raw", .server = "logs@db3", .step = "8 of 13", .mood = X, .closed = FIX_NOW - 40 * US_DAY,
			.items = { 0, D, D, D, D, O, O, O, X, N, N, N, N, N }, .closing = "left at B" },
	};
	v->walks = walks;
	v->n_walks = sizeof walks / sizeof walks[0];
}

#undef D
#undef R
#undef W
#undef X
#undef N
#undef O

void fixture_jobs(struct view *v)
{
	static struct view_phase phases[] = {
		{ "check room", "1.9 TB free, need 0.6 TB", MOOD_DONE, 2 * US_SECOND }, { "open snapshot", "lock taken, then exported", MOOD_DONE, US_SECOND },
		{ "copy table", "blocks 24.1 M of 42.3 M", MOOD_RUNNING, 18 * US_MINUTE }, { "proof", "loaded again, compared", MOOD_NOT_YET, 0 },
		{ "drill", "from the files alone", MOOD_NOT_YET, 0 },
	};
	static struct view_event events[] = {
		{ FIX_NOW - 8 * US_MINUTE, "slow: 88 MB/s for 80 s (db1 checkpoint)" }, { FIX_NOW - US_MINUTE, "part 7 of 12 done, 19.3 GB in 92 s" },
	};
	static double rates[] = { 190e6, 205e6, 214e6, 210e6, 214e6, 220e6, 209e6, 88e6, 90e6, 180e6, 214e6, 212e6, 231e6, 214e6 };
	static struct view_job jobs[] = {
		{ .id = 41, .kind = "snapshot", .state = "running", .phase = "copy table", .note = "2 readers", .unit = "bytes", .host = "bastion",
			.started = FIX_NOW - 19 * US_MINUTE, .seen = FIX_NOW - US_SECOND, .done = 235e9, .total = 412e9, .rate = 214e6, .estimate = true,
			.eta_low_s = 720, .eta_high_s = 1140, .phases = phases, .n_phases = 5, .events = events, .n_events = 2, .mine = true,
			.rates = rates, .n_rates = 14, .rate_each = 80 * US_SECOND, .rate_unit = "bytes" },
		{ .id = 40, .kind = "watch", .state = "running", .phase = "every 60 s", .seen = FIX_NOW - 20 * US_SECOND, .started = FIX_NOW - US_DAY,
			.eta_low_s = -1, .eta_high_s = -1 },
	};
	v->jobs = jobs;
	v->n_jobs = 2;
}

void fixture_challenge_nine(struct view *v)
{
	v->challenges[0] = (struct challenge){ .id = "B6", .question = "has anyone read or written orders.legacy_total?",
		.passes = "none for 14 d 00 h in a row", .now = "none for 9 d 22 h", .source = "statements, tripwire",
		.seen = FIX_NOW - 20 * US_SECOND, .verdict = WAITS };
	v->challenges[1] = (struct challenge){ .id = "B2", .question = "could the audit see?", .passes = "no gap", .now = "no gap since 03 Nov",
		.source = "watch", .seen = FIX_NOW - 20 * US_SECOND, .verdict = HOLDS };
	v->challenges[2] = (struct challenge){ .id = "releases", .question = "which releases are planned?", .passes = "a list or \"none\"",
		.now = "not declared", .source = "you", .declared = true, .verdict = WAITS,
		.offer = { .kind = ACT_DECLARE, .key = "releases", .label = "declare the releases", .prompt = "releases planned in the next days",
			.expect = "none, or 2026-11-24 10:00, ..." } };
	v->n_challenges = 3;
	v->offers[0] = (struct offer){ .kind = ACT_AUDIT, .label = "look again" };
	v->offers[1] = v->challenges[2].offer;
	v->offers[2] = (struct offer){ .kind = ACT_BACK, .label = "step back", .prompt = "why you step back to \"reads moved\"", .expect = "a reason" };
	v->n_offers = 3;
}

void fixture_series(struct view *v, bool alarm)
{
	static double flat[] = { 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1 }, lag[] = { 0.3, 0.3, 0.3, 0.6, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3 };
	static double before[] = { 70, 72, 71, 70, 69, 74, 75, 70, 71, 70, 72, 70 };
	static double after[] = { 78, 70, 75, 74, 72, 83, 90, 128, 96, 80, 78, 75, 74, 74, 70, 72, 77 };
	struct view_series *s = arena_array(v->arena, 4, sizeof *s);
	s[0] = (struct view_series){ .name = "rollbacks", .unit = "/min", .now = 0, .base = 0.2, .alarm = 5, .has_base = true, .has_alarm = true,
		.known = true, .before = flat, .n_before = 12, .after = flat, .n_after = 9 };
	s[1] = (struct view_series){ .name = "p95 checkout", .unit = "ms", .now = alarm ? 188 : 77, .base = 70, .alarm = 140, .has_base = true,
		.has_alarm = true, .known = true, .alarmed = alarm, .before = before, .n_before = 12, .after = after, .n_after = 17 };
	s[2] = (struct view_series){ .name = "transactions", .unit = "/s", .now = 1830, .base = 1790, .has_base = true, .known = true,
		.before = before, .n_before = 12, .after = after, .n_after = 17 };
	s[3] = (struct view_series){ .name = "replica lag", .unit = "s", .alarm = 5, .has_alarm = true, .before = lag, .n_before = 12 };
	v->series = s;
	v->n_series = 4;
}
