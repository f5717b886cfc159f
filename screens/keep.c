/* SPDX-License-Identifier: MIT */
#include "screens/keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#define SMALL 65536

const char *keep_path(struct arena *a, const char *variable, const char *under_home, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	if (base && base[0] == '/')
		return arena_printf(a, "%s/gatewalk/%s", base, name);
	return home && home[0] == '/' ? arena_printf(a, "%s/%s/gatewalk/%s", home, under_home, name) : NULL;
}

const char *keep_settings_path(struct arena *a)
{
	return keep_path(a, "XDG_CONFIG_HOME", ".config", "settings");
}

/* Each folder of the path that is missing. */
static void make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

bool keep_write_all(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, s, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		s += done;
		n -= (size_t)done;
	}
	return true;
}

bool keep_write(struct arena *a, const char *path, const char *text, struct err *e)
{
	make_folders(arena_dup(a, path));
	char *part = arena_printf(a, "%s.%ld", path, (long)getpid());
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && keep_write_all(fd, text, strlen(text));
	ok = fd >= 0 && close(fd) == 0 && ok && rename(part, path) == 0;
	if (ok)
		return true;
	err_set(e, ERR_SYSTEM, NULL, "could not write %s: %s", path, strerror(errno));
	unlink(part);
	return false;
}

const char *keep_read(struct arena *a, const char *path, struct err *e)
{
	struct stat st;
	char *text = arena_alloc(a, SMALL + 1);
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return "";
	bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= SMALL;
	for (ssize_t n = 1; ok && n > 0 && len < SMALL; len += (size_t)(n > 0 ? n : 0)) {
		n = read(fd, text + len, SMALL - len);
		ok = n >= 0;
	}
	const char *why = fd < 0 ? strerror(errno) : "no small text file";
	if (fd >= 0)
		close(fd);
	text[len] = '\0';
	if (ok)
		return text;
	err_set(e, ERR_SYSTEM, NULL, "could not read %s: %s", path, why);
	return NULL;
}
