/* SPDX-License-Identifier: MIT */
#include "adapter/audit_names.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/audit_opinion.h"
#include "adapter/audit_verdict.h"
#include "adapter/resolve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"

#define RESOLVE_TIME (2 * US_SECOND)   /* of one look; texts that come later are judged without the server */
#define PARSE_TIME (4 * US_SECOND)     /* and without the parser */

static const char NAMES_SQL[] = OWN_TAG
"WITH RECURSIVE v AS (\n"
"  SELECT w.ev_class FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid\n"
"  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid AND ($2::int = 0 OR d.refobjsubid IN (0, $2::int)) AND w.ev_class <> $1::oid\n"
"  UNION SELECT w.ev_class FROM v JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.ev_class\n"
"    JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid),\n"
"below AS (   -- a table's partitions and children\n"
"  SELECT i.inhrelid AS oid FROM pg_inherits i WHERE i.inhparent = $1::oid UNION SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.oid)\n"
"SELECT 'view', relname, 0 FROM below JOIN pg_class USING (oid)\n"
"UNION ALL SELECT 'view', c.relname, 0 FROM v JOIN pg_class c ON c.oid = v.ev_class\n"
"UNION ALL SELECT 'column', attname, attnum FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''\n"
"UNION ALL SELECT 'falls', k.conname, 0 FROM pg_depend d JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.conrelid = $1::oid\n"
"  WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid AND d.refobjsubid = $2::int AND $2::int > 0 AND d.deptype = 'a' AND k.contype <> 'c'\n"
"UNION ALL SELECT 'role', session_user, 0\n"
"UNION ALL SELECT 'schema', relname, 0 FROM pg_class WHERE oid = to_regclass('gatewalk.job')\n"
"ORDER BY 1, 3";

static const char OWN_ROLES_SQL[] = OWN_TAG "SELECT DISTINCT operator FROM gatewalk.job WHERE operator IS NOT NULL";

struct list { const char **v; size_t n, cap; };

static void list_add(struct arena *a, struct list *l, const char *s)
{
	l->v = arena_grow(a, l->v, &l->n, &l->cap, sizeof *l->v);
	l->v[l->n - 1] = s;
}

