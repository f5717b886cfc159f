/* SPDX-License-Identifier: MIT */
/* gatewalk's own objects: their names, and reading, removing them. Making them is own_put.c. */
#include "adapter/own.h"

#include <string.h>

#include "adapter/own_private.h"
#include "adapter/retry.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "base/when.h"
#include "port/db.h"
#include "port/files.h"

#define TRIGGER_PREFIX "gatewalk_trip_"
#define OBJECT_PREFIX "gatewalk.trip_"
#define ROWS_PREFIX "gatewalk.rows_"
#define ID_LEN 12

/* Twelve lower-case hex digits, no more no less before *end. */
static bool is_id(const char *s, const char **end)
{
	size_t n = strspn(s, "0123456789abcdef");
	*end = s + ID_LEN;
	return n >= ID_LEN;
}

bool own_is_ours(const char *name)
{
	const char *end;
	if (!name)
		return false;
	if (strncmp(name, OBJECT_PREFIX, strlen(OBJECT_PREFIX)) == 0 || strncmp(name, ROWS_PREFIX, strlen(ROWS_PREFIX)) == 0)
		return is_id(strchr(name, '_') + 1, &end) && *end == '\0';
	if (strncmp(name, TRIGGER_PREFIX, strlen(TRIGGER_PREFIX)) != 0 || !is_id(name + strlen(TRIGGER_PREFIX), &end))
		return false;
	return *end == '\0' || strcmp(end, "_i") == 0 || strcmp(end, "_t") == 0;
}

static const char *named(struct arena *a, const char *prefix, const char *sid)
{
	const char *end;
	if (!sid || !is_id(sid, &end))
		return NULL;
	const char *name = arena_printf(a, "%s%.*s", prefix, ID_LEN, sid);
	return own_is_ours(name) ? name : NULL;
}

const char *own_trigger_name(struct arena *a, const char *sid)
{
	return named(a, TRIGGER_PREFIX, sid);
}

const char *own_sequence_name(struct arena *a, const char *sid)
{
	return named(a, OBJECT_PREFIX, sid);
}

const char *own_rows_name(struct arena *a, const char *sid)
{
	return named(a, ROWS_PREFIX, sid);
}

bool own_rows_take(struct db *db, struct arena *a, const char *sid, struct err *e)
{
	const char *name = own_rows_name(a, sid);
	return !name || db_script(db, a, arena_printf(a, "DROP TABLE IF EXISTS %s", name), 0, NULL, e) || err_in(e, "removing %s", name);
}

bool own_names(struct arena *a, const char *sid, struct own_names *out, struct err *e)
{
	out->trigger = own_trigger_name(a, sid);
	out->object = own_sequence_name(a, sid);
	if (!out->trigger || !out->object)
		return err_set(e, ERR_INTERNAL, NULL, "the walk's id does not begin with twelve hex digits");
	return true;
}

/* Only triggers that call our own function count. Names and oid stand in the text, so that it fits into another query. The
   comment keeps what was sealed, "DIGEST STAMP"; the stamp is of xmin: who switches a trigger off, writes, and switches it on
   again, or so with the function, leaves another one. */
static const char LOOK_SQL[] =
"WITH f AS (SELECT p.oid, p.xmin, p.proowner, p.prosrc, p.prosecdef, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace\n"
"  WHERE n.nspname = 'gatewalk' AND p.proname = split_part('%3$s', '.', 2) AND p.pronargs = 0 AND p.prorettype = 'trigger'::regtype),\n"
"g AS (SELECT g.tgname, g.tgenabled, g.xmin, pg_get_triggerdef(g.oid) AS def FROM pg_trigger g JOIN f ON f.oid = g.tgfoid\n"
"  WHERE g.tgrelid = %1$u AND NOT g.tgisinternal AND g.tgname IN ('%2$s', '%2$s_i', '%2$s_t')),\n"
"s AS (SELECT md5(concat_ws(' ', f.xmin, (SELECT string_agg(g.xmin::text, ' ' ORDER BY g.tgname) FROM g))) AS stamp, obj_description(f.oid, 'pg_proc') AS sealed FROM f)\n"
"SELECT (SELECT count(*) FROM g), (SELECT coalesce(bool_and(tgenabled = 'A'), false) FROM g) AND (SELECT s.sealed IS NULL OR split_part(s.sealed, ' ', 2) = s.stamp FROM s),\n"
"  EXISTS (SELECT FROM f), EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('%3$s') AND relkind = 'S'),\n"
"  (SELECT md5(concat_ws(' ', f.proowner, f.prosecdef, f.proconfig, f.prosrc, (SELECT string_agg(g.def, ' ' ORDER BY g.tgname) FROM g))) FROM f),\n"
"  (SELECT split_part(sealed, ' ', 1) FROM s),\n"
"  (SELECT string_agg(tgname, ',' ORDER BY tgname) FROM g),\n"
"  (SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = %1$u),\n"
"  (SELECT stamp FROM s)";

