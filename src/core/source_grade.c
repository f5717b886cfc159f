/* SPDX-License-Identifier: MIT */
/* What a hit is worth. Much of it shows only behind it, so a file's hits wait in piles until its end. */
#include "core/source_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

#define JOINT_MAX 8      /* bytes between a table and its column */
#define CUE_MAX 80
#define AS_MAX 80
#define BEFORE_MAX 60
#define BEHIND_MAX 100

const char *source_grade_name(enum source_grade g)
{
	static const char *const names[] = {
		[SOURCE_TOGETHER] = "together with its table, or where a mapping or a statement names it", [SOURCE_FILE] = "in a file with its table",
		[SOURCE_NAME] = "the name alone", [SOURCE_COMMON] = "a common word alone", [SOURCE_PART] = "inside a longer name",
	};
	return names[g];
}

static bool starts_nocase(const char *text, size_t len, const char *word)
{
	size_t n = 0;
	while (word[n] && n < len && (text[n] | 32) == (word[n] | 32))
		n++;
	return word[n] == '\0';
}

struct cue { unsigned kinds; const char *text; };
#define OF(kind) (1U << (kind))
#define CLASS_LIKE (OF(TARGET_TABLE) | OF(TARGET_TYPE))

/* Anywhere before it in its line. */
static const struct cue cues[] = {
	{ OF(TARGET_COLUMN), "column" }, { OF(TARGET_COLUMN), "@map(" }, { OF(TARGET_COLUMN), "attribute" }, { OF(TARGET_COLUMN), "field" },
	{ OF(TARGET_INDEX), "index" }, { OF(TARGET_TABLE), "table" }, { CLASS_LIKE, "@@map(" }, { OF(TARGET_TYPE), "type" }, { OF(TARGET_TYPE), "enum" },
};
/* The word right before it, quotes and the like left out. */
static const struct cue words[] = {
	{ OF(TARGET_TABLE), "from" }, { OF(TARGET_TABLE), "join" }, { OF(TARGET_TABLE), "into" }, { OF(TARGET_TABLE), "update" }, { OF(TARGET_TABLE), "only" },
	{ OF(TARGET_TABLE), "truncate" }, { OF(TARGET_TABLE), "references" }, { CLASS_LIKE, "class" }, { CLASS_LIKE, "model" }, { CLASS_LIKE, "entity" },
	{ CLASS_LIKE, "interface" }, { CLASS_LIKE, "struct" }, { OF(TARGET_TABLE), "has_many" }, { OF(TARGET_TABLE), "has_one" }, { OF(TARGET_TABLE), "belongs_to" },
	{ OF(TARGET_TYPE), "as" },
};

static bool cue_anywhere(enum target kind, const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof cues / sizeof *cues; i++)
		for (size_t at = 0; (cues[i].kinds & OF(kind)) && at < len; at++)
			if ((text[at] | 32) == (cues[i].text[0] | 32) && starts_nocase(text + at, len - at, cues[i].text))
				return true;
	return false;
}

static bool cue_word(enum target kind, const char *text, size_t len)
{
	while (len && !spell_in_word(text[len - 1]))
		len--;
	size_t from = len;
	while (from && spell_in_word(text[from - 1]))
		from--;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((words[i].kinds & OF(kind)) && strlen(words[i].text) == len - from && starts_nocase(text + from, len - from, words[i].text))
			return true;
	return false;
}

static size_t line_start(const struct source *s, size_t at, size_t most)
{
	size_t from = s->line_from > s->base ? (size_t)(s->line_from - s->base) : 0;
	return at - from > most ? at - most : from;
}

static bool has_cue(const struct source *s, const struct place *p)
{
	size_t from = line_start(s, p->from, CUE_MAX);
	return cue_anywhere(s->kind, p->text + from, p->from - from) || cue_word(s->kind, p->text + from, p->from - from);
}

static bool all_of(const char *text, size_t n, const char *set)
{
	for (size_t i = 0; i < n; i++)
		if (!strchr(set, text[i]))
			return false;
	return true;
}

