/* SPDX-License-Identifier: MIT */
#include "adapter/audit_text_private.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

/* Statements that define things: they neither read nor write the rows. CREATE TABLE and the like may carry AS SELECT. */
static const char *const defines[] = { "alter", "drop", "comment", "grant", "revoke", "analyze", "vacuum", "cluster", "reindex", "lock",
	"truncate", "set", "reset", "show", "begin", "start", "commit", "rollback", "savepoint", "release", "security", "discard",
	"listen", "notify", "checkpoint", "import" };
static const char *const creates_code[] = { "function", "procedure", "view", "trigger", "index", "policy", "rule", "statistics",
	"publication", "aggregate", "domain", "type", "schema", "sequence", "extension", "role", "user", "database", "event" };
/* Words that begin a clause, or stand where an alias could: none of them is an alias. */
static const char *const clauses[] = { "select", "from", "where", "set", "returning", "group", "order", "having", "on", "values", "using",
	"join", "inner", "left", "right", "full", "cross", "natural", "limit", "offset", "fetch", "for", "union", "intersect", "except",
	"default", "window", "tablesample", "to", "overriding", "when", "with", "and", "or", "not", "then", "into", "do", "loop", "conflict",
	"lateral", "as", "is", "in", "end", "begin", "if" };

static bool in_list(const struct tokens *v, size_t i, const char *const *list, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (token_is(v, i, list[k]))
			return true;
	return false;
}
#define IN(v, i, list) in_list(v, i, list, sizeof list / sizeof list[0])

bool text_is_definition(const struct tokens *v)
{
	if (IN(v, 0, defines))
		return !token_is(v, 0, "set") || !token_is(v, 1, "constraints");
	if (!token_is(v, 0, "create"))
		return false;
	bool as = false;   /* or LIKE: the columns are another table's */
	for (size_t i = 1; i < v->n && !as; i++) {
		if (i < 5 && IN(v, i, creates_code) && !token_is(v, 1, "materialized") && !token_is(v, 3, "materialized"))
			return true;
		as = token_is(v, i, "as") || token_is(v, i, "like");
	}
	return !as;
}

/* A mention qualified by something else is another table, or a column. */
bool text_is_table(const struct tokens *v, size_t i, const struct text_target *t)
{
	if (!token_names(v, i, t->table) || (i > 0 && token_is(v, i - 1, "return")))
		return false;   /* RETURN new, at the end of each trigger's function, uses nothing */
	return i < 2 || !token_is(v, i - 1, ".") || token_names(v, i - 2, t->schema);
}

/* `*` that stands for columns: nothing to its right that it could be multiplied by, and no count(*). */
static bool is_star(const struct tokens *v, size_t i)
{
	if (!token_is(v, i, "*"))
		return false;
	if (i > 0 && token_is(v, i - 1, "."))
		return true;
	if (i > 0 && token_is(v, i - 1, "("))
		return false;
	return i + 1 >= v->n || token_is(v, i + 1, ",") || token_is(v, i + 1, ")") || token_is(v, i + 1, ";") || IN(v, i + 1, clauses);
}

/* Is this mention of the table in a place where a table stands (FROM, JOIN, INTO, ...), not a value? */
bool text_is_relation(const struct tokens *v, size_t i, bool in_from)
{
	if (i >= 2 && token_is(v, i - 1, "."))
		i -= 2;
	if (i == 0)
		return false;
	static const char *const before[] = { "from", "join", "into", "update", "table", "only", "using", "copy", "lateral" };
	return IN(v, i - 1, before) || (in_from && (token_is(v, i - 1, ",") || token_is(v, i - 1, "(")));
}

static size_t alias_of(const struct tokens *v, size_t i)
{
	size_t k = i + 1;
	if (token_is(v, k, "*"))   /* FROM t* : with its children */
		k++;
	if (token_is(v, k, "as"))
		return k + 1;
	bool word = k < v->n && (v->t[k].kind == TOKEN_WORD || v->t[k].kind == TOKEN_QUOTED);
	return word && !IN(v, k, clauses) ? k : SIZE_MAX;
}

