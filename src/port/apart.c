/* SPDX-License-Identifier: MIT */
#include "port/apart.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "port/files.h"
#include "port/spawn.h"

struct apart {
	apart_work *work;
	const void *ctx;
	size_t out_size;
	int ms;
	pid_t pid;   /* 0: none */
	int fd;
};

struct apart *apart_new(struct arena *a, apart_work *work, const void *ctx, size_t out_size, int ms)
{
	struct apart *w = arena_alloc(a, sizeof *w);
	*w = (struct apart){ .work = work, .ctx = ctx, .out_size = out_size, .ms = ms, .fd = -1 };
	return w;
}

/* All of it, or false: the other side has gone, or is late. until 0: waits for ever. */
static bool move(int fd, bool out, void *bytes, size_t len, int64_t until)
{
	char *p = bytes;
	while (len > 0) {
		struct pollfd ready = { .fd = fd, .events = out ? POLLOUT : POLLIN };
		int64_t left = until ? (until - clock_mono()) / 1000 : -1;
		int n = until && left <= 0 ? 0 : poll(&ready, 1, (int)left);
		if (n == 0)
			return false;
		ssize_t moved = n < 0 ? -1 : out ? send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT) : recv(fd, p, len, MSG_DONTWAIT);
		if (moved == 0 || (moved < 0 && errno != EINTR && errno != EAGAIN))
			return false;
		p += moved > 0 ? moved : 0;
		len -= moved > 0 ? (size_t)moved : 0;
	}
	return true;
}

/* Never returns. What it prints goes nowhere, what it holds of ours is closed, and it leaves no core file. */
static void serve(const struct apart *w, int fd)
{
	const struct rlimit none = { 0, 0 };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setrlimit(RLIMIT_CORE, &none);
	spawn_keep_only(&fd, 1);
	for (size_t len; move(fd, false, &len, sizeof len, 0);) {
		char *text = malloc(len + 1), *out = calloc(1, w->out_size);
		if (!text || !out || !move(fd, false, text, len, 0))
			break;
		text[len] = '\0';
		w->work(w->ctx, text, out);
		if (!move(fd, true, out, w->out_size, 0))
			break;
		free(text);
		free(out);
	}
	_exit(0);
}

static bool begin(struct apart *w)
{
	int fd[2];
	if (w->pid > 0)
		return true;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
		return false;
	w->pid = fork();
	if (w->pid == 0)
		serve(w, fd[1]);
	close(fd[1]);
	if (w->pid < 0)
		close(fd[0]);
	w->fd = w->pid > 0 ? fd[0] : -1;
	return w->pid > 0;
}

void apart_end(struct apart *w)
{
	if (w->pid <= 0)
		return;
	close(w->fd);
	kill(w->pid, SIGKILL);   /* it holds nothing that it would have to put away */
	while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
		;
	w->pid = 0;
	w->fd = -1;
}

bool apart_ask(struct apart *w, const char *text, void *out)
{
	size_t len = strlen(text);
	int64_t until = clock_mono() + (int64_t)w->ms * 1000;
	if (!begin(w))
		return false;
	bool answered = move(w->fd, true, &len, sizeof len, until) && move(w->fd, true, (void *)(size_t)text, len, until)
		&& move(w->fd, false, out, w->out_size, until);
	if (!answered)
		apart_end(w);
	return answered;
}
