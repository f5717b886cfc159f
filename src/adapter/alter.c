/* SPDX-License-Identifier: MIT */
/* The numbers are those of the rules in alter.h. */
#include "adapter/alter_private.h"

#include <string.h>

#include "adapter/blocker.h"
#include "adapter/locked.h"
#include "adapter/probe_target.h"
#include "adapter/retry.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

/* MUST 1: the permit stands, for this walk, this plan and exactly the statement that is written here. */
static bool permitted(struct altering *r, struct err *e)
{
	const struct alter *o = r->o;
	const struct permit_binding *b = &o->binding;
	const struct walk *w = o->walk;
	if (!r->form || w->kind != plan_target(o->plan) || !walk_is_changing(w))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "this writer changes a table, and the walk is at no change of one");
	r->statement = permit_statement(r->a, o->plan, w, o->facts);
	if (!*r->statement || !text_eq(b->statement, r->statement))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another statement than the plan's");
	if (!text_eq(b->sid, w->sid) || !text_eq(b->plan_digest, o->plan->digest) || !text_eq(b->intent_head, w->intent_head) || b->intent_n != w->intent_n ||
	    b->relid != w->relid || b->attnum != permit_attnum(w) || (r->form->goes && b->attnum <= 0))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another walk, plan, change or column");
	return permit_check(o->permit, b, o->facts->now, o->mac, e);
}

static struct locked_look look(struct altering *r)
{
	return (struct locked_look){ .plan = &r->seen, .walk = r->o->walk, .facts = r->o->facts, .last = &r->o->last,
		.more = arena_printf(r->a, WRITER_ALONE_PAIR_SQL "%s", r->form->more ? r->form->more(r) : "") };
}

/* MUST 3, and MUST 1 once more by the server's own clock: from here on the permit is spent. */
static bool ready(struct altering *r, struct err *e)
{
	const struct alter *o = r->o;
	int64_t now;
	if (!(r->db = writer_open(o->conninfo, "gatewalk alter", e)) || !writer_settled(r->db, r->a, &now, e))
		return false;
	int64_t began = clock_mono();
	r->deadline = began + permit_expires(o->permit) - now;
	if (r->deadline > began + CHANGE_PATIENCE_S * US_SECOND)
		r->deadline = began + CHANGE_PATIENCE_S * US_SECOND;
	if (r->form->tried && !r->form->tried(r, e))
		return false;
	const struct locked_look l = look(r);
	return locked_ready(r->db, r->a, &l, e) && permit_spend(o->permit, &o->binding, now, o->mac, e);
}

static bool lock(struct altering *r, struct err *e)
{
	const struct permit_binding *b = &r->o->binding;
	const char *sql = arena_printf(r->a, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = %d; LOCK TABLE %s IN %s MODE;"
		" INSERT INTO gatewalk.permit (nonce, sid) VALUES (%s, %s); SET LOCAL statement_timeout = %d", CHANGE_LOCK_MS,
		writer_locks(r->a, &r->o->facts->target, true), r->form->lock ? r->form->lock(r) : "ACCESS EXCLUSIVE",
		sql_literal(r->a, b->nonce), sql_literal(r->a, b->sid), LOOK_MS);
	r->out->tries++;
	int64_t from = clock_mono();
	if (!db_script(r->db, r->a, sql, WRITER_STATEMENT_MS, NULL, e))
		return err_in(e, "locking %s.%s", r->o->plan->schema, r->o->plan->table);
	r->locked = clock_mono();
	r->out->lock_wait_us = r->locked - from;
	return true;
}

static bool same_locks(const struct altering *r, struct err *e)
{
	return (!r->under.server.in_recovery && (r->form->goes || locked_same(&r->o->facts->target, &r->under.target))) ||
		err_set(e, ERR_GATE, "Look again: the table's partitions or its foreign keys have changed.", "under the lock: other tables would be locked than those that were");
}

/* The table, and in it the plan's own column, are those of the walk. */
static bool same_target(const struct altering *r, struct err *e)
{
	const struct fact_target *t = &r->under.target;
	if (!r->form->goes && (!t->found || t->relid != r->o->binding.relid || t->attnum != r->o->binding.attnum))
		return err_set(e, ERR_VERIFY, "Find out who changed it. Leave the walk, if it is not to go on.", "under the lock: %s is not what the walk began with", r->o->walk->target);
	return true;
}

/* MUST 4. */
static bool judged(struct altering *r, struct err *e)
{
	const struct alter *o = r->o;
	struct rows pairs;
	const struct locked_look l = look(r);
	if (!locked_look(r->db, r->a, &l, &r->under, &pairs, e))
		return false;
	if (r->form->alone && !writer_alone(&pairs, e))
		return false;
	r->out->xid = pairs_get(&pairs, "xid");
	r->out->at = r->under.now;
	return same_locks(r, e) && permit_rejudge(o->permit, o->plan, o->walk, &r->under, e) && same_target(r, e) && (!r->form->fits || r->form->fits(r, &pairs, e));
}

/* MUST 5. The last statement proves the others: what was changed is so, and the entry stands in the ledger. The walk's row has the number of a column that
   comes where that is the plan's own. */
static int change_ms(const struct altering *r)
{
	return r->form->ms ? r->form->ms(r) : WRITER_STATEMENT_MS - 1000;
}

