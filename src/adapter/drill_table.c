/* SPDX-License-Identifier: MIT */
/* What a drill of a whole table does otherwise than one of a column. Its triggers stay off while the rows are loaded; foreign keys
   point to tables that are empty here, so they stand NOT VALID. Those of a partitioned table cannot: for them all of it is drilled
   once more, before, with no rows. */
#include "adapter/drill_parts.h"

#include <string.h>
#include <unistd.h>

#include "adapter/drill_table.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/files.h"

#define SCHEMA_MAX ((size_t)256 << 20)

static bool ask(const struct drill *d, const char *sql, struct rows *out, struct err *e)
{
	const char *args[] = { d->m->schema, d->m->table };
	return db_ask(d->db, d->a, &(struct query){ .sql = sql, .args = args, .nargs = 2, .ms = SNAP_QUERY_MS, .cols = 1 }, out, e);
}

bool drill_table_statements(const struct drill *d, struct rows *before, struct rows *after, struct err *e)
{
	return ask(d, DRILL_TABLE_BEFORE_SQL, before, e) && ask(d, DRILL_TABLE_AFTER_SQL, after, e);
}

/* pg_dump gives away a table before its new owner may make any in that schema: to a login that is no superuser this is refused, and
   only the way back, where all privileges stand, would bring it about. */
bool drill_table_owners(const struct drill *d, struct err *e)
{
	for (size_t i = 0; i < d->m->n_back; i++) {
		struct err why = { 0 };
		if (d->m->back[i].kind != BACK_OWNER || db_script(d->db, d->a, d->m->back[i].sql, SNAP_QUERY_MS, NULL, &why) || (why.code == ERR_DB && db_alive(d->db)))
			continue;
		*e = why;
		return false;
	}
	return true;
}

/* A foreign key that cannot be made beside rows. what: NULL for any. */
static bool is_out(const struct drill *d, const char *what)
{
	for (size_t i = 0; i < d->m->n_back && d->m->fact.rows > 0; i++) {
		const struct snap_back *b = &d->m->back[i];
		if ((b->kind == BACK_CONSTRAINT || b->kind == BACK_PARENT) && *b->name && (!what || strcmp(b->name, what) == 0))
			return true;
	}
	return false;
}

bool drill_table_without(const struct drill *d, struct manifest *none)
{
	struct row_digest empty;
	unsigned char key[32];
	char hex[65];
	if (!is_out(d, NULL))
		return false;
	*none = *d->m;
	none->fact.rows = 0;
	none->n_files = 0;
	digest_key(d->m, key);
	row_digest_init(&empty, key);
	row_digest_hex(&empty, hex);
	none->digest = arena_dup(d->a, hex);
	return true;
}

void drill_table_falls(const struct drill *d, const char ***falls, size_t *n)
{
	const char **list = arena_array(d->a, d->m->n_falls + 1, sizeof *list);
	*n = 0;
	for (size_t i = 0; i < d->m->n_falls; i++)
		if (!is_out(d, d->m->falls[i]))
			list[(*n)++] = d->m->falls[i];
	*falls = list;
}

/* All definitions of the scratch database; each dump is a file of its own in dir. */
static bool dump(const struct drill *d, const char *dir, const char *name, char **text, struct err *e)
{
	const char *path = path_join(d->a, dir, name);
	size_t len;
	return schema_dump(d->a, d->db, NULL, path, e) && file_read(d->a, path, SCHEMA_MAX, text, &len, e);
}

/* The next line that says something: psql's own \restrict carries another key each time. */
static const char *next_line(char **at)
{
	for (char *line; (line = strsep(at, "\n")); )
		if (*line && *line != '\\' && strncmp(line, "--", 2) != 0)
			return line;
	return NULL;
}

static const char *first_difference(struct arena *a, char *before, char *after)
{
	for (;;) {
		const char *x = next_line(&before), *y = next_line(&after);
		if (!x && !y)
			return NULL;
		if (!x || !y || strcmp(x, y) != 0)
			return arena_printf(a, "before: %s; now: %s", text_clean(a, x ? x : "(nothing)"), text_clean(a, y ? y : "(nothing)"));
	}
}

bool drill_table_keep(struct drill *d, struct err *e)
{
	char hex[17];
	crypto_random_hex(8, hex);
	d->dir = part_make(d->a, path_join(d->a, path_data(d->a), "snapshots"), arena_printf(d->a, "drill-%s", hex), &d->lock, e);
	return d->dir && dump(d, d->dir, "before.sql", &d->before, e);
}

const char *drill_table_compare(struct drill *d, struct err *e)
{
	char *after;
	if (!dump(d, d->dir, "after.sql", &after, e))
		return NULL;
	const char *difference = first_difference(d->a, d->before, after);
	return difference ? arena_printf(d->a, "the definitions are not as they were: %s", difference) : "";
}

void drill_table_end(struct drill *d)
{
	if (!d->dir)
		return;
	part_remove(d->dir);
	close(d->lock);
	d->dir = NULL;
}
