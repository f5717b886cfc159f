/* SPDX-License-Identifier: MIT */
#include "screens/field.h"

#include <string.h>

#include "base/text.h"

void field_clear(struct field *f)
{
	memset(f, 0, sizeof *f);
}

void field_set(struct field *f, const char *s)
{
	field_clear(f);
	size_t len = strlen(s);
	if (len >= sizeof f->text)
		return;
	memcpy(f->text, s, len);
	f->len = f->at = len;
}

static size_t encode(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	static const unsigned char first[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	for (size_t i = n - 1; i > 0; i--, cp >>= 6)
		out[i] = (char)(0x80 | (cp & 0x3F));
	out[0] = (char)(first[n] | cp);
	return n;
}

static void insert(struct field *f, uint32_t cp)
{
	char b[4];
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return;
	size_t n = encode(cp, b);
	if (f->len + n >= sizeof f->text)
		return;
	memmove(f->text + f->at + n, f->text + f->at, f->len - f->at + 1);
	memcpy(f->text + f->at, b, n);
	f->len += n;
	f->at += n;
}

static size_t before(const struct field *f)
{
	size_t i = f->at;
	while (i > 0 && ((unsigned char)f->text[--i] & 0xC0) == 0x80)
		;
	return i;
}

static size_t after(const struct field *f)
{
	size_t i = f->at;
	if (i < f->len)
		i++;
	while (i < f->len && ((unsigned char)f->text[i] & 0xC0) == 0x80)
		i++;
	return i;
}

static void cut(struct field *f, size_t from, size_t to)
{
	memmove(f->text + from, f->text + to, f->len - to + 1);
	f->len -= to - from;
	f->at = from;
}

bool field_key(struct field *f, struct key_event e)
{
	switch (e.key) {
	case K_TEXT:        insert(f, e.cp); return true;
	case K_EDIT_LEFT:   f->at = before(f); return true;
	case K_EDIT_RIGHT:  f->at = after(f); return true;
	case K_EDIT_HOME:   f->at = 0; return true;
	case K_EDIT_END:    f->at = f->len; return true;
	case K_EDIT_ERASE:  cut(f, before(f), f->at); return true;
	case K_EDIT_DELETE: cut(f, f->at, after(f)); return true;
	default:            return false;
	}
}
