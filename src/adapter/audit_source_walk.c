/* SPDX-License-Identifier: MIT */
/* A folder that git does not list: everything below it but .git, by the C library's own walk, links and loops not followed. */
#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/audit_source_private.h"
#include "base/arena.h"

static bool is_repository(const char *path)
{
	struct arena *a = arena_new();
	struct stat st;
	bool is = lstat(arena_printf(a, "%s/.git", path), &st) == 0;
	arena_free(a);
	return is;
}

static int by_name(const FTSENT **x, const FTSENT **y)
{
	return strcmp((*x)->fts_name, (*y)->fts_name);
}

static void visit(struct hunt *h, FTS *f, FTSENT *item)
{
	const char *path = item->fts_path + strlen(h->at.full);
	path += strspn(path, "/");
	if (item->fts_level > 0 && strcmp(item->fts_name, ".git") == 0) {
		fts_set(f, item, FTS_SKIP);
		return;
	}
	switch (item->fts_info) {
	case FTS_D:
		if (item->fts_level > 0 && is_repository(item->fts_accpath)) {
			hunt_root(h, path);
			fts_set(f, item, FTS_SKIP);
		}
		break;
	case FTS_F:
		hunt_read(h, path, false);
		break;
	case FTS_DEFAULT:
		hunt_skip(h, SKIP_SPECIAL, path, NULL);
		break;
	case FTS_SL: case FTS_SLNONE: case FTS_DC:
		hunt_skip(h, SKIP_LINK, path, NULL);
		break;
	case FTS_DNR: case FTS_ERR: case FTS_NS:
		hunt_skip(h, SKIP_UNREADABLE, path, strerror(item->fts_errno));
		break;
	default:   /* FTS_DP: behind a folder */
		break;
	}
}

void hunt_walk(struct hunt *h)
{
	char *const top[] = { (char *)h->at.full, NULL };
	FTS *f = fts_open(top, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	FTSENT *item;
	if (!f) {
		hunt_skip(h, SKIP_UNREADABLE, "", strerror(errno));
		return;
	}
	while ((item = fts_read(f)) && !hunt_late(h))   /* one that never read leaks when closed */
		visit(h, f, item);
	if (!item && errno != 0)   /* it ends with 0 */
		hunt_skip(h, SKIP_UNREADABLE, "", strerror(errno));
	fts_close(f);
}