const char *own_look_sql(struct arena *a, const struct own_names *names, unsigned relid)
{
	return arena_printf(a, LOOK_SQL, relid, names->trigger, names->object);
}

bool own_look(struct db *db, struct arena *a, const struct own_names *names, unsigned relid, struct own_seen *out, struct err *e)
{
	const struct query q = {
		.sql = arena_printf(a, "/* gatewalk */ %s", own_look_sql(a, names, relid)), .cols = OWN_LOOK_COLS, .min_rows = 1, .max_rows = 1,
	};
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at the tripwire");
	char **c = r.cell[0];
	*out = (struct own_seen){
		.triggers = (int)cell_int(c[0]), .enabled = cell_bool(c[1]), .function = cell_bool(c[2]), .sequence = cell_bool(c[3]),
		.digest = c[4] ? c[4] : "", .sealed = c[5] ? c[5] : "", .trigger_names = c[6] ? c[6] : "", .table = c[7],
		.stamp = c[8] ? c[8] : "",
	};
	return true;
}

bool own_whole(const struct own_seen *s)
{
	return s->triggers == OWN_TRIGGERS && s->function && s->sequence && strcmp(s->sealed, s->digest) == 0;
}

bool own_tripwire_look(struct db *db, struct arena *a, const char *sid, unsigned relid, bool *there, bool *enabled, int64_t *count, struct err *e)
{
	struct own_names names;
	struct own_seen seen;
	*there = *enabled = false;
	*count = -1;
	if (!own_names(a, sid, &names, e) || !own_look(db, a, &names, relid, &seen, e))
		return false;
	*there = own_whole(&seen);
	*enabled = *there && seen.enabled;
	if (!seen.sequence)
		return true;
	const struct query q = { .sql = arena_printf(a, OWN_COUNT_SQL, names.object), .cols = 1, .min_rows = 1, .max_rows = 1 };
	const char *n = db_value(db, a, &q, e);
	if (!n)
		return err_in(e, "reading the tripwire's count");
	*count = cell_int(n);
	return true;
}

/* The statements that take away what own_look saw: names that are ours, and nothing by CASCADE. */
static const char *removal(struct arena *a, const struct own_names *names, const struct own_seen *s)
{
	struct text t = { 0 };
	for (const char *at = s->trigger_names; *at;) {
		size_t len = strcspn(at, ",");
		const char *name = arena_dupn(a, at, len);
		if (own_is_ours(name) && s->table)
			text_addf(&t, "DROP TRIGGER %s ON %s;\n", name, s->table);
		at += len + (at[len] == ',');
	}
	if (s->function && own_is_ours(names->object))
		text_addf(&t, "DROP FUNCTION %s();\n", names->object);
	if (s->sequence && own_is_ours(names->object))
		text_addf(&t, "DROP SEQUENCE %s;\n", names->object);
	const char *sql = arena_dup(a, text_str(&t));
	text_free(&t);
	return sql;
}

bool own_removal_sql(struct db *db, struct arena *a, const char *sid, unsigned relid, const char **sql, struct err *e)
{
	struct own_names names;
	struct own_seen seen;
	*sql = "";
	if (!own_names(a, sid, &names, e) || !own_look(db, a, &names, relid, &seen, e))
		return false;
	*sql = removal(a, &names, &seen);
	return true;
}

bool own_tripwire_take(struct db *db, struct arena *a, const char *sid, unsigned relid, struct err *e)
{
	int64_t deadline = clock_mono() + OWN_PATIENCE;
	for (;;) {
		const char *sql, *tag = NULL;
		struct err why = { 0 };
		if (!own_removal_sql(db, a, sid, relid, &sql, e))
			return false;
		if (!sql[0])
			return true;
		if (db_script(db, a, arena_printf(a, "BEGIN; SET LOCAL lock_timeout = '500ms';\n%sCOMMIT;", sql), 0, &tag, &why) &&
			text_eq(tag, "COMMIT"))
			return true;
		db_rollback(db);
		if (!retry_is_lock(&why) || !retry_pause(deadline)) {
			if (e)
				*e = why;
			return err_in(e, "taking the tripwire away");
		}
	}
}
