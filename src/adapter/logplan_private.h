/* SPDX-License-Identifier: MIT */
/* logplan.c (what the plan takes) and logplan_nodes.c (its lines, its nodes and the names they give to the relations). Both formats have
   one property a line, and its indent says whose it is. */
#ifndef GW_ADAPTER_LOGPLAN_PRIVATE_H
#define GW_ADAPTER_LOGPLAN_PRIVATE_H

#include "adapter/audit_token.h"
#include "adapter/logplan.h"

#define ALIASES_MAX 64
#define DEPTH_MAX 256

struct line { const char *s; size_t len, indent; };
struct plan_text {
	struct arena *a;
	const struct text_target *t;
	const struct log_relation *of;
	bool json;
	char *alias[ALIASES_MAX];
	size_t n;
	struct { size_t indent; bool output; } above[DEPTH_MAX];   /* the nodes that this one stands in */
	size_t depth;
	struct logplan *out;
};

bool plan_line(const char **p, struct line *l);
bool line_starts(const struct line *l, const char *word);
/* The value of a json line, its escapes taken out: what is between the first quote behind the key and the last one. */
char *line_json_value(struct arena *a, const struct line *l);
bool plan_is_node(const struct plan_text *p, const struct line *l);
/* Under which names the plan has our relations; fills out's touches and modifies. */
void plan_find_aliases(struct plan_text *p, const char *plan);
bool plan_is_alias(const struct plan_text *p, const struct tokens *v, size_t i);

#endif
