/* SPDX-License-Identifier: MIT */
/* A program on a terminal of its own, which libvterm draws: what it shows, where its cursor is, how it ends. */
#ifndef GW_TESTS_LIB_PTY_H
#define GW_TESTS_LIB_PTY_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>
#include <vterm.h>

struct pty {
	int fd, slave;
	pid_t pid;
	VTerm *vt;
	VTermScreen *screen;
	int rows, cols;
	struct termios was;      /* before the program began */
	bool alt;                /* full screen is on */
	bool gone;
};

/* env: "NAME=value" lines added to a clean environment (TERM=xterm-256color, LC_ALL=C.UTF-8), NULL at the end. */
void pty_start(struct pty *p, int rows, int cols, const char *const *env, char *const *argv);
/* Waits until the text stands somewhere on the screen; aborts the test, with the screen, after 10 s. */
void pty_wait(struct pty *p, const char *text);
/* The same until it does not stand there any more. */
void pty_wait_gone(struct pty *p, const char *text);
bool pty_shows(struct pty *p, const char *text);
/* Takes what comes for at most ms. */
void pty_read(struct pty *p, int ms);
void pty_send(struct pty *p, const char *keys);
void pty_resize(struct pty *p, int rows, int cols);
/* The screen as text; a static buffer. */
const char *pty_text(struct pty *p);
/* Waits for the end: the exit status, or 1000 + the signal. */
int pty_end(struct pty *p);
/* True when the terminal is as it was: cooked, with echo, out of full screen. */
bool pty_given_back(struct pty *p);
/* True when it is as it was but for the echo, on a page of full screen that belongs to the one who asks. */
bool pty_lent(struct pty *p);
void pty_free(struct pty *p);

#endif
