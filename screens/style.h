/* SPDX-License-Identifier: MIT */
/* Styles by meaning, never by colour: a theme turns a meaning into what the terminal can show. Pure. Red means shut or
   problem, and the word PRODUCTION, and nothing else. */
#ifndef GW_SCREENS_STYLE_H
#define GW_SCREENS_STYLE_H

#include <stdbool.h>

#include "core/walk.h"

/* meaning, its letter in golden files */
#define STYLES(X) \
	X(ST_PLAIN, ' ') X(ST_BAR, 't') X(ST_DONE, 'd') X(ST_RUNNING, 'r') X(ST_WAITING, 'w') X(ST_SHUT, 'x') X(ST_DIM, 'i') \
	X(ST_BOLD, 'b') X(ST_UNDER, 'u') X(ST_PRODUCTION, 'P') X(ST_BANNER, 'B') X(ST_INFO, 'n') X(ST_FOUND, 'f')

enum style {
#define X(id, letter) id,
	STYLES(X)
#undef X
	STYLE_COUNT
};
#define ST_CURSOR 0x100U           /* added to a style: the row under the cursor */

/* The first four can be chosen; the last stands in for the colours of each where the terminal has only eight. */
enum theme { THEME_SAFE, THEME_DARK, THEME_LIGHT, THEME_MONO, THEME_EIGHT, THEME_COUNT };
#define THEMES_TO_CHOOSE THEME_EIGHT

struct look { int fg; bool bold, dim, under, reverse; };   /* fg -1: the terminal's own colour */

struct look style_look(enum theme t, unsigned style);
const char *theme_name(enum theme t);
/* One that can be chosen, by its name; THEME_COUNT when there is none. */
enum theme theme_named(const char *name);
/* Upper case for a cell of the cursor's row. */
char style_letter(unsigned style);
enum style style_of_mood(enum mood m);

#endif
