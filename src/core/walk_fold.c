/* SPDX-License-Identifier: MIT */
#include "core/walk_fold.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/when.h"
#include "core/body.h"

void walk_init(struct walk *w, struct arena *a)
{
	*w = (struct walk){ .arena = a, .archetype = ARCH_DESTRUCTIVE, .stage = AT_NOWHERE, .intent_n = -1, .agreed_n = -1, .agreed_last = -1, .changed_n = -1 };
}

bool fold_refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_VERIFY, NULL, "%s", why);
}

bool fold_here(const struct walk *w, enum stage low, enum stage high, struct err *e)
{
	if (w->stage >= low && w->stage <= high)
		return true;
	return err_set(e, ERR_VERIFY, NULL, "it may not stand at \"%s\"", stage_name(w->stage));
}

/* Waits and expiries are counted by the server's clock alone. */
bool fold_timed(const struct record *r, struct err *e)
{
	if (!r->t)
		return fold_refuse(e, "a decision without the server's time");
	return true;
}

/* Gates whose passing still stands. */
static unsigned passed(const struct walk *w)
{
	unsigned open = 0;
	for (int i = 0; i < 3; i++)
		if (w->gate_passed[i])
			open |= 1u << i;
	return open;
}

bool fold_move(struct walk *w, enum event ev, enum effect *effect, struct err *e)
{
	struct move m;
	if (!walk_move(w->archetype, w->stage, ev, passed(w), &m))
		return err_set(e, ERR_VERIFY, NULL, "it may not stand at \"%s\"", stage_name(w->stage));
	if (m.to == AT_GATE_C)
		w->gate_passed[2] = 0;
	w->stage = m.to;
	if (effect)
		*effect = m.effect;
	return true;
}

static bool begin_terms(struct walk *w, const struct json *b, struct err *e)
{
	const char *env;
	if (!body_word(b, "environment", &env, e) || !body_count(b, "day_us", &w->day_us, e))
		return false;
	w->env = env_parse(env);
	if (w->env == ENV_NONE)
		return fold_refuse(e, "field \"environment\" has an unknown word");
	if (w->day_us < 1 || w->day_us > US_DAY)
		return fold_refuse(e, "field \"day_us\" is no day or part of one");
	if (w->day_us != US_DAY && w->env != ENV_REHEARSAL)
		return fold_refuse(e, "only a rehearsal has shorter days");
	return true;
}

/* Logs of before there were other kinds say none: a column that is dropped. */
static bool begin_target(struct walk *w, const struct json *b, struct err *e)
{
	static const char *const kinds[] = { "column", "table", "rows", "new column", "constraint", NULL }, *const archs[] = { "destructive", "additive", "rename", "type change", NULL };
	static const enum target is[] = { TARGET_COLUMN, TARGET_TABLE, TARGET_ROWS, TARGET_ADDED, TARGET_CONSTRAINT };
	static const enum archetype of[] = { ARCH_DESTRUCTIVE, ARCH_ADDITIVE, ARCH_RENAME, ARCH_TYPE };
	size_t kind = 0, arch = 0;
	if ((json_get(b, "kind") && !body_choice(b, "kind", kinds, &kind, e)) || (json_get(b, "archetype") && !body_choice(b, "archetype", archs, &arch, e)) || !body_oid(b, "relid", &w->relid, e) ||
	    !body_attnum(b, "attnum", &w->attnum, e))
		return false;
	w->kind = is[kind];
	w->archetype = of[arch];
	if (target_comes(w->kind) != (w->archetype == ARCH_ADDITIVE) || (w->kind != TARGET_COLUMN && archetype_beside(w->archetype)))
		return fold_refuse(e, "field \"archetype\" does not fit the kind of target");
	if ((w->kind == TARGET_COLUMN) != (w->attnum > 0))
		return fold_refuse(e, "field \"attnum\" does not fit the kind of target");
	return true;
}

