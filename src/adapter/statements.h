/* SPDX-License-Identifier: MIT */
/* pg_stat_statements of one server: which statements use the column, and whether its counters can be trusted. Reads only. */
#ifndef GW_ADAPTER_STATEMENTS_H
#define GW_ADAPTER_STATEMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "adapter/audit_names.h"

struct statement {
	int64_t queryid, calls;
	const char *role, *text;
	const char *spent;           /* time in the server, ms: two counts of the same calls have it the same to the last digit */
	const char *app, *addr;      /* of a session that ran it last; NULL when none is there */
	enum text_use use;           /* NONE: its words say so, and the server or the parser that it does without */
	bool by_parser;              /* of NONE: it was the parser */
	const char *who;             /* says so (audit_who) */
	enum touch touch;
};
struct statements {
	bool there;                  /* loaded, created, tracking, all texts visible */
	const char *why;             /* what is missing, with the command that helps; NULL when there */
	bool all;                    /* nested statements are counted too */
	const char *limits[3];       /* what it cannot see as it is set up, one sentence each; NULL past the end */
	const char *track;           /* settings that must not change during the watch, as text */
	int64_t reset, dealloc, started;
	struct statement *v;
	size_t n;
};

/* False only when the server could not be asked; what is missing stands in out. */
bool statements_read(struct db *db, struct arena *a, const struct names *n, struct statements *out, struct err *e);

#endif
