/* SPDX-License-Identifier: MIT */
#include "adapter/planfile_value.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"

#define SHOWN_MAX 60

typedef void reader(struct planfile_reading *, const struct planfile_slot *);

void planfile_error(struct planfile_reading *r, struct mark at, const char *what, const char *instead)
{
	*r->errs = arena_grow(r->a, *r->errs, r->n_errs, &r->cap_errs, sizeof **r->errs);
	(*r->errs)[*r->n_errs - 1] = (struct plan_error){ at, what, instead };
}

void planfile_refuse(struct planfile_reading *r, struct mark at, const char *what, const char *instead)
{
	r->bad = arena_grow(r->a, r->bad, &r->n_bad, &r->cap_bad, sizeof *r->bad);
	r->bad[r->n_bad - 1] = at;
	planfile_error(r, at, what, instead);
}

struct mark planfile_place(const struct ynode *node)
{
	return node->key ? node->key_at : node->at;
}

bool planfile_is_blank(const struct ynode *node)
{
	return node->kind == YAML_SCALAR && node->text[strspn(node->text, " \t\r\n")] == '\0';
}

static void *at(const struct planfile_slot *s)
{
	return s->base + s->field->at;
}

static void *more(const struct planfile_slot *s)
{
	return s->base + s->field->more;
}

/* "policy.unused_days is "two"": the value cannot be read as what the field holds. */
static void unread(struct planfile_reading *r, const struct planfile_slot *s, const struct ynode *node)
{
	const char *shown = text_fit(r->a, text_clean(r->a, node->text), SHOWN_MAX, false);
	planfile_refuse(r, planfile_place(node), arena_printf(r->a, "%s is \"%s\"", s->path, shown), s->field->help);
}

static bool is_text(struct planfile_reading *r, const struct planfile_slot *s, const struct ynode *node)
{
	if (node->kind != YAML_SCALAR || planfile_is_blank(node)) {
		planfile_refuse(r, planfile_place(node), arena_printf(r->a, "an entry of %s is %s", s->path,
			node->kind == YAML_SCALAR ? "empty" : "no text"), s->field->help);
		return false;
	}
	if ((double)strlen(node->text) <= s->field->most)
		return true;
	planfile_refuse(r, planfile_place(node), arena_printf(r->a, "%s is %zu bytes long", s->path, strlen(node->text)),
		arena_printf(r->a, "write at most %.0f", s->field->most));
	return false;
}

static void read_text(struct planfile_reading *r, const struct planfile_slot *s)
{
	if (is_text(r, s, s->node))
		*(const char **)at(s) = s->node->text;
}

static bool digits(const char **s, int *out)
{
	const char *from = *s;
	for (*out = 0; **s >= '0' && **s <= '9' && *s - from < 9; (*s)++)
		*out = *out * 10 + (**s - '0');
	return *s > from && !(**s >= '0' && **s <= '9');
}

static bool in_range(struct planfile_reading *r, const struct planfile_slot *s, double value)
{
	const struct field *f = s->field;
	if (value >= f->least && value <= f->most)
		return true;
	bool less = value < f->least;
	planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "%s is %s, %s than %.15g", s->path, text_clean(r->a, s->node->text),
		less ? "less" : "more", less ? f->least : f->most), f->help);
	return false;
}

static void read_int(struct planfile_reading *r, const struct planfile_slot *s)
{
	const char *text = s->node->text;
	int value;
	if (!digits(&text, &value) || *text)
		unread(r, s, s->node);
	else if (in_range(r, s, value))
		*(int *)at(s) = value;
}

/* Read by hand: strtod takes nan, hexadecimal and the locale's comma. */
static bool parse_number(const char *s, double *out)
{
	bool minus = *s == '-';
	double value = 0, unit = 1;
	size_t length = strlen(s += minus), whole = strspn(s, "0123456789");
	if (whole == 0 || length > 15)
		return false;
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (s[i] - '0');
	if (s[whole] == '.' && s[whole + 1] == '\0')
		return false;
	for (s += whole + (s[whole] == '.'); *s >= '0' && *s <= '9'; s++, unit *= 10)
		value = value * 10 + (*s - '0');
	*out = (minus ? -value : value) / unit;
	return *s == '\0';
}

static void read_number(struct planfile_reading *r, const struct planfile_slot *s)
{
	double value;
	if (!parse_number(s->node->text, &value)) {
		unread(r, s, s->node);
		return;
	}
	if (!in_range(r, s, value))
		return;
	*(double *)at(s) = value;
	if (s->field->more)
		*(bool *)more(s) = true;
}

static void read_bool(struct planfile_reading *r, const struct planfile_slot *s)
{
	bool yes = strcmp(s->node->text, "true") == 0;
	if (!yes && strcmp(s->node->text, "false") != 0)
		unread(r, s, s->node);
	else
		*(bool *)at(s) = yes;
}

static void read_version(struct planfile_reading *r, const struct planfile_slot *s)
{
	if (strcmp(s->node->text, "1") != 0)
		planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "gatewalk is \"%s\": this version reads plans of form 1",
			text_fit(r->a, text_clean(r->a, s->node->text), SHOWN_MAX, false)), s->field->help);
}

static void read_archetype(struct planfile_reading *r, const struct planfile_slot *s)
{
	enum archetype a = archetype_parse(s->node->text);
	if (a == ARCH_NONE)
		unread(r, s, s->node);
	else
		*(enum archetype *)at(s) = a;
}

