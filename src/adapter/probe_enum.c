/* SPDX-License-Identifier: MIT */
#include "adapter/probe.h"

#include "base/err.h"
#include "port/db.h"

/* $1 to $3 the column, $4 the new type, $5 and $6 the value that goes, and the one in its place. */
static const char ENUM_SQL[] =
"/* gatewalk */ WITH o AS (SELECT a.atttypid AS oid, format_type(a.atttypid, a.atttypmod) AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid\n"
"    JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3 AND NOT a.attisdropped),\n"
"  was AS (SELECT e.enumlabel AS v FROM pg_enum e JOIN o ON o.oid = e.enumtypid), now AS (SELECT enumlabel AS v FROM pg_enum WHERE enumtypid = to_regtype($4))\n"
"SELECT o.name, EXISTS (SELECT FROM was), EXISTS (SELECT FROM was WHERE v = $5), EXISTS (SELECT FROM was WHERE v = $6), EXISTS (SELECT FROM now),\n"
"  (SELECT string_agg(quote_literal(v), ', ' ORDER BY v) FROM (SELECT CASE WHEN v = $5 THEN $6 ELSE v END FROM was EXCEPT SELECT v FROM now) x (v)) FROM o";

bool probe_enum(struct db *db, struct arena *a, const struct probe_enum_ask *ask, struct probe_enum *out, struct err *e)
{
	const char *args[] = { ask->schema, ask->table, ask->column, ask->new_type, ask->from, ask->to };
	struct rows r;
	if (!db_ask(db, a, &(struct query){ .sql = ENUM_SQL, .args = args, .nargs = 6, .cols = 6, .min_rows = 1, .max_rows = 1 }, &r, e))
		return err_in(e, "looking at the two enums");
	char **c = r.cell[0];
	*out = (struct probe_enum){ .type = c[0], .is_enum = cell_bool(c[1]), .has_from = cell_bool(c[2]), .had_to = cell_bool(c[3]), .new_there = cell_bool(c[4]), .missing = c[5] };
	return true;
}
