/* SPDX-License-Identifier: MIT */
/* The cleaner, and the width of what it lets through. */
#include "base/text.h"

#include <string.h>

#include "base/arena.h"

#define MARKS_MAX 2

struct range { uint32_t from, to; };

/* Drawn as nothing, or moving what is drawn: controls, zero width, bidi, separators, tags, surrogates, non-characters. */
static const struct range hidden[] = {
	{ 0x0000, 0x001F }, { 0x007F, 0x009F }, { 0x00AD, 0x00AD }, { 0x034F, 0x034F }, { 0x061C, 0x061C }, { 0x115F, 0x1160 },
	{ 0x17B4, 0x17B5 }, { 0x180B, 0x180F }, { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0x3164, 0x3164 },
	{ 0xD800, 0xF8FF }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0xFFFE, 0xFFFF },
	{ 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0x10FFFF },
};
/* Combining marks: they stand on the base before them. */
static const struct range marks[] = {
	{ 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD }, { 0x05BF, 0x05BF }, { 0x05C1, 0x05C2 }, { 0x05C4, 0x05C5 },
	{ 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x0670, 0x0670 }, { 0x06D6, 0x06DC }, { 0x06DF, 0x06E4 }, { 0x06E7, 0x06E8 },
	{ 0x06EA, 0x06ED }, { 0x0711, 0x0711 }, { 0x0730, 0x074A }, { 0x07A6, 0x07B0 }, { 0x0816, 0x082D }, { 0x0900, 0x0902 },
	{ 0x093A, 0x093A }, { 0x093C, 0x093C }, { 0x0941, 0x0948 }, { 0x094D, 0x094D }, { 0x0951, 0x0957 }, { 0x0E31, 0x0E31 },
	{ 0x0E34, 0x0E3A }, { 0x0E47, 0x0E4E }, { 0x0EB1, 0x0EB1 }, { 0x0EB4, 0x0EBC }, { 0x0EC8, 0x0ECD }, { 0x0F71, 0x0F7E },
	{ 0x1AB0, 0x1AFF }, { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF }, { 0x302A, 0x302D }, { 0x3099, 0x309A }, { 0xFE20, 0xFE2F },
};
static const struct range wide[] = {
	{ 0x1100, 0x115E }, { 0x231A, 0x231B }, { 0x2329, 0x232A }, { 0x23E9, 0x23EC }, { 0x23F0, 0x23F0 }, { 0x23F3, 0x23F3 },
	{ 0x25FD, 0x25FE }, { 0x2614, 0x2615 }, { 0x2648, 0x2653 }, { 0x267F, 0x267F }, { 0x2693, 0x2693 }, { 0x26A1, 0x26A1 },
	{ 0x26AA, 0x26AB }, { 0x26BD, 0x26BE }, { 0x26C4, 0x26C5 }, { 0x26CE, 0x26CE }, { 0x26D4, 0x26D4 }, { 0x26EA, 0x26EA },
	{ 0x26F2, 0x26F3 }, { 0x26F5, 0x26F5 }, { 0x26FA, 0x26FA }, { 0x26FD, 0x26FD }, { 0x2705, 0x2705 }, { 0x270A, 0x270B },
	{ 0x2728, 0x2728 }, { 0x274C, 0x274C }, { 0x274E, 0x274E }, { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2795, 0x2797 },
	{ 0x27B0, 0x27B0 }, { 0x27BF, 0x27BF }, { 0x2B1B, 0x2B1C }, { 0x2B50, 0x2B50 }, { 0x2B55, 0x2B55 }, { 0x2E80, 0x3029 },
	{ 0x302E, 0x303E }, { 0x3041, 0x3098 }, { 0x309B, 0xA4CF }, { 0xA960, 0xA97F }, { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF },
	{ 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x16FE0, 0x18AFF }, { 0x1B000, 0x1B2FF }, { 0x1F004, 0x1F004 },
	{ 0x1F0CF, 0x1F0CF }, { 0x1F18E, 0x1F18E }, { 0x1F191, 0x1F19A }, { 0x1F200, 0x1F320 }, { 0x1F32D, 0x1F335 },
	{ 0x1F337, 0x1F37C }, { 0x1F37E, 0x1F393 }, { 0x1F3A0, 0x1F3CA }, { 0x1F3CF, 0x1F3D3 }, { 0x1F3E0, 0x1F3F0 },
	{ 0x1F3F4, 0x1F3F4 }, { 0x1F3F8, 0x1F43E }, { 0x1F440, 0x1F440 }, { 0x1F442, 0x1F4FC }, { 0x1F4FF, 0x1F53D },
	{ 0x1F54B, 0x1F54E }, { 0x1F550, 0x1F567 }, { 0x1F57A, 0x1F57A }, { 0x1F595, 0x1F596 }, { 0x1F5A4, 0x1F5A4 },
	{ 0x1F5FB, 0x1F64F }, { 0x1F680, 0x1F6C5 }, { 0x1F6CC, 0x1F6CC }, { 0x1F6D0, 0x1F6D2 }, { 0x1F6D5, 0x1F6D7 },
	{ 0x1F6DC, 0x1F6DF }, { 0x1F6EB, 0x1F6EC }, { 0x1F6F4, 0x1F6FC }, { 0x1F7E0, 0x1F7EB }, { 0x1F7F0, 0x1F7F0 },
	{ 0x1F90C, 0x1F93A }, { 0x1F93C, 0x1F945 }, { 0x1F947, 0x1F9FF }, { 0x1FA70, 0x1FAFF }, { 0x20000, 0x3FFFD },
};

