/* SPDX-License-Identifier: MIT */
/* The half of a child process that runs between fork and exec, and what it is given. Internal to port/child*.c. */
#ifndef GW_PORT_SPAWN_H
#define GW_PORT_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct arena;
struct err;

struct spawn {
	const char *path;            /* absolute */
	char *const *argv;
	char *const *env;
	int in, out, err;            /* descriptors for 0, 1 and 2; -1: /dev/null, or the one we have when keep is set */
	bool keep_err;               /* standard error stays ours */
	bool session;                /* a session of its own: no terminal */
	bool dies_with_us;           /* gets SIGTERM when the thread that started it ends; not for set-id programs */
};

/* Looks argv[0] up and builds the environment. False names the program that is missing. */
bool spawn_ready(struct arena *a, const char *const *argv, const char *const *env, struct spawn *out, struct err *e);
/* Forks and executes. The pid, or -1 when the program could not be started. */
pid_t spawn_start(const struct spawn *s, struct err *e);
/* In a forked child, only calls that are allowed there: puts the streams in place, closes the rest, executes. */
void spawn_become(const struct spawn *s, int status_fd) __attribute__((noreturn));

/* In a forked child that does not execute: keeps only these descriptors, moved to 3, 4, ..., and no signal handler. */
void spawn_keep_only(int *fd, int n);

#endif
