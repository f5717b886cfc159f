/* SPDX-License-Identifier: MIT */
/* The parser's opinion of texts, asked in a process of its own: a text that is too much for it is not read, and nothing else happens. */
#ifndef GW_ADAPTER_AUDIT_OPINION_H
#define GW_ADAPTER_AUDIT_OPINION_H

#include <stdint.h>

#include "adapter/audit_parse.h"

struct opinion;
/* Of a column or a table; owned by a, as leads must be. budget: microseconds for the texts of one look (opinion_end begins another). */
struct opinion *opinion_new(struct arena *a, const struct text_target *t, const char *const *leads, int64_t budget);
/* PARSED_NOT: it is not whole SQL of PostgreSQL 15, longer than SQLPARSE_MAX, or the parser gave no answer. */
struct parsed opinion_text(struct opinion *o, const char *text);
struct parsed_body opinion_body(struct opinion *o, const struct parse_code *code);
/* To be called when a look is over: the process ends. */
void opinion_end(struct opinion *o);
/* Texts that were not read so far, and why the first was not; NULL. */
size_t opinion_unread(const struct opinion *o, const char **why);

#endif