static bool fold_begin(struct walk *w, const struct record *r, struct err *e)
{
	const char *plan, *name, *target, *other;
	if (!fold_timed(r, e) || !begin_terms(w, r->b, e) || !body_hex(r->b, "plan", 64, &plan, e) ||
	    !body_hex(r->b, "signers", 64, &other, e) || !body_word(r->b, "name", &name, e) ||
	    !body_word(r->b, "target", &target, e) || !body_word(r->b, "server", &other, e) ||
	    !body_word(r->b, "install_id", &other, e) || !body_word(r->b, "gatewalk", &other, e) ||
	    !begin_target(w, r->b, e))
		return false;
	w->sid = arena_dup(w->arena, r->sid);
	w->db = arena_dup(w->arena, r->db);
	w->who = arena_dup(w->arena, r->who);
	w->name = arena_dup(w->arena, name);
	w->target = arena_dup(w->arena, target);
	w->plan_digest = arena_dup(w->arena, plan);
	w->begun = r->t;
	return fold_move(w, EV_BEGIN, NULL, e);
}

/* One row an op: how it is taken in, and whether it may stand after the walk has ended. */
static const struct { bool (*fold)(struct walk *, const struct record *, struct err *); bool after_close, after_leave; } ops[OP_COUNT] = {
	[OP_BEGIN] = { fold_begin, false, false },
	[OP_EVIDENCE] = { fold_evidence, true, false },
	[OP_CONFIRM] = { fold_confirm, false, false },
	[OP_DECLARE] = { fold_declare, false, false },
	[OP_CLEAR] = { fold_clear, false, false },
	[OP_GATE] = { fold_gate, false, false },
	[OP_QUIET] = { fold_quiet, false, false },
	[OP_SIGHTING] = { fold_sighting, true, false },
	[OP_JOB] = { fold_job, true, true },
	[OP_INTENT] = { fold_intent, false, false },
	[OP_OUTCOME] = { fold_outcome, false, false },
	[OP_CHANGE] = { fold_change, false, false },
	[OP_CHANGED] = { fold_changed, false, false },
	[OP_ALARM] = { fold_alarm, true, false },
	[OP_RESTORE] = { fold_restore, true, false },
	[OP_BACK] = { fold_back, false, false },
	[OP_AMEND] = { fold_amend, false, false },
	[OP_LEAVE] = { fold_leave, false, false },
	[OP_RESYNC] = { fold_resync, true, true },
	[OP_REBIND] = { fold_rebind, true, false },
	[OP_TORN] = { fold_torn, true, true },
	[OP_SCHEMA_LOG] = { fold_schema_log, false, false },
	[OP_CLOSE] = { fold_close, false, false },
};

/* What every line must satisfy, whatever it says. */
static bool fits_chain(const struct walk *w, const struct record *r, struct err *e)
{
	if ((unsigned)r->op >= OP_COUNT || !ops[r->op].fold || !r->b)
		return fold_refuse(e, "it has no known meaning");
	if (r->n != w->n)
		return err_set(e, ERR_VERIFY, NULL, "line %lld is expected here", (long long)w->n);
	if ((w->n == 0) != (r->op == OP_BEGIN))
		return fold_refuse(e, w->n == 0 ? "a log starts with \"begin\"" : "a walk begins once");
	if (w->n > 0 && (strcmp(r->sid, w->sid) != 0 || (r->op != OP_REBIND && strcmp(r->db, w->db) != 0)))
		return fold_refuse(e, "it belongs to another walk or database");
	if (r->t && r->t < w->last_t)
		return err_set(e, ERR_VERIFY, "Have the server's clock set right; gatewalk counts by it alone.", "the server's clock went back");
	if (w->stage == AT_CLOSED && !ops[r->op].after_close)
		return fold_refuse(e, "the walk is closed");
	if (w->stage == AT_LEFT && !ops[r->op].after_leave)
		return fold_refuse(e, "the walk was left");
	return true;
}

bool walk_fold(struct walk *w, const struct record *r, struct err *e)
{
	struct walk next = *w;   /* lists only grow behind their counted end, so w keeps what it had */
	if (!fits_chain(w, r, e) || !ops[r->op].fold(&next, r, e))
		return err_in(e, "log line %lld (%s)", (long long)r->n, record_op_name(r->op));
	next.n = r->n + 1;
	if (r->sealed || r->signature)
		next.sealed = next.n;
	if (r->t)
		next.last_t = r->t;
	*w = next;
	return true;
}
