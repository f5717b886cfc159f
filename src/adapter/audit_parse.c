/* SPDX-License-Identifier: MIT */
/* The tree of a statement, walked for the target's name. A key of the tree is a kind of node ("ColumnRef") or a field's name; the few that
   mean something here stand in one table, all others are walked through, and a name that is met on the way there is in an unknown place. */
#include "adapter/audit_parse_private.h"

#include <string.h>

#include "adapter/audit_token.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "port/sqlparse.h"

#define LITERALS_DEEP 2
#define FIELDS_MAX 4   /* database.schema.table.column */

void walk_found(struct walk *w, enum text_use use, bool sure, bool writes)
{
	w->use = use > w->use ? use : w->use;
	w->sure = w->sure || sure;
	w->writes = w->writes || writes;
}

bool walk_is_named(const char *const *list, const char *name)
{
	for (size_t i = 0; list && name && list[i]; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* The column, or a constraint that falls with it. */
bool walk_is_column(const struct walk *w, const char *name)
{
	const struct text_target *t = w->t->of;
	return t->column && name && (strcmp(name, t->column) == 0 || walk_is_named(t->falls, name));
}

static bool is_looked_for(const struct walk *w, const char *name)
{
	const struct text_target *t = w->t->of;
	return t->column ? walk_is_column(w, name) : name && (strcmp(name, t->table) == 0 || walk_is_named(t->views, name));
}

void walk_met(struct walk *w, const char *name)
{
	w->tables += name && strcmp(name, w->t->of->table) == 0;
}

/* A place that cannot be the target's. */
void walk_past(struct walk *w, const char *name)
{
	w->places += is_looked_for(w, name);
}

void walk_children(struct walk *w, const struct json *v)
{
	for (const struct json *c = v ? v->first : NULL; c; c = c->next)
		walk_node(w, c->key, c);
}

void walk_but(struct walk *w, const struct json *v, const char *const *without)
{
	for (const struct json *c = v->first; c; c = c->next)
		if (!walk_is_named(without, c->key))
			walk_node(w, c->key, c);
}

/* FOR UPDATE OF: what stands in FROM. */
static void locked(struct walk *w, const struct json *v)
{
	for (const struct json *c = v->first; c; c = c->next)
		walk_met(w, json_str(json_get(c, "RangeVar"), "relname"));
}

static void select_query(struct walk *w, const struct json *v)
{
	struct sight own = { 0 };
	scope_enter(w, &own);
	scope_from(w, json_get(v, "fromClause"));
	walk_children(w, v);
	scope_leave(w);
}

/* Of UNION and its like a SELECT, of JOIN a node. */
static void side(struct walk *w, const struct json *v)
{
	if (json_get(v, "op"))
		select_query(w, v);
	else
		walk_children(w, v);
}

/* The table as a whole is used by name. */
void walk_touch(struct walk *w, bool writes)
{
	if (!w->t->of->column)
		walk_found(w, USE_NAME, false, writes);
}

static void relation(struct walk *w, const struct json *v)
{
	struct item is = { 0 };
	if (json_str(v, "relname"))
		is = scope_relation(w, v);
	if (is.ours)
		walk_touch(w, false);
	else
		walk_past(w, json_str(v, "relname"));
	const struct json *alias = json_get(v, "alias");
	walk_met(w, json_str(v, "relname"));
	walk_met(w, json_str(alias, "aliasname"));
	if (is.ours && json_get(alias, "colnames"))
		walk_found(w, USE_STAR, false, false);   /* the columns by their places */
	if (!is.ours)
		walk_past(w, json_str(alias, "aliasname"));
	if (!json_str(v, "relname"))
		walk_children(w, v);   /* of TABLESAMPLE it is a node */
}

static void join(struct walk *w, const struct json *v)
{
	static const char *const sides[] = { "larg", "rarg", "quals", NULL };
	bool ours = scope_joins_ours(w, v);
	if (ours && json_get(v, "isNatural"))
		walk_found(w, USE_STAR, false, false);   /* by every name that both sides have */
	const struct json *shared = json_get(v, "usingClause");
	for (const struct json *c = shared ? shared->first : NULL; c; c = c->next) {
		const char *name = json_str(json_get(c, "String"), "sval");
		if (ours && walk_is_column(w, name))
			walk_found(w, USE_NAME, false, false);
		else
			walk_past(w, name);
	}
	for (size_t i = 0; sides[i]; i++)
		walk_node(w, sides[i], json_get(v, sides[i]));
}

/* No column of that name: the row of what is called so. */
static void row_ref(struct walk *w, const char *qualifier, const char *last)
{
	const struct text_target *t = w->t->of;
	bool sure;
	if (qualifier && t->columns && scope_column(w, qualifier, &sure) != PLACE_NOT && !walk_is_named(t->columns, last))
		w->unsure = true;   /* o.f can be f(o), of the whole row */
	bool is_other = qualifier ? scope_find(w, qualifier) != NULL : walk_is_named(t->columns, last);   /* another's column, or one of its own */
	const struct item *row = is_other ? NULL : scope_find(w, last);
	if (row && row->ours && t->column)
		walk_found(w, USE_STAR, false, false);
}

/* The last name is a column, or the row of what is called so; a star takes all columns. */
static void column_ref(struct walk *w, const struct json *v)
{
	const char *name[FIELDS_MAX] = { NULL };
	size_t n = scope_names(json_get(v, "fields"), name, FIELDS_MAX);
	if (n == 0 || n > FIELDS_MAX) {
		w->unsure = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		walk_met(w, name[i]);
	const struct text_target *t = w->t->of;
	const char *last = name[n - 1], *qualifier = n > 1 ? name[n - 2] : NULL;
	bool sure;
	if (!last) {
		enum place star = qualifier ? scope_column(w, qualifier, &sure) : scope_has_ours(w->scope) ? PLACE_OURS : PLACE_NOT;
		w->unsure = w->unsure || star == PLACE_MAYBE;
		if (star == PLACE_OURS && t->column)
			walk_found(w, USE_STAR, false, false);
		return;
	}
	if (walk_is_column(w, last)) {
		enum place is = scope_column(w, qualifier, &sure);
		w->unsure = w->unsure || is == PLACE_MAYBE;
		if (is == PLACE_OURS)
			walk_found(w, USE_NAME, sure, false);
		else if (is == PLACE_NOT)
			walk_past(w, last);
		return;
	}
	row_ref(w, qualifier, last);
	for (size_t i = 0; i < n; i++) {   /* a table's name, as another's column or as what qualifies one */
		const struct item *is = name[i] ? scope_find(w, name[i]) : NULL;
		if (!is || !is->ours)
			walk_past(w, name[i]);
	}
}

static void result(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "name", NULL };
	walk_past(w, json_str(v, "name"));   /* what it is called from here on */
	walk_met(w, json_str(v, "name"));
	walk_but(w, v, without);
}

static void type_name(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "names", NULL };
	const struct text_target *t = w->t->of;
	const char *name[FIELDS_MAX] = { NULL };
	size_t n = scope_names(json_get(v, "names"), name, FIELDS_MAX);
	const char *last = n > 0 && n <= FIELDS_MAX ? name[n - 1] : NULL, *schema = n > 1 && n <= FIELDS_MAX ? name[n - 2] : NULL;
	bool ours = (text_eq(last, t->table) && (!schema || text_eq(schema, t->schema))) || walk_is_named(t->views, last);
	if (ours)
		walk_found(w, t->column ? USE_STAR : USE_NAME, false, false);
	else if (is_looked_for(w, last))
		w->unsure = true;
	walk_but(w, v, without);
}

/* f(o) is o.f when no function is called so; and a function can read the column for whoever calls it. */
static void call(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "funcname", NULL };
	const char *name[FIELDS_MAX] = { NULL };
	size_t n = scope_names(json_get(v, "funcname"), name, FIELDS_MAX);
	for (size_t i = 0; i < n && i < FIELDS_MAX; i++)
		w->unsure = w->unsure || is_looked_for(w, name[i]) || walk_is_named(w->t->leads, name[i]);
	walk_but(w, v, without);
}

