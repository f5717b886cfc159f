/* SPDX-License-Identifier: MIT */
/* Statements that write, and COPY: which relation, and which of its columns. */
#include "adapter/audit_parse_private.h"

#include "base/json.h"
#include "base/text.h"

/* A column that is written: of the relation that the statement writes. */
static void written(struct walk *w, const char *name)
{
	if (!walk_is_column(w, name))
		return;
	if (w->into && w->into->ours)
		walk_found(w, USE_NAME, w->into->sure, true);
	else if (w->into)
		walk_past(w, name);
	else
		w->unsure = true;
}

static void written_list(struct walk *w, const struct json *list)
{
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		const struct json *to = json_get(c, "ResTarget");
		written(w, json_str(to, "name"));
		walk_node(w, "indirection", json_get(to, "indirection"));
		walk_node(w, "val", json_get(to, "val"));
	}
}

void walk_on_conflict(struct walk *w, const struct json *v)
{
	const struct json *infer = json_get(v, "infer"), *elems = json_get(infer, "indexElems");
	static const char *const without[] = { "infer", "targetList", NULL };
	const char *constraint = json_str(infer, "conname");
	if (walk_is_column(w, constraint))
		walk_found(w, USE_NAME, false, false);
	for (const struct json *c = elems ? elems->first : NULL; c; c = c->next) {
		const struct json *of = json_get(c, "IndexElem");
		if (walk_is_column(w, json_str(of, "name")) && w->into && w->into->ours)
			walk_found(w, USE_NAME, w->into->sure, false);
		else
			walk_past(w, json_str(of, "name"));
		walk_node(w, "expr", json_get(of, "expr"));
	}
	walk_node(w, "whereClause", json_get(infer, "whereClause"));
	written_list(w, json_get(v, "targetList"));
	walk_but(w, v, without);
}

void walk_merge_when(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "targetList", NULL };
	if (text_eq(json_str(v, "commandType"), "CMD_INSERT") && !json_get(v, "targetList") && w->into && w->into->ours)
		walk_found(w, USE_STAR, false, true);
	written_list(w, json_get(v, "targetList"));
	walk_but(w, v, without);
}

/* INSERT, UPDATE, DELETE, MERGE. What INSERT selects, and WITH, does not see the relation that is written. */
static void changes(struct walk *w, const struct json *v)
{
	static const char *const outside[] = { "withClause", "selectStmt", NULL }, *const lists[] = { "cols", "targetList", NULL },
		*const without[] = { "withClause", "selectStmt", "cols", "targetList", "relation", NULL }, *const rows[] = { "old", "new", "excluded" };
	for (size_t i = 0; outside[i]; i++)
		walk_node(w, outside[i], json_get(v, outside[i]));
	struct sight own = { 0 };
	scope_enter(w, &own);
	const struct json *rel = json_get(v, "relation");
	const struct item into = scope_relation(w, rel), *const outer = w->into;
	scope_add(w, into);
	for (size_t i = 0; i < 3; i++)
		scope_add(w, (struct item){ .ref = rows[i], .ours = into.ours, .sure = into.sure });
	scope_from(w, json_get(v, "fromClause"));
	scope_from(w, json_get(v, "usingClause"));
	scope_node(w, json_get(v, "sourceRelation"));
	w->into = &into;
	walk_node(w, "relation", rel);
	for (size_t i = 0; lists[i]; i++)
		written_list(w, json_get(v, lists[i]));
	walk_but(w, v, without);
	w->into = outer;
	scope_leave(w);
}

void walk_insert(struct walk *w, const struct json *v)
{
	struct item into = scope_relation(w, json_get(v, "relation"));
	if (into.ours && w->t->of->column && !json_get(v, "cols"))
		walk_found(w, USE_STAR, into.sure, true);
	if (into.ours)
		walk_touch(w, true);
	changes(w, v);
}

void walk_change(struct walk *w, const struct json *v)
{
	if (scope_relation(w, json_get(v, "relation")).ours)
		walk_touch(w, true);
	changes(w, v);
}

void walk_copy(struct walk *w, const struct json *v)
{
	const struct json *list = json_get(v, "attlist"), *rel = json_get(v, "relation");
	bool from = json_get(v, "is_from") != NULL;
	static const char *const without[] = { "attlist", "relation", "filename", NULL };
	struct item of = { 0 };
	if (rel)
		of = scope_relation(w, rel);
	walk_met(w, json_str(rel, "relname"));
	if (of.ours)
		walk_touch(w, from);
	if (of.ours && w->t->of->column && !list)
		walk_found(w, USE_STAR, of.sure, from);
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		const char *name = json_str(json_get(c, "String"), "sval");
		if (of.ours && walk_is_column(w, name))
			walk_found(w, USE_NAME, of.sure, from);
		else
			walk_past(w, name);
	}
	struct sight own = { 0 };
	scope_enter(w, &own);
	scope_add(w, of);
	walk_but(w, v, without);
	scope_leave(w);
}
