/* SPDX-License-Identifier: MIT */
/* The SQL that gatewalk itself writes from a plan. Pure text: nothing is sent from here. */
#ifndef GW_CORE_SQL_H
#define GW_CORE_SQL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fact_target;
struct plan;

/* A name as SQL: bare when it is lower-case and no keyword, else in double quotes with quotes doubled. */
const char *sql_ident(struct arena *a, const char *name);
/* Always in double quotes. */
const char *sql_quoted(struct arena *a, const char *name);
/* A literal in single quotes, E'' where it has a backslash. */
const char *sql_literal(struct arena *a, const char *value);
/* What gatewalk does to the plan's target, in one text, never with CASCADE or IF EXISTS and without a closing semicolon:
   ALTER TABLE public.orders DROP COLUMN legacy_total
   DROP TABLE public.orders   (t->before first, "; " between)
   DELETE FROM public.orders WHERE (created < '2020-01-01')   (removed in batches by key and content: this is what it amounts to)
   ALTER TABLE public.orders ADD COLUMN note text DEFAULT ('') NOT NULL
   t may be NULL: without what stands before. "" when the plan names no target. */
const char *sql_statement(struct arena *a, const struct plan *p, const struct fact_target *t);
/* Is the proposed text the same statement as gatewalk's own? White space, keyword case, comments, a closing semicolon,
   quoting that changes nothing, a missing schema "public", the word COLUMN left out and a closing RESTRICT do not count;
   CASCADE, IF EXISTS, ONLY, a second command do. Of an addition the order of DEFAULT and NOT NULL does not count either.
   why: one sentence, owned by a. */
bool sql_same(struct arena *a, const struct plan *p, const char *proposed, const char **why);

/* What puts the plan's comment on an added column; "" without one. */
const char *sql_comment(struct arena *a, const struct plan *p);
/* What adds the plan's new column, or its constraint; without one "". */
const char *sql_add(struct arena *a, const struct plan *p);
/* The one statement that a plan's statement may be. Of a rename and a change of type it is what others would have run,
   ALTER TABLE ... RENAME COLUMN and ALTER COLUMN ... TYPE: it is read, never sent. Of every other plan sql_statement. */
const char *sql_proposal(struct arena *a, const struct plan *p);
/* Item 9 of two columns: NOT NULL, default and foreign keys off the old one; "" when it has none. */
const char *sql_relax(struct arena *a, const struct plan *p, const struct fact_target *t);
/* The way back from that, t as it was: at once for what is written from now on, without a look at the rows that stand; and what
   then looks at them under a weaker lock, one statement an element, *n of them. */
const char *sql_tighten(struct arena *a, const struct plan *p, const struct fact_target *t);
const char **sql_tighten_rest(struct arena *a, const struct plan *p, const struct fact_target *t, size_t *n);
/* What takes an added column, or a constraint, away again; "" of every other plan. */
const char *sql_take(struct arena *a, const struct plan *p);
/* Is this one type, and nothing that could reach out of its place in a statement? why may be NULL; one sentence, static. */
bool sql_is_type(const char *s, const char **why);
/* The same of one value: between brackets it stays what it is. Comments, dollar quotes and semicolons are refused. */
bool sql_is_value(const char *s, const char **why);
/* The same of values with commas between them. */
bool sql_is_list(const char *s, const char **why);
/* The text with one space between its tokens, words folded, quotes that change nothing left off; NULL and why when it is no SQL
   that sql_is_value could read, but for a semicolon at its end. */
const char *sql_plain(struct arena *a, const char *s, const char **why);

#endif
