/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/db_private.h"

/* The widest piece handed to libpq at once: its buffer grows by what it is given. */
#define PIECE ((size_t)1 << 20)

/* Sends sql and waits until the server is in the COPY state. */
static bool copy_begin(struct db *db, const char *sql, int ms, ExecStatusType state, struct err *e)
{
	if (!db_ready(db, e))
		return false;
	if (!PQsendQuery(db->conn, sql))
		return db_error(db, NULL, e);
	enum db_turn turn;
	PGresult *res = db_collect(db, db_deadline(ms), &turn);
	bool ok = false;
	if (turn == TURN_LATE)
		ok = db_late(db, ms, &res, e) && err_set(e, ERR_INTERNAL, NULL, "the statement is no COPY");
	else if (PQresultStatus(res) == state)
		ok = true;
	else if (PQresultStatus(res) == PGRES_COMMAND_OK || PQresultStatus(res) == PGRES_TUPLES_OK)
		err_set(e, ERR_INTERNAL, NULL, "the statement is no COPY");
	else
		db_error(db, res, e);
	PQclear(res);
	return ok;
}

/* The result behind the last row. *rows (may be NULL) gets the count of the tag. */
static bool copy_end(struct db *db, int ms, int64_t *rows, struct err *e)
{
	enum db_turn turn;
	PGresult *res = db_collect(db, db_deadline(ms), &turn);
	bool ok = false;
	if (turn == TURN_LATE)
		ok = db_late(db, ms, &res, e);
	else if (PQresultStatus(res) == PGRES_COMMAND_OK && turn == TURN_READY)
		ok = true;
	else
		db_error(db, res, e);
	if (ok && rows)
		*rows = strtoll(PQcmdTuples(res), NULL, 10);
	PQclear(res);
	return ok;
}

/* Ends a COPY that we do not want any more; the error is the caller's. */
static bool copy_abandon(struct db *db)
{
	PGresult *last;
	db_stop(db, &last);
	PQclear(last);
	return false;
}

/* What came of waiting for the server. */
static bool copy_turn(struct db *db, enum db_turn turn, int ms, struct err *e)
{
	PGresult *last = NULL;
	switch (turn) {
	case TURN_READY:
		return true;
	case TURN_LOST:
		return db_error(db, NULL, e);
	case TURN_LATE:
		break;
	}
	if (db_late(db, ms, &last, e))
		err_set(e, ERR_DB, NULL, "the server was silent for %g s", ms / 1000.0);
	PQclear(last);
	return false;
}

bool db_copy_out(struct db *db, const char *sql, int idle_ms, db_sink *sink, void *ctx, struct err *e)
{
	int ms = idle_ms > 0 ? idle_ms : DB_DEFAULT_MS;
	if (!copy_begin(db, sql, ms, PGRES_COPY_OUT, e))
		return false;
	for (;;) {
		char *row = NULL;
		int got = PQgetCopyData(db->conn, &row, 1);
		if (got == 0) {
			if (!copy_turn(db, db_wait(db, db_deadline(ms)), ms, e))
				return false;
			continue;
		}
		if (got < 0)
			break;
		bool more = sink(ctx, row, (size_t)got, e);
		PQfreemem(row);
		if (!more)
			return copy_abandon(db);
	}
	return copy_end(db, ms, NULL, e);
}

static bool copy_send(struct db *db, const char *data, size_t len, int ms, struct err *e)
{
	while (len > 0) {
		size_t piece = len < PIECE ? len : PIECE;
		int put = PQputCopyData(db->conn, data, (int)piece);
		if (put < 0)
			return db_error(db, NULL, e);
		if (put > 0) {
			data += piece;
			len -= piece;
		}
		/* Everything has left before the next piece: libpq's memory stays bounded. */
		if (!copy_turn(db, db_flush(db, db_deadline(ms)), ms, e))
			return false;
	}
	return true;
}

bool db_copy_in(struct db *db, const char *sql, int idle_ms, db_source *source, void *ctx, int64_t *rows, struct err *e)
{
	int ms = idle_ms > 0 ? idle_ms : DB_DEFAULT_MS;
	if (!copy_begin(db, sql, ms, PGRES_COPY_IN, e))
		return false;
	for (;;) {
		const char *data = NULL;
		size_t len = 0;
		if (!source(ctx, &data, &len, e))
			return copy_abandon(db);
		if (len == 0)
			break;
		if (!copy_send(db, data, len, ms, e))
			return false;
	}
	int put;
	while ((put = PQputCopyEnd(db->conn, NULL)) == 0)
		if (!copy_turn(db, db_flush(db, db_deadline(ms)), ms, e))
			return false;
	if (put < 0)
		return db_error(db, NULL, e);
	return copy_end(db, ms, rows, e);
}

static bool take_notice(struct db *db, struct arena *a, const char **channel, const char **payload)
{
	PGnotify *n = PQnotifies(db->conn);
	if (!n)
		return false;
	if (channel)
		*channel = arena_dup(a, n->relname);
	if (payload)
		*payload = arena_dup(a, n->extra);
	PQfreemem(n);
	return true;
}

bool db_listen_wait(struct db *db, struct arena *a, int ms, const char **channel, const char **payload)
{
	int64_t deadline = db_deadline(ms);
	while (db_alive(db)) {
		if (take_notice(db, a, channel, payload))
			return true;
		enum db_turn turn = db_wait(db, deadline);
		if (turn == TURN_LOST)
			db->lost = true;
		else if (turn == TURN_LATE)
			return take_notice(db, a, channel, payload);
	}
	return false;
}
