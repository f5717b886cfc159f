/* SPDX-License-Identifier: MIT */
/* A table, or rows of it, as the target. Every mention of the table is a use of it, but names of tables are often common words: in
   a statement one counts where a table stands, or with its schema in front. Of rows only what deletes them is of interest. */
#include "adapter/audit_text_private.h"

#include "base/arena.h"

#define DEPTH_MAX 4   /* strings within strings */

/* Where the name begins: at its schema, when it has one. */
static size_t begin_of(const struct tokens *v, size_t i)
{
	return i >= 2 && token_is(v, i - 1, ".") ? i - 2 : i;
}

/* The table itself, a view over it or a partition of it; the latter are known by their own names alone. */
static bool is_mention(const struct tokens *v, size_t i, const struct text_target *t)
{
	if (text_is_table(v, i, t))
		return true;
	for (size_t k = 0; t->views && t->views[k]; k++)
		if (token_names(v, i, t->views[k]))
			return true;
	return false;
}

/* DELETE FROM t, TRUNCATE t; between them may stand ONLY, TABLE and, of TRUNCATE, other tables. */
static bool deletes(const struct tokens *v, size_t i)
{
	size_t b = begin_of(v, i);
	if (token_is(v, 0, "truncate"))
		return true;
	b -= b > 0 && token_is(v, b - 1, "only");
	return b >= 2 && token_is(v, b - 1, "from") && token_is(v, b - 2, "delete");
}

static bool copies_in(const struct tokens *v, size_t i)
{
	if (!token_is(v, 0, "copy") || begin_of(v, i) != 1)
		return false;
	for (size_t k = i; k < v->n && !token_is(v, k, "to"); k++)
		if (token_is(v, k, "from"))
			return true;
	return false;
}

static bool writes(const struct tokens *v, size_t i)
{
	size_t b = begin_of(v, i);
	b -= b > 0 && token_is(v, b - 1, "only");
	return (b > 0 && (token_is(v, b - 1, "into") || token_is(v, b - 1, "update"))) || deletes(v, i) || copies_in(v, i);
}

/* ::t, a cast to the table's row type. */
static bool is_cast(const struct tokens *v, size_t i)
{
	size_t b = begin_of(v, i);
	return b >= 2 && token_is(v, b - 1, ":") && token_is(v, b - 2, ":");
}

/* What the server itself asks for a foreign key: SELECT 1 FROM ONLY "s"."t" x WHERE ... FOR KEY SHARE OF x. The key falls with the
   table, or is taken off. */
static bool is_key_check(const struct tokens *v)
{
	static const char *const end[] = { "for", "key", "share", "of", "x" };
	if (v->n < 12 || !token_is(v, 0, "select") || !(token_is(v, 2, "from") || token_is(v, 3, "from")))
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!token_is(v, v->n - 5 + i, end[i]))
			return false;
	return token_is(v, token_is(v, 2, "from") ? 3 : 4, "only");
}

static void look(const struct tokens *v, const struct text_target *t, bool everywhere, struct text_found *out)
{
	bool in_from = false;
	for (size_t i = 0; i < v->n; i++) {
		out->unicode = out->unicode || v->t[i].kind == TOKEN_UNICODE;
		out->dynamic = out->dynamic || token_is(v, i, "execute");
		out->names_gatewalk = out->names_gatewalk || (token_is(v, i, "gatewalk") && token_is(v, i + 1, "."));
		in_from = text_clause_from(v, i, in_from);
		if (!is_mention(v, i, t))
			continue;
		if (t->kind == TARGET_ROWS ? !deletes(v, i) : !everywhere && begin_of(v, i) == i && !text_is_relation(v, i, in_from) && !writes(v, i) && !is_cast(v, i))
			continue;
		out->names_table = true;
		if (writes(v, i))
			out->touch = TOUCH_WRITE;
	}
}

/* Rows: its owner may let it go on deleting, so it can be cleared as one that survives. */
static void judge(const struct text_target *t, bool catalogue, struct text_found *out)
{
	if (!out->names_table && (!out->unicode || t->kind == TARGET_ROWS))
		return;
	out->use = catalogue || t->kind == TARGET_ROWS ? USE_STAR : USE_NAME;
	if (out->touch == TOUCH_NONE)
		out->touch = TOUCH_READ;
}

void text_table_statement(const struct tokens *v, const struct text_target *t, struct text_found *out)
{
	if (v->n == 0 || (text_is_definition(v) && !token_is(v, 0, "truncate")) || is_key_check(v))
		return;
	look(v, t, false, out);
	judge(t, text_from_catalogue(v, t), out);
}

void text_table_body(struct arena *a, const char *text, int depth, const struct text_target *t, struct text_found *out)
{
	struct tokens v = tokens_read(a, text);
	look(&v, t, true, out);
	for (size_t i = 0; i < v.n && depth < DEPTH_MAX; i++)
		if (v.t[i].kind == TOKEN_STRING)
			text_table_body(a, arena_dupn(a, v.t[i].s, v.t[i].len), depth + 1, t, out);
	if (depth == 0)
		judge(t, false, out);
}
