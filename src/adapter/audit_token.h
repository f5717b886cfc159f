/* SPDX-License-Identifier: MIT */
/* SQL text cut into tokens, comments left out. Never fails: what it does not know is a token of one byte. */
#ifndef GW_ADAPTER_AUDIT_TOKEN_H
#define GW_ADAPTER_AUDIT_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum token_kind { TOKEN_WORD, TOKEN_QUOTED, TOKEN_UNICODE, TOKEN_STRING, TOKEN_NUMBER, TOKEN_MARK };
struct token { enum token_kind kind; const char *s; size_t len; };   /* QUOTED: without its quotes, doubled quotes as they stand */

struct tokens { struct token *t; size_t n; };

/* Can this byte stand within a bare word? Every byte of a character beyond ASCII can. */
bool token_in_word(char sign);
struct tokens tokens_read(struct arena *a, const char *text);
/* Is token i this bare word (lower case), or this mark? False past the end. */
bool token_is(const struct tokens *v, size_t i, const char *word);
/* Is token i this identifier, bare in any case or quoted? */
bool token_names(const struct tokens *v, size_t i, const char *name);

#endif
