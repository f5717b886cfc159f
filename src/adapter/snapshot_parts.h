/* SPDX-License-Identifier: MIT */
/* What the files of snapshot, drill and restore share: the manifest, the way in and out of the data files, the scratch
   database. Nobody else includes this. */
#ifndef GW_ADAPTER_SNAPSHOT_PARTS_H
#define GW_ADAPTER_SNAPSHOT_PARTS_H

#include "adapter/snapshot.h"
#include "base/text.h"
#include "port/crypto.h"
#include "port/db.h"

#define MANIFEST_NAME "manifest.json"
#define MANIFEST_VERSION "gatewalk-snapshot/1"
#define SCHEMA_NAME "schema.sql"
#define RESTORE_NAME "RESTORE.txt"
#define SNAP_QUERY_MS 60000                    /* catalogue reads */
#define SNAP_SCAN_MS (24 * 60 * 60 * 1000)     /* what reads a whole table, builds an index or validates */
#define SNAP_IDLE_MS (10 * 60 * 1000)          /* longest silence in a COPY */

enum col_role { COL_KEY, COL_TARGET, COL_OTHER };
struct snap_col { const char *name, *type; enum col_role role; };
struct snap_file { const char *name; char sha256[65]; int64_t bytes, rows; };

/* A statement that puts back what the drop takes along. Of a column they are run in this order up to BACK_COMMENT; of a table in the
   order of table_before, table_behind, table_others, BACK_LAST. name: what to look for before; what: the server's words. BACK_NOTHING: what
   does not come from this list. */
enum back_kind {
	BACK_SEQUENCE, BACK_COLUMN, BACK_DEFAULT, BACK_SETTING, BACK_NOT_NULL, BACK_INDEX, BACK_CONSTRAINT, BACK_VALIDATE,
	BACK_STATISTICS, BACK_EXTRA, BACK_GRANT, BACK_COMMENT,
	BACK_TABLE, BACK_PART, BACK_PART_INDEX, BACK_OWNER, BACK_PARENT, BACK_ATTACH, BACK_OTHER_KEY, BACK_OTHER_VALIDATE, BACK_OTHER_PARENT,
	BACK_MEMBER, BACK_LATE, BACK_LAST, BACK_NOTHING, BACK_KINDS
};
struct snap_back { enum back_kind kind; const char *name, *what, *sql; };

struct manifest {
	struct fact_snapshot fact;
	const char *sid, *dbname, *server_version;
	const char *schema, *table, *column, *type, *definition;   /* of a table or rows column and type are "" */
	const char *where;                         /* of removed rows: which ones; else NULL */
	bool partitioned;                          /* a table whose rows stand in its partitions */
	const char *digest, *digest_key;           /* 64 hex each; of the rows as COPY text */
	struct snap_col *cols;                     /* as they stand in the data files */
	size_t n_cols;
	struct snap_file *files;                   /* all but the manifest itself */
	size_t n_files;
	const char **falls;
	size_t n_falls;
	struct snap_back *back;
	size_t n_back;
};

/* snapshot_manifest.c */
bool manifest_write(const struct manifest *m, const char *dir, char sha256[static 65], struct err *e);
/* Reads path's manifest.json; fact.path and fact.manifest_sha256 are filled in. sha (or NULL) must be its hash. */
bool manifest_read(struct arena *a, const char *path, const char *sha, struct manifest *out, struct err *e);
const struct snap_back *manifest_back(const struct manifest *m, enum back_kind kind);   /* the first of a kind, or NULL */
bool back_kind_parse(const char *word, enum back_kind *out);
bool manifest_has_key(const struct manifest *m);
const char *manifest_table(struct arena *a, const struct manifest *m);   /* "schema"."table" */
/* Names of the columns as SQL, ", " between, with prefix ("t." or "") before each. */
const char *manifest_columns(struct arena *a, const struct manifest *m, const char *prefix);
/* COPY ... TO STDOUT of these columns of a table: its own, or with partitioned those of its partitions. */
const char *manifest_copy(struct arena *a, const struct manifest *m, const char *table, bool partitioned);
bool manifest_of_plan(const struct manifest *m, const struct plan *p);
bool manifest_of_table(const struct manifest *m);   /* the whole table goes, not a column of it */
/* snapshot_text.c: RESTORE.txt, a shell script that is read first. */
bool restore_text_write(const struct manifest *m, const char *dir, struct err *e);
struct script { struct text t; struct arena *a; const struct manifest *m; const char *copy, *mark; };
void script_say(struct script *s, const char *line);   /* as a comment */
void script_begin(struct script *s);                   /* the settings, and that the files are whole */
void script_statements(struct script *s, const enum back_kind *kinds, size_t n);
/* snapshot_text_table.c */
void script_table(struct script *s);

