/* SPDX-License-Identifier: MIT */
/* The standbys there are: those the plan names, and those the primary sends to without the plan knowing. Reads only. */
#ifndef GW_ADAPTER_STANDBY_H
#define GW_ADAPTER_STANDBY_H

#include <stddef.h>

#include "adapter/serverlog.h"
#include "adapter/sessions.h"
#include "adapter/statements.h"
#include "core/plan.h"

/* Of a row r of pg_stat_replication: it takes WAL and replays none, as pg_receivewal and other archives of WAL do: no standby. */
#define PG_ONLY_RECEIVES "(r.write_lsn IS NOT NULL AND r.replay_lsn IS NULL)"

struct standby {
	const char *name;
	bool asked;                /* answered, and statements, sessions and its own log were read */
	const char *why;           /* when not asked */
	bool can_be_asked;         /* the plan has a dbname for it */
	struct statements statements;
	struct sessions sessions;
	struct serverlog log;
};
struct standby_ask {
	const struct plan *plan;
	const struct names *names;
	const struct fact_target *target;
	const struct log_place *from;   /* up to where the log of each of the plan's standbys was read; NULL: all of their logs */
};
/* Asks each; one that does not answer is no error. False only when the primary could not be asked. */
bool standby_ask_all(struct db *db, struct arena *a, const struct standby_ask *ask, struct standby **out, size_t *count, struct err *e);

#endif
