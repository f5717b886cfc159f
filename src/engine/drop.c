/* SPDX-License-Identifier: MIT */
/* The drop as the engine drives it: look, sign the intent, look again, mint, send, write the outcome. What removes the column
   is adapter/apply.c and it believes nothing of what is said here but the permit. */
#include "engine/drop_parts.h"

#include <string.h>

#include "adapter/job.h"
#include "adapter/monitor.h"
#include "adapter/snapshot.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/crypto.h"

#define COUNTDOWN_ALONE 30
#define SETTLE_MS 15000

int engine_countdown(const struct engine *g)
{
	(void)g;
	return COUNTDOWN_ALONE;
}

static struct json *intent_body(struct engine *g, const char *statement)
{
	char buf[WHEN_MAX], nonce[33], sha[65];
	struct json *b = line_body(g);
	crypto_random_hex(16, nonce);
	crypto_sha256_hex(statement, strlen(statement), sha);
	json_add_int(b, "attnum", g->walk.attnum);
	json_add_str(b, "expires", when_iso(g->facts.now + INTENT_MINUTES * US_MINUTE, buf));
	json_add_str(b, "nonce", nonce);
	json_add_int(b, "relid", g->walk.relid);
	json_add_str(b, "snapshot", g->walk.final.manifest_sha256);
	json_add_str(b, "statement", statement);
	json_add_str(b, "statement_sha256", sha);
	return b;
}

bool drop_outcome(struct engine *g, bool dropped, const struct drop_end *end, struct json *b, struct err *e)
{
	char buf[WHEN_MAX];
	int64_t at = end->at ? end->at : g->facts.now;
	json_add_str(b, "at", at ? when_iso(at, buf) : "");
	json_add_int(b, "held_us", end->held_us);
	json_add_int(b, "intent", g->walk.intent_n);
	json_add_int(b, "lock_us", end->lock_wait_us);
	json_add_str(b, "result", dropped ? "dropped" : "not dropped");
	json_add_str(b, "why", end->why ? end->why : "");
	json_add_str(b, "xid", end->xid ? end->xid : "");
	if (!line_write(g, OP_OUTCOME, b, false, e))
		return false;
	if (dropped)
		notify_run(lot_arena(g->walk_lot), g->plan, g->walk.name, "dropped", g->walk.target);
	return true;   /* the next look starts the monitor */
}

bool drop_settle(struct engine *g, struct err *e)
{
	struct anchor row = { .n = -1 };
	bool there = false;
	struct arena *a = lot_arena(g->walk_lot);
	if (g->walk.kind == TARGET_ROWS)
		return rows_settle(g, e);
	/* A drop's own backend may still be at its COMMIT, and its anchor not to be seen yet. */
	if (!engine_connect(g, e) || !apply_ended(g->db, g->walk.sid, SETTLE_MS, e))
		return false;
	if (!ledger_at(g->db, a, g->walk.sid, g->walk.intent_n, &row, &there, e))
		return false;
	if (there && (strcmp(row.head, g->walk.intent_head) != 0 || strcmp(row.kind, "drop") != 0))
		return err_set(e, ERR_VERIFY, "See gatewalk(1), WHEN LOG AND DATABASE DISAGREE.",
			"the ledger's entry %lld is not this walk's intent", (long long)g->walk.intent_n);
	struct drop_end end = {
		.at = there ? row.at : 0, .xid = there ? row.xid : NULL,
		.why = there ? "settled by the ledger after an interruption" : "the ledger has no entry of it: nothing was changed",
	};
	return drop_outcome(g, there, &end, line_body(g), e);
}

static bool ready(struct engine *g, const char *typed, struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	if (g->journal && g->state != LOG_AGREES)
		return line_disagree(g, e);
	if (!g->journal || g->read_only || g->walk.stage != AT_ARMED)
		return err_set(e, ERR_GATE, "Pass gates A, B and C first.", "the walk is not at its drop");
	if (!typed || strcmp(typed, plan_target_name(a, g->plan)) != 0)
		return err_set(e, ERR_USE, "Type it exactly as it stands on the screen.", "the name typed is not %s", plan_target_name(a, g->plan));
	return look_facts(g, true, e) && look_fresh(g, e) && gate_refusal_any(g->findings, e);
}

static struct permit_binding binding(const struct engine *g, const char *statement)
{
	return (struct permit_binding){
		.sid = g->walk.sid, .plan_digest = g->walk.plan_digest, .statement = statement,
		.snapshot_sha256 = g->walk.final.manifest_sha256, .intent_head = g->walk.intent_head, .nonce = g->walk.intent_nonce,
		.relid = g->walk.relid, .attnum = g->walk.attnum, .intent_n = g->walk.intent_n,
	};
}

bool drop_look(struct engine *g, struct snapshot_hold *files, struct err *e)
{
	bool ok = look_facts(g, true, e) && look_fresh(g, e);
	g->facts.files_intact = snapshot_same(files);
	g->facts.files_at = g->facts.now;
	look_judge(g);
	return ok;
}

/* Everything after the intent stands in the log: whatever happens, an outcome follows, now or by the ledger. */
static bool send(struct engine *g, const char *statement, const struct anchor *last, struct snapshot_hold *files, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct drop_end end = { .result = DROP_REFUSED };
	struct permit_binding b = binding(g, statement);
	bool ok = drop_look(g, files, e);
	struct permit *permit = ok ? permit_mint(a, g->plan, &g->walk, &g->facts, &b, &g->mac, e) : NULL;
	if (permit) {
		const char *conninfo = db_conninfo(g->db, a, NULL);
		const struct drop d = {
			.conninfo = conninfo, .plan = g->plan, .walk = &g->walk, .facts = &g->facts, .binding = b, .permit = permit,
			.mac = &g->mac, .last = *last, .files_same = snapshot_same, .ctx = files,
		};
		ok = apply_drop(a, &d, &end, e);
	} else {
		ok = false;
		end.why = arena_dup(a, e->msg);
	}
	struct err wrote = { 0 };
	bool written = end.result == DROP_UNKNOWN ? drop_settle(g, &wrote) : drop_outcome(g, end.result == DROP_DONE, &end, line_body(g), &wrote);
	if (!written && (ok || end.result == DROP_UNKNOWN))
		*e = wrote;   /* it was sent, and the log could not be told: the ledger knows */
	return g->walk.dropped;   /* the log says so: what the ledger may lack of it is brought up at the next look */
}

bool engine_drop(struct engine *g, const char *typed, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot ? g->walk_lot : g->look_lot);
	if (!ready(g, typed, e))
		return false;
	const char *statement = sql_statement(a, g->plan, &g->facts.target);
	struct snapshot_hold *files = snapshot_hold(a, g->walk.final.path, g->walk.final.manifest_sha256, e);
	if (!files)
		return false;
	struct anchor last = line_last_anchor(g, e);
	bool rows = g->walk.kind == TARGET_ROWS;
	bool ok = last.n >= 0 && line_write(g, OP_INTENT, intent_body(g, statement), true, e) &&
		(rows ? rows_begin(g, files, e) : send(g, statement, &last, files, e));
	snapshot_release(files);
	if (ok && rows)
		engine_say(g, "the removal runs as a job of its own");
	else if (ok)
		engine_say(g, "%s is gone: held the lock for %lld ms", g->walk.target, (long long)(g->walk.drop_us / 1000));
	struct err soft = { 0 };
	engine_look(g, &soft);
	return ok;
}
