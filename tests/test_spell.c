/* SPDX-License-Identifier: MIT */
#include "core/spell.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "tests/lib_test.h"

static struct arena *a;
static void setup(void) { a = arena_new(); }
static void teardown(void) { arena_free(a); }

struct cut { const char *name, *fold; size_t words; };
static const struct cut cuts[] = {
	{ "legacy_note", "legacynote", 2 }, { "legacyNote", "legacynote", 2 }, { "LegacyNote", "legacynote", 2 }, { "LEGACY_NOTE", "legacynote", 2 }, { "HTTPServer", "httpserver", 2 },
	{ "userID", "userid", 2 }, { "address_1", "address1", 2 }, { "address1", "address1", 1 }, { "_id", "id", 1 }, { "Legacy Total ($)", "legacytotal", 2 }, { "$", "", 0 }, { "", "", 0 },
	{ "line2Note", "line2note", 2 }, { "gr\xC3\xB6\xC3\x9F""e", "gr\xC3\xB6\xC3\x9F""e", 1 },
};

START_TEST(names_are_cut_into_words)
{
	struct spell s = spell_of(a, cuts[_i].name);
	ck_assert_str_eq(s.fold, cuts[_i].fold);
	ck_assert_uint_eq(s.words, cuts[_i].words);
	ck_assert_uint_eq(s.n, strlen(s.fold));
}
END_TEST

struct match { const char *name, *text; size_t n; };
static const struct match matches[] = {
	{ "legacy_note", "legacy_note", 11 }, { "legacy_note", "legacyNotes", 10 }, { "legacy_note", "LEGACY-NOTE", 11 }, { "legacy_note", "legacy___note", 13 }, { "legacy_note", "legacy_", 0 },
	{ "legacy_note", "lega_cynote", 0 }, { "legacy_note", "legacy", 0 }, { "legacynote", "legacy_note", 0 }, { "address_1", "address1", 8 }, { "a b", "a b", 3 }, { "a b", "a", 0 }, { "a b", "a_b", 3 },
	{ "a$$b", "a$$b", 4 }, { "a$$b", "a$b", 0 }, { "", "x", 0 },
};

START_TEST(text_spells_a_name)
{
	struct spell s = spell_of(a, matches[_i].name);
	ck_assert_msg(spell_match(&s, matches[_i].text, strlen(matches[_i].text)) == matches[_i].n, "%s, %s", matches[_i].name, matches[_i].text);
}
END_TEST

START_TEST(words_begin_and_end)
{
	ck_assert(spell_starts("note", 4, 0) && spell_starts("_note", 5, 1) && spell_starts("myNote", 6, 2) && spell_starts("HTTPNote", 8, 4));
	ck_assert(!spell_starts("anote", 5, 1) && !spell_starts("NOTE", 4, 1) && !spell_starts("NO", 2, 1));
	ck_assert(spell_ends("note", 4, 4) && spell_ends("note_x", 6, 4) && spell_ends("noteX", 5, 4) && spell_ends("URLParser", 9, 3));
	ck_assert(!spell_ends("notes", 5, 4) && !spell_ends("note2", 5, 4) && !spell_ends("URLS", 4, 3));
	ck_assert(spell_in_word('_') && spell_in_word('\xC3') && spell_in_word('0') && !spell_in_word('-') && !spell_in_word('.'));
}
END_TEST

struct form { const char *text, *name; };
static const struct form forms[] = {
	{ "legacynote", "lower case" }, { "legacy_note", "snake_case" }, { "legacyNote", "camelCase" }, { "LegacyNote", "PascalCase" }, { "LEGACYNOTE", "UPPER CASE" },
	{ "LEGACY_NOTE", "SCREAMING_CASE" }, { "legacy-note", "kebab-case" }, { "Legacy_Note", "as it stands" }, { "a_b-c", "as it stands" }, { "a b", "as it stands" }, { "a{", "as it stands" }, { "Legacy-Note", "as it stands" },
};

