/* SPDX-License-Identifier: MIT */
/* Pieces of SQL that a plan gives and gatewalk puts into a statement of its own: a type, a value. They are read here as the
   server's scanner would, so far as to say that nothing of them reaches out of its place. Whether they mean something, the
   server says. */
#include "core/sql.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

enum kind { P_END, P_WORD, P_QUOTED, P_NUMBER, P_STRING, P_OPERATOR, P_SIGN, P_BAD };
struct piece { enum kind kind; const char *at; size_t len; const char *why; };   /* the token at hand; len bytes of the text */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_operator(char c)
{
	return c != '\0' && strchr("+-*/<>=~!@#%^&|`?:", c) != NULL;
}

static struct piece bad(const char *at, const char *why)
{
	return (struct piece){ P_BAD, at, 0, why };
}

/* From a quote to its end; with escapes a backslash takes the next sign along. */
static struct piece quoted(const char *from, const char *at, bool escapes)
{
	char q = *at;
	const char *s = at + 1;
	for (; *s != q || s[1] == q; s++) {
		if (*s == '\0')
			return bad(from, "a quote in it has no end");
		if (q == '\'' && *s == '\\' && !escapes)
			return bad(from, "a string in it has a backslash; write it as E'...'");
		if (*s == q || (escapes && *s == '\\' && s[1]))
			s++;
	}
	return (struct piece){ q == '"' ? P_QUOTED : P_STRING, from, (size_t)(s + 1 - from), NULL };
}

static struct piece word(const char *at)
{
	size_t n = 1;
	while (is_letter(at[n]) || is_digit(at[n]))
		n++;
	if (at[n] == '$')
		return bad(at, "it has a dollar sign");
	if (at[n] == '\'' && n == 1)   /* E'...', B'...', X'...', N'...' */
		return quoted(at, at + 1, *at == 'e' || *at == 'E');
	return (struct piece){ P_WORD, at, n, NULL };
}

static struct piece operator(const char *at)
{
	size_t n = 0;
	for (; is_operator(at[n]); n++)
		if ((at[n] == '-' && at[n + 1] == '-') || (at[n] == '/' && at[n + 1] == '*'))
			return bad(at, "it has a comment");
	return (struct piece){ P_OPERATOR, at, n, NULL };
}

static struct piece next(const char *at)
{
	at += strspn(at, " \t\n\r\f\v");
	if (*at == '\0')
		return (struct piece){ P_END, at, 0, NULL };
	if (is_letter(*at))
		return word(at);
	if (*at == '"' || *at == '\'')
		return quoted(at, at, false);
	if (is_digit(*at) || (*at == '.' && is_digit(at[1]))) {
		size_t n = 1;
		while (is_digit(at[n]) || is_letter(at[n]) || at[n] == '.')
			n++;
		return (struct piece){ P_NUMBER, at, n, NULL };
	}
	if (is_operator(*at))
		return operator(at);
	if (strchr("()[],.;", *at))
		return (struct piece){ P_SIGN, at, 1, NULL };
	return bad(at, *at == '$' ? "it has a dollar sign" : "it has a sign that SQL does not know");
}

/* How deep in brackets the text is behind this token; below zero it reaches out. */
static int deeper(const struct piece *p)
{
	if (p->kind != P_SIGN)
		return 0;
	return *p->at == '(' || *p->at == '[' ? 1 : *p->at == ')' || *p->at == ']' ? -1 : 0;
}

static bool no(const char **why, const char *what)
{
	if (why)
		*why = what;
	return false;
}

/* The words that may follow a type's name. */
static bool belongs_to_type(const struct piece *p)
{
	static const char *const words[] = { "precision", "varying", "with", "without", "time", "zone", "character", "char", "year", "month", "day", "hour",
		"minute", "second", "to" };
	char low[16] = "";
	for (size_t i = 0; i < p->len && i < sizeof low - 1; i++)
		low[i] = (char)(p->at[i] >= 'A' && p->at[i] <= 'Z' ? p->at[i] - 'A' + 'a' : p->at[i]);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == p->len && strcmp(words[i], low) == 0)
			return true;
	return false;
}

bool sql_is_type(const char *s, const char **why)
{
	int depth = 0;
	bool name = false, dot = true;   /* a name has been read; one is due */
	struct piece p = { P_END, s ? s : "", 0, NULL };
	while ((p = next(p.at + p.len)).kind != P_END) {
		if (p.kind == P_BAD)
			return no(why, p.why);
		bool outside = depth == 0, is_name = p.kind == P_WORD || p.kind == P_QUOTED;
		depth += deeper(&p);
		if (depth < 0)
			return no(why, "a bracket in it closes what it has not opened");
		if (p.kind == P_OPERATOR || (p.kind == P_SIGN && (*p.at == ';' || (*p.at == ',' && outside))) || (outside && (p.kind == P_NUMBER || p.kind == P_STRING)))
			return no(why, "it is more than a type");
		if (outside && is_name && !dot && !belongs_to_type(&p))
			return no(why, "it is more than a type");
		if (outside && !is_name && dot)
			return no(why, "it does not begin with a name");
		name = true;   /* the first one is */
		dot = outside && p.kind == P_SIGN && *p.at == '.';
	}
	if (depth > 0 || dot)
		return no(why, name ? "it is not whole" : "it is empty");
	return true;
}

static bool is_values(const char *s, bool many, const char **why)
{
	int depth = 0;
	size_t n = 0;
	struct piece p = { P_END, s ? s : "", 0, NULL };
	while ((p = next(p.at + p.len)).kind != P_END) {
		if (p.kind == P_BAD)
			return no(why, p.why);
		depth += deeper(&p);
		if (depth < 0)
			return no(why, "a bracket in it closes what it has not opened");
		if (p.kind == P_SIGN && (*p.at == ';' || (*p.at == ',' && depth == 0 && !many)))
			return no(why, many ? "it has a semicolon" : "it is more than one value");
		n++;
	}
	if (depth > 0)
		return no(why, "a bracket in it is not closed");
	if (n == 0)
		return no(why, "it is empty");
	return true;
}

bool sql_is_value(const char *s, const char **why)
{
	return is_values(s, false, why);
}

bool sql_is_list(const char *s, const char **why)
{
	return is_values(s, true, why);
}

/* Folded, as the server folds it; a quoted name bare where it may stand so. */
static const char *plainly(struct arena *a, const struct piece *p)
{
	char *s = arena_dupn(a, p->at, p->len);
	if (p->kind == P_QUOTED) {
		char *name = s, *o = s;
		for (const char *c = s + 1; c < s + p->len - 1; c += 1 + (*c == '"'))
			*o++ = *c;
		*o = '\0';
		return sql_ident(a, name);
	}
	for (char *c = s; p->kind == P_WORD && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return s;
}

const char *sql_plain(struct arena *a, const char *s, const char **why)
{
	struct text t = { 0 };
	bool closed = false, more = false;
	struct piece p = { P_END, s, 0, NULL };
	while ((p = next(p.at + p.len)).kind != P_END && p.kind != P_BAD && !more) {
		more = closed;
		closed = p.kind == P_SIGN && *p.at == ';';
		if (!closed)
			text_addf(&t, "%s%s", t.len ? " " : "", plainly(a, &p));
	}
	const char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	if (p.kind != P_BAD && !more && *out)
		return out;
	*why = p.kind == P_BAD ? p.why : more ? "it has a second statement behind the first" : "it is empty";
	return NULL;
}
