/* SPDX-License-Identifier: MIT */
/* libpq, and the only file that knows it. Every query has a deadline; when it passes, the query is cancelled and drained.
   A lost connection (ERR_DB_LOST) is told apart from a query that failed (ERR_DB). Not for the engine and above: they call
   named functions of the adapters. One thread at a time per struct db. */
#ifndef GW_PORT_DB_H
#define GW_PORT_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct db;

struct db_opts {
	const char *conninfo;   /* as psql's -d: a name, a conninfo string, a URI; NULL = libpq's own ways */
	const char *app;        /* application_name: "gatewalk", "gatewalk job 12": gatewalk's own reads are known by it */
	const char *options;    /* further server settings as "-c name=value ...", or NULL */
	bool read_write;        /* target_session_attrs=read-write */
};

/* Connects within 10 s and pins the session: search_path = pg_catalog, pg_temp; client_encoding UTF8;
   standard_conforming_strings on; row_security off; DateStyle ISO, IntervalStyle postgres, TimeZone UTC, extra_float_digits 3,
   bytea_output hex; lc_messages C where allowed; idle_in_transaction_session_timeout 60 s; lock_timeout 1 s.
   Runs setup also behind a fresh login only. NULL with ERR_DB_CONNECT. Passwords never stand in e. */
struct db *db_open(const struct db_opts *o, struct err *e);
void db_close(struct db *db);
bool db_alive(const struct db *db);
/* Is the backend still the one we logged in to? False behind a pooler that changes it, or when the link is gone. */
int db_backend_pid(const struct db *db);   /* as libpq says */
int db_version(const struct db *db);       /* 150018 style: server_version_num */
const char *db_host(const struct db *db);  /* never NULL */
bool db_tls(const struct db *db);
bool db_tcp(const struct db *db);
const char *db_sslmode(const struct db *db);
/* The conninfo a child process can use to get to the same place; no password inside. Owned by a. */
const char *db_conninfo(const struct db *db, struct arena *a, const char *other_dbname);

/* Does this string itself carry a password? */
bool db_conninfo_has_password(const char *conninfo);

struct rows {
	int n, cols;
	char ***cell;           /* cell[row][col], NULL for SQL NULL */
	const char *tag;        /* command tag */
};

/* A query with its expected shape. cols < 0: any; max_rows 0: any number. A result of another shape is ERR_INTERNAL. */
struct query {
	const char *sql;
	const char *const *args;   /* text values, NULL for SQL NULL */
	int nargs;
	int ms;                    /* deadline; 0 = 10 s */
	int cols, min_rows, max_rows;
	bool kept;                 /* prepared; asked again with the same text, it is not sent or parsed again. A session keeps one */
};

/* One statement, values bound, rows owned by a. out may be NULL. */
bool db_ask(struct db *db, struct arena *a, const struct query *q, struct rows *out, struct err *e);
/* Several statements in one round trip by the simple protocol, no values. *tag (may be NULL, owned by a) is the last command's. */
bool db_script(struct db *db, struct arena *a, const char *sql, int ms, const char **tag, struct err *e);
/* One statement that may take hours: tick is called every so often, and when it says no the statement is cancelled: ERR_INTERRUPTED. */
bool db_long(struct db *db, const char *sql, int every_ms, bool (*tick)(void *ctx), void *ctx, struct err *e);
/* The one value of a one-row answer, or NULL (then look at e: code ERR_NONE means SQL NULL). */
const char *db_value(struct db *db, struct arena *a, const struct query *q, struct err *e);

/* Where the last error stands in its statement, in characters from 1; 0 when the server did not say. */
int db_error_position(const struct db *db);

enum db_commit { DB_COMMITTED, DB_ROLLED_BACK, DB_UNKNOWN };
/* COMMIT, believed only by its command tag: COMMIT of a failed transaction is DB_ROLLED_BACK; a cut is DB_UNKNOWN. */
enum db_commit db_commit(struct db *db, int ms, struct err *e);
bool db_in_transaction(const struct db *db);   /* begun and not ended, failed or not */
void db_rollback(struct db *db);           /* best effort, never waits longer than 2 s */

/* COPY out: gives each row's text (with its LF) to sink; sink returning false stops and cancels. idle_ms: longest silence. */
typedef bool db_sink(void *ctx, const char *row, size_t len, struct err *e);
bool db_copy_out(struct db *db, const char *sql, int idle_ms, db_sink *sink, void *ctx, struct err *e);
/* COPY in: source fills *data and *len until it gives *len 0. *rows gets the count of the tag. */
typedef bool db_source(void *ctx, const char **data, size_t *len, struct err *e);
bool db_copy_in(struct db *db, const char *sql, int idle_ms, db_source *source, void *ctx, int64_t *rows, struct err *e);

/* Waits up to ms for NOTIFY; true when one came (channel and payload owned by a, may be NULL). */
bool db_listen_wait(struct db *db, struct arena *a, int ms, const char **channel, const char **payload);
/* Cancels whatever runs; safe from another thread. */
void db_cancel(struct db *db);

/* Typed reading of text cells; 0/false for NULL. */
int64_t cell_int(const char *s);
double cell_double(const char *s);
bool cell_bool(const char *s);             /* times are asked for as microseconds: cell_int */
/* A text[] in array_to_json form or a {..} literal is never read here: ask the server for one row an element. */

#endif