/* snapshot_look.c: columns, falls, and what puts them back, all read in db's transaction. */
struct snap_source { struct db *db; const char *snapshot; const struct snapshot_opts *o; };   /* db's transaction has exported its snapshot */
bool snap_look(struct arena *a, const struct snap_source *s, const struct fact_target *t, struct manifest *m, struct err *e);
/* What gatewalk itself took off (NOT NULL, DEFAULT) between the walk's first snapshot and this one. */
void snap_carry(struct arena *a, const char *store, struct manifest *m);
/* snapshot_table.c: m->back of a whole table, as it stands now or (snapshot not NULL) in that exported database snapshot. */
bool snap_table_back(struct arena *a, struct db *db, unsigned relid, const char *snapshot, struct manifest *m, struct err *e);
/* The kinds in the order they are run: in one transaction, before and behind the data; then what touches other tables. */
extern const enum back_kind table_before[2], table_behind[8], table_others[9];

/* snapshot_copy.c */
bool snap_copy_out(struct db *db, struct arena *a, const struct snapshot_opts *o, struct manifest *m, const char *dir, struct err *e);
void digest_key(const struct manifest *m, unsigned char key[static 32]);
/* The digest of what a COPY ... TO STDOUT (manifest_copy) gives. */
bool snap_digest(struct db *db, const struct manifest *m, const char *copy, char hex[static 65], int64_t *rows, struct err *e);
/* A db_source over the data files of a folder; it ends well only when rows and digest are the manifest's. */
struct data_source;
struct data_source *data_source_new(struct arena *a, const struct manifest *m, const char *dir, const struct snapshot_opts *o, const char *phase);
bool data_source_next(void *source, const char **data, size_t *len, struct err *e);
void data_source_free(struct data_source *s);

/* snapshot_files.c */
/* A new folder .part-ID in store, locked by *fd for as long as it is being built; removes those whose builder is gone. */
const char *part_make(struct arena *a, const char *store, const char *id, int *fd, struct err *e);
bool part_finish(struct arena *a, const char *store, const char *part, const char *id, struct err *e);
void part_remove(const char *part);
/* Notes name's hash and size in m->files. */
bool snap_note_file(struct arena *a, struct manifest *m, const char *dir, const char *name, int64_t rows, struct err *e);

/* snapshot_schema.c: pg_dump and psql of the server's major or newer. */
bool pg_program(struct arena *a, const char *name, int server_version, const char **path, struct err *e);
/* snapshot: an exported one, or NULL. */
bool schema_dump(struct arena *a, struct db *db, const char *snapshot, const char *path, struct err *e);
/* Runs schema.sql on an empty database. *problem is NULL after a clean run, else the first error that counts. */
bool schema_load(struct arena *a, struct db *scratch, const char *path, const char **problem, struct err *e);

/* snapshot_proof.c */
bool snap_prove(struct arena *a, const struct snapshot_opts *o, const struct manifest *m, const char *dir, struct err *e);

/* snapshot_scratch.c: an empty database of the source's encoding and locale, marked by a comment as gatewalk's. */
struct scratch { struct db *server, *db; const char *name, *conninfo, *server_conninfo; };
bool scratch_open(struct arena *a, const struct snapshot_opts *o, struct scratch *s, struct err *e);
/* Removes it, whatever state it is in. */
void scratch_close(struct arena *a, struct scratch *s);
/* snapshot_left.c */
#define SCRATCH_NAME "gatewalk_scratch_"
const char *scratch_mark(struct arena *a);
bool scratch_note(struct arena *a, const char *name, struct err *e);       /* before the database is made */
void scratch_drop(struct arena *a, struct db *db, const char *name);
void scratch_clean(struct arena *a, struct db *db);                        /* of makers that are gone */

/* Tells where the work is; false with ERR_INTERRUPTED when told to stop. */
bool snap_tick(const struct snapshot_opts *o, const char *phase, double done, double total, const char *unit, struct err *e);

#endif
