/* SPDX-License-Identifier: MIT */
/* One line of a walk's log, decoded. Decoding needs a parsed tree; it checks every field's form and refuses the rest. */
#ifndef GW_CORE_RECORD_H
#define GW_CORE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json.h"

struct arena;
struct err;

#define GWLOG_VERSION "gwlog/1"
#define GWLOG_LINE_MAX 65536
#define GWLOG_FILE_MAX (64 * 1024 * 1024)

/* One list makes the enum, the names and the manual. SIGNED: a decision, which must carry a signature. */
#define RECORD_OPS(X) \
	X(OP_BEGIN, "begin", 1)          /* plan, identity, environment, signers */ \
	X(OP_EVIDENCE, "evidence", 0)    /* kind, blob, summary: from a job or a look */ \
	X(OP_CONFIRM, "confirm", 1)      /* item, typed */ \
	X(OP_DECLARE, "declare", 1)      /* what, key, value */ \
	X(OP_CLEAR, "clear", 1)          /* consumer, reason, survives, counted */ \
	X(OP_GATE, "gate", 1)            /* gate passed, with each condition */ \
	X(OP_QUIET, "quiet", 1)          /* the count of item 9 begins */ \
	X(OP_SIGHTING, "sighting", 0)    /* a counted read or write */ \
	X(OP_JOB, "job", 0)              /* a job began or ended */ \
	X(OP_INTENT, "intent", 1)        /* the drop is about to be sent */ \
	X(OP_OUTCOME, "outcome", 0)      /* what became of an intent */ \
	X(OP_CHANGE, "change", 1)        /* a column is about to be added, or one that was added to be taken away */ \
	X(OP_CHANGED, "changed", 0)      /* what became of a change */ \
	X(OP_ALARM, "alarm", 0)          /* the monitor rang */ \
	X(OP_RESTORE, "restore", 1)      /* the column was put back */ \
	X(OP_BACK, "back", 1)            /* stepped back */ \
	X(OP_AMEND, "amend", 1)          /* a new version of the plan */ \
	X(OP_LEAVE, "leave", 1)          /* the walk is given up */ \
	X(OP_RESYNC, "resync", 1)        /* the database fell behind the log, and the walk goes on with less */ \
	X(OP_REBIND, "rebind", 1)        /* the walk goes on in a database of another identity */ \
	X(OP_TORN, "torn", 0)            /* a torn last line, sealed over */ \
	X(OP_SCHEMA_LOG, "schema_log", 0) /* item 13 was written */ \
	X(OP_CLOSE, "close", 1)          /* the walk is over */

enum record_op {
	OP_NONE,
#define X(id, name, is_signed) id,
	RECORD_OPS(X)
#undef X
	OP_COUNT
};

struct record {
	int64_t n;                 /* 0, 1, 2, ... */
	enum record_op op;
	const char *sid, *db, *who;
	char prev[65];             /* SHA-256, hex, of every byte of the file before this line */
	char head[65];             /* the same including this line: prev of the next */
	int64_t t;                 /* server clock; 0 when null */
	const char *t_why;         /* why t is null */
	int64_t local;             /* this machine's clock */
	int64_t mono_ms;           /* CLOCK_BOOTTIME */
	const char *boot, *lsn, *xid;
	int64_t tli;
	const struct json *b;
	const char *body;          /* the exact bytes that are signed, NUL-terminated */
	const char *signature;     /* base64 of the raw SSHSIG, or NULL */
	bool sealed;               /* a good signature stands on this line or a later one */
	int64_t offset, length;    /* bytes in the file */
};

const char *record_op_name(enum record_op op);
enum record_op record_op_parse(const char *s);   /* OP_NONE when unknown */
bool record_op_signed(enum record_op op);
/* It speaks of a statement that is about to be sent: its entry in the ledger stands in that statement's transaction alone. */
bool record_op_intends(enum record_op op);
/* Brings log and database together: it may be written while they disagree. */
bool record_op_agrees(enum record_op op);
/* Decodes a parsed body. Fields: v db sid n prev t|t_why tl boot mono lsn tli xid who op b. False names the field.
   Strings are owned by a; out->b stays in the tree of body. */
bool record_decode(struct arena *a, const struct json *body, struct record *out, struct err *e);
/* The reverse: a tree whose canonical form is the body. */
struct json *record_encode(struct arena *a, const struct record *r);

#endif
