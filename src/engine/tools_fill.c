/* SPDX-License-Identifier: MIT */
/* The tools of item 6 on: the jobs that fill and compare begun from the command line; the rows that do not convert, listed or written to a file,
   and those in which old and new differ. */
#include "engine/tools.h"

#include <string.h>
#include <unistd.h>

#include "adapter/backfill.h"
#include "adapter/parity.h"
#include "adapter/place.h"
#include "base/arena.h"
#include "base/json.h"
#include "engine/engine_private.h"
#include "engine/upkeep.h"
#include "port/files.h"

#define LISTED_MAX 1000

struct file { int fd; const char *path; int64_t rows; };

static bool write_row(void *ctx, const char *row, size_t len, struct err *e)
{
	struct file *f = ctx;
	f->rows++;
	return file_write_all(f->fd, row, len, f->path, e);
}

/* Whole, or not there. */
static bool write_csv(struct db *db, const char *sid, const char *path, int64_t *rows, struct err *e)
{
	struct file f = { .fd = file_create(path, e), .path = path, .rows = -1 };   /* the first row names the columns */
	if (f.fd < 0)
		return false;
	bool ok = backfill_export(db, sid, write_row, &f, e) && file_sync(f.fd, path, e);
	if (close(f.fd) != 0 && ok)
		ok = err_set(e, ERR_SYSTEM, NULL, "%s could not be written", path);
	if (!ok)
		unlink(path);
	*rows = f.rows;
	return ok;
}

static bool list_rows(struct arena *a, struct db *db, const char *sid, struct json *o, struct err *e)
{
	struct backfill_reject *r;
	size_t n = 0;
	if (!backfill_rejects(db, a, sid, LISTED_MAX + 1, &r, &n, e))
		return false;
	struct json *list = json_add_arr(o, "rejects");
	for (size_t i = 0; i < n && i < LISTED_MAX; i++) {
		struct json *one = json_add_obj(list, NULL);
		json_add_str(one, "error", r[i].error);
		json_add_str(one, "key", r[i].key);
		json_add_str(one, "sqlstate", r[i].sqlstate);
		json_add_str(one, "value", r[i].value);
	}
	json_add_bool(o, "more", n > LISTED_MAX);
	return true;
}

struct json *tool_rejects(struct arena *a, const struct engine_opts *o, const char *walk, const char *file, struct err *e)
{
	struct db *db = upkeep_tool(o->dbname, e);
	struct json *out = json_obj(a);
	const char *sid;
	int64_t rows = 0;
	bool other, ok = db && place_known(db, &other, e) && tools_sid(a, db, walk, &sid, e);
	if (ok && file)
		ok = write_csv(db, sid, file, &rows, e);
	else if (ok)
		ok = list_rows(a, db, sid, out, e);
	db_close(db);
	if (ok && file) {
		json_add_str(out, "file", file);
		json_add_int(out, "rows", rows);
	}
	return ok ? out : NULL;
}

struct json *tool_differ(struct arena *a, const struct engine_opts *o, const char *walk, struct err *e)
{
	struct db *db = upkeep_tool(o->dbname, e);
	struct json *out = json_obj(a), *list = json_add_arr(out, "differ");
	struct parity_mismatch *m = NULL;
	const char *sid;
	size_t n = 0;
	bool other, ok = db && place_known(db, &other, e) && tools_sid(a, db, walk, &sid, e) && parity_mismatches(db, a, sid, LISTED_MAX, &m, &n, e);
	db_close(db);
	for (size_t i = 0; ok && i < n; i++) {
		struct json *one = json_add_obj(list, NULL);
		json_add_str(one, "error", m[i].error ? m[i].error : "");
		json_add_str(one, "expected", m[i].expected);
		json_add_str(one, "key", m[i].key);
		json_add_str(one, "new", m[i].new);
		json_add_str(one, "old", m[i].old);
		json_add_int(one, "round", m[i].round);
	}
	return ok ? out : NULL;
}

struct json *tool_begin(struct arena *a, struct engine *g, const char *walk, enum act_kind kind, struct err *e)
{
	const struct act act = { .kind = kind };
	if (!engine_walk_open(g, walk, e) || !engine_do(g, &act, e))
		return NULL;
	struct json *o = json_obj(a);
	json_add_str(o, "done", g->last_done);
	json_add_str(o, "walk", g->walk.name);
	return o;
}
