/* SPDX-License-Identifier: MIT */
/* The front of the house: full screen where the terminal can, labelled lines where it cannot or where they are asked for. */
#ifndef GW_SCREENS_FRONT_H
#define GW_SCREENS_FRONT_H

#include <stdbool.h>

struct desk;

enum front_from { FRONT_HOME, FRONT_WALK, FRONT_AUDIT };   /* where it begins; an audit has no home behind it */

struct front_opts {
	bool plain;      /* --plain */
	bool ascii;      /* --ascii */
	const char *theme;   /* --theme, or NULL: as kept */
	enum front_from from;
};

/* Runs until the operator leaves. Gives the exit status: 0, or 130 after Ctrl-C. The desk stays the caller's. */
int front_run(struct desk *d, const struct front_opts *o);

#endif
