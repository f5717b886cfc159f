/* SPDX-License-Identifier: MIT */
/* Each table that holds rows, and the key by which it can be walked. */
#include "adapter/parity_private.h"

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* One row a column of the key, or one without. The columns ascend, nulls have no place in them, and what compares them is the server's own, as the pinned search_path finds
   it; collations are those that the columns have, in the version that the index was made with. */
static const char LEAVES_SQL[] = OWN_TAG
"WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT inhrelid FROM pg_inherits JOIN tree ON inhparent = tree.oid),\n"
"col AS (SELECT i.indexrelid, i.indrelid, i.indnkeyatts, i.indisprimary, u.ord, a.attname, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AND i.indoption[u.ord - 1] = 0\n"
"    AND i.indcollation[u.ord - 1] = a.attcollation AND p.opcdefault AND s.nspname = 'pg_catalog' AND (l.oid IS NULL OR l.collversion IS NOT DISTINCT FROM pg_collation_actual_version(l.oid))\n"
"    AND (l.collprovider IS DISTINCT FROM 'd' OR b.datcollversion IS NOT DISTINCT FROM pg_database_collation_actual_version(b.oid)) AS fits\n"
"  FROM tree JOIN pg_index i ON i.indrelid = tree.oid JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am m ON m.oid = x.relam AND m.amname = 'btree'\n"
"    JOIN pg_database b ON b.datname = current_database() CROSS JOIN LATERAL generate_series(1, i.indnkeyatts) u (ord) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[u.ord - 1] JOIN pg_opclass p ON p.oid = i.indclass[u.ord - 1]\n"
"    JOIN pg_namespace s ON s.oid = p.opcnamespace LEFT JOIN pg_collation l ON l.oid = a.attcollation\n"
"  WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL),\n"
"best AS (SELECT DISTINCT ON (indrelid) indrelid, indexrelid FROM col GROUP BY indrelid, indexrelid, indnkeyatts, indisprimary HAVING bool_and(fits) AND count(*) = indnkeyatts\n"
"  ORDER BY indrelid, indisprimary DESC, indnkeyatts, indexrelid)\n"
"SELECT c.oid, format('%I.%I', n.nspname, c.relname), pg_relation_size(c.oid) / current_setting('block_size')::bigint, c.reltuples, quote_ident(col.attname), col.type\n"
"FROM tree JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN best ON best.indrelid = c.oid LEFT JOIN col ON col.indexrelid = best.indexrelid\n"
"WHERE c.relkind = 'r' ORDER BY c.oid, col.ord";

bool parity_leaves(struct parity *p, struct err *e)
{
	struct rows r;
	struct arena *a = arena_new();
	const char *args[] = { arena_printf(a, "%u", p->form.relid) };
	if (!db_ask(p->db, a, &(struct query){ .sql = LEAVES_SQL, .args = args, .nargs = 1, .cols = 6 }, &r, e)) {
		arena_free(a);
		return err_in(e, "looking for what to compare by");
	}
	arena_free(p->tables);
	p->tables = a;
	p->leaves = arena_array(a, (size_t)r.n + 1, sizeof *p->leaves);
	p->n_leaves = 0;
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		unsigned oid = (unsigned)cell_int(c[0]);
		struct parity_leaf *l = p->n_leaves ? &p->leaves[p->n_leaves - 1] : NULL;
		if (!l || l->oid != oid) {
			l = &p->leaves[p->n_leaves++];
			*l = (struct parity_leaf){ .oid = oid, .name = c[1], .blocks = cell_int(c[2]), .rows = cell_double(c[3]), .keys = arena_array(a, (size_t)(r.n - i), sizeof *l->keys) };
		}
		if (c[4])
			l->keys[l->n_keys++] = (struct parity_key){ c[4], c[5] };
	}
	return true;
}
