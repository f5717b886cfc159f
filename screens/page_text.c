/* SPDX-License-Identifier: MIT */
/* Longer texts of a page: paragraphs, labelled paragraphs, lines, messages. */
#include "screens/page.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "screens/wrap.h"

void page_blank(struct page *p)
{
	page_row(p, NULL);
}

/* The first line goes to the row that is open, when it is `open`; each further one gets its own. */
static void put_wrapped(struct page *p, unsigned style, int at, const char *s, bool open)
{
	size_t n;
	const char *clean = page_clean(p, s);
	const char **line = wrap(p->arena, clean, page_width(p) - at - 1, &n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 || !open)
			page_row(p, NULL);
		/* Without a screen the whole text is said once. */
		page_sign(p, style, at, line[i], "");
		struct pane_rows *rows = &p->pane[p->now];
		struct row *r = &rows->row[rows->n - 1];
		if (i == 0)
			r->spans[r->n - 1].plain = clean;
	}
}

void page_more(struct page *p, unsigned style, int at, const char *s)
{
	put_wrapped(p, style, at, s, true);
}

void page_text(struct page *p, unsigned style, int at, const char *s)
{
	put_wrapped(p, style, at, s, false);
}

void page_item(struct page *p, const char *label, const char *sign, int at, const char *s)
{
	if (!s || !*s)
		return;
	page_row(p, label);
	page_sign(p, ST_PLAIN, 1, sign, "");
	put_wrapped(p, ST_PLAIN, at, s, true);
}

void page_labelled(struct page *p, const char *label, int at, const char *s)
{
	page_item(p, label, label, at, s);
}

void page_lines(struct page *p, unsigned style, int at, const char *s)
{
	for (const char *end; s && *s; s = *end ? end + 1 : end) {
		end = strchrnul(s, '\n');
		size_t len = (size_t)(end - s);
		if (len && s[len - 1] == '\r')
			len--;
		char *one = arena_dupn(p->arena, s, len);
		for (char *tab = strchr(one, '\t'); tab; tab = strchr(tab, '\t'))
			*tab = ' ';
		page_text(p, style, at, one);
	}
}

void page_message(struct page *p, unsigned style, const char *sign, const char *s)
{
	size_t n;
	const char *clean = page_clean(p, s);
	const char **line = wrap(p->arena, clean, p->cols - 4, &n);
	struct pane_rows *m = &p->message;
	for (size_t i = 0; i < n; i++) {
		m->row = arena_grow(p->arena, m->row, &m->n, &m->cap, sizeof *m->row);
		struct row *r = &m->row[m->n - 1];
		*r = (struct row){ .pick = -1, .label = "message" };
		r->spans = arena_array(p->arena, 2, sizeof *r->spans);
		r->spans[0] = (struct span){ .text = i ? "" : page_clean(p, sign), .plain = "", .style = style, .at = 1 };
		r->spans[1] = (struct span){ .text = line[i], .plain = i ? "" : clean, .style = style == ST_SHUT ? ST_SHUT : ST_PLAIN, .at = 3 };
		r->n = 2;
	}
}

void page_message_field(struct page *p, const char *label, const char *before, const char *after)
{
	struct pane_rows *m = &p->message;
	m->row = arena_grow(p->arena, m->row, &m->n, &m->cap, sizeof *m->row);
	struct row *r = &m->row[m->n - 1];
	*r = (struct row){ .pick = -1, .label = "field", .has_field = true };
	r->spans = arena_array(p->arena, 1, sizeof *r->spans);
	r->spans[0] = (struct span){ .text = page_clean(p, label), .at = 1 };
	r->n = 1;
	p->field = page_clean(p, before);
	p->field_after = page_clean(p, after);
}
