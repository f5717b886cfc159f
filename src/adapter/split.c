/* SPDX-License-Identifier: MIT */
#include "adapter/split.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/plan.h"
#include "core/sql.h"
#include "port/db.h"

static const char TABLE_SQL[] = OWN_TAG
"SELECT c.oid, CASE WHEN c.relkind = 'p' OR c.relispartition OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid OR inhrelid = c.oid) THEN 'it has partitions or children, or is one'\n"
"    WHEN c.relkind <> 'r' OR c.relpersistence <> 'p' THEN 'it is no plain, logged table'\n"
"    WHEN c.relrowsecurity THEN 'it has row security, whose policies the new table would not have'\n"
"    WHEN NOT pg_has_role(c.relowner, 'USAGE') THEN 'this login has not the rights of its owner, with which the trigger is to write'\n"
"    WHEN k.oid IS NULL THEN 'it has no primary key'\n"
"    WHEN k.condeferrable THEN 'its primary key is DEFERRABLE: no foreign key can refer to it'\n"
"    WHEN NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $3) THEN 'there is no schema of the new table''s'\n"
"    WHEN EXISTS (SELECT FROM pg_publication b WHERE b.puballtables OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnpubid = b.oid AND s.pnnspid = n.oid))\n"
"      THEN 'a publication sends every new table on, and a subscriber without it would stop'\n"
"    WHEN $5::bool THEN NULL\n"
"    WHEN EXISTS (SELECT FROM pg_class x JOIN pg_namespace m ON m.oid = x.relnamespace WHERE m.nspname = $3 AND x.relname = $4::text)\n"
"      OR EXISTS (SELECT FROM pg_type x JOIN pg_namespace m ON m.oid = x.typnamespace WHERE m.nspname = $3 AND x.typname = $4::text) THEN 'something of the new table''s name is there already' END,\n"
"  pg_get_userbyid(c.relowner)\n"
"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1 LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' WHERE c.relname = $2::text";
enum { T_OID, T_UNFIT, T_OWNER, T_COLS };

#define TYPE "format_type(a.atttypid, a.atttypmod) || CASE WHEN a.attcollation <> t.typcollation THEN (SELECT format(' COLLATE %%I.%%I', n.nspname, c.collname)" \
	" FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE c.oid = a.attcollation) ELSE '' END"

/* The operator of the index itself: citext's own is in no search_path of ours. */
static const char KEYS_SQL[] = OWN_TAG
"SELECT a.attname, " TYPE ", format('OPERATOR(%%I.%%s)', s.nspname, p.oprname)\n"
"FROM pg_constraint k JOIN pg_index i ON i.indexrelid = k.conindid, unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY u (attnum, class, at)\n"
"  JOIN pg_opclass o ON o.oid = u.class JOIN pg_amop m ON m.amopfamily = o.opcfamily AND m.amoplefttype = o.opcintype AND m.amoprighttype = o.opcintype AND m.amopstrategy = 3\n"
"  JOIN pg_operator p ON p.oid = m.amopopr JOIN pg_namespace s ON s.oid = p.oprnamespace, pg_attribute a JOIN pg_type t ON t.oid = a.atttypid\n"
"WHERE k.conrelid = %s AND k.contype = 'p' AND a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.at";

static const char COLUMN_SQL[] = OWN_TAG
"SELECT CASE WHEN a.attnum = ANY (k.conkey) THEN 'is part of the key, which both tables have' WHEN a.attgenerated <> '' THEN 'is generated' WHEN a.attidentity <> '' THEN 'is an identity' END,\n"
"  " TYPE " || coalesce(' DEFAULT (' || pg_get_expr(d.adbin, d.adrelid) || ')', '') || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END\n"
"  || coalesce((SELECT string_agg(format(' CONSTRAINT %%I %%s', x.conname, pg_get_constraintdef(x.oid)), '' ORDER BY x.conname) FROM pg_constraint x\n"
"    WHERE x.conrelid = a.attrelid AND x.contype = 'c' AND x.convalidated AND x.conkey = ARRAY[a.attnum]), '')\n"
"FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'p' LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum\n"
"WHERE a.attrelid = %s AND a.attname = $1 AND a.attnum > 0 AND NOT a.attisdropped";

/* Of a column that moves, or of the key, the privileges of its own come, too. */
static const char GRANTS_SQL[] = OWN_TAG
"WITH g AS (SELECT x.grantee, x.is_grantable, x.privilege_type AS what, c.relowner FROM pg_class c, aclexplode(c.relacl) x WHERE c.oid = %1$s\n"
"  UNION ALL SELECT x.grantee, x.is_grantable, format('%%s (%%I)', x.privilege_type, a.attname), c.relowner FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x\n"
"  WHERE c.oid = %1$s AND a.attnum > 0 AND a.attname IN (%2$s))\n"
"SELECT coalesce(string_agg(format(E'GRANT %%s ON TABLE %%s TO %%s%%s;\\n', what, $1::text, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,\n"
"  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END), '' ORDER BY grantee, what), '') FROM g WHERE grantee <> relowner";