static bool any_of(const char *text, size_t n, const char *set)
{
	for (size_t i = 0; i < n; i++)
		if (strchr(set, text[i]))
			return true;
	return false;
}

/* orders.x, order[:x], "orders"."x", order?.getX, Order(x=, INSERT INTO orders (x. */
static bool joined(const struct source *s, const struct place *p)
{
	uint64_t from = s->base + p->from, end = s->context_end;
	if (end < s->base || end == 0 || end >= from || from - end > JOINT_MAX)
		return false;
	const char *gap = p->text + (end - s->base);
	size_t n = (size_t)(from - end);
	return all_of(gap, n, ".\"'`[]:->({?! ") && any_of(gap, n, ".[:>({");
}

/* orders_x, order__x, orderX */
static bool joined_inside(const struct source *s, const struct place *p)
{
	uint64_t at = s->base + p->at, end = s->context_end;
	return end > s->base + p->from && end <= at && all_of(p->text + (end - s->base), (size_t)(at - end), "_");
}

static bool doubled(const char *text)
{
	return text[0] == '_' && text[1] == '_';
}

static enum source_class class_of(const struct source *s, const struct place *p, const struct source_name *n, bool *accessor)
{
	bool inside = joined_inside(s, p);
	bool opens = inside || spell_opens(p->text + p->from, p->at - p->from) || (p->at - p->from > 2 && doubled(p->text + p->at - 2));
	bool closes = spell_closes(p->text + p->end, p->to - p->end) || (p->to - p->end > 2 && doubled(p->text + p->end));
	*accessor = p->at != p->from || p->to != p->end;
	if (!opens || !closes || (inside && n->weak))   /* order_id is no id of an order */
		return CLASS_PART;
	if (inside || joined(s, p))
		return CLASS_SURE;
	if (has_cue(s, p))
		return s->kind == TARGET_COLUMN || n->role == ROLE_SHORT ? CLASS_CUE : CLASS_SURE;
	if (n->weak)
		return CLASS_WEAK;
	return s->context_line && s->line - s->context_line <= NEAR ? CLASS_SURE : CLASS_PLAIN;
}

static enum source_grade grade_of(enum source_class c, bool context)
{
	static const enum source_grade grades[CLASSES][2] = {
		[CLASS_SURE] = { SOURCE_TOGETHER, SOURCE_TOGETHER }, [CLASS_CUE] = { SOURCE_NAME, SOURCE_TOGETHER }, [CLASS_PLAIN] = { SOURCE_NAME, SOURCE_FILE },
		[CLASS_WEAK] = { SOURCE_COMMON, SOURCE_FILE }, [CLASS_PART] = { SOURCE_PART, SOURCE_PART },
	};
	return grades[c][context];
}

/* The line around it: whole characters only, without the blanks at its ends. */
static struct pending around(const struct source *s, const struct place *p)
{
	size_t from = line_start(s, p->from, BEFORE_MAX), to = p->to;
	bool cut = s->base + from > s->line_from;
	while (to < p->len && to - p->to < BEHIND_MAX && p->text[to] != '\n')
		to++;
	bool more = to < p->len && p->text[to] != '\n';
	while (cut && from < p->from && ((unsigned char)p->text[from] & 0xC0) == 0x80)
		from++;
	while (more && to > p->to && ((unsigned char)p->text[to] & 0xC0) == 0x80)
		to--;
	while (from < p->from && (p->text[from] == ' ' || p->text[from] == '\t'))
		from++;
	while (to > p->to && (p->text[to - 1] == '\r' || p->text[to - 1] == ' '))
		to--;
	return (struct pending){ .raw = arena_dupn(s->scratch, p->text + from, to - from), .len = to - from, .as = p->from - from,
		.as_len = p->to - p->from > AS_MAX ? AS_MAX : p->to - p->from, .cut = cut, .more = more };
}

static bool wanted(const struct source *s, enum source_class c)
{
	bool room = s->out->n[grade_of(c, false)] < s->keep || s->out->n[grade_of(c, true)] < s->keep;
	return room && s->pile[c].n < s->keep;
}

