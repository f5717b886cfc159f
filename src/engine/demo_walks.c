/* SPDX-License-Identifier: MIT */
#include "engine/demo_walks.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/consumers.h"
#include "engine/engine_private.h"
#include "port/files.h"

#define STEPS_MAX 600
#define STEP_NS 200000000L

struct sample { const char *name, *table, *column, *why, *falls, *of_kind, *day_s; enum stage until; };

/* falls: NULL where something comes. of_kind: what the plan of such a change has besides. */
#define DROPS "archetype: destructive\nrecipe: drop-column\nsnapshot: {scope: column}\n"
#define BESIDE "dual_write: trigger\nbackfill: {pause: [{when: lock waiters, above: 5}]}\n"
static const struct sample samples[] = {
	{ "coupons-drop-old-code", "coupons", "old_code", "Codes were replaced in spring; nothing has read the old ones since.", "[]", DROPS, "1", AT_SNAPSHOT },
	{ "subscribers-drop-fax", "subscribers", "fax", "Nobody sends faxes any more.", "[]", DROPS, "3600", AT_UNUSED },
	{ "orders-drop-legacy-total", "orders", "legacy_total", "Totals have been kept in orders.total for a year.", "[\"index public.orders_legacy_total\"]", DROPS, "0.3", AT_GATE_C },
	{ "products-add-cents", "products", "price_cents", "Prices are to be summed without rounding.", NULL,
		"archetype: additive\nrecipe: add-column\nadd: {type: bigint, comment: the price in cents}\n"
		"backfill: {value: \"(price * 100)::bigint\", pause: [{when: lock waiters, above: 5}]}\n", "1", AT_EXPAND },
	{ "parcels-retype-weight", "parcels", "weight", "Weights are to be summed, and a text cannot be.", "[]",
		"archetype: type change\nrecipe: change-type\nadd: {column: kilos, type: \"numeric(8,2)\"}\nconvert: {to: \"weight::numeric(8,2)\", back: \"kilos::text\"}\n" BESIDE,
		"1", AT_BACKFILL },
	{ "staff-rename-nme", "staff", "nme", "Nobody can spell it.", "[]",
		"archetype: rename\nrecipe: rename-column\nadd: {column: name, type: text}\n" BESIDE, "1", AT_WINDOW },
};

/* The shop's own code, which the audit searches. */
static const struct { const char *name, *text; } code[] = {
	{ "orders.py", "def total(order):\n    return db.one(\"SELECT total FROM orders WHERE id = %s\", order.id)\n" },
	{ "subscribers.py", "def newsletter():\n    return db.all(\"SELECT id, email FROM subscribers ORDER BY id\")\n" },
};

static bool put_code(struct arena *a, const char *dir, struct err *e)
{
	bool ok = dir_make(dir, e);
	for (size_t i = 0; ok && i < sizeof code / sizeof code[0]; i++)
		ok = file_write(path_join(a, dir, code[i].name), code[i].text, strlen(code[i].text), e);
	return ok;
}

static const char *plan_text(struct arena *a, const struct sample *s, const char *sources)
{
	bool comes = !s->falls;
	return arena_printf(a,
		"gatewalk: 1\n"
		"name: %s\n"
		"%s"
		"target: {schema: public, table: %s, column: %s}\n"
		"document:\n"
		"  before: table %s %s the column %s\n"
		"  after: table %s %s it\n"
		"  why: %s\n"
		"  way_back: %s\n"
		"  leaves_behind: %s\n"
		"  rollback_floor: \"2.4.0\"\n"
		"  api_contract: no answer of the shop's API ever carried it\n"
		"%s"
		"deploys:\n  - name: web\n"
		"%s"
		"window:\n  zone: UTC\n  open:\n    - {days: [Mon, Tue, Wed, Thu], from: \"02:00\", to: \"06:00\"}\n"
		"health: {max_lag_s: 5, max_lock_waiters: 5, max_longest_tx_s: 120}\n"
		"rehearsal: {now: \"Tue 04:30\", day: %s}\n",
		s->name, s->of_kind, s->table, s->column, s->table, comes ? "has not" : "has", s->column, s->table, comes ? "with" : "without", s->why,
		comes ? "gatewalk takes the column away again" : "gatewalk restore puts the values back by key",
		comes ? "values that stand only in it" : "rows written after the drop have no value in it",
		comes ? "" : arena_printf(a, "  falls: %s\n", s->falls),
		comes ? "" : arena_printf(a, "sources: [\"%s\"]\npolicy: {unused_days: 14, longest_job_days: 7}\n", sources), s->day_s);
}

