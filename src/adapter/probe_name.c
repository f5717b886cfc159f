/* SPDX-License-Identifier: MIT */
/* A table's new name: what speaks against it, and against a view under the old one. */
#include "adapter/probe_trial.h"

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/db.h"

/* $1 schema, $2 new name, $3 the table's oid. Types too: a table brings one of its name. */
static const char AGAINST_SQL[] =
"/* gatewalk */ SELECT CASE WHEN EXISTS (SELECT FROM pg_class WHERE relnamespace = n.oid AND relname = $2) OR EXISTS (SELECT FROM pg_type WHERE typnamespace = n.oid AND typname = $2)\n"
"    THEN format('something else of schema %I is named %I already', n.nspname, $2)\n"
"  WHEN NOT has_schema_privilege(n.oid, 'CREATE') THEN format('this login may not make a view in schema %I; its owner grants that (GRANT CREATE ON SCHEMA %I TO ...)', n.nspname, n.nspname)\n"
"  WHEN NOT pg_has_role(c.relowner, 'USAGE') THEN format('the table belongs to %s, and this login is none of that role', c.relowner::regrole)\n"
"  WHEN EXISTS (SELECT FROM pg_depend d JOIN pg_proc f ON f.oid = d.objid AND d.classid = 'pg_proc'::regclass WHERE d.refclassid = 'pg_type'::regclass AND d.refobjid IN (c.reltype, (SELECT typarray FROM pg_type WHERE oid = c.reltype)))\n"
"    THEN format('%s takes or gives rows of the table''s type, whose name changes with it; give it a type of its own first', (SELECT min(d.objid::regprocedure::text) FROM pg_depend d\n"
"      WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_type'::regclass AND d.refobjid IN (c.reltype, (SELECT typarray FROM pg_type WHERE oid = c.reltype))))\n"
"  WHEN c.relrowsecurity AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND NOT attisdropped AND attacl IS NOT NULL)\n"
"    THEN 'the table has both policies and rights on single columns, and a view keeps either one or the other: grant those on the table, or take the policies off' END\n"
"FROM pg_namespace n JOIN pg_class c ON c.oid = $3::oid WHERE n.nspname = $1";

bool probe_name(struct db *db, struct arena *a, const struct plan *p, struct fact_target *t, struct err *e)
{
	const char *args[] = { p->schema, p->add_name, arena_printf(a, "%u", t->relid) };
	struct rows r;
	if (t->n_published) {
		t->unfit = arena_printf(a, "publication %s sends the table on by its name, and a subscriber would stop at the next row; take it out there first", t->published[0]);
		return true;
	}
	if (!db_ask(db, a, &(struct query){ .sql = AGAINST_SQL, .args = args, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1 }, &r, e))
		return err_in(e, "looking whether the new name is free");
	t->unfit = r.cell[0][0];
	return true;
}
