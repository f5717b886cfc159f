/* SPDX-License-Identifier: MIT */
#include "adapter/logplan_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

bool plan_line(const char **p, struct line *l)
{
	if (!**p)
		return false;
	size_t len = strcspn(*p, "\n");
	size_t indent = strspn(*p, " ");
	*l = (struct line){ *p + (indent < len ? indent : len), indent < len ? len - indent : 0, indent };
	*p += len + ((*p)[len] == '\n');
	return true;
}

bool line_starts(const struct line *l, const char *word)
{
	return l->len >= strlen(word) && strncmp(l->s, word, strlen(word)) == 0;
}

char *line_json_value(struct arena *a, const struct line *l)
{
	const char *colon = memmem(l->s, l->len, "\": ", 3), *p = colon ? colon + 3 : l->s, *end = l->s + l->len;
	char *s = arena_alloc(a, l->len + 1), *to = s;
	while (end > p && (end[-1] == ',' || end[-1] == '\r'))
		end--;
	if (end - p >= 2 && *p == '"')
		p++, end--;
	for (; p < end; p++) {
		bool escaped = *p == '\\' && p + 1 < end;
		p += escaped;
		*to++ = escaped && *p == 'n' ? '\n' : escaped && *p == 't' ? '\t' : *p;
	}
	*to = '\0';
	return s;
}

static bool is_ours(const struct plan_text *p, const struct token *schema, const struct token *table)
{
	for (const struct log_relation *r = p->of; r->table; r++) {
		const struct tokens two = { (struct token[]){ *schema, *table }, 2 };
		if (token_names(&two, 0, r->schema) && token_names(&two, 1, r->table))
			return true;
	}
	return false;
}

static void add_alias(struct plan_text *p, const char *name)
{
	if (p->n == ALIASES_MAX)
		p->out->use = USE_NAME;   /* more than can be told apart */
	else
		p->alias[p->n++] = arena_dup(p->a, name);
}

/* An identifier as it is quoted in plans, made plain. */
static char *plain(struct arena *a, const struct token *t)
{
	char *s = arena_dupn(a, t->s, t->len), *to = s;
	for (const char *q = s; *q; q++) {
		*to++ = *q;
		q += t->kind == TOKEN_QUOTED && q[0] == '"' && q[1] == '"';
	}
	*to = '\0';
	return s;
}

static const char *const writers[] = { "Update", "Insert", "Delete", "Merge" };

static bool is_writer(const char *node)
{
	for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
		if (strncmp(node, writers[i], strlen(writers[i])) == 0)
			return true;
	return false;
}

/* "->  Index Scan using orders_pkey on public.orders o  (cost=..." */
bool plan_is_node(const struct plan_text *p, const struct line *l)
{
	if (p->json)
		return line_starts(l, "\"Node Type\": ");
	const char *cost = memmem(l->s, l->len, "  (", 3);
	return cost && (strncmp(cost + 3, "cost=", 5) == 0 || strncmp(cost + 3, "actual ", 7) == 0 || strncmp(cost + 3, "never ", 6) == 0);
}

/* Plans name an index without its schema. */
static void touch_index(struct plan_text *p, const char *name)
{
	for (const struct log_relation *r = p->of; p->t->kind == TARGET_INDEX && r->table; r++)
		p->out->touches = p->out->touches || text_eq(r->table, name);
}

static void text_node(struct plan_text *p, const struct line *l)
{
	size_t len = (size_t)((const char *)memmem(l->s, l->len, "  (", 3) - l->s), skip = line_starts(l, "->  ") ? 4 : 0;
	const char *node = arena_dupn(p->a, l->s + skip, len - (skip < len ? skip : len));
	const struct tokens v = tokens_read(p->a, node);
	for (size_t i = 0; i + 1 < v.n; i++)
		if (token_is(&v, i, "using") || (token_is(&v, i, "on") && i + 2 == v.n))
			touch_index(p, plain(p->a, &v.t[i + 1]));
	for (size_t i = 0; i + 3 < v.n; i++) {
		if (!token_is(&v, i, "on") || !token_is(&v, i + 2, ".") || !is_ours(p, &v.t[i + 1], &v.t[i + 3]))
			continue;
		p->out->touches = true;
		p->out->modifies = p->out->modifies || is_writer(node);
		add_alias(p, plain(p->a, &v.t[i + 4 < v.n ? i + 4 : i + 3]));
	}
}

/* json: the lines of a node that say which relation it is on come in this order. */
struct json_node { char *type, *operation, *table, *schema; };

static void json_line(struct plan_text *p, const struct line *l, struct json_node *n)
{
	if (line_starts(l, "\"Node Type\": "))
		*n = (struct json_node){ .type = line_json_value(p->a, l) };
	else if (line_starts(l, "\"Operation\": "))
		n->operation = line_json_value(p->a, l);
	else if (line_starts(l, "\"Relation Name\": "))
		n->table = line_json_value(p->a, l);
	else if (line_starts(l, "\"Schema\": "))
		n->schema = line_json_value(p->a, l);
	else if (line_starts(l, "\"Index Name\": "))
		touch_index(p, line_json_value(p->a, l));
	if (!line_starts(l, "\"Alias\": ") || !n->table || !n->schema)
		return;
	for (const struct log_relation *r = p->of; r->table; r++)
		if (text_eq(r->schema, n->schema) && text_eq(r->table, n->table)) {
			p->out->touches = true;
			p->out->modifies = p->out->modifies || (n->operation && is_writer(n->operation));
			add_alias(p, line_json_value(p->a, l));
			return;
		}
}

void plan_find_aliases(struct plan_text *p, const char *plan)
{
	struct json_node n = { 0 };
	for (struct line l; plan_line(&plan, &l); ) {
		if (p->json)
			json_line(p, &l, &n);
		else if (plan_is_node(p, &l))
			text_node(p, &l);
	}
}

bool plan_is_alias(const struct plan_text *p, const struct tokens *v, size_t i)
{
	for (size_t k = 0; k < p->n; k++)
		if (token_names(v, i, p->alias[k]))
			return true;
	return false;
}
