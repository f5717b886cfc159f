/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "base/arena.h"
#include "screens/num.h"

#define NEAR 250              /* lines each side of the cursor that are filled in: a log may have many thousands */
#define LINES_FROM 1000       /* evidence.c: the subject of line 0 */

static void line_row(struct page *p, const struct view_line *l, bool sealed)
{
	bool narrow = page_narrow(p);
	int at = narrow ? 30 : 46;
	page_sign(p, ST_DIM, 3, arena_printf(p->arena, "%4lld", (long long)l->n), arena_printf(p->arena, "%lld", (long long)l->n));
	page_put(p, ST_PLAIN, 8, "%s", l->t ? num_when(p->arena, l->t) + 4 : "-");
	page_sign(p, sealed ? ST_DONE : ST_WAITING, 21, l->is_signed ? "✓" : sealed ? "·" : "◔",
		l->is_signed ? "signed" : sealed ? "sealed" : "not sealed yet");
	page_fit(p, ST_PLAIN, 23, narrow ? 6 : 11, l->op);
	if (!narrow)
		page_fit(p, ST_DIM, 35, 10, l->who);
	page_fit(p, ST_PLAIN, at, page_width(p) - at - 1, l->brief && *l->brief ? l->brief : l->text);
}

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	long long n = (long long)v->n_lines, at = s->cursor >= 0 ? s->cursor : n - 1;
	screen_place(p, v, "log");
	if (v->walk) {
		bool good = v->facts && v->facts->log.at && v->facts->log.verifies && v->facts->log.ledger_agrees;
		page_state(p, ST_PLAIN, 1, "%lld lines, %lld sealed  ", n, (long long)v->walk->sealed);
		page_state(p, good ? ST_DONE : ST_SHUT, RIGHT, "%s", good ? "✓ verifies, ledger agrees"
			: v->facts && v->facts->log.why ? v->facts->log.why : "✗ not verified yet");
	}
	page_brief(p, "%lld lines", n);
	for (long long i = 0; i < n; i++) {
		page_pick(p, "line");
		if (s->whole || (i >= at - NEAR && i <= at + NEAR))
			line_row(p, &v->lines[i], view_sealed(v, &v->lines[i]));
	}
	p->start = n > 0 ? (int)n - 1 : 0;
	if (n == 0)
		page_text(p, ST_PLAIN, 1, "The log has no lines yet.");
	page_next(p, "✓ signed   · sealed by a later line   ◔ not sealed before the next one", "Enter shows a whole line, with the statement that was run.");
	if (at >= 0 && at < n)
		page_copy(p, v->lines[at].text);
}

static struct action key(const struct scene *s, enum key k)
{
	if (k == K_ENTER && s->cursor >= 0 && s->cursor < (int)s->view->n_lines)
		return action_open(&screen_evidence, LINES_FROM + s->cursor);
	return (struct action){ .todo = k == K_LOG ? DO_NOTHING : DO_COMMON };
}

static const struct key_use keys[] = {
	{ K_MOVE, NULL }, { K_ENTER, "whole line" }, { K_FIRST, "first" }, { K_LAST, "last" }, { K_FIND, NULL }, { K_COPY, "copy line" },
	{ K_BACK, NULL }, { K_HELP, NULL },
};

const struct screen screen_log = {
	.name = "log", .title = "the sealed log",
	.help = "Every decision, every piece of evidence and every statement that was run, in order. A signed line seals all lines before it. The log "
		"is checked against the ledger in the database; anyone can check it with sha256sum and ssh-keygen alone.",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
