/* SPDX-License-Identifier: MIT */
#include "engine/adding.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/alter.h"
#include "adapter/monitor.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate.h"
#include "core/sql.h"
#include "port/crypto.h"

#define SETTLE_MS 15000
#define COUNT_MS (10 * 60 * 1000)
#define COUNT_LIVES (10 * US_MINUTE)

void adding_facts(struct engine *g)
{
	g->facts.blocker = g->blocker;
	g->facts.added = g->added;
	if (g->walk.stage == AT_EXPAND && g->added_unfit && !g->facts.target.unfit)
		g->facts.target.unfit = g->added_unfit;
}

static struct json *change_body(struct engine *g, enum change what, const char *statement, const char *why)
{
	char buf[WHEN_MAX], nonce[33], sha[65];
	struct json *b = line_body(g);
	crypto_random_hex(16, nonce);
	crypto_sha256_hex(statement, strlen(statement), sha);
	json_add_str(b, "expires", when_iso(g->facts.now + INTENT_MINUTES * US_MINUTE, buf));
	json_add_str(b, "nonce", nonce);
	json_add_int(b, "relid", g->walk.relid);
	json_add_str(b, "statement", statement);
	json_add_str(b, "statement_sha256", sha);
	json_add_str(b, "what", what == CHANGE_ADD ? "add" : "take");
	json_add_str(b, "why", why);
	return b;
}

static bool outcome(struct engine *g, const struct alter_end *end, struct err *e)
{
	char buf[WHEN_MAX];
	bool done = end->result == DROP_DONE;
	int64_t at = end->at ? end->at : done ? g->facts.now : 0;
	struct json *b = line_body(g);
	json_add_str(b, "at", at ? when_iso(at, buf) : "");
	json_add_int(b, "attnum", end->attnum);
	json_add_int(b, "held_us", end->held_us);
	json_add_int(b, "intent", g->walk.intent_n);
	json_add_int(b, "lock_us", end->lock_wait_us);
	json_add_str(b, "result", done ? "done" : "not done");
	json_add_str(b, "why", end->why ? end->why : "");
	json_add_str(b, "xid", end->xid ? end->xid : "");
	return line_write(g, OP_CHANGED, b, false, e);
}

bool adding_settle(struct engine *g, struct err *e)
{
	struct alter_end end;
	/* The statement's own backend may still be at its COMMIT, and its anchor not to be seen yet. */
	return engine_connect(g, e) && apply_ended(g->db, g->walk.sid, SETTLE_MS, e) &&
		alter_settle(g->db, lot_arena(g->walk_lot), g->plan, &g->walk, &end, e) && outcome(g, &end, e);
}

/* Each try that met a lock is shown at once: who holds the table, and how often it was tried. */
static void held(void *ctx, const struct fact_blocker *by)
{
	struct engine *g = ctx;
	g->blocker = *by;
	adding_facts(g);
	if (g->shows)
		g->shows(g->shows_ctx);
}

static struct permit_binding binding(const struct engine *g)
{
	return (struct permit_binding){
		.sid = g->walk.sid, .plan_digest = g->walk.plan_digest, .statement = g->walk.intent_statement, .snapshot_sha256 = g->walk.first.manifest_sha256,
		.intent_head = g->walk.intent_head, .nonce = g->walk.intent_nonce, .relid = g->walk.relid, .attnum = permit_attnum(&g->walk), .intent_n = g->walk.intent_n,
	};
}

static bool look(struct engine *g, struct err *e)
{
	return look_facts(g, false, e) && look_fresh(g, e);
}

/* Everything after the change stands in the log: whatever happens, what became of it follows, now or by the ledger. */
static bool send(struct engine *g, const struct anchor *last, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct alter_end end = { .result = DROP_REFUSED };
	struct permit_binding b = binding(g);
	struct permit *permit = look(g, e) ? permit_mint(a, g->plan, &g->walk, &g->facts, &b, &g->mac, e) : NULL;
	bool ok = permit != NULL;
	if (ok) {
		const struct alter o = { .conninfo = db_conninfo(g->db, a, NULL), .plan = g->plan, .walk = &g->walk, .facts = &g->facts, .binding = b, .permit = permit,
			.mac = &g->mac, .last = *last, .held = held, .ctx = g };
		g->busy = "waiting for the table's lock";
		ok = alter_run(a, &o, &end, e);
		g->busy = NULL;
		g->blocker = end.blocker;
	} else {
		end.why = arena_dup(a, e->msg);
	}
	struct err wrote = { 0 };
	bool written = end.result == DROP_UNKNOWN ? adding_settle(g, &wrote) : outcome(g, &end, &wrote);
	if (!written && (ok || end.result == DROP_UNKNOWN))
		*e = wrote;   /* it was sent, and the log could not be told: the ledger knows */
	return written && (ok || (end.result == DROP_UNKNOWN && g->walk.outcome_known));
}

