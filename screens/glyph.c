/* SPDX-License-Identifier: MIT */
#include "screens/glyph.h"

#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"

static const struct { const char *sign, *ascii; } forms[] = {
	{ "✓", "+" }, { "●", "*" }, { "◔", "w" }, { "✗", "X" }, { "·", "." }, { "╫", "#" }, { "▸", ">" }, { "█", "#" },
	{ "▏", "=" }, { "▎", "=" }, { "▍", "=" }, { "▌", "=" }, { "▋", "=" }, { "▊", "=" }, { "▉", "=" }, { "░", "." },
	{ "▁", "." }, { "▂", ":" }, { "▃", "-" }, { "▄", "=" }, { "▅", "+" }, { "▆", "*" }, { "▇", "#" },
	{ "│", "|" }, { "─", "-" }, { "╎", "|" }, { "›", ">" }, { "…", "~" }, { "×", "x" }, { "↑", "^" }, { "↓", "v" },
	{ "┤", "|" }, { "┴", "+" }, { "╌", "-" },
};

const char *glyph_of_mood(enum mood m)
{
	static const char *const of[] = {
		[MOOD_DONE] = "✓", [MOOD_RUNNING] = "●", [MOOD_WAITING] = "◔", [MOOD_SHUT] = "✗", [MOOD_NOT_YET] = "·",
		[MOOD_NOT_NEEDED] = "-",
	};
	return of[m];
}

static const char *ascii_form(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (strlen(forms[i].sign) == len && memcmp(forms[i].sign, s, len) == 0)
			return forms[i].ascii;
	return NULL;
}

char *glyph_ascii(struct arena *a, const char *clean)
{
	struct text out = { 0 };
	size_t used;
	for (size_t len = strlen(clean); len; clean += used, len -= used) {
		uint32_t cp = text_next(clean, len, &used);
		const char *form = cp < 0x80 ? NULL : ascii_form(clean, used);
		if (cp < 0x80)
			text_addn(&out, clean, used);
		else if (form)
			text_add(&out, form);
		else
			text_addf(&out, "\\u{%04X}", (unsigned)cp);
	}
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}

char *glyph_bar(struct arena *a, double part, int cols)
{
	static const char *const eighths[] = { "░", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	struct text out = { 0 };
	part = part > 1 ? 1 : part > 0 ? part : 0;   /* also for what is not a number */
	int filled = (int)(part * cols * 8);
	for (int i = 0; i < cols; i++)
		text_add(&out, filled >= (i + 1) * 8 ? "█" : filled <= i * 8 ? "░" : eighths[filled - i * 8]);
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}

static const char *const steps[] = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };

/* Of those that cell i of `shown` stands for: one at least. */
static double highest(const double *v, size_t n, size_t i, size_t shown)
{
	size_t from = i * n / shown, to = (i + 1) * n / shown;
	double most = 0;
	for (size_t k = from; k < to || k == from; k++)
		most = v[k] > most ? v[k] : most;
	return most;
}

char *glyph_chart(struct arena *a, const double *v, size_t n, int cols, double top)
{
	struct text out = { 0 };
	size_t shown = cols <= 0 ? 0 : n < (size_t)cols ? n : (size_t)cols;
	for (size_t i = 0; i < n; i++)
		top = v[i] > top ? v[i] : top;
	for (size_t i = 0; i < shown; i++) {
		double part = top > 0 ? highest(v, n, i, shown) / top : 0;
		text_add(&out, steps[part >= 1 ? 7 : (int)(part * 7.999)]);
	}
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}

char *glyph_tower(struct arena *a, const double *v, size_t n, int cols, struct glyph_scale at)
{
	struct text out = { 0 };
	for (int i = 0; n && i < cols; i++) {
		double part = at.top > 0 ? highest(v, n, (size_t)i, (size_t)cols) / at.top : 0;
		int eighths = (int)((part > 1 ? 1 : part) * at.high * 8 + 0.5) - (at.high - 1 - at.row) * 8;
		if (eighths <= 0 && at.row == at.high - 1)
			eighths = 1;   /* there was a look, and it gave nothing */
		text_add(&out, eighths >= 8 ? steps[7] : eighths > 0 ? steps[eighths - 1] : " ");
	}
	char *copy = arena_dup(a, text_str(&out));
	text_free(&out);
	return copy;
}
