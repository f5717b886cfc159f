/* SPDX-License-Identifier: MIT */
/* Views of a walk that adds a column: the walk and the facts are made by hand, and the view judges itself from them. */
#include "tests/lib_fixture_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "tests/lib_fixture.h"

static struct plan *plan(struct arena *a, bool fills)
{
	static struct plan_deploy deploys[] = { { .name = "web" }, { .name = "workers" } };
	static struct plan_pause pauses[] = {
		{ .when = "replication lag", .above = 5, .has_above = true }, { .when = "lock waiters", .above = 3, .below = 1, .has_above = true, .has_below = true },
		{ .when = "wal rate", .above = 120, .has_above = true }, { .when = "hours", .from = 480, .to = 1200 },
	};
	struct plan *p = arena_alloc(a, sizeof *p);
	plan_defaults(p);
	p->name = "users-add-total";
	p->archetype = ARCH_ADDITIVE;
	p->recipe = "add-column";
	p->schema = "public";
	p->table = "users";
	p->column = "total";
	p->add_type = "numeric(12, 2)";
	p->before = "users has total_text";
	p->after = "users has total as well, a number";
	p->why = "sums are made of text in every report";
	p->way_back = "deploy 90ab16, then take the column away at item 5";
	p->leaves_behind = "nothing";
	p->rollback_floor = "90ab16";
	p->api_contract = "unchanged";
	p->deploys = deploys;
	p->n_deploys = 2;
	p->migration_tool = "alembic";
	if (fills) {
		p->backfill.value = "total_text::numeric";
		p->backfill.pauses = pauses;
		p->backfill.n_pauses = sizeof pauses / sizeof *pauses;
	}
	return p;
}

static void behind(struct walk *w)
{
	w->first = (struct fact_snapshot){ .id = "3f1c", .path = "/srv/gatewalk/snapshots/3f1c", .begun = FIX_NOW - 5 * US_DAY, .proved = FIX_NOW - 5 * US_DAY + US_HOUR, .equal = true,
		.rows = 61204118, .values = 61204118, .bytes = 412000000000, .manifest_sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" };
	w->drill = (struct fact_drill){ .at = FIX_NOW - 5 * US_DAY + 2 * US_HOUR, .passed = true, .snapshot_id = "3f1c", .restore_us = 52 * US_MINUTE };
	w->confirmed[ITEM_ARCHETYPE] = FIX_NOW - 4 * US_DAY;
	w->confirmed[ITEM_DOCUMENT] = FIX_NOW - 4 * US_DAY;
	w->gate_passed[0] = FIX_NOW - 3 * US_DAY;
	if (w->stage >= AT_WRITES) {
		w->added_at = FIX_NOW - 2 * US_DAY;
		w->added_attnum = 9;
		w->drop_us = 4000;
		w->lock_us = 800;
	}
	if (w->stage >= AT_BACKFILL)
		w->confirmed[ITEM_DUAL_WRITE] = FIX_NOW - 80 * US_MINUTE;
	if (w->stage >= AT_MONITOR) {
		w->confirmed[ITEM_DUAL_WRITE] = FIX_NOW - 30 * US_HOUR;
		w->confirmed[ITEM_READS] = w->watch_from = FIX_NOW - 4 * US_HOUR - 41 * US_MINUTE;
	}
}

static struct walk *walk(struct arena *a, enum stage stage, bool fills)
{
	static struct walk_declared declared[] = {
		{ .what = "writes_fill", .key = "web", .value = "90ab17 ended 2025-11-19 11:20", .at = FIX_NOW - 12 * US_HOUR },
		{ .what = "releases", .key = "", .value = "none", .at = FIX_NOW - 9 * US_HOUR },
		{ .what = "writes_fill", .key = "workers", .value = "90ab17 ended 2025-11-19 11:40", .at = FIX_NOW - 11 * US_HOUR },
		{ .what = "reads_moved", .key = "web", .value = "90ab18 ended 2025-11-19 23:20", .at = FIX_NOW - 5 * US_HOUR },
		{ .what = "reads_moved", .key = "workers", .value = "90ab18 ended 2025-11-19 23:25", .at = FIX_NOW - 5 * US_HOUR },
	};
	struct walk *w = arena_alloc(a, sizeof *w);
	*w = (struct walk){
		.sid = "00112233445566778899aabbccddeeff", .name = "users-add-total", .target = "public.users.total", .env = ENV_PRODUCTION, .stage = stage,
		.archetype = ARCH_ADDITIVE, .kind = TARGET_ADDED, .begun = FIX_NOW - 6 * US_DAY, .last_t = FIX_NOW - US_HOUR, .day_us = US_DAY, .n = 57, .sealed = 5,
		.intent_n = -1, .declared = declared, .n_declared = stage == AT_WRITES ? 2 : stage >= AT_MONITOR ? 5 : 3, .schema_logged = stage == AT_CLOSED, .unfilled = !fills,
	};
	behind(w);
	return w;
}

/* What an additive walk is asked. */
static void findings(struct view *v, bool fills)
{
	static const char *const spared[] = { "B1", "B2", "B5", "B6", "C1", "C2", "C5" };
	fixture_findings(v);
	v->findings[6] = (struct finding){ .id = "A7", .gate = GATE_A, .verdict = HOLDS, .question = "rehearsed, way back included, old code tested", .brief = "rehearsed, old code too", .now = "0123456789ab" };
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		struct finding *f = &v->findings[i];
		for (size_t k = 0; f->id && k < sizeof spared / sizeof *spared; k++)
			if (strcmp(f->id, spared[k]) == 0)
				f->verdict = NOT_NEEDED;
		if (f->id && strcmp(f->id, "A4") == 0)
			snprintf(f->now, sizeof f->now, "additive");
		if (f->id && strcmp(f->id, "B7") == 0) {
			f->verdict = HOLDS;
			snprintf(f->now, sizeof f->now, "written since Thu 20 Nov 02:52");
			snprintf(f->passes, sizeof f->passes, "writes have filled the new column for 4 h 00 min");
		}
		if (f->id && fills && strcmp(f->id, "B3") == 0) {
			f->verdict = HOLDS;
			snprintf(f->now, sizeof f->now, "0 left, 0 rejected");
			snprintf(f->passes, sizeof f->passes, "0 rows left, 0 rejected");
		}
	}
}

