/* SPDX-License-Identifier: MIT */
/* What can be done now, as rows: the same on every screen that has them. */
#include "screens/screen.h"

static bool wanted(const struct view *v, size_t i, enum act_kind skip)
{
	const struct offer *o = &v->offers[i];
	if (o->kind == skip || o->kind == ACT_NONE)
		return false;
	for (size_t k = 0; skip == ACT_NONE && k < v->n_challenges; k++) {
		if (offer_is(&v->challenges[k].offer, o))
			return false;
	}
	return true;
}

bool offers_asks_yes(enum act_kind k)
{
	return k == ACT_LEAVE || k == ACT_BACK || k == ACT_RESTORE || k == ACT_ADD || k == ACT_JOB_STOP;
}

/* The first step of taking a new column away only counts. */
static bool counts(const struct offer *o)
{
	return o->kind == ACT_TAKE && !o->prompt;
}

static const char *asks(const struct offer *o)
{
	bool asked = o->prompt || offers_asks_yes(o->kind);
	if (o->kind == ACT_DROP)
		return "typed name, countdown, passphrase";
	if (counts(o))
		return "";
	if (act_signs(o->kind))
		return asked ? "asks, then signs" : "signs";
	return asked ? "asks" : "";
}

void offers_rows(struct page *p, const struct view *v, enum act_kind skip)
{
	bool any = false;
	if (p->plain)
		return;
	for (size_t i = 0; i < v->n_offers; i++) {
		if (!wanted(v, i, skip))
			continue;
		if (!any) {
			page_blank(p);
			page_row(p, NULL);
			page_sign(p, ST_PLAIN, 1, "YOU CAN", "");
		}
		any = true;
		const struct offer *o = &v->offers[i];
		page_pick(p, "you can");
		page_fit(p, ST_PLAIN, 3, 22, o->label ? o->label : act_name(o->kind));
		page_fit(p, ST_DIM, 27, page_width(p) - 28 - 18, o->prompt ? o->prompt : counts(o) ? "only counts: nothing is changed" : act_what(o->kind));
		if (!page_narrow(p))
			page_put(p, ST_DIM, RIGHT, "%s", asks(o));
	}
}

int offers_wanted(const struct view *v, enum act_kind skip)
{
	const struct offer *wanted = view_wanted(v), *o;
	for (int i = 0; wanted && (o = offers_at(v, skip, i)); i++)
		if (offer_is(o, wanted))
			return i;
	return -1;
}

const struct offer *offers_at(const struct view *v, enum act_kind skip, int index)
{
	for (size_t i = 0; index >= 0 && i < v->n_offers; i++)
		if (wanted(v, i, skip) && index-- == 0)
			return &v->offers[i];
	return NULL;
}

void offers_page(struct page *p, const struct scene *s)
{
	offers_rows(p, s->view, ACT_COUNT);
	p->start = offers_wanted(s->view, ACT_COUNT);
	const struct offer *o = offers_at(s->view, ACT_COUNT, s->cursor >= 0 ? s->cursor : p->start);
	page_word(p, K_ENTER, o ? o->label : NULL);
}

struct action offers_key(const struct scene *s, enum key k, enum item i)
{
	if (k == K_ENTER)
		return action_offer(offers_at(s->view, ACT_COUNT, s->cursor));
	if (k == K_EVIDENCE)
		return action_open(&screen_evidence, i);
	return (struct action){ .todo = DO_COMMON };
}
