/* SPDX-License-Identifier: MIT */
/* Child processes: absolute path, given arguments, clean environment, no shell (but for the operator's own commands). */
#ifndef GW_PORT_CHILD_H
#define GW_PORT_CHILD_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

struct child {
	const char *const *argv;      /* argv[0]: a bare name is looked up in a fixed path (/usr/local/bin:/usr/bin:/bin) */
	const char *const *env;       /* added to HOME, USER, LOGNAME, PATH, LANG, LC_*, TZ, TERM, XDG_*, PG* and SSH_*; NULL-ended;
	                                 NULL = none; a name without "=" takes that variable away */
	const void *in;               /* standard input; NULL = /dev/null */
	size_t in_len;
	bool tty;                     /* leave the terminal to the child: stderr and /dev/tty stay */
	int ms;                       /* deadline, then SIGTERM, then SIGKILL; 0 = 60 s; -1 = none */
	const char *out_file;         /* standard output goes there (new, 0600) instead of memory */
};
struct child_end { int status; int signal; const char *out; size_t out_len; const char *err; bool cut; };   /* owned by a; at most 1 MiB each; cut: there was more */

/* True when it ran and ended by itself, whatever its status. */
bool child_run(struct arena *a, const struct child *c, struct child_end *end, struct err *e);
/* An operator's command (notify, metric, check) by /bin/sh -c. */
bool child_shell(struct arena *a, const char *command, const char *const *env, int ms, struct child_end *end, struct err *e);
/* What such a command prints: false when it failed, however it did, or when it printed more than is kept. */
bool child_answer(struct arena *a, const char *command, int ms, const char **out, size_t *len, struct err *e);
/* Starts `argv` as a process of its own session that outlives us, standard streams on log_file (0600, appended). *pid. */
bool child_detach(const char *const *argv, const char *log_file, int *pid, struct err *e);
/* A companion without a terminal that ends when we do, however we end (ssh-agent). Zero-initialise; hold is ours. */
struct child_kept { int pid, hold; };
bool child_keep(const char *const *argv, struct child_kept *out, struct err *e);
void child_release(struct child_kept *k);   /* ends it and waits for it */
/* The full path of a program, or NULL. */
const char *child_find(struct arena *a, const char *name);
/* Is a process with this pid alive, and the one that started at boot_id? */
bool child_alive(int pid);
const char *child_boot_id(struct arena *a);

#endif
