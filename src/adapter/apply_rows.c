/* SPDX-License-Identifier: MIT */
/* A batch of removed rows. The numbers are those of the rules in apply_rows.h. */
#include "adapter/apply_rows.h"

#include <string.h>

#include "adapter/apply_private.h"
#include "adapter/retry.h"
#include "adapter/rows_stage.h"
#include "adapter/slotread.h"
#include "adapter/writer.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/db.h"
#include "port/files.h"

#define TRIES 5              /* of a batch whose locks are not free; then the caller makes it smaller */

struct rows_writer { struct arena *arena; struct db *db; };

struct run {
	struct db *db;
	struct arena *a;
	const struct rows_batch *b;
	struct rows_batch_end *out;
	int64_t locked, deadline;   /* this machine's clock_mono() */
};

struct rows_writer *rows_writer_open(const char *conninfo, struct err *e)
{
	struct arena *a = arena_new();
	struct rows_writer *w = arena_alloc(a, sizeof *w);
	int64_t now;
	*w = (struct rows_writer){ .arena = a, .db = writer_open(conninfo, "gatewalk removal", e) };
	if (w->db && writer_settled(w->db, a, &now, e))
		return w;
	rows_writer_close(w);
	return NULL;
}

void rows_writer_close(struct rows_writer *w)
{
	if (!w)
		return;
	db_close(w->db);
	arena_free(w->arena);
}

bool rows_writer_alive(const struct rows_writer *w)
{
	return w && db_alive(w->db);
}

/* MUST 1: the permit stands, for this walk, this plan, this batch and exactly the statement that is written here. */
static bool permitted(const struct run *r, struct err *e)
{
	const struct rows_batch *b = r->b;
	const struct permit_binding *bind = &b->binding;
	if (plan_target(b->plan) != TARGET_ROWS || !text_eq(bind->statement, sql_statement(r->a, b->plan, &b->facts->target)))
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another statement than the plan's");
	if (!text_eq(bind->sid, b->walk->sid) || !text_eq(bind->plan_digest, b->plan->digest) || !text_eq(bind->intent_head, b->walk->intent_head) ||
	    bind->intent_n != b->walk->intent_n)
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the permit is for another walk, plan or intent");
	if (!text_eq(bind->snapshot_sha256, b->stage->m.fact.manifest_sha256) || b->stage->m.fact.relid != bind->relid)
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the rows at hand are not those of the permit's snapshot");
	if (b->from_n < 0 || b->to_n <= b->from_n || b->to_n > b->stage->m.fact.rows)
		return err_set(e, ERR_VERIFY, "Nothing was sent.", "the snapshot has no such rows");
	return permit_check(b->permit, bind, b->facts->now, b->mac, e);
}

/* As the look of every removal takes it. */
static struct drop as_drop(const struct rows_batch *b)
{
	return (struct drop){ .plan = b->plan, .walk = b->walk, .facts = b->facts, .binding = b->binding, .last = b->last };
}

/* MUST 1 once more by the server's own clock: from here on the permit is spent. */
static bool ready(struct run *r, struct err *e)
{
	int64_t now;
	if (!permitted(r, e) || !writer_settled(r->db, r->a, &now, e))
		return false;
	r->deadline = clock_mono() + permit_expires(r->b->permit) - now;
	const struct drop d = as_drop(r->b);
	return apply_ready(r->db, r->a, &d, e) && permit_spend(r->b->permit, &r->b->binding, now, r->b->mac, e);
}

/* MUST 3, in one round trip. gatewalk.append takes the same lock: who settles this walk waits for the batch. */
static bool begin(struct run *r, struct err *e)
{
	const struct permit_binding *bind = &r->b->binding;
	const char *sid = sql_literal(r->a, bind->sid);
	const char *sql = arena_printf(r->a, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;\n" SLOT_OWN_WRITE_SQL "SELECT pg_advisory_xact_lock(hashtextextended('gatewalk.anchor.' || %s, 0));"
		" LOCK TABLE %s IN ROW EXCLUSIVE MODE; INSERT INTO gatewalk.permit (nonce, sid) VALUES (%s, %s); SET LOCAL statement_timeout = %d",
		sid, sid, r->b->stage->table, sql_literal(r->a, bind->nonce), sid, LOOK_MS);
	r->out->tries++;
	return db_script(r->db, r->a, sql, WRITER_STATEMENT_MS, NULL, e) || err_in(e, "locking %s", r->b->stage->table);
}

/* MUST 4. */
static bool judged(struct run *r, struct err *e)
{
	const struct rows_batch *b = r->b;
	const struct drop d = as_drop(b);
	struct facts under;
	const char *xid;
	if (!apply_look(r->db, r->a, &d, &under, &xid, e))
		return false;
	if (under.server.in_recovery)
		return err_set(e, ERR_GATE, NULL, "the server is a standby");
	if (under.target.unfit)
		return err_set(e, ERR_GATE, "Nothing was changed.", "under the lock: %s", under.target.unfit);
	return permit_rejudge(b->permit, b->plan, b->walk, &under, e);
}

