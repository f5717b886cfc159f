/* SPDX-License-Identifier: MIT */
/* What a logical slot has kept of the target's changes, in pieces of its WAL. Reads only: the slot is peeked at, never moved. */
#ifndef GW_ADAPTER_SLOTREAD_H
#define GW_ADAPTER_SLOTREAD_H

#include <stdint.h>

#include "adapter/slot.h"
#include "adapter/slotline.h"

struct arena;
struct db;
struct err;
struct fact_target;

/* The target's tables as the slot writes them. identity: how they name their rows, as one text; another one than before (NULL: none
   known) leaves full and in_key open. members: which they are, as one text; lost: one that was there before is gone or has another
   name. blind: why the slot cannot see all of them; NULL. weak: what it cannot tell; NULL. */
struct slot_names { struct slot_ask ask; const char *identity, *members, *blind, *weak; bool lost; };
bool slotread_names(struct db *db, struct arena *a, const struct fact_target *t, const struct slot_kept *before, struct slot_names *out, struct err *e);

/* Of committed transactions that are not gatewalk's own. first, last: of those with hits, server clock; xid: of the last; NULL none. */
struct slot_changes { int64_t hits[SLOT_OPS], open, unread, first, last; const char *xid; };
/* Adds what was committed up to `to`, and was not confirmed yet. A transaction that wrote
   very much is one piece: five minutes at most, and room for its text in the server's temporary files. */
bool slotread_piece(struct db *db, struct arena *a, const char *slot, const struct slot_names *n, int64_t to, struct slot_changes *out, struct err *e);
bool slotread_confirm(struct db *db, struct arena *a, const char *slot, int64_t to, struct err *e);
int64_t slot_changes_hits(const struct slot_changes *c);

/* Stands first in a transaction in which gatewalk itself writes the user's rows: the slots of its walks let that off. Of the walk's id,
   as a literal. Does nothing where no such slot stands, or the login may not: it must never be what a way back fails for. A restore
   works under the application's search_path, where nobody's functions are called. */
#define SLOT_OWN_WRITE_SQL "DO $d$ BEGIN IF EXISTS (SELECT FROM pg_catalog.pg_replication_slots WHERE " SLOT_OURS_SQL ")" \
	" AND (SELECT pg_catalog.bool_and(pg_catalog.has_function_privilege(oid, 'EXECUTE')) FROM pg_catalog.pg_proc" \
	"  WHERE proname OPERATOR(pg_catalog.=) 'pg_logical_emit_message' AND pronamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace)" \
	" THEN PERFORM pg_catalog.pg_logical_emit_message(true, 'gatewalk', %s::pg_catalog.text); END IF; END $d$;\n"

#endif
