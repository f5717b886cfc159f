/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/files.h"
#include "port/pack.h"

#define FILE_TEXT_MAX ((int64_t)1 << 30)
#define TICK_ROWS 2000   /* how often the clock and the operator are asked */

struct copy {
	struct arena *a;
	const struct snapshot_opts *o;
	struct manifest *m;
	const char *dir, *name;
	size_t target;            /* which field is the target's; n_cols of a whole table and of rows */
	int fd, n_files;
	struct pack *pack;
	struct row_digest digest;
	int64_t text, rows_before, values, max, estimate;
};

void digest_key(const struct manifest *m, unsigned char key[static 32])
{
	for (int i = 0; i < 32; i++) {
		unsigned byte = 0;
		sscanf(m->digest_key + 2 * i, "%2x", &byte);
		key[i] = (unsigned char)byte;
	}
}

static bool file_end(struct copy *c, struct err *e)
{
	if (!c->pack)
		return true;
	int64_t packed;
	bool ok = pack_end(c->pack, &packed, e);
	pack_free(c->pack);
	c->pack = NULL;
	close(c->fd);
	return ok && snap_note_file(c->a, c->m, c->dir, c->name, c->digest.rows - c->rows_before, e);
}

static bool file_begin(struct copy *c, struct err *e)
{
	c->name = arena_printf(c->a, "data-%04d.copy.zst", ++c->n_files);
	c->fd = file_create(path_join(c->a, c->dir, c->name), e);
	if (c->fd < 0)
		return false;
	c->text = 0;
	c->rows_before = c->digest.rows;
	c->pack = pack_new(c->fd, e);
	if (!c->pack)
		close(c->fd);
	return c->pack != NULL;
}

/* In COPY text a raw tab parts fields, \N is NULL, and nothing else looks like either. */
static bool field_is_null(const char *row, size_t len, size_t field)
{
	const char *end = row + len;
	for (; field > 0; field--) {
		const char *tab = memchr(row, '\t', (size_t)(end - row));
		if (!tab)
			return false;
		row = tab + 1;
	}
	size_t rest = (size_t)(end - row);
	return rest >= 2 && row[0] == '\\' && row[1] == 'N' && (rest == 2 || row[2] == '\t' || row[2] == '\n');
}

static bool take_row(void *ctx, const char *row, size_t len, struct err *e)
{
	struct copy *c = ctx;
	if (c->digest.rows % TICK_ROWS == 0 && !snap_tick(c->o, "copy", (double)c->digest.rows, (double)c->estimate, "rows", e))
		return false;
	if (c->text >= c->max && (!file_end(c, e) || !file_begin(c, e)))
		return false;
	row_digest_add(&c->digest, row, len);
	if (c->target == c->m->n_cols || !field_is_null(row, len, c->target))
		c->values++;
	c->text += (int64_t)len;
	return pack_add(c->pack, row, len, e);
}

/* Some rows of the table, in the order of their key. */
static const char *rows_copy(struct arena *a, const struct manifest *m)
{
	struct text keys = { 0 };
	for (size_t i = 0; i < m->n_cols; i++)
		if (m->cols[i].role == COL_KEY)
			text_addf(&keys, "%s%s", keys.len ? ", " : "", sql_quoted(a, m->cols[i].name));
	const char *sql = arena_printf(a, "/* gatewalk */ COPY (SELECT %s FROM %s WHERE (%s\n) ORDER BY %s) TO STDOUT", manifest_columns(a, m, ""),
		manifest_table(a, m), m->where, text_str(&keys));
	text_free(&keys);
	return sql;
}

bool snap_copy_out(struct db *db, struct arena *a, const struct snapshot_opts *o, struct manifest *m, const char *dir, struct err *e)
{
	struct copy c = { .a = a, .o = o, .m = m, .dir = dir, .fd = -1, .estimate = m->fact.rows,
		.max = o->file_text_max > 0 ? o->file_text_max : FILE_TEXT_MAX };
	unsigned char key[32];
	char hex[65];
	crypto_random_hex(32, hex);
	m->digest_key = arena_dup(a, hex);
	digest_key(m, key);
	row_digest_init(&c.digest, key);
	while (c.target < m->n_cols && m->cols[c.target].role != COL_TARGET)
		c.target++;
	const char *sql = m->where ? rows_copy(a, m) : manifest_copy(a, m, manifest_table(a, m), m->partitioned);
	bool ok = file_begin(&c, e) && db_copy_out(db, sql, SNAP_IDLE_MS, take_row, &c, e) && file_end(&c, e);
	if (c.pack) {
		pack_free(c.pack);
		close(c.fd);
	}
	row_digest_hex(&c.digest, hex);
	m->digest = arena_dup(a, hex);
	m->fact.rows = c.digest.rows;
	m->fact.values = c.values;
	return ok;
}

