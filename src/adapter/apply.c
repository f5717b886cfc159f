/* SPDX-License-Identifier: MIT */
/* The drop. The numbers are those of the rules in apply.h. */
#include "adapter/apply.h"

#include <string.h>
#include <time.h>

#include "adapter/apply_private.h"
#include "adapter/guard.h"
#include "adapter/own.h"
#include "adapter/retry.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/crypto.h"
#include "port/db.h"
#include "port/files.h"

#define ENDED_PAUSE_MS 50

struct run {
	const struct drop *d;
	struct arena *a;
	struct drop_end *out;
	struct db *db;
	const char *statement, *held, *guard;   /* held goes before the statement, guard behind it; so do own's two parts */
	const char *change;                /* all of MUST 5, as it will be sent: the guard's pass is for these very bytes */
	struct own_removal own;
	struct facts under;
	int64_t began, locked, deadline;   /* this machine's clock_mono() */
};

/* MUST 1: the permit stands, for this walk, this plan and exactly the statement that is written here. */
static bool permitted(struct run *r, struct err *e)
{
	const struct drop *d = r->d;
	const struct permit_binding *b = &d->binding;
	r->statement = sql_statement(r->a, d->plan, &d->facts->target);
	if (!text_eq(b->statement, r->statement))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another statement than the plan's");
	if (d->walk->kind != plan_target(d->plan) || (d->walk->kind != TARGET_COLUMN && d->walk->kind != TARGET_TABLE))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "this writer drops columns and tables, and the walk is of neither");
	if (!text_eq(b->sid, d->walk->sid) || !text_eq(b->plan_digest, d->plan->digest) || !text_eq(b->intent_head, d->walk->intent_head) ||
	    b->intent_n != d->walk->intent_n)
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another walk, plan or intent");
	return permit_check(d->permit, b, d->facts->now, d->mac, e);
}

static const char *anchor_sql(const struct run *r)
{
	const struct drop *d = r->d;
	return arena_printf(r->a, "SELECT gatewalk.append(%s, %lld, %s, %lld, %s, 'drop')", sql_literal(r->a, d->binding.sid),
		(long long)d->binding.intent_n, sql_literal(r->a, d->binding.intent_head), (long long)d->last.n,
		sql_literal(r->a, d->last.n < 0 ? "" : d->last.head));
}

static const char *gone_sql(const struct run *r)
{
	const struct permit_binding *b = &r->d->binding;
	if (r->d->walk->kind == TARGET_TABLE)
		return arena_printf(r->a, "NOT EXISTS (SELECT FROM pg_class WHERE oid = %u)", b->relid);
	return arena_printf(r->a, "EXISTS (SELECT FROM pg_attribute WHERE attrelid = %u AND attnum = %d AND attisdropped)", b->relid, b->attnum);
}

/* The last statement proves the others: this very target is gone, by oid and number, and its entry stands in the ledger. */
static const char *walk_sql(const struct run *r)
{
	const struct permit_binding *b = &r->d->binding;
	const char *sid = sql_literal(r->a, b->sid);
	return arena_printf(r->a, "UPDATE gatewalk.walk SET stage = %s, dropped_at = clock_timestamp(), changed_at = clock_timestamp() WHERE sid = %s"
		" AND %s"
#ifndef NEGATIVE_ANCHOR_APART
		" AND EXISTS (SELECT FROM gatewalk.anchor WHERE sid = %s AND n = %lld AND head = %s AND kind = 'drop')",
#else
		" /* %s %lld %s */",
#endif
		sql_literal(r->a, stage_name(AT_MONITOR)), sid, gone_sql(r), sid, (long long)b->intent_n, sql_literal(r->a, b->intent_head));
}

/* The guard's own trigger goes behind the statement: once the pass is spent, it is no longer guarded. With a table it goes along. */
static const char *change_sql(const struct run *r)
{
	const char *anchor = anchor_sql(r);
#ifdef NEGATIVE_ANCHOR_APART   /* the sweep's negative control: this fault it must find */
	anchor = "SELECT 1";
#endif
	return arena_printf(r->a, "SET LOCAL statement_timeout = '5s';\n%s%s%s;\n%s%s%s;\n%s;\n", r->own.before, r->held, r->statement, r->own.after,
		r->d->walk->kind == TARGET_COLUMN ? r->guard : "", anchor, walk_sql(r));
}

/* MUST 2, and MUST 1 once more by the server's own clock: from here on the permit is spent. */
static bool ready(struct run *r, struct err *e)
{
	const struct drop *d = r->d;
	int64_t now;
	if (!(r->db = writer_open(d->conninfo, "gatewalk drop", e)) || !writer_settled(r->db, r->a, &now, e))
		return false;
	r->deadline = clock_mono() + permit_expires(d->permit) - now;
	r->own = (struct own_removal){ .relid = d->binding.relid, .whole = d->walk->kind == TARGET_TABLE };
	if (!own_removal_sql(r->db, r->a, d->walk->sid, &r->own, e) || !guard_removal_sql(r->db, r->a, d->walk->sid, true, &r->held, e) ||
	    !guard_removal_sql(r->db, r->a, d->walk->sid, false, &r->guard, e))
		return false;
	r->change = change_sql(r);
	return apply_ready(r->db, r->a, d, e) && permit_spend(d->permit, &d->binding, now, d->mac, e);
}

/* MUST 3, in one round trip; with it comes the guard's pass, where there is a guard. With a table each partition stands in the list
   itself: without ONLY the server would take them in an order of its own. */
