/* SPDX-License-Identifier: MIT */
/* What puts a dropped table back, as statements: its own definitions in the words of pg_dump, each entry of its archive sorted by
   when it is to be run; the rest (foreign keys, publications, partitions, comments, owners) from the catalogue. */
#include "adapter/snapshot_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapter/audit_token.h"
#include "adapter/snapshot_table.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/child.h"
#include "port/files.h"

#define TEXT_MAX ((size_t)256 << 20)
#define WHAT_COLS 100
#define DUMP_MS (30 * 60 * 1000)
#define ENTRIES_MAX 9   /* words of TOC lines that make a group */

struct dump {
	struct arena *a;
	struct db *db;
	const char *snapshot, *dir, *archive, *toc;
	unsigned relid;
	struct rows trips;
	struct manifest *m;
	size_t cap;
};

/* The entries of an archive of tables alone. An entry's catalogue tells apart what its words alone would not: a schema may be
   called "ATTACH". What is BACK_NOTHING is written from the catalogue instead. Any other entry is none that we know. */
static const struct { const char *word; unsigned catalogue; enum back_kind kind; } entries[] = {
	{ "TABLE", 1259, BACK_TABLE }, { "SEQUENCE", 1259, BACK_TABLE }, { "SEQUENCE OWNED BY", 0, BACK_TABLE }, { "DEFAULT", 2604, BACK_TABLE },
	{ "CONSTRAINT", 2606, BACK_INDEX }, { "CHECK CONSTRAINT", 2606, BACK_INDEX }, { "INDEX", 1259, BACK_INDEX },
	{ "RULE", 2618, BACK_EXTRA }, { "TRIGGER", 2620, BACK_EXTRA }, { "POLICY", 3256, BACK_EXTRA }, { "ROW SECURITY", 0, BACK_EXTRA },
	{ "ACL", 0, BACK_GRANT },
	{ "FK CONSTRAINT", 2606, BACK_NOTHING }, { "TABLE ATTACH", 0, BACK_NOTHING }, { "INDEX ATTACH", 0, BACK_NOTHING },
	{ "STATISTICS", 3381, BACK_NOTHING }, { "PUBLICATION TABLE", 6106, BACK_NOTHING },
};

static bool run(struct dump *d, const char *name, const char *const *argv, const char *out, struct err *e)
{
	struct child_end end;
	unlink(out);
	if (!child_run(d->a, &(struct child){ .argv = argv, .ms = DUMP_MS, .out_file = out }, &end, e))
		return err_in(e, "%s", name);
	if (end.status == 0 && end.signal == 0)
		return true;
	return err_set(e, ERR_DB, "Run gatewalk doctor: it names the privileges that are missing.", "%s failed: %s", name, text_clean(d->a, end.err));
}

/* Each table by its whole name: --table-and-children is there from PostgreSQL 16 on only. */
static bool make_archive(struct dump *d, struct err *e)
{
	const char *args[] = { arena_printf(d->a, "%u", d->relid) }, *program;
	struct rows rows;
	if (!pg_program(d->a, "pg_dump", db_version(d->db), &program, e)
			|| !db_ask(d->db, d->a, &(struct query){ .sql = TREE_TABLES_SQL, .args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 3, .min_rows = 1 }, &rows, e))
		return false;
	const char **argv = arena_array(d->a, (size_t)rows.n + 16, sizeof *argv);
	size_t n = 0;
	argv[n++] = program;
	const char *const fixed[] = { "--schema-only", "--format=custom", "--no-comments", "--no-security-labels", "--encoding=UTF8", "--lock-wait-timeout=10s", "--no-password" };
	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		argv[n++] = fixed[i];
	if (d->snapshot)
		argv[n++] = arena_printf(d->a, "--snapshot=%s", d->snapshot);
	for (int i = 0; i < rows.n; i++)
		argv[n++] = arena_printf(d->a, "--table=%s.%s", sql_quoted(d->a, rows.cell[i][0]), sql_quoted(d->a, rows.cell[i][1]));
	argv[n++] = "-d";
	argv[n++] = db_conninfo(d->db, d->a, NULL);
	d->archive = path_join(d->a, d->dir, "table.dump");
	return run(d, "pg_dump", argv, d->archive, e);
}

