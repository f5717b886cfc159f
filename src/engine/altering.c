/* SPDX-License-Identifier: MIT */
#include "engine/altering.h"

#include <string.h>

#include "adapter/alter.h"
#include "adapter/monitor.h"
#include "adapter/split.h"
#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "core/gate.h"
#include "core/sql.h"
#include "engine/closing.h"
#include "engine/comparing.h"
#include "engine/filling.h"
#include "engine/holding.h"
#include "port/crypto.h"

#define SETTLE_MS 15000

void altering_facts(struct engine *g)
{
	g->facts.blocker = g->blocker;
	g->facts.added = g->added;
	g->facts.broken = g->broken;
	g->facts.dual = g->dual;
	struct fact_target *t = &g->facts.target;
	if (g->walk.stage == AT_EXPAND && !t->unfit)
		t->unfit = t->taken ? "the table has a column of that name already, which this walk did not add" : g->added_unfit;
}

bool altering_look(struct engine *g, struct err *e)
{
	return look_facts(g, false, e) && look_fresh(g, e);
}

/* ---- the change's line ---- */

static bool of_trigger(enum change what)
{
	return what == CHANGE_DUAL || what == CHANGE_UNDUAL || what == CHANGE_END || what == CHANGE_AGAIN;
}

bool altering_split(struct engine *g, const char **unfit, struct err *e)
{
	struct arena *a = lot_arena(g->look_lot);
	const struct split_order o = split_order_of(a, g->plan, false);
	struct split_form f;
	if (!split_form(g->db, a, &o, &f, unfit, e))
		return false;
	const char *put = *unfit ? NULL : split_put(a, &f);
	g->dual = (struct fact_dual){ .at = g->facts.now, .put = !put ? NULL : text_eq(put, g->dual.put) ? g->dual.put : arena_dup(lot_arena(g->walk_lot), put), .take = "" };
	return true;
}

struct dual_order altering_order(const struct engine *g)
{
	const struct plan *p = g->plan;
	return (struct dual_order){ .sid = g->walk.sid, .schema = p->schema, .table = p->table, .column = p->column, .add_column = p->add_column, .to = p->convert_to, .back = p->convert_back,
		.old_default = g->walk.relaxed_at && *g->walk.old_default ? g->walk.old_default : NULL };
}

/* The trigger's SQL is made of the table's columns as they are: whoever signs it sees it whole. */
static bool look_dual(struct engine *g, enum change what, struct dualwrite_sql *sql, struct err *e)
{
	const struct plan *p = g->plan;
	const struct dual_order o = altering_order(g);
	const char *unfit = NULL;
	if (what == CHANGE_ADD && plan_rule(p) == RULE_SPLIT)
		return altering_split(g, &unfit, e) && (!unfit || err_set(e, ERR_GATE, "Correct the plan: that is a new walk.", "%s", unfit));
	g->dual = (struct fact_dual){ .at = 0 };
	if (!of_trigger(what))
		return true;
	if (!dualwrite_sql(g->db, lot_arena(g->walk_lot), &o, what == CHANGE_DUAL || what == CHANGE_AGAIN, sql, &unfit, e))
		return false;
	if (unfit)
		return err_set(e, ERR_GATE, "Correct it; what changes the plan's conversion is gatewalk amend.", "%s", unfit);
	g->dual = (struct fact_dual){ .at = g->facts.now, .put = sql->put, .take = sql->take };
	return true;
}

/* As permit_statement makes it once the line stands. */
static const char *statement_of(struct engine *g, enum change what)
{
	struct walk then = g->walk;
	then.stage = AT_CHANGING;
	then.change = what;
	altering_facts(g);
	return permit_statement(lot_arena(g->walk_lot), g->plan, &then, &g->facts);
}

static void add_back(struct engine *g, struct json *b)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct json *list = json_add_arr(b, "back");
	size_t n;
	const char **rest = sql_tighten_rest(a, g->plan, &g->facts.target, &n);
	json_add_str(list, NULL, sql_tighten(a, g->plan, &g->facts.target));
	for (size_t i = 0; i < n; i++)
		json_add_str(list, NULL, rest[i]);
}

