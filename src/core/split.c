/* SPDX-License-Identifier: MIT */
#include "core/split.h"

#include "base/arena.h"
#include "base/text.h"
#include "core/plan.h"
#include "core/sql.h"

static const char *taken(struct arena *a, struct text *t)
{
	const char *s = arena_dup(a, text_str(t));
	text_free(t);
	return s;
}

static const char *place(struct arena *a, const char *schema, const char *table)
{
	return arena_printf(a, "%s.%s", sql_quoted(a, schema), sql_quoted(a, table));
}

static const char *old_place(struct arena *a, const struct split_form *f)
{
	return place(a, f->schema, f->table);
}

static const char *new_place(struct arena *a, const struct split_form *f)
{
	return place(a, f->to_schema, f->to);
}

/* prefix with its dot. */
static const char *key_list(struct arena *a, const struct split_form *f, const char *prefix)
{
	struct text t = { 0 };
	for (size_t i = 0; i < f->n_keys; i++)
		text_addf(&t, "%s%s%s", i ? ", " : "", prefix, sql_quoted(a, f->keys[i].name));
	return taken(a, &t);
}

static const char *column_list(struct arena *a, const struct split_form *f, const char *prefix)
{
	struct text t = { 0 };
	for (size_t i = 0; i < f->n_columns; i++)
		text_addf(&t, "%s%s%s", i ? ", " : "", prefix, sql_quoted(a, f->columns[i].name));
	return taken(a, &t);
}

static const char *same_key(struct arena *a, const struct split_form *f, const char *left, const char *right)
{
	struct text t = { 0 };
	for (size_t i = 0; i < f->n_keys; i++) {
		const char *name = sql_quoted(a, f->keys[i].name);
		text_addf(&t, "%s%s%s %s %s%s", i ? " AND " : "", left, name, f->keys[i].equals, right, name);
	}
	return taken(a, &t);
}

/* SQL, boolean: by their bytes, since not every type has an equality, and 1.0 is to come as 1.0. The cast keeps the server from taking the rows apart. */
static const char *differ(struct arena *a, const char *left, const char *right)
{
	return arena_printf(a, "ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record", left, right);
}

static const char *whole(struct arena *a, const struct split_form *f, const char *prefix)
{
	return arena_printf(a, "%s, %s", key_list(a, f, prefix), column_list(a, f, prefix));
}

/* ---- names ---- */

const char *split_id(struct arena *a, const char *name)
{
	char *id = arena_dup(a, name ? name : "");
	for (char *c = id; *c; c++)
		if (*c == '-')
			*c = '_';
	return id;
}

struct split_form split_named(struct arena *a, const struct plan *p)
{
	return (struct split_form){ .id = split_id(a, p->name), .schema = p->schema, .table = p->table, .to_schema = p->schema, .to = p->add_name, .owner = "", .grants = "" };
}

const char *split_words(struct arena *a, const struct split_form *f, enum split_mark m)
{
	static const char *const marks[] = { "", ", every row stands here", ", stands by itself" };
	return arena_printf(a, "gatewalk: split off %s.%s%s", f->schema, f->table, marks[m]);
}

const char *split_brief(struct arena *a, const struct plan *p)
{
	struct text t = { 0 };
	for (size_t i = 0; i < p->n_add_columns; i++)
		text_addf(&t, "%s%s", i ? ", " : "", sql_ident(a, p->add_columns[i]));
	const char *list = taken(a, &t);
	return arena_printf(a, "CREATE TABLE %s.%s (the key of %s.%s, %s; FOREIGN KEY, ON DELETE CASCADE), with its owner and rights, and triggers that bring over every write (copy SQL shows how)", sql_ident(a, p->schema),
		sql_ident(a, p->add_name), sql_ident(a, p->schema), sql_ident(a, p->table), list);
}

/* ---- put, take ---- */

/* Default privileges may have opened it to others than the old one is open to. */
static const char CLOSED[] = "DECLARE who record; BEGIN FOR who IN SELECT DISTINCT x.grantee FROM pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) x"
	" WHERE c.oid = %s::pg_catalog.regclass AND x.grantee <> c.relowner LOOP EXECUTE pg_catalog.format('REVOKE ALL ON TABLE %%s FROM %%s', %s,"
	" CASE who.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(who.grantee)) END); END LOOP; END";