static bool same_token(const struct token *x, const struct token *y)
{
	return (x->kind == TOKEN_WORD || x->kind == TOKEN_QUOTED) && x->len == y->len && strncasecmp(x->s, y->s, x->len) == 0;
}

/* The alias as a bare word anywhere else: the row itself, as in to_jsonb(o). */
static bool alias_is_value(const struct tokens *v, size_t alias)
{
	for (size_t i = 0; i < v->n; i++) {
		if (i == alias || !same_token(&v->t[i], &v->t[alias]))
			continue;
		bool qualifies = token_is(v, i + 1, ".");
		bool is_column = i > 0 && (token_is(v, i - 1, ".") || token_is(v, i - 1, "as"));
		bool assigned = token_is(v, i + 1, "=") && i > 0 && token_is(v, i - 1, "set");
		if (!qualifies && !is_column && !assigned)
			return true;
	}
	return false;
}

static bool inserts_whole(const struct tokens *v, size_t i)
{
	size_t before = i >= 2 && token_is(v, i - 1, ".") ? i - 2 : i;
	if (before == 0 || !token_is(v, before - 1, "into"))
		return false;
	size_t next = i + 1;
	if (token_is(v, next, "as"))
		next += 2;
	static const char *const queries[] = { "select", "values", "table", "with", "(" };
	return !token_is(v, next, "(") || IN(v, next + 1, queries);
}

static bool copies_whole(const struct tokens *v, size_t i)
{
	size_t before = i >= 2 && token_is(v, i - 1, ".") ? i - 2 : i;
	return before == 1 && token_is(v, 0, "copy") && !token_is(v, i + 1, "(");
}

/* Follows the clauses so that a comma in FROM is told from one in a select list. */
bool text_clause_from(const struct tokens *v, size_t i, bool before)
{
	static const char *const opens[] = { "from", "using", "join" };
	static const char *const ends[] = { "select", "where", "set", "returning", "group", "order", "having", "on", "values", "limit" };
	if (IN(v, i, opens))
		return true;
	return IN(v, i, ends) ? false : before;
}

/* In FROM a comma or bracket stands before another table, or inside a function's arguments: there it may be the row. */
static bool in_arguments(const struct tokens *v, size_t i, bool again)
{
	size_t before = i >= 2 && token_is(v, i - 1, ".") ? i - 2 : i;
	return again && before > 0 && (token_is(v, before - 1, "(") || token_is(v, before - 1, ","));
}

/* FROM t AS o (a, b, c): the columns by their places. */
static bool renames_columns(const struct tokens *v, size_t before, size_t alias)
{
	return alias < v->n && token_is(v, alias + 1, "(") && !(before > 0 && token_is(v, before - 1, "into"));
}

struct rows_used { bool table, star, whole, written; };

static void mention(const struct tokens *v, size_t i, bool in_from, struct rows_used *out)
{
	bool again = out->table;
	out->table = true;
	if (inserts_whole(v, i)) {
		out->whole = out->written = true;
	} else if (copies_whole(v, i)) {
		out->whole = true;
		out->written = token_is(v, i + 1, "from");
	} else if (text_is_relation(v, i, in_from) && !in_arguments(v, i, again)) {
		size_t alias = alias_of(v, i);
		size_t before = i >= 2 && token_is(v, i - 1, ".") ? i - 2 : i;
		bool row = token_is(v, before - 1, "table") && !token_is(v, 0, "create");   /* TABLE t */
		out->whole = out->whole || row || renames_columns(v, before, alias) || (alias < v->n && alias_is_value(v, alias));
	} else if (!token_is(v, i + 1, ".")) {
		out->whole = true;
	}
}

