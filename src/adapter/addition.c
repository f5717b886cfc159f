/* SPDX-License-Identifier: MIT */
/* The numbers are those of the rules in addition.h. */
#include "adapter/addition.h"

#include <string.h>

#include "adapter/blocker.h"
#include "adapter/locked.h"
#include "adapter/probe.h"
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

#define PATIENCE (20 * US_SECOND)

struct run {
	const struct addition *o;
	struct arena *a;
	struct addition_end *out;
	struct db *db;
	bool comes;
	const char *statement;
	struct plan seen;                  /* as the look sees the target: the table, or the column that goes */
	struct facts under;
	int attnum;                        /* of the column, when it has come; or of the one that goes */
	int64_t began, locked, deadline;   /* this machine's clock_mono() */
};

/* MUST 1: the permit stands, for this walk, this plan and exactly the statement that is written here. */
static bool permitted(struct run *r, struct err *e)
{
	const struct addition *o = r->o;
	const struct permit_binding *b = &o->binding;
	const struct walk *w = o->walk;
	r->statement = permit_statement(r->a, o->plan, w, o->facts);
	if (w->kind != TARGET_ADDED || plan_target(o->plan) != TARGET_ADDED || w->change == CHANGE_NONE)
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "this writer adds a column and takes it away again, and the walk is at neither");
	if (!text_eq(b->statement, r->statement))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another statement than the plan's");
	if (!text_eq(b->sid, w->sid) || !text_eq(b->plan_digest, o->plan->digest) || !text_eq(b->intent_head, w->intent_head) || b->intent_n != w->intent_n ||
	    b->relid != w->relid || b->attnum != permit_attnum(w) || (w->change == CHANGE_TAKE && b->attnum <= 0))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another walk, plan, change or column");
	return permit_check(o->permit, b, o->facts->now, o->mac, e);
}

/* MUST 2. */
static bool tried(struct run *r, struct err *e)
{
	struct fact_target t = r->o->facts->target;
	if (!r->comes)
		return true;
	if (!probe_added(r->db, r->a, r->o->plan, &t, e))
		return false;
	return !t.unfit || err_set(e, ERR_GATE, "Nothing was sent to the table. Correct the plan: that is a new walk.", "%s", t.unfit);
}

/* MUST 3, and MUST 1 once more by the server's own clock: from here on the permit is spent. */
static bool ready(struct run *r, struct err *e)
{
	const struct addition *o = r->o;
	int64_t now;
	if (!(r->db = writer_open(o->conninfo, "gatewalk addition", e)) || !writer_settled(r->db, r->a, &now, e) || !tried(r, e))
		return false;
	r->began = clock_mono();
	r->deadline = r->began + permit_expires(o->permit) - now;
	if (r->deadline > r->began + PATIENCE)
		r->deadline = r->began + PATIENCE;
	return permit_spend(o->permit, &o->binding, now, o->mac, e);
}

static bool lock(struct run *r, struct err *e)
{
	const struct permit_binding *b = &r->o->binding;
	const char *sql = arena_printf(r->a, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE;"
		" INSERT INTO gatewalk.permit (nonce, sid) VALUES (%s, %s); SET LOCAL statement_timeout = %d",
		writer_locks(r->a, &r->o->facts->target, true), sql_literal(r->a, b->nonce), sql_literal(r->a, b->sid), LOOK_MS);
	r->out->tries++;
	int64_t from = clock_mono();
	if (!db_script(r->db, r->a, sql, WRITER_STATEMENT_MS, NULL, e))
		return err_in(e, "locking %s.%s", r->o->plan->schema, r->o->plan->table);
	r->locked = clock_mono();
	r->out->lock_wait_us = r->locked - from;
	return true;
}

/* The column that goes must be the very one that came: nothing of the user's may have been built on it. */
static bool goes_alone(const struct run *r, struct err *e)
{
	const struct fact_target *t = &r->under.target;
	if (!t->found || t->relid != r->o->binding.relid || t->attnum != r->o->binding.attnum)
		return err_set(e, ERR_VERIFY, "Find out who changed it. Leave the walk, if it is not to go on.",
			"the column that this walk added is not there any more, or another one bears its name: nothing was taken away");
	if (t->n_blockers || t->n_falls)
		return err_set(e, ERR_GATE, "Remove it first, by a change of its own; then take the column away.", "%s was built on the new column and would fall with it",
			t->n_blockers ? t->blockers[0] : t->falls[0]);
	return true;
}

/* MUST 4. */
static bool judged(struct run *r, struct err *e)
{
	const struct addition *o = r->o;
	struct rows pairs;
	const char *more = arena_printf(r->a, "UNION ALL SELECT 'natts', relnatts::text, 1000 FROM pg_class WHERE oid = %u", o->binding.relid);
	const struct locked_look l = { .plan = &r->seen, .walk = o->walk, .facts = o->facts, .last = &o->last, .more = more };
	if (!locked_look(r->db, r->a, &l, &r->under, &pairs, e))
		return false;
	r->out->xid = pairs_get(&pairs, "xid");
	r->out->at = r->under.now;
	r->attnum = r->comes ? (int)cell_int(pairs_get(&pairs, "natts")) + 1 : o->binding.attnum;
	if (r->under.server.in_recovery || (r->comes && !locked_same(&o->facts->target, &r->under.target)))
		return err_set(e, ERR_GATE, "Look again: the table's partitions have changed.", "under the lock: other tables would be locked than those that were");
	if (r->comes && (r->under.target.unfit || r->under.target.taken))
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", r->under.target.unfit ? r->under.target.unfit : "the table has a column of that name already");
	return permit_rejudge(o->permit, o->plan, o->walk, &r->under, e) && (r->comes || goes_alone(r, e));
}

