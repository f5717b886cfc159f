/* SPDX-License-Identifier: MIT */
#include "adapter/serverlog_private.h"

#include <string.h>
#include <stdlib.h>

#include "adapter/audit.h"
#include "adapter/preload.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

static const char SETUP_SQL[] = OWN_TAG
"SELECT current_setting('log_destination'), current_setting('logging_collector'), current_setting('log_line_prefix'), current_setting('lc_messages'),\n"
"  has_function_privilege(session_user, 'pg_current_logfile(text)', 'EXECUTE') AND has_function_privilege(session_user, 'pg_ls_logdir()', 'EXECUTE')\n"
"    AND has_function_privilege(session_user, 'pg_read_binary_file(text,bigint,bigint,boolean)', 'EXECUTE'),\n"
"  (extract(epoch FROM pg_conf_load_time()) * 1000000)::bigint, current_database(), quote_ident(session_user),\n"
"  (SELECT string_agg(DISTINCT coalesce('role ' || quote_ident(r.rolname), 'database ' || quote_ident(current_database())) || ' ' || c, ', ')\n"
"    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) c\n"
"    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))\n"
"      AND (c ILIKE 'auto_explain.%' OR c ILIKE 'pgaudit.%' OR c ILIKE 'log\\_min%' OR c ILIKE 'session_preload_libraries=%')),\n"
"  CASE WHEN pg_has_role(session_user, 'pg_read_all_settings', 'USAGE') THEN\n"
"    current_setting('shared_preload_libraries') || ',' || current_setting('session_preload_libraries') END, pg_is_in_recovery()";
enum { S_DEST, S_COLLECTOR, S_PREFIX, S_LANGUAGE, S_MAY_READ, S_LOADED, S_DATABASE, S_ME, S_OTHERWISE, S_PRELOAD, S_STANDBY, S_COLS };

static const char EXPLAIN_SQL[] = OWN_TAG
"SELECT current_setting('auto_explain.log_min_duration', true), current_setting('auto_explain.log_verbose', true),\n"
"  current_setting('auto_explain.log_format', true), current_setting('auto_explain.log_nested_statements', true),\n"
"  current_setting('auto_explain.sample_rate', true), " PRELOADED("session_preload_libraries");
enum { X_MIN, X_VERBOSE, X_FORMAT, X_NESTED, X_RATE, X_LIBRARIES, X_COLS };

/* $1 relation, $2 attribute or 0. What the role may do, by whomever it has it, is what the object audit logs. */
#define GRANTED "CASE WHEN p.grantee = 0 THEN true ELSE pg_has_role(r.oid, p.grantee, 'USAGE') END"
static const char PGAUDIT_SQL[] = OWN_TAG
"WITH x AS (SELECT current_setting('pgaudit.log', true) AS log, nullif(current_setting('pgaudit.role', true), '') AS role),\n"
"r AS (SELECT oid FROM pg_roles, x WHERE rolname = x.role),\n"
"g AS (SELECT p.privilege_type AS what, 0 AS attnum FROM r, pg_class c, aclexplode(c.relacl) p WHERE c.oid = $1::oid AND " GRANTED "\n"
"  UNION ALL SELECT p.privilege_type, a.attnum FROM r, pg_attribute a, aclexplode(a.attacl) p WHERE a.attrelid = $1::oid AND " GRANTED ")\n"
"SELECT x.log, x.role, (SELECT count(*) FROM r), coalesce((SELECT string_agg(DISTINCT lower(what), ' ' ORDER BY lower(what)) FROM g WHERE attnum = 0), ''),\n"
"  coalesce((SELECT string_agg(DISTINCT lower(what), ' ' ORDER BY lower(what)) FROM g WHERE attnum = $2::int AND attnum > 0), ''),\n"
"  NOT EXISTS (SELECT FROM g WHERE attnum <> $2::int), current_setting('pgaudit.log_level', true), current_setting('pgaudit.log_statement', true), " PRELOADED("shared_preload_libraries") "\n"
"FROM x";
enum { A_LOG, A_ROLE, A_EXISTS, A_TABLE, A_COLUMN, A_ALONE, A_LEVEL, A_STATEMENT, A_LIBRARIES, A_COLS };

void serverlog_limit(struct serverlog *out, const char *text)
{
	if (out->n_limits + 1 < sizeof out->limits / sizeof *out->limits)
		out->limits[out->n_limits++] = text;
}

