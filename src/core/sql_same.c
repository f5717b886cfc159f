/* SPDX-License-Identifier: MIT */
/* Reading a proposed statement, only as far as it takes to say "the same" or why not. Whatever this reader does not know
   is not the same: it never guesses, and what it reads is never sent to a server. */
#include "core/sql.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "core/plan.h"
#include "core/rule.h"

enum kind { TOK_END, TOK_WORD, TOK_QUOTED, TOK_SIGN, TOK_BAD };
struct token { enum kind kind; const char *text; };   /* a word is folded, a quoted name unquoted */
struct reader { struct arena *a; const char *at; struct token now; const char *why; };

static bool is_space(char c)
{
	return c != '\0' && strchr(" \t\n\r\f\v", c) != NULL;
}

/* As the server's scanner has it, without the dollar sign. */
static bool is_word_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
	return is_word_start(c) || (c >= '0' && c <= '9');
}

static bool bad(struct reader *r, const char *why)
{
	r->why = why;
	r->now = (struct token){ TOK_BAD, "" };
	return false;
}

/* At a slash and a star. The server nests these. */
static bool skip_block(struct reader *r)
{
	int depth = 0;
	do {
		if (*r->at == '\0')
			return bad(r, "a comment in it has no end");
		if (r->at[0] == '/' && r->at[1] == '*') {
			depth++;
			r->at += 2;
		} else if (r->at[0] == '*' && r->at[1] == '/') {
			depth--;
			r->at += 2;
		} else {
			r->at++;
		}
	} while (depth);
	return true;
}

static bool skip_blank(struct reader *r)
{
	for (;;) {
		if (is_space(*r->at))
			r->at++;
		else if (r->at[0] == '-' && r->at[1] == '-')
			r->at += strcspn(r->at, "\r\n");
		else if (r->at[0] != '/' || r->at[1] != '*')
			return true;
		else if (!skip_block(r))
			return false;
	}
}

static bool read_word(struct reader *r)
{
	size_t n = 1;
	while (is_word(r->at[n]))
		n++;
	char *word = arena_dupn(r->a, r->at, n);
	for (char *c = word; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	r->at += n;
	r->now = (struct token){ TOK_WORD, word };
	if (*r->at == '$')
		return bad(r, "it has a dollar sign; write such a name in double quotes");
	if (*r->at == '&' && strcmp(word, "u") == 0)
		return bad(r, "it writes a name as U&\"...\"; write the name itself in double quotes");
	return true;
}

static bool read_quoted(struct reader *r)
{
	char *name = arena_alloc(r->a, strlen(r->at)), *o = name;
	for (r->at++; *r->at != '"' || r->at[1] == '"'; r->at++) {
		if (*r->at == '\0')
			return bad(r, "a double quote in it has no end");
		if (*r->at == '"')
			r->at++;
		*o++ = *r->at;
	}
	r->at++;
	*o = '\0';
	r->now = (struct token){ TOK_QUOTED, name };
	return true;
}

/* Reads the next token into r->now. */
static bool next(struct reader *r)
{
	if (r->now.kind == TOK_BAD || !skip_blank(r))
		return false;
	char c = *r->at;
	if (c == '\0') {
		r->now = (struct token){ TOK_END, "" };
		return true;
	}
	if (is_word_start(c))
		return read_word(r);
	if (c == '"')
		return read_quoted(r);
	if (c == '$')
		return bad(r, "it has a dollar sign; write such a name in double quotes");
	if (c == '\'')
		return bad(r, "it has a string in single quotes, and a name stands in double quotes");
	r->now = (struct token){ TOK_SIGN, arena_dupn(r->a, r->at++, 1) };
	return true;
}

static bool is(const struct reader *r, const char *word)
{
	return r->now.kind == TOK_WORD && strcmp(r->now.text, word) == 0;
}

static bool is_sign(const struct reader *r, const char *sign)
{
	return r->now.kind == TOK_SIGN && strcmp(r->now.text, sign) == 0;
}

static const char *shown(struct reader *r)
{
	if (r->now.kind == TOK_END)
		return "its end";
	return arena_printf(r->a, "\"%s\"", text_clean(r->a, r->now.text));
}

static bool want(struct reader *r, const char *word)
{
	if (is(r, word))
		return next(r);
	return bad(r, arena_printf(r->a, "%s stands where gatewalk's own statement has \"%s\"", shown(r), word));
}

static bool take(struct reader *r, const char *word, bool *there)
{
	*there = is(r, word);
	return *there ? next(r) : r->now.kind != TOK_BAD;
}

static bool name(struct reader *r, const char **out)
{
	if (r->now.kind != TOK_WORD && r->now.kind != TOK_QUOTED)
		return bad(r, arena_printf(r->a, "%s stands where a name belongs", shown(r)));
	*out = r->now.text;
	return next(r);
}

/* IF is a name as well: only IF EXISTS is the clause. Leaves r at the first token that is not part of it. */
static bool no_if_exists(struct reader *r)
{
	if (!is(r, "if"))
		return r->now.kind != TOK_BAD;
	struct reader ahead = *r;
	if (next(&ahead) && is(&ahead, "exists"))
		return bad(r, "it says IF EXISTS, and then it would pass where the target is not there");
	return true;
}

/* What may be wrong behind the column's name, in words of its own. */
static const struct { const char *token, *why; } behind[] = {
	{ "cascade", "it says CASCADE, which takes other objects along; gatewalk never cascades" },
	{ ",", "it has a second one behind the first" },
	{ ".", "the name of what goes has a dot in it that is not quoted" },
};

static bool ends(struct reader *r)
{
	bool closed = is_sign(r, ";");
	if (closed && !next(r))
		return false;
	if (r->now.kind == TOK_END)
		return true;
	if (closed)
		return bad(r, "it has a second statement behind the first");
	for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++)
		if (r->now.kind != TOK_QUOTED && strcmp(r->now.text, behind[i].token) == 0)
			return bad(r, behind[i].why);
	return bad(r, arena_printf(r->a, "%s stands behind the name of what goes", shown(r)));
}

