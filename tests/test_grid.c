/* SPDX-License-Identifier: MIT */
/* Cells, wrapping, bars, keys, the text field, and how a page becomes cells and plain lines. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "screens/copy.h"
#include "screens/field.h"
#include "screens/glyph.h"
#include "screens/num.h"
#include "screens/page_grid.h"
#include "screens/page_plain.h"
#include "screens/wrap.h"
#include "tests/lib_test.h"

static struct arena *a;
static struct text out;

static void setup(void)
{
	a = arena_new();
}

static void teardown(void)
{
	arena_free(a);
	text_free(&out);
}

static const char *text_of(const struct grid *g)
{
	text_clear(&out);
	grid_text(g, &out);
	return text_str(&out);
}

START_TEST(put_cuts_and_keeps_marks)
{
	struct grid *g = grid_new(a, 2, 6);
	ck_assert_int_eq(grid_put(g, 0, 1, 6, ST_PLAIN, "e\u0301a"), 3);
	ck_assert_int_eq(grid_put(g, 1, 0, 6, ST_BOLD, "abcdefgh"), 6);
	ck_assert_int_eq(grid_put(g, 5, 0, 6, ST_BOLD, "off the grid"), 0);
	ck_assert_str_eq(text_of(g), " e\u0301a\nabcdef\n");
}
END_TEST

START_TEST(wide_signs_take_two_cells_or_none)
{
	struct grid *g = grid_new(a, 2, 5);
	grid_put(g, 0, 0, 5, ST_PLAIN, "日本x");
	ck_assert_uint_eq(grid_at(g, 0, 1)->cp, 0);
	grid_put(g, 1, 2, 5, ST_PLAIN, "x日本");
	ck_assert_str_eq(text_of(g), "日本x\n  x日\n");
}
END_TEST

START_TEST(styles_have_letters)
{
	struct grid *g = grid_new(a, 1, 8);
	grid_put(g, 0, 0, 8, ST_SHUT, "no");
	grid_put(g, 0, 3, 8, ST_DONE, "ok");
	grid_flag(g, 0, 0, 6, ST_CURSOR);
	text_clear(&out);
	grid_styles(g, &out);
	ck_assert_str_eq(text_str(&out), "XX_DD_\n");
}
END_TEST

START_TEST(wrap_breaks_between_words)
{
	size_t n;
	const char **line = wrap(a, "one two three", 7, &n);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(line[0], "one two");
	ck_assert_str_eq(line[1], "three");
	line = wrap(a, "abcdefghij", 4, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(line[2], "ij");
	wrap(a, "", 4, &n);
	ck_assert_uint_eq(n, 1);
	wrap(a, "日本", 1, &n);
	ck_assert_uint_eq(n, 2);
}
END_TEST

START_TEST(bars_and_charts)
{
	ck_assert_str_eq(glyph_bar(a, 0.5, 4), "██░░");
	ck_assert_str_eq(glyph_bar(a, 0.03125, 4), "▏░░░");
	ck_assert_str_eq(glyph_bar(a, 7, 3), "███");
	ck_assert_str_eq(glyph_bar(a, -1, 3), "░░░");
	ck_assert_str_eq(glyph_bar(a, 0.0 / 0.0, 2), "░░");
	double v[] = { 9, 0, 4, 8 };
	ck_assert_str_eq(glyph_chart(a, v, 4, 4, 8), "█▁▄█");
	ck_assert_str_eq(glyph_chart(a, v, 4, 2, 18), "▄▄");   /* a cell that stands for two shows the higher */
	ck_assert_str_eq(glyph_chart(a, v, 4, 0, 8), "");
	ck_assert_str_eq(glyph_chart(a, v, 0, 3, 8), "");
	ck_assert_str_eq(glyph_tower(a, v, 4, 4, (struct glyph_scale){ 8, 2, 0 }), "█  █");
	ck_assert_str_eq(glyph_tower(a, v, 4, 4, (struct glyph_scale){ 8, 2, 1 }), "█▁██");
	ck_assert_str_eq(glyph_tower(a, v, 4, 8, (struct glyph_scale){ 8, 1, 0 }), "██▁▁▄▄██");
	ck_assert_str_eq(glyph_tower(a, v, 0, 8, (struct glyph_scale){ 8, 1, 0 }), "");
	ck_assert_str_eq(glyph_tower(a, v, 4, 4, (struct glyph_scale){ 0, 1, 0 }), "▁▁▁▁");
	static const struct { double n, is; } tops[] = { { 0, 1 }, { -3, 1 }, { 1, 1 }, { 1.2, 1.5 }, { 6420, 8000 }, { 8001, 10000 }, { 0.03, 0.03 }, { 100, 100 }, { 2e16, 2e16 } };
	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++)
		ck_assert_double_eq_tol(num_ceiling(tops[i].n), tops[i].is, 1e-9 * tops[i].is);
	ck_assert_str_eq(glyph_ascii(a, "✓ ╫ █▏░ ▁█ naïve"), "+ # #=. .# na\\u{00EF}ve");
}
END_TEST

