/* SPDX-License-Identifier: MIT */
#include "screens/page_plain.h"

#include <string.h>

#include "base/text.h"

/* Signs stand for words that are said anyway. */
static size_t sign_length(const char *s)
{
	static const char *const signs[] = { " ", "✓", "●", "◔", "✗", "·", "╫", "▸" };
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (strncmp(s, signs[i], strlen(signs[i])) == 0)
			return strlen(signs[i]);
	return 0;
}

static const char *after_signs(const char *s)
{
	for (size_t len; (len = sign_length(s)) > 0;)
		s += len;
	return s;
}

static void cut_end(struct text *out, size_t from)
{
	static const char dot[] = " ·";
	for (;;) {
		if (out->len > from && out->s[out->len - 1] == ' ')
			out->len--;
		else if (out->len > from + 3 && memcmp(out->s + out->len - 3, dot, 3) == 0)
			out->len -= 3;
		else
			break;
	}
	out->s[out->len] = '\0';
}

static void add_row(const struct row *r, const char *label, struct text *out)
{
	size_t from = out->len;
	bool any = false;
	for (size_t i = 0; i < r->n; i++) {
		const char *s = after_signs(r->spans[i].plain ? r->spans[i].plain : r->spans[i].text);
		if (*s == '\0')
			continue;
		if (!any)
			text_addf(out, "%s: ", label ? label : "text");
		text_addf(out, "%s%s", any ? (r->spans[i].at == FOLLOW ? " " : "; ") : "", s);
		any = true;
	}
	if (!any)
		return;
	cut_end(out, from);
	text_add(out, "\n");
}

static void add_rows(const struct pane_rows *rows, struct text *out)
{
	for (size_t i = 0; i < rows->n; i++)
		add_row(&rows->row[i], rows->row[i].label, out);
}

void page_plain(const struct page *p, struct text *out)
{
	add_row(&p->bar, "place", out);
	add_row(&p->state, "state", out);
	add_rows(&p->pane[PANE_MAIN], out);
	add_rows(&p->pane[PANE_SIDE], out);
	add_rows(&p->message, out);
	if (*p->next[0] || *p->next[1])
		text_addf(out, "next: %s%s%s\n", p->next[0], *p->next[1] ? " " : "", p->next[1]);
}
