/* SPDX-License-Identifier: MIT */
/* What the files of port/db share. Nobody else includes this. */
#ifndef GW_PORT_DB_PRIVATE_H
#define GW_PORT_DB_PRIVATE_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "port/db.h"

#define DB_DEFAULT_MS 10000
#define DB_DRAIN_MS 5000      /* how long a cancelled statement may take to end */

struct db {
	PGconn *conn;         /* in non-blocking mode */
	PGcancel *cancel;     /* never changes: db_cancel may use it from another thread */
	char *sslmode;
	char *kept;           /* the text of the session's one prepared statement, or NULL */
	int error_at;         /* where in the statement the last error stands, from 1; 0 unknown */
	bool lost;
};

enum db_turn { TURN_READY, TURN_LATE, TURN_LOST };

/* A moment ms from now on the monotonic clock, us. */
int64_t db_deadline(int ms);
/* Waits until the socket can be read (or written, when something waits to go out) or the deadline. */
enum db_turn db_wait(struct db *db, int64_t deadline);
/* Sends everything that waits to go out. */
enum db_turn db_flush(struct db *db, int64_t deadline);
/* Takes all results up to a COPY; keeps the first that failed, else the last. NULL unless TURN_READY. */
PGresult *db_collect(struct db *db, int64_t deadline, enum db_turn *turn);
/* Cancels what runs and takes what is left of it; *last is what it ended with. False: it did not end, the link is given up. */
bool db_stop(struct db *db, PGresult **last);
/* The error of a result, or of the link when res is NULL. Returns false. */
bool db_error(struct db *db, const PGresult *res, struct err *e);
/* Stops a statement that took longer than ms. False with e, or true with *res when it had just ended well by itself. */
bool db_late(struct db *db, int ms, PGresult **res, struct err *e);
/* False with ERR_DB_LOST when the link is already gone. */
bool db_ready(struct db *db, struct err *e);
/* Text on one line, without the newline at the end of libpq's messages. */
void db_one_line(const char *s, char *out, size_t size);

#endif
