/* SPDX-License-Identifier: MIT */
/* What every writer does before and around its transaction. No statement of theirs stands here. */
#ifndef GW_ADAPTER_WRITER_H
#define GW_ADAPTER_WRITER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct fact_target;
struct plan;
struct rows;

#define WRITER_STATEMENT_MS 6000   /* ours; the server's 5 s come first */
#define WRITER_COMMIT_MS 30000

/* The key of an advisory lock that one has in a database: who changes or removes something has it in that transaction, who fills, in its session. */
#define WRITER_ALONE_SQL "hashtextextended('gatewalk.alone', 0)"
/* Tried under the table's lock, as a pair of the look there. */
#define WRITER_ALONE_PAIR_SQL "UNION ALL SELECT 'alone', pg_try_advisory_xact_lock(" WRITER_ALONE_SQL ")::text, 1000\n"

/* A connection of its own: idle_in_transaction_session_timeout 2 s, statement_timeout 5 s, lock_timeout 500 ms; a prepared statement is planned once. NULL: e. */
struct db *writer_open(const char *conninfo, const char *app, struct err *e);
/* Are those settings there, the search path pinned, no pooler in between, and it is no standby? *now: the server's clock, us. */
bool writer_settled(struct db *db, struct arena *a, int64_t *now, struct err *e);
/* The target's relations in one order, ", " between; only: each without what inherits from it, since it stands in the list itself. */
const char *writer_locks(struct arena *a, const struct fact_target *t, bool only);
/* A6 in the writer: of the pairs that were read under the lock, did this transaction get it? */
bool writer_alone(const struct rows *pairs, struct err *e);
/* The same for a session, which has it until its end: ERR_WAIT where another one has. Asked once. */
bool writer_alone_here(struct db *db, struct arena *a, struct err *e);
/* By the ledger, has the walk signed what a job is to bring (item 5), and is the plan's table still the walk's? *relid: the table. ERR_VERIFY: no. */
bool writer_signed(struct db *db, struct arena *a, const char *sid, const struct plan *p, unsigned *relid, struct err *e);
/* Runs one attempt that Ctrl-Z cannot stop with the lock in hand: ignored by the whole process, since a blocked signal goes to another thread. */
bool writer_unstoppable(bool (*attempt)(void *run, struct err *e), void *run, struct err *e);

#endif
