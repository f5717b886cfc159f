/* SPDX-License-Identifier: MIT */
/* The numbers are those of the rules in guard_try.h. */
#include "adapter/guard_try.h"

#include <string.h>

#include "adapter/own.h"
#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"
#include "port/db.h"

#define TRY_MS 3000   /* ours; the server's second comes first */

enum { OF_COLUMN = 1, OF_WHOLE = 2, OF_ANY = 3, WITH_TRIGGER = 4, AS_SUPERUSER = 8 };

/* As the server's format() takes it: %1$s table, %2$s column, %3$s the guard's trigger. MUST 4 asks for the second line of TRUNCATE. */
static const struct { const char *way; unsigned when; const char *sql; } tries[] = {
	{ "DROP COLUMN", OF_COLUMN, "ALTER TABLE %1$s DROP COLUMN %2$s CASCADE" },
	{ "RENAME COLUMN", OF_COLUMN, "ALTER TABLE %1$s RENAME COLUMN %2$s TO gatewalk_try" },
	{ "ALTER COLUMN TYPE", OF_COLUMN, "ALTER TABLE %1$s ALTER COLUMN %2$s DROP DEFAULT, ALTER COLUMN %2$s TYPE text USING NULL" },
	{ "RENAME TABLE", OF_ANY, "ALTER TABLE %1$s RENAME TO gatewalk_try" },
	{ "SET SCHEMA", OF_ANY, "ALTER TABLE %1$s SET SCHEMA gatewalk" },
	{ "DROP TABLE", OF_ANY, "DROP TABLE %1$s" },
	{ "TRUNCATE", OF_ANY | WITH_TRIGGER, "LOCK TABLE %1$s IN ACCESS EXCLUSIVE MODE; "
		"DO $c$ BEGIN IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = %1$L::regclass AND tgtype & 34 = 34 AND tgname < %3$L::name) THEN"
		" RAISE EXCEPTION 'another trigger of the table would run first' USING ERRCODE = 'GW198'; END IF; END $c$; TRUNCATE %1$s" },
	{ "DISABLE TRIGGER", OF_ANY | WITH_TRIGGER, "ALTER TABLE %1$s DISABLE TRIGGER %3$s" },
	{ "DROP TRIGGER", OF_ANY | WITH_TRIGGER, "DROP TRIGGER %3$s ON %1$s" },
	{ "DROP TABLE with session_replication_role = replica", OF_ANY | AS_SUPERUSER, "SET LOCAL session_replication_role = replica; DROP TABLE %1$s" },
};
#define TRIES (sizeof tries / sizeof tries[0])

/* By SQLSTATE; what is not here was stopped by the server for a reason of its own. */
static const struct { const char *state, *result; } results[] = {
	{ "GW100", "refused" }, { "GW199", "open" }, { "GW198", "not tried" }, { "55P03", "not tried" }, { "57014", "not tried" }, { "42501", "not tried" },
};

static const char *result_of(const char *state)
{
	for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
		if (strcmp(results[i].state, state) == 0)
			return results[i].result;
	return "stopped";
}

/* MUST 2 and 3. */
static bool try_one(struct db *db, struct arena *a, const char *sql, struct guard_tried *out, struct err *e)
{
	struct err why = { 0 };
	const char *block = sql_literal(a, arena_printf(a, "BEGIN EXECUTE %s; RAISE EXCEPTION 'it was not refused' USING ERRCODE = 'GW199'; END", sql));
	bool ok = db_script(db, a, arena_printf(a, "BEGIN; SET LOCAL lock_timeout = '100ms'; SET LOCAL statement_timeout = '1s'; DO %s", block), TRY_MS, NULL, &why);
	db_rollback(db);
	if (ok || !db_alive(db)) {
		if (ok)
			return err_set(e, ERR_INTERNAL, NULL, "a try came to its end");
		if (e)
			*e = why;
		return false;
	}
	out->result = result_of(why.sqlstate);
	out->said = arena_dup(a, why.msg);
	return true;
}

static const char TARGET_SQL[] =
"/* gatewalk */ SELECT format('%I.%I', n.nspname, c.relname), quote_ident(a.attname), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)\n"
"FROM gatewalk.walk w JOIN pg_class c ON c.oid = w.relid JOIN pg_namespace n ON n.oid = c.relnamespace\n"
"  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = w.attnum AND NOT a.attisdropped WHERE w.sid = $1 AND (w.attnum = 0 OR a.attnum IS NOT NULL)";

