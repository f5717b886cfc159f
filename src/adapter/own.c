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
#include "core/dual.h"
#include "port/db.h"
#include "port/files.h"

#define TRIGGER_PREFIX "gatewalk_trip_"
#define OBJECT_PREFIX "gatewalk.trip_"
#define ROWS_PREFIX "gatewalk.rows_"
#define GUARD_PREFIX "gatewalk_guard_"
#define HOLD_PREFIX "gatewalk.hold_"
#define SLOT_PREFIX "gatewalk_slot_"
#define ID_LEN 12
/* Whoever wants to write waits behind our wait for the lock: at first a moment only, and for longer once that has not been enough. */
#define SHORT_MS 40
#define LONG_MS 500
#define STEP_MS 60000

/* Twelve lower-case hex digits, no more no less before *end. */
static bool is_id(const char *s, const char **end)
{
	size_t n = strspn(s, "0123456789abcdef");
	*end = s + ID_LEN;
	return n >= ID_LEN;
}

/* Those of a dual write: its triggers, and its functions. */
static bool is_dual(const char *name)
{
	static const struct { const char *prefix, *tails[6]; } kinds[] = {
		{ DUAL_LATE, { "", "_i" } }, { DUAL_EARLY, { "", "_i" } }, { "gatewalk.dual_", { "", "_b", "_r", "_to", "_back", "_same" } },
	};
	const char *end;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) != 0 || !is_id(name + strlen(kinds[i].prefix), &end))
			continue;
		for (size_t k = 0; k < 6 && kinds[i].tails[k]; k++)
			if (strcmp(end, kinds[i].tails[k]) == 0)
				return true;
	}
	return false;
}

bool own_is_ours(const char *name)
{
	const char *end;
	if (!name)
		return false;
	static const char *const whole[] = { OBJECT_PREFIX, ROWS_PREFIX, GUARD_PREFIX, HOLD_PREFIX, SLOT_PREFIX };
	for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
		if (strncmp(name, whole[i], strlen(whole[i])) == 0)
			return is_id(name + strlen(whole[i]), &end) && *end == '\0';
	if (is_dual(name))
		return true;
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

const char *own_guard_name(struct arena *a, const char *sid)
{
	return named(a, GUARD_PREFIX, sid);
}

const char *own_hold_name(struct arena *a, const char *sid)
{
	return named(a, HOLD_PREFIX, sid);
}

const char *own_slot_name(struct arena *a, const char *sid)
{
	return named(a, SLOT_PREFIX, sid);
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

/* Triggers are known by the function they call: our own; wherever they are, so that one on a partition counts, and one that came or
   went there shows. Names and oid stand in the text, so that it fits into another query. The comment keeps what was sealed, "DIGEST
   STAMP"; the stamp is of xmin: who switches a trigger off, writes, and switches it on again, or so with the function, leaves
   another one. members: a partition that comes or goes is a change. Before that was so, partitions had clones of their parent's
   trigger, which showed the same: those that stand are judged as they were sealed. */
static const char LOOK_SQL[] =
"WITH RECURSIVE tree AS (SELECT %1$u::oid AS oid\n"
"  UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition),\n"
"f AS (SELECT p.oid, p.xmin, p.proowner, p.prosrc, p.prosecdef, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace\n"
"  WHERE n.nspname = 'gatewalk' AND p.proname = split_part('%3$s', '.', 2) AND p.pronargs = 0 AND p.prorettype = 'trigger'::regtype),\n"
"g AS (SELECT g.tgname, g.tgrelid, g.tgenabled, g.tgparentid, g.xmin, CASE WHEN g.tgrelid = %1$u THEN pg_get_triggerdef(g.oid)\n"
"    ELSE concat_ws(' ', g.tgrelid, g.tgname, g.tgtype, g.tgqual, g.tgattr, g.tgparentid <> 0) END AS def FROM pg_trigger g JOIN f ON f.oid = g.tgfoid\n"
"  WHERE NOT (g.tgisinternal AND g.tgparentid = 0) AND g.tgname IN ('%2$s', '%2$s_i', '%2$s_t')),\n"
"a AS (SELECT string_agg(xmin::text, ' ' ORDER BY tgrelid, tgname) AS xmins, string_agg(def, ' ' ORDER BY tgrelid <> %1$u, tgrelid, tgname) AS defs,\n"
"  count(*) FILTER (WHERE tgrelid = %1$u) AS n, coalesce(bool_and(tgenabled = 'A'), false) AS always,\n"
"  CASE WHEN NOT bool_or(tgparentid <> 0) THEN (SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM tree HAVING count(*) > 1) END AS members FROM g),\n"
"s AS (SELECT md5(concat_ws(' ', f.xmin, a.xmins)) AS stamp, obj_description(f.oid, 'pg_proc') AS sealed FROM f, a)\n"
"SELECT a.n, a.always AND (SELECT s.sealed IS NULL OR split_part(s.sealed, ' ', 2) = s.stamp FROM s),\n"
"  EXISTS (SELECT FROM f), EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('%3$s') AND relkind = 'S'),\n"
"  (SELECT md5(concat_ws(' ', f.proowner, f.prosecdef, f.proconfig, f.prosrc, a.defs, a.members)) FROM f),\n"
"  (SELECT split_part(sealed, ' ', 1) FROM s), (SELECT stamp FROM s) FROM a";

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
		.digest = c[4] ? c[4] : "", .sealed = c[5] ? c[5] : "", .stamp = c[6] ? c[6] : "",
	};
	return true;
}

