/* SPDX-License-Identifier: MIT */
#include "adapter/schema.h"

#include <string.h>

#include "adapter/probe_version.h"
#include "adapter/schema.sql.h"
#include "adapter/schema_real.h"
#include "base/arena.h"
#include "base/err.h"
#include "port/db.h"

/* What brings a schema of version `from` to the next one. 0: nothing is there. */
static const struct upgrade { int from; const char *sql; } UPGRADES[] = {
	{ 0, SCHEMA_V1 },
	{ 1, SCHEMA_V2 },
	{ 2, SCHEMA_V3 },
	{ 3, SCHEMA_V4 },
	{ 4, SCHEMA_V5 },
	{ 5, SCHEMA_V6 },
};

/* A role that cannot log in owns ledger and function, so that the operator's login cannot rewrite an anchor; another one
   carries what a walk needs and can be granted to further logins. */
static const char ROLES[] =
	"DO $d$ BEGIN"
	"  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatewalk_owner') THEN CREATE ROLE gatewalk_owner NOLOGIN; END IF;"
	"  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatewalk_operator') THEN CREATE ROLE gatewalk_operator NOLOGIN; END IF;"
	"  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN"
	"    EXECUTE format('GRANT gatewalk_owner, gatewalk_operator TO %I', session_user); END IF;"
	" END $d$;";
/* What this login or the schema's owner made, and no more: an operator may make objects there, too, and a function of theirs would
   get the owner's rights. */
static const char HAND_OVER[] =
	"DO $d$ DECLARE o record; makers oid[] := ARRAY[(SELECT nspowner FROM pg_namespace WHERE nspname = 'gatewalk'), current_user::regrole::oid]; BEGIN"
	"  ALTER SCHEMA gatewalk OWNER TO gatewalk_owner;"
	"  FOR o IN SELECT relname FROM pg_class WHERE relnamespace = 'gatewalk'::regnamespace AND relkind = 'r' AND relowner = ANY (makers)"
	"      AND relname !~ '^rows_[0-9a-f]{12}$' LOOP"
	"    EXECUTE format('ALTER TABLE gatewalk.%I OWNER TO gatewalk_owner', o.relname); END LOOP;"
	"  FOR o IN SELECT oid FROM pg_proc WHERE pronamespace = 'gatewalk'::regnamespace AND proowner = ANY (makers)"
	"      AND (proname = 'append' OR proname ~ '^(guard_|hide)') LOOP"
	"    EXECUTE format('ALTER ROUTINE %s OWNER TO gatewalk_owner', o.oid::regprocedure); END LOOP;"
	" END $d$;";
/* Anchors come in by append() only, passes by guard_pass(); lines, permits and the schema log are added, never changed; the mark is read. */
static const char GRANTS[] =
	"GRANT USAGE, CREATE ON SCHEMA gatewalk TO gatewalk_operator;"   /* CREATE: the tripwire's function and sequence */
	"GRANT SELECT ON ALL TABLES IN SCHEMA gatewalk TO gatewalk_operator;"
	"GRANT INSERT ON gatewalk.line, gatewalk.permit, gatewalk.schema_log, gatewalk.removal, gatewalk.removal_left TO gatewalk_operator;"
	"GRANT INSERT, UPDATE ON gatewalk.walk TO gatewalk_operator;"
	"GRANT INSERT, UPDATE, DELETE ON gatewalk.job, gatewalk.job_event, gatewalk.trip, gatewalk.statement, gatewalk.sighting,"
	"  gatewalk.source, gatewalk.sample, gatewalk.alarm, gatewalk.backfill, gatewalk.backfill_reject, gatewalk.dual_reject,"
	"  gatewalk.parity, gatewalk.parity_mismatch TO gatewalk_operator;"
	"GRANT EXECUTE ON FUNCTION gatewalk.append(text, bigint, text, bigint, text, text), gatewalk.guard_put(text), gatewalk.guard_end(text),"
	"  gatewalk.guard_pass(text, text), gatewalk.guard_state(text, oid, smallint), gatewalk.guard_open(), gatewalk.guard_truncate() TO gatewalk_operator;"
	"GRANT EXECUTE ON ROUTINE " HIDE_ROUTINES " TO gatewalk_operator;";
