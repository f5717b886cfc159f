/* SPDX-License-Identifier: MIT */
/* Bodies of functions kept as text: the catalogue does not look into them, and they break only when they are called next. */
#include "adapter/audit_private.h"

#include <string.h>

#include "adapter/audit_opinion.h"
#include "adapter/audit_verdict.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

#define NAMES_SHOWN 8   /* of functions in one sentence */

/* Bodies of C and internal functions are names of symbols. Those that came with the server are not read. rows: of a trigger's function of
   this very table, by what names it gets the rows; an extension's functions are opaque by the extension's name; head: what the parser has to know of
   the function, its parameters' names and whether it gives anything back, not of what types. */
static const char BODIES_SQL[] = OWN_TAG
"SELECT replace((pg_identify_object('pg_proc'::regclass, p.oid, 0)).identity, 'pg_catalog.', ''), CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,\n"
"  pg_get_userbyid(p.proowner), p.prosrc, l.lanname, coalesce(u.calls, 0),\n"
"  (SELECT string_agg(DISTINCT n, chr(1)) FROM pg_trigger t, unnest(ARRAY['new', 'old', t.tgnewtable, t.tgoldtable]) n\n"
"    WHERE t.tgfoid = p.oid AND t.tgrelid = $1::oid AND NOT t.tgisinternal AND n IS NOT NULL),\n"
"  (SELECT 'extension ' || quote_ident(x.extname) FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND x.oid = d.refobjid\n"
"    WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'),\n"
"  format('CREATE FUNCTION f(%s) RETURNS %s LANGUAGE plpgsql AS ', (SELECT string_agg(DISTINCT quote_ident(n) || ' int', ', ') FROM unnest(p.proargnames) n WHERE n <> ''),\n"
"    CASE WHEN p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) THEN format_type(p.prorettype, NULL) WHEN p.proretset THEN 'SETOF int'\n"
"      WHEN p.prokind = 'p' OR p.prorettype = 'void'::regtype OR p.proargmodes && '{o,b}' THEN 'void' ELSE 'int' END)\n"
"FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_namespace n ON n.oid = p.pronamespace\n"
"  LEFT JOIN pg_stat_user_functions u ON u.funcid = p.oid\n"
"WHERE p.prosqlbody IS NULL AND l.lanname NOT IN ('c', 'internal') AND p.prokind <> 'a'\n"
"  AND p.oid >= 16384 AND n.nspname <> 'gatewalk' ORDER BY 1";
enum { F_NAME, F_KIND, F_OWNER, F_BODY, F_LANGUAGE, F_CALLS, F_ROWS, F_EXTENSION, F_HEAD, F_COLS };

struct named { size_t n; const char *names, *last; };
struct told { struct named opaque, without; };   /* dynamic SQL; named by words that the parser knows better */

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

/* What its words and the parser say of a body. */
struct body_found { struct text_found f; const char *lines; };   /* lines: of dynamic SQL, " in line 3, 7"; "" */

static void body_add(struct audit *l, char *const *c, const struct body_found *b)
{
	const struct text_found *f = &b->f;
	bool named = f->use == USE_NAME;
	const struct consumer found = {
		.key = arena_printf(l->a, "%s %s", c[F_KIND], c[F_NAME]), .kind = c[F_KIND],
		.source = arena_printf(l->a, "%sfunction body%s%s%s", c[F_ROWS] ? "trigger's " : "", audit_who(f), f->dynamic ? ", with dynamic SQL" : "", b->lines),
		.role = c[F_OWNER], .owner = c[F_OWNER], .touch = f->touch == TOUCH_NONE ? TOUCH_READ : f->touch, .calls = cell_int(c[F_CALLS]),
		.names_column = named, .may_survive = !named,
		.evidence = f->dynamic ? arena_printf(l->a, "-- has dynamic SQL%s: what it builds cannot be read, only by eye\n%s", b->lines, c[F_BODY]) : c[F_BODY],
	};
	audit_add(l, &found);
}

static const char *lines_of(struct audit *l, const struct parsed_body *p)
{
	const char *s = "";
	for (size_t i = 0; i < p->opaque && i < PARSE_LINES; i++)
		s = arena_printf(l->a, "%s%s%d", s, i ? ", " : " in line ", p->line[i]);
	return p->opaque > PARSE_LINES ? arena_printf(l->a, "%s, ...", s) : s;
}

