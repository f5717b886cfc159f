/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "adapter/snapshot_look.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

/* The columns of the data files: all that are not generated, or key and target alone. */
static const char COLUMNS[] =
	"/* gatewalk */ SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute\n"
	"WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum";

static bool is_key(const struct fact_target *t, const char *name)
{
	for (size_t i = 0; i < t->n_keys; i++)
		if (strcmp(t->keys[i], name) == 0)
			return true;
	return false;
}

static bool look_columns(struct db *db, struct arena *a, const struct fact_target *t, struct manifest *m, struct err *e)
{
	const char *args[] = { arena_printf(a, "%u", t->relid) };
	struct rows rows;
	if (!db_ask(db, a, &(struct query){ .sql = COLUMNS, .args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 2 }, &rows, e))
		return false;
	if (rows.n == 0)
		return err_set(e, ERR_USE, "Drop it without a walk.", "the table has no columns: there is nothing to copy");
	m->cols = arena_array(a, (size_t)rows.n, sizeof *m->cols);
	bool target = m->fact.scope == SNAP_ROWS;
	for (int i = 0; i < rows.n; i++) {
		struct snap_col c = { .name = rows.cell[i][0], .type = rows.cell[i][1], .role = COL_OTHER };
		if (t->column && strcmp(c.name, t->column) == 0)
			c.role = COL_TARGET;
		else if (is_key(t, c.name))
			c.role = COL_KEY;
		target = target || c.role == COL_TARGET;
		if (c.role != COL_OTHER || m->fact.scope != SNAP_COLUMN)
			m->cols[m->n_cols++] = c;
	}
	return target || !t->column || err_set(e, ERR_USE, NULL, "column %s is generated: there is nothing to copy", t->column);
}

/* Nothing falls with rows. */
static bool look_back(struct db *db, struct arena *a, const char *snapshot, const struct fact_target *t, struct manifest *m, struct err *e)
{
	if (m->fact.scope == SNAP_ROWS)
		return true;
	if (!t->column)
		return snap_table_back(a, db, t->relid, snapshot, m, e);
	const char *args[] = { arena_printf(a, "%u", t->relid), arena_printf(a, "%d", t->attnum) };
	struct rows rows;
	struct query q = { .sql = BACK_WITH_SQL BACK_COLUMN_SQL BACK_FALLS_SQL, .args = args, .nargs = 2, .ms = SNAP_QUERY_MS, .cols = 4, .min_rows = 1 };
	if (!db_ask(db, a, &q, &rows, e))
		return false;
	m->back = arena_array(a, (size_t)rows.n, sizeof *m->back);
	for (int i = 0; i < rows.n; i++) {
		struct snap_back *b = &m->back[m->n_back++];
		if (!back_kind_parse(rows.cell[i][0], &b->kind))
			return err_set(e, ERR_INTERNAL, NULL, "no kind of statement: %s", rows.cell[i][0]);
		b->name = rows.cell[i][1];
		b->what = rows.cell[i][2];
		b->sql = rows.cell[i][3];
	}
	return true;
}

static bool look_words(struct db *db, struct arena *a, struct manifest *m, struct err *e)
{
	struct rows rows;
	struct query q = { .sql = "/* gatewalk */ SELECT current_database(), current_setting('server_version')", .cols = 2, .min_rows = 1, .max_rows = 1 };
	if (!db_ask(db, a, &q, &rows, e))
		return false;
	m->dbname = rows.cell[0][0];
	m->server_version = rows.cell[0][1];
	return true;
}

static enum scope_kind scope_of(const struct plan *p)
{
	if (plan_target(p) == TARGET_ROWS)
		return SNAP_ROWS;
	return plan_target(p) == TARGET_COLUMN && p->scope == SCOPE_COLUMN ? SNAP_COLUMN : SNAP_TABLE;
}

