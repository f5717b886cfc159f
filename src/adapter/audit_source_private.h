/* SPDX-License-Identifier: MIT */
/* The parts of one search: what lists files, what reads one. */
#ifndef GW_ADAPTER_AUDIT_SOURCE_PRIVATE_H
#define GW_ADAPTER_AUDIT_SOURCE_PRIVATE_H

#include <sys/types.h>

#include "adapter/audit_source.h"
#include "base/text.h"

#define NAMED_MAX 5         /* names of what was not read, of each kind */
#define TREES_MAX 1000

struct reader;

/* A tree still to be searched. */
struct root { int dir; const char *full, *path; dev_t dev; ino_t ino; };

struct hunt {
	struct arena *a;
	const struct source_ask *ask;
	struct source_report *out;
	struct source *source;
	struct reader *reader;
	int64_t until;             /* clock_mono */
	bool late, broken;         /* the time was up; a listing broke off */
	bool bytes_only;           /* the name is ASCII: any encoding that keeps it will do */
	struct root *root;
	size_t n_roots, cap_roots, cap_trees, cap_blind;
	const char *named[SKIPS][NAMED_MAX];
	size_t n_named[SKIPS];
	/* the tree in hand */
	struct root at;
	struct source_tree *tree;
	int root_fd;
};

void hunt_skip(struct hunt *h, enum source_skip k, const char *path, const char *why);
void hunt_blind(struct hunt *h, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A repository inside: searched for itself, later. */
void hunt_root(struct hunt *h, const char *path);
/* path below the tree's root, in out: below the folder that was asked for. */
const char *hunt_below(struct arena *a, const struct root *r, const char *path);
bool hunt_late(struct hunt *h);

/* False: git cannot or may not; *why says so. True with a listing that broke off, which stands among the blind spots. */
bool hunt_git(struct hunt *h, const char **why);
void hunt_walk(struct hunt *h);

struct reader *reader_new(struct arena *a);
void reader_close(struct reader *r);    /* between two trees, and at the end */
/* absent: git says that it need not be on the disk. */
void hunt_read(struct hunt *h, const char *path, bool absent);

#endif
