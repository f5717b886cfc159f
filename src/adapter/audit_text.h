/* SPDX-License-Identifier: MIT */
/* Reads the text of a statement or of a function body and tells whether it uses the target. Pure: it knows words, quotes,
   comments and clauses, not the catalogue. In doubt it says that it does: a false alarm is looked at by a person. */
#ifndef GW_ADAPTER_AUDIT_TEXT_H
#define GW_ADAPTER_AUDIT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/fact.h"
#include "core/plan.h"

struct arena;

enum text_use {
	USE_NONE,
	USE_STAR,     /* takes whole rows: *, to_jsonb(t), COPY t TO (also as pg_dump writes it), INSERT without a column list */
	USE_NAME      /* names the column, and the table (or a view over it); of a table: names it */
};
struct text_found {
	enum text_use use;
	enum touch touch;
	bool names_table;      /* or one of its views */
	bool names_view;       /* one of its views */
	bool star;             /* of a column: has a * that stands for columns */
	bool names_column;     /* with or without the table */
	bool dynamic;          /* has EXECUTE, or is no SQL: what it builds cannot be read */
	bool unicode;          /* spells a name as U&"...": counted as naming the column */
	bool names_gatewalk;   /* has gatewalk.something */
	bool own;              /* gatewalk sent it itself (audit_names.h) */
	bool by_server, by_parser;             /* the server itself says so, or the parser (audit_verdict.h); neither: the words alone */
	bool against_server, against_parser;   /* the other one says something else: the stricter counts */
};

struct text_target {
	const char *schema, *table, *column;   /* column: NULL of a table and of rows */
	const char *const *views;     /* views that show the column; of a table its views and partitions; NULL-ended, or NULL */
	const char *const *columns;   /* all of the table, in order; NULL-ended, or NULL: a COPY TO of exactly these is made from the catalogue */
	enum target kind;             /* NONE is taken as a column */
	const char *const *falls;     /* constraints that go with the column: naming one names it; NULL-ended, or NULL */
};

/* For a statement: definitions (ALTER, CREATE VIEW, LOCK, ...) neither read nor write and are USE_NONE. */
void audit_text_statement(struct arena *a, const char *text, const struct text_target *t, struct text_found *out);
/* Is it the statement by which a foreign key checks its rows? It falls with the table. */
bool audit_text_key_check(struct arena *a, const char *text);
/* For a function body: each mention counts, string literals included. */
void audit_text_body(struct arena *a, const char *text, const struct text_target *t, struct text_found *out);
/* For a body in a language other than SQL and PL/pgSQL, of which only the words are known: where they stand, comments too, says nothing. */
void audit_text_foreign(const char *text, const struct text_target *t, struct text_found *out);

#endif