/* [schema.]table */
static bool relation(struct reader *r, const char **schema, const char **table)
{
	if (!name(r, table))
		return false;
	*schema = "public";
	if (is_sign(r, ".")) {
		*schema = *table;
		if (!next(r) || !name(r, table))
			return false;
	}
	if (is_sign(r, "."))
		return bad(r, "the table's name has three parts; write schema.table");
	if (is_sign(r, "*"))
		return bad(r, "it has a * behind the table's name");
	return r->now.kind != TOK_BAD;
}

static bool same_name(struct reader *r, const char *what, const char *has, const char *plan)
{
	if (text_eq(has, plan))
		return true;
	return bad(r, arena_printf(r->a, "it names the %s %s, the plan names %s", what,
		text_clean(r->a, sql_ident(r->a, has)), text_clean(r->a, sql_ident(r->a, plan))));
}

static bool begins(struct reader *r)
{
	if (!next(r))
		return false;
	if (r->now.kind == TOK_END)
		return bad(r, "it is empty");
	return true;
}

static bool same_drop_table(struct reader *r, const struct plan *p)
{
	const char *schema, *table;
	bool there;
	if (!begins(r) || !want(r, "drop") || !want(r, "table") || !no_if_exists(r) || !relation(r, &schema, &table) ||
	    !take(r, "restrict", &there) || !ends(r))
		return false;
	return same_name(r, "schema", schema, p->schema) && same_name(r, "table", table, p->table);
}

/* The predicate is the plan's own field: a statement beside it can only repeat it. */
static bool same_removal(struct reader *r, const struct plan *p)
{
	const char *ours = sql_statement(r->a, p, NULL);
	size_t len = strlen(r->at);
	while (len && (is_space(r->at[len - 1]) || r->at[len - 1] == ';'))
		len--;
	if (len != strlen(ours) || strncmp(r->at, ours, len) != 0)
		return bad(r, "rows are named by target.where; a statement beside it has to be the same to the letter");
	return true;
}

static bool same_drop_column(struct reader *r, const struct plan *p)
{
	const char *schema, *table, *column;
	bool there;
	if (!begins(r) || !want(r, "alter") || !want(r, "table") || !no_if_exists(r))
		return false;
	if (is(r, "only"))
		return bad(r, "it says ONLY, which leaves the column in the tables that inherit it");
	if (!relation(r, &schema, &table) || !want(r, "drop") || !take(r, "column", &there))
		return false;
	if (is(r, "constraint") && !there)
		return bad(r, "it drops a constraint, not a column");
	if (!no_if_exists(r) || !name(r, &column) || !take(r, "restrict", &there) || !ends(r))
		return false;
	return same_name(r, "schema", schema, p->schema) && same_name(r, "table", table, p->table)
		&& same_name(r, "column", column, p->column);
}

