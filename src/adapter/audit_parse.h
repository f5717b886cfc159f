/* SPDX-License-Identifier: MIT */
/* What PostgreSQL's own grammar says of a text: where in it the target's name stands, and for what. Pure, but for what port/sqlparse.h says of
   the parser: ask by audit_opinion.h. It knows no catalogue: what only one can tell is PARSED_UNSURE.
   PARSED_NONE is said only when all of this holds, for it can take a use back that the words have found:
   1. Every statement is read whole, and is one that reads or changes rows.
   2. Each place of the name in the tree is one that cannot be the target: another relation's column, by its alias or since the target is not in
      sight there; an alias; a table of another schema. A name in a place that is not known here is not one of these.
   3. There are at least as many such places as our own reader of words finds, and as many of the table's name, so that nothing of the text was lost
      on the way.
   4. No literal has the name in it (it could be SQL that a function runs), and none a backslash (what it means is a setting of the server).
   5. Nothing is named by which views or functions lead to the column. */
#ifndef GW_ADAPTER_AUDIT_PARSE_H
#define GW_ADAPTER_AUDIT_PARSE_H

#include "adapter/audit_text.h"

enum parsed_as { PARSED_NOT, PARSED_NONE, PARSED_UNSURE, PARSED_USED };
#define PARSED_ALL (PARSED_USED + 1)
struct parsed {
	enum parsed_as as;
	enum text_use use;   /* of PARSED_USED */
	bool writes;
	bool sure;           /* no catalogue makes it another: the table with its schema and the column by the table, or SQL in a literal */
};

struct parse_target {
	const struct text_target *of;      /* a column or a table; of another target nothing is said */
	const char *const *leads;          /* names of views and functions that lead to the column; NULL-ended, or NULL */
};
/* Statements. why (or NULL): what keeps the parser from reading them, owned by a. */
struct parsed audit_parse(struct arena *a, const struct parse_target *t, const char *text, const char **why);

/* A function written in PL/pgSQL, its statements and expressions each judged as above. */
#define PARSE_LINES 8
struct parse_code { const char *head, *body; };   /* head: all of CREATE FUNCTION before the body, "... AS "; or "DO " */
struct parsed_body {
	struct parsed is;
	size_t opaque;            /* lines that run SQL which is put together or that the parser cannot read; of PARSED_NOT, all that run any */
	int line[PARSE_LINES];    /* of the first of them, from the body's beginning */
};
struct parsed_body audit_parse_body(struct arena *a, const struct parse_target *t, const struct parse_code *code, const char **why);

#endif