static void read_scope(struct planfile_reading *r, const struct planfile_slot *s)
{
	bool table = strcmp(s->node->text, "table") == 0;
	if (!table && strcmp(s->node->text, "column") != 0)
		unread(r, s, s->node);
	else
		*(enum scope *)at(s) = table ? SCOPE_TABLE : SCOPE_COLUMN;
}

static void read_kind(struct planfile_reading *r, const struct planfile_slot *s)
{
	static const char *const kinds[] = { "webhook", "report", "integration", "job", "other" };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(s->node->text, kinds[i]) == 0)
			*(const char **)at(s) = kinds[i];
	if (*(const char **)at(s) == NULL)
		unread(r, s, s->node);
}

static int weekday(const char *s, size_t len)
{
	static const char *const days[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
	char low[4] = "";
	for (size_t i = 0; i < len && i < 3; i++)
		low[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
	for (int i = 0; len == 3 && i < 7; i++)
		if (strcmp(low, days[i]) == 0)
			return i;
	return -1;
}

/* "02:00", also "2:00"; to the minute, before midnight. */
static bool parse_clock(const char *s, int *out)
{
	int hour, minute;
	if (!digits(&s, &hour) || *s++ != ':' || strlen(s) != 2 || !digits(&s, &minute) || hour > 23 || minute > 59)
		return false;
	*out = hour * 60 + minute;
	return true;
}

static void read_clock(struct planfile_reading *r, const struct planfile_slot *s)
{
	if (!parse_clock(s->node->text, at(s)))
		unread(r, s, s->node);
}

static void read_moment(struct planfile_reading *r, const struct planfile_slot *s)
{
	const char *text = s->node->text;
	size_t word = strcspn(text, " ");
	int dow = weekday(text, word), minute;
	if (dow < 0 || text[word] != ' ' || !parse_clock(text + word + 1, &minute)) {
		unread(r, s, s->node);
		return;
	}
	*(int *)at(s) = dow;
	*(int *)more(s) = minute;
}

static void read_days(struct planfile_reading *r, const struct planfile_slot *s)
{
	unsigned bits = 0;
	for (const struct ynode *n = s->node->first; n; n = n->next) {
		int day = n->kind == YAML_SCALAR ? weekday(n->text, strlen(n->text)) : -1;
		if (n->kind != YAML_SCALAR)
			planfile_refuse(r, planfile_place(n), arena_printf(r->a, "an entry of %s is no text", s->path), s->field->help);
		else if (day < 0)
			unread(r, s, n);
		else
			bits |= 1U << day;
	}
	if (s->node->first == NULL)
		planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "%s is empty", s->path), s->field->help);
	*(unsigned *)at(s) = bits;
}

bool planfile_list_fits(struct planfile_reading *r, const struct planfile_slot *s, size_t *n)
{
	*n = 0;
	for (const struct ynode *c = s->node->first; c; c = c->next)
		++*n;
	if (*n <= PLANFILE_LIST_MAX)
		return true;
	planfile_refuse(r, planfile_place(s->node), arena_printf(r->a, "%s has %zu entries, more than %d", s->path, *n, PLANFILE_LIST_MAX),
		s->field->help);
	return false;
}

static void read_texts(struct planfile_reading *r, const struct planfile_slot *s)
{
	size_t n, kept = 0;
	if (!planfile_list_fits(r, s, &n))
		return;
	const char **list = arena_array(r->a, n + 1, sizeof *list);
	for (const struct ynode *c = s->node->first; c; c = c->next)
		if (is_text(r, s, c))
			list[kept++] = c->text;
	*(const char ***)at(s) = list;
	*(size_t *)more(s) = kept;
	*(bool *)(void *)(s->base + s->field->size) = true;
}

static void read_times(struct planfile_reading *r, const struct planfile_slot *s)
{
	size_t n, kept = 0;
	if (!planfile_list_fits(r, s, &n))
		return;
	int64_t *list = arena_array(r->a, n + 1, sizeof *list);
	for (const struct ynode *c = s->node->first; c; c = c->next) {
		if (c->kind != YAML_SCALAR)
			planfile_refuse(r, planfile_place(c), arena_printf(r->a, "an entry of %s is no text", s->path), s->field->help);
		else if (!when_parse(c->text, &list[kept]))
			unread(r, s, c);
		else
			kept++;
	}
	*(int64_t **)at(s) = list;
	*(size_t *)more(s) = kept;
}

static reader *const readers[] = {
	[FIELD_TEXTS] = read_texts,
	[FIELD_TIMES] = read_times,
	[FIELD_TEXT] = read_text,
	[FIELD_INT] = read_int,
	[FIELD_NUMBER] = read_number,
	[FIELD_BOOL] = read_bool,
	[FIELD_VERSION] = read_version,
	[FIELD_ARCHETYPE] = read_archetype,
	[FIELD_SCOPE] = read_scope,
	[FIELD_KIND] = read_kind,
	[FIELD_DAYS] = read_days,
	[FIELD_CLOCK] = read_clock,
	[FIELD_MOMENT] = read_moment,
};

void planfile_value(struct planfile_reading *r, const struct planfile_slot *s)
{
	readers[s->field->kind](r, s);
}
