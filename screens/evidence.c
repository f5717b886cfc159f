/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "screens/num.h"

/* Subjects from here on are lines of the log. */
#define LINES_FROM 1000

static void log_line(struct page *p, const struct view *v, const struct view_line *l)
{
	screen_place(p, v, arena_printf(p->arena, "line %lld", (long long)l->n));
	bool sealed = view_sealed(v, l);
	page_state(p, sealed ? ST_DONE : ST_WAITING, 1, l->is_signed ? "✓ signed" : sealed ? "✓ sealed by a later line"
		: "◔ the next signature seals it");
	page_labelled(p, "line", 10, num_group(p->arena, l->n));
	page_labelled(p, "time", 10, l->t ? arena_printf(p->arena, "%s UTC", num_when(p->arena, l->t)) : "the server was gone");
	page_labelled(p, "what", 10, l->op);
	page_labelled(p, "who", 10, l->who);
	page_blank(p);
	page_lines(p, ST_PLAIN, 1, l->text);
	page_copy(p, l->text);
	page_next(p, "Nothing to do here.", "Anyone can check this log without gatewalk: see gatewalk-log(5).");
}

static void consumer(struct page *p, const struct view *v, const struct consumer *c, int64_t now)
{
	screen_place(p, v, "evidence");
	page_state(p, ST_PLAIN, 1, "%s", c->key);
	page_labelled(p, "kind", 13, c->kind);
	page_labelled(p, "how we know", 13, c->source);
	page_labelled(p, "server", 13, c->server ? c->server : "the primary");
	page_labelled(p, "role", 13, c->role);
	page_labelled(p, "application", 13, c->app);
	page_labelled(p, "owner", 13, c->owner);
	page_labelled(p, "last touch", 13, num_age(p->arena, c->last, now));
	page_labelled(p, "calls", 13, c->calls ? num_group(p->arena, c->calls) : NULL);
	page_blank(p);
	page_lines(p, ST_PLAIN, 1, c->evidence);
	page_copy(p, c->evidence);
	page_next(p, v->walk ? "Ask its owner; then clear it on the consumers screen with s." : "Ask its owner.", "y copies this text to send to them.");
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	if (s->subject <= 0 || s->subject > ITEM_COUNT)
		page_word(p, K_EVIDENCE, NULL);
	if (s->subject >= LINES_FROM && s->subject - LINES_FROM < (long long)v->n_lines) {
		log_line(p, v, &v->lines[s->subject - LINES_FROM]);
		return;
	}
	if (s->subject < 0 && v->facts && (size_t)(-s->subject - 1) < v->facts->audit.n) {
		consumer(p, v, &v->facts->audit.found[-s->subject - 1], s->now);
		return;
	}
	enum item i = s->subject > 0 && s->subject <= ITEM_COUNT ? (enum item)s->subject : ITEM_SNAPSHOT;
	screen_place(p, v, arena_printf(p->arena, "evidence of %d", (int)i));
	page_state(p, ST_PLAIN, 1, "%d %s", (int)i, item_name(i));
	page_brief(p, "evidence of %d", (int)i);
	page_text(p, ST_PLAIN, 1, item_about(v, i));
	evidence_rows(p, v, i, s->now);
}

static struct action key(const struct scene *s, enum key k)
{
	bool item = s->subject > 0 && s->subject <= ITEM_COUNT;
	if (k == K_ENTER)   /* nothing is deeper */
		return (struct action){ .todo = DO_BACK };
	if (k != K_EVIDENCE || !item)
		return (struct action){ .todo = DO_COMMON };
	return (struct action){ .todo = DO_SUBJECT, .subject = s->subject % ITEM_COUNT + 1 };
}

static const struct key_use keys[] = {
	{ K_PAGE_DOWN, NULL }, { K_EVIDENCE, "next item" }, { K_FIND, NULL }, { K_COPY, NULL }, { K_LOG, NULL }, { K_BACK, NULL },
	{ K_HELP, NULL },
};

const struct screen screen_evidence = {
	.name = "evidence", .title = "the evidence",
	.help = "What the log and the server say about one item, one consumer or one line: values, ages, sources, and what cannot be seen. e goes "
		"on to the next item.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
