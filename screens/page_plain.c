/* SPDX-License-Identifier: MIT */
#include "screens/page_plain.h"

#include <string.h>

#include "base/text.h"

static const char *trimmed(const char *s)
{
	return s + strspn(s, " ");
}

static void add_row(const struct row *r, const char *label, struct text *out)
{
	size_t from = out->len;
	bool any = false;
	for (size_t i = 0; i < r->n; i++) {
		const char *s = trimmed(r->spans[i].plain ? r->spans[i].plain : r->spans[i].text);
		if (*s == '\0')
			continue;
		if (!any && label)
			text_addf(out, "%s: ", label);
		text_addf(out, "%s%s", any ? (r->spans[i].at == FOLLOW ? " " : "; ") : "", s);
		any = true;
	}
	while (out->len > from && out->s[out->len - 1] == ' ')
		out->s[--out->len] = '\0';
	if (any)
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
