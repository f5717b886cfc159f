/* SPDX-License-Identifier: MIT */
#include "adapter/serverlog_private.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db.h"

#define PIECE (1LL << 20)
#define HEAD 64   /* bytes by which a file is known again: they begin with its first entry's time */

struct file { const char *name; int64_t size, changed, from; };
struct reading {
	struct db *db;
	struct arena *a;
	const char *folder;
	struct logread *r;
	struct serverlog *out;
	struct file *v;             /* as they are to be read */
	size_t n;
	int64_t left;               /* bytes this look may still read */
};

static const char LIST_SQL[] = OWN_TAG
"SELECT name, size, (extract(epoch FROM modification) * 1000000)::bigint FROM pg_ls_logdir()\n"
"WHERE substring(name from '[.][^.]*$') IS NOT DISTINCT FROM substring($1 from '[.][^.]*$') ORDER BY name = $1, modification, name";

/* Oldest first; the one that is written now is last. */
static bool list(struct reading *g, const char *now, struct file **out, size_t *n, struct err *e)
{
	const char *v[] = { now };
	const struct query q = { .sql = LIST_SQL, .args = v, .nargs = 1, .cols = 3 };
	struct rows r;
	if (!db_ask(g->db, g->a, &q, &r, e))
		return false;
	*n = (size_t)r.n;
	*out = arena_array(g->a, *n + 1, sizeof **out);
	for (int i = 0; i < r.n; i++)
		(*out)[i] = (struct file){ .name = r.cell[i][0], .size = cell_int(r.cell[i][1]), .changed = cell_int(r.cell[i][2]) };
	return true;
}

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%lld", (long long)n);
}

static const char *path(struct reading *g, const char *name)
{
	return arena_printf(g->a, "%s%s", g->folder, name);
}

static bool head_of(struct reading *g, const char *name, int64_t len, const char **out, struct err *e)
{
	const char *v[] = { path(g, name), number(g->a, len) };
	const struct query q = { .sql = OWN_TAG "SELECT md5(pg_read_binary_file($1, 0, $2::bigint, true))", .args = v, .nargs = 2, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(g->db, g->a, &q, &r, e))
		return false;
	*out = r.cell[0][0] ? r.cell[0][0] : "";
	return true;
}

static void all_files(struct reading *g, struct file *v, size_t n)
{
	int64_t sum = 0;
	size_t first = n;
	while (first > 0 && sum + v[first - 1].size <= LOG_LOOK_MAX)
		sum += v[--first].size;
	if (first == n && n > 0) {
		first = n - 1;
		v[first].from = v[first].size - LOG_LOOK_MAX;
	}
	if (first > 0 || (n && v[first].from))
		serverlog_limit(g->out, "of the server log only the newest 64 MB were read");
	g->v = v + first;
	g->n = n - first;
}

static struct file *find(struct file *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq(v[i].name, name))
			return &v[i];
	return NULL;
}

/* Is the file that was read last still the same, and where does it go on? */
static bool go_on(struct reading *g, struct file *old, const struct log_place *from, struct err *e)
{
	const char *head;
	old->from = from->offset;
	if (old->size < from->offset) {
		g->out->gap = arena_printf(g->a, "the server's log file %s was cut", old->name);
	} else if (from->head_len > 0) {
		if (!head_of(g, old->name, from->head_len, &head, e))
			return false;
		if (!text_eq(head, from->head))
			g->out->gap = arena_printf(g->a, "the server's log file %s was written over", old->name);
	}
	if (g->out->gap)
		old->from = 0;
	return true;
}

/* The server says when a file was changed in whole seconds; within one, names that begin with the time tell. */
static bool is_later(const struct file *f, const struct file *than)
{
	return f->changed > than->changed || (f->changed == than->changed && strcmp(f->name, than->name) > 0);
}

/* What was written since: the rest of the last file, and those that came after it. */
static bool later_files(struct reading *g, struct file *v, size_t n, const struct log_place *from, struct err *e)
{
	struct file *old = find(v, n, from->file);
	if (old && !go_on(g, old, from, e))
		return false;
	if (!old)
		g->out->gap = arena_printf(g->a, "the server's log file %s was rotated away before it was read to its end", from->file);
	for (size_t i = 0; i < n; i++) {
		if (&v[i] == old || &v[i] == &v[n - 1] || (old ? is_later(&v[i], old) : strcmp(v[i].name, from->file) > 0))
			g->v[g->n++] = v[i];
	}
	for (size_t i = 1; i < g->n; i++) {   /* the old one first, when others have the same second */
		struct file f = g->v[i];
		if (!old || !text_eq(f.name, old->name))
			continue;
		memmove(g->v + 1, g->v, i * sizeof *g->v);
		g->v[0] = f;
	}
	return true;
}

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* "\x6162" to its bytes, in place. */
static size_t unhex(char *s)
{
	size_t n = 0;
	for (const char *p = s + 2; p[0] && p[1]; p += 2)
		s[n++] = (char)(hex(p[0]) << 4 | hex(p[1]));
	return n;
}

