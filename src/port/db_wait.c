/* SPDX-License-Identifier: MIT */
#include "port/db_private.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"

static int64_t mono_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t db_deadline(int ms)
{
	return mono_us() + (int64_t)ms * 1000;
}

static int ms_left(int64_t deadline)
{
	int64_t left = (deadline - mono_us() + 999) / 1000;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

/* Waits for the socket and takes what has come in. */
static enum db_turn wait_socket(struct db *db, short events, int64_t deadline)
{
	for (;;) {
		struct pollfd p = { .fd = PQsocket(db->conn), .events = events };
		if (p.fd < 0)
			return TURN_LOST;
		int n = poll(&p, 1, ms_left(deadline));
		if (n > 0)
			return PQconsumeInput(db->conn) ? TURN_READY : TURN_LOST;
		if (n < 0 && errno != EINTR)
			return TURN_LOST;
		if (mono_us() >= deadline)
			return TURN_LATE;
	}
}

enum db_turn db_wait(struct db *db, int64_t deadline)
{
	/* A failed flush is no reason to stop: the server's last words can still be read. */
	return wait_socket(db, PQflush(db->conn) > 0 ? POLLIN | POLLOUT : POLLIN, deadline);
}

/* Asks for the room to write only as long as something waits to go out: nobody answers an idle COPY. */
enum db_turn db_flush(struct db *db, int64_t deadline)
{
	for (;;) {
		int unsent = PQflush(db->conn);
		if (unsent <= 0)
			return unsent == 0 ? TURN_READY : TURN_LOST;
		enum db_turn turn = wait_socket(db, POLLIN | POLLOUT, deadline);
		if (turn != TURN_READY)
			return turn;
	}
}

/* Sends and reads until a result can be taken without waiting. */
static enum db_turn pump(struct db *db, int64_t deadline)
{
	while (PQisBusy(db->conn)) {
		enum db_turn turn = db_wait(db, deadline);
		if (turn != TURN_READY)
			return turn;
	}
	return TURN_READY;
}

static bool is_bad(const PGresult *res)
{
	ExecStatusType s = PQresultStatus(res);
	return s == PGRES_FATAL_ERROR || s == PGRES_BAD_RESPONSE || s == PGRES_NONFATAL_ERROR;
}

static bool is_copy(const PGresult *res)
{
	ExecStatusType s = PQresultStatus(res);
	return s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH;
}

PGresult *db_collect(struct db *db, int64_t deadline, enum db_turn *turn)
{
	PGresult *kept = NULL;
	for (;;) {
		*turn = pump(db, deadline);
		if (*turn == TURN_LATE) {
			PQclear(kept);
			return NULL;
		}
		if (*turn == TURN_LOST)
			db->lost = true;
		/* After a loss libpq still gives the server's last words, without waiting. */
		PGresult *res = PQgetResult(db->conn);
		if (!res)
			return kept;
		if (kept && is_bad(kept)) {
			PQclear(res);
			continue;
		}
		PQclear(kept);
		kept = res;
		if (is_copy(kept))
			return kept;
	}
}

static void *cancel_run(void *ctx)
{
	char why[256];
	PQcancel(ctx, why, sizeof why);
	PQfreeCancel(ctx);
	return NULL;
}

/* PQcancel opens a link of its own and can wait for minutes on a dead network: a thread waits in our place. */
static bool cancel_start(struct db *db, pthread_t *thread)
{
	PGcancel *own = PQgetCancel(db->conn);
	if (own && pthread_create(thread, NULL, cancel_run, own) == 0)
		return true;
	PQfreeCancel(own);
	return false;
}

/* False when it has not come back: it might still hit a later statement, so this session must not run one. */
static bool cancel_ended(pthread_t thread, const struct timespec *until)
{
	if (pthread_timedjoin_np(thread, NULL, until) == 0)
		return true;
	pthread_detach(thread);
	return false;
}

/* Takes and drops rows and results until the session is idle; keeps the first error, else the last result. */
static bool drain(struct db *db, int64_t deadline, PGresult **last)
{
	for (;;) {
		enum db_turn turn;
		PGresult *res = db_collect(db, deadline, &turn);
		if (turn != TURN_READY) {
			PQclear(res);
			return false;
		}
		if (PQresultStatus(res) == PGRES_COPY_IN)
			PQputCopyEnd(db->conn, "cancelled");
		char *row = NULL;
		int got = 0;
		while (is_copy(res) && (got = PQgetCopyData(db->conn, &row, 1)) >= 0) {
			PQfreemem(row);
			row = NULL;
			if (got == 0 && db_wait(db, deadline) != TURN_READY) {
				PQclear(res);
				return false;
			}
		}
		if (!is_copy(res)) {
			*last = res;
			return true;
		}
		PQclear(res);
	}
}

bool db_stop(struct db *db, PGresult **last)
{
	pthread_t thread;
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += DB_DRAIN_MS / 1000;
	*last = NULL;
	bool sent = cancel_start(db, &thread);
	bool ended = sent && drain(db, db_deadline(DB_DRAIN_MS), last);
	bool quiet = sent && cancel_ended(thread, &until);
	if (!ended || !quiet)
		db->lost = true;
	return ended;
}

static bool ended_well(const PGresult *res)
{
	ExecStatusType s = PQresultStatus(res);
	return s == PGRES_COMMAND_OK || s == PGRES_TUPLES_OK;
}

bool db_late(struct db *db, int ms, PGresult **res, struct err *e)
{
	bool ended = db_stop(db, res);
	if (ended && ended_well(*res))
		return true;   /* it ended while we were about to cancel it */
	const char *state = PQresultErrorField(*res, PG_DIAG_SQLSTATE);
	if (!ended)
		err_set(e, ERR_DB_LOST, "What was sent last may or may not have happened: gatewalk looks before it goes on.",
			"the server did not answer within %g s and did not let itself be cancelled", ms / 1000.0);
	else if (state && strcmp(state, "57014") != 0)
		db_error(db, *res, e);
	else
		err_set(e, ERR_DB, "The server is busy or a lock is held: look again in a moment.", "cancelled after %g s", ms / 1000.0);
	if (e && state)
		snprintf(e->sqlstate, sizeof e->sqlstate, "%s", state);
	PQclear(*res);
	*res = NULL;
	return false;
}

void db_cancel(struct db *db)
{
	char why[256];
	if (db && db->cancel)
		PQcancel(db->cancel, why, sizeof why);
}
