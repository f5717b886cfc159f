/* SPDX-License-Identifier: MIT */
/* What ncurses reads, as strokes. */
#ifndef GW_SCREENS_TERM_STROKE_H
#define GW_SCREENS_TERM_STROKE_H

#include "screens/keys.h"

/* Once, after newterm. */
void stroke_define(void);
/* The next stroke that is there; false when there is none. */
bool stroke_next(struct stroke *out);

#endif
