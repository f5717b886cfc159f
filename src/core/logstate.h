/* SPDX-License-Identifier: MIT */
/* How a walk's log and its database stand to each other, by name. Everything but LOG_AGREES stops the walk. */
#ifndef GW_CORE_LOGSTATE_H
#define GW_CORE_LOGSTATE_H

enum log_state {
	LOG_AGREES, LOG_BEHIND, LOG_OTHER, LOG_NO_WALK, LOG_AHEAD, LOG_DROP_LOST, LOG_MIRROR_CHANGED, LOG_LEDGER_CHANGED, LOG_NO_SCHEMA,
	LOG_MOVED, LOG_FOREIGN, LOG_STATE_COUNT
};

/* What happened, and what it means. NULL for LOG_AGREES. */
const char *log_state_why(enum log_state s);
/* The same for a line of the screen. */
const char *log_state_brief(enum log_state s);
/* The command that goes on from here, to be given the walk's name, and what it does; NULL where none may. */
const char *log_state_command(enum log_state s, const char **does);
/* Can a signed resync, or rebind, go on from here? */
#define log_state_resyncs(s) ((s) == LOG_NO_WALK || (s) == LOG_AHEAD || (s) == LOG_DROP_LOST)

#endif