static void no_eye(struct log_eye *x, const char *why)
{
	x->there = false;
	x->why = why;
}

static void judge_explain(struct arena *a, char *const *c, struct log_eye *x)
{
	*x = (struct log_eye){ .there = true, .sees = SEES_READ | SEES_WHOLE | SEES_STAR };
	if (!c[X_MIN]) {
		x->setup = "not loaded";
		no_eye(x, arena_printf(a, "auto_explain is not loaded: %s; SELECT pg_reload_conf(); then let all clients log in again",
			preload_command(a, "session_preload_libraries", c[X_LIBRARIES], "auto_explain")));
		return;
	}
	x->setup = arena_printf(a, "minimum %s, verbose %s, format %s, nested %s, sample rate %s", c[X_MIN], c[X_VERBOSE], c[X_FORMAT], c[X_NESTED], c[X_RATE]);
	if (text_eq(c[X_NESTED], "on"))
		x->sees |= SEES_NESTED | SEES_DEFINER;
	if (text_eq(c[X_MIN], "-1"))
		no_eye(x, "auto_explain is loaded, and switched off: ALTER SYSTEM SET auto_explain.log_min_duration = 0; SELECT pg_reload_conf()");
	else if (text_eq(c[X_VERBOSE], "off"))
		x->why = "auto_explain.log_verbose is off, so plans do not say which columns they take: ALTER SYSTEM SET auto_explain.log_verbose = on; SELECT pg_reload_conf()";
	else if (!text_eq(c[X_FORMAT], "json") && !text_eq(c[X_FORMAT], "text"))
		x->why = "auto_explain.log_format is neither json nor text: ALTER SYSTEM SET auto_explain.log_format = json; SELECT pg_reload_conf()";
	else if (!text_eq(c[X_MIN], "0"))
		x->why = arena_printf(a, "auto_explain logs only what takes %s or longer: ALTER SYSTEM SET auto_explain.log_min_duration = 0; SELECT pg_reload_conf()", c[X_MIN]);
	else if (strtod(c[X_RATE], NULL) < 1)
		x->why = arena_printf(a, "auto_explain logs only a share of %s of all statements: ALTER SYSTEM SET auto_explain.sample_rate = 1; SELECT pg_reload_conf()", c[X_RATE]);
}

