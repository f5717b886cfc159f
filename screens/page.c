/* SPDX-License-Identifier: MIT */
#include "screens/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"

struct page *page_new(struct arena *a, int cols, int rows, bool ascii)
{
	struct page *p = arena_alloc(a, sizeof *p);
	p->arena = a;
	p->cols = cols;
	p->rows = rows;
	p->ascii = ascii;
	p->pane[PANE_MAIN].width = cols;
	p->pane[PANE_SIDE].width = cols;
	p->next[0] = p->next[1] = p->keys = p->brief = "";
	return p;
}

bool page_narrow(const struct page *p)
{
	return p->cols < PAGE_TWO_PANES;
}

void page_split(struct page *p, int main_width)
{
	if (page_narrow(p))
		return;
	int width = main_width + (p->cols - 80) * main_width / 160;
	p->pane[PANE_MAIN].width = width;
	p->pane[PANE_SIDE].width = p->cols - width - 1;
}

void page_pane(struct page *p, enum pane pane)
{
	p->now = pane;
}

int page_width(const struct page *p)
{
	return p->pane[p->now].width;
}

const char *page_clean(struct page *p, const char *s)
{
	const char *clean = s && text_is_clean(s) ? arena_dup(p->arena, s) : text_clean(p->arena, s);
	return p->ascii ? glyph_ascii(p->arena, clean) : clean;
}

static const char *__attribute__((format(printf, 2, 0))) clean_format(struct page *p, const char *fmt, va_list ap)
{
	char small[512];
	va_list again;
	va_copy(again, ap);
	int len = vsnprintf(small, sizeof small, fmt, ap);
	char *s = small;
	if (len >= (int)sizeof small) {
		s = arena_alloc(p->arena, (size_t)len + 1);
		vsnprintf(s, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	return page_clean(p, s);
}

static void add_span(struct page *p, struct row *r, struct span s)
{
	r->spans = arena_grow(p->arena, r->spans, &r->n, &r->cap, sizeof *r->spans);
	r->spans[r->n - 1] = s;
}

static struct row *last_row(struct page *p)
{
	struct pane_rows *rows = &p->pane[p->now];
	if (rows->n == 0)
		page_row(p, NULL);
	return &rows->row[rows->n - 1];
}

void page_place(struct page *p, const char *name, const char *where)
{
	add_span(p, &p->bar, (struct span){ .text = page_clean(p, name), .style = ST_BAR, .at = 1 });
	if (where)
		add_span(p, &p->bar, (struct span){ .text = page_clean(p, arena_printf(p->arena, " › %s", where)), .style = ST_BAR,
			.plain = page_clean(p, where), .at = FOLLOW });
}

static const char *env_word(enum env e)
{
	static const char *const words[] = {
		[ENV_NONE] = "NOT MARKED", [ENV_PRODUCTION] = "PRODUCTION", [ENV_STAGING] = "STAGING",
		[ENV_DEVELOPMENT] = "DEVELOPMENT", [ENV_REHEARSAL] = "REHEARSAL",
	};
	return words[e];
}

static void bar_part(struct page *p, unsigned style, const char *s)
{
	if (s && *s)
		add_span(p, &p->bar, (struct span){ .text = page_clean(p, s), .style = style, .at = RIGHT });
}

void page_server(struct page *p, const struct view *v, int64_t now)
{
	char clock[WHEN_MAX];
	bool wide = !page_narrow(p);
	bar_part(p, ST_BAR, v->label ? v->label : v->who);
	if (v->label)
		bar_part(p, v->env == ENV_PRODUCTION ? ST_PRODUCTION : ST_BANNER, env_word(v->env));
	if (v->weak_tls)
		bar_part(p, ST_BAR, "TLS not verified");
	if (wide && v->version)
		bar_part(p, ST_BAR, arena_printf(p->arena, "· pg %s", v->version));
	if (!v->connected && v->label)
		bar_part(p, ST_BAR, "· server gone");
	else if (now)
		bar_part(p, ST_BAR, arena_printf(p->arena, "· %.5s UTC", when_clock(now, clock)));
}

void page_state(struct page *p, unsigned style, int at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_span(p, &p->state, (struct span){ .text = clean_format(p, fmt, ap), .style = style, .at = at });
	va_end(ap);
}

void page_row(struct page *p, const char *label)
{
	struct pane_rows *rows = &p->pane[p->now];
	rows->row = arena_grow(p->arena, rows->row, &rows->n, &rows->cap, sizeof *rows->row);
	rows->row[rows->n - 1] = (struct row){ .label = label ? page_clean(p, label) : NULL, .pick = -1 };
}

int page_pick(struct page *p, const char *label)
{
	page_row(p, label);
	last_row(p)->pick = p->picks;
	return p->picks++;
}

void page_put(struct page *p, unsigned style, int at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add_span(p, last_row(p), (struct span){ .text = clean_format(p, fmt, ap), .style = style, .at = at });
	va_end(ap);
}

void page_fit(struct page *p, unsigned style, int at, int width, const char *s)
{
	const char *clean = page_clean(p, s);
	add_span(p, last_row(p), (struct span){
		.text = text_fit(p->arena, clean, width, p->ascii), .plain = clean, .style = style, .at = at });
}

void page_sign(struct page *p, unsigned style, int at, const char *sign, const char *plain)
{
	add_span(p, last_row(p), (struct span){
		.text = page_clean(p, sign), .plain = page_clean(p, plain), .style = style, .at = at });
}

void page_mood(struct page *p, int at, enum mood m)
{
	page_sign(p, style_of_mood(m), at, glyph_of_mood(m), mood_word(m));
}

void page_next(struct page *p, const char *first, const char *second)
{
	p->next[0] = page_clean(p, first);
	p->next[1] = page_clean(p, second);
}

void page_word(struct page *p, enum key k, const char *word)
{
	if (p->n_words < PAGE_WORDS)
		p->words[p->n_words++] = (struct key_use){ k, word ? page_clean(p, word) : NULL };
}

static const struct key_use *own_word(const struct page *p, enum key k)
{
	for (size_t i = 0; i < p->n_words; i++)
		if (p->words[i].key == k)
			return &p->words[i];
	return NULL;
}

void page_keys(struct page *p, const struct key_use *uses, size_t n)
{
	struct key_use *shown = arena_array(p->arena, n + 1, sizeof *shown);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		const struct key_use *own = own_word(p, uses[i].key);
		if (!own || own->word)
			shown[kept++] = own ? *own : uses[i];
	}
	p->keys = key_footer(p->arena, shown, kept, p->cols - 1, p->ascii);
}

void page_brief(struct page *p, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	p->brief = clean_format(p, fmt, ap);
	va_end(ap);
}

void page_copy(struct page *p, const char *s)
{
	p->copy = s ? arena_dup(p->arena, s) : NULL;
}

void page_field(struct page *p, const char *before, const char *after)
{
	last_row(p)->has_field = true;
	p->field = page_clean(p, before);
	p->field_after = page_clean(p, after);
}

char *row_text(struct arena *a, const struct row *r)
{
	struct text out = { 0 };
	for (size_t i = 0; i < r->n; i++)
		text_addf(&out, "%s%s", i && r->spans[i].at != FOLLOW ? " " : "", r->spans[i].text);
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}

int page_find(const struct page *p, const char *word, int from, int dir)
{
	const struct pane_rows *rows = &p->pane[PANE_MAIN];
	int n = (int)rows->n;
	for (int i = 0; i < n; i++) {
		int at = ((from + i * dir) % n + n) % n;
		if (strcasestr(row_text(p->arena, &rows->row[at]), word))
			return at;
	}
	return -1;
}
