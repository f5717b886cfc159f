/* SPDX-License-Identifier: MIT */
/* One verdict of three opinions: the reader of texts, which knows words; the server, which knows what they mean; and the parser, which knows
   the grammar. Pure. */
#ifndef GW_ADAPTER_AUDIT_VERDICT_H
#define GW_ADAPTER_AUDIT_VERDICT_H

#include "adapter/audit_parse.h"
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
/* The parser's opinion on top of that. What it finds is a use where the server says nothing, or cannot know better; what it is certain of not finding is
   none where the server does not find it either. whole: the text is not cut; of one that is, nothing is taken back. */
struct text_found audit_second(const struct text_found *words, struct resolved server, struct parsed parser, bool whole);
/* Who says so, to be put behind the source's name: ", resolved by the server". Also of a use that was taken back. */
const char *audit_who(const struct text_found *f);

#endif
