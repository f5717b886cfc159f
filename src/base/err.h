/* SPDX-License-Identifier: MIT */
/* Errors are values: made where they are found, shown once at the top. No function here prints or exits. */
#ifndef GW_BASE_ERR_H
#define GW_BASE_ERR_H

#include <stdbool.h>

enum err_code {
	ERR_NONE,
	ERR_USE,         /* wrong use, bad input */
	ERR_INTERNAL,    /* a fault of our own, or out of memory */
	ERR_SYSTEM,      /* a file, a child process, a full disk */
	ERR_DB,          /* the server said no */
	ERR_DB_LOST,     /* the connection is gone: what was sent last may or may not have happened */
	ERR_DB_CONNECT,  /* never got in */
	ERR_GATE,        /* a gate is shut */
	ERR_WAIT,        /* only a wait is not over */
	ERR_SIGNATURE,   /* a signature is missing */
	ERR_VERIFY,      /* log, ledger or snapshot do not verify */
	ERR_LEFT,        /* done, but something was left and is listed */
	ERR_INTERRUPTED
};

struct err {
	enum err_code code;
	char sqlstate[6];   /* "" when the server did not speak */
	char msg[768];      /* what is wrong, and where */
	char hint[768];     /* what to do; "" when there is nothing to say */
};

/* Fills e and returns false, so that a caller can write `return err_set(...)`. hint may be NULL. e may be NULL. */
bool err_set(struct err *e, enum err_code code, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Puts "context: " before the message of an error that is already set; returns false. */
bool err_in(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Forgets the error. */
void err_clear(struct err *e);

/* The exit status of the program for this code: 0, 1, 2, 3, 4, 5, 6, 7 or 130 (gatewalk(1), EXIT STATUS). */
int err_exit_status(enum err_code code);

#endif
