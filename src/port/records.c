/* SPDX-License-Identifier: MIT */
#include "port/records.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/spawn.h"

#define SAID_MAX 65536

struct records {
	struct arena *a;
	const char *name;
	pid_t pid;
	int out, said, ms;
	bool ended;            /* its output has */
	const char *problem;   /* why no more was read */
	const char *complaint;
	size_t from, len;
	char buf[RECORD_MAX];
};

static bool streams(struct records *r, int *write_end, struct err *e)
{
	int p[2];
	r->said = memfd_create("gatewalk-said", MFD_CLOEXEC);
	if (r->said < 0 || pipe2(p, O_CLOEXEC) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "cannot make a pipe: %s", strerror(errno));
	r->out = p[0];
	*write_end = p[1];
	return true;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

struct records *records_open(struct arena *a, const char *const *argv, const char *const *env, int ms, struct err *e)
{
	struct records *r = arena_alloc(a, sizeof *r);
	struct spawn s = { .session = true, .dies_with_us = true, .in = -1, .out = -1 };
	*r = (struct records){ .a = a, .name = argv[0], .pid = -1, .out = -1, .said = -1, .ms = ms };
	if (spawn_ready(a, argv, env, &s, e) && streams(r, &s.out, e)) {
		s.err = r->said;
		r->pid = spawn_start(&s, e);
	}
	shut(&s.out);
	if (r->pid >= 0)
		return r;
	shut(&r->out);
	shut(&r->said);
	return NULL;
}

/* More of its output behind what is left. */
static bool fill(struct records *r)
{
	memmove(r->buf, r->buf + r->from, r->len - r->from);
	r->len -= r->from;
	r->from = 0;
	if (r->len == sizeof r->buf) {
		r->problem = "one record is too long";
		return false;
	}
	struct pollfd p = { .fd = r->out, .events = POLLIN };
	int ready;
	do
		ready = poll(&p, 1, r->ms);
	while (ready < 0 && errno == EINTR);
	ssize_t n = ready > 0 ? read(r->out, r->buf + r->len, sizeof r->buf - r->len) : -1;
	if (n < 0)
		r->problem = ready == 0 ? "it said nothing for too long and was stopped" : strerror(errno);
	r->ended = n == 0;
	r->len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

bool records_next(struct records *r, const char **record, size_t *len)
{
	const char *end;
	while (!(end = memchr(r->buf + r->from, '\0', r->len - r->from)))
		if (r->ended || r->problem || !fill(r))
			return false;
	*record = r->buf + r->from;
	*len = (size_t)(end - *record);
	r->from += *len + 1;
	return true;
}

static const char *all_said(struct records *r)
{
	struct arena *a = r->a;
	char *buf = arena_alloc(a, SAID_MAX + 1);
	ssize_t n = pread(r->said, buf, SAID_MAX, 0);
	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

const char *records_said(const struct records *r)
{
	return r->complaint;
}

bool records_close(struct records *r, struct err *e)
{
	int status = 0;
	if (!r->ended)
		kill(r->pid, SIGKILL);
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->complaint = all_said(r);
	shut(&r->out);
	shut(&r->said);
	if (r->problem)
		return err_set(e, ERR_SYSTEM, NULL, "%s: %s", r->name, r->problem);
	if (!r->ended)
		return err_set(e, ERR_SYSTEM, NULL, "%s was stopped", r->name);
	if (!WIFEXITED(status))
		return err_set(e, ERR_SYSTEM, NULL, "%s ended by signal %d", r->name, WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s: status %d: %s", r->name, WEXITSTATUS(status), text_cleann(r->a, r->complaint, strcspn(r->complaint, "\n")));
	return r->from == r->len || err_set(e, ERR_SYSTEM, NULL, "%s: its last record has no end", r->name);
}
