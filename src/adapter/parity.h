/* SPDX-License-Identifier: MIT */
/* Compares old and new in every row, a chunk at a time, while writes go on: is the new column what the plan's conversion makes of the row as
   it stands, or the old one what the way back makes of the new one? It reads, and writes only how far it is and what it found. Round by round, each partition and child in the order of their oids.
   A table with a key goes by it: whatever its type is, a row that stands all the time is met once, wherever updates move it. One without
   goes by blocks, and then, in one look of the server's, over the rows written meanwhile. A key counts when its order is the server's own,
   and its collation the one that its index was made with. A row whose key was changed, or that came in, is the next round's.
   A row that differs is looked at again a moment later, and counts if it still does in the same version: a writer that writes both one
   after the other is no alarm. One that differs in ever new versions counts in the end. No row is locked for it. */
#ifndef GW_ADAPTER_PARITY_H
#define GW_ADAPTER_PARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapter/dualwrite.h"
#include "core/fact.h"

/* check: SQL over the row, true where old and new belong together, beside the conversion; NULL none. where: which rows; NULL every one.
   unwritten: instead of it those alone that were not written since the last round over every row began, in which none differed: for when dual write has
   ended, and a row that is written goes its own way. A row of many transactions ago, four billions, may be taken for a later one. */
struct parity_order { struct dual_order dual; const char *check, *where; bool unwritten; };

struct parity_key { const char *name, *type; };   /* quoted; SQL */
struct parity_leaf { unsigned oid; const char *name; int64_t blocks; double rows; struct parity_key *keys; size_t n_keys; };   /* rows -1: never analyzed */

struct parity {
	struct db *db;                /* the caller's; may be exchanged after a new login */
	struct arena *a;              /* as long as the comparison */
	struct parity_order order;
	struct dual_form form;
	const char *alias, *bad, *words;   /* SQL over a row: it differs; its key, in words */
	struct arena *tables;         /* of leaves */
	struct parity_leaf *leaves;
	size_t n_leaves;
	/* gatewalk.parity's row */
	struct arena *row;            /* of cursor */
	int64_t round, at, upto,      /* at: -1 when nothing of the table is left */
		chunks, rows, mismatches, last_round, last_rows, last_mismatches;
	unsigned leaf;                /* 0: before the first */
	const char **cursor, *since;
	size_t n_cursor;
	bool begun;                   /* the round is under way */
};

struct db *parity_connect(const char *conninfo, int batch_ms, struct err *e);
/* *unfit: why it cannot be compared, and what to do; NULL when it can. */
bool parity_try(struct db *db, struct arena *a, const struct parity_order *o, struct parity *out, const char **unfit, struct err *e);
/* Reads the row; makes it, or anew when the order, the table or the timeline is another one. Takes the walk's lock in this session: ERR_WAIT when another has it. */
bool parity_begin(struct parity *p, int64_t timeline, struct err *e);
/* The round that is under way is given up: the next one begins now, with rows as they are. */
bool parity_anew(struct parity *p, struct err *e);
const struct parity_leaf *parity_at(const struct parity *p);   /* NULL before the first, and where it is gone */
/* Nothing is left of the table that it is at; or it is at none. */
bool parity_settled(const struct parity *p);
/* Of the round, 0 to 1; and how many rows that are, -1 when the server does not know. */
double parity_share(const struct parity *p, double *rows);
/* The next table; or the round is over (*over), written down, and the next one may begin. */
bool parity_next(struct parity *p, bool *over, struct err *e);

struct parity_end { int64_t rows, mismatches, took_us; };   /* took_us: without the moments waited */
/* So many rows from where it is, or so many blocks of a table without a key; one transaction that writes where it is. False: nothing was done, or (ERR_DB_LOST) it is not known. */
bool parity_chunk(struct parity *p, int64_t size, struct parity_end *out, struct err *e);
/* Not of a settled one. The same row by row: one on which the conversion raises differs. */
bool parity_rows(struct parity *p, int64_t size, struct parity_end *out, struct err *e);

/* error: where the conversion raised. */
struct parity_mismatch { int64_t round; const char *key, *old, *new, *expected, *error; int64_t at; };
/* Of the last round that came to its end, and of the one under way. */
bool parity_mismatches(struct db *db, struct arena *a, const char *sid, int max, struct parity_mismatch **out, size_t *n, struct err *e);
/* Of the last round that came to its end. Of another order or table than this one: no round. */
bool parity_over(struct db *db, struct arena *a, const struct parity_order *o, struct fact_parity *out, struct err *e);
/* For B4: a row that differs in the round under way counts with them at once. */
bool parity_look(struct db *db, struct arena *a, const struct parity_order *o, struct fact_parity *out, struct err *e);
/* What it keeps apart from its arena; not the session. */
void parity_free(struct parity *p);

#endif
