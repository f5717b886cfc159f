/* SPDX-License-Identifier: MIT */
#include "adapter/probe.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

/* current_setting(..., true) gives NULL where the login may not see data_directory. */
static const char SERVER[] =
	"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, current_setting('server_version_num'), current_setting('server_version'),"
	" (SELECT system_identifier FROM pg_control_system()), d.oid, d.datname, session_user,"
	" CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory', true) END,"
	" CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())"
	"  ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int END,"
	" CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,"
	" pg_is_in_recovery(), (SELECT rolsuper FROM pg_roles WHERE rolname = session_user),"
	" (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint, pg_backend_pid()"
	" FROM pg_database d WHERE d.datname = current_database()";
enum { S_NOW, S_NUM, S_TEXT, S_SYSID, S_DBOID, S_DBNAME, S_LOGIN, S_DIR, S_TLI, S_LSN, S_RECOVERY, S_SUPER, S_STARTED, S_PID, S_COLS };

/* "shop@db1"; on a socket this machine's own name. */
static const char *label_of(struct arena *a, const char *dbname, const char *host)
{
	char name[256] = "";
	if (host[0] && host[0] != '/' && host[0] != '@')
		return arena_printf(a, "%s@%s", dbname, host);
	if (gethostname(name, sizeof name - 1) != 0 || !name[0])
		return arena_printf(a, "%s@local", dbname);
	return arena_printf(a, "%s@%.*s", dbname, (int)strcspn(name, "."), name);
}

/* "15.18 (Debian 15.18-1)" without what the packager added. */
static const char *short_version(struct arena *a, const char *s)
{
	return arena_dupn(a, s, strcspn(s, " "));
}

/* A pooler hands each transaction another backend, or a pid that is not the backend's. */
static bool is_pooled(struct db *db, struct arena *a, int pid, bool *pooled, struct err *e)
{
	const struct query q = { .sql = "SELECT pg_backend_pid()" };
	const char *again = db_value(db, a, &q, e);
	if (!again)
		return false;
	*pooled = pid != db_backend_pid(db) || cell_int(again) != pid;
	return true;
}

bool probe_direct(struct db *db, struct err *e)
{
	struct arena *a = arena_new();
	const struct query q = { .sql = "SELECT pg_backend_pid()" };
	const char *pid = db_value(db, a, &q, e);
	bool pooled = true, ok = pid && is_pooled(db, a, (int)cell_int(pid), &pooled, e);
	arena_free(a);
	return ok && (!pooled ||
		err_set(e, ERR_USE, "Give the server's own address with -d; a pooler hands a session to others.", "there is a connection pooler in between"));
}

bool probe_server(struct db *db, struct arena *a, struct fact_server *out, struct err *e)
{
	struct rows r;
	const struct query q = { .sql = SERVER, .cols = S_COLS, .min_rows = 1, .max_rows = 1 };
	bool pooled = true;
	if (!db_ask(db, a, &q, &r, e) || !is_pooled(db, a, (int)cell_int(r.cell[0][S_PID]), &pooled, e))
		return false;
	char **c = r.cell[0];
	const char *host = arena_dup(a, db_host(db));
	*out = (struct fact_server){
		.at = cell_int(c[S_NOW]), .version = (int)cell_int(c[S_NUM]), .version_text = short_version(a, c[S_TEXT]),
		.sysid = c[S_SYSID], .dboid = (unsigned)cell_int(c[S_DBOID]), .dbname = c[S_DBNAME], .host = host,
		.login = c[S_LOGIN], .label = label_of(a, c[S_DBNAME], host), .data_directory = c[S_DIR],
		.timeline = (int)cell_int(c[S_TLI]), .lsn = c[S_LSN], .in_recovery = cell_bool(c[S_RECOVERY]),
		.superuser = cell_bool(c[S_SUPER]), .pooled = pooled, .tls = db_tls(db), .tcp = db_tcp(db),
		.started = cell_int(c[S_STARTED]), .mono_us = clock_mono(), .local_us = clock_local(), .boot_id = child_boot_id(a),
	};
	return true;
}

bool probe_now(struct db *db, int64_t *now, struct err *e)
{
	struct arena *a = arena_new();
	const struct query q = { .sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint" };
	const char *us = db_value(db, a, &q, e);
	if (us)
		*now = cell_int(us);
	arena_free(a);
	return us != NULL;
}

/* Is the table there? And what the comment on the database says. */
static const char MARK_THERE[] =
	"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,"
	" EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'gatewalk' AND c.relname = 'meta'),"
	" substring(shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database') from '\\[gatewalk: ([a-z]+)\\]')";
/* Strong: the anchor's owner cannot log in, and this login is neither it nor above it. CREATEROLE counts as superuser before 16. */
static const char MARK[] =
	"SELECT m.version, m.install_id, m.environment, m.system_identifier, m.database_oid,"
	" NOT me.rolsuper AND NOT o.rolcanlogin AND NOT pg_has_role(me.oid, o.oid, 'MEMBER')"
	"  AND NOT (me.rolcreaterole AND current_setting('server_version_num')::int < 160000)"
	" FROM gatewalk.meta m, pg_roles me, pg_class c JOIN pg_roles o ON o.oid = c.relowner"
	" WHERE me.rolname = session_user AND c.oid = 'gatewalk.anchor'::regclass";

static const char GRANT_HINT[] = "As the owner of the gatewalk schema: GRANT gatewalk_operator TO <this login>; or gatewalk init as that owner.";

bool probe_mark(struct db *db, struct arena *a, struct fact_mark *out, struct err *e)
{
	struct rows r;
	const struct query there = { .sql = MARK_THERE, .cols = 3, .min_rows = 1, .max_rows = 1 };
	const struct query mark = { .sql = MARK, .cols = 6, .min_rows = 0, .max_rows = 1 };
	if (!db_ask(db, a, &there, &r, e))
		return false;
	*out = (struct fact_mark){ .at = cell_int(r.cell[0][0]), .comment_env = env_parse(r.cell[0][2]), .installed = cell_bool(r.cell[0][1]) };
	if (!out->installed)
		return true;
	if (!db_ask(db, a, &mark, &r, e)) {
		if (e && strcmp(e->sqlstate, "42501") == 0)
			err_set(e, ERR_DB, GRANT_HINT, "this login may not read the gatewalk schema");
		return false;
	}
	if (r.n == 0)
		return true;   /* the row was taken away: no environment, which refuses */
	char **c = r.cell[0];
	out->schema_version = (int)cell_int(c[0]);
	out->install_id = c[1];
	out->env = env_parse(c[2]);
	out->sysid = c[3];
	out->dboid = (unsigned)cell_int(c[4]);
	out->ledger_strong = cell_bool(c[5]);
	return true;
}