static bool in_ranges(const struct range *r, size_t n, uint32_t cp)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (cp > r[mid].to)
			low = mid + 1;
		else if (cp < r[mid].from)
			high = mid;
		else
			return true;
	}
	return false;
}
#define IN(table, cp) in_ranges(table, sizeof table / sizeof table[0], cp)

/* How long a sequence this first byte opens, and the least code point it may carry; 0: none. */
static size_t opening(unsigned char c, uint32_t *bits, uint32_t *least)
{
	if (c < 0x80) { *bits = c; *least = 0; return 1; }
	if (c >= 0xC2 && c < 0xE0) { *bits = c & 0x1FU; *least = 0x80; return 2; }
	if (c >= 0xE0 && c < 0xF0) { *bits = c & 0x0FU; *least = 0x800; return 3; }
	if (c >= 0xF0 && c < 0xF5) { *bits = c & 0x07U; *least = 0x10000; return 4; }
	return 0;
}

/* 0 when there is no whole, shortest, legal sequence at s; else its length. */
static size_t sequence(const char *s, size_t len, uint32_t *cp)
{
	uint32_t least = 0;
	size_t n = len ? opening((unsigned char)s[0], cp, &least) : 0;
	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)s[i] & 0xC0) != 0x80)
			return 0;
		*cp = *cp << 6 | ((unsigned char)s[i] & 0x3FU);
	}
	bool bad = *cp < least || *cp > 0x10FFFF || (*cp >= 0xD800 && *cp <= 0xDFFF);
	return bad ? 0 : n;
}

uint32_t text_next(const char *s, size_t len, size_t *used)
{
	uint32_t cp = 0;
	size_t n = sequence(s, len, &cp);
	*used = n ? n : 1;
	return n ? cp : 0xFFFD;
}

bool text_utf8_valid(const char *s, size_t len)
{
	uint32_t cp;
	for (size_t n; len; s += n, len -= n)
		if ((n = sequence(s, len, &cp)) == 0)
			return false;
	return true;
}

int text_cp_width(uint32_t cp)
{
	if (cp < 0x300)
		return IN(hidden, cp) ? 0 : 1;
	if (IN(marks, cp) || IN(hidden, cp))
		return 0;
	return IN(wide, cp) ? 2 : 1;
}

int text_width(const char *s)
{
	int width = 0;
	size_t used;
	for (size_t len = strlen(s); len; s += used, len -= used)
		width += text_cp_width(text_next(s, len, &used));
	return width;
}

static void escape_bytes(struct text *out, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_addf(out, "\\x%02x", (unsigned char)s[i]);
}

/* Adds what may be shown of one code point; *on counts the marks on the last base. */
static void clean_one(struct text *out, const char *s, size_t n, uint32_t cp, int *on)
{
	bool mark = n && IN(marks, cp);
	*on = mark ? *on + 1 : 0;
	if (n == 0)
		escape_bytes(out, s, 1);
	else if (cp < 0x20 || cp == 0x7F)
		escape_bytes(out, s, 1);
	else if (IN(hidden, cp) || (mark && *on > MARKS_MAX))
		text_addf(out, "\\u{%04X}", (unsigned)cp);
	else
		text_addn(out, s, n);
}

char *text_cleann(struct arena *a, const char *s, size_t len)
{
	struct text out = { 0 };
	int on = MARKS_MAX;   /* a mark without a base before it has nowhere to stand */
	for (size_t n; len; s += n, len -= n) {
		uint32_t cp = 0;
		n = sequence(s, len, &cp);
		clean_one(&out, s, n, cp, &on);
		if (n == 0)
			n = 1;
	}
	char *copy = arena_dupn(a, text_str(&out), out.len);
	text_free(&out);
	return copy;
}

char *text_clean(struct arena *a, const char *s)
{
	return text_cleann(a, s ? s : "", s ? strlen(s) : 0);
}

bool text_is_clean(const char *s)
{
	int on = MARKS_MAX;
	size_t n;
	for (size_t len = strlen(s); len; s += n, len -= n) {
		uint32_t cp = 0;
		n = sequence(s, len, &cp);
		bool mark = n && IN(marks, cp);
		on = mark ? on + 1 : 0;
		if (n == 0 || IN(hidden, cp) || (mark && on > MARKS_MAX))
			return false;
	}
	return true;
}

char *text_fit(struct arena *a, const char *s, int cols, bool ascii)
{
	if (cols <= 0)
		return arena_dup(a, "");
	if (text_width(s) <= cols)
		return arena_dup(a, s);
	size_t used, at = 0, len = strlen(s);
	for (int width = 0; at < len; at += used) {
		width += text_cp_width(text_next(s + at, len - at, &used));
		if (width > cols - 1)
			break;
	}
	return arena_printf(a, "%.*s%s", (int)at, s, ascii ? "~" : "…");
}
