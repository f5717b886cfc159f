/* SPDX-License-Identifier: MIT */
/* A server's own log, the primary's or a standby's, read through SQL in pieces, from a place that is remembered. Reads only. What the login may not read, what is
   not written, and files that went between two looks are said. */
#ifndef GW_ADAPTER_SERVERLOG_H
#define GW_ADAPTER_SERVERLOG_H

#include <stddef.h>
#include <stdint.h>

#include "adapter/logjudge.h"

struct arena;
struct db;
struct err;

/* Up to where the log was read. file NULL: never. head: digest of the file's first bytes, head_len many. */
struct log_place { const char *file; int64_t offset, head_len; const char *head; };

/* What one way of logging can see, as it is set up. */
struct log_eye {
	bool there;                   /* it is loaded, and says something */
	const char *why;              /* why it is not there, or not all is seen; behind ": " the command that helps; NULL: it sees what `sees` says */
	unsigned sees;
	const char *setup;            /* the settings on which that depends, as text */
};
struct log_use {
	enum log_via via;
	const char *role, *app, *addr, *text;
	enum text_use use;
	enum touch touch;
	const char *who;              /* as log_hit has it */
	int64_t last, calls;
};
struct serverlog {
	bool there;                   /* it can be read */
	const char *why;              /* why not; behind ": " the command that helps */
	enum log_format format;
	struct log_eye eye[LOG_VIAS];
	const char *gap;              /* between `from` and now something is missing; NULL */
	const char *limits[8];        /* one sentence each; NULL past the end */
	size_t n_limits;
	int64_t begins;               /* the first entry that was read, or the last reload of the settings when that was later; 0: none was read */
	int64_t behind;               /* bytes that are left for the next look */
	struct log_place to;
	struct log_use *v;            /* one a way, role, application, kind of use */
	size_t n;
};

/* from NULL: all files that are still there, the newest 64 MB of them. from->file NULL: nothing is read, `to` is the log's end. False
   only when the server could not be asked. */
bool serverlog_read(struct db *db, struct arena *a, const struct names *n, const struct fact_target *t, const struct log_place *from,
	struct serverlog *out, struct err *e);
/* Nothing is read, and no target is asked for: what it can tell of any table. */
bool serverlog_can(struct db *db, struct arena *a, struct serverlog *out, struct err *e);

#endif
