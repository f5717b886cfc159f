/* SPDX-License-Identifier: MIT */
#include "adapter/audit_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

struct reader { struct arena *a; struct tokens out; size_t cap; const char *p; };

static bool starts_word(unsigned char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

bool token_in_word(char sign)
{
	unsigned char c = (unsigned char)sign;
	return starts_word(c) || c == '$' || (c >= '0' && c <= '9');
}

static void add(struct reader *r, enum token_kind kind, const char *s, size_t len)
{
	r->out.t = arena_grow(r->a, r->out.t, &r->out.n, &r->cap, sizeof *r->out.t);
	r->out.t[r->out.n - 1] = (struct token){ kind, s, len };
}

/* Comments nest in PostgreSQL. */
static const char *past_comment(const char *p)
{
	int depth = 0;
	do {
		if (p[0] == '/' && p[1] == '*') {
			depth++;
			p += 2;
		} else if (p[0] == '*' && p[1] == '/') {
			depth--;
			p += 2;
		} else {
			p++;
		}
	} while (depth > 0 && *p);
	return p;
}

static const char *past_space(const char *p)
{
	for (;;) {
		p += strspn(p, " \t\r\n\f\v");
		if (p[0] == '-' && p[1] == '-')
			p += strcspn(p, "\r\n");
		else if (p[0] == '/' && p[1] == '*')
			p = past_comment(p);
		else
			return p;
	}
}

/* From behind the opening quote; gives the closing one, or the end of the text. */
static const char *closing(const char *p, char quote, bool escapes)
{
	for (; *p; p++) {
		if (escapes && *p == '\\' && p[1])
			p++;
		else if (*p == quote && p[1] == quote)
			p++;
		else if (*p == quote)
			break;
	}
	return p;
}

static void quoted(struct reader *r, enum token_kind kind, const char *open, bool escapes)
{
	const char *end = closing(open + 1, *open, escapes);
	add(r, kind, open + 1, (size_t)(end - open - 1));
	r->p = *end ? end + 1 : end;
}

/* $tag$ ... $tag$; false when this is a parameter ($1) or a lone sign. */
static bool dollar(struct reader *r)
{
	const char *tag_end = r->p + 1;
	while (starts_word((unsigned char)*tag_end) || (tag_end > r->p + 1 && *tag_end >= '0' && *tag_end <= '9'))
		tag_end++;
	if (*tag_end != '$')
		return false;
	size_t tag = (size_t)(tag_end - r->p) + 1;
	const char *body = r->p + tag, *end = body;
	while (*end && strncmp(end, r->p, tag) != 0)
		end++;
	add(r, TOKEN_STRING, body, (size_t)(end - body));
	r->p = *end ? end + tag : end;
	return true;
}

static void word(struct reader *r)
{
	const char *s = r->p;
	if ((*s == 'U' || *s == 'u') && s[1] == '&' && (s[2] == '"' || s[2] == '\'')) {
		quoted(r, s[2] == '"' ? TOKEN_UNICODE : TOKEN_STRING, s + 2, false);
		return;
	}
	if (strchr("eEbBxXnN", *s) && s[1] == '\'') {
		quoted(r, TOKEN_STRING, s + 1, *s == 'e' || *s == 'E');
		return;
	}
	while (token_in_word(*r->p))
		r->p++;
	add(r, TOKEN_WORD, s, (size_t)(r->p - s));
}

static void number(struct reader *r)
{
	const char *s = r->p;
	while ((*r->p >= '0' && *r->p <= '9') || *r->p == '.')
		r->p++;
	add(r, TOKEN_NUMBER, s, (size_t)(r->p - s));
}

struct tokens tokens_read(struct arena *a, const char *text)
{
	struct reader r = { .a = a, .p = text };
	while (*(r.p = past_space(r.p))) {
		unsigned char c = (unsigned char)*r.p;
		if (starts_word(c))
			word(&r);
		else if (c == '"')
			quoted(&r, TOKEN_QUOTED, r.p, false);
		else if (c == '\'')
			quoted(&r, TOKEN_STRING, r.p, false);
		else if (c >= '0' && c <= '9')
			number(&r);
		else if (c != '$' || !dollar(&r))
			add(&r, TOKEN_MARK, r.p++, 1);
	}
	return r.out;
}

bool token_is(const struct tokens *v, size_t i, const char *w)
{
	if (i >= v->n || (v->t[i].kind != TOKEN_WORD && v->t[i].kind != TOKEN_MARK))
		return false;
	return v->t[i].len == strlen(w) && strncasecmp(v->t[i].s, w, v->t[i].len) == 0;
}

/* Compares a quoted token, whose quotes are doubled, with a plain name. */
static bool same_quoted(const struct token *t, const char *name)
{
	size_t i = 0;
	for (; i < t->len && *name; i++, name++) {
		if (t->s[i] != *name)
			return false;
		if (t->s[i] == '"')
			i++;
	}
	return i >= t->len && *name == '\0';
}

/* Bare, these are never a name, but behind a dot: SQL's own words, in alphabetical order. */
static const char *const reserved[] = { "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "both", "case", "cast", "check",
	"collate", "column", "constraint", "create", "current_catalog", "current_date", "current_role", "current_time", "current_timestamp", "current_user",
	"default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from", "grant", "group", "having",
	"in", "initially", "intersect", "into", "lateral", "leading", "limit", "localtime", "localtimestamp", "not", "null", "offset", "on", "only", "or",
	"order", "placing", "primary", "references", "returning", "select", "session_user", "some", "symmetric", "table", "then", "to", "trailing", "true",
	"union", "unique", "user", "using", "variadic", "when", "where", "window", "with" };

static int by_name(const void *key, const void *at)
{
	return strcasecmp(key, *(const char *const *)at);
}

static bool is_reserved(const char *name)
{
	return bsearch(name, reserved, sizeof reserved / sizeof *reserved, sizeof *reserved, by_name) != NULL;
}

bool token_names(const struct tokens *v, size_t i, const char *name)
{
	if (i >= v->n)
		return false;
	const struct token *t = &v->t[i];
	if (t->kind == TOKEN_WORD && !token_is(v, i - 1, ".") && is_reserved(name))
		return false;
	if (t->kind == TOKEN_WORD)
		return t->len == strlen(name) && strncasecmp(t->s, name, t->len) == 0;
	return t->kind == TOKEN_QUOTED && same_quoted(t, name);
}
