/* SPDX-License-Identifier: MIT */
/* Rows that do not convert: key, value, error; and what becomes of them. */
#include "screens/screen.h"

#include "base/arena.h"
#include "base/text.h"
#include "screens/num.h"

struct columns { int key, value, error; };

static struct columns columns_of(const struct page *p)
{
	int w = page_width(p);
	return (struct columns){ .key = 3, .value = 3 + w / 4, .error = 3 + w / 2 };
}

static void heads(struct page *p, struct columns c)
{
	page_row(p, NULL);
	page_sign(p, ST_DIM, c.key, "key", "");
	page_sign(p, ST_DIM, c.value, "value", "");
	page_sign(p, ST_DIM, c.error, "error", "");
}

static void reject_row(struct page *p, const struct view_reject *r, struct columns c)
{
	page_pick(p, "reject");
	page_fit(p, ST_PLAIN, c.key, c.value - c.key - 1, r->key);
	page_fit(p, ST_PLAIN, c.value, c.error - c.value - 1, r->value ? r->value : "NULL");
	page_fit(p, ST_SHUT, c.error, page_width(p) - c.error - 1, r->error);
}

/* The one under the cursor, in full. */
static void in_full(struct page *p, const struct view_reject *r)
{
	page_blank(p);
	page_labelled(p, "KEY", 8, r->key);
	page_labelled(p, "VALUE", 8, r->value ? r->value : "NULL");
	page_labelled(p, "ERROR", 8, r->sqlstate && *r->sqlstate ? arena_printf(p->arena, "%s (%s)", r->error, r->sqlstate) : r->error);
	page_copy(p, arena_printf(p->arena, "%s\t%s\t%s\t%s\n", r->key, r->value ? r->value : "\\N", r->sqlstate ? r->sqlstate : "", r->error));
}

static void what_next(struct page *p, const struct view *v)
{
	page_blank(p);
	page_row(p, NULL);
	page_sign(p, ST_PLAIN, 1, "WHAT NEXT", "");
	page_labelled(p, "  1", 5, "Mend the rows in the application's own way; or mend backfill.value in the plan, and take it in: gatewalk amend.");
	page_labelled(p, "  2", 5, "Then try them again: these alone, not the whole table.");
	page_item(p, "all of them, for a file", "  all of them, for a file:", 28, arena_printf(p->arena, "gatewalk job rejects %s", v->plan->name));
}

static void state_line(struct page *p, int64_t all)
{
	page_state(p, all ? ST_SHUT : ST_DONE, 1, all ? "✗ %s" : "✓ 0", num_group(p->arena, all));
	page_state(p, ST_PLAIN, FOLLOW, all == 1 ? " row does not convert" : " rows do not convert");
	page_state(p, ST_DIM, RIGHT, "the others are filled; nothing of these was written");
	page_brief(p, "%s rejects", num_group(p->arena, all));
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	int64_t all = v->facts->backfill.rejects;
	struct columns c = columns_of(p);
	screen_place(p, v, "6 rejects");
	if (v->items[ITEM_BACKFILL].mood == MOOD_NOT_NEEDED) {
		page_word(p, K_ENTER, NULL);
		page_text(p, ST_PLAIN, 1, "This walk fills no rows.");
		return;
	}
	state_line(p, all);
	if (v->n_rejects)
		heads(p, c);
	else
		page_text(p, ST_PLAIN, 1, all ? "They have not been read yet: r looks again." : "Every row converted, as far as the backfill has come.");
	for (size_t i = 0; i < v->n_rejects; i++)
		reject_row(p, &v->rejects[i], c);
	if (all > (int64_t)v->n_rejects && v->n_rejects)
		page_item(p, "more", "", c.key, arena_printf(p->arena, "and %s more", num_group(p->arena, all - (int64_t)v->n_rejects)));
	int at = s->cursor >= 0 ? s->cursor : p->start;
	if (at < (int)v->n_rejects)
		in_full(p, &v->rejects[at]);
	if (all)
		what_next(p, v);
	const struct offer *o = view_offer(v, ACT_RETRY);
	if (o && !p->plain) {
		page_blank(p);
		page_row(p, NULL);
		page_sign(p, ST_PLAIN, 1, "YOU CAN", "");
		page_pick(p, "you can");
		page_put(p, ST_PLAIN, 3, "%s", o->label);
	}
	page_word(p, K_ENTER, o && at == (int)v->n_rejects ? o->label : NULL);
}

static struct action key(const struct scene *s, enum key k)
{
	const struct offer *o = view_offer(s->view, ACT_RETRY);
	if (k == K_ENTER && o && s->cursor >= (int)s->view->n_rejects)
		return action_offer(o);
	return (struct action){ .todo = k == K_ENTER ? DO_NOTHING : DO_COMMON };
}

static const struct key_use keys[] = {
	{ K_MOVE, "row" }, { K_ENTER, NULL }, { K_FIND, NULL }, { K_LOOK, NULL }, { K_LOG, NULL }, { K_COPY, "copy this one" }, { K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_rejects = {
	.name = "rejects", .title = "rows that do not convert",
	.help = "Rows for which the plan's expression raised an error, or whose value something took away again: the key, what the expression read, the error. They are kept "
		"apart, nothing of them was written, and the others went on. Below stands what to do; trying them again reads these rows alone. y copies the one under the "
		"cursor as a line of key, value, code and error, with tabs between.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
