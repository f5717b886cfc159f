/* SPDX-License-Identifier: MIT */
/* tool_screens, beside the test's own program, on a terminal of its own. */
#ifndef GW_TESTS_LIB_TOOL_H
#define GW_TESTS_LIB_TOOL_H

#include "tests/lib_pty.h"

extern struct pty tool_pty;

char *tool_path(void);
/* args: fixture and options, NULL at the end. Its orders go to a file of this process. */
void tool_start_at(int rows, int cols, const char *const *env, const char *const *args);
#define tool_start(...) tool_start_at(24, 80, NULL, (const char *const[]){ __VA_ARGS__, NULL })
/* What was ordered of the desk so far, one a line. */
const char *tool_orders(void);
/* Ends with this status, and the terminal as it was. */
void tool_ends(int status);
void tool_teardown(void);

#endif
