/* SPDX-License-Identifier: MIT */
/* Shared by plain.c (the loop), plain_command.c (the words) and plain_act.c (what they do). */
#ifndef GW_SCREENS_PLAIN_PRIVATE_H
#define GW_SCREENS_PLAIN_PRIVATE_H

#include "screens/screen.h"

struct desk;

#define PLAIN_LINE_MAX 4096

struct plain {
	struct desk *desk;
	const struct view *view;
	const struct screen *screen;
	long long subject;
	bool ascii, terminal, quit;
	int status;
	char in[PLAIN_LINE_MAX];     /* read and not yet taken */
	size_t have;
	bool at_end;
};

void plain_refresh(struct plain *p);
void plain_show(struct plain *p, const struct screen *sc, long long subject);
/* The next line, without its end; false at the end of the input. Meanwhile what changes is told. */
bool plain_line(struct plain *p, char out[static PLAIN_LINE_MAX]);
/* True when a whole line is waiting, or arrives within ms. */
bool plain_waiting(struct plain *p, int ms);
/* Waits until the desk has answered this order, and tells the answer. */
bool plain_wait(struct plain *p, unsigned long long order);
void plain_error(const struct plain *p, const char *what, const char *hint);
/* Foreign text as it may be printed. */
void plain_say(const struct plain *p, const char *label, const char *s);

/* The n-th thing that can be done now, from 1; NULL past the end. */
const struct offer *plain_offer(const struct view *v, int n);
void plain_do(struct plain *p, const struct offer *o, const char *key, const char *text);
void plain_drop(struct plain *p, const char *typed);
void plain_command(struct plain *p, const char *line);
void plain_words(void);

#endif
