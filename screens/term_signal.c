/* SPDX-License-Identifier: MIT */
#include "screens/term_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "screens/term.h"

static const struct { int sig; unsigned flag; } taken[] = {
	{ SIGWINCH, TERM_RESIZED }, { SIGTSTP, TERM_STOP }, { SIGCONT, TERM_CONTINUED }, { SIGHUP, TERM_END }, { SIGTERM, TERM_END },
	{ SIGINT, TERM_INTERRUPT },
};
#define TAKEN (sizeof taken / sizeof taken[0])

static volatile sig_atomic_t came[TAKEN];
static int wake[2] = { -1, -1 };
static sigset_t before;
static struct sigaction old[TAKEN];

static void on_signal(int sig)
{
	int saved = errno;
	for (size_t i = 0; i < TAKEN; i++)
		if (taken[i].sig == sig)
			came[i] = 1;
	ssize_t ignored = write(wake[1], "", 1);
	(void)ignored;
	errno = saved;
}

bool signals_take(void)
{
	sigset_t set;
	struct sigaction act = { .sa_handler = on_signal };
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	sigfillset(&act.sa_mask);
	sigemptyset(&set);
	for (size_t i = 0; i < TAKEN; i++)
		sigaddset(&set, taken[i].sig);
	sigprocmask(SIG_BLOCK, &set, &before);
	for (size_t i = 0; i < TAKEN; i++)
		sigaction(taken[i].sig, &act, &old[i]);
	return true;
}

void signals_give_back(void)
{
	if (wake[0] < 0)
		return;
	for (size_t i = 0; i < TAKEN; i++) {
		signal(taken[i].sig, SIG_IGN);   /* what is pending was heeded: a terminal that goes sends SIGHUP more than once */
		sigaction(taken[i].sig, &old[i], NULL);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(wake[0]);
	close(wake[1]);
	wake[0] = wake[1] = -1;
}

int signals_fd(void)
{
	return wake[0];
}

const sigset_t *signals_mask(void)
{
	return &before;
}

unsigned signals_read(void)
{
	char b[64];
	unsigned flags = 0;
	while (read(wake[0], b, sizeof b) > 0)
		;
	for (size_t i = 0; i < TAKEN; i++) {
		if (came[i]) {
			came[i] = 0;
			flags |= taken[i].flag;
		}
	}
	return flags;
}