static const char STEP_OUT[] =
	"DO $d$ BEGIN"
	"  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) THEN"
	"    EXECUTE format('REVOKE gatewalk_owner FROM %I', session_user); END IF;"
	" END $d$;";
/* May this login make the roles, and use them if they stand already? */
static const char MAY_ROLE[] =
	"SELECT rolsuper OR (rolcreaterole AND (current_setting('server_version_num')::int < 160000"
	"  OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gatewalk_owner')"
	"  OR pg_has_role(oid, (SELECT oid FROM pg_roles WHERE rolname = 'gatewalk_owner'), 'MEMBER WITH ADMIN OPTION')))"
	" FROM pg_roles WHERE rolname = session_user";

static const char LOOK[] =
	"SELECT to_regnamespace('gatewalk') IS NOT NULL,"
	" EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('gatewalk') AND relname = 'meta')";

bool schema_version(struct db *db, struct arena *a, int *version, struct err *e)
{
	struct rows r;
	const struct query look = { .sql = LOOK, .cols = 2, .min_rows = 1, .max_rows = 1 };
	const struct query ask = { .sql = "SELECT version FROM gatewalk.meta", .cols = 1, .min_rows = 0, .max_rows = 1 };
	*version = 0;
	if (!db_ask(db, a, &look, &r, e))
		return false;
	if (!cell_bool(r.cell[0][0]))
		return true;
	if (!cell_bool(r.cell[0][1]))
		return err_set(e, ERR_VERIFY, "Find out who made or changed it; gatewalk touches no schema that it does not know.",
			"there is a schema gatewalk without gatewalk's table meta");
	if (!db_ask(db, a, &ask, &r, e)) {
		if (e && strcmp(e->sqlstate, "42501") == 0)
			err_set(e, ERR_DB, "As a superuser: GRANT gatewalk_operator TO <this login>;", "this login may not read the gatewalk schema");
		return false;
	}
	if (r.n != 1)
		return err_set(e, ERR_VERIFY, "Find out who removed it.", "the gatewalk schema has lost its mark: gatewalk.meta is empty");
	*version = (int)cell_int(r.cell[0][0]);
	return true;
}

static bool script(struct db *db, struct arena *a, const char *sql, struct err *e)
{
	return db_script(db, a, sql, 30000, NULL, e);
}

bool schema_too_new(int version, const char *program, struct err *e)
{
	return err_set(e, ERR_USE, "Use the newer gatewalk that made it.", "the gatewalk schema here has version %d%s%s, and this gatewalk (" GATEWALK_VERSION ") knows up to %d",
		version, *program ? ", made by gatewalk " : "", program, SCHEMA_VERSION);
}

static bool upgrade(struct db *db, struct arena *a, int version, struct err *e)
{
	for (size_t i = 0; i < sizeof UPGRADES / sizeof UPGRADES[0]; i++)
		if (UPGRADES[i].from == version) {
			if (!script(db, a, UPGRADES[i].sql, e))
				return false;
			version++;
		}
	return version == SCHEMA_VERSION || err_set(e, ERR_INTERNAL, NULL, "no way from schema version %d to %d", version, SCHEMA_VERSION);
}

/* Owner, grants. Without the right to make roles the login owns all, and the ledger is as strong as the login. */
static bool own(struct db *db, struct arena *a, bool roles, struct err *e)
{
	return !roles || (script(db, a, ROLES, e) && script(db, a, HAND_OVER, e) && script(db, a, GRANTS, e) && script(db, a, STEP_OUT, e));
}

static bool mark_row(struct db *db, struct arena *a, enum env env, struct err *e)
{
	const char *args[] = { env_name(env) };
	const struct query q = {
		.sql = "INSERT INTO gatewalk.meta (version, environment, system_identifier, database_oid)"
		       " SELECT 0, $1, (SELECT system_identifier FROM pg_control_system())::text, oid FROM pg_database WHERE datname = current_database()",
		.args = args, .nargs = 1,
	};
	return db_ask(db, a, &q, NULL, e);
}

