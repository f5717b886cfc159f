/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "base/arena.h"
#include "base/when.h"
#include "core/sql.h"
#include "port/files.h"

/* The script is read by sh: every name stands in a comment (cleaned), or in a here-document whose end cannot be guessed. */
void script_say(struct script *s, const char *line)
{
	text_addf(&s->t, "# %s\n", line);
}

static void head(struct script *s)
{
	const struct manifest *m = s->m;
	char when[WHEN_MAX];
	bool rows = m->fact.scope == SNAP_ROWS;
	script_say(s, arena_printf(s->a, "Snapshot %s of %s%s of %s, database %s, PostgreSQL %s,", m->fact.id, rows ? "rows" : "column ",
		rows ? "" : text_clean(s->a, sql_ident(s->a, m->column)), text_clean(s->a, manifest_table(s->a, m)), text_clean(s->a, m->dbname),
		text_clean(s->a, m->server_version)));
	script_say(s, arena_printf(s->a, "begun %s: %lld rows, %lld values. Restoring needs sh, psql, zstd and sha256sum; it does not need gatewalk.",
		when_iso(m->fact.begun, when), (long long)m->fact.rows, (long long)m->fact.values));
	script_say(s, "");
	script_say(s, "All definitions go into a new, empty database by");
	script_say(s, "    createdb NAME && psql -X -d NAME -f schema.sql");
	script_say(s, "(roles must be there; an error about gatewalk's own trigger, or about a missing role's privileges, does no harm).");
	script_say(s, "");
	script_say(s, arena_printf(s->a, "The %s back into %s table by running this file, after reading it, as the table's owner:", rows ? "rows go" : "column goes",
		rows ? "their" : "its"));
	script_say(s, "    DB='host=... dbname=...' sh RESTORE.txt");
	if (rows)
		script_say(s, arena_printf(s->a, "They are those WHERE (%s). Where a key is in use, or another unique value, the row that is there stays.", text_clean(s->a, m->where)));
	else
		script_say(s, "The one UPDATE below locks the rows it fills until it ends: on a busy table do it in pieces, by key.");
	if (m->fact.scope == SNAP_COLUMN)
		script_say(s, "The files hold key and column only: a key that was deleted and used again since cannot be told from the old row.");
}

void script_begin(struct script *s)
{
	text_add(&s->t, "set -eu\n: \"${DB:?write DB=... in front, as psql -d takes it}\"\ncd \"$(dirname \"$0\")\"\n");
	text_add(&s->t, "export PGCLIENTENCODING=UTF8\nsql() { psql -X -q -v ON_ERROR_STOP=1 -d \"$DB\" \"$@\"; }\n\n");
	script_say(s, "1. The files are whole.");
	text_addf(&s->t, "sha256sum -c - <<'%s'\n", s->mark);
	for (size_t i = 0; i < s->m->n_files; i++)
		text_addf(&s->t, "%s  %s\n", s->m->files[i].sha256, s->m->files[i].name);
	text_addf(&s->t, "%s\n\n", s->mark);
}

static void rows(struct script *s)
{
	script_say(s, "2. The rows, into a table of their own.");
	text_addf(&s->t, "sql <<'%s'\nCREATE UNLOGGED TABLE %s (", s->mark, s->copy);
	for (size_t i = 0; i < s->m->n_cols; i++)
		text_addf(&s->t, "%s%s %s", i ? ", " : "", sql_quoted(s->a, s->m->cols[i].name), s->m->cols[i].type);
	text_addf(&s->t, ");\n%s\n", s->mark);
	text_addf(&s->t, "cat data-*.copy.zst | zstd -dc | sql -c 'COPY %s FROM STDIN'\n\n", s->copy);
}

void script_statements(struct script *s, const enum back_kind *kinds, size_t n)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < s->m->n_back; i++)
			if (s->m->back[i].kind == kinds[k])
				text_addf(&s->t, "%s;\n", s->m->back[i].sql);
}

static void update(struct script *s)
{
	const char *col = sql_quoted(s->a, s->m->column);
	text_addf(&s->t, "UPDATE ONLY %s AS t SET %s = s.%s FROM %s AS s WHERE s.%s IS NOT NULL AND t.%s IS NULL", manifest_table(s->a, s->m),
		col, col, s->copy, col, col);
	for (size_t i = 0; i < s->m->n_cols; i++)
		if (s->m->cols[i].role == COL_KEY)
			text_addf(&s->t, " AND t.%s = s.%s", sql_quoted(s->a, s->m->cols[i].name), sql_quoted(s->a, s->m->cols[i].name));
	text_add(&s->t, ";\n");
}

static void column(struct script *s)
{
	static const enum back_kind kinds[] = { BACK_SEQUENCE, BACK_COLUMN, BACK_DEFAULT };
	script_say(s, "3. The column, its default, and its values in the rows that are still there.");
	text_addf(&s->t, "sql <<'%s'\nBEGIN;\n", s->mark);
	script_statements(s, kinds, sizeof kinds / sizeof kinds[0]);
	if (manifest_has_key(s->m))
		update(s);
	text_addf(&s->t, "COMMIT;\n%s\n\n", s->mark);
	if (!manifest_has_key(s->m))
		script_say(s, arena_printf(s->a, "The table has no key: match %s with the table by the columns you trust, then fill the column.", s->copy));
}

static void rest(struct script *s)
{
	static const enum back_kind kinds[] = { BACK_SETTING, BACK_NOT_NULL, BACK_INDEX, BACK_CONSTRAINT, BACK_VALIDATE, BACK_STATISTICS,
		BACK_EXTRA, BACK_GRANT, BACK_COMMENT };
	script_say(s, "4. What fell with the column. psql goes on after an error and prints it; what it prints is left to do.");
	text_addf(&s->t, "sql -v ON_ERROR_STOP=0 <<'%s'\n", s->mark);
	script_statements(s, kinds, sizeof kinds / sizeof kinds[0]);
	if (manifest_has_key(s->m))
		text_addf(&s->t, "DROP TABLE %s;\n", s->copy);
	text_addf(&s->t, "%s\n", s->mark);
}

/* Rows need nothing but themselves. */
static void rows_back(struct script *s)
{
	const char *columns = manifest_columns(s->a, s->m, "");
	script_say(s, "3. The rows whose key is free. What the table refuses ends it, and nothing has been put back: take that row out of the copy.");
	text_addf(&s->t, "sql <<'%s'\nINSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s ON CONFLICT DO NOTHING;\nDROP TABLE %s;\n%s\n", s->mark,
		manifest_table(s->a, s->m), columns, columns, s->copy, s->copy, s->mark);
}

static void script_column(struct script *s)
{
	head(s);
	script_begin(s);
	rows(s);
	if (s->m->where) {
		rows_back(s);
	} else {
		column(s);
		rest(s);
	}
}

bool restore_text_write(const struct manifest *m, const char *dir, struct err *e)
{
	struct arena *a = arena_new();
	const char *hex = m->fact.id + strlen(m->fact.id) - 8;
	struct script s = { .a = a, .m = m, .copy = arena_printf(a, "gatewalk_copy_%s", hex), .mark = arena_printf(a, "END_%s", hex) };
	if (manifest_of_table(m))
		script_table(&s);
	else
		script_column(&s);
	bool ok = file_write(path_join(a, dir, RESTORE_NAME), text_str(&s.t), s.t.len, e);
	text_free(&s.t);
	arena_free(a);
	return ok;
}
