/* SPDX-License-Identifier: MIT */
#include "adapter/hide.h"

#include <limits.h>
#include <string.h>

#include "adapter/hide.sql.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/when.h"
#include "port/db.h"
#include "port/files.h"

#define TRIAL_MS 3000   /* a log of the server's is written within milliseconds */

static const char *num(struct arena *a, long long n)
{
	return arena_printf(a, "%lld", n);
}

/* An error as it will look, of our own making; its text comes with the server's clock, so that no other line is taken for it. */
static bool trial(struct db *db, struct arena *a, const char *log, bool *seen, struct err *e)
{
	const struct query where = { .sql = "/* gatewalk */ SELECT file, at, 'gatewalk_trial_' || (extract(epoch FROM clock_timestamp()) * 1000000)::bigint\n"
		"FROM gatewalk.hide_log($1::text, NULL::text[], NULL::text, NULL::bigint)", .args = (const char *const[]){ log }, .nargs = 1, .cols = 3, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	*seen = false;
	if (!db_ask(db, a, &where, &r, e))
		return false;
	if (!r.cell[0][0])
		return true;
	const char *const args[] = { log, r.cell[0][2], r.cell[0][0], r.cell[0][1] };
	const struct query find = { .sql = "/* gatewalk */ SELECT hit IS NOT NULL FROM gatewalk.hide_log($1::text, ARRAY[$2::text], $3::text, $4::bigint)", .args = args, .nargs = 4 };
	db_script(db, a, arena_printf(a, "/* gatewalk */ DO $d$ BEGIN RAISE EXCEPTION 'permission denied for table %s' USING ERRCODE = '42501'; END $d$", args[1]), 0, NULL, NULL);
	for (int64_t until = clock_mono() + TRIAL_MS * 1000; !*seen && clock_mono() < until; clock_nap(20)) {
		const char *yes = db_value(db, a, &find, e);
		if (!yes)
			return false;
		*seen = cell_bool(yes);
	}
	return true;
}

bool hide_source(struct db *db, struct arena *a, const char **log, const char **why, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT log, why FROM gatewalk.hide_source()", .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	bool seen;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking for the server's log");
	*log = r.cell[0][0];
	*why = r.cell[0][1];
	if (!*log)
		return true;
	if (!trial(db, a, *log, &seen, e))
		return err_in(e, "reading the server's log");
	if (!seen) {
		*log = NULL;
		*why = "an error made on trial did not come into the server's log (log_min_messages)";
	}
	return true;
}

/* By the schema's own function, made for this one question and rolled back. */
bool hide_could_read(struct db *db, struct arena *a, const char **log, const char **why, struct err *e)
{
	static const struct query make = { .sql = "/* gatewalk */ CREATE FUNCTION pg_temp." HIDE_SOURCE_SQL, .cols = -1 };
	static const struct query ask = { .sql = "/* gatewalk */ SELECT log, why FROM pg_temp.hide_source()", .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_script(db, a, "/* gatewalk */ BEGIN", 5000, NULL, e))
		return err_in(e, "looking for the server's log");
	bool ok = db_ask(db, a, &make, NULL, e) && db_ask(db, a, &ask, &r, e);
	db_rollback(db);
	if (!ok)
		return err_in(e, "looking for the server's log");
	*log = r.cell[0][0];
	*why = r.cell[0][1];
	return true;
}