static void add_table(struct arena *a, struct text *t, const struct split_form *f)
{
	const char *to = new_place(a, f), *named = sql_literal(a, to);
	text_addf(t, "CREATE TABLE %s (", to);
	for (size_t i = 0; i < f->n_keys; i++)
		text_addf(t, "%s %s, ", sql_quoted(a, f->keys[i].name), f->keys[i].type);
	for (size_t i = 0; i < f->n_columns; i++)
		text_addf(t, "%s %s, ", sql_quoted(a, f->columns[i].name), f->columns[i].define);
	text_addf(t, "PRIMARY KEY (%s), FOREIGN KEY (%s) REFERENCES %s (%s) ON UPDATE CASCADE ON DELETE CASCADE);\n", key_list(a, f, ""), key_list(a, f, ""), old_place(a, f),
		key_list(a, f, ""));
	text_addf(t, "ALTER TABLE %s OWNER TO %s;\nDO %s;\n%s", to, sql_quoted(a, f->owner), sql_literal(a, arena_printf(a, CLOSED, named, named)), f->grants);
}

static const char *body(struct arena *a, const struct split_form *f)
{
	struct text t = { 0 };
	const char *to = new_place(a, f);
	text_addf(&t, "#variable_conflict use_column\nBEGIN\n"
		"IF TG_OP = 'DELETE' THEN DELETE FROM %s AS gatewalk_n WHERE %s; RETURN NULL; END IF;\n", to, same_key(a, f, "gatewalk_n.", "OLD."));
	text_addf(&t, "IF TG_OP = 'UPDATE' AND current_setting('session_replication_role') = 'replica' AND %s THEN UPDATE %s AS gatewalk_n SET ",
		differ(a, key_list(a, f, "OLD."), key_list(a, f, "NEW.")), to);
	for (size_t i = 0; i < f->n_keys; i++) {
		const char *name = sql_quoted(a, f->keys[i].name);
		text_addf(&t, "%s%s = NEW.%s", i ? ", " : "", name, name);
	}
	text_addf(&t, " WHERE %s; END IF;\n", same_key(a, f, "gatewalk_n.", "OLD."));
	text_addf(&t, "INSERT INTO %s AS gatewalk_n (%s) SELECT %s FROM %s AS gatewalk_o WHERE %s ON CONFLICT (%s) DO UPDATE SET ", to, whole(a, f, ""), whole(a, f, "gatewalk_o."),
		old_place(a, f), same_key(a, f, "gatewalk_o.", "NEW."), key_list(a, f, ""));
	for (size_t i = 0; i < f->n_columns; i++) {
		const char *name = sql_quoted(a, f->columns[i].name);
		text_addf(&t, "%s%s = excluded.%s", i ? ", " : "", name, name);
	}
	text_add(&t, ";\nRETURN NULL;\nEND");
	return taken(a, &t);
}

static void add_trigger(struct arena *a, struct text *t, const struct split_form *f, const char *kind, const char *event, const char *when)
{
	const char *on = old_place(a, f);
	text_addf(t, "CREATE TRIGGER " SPLIT_TRIGGER "%s%s AFTER %s ON %s FOR EACH ROW %sEXECUTE FUNCTION gatewalk.split_%s();\n", f->id, kind, event, on, when, f->id);
	text_addf(t, "ALTER TABLE %s ENABLE ALWAYS TRIGGER " SPLIT_TRIGGER "%s%s;\n", on, f->id, kind);
}

/* AFTER UPDATE, not UPDATE OF: what an application's BEFORE trigger changes is told by no list of columns. */
const char *split_put(struct arena *a, const struct split_form *f)
{
	struct text t = { 0 };
	add_table(a, &t, f);
	text_addf(&t, "CREATE FUNCTION gatewalk.split_%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %s;\n", f->id,
		sql_literal(a, body(a, f)));
	text_addf(&t, "REVOKE ALL ON FUNCTION gatewalk.split_%s() FROM PUBLIC;\n", f->id);
	add_trigger(a, &t, f, "_i", "INSERT", "");
	add_trigger(a, &t, f, "_u", "UPDATE", arena_printf(a, "WHEN (%s) ", differ(a, whole(a, f, "OLD."), whole(a, f, "NEW."))));
	add_trigger(a, &t, f, "_d", "DELETE", "WHEN (pg_catalog.current_setting('session_replication_role') OPERATOR(pg_catalog.=) 'replica') ");
	text_addf(&t, "COMMENT ON TABLE %s IS %s;\n", new_place(a, f), sql_literal(a, split_words(a, f, SPLIT_FILLING)));
	return taken(a, &t);
}

