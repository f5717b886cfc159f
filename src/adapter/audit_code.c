/* SPDX-License-Identifier: MIT */
/* Bodies of functions kept as text: the catalogue does not look into them, and they break only when they are called next. */
#include "adapter/audit_private.h"

#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

#define OPAQUE_SHOWN 8   /* names of functions with dynamic SQL in one sentence */

/* Bodies of C and internal functions are names of symbols. Those that came with the server are not read. rows: of a trigger's function of
   this very table, by what names it gets the rows; an extension's functions are opaque by the extension's name. */
static const char BODIES_SQL[] = OWN_TAG
"SELECT replace((pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity, 'pg_catalog.', ''), CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,\n"
"  pg_get_userbyid(p.proowner), p.prosrc, l.lanname, coalesce(u.calls, 0),\n"
"  (SELECT string_agg(DISTINCT n, chr(1)) FROM pg_trigger t, unnest(ARRAY['new', 'old', t.tgnewtable, t.tgoldtable]) n\n"
"    WHERE t.tgfoid = p.oid AND t.tgrelid = $1::oid AND NOT t.tgisinternal AND n IS NOT NULL),\n"
"  (SELECT 'extension ' || quote_ident(x.extname) FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid\n"
"    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')\n"
"FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace\n"
"  LEFT JOIN pg_stat_user_functions u ON u.funcid = p.oid\n"
"WHERE p.prosqlbody IS NULL AND l.lanname NOT IN ('c', 'internal') AND p.prokind <> 'a'\n"
"  AND p.oid >= 16384 AND n.nspname <> 'gatewalk' ORDER BY 1";
enum { F_NAME, F_KIND, F_OWNER, F_BODY, F_LANGUAGE, F_CALLS, F_ROWS, F_EXTENSION, F_COLS };

struct opaque { size_t n; const char *names, *last; };

/* A trigger's function gets the rows as NEW and OLD, or as transition tables, without naming the table. */
static bool takes_row(struct audit *l, const char *body, const char *rows)
{
	struct text_target t = l->names.target;
	for (char *name = arena_dup(l->a, rows), *next; name; name = next) {
		struct text_found f;
		if ((next = strchr(name, 1)) != NULL)
			*next++ = '\0';
		t.table = name;
		audit_text_body(l->a, body, &t, &f);
		if (f.use == USE_STAR)
			return true;
	}
	return false;
}

static void body_found(struct audit *l, char *const *c, const struct text_found *f, bool trigger)
{
	bool named = f->use == USE_NAME;
	const struct consumer found = {
		.key = arena_printf(l->a, "%s %s", c[F_KIND], c[F_NAME]), .kind = c[F_KIND],
		.source = arena_printf(l->a, "%sfunction body%s", trigger ? "trigger's " : "", f->dynamic ? ", with dynamic SQL" : ""),
		.role = c[F_OWNER], .owner = c[F_OWNER], .touch = f->touch == TOUCH_NONE ? TOUCH_READ : f->touch, .calls = cell_int(c[F_CALLS]),
		.names_column = named, .may_survive = !named,
		.evidence = f->dynamic ? arena_printf(l->a, "-- has dynamic SQL: what it builds cannot be read, only by eye\n%s", c[F_BODY]) : c[F_BODY],
	};
	audit_add(l, &found);
}

/* Sorted by name, so that an extension's own stand beside each other more often than not. */
static void opaque_add(struct audit *l, struct opaque *o, const char *name)
{
	if (text_eq(o->last, name))
		return;
	o->last = name;
	if (o->n++ < OPAQUE_SHOWN)
		o->names = o->names ? arena_printf(l->a, "%s, %s", o->names, name) : name;
}

static void body_read(struct audit *l, char *const *c, struct opaque *dynamic)
{
	struct text_found f;
	if (text_eq(c[F_LANGUAGE], "sql") || text_eq(c[F_LANGUAGE], "plpgsql"))
		audit_text_body(l->a, c[F_BODY], &l->names.target, &f);
	else
		audit_text_foreign(c[F_BODY], &l->names.target, &f);
	if (f.use == USE_NONE && c[F_ROWS] && l->target->column && takes_row(l, c[F_BODY], c[F_ROWS])) {
		f.use = USE_STAR;
		f.touch = TOUCH_READ;
	}
	/* Dynamic SQL over this very table: what it does there is not known, so a person has to say. */
	if (f.use == USE_NONE && f.dynamic && f.names_table)
		f.use = USE_STAR;
	if (f.use != USE_NONE)
		body_found(l, c, &f, c[F_ROWS] != NULL);
	else if (f.dynamic)
		opaque_add(l, dynamic, c[F_EXTENSION] ? c[F_EXTENSION] : c[F_NAME]);
}

bool audit_code(struct audit *l, struct err *e)
{
	const char *v[] = { arena_printf(l->a, "%u", l->target->relid) };
	const struct query q = { .sql = BODIES_SQL, .args = v, .nargs = 1, .ms = 30000, .cols = F_COLS };
	struct rows r;
	struct opaque dynamic = { 0 };
	audit_from(l, &(struct audit_source){ .name = "function bodies", .from = l->out->at, .sees = SEES_STATIC | SEES_NESTED | SEES_DEFINER | SEES_WHOLE | SEES_STAR });
	if (!db_ask(l->db, l->a, &q, &r, e))
		return err_in(e, "reading function bodies");
	for (int i = 0; i < r.n; i++)
		body_read(l, r.cell[i], &dynamic);
	if (dynamic.n)
		audit_blind(l, "dynamic SQL, or another language, in %zu functions that name neither the table nor the column, to be read by eye: %s%s", dynamic.n, dynamic.names,
			dynamic.n > OPAQUE_SHOWN ? ", ..." : "");
	return true;
}