static bool restore_text(struct dump *d, const char *option, const char *name, const char **text, struct err *e)
{
	const char *program, *out = path_join(d->a, d->dir, name);
	char *data;
	size_t len;
	if (!pg_program(d->a, "pg_restore", db_version(d->db), &program, e))
		return false;
	const char *argv[] = { program, "--no-owner", "-f", "-", option, d->archive, NULL };
	if (!run(d, "pg_restore", argv, out, e) || !file_read(d->a, out, TEXT_MAX, &data, &len, e))
		return false;
	*text = data;
	return true;
}

/* "222; 1259 18024 TABLE public t owner". False for a line of another form, kind BACK_NOTHING for an entry that is not ours. */
static bool read_entry(const struct dump *d, const char *line, enum back_kind *kind)
{
	unsigned id, catalogue, oid;
	int at = 0;
	if (sscanf(line, "%u; %u %u %n", &id, &catalogue, &oid, &at) != 3 || at == 0)
		return false;
	for (int i = 0; i < d->trips.n; i++)
		if (catalogue == 2620 && cell_int(d->trips.cell[i][0]) == oid) {
			*kind = BACK_NOTHING;
			return true;
		}
	for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
		size_t len = strlen(entries[i].word);
		if (catalogue == entries[i].catalogue && strncmp(line + at, entries[i].word, len) == 0 && line[at + len] == ' ') {
			*kind = entries[i].kind;
			return true;
		}
	}
	return false;
}

/* The numbers of the archive's entries of one kind, as pg_restore -L reads them. */
static bool write_list(struct dump *d, enum back_kind kind, const char *path, size_t *n, struct err *e)
{
	struct text t = { 0 };
	bool ok = true;
	*n = 0;
	for (const char *line = d->toc; ok && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		enum back_kind is;
		if (*line == ';' || *line == '\n')
			continue;
		ok = read_entry(d, line, &is);
		if (!ok)
			err_set(e, ERR_USE, "A newer gatewalk may know it.", "pg_dump wrote an entry that this version does not know: %s",
				text_cleann(d->a, line, strcspn(line, "\n")));
		if (ok && is == kind) {
			text_addf(&t, "%.*s;\n", (int)strcspn(line, ";"), line);
			(*n)++;
		}
	}
	ok = ok && file_write(path, text_str(&t), t.len, e);
	text_free(&t);
	return ok;
}

static void add(struct dump *d, struct snap_back b)
{
	d->m->back = arena_grow(d->a, d->m->back, &d->m->n_back, &d->cap, sizeof *d->m->back);
	d->m->back[d->m->n_back - 1] = b;
}

/* Of pg_restore's own settings only those of place count: gatewalk's connection has the others. */
static bool is_setting(const char *sql)
{
	static const char set[] = "SET ", config[] = "SELECT pg_catalog.set_config(", session[] = "SET SESSION ", place[] = "SET default_";
	return strncmp(sql, config, strlen(config)) == 0 || (strncmp(sql, set, strlen(set)) == 0 && strncmp(sql, session, strlen(session)) != 0
		&& strncmp(sql, place, strlen(place)) != 0);
}

static void add_statement(struct dump *d, enum back_kind kind, const char *from, const char *to)
{
	const char *sql = arena_printf(d->a, "%.*s", (int)(to - from), from);
	if (is_setting(sql))
		return;
	size_t line = strcspn(sql, "\n");
	const char *what = text_fit(d->a, text_cleann(d->a, sql, line), WHAT_COLS, true);
	add(d, (struct snap_back){ .kind = kind, .name = "", .what = what, .sql = sql });
}

