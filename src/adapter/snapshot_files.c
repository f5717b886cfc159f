/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

#define PART ".part-"

struct snapshot_hold {
	size_t n;
	int *fd;
	struct stat *seen;
};

static bool hash_file(int fd, const char *path, char sha256[static 65], int64_t *bytes, struct err *e)
{
	struct sha256 h;
	char buf[65536];
	ssize_t n;
	sha256_init(&h);
	for (*bytes = 0; (n = pread(fd, buf, sizeof buf, *bytes)) != 0; *bytes += n < 0 ? 0 : n) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, ERR_SYSTEM, NULL, "%s: cannot be read: %s", path, strerror(errno));
		sha256_add(&h, buf, (size_t)n);
	}
	sha256_hex(h, sha256);
	return true;
}

bool snap_note_file(struct arena *a, struct manifest *m, const char *dir, const char *name, int64_t rows, struct err *e)
{
	const char *path = path_join(a, dir, name);
	struct snap_file f = { .name = arena_dup(a, name), .rows = rows };
	int fd = file_open(path, e);
	if (fd < 0)
		return false;
	bool ok = hash_file(fd, path, f.sha256, &f.bytes, e) && (fsync(fd) == 0 || err_set(e, ERR_SYSTEM, NULL, "%s: %s", path, strerror(errno)));
	close(fd);
	if (!ok)
		return false;
	struct snap_file *more = arena_array(a, m->n_files + 1, sizeof *more);
	if (m->n_files)
		memcpy(more, m->files, m->n_files * sizeof *more);
	m->files = more;
	m->files[m->n_files++] = f;
	m->fact.bytes += f.bytes;
	return true;
}

void part_remove(const char *part)
{
	int fd = open(part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return;
	for (struct dirent *f; (f = readdir(d)); )
		if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
			unlinkat(dirfd(d), f->d_name, 0);
	closedir(d);
	rmdir(part);
}

/* The builder holds a lock on the folder itself: one that can be locked was left by a builder that is gone. */
static void remove_left(struct arena *a, const char *store)
{
	const char **names;
	size_t n;
	struct err e;
	if (!dir_list(a, store, &names, &n, &e))
		return;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(names[i], PART, strlen(PART)) != 0)
			continue;
		const char *path = path_join(a, store, names[i]);
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			part_remove(path);
		if (fd >= 0)
			close(fd);
	}
}

