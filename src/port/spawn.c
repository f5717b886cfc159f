/* SPDX-License-Identifier: MIT */
#include "port/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/child.h"

#define PATH_FIXED "/usr/local/bin:/usr/bin:/bin"
#define STATUS_FD 3
#define ABOVE_ALL 16   /* descriptors are lifted above this before they go to their places */

extern char **environ;

static const char *const passed[] = { "HOME", "USER", "LOGNAME", "LANG", "TZ", "TERM" };
static const char *const passed_groups[] = { "XDG_", "PG", "SSH_", "LC_" };

static bool same_name(const char *entry, const char *name, size_t len)
{
	return strncmp(entry, name, len) == 0 && (entry[len] == '=' || entry[len] == '\0');
}

static bool is_passed(const char *entry)
{
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		if (same_name(entry, passed[i], strlen(passed[i])))
			return true;
	for (size_t i = 0; i < sizeof passed_groups / sizeof *passed_groups; i++)
		if (strncmp(entry, passed_groups[i], strlen(passed_groups[i])) == 0)
			return true;
	return false;
}

static bool is_given(const char *const *env, const char *entry)
{
	for (; env && *env; env++)
		if (same_name(entry, *env, strcspn(*env, "=")))
			return true;
	return false;
}

/* A given entry without "=" takes that variable away. */
static char **environment(struct arena *a, const char *const *env)
{
	char **all = NULL;
	size_t n = 0, cap = 0;
	for (char **p = environ; p && *p; p++) {
		if (!is_passed(*p) || is_given(env, *p))
			continue;
		all = arena_grow(a, all, &n, &cap, sizeof *all);
		all[n - 1] = arena_dup(a, *p);
	}
	if (!is_given(env, "PATH=")) {
		all = arena_grow(a, all, &n, &cap, sizeof *all);
		all[n - 1] = arena_dup(a, "PATH=" PATH_FIXED);
	}
	for (; env && *env; env++) {
		if (!strchr(*env, '='))
			continue;
		all = arena_grow(a, all, &n, &cap, sizeof *all);
		all[n - 1] = arena_dup(a, *env);
	}
	all = arena_grow(a, all, &n, &cap, sizeof *all);
	all[n - 1] = NULL;
	return all;
}

const char *child_find(struct arena *a, const char *name)
{
	if (strchr(name, '/'))
		return name[0] == '/' && access(name, X_OK) == 0 ? arena_dup(a, name) : NULL;
	for (const char *p = PATH_FIXED; *p; ) {
		size_t len = strcspn(p, ":");
		const char *path = arena_printf(a, "%.*s/%s", (int)len, p, name);
		if (access(path, X_OK) == 0)
			return path;
		p += len + (p[len] == ':');
	}
	return NULL;
}

bool spawn_ready(struct arena *a, const char *const *argv, const char *const *env, struct spawn *out, struct err *e)
{
	size_t n = 0;
	out->path = child_find(a, argv[0]);
	if (!out->path)
		return err_set(e, ERR_SYSTEM, "install it, or look at " PATH_FIXED, "%s was not found", text_clean(a, argv[0]));
	while (argv[n])
		n++;
	char **copy = arena_array(a, n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = arena_dup(a, argv[i]);
	out->argv = copy;
	out->env = environment(a, env);
	return true;
}

static void default_signals(void)
{
	sigset_t none;
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts fd (or /dev/null) at place `to`. */
static bool put(int fd, int to, int flags)
{
	if (fd < 0)
		fd = open("/dev/null", flags);
	return fd >= 0 && dup2(fd, to) == to;
}

static int lift(int fd)
{
	return fd < 0 ? fd : fcntl(fd, F_DUPFD, ABOVE_ALL);
}

static void close_from(unsigned first)
{
	if (close_range(first, ~0U, 0) == 0)
		return;
	for (unsigned fd = first; fd < 65536; fd++)
		close((int)fd);
}

void spawn_keep_only(int *fd, int n)
{
	default_signals();
	for (int i = 0; i < n; i++)
		fd[i] = lift(fd[i]);
	for (int i = 0; i < 3; i++)
		put(-1, i, O_RDWR);
	for (int i = 0; i < n; i++) {
		dup2(fd[i], STATUS_FD + i);
		fcntl(STATUS_FD + i, F_SETFD, FD_CLOEXEC);
		fd[i] = STATUS_FD + i;
	}
	close_from((unsigned)(STATUS_FD + n));
}

void spawn_become(const struct spawn *s, int status_fd)
{
	int in = lift(s->in), out = lift(s->out), err = lift(s->err), status = lift(status_fd);
	default_signals();
	if (s->session)
		setsid();
	if (s->dies_with_us)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	bool good = status >= 0 && put(in, 0, O_RDONLY) && put(out, 1, O_WRONLY) && (s->keep_err || put(err, 2, O_WRONLY));
	if (good && dup2(status, STATUS_FD) == STATUS_FD && fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC) == 0) {
		close_from(STATUS_FD + 1);
		execve(s->path, s->argv, s->env);
		status = STATUS_FD;
	}
	int why = errno;
	ssize_t told = write(status, &why, sizeof why);
	_exit(told == (ssize_t)sizeof why ? 127 : 126);
}

pid_t spawn_start(const struct spawn *s, struct err *e)
{
	int status[2], why = 0;
	if (pipe2(status, O_CLOEXEC) != 0) {
		err_set(e, ERR_SYSTEM, NULL, "cannot start %s: %s", s->path, strerror(errno));
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		spawn_become(s, status[1]);
	int failed = errno;
	close(status[1]);
	ssize_t got = -1;
	if (pid > 0)
		do
			got = read(status[0], &why, sizeof why);
		while (got < 0 && errno == EINTR);
	close(status[0]);
	if (pid > 0 && got == 0)
		return pid;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	err_set(e, ERR_SYSTEM, NULL, "cannot start %s: %s", s->path, strerror(pid < 0 ? failed : why));
	return -1;
}
