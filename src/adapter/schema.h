/* SPDX-License-Identifier: MIT */
/* The gatewalk schema on the target database: made, upgraded in place, taken away. The DDL itself stands in schema.sql.h. */
#ifndef GW_ADAPTER_SCHEMA_H
#define GW_ADAPTER_SCHEMA_H

#include <stdbool.h>

#include "core/fact.h"

struct arena;
struct db;
struct err;

#define SCHEMA_VERSION 6

/* Makes the schema, its owner role where this login may (*strong tells), and the mark; or upgrades an older version.
   Refuses a newer one, a mark of another environment, and development or rehearsal on a database that looks real (standbys,
   slots, other clients' addresses, much traffic). All in one transaction. */
bool schema_init(struct db *db, struct arena *a, enum env env, bool *strong, struct err *e);
/* The mark goes from the database it was made for to this one (pg_upgrade, dump and restore): an explicit act. Upgrades too. */
bool schema_rebind(struct db *db, struct arena *a, struct err *e);
/* ERR_USE: which program is needed. program: what the schema says of itself, or "". False. */
bool schema_too_new(int version, const char *program, struct err *e);
/* Is it there, which version. */
bool schema_version(struct db *db, struct arena *a, int *version, struct err *e);   /* 0: not there */
/* Removes the schema and the mark. Refuses while a walk is open, a job runs, or a tripwire stands; names them. */
bool schema_uninstall(struct db *db, struct arena *a, struct err *e);

#endif