static void waits(struct view *v, const char *id, int64_t at, const char *because)
{
	for (size_t i = 0; i < CONDITION_COUNT; i++) {
		struct finding *f = &v->findings[i];
		if (!f->id || strcmp(f->id, id) != 0)
			continue;
		f->verdict = WAITS;
		f->at = at;
		snprintf(f->because, sizeof f->because, "%s", because);
	}
}

static struct facts *facts(struct view *v)
{
	return (struct facts *)(uintptr_t)v->facts;
}

static struct view *at(enum stage stage, bool fills)
{
	struct arena *a = arena_new();
	struct view *v = arena_alloc(a, sizeof *v);
	*v = (struct view){ .arena = a, .now = FIX_NOW, .connected = true, .label = "shop@db1", .version = "15.18", .who = "oper1@bastion", .env = ENV_PRODUCTION };
	v->plan = plan(a, fills);
	v->walk = walk(a, stage, fills);
	v->facts = fixture_facts(a);
	facts(v)->target = (struct fact_target){ .at = FIX_NOW - 2 * US_SECOND, .found = true };
	facts(v)->moment.releases = NULL;
	facts(v)->health = (struct fact_health){ .at = FIX_NOW - 2 * US_SECOND, .lag_known = true, .lag_s = 0.4, .standbys = 1 };
	facts(v)->log.state = LOG_AGREES;
	v->statement = "ALTER TABLE public.users ADD COLUMN total numeric(12, 2)";
	v->target_name = "public.users.total";
	findings(v, fills);
	fixture_lines(v);
	return v;
}

static struct view *blocked(void)
{
	static const char *published[] = { "everything", "to_warehouse" };
	struct view *v = at(AT_EXPAND, true);
	facts(v)->target.published = published;
	facts(v)->target.n_published = 2;
	facts(v)->blocker = (struct fact_blocker){ .at = FIX_NOW - 4 * US_MINUTE, .tries = 27, .pid = 4711, .app = "airflow", .user = "etl", .state = "idle in transaction",
		.since = FIX_NOW - 18 * US_MINUTE, .query = "SELECT u.id, u.total_text FROM users u WHERE u.created_at >= $1 ORDER BY u.id" };
	return v;
}

static struct view *asking(void)
{
	struct view *v = blocked();
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	w->stage = AT_CHANGING;
	facts(v)->blocker.at = FIX_NOW - US_SECOND;
	v->busy = "waiting for the table's lock";
	return v;
}

static struct view *phased(void)
{
	struct view *v = at(AT_EXPAND, false);
	v->statement = "ALTER TABLE public.users ADD COLUMN total numeric(12, 2) DEFAULT (random())";
	facts(v)->target.unfit = "the whole table would be written anew under the lock, since its default is not one value for every row, or its type has conditions. "
		"Leave add.default out, and give the rows their value by backfill; ALTER COLUMN ... SET DEFAULT is a change of its own, for rows that come later";
	return v;
}