static const char *marked(struct arena *a, const struct split_form *f, enum split_mark m)
{
	return arena_printf(a, "COMMENT ON TABLE %s IS %s", new_place(a, f), sql_literal(a, split_words(a, f, m)));
}

const char *split_whole(struct arena *a, const struct split_form *f)
{
	return marked(a, f, SPLIT_WHOLE);
}

const char *split_take(struct arena *a, const struct split_form *f)
{
	static const char *const kinds[] = { "_i", "_u", "_d" };
	struct text t = { 0 };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		text_addf(&t, "DROP TRIGGER IF EXISTS " SPLIT_TRIGGER "%s%s ON %s;\n", f->id, kinds[i], old_place(a, f));
	text_addf(&t, "DROP FUNCTION IF EXISTS gatewalk.split_%s()", f->id);
	return taken(a, &t);
}

const char *split_end(struct arena *a, const struct split_form *f)
{
	return arena_printf(a, "%s;\n%s", split_take(a, f), marked(a, f, SPLIT_ALONE));
}

const char *split_leave(struct arena *a, const struct split_form *f)
{
	const char *to = new_place(a, f), *body = arena_printf(a, "BEGIN IF pg_catalog.to_regclass(%s) IS NOT NULL THEN COMMENT ON TABLE %s IS NULL; END IF; END", sql_literal(a, to), to);
	return arena_printf(a, "%s;\nDO %s", split_take(a, f), sql_literal(a, body));
}

const char *split_state(struct arena *a, const struct split_form *f)
{
	return arena_printf(a, "UNION ALL SELECT 'rule', CASE WHEN g.n = 0 AND d.words = %4$s THEN 'true' WHEN g.n < 3 OR NOT g.always OR d.words = %4$s THEN 'broken' WHEN d.words = %1$s THEN 'kept' ELSE 'false' END, 1000\n"
		"FROM t JOIN pg_class o ON o.oid = t.relid JOIN pg_class x ON x.relnamespace = o.relnamespace AND x.relname = %2$s AND x.relkind = 'r', LATERAL (SELECT obj_description(x.oid, 'pg_class')) d(words),\n"
		"  LATERAL (SELECT count(*), bool_and(r.tgenabled = 'A') FROM pg_trigger r WHERE r.tgrelid = t.relid AND r.tgname IN ('" SPLIT_TRIGGER "%3$s_i', '" SPLIT_TRIGGER "%3$s_u', '" SPLIT_TRIGGER "%3$s_d')) g(n, always)\n"
		"WHERE d.words IN (%1$s, %4$s, %5$s)\n", sql_literal(a, split_words(a, f, SPLIT_WHOLE)), sql_literal(a, f->to), f->id, sql_literal(a, split_words(a, f, SPLIT_ALONE)),
		sql_literal(a, split_words(a, f, SPLIT_FILLING)));
}

/* ---- fill, compare ---- */

static const char *lacking(struct arena *a, const struct split_form *f)
{
	return arena_printf(a, "NOT EXISTS (SELECT FROM %s AS n WHERE %s)", new_place(a, f), same_key(a, f, "n.", "o."));
}

/* NO KEY UPDATE is what a writer of the moving columns holds; under KEY SHARE the two would meet in the new key's index, and wait there. */
const char *split_fill(struct arena *a, const struct split_form *f, const char *leaf, long long from, long long to)
{
	return arena_printf(a, "INSERT INTO %s (%s) SELECT %s FROM ONLY %s AS o WHERE o.ctid >= '(%lld,0)'::tid AND o.ctid < '(%lld,0)'::tid AND %s"
		" FOR NO KEY UPDATE OF o SKIP LOCKED ON CONFLICT (%s) DO NOTHING", new_place(a, f), whole(a, f, ""), whole(a, f, "o."), leaf, from, to, lacking(a, f),
		key_list(a, f, ""));
}

const char *split_left(struct arena *a, const struct split_form *f)
{
	return arena_printf(a, "SELECT count(*) FROM %s AS o WHERE %s", old_place(a, f), lacking(a, f));
}

const char *split_compare(struct arena *a, const struct split_form *f)
{
	const char *old = old_place(a, f), *new = new_place(a, f), *same = same_key(a, f, "n.", "o.");
	return arena_printf(a, "SELECT (%s), (SELECT count(*) FROM %s AS n WHERE NOT EXISTS (SELECT FROM %s AS o WHERE %s)), (SELECT count(*) FROM %s AS o JOIN %s AS n ON %s WHERE %s)",
		split_left(a, f), new, old, same, old, new, same, differ(a, whole(a, f, "o."), whole(a, f, "n.")));
}
