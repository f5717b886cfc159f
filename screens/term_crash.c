/* SPDX-License-Identifier: MIT */
#include "screens/term_crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define STACK_SIZE 65536

static const int fatal[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

/* A signal handler has no other way to know. */
static struct { volatile sig_atomic_t armed; int fd; struct termios was; char leave[512]; size_t len; } crash;
static char stack[STACK_SIZE];   /* SIGSEGV may come from a full one */

static void on_crash(int sig)
{
	if (crash.armed) {
		crash.armed = 0;
		ssize_t ignored = write(crash.fd, crash.leave, crash.len);
		(void)ignored;
		tcsetattr(crash.fd, TCSANOW, &crash.was);
	}
	raise(sig);   /* SA_RESETHAND: the default handler takes it, once this one returns */
}

void crash_arm(int fd, const struct termios *was, const char *leave)
{
	struct sigaction act = { .sa_handler = on_crash, .sa_flags = (int)(SA_RESETHAND | SA_ONSTACK) };
	stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
	sigaltstack(&own, NULL);
	sigemptyset(&act.sa_mask);
	crash.fd = fd;
	crash.was = *was;
	crash.len = strlen(leave) < sizeof crash.leave ? strlen(leave) : 0;
	memcpy(crash.leave, leave, crash.len);
	crash.armed = 1;
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		sigaction(fatal[i], &act, NULL);
}

void crash_disarm(void)
{
	crash.armed = 0;
	for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
		signal(fatal[i], SIG_DFL);
}
