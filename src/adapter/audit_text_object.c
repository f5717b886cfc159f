/* SPDX-License-Identifier: MIT */
/* An index or a type as what is looked for. A statement needs no index by name, but for a planner's hint, CLUSTER and REINDEX; a type
   stands in casts and definitions. Any word that is its name counts. */
#include "adapter/audit_text_private.h"

#include <string.h>

#include "base/arena.h"

#define DEPTH_MAX 4   /* strings within strings */

static void look(const struct tokens *v, const struct text_target *t, struct text_found *out)
{
	for (size_t i = 0; i < v->n; i++) {
		out->unicode = out->unicode || v->t[i].kind == TOKEN_UNICODE;
		out->dynamic = out->dynamic || token_is(v, i, "execute");
		out->names_gatewalk = out->names_gatewalk || (token_is(v, i, "gatewalk") && token_is(v, i + 1, "."));
		out->names_table = out->names_table || token_names(v, i, t->table);
	}
}

static void judge(struct text_found *out)
{
	if (!out->names_table && !out->unicode)
		return;
	out->use = USE_NAME;
	out->touch = TOUCH_READ;
}

/* Hints stand in comments, which are no tokens. */
void text_object_statement(const struct tokens *v, const char *text, const struct text_target *t, struct text_found *out)
{
	const char *hint = strstr(text, "/*+");
	if (text_is_definition(v) && !token_is(v, 0, "cluster") && !token_is(v, 0, "reindex"))
		return;
	look(v, t, out);
	out->names_table = out->names_table || (hint && strstr(hint, t->table));
	judge(out);
}

void text_object_body(struct arena *a, const char *text, int depth, const struct text_target *t, struct text_found *out)
{
	struct tokens v = tokens_read(a, text);
	look(&v, t, out);
	for (size_t i = 0; i < v.n && depth < DEPTH_MAX; i++)
		if (v.t[i].kind == TOKEN_STRING)
			text_object_body(a, arena_dupn(a, v.t[i].s, v.t[i].len), depth + 1, t, out);
	judge(out);
}