/* The mark of this environment and of this very database, or refused. */
static bool mark_fits(struct db *db, struct arena *a, enum env env, struct err *e)
{
	struct rows r;
	const struct query q = {
		.sql = "SELECT environment, system_identifier = (SELECT system_identifier FROM pg_control_system())::text AND database_oid ="
		       " (SELECT oid FROM pg_database WHERE datname = current_database()) FROM gatewalk.meta",
		.cols = 2, .min_rows = 1, .max_rows = 1,
	};
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (!cell_bool(r.cell[0][1]))
		return err_set(e, ERR_VERIFY, "It was upgraded, restored or copied: gatewalk rebind [WALK] shows what it was, asks, and binds it to this one.",
			"the mark in this database belongs to another server or database");
	if (strcmp(r.cell[0][0], env_name(env)) != 0)
		return err_set(e, ERR_USE, "A database is marked once. To change it: gatewalk uninstall, then gatewalk init.",
			"this database is marked %s, not %s", r.cell[0][0], env_name(env));
	return true;
}

/* Keeps what the comment says already and puts the mark at its end. Only the database's owner may write it. */
static bool mark_comment(struct db *db, struct arena *a, enum env env, struct err *e)
{
	struct rows r;
	const char *args[] = { env_name(env) };
	const struct query q = {
		.sql = "SELECT format('COMMENT ON DATABASE %I IS %L', datname, ltrim(regexp_replace(coalesce(old, ''), ' ?\\[gatewalk: [a-z]+\\]', '', 'g')"
		       " || ' [gatewalk: ' || $1 || ']')), datname, coalesce(substring(old from '\\[gatewalk: ([a-z]+)\\]'), '') = $1"
		       " FROM (SELECT datname, shobj_description(oid, 'pg_database') AS old FROM pg_database WHERE datname = current_database()) d",
		.args = args, .nargs = 1, .cols = 3, .min_rows = 1, .max_rows = 1,
	};
	if (!db_ask(db, a, &q, &r, e))
		return false;
	if (cell_bool(r.cell[0][2]) || script(db, a, r.cell[0][0], e))
		return true;
	if (e && strcmp(e->sqlstate, "42501") == 0)
		err_set(e, ERR_DB, arena_printf(a, "As its owner: %s;", r.cell[0][0]),
			"only the owner of database %s can put gatewalk's mark into its comment", r.cell[0][1]);
	return false;
}

static bool set_version(struct db *db, struct arena *a, struct err *e)
{
	return script(db, a, arena_printf(a, "UPDATE gatewalk.meta SET version = %d, program = '" GATEWALK_VERSION "'", SCHEMA_VERSION), e);
}

static bool refuse_read_only(struct db *db, struct arena *a, struct err *e)
{
	const struct query q = { .sql = "SELECT pg_is_in_recovery()" };
	const char *standby = db_value(db, a, &q, e);
	if (!standby)
		return false;
	return !cell_bool(standby) || err_set(e, ERR_USE, "Name the primary with -d.", "this server is a standby: it cannot be marked");
}

/* The lock of the schema is taken; which version stands there, and may this program touch it? */
static bool version_locked(struct db *db, struct arena *a, int *version, struct err *e)
{
	const struct query made_by = { .sql = "SELECT coalesce(to_jsonb(m)->>'program', '') FROM gatewalk.meta m" };
	if (!script(db, a, "SELECT pg_advisory_xact_lock(hashtextextended('gatewalk.schema', 0))", e) || !schema_version(db, a, version, e))
		return false;
	if (*version <= SCHEMA_VERSION)
		return true;
	const char *program = db_value(db, a, &made_by, e);
	return program && schema_too_new(*version, program, e);
}

/* An older schema belongs to its owner: this login steps in before it is changed. */
static bool up_to_date(struct db *db, struct arena *a, int version, bool roles, struct err *e)
{
	if (version == SCHEMA_VERSION)
		return true;
	if (version > 0 && roles && !script(db, a, ROLES, e))
		return false;
	if (upgrade(db, a, version, e))
		return true;
	if (version > 0 && e && strcmp(e->sqlstate, "42501") == 0)
		err_set(e, ERR_DB, "Run gatewalk init as a superuser, or as the login that owns the gatewalk schema.",
			"the gatewalk schema has version %d, and this login may not upgrade it", version);
	return false;
}

