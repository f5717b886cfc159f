/* SPDX-License-Identifier: MIT */
/* The ways a name of the database is written in programs: legacy_note, legacyNote, LegacyNote, LEGACY_NOTE, legacy-note, legacynote,
   one or many (orders, Order). Cases are those of ASCII: other letters must be the same bytes. Nothing here guesses: a
   name that is put together while the program runs is not found. */
#ifndef GW_CORE_SPELL_H
#define GW_CORE_SPELL_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum spell_form { SPELL_LOWER, SPELL_SNAKE, SPELL_CAMEL, SPELL_PASCAL, SPELL_UPPER, SPELL_SCREAMING, SPELL_KEBAB, SPELL_OTHER };

/* A name cut into words. A word begins at a capital behind something else, and behind what is neither letter nor digit. */
struct spell {
	const char *name;
	const char *fold;          /* its letters and digits, lower case; "" when it has none */
	size_t n, words;
	const size_t *at;          /* where each of them stands in the name */
	const bool *word;          /* a word begins with it */
};

struct spell spell_of(struct arena *a, const char *name);   /* owned by a */
/* How many bytes from text on write this name, whatever comes behind them; 0: they do not. */
size_t spell_match(const struct spell *s, const char *text, size_t len);
/* May a word begin, or have ended, before byte i? */
bool spell_starts(const char *text, size_t len, size_t i);
bool spell_ends(const char *text, size_t len, size_t i);
/* Letters, digits, _ and all bytes of other scripts. */
bool spell_in_word(char c);
enum spell_form spell_form(const char *text, size_t len);
const char *spell_form_name(enum spell_form f);             /* "snake_case" */

/* A column's name that says little alone (id, name, status), or has three letters at most. */
bool spell_is_common(const struct spell *s);
/* Is this all before, or behind, the name in an accessor's: get_, findBy, _was? Folded, at most 32 bytes count. */
bool spell_opens(const char *text, size_t len);
bool spell_closes(const char *text, size_t len);

#define SPELL_NUMBERS 8
/* The name, and the same in the other number by a small table of rules; some may be no word at all. */
size_t spell_numbers(struct arena *a, const char *name, const char *out[static SPELL_NUMBERS]);

#endif