static const char *lock_sql(const struct run *r)
{
	const char *sid = sql_literal(r->a, r->d->binding.sid);
	char message[65];
	crypto_sha256_hex(r->change, strlen(r->change), message);
	return arena_printf(r->a, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE;"
		" INSERT INTO gatewalk.permit (nonce, sid) VALUES (%s, %s); SELECT gatewalk.guard_pass(%s, '%s'); SET LOCAL statement_timeout = %d",
		writer_locks(r->a, &r->d->facts->target, r->d->walk->kind == TARGET_TABLE), sql_literal(r->a, r->d->binding.nonce), sid, sid, message, LOOK_MS);
}

static bool lock(struct run *r, struct err *e)
{
	r->out->tries++;
	if (!db_script(r->db, r->a, lock_sql(r), WRITER_STATEMENT_MS, NULL, e))
		return err_in(e, "locking %s.%s", r->d->plan->schema, r->d->plan->table);
	r->locked = clock_mono();
	r->out->lock_wait_us = r->locked - r->began;
	return true;
}

/* MUST 4. */
static bool judged(struct run *r, struct err *e)
{
	const struct drop *d = r->d;
	if (!apply_look(r->db, r->a, d, &r->under, &r->out->xid, e))
		return false;
	r->out->at = r->under.now;
	if (r->under.server.in_recovery || !locked_same(&d->facts->target, &r->under.target))
		return err_set(e, ERR_GATE, "Look again: what would fall has changed.", "under the lock: other tables would be locked than those that were");
	if (r->under.target.unfit)
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", r->under.target.unfit);
	if (!text_eq(sql_statement(r->a, d->plan, &r->under.target), r->statement))
		return err_set(e, ERR_GATE, "Look again, then go to the drop again.", "under the lock: the statement would not be the one that was signed");
	if (!permit_rejudge(d->permit, d->plan, d->walk, &r->under, e))
		return false;
	if (!d->files_same || !d->files_same(d->ctx))
		return err_set(e, ERR_VERIFY, "Take the final snapshot again (item 10).", "under the lock: the snapshot's files were changed after their proof");
	return true;
}

/* MUST 5: all of it in one script, in the transaction that holds the lock. */
static bool change(struct run *r, struct err *e)
{
	const char *tag = NULL;
	if (!db_script(r->db, r->a, r->change, WRITER_STATEMENT_MS, &tag, e))
		return err_in(e, "dropping the %s", target_noun(r->d->walk->kind));
	if (!text_eq(tag, "UPDATE 1"))
		return err_set(e, ERR_VERIFY, "Nothing was changed. Find out who changed the gatewalk schema or the table's name just now.",
			"the statement did not drop the very %s of this walk, or the ledger does not know the walk or took no entry", target_noun(r->d->walk->kind));
	return true;
}

#ifdef NEGATIVE_ANCHOR_APART
static void anchor_apart(struct run *r)
{
	db_script(r->db, r->a, anchor_sql(r), WRITER_STATEMENT_MS, NULL, NULL);
}
#endif

/* MUST 6. */
static bool committed(struct run *r, struct err *e)
{
	enum db_commit end = db_commit(r->db, WRITER_COMMIT_MS, e);
	r->out->held_us = clock_mono() - r->locked;
	r->out->result = end == DB_COMMITTED ? DROP_DONE : end == DB_UNKNOWN ? DROP_UNKNOWN : DROP_NOT_DONE;
#ifdef NEGATIVE_ANCHOR_APART
	if (end == DB_COMMITTED)
		anchor_apart(r);
#endif
	return end == DB_COMMITTED;
}

/* MUST 7: from the lock to the end of COMMIT three round trips: look, change, commit. */
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

static bool run(struct run *r, struct err *e)
{
	if (!permitted(r, e) || !ready(r, e))
		return false;
	r->began = clock_mono();
	for (;;) {
		if (writer_unstoppable(attempt, r, e))
			return true;
		if (r->out->result == DROP_UNKNOWN || !retry_is_lock(e) || !db_alive(r->db))
			return false;
		if (!retry_pause(r->deadline)) {
			r->out->result = DROP_REFUSED;
			return err_set(e, ERR_GATE, "Somebody holds the table for long: gatewalk status names the longest transaction. Go to the drop again.",
				"no lock could be had on %s.%s in %d tries while the permit held", r->d->plan->schema, r->d->plan->table, r->out->tries);
		}
		err_clear(e);
	}
}

bool apply_drop(struct arena *a, const struct drop *d, struct drop_end *out, struct err *e)
{
	struct err why = { 0 };
	*out = (struct drop_end){ .result = DROP_REFUSED };
	struct run r = { .d = d, .a = a, .out = out };
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

bool apply_ended(struct db *db, const char *sid, int ms, struct err *e)
{
	struct arena *a = arena_new();
	const char *const args[] = { sid };
	/* gatewalk.append holds this lock to the end of the drop's transaction. */
	const struct query q = {
		.sql = "/* gatewalk */ SELECT CASE WHEN pg_try_advisory_lock(k) THEN pg_advisory_unlock(k) ELSE false END"
		       " FROM (SELECT hashtextextended('gatewalk.anchor.' || $1, 0)) h(k)",
		.args = args, .nargs = 1, .cols = 1, .min_rows = 1, .max_rows = 1,
	};
	const struct timespec pause = { .tv_nsec = ENDED_PAUSE_MS * 1000000L };
	int64_t until = clock_mono() + (int64_t)ms * 1000;
	bool ended = false;
	struct rows r;
	while (db_ask(db, a, &q, &r, e) && !(ended = cell_bool(r.cell[0][0]))) {
		if (clock_mono() >= until) {
			err_set(e, ERR_WAIT, "Look again in a moment: the server is still at COMMIT, as a rule because a synchronous standby does not answer.",
				"the drop's transaction has not ended yet");
			break;
		}
		nanosleep(&pause, NULL);
	}
	arena_free(a);
	return ended;
}
