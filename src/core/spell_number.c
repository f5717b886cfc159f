/* SPDX-License-Identifier: MIT */
/* One and many, as ORMs make tables of classes. English, by a small table; what it makes may be no word, which finds nothing. */
#include "core/spell.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static const char *const odd[][2] = {
	{ "person", "people" }, { "child", "children" }, { "man", "men" }, { "woman", "women" }, { "mouse", "mice" }, { "louse", "lice" },
	{ "goose", "geese" }, { "foot", "feet" }, { "tooth", "teeth" }, { "ox", "oxen" }, { "datum", "data" }, { "medium", "media" },
	{ "index", "indices" }, { "matrix", "matrices" }, { "vertex", "vertices" }, { "appendix", "appendices" }, { "axis", "axes" },
	{ "criterion", "criteria" }, { "phenomenon", "phenomena" }, { "quiz", "quizzes" }, { "leaf", "leaves" }, { "life", "lives" },
	{ "wife", "wives" }, { "knife", "knives" }, { "shelf", "shelves" }, { "half", "halves" }, { "self", "selves" }, { "wolf", "wolves" },
	{ "thief", "thieves" }, { "loaf", "loaves" }, { "move", "moves" }, { "cookie", "cookies" }, { "movie", "movies" },
};
static const char *const one_form[] = { "series", "species", "news", "equipment", "information", "fish", "sheep", "money", "rice", "metadata", "police" };

struct rule { const char *end, *other; };
/* Many to one: every rule whose end fits gives a form, but none after one without a form. */
static const struct rule singular[] = {
	{ "ss", NULL }, { "us", NULL }, { "ies", "y" }, { "yses", "ysis" }, { "ises", "isis" }, { "sses", "ss" }, { "shes", "sh" }, { "ches", "ch" }, { "xes", "x" },
	{ "zes", "z" }, { "ses", "s" }, { "oes", "o" }, { "s", "" },
};
/* One to many: the first whose end fits. */
static const struct rule plural[] = {
	{ "ay", "ays" }, { "ey", "eys" }, { "iy", "iys" }, { "oy", "oys" }, { "uy", "uys" }, { "y", "ies" }, { "ysis", "yses" }, { "isis", "ises" },
	{ "ss", "sses" }, { "us", "uses" }, { "s", NULL }, { "sh", "shes" }, { "ch", "ches" }, { "x", "xes" }, { "z", "zes" }, { "", "s" },
};

struct forms { struct arena *a; const char **out; size_t n; const char *name; size_t stem; };

/* Where the last word begins. */
static size_t last_word(const struct spell *s)
{
	for (size_t i = s->n; i > 1; i--)
		if (s->word[i - 1])
			return s->at[i - 1];
	return 0;
}

static void add(struct forms *f, const char *start, size_t len, const char *end)
{
	char *made = arena_printf(f->a, "%.*s%.*s%s", (int)f->stem, f->name, (int)len, start, end);
	char first = f->name[f->stem];
	if (first >= 'A' && first <= 'Z')   /* OrderPerson, OrderPeople */
		made[f->stem] = first == start[0] ? first : (char)(made[f->stem] - 'a' + 'A');
	for (size_t i = 0; i < f->n; i++)
		if (text_eq(f->out[i], made))
			return;
	f->out[f->n] = made;
	f->n += f->n < SPELL_NUMBERS - 1;   /* the rules give fewer; were there more, the last one would be lost */
}

static bool ends_with(const char *word, const char *end)
{
	size_t n = strlen(word), m = strlen(end);
	return n > m && text_same_nocase(word + n - m, end);
}

static bool by_table(struct forms *f, const char *word)
{
	bool found = false;
	for (size_t i = 0; i < sizeof one_form / sizeof *one_form && !found; i++)
		found = text_same_nocase(word, one_form[i]);
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		for (int side = 0; side < 2; side++)
			if (text_same_nocase(word, odd[i][side])) {
				add(f, "", 0, odd[i][!side]);
				found = true;
			}
	return found;
}

static void by_rules(struct forms *f, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i < sizeof singular / sizeof *singular; i++)
		if (ends_with(word, singular[i].end)) {
			if (!singular[i].other)
				break;
			add(f, word, n - strlen(singular[i].end), singular[i].other);
		}
	for (size_t i = 0; i < sizeof plural / sizeof *plural; i++)
		if (ends_with(word, plural[i].end)) {
			if (plural[i].other)
				add(f, word, n - strlen(plural[i].end), plural[i].other);
			break;
		}
}

size_t spell_numbers(struct arena *a, const char *name, const char *out[static SPELL_NUMBERS])
{
	struct spell s = spell_of(a, name);
	struct forms f = { .a = a, .out = out, .name = name, .stem = last_word(&s) };
	add(&f, name + f.stem, strlen(name + f.stem), "");
	if (!by_table(&f, name + f.stem))
		by_rules(&f, name + f.stem);
	return f.n;
}
