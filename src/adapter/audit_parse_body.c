/* SPDX-License-Identifier: MIT */
/* PL/pgSQL as the parser reads it: statements with SQL and expressions in them as text, each of which is read again. */
#include "adapter/audit_parse_private.h"

#include <string.h>

#include "adapter/audit_token.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "port/sqlparse.h"

#define QUOTES "$gatewalk_body$"

struct code { struct walk w; struct parsed_body *out; int line; size_t constants; };   /* constants: of EXECUTE */

/* Once a line. */
static void opaque_at(struct parsed_body *out, int line)
{
	for (size_t i = 0; i < out->opaque && i < PARSE_LINES; i++)
		if (out->line[i] == line)
			return;
	if (out->opaque < PARSE_LINES)
		out->line[out->opaque] = line;
	out->opaque++;
}

/* NULL: neither a statement nor an expression. */
static const struct json *stmts_of(struct arena *a, const char *sql)
{
	const struct json *tree = sqlparse(a, sql, NULL);
	return tree ? json_get(tree, "stmts") : NULL;
}

/* x := y and x = y are y; what stands to the left is a variable, or a field of one. */
static const char *right_side(struct code *c, const char *sql)
{
	const struct tokens v = tokens_read(c->w.a, sql);
	size_t i = 0;
	while (i < v.n && !token_is(&v, i, "=") && !token_is(&v, i, "("))
		i++;
	bool assigns = i > 0 && i + 1 < v.n && token_is(&v, i, "=") && (token_is(&v, i - 1, ":") || i == 1 || token_is(&v, 1, ".") || token_is(&v, 1, "["));
	for (size_t k = 0; assigns && k < i; k++)
		c->w.unsure = c->w.unsure || (c->w.t->of->column && token_names(&v, k, c->w.t->of->column));
	return assigns ? v.t[i].s + 1 : NULL;
}

static const struct json *read_sql(struct code *c, const char *sql, bool assigns)
{
	struct arena *a = c->w.a;
	const char *right = assigns ? right_side(c, sql) : NULL;
	const struct json *all = right ? NULL : stmts_of(a, sql);
	return all ? all : stmts_of(a, arena_printf(a, "SELECT %s", right ? right : sql));
}

static void embedded(struct code *c, const char *sql, bool assigns)
{
	const struct json *all = read_sql(c, sql, assigns);
	c->w.unsure = c->w.unsure || !all;
	for (const struct json *s = all ? all->first : NULL; s; s = s->next)
		walk_statement(&c->w, json_get(s, "stmt"));
	if (c->w.opaque)
		opaque_at(c->out, c->line);
	c->w.opaque = false;
}

/* 'text' alone, without anything that is put to it. */
static const char *constant(struct arena *a, const char *sql)
{
	const struct json *s = stmts_of(a, arena_printf(a, "SELECT %s", sql));
	if (!s || !s->first || s->first->next)
		return NULL;
	const struct json *q = json_get(json_get(s->first, "stmt"), "SelectStmt"), *list = json_get(q, "targetList");
	if (!list || !list->first || list->first->next || json_get(q, "fromClause"))
		return NULL;
	return json_str(json_get(json_get(json_get(json_get(list->first, "ResTarget"), "val"), "A_Const"), "sval"), "sval");
}

/* SQL that is put together cannot be read; a constant can. */
static void dynamic(struct code *c, const struct json *expr)
{
	const char *built = json_str(json_get(expr, "PLpgSQL_expr"), "query"), *sql = built ? constant(c->w.a, built) : NULL;
	if (sql && stmts_of(c->w.a, sql)) {
		c->constants++;
		embedded(c, sql, false);
		return;
	}
	c->w.unsure = true;
	opaque_at(c->out, c->line);
	if (built)
		embedded(c, built, false);   /* literals in it are looked into */
}

/* In the loop and the statement that EXECUTE, the text is the query; in others it stands apart from a query that is plain SQL. */
static bool runs_text(const char *stmt, const char *key)
{
	bool executes = strcmp(stmt, "PLpgSQL_stmt_dynexecute") == 0 || strcmp(stmt, "PLpgSQL_stmt_dynfors") == 0;
	return strcmp(key, "dynquery") == 0 || (executes && strcmp(key, "query") == 0);
}

/* A variable, its type, a field of a row: in doubt, of the target's. */
static bool has_name(const struct walk *w, const char *s)
{
	const struct text_target *t = w->t->of;
	const char *const *const lists[] = { t->views, w->t->leads };
	bool has = strcasestr(s, t->table) || (t->column && strcasestr(s, t->column));
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; lists[k] && lists[k][i]; i++)
			has = has || strcasestr(s, lists[k][i]);
	return has;
}

static void code_walk(struct code *c, const char *stmt, const struct json *v)
{
	const char *key = v->key ? v->key : "", *sql = strcmp(key, "PLpgSQL_expr") == 0 ? json_str(v, "query") : NULL;
	int line = c->line;
	c->line = (int)json_int_or(v, "lineno", line);
	if (v->kind == JSON_STR)
		c->w.unsure = c->w.unsure || has_name(&c->w, v->str);
	else if (sql)
		embedded(c, sql, true);
	else if (v->kind == JSON_OBJ && runs_text(stmt, key))
		dynamic(c, v);
	else
		for (const struct json *n = v->first; n; n = n->next)
			code_walk(c, strncmp(key, "PLpgSQL_stmt_", 13) == 0 ? key : stmt, n);
	c->line = line;
}

