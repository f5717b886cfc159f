/* SPDX-License-Identifier: MIT */
/* Shared by audit_parse.c (statements), audit_parse_write.c (those that write), audit_parse_scope.c (what names mean in them) and audit_parse_body.c (PL/pgSQL). */
#ifndef GW_ADAPTER_AUDIT_PARSE_PRIVATE_H
#define GW_ADAPTER_AUDIT_PARSE_PRIVATE_H

#include "adapter/audit_parse.h"

struct json;

/* What a name in FROM stands for. */
struct item { const char *ref; bool ours, sure; };
/* Of one query; those around it are in sight from it. */
struct sight { struct item *v; size_t n, cap; struct sight *up; };

struct walk {
	struct arena *a;
	const struct parse_target *t;
	struct sight *scope;
	const struct item *into;   /* the relation that INSERT, UPDATE, MERGE write; NULL elsewhere */
	int depth;                 /* SQL within literals */
	size_t places;             /* of the name, none of which is the target */
	size_t tables;             /* places of the table's name, whatever it means there */
	bool unsure;
	bool opaque;               /* code in it runs SQL that cannot be read */
	enum text_use use;
	bool writes, sure;
};

enum place { PLACE_NOT, PLACE_MAYBE, PLACE_OURS };

void walk_found(struct walk *w, enum text_use use, bool sure, bool writes);
void walk_children(struct walk *w, const struct json *v);
void walk_but(struct walk *w, const struct json *v, const char *const *without);
/* A node of the tree, or a field of one, of this key; v may be NULL. */
void walk_node(struct walk *w, const char *key, const struct json *v);
/* A place of the name that cannot be the target; a place of the table's name, whatever it means. */
void walk_past(struct walk *w, const char *name);
void walk_met(struct walk *w, const char *name);
/* The table as a whole is used by name. */
void walk_touch(struct walk *w, bool writes);
void walk_insert(struct walk *w, const struct json *v);
void walk_change(struct walk *w, const struct json *v);
void walk_on_conflict(struct walk *w, const struct json *v);
void walk_merge_when(struct walk *w, const struct json *v);
void walk_copy(struct walk *w, const struct json *v);
/* A text of its own, within this one. */
void walk_text(struct walk *w, const char *text);
void walk_do(struct walk *w, const struct json *v);
/* One statement of a tree of sqlparse. */
void walk_statement(struct walk *w, const struct json *stmt);
/* What the walk came to; text is what was walked. */
struct parsed walk_end(const struct walk *w, const char *text);
bool walk_is_column(const struct walk *w, const char *name);
bool walk_is_named(const char *const *list, const char *name);

/* "fields": ["a", "b", ...] as in {"String":{"sval":"a"}}; NULL for what is no name (a star). At most max; returns how many there are. */
size_t scope_names(const struct json *list, const char **out, size_t max);
void scope_enter(struct walk *w, struct sight *s);
void scope_leave(struct walk *w);
/* The relation of a RangeVar's body: is it the target, or something that shows it? */
struct item scope_relation(struct walk *w, const struct json *rel);
void scope_add(struct walk *w, struct item item);
/* Whatever stands in a list of FROM, without its sub-selects; or in one node of it. */
void scope_from(struct walk *w, const struct json *list);
void scope_node(struct walk *w, const struct json *one);
/* Is the target on one side of this join? */
bool scope_joins_ours(struct walk *w, const struct json *join);
/* Is a column of this name, qualified or not (NULL), one of the target's? */
enum place scope_column(const struct walk *w, const char *qualifier, bool *sure);
/* What is called so: the target if anything of that name is, near or far (which of them is meant, a sub-select in FROM does not show); NULL. */
const struct item *scope_find(const struct walk *w, const char *ref);
/* Does the innermost query read the target? */
bool scope_has_ours(const struct sight *s);

#endif