/* A body that the parser has read: what it finds is one, what it is certain of is none, unless the rows come in by themselves; and it knows which
   EXECUTE runs a constant. */
static void parser_reads(struct audit *l, char *const *c, struct body_found *b)
{
	const struct parse_code code = { text_eq(c[F_LANGUAGE], "plpgsql") ? c[F_HEAD] : "", c[F_BODY] };
	struct parsed_body p = opinion_body(l->names.opinion, &code);
	const struct text_found words = b->f;
	b->f = audit_second(&words, (struct resolved){ RESOLVED_NOT, false }, p.is, !c[F_ROWS]);
	b->lines = lines_of(l, &p);
	if (*code.head)
		b->f.dynamic = words.dynamic && p.opaque > 0;
}

/* Sorted by name, so that an extension's own stand beside each other more often than not. */
static void named_add(struct audit *l, struct named *o, const char *name)
{
	if (text_eq(o->last, name))
		return;
	o->last = name;
	if (o->n++ < NAMES_SHOWN)
		o->names = o->names ? arena_printf(l->a, "%s, %s", o->names, name) : name;
}

static void body_read(struct audit *l, char *const *c, struct told *told)
{
	struct body_found b = { .lines = "" };
	bool sql = text_eq(c[F_LANGUAGE], "sql") || text_eq(c[F_LANGUAGE], "plpgsql");
	if (sql)
		audit_text_body(l->a, c[F_BODY], &l->names.target, &b.f);
	else
		audit_text_foreign(c[F_BODY], &l->names.target, &b.f);
	if (sql && l->names.opinion && (b.f.use != USE_NONE || b.f.dynamic || b.f.names_table))
		parser_reads(l, c, &b);
	struct text_found *f = &b.f;
	if (f->use == USE_NONE && c[F_ROWS] && l->target->column && takes_row(l, c[F_BODY], c[F_ROWS])) {
		f->use = USE_STAR;
		f->touch = TOUCH_READ;
	}
	/* Dynamic SQL over this very table: what it does there is not known, so a person has to say. */
	if (f->use == USE_NONE && f->dynamic && f->names_table)
		f->use = USE_STAR;
	if (f->use == USE_NONE && f->by_parser)
		named_add(l, &told->without, c[F_NAME]);
	if (f->use != USE_NONE)
		body_add(l, c, &b);
	else if (f->dynamic)
		named_add(l, &told->opaque, c[F_EXTENSION] ? c[F_EXTENSION] : arena_printf(l->a, "%s%s", c[F_NAME], b.lines));
}

static void tell(struct audit *l, const struct told *t)
{
	if (t->opaque.n)
		audit_blind(l, "dynamic SQL, or another language, in %zu functions that name neither the table nor the column, to be read by eye: %s%s", t->opaque.n, t->opaque.names,
			t->opaque.n > NAMES_SHOWN ? ", ..." : "");
	if (t->without.n)
		audit_blind(l, "%zu functions look by their words as if they used the %s; the parser reads them whole without it, so they do not count: %s%s", t->without.n,
			l->target->column ? "column" : "table", t->without.names, t->without.n > NAMES_SHOWN ? ", ..." : "");
}

bool audit_code(struct audit *l, struct err *e)
{
	const char *v[] = { arena_printf(l->a, "%u", l->target->relid) };
	const struct query q = { .sql = BODIES_SQL, .args = v, .nargs = 1, .ms = 30000, .cols = F_COLS };
	struct rows r;
	struct told told = { 0 };
	audit_from(l, &(struct audit_source){ .name = "function bodies", .from = l->out->at, .sees = SEES_STATIC | SEES_NESTED | SEES_DEFINER | SEES_WHOLE | SEES_STAR });
	if (!db_ask(l->db, l->a, &q, &r, e))
		return err_in(e, "reading function bodies");
	for (int i = 0; i < r.n; i++)
		body_read(l, r.cell[i], &told);
	if (l->names.opinion)
		opinion_end(l->names.opinion);
	tell(l, &told);
	return true;
}
