/* SPDX-License-Identifier: MIT */
/* The server itself says what a statement's text uses: it parses the text as the body of a function of a temporary schema, behind a
   savepoint that is always rolled back to, and its own record of dependencies is read. Nothing of the text ever runs:
   1. PREPARE alone first, by the extended protocol: one statement, one that reads or changes rows; a second command, or none, is refused.
   2. CREATE FUNCTION ... BEGIN ATOMIC with the same text, by the extended protocol again: parsed and kept, never called.
   3. gatewalk's own reading in between has its own search_path: what stands in the role's is only looked up, never called.
   4. No text with a literal is sent: the server reads literals as it parses, and that can run a domain's check.
   It takes the locks that parsing takes, waits for none longer than LOCK_WAIT, and gives them back at once. COPY, CALL, DO, ON CONFLICT DO UPDATE and what is not
   whole SQL (interval $1, $1 IS NULL, another search_path) or has literals it cannot say. Views and functions of the SQL standard's kind are followed. */
#ifndef GW_ADAPTER_RESOLVE_H
#define GW_ADAPTER_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapter/audit_verdict.h"

struct arena;
struct db;
struct err;
struct fact_target;

struct resolver;

/* For a column of a table. False only when the server could not be asked; not being able to resolve is no error. Owned by a, and so is what
   is kept of texts: each is asked about once. In a transaction of the caller's it does nothing. budget: microseconds for all texts together. */
bool resolver_new(struct db *db, struct arena *a, const struct fact_target *t, int64_t budget, struct resolver **out, struct err *e);
/* NULL, or what keeps the server from resolving any text. */
const char *resolver_why(const struct resolver *r);
/* Names of views, functions and tables by which a text can use the column without naming it; NULL-ended. */
const char *const *resolver_names(const struct resolver *r);
/* A text as role sent it. What has no name that leads to the column is RESOLVED_ELSEWHERE unasked. Leaves a transaction open behind it: call resolver_end
   before db is used for anything else. */
struct resolved resolver_text(struct resolver *r, const char *role, const char *text);
void resolver_end(struct resolver *r);
/* Texts that came after the time was used up. */
size_t resolver_late(const struct resolver *r);

#endif