static void with_query(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "ctename", "aliascolnames", NULL };
	walk_past(w, json_str(v, "ctename"));
	walk_met(w, json_str(v, "ctename"));
	for (const struct json *c = json_get(v, "aliascolnames") ? json_get(v, "aliascolnames")->first : NULL; c; c = c->next)
		walk_past(w, json_str(json_get(c, "String"), "sval"));
	walk_but(w, v, without);
}

static void alias(struct walk *w, const struct json *v)
{
	const struct json *names = json_get(v, "colnames");
	walk_past(w, json_str(v, "aliasname"));
	walk_met(w, json_str(v, "aliasname"));
	for (const struct json *c = names ? names->first : NULL; c; c = c->next)
		walk_past(w, json_str(json_get(c, "String"), "sval"));
}

static void operator(struct walk *w, const struct json *v)
{
	static const char *const without[] = { "name", NULL };
	walk_but(w, v, without);
}

static void named_argument(struct walk *w, const struct json *v)
{
	walk_past(w, json_str(v, "name"));
	walk_node(w, "arg", json_get(v, "arg"));
}

/* A literal with the name in it may be SQL that a function runs; when it is SQL that uses the target, it is a use. */
static void literal(struct walk *w, const struct json *v)
{
	const char *s = json_str(json_get(v, "sval"), "sval");
	const struct text_target *t = w->t->of;
	bool table = s && strcasestr(s, t->table);
	w->unsure = w->unsure || table || (s && t->column && strcasestr(s, t->column));
	if (!table || w->depth >= LITERALS_DEEP)
		return;
	struct walk in = { .a = w->a, .t = w->t, .depth = w->depth + 1 };
	walk_text(&in, s);
	if (in.use != USE_NONE)
		walk_found(w, t->column ? USE_STAR : USE_NAME, true, in.writes);
}

