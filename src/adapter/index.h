/* SPDX-License-Identifier: MIT */
/* Builds the plan's index beside reads and writes: CREATE INDEX CONCURRENTLY, which runs in no transaction and may take hours. Called by a job, and only
   while the ledger's row of the walk says that this was signed and that it stands where the index is built.
   1. One in the database fills or changes a table (writer.h): the session has that lock as long as it builds.
   2. What an earlier build has left unfinished under that name, on that very table, is taken away first. One that another session still builds, since its
      job was killed and the server has not noticed, is waited for instead. A relation of that name anywhere else refuses.
   3. It waits for whoever is in the way, and nobody who reads or writes waits for it; who that is, is told at every tick. What asks for the table's strongest
      lock meanwhile waits for it, as for every CREATE INDEX CONCURRENTLY, and others behind that: gatewalk's own changes let go and ask again.
   4. When it is stopped, or fails, what it began is taken away, as far as that goes at once. */
#ifndef GW_ADAPTER_INDEX_H
#define GW_ADAPTER_INDEX_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct err;
struct plan;

/* phase: "wait", "build", "check", "clean up". done, total: blocks or rows of the phase, as the server counts them; total 0: not known. note: who is waited
   for, or "". False: it is to stop. */
struct index_tick { const char *phase; double done, total; const char *note; };
struct index_order {
	const char *conninfo, *sid;
	const struct plan *plan;
	bool (*tick)(void *ctx, const struct index_tick *t);
	void (*event)(void *ctx, const char *what);   /* one sentence, once */
	void *ctx;
};
/* Stands there then: taken_us, by this machine's clock, and bytes. */
struct index_end { int64_t took_us, bytes; };

/* False: ERR_INTERRUPTED when the tick said so; else what the server said. A lost link or a server that restarts is ERR_DB_LOST or ERR_DB_CONNECT: call it again. */
bool index_build(struct arena *a, const struct index_order *o, struct index_end *out, struct err *e);

#endif
