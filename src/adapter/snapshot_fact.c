/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot.h"

#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/when.h"
#include "core/body.h"

static void add_time(struct json *j, const char *key, int64_t at)
{
	char buf[WHEN_MAX];
	json_add_str(j, key, at ? when_iso(at, buf) : "");
}

static bool get_time(const struct json *j, const char *key, int64_t *at)
{
	const char *s = json_str(j, key);
	*at = 0;
	return s && (*s == '\0' || when_parse(s, at));
}

static bool get_word(struct arena *a, const struct json *j, const char *key, const char **out)
{
	*out = arena_dup(a, json_str(j, key));
	return *out != NULL;
}

static bool get_oid(const struct json *j, const char *key, unsigned *out)
{
	int64_t n;
	if (!json_int(j, key, &n) || n < 0 || n > UINT32_MAX)
		return false;
	*out = (unsigned)n;
	return true;
}

static const char *const scopes[] = { [SNAP_TABLE] = "table", [SNAP_COLUMN] = "column", [SNAP_ROWS] = "rows" };

static bool get_scope(const struct json *j, enum scope_kind *out)
{
	const char *word = json_str(j, "scope");
	for (size_t i = 0; word && i < sizeof scopes / sizeof *scopes; i++)
		if (strcmp(word, scopes[i]) == 0) {
			*out = (enum scope_kind)i;
			return true;
		}
	return false;
}

struct json *snapshot_json(struct arena *a, const struct fact_snapshot *s)
{
	struct json *j = json_obj(a);
	json_add_int(j, "attnum", s->attnum);
	add_time(j, "begun", s->begun);
	json_add_int(j, "bytes", s->bytes);
	json_add_int(j, "dboid", s->dboid);
	json_add_str(j, "definition_digest", s->definition_digest);
	json_add_int(j, "equal", s->equal);
	json_add_str(j, "id", s->id);
	json_add_str(j, "manifest_sha256", s->manifest_sha256);
	json_add_str(j, "path", s->path);
	add_time(j, "proved", s->proved);
	json_add_int(j, "relid", s->relid);
	json_add_int(j, "rows", s->rows);
	json_add_str(j, "scope", scopes[s->scope]);
	json_add_str(j, "sysid", s->sysid);
	json_add_int(j, "trip_count", s->trip_count);
	json_add_int(j, "values", s->values);
	return j;
}

static bool snapshot_numbers(const struct json *j, struct fact_snapshot *s)
{
	int64_t attnum, equal;
	if (!json_int(j, "attnum", &attnum) || attnum < 0 || attnum > 1600 || !json_int(j, "equal", &equal) || (equal & ~1)
			|| !json_int(j, "rows", &s->rows) || !json_int(j, "values", &s->values) || !json_int(j, "bytes", &s->bytes)
			|| !json_int(j, "trip_count", &s->trip_count))
		return false;
	s->attnum = (int)attnum;
	s->equal = equal == 1;
	return s->rows >= 0 && s->values >= 0 && s->bytes >= 0 && s->trip_count >= -1;
}

bool snapshot_from_json(struct arena *a, const struct json *j, struct fact_snapshot *out)
{
	struct fact_snapshot s = { 0 };
	const char *definition = json_str(j, "definition_digest");
	if (!hex_is(definition, 64) || !get_scope(j, &s.scope))
		return false;
	memcpy(s.definition_digest, definition, sizeof s.definition_digest);
	if (!snapshot_numbers(j, &s) || !get_time(j, "begun", &s.begun) || !get_time(j, "proved", &s.proved)
			|| !get_oid(j, "dboid", &s.dboid) || !get_oid(j, "relid", &s.relid) || !get_word(a, j, "id", &s.id)
			|| !get_word(a, j, "path", &s.path) || !get_word(a, j, "sysid", &s.sysid)
			|| !get_word(a, j, "manifest_sha256", &s.manifest_sha256))
		return false;
	*out = s;
	return true;
}

struct json *drill_json(struct arena *a, const struct fact_drill *d)
{
	struct json *j = json_obj(a);
	add_time(j, "at", d->at);
	json_add_int(j, "dboid", d->dboid);
	struct json *fell = json_add_arr(j, "fell");
	for (size_t i = 0; i < d->n_fell; i++)
		json_add_str(fell, NULL, d->fell[i]);
	json_add_str(j, "id", d->id);
	json_add_int(j, "passed", d->passed);
	json_add_str(j, "problem", d->problem);
	json_add_int(j, "restore_us", d->restore_us);
	json_add_str(j, "snapshot_id", d->snapshot_id);
	json_add_str(j, "sysid", d->sysid);
	json_add_int(j, "took_us", d->took_us);
	return j;
}

static bool drill_fell(struct arena *a, const struct json *list, struct fact_drill *d)
{
	if (!list || list->kind != JSON_ARR)
		return false;
	d->fell = arena_array(a, json_count(list), sizeof *d->fell);
	for (const struct json *c = list->first; c; c = c->next) {
		if (c->kind != JSON_STR)
			return false;
		d->fell[d->n_fell++] = arena_dup(a, c->str);
	}
	return true;
}

bool drill_from_json(struct arena *a, const struct json *j, struct fact_drill *out)
{
	struct fact_drill d = { 0 };
	int64_t passed;
	if (!get_time(j, "at", &d.at) || !get_oid(j, "dboid", &d.dboid) || !get_word(a, j, "id", &d.id)
			|| !json_int(j, "passed", &passed) || (passed & ~1) || !get_word(a, j, "problem", &d.problem)
			|| !json_int(j, "restore_us", &d.restore_us) || !get_word(a, j, "snapshot_id", &d.snapshot_id)
			|| !get_word(a, j, "sysid", &d.sysid) || !json_int(j, "took_us", &d.took_us)
			|| !drill_fell(a, json_get(j, "fell"), &d))
		return false;
	d.passed = passed == 1;
	if (*d.problem == '\0')
		d.problem = NULL;
	*out = d;
	return true;
}