static bool own_roles(struct db *db, struct arena *a, struct list *roles, struct err *e)
{
	const struct query q = { .sql = OWN_ROLES_SQL, .cols = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	for (int i = 0; i < r.n; i++)
		list_add(a, roles, r.cell[i][0]);
	return true;
}

bool names_read(struct db *db, struct arena *a, const struct fact_target *t, enum target kind, struct names *out, struct err *e)
{
	const char *v[] = { arena_printf(a, "%u", kind == TARGET_INDEX || kind == TARGET_TYPE ? 0 : t->relid), arena_printf(a, "%d", t->attnum) };
	const struct query q = { .sql = NAMES_SQL, .args = v, .nargs = 2, .cols = 3 };
	struct rows r;
	enum { VIEWS, COLUMNS, FALLS, ROLES, LISTS };
	static const char *const called[LISTS] = { "view", "column", "falls", "role" };
	struct list v_of[LISTS] = { 0 };
	*out = (struct names){ .target = { .schema = t->schema, .table = t->table, .column = t->column, .kind = kind } };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking for what shows the target");
	for (int i = 0; i < r.n; i++) {
		out->schema_there = out->schema_there || text_eq(r.cell[i][0], "schema");
		for (int k = 0; k < LISTS; k++)
			if (text_eq(r.cell[i][0], called[k]))
				list_add(a, &v_of[k], r.cell[i][1]);
	}
	if (out->schema_there && !own_roles(db, a, &v_of[ROLES], e))
		return false;
	for (int k = 0; k < LISTS; k++)
		list_add(a, &v_of[k], NULL);
	out->target.views = v_of[VIEWS].v;
	out->target.columns = v_of[COLUMNS].v;
	out->target.falls = v_of[FALLS].v;
	out->own_roles = v_of[ROLES].v;
	bool column = t->column && (kind == TARGET_COLUMN || kind == TARGET_NONE);
	if (column && !resolver_new(db, a, t, RESOLVE_TIME, &out->resolver, e))
		return false;
	if (column || kind == TARGET_TABLE)
		out->opinion = opinion_new(a, &out->target, column ? resolver_names(out->resolver) : NULL, PARSE_TIME);
	return true;
}

static bool own_role(const struct names *n, const char *role)
{
	for (size_t i = 0; n->own_roles && n->own_roles[i]; i++)
		if (text_eq(n->own_roles[i], role))
			return true;
	return false;
}

/* Did gatewalk itself send this? The mark alone does not say so: the login must be one that gatewalk works as. */
static bool own_text(const struct names *n, const char *role, const char *text, const struct text_found *f)
{
	static const char tag[] = OWN_TAG;
	text += strspn(text, " \t\r\n");
	return own_role(n, role) && (strncmp(text, tag, sizeof tag - 2) == 0 || f->names_gatewalk);
}

bool names_own_session(const struct names *n, const char *role, const char *app)
{
	return own_role(n, role) && app && strncmp(app, "gatewalk", strlen("gatewalk")) == 0;
}

bool names_own_text(const struct names *n, const char *role, const char *text)
{
	return own_text(n, role, text, &(struct text_found){ 0 });
}

/* The parser is asked where it could say something else: where somebody finds a use, or where the name stands in the text at all. */
static bool worth_parsing(const struct names *n, struct arena *a, const struct text_of *t, struct resolved server)
{
	const char *name = n->target.column ? n->target.column : n->target.table;
	if (!n->opinion || t->found.own || (!n->target.column && audit_text_key_check(a, t->text)))
		return false;
	return t->found.use != USE_NONE || t->found.names_view || server.as == RESOLVED_USED || strcasestr(t->text, name);
}

static void by_words(const struct names *n, struct arena *a, struct text_of *t)
{
	audit_text_statement(a, t->text, &n->target, &t->found);
	if (own_text(n, t->role, t->text, &t->found))
		t->found = (struct text_found){ .own = true };
}

static void by_all(const struct names *n, struct arena *a, struct text_of *t, struct resolved server, bool whole)
{
	const struct parsed not = { .as = PARSED_NOT };
	t->found = audit_second(&t->found, server, worth_parsing(n, a, t, server) ? opinion_text(n->opinion, t->text) : not, whole);
}

struct text_found names_use(const struct names *n, struct arena *a, const char *role, const char *text, bool whole)
{
	struct text_of t = { .role = role, .text = text };
	by_words(n, a, &t);
	by_all(n, a, &t, (struct resolved){ RESOLVED_NOT, false }, whole);
	return t.found;
}

void names_use_all(const struct names *n, struct arena *a, struct text_of *v, size_t count)
{
	struct resolved *server = arena_array(a, count, sizeof *server);   /* zero: it cannot say */
	for (size_t i = 0; i < count; i++)
		by_words(n, a, &v[i]);
	for (int later = 0; later < 2 && n->resolver; later++)
		for (size_t i = 0; i < count; i++) {
			const struct text_found *f = &v[i].found;
			bool urgent = f->use != USE_NONE || f->names_view;
			if (!f->own && urgent != later)
				server[i] = resolver_text(n->resolver, v[i].role, v[i].text);
		}
	if (n->resolver)
		resolver_end(n->resolver);
	for (size_t i = 0; i < count; i++)
		by_all(n, a, &v[i], server[i], true);
	if (n->opinion)
		opinion_end(n->opinion);
}

const char *names_cut(struct arena *a, const char *text, size_t max)
{
	size_t len = strlen(text);
	if (len <= max)
		return text;
	for (len = max; len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
		;
	return arena_printf(a, "%.*s ...", (int)len, text);
}