static bool roles_may(struct db *db, struct arena *a, bool *may, struct err *e)
{
	const struct query q = { .sql = MAY_ROLE };
	const char *yes = db_value(db, a, &q, e);
	*may = yes && cell_bool(yes);
	return yes != NULL;
}

/* Everything between BEGIN and COMMIT. */
static bool init_inside(struct db *db, struct arena *a, enum env env, struct err *e)
{
	int version = 0;
	bool roles = false;
	if (!version_locked(db, a, &version, e) || !roles_may(db, a, &roles, e) || (version > 0 && !mark_fits(db, a, env, e)) || !schema_may_be(db, a, env, e) ||
	    !up_to_date(db, a, version, roles, e))
		return false;
	if (version < SCHEMA_VERSION && ((version == 0 && !mark_row(db, a, env, e)) || !set_version(db, a, e)))
		return false;
	return own(db, a, roles, e) && mark_comment(db, a, env, e);
}

/* The environment that the mark names; ENV_NONE and an error when it cannot be read. */
static enum env marked_env(struct db *db, struct arena *a, struct err *e)
{
	const struct query q = { .sql = "SELECT environment FROM gatewalk.meta" };
	const char *word = db_value(db, a, &q, e);
	return env_parse(word);
}

static const char REBIND[] =
	"UPDATE gatewalk.meta SET moved_from = system_identifier || '.' || database_oid, moved_at = clock_timestamp(),"
	" system_identifier = (SELECT system_identifier FROM pg_control_system())::text,"
	" database_oid = (SELECT oid FROM pg_database WHERE datname = current_database())";

static bool rebind_inside(struct db *db, struct arena *a, struct err *e)
{
	int version = 0;
	bool roles = false;
	if (!version_locked(db, a, &version, e))
		return false;
	if (version == 0)
		return err_set(e, ERR_USE, "gatewalk init --environment WHICH", "there is no gatewalk schema in this database");
	enum env env = marked_env(db, a, e);
	if (env == ENV_NONE || !schema_may_be(db, a, env, e) || !roles_may(db, a, &roles, e) || (roles && !script(db, a, ROLES, e)) ||
	    !up_to_date(db, a, version, roles, e))
		return false;
	return script(db, a, REBIND, e) && set_version(db, a, e) && own(db, a, roles, e) && mark_comment(db, a, env, e);
}

static bool is_strong(struct db *db, struct arena *a, bool *strong, struct err *e)
{
	const struct query q = {
		.sql = "SELECT NOT me.rolsuper AND NOT o.rolcanlogin AND NOT pg_has_role(me.oid, o.oid, 'MEMBER')"
		       "  AND NOT (me.rolcreaterole AND current_setting('server_version_num')::int < 160000)"
		       " FROM pg_roles me, pg_class c JOIN pg_roles o ON o.oid = c.relowner"
		       " WHERE me.rolname = session_user AND c.oid = 'gatewalk.anchor'::regclass",
	};
	const char *yes = db_value(db, a, &q, e);
	*strong = yes && cell_bool(yes);
	return yes != NULL;
}

static bool ended(struct db *db, bool ok, struct err *e)
{
	if (ok)
		return db_commit(db, 30000, e) == DB_COMMITTED;
	db_rollback(db);
	return false;
}

bool schema_init(struct db *db, struct arena *a, enum env env, bool *strong, struct err *e)
{
	if (env_name(env) == env_name(ENV_NONE))
		return err_set(e, ERR_USE, "production, staging, development or rehearsal", "no environment was named");
	if (!probe_supported(db_version(db), e) || !refuse_read_only(db, a, e) || !script(db, a, "BEGIN", e))
		return false;
	return ended(db, init_inside(db, a, env, e), e) && is_strong(db, a, strong, e);
}

bool schema_rebind(struct db *db, struct arena *a, struct err *e)
{
	if (!probe_supported(db_version(db), e) || !refuse_read_only(db, a, e) || !script(db, a, "BEGIN", e))
		return false;
	if (ended(db, rebind_inside(db, a, e), e))
		return true;
	if (e && strcmp(e->sqlstate, "42501") == 0)
		err_set(e, ERR_DB, "Run gatewalk rebind as a superuser, or as the login that owns the gatewalk schema.", "this login may not change the mark");
	return false;
}
