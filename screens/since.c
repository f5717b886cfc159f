/* SPDX-License-Identifier: MIT */
#include "screens/screen.h"

#include "screens/num.h"

static void render(struct page *p, const struct scene *s)
{
	const struct view *v = s->view;
	page_place(p, v->plan ? v->plan->name : "gatewalk", "since you left");
	if (v->left_for)
		page_state(p, ST_PLAIN, 1, "you left %s ago", num_whole(p->arena, v->left_for));
	page_brief(p, "since you left: %zu", v->n_since_left);
	page_row(p, "news");
	page_put(p, ST_BOLD, 1, "%zu %s changed", v->n_since_left, v->n_since_left == 1 ? "thing" : "things");
	page_blank(p);
	for (size_t i = 0; i < v->n_since_left; i++)
		page_item(p, "changed", "·", 3, v->since_left[i]);
	page_next(p, "Enter goes on to the walk.", v->next[0]);
}

static struct action key(const struct scene *s, enum key k)
{
	(void)s;
	return (struct action){ .todo = k == K_ENTER ? DO_BACK : DO_COMMON };
}

static const struct key_use keys[] = {
	{ K_ENTER, "go on" }, { K_LOG, NULL }, { K_COPY, NULL }, { K_HELP, NULL }, { K_Q, "walk" },
};

const struct screen screen_since = {
	.name = "since", .title = "since you left",
	.help = "What changed while you were away, before anything else. All of it stands in the log (L).",
	.keys = keys, .n_keys = sizeof keys / sizeof keys[0], .on_walk = true,
	.render = render, .key = key,
};
