/* SPDX-License-Identifier: MIT */
#include "port/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

static bool fail(struct err *e, const char *what, const char *path, const char *hint)
{
	int why = errno;
	struct arena *a = arena_new();
	err_set(e, ERR_SYSTEM, hint, "%s %s: %s", what, text_clean(a, path), strerror(why));
	arena_free(a);
	errno = why;
	return false;
}

/* A refusal with a reason of our own instead of the system's. */
static bool refuse(struct err *e, const char *path, const char *why, const char *hint)
{
	struct arena *a = arena_new();
	err_set(e, ERR_SYSTEM, hint, "%s: %s", text_clean(a, path), why);
	arena_free(a);
	return false;
}

static const char *hint_full(int why)
{
	return why == ENOSPC || why == EDQUOT || why == EFBIG ? "the disk is full: make room, then go on" : NULL;
}

static bool parent_is_safe(const struct stat *st)
{
	bool ours = st->st_uid == geteuid() || st->st_uid == 0;
	bool shared = (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
	return ours && (!shared || (st->st_mode & S_ISVTX));
}

/* One step of the path that is not the last. */
static bool parent_make(const char *path, struct err *e)
{
	struct stat st;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(e, "cannot make the folder", path, hint_full(errno));
	if (stat(path, &st) != 0)
		return fail(e, "cannot look at the folder", path, NULL);
	if (!S_ISDIR(st.st_mode))
		return refuse(e, path, "is not a folder", "choose another place, or move that file away");
	if (!parent_is_safe(&st))
		return refuse(e, path, "somebody else could change what is in this folder",
			"it must belong to you or root and not be writable by others (chmod go-w)");
	return true;
}

static bool last_make(const char *path, struct err *e)
{
	struct stat st;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail(e, "cannot make the folder", path, hint_full(errno));
	if (lstat(path, &st) != 0)
		return fail(e, "cannot look at the folder", path, NULL);
	if (!S_ISDIR(st.st_mode))
		return refuse(e, path, "is not a folder", "a link or a file stands where the folder should be");
	if (st.st_uid != geteuid())
		return refuse(e, path, "this folder belongs to somebody else", "run gatewalk as its owner, or choose another place");
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return refuse(e, path, "others may write in this folder", "take that away with chmod go-w");
	return true;
}

bool dir_make(const char *dir, struct err *e)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	if (dir[0] == '\0' || len >= sizeof path)
		return err_set(e, ERR_USE, NULL, "a folder's name must have 1 to %d bytes", PATH_MAX - 1);
	memcpy(path, dir, len + 1);
	while (len > 1 && path[len - 1] == '/')
		path[--len] = '\0';
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		bool good = parent_make(path, e);
		*p = '/';
		if (!good)
			return false;
	}
	return last_make(path, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool dir_list(struct arena *a, const char *dir, const char ***names, size_t *n, struct err *e)
{
	size_t cap = 0;
	*names = NULL;
	*n = 0;
	DIR *d = opendir(dir);
	if (!d)
		return fail(e, "cannot read the folder", dir, NULL);
	errno = 0;
	for (struct dirent *item; (item = readdir(d)) != NULL; errno = 0) {
		if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0)
			continue;
		*names = arena_grow(a, *names, n, &cap, sizeof **names);
		(*names)[*n - 1] = arena_dup(a, item->d_name);
	}
	bool good = errno == 0 || fail(e, "cannot read the folder", dir, NULL);
	closedir(d);
	if (*n > 1)
		qsort(*names, *n, sizeof **names, by_name);
	return good;
}

int file_open(const char *path, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno == ELOOP)
			refuse(e, path, "is a link, and gatewalk does not follow links here", "name the file itself");
		else
			fail(e, "cannot open", path, NULL);
		return -1;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	refuse(e, path, "is not a regular file", NULL);
	return -1;
}

static bool read_all(int fd, char *to, size_t len, size_t *got, const char *path, struct err *e)
{
	*got = 0;
	while (*got < len) {
		ssize_t r = read(fd, to + *got, len - *got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail(e, "cannot read", path, NULL);
		if (r == 0)
			break;
		*got += (size_t)r;
	}
	return true;
}

bool file_read(struct arena *a, const char *path, size_t max, char **data, size_t *len, struct err *e)
{
	struct stat st;
	int fd = file_open(path, e);
	if (fd < 0)
		return false;
	bool good = fstat(fd, &st) == 0 || fail(e, "cannot look at", path, NULL);
	if (good && (uint64_t)st.st_size > max) {
		refuse(e, path, "is larger than gatewalk reads here", NULL);
		good = false;
	}
	if (good) {
		*data = arena_alloc(a, (size_t)st.st_size + 1);
		good = read_all(fd, *data, (size_t)st.st_size, len, path, e);
	}
	close(fd);
	return good;
}

int file_create(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		return fd;
	fail(e, "cannot make the file", path, errno == EEXIST ? "it exists, and gatewalk writes over nothing" : hint_full(errno));
	return -1;
}

bool file_write_all(int fd, const void *data, size_t len, const char *path, struct err *e)
{
	const char *p = data;
	while (len > 0) {
		ssize_t w = write(fd, p, len);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return fail(e, "cannot write", path, hint_full(errno));
		p += w;
		len -= (size_t)w;
	}
	return true;
}

bool file_sync(int fd, const char *path, struct err *e)
{
	return fsync(fd) == 0 || fail(e, "cannot make durable", path, "what was written last may be lost: look at the disk");
}

bool dir_sync(const char *dir, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, "cannot open the folder", dir, NULL);
	bool good = file_sync(fd, dir, e);
	close(fd);
	return good;
}

/* The folder a path lies in, "." for a bare name. */
static char *dir_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return arena_dup(a, ".");
	return arena_dupn(a, path, slash == path ? 1 : (size_t)(slash - path));
}

static char *name_beside(struct arena *a, const char *path)
{
	uint64_t chance = 0;
	if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
		chance = (uint64_t)clock_mono() ^ (uint64_t)getpid();
	return arena_printf(a, "%s.%016llx.new", path, (unsigned long long)chance);
}

bool file_write(const char *path, const void *data, size_t len, struct err *e)
{
	struct arena *a = arena_new();
	const char *beside = name_beside(a, path);
	int fd = file_create(beside, e);
	bool good = fd >= 0;
	if (good) {
		good = file_write_all(fd, data, len, beside, e) && file_sync(fd, beside, e);
		if (close(fd) != 0 && good)
			good = fail(e, "cannot close", beside, NULL);
		if (good && rename(beside, path) != 0)
			good = fail(e, "cannot put in place", path, NULL);
		if (!good)
			unlink(beside);
		good = good && dir_sync(dir_of(a, path), e);
	}
	arena_free(a);
	return good;
}

int64_t disk_free(const char *path)
{
	struct statvfs v;
	if (statvfs(path, &v) != 0)
		return -1;
	return (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

bool file_exists(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0;
}

bool file_there(const char *path, bool *there, struct err *e)
{
	struct stat st;
	*there = lstat(path, &st) == 0;
	return *there || errno == ENOENT || err_set(e, ERR_SYSTEM, NULL, "%s cannot be looked at: %s", path, strerror(errno));
}

static int64_t clock_us(clockid_t id)
{
	struct timespec ts;
	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_local(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t clock_mono(void)
{
	return clock_us(CLOCK_BOOTTIME);
}

void clock_nap(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000L };
	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}