void grade_hit(struct source *s, const struct place *p, const struct source_name *n)
{
	bool accessor;
	enum source_class c = class_of(s, p, n, &accessor);
	struct pile *pile = &s->pile[c];
	pile->count++;
	if (c == CLASS_PLAIN) {
		size_t slot = s->line % (NEAR + 1);
		s->recent[slot].n = s->recent[slot].line == s->line ? s->recent[slot].n + 1 : 1;
		s->recent[slot].line = s->line;
	}
	if (!wanted(s, c))
		return;
	if (!s->scratch)
		s->scratch = arena_new();
	struct pending *v = &pile->v[pile->n++];
	*v = around(s, p);
	v->hit = (struct source_hit){ .dir = s->dir, .line = s->line, .column = (size_t)(s->base + p->from - s->line_from) + 1,
		.form = spell_form(p->text + p->from, p->to - p->from), .accessor = accessor && c != CLASS_PART };
}

/* What stands up to five lines before it is near after all. */
static void bring_near(struct source *s)
{
	struct pile *plain = &s->pile[CLASS_PLAIN], *sure = &s->pile[CLASS_SURE];
	for (size_t i = 0; i < NEAR + 1; i++) {
		if (s->recent[i].line + NEAR < s->line)
			continue;
		sure->count += s->recent[i].n;
		plain->count -= s->recent[i].n;
		s->recent[i].n = 0;
	}
	size_t first = plain->n;
	while (first && plain->v[first - 1].hit.line + NEAR >= s->line)
		first--;
	for (size_t i = first; i < plain->n && sure->n < s->keep; i++)
		sure->v[sure->n++] = plain->v[i];
	plain->n = first;
}

void grade_context(struct source *s, const struct place *p)
{
	s->context_end = s->base + p->end;
	if (!s->context_counts)
		return;
	s->context = true;
	s->context_line = s->line;
	bring_near(s);
}

void grade_begin(struct source *s)
{
	s->context = false;
	s->file = NULL;
	s->context_line = 0;
	memset(s->recent, 0, sizeof s->recent);
	for (int c = 0; c < CLASSES; c++)
		s->pile[c].n = s->pile[c].count = 0;
}

static int by_place(const void *a, const void *b)
{
	const struct source_hit *x = &((const struct pending *)a)->hit, *y = &((const struct pending *)b)->hit;
	return x->line != y->line ? (x->line > y->line) - (x->line < y->line) : (x->column > y->column) - (x->column < y->column);
}

static void keep_hit(struct source *s, enum source_grade g, const struct pending *v)
{
	if (!s->file)
		s->file = text_clean(s->a, s->path);
	struct source_hit *h = &s->out->hit[g][s->out->n[g]++];
	*h = v->hit;
	h->file = s->file;
	h->as = text_cleann(s->a, v->raw + v->as, v->as_len);
	h->excerpt = arena_printf(s->a, "%s%s%s", v->cut ? "... " : "", text_cleann(s->scratch, v->raw, v->len), v->more ? " ..." : "");
}

/* One grade's hits of this file, in the order of its lines, as far as they are kept. */
static void take(struct source *s, enum source_grade g)
{
	struct pending *all = NULL;
	size_t n = 0, cap = 0;
	for (int c = 0; c < CLASSES; c++)
		for (size_t i = 0; grade_of(c, s->context) == g && i < s->pile[c].n; i++) {
			all = arena_grow(s->scratch, all, &n, &cap, sizeof *all);
			all[n - 1] = s->pile[c].v[i];
		}
	if (n)
		qsort(all, n, sizeof *all, by_place);
	for (size_t i = 0; i < n && s->out->n[g] < s->keep; i++)
		keep_hit(s, g, &all[i]);
}

void grade_end(struct source *s)
{
	size_t count = 0;
	for (int c = 0; c < CLASSES; c++) {
		s->out->count[grade_of(c, s->context)] += s->pile[c].count;
		count += s->pile[c].count;
	}
	s->out->files += count > 0;
	if (!s->scratch)
		return;
	for (int g = 0; g < SOURCE_GRADES; g++)
		if (s->out->n[g] < s->keep)
			take(s, g);
	arena_free(s->scratch);
	s->scratch = NULL;
}
