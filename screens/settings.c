/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

static void row(struct page *p, const char *name, const char *value, const char *about)
{
	page_pick(p, "setting");
	page_put(p, ST_PLAIN, 3, "%s", name);
	page_put(p, ST_BOLD, 14, "%s", value);
	page_put(p, ST_DIM, 30, "%s", about);
}

static void render(struct page *p, const struct scene *s)
{
	const struct settings *set = s->settings;
	page_place(p, "gatewalk", "settings");
	page_state(p, ST_PLAIN, 1, "for this session");
	page_brief(p, "settings");
	row(p, "theme", theme_name(set->theme), "default, dark, light, 8 colours, none");
	row(p, "signs", set->ascii ? "ASCII" : "Unicode", "--ascii begins so");
	row(p, "bell", set->bell ? "on" : "off", "rings when a job has ended");
	page_blank(p);
	page_text(p, ST_DIM, 1, "NO_COLOR=1 in the environment begins without colour.");
	page_next(p, "Enter changes the setting under the cursor.", "");
}

static struct action key(const struct scene *s, enum key k)
{
	struct action a = { .todo = k == K_ENTER && s->cursor >= 0 ? DO_SETTINGS : DO_COMMON, .settings = *s->settings };
	if (s->cursor == 0)
		a.settings.theme = (enum theme)((a.settings.theme + 1) % THEME_COUNT);
	else if (s->cursor == 1)
		a.settings.ascii = !a.settings.ascii;
	else
		a.settings.bell = !a.settings.bell;
	return a;
}

static const struct key_use keys[] = { { K_MOVE, NULL }, { K_ENTER, "change" }, { K_BACK, NULL }, { K_HELP, NULL } };

const struct screen screen_settings = {
	.name = "settings", .title = "how it looks",
	.help = "Theme, signs and bell, for this session.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0],
	.render = render, .key = key,
};
