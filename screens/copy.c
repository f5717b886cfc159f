/* SPDX-License-Identifier: MIT */
#include "screens/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"

#define OSC52_MAX 74994   /* bytes of text that xterm and tmux take */

/* Each folder of the path that is missing. */
static void make_folders(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(path, 0700);
		*p = '/';
	}
}

static char *path_of(struct arena *a)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	if (state && state[0] == '/')
		return arena_printf(a, "%s/gatewalk/copied.txt", state);
	return home && home[0] == '/' ? arena_printf(a, "%s/.local/state/gatewalk/copied.txt", home) : NULL;
}

static bool write_all(int fd, const char *s, size_t n)
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

const char *copy_file(struct arena *a, const char *text, struct err *e)
{
	char *path = path_of(a);
	if (!path) {
		err_set(e, ERR_SYSTEM, "Set HOME.", "there is no home folder to copy into");
		return NULL;
	}
	make_folders(path);
	char *part = arena_printf(a, "%s.%ld", path, (long)getpid());
	int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool ok = fd >= 0 && write_all(fd, text, strlen(text));
	ok = fd >= 0 && close(fd) == 0 && ok && rename(part, path) == 0;
	if (!ok) {
		err_set(e, ERR_SYSTEM, NULL, "could not copy into %s: %s", path, strerror(errno));
		unlink(part);
		return NULL;
	}
	return path;
}

static void tmux_child(int in)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int null = open("/dev/null", O_RDWR);
	dup2(in, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execlp("tmux", "tmux", "load-buffer", "-", (char *)NULL);
	_exit(127);
}

void copy_tmux(const char *text)
{
	int ends[2];
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old;
	if (!getenv("TMUX") || pipe2(ends, O_CLOEXEC) != 0)
		return;
	pid_t pid = fork();
	if (pid == 0)
		tmux_child(ends[0]);
	close(ends[0]);
	sigaction(SIGPIPE, &ignore, &old);
	if (pid > 0)
		write_all(ends[1], text, strlen(text));
	close(ends[1]);
	sigaction(SIGPIPE, &old, NULL);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

char *copy_osc52(struct arena *a, const char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(text);
	if (len > OSC52_MAX)
		return NULL;
	char *out = arena_alloc(a, 16 + (len + 2) / 3 * 4), *p = out + sprintf(out, "\033]52;c;");
	for (size_t i = 0; i < len; i += 3) {
		unsigned b[3] = { 0 };
		for (size_t k = 0; k < 3 && i + k < len; k++)
			b[k] = (unsigned char)text[i + k];
		unsigned n = b[0] << 16 | b[1] << 8 | b[2];
		*p++ = digits[n >> 18];
		*p++ = digits[n >> 12 & 63];
		*p++ = i + 1 < len ? digits[n >> 6 & 63] : '=';
		*p++ = i + 2 < len ? digits[n & 63] : '=';
	}
	*p++ = '\a';
	return out;
}