static const struct { const char *key; void (*walk)(struct walk *w, const struct json *v); } kinds[] = {
	{ "ColumnRef", column_ref }, { "ResTarget", result }, { "A_Const", literal }, { "A_Expr", operator }, { "FuncCall", call }, { "funccall", call },
	{ "TypeName", type_name }, { "typeName", type_name }, { "RangeVar", relation }, { "relation", relation }, { "SelectStmt", select_query },
	{ "larg", side }, { "rarg", side }, { "JoinExpr", join }, { "InsertStmt", walk_insert }, { "UpdateStmt", walk_change }, { "DeleteStmt", walk_change },
	{ "MergeStmt", walk_change }, { "onConflictClause", walk_on_conflict }, { "MergeWhenClause", walk_merge_when }, { "CommonTableExpr", with_query },
	{ "alias", alias }, { "join_using_alias", alias }, { "NamedArgExpr", named_argument }, { "CopyStmt", walk_copy }, { "lockedRels", locked },
	{ "DoStmt", walk_do },
};

void walk_node(struct walk *w, const char *key, const struct json *v)
{
	if (!v)
		return;
	for (size_t i = 0; key && i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].key, key) == 0) {
			kinds[i].walk(w, v);
			return;
		}
	if (v->kind == JSON_STR)
		w->unsure = w->unsure || is_looked_for(w, v->str);
	walk_children(w, v);
}

/* Those that read or change rows, and what only carries one of these. Definitions do neither; the rest is not known here. */
void walk_statement(struct walk *w, const struct json *stmt)
{
	static const char *const read[] = { "SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CopyStmt", "CallStmt", "ExplainStmt", "PrepareStmt",
		"DeclareCursorStmt", "CreateTableAsStmt", "DoStmt", NULL };
	if (stmt && stmt->first && walk_is_named(read, stmt->first->key))
		walk_node(w, stmt->first->key, stmt->first);
	else
		w->unsure = true;
}

static bool walk_tree(struct walk *w, const char *text, struct err *e)
{
	const struct json *tree = sqlparse(w->a, text, e), *all = json_get(tree, "stmts");
	if (tree && (!all || !all->first))
		w->unsure = true;
	for (const struct json *s = all ? all->first : NULL; s; s = s->next)
		walk_statement(w, json_get(s, "stmt"));
	return tree != NULL;
}

void walk_text(struct walk *w, const char *text)
{
	if (!walk_tree(w, text, NULL))
		w->unsure = true;
}

/* Did nothing of the text get lost on the way? No, when our own reader finds no more names in it than the tree had, and no literal is one that
   servers read differently. */
static bool is_whole(const struct walk *w, const char *text)
{
	const struct text_target *t = w->t->of;
	const char *name = t->column ? t->column : t->table;
	const struct tokens v = tokens_read(w->a, text);
	size_t names = 0, tables = 0;
	for (const char *p = name; *p; p++)
		if ((unsigned char)*p >= 0x80)
			return false;   /* which letters are the same is a setting of the server */
	for (size_t i = 0; i < v.n; i++) {
		if (v.t[i].kind == TOKEN_STRING && memchr(v.t[i].s, '\\', v.t[i].len))
			return false;
		names += token_names(&v, i, name);
		tables += token_names(&v, i, t->table);
	}
	return names <= w->places && (!t->column || tables <= w->tables);
}

struct parsed walk_end(const struct walk *w, const char *text)
{
	struct parsed p = { .as = PARSED_UNSURE };
	if (w->use != USE_NONE)
		p = (struct parsed){ PARSED_USED, w->use, w->writes, w->sure };
	else if (!w->unsure && is_whole(w, text))
		p.as = PARSED_NONE;
	return p;
}

struct parsed audit_parse(struct arena *a, const struct parse_target *t, const char *text, const char **why)
{
	struct walk w = { .a = a, .t = t };
	struct err e = { 0 };
	if (walk_tree(&w, text, &e))
		return walk_end(&w, text);
	if (why)
		*why = arena_dup(a, e.msg);
	return (struct parsed){ .as = PARSED_NOT };
}