START_TEST(numbers)
{
	ck_assert_str_eq(num_group(a, 61204118), "61 204 118");
	ck_assert_str_eq(num_group(a, -1234), "-1 234");
	ck_assert_str_eq(num_short(a, 61204118), "61.2 M");
	ck_assert_str_eq(num_short(a, 1830), "1 830");
	ck_assert_str_eq(num_short(a, 0.4), "0.4");
	ck_assert_str_eq(num_bytes(a, 235e9), "235 GB");
	ck_assert_str_eq(num_unit(a, 999999, "rows"), "1 M rows");
	ck_assert_str_eq(num_age(a, 0, 5), "never");
	ck_assert_str_eq(num_age(a, 1, 3000001), "3 s ago");
	ck_assert_str_eq(num_moment(a, 1763965200000000, 1763611929000000), "Mon 24 Nov 06:20 UTC (in 4 d 02 h)");
	ck_assert_str_eq(num_soon(a, 1763965200000000, 1763611929000000), "Mon 06:20");
	ck_assert_str_eq(num_soon(a, 1763616000000000, 1763611929000000), "05:20");
	ck_assert_str_eq(num_soon(a, 1763610000000000, 1763611929000000), "now");
}
END_TEST

static struct key_event press(uint32_t cp)
{
	return key_read((struct stroke){ .cp = cp }, false);
}

START_TEST(keys_that_are_never_bound)
{
	static const uint32_t never[] = { 'd', 'D', 'd' & 0x1F, 'k' & 0x1F, 'r' & 0x1F };
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		ck_assert_int_eq(press(never[i]).key, K_NONE);
	ck_assert_int_eq(key_read((struct stroke){ .raw = RAW_DELETE }, false).key, K_NONE);
	ck_assert_int_eq(key_read((struct stroke){ .raw = RAW_OTHER }, false).key, K_NONE);
}
END_TEST

START_TEST(keys_of_the_table)
{
	ck_assert_int_eq(press('j').key, K_DOWN);
	ck_assert_int_eq(press('\r').key, K_ENTER);
	ck_assert_int_eq(press('l').key, K_ENTER);
	ck_assert_int_eq(press(0x1B).key, K_BACK);
	ck_assert_int_eq(press(0x7F).key, K_BACK);
	ck_assert_int_eq(press('Q').key, K_QUIT);
	ck_assert_int_eq(press('L').key, K_LOG);
	ck_assert_int_eq(press('l' & 0x1F).key, K_REDRAW);
	ck_assert_int_eq(key_read((struct stroke){ .raw = RAW_F1 }, false).key, K_HELP);
}
END_TEST

