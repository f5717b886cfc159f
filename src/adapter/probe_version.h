/* SPDX-License-Identifier: MIT */
/* The one table of what differs between server versions. A query that has to differ takes its words from here. */
#ifndef GW_ADAPTER_PROBE_VERSION_H
#define GW_ADAPTER_PROBE_VERSION_H

#include <stdbool.h>

struct err;

struct probe_version {
	int major;
	const char *statements_since;   /* pg_stat_statements: since when this entry counts (timestamptz), "NULL::timestamptz" before 17 */
	const char *statements_plans;   /* the extension's version that CREATE EXTENSION gives */
	const char *slot_lost;          /* pg_replication_slots: boolean, the slot cannot be used any more */
	const char *last_scan;          /* pg_stat_user_tables: last read (timestamptz), NULL before 16 */
	bool grant_options;             /* membership has SET and INHERIT options (16 on) */
	bool not_null_constraints;      /* NOT NULL stands in pg_constraint, contype 'n' (18 on) */
	const char *client_package;     /* Debian package with this major's pg_dump */
};

/* The row of this server_version_num; the nearest one for a major outside the table. Never NULL. */
const struct probe_version *probe_version(int server_version_num);
/* 15 to 18. Another major: ERR_USE, audit only. */
bool probe_supported(int server_version_num, struct err *e);

#endif
