/* SPDX-License-Identifier: MIT */
/* What is in sight where a name stands. In doubt more than there is: then a name may be the target's. */
#include "adapter/audit_parse_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/text.h"

size_t scope_names(const struct json *list, const char **out, size_t max)
{
	size_t n = 0;
	for (const struct json *f = list ? list->first : NULL; f; f = f->next, n++)
		if (n < max)
			out[n] = json_str(json_get(f, "String"), "sval");
	return n;
}

void scope_enter(struct walk *w, struct sight *s)
{
	s->up = w->scope;
	w->scope = s;
}

void scope_leave(struct walk *w)
{
	w->scope = w->scope->up;
}

void scope_add(struct walk *w, struct item item)
{
	struct sight *s = w->scope;
	s->v = arena_grow(w->a, s->v, &s->n, &s->cap, sizeof *s->v);
	s->v[s->n - 1] = item;
}

static const char *alias_of(const struct json *body, const char *key)
{
	return json_str(json_get(body, key), "aliasname");
}

struct item scope_relation(struct walk *w, const struct json *rel)
{
	const struct text_target *t = w->t->of;
	const char *schema = json_str(rel, "schemaname"), *name = json_str(rel, "relname"), *alias = alias_of(rel, "alias");
	struct item is = { .ref = alias ? alias : name };
	if (text_eq(name, t->table) && (!schema || text_eq(schema, t->schema)))
		is.ours = true;
	is.sure = is.ours && schema;
	if (walk_is_named(t->views, name) || walk_is_named(w->t->leads, name)) {
		w->unsure = w->unsure || !is.ours;   /* it may show the column by another name */
		is.ours = true;
	}
	return is;
}

/* What is joined is in sight by its own names, and as a whole by the join's. */
static void from_join(struct walk *w, const struct json *join)
{
	static const char *const aliases[] = { "alias", "join_using_alias" };
	size_t first = w->scope->n;
	bool ours = false;
	scope_node(w, json_get(join, "larg"));
	scope_node(w, json_get(join, "rarg"));
	for (size_t i = first; i < w->scope->n; i++)
		ours = ours || w->scope->v[i].ours;
	for (size_t i = 0; i < 2; i++)
		if (alias_of(join, aliases[i]))
			scope_add(w, (struct item){ .ref = alias_of(join, aliases[i]), .ours = ours });
}

bool scope_joins_ours(struct walk *w, const struct json *join)
{
	struct sight in = { 0 };
	scope_enter(w, &in);
	from_join(w, join);
	scope_leave(w);
	return scope_has_ours(&in);
}

/* A function in FROM that has no alias goes by its own name, which is not in sight here: a column qualified by it may be anything. */
void scope_node(struct walk *w, const struct json *one)
{
	const struct json *body = one ? one->first : NULL;
	const char *kind = body ? body->key : "";
	if (text_eq(kind, "RangeVar")) {
		scope_add(w, scope_relation(w, body));
	} else if (text_eq(kind, "JoinExpr")) {
		from_join(w, body);
	} else if (text_eq(kind, "RangeTableSample")) {
		scope_node(w, json_get(body, "relation"));
	} else if (body) {
		bool known = text_eq(kind, "RangeSubselect") || text_eq(kind, "RangeTableFunc") || text_eq(kind, "RangeFunction");
		w->unsure = w->unsure || !known;
		scope_add(w, (struct item){ .ref = alias_of(body, "alias") });
	}
}

void scope_from(struct walk *w, const struct json *list)
{
	for (const struct json *n = list ? list->first : NULL; n; n = n->next)
		scope_node(w, n);
}

bool scope_has_ours(const struct sight *s)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (s->v[i].ours)
			return true;
	return false;
}

const struct item *scope_find(const struct walk *w, const char *ref)
{
	const struct item *any = NULL;
	for (const struct sight *s = w->scope; s; s = s->up)
		for (size_t i = 0; i < s->n; i++)
			if (text_eq(s->v[i].ref, ref) && (!any || (s->v[i].ours && !any->ours)))
				any = &s->v[i];
	return any;
}

static bool others_of_name(const struct walk *w, const char *ref)
{
	for (const struct sight *s = w->scope; s; s = s->up)
		for (size_t i = 0; i < s->n; i++)
			if (text_eq(s->v[i].ref, ref) && !s->v[i].ours)
				return true;
	return false;
}

/* A bare name is that of the one relation in sight, or of any of several. */
enum place scope_column(const struct walk *w, const char *qualifier, bool *sure)
{
	*sure = false;
	if (qualifier) {
		const struct item *is = scope_find(w, qualifier);
		if (!is || !is->ours)
			return is ? PLACE_NOT : PLACE_MAYBE;
		*sure = is->sure;
		return others_of_name(w, qualifier) ? PLACE_MAYBE : PLACE_OURS;
	}
	bool first = true;
	for (const struct sight *s = w->scope; s; s = s->up) {
		bool others = false;
		for (size_t i = 0; i < s->n; i++)
			others = others || !s->v[i].ours;
		if (scope_has_ours(s))
			return first && !others ? PLACE_OURS : PLACE_MAYBE;
		first = first && s->n == 0;
	}
	return PLACE_NOT;
}