static struct rows_used use_of_rows(const struct tokens *v, const struct text_target *t)
{
	struct rows_used u = { 0 };
	bool star = false, in_from = false;
	for (size_t i = 0; i < v->n; i++) {
		in_from = text_clause_from(v, i, in_from);
		star = star || is_star(v, i) || token_is(v, i, "natural");   /* NATURAL JOIN joins by every name that both have */
		if (text_is_table(v, i, t))
			mention(v, i, in_from, &u);
	}
	u.star = star;
	u.whole = u.whole || (star && u.table);
	return u;
}

/* The column, or a constraint that goes with it: ON CONFLICT ON CONSTRAINT, SET CONSTRAINTS. */
static bool names_column(const struct tokens *v, size_t i, const struct text_target *t)
{
	for (size_t k = 0; t->falls && t->falls[k]; k++)
		if (token_names(v, i, t->falls[k]))
			return true;
	return token_names(v, i, t->column);
}

bool text_names_view(const struct tokens *v, const struct text_target *t)
{
	for (size_t k = 0; t->views && t->views[k]; k++)
		for (size_t i = 0; i < v->n; i++)
			if (token_names(v, i, t->views[k]))
				return true;
	return false;
}

/* As pg_dump and logical replication write them: every column, in the table's own order. They follow the catalogue. */
bool text_from_catalogue(const struct tokens *v, const struct text_target *t)
{
	if (token_is(v, 0, "declare") && token_names(v, 1, "_pg_dump_cursor"))
		return true;
	if (!token_is(v, 0, "copy") || !t->columns)
		return false;
	size_t i = token_is(v, 2, ".") ? 4 : 2;
	for (size_t k = 0; t->columns[k]; k++, i += 2)
		if (!token_is(v, i, k == 0 ? "(" : ",") || !token_names(v, i + 1, t->columns[k]))
			return false;
	return token_is(v, i, ")") && token_is(v, i + 1, "to");
}

static bool copies_in(const struct tokens *v)
{
	for (size_t i = 2; i < v->n && !token_is(v, i, "to"); i++)
		if (token_is(v, i, "from"))
			return true;
	return false;
}

/* A statement that names the column writes it when it assigns it or lists it for INSERT. */
static bool writes_column(const struct tokens *v, const char *column)
{
	bool in_set = false, in_list = false, after_into = false;
	for (size_t i = 0; i < v->n; i++) {
		if (token_is(v, i, "set"))
			in_set = true;
		else if (token_is(v, i, "where") || token_is(v, i, "from") || token_is(v, i, "returning"))
			in_set = in_list = false;
		else if (token_is(v, i, "into"))
			after_into = true;
		else if (token_is(v, i, "values") || token_is(v, i, "select"))
			after_into = in_list = false;
		else if (token_is(v, i, "(") && after_into)
			in_list = true;
		else if (token_is(v, i, ")"))
			after_into = in_list = false;
		bool assigned = in_set && (token_is(v, i + 1, "=") || token_is(v, i + 1, ",") || token_is(v, i + 1, ")"));
		if (token_names(v, i, column) && (assigned || in_list))
			return true;
	}
	return false;
}

/* DO: its code is one string, read as a function's body is. Naming the column alone is not enough, as in a statement. */
static void column_do(struct arena *a, const struct tokens *v, const struct text_target *t, struct text_found *out)
{
	for (size_t i = 1; i < v->n; i++) {
		struct text_found f;
		if (v->t[i].kind != TOKEN_STRING)
			continue;
		audit_text_body(a, arena_dupn(a, v->t[i].s, v->t[i].len), t, &f);
		if ((f.use == USE_NAME && (f.names_table || f.unicode)) || f.use == USE_STAR)
			*out = f;
	}
}

