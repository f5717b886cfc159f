/* SPDX-License-Identifier: MIT */
/* One line of text that an act asks for; and the word that `/` looks for, on the page it is looked for in. */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"

static void put_field(struct page *p, const struct scene *s)
{
	page_row(p, "type");
	page_sign(p, ST_INFO, 3, "> ", "");
	page_field(p, arena_dupn(p->arena, s->field->text, s->field->at), s->field->text + s->field->at);
}

/* What the answer is about: nobody confirms a document, or clears a consumer, that is on another page. */
static void about(struct page *p, const struct view *v, const struct offer *o)
{
	if (!v->walk || !v->plan || !v->facts)
		return;
	if (o->kind == ACT_CONFIRM && text_eq(o->key, "3"))
		evidence_rows(p, v, ITEM_DOCUMENT, v->now);
	if (o->kind == ACT_CONFIRM && text_eq(o->key, "2"))
		evidence_rows(p, v, ITEM_ARCHETYPE, v->now);
	for (size_t i = 0; o->kind == ACT_CLEAR && i < v->facts->audit.n; i++) {
		const struct consumer *c = &v->facts->audit.found[i];
		if (!text_eq(c->key, o->key))
			continue;
		page_blank(p);
		page_labelled(p, "who", 10, c->key);
		page_labelled(p, "role", 10, c->role);
		page_labelled(p, "evidence", 10, c->evidence);
	}
}

static void render_prompt(struct page *p, const struct scene *s)
{
	const struct offer *o = s->offer;
	const char *label = o->label ? o->label : act_name(o->kind);
	screen_place(p, s->view, label);
	page_state(p, ST_PLAIN, 1, "%s", act_what(o->kind));
	page_brief(p, "%s", label);
	page_text(p, ST_BOLD, 1, o->prompt);
	page_blank(p);
	page_labelled(p, o->kind == ACT_CONFIRM ? "answer" : "form", 8, o->expect);
	page_blank(p);
	put_field(p, s);
	page_blank(p);
	if (act_signs(o->kind))
		page_text(p, ST_DIM, 1, s->view->unlocked ? "Your answer goes into the log, signed with your key."
			: "Your answer goes into the log, signed with your key; you will be asked for its passphrase.");
	else
		page_text(p, ST_DIM, 1, "Your answer goes into the log.");
	about(p, s->view, o);
	page_next(p, "Type the answer, then Enter. Enter alone answers nothing.", "Ctrl-C leaves, and nothing happens.");
}

static struct action key_prompt(const struct scene *s, enum key k)
{
	if (k != K_EDIT_DONE)
		return (struct action){ .todo = DO_COMMON };
	return (struct action){ .todo = s->field->len ? DO_TYPED : DO_NOTHING };
}

static void render_find(struct page *p, const struct scene *s)
{
	if (s->below)
		s->below->render(p, s);
	p->copy = NULL;
	page_message_field(p, "find > ", arena_dupn(p->arena, s->field->text, s->field->at), s->field->text + s->field->at);
	page_next(p, "Type what to find on this page, then Enter. n and N go on, back.", "Ctrl-C leaves.");
}

static struct action key_find(const struct scene *s, enum key k)
{
	(void)s;
	return (struct action){ .todo = k == K_EDIT_DONE ? DO_FIND : DO_COMMON };
}

static const struct key_use keys[] = { { K_CANCEL, "leave, nothing happens" }, { K_F1, NULL } };

const struct screen screen_prompt = {
	.name = "answer", .title = "an answer is asked for",
	.help = "One line of text that goes into the log with your signature. The form of the answer stands above the field. Ctrl-C leaves and "
		"nothing happens.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .field = true,
	.render = render_prompt, .key = key_prompt,
};

const struct screen screen_find = {
	.name = "find", .title = "find on this page",
	.help = "Looks for a word on the page below, without regard to case. n and N go on and back.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .field = true,
	.render = render_find, .key = key_find,
};
