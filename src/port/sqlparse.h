/* SPDX-License-Identifier: MIT */
/* libpg_query: reads SQL and PL/pgSQL by PostgreSQL 15's own grammar, without a catalogue. The only file that knows it.
   On a hostile text it can crash (it checks no stack behind the grammar), hang, and it puts the process's standard error aside while it
   works: call it in a process of its own (port/apart.h). */
#ifndef GW_PORT_SQLPARSE_H
#define GW_PORT_SQLPARSE_H

struct arena;
struct err;
struct json;

#define SQLPARSE_MAX 100000   /* bytes of a text; a longer one is a list of values */

/* { "stmts": [ { "stmt": { "SelectStmt": {...} } } ] }, names as the grammar makes them of their spelling. NULL with ERR_USE: not whole SQL as version 15 knows
   it, too long, or too deep. Numbers are not to be believed (the sign of a constant is lost), absent is what is false, 0 or none. */
struct json *sqlparse(struct arena *a, const char *text, struct err *e);
/* { "functions": [ { "PLpgSQL_function": {...} } ] } of each CREATE FUNCTION ... LANGUAGE plpgsql and DO in the text, SQL in it as text. It knows no types:
   a variable of a row's type, a refcursor, FOR over a cursor and RETURN NEXT without a value are errors to it; the value of RETURN NEXT it leaves out. */
struct json *sqlparse_plpgsql(struct arena *a, const char *text, struct err *e);

#endif
