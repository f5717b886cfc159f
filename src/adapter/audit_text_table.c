/* SPDX-License-Identifier: MIT */
/* A table, or rows of it, as the target. Every mention of the table is a use of it, but names of tables are often common words: in
   a statement one counts where a table stands, or with its schema in front. Of rows only what deletes them is of interest. */
#include "adapter/audit_text_private.h"

#include "base/arena.h"

#define DEPTH_MAX 4      /* strings within strings */
#define PARENS_MAX 64    /* brackets within brackets; deeper, every place is one where a table may stand */

/* Where in a statement a token stands, bracket by bracket: what a subselect says of its own clauses is over with it. */
struct place { struct { bool from, cast; } in[PARENS_MAX]; size_t depth; };

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

/* ::t or CAST(x AS t), a cast to the table's row type. */
static bool is_cast(const struct tokens *v, size_t i, const struct place *p)
{
	size_t b = begin_of(v, i);
	bool in_cast = p->depth < PARENS_MAX && p->in[p->depth].cast;
	return b >= 2 && ((token_is(v, b - 1, ":") && token_is(v, b - 2, ":")) || (in_cast && token_is(v, b - 1, "as")));
}

static bool in_from(const struct place *p)
{
	return p->depth >= PARENS_MAX || p->in[p->depth].from;
}

/* A bracket that stands where a table could holds tables itself: FROM (a JOIN b). */
static void place_opens(const struct tokens *v, size_t i, struct place *p)
{
	static const char *const before[] = { "from", "join", "using", "lateral", ",", "(" };
	bool from = false;
	for (size_t k = 0; i > 0 && k < sizeof before / sizeof before[0]; k++)
		from = from || token_is(v, i - 1, before[k]);
	from = from && in_from(p);
	if (++p->depth >= PARENS_MAX)
		return;
	p->in[p->depth].from = from;
	p->in[p->depth].cast = i > 0 && token_is(v, i - 1, "cast");
}

/* ON does not end a list of tables: behind its condition a comma brings the next one. */
static void place_next(const struct tokens *v, size_t i, struct place *p)
{
	if (token_is(v, i, "("))
		place_opens(v, i, p);
	else if (token_is(v, i, ")"))
		p->depth -= p->depth > 0;
	else if (p->depth < PARENS_MAX && !token_is(v, i, "on"))
		p->in[p->depth].from = text_clause_from(v, i, p->in[p->depth].from);
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

static bool is_table_place(const struct tokens *v, size_t i, const struct place *p)
{
	return begin_of(v, i) != i || text_is_relation(v, i, in_from(p)) || writes(v, i) || is_cast(v, i, p);
}

static void found(const struct tokens *v, size_t i, struct text_found *out)
{
	out->names_table = true;
	if (writes(v, i))
		out->touch = TOUCH_WRITE;
}

static void look(const struct tokens *v, const struct text_target *t, bool everywhere, struct text_found *out)
{
	struct place p = { .depth = 0 };
	for (size_t i = 0; i < v->n; i++) {
		out->unicode = out->unicode || v->t[i].kind == TOKEN_UNICODE;
		out->dynamic = out->dynamic || token_is(v, i, "execute");
		out->names_gatewalk = out->names_gatewalk || (token_is(v, i, "gatewalk") && token_is(v, i + 1, "."));
		place_next(v, i, &p);
		if (is_mention(v, i, t) && (t->kind == TARGET_ROWS ? deletes(v, i) : everywhere || is_table_place(v, i, &p)))
			found(v, i, out);
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

bool audit_text_key_check(struct arena *a, const char *text)
{
	const struct tokens v = tokens_read(a, text);
	return is_key_check(&v);
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
