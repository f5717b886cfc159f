/* SPDX-License-Identifier: MIT */
/* Reads a plan that auto_explain wrote (text or json, with log_verbose) for what the planner really takes of a relation. Pure. A list
   of all columns below a node that picks from them is the planner's own shortcut and no use. What cannot be told is a use. */
#ifndef GW_ADAPTER_LOGPLAN_H
#define GW_ADAPTER_LOGPLAN_H

#include "adapter/audit_text.h"

struct arena;

struct log_relation { const char *schema, *table; };
struct logplan {
	bool is_plan;               /* the message is auto_explain's */
	const char *query;          /* the statement, or NULL */
	bool touches, modifies;     /* a node is on one of the relations; one that writes it */
	enum text_use use;          /* of the column; of a table: that it is touched */
};
/* of: the target's own relation first, then its partitions and children; ended by a table NULL. message may be cut: then use is at
   least USE_STAR when the relation is in it. */
void logplan_read(struct arena *a, const char *message, bool cut, const struct text_target *t, const struct log_relation *of, struct logplan *out);

#endif