/* MUST 5. The last statement proves the others: this very column stands, or is gone, by its number, and the entry stands in the ledger. */
static const char *change_sql(struct run *r)
{
	const struct permit_binding *b = &r->o->binding;
	const struct plan *p = r->o->plan;
	const struct anchor *last = &r->o->last;
	const char *sid = sql_literal(r->a, b->sid), *head = sql_literal(r->a, b->intent_head);
	const char *comment = r->comes && p->add_comment ? arena_printf(r->a, "%s;\n", sql_comment(r->a, p)) : "";
	return arena_printf(r->a, "SET LOCAL statement_timeout = '5s';\n%s;\n%sSELECT gatewalk.append(%s, %lld, %s, %lld, %s, 'line');\n"
		"UPDATE gatewalk.walk SET stage = %s, attnum = %d, changed_at = clock_timestamp() WHERE sid = %s\n"
		"AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = %u AND attnum = %d AND %s)\n"
		"AND EXISTS (SELECT FROM gatewalk.anchor WHERE sid = %s AND n = %lld AND head = %s AND kind = 'line');\n",
		r->statement, comment, sid, (long long)b->intent_n, head, (long long)last->n, sql_literal(r->a, last->n < 0 ? "" : last->head),
		sql_literal(r->a, stage_name(r->comes ? AT_WRITES : AT_EXPAND)), r->comes ? r->attnum : 0, sid, b->relid, r->attnum,
		r->comes ? arena_printf(r->a, "attname = %s AND NOT attisdropped", sql_literal(r->a, p->column)) : "attisdropped", sid, (long long)b->intent_n, head);
}

static bool change(struct run *r, struct err *e)
{
	const char *tag = NULL;
	if (!db_script(r->db, r->a, change_sql(r), WRITER_STATEMENT_MS, &tag, e))
		return err_in(e, r->comes ? "adding the column" : "taking the column away");
	if (!text_eq(tag, "UPDATE 1"))
		return err_set(e, ERR_VERIFY, "Nothing was changed. Find out who changed the gatewalk schema or the table's name just now.",
			"the statement did not change the very column of this walk, or the ledger does not know the walk or took no entry");
	return true;
}

/* MUST 6. */
static bool committed(struct run *r, struct err *e)
{
	enum db_commit end = db_commit(r->db, WRITER_COMMIT_MS, e);
	r->out->held_us = clock_mono() - r->locked;
	r->out->result = end == DB_COMMITTED ? DROP_DONE : end == DB_UNKNOWN ? DROP_UNKNOWN : DROP_NOT_DONE;
	r->out->attnum = r->comes ? r->attnum : 0;
	return end == DB_COMMITTED;
}

static bool attempt(void *run, struct err *e)
{
	struct run *r = run;
	r->out->result = DROP_REFUSED;
	bool ok = lock(r, e) && judged(r, e);
	if (ok)
		r->out->result = DROP_NOT_DONE;
	ok = ok && change(r, e) && committed(r, e);
	if (!ok && r->out->result != DROP_UNKNOWN)
		db_rollback(r->db);
	return ok;
}

static void who_holds(struct run *r)
{
	struct err e = { 0 };
	if (!blocker_look(r->db, r->a, r->o->binding.relid, true, &r->out->blocker, &e))
		r->out->blocker = (struct fact_blocker){ 0 };
	r->out->blocker.tries = r->out->tries;
	if (r->o->held)
		r->o->held(r->o->ctx, &r->out->blocker);
}

static bool out_of_time(struct run *r, struct err *e)
{
	const struct fact_blocker *b = &r->out->blocker;
	r->out->result = DROP_REFUSED;
	return err_set(e, ERR_GATE, "End what holds it, or wait until it has ended; then begin it again. Nobody waits behind gatewalk meanwhile.",
		"no lock could be had on %s.%s in %d tries%s%s", r->o->plan->schema, r->o->plan->table, r->out->tries, b->at ? ": " : "", b->at ? blocker_says(r->a, b) : "");
}

static bool run(struct run *r, struct err *e)
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

bool addition_run(struct arena *a, const struct addition *o, struct addition_end *out, struct err *e)
{
	struct err why = { 0 };
	*out = (struct addition_end){ .result = DROP_REFUSED };
	struct run r = { .o = o, .a = a, .out = out, .comes = o->walk->change == CHANGE_ADD, .seen = *o->plan };
	if (!r.comes)
		r.seen.recipe = "drop-column";
	bool ok = run(&r, &why);
	if (!ok)
		out->why = arena_dup(a, why.msg);
	if (!ok && out->result != DROP_UNKNOWN)
		out->at = 0;
	if (!ok && e)
		*e = why;
	db_close(r.db);
	return ok;
}