/* Each spelling that is as good as ours, token by token. */
static bool same_addition(struct reader *r, const struct plan *p)
{
	const char *why = "", *has = sql_plain(r->a, r->at, &why);
	if (!has)
		return bad(r, why);
	for (unsigned i = 0; i < 16; i++) {
		bool bare = i & 1, word = i & 2, first = i & 4, brackets = i & 8;
		const char *table = bare && text_eq(p->schema, "public") ? sql_ident(r->a, p->table)
			: arena_printf(r->a, "%s.%s", sql_ident(r->a, p->schema), sql_ident(r->a, p->table));
		const char *value = !p->add_default ? "" : arena_printf(r->a, brackets ? " DEFAULT (%s)" : " DEFAULT %s", p->add_default);
		const char *null = p->add_not_null ? " NOT NULL" : "";
		const char *ours = sql_plain(r->a, arena_printf(r->a, "ALTER TABLE %s ADD %s%s %s%s%s", table, word ? "COLUMN " : "", sql_ident(r->a, p->column),
			p->add_type, first ? null : value, first ? value : null), &why);
		if (text_eq(ours, has))
			return true;
	}
	return bad(r, "it says something else than the target and the fields under add");
}

/* What others would have run for a rename or a change of type. It is read, and never sent. */
static bool same_proposal(struct reader *r, const struct plan *p)
{
	const char *why = "", *has = sql_plain(r->a, r->at, &why);
	bool type = plan_recipe(p) == ARCH_TYPE;
	if (!has)
		return bad(r, why);
	for (unsigned i = 0; i < 16; i++) {
		bool bare = i & 1, word = i & 2, set = i & 4, brackets = i & 8;
		const char *table = bare && text_eq(p->schema, "public") ? sql_ident(r->a, p->table)
			: arena_printf(r->a, "%s.%s", sql_ident(r->a, p->schema), sql_ident(r->a, p->table)), *column = word ? "COLUMN " : "";
		const char *ours = !type ? arena_printf(r->a, "ALTER TABLE %s RENAME %s%s TO %s", table, column, sql_ident(r->a, p->column), sql_ident(r->a, p->add_column))
			: arena_printf(r->a, "ALTER TABLE %s ALTER %s%s %sTYPE %s", table, column, sql_ident(r->a, p->column), set ? "SET DATA " : "", p->add_type);
		const char *by = arena_printf(r->a, brackets ? "%s USING (%s)" : "%s USING %s", ours, p->convert_to ? p->convert_to : "");
		if (text_eq(sql_plain(r->a, ours, &why), has) || (type && text_eq(sql_plain(r->a, by, &why), has)))
			return true;
	}
	return bad(r, type ? "it says something else than the target, add.type and convert.to" : "it says something else than the target and add.column");
}

/* In one statement, or held to new rows first: gatewalk makes the first of these in steps. */
static bool same_rule(struct reader *r, const struct plan *p)
{
	const char *why = "", *has = sql_plain(r->a, r->at, &why);
	if (!has)
		return bad(r, why);
	for (unsigned i = 0; i < 8; i++) {
		bool bare = i & 1, word = i & 2, seen = i & 4;
		const char *table = bare && text_eq(p->schema, "public") ? sql_ident(r->a, p->table)
			: arena_printf(r->a, "%s.%s", sql_ident(r->a, p->schema), sql_ident(r->a, p->table)), *ours = rule_spelt(r->a, p, table, word, seen);
		if (text_eq(sql_plain(r->a, ours, &why), has))
			return true;
	}
	return bad(r, "it says something else than the target and the fields under add");
}

bool sql_same(struct arena *a, const struct plan *p, const char *proposed, const char **why)
{
	struct reader r = { .a = a, .at = proposed ? proposed : "" };
	bool yes = false;
	switch (plan_target(p)) {
	case TARGET_COLUMN: yes = archetype_beside(plan_recipe(p)) ? same_proposal(&r, p) : same_drop_column(&r, p); break;
	case TARGET_TABLE: yes = same_drop_table(&r, p); break;
	case TARGET_ROWS: yes = same_removal(&r, p); break;
	case TARGET_ADDED: yes = same_addition(&r, p); break;
	case TARGET_CONSTRAINT: yes = same_rule(&r, p); break;
	default: bad(&r, "the plan's recipe names no target"); break;
	}
	if (why)
		*why = !yes ? r.why : archetype_beside(plan_recipe(p)) || plan_rule(p) != RULE_NONE ? "it asks for the change that gatewalk makes in steps" : "it is the statement that gatewalk writes itself";
	return yes;
}