START_TEST(forms_have_names)
{
	ck_assert_str_eq(spell_form_name(spell_form(forms[_i].text, strlen(forms[_i].text))), forms[_i].name);
}
END_TEST

START_TEST(common_words)
{
	static const char *const common[] = { "id", "name", "status", "createdAt", "created_at", "ts" }, *const own[] = { "legacy_note", "iban", "order_items" };
	for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
		struct spell s = spell_of(a, common[i]);
		ck_assert_msg(spell_is_common(&s), "%s", common[i]);
	}
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		struct spell s = spell_of(a, own[i]);
		ck_assert_msg(!spell_is_common(&s), "%s", own[i]);
	}
	ck_assert(spell_opens("", 0) && spell_opens("__", 2) && spell_opens("find_by_", 8) && spell_opens("findAllBy", 9) && !spell_opens("total_", 6));
	ck_assert(spell_closes("_was", 4) && spell_closes("InDatabase", 10) && !spell_closes("_eur", 4));
	ck_assert(!spell_opens("getgetgetgetgetgetgetgetgetgetgetgetget", 39));
}
END_TEST

struct number { const char *name, *other; };
static const struct number numbers[] = {
	{ "orders", "order" }, { "order", "orders" }, { "order_items", "order_item" }, { "OrderItem", "OrderItems" }, { "categories", "category" }, { "category", "categories" },
	{ "addresses", "address" }, { "address", "addresses" }, { "boxes", "box" }, { "box", "boxes" }, { "statuses", "status" }, { "status", "statuses" }, { "branches", "branch" },
	{ "branch", "branches" }, { "dishes", "dish" }, { "dish", "dishes" }, { "days", "day" }, { "day", "days" }, { "keys", "key" }, { "key", "keys" }, { "toy", "toys" }, { "guy", "guys" },
	{ "people", "person" }, { "person", "people" }, { "children", "child" }, { "order_person", "order_people" }, { "OrderPerson", "OrderPeople" }, { "sales_people", "sales_person" },
	{ "analyses", "analysis" }, { "analysis", "analyses" }, { "crises", "crisis" }, { "crisis", "crises" }, { "invoices", "invoice" }, { "houses", "house" }, { "heroes", "hero" },
	{ "quizzes", "quiz" }, { "leaves", "leaf" }, { "waltz", "waltzes" }, { "buzzes", "buzz" }, { "movies", "movie" }, { "data", "datum" }, { "LEAVES", "Leaf" },
};

START_TEST(one_and_many)
{
	const char *v[SPELL_NUMBERS];
	size_t n = spell_numbers(a, numbers[_i].name, v);
	bool there = false;
	ck_assert(n >= 1 && n <= SPELL_NUMBERS);
	ck_assert_str_eq(v[0], numbers[_i].name);
	for (size_t i = 1; i < n; i++)
		there = there || text_eq(v[i], numbers[_i].other);
	ck_assert_msg(there, "%s gives no %s", numbers[_i].name, numbers[_i].other);
}
END_TEST

START_TEST(some_have_one_form)
{
	static const char *const names[] = { "series", "news", "order_metadata", "s", "" };
	const char *v[SPELL_NUMBERS];
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(spell_numbers(a, names[i], v), 1);
	ck_assert_uint_eq(spell_numbers(a, names[3], v), 2);
	ck_assert_uint_eq(spell_numbers(a, names[4], v), 1);
}
END_TEST

#define COUNT(v) (int)(sizeof v / sizeof *v)
int main(void)
{
	Suite *s = suite_create("spell");
	TCase *t = tcase_create("spell");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, names_are_cut_into_words, 0, COUNT(cuts));
	tcase_add_loop_test(t, text_spells_a_name, 0, COUNT(matches));
	tcase_add_test(t, words_begin_and_end);
	tcase_add_loop_test(t, forms_have_names, 0, COUNT(forms));
	tcase_add_test(t, common_words);
	tcase_add_loop_test(t, one_and_many, 0, COUNT(numbers));
	tcase_add_test(t, some_have_one_form);
	suite_add_tcase(s, t);
	return test_main(s);
}
