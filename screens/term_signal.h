/* SPDX-License-Identifier: MIT */
/* Signals as something to wait for: blocked but for the wait itself, one flag each, and a pipe that wakes the wait. */
#ifndef GW_SCREENS_TERM_SIGNAL_H
#define GW_SCREENS_TERM_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

bool signals_take(void);
void signals_give_back(void);
/* Readable when a signal came. */
int signals_fd(void);
/* The mask to wait with. */
const sigset_t *signals_mask(void);
/* The TERM_* flags of what came since the last call. */
unsigned signals_read(void);

#endif
