/* SPDX-License-Identifier: MIT */
/* Text broken into lines of at most so many columns, between words where it can be. Pure. */
#ifndef GW_SCREENS_WRAP_H
#define GW_SCREENS_WRAP_H

#include <stddef.h>

struct arena;

/* The lines of a clean text, at least one. Owned by a. */
const char **wrap(struct arena *a, const char *s, int cols, size_t *n);

#endif
