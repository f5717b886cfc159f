/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <string.h>

#include "adapter/audit.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/body.h"
#include "core/sql.h"
#include "port/files.h"
#include "port/jsonread.h"

#define MANIFEST_MAX ((size_t)64 << 20)   /* a table of 1,600 columns and its definitions is far below */

static const char *const kind_names[BACK_KINDS] = {
	[BACK_SEQUENCE] = "sequence", [BACK_COLUMN] = "column", [BACK_DEFAULT] = "default", [BACK_SETTING] = "setting",
	[BACK_NOT_NULL] = "not_null", [BACK_INDEX] = "index", [BACK_CONSTRAINT] = "constraint", [BACK_VALIDATE] = "validate",
	[BACK_STATISTICS] = "statistics", [BACK_EXTRA] = "extra", [BACK_GRANT] = "grant", [BACK_COMMENT] = "comment",
	[BACK_TABLE] = "table", [BACK_PART] = "part", [BACK_PART_INDEX] = "part_index", [BACK_OWNER] = "owner", [BACK_PARENT] = "parent",
	[BACK_ATTACH] = "attach", [BACK_OTHER_KEY] = "other_key", [BACK_OTHER_VALIDATE] = "other_validate", [BACK_OTHER_PARENT] = "other_parent",
	[BACK_MEMBER] = "member", [BACK_LATE] = "late", [BACK_LAST] = "last", [BACK_NOTHING] = "nothing",
};
static const char *const role_names[] = { [COL_KEY] = "key", [COL_TARGET] = "target", [COL_OTHER] = "other" };

static bool word_find(const char *const *words, size_t n, const char *word, size_t *out)
{
	for (size_t i = 0; word && i < n; i++)
		if (strcmp(words[i], word) == 0) {
			*out = i;
			return true;
		}
	return false;
}

bool back_kind_parse(const char *word, enum back_kind *out)
{
	size_t kind;
	if (!word_find(kind_names, BACK_KINDS, word, &kind))
		return false;
	*out = (enum back_kind)kind;
	return true;
}

static void write_lists(struct json *j, const struct manifest *m)
{
	struct json *list = json_add_arr(j, "columns");
	for (size_t i = 0; i < m->n_cols; i++) {
		struct json *c = json_add_obj(list, NULL);
		json_add_str(c, "name", m->cols[i].name);
		json_add_str(c, "role", role_names[m->cols[i].role]);
		json_add_str(c, "type", m->cols[i].type);
	}
	list = json_add_arr(j, "files");
	for (size_t i = 0; i < m->n_files; i++) {
		struct json *f = json_add_obj(list, NULL);
		json_add_int(f, "bytes", m->files[i].bytes);
		json_add_str(f, "name", m->files[i].name);
		json_add_int(f, "rows", m->files[i].rows);
		json_add_str(f, "sha256", m->files[i].sha256);
	}
	list = json_add_arr(j, "falls");
	for (size_t i = 0; i < m->n_falls; i++)
		json_add_str(list, NULL, m->falls[i]);
	list = json_add_arr(j, "put_back");
	for (size_t i = 0; i < m->n_back; i++) {
		struct json *b = json_add_obj(list, NULL);
		json_add_str(b, "kind", kind_names[m->back[i].kind]);
		json_add_str(b, "name", m->back[i].name);
		json_add_str(b, "sql", m->back[i].sql);
		json_add_str(b, "what", m->back[i].what);
	}
}

/* Path and hash of the manifest cannot stand in it. */
static struct json *to_json(struct arena *a, const struct manifest *m)
{
	struct fact_snapshot fact = m->fact;
	fact.path = "";
	fact.manifest_sha256 = "";
	struct json *j = json_obj(a);
	json_add_str(j, "version", MANIFEST_VERSION);
	json_add(j, "snapshot", snapshot_json(a, &fact));
	json_add_str(j, "sid", m->sid);
	json_add_str(j, "database", m->dbname);
	json_add_str(j, "server_version", m->server_version);
	json_add_str(j, "schema", m->schema);
	json_add_str(j, "table", m->table);
	json_add_str(j, "column", m->column);
	json_add_str(j, "type", m->type);
	json_add_str(j, "definition", m->definition);
	if (m->where)
		json_add_str(j, "where", m->where);
	json_add_str(j, "digest", m->digest);
	json_add_str(j, "digest_key", m->digest_key);
	json_add_int(j, "partitioned", m->partitioned);
	write_lists(j, m);
	return j;
}

