/* SPDX-License-Identifier: MIT */
/* What the parts of the journal share. Nobody else includes this. */
#ifndef GW_ADAPTER_JOURNAL_PRIVATE_H
#define GW_ADAPTER_JOURNAL_PRIVATE_H

#include "adapter/journal.h"
#include "adapter/signers.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/crypto.h"

#define LOG_NAME "plan.gwlog"
#define SIGNERS_NAME "allowed_signers"
#define SIGNERS_MAX (64 * 1024)
#define BLOBS_NAME "blobs"
#define LOCK_NAME "lock"
#define BALLAST_NAME "ballast"
#define BALLAST_SIZE (64 * 1024)

/* A log may have many thousands of lines: their bytes are kept once, as they were read and verified, and no line is kept decoded. */
struct line {
	struct line_mark mark;
	const char *raw;        /* as journal_raw gives it */
	const char *text;       /* BODY TAB SIGNATURE, NUL-terminated; where no debris stands before it, the same as raw */
	int64_t offset;         /* of text in the file */
};

struct torn { int64_t at, length, line_at; char sha[65]; };   /* line_at: where the OP_TORN line begins */

struct journal {
	struct arena *arena, *scratch;
	int scratch_lines;
	const char *dir, *path, *shown;   /* shown: the path made safe for messages */
	struct signers trust;
	struct signer *signer;
	int fd, lock_fd;               /* -1 when only reading */
	bool dead;
	struct walk *fold;             /* verify: every line is folded too, and none is kept */

	const char *sid, *db;
	int64_t count;                 /* lines so far, n of the next */
	int64_t is_signed, sealed;     /* lines with a signature; lines under one */
	int64_t size;                  /* bytes so far, debris included */
	struct sha256 hash;            /* over them */
	char head[65];
	int64_t torn_at;               /* where an unsealed torn tail begins, -1 none */
	char torn_sha[65];             /* of the tail alone */
	int64_t torn_len;

	struct line *lines;
	size_t n_lines, cap_lines;
	struct torn *torn;             /* debris that is sealed over */
	size_t n_torn, cap_torn;
	int64_t at_line;               /* in the file, the first is 1; for messages */
};

/* One line without its LF, with TAB. */
struct piece { char *text; size_t len; const char *debris; size_t debris_len; };

struct journal *journal_new(const char *dir_or_file, const char *sid);
/* Reads allowed_signers beside the log. */
bool journal_trust(struct journal *j, struct err *e);
/* Takes a whole file's bytes in (each LF becomes a NUL: they become the lines' texts). False at the first line that is bad. */
bool journal_take(struct journal *j, char *data, size_t len, struct err *e);
/* Form, chain and signature of the next line; what it says goes to *out (owned by j->scratch). Changes nothing but at scratch. */
bool journal_judge(struct journal *j, char *text, size_t len, struct record *out, struct err *e);
/* Before a line that covers debris is judged or described: the head it must name includes the debris. */
void journal_step_over(struct journal *j, const struct piece *p);
/* The judged line becomes the last one. */
bool journal_push(struct journal *j, const struct piece *p, const struct record *r, struct err *e);
/* Room on the disk, kept or given up. */
void journal_ballast(struct journal *j, bool there);

#endif