static int make_locked(const char *path, struct err *e)
{
	if (mkdir(path, 0700) != 0) {
		err_set(e, ERR_SYSTEM, NULL, "%s: cannot be made: %s", path, strerror(errno));
		return -1;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
		err_set(e, ERR_SYSTEM, NULL, "%s: cannot be locked: %s", path, strerror(errno));
		rmdir(path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/* Under the store's own lock, so that nobody takes a folder that was just made for a left one. */
const char *part_make(struct arena *a, const char *store, const char *id, int *fd, struct err *e)
{
	*fd = -1;
	if (!dir_make(store, e))
		return NULL;
	int lock = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		err_set(e, ERR_SYSTEM, NULL, "%s: cannot be locked: %s", store, strerror(errno));
		if (lock >= 0)
			close(lock);
		return NULL;
	}
	remove_left(a, store);
	const char *part = path_join(a, store, arena_printf(a, PART "%s", id));
	*fd = make_locked(part, e);
	close(lock);
	return *fd < 0 ? NULL : part;
}

bool part_finish(struct arena *a, const char *store, const char *part, const char *id, struct err *e)
{
	const char *path = path_join(a, store, id);
	if (!dir_sync(part, e))
		return false;
	if (rename(part, path) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s: cannot get its name: %s", path, strerror(errno));
	return dir_sync(store, e);
}

static bool file_agrees(int fd, const char *path, const struct snap_file *f, struct err *e)
{
	char sha[65];
	int64_t bytes;
	if (!hash_file(fd, path, sha, &bytes, e))
		return false;
	if (bytes == f->bytes && strcmp(sha, f->sha256) == 0)
		return true;
	return err_set(e, ERR_VERIFY, "Bring the folder back from its copy, or take another snapshot.", "%s is damaged: it is not the file that was proven", path);
}

static int open_checked(struct arena *a, const struct manifest *m, const struct snap_file *f, struct err *e)
{
	const char *path = path_join(a, m->fact.path, f->name);
	if (!file_exists(path)) {
		err_set(e, ERR_VERIFY, "Bring the folder back from its copy, or take another snapshot.", "%s is not there", path);
		return -1;
	}
	int fd = file_open(path, e);
	if (fd < 0 || file_agrees(fd, path, f, e))
		return fd;
	close(fd);
	return -1;
}

bool snapshot_check(struct arena *a, const char *path, const char *manifest_sha256, struct err *e)
{
	struct manifest m;
	if (!manifest_read(a, path, manifest_sha256, &m, e))
		return false;
	for (size_t i = 0; i < m.n_files; i++) {
		int fd = open_checked(a, &m, &m.files[i], e);
		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

static struct snapshot_hold *hold_new(size_t n)
{
	struct snapshot_hold *h = calloc(1, sizeof *h);
	if (h) {
		h->fd = calloc(n, sizeof *h->fd);
		h->seen = calloc(n, sizeof *h->seen);
	}
	if (!h || !h->fd || !h->seen) {
		fputs("gatewalk: out of memory\n", stderr);
		abort();
	}
	return h;
}

static bool hold_add(struct snapshot_hold *h, int fd, struct err *e)
{
	if (fd < 0)
		return false;
	h->fd[h->n] = fd;
	if (fstat(fd, &h->seen[h->n++]) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "a file of the snapshot cannot be looked at: %s", strerror(errno));
	return true;
}

/* The manifest is opened and its hash taken by the same descriptor: a swap after manifest_read shows. */
static int open_manifest(struct arena *a, const struct manifest *m, struct err *e)
{
	struct snap_file f = { .name = MANIFEST_NAME };
	struct stat st;
	if (stat(path_join(a, m->fact.path, MANIFEST_NAME), &st) == 0)
		f.bytes = st.st_size;
	memcpy(f.sha256, m->fact.manifest_sha256, sizeof f.sha256);
	return open_checked(a, m, &f, e);
}

struct snapshot_hold *snapshot_hold(struct arena *a, const char *path, const char *manifest_sha256, struct err *e)
{
	struct manifest m;
	if (!manifest_read(a, path, manifest_sha256, &m, e))
		return NULL;
	struct snapshot_hold *h = hold_new(m.n_files + 1);
	bool ok = hold_add(h, open_manifest(a, &m, e), e);
	for (size_t i = 0; ok && i < m.n_files; i++)
		ok = hold_add(h, open_checked(a, &m, &m.files[i], e), e);
	if (ok)
		return h;
	snapshot_release(h);
	return NULL;
}

static bool same_time(struct timespec x, struct timespec y)
{
	return x.tv_sec == y.tv_sec && x.tv_nsec == y.tv_nsec;
}

/* ctime tells a change of content whose mtime was set back, a rename and a removal. */
bool snapshot_same(void *hold)
{
	const struct snapshot_hold *h = hold;
	for (size_t i = 0; h && i < h->n; i++) {
		const struct stat *old = &h->seen[i];
		struct stat now;
		if (fstat(h->fd[i], &now) != 0 || now.st_size != old->st_size || now.st_ino != old->st_ino || now.st_dev != old->st_dev
				|| now.st_nlink == 0 || !same_time(now.st_mtim, old->st_mtim) || !same_time(now.st_ctim, old->st_ctim))
			return false;
	}
	return h && h->n > 0;
}

void snapshot_release(struct snapshot_hold *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < h->n; i++)
		close(h->fd[i]);
	free(h->fd);
	free(h->seen);
	free(h);
}