static bool change(struct engine *g, enum change what, const char *why, struct err *e)
{
	const char *statement = what == CHANGE_ADD ? sql_statement(lot_arena(g->walk_lot), g->plan, NULL) : sql_take(lot_arena(g->walk_lot), g->plan);
	struct anchor last = line_last_anchor(g, e);
	g->blocker = (struct fact_blocker){ 0 };
	return last.n >= 0 && line_write(g, OP_CHANGE, change_body(g, what, statement, why), false, e) && send(g, &last, e);
}

/* The monitor knows how things are without the column: what it watches behind it is held against that. */
static bool baseline_there(const struct engine *g, struct err *e)
{
	return g->facts.monitor.baseline_at || err_set(e, ERR_WAIT, "The monitor's job takes one every minute; look again then.", "the monitor has no baseline of before the change yet");
}

bool adding_begin(struct engine *g, const struct act *act, struct err *e)
{
	(void)act;
	if (g->walk.stage != AT_EXPAND)
		return err_set(e, ERR_USE, NULL, "the column is added behind gate A (%s)", stage_name(g->walk.stage));
	if (!look(g, e) || !baseline_there(g, e) || !gate_add_allowed(g->plan, &g->walk, &g->facts, e))
		return false;
	/* Before anything is signed: what would rewrite the table is not even begun. */
	struct fact_target t = g->facts.target;
	if (!probe_added(g->db, lot_arena(g->look_lot), g->plan, &t, e))
		return false;
	g->added_unfit = t.unfit ? arena_dup(lot_arena(g->walk_lot), t.unfit) : NULL;
	adding_facts(g);
	if (t.unfit)
		return err_set(e, ERR_GATE, "Correct the plan: that is a new walk.", "%s", t.unfit);
	if (!change(g, CHANGE_ADD, g->plan->why, e))
		return false;
	notify_run(lot_arena(g->walk_lot), g->plan, g->walk.name, "added", g->walk.target);
	engine_say(g, "%s is there: the lock was held for %lld ms", g->walk.target, (long long)(g->walk.drop_us / 1000));
	return true;
}

static bool count(struct engine *g, struct err *e)
{
	int64_t n;
	g->busy = "counting the values of the new column";
	bool ok = alter_values(g->db, lot_arena(g->look_lot), g->plan, COUNT_MS, &n, e);
	g->busy = NULL;
	if (!ok)
		return false;
	g->added = (struct fact_added){ .counted_at = g->facts.now, .values = n };
	engine_say(g, "%lld row%s a value that stands only in the new column: type this number and a reason to take the column away", (long long)n, n == 1 ? " has" : "s have");
	return true;
}

/* "12 nobody needs them": the number that was counted, and why. */
static bool answered(const struct engine *g, const char *text, const char **why, struct err *e)
{
	char *rest;
	long long n = strtoll(text, &rest, 10);
	rest += strspn(rest, " ");
	if (rest == text || n != g->added.values)
		return err_set(e, ERR_USE, "Type the number of values that are lost, then why.", "%lld values stand only in the new column, and \"%s\" does not begin with that number",
			(long long)g->added.values, text);
	*why = rest;
	return strlen(rest) >= 4 || err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
}

bool adding_take(struct engine *g, const struct act *act, struct err *e)
{
	const char *why = "";
	if (g->walk.stage != AT_WRITES)
		return err_set(e, ERR_USE, "Step back until writes are no longer declared.", "the new column is not taken away from here (%s)", stage_name(g->walk.stage));
	if (!look(g, e) || !gate_take_allowed(g->plan, &g->walk, &g->facts, e))
		return false;
	if (!act->text || !g->added.counted_at || g->facts.now - g->added.counted_at > COUNT_LIVES)
		return count(g, e);
	if (!answered(g, act->text, &why, e) || !change(g, CHANGE_TAKE, arena_printf(lot_arena(g->walk_lot), "%s (%lld values stood only in it)", why, (long long)g->added.values), e))
		return false;
	g->added = (struct fact_added){ 0 };
	engine_say(g, "%s is gone again", g->walk.target);
	return true;
}

bool adding_ready(struct engine *g, enum item item, struct err *e)
{
	const char *left = walk_deploy_left(&g->walk, g->plan, item == ITEM_READS ? "reads_moved" : "writes_fill", NULL);
	if (left)
		return err_set(e, ERR_USE, "Declare its release and when its last old instance ended.", "deploy %s has not said that it %s the new column", left, item == ITEM_READS ? "reads" : "writes");
	if (!look_fresh(g, e))
		return false;
	if (g->facts.target.taken != g->walk.added_attnum)
		return err_set(e, ERR_GATE, "Find out who changed it. Leave the walk, if it is not to go on.", "the column that this walk added is not there any more, or another one bears its name");
	if (item != ITEM_READS)
		return true;
	return gate_reads_allowed(g->plan, &g->walk, &g->facts, e);
}