bool manifest_write(const struct manifest *m, const char *dir, char sha256[static 65], struct err *e)
{
	struct arena *a = arena_new();
	struct text t = { 0 };
	const struct json *j = to_json(a, m);
	bool ok = json_is_log_subset(j);
	if (!ok)
		err_set(e, ERR_INTERNAL, NULL, "the manifest of the snapshot is not canonical");
	json_write(&t, j);
	crypto_sha256_hex(text_str(&t), t.len, sha256);
	ok = ok && file_write(path_join(a, dir, MANIFEST_NAME), text_str(&t), t.len, e);
	text_free(&t);
	arena_free(a);
	return ok;
}

static bool read_columns(struct arena *a, const struct json *list, struct manifest *m)
{
	m->cols = arena_array(a, json_count(list), sizeof *m->cols);
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		size_t role;
		struct snap_col *col = &m->cols[m->n_cols++];
		col->name = json_str(c, "name");
		col->type = json_str(c, "type");
		if (!col->name || !col->type || !word_find(role_names, 3, json_str(c, "role"), &role))
			return false;
		col->role = (enum col_role)role;
	}
	return m->n_cols > 0;
}

/* A name that could leave the folder is no file of ours. */
static bool plain_name(const char *s)
{
	return s && *s && *s != '.' && !strchr(s, '/') && strlen(s) < 64;
}

static bool read_files(struct arena *a, const struct json *list, struct manifest *m)
{
	m->files = arena_array(a, json_count(list), sizeof *m->files);
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		struct snap_file *f = &m->files[m->n_files++];
		const char *sha = json_str(c, "sha256");
		f->name = json_str(c, "name");
		if (!plain_name(f->name) || !hex_is(sha, 64) || !json_int(c, "bytes", &f->bytes) || !json_int(c, "rows", &f->rows))
			return false;
		memcpy(f->sha256, sha, sizeof f->sha256);
	}
	return m->n_files > 0;
}

static bool read_back(struct arena *a, const struct json *list, struct manifest *m)
{
	m->back = arena_array(a, json_count(list), sizeof *m->back);
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		struct snap_back *b = &m->back[m->n_back++];
		b->name = json_str(c, "name");
		b->what = json_str(c, "what");
		b->sql = json_str(c, "sql");
		if (!b->name || !b->what || !b->sql || !back_kind_parse(json_str(c, "kind"), &b->kind))
			return false;
	}
	return m->where || manifest_back(m, manifest_of_table(m) ? BACK_TABLE : BACK_COLUMN) != NULL;
}

static bool read_falls(struct arena *a, const struct json *list, struct manifest *m)
{
	m->falls = arena_array(a, json_count(list), sizeof *m->falls);
	for (const struct json *c = list ? list->first : NULL; c; c = c->next) {
		if (c->kind != JSON_STR)
			return false;
		m->falls[m->n_falls++] = c->str;
	}
	return true;
}

static bool read_words(const struct json *j, struct manifest *m)
{
	m->sid = json_str(j, "sid");
	m->dbname = json_str(j, "database");
	m->server_version = json_str(j, "server_version");
	m->schema = json_str(j, "schema");
	m->table = json_str(j, "table");
	m->column = json_str(j, "column");
	m->type = json_str(j, "type");
	m->definition = json_str(j, "definition");
	m->digest = json_str(j, "digest");
	m->digest_key = json_str(j, "digest_key");
	m->where = json_str(j, "where");
	m->partitioned = json_int_or(j, "partitioned", 0) == 1;
	return m->sid && m->dbname && m->server_version && m->schema && m->table && m->column && m->type && m->definition
		&& hex_is(m->digest, 64) && hex_is(m->digest_key, 64);
}

