/* SPDX-License-Identifier: MIT */
/* What an operator can do, as data: keys become acts before the engine sees them. One list makes the enum, the footer,
   the help and the manual. Offering and doing are apart: the engine judges again when an act arrives. */
#ifndef GW_CORE_ACT_H
#define GW_CORE_ACT_H

#include <stdbool.h>
#include <stddef.h>

/* id, name (plain mode, log), what it does, signs (0 no, 1 the session's key, 2 the drop's own signature by a person) */
#define ACTS(X) \
	X(ACT_LOOK, "look", "look again at the server", 0) \
	X(ACT_SNAPSHOT, "snapshot", "start the snapshot, its proof and the drill", 0) \
	X(ACT_DRILL, "drill", "start a restore drill from the files alone", 0) \
	X(ACT_CONFIRM, "confirm", "confirm this item by typing its answer", 1) \
	X(ACT_DECLARE, "declare", "declare a deploy, a rehearsal or the releases", 1) \
	X(ACT_AUDIT, "audit", "look for consumers now", 0) \
	X(ACT_CLEAR, "clear", "clear the consumer under the cursor, with a reason", 1) \
	X(ACT_WATCH, "watch", "put the tripwire on the table and start the watcher", 1) \
	X(ACT_QUIET, "quiet", "begin the count of item 9", 1) \
	X(ACT_HIDE, "hide", "hide it from the application's roles for a while", 1) \
	X(ACT_UNHIDE, "unhide", "give it back to the application's roles now", 0) \
	X(ACT_ADD, "add", "signed, then tried for a while", 1) \
	X(ACT_TAKE, "take-away", "take the new column away again", 1) \
	X(ACT_BACKFILL, "backfill", "fill the rows that stand, as a job of its own", 0) \
	X(ACT_BUILD, "build", "as a job of its own, beside reads and writes", 0) \
	X(ACT_RETRY, "retry", "these rows alone, as a job of its own", 0) \
	X(ACT_ALTER, "alter", "signed, then tried for a while", 1) \
	X(ACT_PARITY, "parity", "row by row, over and over, as a job of its own", 0) \
	X(ACT_PASS, "pass", "pass this gate", 1) \
	X(ACT_DROP, "drop", "go to the drop", 2) \
	X(ACT_REMOVE, "remove", "let the removal of rows go on after its job failed", 0) \
	X(ACT_REMOVE_END, "end-removal", "end the removal here: the rows that are left stay", 0) \
	X(ACT_CHECK, "check", "take in what the jobs saw", 0) \
	X(ACT_SCHEMA_LOG, "schema-log", "write the schema log and close the walk", 1) \
	X(ACT_RESTORE, "restore", "put it back from the final snapshot", 1) \
	X(ACT_BACK, "back", "step back one item", 1) \
	X(ACT_LEAVE, "leave", "give this walk up", 1) \
	X(ACT_JOB_PAUSE, "pause", "pause the job", 0) \
	X(ACT_JOB_RESUME, "resume", "let the job go on", 0) \
	X(ACT_JOB_STOP, "stop", "stop the job", 0) \
	X(ACT_JOB_SET, "set", "change how fast the job works", 0)

enum act_kind {
	ACT_NONE,
#define X(id, name, what, signs) id,
	ACTS(X)
#undef X
	ACT_COUNT
};

struct act {
	enum act_kind kind;
	const char *key;       /* CONFIRM: item number; DECLARE: "reads_moved/web", "writes_fill/web", "rehearsed", "releases", "ready/A7"; CLEAR: consumer key; PASS: "A";
	                          JOB_SET: "batch_ms", "load"; ALTER: change_name's */
	const char *text;      /* what the operator typed; the reason; JOB_SET: the value */
	bool survives;         /* CLEAR: cleared as one that survives */
	long long job;         /* JOB_*: its number */
};

/* An act that makes sense here and now, with what it asks for. */
struct offer {
	enum act_kind kind;
	const char *key;       /* to put into the act */
	const char *label;     /* footer: "confirm", "pass gate A" */
	const char *prompt;    /* asks for one line of text when not NULL */
	const char *expect;    /* shown: the form of the answer */
	bool needs_tty;        /* the terminal must be given to ssh-keygen meanwhile */
};

const char *act_name(enum act_kind k);
const char *act_what(enum act_kind k);
enum act_kind act_parse(const char *name);
int act_signs(enum act_kind k);             /* how many lines of its kind are signed, at most */
int act_keys(const struct act *a);          /* the same of this very act: the first step of taking a new column away only counts, and asks for no key */

#endif