static struct json *change_body(struct engine *g, const struct alteration *c, const char *statement)
{
	char buf[WHEN_MAX], nonce[33], sha[65];
	struct json *b = line_body(g);
	crypto_random_hex(16, nonce);
	crypto_sha256_hex(statement, strlen(statement), sha);
	if (archetype_beside(g->walk.archetype) && (c->what == CHANGE_TAKE || c->what == CHANGE_UNDUAL || c->what == CHANGE_AGAIN))
		json_add_int(b, "alone", c->alone);
	if (c->what == CHANGE_RELAX)
		add_back(g, b);
	if (c->what == CHANGE_RELAX)
		json_add_str(b, "default", g->facts.target.def ? g->facts.target.def : "");
	json_add_str(b, "expires", when_iso(g->facts.now + INTENT_MINUTES * US_MINUTE, buf));
	json_add_str(b, "nonce", nonce);
	if (c->what == CHANGE_END)
		json_add_int(b, "parity", g->walk.parity_n);
	json_add_int(b, "relid", g->walk.relid);
	json_add_str(b, "statement", statement);
	json_add_str(b, "statement_sha256", sha);
	json_add_str(b, "what", change_name(c->what));
	json_add_str(b, "why", c->why);
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

bool altering_settle(struct engine *g, struct err *e)
{
	struct alter_end end;
	/* The statement's own backend may still be at its COMMIT, and its anchor not to be seen yet. */
	return engine_connect(g, e) && apply_ended(g->db, g->walk.sid, SETTLE_MS, e) &&
		alter_settle(g->db, lot_arena(g->walk_lot), g->plan, &g->walk, &end, e) && outcome(g, &end, e);
}

/* ---- sent ---- */

/* Each try that met a lock is shown at once: who holds the table, and how often it was tried. */
static void held(void *ctx, const struct fact_blocker *by)
{
	struct engine *g = ctx;
	g->blocker = *by;
	altering_facts(g);
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

static bool run(struct engine *g, const struct anchor *last, const struct dualwrite_sql *dual, struct alter_end *end, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	struct permit_binding b = binding(g);
	struct permit *permit = altering_look(g, e) ? permit_mint(a, g->plan, &g->walk, &g->facts, &b, &g->mac, e) : NULL;
	if (!permit) {
		end->why = arena_dup(a, e->msg);
		return false;
	}
	const struct alter o = { .conninfo = db_conninfo(g->db, a, NULL), .plan = g->plan, .walk = &g->walk, .facts = &g->facts, .binding = b, .permit = permit,
		.mac = &g->mac, .last = *last, .dual = dual, .held = held, .ctx = g };
	g->busy = "waiting for the table's lock";
	bool ok = alter_run(a, &o, end, e);
	g->busy = NULL;
	g->blocker = end->blocker;
	return ok;
}

/* Everything after the change stands in the log: whatever happens, what became of it follows, now or by the ledger. */
static bool send(struct engine *g, const struct anchor *last, const struct dualwrite_sql *dual, struct err *e)
{
	struct alter_end end = { .result = DROP_REFUSED };
	bool ok = run(g, last, dual, &end, e);
	struct err wrote = { 0 };
	bool written = end.result == DROP_UNKNOWN ? altering_settle(g, &wrote) : outcome(g, &end, &wrote);
	if (!written && (ok || end.result == DROP_UNKNOWN))
		*e = wrote;   /* it was sent, and the log could not be told: the ledger knows */
	if (end.left)
		engine_say(g, "new rows are held to it again; of those that stand: %s", end.left);
	return written && (ok || (end.result == DROP_UNKNOWN && g->walk.outcome_known));
}

bool altering_send(struct engine *g, const struct alteration *c, struct err *e)
{
	struct dualwrite_sql dual = { .put = NULL };
	if (!look_dual(g, c->what, &dual, e))
		return false;
	const char *statement = statement_of(g, c->what);
	struct anchor last = line_last_anchor(g, e);
	g->blocker = (struct fact_blocker){ 0 };
	if (!*statement)
		return err_set(e, ERR_USE, NULL, "there is nothing to be done for \"%s\"", change_name(c->what));
	return last.n >= 0 && line_write(g, OP_CHANGE, change_body(g, c, statement), false, e) && send(g, &last, of_trigger(c->what) ? &dual : NULL, e);
}

/* ---- the acts ---- */

bool altering_answer(const struct act *act, bool *alone, const char **why, struct err *e)
{
	const char *text = act->text ? act->text : "";
	*alone = strncmp(text, "yes", 3) == 0;
	if (!*alone && strncmp(text, "no", 2) != 0)
		return err_set(e, ERR_USE, "Begin with yes or no, then say why you step back.", "was a row written to the new column alone? \"%s\" does not say", text);
	*why = text + (*alone ? 3 : 2);
	*why += strspn(*why, " ,.:;");
	return strlen(*why) >= 4 || err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
}

static enum change change_of(const char *name)
{
	for (enum change ch = CHANGE_DUAL; ch <= CHANGE_HOLD; ch++)
		if (text_eq(name, change_name(ch)))
			return ch;
	return CHANGE_NONE;
}

bool altering_may_end(const struct engine *g, struct err *e)
{
	const struct walk *w = &g->walk;
	const char *what = walk_ask_to_end(g->plan), *left = what ? walk_deploy_left(w, g->plan, what, NULL) : NULL;
	if (left)
		return err_set(e, ERR_USE, "Declare its release and when its last old instance ended.", "deploy %s has not said that it writes %s", left,
			text_eq(what, "writes_new") ? "the new column alone" : "both columns by itself");
	if (w->alone)
		return err_set(e, ERR_USE, "Fill the old column from the new one first.", "rows stand in the new column alone");
	if (!gate_alter_allowed(g->plan, w, &g->facts, CHANGE_END, e))
		return false;
	return walk_passed(w) ||
		err_set(e, ERR_WAIT, "Let the comparison run: it begins its next pass by itself.", "no pass over every row has come to its end since the old column was relaxed");
}

static bool ready(struct engine *g, enum change what, const struct act *act, struct alteration *c, struct err *e)
{
	const struct walk *w = &g->walk;
	*c = (struct alteration){ .what = what, .why = act->text && *act->text ? act->text : g->plan->why };
	if (what == CHANGE_NONE || !walk_change_may(w, what))
		return err_set(e, ERR_USE, NULL, "\"%s\" does not belong to this part of the walk (%s)", act->key ? act->key : "", stage_name(w->stage));
	if (what == CHANGE_DUAL && plan_dual_by_application(g->plan))
		return err_set(e, ERR_USE, "Declare each deploy that does.", "the plan says that the application writes both columns");
	if (what == CHANGE_END && !altering_may_end(g, e))
		return false;
	const char *left = what == CHANGE_HOLD && plan_rule(g->plan) == RULE_SPLIT ? walk_deploy_left(w, g->plan, "reads_moved", NULL) : NULL;
	if (left)
		return err_set(e, ERR_USE, "Declare its release and when its last old instance ended.", "deploy %s has not said that it uses the new table alone", left);
	if (what == CHANGE_TIGHTEN && w->alone)
		return err_set(e, ERR_USE, "Fill the old column from the new one first.", "rows stand in the new column alone");
	if (what == CHANGE_TIGHTEN && strlen(c->why) < 4)
		return err_set(e, ERR_USE, "Say it in a few words: the log keeps it.", "this needs a reason");
	if ((what == CHANGE_UNDUAL || what == CHANGE_AGAIN) && !altering_answer(act, &c->alone, &c->why, e))
		return false;
	/* With the trigger on again it could neither go on nor be left. */
	if (what == CHANGE_AGAIN && c->alone && !g->plan->convert_back)
		return err_set(e, ERR_USE, "Fill the old column of those rows yourself and answer no; or leave the walk from here: both columns stay as they are.",
			"the plan has no way back (convert.back) for what stands in the new column alone");
	return true;
}

static const char *done_words(const struct engine *g, enum change what)
{
	if (what == CHANGE_HOLD && plan_rule(g->plan) == RULE_SPLIT)
		return "the triggers are gone, and the new table stands by itself";
	static const char *const words[] = {
		[CHANGE_DUAL] = "every write goes to both columns now", [CHANGE_UNDUAL] = "the trigger is gone: writes go to one column again",
		[CHANGE_RELAX] = "the old column asks for nothing any more", [CHANGE_TIGHTEN] = "what was taken off the old column is back",
		[CHANGE_END] = "dual write has ended: the count of item 9 has begun", [CHANGE_AGAIN] = "every write goes to both columns again",
		[CHANGE_HOLD] = "every row holds to it",
	};
	return words[what];
}

bool altering_finish(struct engine *g, struct err *e)
{
	struct arena *a = lot_arena(g->walk_lot);
	return alter_rest(db_conninfo(g->db, a, NULL), a, &g->walk, e);
}

bool altering_begin(struct engine *g, const struct act *act, struct err *e)
{
	enum change what = change_of(act->key);
	struct alteration c;
	bool was;
	if (!ready(g, what, act, &c, e) || !altering_look(g, e) || !gate_alter_allowed(g->plan, &g->walk, &g->facts, what, e))
		return false;
	/* Whoever uses the new table alone has it whole: behind this no trigger brings anything any more. */
	if (what == CHANGE_HOLD && plan_rule(g->plan) == RULE_SPLIT && !holding_may_begin(g, e))
		return false;
	/* What a step back had left to look at comes to its end before it is taken off again. */
	if (what == CHANGE_RELAX && !altering_finish(g, e))
		return false;
	/* No job of its own works on the table while it is changed. */
	if (!filling_over(g, &was, e) || !comparing_over(g, &was, e))
		return false;
	if (!altering_send(g, &c, e))
		return what == CHANGE_HOLD ? holding_failed(g, e) : false;
	notify_run(lot_arena(g->walk_lot), g->plan, g->walk.name, change_name(what), g->walk.target);
	engine_say(g, "%s: the lock was held for %lld ms", done_words(g, what), (long long)(g->walk.drop_us / 1000));
	return true;
}

bool altering_untrigger(struct engine *g, const char *why, struct err *e)
{
	while (walk_trigger_due(&g->walk)) {
		enum change ch = walk_back_change(&g->walk);
		/* Where the plan has no way back, what new code wrote stands in its column alone. */
		const char *answer = arena_printf(lot_arena(g->walk_lot), "%s, %s", g->plan->convert_back ? "no" : "yes", why);
		const struct act back = { .kind = ch == CHANGE_NONE ? ACT_BACK : ACT_ALTER, .key = change_name(ch), .text = ch == CHANGE_UNDUAL ? answer : why };
		if (!(ch == CHANGE_NONE ? closing_back : altering_begin)(g, &back, e))
			return err_in(e, "stepping back to where the trigger can go");
	}
	return true;
}
