/* SPDX-License-Identifier: MIT */
/* Shared by audit_text.c (a column) and audit_text_table.c (a table, rows). */
#ifndef GW_ADAPTER_AUDIT_TEXT_PRIVATE_H
#define GW_ADAPTER_AUDIT_TEXT_PRIVATE_H

#include "adapter/audit_text.h"
#include "adapter/audit_token.h"

bool text_is_definition(const struct tokens *v);
/* Does token i name the table? One that is qualified by something else does not. */
bool text_is_table(const struct tokens *v, size_t i, const struct text_target *t);
/* Does it stand where a table stands (FROM, JOIN, INTO, ...)? in_from: from text_clause_from, token by token. */
bool text_is_relation(const struct tokens *v, size_t i, bool in_from);
bool text_clause_from(const struct tokens *v, size_t i, bool before);
bool text_from_catalogue(const struct tokens *v, const struct text_target *t);
bool text_names_view(const struct tokens *v, const struct text_target *t);

void text_table_statement(const struct tokens *v, const struct text_target *t, struct text_found *out);
/* An index or a type: any word that is its name, and a planner's hint. */
void text_object_statement(const struct tokens *v, const char *text, const struct text_target *t, struct text_found *out);
void text_object_body(struct arena *a, const char *text, int depth, const struct text_target *t, struct text_found *out);
void text_table_body(struct arena *a, const char *text, int depth, const struct text_target *t, struct text_found *out);

#endif
