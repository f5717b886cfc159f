/* SPDX-License-Identifier: MIT */
/* The same walk in labelled lines: one command a line in, one page out. Without a terminal nothing is ever asked. */
#ifndef GW_SCREENS_PLAIN_H
#define GW_SCREENS_PLAIN_H

#include <stdbool.h>

struct desk;

/* Runs until "quit" or the end of its input; gives the exit status. */
int plain_run(struct desk *d, bool ascii, bool walk);

#endif
