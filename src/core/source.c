/* SPDX-License-Identifier: MIT */
#include "core/source.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/source_parts.h"

#define AHEAD 256   /* bytes behind a place that are wanted for its excerpt */

static void add_name(struct source *s, const char *name, enum source_role role, bool weak)
{
	struct spell p = spell_of(s->a, name);
	if (p.n == 0)
		return;
	for (size_t i = 0; i < s->names; i++)
		if (strcmp(s->name[i].spell.fold, p.fold) == 0)   /* what names the target does not stand for its table too */
			return;
	uint32_t bit = UINT32_C(1) << s->names;
	unsigned char c = (unsigned char)p.fold[0];
	s->first[c] |= bit;
	if (c >= 'a' && c <= 'z')
		s->first[c - 'a' + 'A'] |= bit;
	s->name[s->names++] = (struct source_name){ p, role, weak };
}

/* A table or a type is also a class: in the other number, and (shop_order: class Order in the app shop) without its first word. */
static void add_numbers(struct source *s, const char *name, enum source_role role)
{
	const char *form[SPELL_NUMBERS];
	size_t n = spell_numbers(s->a, name, form);
	for (size_t i = 0; i < n; i++)
		add_name(s, form[i], role, role != ROLE_CONTEXT && (role == ROLE_SHORT || spell_of(s->a, form[i]).words < 2));
}

static void add_class(struct source *s, const char *name, bool context)
{
	struct spell p = spell_of(s->a, name);
	size_t second = 1;
	while (second < p.n && !p.word[second])
		second++;
	add_numbers(s, name, context ? ROLE_CONTEXT : ROLE_OTHER);
	if (second < p.n)
		add_numbers(s, name + p.at[second], context ? ROLE_CONTEXT : ROLE_SHORT);
}

struct source *source_new(struct arena *a, const struct source_target *t, size_t keep, struct source_found *out)
{
	struct source *s = arena_alloc(a, sizeof *s);
	struct spell own = spell_of(a, t->name);
	memset(out, 0, sizeof *out);
	if (own.n == 0)
		return NULL;
	s->a = a;
	s->kind = t->kind == TARGET_ROWS ? TARGET_TABLE : t->kind;
	s->keep = keep;
	s->out = out;
	s->context_counts = t->kind == TARGET_COLUMN || t->kind == TARGET_INDEX;
	for (int g = 0; g < SOURCE_GRADES; g++)
		out->hit[g] = arena_array(a, keep, sizeof **out->hit);
	for (int c = 0; c < CLASSES; c++)
		s->pile[c].v = arena_array(a, keep, sizeof *s->pile[c].v);
	add_name(s, t->name, ROLE_TARGET, t->kind != TARGET_INDEX && spell_is_common(&own));
	if (!s->context_counts)
		add_class(s, t->name, false);
	else if (t->table)
		add_class(s, t->table, true);
	if (!s->context_counts && t->schema)
		add_name(s, t->schema, ROLE_CONTEXT, false);
	return s;
}

size_t source_names(const struct source *s, const char **out, size_t max, bool context)
{
	size_t n = 0;
	for (size_t i = 0; i < s->names && n < max; i++)
		if ((s->name[i].role == ROLE_CONTEXT) == context)
			out[n++] = s->name[i].spell.name;
	return n;
}

/* ORDER BY and GROUP BY speak of no table. */
static bool before_by(const struct place *p)
{
	size_t i = p->end, from = i;
	while (i < p->len && i - from < 16 && (p->text[i] == ' ' || p->text[i] == '_' || p->text[i] == '\t'))
		i++;
	size_t n = p->end - p->at;
	bool sql = n == 5 && (strncmp(p->text + p->at, "order", 5) == 0 || strncmp(p->text + p->at, "ORDER", 5) == 0
		|| strncmp(p->text + p->at, "group", 5) == 0 || strncmp(p->text + p->at, "GROUP", 5) == 0);
	return sql && i + 2 <= p->len && (p->text[i] | 32) == 'b' && (p->text[i + 1] | 32) == 'y' && spell_ends(p->text, p->len, i + 2);
}

static void try_name(struct source *s, struct place p, const struct source_name *n)
{
	size_t used = spell_match(&n->spell, p.text + p.at, p.len - p.at);
	if (used == 0 || !spell_ends(p.text, p.len, p.at + used) || s->base + p.at < s->target_end)   /* order_total speaks of no order */
		return;
	p.from = p.at;
	p.to = p.end = p.at + used;
	while (p.from > 0 && p.at - p.from < CONTEXT_MAX && spell_in_word(p.text[p.from - 1]))
		p.from--;
	while (p.to < p.len && p.to - p.end < AHEAD && spell_in_word(p.text[p.to]))
		p.to++;
	if (before_by(&p))
		return;
	if (n->role == ROLE_CONTEXT) {
		grade_context(s, &p);
	} else {
		grade_hit(s, &p, n);
		s->target_end = s->base + p.end;
	}
}

static void try_names(struct source *s, struct place p, uint32_t names)
{
	for (size_t i = 0; names; i++, names >>= 1)
		if (names & 1)
			try_name(s, p, &s->name[i]);
}

static void read_piece(struct source *s, const char *text, size_t to, size_t len)
{
	for (size_t i = s->done; i < to; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c == '\n') {
			s->line++;
			s->line_from = s->base + i + 1;
			s->open_line = false;
			continue;
		}
		s->open_line = true;
		if (s->first[c] && spell_starts(text, len, i))
			try_names(s, (struct place){ .text = text, .len = len, .at = i }, s->first[c]);
	}
	s->done = to;
}

/* How far it can be read now: whole lines; of a line without an end, as far as there is enough behind it. */
static size_t safe_end(const struct source *s, const char *text, size_t len)
{
	const char *nl = memrchr(text + s->done, '\n', len - s->done);
	if (nl)
		return (size_t)(nl - text) + 1;
	return len < SOURCE_PIECE + CONTEXT_MAX ? s->done : len - AHEAD;
}

void source_begin(struct source *s, int dir, const char *path)
{
	s->dir = dir;
	s->path = path;
	s->base = s->line_from = s->context_end = s->target_end = 0;
	s->done = 0;
	s->line = 1;
	s->open_line = false;
	grade_begin(s);
	/* models/order.rb speaks of orders wherever it does so */
	struct place p = { .text = path, .len = strlen(path) };
	for (; p.at < p.len && s->context_counts && !s->context; p.at++)
		for (size_t i = 0; i < s->names; i++) {
			size_t used = s->name[i].role == ROLE_CONTEXT && spell_starts(path, p.len, p.at) ? spell_match(&s->name[i].spell, path + p.at, p.len - p.at) : 0;
			s->context = s->context || (used && spell_ends(path, p.len, p.at + used));
		}
}

size_t source_feed(struct source *s, const char *text, size_t len, bool last)
{
	read_piece(s, text, last ? len : safe_end(s, text, len), len);
	size_t keep_from = s->done > CONTEXT_MAX ? s->done - CONTEXT_MAX : 0;
	if (s->line_from > s->base + keep_from)
		keep_from = (size_t)(s->line_from - s->base);
	if (last)
		keep_from = len;
	s->base += keep_from;
	s->done -= keep_from;
	return keep_from;
}

size_t source_end(struct source *s)
{
	grade_end(s);
	return s->line - 1 + s->open_line;
}
