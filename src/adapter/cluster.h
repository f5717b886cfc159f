/* SPDX-License-Identifier: MIT */
/* A private PostgreSQL: own folder, unix socket only, never run as root (another user runs it then), stopped at the end.
   For `gatewalk demo` and the tests. */
#ifndef GW_ADAPTER_CLUSTER_H
#define GW_ADAPTER_CLUSTER_H

#include <stdbool.h>

struct arena;
struct err;

struct cluster_opts {
	const char *dir;            /* must not exist yet; short enough for a socket path below it */
	const char *settings;       /* lines for postgresql.conf, or NULL */
	const char *const *env;     /* for the server process (a moved clock in tests), or NULL */
	const char *bindir;         /* NULL: the newest of 15 to 18 found */
};
struct cluster { const char *dir, *conninfo, *host, *user, *bindir; int port; };   /* conninfo of database postgres */

/* initdb, start, wait until it answers. pg_stat_statements is preloaded. On failure nothing is left running. */
bool cluster_start(struct arena *a, const struct cluster_opts *o, struct cluster *out, struct err *e);
/* mode: "fast" or "immediate". */
bool cluster_stop(struct arena *a, const struct cluster *c, const char *mode, struct err *e);
bool cluster_restart(struct arena *a, const struct cluster *c, struct err *e);
/* Stops it and removes its folder. */
bool cluster_remove(struct arena *a, const struct cluster *c, struct err *e);
/* Finds a cluster that was started in dir. */
bool cluster_find(struct arena *a, const char *dir, struct cluster *out, struct err *e);

#endif
