/* SPDX-License-Identifier: MIT */
/* How it looks: themes, their contrast, and the file that keeps the settings. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/cli.h"
#include "screens/keep.h"
#include "screens/prefs.h"
#include "screens/style.h"
#include "tests/lib_test.h"

static struct arena *a;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(red_means_shut_or_production_only)
{
	for (int t = 0; t < THEME_COUNT; t++) {
		if (t == THEME_MONO)
			continue;
		short red = (short)style_look((enum theme)t, ST_SHUT).fg;
		for (unsigned s = 0; s < STYLE_COUNT; s++)
			ck_assert_int_eq(style_look((enum theme)t, s).fg == red, s == ST_SHUT || s == ST_PRODUCTION);
	}
	for (unsigned s = 0; s < STYLE_COUNT; s++)
		ck_assert_int_eq(style_look(THEME_MONO, s).fg, -1);
}
END_TEST

/* WCAG 2: relative luminance of an sRGB colour, and the contrast of two. */
static double luminance(unsigned rgb)
{
	double sum = 0;
	static const double weight[] = { 0.2126, 0.7152, 0.0722 };
	for (int i = 0; i < 3; i++) {
		double c = (rgb >> (16 - 8 * i) & 0xFFU) / 255.0;
		sum += weight[i] * (c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
	}
	return sum;
}

static double contrast(unsigned one, unsigned other)
{
	double x = luminance(one) + 0.05, y = luminance(other) + 0.05;
	return x > y ? x / y : y / x;
}

/* xterm's cube: what colours 16 to 231 are everywhere. */
static unsigned cube(int n)
{
	static const unsigned step[] = { 0, 95, 135, 175, 215, 255 };
	ck_assert_int_ge(n, 16);
	ck_assert_int_lt(n, 232);
	n -= 16;
	return step[n / 36] << 16 | step[n / 6 % 6] << 8 | step[n % 6];
}

START_TEST(every_colour_can_be_read)
{
	static const struct { enum theme theme; unsigned ground[5]; size_t n; } on[] = {
		{ THEME_SAFE, { 0x000000, 0x1e1e1e, 0x002b36, 0xfdf6e3, 0xffffff }, 5 },
		{ THEME_DARK, { 0x000000, 0x1e1e1e, 0x002b36 }, 3 },
		{ THEME_LIGHT, { 0xfdf6e3, 0xffffff }, 2 },
	};
	ck_assert_double_eq_tol(contrast(0x000000, 0xffffff), 21, 0.001);
	ck_assert_double_eq_tol(contrast(0x777777, 0xffffff), 4.48, 0.01);
	for (size_t i = 0; i < 3; i++)
		for (unsigned s = 0; s < STYLE_COUNT; s++)
			for (size_t k = 0; k < on[i].n; k++) {
				int fg = style_look(on[i].theme, s).fg;
				double c = fg < 0 ? 21 : contrast(cube(fg), on[i].ground[k]);
				ck_assert_msg(c >= 3.3, "%s: colour %d on #%06x has contrast %.2f", theme_name(on[i].theme), fg, on[i].ground[k], c);
			}
}
END_TEST

START_TEST(eight_colours_never_have_blue_text)
{
	for (unsigned s = 0; s < STYLE_COUNT; s++) {
		int fg = style_look(THEME_EIGHT, s).fg;
		ck_assert(fg < 8 && fg != 4 && fg != 0 && fg != 7);
	}
}
END_TEST

/* Every state must be told apart by bold, underline, reverse and dim alone. */
START_TEST(mono_tells_states_apart)
{
	static const enum style states[] = { ST_DONE, ST_RUNNING, ST_WAITING, ST_SHUT, ST_DIM };
	for (size_t i = 0; i < 5; i++)
		for (size_t k = i + 1; k < 5; k++) {
			struct look x = style_look(THEME_MONO, states[i]), y = style_look(THEME_MONO, states[k]);
			ck_assert(x.bold != y.bold || x.under != y.under || x.reverse != y.reverse || x.dim != y.dim);
		}
}
END_TEST

START_TEST(themes_have_names)
{
	static const char *const asked[] = { CLI_THEMES };
	size_t n = sizeof asked / sizeof asked[0];
	ck_assert_uint_eq(n, THEMES_TO_CHOOSE);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(theme_named(asked[i]), i);
	ck_assert_int_eq(theme_named("8 colours"), THEME_COUNT);
	ck_assert_int_eq(theme_named(""), THEME_COUNT);
}
END_TEST

START_TEST(settings_are_read_with_tolerance)
{
	const char *complaint;
	struct settings s = prefs_parse(a, "", &complaint);
	ck_assert(s.theme == THEME_SAFE && !s.ascii && s.bell && !complaint);
	s = prefs_parse(a, "# mine\n theme =\tdark \r\nsigns = ascii\nbell=off\nnewer = thing\nno sign\n", &complaint);
	ck_assert(s.theme == THEME_DARK && s.ascii && !s.bell && !complaint);
	s = prefs_parse(a, "bell = on\ntheme = pink\nsigns = runes", &complaint);
	ck_assert(s.theme == THEME_SAFE && !s.ascii && s.bell);
	ck_assert_str_eq(complaint, "line 2: theme is one of safe, dark, light, mono, not \"pink\": safe is used");
	/* A good line after a bad one counts. */
	s = prefs_parse(a, "theme = pink\ntheme = light\n", &complaint);
	ck_assert(s.theme == THEME_LIGHT && complaint);
	s = prefs_parse(a, "=\n = dark\ntheme", &complaint);
	ck_assert(s.theme == THEME_SAFE && !complaint);
}
END_TEST

START_TEST(settings_come_back_and_others_lines_stay)
{
	const char *complaint;
	struct settings s = { .theme = THEME_MONO, .ascii = true };
	const char *text = prefs_text(a, "# mine\nnewer = thing\ntheme = pink\nlast", &s);
	ck_assert_str_eq(text, "# mine\nnewer = thing\nlast\ntheme = mono\nsigns = ascii\nbell = off\n");
	struct settings back = prefs_parse(a, text, &complaint);
	ck_assert(back.theme == s.theme && back.ascii && !back.bell && !complaint);
	ck_assert_str_eq(prefs_text(a, text, &back), text);
}
END_TEST

START_TEST(settings_have_a_file)
{
	struct err e = { 0 };
	struct stat st;
	setenv("XDG_CONFIG_HOME", arena_printf(a, "%s/deep/er", test_dir()), 1);
	const char *path = keep_settings_path(a);
	ck_assert_str_eq(path, arena_printf(a, "%s/deep/er/gatewalk/settings", test_dir()));
	ck_assert_str_eq(keep_read(a, path, &e), "");
	ck_assert(keep_write(a, path, "bell = off\n", &e));
	ck_assert(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert(stat(arena_printf(a, "%s/deep/er/gatewalk", test_dir()), &st) == 0 && (st.st_mode & 0777) == 0700);
	ck_assert_str_eq(keep_read(a, path, &e), "bell = off\n");
	ck_assert(!keep_write(a, arena_printf(a, "%s/x", path), "", &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "could not write"));
	ck_assert_ptr_null(keep_read(a, test_dir(), &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "no small text file"));
	setenv("XDG_CONFIG_HOME", "relative", 1);
	setenv("HOME", "/nowhere", 1);
	ck_assert_str_eq(keep_settings_path(a), "/nowhere/.config/gatewalk/settings");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("looks");
	TCase *t = tcase_create("looks");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, red_means_shut_or_production_only);
	tcase_add_test(t, every_colour_can_be_read);
	tcase_add_test(t, eight_colours_never_have_blue_text);
	tcase_add_test(t, mono_tells_states_apart);
	tcase_add_test(t, themes_have_names);
	tcase_add_test(t, settings_are_read_with_tolerance);
	tcase_add_test(t, settings_come_back_and_others_lines_stay);
	tcase_add_test(t, settings_have_a_file);
	suite_add_tcase(s, t);
	return test_main(s);
}
