/* SPDX-License-Identifier: MIT */
#include "screens/keys.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static const struct { const char *caps, *ascii, *what, *word; } list[] = {
#define X(id, caps, ascii, what, word) [id] = { caps, ascii, what, word },
	KEYS(X)
#undef X
};

static const struct { enum raw raw; uint32_t cp; enum key key; } bound[] = {
	{ RAW_UP, 0, K_UP }, { RAW_NONE, 'k', K_UP }, { RAW_DOWN, 0, K_DOWN }, { RAW_NONE, 'j', K_DOWN },
	{ RAW_PAGE_UP, 0, K_PAGE_UP }, { RAW_NONE, 'b' & 0x1F, K_PAGE_UP },
	{ RAW_PAGE_DOWN, 0, K_PAGE_DOWN }, { RAW_NONE, 'f' & 0x1F, K_PAGE_DOWN },
	{ RAW_HOME, 0, K_FIRST }, { RAW_NONE, 'g', K_FIRST }, { RAW_END, 0, K_LAST }, { RAW_NONE, 'G', K_LAST },
	{ RAW_ENTER, 0, K_ENTER }, { RAW_NONE, '\r', K_ENTER }, { RAW_NONE, '\n', K_ENTER }, { RAW_NONE, 'l', K_ENTER },
	{ RAW_RIGHT, 0, K_ENTER },
	{ RAW_NONE, 'b', K_BACK }, { RAW_NONE, 'h', K_BACK }, { RAW_LEFT, 0, K_BACK }, { RAW_BACKSPACE, 0, K_BACK },
	{ RAW_NONE, 0x7F, K_BACK }, { RAW_NONE, '\b', K_BACK }, { RAW_NONE, 0x1B, K_BACK },
	{ RAW_NONE, 'q', K_Q }, { RAW_NONE, 'Q', K_QUIT }, { RAW_NONE, '?', K_HELP }, { RAW_F1, 0, K_HELP },
	{ RAW_NONE, '/', K_FIND }, { RAW_NONE, 'n', K_NEXT }, { RAW_NONE, 'N', K_PREV },
	{ RAW_NONE, 'r', K_LOOK }, { RAW_NONE, 'l' & 0x1F, K_REDRAW }, { RAW_NONE, 'y', K_COPY },
	{ RAW_NONE, 'e', K_EVIDENCE }, { RAW_NONE, 'L', K_LOG }, { RAW_NONE, 'v', K_GATES }, { RAW_NONE, ' ', K_PAUSE },
	{ RAW_NONE, 'F', K_RESTORE }, { RAW_NONE, 'H', K_HIDE }, { RAW_NONE, 'u', K_UNHIDE }, { RAW_NONE, 's', K_SIGN }, { RAW_NONE, 'x', K_STOP },
	{ RAW_NONE, '[', K_LESS }, { RAW_NONE, ']', K_MORE }, { RAW_NONE, '-', K_SLOWER }, { RAW_NONE, '+', K_FASTER }, { RAW_F2, 0, K_SETTINGS },
	{ RAW_NONE, 'c' & 0x1F, K_CANCEL }, { RAW_NONE, 'z' & 0x1F, K_SUSPEND },
};

static const struct { enum raw raw; uint32_t cp; enum key key; } in_field[] = {
	{ RAW_LEFT, 0, K_EDIT_LEFT }, { RAW_RIGHT, 0, K_EDIT_RIGHT }, { RAW_HOME, 0, K_EDIT_HOME }, { RAW_END, 0, K_EDIT_END },
	{ RAW_BACKSPACE, 0, K_EDIT_ERASE }, { RAW_NONE, 0x7F, K_EDIT_ERASE }, { RAW_NONE, '\b', K_EDIT_ERASE },
	{ RAW_DELETE, 0, K_EDIT_DELETE }, { RAW_ENTER, 0, K_EDIT_DONE }, { RAW_NONE, '\r', K_EDIT_DONE },
	{ RAW_NONE, '\n', K_EDIT_DONE }, { RAW_PAGE_UP, 0, K_PAGE_UP }, { RAW_PAGE_DOWN, 0, K_PAGE_DOWN }, { RAW_F1, 0, K_HELP }, { RAW_NONE, 'c' & 0x1F, K_CANCEL },
};