/* The rows are locked in the order of their key, so that two of these never wait for each other; and the anchor of MUST 6. */
static bool hold(struct run *r, struct err *e)
{
	const struct rows_batch *b = r->b;
	const char *anchor = "";
	if (b->binding.batch == 1)
		anchor = arena_printf(r->a, "; SELECT gatewalk.append(%s, %lld, %s, %lld, %s, 'drop')", sql_literal(r->a, b->binding.sid),
			(long long)b->binding.intent_n, sql_literal(r->a, b->binding.intent_head), (long long)b->last.n,
			sql_literal(r->a, b->last.n < 0 ? "" : b->last.head));
	const char *sql = arena_printf(r->a, "SET LOCAL statement_timeout = '5s'; SET CONSTRAINTS ALL IMMEDIATE; %s; %s%s", ROWS_PLAN_SQL,
		rows_lock_sql(b->stage, r->a, b->from_n, b->to_n), anchor);
	r->locked = clock_mono();
	return db_script(r->db, r->a, sql, WRITER_STATEMENT_MS, NULL, e) || err_in(e, "locking the batch's rows");
}

/* MUST 5 and 6: the last step proves the others. It finds the walk at its removal, the anchor of this intent, and this batch the
   one that follows the ledger's last; else it changes no row, and all of it is rolled back. */
static const char *change_sql(const struct run *r)
{
	const struct rows_batch *b = r->b;
	const struct permit_binding *bind = &b->binding;
	const char *sid = sql_literal(r->a, bind->sid);
	const char *ledger = arena_printf(r->a,
		"r AS (INSERT INTO gatewalk.removal (sid, batch, nonce, from_n, to_n, rows_removed, rows_left, from_key, to_key)\n"
		"  SELECT %s, %lld, %s, %lld, %lld, (SELECT count(*) FROM d), (SELECT count(*) FROM l),\n"
		"    (SELECT %s FROM s ORDER BY n LIMIT 1), (SELECT %s FROM s ORDER BY n DESC LIMIT 1)\n"
		"  WHERE (SELECT count(*) FROM s) = %lld RETURNING rows_removed, rows_left),\n"
		"k AS (INSERT INTO gatewalk.removal_left (sid, n, key, why) SELECT %s, l.n, l.key, l.why FROM l)\n",
		sid, (long long)bind->batch, sql_literal(r->a, bind->nonce), (long long)b->from_n, (long long)b->to_n, b->stage->key, b->stage->key,
		(long long)(b->to_n - b->from_n), sid);
	return arena_printf(r->a, "%s, %s"
		"UPDATE gatewalk.walk w SET changed_at = clock_timestamp() FROM r WHERE w.sid = %s AND w.stage = %s AND w.relid = %u\n"
		"  AND EXISTS (SELECT FROM gatewalk.anchor WHERE sid = %s AND n = %lld AND head = %s AND kind = 'drop')\n"
		"  AND (SELECT coalesce(max(batch), 0) = %lld AND coalesce(max(to_n), 0) = %lld FROM gatewalk.removal WHERE sid = %s)\n"
		"RETURNING r.rows_removed, r.rows_left",
		rows_delete_sql(b->stage, r->a, b->from_n, b->to_n, b->skip), ledger, sid, sql_literal(r->a, stage_name(AT_DROPPING)), bind->relid,
		sid, (long long)bind->intent_n, sql_literal(r->a, bind->intent_head), (long long)(bind->batch - 1), (long long)b->from_n, sid);
}

static bool change(struct run *r, struct err *e)
{
	struct rows got;
	const struct query q = { .sql = change_sql(r), .ms = WRITER_STATEMENT_MS, .cols = 2, .max_rows = 1 };
	if (!db_ask(r->db, r->a, &q, &got, e))
		return err_in(e, "removing rows");
	r->out->removed = got.n ? cell_int(got.cell[0][0]) : 0;
	r->out->left = got.n ? cell_int(got.cell[0][1]) : 0;
	if (got.n == 1 && r->out->removed + r->out->left == r->b->to_n - r->b->from_n)
		return true;
	return err_set(e, ERR_VERIFY, "Nothing was changed. The job looks at the ledger again; if it comes back, find out who changed the gatewalk schema.",
		"this batch is not the one that follows the ledger's last, or its rows are not there to compare with");
}

/* MUST 7. A constraint that was deferred speaks only now. */
static bool committed(struct run *r, struct err *e)
{
	enum db_commit end = db_commit(r->db, WRITER_COMMIT_MS, e);
	r->out->held_us = clock_mono() - r->locked;
	r->out->result = end == DB_COMMITTED ? DROP_DONE : end == DB_UNKNOWN ? DROP_UNKNOWN : DROP_NOT_DONE;
	return end == DB_COMMITTED;
}

static bool attempt(struct run *r, struct err *e)
{
	r->out->result = DROP_REFUSED;
	if (!begin(r, e) || !judged(r, e))
		return false;
	r->out->result = DROP_NOT_DONE;
	return hold(r, e) && change(r, e) && committed(r, e);
}

static bool run(struct run *r, struct err *e)
{
	if (!ready(r, e))
		return false;
	for (;;) {
		if (attempt(r, e))
			return true;
		if (r->out->result == DROP_UNKNOWN)
			return false;
		db_rollback(r->db);
		if (!retry_is_lock(e) || !db_alive(r->db) || r->out->tries >= TRIES || !retry_pause(r->deadline))
			return false;
		err_clear(e);
	}
}

bool apply_rows(struct rows_writer *w, struct arena *a, const struct rows_batch *b, struct rows_batch_end *out, struct err *e)
{
	struct err why = { 0 };
	*out = (struct rows_batch_end){ .result = DROP_REFUSED };
	struct run r = { .db = w->db, .a = a, .b = b, .out = out };
	bool ok = run(&r, &why);
	if (!ok)
		out->why = arena_dup(a, why.msg);
	if (!ok && e)
		*e = why;
	return ok;
}
