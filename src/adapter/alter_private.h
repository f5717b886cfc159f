/* SPDX-License-Identifier: MIT */
/* Shared by alter.c, alter_form.c and alter_rest.c: one run of the writer, and what the changes have of their own. */
#ifndef GW_ADAPTER_ALTER_PRIVATE_H
#define GW_ADAPTER_ALTER_PRIVATE_H

#include "adapter/alter.h"

struct rows;

struct altering {
	const struct alter *o;
	struct arena *a;
	struct alter_end *out;
	struct db *db;
	const struct alter_form *form;
	const char *statement;
	struct plan seen;                  /* as the look sees the target: the plan's own, or the column that goes */
	struct facts under;
	int attnum;                        /* of the column that has come or goes; else of the plan's own */
	int64_t locked, deadline;   /* this machine's clock_mono() */
};

/* One change, as it is written. Each function may be NULL: then nothing is asked, nothing differs from the permit's statement. */
struct alter_form {
	const char *doing;                                           /* "adding the column" */
	bool alone;                                                  /* not while another walk changes or fills a table */
	bool goes;                                                   /* the look sees the new column as what goes */
	bool (*tried)(struct altering *r, struct err *e);           /* before the lock, by statements that are rolled back */
	const char *(*lock)(const struct altering *r);              /* a weaker lock than ACCESS EXCLUSIVE that is enough */
	int (*ms)(const struct altering *r);                        /* how long the statement may take, where it is longer than WRITER_STATEMENT_MS */
	const char *(*more)(const struct altering *r);              /* further pairs of the look under the lock, as locked_look takes them */
	bool (*fits)(struct altering *r, const struct rows *pairs, struct err *e);   /* judged by them, beside the permit */
	const char *(*sql)(const struct altering *r);               /* what is sent, each statement with its semicolon */
	const char *(*proof)(const struct altering *r);             /* SQL, boolean, of behind it: the change is done */
};
/* The rest of what puts the old column back, on a connection that the writer has opened. */
bool alter_rest_on(struct db *db, struct arena *a, const struct walk *w, struct err *e);
/* NULL: there is no such change of this kind of target. */
const struct alter_form *alter_form(const struct plan *p, enum change ch);
/* The same of a constraint that comes. */
const struct alter_form *alter_rule(enum rule rule, enum change ch);

#endif