/* What a person would type where something is to be declared or confirmed; the rest is read off the offer itself. */
static const char *typed_for(struct engine *g, const struct offer *o)
{
	char at[WHEN_MAX];
	if (o->kind == ACT_DECLARE && strchr(o->key, '/') && strncmp(o->key, "tests/", 6) != 0)
		return arena_printf(lot_arena(g->walk_lot), "2.5.0 ended %.10s %.5s", when_iso(g->facts.now, at), at + strlen("2026-01-10T"));
	if (o->kind == ACT_DECLARE)
		return strcmp(o->key, "releases") == 0 ? "none" : o->expect;
	if (o->kind != ACT_CONFIRM)
		return NULL;
	switch ((enum item)atoi(o->key)) {
	case ITEM_ARCHETYPE: return archetype_name(g->plan->archetype);
	case ITEM_DUAL_WRITE: return "written";
	case ITEM_DOCUMENT: return g->plan->rollback_floor;
	case ITEM_CONSUMERS: return o->expect;
	case ITEM_WINDOW: return "over";
	case ITEM_READS: return g->walk.kind == TARGET_CONSTRAINT ? "held" : "moved";
	case ITEM_UNUSED: return "relaxed";
	default: return NULL;
	}
}

bool walk_clear(struct engine *g, struct err *e)
{
	for (size_t i = 0; i < g->facts.audit.n; i++) {
		const struct consumer *c = &g->facts.audit.found[i];
		if (c->structural || consumer_is_clear(&g->walk, c, NULL, NULL))
			continue;
		const struct act act = { .kind = ACT_CLEAR, .key = c->key, .text = "made for the demo: it goes on without the column", .survives = c->may_survive };
		if (!engine_do(g, &act, e))
			return false;
	}
	return true;
}

static bool job_alive(const struct engine *g, const char *kind)
{
	for (size_t i = 0; i < g->n_jobs; i++)
		if (strcmp(g->jobs[i].kind, kind) == 0 && !g->jobs[i].ended)
			return true;
	return false;
}

/* The first offer of the view that does something now; jobs and waits are given time. */
static bool step(struct engine *g, enum stage until, struct err *e)
{
	struct view *v = engine_view(g);
	bool ok = true, acted = false;
	if (g->walk.stage == AT_CONSUMERS)
		ok = walk_clear(g, e);
	for (size_t i = 0; ok && !acted && i < v->n_offers; i++) {
		const struct offer *o = &v->offers[i];
		const char *typed = typed_for(g, o);
		bool on = (o->kind == ACT_ALTER && !o->prompt) || o->kind == ACT_PARITY || o->kind == ACT_BACKFILL || o->kind == ACT_BUILD;   /* what asks is a step back */
		bool takes = on || (o->kind == ACT_ADD && until > AT_EXPAND) || o->kind == ACT_SNAPSHOT || o->kind == ACT_WATCH || o->kind == ACT_QUIET || o->kind == ACT_PASS || typed;
		if (!takes || (o->kind == ACT_SNAPSHOT && (job_alive(g, "snapshot") || g->walk.stage == AT_GATE_C)))
			continue;
		if ((o->kind == ACT_PASS && o->key && *o->key == 'C' && until <= AT_GATE_C) || (o->kind == ACT_WATCH && g->facts.watch.tripwire_there && g->facts.watch.tripwire_enabled))
			continue;
		const struct act act = { .kind = o->kind, .key = o->key, .text = typed };
		struct err why = { 0 };
		acted = engine_do(g, &act, &why);
	}
	view_free(v);
	return ok;
}

static bool there(const struct engine *g, enum stage until)
{
	if (until == AT_ARMED)
		return g->walk.stage == AT_ARMED;
	return g->walk.stage >= until && (until != AT_UNUSED || g->walk.quiet_since) &&
		(until != AT_GATE_C || (gates_open(g->findings) & GATES_ALL) == GATES_ALL);
}

bool walk_bring(struct engine *g, enum stage until, struct err *e)
{
	const struct timespec pause = { .tv_nsec = STEP_NS };
	bool ok = true;
	for (int i = 0; ok && i < STEPS_MAX && !there(g, until); i++) {
		struct err soft = { 0 };
		ok = step(g, until, e);
		if (ok && !there(g, until))
			nanosleep(&pause, NULL);
		engine_look(g, &soft);
	}
	if (ok && !there(g, until))
		return err_set(e, ERR_INTERNAL, NULL, "the walk stopped at: %s (%s)", stage_name(g->walk.stage), g->last.msg[0] ? g->last.msg : "no reason");
	return ok;
}

const char *demo_plan(struct arena *a, size_t i, const char *dir)
{
	return i < sizeof samples / sizeof samples[0] ? plan_text(a, &samples[i], path_join(a, dir, "shop")) : NULL;
}

static bool one(struct arena *a, const struct engine_opts *o, const char *dir, size_t i, struct err *e)
{
	const struct sample *s = &samples[i];
	const char *path = path_join(a, dir, arena_printf(a, "%s.yaml", s->name));
	const char *text = demo_plan(a, i, dir);
	struct engine *g = engine_new(o, e);
	bool ok = g && file_write(path, text, strlen(text), e) && engine_walk_plan(g, path, e) && walk_bring(g, s->until, e);
	engine_free(g);
	return ok;
}

bool demo_walks(struct arena *a, const struct engine_opts *o, const char *dir, void (*say)(const char *line), struct err *e)
{
	if (!put_code(a, path_join(a, dir, "shop"), e))
		return false;
	for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
		say(arena_printf(a, "    %s.%s", samples[i].table, samples[i].column));
		if (!one(a, o, dir, i, e))
			return err_in(e, "the demo's walk of %s.%s", samples[i].table, samples[i].column);
	}
	return true;
}