/* Where a statement can begin. */
static bool begins(const struct tokens *v, size_t i)
{
	static const char *const before[] = { ";", "begin", "then", "else", "loop", ">" };
	for (size_t k = 0; i > 0 && k < sizeof before / sizeof before[0]; k++)
		if (token_is(v, i - 1, before[k]))
			return true;
	return false;
}

static size_t until(const struct tokens *v, size_t i, const char *sign)
{
	size_t n = 0;
	while (i + n < v->n && !token_is(v, i + n, sign) && !token_is(v, i + n, ";"))
		n++;
	return n;
}

/* How many tokens of it, from i on, are given to the parser as something else, of the same use and on the same line: it knows no fields of
   variables that are assigned to (row.field := value), no cursors, nor RETURN NEXT without a value. A name that goes with them is missed when the names
   are counted. */
static size_t other_words(const struct tokens *v, size_t i, const char **as)
{
	*as = " ";
	if (token_is(v, i, "next") && token_is(v, i - 1, "return") && token_is(v, i + 1, ";"))
		return 1;
	if (!begins(v, i))
		return 0;
	size_t opens = token_is(v, i, "open") ? until(v, i, "for") : 0;
	if (opens && token_is(v, i + opens, "for"))
		return opens + 1;   /* what it is opened for stands by itself */
	*as = "PERFORM ";
	if (opens && token_is(v, i + 2, "("))
		return 1;   /* its arguments are expressions, as a function's are */
	if (token_is(v, i + 1, ".") && token_is(v, i + 3, ":") && token_is(v, i + 4, "="))
		return 5;
	*as = "NULL";
	return opens || token_is(v, i, "fetch") || token_is(v, i, "move") || token_is(v, i, "close") ? until(v, i, ";") : 0;
}

/* EXECUTE as our own reader finds it, where the parser has found less of it: in what it could not read, or in a literal that is SQL to somebody else. */
static void opaque_by_words(struct arena *a, const char *body, size_t known, struct parsed_body *out)
{
	const struct tokens v = tokens_read(a, body);
	size_t all = 0;
	for (size_t i = 0; i < v.n; i++)
		all += token_is(&v, i, "execute");
	for (size_t i = 0; i < v.n; i++) {
		int line = 1;
		bool hidden = v.t[i].kind == TOKEN_STRING && strcasestr(arena_dupn(a, v.t[i].s, v.t[i].len), "execute");
		if (!hidden && (all <= known || !token_is(&v, i, "execute")))
			continue;
		for (const char *p = body; p < v.t[i].s; p++)
			line += *p == '\n';
		opaque_at(out, line);
	}
}

/* NULL: the quotes that we put around it stand in it. */
static const char *readable(struct arena *a, const char *body)
{
	const struct tokens v = tokens_read(a, body);
	const char *past = body, *as;
	struct text out = { 0 };
	for (size_t i = 0, n; i < v.n; i += n ? n : 1) {
		if ((n = other_words(&v, i, &as)) == 0)
			continue;
		const char *from = v.t[i].s - (v.t[i].kind == TOKEN_QUOTED), *end = v.t[i + n - 1].s + v.t[i + n - 1].len;
		text_addn(&out, past, (size_t)(from - past));
		text_add(&out, as);
		for (const char *p = from; p < end; p++)
			text_add(&out, *p == '\n' ? "\n" : "");
		past = end;
	}
	text_add(&out, past);
	const char *whole = strstr(body, QUOTES) ? NULL : arena_dup(a, text_str(&out));
	text_free(&out);
	return whole;
}

/* Its code is one string, of which our own reader cannot count the words: never none. */
void walk_do(struct walk *w, const struct json *v)
{
	const struct json *args = json_get(v, "args");
	const char *code = NULL;
	w->unsure = true;
	for (const struct json *c = args ? args->first : NULL; c; c = c->next) {
		const struct json *d = json_get(c, "DefElem");
		if (text_eq(json_str(d, "defname"), "as"))
			code = json_str(json_get(json_get(d, "arg"), "String"), "sval");
	}
	if (!code)
		return;
	struct parsed_body in = audit_parse_body(w->a, w->t, &(struct parse_code){ "DO ", code }, NULL);
	w->opaque = w->opaque || in.opaque > 0;
	if (in.is.as == PARSED_USED)
		walk_found(w, in.is.use, in.is.sure, in.is.writes);
}

/* Has it a name as U&"..."? To the left of := nobody reads it but the server. */
static bool spells(struct arena *a, const char *body)
{
	const struct tokens v = tokens_read(a, body);
	for (size_t i = 0; i < v.n; i++)
		if (v.t[i].kind == TOKEN_UNICODE)
			return true;
	return false;
}

struct parsed_body audit_parse_body(struct arena *a, const struct parse_target *t, const struct parse_code *code, const char **why)
{
	struct parsed_body out = { .is.as = PARSED_NOT };
	struct err e = { 0 };
	const char *body = readable(a, code->body);
	const struct json *tree = body ? sqlparse_plpgsql(a, arena_printf(a, "%s" QUOTES "%s" QUOTES, code->head, body), &e) : NULL;
	if (!tree) {
		if (why)
			*why = body ? arena_dup(a, e.msg) : "it has " QUOTES " in it";
		opaque_by_words(a, code->body, 0, &out);
		return out;
	}
	struct code c = { .w = { .a = a, .t = t, .unsure = spells(a, code->body) }, .out = &out };
	code_walk(&c, "", tree);
	out.is = walk_end(&c.w, code->body);
	opaque_by_words(a, code->body, out.opaque + c.constants, &out);
	return out;
}
