/* SPDX-License-Identifier: MIT */
/* Doing what a screen asked for: orders to the desk, questions first where an act has some. */
#include "screens/ui.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "engine/desk.h"
#include "screens/keep.h"
#include "screens/term.h"

static void refused(struct ui *u, const struct err *e)
{
	ui_say(u, true, "%s%s%s", e->msg, e->hint[0] ? ". " : "", e->hint);
}

/* The terminal is somebody else's while ssh-add or ssh-keygen ask. */
static bool unlock(struct ui *u, const struct act *a, bool then_wait)
{
	struct err e = { 0 };
	ui_ask_key(u, ui_signs(u, a), false);
	bool ok = u->view->unlocked || desk_unlock(u->desk, &e);
	if (ok && then_wait)
		ok = desk_do_waiting(u->desk, a, &e);
	term_resume(u->term);
	if (!ok)
		refused(u, &e);
	return ok;
}

/* Work that was begun is watched on its own page; on the walk, the walk itself shows it. */
static void watch_work(struct ui *u, enum act_kind k)
{
	if ((k == ACT_SNAPSHOT || k == ACT_DRILL || k == ACT_RESTORE) && ui_top(u)->screen != &screen_walk)
		ui_push(u, &screen_job, 0);
	bool fills = k == ACT_BACKFILL || k == ACT_RETRY;
	if (fills && ui_top(u)->screen != &screen_walk && ui_top(u)->screen != &screen_backfill)
		ui_push(u, &screen_backfill, ITEM_BACKFILL);
}

static void send_act(struct ui *u, const struct act *a, bool needs_tty)
{
	bool locked = act_keys(a) > 0 && !u->view->unlocked;
	if ((locked || needs_tty) && (!unlock(u, a, needs_tty) || needs_tty))
		return;
	u->acted = desk_do(u->desk, a);
	if (u->acted == 0)
		ui_say(u, true, "The engine is still busy with what was asked before. Try again in a moment.");
	else
		watch_work(u, a->kind);
}

/* Copied: the view it came from may be gone when it is answered. */
static void ask(struct ui *u, const struct offer *o, const char *key, long long job)
{
	arena_free(u->asked_arena);
	struct arena *a = u->asked_arena = arena_new();
	u->asked_yes = !o->prompt;
	u->asked = (struct offer){
		.kind = o->kind, .key = arena_dup(a, key ? key : o->key), .label = arena_dup(a, o->label), .needs_tty = o->needs_tty,
		.prompt = o->prompt ? arena_dup(a, o->prompt) : arena_printf(a, "Type yes to %s.", o->label ? o->label : act_what(o->kind)),
		.expect = o->prompt ? arena_dup(a, o->expect) : "yes",
	};
	u->asked_key = arena_dup(a, key ? key : o->key);
	u->asked_job = job;
	field_clear(&u->field);
	ui_push(u, &screen_prompt, 0);
}

static bool survives(const struct view *v, const char *key)
{
	for (size_t i = 0; v->facts && key && i < v->facts->audit.n; i++)
		if (text_eq(v->facts->audit.found[i].key, key))
			return v->facts->audit.found[i].may_survive && !v->facts->audit.found[i].names_column;
	return false;
}

void ui_answer(struct ui *u)
{
	char text[FIELD_MAX];
	snprintf(text, sizeof text, "%s", u->field.text);
	if (u->asked_yes && strcmp(text, "yes") != 0) {
		ui_say(u, true, "Only the word yes does it. Ctrl-C leaves.");
		return;
	}
	struct act a = {
		.kind = u->asked.kind, .key = u->asked_key, .text = text, .job = u->asked_job,
		.survives = u->asked.kind == ACT_CLEAR && survives(u->view, u->asked_key),
	};
	ui_pop(u);
	send_act(u, &a, u->asked.needs_tty);
}

static void offer(struct ui *u, const struct action *a)
{
	const struct offer *o = a->offer;
	if (o->prompt || offers_asks_yes(o->kind))
		ask(u, o, a->word, 0);
	else
		send_act(u, &(struct act){ .kind = o->kind, .key = o->key }, o->needs_tty);
}

static void act(struct ui *u, const struct action *a)
{
	struct offer o = { .kind = a->act.kind, .key = a->act.key, .label = act_name(a->act.kind) };
	if (offers_asks_yes(a->act.kind))
		ask(u, &o, NULL, a->act.job);
	else
		send_act(u, &a->act, false);
}

static void open_screen(struct ui *u, const struct action *a)
{
	if (a->screen == &screen_drop && ui_top(u)->screen != &screen_drop) {
		field_clear(&u->field);
		u->drop = (struct drop_run){ .seconds = desk_countdown(u->desk) };
	}
	if (a->screen == &screen_find)
		field_clear(&u->find);
	ui_push(u, a->screen, a->subject);
}

static void open_walk(struct ui *u, const char *word)
{
	u->opening = desk_open_walk(u->desk, word);
	if (u->opening)
		ui_push(u, &screen_walk, 0);
	else
		ui_say(u, true, "The engine is still busy. Try again in a moment.");
}

/* Only what was changed is written: another session may have kept other things since, and --ascii is for this one alone. */
static void change(struct ui *u, const struct settings *to)
{
	struct err e = { 0 };
	struct arena *a = arena_new();
	struct settings was = u->settings;
	const char *complaint, *old = u->settings_path ? keep_read(a, u->settings_path, &e) : NULL;
	u->settings = *to;
	term_redraw(u->term);
	if (old) {
		struct settings k = prefs_parse(a, old, &complaint);
		k.theme = to->theme != was.theme ? to->theme : k.theme;
		k.ascii = to->ascii != was.ascii ? to->ascii : k.ascii;
		k.bell = to->bell != was.bell ? to->bell : k.bell;
		keep_write(a, u->settings_path, prefs_text(a, old, &k), &e);
	}
	if (e.msg[0])
		ui_say(u, true, "For this session only: %s", e.msg);
	arena_free(a);
}

static void find(struct ui *u)
{
	snprintf(u->word, sizeof u->word, "%s", u->find.text);
	ui_pop(u);
	ui_top(u)->scroll.found = -1;
	ui_find(u, 1, false);
}

void ui_do(struct ui *u, const struct action *a)
{
	switch (a->todo) {
	case DO_OPEN:     open_screen(u, a); break;
	case DO_SUBJECT:
		ui_top(u)->subject = a->subject;
		ui_top(u)->scroll = (struct scroll){ .cursor = -1, .follow = true, .found = -1 };
		break;
	case DO_BACK:     ui_pop(u); break;
	case DO_QUIT:
		u->quit = true;
		break;
	case DO_INTERRUPT:
		u->quit = true;
		u->status = 130;
		break;
	case DO_OFFER:    offer(u, a); break;
	case DO_ACT:      act(u, a); break;
	case DO_LOOK:     desk_look(u->desk); break;
	case DO_WALK:     open_walk(u, a->word); break;
	case DO_TYPED:    ui_answer(u); break;
	case DO_COUNT:    ui_drop_begin(u); break;
	case DO_SETTINGS: change(u, &a->settings); break;
	case DO_FIND:     find(u); break;
	case DO_REFUSE:   ui_say(u, true, "%s", a->word); break;
	default:          break;
	}
}
