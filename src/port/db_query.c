/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/db_private.h"

#define KEPT "gatewalk_kept"

bool db_ready(struct db *db, struct err *e)
{
	if (db_alive(db))
		return true;
	return err_set(e, ERR_DB_LOST, "Start again: gatewalk looks at what stands before it goes on.", "the connection to the server is gone");
}

void db_one_line(const char *s, char *out, size_t size)
{
	size_t n = 0;
	for (; s && *s && n + 1 < size; s++)
		out[n++] = *s == '\n' || *s == '\t' ? ' ' : *s;
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

/* The server ended the session, or says that it is about to. */
static bool is_lost(const struct db *db, const PGresult *res)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	if (PQstatus(db->conn) == CONNECTION_BAD)
		return true;
	if (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0))
		return true;
	return state && (strncmp(state, "08", 2) == 0 || strcmp(state, "57P01") == 0 || strcmp(state, "57P02") == 0
		|| strcmp(state, "57P03") == 0);
}

bool db_error(struct db *db, const PGresult *res, struct err *e)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE), *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
	const char *hint = PQresultErrorField(res, PG_DIAG_MESSAGE_HINT), *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	bool lost = is_lost(db, res);
	const char *at = PQresultErrorField(res, PG_DIAG_STATEMENT_POSITION);
	char line[700];
	db->error_at = at ? atoi(at) : 0;
	db_one_line(primary ? primary : PQerrorMessage(db->conn), line, sizeof line);
	if (lost) {
		db->lost = true;
		err_set(e, ERR_DB_LOST, "What was sent last may or may not have happened: gatewalk looks before it goes on.",
			"the connection to the server was lost%s%s", line[0] ? ": " : "", line);
	} else {
		err_set(e, ERR_DB, hint, "%s%s%s", line[0] ? line : "the server gave no reason", detail ? ": " : "", detail ? detail : "");
	}
	if (e && state)
		snprintf(e->sqlstate, sizeof e->sqlstate, "%s", state);
	return false;
}

int db_error_position(const struct db *db)
{
	return db->error_at;
}

static bool is_ok(const PGresult *res)
{
	ExecStatusType s = PQresultStatus(res);
	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK || s == PGRES_EMPTY_QUERY;
}

/* Takes what a statement that was just sent answers. NULL with e when it failed, was late, or was a COPY. */
static PGresult *answer(struct db *db, int ms, struct err *e)
{
	enum db_turn turn;
	PGresult *res = db_collect(db, db_deadline(ms), &turn);
	if (turn == TURN_LATE) {
		db_late(db, ms, &res, e);
		return res;
	}
	if (turn == TURN_READY && is_ok(res))
		return res;
	ExecStatusType s = PQresultStatus(res);
	if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH) {
		db->lost = true;   /* nothing else can be sent on it */
		err_set(e, ERR_INTERNAL, NULL, "COPY was sent as a plain query");
	} else {
		db_error(db, res, e);
	}
	PQclear(res);
	return NULL;
}

bool db_long(struct db *db, const char *sql, int every_ms, bool (*tick)(void *ctx), void *ctx, struct err *e)
{
	enum db_turn turn;
	PGresult *res;
	if (!db_ready(db, e))
		return false;
	if (!PQsendQuery(db->conn, sql))
		return db_error(db, NULL, e);
	while ((res = db_collect(db, db_deadline(every_ms), &turn)) == NULL && turn == TURN_LATE) {
		if (tick(ctx))
			continue;
		bool ended = db_stop(db, &res), well = ended && is_ok(res);
		const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
		if (!ended)
			err_set(e, ERR_DB_LOST, NULL, "the server did not let a statement be cancelled");
		else if (!well && state && strcmp(state, "57014") != 0)
			db_error(db, res, e);   /* it failed by itself, just then */
		else if (!well)
			err_set(e, ERR_INTERRUPTED, NULL, "stopped");
		PQclear(res);
		return well;
	}
	bool ok = turn == TURN_READY && is_ok(res);
	if (!ok)
		db_error(db, res, e);
	PQclear(res);
	return ok;
}

static void take_rows(struct arena *a, const PGresult *res, struct rows *out)
{
	out->n = PQntuples(res);
	out->cols = PQnfields(res);
	out->tag = arena_dup(a, PQcmdStatus((PGresult *)res));
	out->cell = arena_array(a, (size_t)out->n, sizeof *out->cell);
	for (int r = 0; r < out->n; r++) {
		out->cell[r] = arena_array(a, (size_t)out->cols, sizeof **out->cell);
		for (int c = 0; c < out->cols; c++)
			if (!PQgetisnull(res, r, c))
				out->cell[r][c] = arena_dupn(a, PQgetvalue(res, r, c), (size_t)PQgetlength(res, r, c));
	}
}

static bool shape_fits(const struct query *q, const PGresult *res, struct err *e)
{
	int n = PQntuples(res), cols = PQnfields(res);
	if (q->cols >= 0 && cols != q->cols)
		return err_set(e, ERR_INTERNAL, NULL, "the server answered %d columns where %d were expected: %.80s", cols, q->cols, q->sql);
	if (n < q->min_rows || (q->max_rows > 0 && n > q->max_rows))
		return err_set(e, ERR_INTERNAL, NULL, "the server answered %d rows where %d to %d were expected: %.80s", n, q->min_rows, q->max_rows, q->sql);
	return true;
}