bool snap_look(struct arena *a, const struct snap_source *s, const struct fact_target *t, struct manifest *m, struct err *e)
{
	const struct snapshot_opts *o = s->o;
	m->sid = o->sid ? o->sid : "";
	m->schema = t->schema;
	m->table = t->table;
	m->column = t->column ? t->column : "";
	m->type = t->type ? t->type : "";
	m->where = o->plan->where;
	m->partitioned = !t->column && t->relkind == 'p';
	m->definition = t->definition;
	m->falls = t->falls;
	m->n_falls = t->n_falls;
	m->fact.relid = t->relid;
	m->fact.attnum = t->attnum;
	m->fact.rows = t->rows_estimate > 0 ? t->rows_estimate : 0;
	memcpy(m->fact.definition_digest, t->definition_digest, sizeof m->fact.definition_digest);
	m->fact.scope = scope_of(o->plan);
	if (m->fact.scope == SNAP_COLUMN && t->n_keys == 0)
		return err_set(e, ERR_USE, "Write snapshot.scope: table in the plan.",
			"the table has no unique key of columns that are NOT NULL, so that key and column alone cannot be put back");
	if (m->fact.scope == SNAP_ROWS && t->n_keys == 0)
		return err_set(e, ERR_USE, "Give the table a unique key of columns that are NOT NULL.", "the table has no key by which its rows could be told apart");
	return look_words(s->db, a, m, e) && look_columns(s->db, a, t, m, e) && look_back(s->db, a, s->snapshot, t, m, e);
}

/* The walk's first snapshot of the same column in this store. */
static bool first_of_walk(struct arena *a, const char *store, const struct manifest *now, struct manifest *first)
{
	const char **names;
	size_t n;
	struct err e;
	bool found = false;
	if (*now->sid == '\0' || now->fact.attnum == 0 || !dir_list(a, store, &names, &n, &e))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct manifest m;
		if (*names[i] == '.' || !manifest_read(a, path_join(a, store, names[i]), NULL, &m, &e) || strcmp(m.sid, now->sid) != 0)
			continue;
		bool same = strcmp(m.fact.sysid, now->fact.sysid) == 0 && m.fact.dboid == now->fact.dboid && m.fact.relid == now->fact.relid
			&& m.fact.attnum == now->fact.attnum;
		if (same && (!found || m.fact.begun < first->fact.begun))
			*first = m;
		found = found || same;
	}
	return found;
}

/* NOT NULL, DEFAULT, and a foreign key with the look at its rows. */
static bool is_relaxed(const struct manifest *m, const struct snap_back *b)
{
	if (b->kind == BACK_DEFAULT || b->kind == BACK_NOT_NULL)
		return true;
	if (b->kind == BACK_CONSTRAINT)
		return strstr(b->sql, " FOREIGN KEY (") != NULL;
	for (size_t i = 0; b->kind == BACK_VALIDATE && i < m->n_back; i++)
		if (m->back[i].kind == BACK_CONSTRAINT && strcmp(m->back[i].name, b->name) == 0)
			return is_relaxed(m, &m->back[i]);
	return false;
}

static bool has_back(const struct manifest *m, const struct snap_back *b)
{
	for (size_t i = 0; i < m->n_back; i++)
		if (m->back[i].kind == b->kind && strcmp(m->back[i].name, b->name) == 0)
			return true;
	return false;
}

/* Item 9 relaxes the column before the last snapshot is taken: without this the way back would leave it relaxed. */
void snap_carry(struct arena *a, const char *store, struct manifest *m)
{
	struct manifest first = { .n_back = 0 };
	if (!first_of_walk(a, store, m, &first))
		return;
	struct snap_back *more = arena_array(a, m->n_back + first.n_back, sizeof *more);
	if (m->n_back)
		memcpy(more, m->back, m->n_back * sizeof *more);
	m->back = more;
	for (size_t i = 0; i < first.n_back; i++)
		if (is_relaxed(&first, &first.back[i]) && !has_back(m, &first.back[i]))
			m->back[m->n_back++] = first.back[i];
}