static const char *change_sql(const struct altering *r)
{
	const struct permit_binding *b = &r->o->binding;
	const struct anchor *last = &r->o->last;
	const struct walk *w = r->o->walk;
	const char *sid = sql_literal(r->a, b->sid), *head = sql_literal(r->a, b->intent_head);
	const char *number = w->kind == TARGET_ADDED ? arena_printf(r->a, ", attnum = %d", r->form->goes ? 0 : r->attnum) : "";
	return arena_printf(r->a, "SET LOCAL statement_timeout = %d;\n%sSELECT gatewalk.append(%s, %lld, %s, %lld, %s, 'line');\n"
		"UPDATE gatewalk.walk SET stage = %s%s, changed_at = clock_timestamp() WHERE sid = %s\n"
		"AND %s\n"
		"AND EXISTS (SELECT FROM gatewalk.anchor WHERE sid = %s AND n = %lld AND head = %s AND kind = 'line');\n",
		change_ms(r), r->form->sql ? r->form->sql(r) : arena_printf(r->a, "%s;\n", r->statement), sid, (long long)b->intent_n, head, (long long)last->n,
		sql_literal(r->a, last->n < 0 ? "" : last->head), sql_literal(r->a, stage_name(walk_change_to(w))), number, sid, r->form->proof(r), sid, (long long)b->intent_n, head);
}

static bool change(struct altering *r, struct err *e)
{
	const char *tag = NULL;
	if (!db_script(r->db, r->a, change_sql(r), change_ms(r) + 1000, &tag, e))
		return err_in(e, "%s", r->form->doing);
	if (!text_eq(tag, "UPDATE 1"))
		return err_set(e, ERR_VERIFY, "Nothing was changed. Find out who changed the gatewalk schema or the table's name just now.",
			"the statement did not do to the very column of this walk what it says, or the ledger does not know the walk or took no entry");
	return true;
}

/* MUST 6. */
static bool committed(struct altering *r, struct err *e)
{
	enum db_commit end = db_commit(r->db, WRITER_COMMIT_MS, e);
	r->out->held_us = clock_mono() - r->locked;
	r->out->result = end == DB_COMMITTED ? DROP_DONE : end == DB_UNKNOWN ? DROP_UNKNOWN : DROP_NOT_DONE;
	r->out->attnum = r->o->walk->change == CHANGE_ADD ? r->attnum : 0;
	return end == DB_COMMITTED;
}

static bool attempt(void *run, struct err *e)
{
	struct altering *r = run;
	r->out->result = DROP_REFUSED;
	bool ok = lock(r, e) && judged(r, e);
	if (ok)
		r->out->result = DROP_NOT_DONE;
	ok = ok && change(r, e) && committed(r, e);
	if (!ok && r->out->result != DROP_UNKNOWN)
		db_rollback(r->db);
	return ok;
}

static void who_holds(struct altering *r)
{
	struct err e = { 0 };
	if (!blocker_look(r->db, r->a, r->o->binding.relid, true, &r->out->blocker, &e))
		r->out->blocker = (struct fact_blocker){ 0 };
	r->out->blocker.tries = r->out->tries;
	if (r->o->held)
		r->o->held(r->o->ctx, &r->out->blocker);
}

static bool out_of_time(struct altering *r, struct err *e)
{
	const struct fact_blocker *b = &r->out->blocker;
	r->out->result = DROP_REFUSED;
	return err_set(e, ERR_GATE, "End what holds it, or wait until it has ended; then begin it again. Nobody waits behind gatewalk meanwhile.",
		"no lock could be had on %s.%s in %d tries%s%s", r->o->plan->schema, r->o->plan->table, r->out->tries, b->at ? ": " : "", b->at ? blocker_says(r->a, b) : "");
}

static bool run(struct altering *r, struct err *e)
{
	if (!permitted(r, e) || !ready(r, e))
		return false;
	for (;;) {
		if (writer_unstoppable(attempt, r, e)) {
			r->out->blocker = (struct fact_blocker){ 0 };
			return true;
		}
		if (r->out->result == DROP_UNKNOWN || !retry_is_lock(e) || !db_alive(r->db))
			return false;
		who_holds(r);
		if (!retry_pause(r->deadline))
			return out_of_time(r, e);
		err_clear(e);
	}
}

bool alter_run(struct arena *a, const struct alter *o, struct alter_end *out, struct err *e)
{
	struct err why = { 0 };
	*out = (struct alter_end){ .result = DROP_REFUSED };
	struct altering r = { .o = o, .a = a, .out = out, .form = alter_form(o->plan, o->walk->change), .seen = *o->plan, .attnum = o->binding.attnum };
	if (r.form && r.form->goes) {
		r.seen.recipe = "drop-column";
		r.seen.column = plan_new_column(o->plan);
	}
	bool ok = run(&r, &why);
	if (ok && o->walk->change == CHANGE_TIGHTEN && !alter_rest_on(r.db, a, o->walk, &why))
		out->left = arena_dup(a, why.msg);
	if (!ok)
		out->why = arena_dup(a, why.msg);
	if (!ok && out->result != DROP_UNKNOWN)
		out->at = 0;
	if (!ok && e)
		*e = why;
	db_close(r.db);
	return ok;
}