void audit_text_statement(struct arena *a, const char *text, const struct text_target *t, struct text_found *out)
{
	*out = (struct text_found){ 0 };
	struct tokens v = tokens_read(a, text);
	if (t->kind == TARGET_INDEX || t->kind == TARGET_TYPE) {
		text_object_statement(&v, text, t, out);
		return;
	}
	if (t->kind == TARGET_TABLE || t->kind == TARGET_ROWS) {
		if (token_is(&v, 0, "do"))
			text_table_body(a, text, 0, t, out);   /* its code is one string */
		else
			text_table_statement(&v, t, out);
		return;
	}
	if (token_is(&v, 0, "do"))
		column_do(a, &v, t, out);
	if (v.n == 0 || token_is(&v, 0, "do") || text_is_definition(&v))
		return;
	for (size_t i = 0; i < v.n; i++) {
		out->unicode = out->unicode || v.t[i].kind == TOKEN_UNICODE;
		out->names_column = out->names_column || names_column(&v, i, t);
		out->names_gatewalk = out->names_gatewalk || (token_is(&v, i, "gatewalk") && token_is(&v, i + 1, "."));
	}
	struct rows_used rows = use_of_rows(&v, t);
	out->star = rows.star;
	out->names_view = text_names_view(&v, t);
	out->names_table = rows.table || out->names_view || out->unicode || (token_is(&v, 0, "set") && token_is(&v, 1, "constraints"));
	if (out->names_table && (out->names_column || out->unicode)) {
		bool writes = token_is(&v, 0, "copy") ? !token_is(&v, 1, "(") && copies_in(&v) : writes_column(&v, t->column) || token_is(&v, 0, "merge");
		out->use = text_from_catalogue(&v, t) ? USE_STAR : USE_NAME;
		out->touch = writes ? TOUCH_WRITE : TOUCH_READ;
	} else if (rows.whole) {
		out->use = USE_STAR;
		out->touch = rows.written ? TOUCH_WRITE : TOUCH_READ;
	}
}

/* Words inside string literals count too: they are what EXECUTE runs. */
static void body_words(struct arena *a, const char *text, int depth, const struct text_target *t, struct text_found *out)
{
	struct tokens v = tokens_read(a, text);
	for (size_t i = 0; i < v.n; i++) {
		out->names_column = out->names_column || names_column(&v, i, t);
		out->names_table = out->names_table || text_is_table(&v, i, t);
		out->unicode = out->unicode || v.t[i].kind == TOKEN_UNICODE;
		out->dynamic = out->dynamic || token_is(&v, i, "execute");
		if (v.t[i].kind == TOKEN_STRING && depth < 4)
			body_words(a, arena_dupn(a, v.t[i].s, v.t[i].len), depth + 1, t, out);
	}
	out->names_table = out->names_table || text_names_view(&v, t);
	if (depth == 0) {
		struct rows_used rows = use_of_rows(&v, t);
		out->use = rows.whole ? USE_STAR : USE_NONE;
		out->touch = rows.written || writes_column(&v, t->column) ? TOUCH_WRITE : TOUCH_READ;
	}
}

void audit_text_body(struct arena *a, const char *text, const struct text_target *t, struct text_found *out)
{
	*out = (struct text_found){ 0 };
	if (t->kind == TARGET_INDEX || t->kind == TARGET_TYPE) {
		text_object_body(a, text, 0, t, out);
		return;
	}
	if (t->kind == TARGET_TABLE || t->kind == TARGET_ROWS) {
		text_table_body(a, text, 0, t, out);
		return;
	}
	body_words(a, text, 0, t, out);
	if (out->names_column || out->unicode)
		out->use = USE_NAME;
	if (out->use == USE_NONE)
		out->touch = TOUCH_NONE;
}

static bool has_word(const char *text, const char *word)
{
	size_t len = strlen(word);
	for (const char *at = text; len && (at = strcasestr(at, word)) != NULL; at++)
		if ((at == text || !token_in_word(at[-1])) && !token_in_word(at[len]))
			return true;
	return false;
}

void audit_text_foreign(const char *text, const struct text_target *t, struct text_found *out)
{
	const char *name = t->column ? t->column : t->table;
	*out = (struct text_found){ .dynamic = true, .names_table = has_word(text, t->table), .names_column = t->column && has_word(text, t->column) };
	if (!has_word(text, name))
		return;
	out->use = USE_NAME;
	out->touch = TOUCH_READ;
}
