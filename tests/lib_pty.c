/* SPDX-License-Identifier: MIT */
#include "tests/lib_pty.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>

#include "base/text.h"
#include "tests/lib_test.h"

#define WAIT_MS 10000

static long long clock_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int on_prop(VTermProp prop, VTermValue *value, void *user)
{
	struct pty *p = user;
	if (prop == VTERM_PROP_ALTSCREEN)
		p->alt = value->boolean;
	return 1;
}

static const VTermScreenCallbacks callbacks = { .settermprop = on_prop };

static void child(const char *const *env, char *const *argv)
{
	char home[600];
	snprintf(home, sizeof home, "HOME=%s", test_dir());
	clearenv();
	putenv(home);
	putenv((char *)"TERM=xterm-256color");
	putenv((char *)"LC_ALL=C.UTF-8");
	putenv((char *)"PATH=/usr/bin:/bin");
	putenv((char *)"ASAN_OPTIONS=detect_leaks=0");   /* ncurses keeps its memory to the end */
	for (; env && *env; env++)
		putenv((char *)(uintptr_t)*env);
	execv(argv[0], argv);
	_exit(127);
}

void pty_start(struct pty *p, int rows, int cols, const char *const *env, char *const *argv)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	*p = (struct pty){ .rows = rows, .cols = cols };
	ck_assert_int_eq(openpty(&p->fd, &p->slave, NULL, NULL, &size), 0);
	ck_assert_int_eq(tcgetattr(p->slave, &p->was), 0);
	p->pid = fork();
	ck_assert_int_ge(p->pid, 0);
	if (p->pid == 0) {
		close(p->fd);
		login_tty(p->slave);
		child(env, argv);
	}
	p->vt = vterm_new(rows, cols);
	vterm_set_utf8(p->vt, 1);
	p->screen = vterm_obtain_screen(p->vt);
	vterm_screen_enable_altscreen(p->screen, 1);
	vterm_screen_set_callbacks(p->screen, &callbacks, p);
	vterm_screen_reset(p->screen, 1);
}

void pty_read(struct pty *p, int ms)
{
	char b[8192];
	struct pollfd fd = { .fd = p->fd, .events = POLLIN };
	long long until = clock_ms() + ms;
	do {
		long long left = until - clock_ms();
		if (poll(&fd, 1, left > 0 ? (int)left : 0) <= 0)
			return;
		ssize_t n = read(p->fd, b, sizeof b);
		if (n <= 0)
			return;
		vterm_input_write(p->vt, b, (size_t)n);
		until = clock_ms() + (ms < 20 ? ms : 20);   /* until it is still */
	} while (true);
}

const char *pty_text(struct pty *p)
{
	static struct text out;
	text_clear(&out);
	for (int r = 0; r < p->rows; r++) {
		char line[4096];
		size_t n = vterm_screen_get_text(p->screen, line, sizeof line - 1, (VTermRect){ r, r + 1, 0, p->cols });
		text_addn(&out, line, n);
		text_add(&out, "\n");
	}
	return text_str(&out);
}

bool pty_shows(struct pty *p, const char *text)
{
	return strstr(pty_text(p), text) != NULL;
}

static void wait_until(struct pty *p, const char *text, bool there)
{
	long long until = clock_ms() + WAIT_MS;
	while (pty_shows(p, text) != there) {
		if (clock_ms() > until)
			ck_abort_msg("%s within %d ms: %s\n%s", there ? "not on the screen" : "still on the screen", WAIT_MS, text, pty_text(p));
		pty_read(p, 50);
	}
}

void pty_wait(struct pty *p, const char *text)
{
	wait_until(p, text, true);
}

void pty_wait_gone(struct pty *p, const char *text)
{
	wait_until(p, text, false);
}

void pty_send(struct pty *p, const char *keys)
{
	size_t len = strlen(keys);
	ck_assert_int_eq(write(p->fd, keys, len), (ssize_t)len);
}

void pty_resize(struct pty *p, int rows, int cols)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	p->rows = rows;
	p->cols = cols;
	vterm_set_size(p->vt, rows, cols);
	ioctl(p->fd, TIOCSWINSZ, &size);
}

int pty_end(struct pty *p)
{
	int status;
	long long until = clock_ms() + WAIT_MS;
	while (waitpid(p->pid, &status, WNOHANG) == 0) {
		if (clock_ms() > until) {
			kill(p->pid, SIGKILL);
			waitpid(p->pid, &status, 0);
			p->gone = true;
			ck_abort_msg("the program does not end\n%s", pty_text(p));
		}
		pty_read(p, 20);
	}
	p->gone = true;
	pty_read(p, 20);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool pty_given_back(struct pty *p)
{
	struct termios now;
	tcgetattr(p->slave, &now);
	return now.c_lflag == p->was.c_lflag && now.c_iflag == p->was.c_iflag && now.c_oflag == p->was.c_oflag && !p->alt;
}

bool pty_lent(struct pty *p)
{
	struct termios now;
	tcgetattr(p->slave, &now);
	return now.c_lflag == (p->was.c_lflag & ~(tcflag_t)ECHO) && now.c_iflag == p->was.c_iflag && now.c_oflag == p->was.c_oflag && p->alt;
}

/* Asked first, as by a terminal that goes away: what is killed cannot write what cover.sh counts. */
static void put_away(struct pty *p)
{
	long long until = clock_ms() + 2000;
	kill(p->pid, SIGTERM);
	while (waitpid(p->pid, NULL, WNOHANG) == 0) {
		if (clock_ms() > until)
			kill(p->pid, SIGKILL);
		pty_read(p, 5);
	}
}

void pty_free(struct pty *p)
{
	if (!p->gone)
		put_away(p);
	vterm_free(p->vt);
	close(p->fd);
	close(p->slave);
}
