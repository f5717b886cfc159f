/* SPDX-License-Identifier: MIT */
/* What somebody names on the command line, as the catalogue knows it. Reads only. */
#ifndef GW_ADAPTER_AUDIT_SUBJECT_H
#define GW_ADAPTER_AUDIT_SUBJECT_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;

struct subject {
	enum target kind;             /* COLUMN, TABLE, INDEX or TYPE */
	const char *label;            /* "public.orders.legacy_total", quoted where SQL needs it */
	struct fact_target target;    /* as audit.h's audit_ask wants it */
};

/* word: [KIND:][SCHEMA.]NAME[.COLUMN], quoted as in SQL; KIND is column, table, index or type, and needed only where two things have the
   name. Without a schema, all but the system's are searched. False with ERR_USE when it names nothing, or more than one thing. */
bool subject_find(struct db *db, struct arena *a, const char *word, struct subject *out, struct err *e);

#endif
