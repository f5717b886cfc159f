/* SPDX-License-Identifier: MIT */
/* Text: a growing buffer, and the one cleaner that all foreign text passes before anybody sees it. */
#ifndef GW_BASE_TEXT_H
#define GW_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A growing buffer, always NUL-terminated once something was added. Zero-initialise; text_free at the end. */
struct text {
	char *s;
	size_t len, cap;
};

void text_free(struct text *t);
void text_clear(struct text *t);
void text_add(struct text *t, const char *s);
void text_addn(struct text *t, const void *s, size_t n);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *text_str(const struct text *t);   /* never NULL */

/* Foreign text made safe to show: C0 (TAB, CR, LF, BS, ESC among them), DEL, C1, bidi controls, zero width and invalid
   UTF-8 become \xNN or \u{NNNN}; at most two combining marks on a base. Result owned by a. NULL gives "". */
char *text_clean(struct arena *a, const char *s);
char *text_cleann(struct arena *a, const char *s, size_t len);
/* True when text_clean would change nothing. */
bool text_is_clean(const char *s);

/* Next code point of UTF-8 at s; *used gets the bytes taken (>= 1); U+FFFD for an invalid byte. */
uint32_t text_next(const char *s, size_t len, size_t *used);
/* Columns a code point takes: 0, 1 or 2. */
int text_cp_width(uint32_t cp);
/* Columns a clean string takes. */
int text_width(const char *s);
/* The longest start of s that fits into cols columns, with "…" (or "~" when ascii) when cut. */
char *text_fit(struct arena *a, const char *s, int cols, bool ascii);
bool text_utf8_valid(const char *s, size_t len);
/* Same text without regard to ASCII case. NULL equals only NULL. */
bool text_same_nocase(const char *a, const char *b);
bool text_eq(const char *a, const char *b);   /* NULL equals only NULL */

#endif