/* pg_restore's text is for psql: a line "\restrict KEY" stands in it (and no other of psql's own commands). */
static void split(struct dump *d, enum back_kind kind, const char *text)
{
	struct tokens v = tokens_read(d->a, text);
	const char *from = NULL, *line = text;
	int depth = 0;
	for (size_t i = 0; i < v.n; i++) {
		const struct token *t = &v.t[i];
		if (t->s < line)
			continue;
		if (!from && token_is(&v, i, "\\")) {
			line = t->s + strcspn(t->s, "\n");
			continue;
		}
		if (!from)
			from = t->s;
		depth += token_is(&v, i, "(") - token_is(&v, i, ")");
		if (depth == 0 && token_is(&v, i, ";")) {
			add_statement(d, kind, from, t->s);
			from = NULL;
		}
	}
}

static bool from_archive(struct dump *d, struct err *e)
{
	static const enum back_kind kinds[] = { BACK_TABLE, BACK_INDEX, BACK_EXTRA, BACK_GRANT };
	const char *args[] = { arena_printf(d->a, "%u", d->relid) };
	if (!db_ask(d->db, d->a, &(struct query){ .sql = TREE_TRIPS_SQL, .args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 1 }, &d->trips, e)
			|| !make_archive(d, e) || !restore_text(d, "--list", "table.toc", &d->toc, e))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		const char *list = path_join(d->a, d->dir, "table.list"), *text;
		size_t n;
		if (!write_list(d, kinds[i], list, &n, e))
			return false;
		if (n == 0)
			continue;
		if (!restore_text(d, arena_printf(d->a, "--use-list=%s", list), "table.sql", &text, e))
			return false;
		split(d, kinds[i], text);
	}
	return true;
}

static bool from_catalogue(struct dump *d, struct err *e)
{
	const char *args[] = { arena_printf(d->a, "%u", d->relid) };
	struct rows rows;
	struct query q = { .sql = TREE_WITH_SQL TABLE_PARTS_SQL TABLE_KEYS_SQL TABLE_REST_SQL, .args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 4, .min_rows = 1 };
	if (!db_ask(d->db, d->a, &q, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++) {
		struct snap_back b = { .name = rows.cell[i][1], .what = rows.cell[i][2], .sql = rows.cell[i][3] };
		if (!back_kind_parse(rows.cell[i][0], &b.kind))
			return err_set(e, ERR_INTERNAL, NULL, "no kind of statement: %s", rows.cell[i][0]);
		add(d, b);
	}
	return true;
}

static bool sequence_values(struct dump *d, struct err *e)
{
	const char *args[] = { arena_printf(d->a, "%u", d->relid) };
	struct rows rows, at;
	if (!db_ask(d->db, d->a, &(struct query){ .sql = TREE_SEQUENCES_SQL, .args = args, .nargs = 1, .ms = SNAP_QUERY_MS, .cols = 1 }, &rows, e))
		return false;
	for (int i = 0; i < rows.n; i++) {
		const char *q = rows.cell[i][0];
		if (!db_ask(d->db, d->a, &(struct query){ .sql = arena_printf(d->a, "SELECT last_value, is_called FROM %s", q), .cols = 2, .min_rows = 1, .max_rows = 1 }, &at, e))
			return false;
		add(d, (struct snap_back){ .kind = BACK_SEQUENCE, .name = "", .what = arena_printf(d->a, "value of sequence %s", q),
			.sql = arena_printf(d->a, "SELECT pg_catalog.setval(%s, %s, %s)", sql_literal(d->a, q), at.cell[0][0], cell_bool(at.cell[0][1]) ? "true" : "false") });
	}
	return true;
}

bool snap_table_back(struct arena *a, struct db *db, unsigned relid, const char *snapshot, struct manifest *m, struct err *e)
{
	struct dump d = { .a = a, .db = db, .snapshot = snapshot, .relid = relid, .m = m };
	const char *store = path_join(a, path_data(a), "snapshots");
	char hex[17];
	int lock;
	crypto_random_hex(8, hex);
	d.dir = part_make(a, store, arena_printf(a, "look-%s", hex), &lock, e);
	if (!d.dir)
		return false;
	m->back = NULL;
	m->n_back = 0;
	bool ok = from_archive(&d, e) && sequence_values(&d, e) && from_catalogue(&d, e);
	part_remove(d.dir);
	close(lock);
	return ok;
}
