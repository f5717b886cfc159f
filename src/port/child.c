/* SPDX-License-Identifier: MIT */
#include "port/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/files.h"
#include "port/spawn.h"

#define KEPT_MAX (1024 * 1024)   /* of each stream; the rest is read and thrown away */
#define GRACE_MS 2000            /* from SIGTERM to SIGKILL */
#define DEFAULT_MS 60000
#define SLICE_MS 50              /* how often to look where the kernel gives no descriptor for a process */

enum { OUT, ERR, STREAMS };

struct run {
	const struct child *c;
	pid_t pid;
	int in, fd[STREAMS], child_fd[STREAMS], pidfd;
	struct text got[STREAMS];
	int64_t until;        /* clock_mono; 0 none */
	bool stopped, killed, ended, cut;
	int status;
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void shut_all(struct run *r)
{
	shut(&r->in);
	shut(&r->pidfd);
	for (int i = 0; i < STREAMS; i++) {
		shut(&r->fd[i]);
		shut(&r->child_fd[i]);
		text_free(&r->got[i]);
	}
}

/* Input is a file in memory: no pipe to feed, no SIGPIPE. */
static bool input_ready(struct run *r, struct err *e)
{
	if (!r->c->in)
		return true;
	r->in = memfd_create("gatewalk-in", MFD_CLOEXEC);
	if (r->in < 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot make room for a child's input: %s", strerror(errno));
	if (!file_write_all(r->in, r->c->in, r->c->in_len, "a child's input", e))
		return false;
	return lseek(r->in, 0, SEEK_SET) == 0;
}

static bool pipe_ready(struct run *r, int i, struct err *e)
{
	int p[2];
	if (pipe2(p, O_CLOEXEC) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot make a pipe: %s", strerror(errno));
	r->fd[i] = p[0];
	r->child_fd[i] = p[1];
	return fcntl(p[0], F_SETFL, O_NONBLOCK) == 0;
}

static bool output_ready(struct run *r, struct err *e)
{
	if (r->c->out_file) {
		r->child_fd[OUT] = file_create(r->c->out_file, e);
		if (r->child_fd[OUT] < 0)
			return false;
	} else if (!pipe_ready(r, OUT, e)) {
		return false;
	}
	return r->c->tty || pipe_ready(r, ERR, e);
}

static bool start(struct run *r, struct arena *a, struct err *e)
{
	struct spawn s = { .session = !r->c->tty, .keep_err = r->c->tty, .dies_with_us = true };
	if (!spawn_ready(a, r->c->argv, r->c->env, &s, e) || !input_ready(r, e) || !output_ready(r, e))
		return false;
	s.in = r->in;
	s.out = r->child_fd[OUT];
	s.err = r->child_fd[ERR];
	r->pid = spawn_start(&s, e);
	shut(&r->in);
	shut(&r->child_fd[OUT]);
	shut(&r->child_fd[ERR]);
	if (r->pid < 0)
		return false;
	r->pidfd = pidfd_open(r->pid, 0);
	int ms = r->c->ms == 0 ? DEFAULT_MS : r->c->ms;
	r->until = ms < 0 ? 0 : clock_mono() + (int64_t)ms * 1000;
	return true;
}

static void take(struct run *r, int i)
{
	char buf[16384];
	while (r->fd[i] >= 0) {
		ssize_t n = read(r->fd[i], buf, sizeof buf);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			shut(&r->fd[i]);
			return;
		}
		size_t room = KEPT_MAX - r->got[i].len;
		r->cut = r->cut || (size_t)n > room;
		text_addn(&r->got[i], buf, (size_t)n < room ? (size_t)n : room);
	}
}

static void look_if_ended(struct run *r)
{
	pid_t p;
	do
		p = waitpid(r->pid, &r->status, WNOHANG);
	while (p < 0 && errno == EINTR);
	r->ended = p != 0;
}

/* Past the deadline: SIGTERM to the child and what it started, a moment later SIGKILL. */
static void stop_if_late(struct run *r)
{
	if (r->until == 0 || clock_mono() < r->until || r->killed)
		return;
	pid_t whom = r->c->tty ? r->pid : -r->pid;
	kill(whom, r->stopped ? SIGKILL : SIGTERM);
	r->killed = r->stopped;
	r->stopped = true;
	r->until = clock_mono() + (int64_t)GRACE_MS * 1000;
}

static int wait_ms(const struct run *r)
{
	int64_t left = r->until == 0 ? 60000 : (r->until - clock_mono()) / 1000 + 1;
	if (left < 0)
		left = 0;
	if (r->pidfd < 0 && left > SLICE_MS)
		left = SLICE_MS;
	return left > 60000 ? 60000 : (int)left;
}

static void follow(struct run *r)
{
	while (!r->ended) {
		struct pollfd p[STREAMS + 1] = {
			{ .fd = r->fd[OUT], .events = POLLIN },
			{ .fd = r->fd[ERR], .events = POLLIN },
			{ .fd = r->pidfd, .events = POLLIN },
		};
		poll(p, STREAMS + 1, wait_ms(r));
		take(r, OUT);
		take(r, ERR);
		look_if_ended(r);
		if (!r->ended)
			stop_if_late(r);
	}
	take(r, OUT);
	take(r, ERR);
}

static const char *kept(struct arena *a, const struct text *t)
{
	return arena_dupn(a, text_str(t), t->len);
}

bool child_run(struct arena *a, const struct child *c, struct child_end *end, struct err *e)
{
	struct run r = { .c = c, .in = -1, .fd = { -1, -1 }, .child_fd = { -1, -1 }, .pidfd = -1 };
	memset(end, 0, sizeof *end);
	end->out = end->err = "";
	bool good = start(&r, a, e);
	if (good) {
		follow(&r);
		end->status = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : -1;
		end->signal = WIFSIGNALED(r.status) ? WTERMSIG(r.status) : 0;
		end->out = kept(a, &r.got[OUT]);
		end->out_len = r.got[OUT].len;
		end->err = kept(a, &r.got[ERR]);
		end->cut = r.cut;
		if (r.stopped)
			good = err_set(e, ERR_SYSTEM, NULL, "%s did not end within %.1f s and was stopped", text_clean(a, c->argv[0]),
				(c->ms == 0 ? DEFAULT_MS : c->ms) / 1000.0);
	}
	shut_all(&r);
	return good;
}

bool child_shell(struct arena *a, const char *command, const char *const *env, int ms, struct child_end *end, struct err *e)
{
	const char *const argv[] = { "/bin/sh", "-c", command, NULL };
	struct child c = { .argv = argv, .env = env, .ms = ms };
	return child_run(a, &c, end, e);
}

bool child_answer(struct arena *a, const char *command, int ms, const char **out, size_t *len, struct err *e)
{
	struct child_end end;
	if (!child_shell(a, command, NULL, ms, &end, e))
		return false;
	*out = end.out;
	*len = end.out_len;
	if (end.signal || end.status != 0)
		return err_set(e, ERR_SYSTEM, NULL, "its command failed with status %d", end.signal ? 128 + end.signal : end.status);
	return !end.cut || err_set(e, ERR_SYSTEM, NULL, "its command printed more than 1 MiB");
}

const char *child_boot_id(struct arena *a)
{
	char buf[64];
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, sizeof buf - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return "unknown";
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return arena_dup(a, buf);
}

/* A process that has ended but was not waited for yet is not alive. */
bool child_alive(int pid)
{
	char path[64], buf[512];
	if (pid <= 0 || (kill(pid, 0) != 0 && errno != EPERM))
		return false;
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT;
	ssize_t n = read(fd, buf, sizeof buf - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	const char *name_end = strrchr(buf, ')');
	return name_end && name_end[1] == ' ' && name_end[2] != 'Z' && name_end[2] != 'X';
}
