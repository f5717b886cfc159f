/* SPDX-License-Identifier: MIT */
#include "screens/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "screens/keep.h"

#define OSC52_MAX 74994   /* bytes of text that xterm and tmux take */

const char *copy_file(struct arena *a, const char *text, struct err *e)
{
	const char *path = keep_path(a, "XDG_STATE_HOME", ".local/state", "copied.txt");
	if (!path)
		err_set(e, ERR_SYSTEM, "Set HOME.", "there is no home folder to copy into");
	return path && keep_write(a, path, text, e) ? path : NULL;
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
		keep_write_all(ends[1], text, strlen(text));
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