static const struct key_use common[] = {
	{ K_UP, NULL }, { K_DOWN, NULL }, { K_PAGE_UP, NULL }, { K_PAGE_DOWN, NULL }, { K_FIRST, NULL }, { K_LAST, NULL },
	{ K_ENTER, NULL }, { K_BACK, NULL }, { K_Q, NULL }, { K_QUIT, NULL }, { K_HELP, NULL }, { K_FIND, NULL },
	{ K_NEXT, NULL }, { K_PREV, NULL }, { K_LOOK, NULL }, { K_REDRAW, NULL }, { K_COPY, NULL }, { K_EVIDENCE, NULL },
	{ K_LOG, NULL }, { K_GATES, NULL }, { K_SETTINGS, NULL }, { K_SUSPEND, NULL }, { K_CANCEL, NULL },
};

static struct key_event read_field(struct stroke s)
{
	for (size_t i = 0; i < sizeof in_field / sizeof in_field[0]; i++)
		if (!s.pasted && in_field[i].raw == s.raw && in_field[i].cp == s.cp)
			return (struct key_event){ .key = in_field[i].key };
	if (s.raw == RAW_NONE && s.cp >= 0x20 && s.cp != 0x7F)
		return (struct key_event){ .key = K_TEXT, .cp = s.cp };
	return (struct key_event){ 0 };
}

struct key_event key_read(struct stroke s, bool field)
{
	if (field)
		return read_field(s);
	for (size_t i = 0; !s.pasted && i < sizeof bound / sizeof bound[0]; i++)
		if (bound[i].raw == s.raw && bound[i].cp == s.cp)
			return (struct key_event){ .key = bound[i].key };
	return (struct key_event){ 0 };
}

const char *key_caps(enum key k, bool ascii)
{
	return ascii ? list[k].ascii : list[k].caps;
}

const char *key_cap(enum key k, bool ascii)
{
	static const struct { enum key key; const char *cap; } first[] = {
		{ K_ENTER, "Enter" }, { K_BACK, "b" }, { K_HELP, "?" }, { K_PAGE_DOWN, "PgDn" }, { K_PAGE_UP, "PgUp" },
		{ K_FIRST, "g" }, { K_LAST, "G" },
	};
	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		if (first[i].key == k)
			return first[i].cap;
	return key_caps(k, ascii);
}

const char *key_what(enum key k)
{
	return list[k].what;
}

const char *key_word(struct key_use u)
{
	return u.word ? u.word : list[u.key].word;
}

static char *one(struct arena *a, struct key_use u, bool ascii)
{
	return arena_printf(a, "%s %s", key_cap(u.key, ascii), key_word(u));
}

char *key_footer(struct arena *a, const struct key_use *uses, size_t n, int cols, bool ascii)
{
	struct text out = { 0 };
	if (n == 0)
		return arena_dup(a, "");
	size_t kept = n > 1 ? 2 : 1;   /* the way back and help */
	const char *last = one(a, uses[n - 1], ascii);
	if (kept == 2)
		last = arena_printf(a, "%s  %s", one(a, uses[n - 2], ascii), last);
	int left = cols - 1 - text_width(last);
	for (size_t i = 0; i + kept < n; i++) {
		const char *s = one(a, uses[i], ascii);
		if (text_width(s) + 2 > left)
			break;
		text_addf(&out, "%s  ", s);
		left -= text_width(s) + 2;
	}
	text_add(&out, last);
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}

const struct key_use *key_common(size_t i)
{
	return i < sizeof common / sizeof common[0] ? &common[i] : NULL;
}
