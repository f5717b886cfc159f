/* SPDX-License-Identifier: MIT */
#include "adapter/audit_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/audit_source_private.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

#define KEEP 50
#define TIME_MS 60000
#define NAME_SHOWN 120   /* bytes of a name that was not read */

const char *source_skip_name(enum source_skip k)
{
	static const char *const names[] = {
		[SKIP_UNREADABLE] = "could not be read", [SKIP_ABSENT] = "not checked out", [SKIP_ENCODING] = "not UTF-8, which the name needs",
		[SKIP_BINARY] = "binary", [SKIP_LINK] = "links, not followed", [SKIP_SPECIAL] = "pipes, sockets and devices",
		[SKIP_IGNORED] = "left out by .gitignore", [SKIP_GONE] = "gone",
	};
	return names[k];
}

const char *hunt_below(struct arena *a, const struct root *r, const char *path)
{
	return *r->path && *path ? arena_printf(a, "%s/%s", r->path, path) : arena_dup(a, *path ? path : r->path);
}

/* Of a long path the end says more. */
static const char *name_tail(struct arena *a, const char *path)
{
	size_t n = strlen(path), from = n > NAME_SHOWN ? n - NAME_SHOWN : 0;
	while (from && ((unsigned char)path[from] & 0xC0) == 0x80)
		from++;
	return from ? arena_printf(a, "...%s", path + from) : *path ? path : ".";
}

void hunt_skip(struct hunt *h, enum source_skip k, const char *path, const char *why)
{
	h->out->skipped[k]++;
	if (h->n_named[k] == NAMED_MAX)
		return;
	const char *name = name_tail(h->a, text_clean(h->a, hunt_below(h->a, &h->at, path)));
	h->named[k][h->n_named[k]++] = why ? arena_printf(h->a, "%s (%s)", name, why) : name;
}

void hunt_blind(struct hunt *h, const char *fmt, ...)
{
	char buf[1024];
	va_list v;
	va_start(v, fmt);
	vsnprintf(buf, sizeof buf, fmt, v);
	va_end(v);
	struct source_report *o = h->out;
	o->blind = arena_grow(h->a, o->blind, &o->n_blind, &h->cap_blind, sizeof *o->blind);
	o->blind[o->n_blind - 1] = text_clean(h->a, buf);
}

bool hunt_late(struct hunt *h)
{
	h->late = h->late || clock_mono() > h->until;
	return h->late;
}