static struct view_job *backfill_job(struct view *v, const char *state)
{
	static double rates[] = { 4200, 5100, 5300, 6100, 6800, 7100, 6900, 7000, 6400, 6100, 5900, 5800, 2100, 400, 0, 1900, 4800, 5600, 6000, 6200, 6400, 6420 };
	static double lag[] = { 0.3, 0.3, 0.4, 0.3, 0.4, 0.6, 0.5, 0.4, 0.4, 0.9, 1.8, 3.9, 5.8, 5.2, 4.4, 3.1, 1.2, 0.5, 0.4, 0.4, 0.3, 0.4 };
	static struct view_limit limits[] = {
		{ .name = "replication lag", .unit = "s", .has_limits = true, .known = true, .now = 0.4, .above = 5, .below = 4, .past = lag, .n_past = 22 },
		{ .name = "lock waiters", .unit = "", .has_limits = true, .known = true, .above = 3, .below = 1 },
		{ .name = "wal rate", .unit = "MB/s", .has_limits = true, .known = true, .now = 41, .above = 120, .below = 96 },
		{ .name = "hours", .unit = "", .says = "it is between 08:00 and 20:00, in which it pauses" },
	};
	static struct view_event events[] = {
		{ FIX_NOW - 40 * US_MINUTE, "waits: replication lag is 5.8 s, and it pauses above 5" }, { FIX_NOW - 36 * US_MINUTE, "goes on" },
	};
	struct view_job *j = arena_alloc(v->arena, sizeof *j);
	*j = (struct view_job){ .id = 43, .kind = "backfill", .state = state, .phase = "fill", .note = "38 114 202 filled, 3 rejects", .unit = "rows", .host = "bastion",
		.started = FIX_NOW - 192 * US_MINUTE, .seen = FIX_NOW - US_SECOND, .done = 38.1e6, .total = 62.4e6, .rate = 6420, .estimate = true, .eta_low_s = 2650, .eta_high_s = 6050,
		.rates = rates, .n_rates = 22, .rate_each = 8 * US_MINUTE, .rate_unit = "rows", .batch_ms = 100, .load = 75, .limits = limits, .n_limits = 4, .events = events, .n_events = 2 };
	v->jobs = j;
	v->n_jobs = 1;
	return j;
}

static struct view *filling(bool waiting)
{
	struct view *v = at(AT_BACKFILL, true);
	facts(v)->backfill = (struct fact_backfill){ .at = FIX_NOW - 2 * US_SECOND, .begun = true, .pass = 1, .share = 0.61, .cursor = "users, block 381 142", .filled = 38114202, .left = -1,
		.rejects = waiting ? 0 : 3 };
	struct view_job *j = backfill_job(v, waiting ? "waiting" : "running");
	if (!waiting)
		return v;
	j->note = "replication lag is 6.2 s, and it pauses above 5";
	j->limits = NULL;   /* of a job that does not tell: the values of the last look */
	j->n_limits = 0;
	j->n_events = 1;
	facts(v)->health.lag_s = 6.2;
	return v;
}

static struct view *rejects(void)
{
	static struct view_reject list[] = {
		{ 1, "id=4711", "total_text=n/a", "22P02", "invalid input syntax for type numeric: \"n/a\"" },
		{ 2, "id=58102", "total_text=12,50", "22P02", "invalid input syntax for type numeric: \"12,50\"" },
		{ 3, "id=900113", "total_text=99999999999.00", "22003", "numeric field overflow" },
	};
	struct view *v = at(AT_BACKFILL, true);
	facts(v)->backfill = (struct fact_backfill){ .at = FIX_NOW - 2 * US_SECOND, .begun = true, .pass = 2, .share = 1, .filled = 61204115, .rejects = 3, .counted_at = FIX_NOW - US_HOUR, .done = true };
	v->rejects = list;
	v->n_rejects = 3;
	return v;
}

static struct view *reading(void)
{
	struct view *v = at(AT_READS, false);
	waits(v, "B7", FIX_NOW + 160 * US_MINUTE, "writes fill it since Thu 20 Nov 02:52 UTC, and what reads first finds what nobody has written yet");
	return v;
}

static struct view *watched(void)
{
	struct view *v = at(AT_MONITOR, true);
	fixture_series(v, false);
	return v;
}

static struct view *moment(void)
{
	struct view *v = at(AT_EXPAND, true);
	waits(v, "C3", FIX_NOW + 20 * US_HOUR, "it is Thursday 04:12 there, and the window is Tuesday 03:00 to 05:00");
	return v;
}

