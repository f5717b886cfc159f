/* SPDX-License-Identifier: MIT */
#include "screens/style.h"

#include <ctype.h>
#include <string.h>

enum role { ROLE_INFO, ROLE_DONE, ROLE_WAITING, ROLE_PROBLEM, ROLE_COUNT };

/* Contrast at least 3.3, held by a test: `safe` on black, dark grey, both Solarized and white, `dark` on the dark ones of
   these, `light` on the light ones. Eight colours: never blue as text. */
static const short colours[THEME_COUNT][ROLE_COUNT] = {
	[THEME_SAFE] = { 32, 29, 166, 197 },
	[THEME_DARK] = { 110, 86, 220, 209 },
	[THEME_LIGHT] = { 26, 23, 94, 88 },
	[THEME_EIGHT] = { 6, 2, 3, 1 },
	[THEME_MONO] = { -1, -1, -1, -1 },
};

static const char *const names[THEME_COUNT] = { "safe", "dark", "light", "mono", "8 colours" };

static struct look in_colour(const short *c, enum style s)
{
	switch (s) {
	case ST_BAR:        return (struct look){ .fg = -1, .reverse = true };
	case ST_PRODUCTION: return (struct look){ .fg = c[ROLE_PROBLEM], .reverse = true };
	case ST_BANNER:     return (struct look){ .fg = c[ROLE_INFO], .reverse = true };
	case ST_DONE:       return (struct look){ .fg = c[ROLE_DONE] };
	case ST_RUNNING:
	case ST_INFO:       return (struct look){ .fg = c[ROLE_INFO] };
	case ST_WAITING:    return (struct look){ .fg = c[ROLE_WAITING] };
	case ST_SHUT:       return (struct look){ .fg = c[ROLE_PROBLEM] };
	case ST_DIM:        return (struct look){ .fg = -1, .dim = true };
	case ST_BOLD:       return (struct look){ .fg = -1, .bold = true };
	case ST_UNDER:      return (struct look){ .fg = -1, .under = true };
	case ST_FOUND:      return (struct look){ .fg = -1, .reverse = true };
	default:            return (struct look){ .fg = -1 };
	}
}

static struct look in_mono(enum style s)
{
	switch (s) {
	case ST_PRODUCTION: return (struct look){ .fg = -1, .reverse = true, .bold = true };
	case ST_BANNER:     return (struct look){ .fg = -1, .reverse = true, .under = true };
	case ST_RUNNING:    return (struct look){ .fg = -1, .bold = true };
	case ST_WAITING:    return (struct look){ .fg = -1, .under = true };
	case ST_SHUT:       return (struct look){ .fg = -1, .bold = true, .reverse = true };
	default:            return in_colour(colours[THEME_MONO], s);
	}
}

struct look style_look(enum theme t, unsigned style)
{
	enum style s = (enum style)(style & 0xFFU);
	struct look l = t == THEME_MONO ? in_mono(s) : in_colour(colours[t], s);
	if ((style & ST_CURSOR) && t == THEME_MONO)
		l.bold = true;
	return l;
}

const char *theme_name(enum theme t)
{
	return names[t];
}

enum theme theme_named(const char *name)
{
	for (int t = 0; t < THEMES_TO_CHOOSE; t++)
		if (strcmp(names[t], name) == 0)
			return (enum theme)t;
	return THEME_COUNT;
}

char style_letter(unsigned style)
{
	static const char letters[] = {
#define X(id, letter) letter,
		STYLES(X)
#undef X
	};
	char c = letters[style & 0xFFU];
	if (!(style & ST_CURSOR))
		return c;
	return c == ' ' ? '_' : (char)toupper((unsigned char)c);
}

enum style style_of_mood(enum mood m)
{
	static const enum style of[] = {
		[MOOD_DONE] = ST_DONE, [MOOD_RUNNING] = ST_RUNNING, [MOOD_WAITING] = ST_WAITING, [MOOD_SHUT] = ST_SHUT,
		[MOOD_NOT_YET] = ST_DIM, [MOOD_NOT_NEEDED] = ST_DIM,
	};
	return of[m];
}
