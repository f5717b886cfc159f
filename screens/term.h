/* SPDX-License-Identifier: MIT */
/* The terminal, by ncurses: cells out, strokes in. It is given back on every way out, a crash among them. One at a time. */
#ifndef GW_SCREENS_TERM_H
#define GW_SCREENS_TERM_H

#include <stdbool.h>

#include "screens/grid.h"
#include "screens/keys.h"
#include "screens/style.h"

struct tty;

/* What term_wait saw. */
#define TERM_KEYS 1U
#define TERM_OTHER 2U        /* the other descriptor is readable */
#define TERM_RESIZED 4U
#define TERM_STOP 8U         /* SIGTSTP */
#define TERM_CONTINUED 16U   /* SIGCONT */
#define TERM_END 32U         /* SIGHUP, SIGTERM, or the terminal is gone */
#define TERM_INTERRUPT 64U   /* SIGINT */

/* NULL when this terminal cannot be used, with the reason in why. */
struct tty *term_open(const char **why);
/* NULL is allowed. */
void term_close(struct tty *t);
/* What this terminal can show of a theme: the same, its eight colours, or none. */
enum theme term_theme(const struct tty *t, enum theme wanted);
void term_size(const struct tty *t, int *rows, int *cols);
void term_draw(struct tty *t, const struct grid *g, enum theme theme);
void term_redraw(struct tty *t);                /* the next draw draws every cell */
/* Waits for at most ms (-1: for ever). other: one more descriptor, or -1. */
unsigned term_wait(struct tty *t, int other, int ms);
/* The next stroke that is there; false when there is none. */
bool term_read(struct tty *t, struct stroke *out);
/* Gives the terminal to somebody else, and takes it back. What was typed ahead is thrown away both times. */
void term_suspend(struct tty *t);
/* The same, on an empty page of full screen that does not echo: for a passphrase. What stood in the terminal stays there. */
void term_page(struct tty *t);
void term_resume(struct tty *t);
void term_stop(struct tty *t);                  /* stops this process as Ctrl-Z does; returns when it goes on */
void term_paste(struct tty *t, bool on);        /* bracketed paste */
void term_bell(struct tty *t);
void term_send(struct tty *t, const char *s);   /* bytes for the terminal itself (OSC 52) */

#endif