/* Prepared statements stand outside of transactions: one that was made in a transaction outlives its rollback. */
static bool keep(struct db *db, const struct query *q, int ms, struct err *e)
{
	if (db->kept && strcmp(db->kept, q->sql) == 0)
		return true;
	if (db->kept && !db_script(db, NULL, "DEALLOCATE " KEPT, ms, NULL, e))
		return false;
	free(db->kept);
	db->kept = NULL;
	if (!PQsendPrepare(db->conn, KEPT, q->sql, q->nargs, NULL))
		return db_error(db, NULL, e);
	PGresult *res = answer(db, ms, e);
	PQclear(res);
	if (!res)
		return false;
	if (!(db->kept = strdup(q->sql)))
		abort();
	return true;
}

bool db_ask(struct db *db, struct arena *a, const struct query *q, struct rows *out, struct err *e)
{
	if (!db_ready(db, e))
		return false;
	int ms = q->ms > 0 ? q->ms : DB_DEFAULT_MS;
	if (q->kept && !keep(db, q, ms, e))
		return false;
	if (!(q->kept ? PQsendQueryPrepared(db->conn, KEPT, q->nargs, q->args, NULL, NULL, 0) :
	                PQsendQueryParams(db->conn, q->sql, q->nargs, NULL, q->args, NULL, NULL, 0)))
		return db_error(db, NULL, e);
	PGresult *res = answer(db, ms, e);
	if (!res)
		return false;
	bool ok = shape_fits(q, res, e);
	if (ok && out)
		take_rows(a, res, out);
	PQclear(res);
	return ok;
}

const char *db_value(struct db *db, struct arena *a, const struct query *q, struct err *e)
{
	struct query one = *q;
	struct rows rows;
	one.cols = one.min_rows = one.max_rows = 1;
	err_clear(e);
	return db_ask(db, a, &one, &rows, e) ? rows.cell[0][0] : NULL;
}

bool db_script(struct db *db, struct arena *a, const char *sql, int ms, const char **tag, struct err *e)
{
	if (!db_ready(db, e))
		return false;
	if (!PQsendQuery(db->conn, sql))
		return db_error(db, NULL, e);
	PGresult *res = answer(db, ms > 0 ? ms : DB_DEFAULT_MS, e);
	if (!res)
		return false;
	if (tag)
		*tag = arena_dup(a, PQcmdStatus(res));
	PQclear(res);
	return true;
}

static enum db_commit commit_unknown(struct err *e, const char *why)
{
	err_set(e, ERR_DB_LOST, "Whether it was committed is not known yet: gatewalk reads the ledger before it says so.", "%s", why);
	return DB_UNKNOWN;
}

/* What the answer to COMMIT means. */
static enum db_commit commit_end(struct db *db, const PGresult *res, struct err *e)
{
	const char *tag = PQcmdStatus((PGresult *)res);
	if (PQresultStatus(res) == PGRES_COMMAND_OK && tag && strcmp(tag, "COMMIT") == 0)
		return DB_COMMITTED;
	if (PQresultStatus(res) == PGRES_COMMAND_OK) {
		err_set(e, ERR_DB, NULL, "the transaction had failed before; the server answered %s to COMMIT", tag && tag[0] ? tag : "nothing");
		return DB_ROLLED_BACK;
	}
	db_error(db, res, e);
	return db->lost ? DB_UNKNOWN : DB_ROLLED_BACK;
}

enum db_commit db_commit(struct db *db, int ms, struct err *e)
{
	if (!db_alive(db))
		return commit_unknown(e, "the connection to the server is gone");
	/* Outside a transaction the server answers COMMIT to COMMIT. */
	if (PQtransactionStatus(db->conn) == PQTRANS_IDLE) {
		err_set(e, ERR_INTERNAL, NULL, "COMMIT without a transaction");
		return DB_ROLLED_BACK;
	}
	if (!PQsendQuery(db->conn, "COMMIT")) {
		db->lost = true;
		return commit_unknown(e, "COMMIT could not be sent");
	}
	enum db_turn turn;
	PGresult *res = db_collect(db, db_deadline(ms > 0 ? ms : DB_DEFAULT_MS), &turn);
	if (turn == TURN_LATE && (!db_stop(db, &res) || !res))
		return commit_unknown(e, "the server did not answer COMMIT in time");
	if (!res)
		return commit_unknown(e, "the connection was lost at COMMIT");
	enum db_commit end = commit_end(db, res, e);
	PQclear(res);
	return end;
}

bool db_in_transaction(const struct db *db)
{
	return PQtransactionStatus(db->conn) != PQTRANS_IDLE;
}

void db_rollback(struct db *db)
{
	if (!db_alive(db) || PQtransactionStatus(db->conn) == PQTRANS_IDLE)
		return;
	if (!PQsendQuery(db->conn, "ROLLBACK")) {
		db->lost = true;
		return;
	}
	enum db_turn turn;
	PGresult *res = db_collect(db, db_deadline(2000), &turn);
	if (turn != TURN_READY || !is_ok(res))
		db->lost = true;   /* a session whose transaction cannot be ended is not used again */
	PQclear(res);
}
