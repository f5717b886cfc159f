/* SPDX-License-Identifier: MIT */
/* Gives the terminal back after SIGSEGV and its like with nothing but write() and tcsetattr(), then lets the default
   handler end the process. */
#ifndef GW_SCREENS_TERM_CRASH_H
#define GW_SCREENS_TERM_CRASH_H

struct termios;

/* leave: the bytes that leave full screen; copied. */
void crash_arm(int fd, const struct termios *was, const char *leave);
void crash_disarm(void);

#endif
