/* SPDX-License-Identifier: MIT */
/* The job that removes rows, batch by batch, under an intent that a person signed. It holds no key and writes no log: that it may
   begin stands in the walk's journal in the operator's folder, which it verifies itself; the database row that started it is
   believed in nothing. While it waits it holds no transaction. */
#ifndef GW_ENGINE_REMOVE_H
#define GW_ENGINE_REMOVE_H

#include <stdbool.h>

struct arena;
struct err;
struct job;
struct json;
struct plan;

struct remove_order {
	struct arena *arena;
	const char *conninfo, *sid, *name;   /* name: the walk's, for the bell */
	struct job *job;
	const struct plan *plan;             /* one that was taken in on this machine */
	struct json *result;                 /* gets batches, left, removed */
};

/* Goes on where the ledger is, until every row of the snapshot was gone through. ERR_INTERRUPTED when it was stopped. */
bool remove_run(const struct remove_order *o, struct err *e);

#endif
