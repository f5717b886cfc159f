/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

static void row(struct page *p, const char *name, const char *value, const char *about)
{
	page_pick(p, name);
	page_sign(p, ST_PLAIN, 3, name, "");
	page_put(p, ST_PLAIN, 14, "%s", value);
	page_fit(p, ST_DIM, 26, page_width(p) - 27, about);
}

/* Each state as it looks now. */
static void sample(struct page *p)
{
	static const enum mood moods[] = { MOOD_DONE, MOOD_RUNNING, MOOD_WAITING, MOOD_SHUT, MOOD_NOT_YET };
	page_row(p, "looks");
	if (!page_narrow(p))
		page_sign(p, ST_PLAIN, 3, "looks so", "");
	for (size_t i = 0; i < sizeof moods / sizeof moods[0]; i++) {
		page_mood(p, i ? FOLLOW : page_narrow(p) ? 3 : 14, moods[i]);
		page_sign(p, style_of_mood(moods[i]), FOLLOW, " ", "");
		page_sign(p, style_of_mood(moods[i]), FOLLOW, mood_word(moods[i]), "");
		page_sign(p, ST_PLAIN, FOLLOW, "  ", "");
	}
	if (!page_narrow(p))
		page_sign(p, ST_PRODUCTION, FOLLOW, "PRODUCTION", "");
}

static void render(struct page *p, const struct scene *s)
{
	const struct settings *set = s->settings;
	page_place(p, "gatewalk", "settings");
	page_state(p, ST_PLAIN, 1, "how it looks and sounds");
	page_brief(p, "settings");
	row(p, "theme", theme_name(set->theme), set->theme != THEME_MONO && s->eight ? "in the eight colours this terminal has" : "safe dark light mono");
	row(p, "signs", set->ascii ? "ASCII" : "Unicode", "ASCII where a font lacks the signs");
	row(p, "bell", set->bell ? "on" : "off", "rings when a job has ended");
	page_blank(p);
	sample(p);
	page_blank(p);
	page_text(p, ST_PLAIN, 1, "safe is readable on dark and on light ground; mono has no colour. NO_COLOR=1 starts with mono, --theme NAME with that theme.");
	page_text(p, ST_PLAIN, 1, "The mouse is left to your terminal: it selects text as ever.");
	page_item(p, "kept in", "kept in", 11, s->settings_path);
	page_copy(p, s->settings_path);
	page_next(p, "Enter changes the setting under the cursor; it holds at once.",
		s->settings_path ? "It is kept for the next session. b goes back." : "There is no home folder to keep it in. b goes back.");
}

static struct action key(const struct scene *s, enum key k)
{
	struct action a = { .todo = k == K_ENTER && s->cursor >= 0 ? DO_SETTINGS : DO_COMMON, .settings = *s->settings };
	if (s->cursor == 0)
		a.settings.theme = (enum theme)((a.settings.theme + 1) % THEMES_TO_CHOOSE);
	else if (s->cursor == 1)
		a.settings.ascii = !a.settings.ascii;
	else
		a.settings.bell = !a.settings.bell;
	return a;
}

static const struct key_use keys[] = { { K_MOVE, NULL }, { K_ENTER, "change" }, { K_COPY, "copy path" }, { K_BACK, NULL }, { K_HELP, NULL } };

const struct screen screen_settings = {
	.name = "settings", .title = "how it looks",
	.help = "Theme, signs and bell. They hold at once and are kept for the next session, in a file of plain lines that can be edited. Colour is "
		"never the only sign: every state has a sign and a word.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0],
	.render = render, .key = key,
};
