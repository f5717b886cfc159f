/* SPDX-License-Identifier: MIT */
/* The walk's rows in the gatewalk schema: ledger, mirror of the log's lines, the walk's own row. */
#ifndef GW_ADAPTER_LEDGER_H
#define GW_ADAPTER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/walk.h"

struct arena;
struct db;
struct err;

struct anchor { int64_t n; char head[65]; const char *kind; int64_t at; const char *xid; };

/* Makes the walk's row. Refused when a walk with this sid is there. */
bool ledger_open(struct db *db, const struct walk *w, const struct plan *p, const char *host, struct err *e);
/* Brings stage, changing, times and plan of the row up to the walk; wakes listeners by NOTIFY gatewalk. */
bool ledger_update(struct db *db, const struct walk *w, const struct plan *p, bool changing, struct err *e);
/* Mirrors one line (idempotent: the same line again is fine, another text under the same n is ERR_VERIFY). */
bool ledger_mirror(struct db *db, const char *sid, int64_t n, const char *line, struct err *e);
/* Anchors a head by gatewalk.append in a transaction of its own. prev: the last anchor of this walk, n -1 for none. */
bool ledger_anchor(struct db *db, const char *sid, int64_t n, const char *head, const struct anchor *prev, struct err *e);
/* The same for an entry that the database had and lost; the ledger marks it. */
bool ledger_anchor_again(struct db *db, const char *sid, int64_t n, const char *head, const struct anchor *prev, struct err *e);
/* The last anchor; out->n -1 when there is none. */
bool ledger_last(struct db *db, struct arena *a, const char *sid, struct anchor *out, struct err *e);
/* The anchor row of entry n: *there false when there is none. */
bool ledger_at(struct db *db, struct arena *a, const char *sid, int64_t n, struct anchor *out, bool *there, struct err *e);
/* All anchors of the walk, oldest first. */
bool ledger_anchors(struct db *db, struct arena *a, const char *sid, struct anchor **out, size_t *n, struct err *e);
/* How many lines of the walk the mirror has. */
bool ledger_mirrored(struct db *db, const char *sid, int64_t *n, struct err *e);
/* Mirrored lines in order, from line `from` on, at most LEDGER_PAGE; *n 0: there is none. ERR_VERIFY: one is missing in the middle. */
#define LEDGER_PAGE 256
bool ledger_page(struct db *db, struct arena *a, const char *sid, int64_t from, const char ***lines, size_t *n, struct err *e);
/* All of them, for walk --fetch. */
bool ledger_lines(struct db *db, struct arena *a, const char *sid, const char ***lines, size_t *n, struct err *e);
/* The walks of this database whose sid or name starts with word, newest first. */
struct ledger_walk {
	const char *sid, *name, *plan_digest, *stage, *target, *operator_name, *host;
	int64_t opened, changed, closed, dropped, watched_until, quiet_since, day_us;
	const char *plan;
};
bool ledger_find(struct db *db, struct arena *a, const char *word, struct ledger_walk **out, size_t *n, struct err *e);
/* Holds the walk for this session (session advisory lock); false with ERR_USE when another gatewalk has it, named.
   Waits up to ms: after a crash the old backend has to end first. */
bool ledger_hold(struct db *db, const char *sid, int ms, struct err *e);
/* Evidence blobs stand in the mirror too: none; only lines. */

/* Schema log row of item 13. */
struct schema_entry { const char *target, *statement, *before, *after, *why, *snapshot, *operator_name, *head, *markdown; };
bool ledger_schema_log(struct db *db, const char *sid, const struct schema_entry *s, struct err *e);

#endif
