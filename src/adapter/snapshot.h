/* SPDX-License-Identifier: MIT */
/* A snapshot is a folder a DBA can read and restore without gatewalk: manifest.json, schema.sql, data-NNNN.copy.zst,
   RESTORE.txt. It is taken in one database snapshot under ACCESS SHARE, proven by loading it into a scratch place and
   comparing rows, digest and types with the source, and drilled from its files alone. */
#ifndef GW_ADAPTER_SNAPSHOT_H
#define GW_ADAPTER_SNAPSHOT_H

#include "core/fact.h"
#include "core/plan.h"

struct arena;
struct db;
struct err;
struct json;

/* How a long piece of work tells where it is. tick returns false to stop (ERR_INTERRUPTED follows). */
struct progress {
	bool (*tick)(void *ctx, const char *phase, double done, double total, const char *unit, bool estimate, const char *note);
	void *ctx;
};

struct snapshot_opts {
	const char *conninfo;
	const struct plan *plan;
	const char *sid;             /* "" for a snapshot outside a walk; names the tripwire's sequence */
	const char *store;           /* folder that will hold the snapshot's own folder */
	struct progress progress;
	int64_t file_text_max;       /* bytes of text a data file holds; 0: 1 GiB */
	const char *manifest_sha256; /* of the snapshot that is drilled or restored, as the log has it; NULL: not compared */
};
/* Takes and proves. fills out (out->proved set only when equal). The folder is complete or gone, never half. */
bool snapshot_take(struct arena *a, const struct snapshot_opts *o, struct fact_snapshot *out, struct err *e);
/* Hashes of all files against the manifest, the manifest against sha (NULL: not compared). ERR_VERIFY names the file. */
bool snapshot_check(struct arena *a, const char *path, const char *manifest_sha256, struct err *e);
/* Keeps the files open and remembers size, mtime, inode; snapshot_same is true while fstat agrees. */
struct snapshot_hold;
struct snapshot_hold *snapshot_hold(struct arena *a, const char *path, const char *manifest_sha256, struct err *e);   /* checks hashes first */
bool snapshot_same(void *hold);
void snapshot_release(struct snapshot_hold *h);
/* Reads the manifest back into a fact. */
bool snapshot_read(struct arena *a, const char *path, struct fact_snapshot *out, struct err *e);
/* The newest whole and proven copy of the table as it is now, begun since then, that a walk of this database has in its mirrored log; out->id NULL:
   there is none. Its files are hashed. store: the plan's, or NULL. */
struct snapshot_wanted { const char *store; const struct fact_target *target; const char *sysid; unsigned dboid; int64_t since; };
bool snapshot_serving(struct db *db, struct arena *a, const struct snapshot_wanted *w, struct fact_snapshot *out, struct err *e);
/* The target's definition as it was copied, from the manifest of that hash alone; NULL when it cannot be read. Owned by a. */
const char *snapshot_definition(struct arena *a, const char *path, const char *manifest_sha256, struct err *e);

/* Full restore drill: a scratch database (on the server, or plan->scratch), all definitions, the target's data, then the
   drop's statement, and what fell; the scratch database is removed. */
bool drill_run(struct arena *a, const struct snapshot_opts *o, const char *path, struct fact_drill *out, struct err *e);

/* Puts back what was dropped. A column: added with its type, default and comment, filled by key in batches of about 100 ms,
   values written since are kept; then NOT NULL, indexes, constraints that fell; listed, not placed: keys used again, rows gone.
   A table, which must not be there: definitions, rows, indexes, triggers and privileges in one transaction, then foreign keys
   both ways, its place among partitions, publications; at the end it is compared with what it was.
   report (owned by a) is canonical JSON-ready. ERR_LEFT when something could not be placed (the rest is done). */
struct restore_end { int64_t placed, kept, gone, conflicts; const char **left; size_t n_left; int64_t took_us; };
bool restore_target(struct arena *a, const struct snapshot_opts *o, const char *path, struct restore_end *out, struct err *e);
/* Puts removed rows back where their key is free: as inserts by the application, in batches. What was added since is not touched.
   Listed, not placed: keys used again, rows that the table refuses. o->sid names the walk, whose ledger says which were removed. */
bool restore_rows(struct arena *a, const struct snapshot_opts *o, const char *path, struct restore_end *out, struct err *e);

/* fact <-> JSON, for job results, manifests and log evidence. Owned by a. */
struct json *snapshot_json(struct arena *a, const struct fact_snapshot *s);
bool snapshot_from_json(struct arena *a, const struct json *j, struct fact_snapshot *out);
struct json *drill_json(struct arena *a, const struct fact_drill *d);
bool drill_from_json(struct arena *a, const struct json *j, struct fact_drill *out);

#endif