bool hide_begin(struct db *db, struct arena *a, const char *sid, double seconds, const char *log, long long *id, struct err *e)
{
	const char *const args[] = { sid, arena_printf(a, "%.3f", seconds), num(a, HIDE_BEAT_S), log };
	const struct query q = { .sql = "/* gatewalk */ SELECT gatewalk.hide_begin($1::text, $2::double precision, $3::double precision, $4::text)", .args = args, .nargs = 4, .cols = 1, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return strcmp(e->sqlstate, "23505") == 0 ? err_set(e, ERR_USE, "gatewalk job list shows the job; its end gives the target back.", "this table is hidden already") : false;
	if (!r.cell[0][0])
		return err_set(e, ERR_USE, NULL, "the walk is closed, or its target is gone: there is nothing to hide");
	*id = cell_int(r.cell[0][0]);
	return true;
}

bool hide_call(struct db *db, struct arena *a, long long id, double seconds, struct err *e)
{
	/* Ten minutes for locks at both ends; db_script counts in int. */
	double ms = (seconds + 600) * 1000;
	return db_script(db, a, "SET statement_timeout = 0; SET client_connection_check_interval = 0; SET idle_in_transaction_session_timeout = 0", 0, NULL, e) &&
		db_script(db, a, arena_printf(a, "CALL gatewalk.hide(%lld::bigint)", id), ms < INT_MAX ? (int)ms : INT_MAX, NULL, e);
}

bool hide_beat(struct db *db, struct arena *a, long long id, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT gatewalk.hide_beat($1::bigint)", .args = (const char *const[]){ num(a, id) }, .nargs = 1, .cols = 1 };
	return db_ask(db, a, &q, NULL, e);
}

bool hide_stop(struct db *db, struct arena *a, long long id, const char *why, struct err *e)
{
	const char *const args[] = { num(a, id), why };
	const struct query q = { .sql = "/* gatewalk */ SELECT gatewalk.hide_stop($1::bigint, $2::text)", .args = args, .nargs = 2, .cols = 1 };
	return db_ask(db, a, &q, NULL, e);
}

bool hide_elsewhere(struct db *db, struct arena *a, long long id, const char **what, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT s.text FROM gatewalk.hiding h JOIN gatewalk.sighting s USING (sid) WHERE h.id = $1::bigint AND s.source = 'server log' AND s.at >= h.hidden_at\n"
		"AND EXISTS (SELECT FROM gatewalk.source o WHERE o.sid = h.sid AND o.server <> 'primary' AND right(s.consumer, length(o.server) + 4) = ' on ' || o.server) ORDER BY s.id LIMIT 1", .args = (const char *const[]){ num(a, id) }, .nargs = 1, .cols = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	*what = r.n ? r.cell[0][0] : NULL;
	return true;
}

bool hide_hit(struct db *db, struct arena *a, long long id, const char *what, struct err *e)
{
	const char *const args[] = { num(a, id), what };
	const struct query q = { .sql = "/* gatewalk */ SELECT gatewalk.hide_hit($1::bigint, $2::text)", .args = args, .nargs = 2, .cols = 1 };
	return db_ask(db, a, &q, NULL, e);
}

bool hide_look(struct db *db, struct arena *a, long long id, struct hiding *out, int64_t *now, struct err *e)
{
#define US(x) "(extract(epoch FROM " x ") * 1000000)::bigint"
	const struct query q = { .sql = "/* gatewalk */ SELECT " US("hidden_at") ", " US("back_at") ", " US("hit_at") ", why, hit, exact, " US("clock_timestamp()") " FROM gatewalk.hiding WHERE id = $1::bigint",
		.args = (const char *const[]){ num(a, id) }, .nargs = 1, .cols = 7, .min_rows = 1, .max_rows = 1 };
#undef US
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	char **c = r.cell[0];
	*out = (struct hiding){ .id = id, .hidden_at = cell_int(c[0]), .back_at = cell_int(c[1]), .hit_at = cell_int(c[2]), .why = c[3] ? c[3] : "", .hit = c[4] ? c[4] : "",
		.exact = cell_bool(c[5]) };
	*now = cell_int(c[6]);
	return true;
}

bool hide_open(struct db *db, struct arena *a, const char *sid, bool *open, struct err *e)
{
	const struct query q = { .sql = "/* gatewalk */ SELECT EXISTS (SELECT FROM gatewalk.hiding WHERE sid = $1 AND back_at IS NULL)", .args = &sid, .nargs = 1 };
	const char *yes = db_value(db, a, &q, e);
	*open = yes && cell_bool(yes);
	return yes != NULL;
}

bool hide_return(struct db *db, struct arena *a, const char **what, struct err *e)
{
	/* Held by a session that lives: not ours. The job has a moment to begin. */
	const struct query left = { .sql = "/* gatewalk */ SELECT h.id, w.target FROM gatewalk.hiding h JOIN gatewalk.walk w USING (sid) WHERE h.back_at IS NULL\n"
		"  AND h.made_at < clock_timestamp() - interval '1 second' * CASE WHEN h.hidden_at IS NULL THEN 60 ELSE 0 END ORDER BY h.id", .cols = 2 };
	struct rows r;
	*what = "";
	const struct query there = { .sql = "/* gatewalk */ SELECT to_regclass('gatewalk.hiding') IS NOT NULL AND NOT pg_is_in_recovery()" };
	const char *yes = db_value(db, a, &there, e);
	if (!yes || !cell_bool(yes))
		return yes != NULL;
	if (!db_ask(db, a, &left, &r, e))
		return false;
	for (int i = 0; i < r.n; i++) {
		const struct query back = { .sql = "/* gatewalk */ SELECT gatewalk.hide_back($1::bigint, 'the backend that hid it is gone'::text)", .args = (const char *const[]){ r.cell[i][0] }, .nargs = 1,
			.ms = 30000 };
		const char *done = db_value(db, a, &back, e);
		if (!done)
			return err_in(e, "giving back %s, which was hidden", r.cell[i][1]);
		if (cell_bool(done))
			*what = arena_printf(a, "%s%s%s", *what, **what ? ", " : "", r.cell[i][1]);
	}
	return true;
}

/* The owner's members, superusers and readers of all data; then functions and views that work with the owner's rights; and where
   nobody would see an error. */
static const char BEYOND_SQL[] =
"/* gatewalk */ WITH t AS (SELECT w.relid, w.attnum, c.relowner FROM gatewalk.walk w JOIN pg_class c ON c.oid = w.relid WHERE w.sid = $1)\n"
"SELECT v.say FROM t CROSS JOIN LATERAL (\n"
"  SELECT 1, 'owner and its members: ' || string_agg(r.rolname, ', ' ORDER BY r.oid <> t.relowner, r.rolname) FROM pg_roles r WHERE NOT r.rolsuper AND pg_has_role(r.oid, t.relowner, 'USAGE')\n"
"  UNION ALL SELECT 2, 'superusers: ' || string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles r WHERE r.rolsuper\n"
"  UNION ALL SELECT 3, g.rolname || ': ' || string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles g JOIN pg_roles r ON r.oid <> g.oid AND NOT r.rolsuper\n"
"    AND pg_has_role(r.oid, g.oid, 'USAGE') WHERE g.rolname IN ('pg_read_all_data', 'pg_write_all_data') GROUP BY g.rolname\n"
"  UNION ALL SELECT 4, 'functions with the rights of one of these: ' || string_agg(f.say, ', ') FROM (SELECT p.oid::regprocedure::text AS say FROM pg_proc p JOIN pg_roles o ON o.oid = p.proowner\n"
"    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'gatewalk')\n"
"    AND (o.rolsuper OR pg_has_role(o.oid, t.relowner, 'USAGE')) ORDER BY 1 LIMIT 20) f\n"
"  UNION ALL SELECT 5, 'views with the rights of one of these: ' || string_agg(f.say, ', ') FROM (SELECT DISTINCT v.oid::regclass::text AS say FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid\n"
"    JOIN pg_class v ON v.oid = w.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace JOIN pg_roles o ON o.oid = v.relowner\n"
"    WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.relid AND v.oid <> t.relid AND n.nspname <> 'gatewalk'\n"
"    AND (o.rolsuper OR pg_has_role(o.oid, t.relowner, 'USAGE')) ORDER BY 1 LIMIT 20) f\n"
"  UNION ALL SELECT 6, 'errors on standbys whose log is not read: ' || string_agg(f.server, ', ' ORDER BY f.server) FROM (SELECT server FROM gatewalk.source WHERE sid = $1 AND server <> 'primary'\n"
"    GROUP BY server HAVING NOT coalesce(bool_or(ok) FILTER (WHERE source = 'server log'), false)) f) v(n, say) WHERE v.say IS NOT NULL ORDER BY v.n, v.say";

bool hide_beyond(struct db *db, struct arena *a, const char *sid, const char ***lines, size_t *n, struct err *e)
{
	const struct query q = { .sql = BEYOND_SQL, .args = &sid, .nargs = 1, .cols = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "asking who keeps seeing the target");
	*n = (size_t)r.n;
	*lines = arena_array(a, *n + 1, sizeof **lines);
	for (size_t i = 0; i < *n; i++)
		(*lines)[i] = r.cell[i][0];
	return true;
}
