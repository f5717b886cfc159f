/* SPDX-License-Identifier: MIT */
/* Copying: into tmux's buffer, into the terminal's clipboard (OSC 52), and always into a file whose path is told. */
#ifndef GW_SCREENS_COPY_H
#define GW_SCREENS_COPY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

/* Writes the file (0600, replaced whole) and gives its path, owned by a; NULL with an error. */
const char *copy_file(struct arena *a, const char *text, struct err *e);
/* Gives it to tmux when this runs in one. Best effort. */
void copy_tmux(const char *text);
/* The sequence that asks a terminal to take it; NULL when it is too long for one. Owned by a. */
char *copy_osc52(struct arena *a, const char *text);

#endif
