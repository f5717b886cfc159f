/* SPDX-License-Identifier: MIT */
#include "adapter/audit_opinion.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "port/apart.h"
#include "port/files.h"

#define TEXT_MS 2000   /* SQLPARSE_MAX bytes take some 100 ms */
#define WHY_MAX 160

struct answer { struct parsed_body is; char why[WHY_MAX]; };
struct opinion {
	struct arena *a;
	struct parse_target t;
	struct text_target of;
	struct apart *apart;
	int64_t budget, left;
	size_t unread;
	const char *why;
};

/* A question: the bytes of a function's head, a colon, head and text; of a statement there is no head. */
static void answer(const void *ctx, const char *question, void *out)
{
	const struct opinion *o = ctx;
	struct answer *to = out;
	struct arena *a = arena_new();
	const char *why = NULL;
	char *rest;
	size_t head = strtoul(question, &rest, 10);
	rest++;
	if (head)
		to->is = audit_parse_body(a, &o->t, &(struct parse_code){ arena_dupn(a, rest, head), rest + head }, &why);
	else
		to->is.is = audit_parse(a, &o->t, rest, &why);
	if (why)
		snprintf(to->why, sizeof to->why, "%s", why);
	arena_free(a);
}

struct opinion *opinion_new(struct arena *a, const struct text_target *t, const char *const *leads, int64_t budget)
{
	struct opinion *o = arena_alloc(a, sizeof *o);
	*o = (struct opinion){ .a = a, .of = *t, .t.leads = leads, .budget = budget, .left = budget };
	o->t.of = &o->of;
	o->apart = apart_new(a, answer, o, sizeof(struct answer), TEXT_MS);
	return o;
}

static struct parsed_body ask(struct opinion *o, const char *head, const char *text)
{
	struct answer is = { .is.is.as = PARSED_NOT };
	int64_t began = clock_mono();
	struct arena *a = arena_new();
	const char *none = "the parser had no time left";
	if (o->left > 0) {
		none = "the parser gave no answer";
		if (apart_ask(o->apart, arena_printf(a, "%zu:%s%s", strlen(head), head, text), &is))
			none = is.is.is.as == PARSED_NOT ? is.why : NULL;
		else
			is = (struct answer){ .is.is.as = PARSED_NOT };
	}
	if (none && !o->unread++)
		o->why = arena_dup(o->a, none);
	o->left -= clock_mono() - began;
	arena_free(a);
	return is.is;
}

struct parsed opinion_text(struct opinion *o, const char *text)
{
	return ask(o, "", text).is;
}

struct parsed_body opinion_body(struct opinion *o, const struct parse_code *code)
{
	return ask(o, code->head, code->body);
}

void opinion_end(struct opinion *o)
{
	apart_end(o->apart);
	o->left = o->budget;
}

size_t opinion_unread(const struct opinion *o, const char **why)
{
	*why = o->why;
	return o->unread;
}