START_TEST(a_field_binds_editing_and_ctrl_c_only)
{
	for (uint32_t c = 0x20; c < 0x7F; c++)
		ck_assert_int_eq(key_read((struct stroke){ .cp = c }, true).key, K_TEXT);
	ck_assert_int_eq(key_read((struct stroke){ .cp = 3 }, true).key, K_CANCEL);
	ck_assert_int_eq(key_read((struct stroke){ .cp = 0x1B }, true).key, K_NONE);
	ck_assert_int_eq(key_read((struct stroke){ .cp = '\r' }, true).key, K_EDIT_DONE);
	ck_assert_int_eq(key_read((struct stroke){ .cp = '\r', .pasted = true }, true).key, K_NONE);
	ck_assert_int_eq(key_read((struct stroke){ .cp = 3, .pasted = true }, true).key, K_NONE);
	ck_assert_int_eq(key_read((struct stroke){ .cp = 'x', .pasted = true }, true).key, K_TEXT);
	ck_assert_int_eq(key_read((struct stroke){ .cp = 'q', .pasted = true }, false).key, K_NONE);
}
END_TEST

START_TEST(a_field_edits_whole_characters)
{
	struct field f = { 0 };
	field_set(&f, "né");
	field_key(&f, (struct key_event){ K_TEXT, 0x65E5 });
	field_key(&f, (struct key_event){ K_EDIT_LEFT, 0 });
	field_key(&f, (struct key_event){ K_EDIT_ERASE, 0 });
	ck_assert_str_eq(f.text, "n日");
	field_key(&f, (struct key_event){ K_EDIT_HOME, 0 });
	field_key(&f, (struct key_event){ K_EDIT_DELETE, 0 });
	field_key(&f, (struct key_event){ K_EDIT_ERASE, 0 });
	ck_assert_str_eq(f.text, "日");
	field_key(&f, (struct key_event){ K_EDIT_END, 0 });
	field_key(&f, (struct key_event){ K_TEXT, 0xD800 });
	ck_assert_uint_eq(f.len, 3);
	ck_assert(!field_key(&f, (struct key_event){ K_EDIT_DONE, 0 }));
}
END_TEST

START_TEST(a_field_is_never_overfull)
{
	struct field f = { 0 };
	for (int i = 0; i < 2 * FIELD_MAX; i++)
		field_key(&f, (struct key_event){ K_TEXT, 0x1F600 });
	ck_assert_uint_lt(f.len, FIELD_MAX);
	ck_assert_uint_eq(f.len, strlen(f.text));
}
END_TEST

START_TEST(footer_keeps_the_way_back_and_help)
{
	static const struct key_use u[] = { { K_MOVE, NULL }, { K_ENTER, NULL }, { K_LOG, NULL }, { K_BACK, NULL }, { K_HELP, NULL } };
	ck_assert_str_eq(key_footer(a, u, 5, 80, false), "↑↓ move  Enter open  L log  b back  ? help");
	ck_assert_str_eq(key_footer(a, u, 5, 30, false), "↑↓ move  b back  ? help");
	ck_assert_str_eq(key_footer(a, u, 5, 80, true), "j k move  Enter open  L log  b back  ? help");
	ck_assert_str_eq(key_footer(a, u, 0, 80, true), "");
}
END_TEST

static struct page *small_page(int rows)
{
	struct page *p = page_new(a, 60, rows, false);
	page_place(p, "plan", "where");
	page_state(p, ST_PLAIN, 1, "state");
	for (int i = 0; i < 20; i++) {
		page_pick(p, "row");
		page_put(p, ST_PLAIN, 3, "row %d", i);
		page_put(p, ST_DIM, RIGHT, "right");
	}
	page_next(p, "first", "second");
	return p;
}

START_TEST(scrolling_keeps_the_cursor_in_sight)
{
	struct scroll s = { .cursor = 19, .follow = true, .found = -1 };
	struct grid *g = page_grid(small_page(16), a, &s);
	ck_assert_int_eq(s.height, 10);
	ck_assert_int_eq(s.top, 10);
	ck_assert_int_eq(g->cursor_row, 11);
	ck_assert_ptr_nonnull(strstr(text_of(g), " ▸ row 19"));
	s = (struct scroll){ .cursor = 99, .top = 99, .found = -1 };
	page_grid(small_page(16), a, &s);
	ck_assert_int_eq(s.cursor, 19);
	ck_assert_int_eq(s.top, 10);
}
END_TEST

