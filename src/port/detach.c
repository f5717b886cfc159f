/* SPDX-License-Identifier: MIT */
#include "port/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/spawn.h"

struct told { int pid, why; };

static int log_open(const char *path, struct err *e)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return fd;
	int why = errno;
	if (fd >= 0)
		close(fd);
	struct arena *a = arena_new();
	err_set(e, ERR_SYSTEM, NULL, "cannot open the log file %s: %s", text_clean(a, path), strerror(why));
	arena_free(a);
	return -1;
}

static ssize_t read_whole(int fd, void *to, size_t len)
{
	ssize_t n;
	do
		n = read(fd, to, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* The process in the middle: starts a session, starts the real one, tells its pid, and ends. */
static void middle(const struct spawn *s, int pid_fd, int status_fd)
{
	setsid();
	pid_t pid = fork();
	if (pid == 0)
		spawn_become(s, status_fd);
	int number = (int)pid;
	ssize_t w = write(pid_fd, &number, sizeof number);
	_exit(pid > 0 && w == (ssize_t)sizeof number ? 0 : 1);
}

static bool detach(const struct spawn *s, struct told *t, struct err *e)
{
	int pids[2] = { -1, -1 }, status[2] = { -1, -1 };
	pid_t pid = -1;
	t->pid = -1;
	t->why = 0;
	if (pipe2(pids, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0)
		middle(s, pids[1], status[1]);
	t->why = pid < 0 ? errno : 0;
	close(pids[1]);
	close(status[1]);
	if (pid > 0) {
		if (read_whole(pids[0], &t->pid, sizeof t->pid) != (ssize_t)sizeof t->pid)
			t->pid = -1;
		if (read_whole(status[0], &t->why, sizeof t->why) == 0)
			t->why = 0;
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(pids[0]);
	close(status[0]);
	if (pid > 0 && t->pid > 0 && t->why == 0)
		return true;
	return err_set(e, ERR_SYSTEM, NULL, "cannot start %s: %s", s->path, strerror(t->why ? t->why : EAGAIN));
}

bool child_detach(const char *const *argv, const char *log_file, int *pid, struct err *e)
{
	struct arena *a = arena_new();
	struct spawn s = { .in = -1 };
	struct told t;
	int log = -1;
	bool good = spawn_ready(a, argv, NULL, &s, e) && (log = log_open(log_file, e)) >= 0;
	if (good) {
		s.out = s.err = log;
		good = detach(&s, &t, e);
		close(log);
	}
	if (good)
		*pid = t.pid;
	arena_free(a);
	return good;
}

/* The keeper waits for its charge to end, or for our end of the pipe to close: then it ends the charge. A set-id program
   (ssh-agent is one) loses the kernel's death signal at exec, so somebody must stand beside it. */
static void keep(const struct spawn *s, int hold, int status)
{
	int fd[2] = { hold, status };
	setsid();
	spawn_keep_only(fd, 2);
	pid_t pid = fork();
	if (pid == 0)
		spawn_become(s, fd[1]);
	close(fd[1]);
	if (pid < 0)
		_exit(1);
	int pidfd = pidfd_open(pid, 0);
	struct pollfd p[2] = { { .fd = fd[0], .events = POLLIN }, { .fd = pidfd, .events = POLLIN } };
	for (;;) {
		int n = poll(p, 2, pidfd < 0 ? 200 : -1);
		if (n > 0 && p[0].revents)
			break;
		if (waitpid(pid, NULL, WNOHANG) == pid)
			_exit(0);
	}
	kill(pid, SIGTERM);
	for (int i = 0; i < 20 && waitpid(pid, NULL, WNOHANG) == 0; i++)
		poll(NULL, 0, 50);
	kill(pid, SIGKILL);
	_exit(0);
}

bool child_keep(const char *const *argv, struct child_kept *out, struct err *e)
{
	struct arena *a = arena_new();
	struct spawn s = { .in = -1, .out = -1, .err = -1 };
	int hold[2] = { -1, -1 }, status[2] = { -1, -1 }, why = 0;
	pid_t pid = -1;
	bool good = spawn_ready(a, argv, NULL, &s, e);
	if (good && pipe2(hold, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC) == 0)
		pid = fork();
	if (pid == 0)
		keep(&s, hold[0], status[1]);
	close(hold[0]);
	close(status[1]);
	ssize_t n = pid > 0 ? read_whole(status[0], &why, sizeof why) : -1;
	close(status[0]);
	out->pid = pid;
	out->hold = hold[1];
	if (good && n != 0) {
		good = err_set(e, ERR_SYSTEM, NULL, "cannot start %s: %s", s.path, strerror(n > 0 ? why : errno));
		child_release(out);
	}
	arena_free(a);
	return good;
}

void child_release(struct child_kept *k)
{
	if (k->hold >= 0)
		close(k->hold);
	while (k->pid > 0 && waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
	k->hold = -1;
	k->pid = -1;
}
