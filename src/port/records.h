/* SPDX-License-Identifier: MIT */
/* A child whose output is read while it runs, record by record, each ended by a NUL: for what would not fit into child_run's memory.
   Path, environment and streams are those of port/child.h. */
#ifndef GW_PORT_RECORDS_H
#define GW_PORT_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct err;

#define RECORD_MAX 65536   /* bytes of one; more is a failure */

struct records;
/* ms: how long it may be silent. NULL: it could not be started. Owned by a, but must be closed. */
struct records *records_open(struct arena *a, const char *const *argv, const char *const *env, int ms, struct err *e);
/* The next record, NUL behind it, valid until the next call. False: none is left, or it failed; records_close knows. */
bool records_next(struct records *r, const char **record, size_t *len);
/* Ends it, if it has not ended. True when it ran to its end with status 0 and everything was taken; else what it said last, cleaned. */
bool records_close(struct records *r, struct err *e);
/* Behind records_close: all it wrote to standard error, up to 64 kB, as it came. */
const char *records_said(const struct records *r);

#endif