START_TEST(any_size_can_be_drawn)
{
	for (int rows = 1; rows < 40; rows += 3)
		for (int cols = 1; cols < 130; cols += 7) {
			struct page *p = small_page(rows);
			p->cols = cols;
			for (int i = 0; i < 9; i++)
				page_message(p, ST_SHUT, "✗", "a message that is a little longer than the others");
			struct scroll s = { .cursor = 5, .follow = true, .found = 3 };
			struct grid *g = page_grid(p, a, &s);
			ck_assert_int_eq(g->rows, rows);
			ck_assert_int_eq(g->cols, cols);
		}
}
END_TEST

START_TEST(foreign_text_is_cleaned_on_its_way_in)
{
	struct page *p = page_new(a, 80, 24, false);
	page_place(p, "a\033[2Jb", "c\r\nd");
	page_state(p, ST_PLAIN, 1, "%s", "x\u202ey");
	page_row(p, "label\a");
	page_put(p, ST_PLAIN, 1, "%s", "tab\there");
	page_fit(p, ST_PLAIN, FOLLOW, 20, "\b\x7f");
	page_labelled(p, "why\v", 8, "zero\u200bwidth\n");
	page_lines(p, ST_PLAIN, 1, "one\ttab\r\ntwo\033c\n");
	page_message(p, ST_SHUT, "✗", "bell\a");
	page_next(p, "n\001", "m\002");
	page_field(p, "f\033", "g\033");
	struct scroll s = { .cursor = -1, .found = -1 };
	for (const char *c = text_of(page_grid(p, a, &s)); *c; c++)
		ck_assert(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7F));
	text_clear(&out);
	page_plain(p, &out);
	for (const char *c = text_str(&out); *c; c++)
		ck_assert(*c == '\n' || ((unsigned char)*c >= 0x20 && *c != 0x7F));
	ck_assert_ptr_null(strstr(text_str(&out), "\u202e"));
	ck_assert_ptr_null(strstr(text_str(&out), "\u200b"));
}
END_TEST

START_TEST(find_goes_round)
{
	struct page *p = small_page(16);
	ck_assert_int_eq(page_find(p, "ROW 7", 0, 1), 7);
	ck_assert_int_eq(page_find(p, "row 1", 12, -1), 12);
	ck_assert_int_eq(page_find(p, "row 3", 8, 1), 3);
	ck_assert_int_eq(page_find(p, "nowhere", 8, 1), -1);
}
END_TEST

START_TEST(copying_escapes_and_keeps_a_file)
{
	struct err e = { 0 };
	char got[32] = "";
	setenv("XDG_STATE_HOME", test_dir(), 1);
	ck_assert_str_eq(copy_osc52(a, "abcd"), "\033]52;c;YWJjZA==\a");
	const char *path = copy_file(a, "kept", &e);
	ck_assert_ptr_nonnull(path);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(got, sizeof got, f));
	fclose(f);
	ck_assert_str_eq(got, "kept");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grid");
	TCase *t = tcase_create("grid");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, put_cuts_and_keeps_marks);
	tcase_add_test(t, wide_signs_take_two_cells_or_none);
	tcase_add_test(t, styles_have_letters);
	tcase_add_test(t, wrap_breaks_between_words);
	tcase_add_test(t, bars_and_charts);
	tcase_add_test(t, numbers);
	tcase_add_test(t, keys_that_are_never_bound);
	tcase_add_test(t, keys_of_the_table);
	tcase_add_test(t, a_field_binds_editing_and_ctrl_c_only);
	tcase_add_test(t, a_field_edits_whole_characters);
	tcase_add_test(t, a_field_is_never_overfull);
	tcase_add_test(t, footer_keeps_the_way_back_and_help);
	tcase_add_test(t, scrolling_keeps_the_cursor_in_sight);
	tcase_add_test(t, any_size_can_be_drawn);
	tcase_add_test(t, foreign_text_is_cleaned_on_its_way_in);
	tcase_add_test(t, find_goes_round);
	tcase_add_test(t, copying_escapes_and_keeps_a_file);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	return test_main(suite());
}