static bool from_json(struct arena *a, const struct json *j, struct manifest *m)
{
	const char *version = json_str(j, "version");
	return version && strcmp(version, MANIFEST_VERSION) == 0 && read_words(j, m)
		&& snapshot_from_json(a, json_get(j, "snapshot"), &m->fact) && (m->fact.scope == SNAP_ROWS) == (m->where != NULL)
		&& read_columns(a, json_get(j, "columns"), m) && read_files(a, json_get(j, "files"), m)
		&& read_falls(a, json_get(j, "falls"), m) && read_back(a, json_get(j, "put_back"), m);
}

bool manifest_read(struct arena *a, const char *path, const char *sha, struct manifest *out, struct err *e)
{
	static const char hint[] = "Take another snapshot, or bring the folder back from its copy.";
	const char *file = path_join(a, path, MANIFEST_NAME);
	char *text, hash[65];
	size_t len;
	memset(out, 0, sizeof *out);
	if (!file_read(a, file, MANIFEST_MAX, &text, &len, e)) {
		if (!file_exists(file))
			err_set(e, ERR_VERIFY, hint, "%s is not there", file);
		return false;
	}
	crypto_sha256_hex(text, len, hash);
	if (sha && strcmp(sha, hash) != 0)
		return err_set(e, ERR_VERIFY, hint, "%s is not the manifest that was proven", file);
	struct json *j = json_read_canonical(a, text, len, e);
	if (!j)
		return err_in(e, "%s", file);
	if (!from_json(a, j, out))
		return err_set(e, ERR_VERIFY, hint, "%s is not a manifest that this version reads", file);
	out->fact.path = arena_dup(a, path);
	out->fact.manifest_sha256 = arena_dup(a, hash);
	return true;
}

bool snapshot_read(struct arena *a, const char *path, struct fact_snapshot *out, struct err *e)
{
	struct manifest m;
	if (!manifest_read(a, path, NULL, &m, e))
		return false;
	*out = m.fact;
	return true;
}

const char *snapshot_definition(struct arena *a, const char *path, const char *manifest_sha256, struct err *e)
{
	struct manifest m;
	return manifest_read(a, path, manifest_sha256, &m, e) ? m.definition : NULL;
}

const struct snap_back *manifest_back(const struct manifest *m, enum back_kind kind)
{
	for (size_t i = 0; i < m->n_back; i++)
		if (m->back[i].kind == kind)
			return &m->back[i];
	return NULL;
}

bool manifest_has_key(const struct manifest *m)
{
	for (size_t i = 0; i < m->n_cols; i++)
		if (m->cols[i].role == COL_KEY)
			return true;
	return false;
}

bool manifest_of_table(const struct manifest *m)
{
	return *m->column == '\0' && !m->where;
}

bool manifest_of_plan(const struct manifest *m, const struct plan *p)
{
	const char *column = plan_target(p) == TARGET_COLUMN ? p->column : "";   /* of a new column it is the table's */
	return strcmp(m->schema, p->schema) == 0 && strcmp(m->table, p->table) == 0 && strcmp(m->column, column) == 0 &&
		strcmp(m->where ? m->where : "", p->where ? p->where : "") == 0;
}

const char *manifest_copy(struct arena *a, const struct manifest *m, const char *table, bool partitioned)
{
	const char *columns = manifest_columns(a, m, "");
	if (partitioned)
		return arena_printf(a, OWN_TAG "COPY (SELECT %s FROM %s) TO STDOUT", columns, table);
	return arena_printf(a, OWN_TAG "COPY %s (%s) TO STDOUT", table, columns);
}

const char *manifest_table(struct arena *a, const struct manifest *m)
{
	return arena_printf(a, "%s.%s", sql_quoted(a, m->schema), sql_quoted(a, m->table));
}

const char *manifest_columns(struct arena *a, const struct manifest *m, const char *prefix)
{
	struct text t = { 0 };
	for (size_t i = 0; i < m->n_cols; i++)
		text_addf(&t, "%s%s%s", i ? ", " : "", prefix, sql_quoted(a, m->cols[i].name));
	const char *s = arena_dup(a, text_str(&t));
	text_free(&t);
	return s;
}
