/* SPDX-License-Identifier: MIT */
/* A walk's folder and its log. Append-only; a line is BODY TAB SIGNATURE LF; nothing is ever repaired by itself.
   MUST 1. Hold flock on `lock` for the life of the handle; a second writer is refused.
   MUST 2. Read and verify the whole file before the first append; damage before the last line is tampering: refuse.
   MUST 3. A line is durable (fsync) before append returns true. After a failed write or fsync the handle is dead.
   MUST 4. A torn last line is kept, ended with LF, and sealed over by an OP_TORN line. */
#ifndef GW_ADAPTER_JOURNAL_H
#define GW_ADAPTER_JOURNAL_H

#include "adapter/sign.h"
#include "core/walk.h"

struct journal;

/* What is kept of a line beside its bytes. */
struct line_mark { enum record_op op; bool is_signed; char head[65]; };   /* head: of all bytes up to and with this line */

/* What is common to the lines of one moment; n, prev and head are the journal's. t 0 needs t_why. */
struct stamp { int64_t t; const char *t_why; int64_t local, mono_ms; const char *boot, *lsn, *xid; int64_t tli; };

/* Makes path_walks/sid with plan blob, allowed_signers and an empty log. */
struct journal *journal_create(const char *dir, const char *sid, const char *db_id, struct signer *s, struct err *e);
/* Opens for appending: takes the lock, reads, verifies. */
struct journal *journal_open(const char *dir, struct signer *s, struct err *e);
/* Reads and verifies without lock or key: verify, replay, status. */
struct journal *journal_read(const char *dir_or_file, struct err *e);
void journal_close(struct journal *j);

const char *journal_sid(const struct journal *j);
const char *journal_dir(const struct journal *j);
size_t journal_count(const struct journal *j);
const struct line_mark *journal_mark(const struct journal *j, size_t i);   /* NULL past the end */
/* The line, decoded again from its verified bytes; owned by a. NULL past the end. */
const struct record *journal_line(const struct journal *j, struct arena *a, size_t i);
/* The line as it stands, without LF; before a torn line stands the debris it covers, as "~BASE64 LF". What the mirror keeps.
   Lives as long as the journal. */
const char *journal_raw(const struct journal *j, size_t i);
const char *journal_head(const struct journal *j);               /* hash of all bytes so far */
bool journal_torn(const struct journal *j);                      /* an unsealed torn tail is there */
const char *journal_path(const struct journal *j);

/* Are the bytes of the file, found by its path, those that were read, verified and appended? One hash over them: what is in
   memory was verified already. Cheaper than journal_verify by far. */
bool journal_unchanged(const struct journal *j);

/* Appends one line with op, body b and stamp; signs when op is a signed one (person: signer_sign_person). The record as
   written, which lives until the next append, or NULL: ERR_SIGNATURE, ERR_SYSTEM (disk full: nothing more may be done). */
const struct record *journal_append(struct journal *j, enum record_op op, const struct json *b, const struct stamp *st, bool person, struct err *e);
/* Seals a torn tail: LF, then OP_TORN. No-op without one. */
bool journal_seal_torn(struct journal *j, const struct stamp *st, struct err *e);

/* Evidence by content: writes blobs/SHA256 (0600, fsync), gives the name. */
bool journal_blob_put(struct journal *j, const void *data, size_t len, char sha[static 65], struct err *e);
bool journal_blob_get(const struct journal *j, struct arena *a, const char *sha, char **data, size_t *len, struct err *e);

/* The whole check of `gatewalk verify`: form, chain, signatures, and whether each line may stand where it stands. True when
   good. Else out->why says why, with out->bad_line (the first line of the file is 1; 0: the file could not be read). */
struct verify_end { bool good; int64_t lines, is_signed, unsealed; int64_t bad_line; const char *why; char head[65]; const char *sid, *keys; };
bool journal_verify(struct arena *a, const char *dir_or_file, struct verify_end *out, struct err *e);
/* Builds a folder from mirrored lines (walk --fetch) and verifies it. */
bool journal_rebuild(const char *dir, const char *const *lines, size_t n, const char *allowed_signers, struct err *e);

#endif