/* A check instead: counted and not begun; or all that is written holds to it, and every row is to be asked. */
static struct view *rule(enum stage stage)
{
	struct view *v = at(stage, false);
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	p->name = w->name = "users-add-check-total";
	p->recipe = "add-check";
	p->column = p->add_type = NULL;
	p->add_name = "users_total_positive";
	p->add_check = "total >= 0";
	w->kind = TARGET_CONSTRAINT;
	w->target = v->target_name = "constraint users_total_positive of public.users";
	w->added_attnum = 0;
	v->statement = "ALTER TABLE public.users ADD CONSTRAINT users_total_positive CHECK (total >= 0) NOT VALID";
	if (stage == AT_EXPAND)
		facts(v)->broken = (struct fact_broken){ .at = FIX_NOW - US_MINUTE, .rows = 41, .first = "id=4711, id=58102, id=900113" };
	else
		facts(v)->target.rule = 'f', w->confirmed[ITEM_DUAL_WRITE] = FIX_NOW - 5 * US_HOUR;
	return v;
}

static struct view *index_of(enum stage stage)
{
	static struct view_job builds;
	struct view *v = rule(stage);
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	p->name = w->name = "build-users-mail";
	p->recipe = "build-index";
	p->add_name = "users_mail";
	p->add_index = "lower(email), created DESC";
	p->add_unique = true;
	w->target = v->target_name = "index users_mail of public.users";
	w->confirmed[ITEM_DUAL_WRITE] = 0;
	facts(v)->broken.first = "(ann@example.org), (bob@example.org), (eve@example.org)";
	if (stage != AT_WRITES)
		return v;
	builds = (struct view_job){ .id = 31, .kind = "index", .state = "running", .phase = "wait", .done = 61440, .total = 102400, .note = "waits for pid 4711 (etl nightly, shop), in a transaction for 840 s",
		.started = FIX_NOW - 20 * US_MINUTE, .seen = FIX_NOW, .mine = true };
	v->jobs = &builds;
	v->n_jobs = 1;
	return v;
}

static struct view *named(void)
{
	struct view *v = rule(AT_READS);
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	p->name = w->name = "users-to-people";
	p->recipe = "rename-table";
	p->add_name = "people";
	w->target = v->target_name = "new name people of public.users";
	facts(v)->target.rule = 't';
	return v;
}

static struct view *split(enum stage stage)
{
	static const char *over[] = { "bio", "photo" };
	struct view *v = rule(stage);
	struct plan *p = (struct plan *)(uintptr_t)v->plan;
	struct walk *w = (struct walk *)(uintptr_t)v->walk;
	p->name = w->name = "users-split-profiles";
	p->recipe = "split-table";
	p->add_name = "profiles";
	p->add_columns = over;
	p->n_add_columns = 2;
	w->target = v->target_name = "new table profiles of public.users";
	facts(v)->target.rule = stage == AT_READS ? 'k' : '\0';
	facts(v)->broken = (struct fact_broken){ 0 };
	return v;
}

static struct view *made(enum fixture f)
{
	switch (f) {
	case FIX_EXPAND:       return at(AT_EXPAND, true);
	case FIX_MOMENT:       return moment();
	case FIX_BLOCKED:      return blocked();
	case FIX_PHASED:       return phased();
	case FIX_ASKING:       return asking();
	case FIX_CHANGING:     return at(AT_CHANGING, true);
	case FIX_WRITES:       return at(AT_WRITES, true);
	case FIX_UNFILLED:     return at(AT_BACKFILL, true);
	case FIX_FILLING:      return filling(false);
	case FIX_FILL_WAITS:   return filling(true);
	case FIX_REJECTS:      return rejects();
	case FIX_READS:        return reading();
	case FIX_WATCHED:      return watched();
	case FIX_LOGGING:      return at(AT_LOG, true);
	case FIX_RULE:         return rule(AT_EXPAND);
	case FIX_HOLD:         return rule(AT_READS);
	case FIX_INDEX:        return index_of(AT_EXPAND);
	case FIX_BUILDS:       return index_of(AT_WRITES);
	case FIX_NAMED:        return named();
	case FIX_SPLIT:        return split(AT_EXPAND);
	case FIX_KEPT:         return split(AT_READS);
	default:               return at(AT_CLOSED, true);
	}
}

struct view *fixture_added(enum fixture f)
{
	struct view *v = made(f);
	v->open_gates = gates_open(v->findings);
	view_judge(v);
	return v;
}
