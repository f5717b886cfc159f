/* SPDX-License-Identifier: MIT */
/* One verdict of two opinions: the reader of texts, which knows words, and the server, which knows what they mean. Pure. */
#ifndef GW_ADAPTER_AUDIT_VERDICT_H
#define GW_ADAPTER_AUDIT_VERDICT_H

#include "adapter/audit_text.h"

enum resolved_as {
	RESOLVED_NOT,        /* the server cannot say */
	RESOLVED_USED,       /* uses the column, named or not */
	RESOLVED_WITHOUT,    /* uses this table, or a view over the column, without the column */
	RESOLVED_ELSEWHERE   /* uses neither, as far as this login's search_path goes */
};
#define RESOLVED_ALL (RESOLVED_ELSEWHERE + 1)
struct resolved { enum resolved_as as; bool writes; };

/* In doubt it is a use. Only RESOLVED_WITHOUT takes a use back; what the server finds alone is one by name, unless a star stands in the text;
   what it cannot say of a view over the column is one that may survive. */
struct text_found audit_verdict(const struct text_found *words, struct resolved server);

#endif