static bool look_explain(struct db *db, struct arena *a, struct serverlog *out, struct err *e)
{
	struct log_eye *x = &out->eye[LOG_PLANS];
	const struct query q = { .sql = EXPLAIN_SQL, .cols = X_COLS, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	judge_explain(a, r.cell[0], x);
	if (x->there)
		serverlog_limit(out, "auto_explain does not see COPY, what failed, nor sessions that logged in before it was loaded; a superuser can switch it off for a session");
	return true;
}

static bool has(const char *list, const char *word)
{
	return strstr(list, word) != NULL;
}

static unsigned audit_sees(char *const *c)
{
	unsigned sees = 0;
	bool all = has(c[A_LOG], "all");
	if ((all || has(c[A_LOG], "read")) && !has(c[A_LOG], "-read"))
		sees |= SEES_READ | SEES_NESTED | SEES_WHOLE | SEES_STAR;
	if ((all || has(c[A_LOG], "write")) && !has(c[A_LOG], "-write"))
		sees |= SEES_WRITE | SEES_NESTED;
	if (has(c[A_TABLE], "select"))
		sees |= SEES_READ | SEES_NESTED | SEES_WHOLE | SEES_STAR;
	if (has(c[A_COLUMN], "select"))
		sees |= SEES_READ | SEES_NESTED | SEES_STAR;
	if ((has(c[A_TABLE], "insert") && has(c[A_TABLE], "update")) || (has(c[A_COLUMN], "insert") && has(c[A_COLUMN], "update")))
		sees |= SEES_WRITE | SEES_NESTED;
	return sees;
}

static const char *grant_command(struct arena *a, const struct fact_target *t, const char *roles_at)
{
	if (!t->relid)
		return arena_printf(a, "%sGRANT SELECT, INSERT, UPDATE, DELETE ON what is to be dropped TO that role", roles_at);
	return arena_printf(a, "%sGRANT SELECT, INSERT, UPDATE%s ON %s.%s TO that role", roles_at, t->column && t->attnum > 0 ? "" : ", DELETE",
		sql_ident(a, t->schema), sql_ident(a, t->table));
}

/* Without a target, what its role has on a table is not asked. */
static void judge_pgaudit(struct arena *a, char *const *c, const struct fact_target *t, const struct log_setup *s, struct log_eye *x)
{
	*x = (struct log_eye){ .there = true };
	if (!c[A_LOG]) {
		x->setup = "not loaded";
		no_eye(x, arena_printf(a, "pgaudit is not loaded: apt install postgresql-%d-pgaudit; %s; then restart the server", s->major,
			preload_command(a, "shared_preload_libraries", c[A_LIBRARIES], "pgaudit")));
		return;
	}
	x->setup = arena_printf(a, "log '%s', role %s, grants on the table '%s', on the column '%s', level %s", c[A_LOG], c[A_ROLE] ? c[A_ROLE] : "-", c[A_TABLE], c[A_COLUMN], c[A_LEVEL]);
	x->sees = audit_sees(c);
	bool by_role = !t->relid && cell_int(c[A_EXISTS]) > 0;
	const char *grant = grant_command(a, t, s->roles_at);
	if (!x->sees && !by_role)
		no_eye(x, arena_printf(a, "pgaudit is loaded, and logs no use of %s: %sCREATE ROLE auditor NOLOGIN; ALTER SYSTEM SET pgaudit.role = auditor; SELECT pg_reload_conf(); then %s",
			t->relid ? "the target" : "any table", s->roles_at, grant));
	else if (text_eq(c[A_STATEMENT], "off"))
		x->why = "pgaudit.log_statement is off, so that no text is logged: ALTER SYSTEM SET pgaudit.log_statement = on; SELECT pg_reload_conf()";
	else if (!text_eq(c[A_LEVEL], "log"))
		x->why = "pgaudit.log_level is not log, so that log_min_messages may leave its lines out: ALTER SYSTEM SET pgaudit.log_level = log; SELECT pg_reload_conf()";
	else if (!(x->sees & SEES_READ) && !by_role)
		x->why = arena_printf(a, "pgaudit logs no reads of the target: %s", grant);
}

static bool look_pgaudit(struct db *db, struct arena *a, const struct fact_target *t, struct serverlog *out, struct log_setup *s, struct err *e)
{
	const char *v[] = { arena_printf(a, "%u", t->relid), arena_printf(a, "%d", t->attnum) };
	const struct query q = { .sql = PGAUDIT_SQL, .args = v, .nargs = 2, .cols = A_COLS, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	struct log_eye *x = &out->eye[LOG_AUDIT];
	if (!db_ask(db, a, &q, &r, e))
		return false;
	judge_pgaudit(a, r.cell[0], t, s, x);
	s->one_column = cell_bool(r.cell[0][A_ALONE]) && *r.cell[0][A_COLUMN];
	if (!x->there)
		return true;
	if (!(x->sees & SEES_WHOLE))
		serverlog_limit(out, "pgaudit with grants on the column alone does not see whole-row reads (SELECT o FROM orders o, to_jsonb(o), f(o)): grant its role the table");
	serverlog_limit(out, "pgaudit does not see reads inside a SECURITY DEFINER function called by somebody else");
	return true;
}

static const char *unreadable(struct arena *a, char *const *c, const char *roles_at)
{
	if (text_eq(c[S_COLLECTOR], "off"))
		return "logging_collector is off, so that the server keeps no log of its own: ALTER SYSTEM SET logging_collector = on; "
			"ALTER SYSTEM SET log_destination = 'csvlog'; then restart the server";
	if (!strstr(c[S_DEST], "csvlog") && !strstr(c[S_DEST], "jsonlog") && !strstr(c[S_DEST], "stderr"))
		return arena_printf(a, "log_destination is %s: ALTER SYSTEM SET log_destination = '%s,csvlog'; SELECT pg_reload_conf()", c[S_DEST], c[S_DEST]);
	if (!cell_bool(c[S_MAY_READ]))
		return arena_printf(a, "this login may not read the log: "
			"%sGRANT EXECUTE ON FUNCTION pg_current_logfile(text), pg_ls_logdir(), pg_read_binary_file(text, bigint, bigint, boolean) TO %s", roles_at, c[S_ME]);
	return NULL;
}

/* csvlog and jsonlog first: they cannot be forged. */
static bool find_file(struct db *db, struct arena *a, const char *destination, struct serverlog *out, struct log_setup *s, struct err *e)
{
	for (enum log_format f = LOG_CSV; f <= LOG_STDERR && !s->file; f++) {
		if (!strstr(destination, log_format_name(f)))
			continue;
		const char *v[] = { log_format_name(f) };
		const struct query q = { .sql = OWN_TAG "SELECT pg_current_logfile($1)", .args = v, .nargs = 1, .cols = 1, .min_rows = 1, .max_rows = 1 };
		struct rows r;
		if (!db_ask(db, a, &q, &r, e))
			return false;
		s->file = r.cell[0][0];
		out->format = f;
	}
	if (!s->file)
		out->why = "the server says that it writes no log file now, though logging_collector is on: look at the server";
	return true;
}

static void limits(struct arena *a, char *const *c, const char *roles_at, struct serverlog *out)
{
	if (out->format == LOG_STDERR)
		serverlog_limit(out, "the server log is in the format stderr, in which names can be made that look like other entries: "
			"ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf()");
	bool english = strncmp(c[S_LANGUAGE], "en", 2) == 0 || text_eq(c[S_LANGUAGE], "C") || text_eq(c[S_LANGUAGE], "C.UTF-8") || text_eq(c[S_LANGUAGE], "POSIX") || !*c[S_LANGUAGE];
	if (out->format == LOG_STDERR && !english && !strstr(c[S_PREFIX], "%e"))
		serverlog_limit(out, arena_printf(a, "errors are logged in %s and without their state, and are not read", c[S_LANGUAGE]));
	if (c[S_OTHERWISE])
		serverlog_limit(out, arena_printf(a, "what is logged is set otherwise for some: %s", c[S_OTHERWISE]));
	if (!c[S_PRELOAD])
		serverlog_limit(out, arena_printf(a, "whether all sessions load auto_explain and pgaudit is hidden from this login: %sGRANT pg_read_all_settings TO %s", roles_at, c[S_ME]));
}

/* Loaded here is not loaded by all: this login's own settings, or a LOAD. */
static void everywhere(char *const *c, struct serverlog *out)
{
	static const char *const library[] = { [LOG_PLANS] = "auto_explain", [LOG_AUDIT] = "pgaudit" };
	for (size_t i = 0; i < sizeof library / sizeof *library; i++)
		if (out->eye[i].there && c[S_PRELOAD] && !strstr(c[S_PRELOAD], library[i]))
			no_eye(&out->eye[i], "it is loaded for some sessions only: put it into shared_preload_libraries, and restart the server");
}

bool serverlog_setup(struct db *db, struct arena *a, const struct fact_target *t, struct serverlog *out, struct log_setup *s, struct err *e)
{
	const struct query q = { .sql = SETUP_SQL, .cols = S_COLS, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	char **c = r.cell[0];
	s->roles_at = cell_bool(c[S_STANDBY]) ? "on the primary: " : "";
	s->major = db_version(db) / 10000;
	if (!look_explain(db, a, out, e) || !look_pgaudit(db, a, t, out, s, e))
		return false;
	s->prefix = c[S_PREFIX];
	s->database = c[S_DATABASE];
	s->loaded = cell_int(c[S_LOADED]);
	out->eye[LOG_ERRORS] = (struct log_eye){ .there = true, .setup = arena_printf(a, "destination %s", c[S_DEST]) };
	everywhere(c, out);
	out->why = unreadable(a, c, s->roles_at);
	if (out->why)
		return true;
	if (!find_file(db, a, c[S_DEST], out, s, e))
		return false;
	limits(a, c, s->roles_at, out);
	out->there = s->file != NULL;
	for (int i = 0; i < LOG_VIAS && out->format == LOG_STDERR && !log_prefix_tells(s->prefix); i++)
		if (!out->eye[i].why)
			out->eye[i].why = "the server log does not say whose entries they are: ALTER SYSTEM SET log_destination = 'csvlog'; SELECT pg_reload_conf()";
	return true;
}

bool serverlog_can(struct db *db, struct arena *a, struct serverlog *out, struct err *e)
{
	static const struct fact_target none;
	struct log_setup s = { 0 };
	*out = (struct serverlog){ 0 };
	return serverlog_setup(db, a, &none, out, &s, e) || err_in(e, "asking what the server logs");
}