bool own_whole(const struct own_seen *s)
{
	return s->triggers > 0 && s->function && s->sequence && strcmp(s->sealed, s->digest) == 0;
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

const char *own_begin_sql(struct arena *a, int64_t deadline)
{
	bool early = clock_mono() < deadline - OWN_PATIENCE / 4 * 3;
	return arena_printf(a, "BEGIN; SET LOCAL lock_timeout = %d", early ? SHORT_MS : LONG_MS);
}

/* A clone goes with its parent's. $2: not those that stand where they belong, on that table and its partitions. */
static const char TRIGGERS_SQL[] =
"/* gatewalk */ WITH RECURSIVE tree AS (SELECT $2::oid AS oid\n"
"  UNION SELECT i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition)\n"
"SELECT g.tgname, format('%I.%I', n.nspname, c.relname) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace\n"
"  JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_namespace fn ON fn.oid = f.pronamespace WHERE fn.nspname = 'gatewalk' AND f.proname = split_part($1, '.', 2)\n"
"  AND f.pronargs = 0 AND NOT g.tgisinternal AND g.tgparentid = 0\n"
"  AND (c.oid NOT IN (SELECT oid FROM tree) OR EXISTS (SELECT FROM pg_trigger k WHERE k.tgparentid = g.oid)) ORDER BY g.tgrelid, g.tgname";

static bool triggers(struct db *db, struct arena *a, const char *object, unsigned except, struct rows *r, struct err *e)
{
	const char *const args[] = { object, arena_printf(a, "%u", except) };
	return db_ask(db, a, &(struct query){ .sql = TRIGGERS_SQL, .args = args, .nargs = 2, .cols = 2 }, r, e) || err_in(e, "looking for the tripwire's triggers");
}

static const char *drop_trigger(struct arena *a, char *const *cell)
{
	return own_is_ours(cell[0]) ? arena_printf(a, "DROP TRIGGER %s ON %s;\n", cell[0], cell[1]) : "";
}

/* Names that are ours, and nothing by CASCADE. */
bool own_removal_sql(struct db *db, struct arena *a, const char *sid, struct own_removal *x, struct err *e)
{
	struct own_names names;
	struct own_seen seen;
	struct rows r = { .n = 0 };
	x->before = x->after = "";
	if (!own_names(a, sid, &names, e) || !own_look(db, a, &names, x->relid, &seen, e)
			|| (seen.function && !triggers(db, a, names.object, x->whole ? x->relid : 0, &r, e)))
		return false;
	for (int i = 0; i < r.n; i++)
		x->before = arena_printf(a, "%s%s", x->before, drop_trigger(a, r.cell[i]));
	if (own_is_ours(names.object))
		x->after = arena_printf(a, "%s%s", seen.function ? arena_printf(a, "DROP FUNCTION %s();\n", names.object) : "",
			seen.sequence ? arena_printf(a, "DROP SEQUENCE %s;\n", names.object) : "");
	return true;
}

bool own_step(struct db *db, struct arena *a, const char *sql, struct err *e)
{
	int64_t deadline = clock_mono() + OWN_PATIENCE;
	for (;;) {
		const char *tag = NULL;
		struct err why = { 0 };
		if (db_script(db, a, arena_printf(a, "%s;\n%sCOMMIT;", own_begin_sql(a, deadline), sql), STEP_MS, &tag, &why) && text_eq(tag, "COMMIT"))
			return true;
		db_rollback(db);
		if (retry_is_lock(&why) && retry_pause(deadline))
			continue;
		if (e)
			*e = why;
		return false;
	}
}

bool own_triggers_take(struct db *db, struct arena *a, const struct own_names *names, unsigned except, struct err *e)
{
	struct rows r;
	if (!triggers(db, a, names->object, except, &r, e))
		return false;
	for (int i = 0; i < r.n; i++)
		if (!own_step(db, a, arena_printf(a, OWN_SOON "%s", drop_trigger(a, r.cell[i])), e))
			return false;
	return true;
}

bool own_tripwire_take(struct db *db, struct arena *a, const char *sid, unsigned relid, struct err *e)
{
	struct own_names names;
	struct own_removal rest = { .relid = relid };
	if (!own_names(a, sid, &names, e))
		return false;
	bool ok = own_triggers_take(db, a, &names, 0, e) && own_removal_sql(db, a, sid, &rest, e)
		&& (!rest.after[0] || own_step(db, a, arena_printf(a, "%s%s", rest.before, rest.after), e));
	return ok || err_in(e, "taking the tripwire away");
}