/* False: it is searched already, or no folder any more. */
static bool add_root(struct hunt *h, int dir, const char *full, const char *path)
{
	struct stat st;
	if (stat(full, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	for (size_t i = 0; i < h->n_roots; i++)
		if (h->root[i].dev == st.st_dev && h->root[i].ino == st.st_ino)
			return false;
	h->root = arena_grow(h->a, h->root, &h->n_roots, &h->cap_roots, sizeof *h->root);
	h->root[h->n_roots - 1] = (struct root){ dir, full, path, st.st_dev, st.st_ino };
	return true;
}

void hunt_root(struct hunt *h, const char *path)
{
	const char *full = arena_printf(h->a, "%s/%s", h->at.full, path);
	if (h->n_roots >= TREES_MAX)
		hunt_skip(h, SKIP_UNREADABLE, path, "more repositories than gatewalk searches at once");
	else if (!file_exists(arena_printf(h->a, "%s/.git", full)))
		hunt_skip(h, SKIP_ABSENT, path, "a submodule");
	else
		add_root(h, h->at.dir, full, hunt_below(h->a, &h->at, path));
}

/* The tree may lie below a link that was put there since: the folder itself must be none. */
static bool enter(struct hunt *h)
{
	struct source_report *o = h->out;
	h->root_fd = open(h->at.full, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (h->root_fd < 0) {
		hunt_skip(h, SKIP_UNREADABLE, "", strerror(errno));
		return false;
	}
	o->tree = arena_grow(h->a, o->tree, &o->n_trees, &h->cap_trees, sizeof *o->tree);
	h->tree = &o->tree[o->n_trees - 1];
	*h->tree = (struct source_tree){ .dir = h->at.dir, .path = text_clean(h->a, h->at.path), .dirty = DIRTY_UNKNOWN };
	return true;
}

static void search(struct hunt *h, size_t i)
{
	const char *why = NULL;
	h->at = h->root[i];
	if (!enter(h))
		return;
	if (!hunt_git(h, &why)) {
		h->tree->why_plain = why;
		hunt_blind(h, "%s: all of its files are read, whatever .gitignore says: %s", h->at.full, why);
		hunt_walk(h);
	}
	reader_close(h->reader);
	close(h->root_fd);
}

static bool add_dirs(struct hunt *h, struct err *e)
{
	const struct source_ask *q = h->ask;
	static const char hint[] = "name folders with source code";
	if (q->n == 0)
		return err_set(e, ERR_USE, hint, "no source folder was named");
	h->out->twice = arena_array(h->a, q->n, sizeof *h->out->twice);
	for (size_t i = 0; i < q->n; i++) {
		char *full = realpath(q->dirs[i], NULL);
		int fd = full ? open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
		if (fd < 0) {
			int why = errno;
			free(full);
			return err_set(e, ERR_USE, hint, "source folder %s: %s", text_clean(h->a, q->dirs[i]), strerror(why));
		}
		close(fd);
		h->out->twice[i] = !add_root(h, (int)i, arena_dup(h->a, full), "");
		free(full);
	}
	return true;
}

/* "12 could not be read: a, b and 10 more" */
static void tell_skipped(struct hunt *h, enum source_skip k)
{
	struct text t = { 0 };
	for (size_t i = 0; i < h->n_named[k]; i++)
		text_addf(&t, "%s%s", i ? ", " : "", h->named[k][i]);
	int64_t more = h->out->skipped[k] - (int64_t)h->n_named[k];
	if (more > 0)
		text_addf(&t, " and %lld more", (long long)more);
	if (h->out->skipped[k])
		hunt_blind(h, "%s: %lld: %s", source_skip_name(k), (long long)h->out->skipped[k], text_str(&t));
	text_free(&t);
}

static bool is_ascii(const char *s)
{
	for (; s && *s; s++)
		if ((unsigned char)*s >= 0x80)
			return false;
	return true;
}

static void search_all(struct hunt *h)
{
	struct source_report *o = h->out;
	hunt_blind(h, "names that are put together at run time, SELECT *, generated code, and programs whose source is not here");
	for (size_t i = 0; i < h->n_roots && !hunt_late(h); i++)
		search(h, i);
	if (h->late)
		hunt_blind(h, "the time was up after %d ms: what was not reached by then was not read", h->ask->ms ? h->ask->ms : TIME_MS);
	for (int k = 0; k < SKIPS; k++)
		if (k != SKIP_GONE)
			tell_skipped(h, (enum source_skip)k);
	o->whole = !h->late && !h->broken && o->skipped[SKIP_UNREADABLE] == 0 && o->skipped[SKIP_ABSENT] == 0 && o->skipped[SKIP_ENCODING] == 0;
}

bool audit_source_search(struct arena *a, const struct source_ask *q, struct source_report *out, struct err *e)
{
	int64_t began = clock_mono();
	struct hunt h = { .a = a, .ask = q, .out = out, .until = began + (int64_t)(q->ms ? q->ms : TIME_MS) * 1000 };
	memset(out, 0, sizeof *out);
	out->at = clock_local();
	h.bytes_only = is_ascii(q->target.name) && is_ascii(q->target.table);
	h.source = source_new(a, &q->target, q->keep ? q->keep : KEEP, &out->found);
	if (!h.source)
		return err_set(e, ERR_USE, "look for it by hand", "the name \"%s\" has no letter to look for in source code", text_clean(a, q->target.name));
	if (!add_dirs(&h, e))
		return false;
	h.reader = reader_new(a);
	search_all(&h);
	out->took_us = clock_mono() - began;
	return true;
}
