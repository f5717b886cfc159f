/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"

static void key_row(struct page *p, struct key_use u)
{
	page_row(p, "key");
	page_put(p, ST_PLAIN, 3, "%s", key_caps(u.key, p->ascii));
	page_put(p, ST_PLAIN, 28, "%s", u.word ? u.word : key_what(u.key));
}

static void render(struct page *p, const struct scene *s)
{
	const struct screen *of = s->below ? s->below : &screen_home;
	screen_place(p, s->view, "help");
	page_state(p, ST_PLAIN, 1, "%s: %s", of->name, of->title);
	page_brief(p, "help");
	page_text(p, ST_PLAIN, 1, of->help);
	page_blank(p);
	page_row(p, NULL);
	page_put(p, ST_BOLD, 1, "KEYS OF THIS SCREEN");
	for (size_t i = 0; i < of->n_keys; i++)
		key_row(p, of->keys[i]);
	if (of->field) {
		page_text(p, ST_PLAIN, 3, "All other keys are text. A pasted new line presses nothing.");
	} else {
		page_blank(p);
		page_row(p, NULL);
		page_put(p, ST_PLAIN, 1, "KEYS EVERYWHERE");
		for (size_t i = 0; key_common(i); i++)
			key_row(p, *key_common(i));
	}
	page_blank(p);
	page_labelled(p, "signs", 9, "✓ done   ● running   ◔ waiting   ✗ shut, problem   · not yet   - not needed   ╫ gate");
	page_next(p, "b goes back. Quitting is always safe and asks nothing.", "The manual: gatewalk(1), gatewalk-plan(5), gatewalk-log(5).");
}

static const struct key_use keys[] = { { K_PAGE_DOWN, NULL }, { K_FIND, NULL }, { K_BACK, NULL }, { K_QUIT, NULL } };

const struct screen screen_help = {
	.name = "help", .title = "help",
	.help = "The keys of the screen you came from, and what it is for.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0],
	.render = render,
};
