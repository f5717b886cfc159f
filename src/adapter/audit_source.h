/* SPDX-License-Identifier: MIT */
/* Uses of a target in source trees. git lists a work tree's files (.gitignore, .git/info/exclude; its hooks, filters and transports run
   nothing); of any other folder every file is read. Links are not followed, and nothing but regular files below the folder is
   opened. What was not read is counted and named: a search that says nothing of it would be a promise it cannot keep. */
#ifndef GW_ADAPTER_AUDIT_SOURCE_H
#define GW_ADAPTER_AUDIT_SOURCE_H

#include <stdint.h>

#include "core/source.h"

struct arena;
struct err;

enum source_skip {
	SKIP_UNREADABLE,   /* no permission, I/O error; folders too */
	SKIP_ABSENT,       /* in the repository but not on the disk: sparse checkout, submodule */
	SKIP_ENCODING,     /* read, but not UTF-8, while the target's name needs it */
	SKIP_BINARY,       /* a NUL in its first 8 kB, and no byte order mark of UTF-16 */
	SKIP_LINK,         /* links, not followed */
	SKIP_SPECIAL,      /* sockets, pipes, devices */
	SKIP_IGNORED,      /* what .gitignore leaves out; a whole folder is one */
	SKIP_GONE,         /* vanished while we looked, or deleted and not committed */
	SKIPS
};
const char *source_skip_name(enum source_skip k);   /* "could not be read" */

enum source_dirty { DIRTY_NO, DIRTY_YES, DIRTY_UNKNOWN };
/* One work tree, or folder without git: those asked for, and repositories and submodules found inside. */
struct source_tree {
	int dir;                    /* of those asked for */
	const char *path;           /* below it, cleaned; "" itself */
	const char *why_plain;      /* why git did not list it; NULL: it did */
	const char *commit;         /* HEAD; NULL: none, or no git */
	enum source_dirty dirty;    /* changed or untracked files */
	int64_t files;              /* read */
};

struct source_ask {
	const char *const *dirs;
	size_t n;
	struct source_target target;
	size_t keep;                /* hits kept of each grade; 0: 50 */
	int ms;                     /* at most this long; 0: a minute */
};
/* All owned by the arena of the call. */
struct source_report {
	int64_t at, took_us;        /* this machine's clock */
	struct source_found found;
	int64_t files, lines, bytes;
	int64_t skipped[SKIPS];
	struct source_tree *tree;
	size_t n_trees;
	bool *twice;                /* of the dirs: the same folder as one before, and not searched again */
	const char **blind;         /* one sentence each, cleaned; the first is true of every search */
	size_t n_blind;
	bool whole;                 /* everything that was to be read was: nothing unreadable or absent, and the time sufficed */
};

/* ERR_USE: no folder, one that is none or cannot be opened, a name without a letter. All else stands in the report. */
bool audit_source_search(struct arena *a, const struct source_ask *q, struct source_report *out, struct err *e);

#endif
