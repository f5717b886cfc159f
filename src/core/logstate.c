/* SPDX-License-Identifier: MIT */
#include "core/logstate.h"

#include <stddef.h>

#define RESYNC "resync", "shows both sides, asks, and goes on with less."

static const struct { const char *why, *brief, *command, *does; } states[LOG_STATE_COUNT] = {
	[LOG_BEHIND] = { "the log is behind the ledger: lines are missing at its end, or this is an older copy",
		"The log here is older than its database: lines are missing at its end.", "walk --fetch", "takes the log from its database." },
	[LOG_OTHER] = { "the log is not the one the ledger knows: another line stands where the ledger's last entry was made",
		"The log is not the one the ledger knows. Nothing goes on from here.", NULL, NULL },
	[LOG_NO_WALK] = { "the database is behind the log: the ledger knows nothing of this walk (restored, or another database)",
		"The database is behind the log: it knows nothing of this walk.", RESYNC },
	[LOG_AHEAD] = { "the database is behind the log: decisions are missing from the ledger (restored, or failed over with loss)",
		"The database is behind the log: it lost decisions of this walk.", RESYNC },
	[LOG_DROP_LOST] = { "the drop was lost: the log says it was dropped, and the database is of before (restored, or failed over with loss)",
		"The drop was lost: the database is of before it.", RESYNC },
	[LOG_MIRROR_CHANGED] = { "the mirror of the log in the database was changed",
		"Somebody changed the log's mirror in the database. Nothing goes on.", NULL, NULL },
	[LOG_LEDGER_CHANGED] = { "the ledger's entries were changed", "Somebody changed the ledger's entries. Nothing goes on.", NULL, NULL },
	[LOG_NO_SCHEMA] = { "the gatewalk schema in the database is gone, or is not gatewalk's any more",
		"The gatewalk schema in the database is gone, or was changed.", NULL, NULL },
	[LOG_MOVED] = { "this is not the database that the walk was in: it was upgraded, restored from a dump, or is a copy",
		"This is not the database that the walk was in: upgraded, or a copy.", "rebind", "shows both, asks, and goes on in this one." },
	[LOG_FOREIGN] = { "this database has a gatewalk schema of its own, which is not the walk's",
		"This database has a gatewalk schema of its own: not the walk's.", NULL, NULL },
};

const char *log_state_why(enum log_state s)
{
	return (unsigned)s < LOG_STATE_COUNT ? states[s].why : NULL;
}

const char *log_state_brief(enum log_state s)
{
	return (unsigned)s < LOG_STATE_COUNT ? states[s].brief : NULL;
}

const char *log_state_command(enum log_state s, const char **does)
{
	*does = (unsigned)s < LOG_STATE_COUNT ? states[s].does : NULL;
	return *does ? states[s].command : NULL;
}
