/* SPDX-License-Identifier: MIT */
/* The plain page on which ssh-add or ssh-keygen ask for the key: what is signed, by whom, with which key, and the way out. */
#include "screens/ui.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/text.h"
#include "base/when.h"
#include "screens/glyph.h"
#include "screens/term.h"
#include "screens/wrap.h"

#define AT 13
#define COLS_MAX 100

/* In the terminal's own lines: nothing here is curses. */
static void say(struct ui *u, struct arena *a, const char *label, const char *text)
{
	int rows, cols;
	size_t n;
	if (!text || !*text)
		return;
	term_size(u->term, &rows, &cols);
	int room = (cols > COLS_MAX ? COLS_MAX : cols) - AT - 1;
	const char *clean = text_clean(a, text);
	const char **line = wrap(a, u->settings.ascii ? glyph_ascii(a, clean) : clean, room > 20 ? room : 20, &n);
	for (size_t i = 0; i < n; i++)
		printf(" %-*s%s\n", AT - 1, i ? "" : label, line[i]);
}

const char *ui_signs(struct ui *u, const struct act *a)
{
	struct arena *m = u->frame;
	switch (a->kind) {
	case ACT_CONFIRM: return arena_printf(m, "item %s is confirmed: %s", a->key, a->text);
	case ACT_PASS:    return arena_printf(m, "gate %s is passed", a->key);
	case ACT_DECLARE: return arena_printf(m, "declared, %s: %s", a->key, a->text);
	case ACT_CLEAR:   return arena_printf(m, "cleared, %s: %s", a->key, a->text);
	default:          return act_what(a->kind);
	}
}

void ui_ask_key(struct ui *u, const char *what, bool person)
{
	struct arena *a = arena_new();
	const struct view *v = u->view;
	term_page(u->term);
	fputs("\n gatewalk: your signature\n\n", stdout);
	say(u, a, "signs", what);
	say(u, a, "walk", v->plan ? arena_printf(a, "%s on %s, %s", v->plan->name, v->label ? v->label : "its server", env_name(v->env)) : NULL);
	say(u, a, "as", v->who);
	say(u, a, "key", v->key);
	say(u, a, "asked by", person ? "ssh-keygen, for this one signature: a person types the passphrase, or touches the key"
		: "ssh-add, once: the key then stays open for an hour at most, in an agent of gatewalk's own");
	say(u, a, "demo", v->demo_hint);
	say(u, a, "Ctrl-C", person ? "leaves, and nothing is dropped" : "leaves, and nothing is signed");
	fputs("\n What you type is not shown.\n\n", stdout);
	fflush(stdout);
	arena_free(a);
}