static bool read_keys(struct db *db, struct arena *a, const char *oid, struct split_form *f, struct err *e)
{
	struct rows r;
	if (!db_ask(db, a, &(struct query){ .sql = arena_printf(a, KEYS_SQL, oid), .cols = 3, .min_rows = 1 }, &r, e))
		return false;
	struct split_key *keys = arena_array(a, (size_t)r.n, sizeof *keys);
	for (int i = 0; i < r.n; i++)
		keys[i] = (struct split_key){ r.cell[i][0], r.cell[i][1], r.cell[i][2] };
	f->keys = keys;
	f->n_keys = (size_t)r.n;
	return true;
}

static bool read_column(struct db *db, struct arena *a, const char *oid, const char *name, struct split_column *c, const char **unfit, struct err *e)
{
	struct rows r;
	if (!db_ask(db, a, &(struct query){ .sql = arena_printf(a, COLUMN_SQL, oid), .args = &name, .nargs = 1, .cols = 2, .max_rows = 1 }, &r, e))
		return false;
	if (r.n == 0 || r.cell[0][0]) {
		*unfit = arena_printf(a, "column %s %s", sql_ident(a, name), r.n ? r.cell[0][0] : "is not there");
		return true;
	}
	*c = (struct split_column){ name, r.cell[0][1] };
	return true;
}

static bool read_columns(struct db *db, struct arena *a, const char *oid, const struct split_order *o, struct split_form *f, const char **unfit, struct err *e)
{
	struct split_column *columns = arena_array(a, o->n + 1, sizeof *columns);
	for (size_t i = 0; i < o->n && !*unfit; i++) {
		for (size_t j = 0; j < i; j++)
			if (strcmp(o->columns[i], o->columns[j]) == 0)
				*unfit = arena_printf(a, "column %s is named twice", sql_ident(a, o->columns[i]));
		if (!*unfit && !read_column(db, a, oid, o->columns[i], &columns[i], unfit, e))
			return false;
	}
	f->columns = columns;
	f->n_columns = o->n;
	return true;
}

static bool read_grants(struct db *db, struct arena *a, const char *oid, struct split_form *f, struct err *e)
{
	struct text names = { 0 };
	const char *args[] = { arena_printf(a, "%s.%s", sql_quoted(a, f->to_schema), sql_quoted(a, f->to)) };
	for (size_t i = 0; i < f->n_keys; i++)
		text_addf(&names, "%s, ", sql_literal(a, f->keys[i].name));
	for (size_t i = 0; i < f->n_columns; i++)
		text_addf(&names, "%s%s", i ? ", " : "", sql_literal(a, f->columns[i].name));
	f->grants = db_value(db, a, &(struct query){ .sql = arena_printf(a, GRANTS_SQL, oid, text_str(&names)), .args = args, .nargs = 1 }, e);
	text_free(&names);
	return f->grants != NULL;
}

struct split_order split_order_of(struct arena *a, const struct plan *p, bool stands)
{
	return (struct split_order){ .id = split_id(a, p->name), .schema = p->schema, .table = p->table, .to_schema = p->schema, .to = p->add_name, .columns = p->add_columns, .n = p->n_add_columns,
		.stands = stands };
}

bool split_form(struct db *db, struct arena *a, const struct split_order *o, struct split_form *f, const char **unfit, struct err *e)
{
	struct rows r;
	const char *args[] = { o->schema, o->table, o->to_schema, o->to, o->stands ? "true" : "false" };
	*unfit = NULL;
	*f = (struct split_form){ .id = o->id, .schema = o->schema, .table = o->table, .to_schema = o->to_schema, .to = o->to };
	if (!db_ask(db, a, &(struct query){ .sql = TABLE_SQL, .args = args, .nargs = 5, .cols = T_COLS, .max_rows = 1 }, &r, e))
		return err_in(e, "looking at the table to split");
	if (r.n == 0 || r.cell[0][T_UNFIT] || o->n == 0) {
		*unfit = r.n == 0 ? "there is no such table" : r.cell[0][T_UNFIT] ? r.cell[0][T_UNFIT] : "no column is named";
		return true;
	}
	f->owner = r.cell[0][T_OWNER];
	if (!read_keys(db, a, r.cell[0][T_OID], f, e) || !read_columns(db, a, r.cell[0][T_OID], o, f, unfit, e))
		return err_in(e, "looking at the columns to split off");
	return *unfit || read_grants(db, a, r.cell[0][T_OID], f, e) || err_in(e, "looking at who may use the table");
}
