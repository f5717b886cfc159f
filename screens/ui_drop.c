/* SPDX-License-Identifier: MIT */
/* The countdown before a drop, and the drop. Rules of this file:
   1. Only DO_COUNT of the drop's screen begins it: the whole name was typed.
   2. Any stroke stops it, as does a gate that shuts, a lost server, a stopped process, and leaving.
   3. At its end the engine is asked once, with the terminal free for the passphrase. It judges everything itself. */
#include "screens/ui.h"

#include <stdio.h>

#include "base/err.h"
#include "engine/desk.h"
#include "screens/term.h"

static bool may_go_on(const struct ui *u)
{
	const struct view *v = u->view;
	return v->connected && v->walk && v->walk->stage == AT_ARMED && v->open_gates == GATES_ALL;
}

void ui_drop_begin(struct ui *u)
{
	if (!may_go_on(u)) {
		ui_say(u, true, "Not now: a gate is shut. Ctrl-C leaves; v on the walk shows which one and why.");
		return;
	}
	if (!drop_is_named(u->view, u->field.text))
		return;
	u->drop = (struct drop_run){ .stage = DROP_COUNTING, .seconds = desk_countdown(u->desk) };
	u->drop.seconds_left = u->drop.seconds;
	u->drop_until = ui_clock() + u->drop.seconds * INT64_C(1000000);
}

static void stop(struct ui *u)
{
	u->drop.stage = DROP_TYPING;
	u->drop.stopped = true;
	field_clear(&u->field);   /* the name is typed anew for each try */
}

bool ui_drop_stroke(struct ui *u)
{
	if (u->drop.stage != DROP_COUNTING)
		return false;
	stop(u);
	return true;
}

static void run(struct ui *u)
{
	struct err e = { 0 };
	char name[FIELD_MAX];
	if (!drop_is_named(u->view, u->field.text)) {   /* the target of the view is another one by now */
		stop(u);
		return;
	}
	snprintf(name, sizeof name, "%s", u->view->target_name);
	u->drop.stage = DROP_RUNNING;
	ui_draw(u);
	ui_ask_key(u, u->view->statement, true);
	bool ok = desk_drop(u->desk, name, &e);
	term_resume(u->term);
	snprintf(u->drop_error, sizeof u->drop_error, "%s", e.msg);
	snprintf(u->drop_hint, sizeof u->drop_hint, "%s", e.hint);
	u->drop = (struct drop_run){ .stage = DROP_ENDED, .ok = ok, .seconds = u->drop.seconds, .error = u->drop_error,
		.hint = u->drop_hint };
	field_clear(&u->field);
}

void ui_drop_tick(struct ui *u)
{
	if (u->drop.stage != DROP_COUNTING)
		return;
	if (ui_top(u)->screen != &screen_drop || u->quit) {
		stop(u);
		return;
	}
	if (!may_go_on(u)) {
		stop(u);
		ui_say(u, true, "The countdown was stopped: a gate has shut, or the server is gone. Nothing was sent.");
		return;
	}
	int64_t left = u->drop_until - ui_clock();
	u->drop.seconds_left = left > 0 ? (int)((left + 999999) / 1000000) : 0;
	if (left > 0)
		return;
	if (term_wait(u->term, -1, 0) & (TERM_KEYS | TERM_STOP | TERM_END | TERM_INTERRUPT))
		stop(u);   /* pressed in the very last moment */
	else
		run(u);
}
