/* SPDX-License-Identifier: MIT */
#include "adapter/logplan_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/text.h"

/* A plan of one relation does not say whose its columns are. */
static enum text_use expression_use(const struct plan_text *p, const struct tokens *v)
{
	enum text_use use = USE_NONE;
	for (size_t i = 0; i < v->n; i++) {
		bool behind = i > 1 && token_is(v, i - 1, ".");
		if (behind && token_is(v, i, "*") && plan_is_alias(p, v, i - 2))
			use = use == USE_NAME ? use : USE_STAR;
		if (v->t[i].kind != TOKEN_STRING && token_names(v, i, p->t->column) && (!behind || plan_is_alias(p, v, i - 2)))
			use = USE_NAME;
	}
	return use;
}

/* All columns of the table, in its order, and nothing else. */
static bool is_whole(const struct plan_text *p, const struct tokens *v)
{
	const char *const *c = p->t->columns;
	size_t i = 0;
	for (; c && *c; c++, i++) {
		if (i + 2 < v->n && token_is(v, i + 1, ".") && plan_is_alias(p, v, i))
			i += 2;
		if (!token_names(v, i, *c))
			return false;
		i++;
		if (c[1] ? !token_is(v, i, ",") : i != v->n)
			return false;
	}
	return c != NULL;
}

/* ["a", "b"] as it would stand in text. */
static char *list_text(struct arena *a, char *s)
{
	struct text t = { 0 };
	for (char *p = s + (*s == '['); *p && *p != ']'; p++) {
		if (*p != '"')
			continue;
		if (t.len)
			text_add(&t, ", ");
		for (p++; *p && *p != '"'; p++) {
			bool esc = *p == '\\' && p[1];
			text_addn(&t, p + esc, 1);
			p += esc;
		}
		if (!*p)
			break;
	}
	char *out = arena_dup(a, text_str(&t));
	text_free(&t);
	return out;
}

static bool splits(const struct line *l, bool json, size_t *key, size_t *value)
{
	const char *mark = json ? "\": " : ": ", *at = memmem(l->s, l->len, mark, strlen(mark));
	if (!at || (json && (*l->s != '"' || at == l->s)))
		return false;
	*key = (size_t)(at - l->s);
	*value = (size_t)(at - l->s) + strlen(mark);
	return true;
}

/* Names of things, not expressions. */
static bool is_label(const char *key, size_t n)
{
	static const char *const labels[] = { "Node Type", "Relation Name", "Schema", "Alias", "Index Name", "Query Text", "Subplan Name", "CTE Name",
		"Parent Relationship", "Trigger Name", "Relation", "Constraint Name", "Function Name", "Settings", "Query Parameters" };
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		if (strlen(labels[i]) == n && strncmp(labels[i], key, n) == 0)
			return true;
	return false;
}

static void property(struct plan_text *p, const struct line *l)
{
	size_t key, value;
	if (!splits(l, p->json, &key, &value))
		return;
	const char *k = l->s + p->json;
	size_t k_len = key - p->json;
	if (is_label(k, k_len))
		return;
	char *s = arena_dupn(p->a, l->s + value, l->len - value);
	if (p->json)
		s = *s == '[' ? list_text(p->a, s) : line_json_value(p->a, l);
	bool output = k_len == 6 && strncmp(k, "Output", 6) == 0;
	const struct tokens v = tokens_read(p->a, s);
	enum text_use use = expression_use(p, &v);
	bool picked = output && p->depth > 1 && p->above[p->depth - 2].output && is_whole(p, &v);
	if (output && p->depth)
		p->above[p->depth - 1].output = true;
	if (use == USE_NAME && output && is_whole(p, &v))
		use = USE_STAR;
	if (use > p->out->use && !picked)
		p->out->use = use;
}

static void enter(struct plan_text *p, size_t indent)
{
	while (p->depth && p->above[p->depth - 1].indent >= indent)
		p->depth--;
	if (p->depth < DEPTH_MAX) {
		p->above[p->depth].output = false;
		p->above[p->depth++].indent = indent;
	} else {
		p->out->use = USE_NAME;
	}
}

static void find_uses(struct plan_text *p, const char *plan)
{
	for (struct line l; plan_line(&plan, &l); ) {
		if (plan_is_node(p, &l))
			enter(p, l.indent);
		else if (p->depth)
			property(p, &l);
	}
}

/* Text: the statement may hold lines that look like a plan's; the plan begins with the last node that is not indented. */
static const char *plan_begin(struct plan_text *p, char *body)
{
	if (p->json) {
		const char *at = strstr(body, "\n  \"Plan\": {");
		return at ? at + 1 : NULL;
	}
	const char *begin = NULL, *rest = body;
	for (struct line l; plan_line(&rest, &l); )
		if (l.indent == 0 && plan_is_node(p, &l))
			begin = l.s;
	return begin;
}

static void read_query(struct plan_text *p, const char *body, const char *plan)
{
	const char *at = strstr(body, p->json ? "\"Query Text\": " : "Query Text: ");
	if (!at || (plan && at + strlen("Query Text: ") > plan))
		return;
	struct line l = { at, strcspn(at, "\n"), 0 };
	const char *text = at + strlen("Query Text: ");
	p->out->query = p->json ? line_json_value(p->a, &l) : arena_dupn(p->a, text, plan ? (size_t)(plan - text) : strlen(text));
}

void logplan_read(struct arena *a, const char *message, bool cut, const struct text_target *t, const struct log_relation *of, struct logplan *out)
{
	struct plan_text p = { .a = a, .t = t, .of = of, .out = out };
	*out = (struct logplan){ 0 };
	char *body = strncmp(message, "duration: ", 10) == 0 ? strstr(message, " ms  plan:") : NULL;
	if (!body)
		return;
	body += strlen(" ms  plan:");
	out->is_plan = true;
	p.json = body[strspn(body, " \n")] == '{';
	const char *plan = plan_begin(&p, body);
	read_query(&p, body, plan);
	if (plan)
		plan_find_aliases(&p, plan);
	if (out->touches && !t->column)
		out->use = USE_NAME;
	else if (out->touches && plan)
		find_uses(&p, plan);
	if ((!plan || cut) && out->use == USE_NONE && strcasestr(body, t->table))
		out->use = USE_STAR;
}
