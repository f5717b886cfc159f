/* SPDX-License-Identifier: MIT */
#include "screens/term_stroke.h"

#include <curses.h>

#define PASTE_BEGIN (KEY_MAX + 1)
#define PASTE_END (KEY_MAX + 2)

static const struct { int code; enum raw raw; } codes[] = {
	{ KEY_UP, RAW_UP }, { KEY_DOWN, RAW_DOWN }, { KEY_LEFT, RAW_LEFT }, { KEY_RIGHT, RAW_RIGHT }, { KEY_PPAGE, RAW_PAGE_UP },
	{ KEY_NPAGE, RAW_PAGE_DOWN }, { KEY_HOME, RAW_HOME }, { KEY_END, RAW_END }, { KEY_BACKSPACE, RAW_BACKSPACE },
	{ KEY_DC, RAW_DELETE }, { KEY_ENTER, RAW_ENTER }, { KEY_F(1), RAW_F1 }, { KEY_F(2), RAW_F2 },
	{ PASTE_BEGIN, RAW_PASTE_BEGIN }, { PASTE_END, RAW_PASTE_END },
};

static enum raw raw_of(int code)
{
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == code)
			return codes[i].raw;
	return RAW_OTHER;
}

/* Arrows as terminals send them that were not asked for the keypad's. */
static enum raw arrow(wint_t c)
{
	static const enum raw of[] = { RAW_UP, RAW_DOWN, RAW_RIGHT, RAW_LEFT, RAW_OTHER, RAW_END, RAW_OTHER, RAW_HOME };
	return c >= 'A' && c <= 'H' ? of[c - 'A'] : RAW_OTHER;
}

/* An escape that ncurses did not know: a sequence is swallowed whole, so that its letters press nothing. */
static struct stroke after_escape(void)
{
	wint_t c;
	int kind = get_wch(&c);
	if (kind == ERR)
		return (struct stroke){ .cp = 0x1B };
	if (kind != OK || (c != '[' && c != 'O'))
		return (struct stroke){ .raw = RAW_OTHER };
	int length = 0;
	while (get_wch(&c) == OK && (c < 0x40 || c > 0x7E))
		length++;
	return (struct stroke){ .raw = length ? RAW_OTHER : arrow(c) };
}

void stroke_define(void)
{
	define_key("\033[200~", PASTE_BEGIN);
	define_key("\033[201~", PASTE_END);
}

bool stroke_next(struct stroke *out)
{
	wint_t c;
	int kind = get_wch(&c);
	if (kind == ERR)
		return false;
	if (kind == KEY_CODE_YES)
		*out = (struct stroke){ .raw = raw_of((int)c) };
	else if (c == 0x1B)
		*out = after_escape();
	else
		*out = (struct stroke){ .cp = (uint32_t)c };
	return true;
}
