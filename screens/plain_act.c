/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "engine/desk.h"
#include "screens/plain_private.h"

static bool offered(const struct view *v, const struct offer *c)
{
	for (size_t i = 0; i < v->n_offers; i++)
		if (offer_is(&v->offers[i], c))
			return true;
	return false;
}

/* The offers in their order, best first; then what only a challenge offers (the second consumer, say). */
const struct offer *plain_offer(const struct view *v, int n)
{
	const struct offer *o;
	for (int i = 0; (o = offers_at(v, ACT_COUNT, i)); i++)
		if (--n == 0)
			return o;
	for (size_t i = 0; i < v->n_challenges; i++) {
		o = &v->challenges[i].offer;
		if (o->kind != ACT_NONE && !offered(v, o) && --n == 0)
			return o;
	}
	return NULL;
}

static bool unlocked(struct plain *p)
{
	struct err e = { 0 };
	if (p->view->unlocked)
		return true;
	if (p->terminal && p->view->demo_hint)
		plain_say(p, "demo", p->view->demo_hint);
	fflush(stdout);
	bool ok = desk_unlock(p->desk, &e);
	if (!ok)
		plain_error(p, e.msg, e.hint);
	plain_refresh(p);
	return ok;
}

static bool survives(const struct view *v, const char *key)
{
	for (size_t i = 0; v->facts && i < v->facts->audit.n; i++)
		if (text_eq(v->facts->audit.found[i].key, key))
			return v->facts->audit.found[i].may_survive && !v->facts->audit.found[i].names_column;
	return false;
}

/* The text that an offer asks for: what stood on the line, or the next line where there is a terminal. */
static bool text_for(struct plain *p, const struct offer *o, const char *given, char out[static PLAIN_LINE_MAX])
{
	snprintf(out, PLAIN_LINE_MAX, "%s", given ? given : "");
	if (!o->prompt || out[0])
		return true;
	if (!p->terminal) {
		plain_error(p, o->prompt, "Write the answer behind the number, on the same line.");
		return false;
	}
	plain_say(p, "asked", o->prompt);
	plain_say(p, "form", o->expect ? o->expect : "free text");
	fputs("answer> ", stdout);
	fflush(stdout);
	return plain_line(p, out) && out[0];
}

void plain_do(struct plain *p, const struct offer *o, const char *key, const char *text)
{
	char typed[PLAIN_LINE_MAX];
	struct err e = { 0 };
	struct offer asked = *o;   /* the view may be exchanged while an answer is typed */
	char own_key[512];
	if (o->kind == ACT_DROP) {
		plain_show(p, &screen_drop, 0);
		plain_drop(p, text);
		return;
	}
	snprintf(own_key, sizeof own_key, "%s", key ? key : o->key ? o->key : "");
	if (!text_for(p, &asked, text, typed))
		return;
	struct act a = { .kind = asked.kind, .key = own_key, .text = typed,
		.survives = asked.kind == ACT_CLEAR && survives(p->view, own_key) };
	if (act_keys(&a) > 0 && !unlocked(p))
		return;
	if (!asked.needs_tty) {
		if (plain_wait(p, desk_do(p->desk, &a)))
			plain_show(p, &screen_walk, 0);
		return;
	}
	bool ok = desk_do_waiting(p->desk, &a, &e);
	plain_refresh(p);
	if (!ok)
		plain_error(p, e.msg, e.hint);
	else
		plain_show(p, &screen_walk, 0);
}

/* False when a line came meanwhile, or the gates shut. */
static bool count_down(struct plain *p)
{
	for (int left = desk_countdown(p->desk); left > 0; left--) {
		printf("countdown: %d s; Enter stops it\n", left);
		fflush(stdout);
		if (plain_waiting(p, 1000)) {
			puts("countdown: stopped; nothing was sent");
			return false;
		}
		plain_refresh(p);
		if (p->view->open_gates != GATES_ALL || !p->view->connected) {
			plain_error(p, "a gate has shut, or the server is gone; nothing was sent", "Write: gate C");
			return false;
		}
	}
	return true;
}

void plain_drop(struct plain *p, const char *typed)
{
	char name[PLAIN_LINE_MAX];
	struct err e = { 0 };
	snprintf(name, sizeof name, "%s", typed ? typed : "");
	if (!p->terminal) {
		plain_error(p, "the drop needs a terminal: a person types the name and the passphrase there", "Run gatewalk walk in a terminal.");
		return;
	}
	if (!drop_is_named(p->view, name)) {
		plain_error(p, "the full name was not typed", "Write: drop, and the name as it stands above.");
		return;
	}
	if (p->view->open_gates != GATES_ALL || p->view->walk->stage != AT_ARMED) {
		plain_error(p, "a gate is shut", "Write: gate C");
		return;
	}
	if (!count_down(p))
		return;
	if (p->view->demo_hint)
		plain_say(p, "demo", p->view->demo_hint);
	fflush(stdout);
	snprintf(name, sizeof name, "%s", p->view->target_name);
	bool ok = desk_drop(p->desk, name, &e);
	plain_refresh(p);
	if (ok)
		plain_say(p, p->view->walk && p->view->walk->dropped ? "dropped" : "signed; its job runs", name);
	else
		plain_error(p, e.msg, e.hint);
	plain_show(p, &screen_walk, 0);
}