static bool read_piece(struct reading *g, struct arena *a, const struct file *f, int64_t at, char **bytes, size_t *n, struct err *e)
{
	int64_t most = f->size - at < PIECE ? f->size - at : PIECE;
	const char *v[] = { path(g, f->name), number(a, at), number(a, most < g->left ? most : g->left) };
	const struct query q = { .sql = OWN_TAG "SELECT pg_read_binary_file($1, $2::bigint, $3::bigint, true)", .args = v, .nargs = 3, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(g->db, a, &q, &r, e))
		return false;
	*bytes = r.cell[0][0];
	*n = *bytes ? unhex(*bytes) : 0;
	if (!*bytes)
		g->out->gap = arena_printf(g->a, "the server's log file %s was rotated away before it was read to its end", f->name);
	return true;
}

/* A place that nobody has read up to may lie inside an entry: what does not look like the beginning of one is left out. */
static size_t skip_to_entry(enum log_format format, const char *s, size_t n)
{
	for (size_t i = 0; i < n; ) {
		bool begins = format == LOG_JSON ? s[i] == '{' : format == LOG_CSV ? n - i > 4 && s[i] >= '0' && s[i] <= '9' && s[i + 4] == '-' : s[i] != '\t';
		if (begins)
			return i;
		const char *nl = memchr(s + i, '\n', n - i);
		i = nl ? (size_t)(nl - s) + 1 : n;
	}
	return n;
}

/* *at: up to where it was read. */
static bool read_file(struct reading *g, const struct file *f, int64_t *at, struct err *e)
{
	*at = f->from;
	while (*at < f->size && g->left > 0) {
		struct arena *a = arena_new();
		char *bytes;
		size_t n;
		bool ok = read_piece(g, a, f, *at, &bytes, &n, e);
		if (ok) {
			size_t skip = *at == f->from && *at > 0 ? skip_to_entry(g->out->format, bytes, n) : 0;
			logread_feed(g->r, bytes + skip, n - skip);
			*at += (int64_t)n;
			g->left -= (int64_t)n;
		}
		arena_free(a);
		if (!ok || n == 0)
			return ok;
	}
	return true;
}

static bool remember(struct reading *g, const struct file *f, int64_t offset, struct err *e)
{
	struct log_place *to = &g->out->to;
	*to = (struct log_place){ .file = f->name, .offset = offset, .head_len = offset < HEAD ? offset : HEAD };
	return head_of(g, f->name, to->head_len, &to->head, e);
}

static bool read_files(struct reading *g, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct file *f = &g->v[i];
		int64_t at, begun;
		if (!read_file(g, f, &at, e))
			return false;
		begun = (int64_t)logread_end(g->r);
		bool stops = i + 1 == g->n || g->left == 0;
		if (!stops)
			continue;
		for (size_t k = i + 1; k < g->n; k++)
			g->out->behind += g->v[k].size;
		g->out->behind += f->size - at;
		if (g->out->behind && begun >= LOG_LOOK_MAX / 2) {
			g->out->gap = arena_printf(g->a, "an entry of the server's log file %s has no end", f->name);
			begun = 0;
		}
		return remember(g, f, at - begun, e);
	}
	return true;
}

static bool same_format(const char *file, const char *other)
{
	const char *x = strrchr(file, '.'), *y = strrchr(other, '.');
	return text_eq(x, y);
}

bool serverlog_files(struct db *db, struct arena *a, const struct log_setup *s, const struct log_place *from, struct logread *r,
	struct serverlog *out, struct err *e)
{
	const char *slash = strrchr(s->file, '/'), *now = slash ? slash + 1 : s->file;
	struct reading g = { .db = db, .a = a, .r = r, .out = out, .left = LOG_LOOK_MAX, .folder = arena_dupn(a, s->file, (size_t)(now - s->file)) };
	struct file *v;
	size_t n;
	if (!list(&g, now, &v, &n, e))
		return false;
	if (n == 0)
		return err_set(e, ERR_DB, NULL, "the server's log file %s is not in its log folder", now);
	if (!from) {
		all_files(&g, v, n);
		return read_files(&g, e);
	}
	if (from->file && !same_format(from->file, now))
		out->gap = "the server writes its log in another format than before";
	if (!from->file || out->gap)
		return remember(&g, &v[n - 1], v[n - 1].size, e);
	g.v = arena_array(a, n + 1, sizeof *g.v);
	return later_files(&g, v, n, from, e) && read_files(&g, e);
}