static bool digest_row(void *ctx, const char *row, size_t len, struct err *e)
{
	(void)e;
	row_digest_add(ctx, row, len);
	return true;
}

bool snap_digest(struct db *db, const struct manifest *m, const char *copy, char hex[static 65], int64_t *rows, struct err *e)
{
	struct row_digest d;
	unsigned char key[32];
	digest_key(m, key);
	row_digest_init(&d, key);
	if (!db_copy_out(db, copy, SNAP_IDLE_MS, digest_row, &d, e))
		return false;
	row_digest_hex(&d, hex);
	*rows = d.rows;
	return true;
}

struct data_source {
	struct arena *a;
	const struct manifest *m;
	const struct snapshot_opts *o;
	const char *dir, *phase;
	size_t next;              /* of m->files */
	int fd;
	struct unpack *unpack;
	struct row_digest digest;
	int64_t pieces;
};

struct data_source *data_source_new(struct arena *a, const struct manifest *m, const char *dir, const struct snapshot_opts *o, const char *phase)
{
	struct data_source *s = arena_alloc(a, sizeof *s);
	unsigned char key[32];
	*s = (struct data_source){ .a = a, .m = m, .o = o, .dir = dir, .phase = phase, .fd = -1 };
	digest_key(m, key);
	row_digest_init(&s->digest, key);
	return s;
}

static void digest_piece(struct data_source *s, const char *data, size_t len)
{
	while (len > 0) {
		const char *lf = memchr(data, '\n', len);
		size_t part = lf ? (size_t)(lf - data) + 1 : len;
		if (lf && !s->digest.open) {
			row_digest_add(&s->digest, data, part);
		} else {
			row_digest_part(&s->digest, data, part);
			if (lf)
				row_digest_end(&s->digest);
		}
		data += part;
		len -= part;
	}
}

/* The bytes that were loaded are the bytes that were digested: a file swapped after its check does not pass. */
static bool source_agrees(const struct data_source *s, struct err *e)
{
	char hex[65];
	row_digest_hex(&s->digest, hex);
	if (!s->digest.open && s->digest.rows == s->m->fact.rows && strcmp(hex, s->m->digest) == 0)
		return true;
	return err_set(e, ERR_VERIFY, "Bring the folder back from its copy, or take another snapshot.",
		"the data files in %s hold other rows than the manifest says", s->dir);
}

static bool open_next(struct data_source *s, struct err *e)
{
	static const char data[] = "data-";
	while (s->next < s->m->n_files && strncmp(s->m->files[s->next].name, data, strlen(data)) != 0)
		s->next++;
	if (s->next == s->m->n_files)
		return true;
	s->fd = file_open(path_join(s->a, s->dir, s->m->files[s->next++].name), e);
	if (s->fd < 0)
		return false;
	s->unpack = unpack_new(s->fd, e);
	return s->unpack != NULL;
}

static void close_current(struct data_source *s)
{
	unpack_free(s->unpack);
	s->unpack = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

bool data_source_next(void *source, const char **data, size_t *len, struct err *e)
{
	struct data_source *s = source;
	if (s->pieces++ % 16 == 0 && !snap_tick(s->o, s->phase, (double)s->digest.rows, (double)s->m->fact.rows, "rows", e))
		return false;
	for (;;) {
		if (!s->unpack && !open_next(s, e))
			return false;
		*len = 0;
		if (!s->unpack)
			return source_agrees(s, e);
		if (!unpack_next(s->unpack, data, len, e))
			return err_in(e, "%s", path_join(s->a, s->dir, s->m->files[s->next - 1].name));
		if (*len > 0)
			break;
		close_current(s);
	}
	digest_piece(s, *data, *len);
	return true;
}

void data_source_free(struct data_source *s)
{
	close_current(s);
}