bool guard_try(struct db *db, struct arena *a, const char *sid, const struct fact_guard *f, struct guard_tried **out, size_t *n, struct err *e)
{
	const char *const args[] = { sid };
	const struct query q = { .sql = TARGET_SQL, .args = args, .nargs = 1, .cols = 3, .max_rows = 1 };
	struct rows r;
	*n = 0;
	*out = arena_array(a, TRIES, sizeof **out);
	if (!f->stands)   /* MUST 1 */
		return true;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	for (size_t i = 0; r.n && i < TRIES; i++) {
		char **c = r.cell[0];
		if (!(tries[i].when & (c[1] ? OF_COLUMN : OF_WHOLE)) || ((tries[i].when & WITH_TRIGGER) && !f->truncate) || ((tries[i].when & AS_SUPERUSER) && !cell_bool(c[2])))
			continue;
		(*out)[*n].way = tries[i].way;
		const char *sql = arena_printf(a, "format(%s, %s, %s, %s)", sql_literal(a, tries[i].sql), sql_literal(a, c[0]), sql_literal(a, c[1] ? c[1] : ""),
			sql_literal(a, own_guard_name(a, sid)));
		if (!try_one(db, a, sql, &(*out)[(*n)++], e))
			return false;
	}
	return true;
}

/* who: a query for names; NULL: said by why. */
#define ROLES(condition) "SELECT string_agg(r.rolname, ', ' ORDER BY r.rolname) FROM pg_roles r WHERE " condition
#define MEMBERS(role) ROLES("r.rolcanlogin AND NOT r.rolsuper AND pg_has_role(r.oid, (SELECT oid FROM pg_roles WHERE rolname = '" role "'), 'MEMBER')")
static const char OWNERS_SQL[] =
	"SELECT string_agg(DISTINCT format('%s of %s', o.rolname, w.target), ', ') FROM gatewalk.walk w JOIN pg_class c ON c.oid = w.relid JOIN pg_roles o ON o.oid = c.relowner"
	" WHERE w.closed_at IS NULL AND w.dropped_at IS NULL";

enum { BY_TRIGGERS = 1, BY_VIEWS = 2, BY_ANY = 3 };
static const struct { const char *way; unsigned how; const char *who, *why; } gaps[] = {
	{ "ALTER or DROP EVENT TRIGGER, changes of the catalogue itself, single-user mode, event_triggers = off (17 on)", BY_TRIGGERS, ROLES("r.rolsuper"),
		"nothing stops a superuser; gatewalk notices it, shuts gate C and writes it down" },
	{ "CREATEROLE before PostgreSQL 16, pg_write_server_files, pg_execute_server_program: as good as superuser", BY_ANY,
		ROLES("NOT r.rolsuper AND r.rolcanlogin AND (r.rolcreaterole AND current_setting('server_version_num')::int < 160000 OR pg_has_role(r.oid, 'pg_write_server_files', 'MEMBER')"
			" OR pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER'))"), "" },
	{ "UPDATE and DELETE of the rows themselves", BY_ANY, NULL, "data, and no DDL: the tripwire sees it, the snapshots hold what was there" },
	{ "a rule, policy or trigger that hides rows or changes what is written", BY_ANY, NULL, "it changes what is seen, not what stands there" },
	{ "ending the walk or writing a pass in the gatewalk schema", BY_ANY, MEMBERS("gatewalk_operator"), "who may walk may also leave: give this role to operators, not to applications or agents" },
	{ "changing the guard's functions and tables", BY_ANY, "SELECT rolname FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'gatewalk'", "gatewalk notices it" },
	{ "DROP DATABASE, from another one", BY_ANY, "SELECT rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = current_database()",
		"event triggers are of one database: its owner should be nobody who logs in" },
	{ "a REPEATABLE READ transaction that began before the walk", BY_TRIGGERS, NULL, "it does not see the walk yet; it has to have begun before it" },
	{ "a dump, an old backup or another server put in this one's place", BY_ANY, NULL, "there the walk is not the same any more; gatewalk says so (rebind, resync)" },
	{ "DETACH PARTITION CONCURRENTLY", BY_TRIGGERS, NULL, "it is refused at its second half; the partition stays marked as leaving, and its rows are not seen through the table" },
	{ "RENAME, SET SCHEMA, and DROP or ALTER TYPE with CASCADE or behind DROP VIEW", BY_VIEWS, OWNERS_SQL,
		"a view holds only against accidents. Let the table, its schema and the database belong to a role that nobody logs in as (ALTER TABLE ... OWNER TO), and grant the application what it needs" },
	{ "switching the TRUNCATE trigger off", BY_VIEWS, OWNERS_SQL, "only event triggers would refuse that" },
};
#define GAPS (sizeof gaps / sizeof gaps[0])

bool guard_gaps(struct db *db, struct arena *a, bool by_views, struct guard_gap **out, size_t *n, struct err *e)
{
	*n = 0;
	*out = arena_array(a, GAPS, sizeof **out);
	for (size_t i = 0; i < GAPS; i++) {
		if (!(gaps[i].how & (by_views ? BY_VIEWS : BY_TRIGGERS)))
			continue;
		struct err none = { 0 };
		const char *who = gaps[i].who ? db_value(db, a, &(struct query){ .sql = gaps[i].who }, &none) : NULL;
		if (none.code != ERR_NONE) {
			if (e)
				*e = none;
			return false;
		}
		if (gaps[i].who && !who)
			continue;   /* nobody can */
		(*out)[(*n)++] = (struct guard_gap){ .way = gaps[i].way, .who = who ? who : "", .why = gaps[i].why };
	}
	return true;
}
