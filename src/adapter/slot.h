/* SPDX-License-Identifier: MIT */
/* gatewalk's own logical replication slot: one a walk, gatewalk_slot_<12 hex>, plugin test_decoding, in this database. It keeps WAL on
   the server's disk and old rows of its catalogue, so the watch alone makes it, and whoever logs in takes it away once it holds more
   than it may, the server has begun to leave it behind, or its walk is over. Every other slot is left alone. */
#ifndef GW_ADAPTER_SLOT_H
#define GW_ADAPTER_SLOT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct err;
struct fact_target;
struct json;

#define SOURCE_SLOT "logical slot"   /* in gatewalk.source */
#define SLOT_GONE "it is gone: somebody took it away, or the server is another one now. Start the watch again: it begins anew"
/* What a query over pg_replication_slots knows them by; under any search_path. */
#define SLOT_OURS_SQL "(slot_name OPERATOR(pg_catalog.~) '^gatewalk_slot_[0-9a-f]{12}$' AND plugin OPERATOR(pg_catalog.=) 'test_decoding'" \
	" AND database OPERATOR(pg_catalog.=) pg_catalog.current_database())"

struct slot_seen {
	bool there;
	int64_t held;         /* bytes of WAL kept for it */
	int64_t confirmed;    /* up to where it was read, as a number */
	int64_t end;          /* up to where the server's WAL is on disk */
	int64_t age;          /* transactions for which old rows of the catalogue are kept */
	int64_t server_max;   /* max_slot_wal_keep_size in bytes; -1 none */
};
bool slot_look(struct db *db, struct arena *a, const char *sid, struct slot_seen *out, struct err *e);

/* What gatewalk keeps about it, in gatewalk.source. read: up to where its changes are in the ledger. */
struct slot_kept {
	bool known, ok;
	const char *why;      /* when it is not ok */
	int64_t since, looked, limit, read;
	int64_t inserts, updates, deletes, truncates;   /* that wrote the target */
	int64_t open, unread;                           /* changes that may have written it; changes too long to be read */
	int64_t first, last;                            /* commits of those that wrote it */
	const char *xid;                                /* of the last of them */
	const char *identity, *members;                 /* see slot_names */
};
bool slot_kept_read(struct db *db, struct arena *a, const char *sid, struct slot_kept *out, struct err *e);
/* The same as state, for the row. */
struct json *slot_kept_json(struct arena *a, const struct slot_kept *k);

/* Why none can be made here, with the command that helps; *why NULL when nothing that can be read is in the way. */
bool slot_may(struct db *db, struct arena *a, const char **why, struct err *e);
/* Makes it, and notes it with its limit in bytes; what was counted before stands. Waits up to 10 s for the transactions that run.
   *why: it could not be made, with what helps. False only when the connection or the ledger failed. One that stands is kept. */
struct slot_order { const char *sid; const struct fact_target *target; int64_t limit; };
bool slot_put(struct db *db, struct arena *a, const struct slot_order *o, const char **why, struct err *e);
/* Takes it away; nothing there is fine. Waits up to 20 s for whoever reads it. */
bool slot_take(struct db *db, struct arena *a, const char *sid, struct err *e);
/* Takes away every own slot here that is over its limit or without its walk, and notes why. *what says so, "" when nothing was. */
bool slot_care(struct db *db, struct arena *a, const char **what, struct err *e);

#endif
