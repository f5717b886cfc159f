/* SPDX-License-Identifier: MIT */
/* What every gatewalk that logs in does first, whoever it is: gives back what a backend that is gone left hidden, and takes away
   gatewalk's own logical slots that keep too much of the server's WAL or have no walk any more. */
#ifndef GW_ENGINE_UPKEEP_H
#define GW_ENGINE_UPKEEP_H

struct db;
struct db_opts;
struct engine;
struct err;

/* Logs in and does it. What cannot be done is told to whoever opens the walk: that connection tries again. NULL as db_open. */
struct db *upkeep_db(const struct db_opts *o, struct err *e);
/* The same for a tool that was called by itself. dbname: as engine_opts has it. */
struct db *upkeep_tool(const char *dbname, struct err *e);
/* The same on the engine's new connection: that it was done is said; that it cannot be is said, and stops nothing. */
void upkeep_engine(struct engine *g);

#endif
