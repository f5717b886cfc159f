/* SPDX-License-Identifier: MIT */
/* What is there and what is missing, each with the command that helps. Reads only. */
#include "adapter/probe_doctor.h"

#include <stdlib.h>
#include <string.h>

#include "adapter/guard.h"
#include "adapter/preload.h"
#include "adapter/probe_version.h"
#include "adapter/schema.h"
#include "adapter/slot.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

static bool check_server(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const char *now = arena_printf(p->a, "PostgreSQL %s%s", p->server.version_text, p->server.in_recovery ? ", a standby" : "");
	if (!probe_supported(p->server.version, NULL))
		return doctor_say(row, DOCTOR_MISSING, now, "only gatewalk audit works here; walks need 15 to 18");
	return doctor_say(row, p->server.in_recovery ? DOCTOR_MISSING : DOCTOR_OK, now, p->server.in_recovery ? "name the primary with -d" : NULL);
}

static bool check_pooler(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	if (!p->server.pooled)
		return doctor_say(row, DOCTOR_OK, "none in between", NULL);
	return doctor_say(row, DOCTOR_MISSING, "a pooler is in between: the backend is not the one that was logged in to", "give the server's own address and port with -d");
}

static bool check_tls(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const char *mode = arena_dup(p->a, db_sslmode(p->db));
	if (!p->server.tcp)
		return doctor_say(row, DOCTOR_OK, "a socket of this machine", NULL);
	bool full = p->server.tls && strcmp(mode, "verify-full") == 0;
	const char *now = arena_printf(p->a, "%s, sslmode=%s", p->server.tls ? "encrypted" : "not encrypted", mode);
	return doctor_say(row, full ? DOCTOR_OK : DOCTOR_WARN, now, full ? NULL : "add sslmode=verify-full sslrootcert=FILE to the connection string");
}

/* One row: booleans of what this login may do. */
static bool ask(const struct patient *p, const char *sql, int cols, struct rows *r, struct err *e)
{
	return db_ask(p->db, p->a, &(struct query){ .sql = sql, .cols = cols, .min_rows = 1, .max_rows = 1 }, r, e);
}

static bool check_create(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT has_database_privilege(current_database(), 'CREATE'), pg_has_role(d.datdba, 'MEMBER'), o.rolname"
		" FROM pg_database d JOIN pg_roles o ON o.oid = d.datdba WHERE d.datname = current_database()", 3, &r, e))
		return false;
	const char *login = sql_ident(p->a, p->server.login), *dbname = sql_ident(p->a, p->server.dbname);
	if (!cell_bool(r.cell[0][0]))
		return doctor_say(row, p->mark.installed ? DOCTOR_OK : DOCTOR_MISSING, "this login may not create a schema",
			p->mark.installed ? NULL : arena_printf(p->a, "GRANT CREATE ON DATABASE %s TO %s;", dbname, login));
	if (!cell_bool(r.cell[0][1]) && !p->mark.installed)
		return doctor_say(row, DOCTOR_MISSING, "this login may create a schema, but not mark the database: it is not its owner",
			arena_printf(p->a, "GRANT %s TO %s;", sql_ident(p->a, r.cell[0][2]), login));
	return doctor_say(row, DOCTOR_OK, "this login may create the gatewalk schema and mark the database", NULL);
}

/* Tables whose owner's role this login does not have: their plans would stop at the first statement. */
static bool check_owner(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT count(*), count(*) FILTER (WHERE NOT pg_has_role(c.relowner, 'USAGE')),"
		" string_agg(DISTINCT quote_ident(o.rolname), ', ') FILTER (WHERE NOT pg_has_role(c.relowner, 'USAGE'))"
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_roles o ON o.oid = c.relowner"
		" WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'gatewalk')", 3, &r, e))
		return false;
	char **c = r.cell[0];
	if (cell_int(c[1]) == 0)
		return doctor_say(row, DOCTOR_OK, arena_printf(p->a, "this login may alter all %s tables", c[0]), NULL);
	return doctor_say(row, DOCTOR_WARN, arena_printf(p->a, "this login may not alter %s of %s tables", c[1], c[0]),
		arena_printf(p->a, "GRANT %s TO %s;", c[2], sql_ident(p->a, p->server.login)));
}

static bool check_ledger(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (p->mark.installed && p->mark_known)
		return p->mark.ledger_strong
			? doctor_say(row, DOCTOR_OK, "the ledger's owner is a role that this login is not", NULL)
			: doctor_say(row, DOCTOR_WARN, "the ledger is as strong as this login: it can rewrite it", "walk with a login that is no superuser and no member of gatewalk_owner");
	if (!ask(p, "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = session_user", 2, &r, e))
		return false;
	if (cell_bool(r.cell[0][0]) || cell_bool(r.cell[0][1]))
		return doctor_say(row, DOCTOR_OK, "init can make the ledger an owner of its own", NULL);
	return doctor_say(row, DOCTOR_WARN, "init cannot make the ledger an owner of its own: it would be as strong as this login", "run gatewalk init once as a superuser, then GRANT gatewalk_operator to this login");
}

static bool check_stats(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT pg_has_role('pg_read_all_stats', 'USAGE')", 1, &r, e))
		return false;
	if (cell_bool(r.cell[0][0]))
		return doctor_say(row, DOCTOR_OK, "this login sees the statements and sessions of all", NULL);
	return doctor_say(row, DOCTOR_MISSING, "this login sees only its own statements and sessions",
		arena_printf(p->a, "GRANT pg_read_all_stats TO %s;", sql_ident(p->a, p->server.login)));
}

/* A placeholder for a library that is not loaded is a string; the real setting is an enum. */
static bool check_statements(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT coalesce((SELECT vartype = 'enum' FROM pg_settings WHERE name = 'pg_stat_statements.track'), false),"
		" coalesce(current_setting('pg_stat_statements.track', true), ''),"
		" EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'), " PRELOADED("shared_preload_libraries"), 4, &r, e))
		return false;
	char **c = r.cell[0];
	if (!cell_bool(c[0]))
		return doctor_say(row, DOCTOR_MISSING, "not loaded: reads of the column cannot be seen, gate B stays shut",
			arena_printf(p->a, "%s; then restart the server", preload_command(p->a, "shared_preload_libraries", c[3], "pg_stat_statements")));
	if (!cell_bool(c[2]))
		return doctor_say(row, DOCTOR_MISSING, "loaded, but not created in this database", "CREATE EXTENSION pg_stat_statements;");
	if (strcmp(c[1], "none") == 0)
		return doctor_say(row, DOCTOR_MISSING, "track is none: nothing is counted", "ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf();");
	if (strcmp(c[1], "top") == 0)
		return doctor_say(row, DOCTOR_WARN, "track is top: statements inside functions are not counted", "ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf();");
	return doctor_say(row, DOCTOR_OK, "loaded, created, track = all", NULL);
}

static bool check_tracking(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT current_setting('track_activities')::boolean, current_setting('track_counts')::boolean", 2, &r, e))
		return false;
	if (!cell_bool(r.cell[0][0]))
		return doctor_say(row, DOCTOR_MISSING, "track_activities is off: sessions cannot be seen", "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();");
	if (!cell_bool(r.cell[0][1]))
		return doctor_say(row, DOCTOR_MISSING, "track_counts is off: health cannot be seen", "ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();");
	return doctor_say(row, DOCTOR_OK, "track_activities and track_counts are on", NULL);
}

/* The table, with its partitions, whose drop takes the most locks at once: each relation's own, its row types, its toast table and
   index, our two triggers, and what it has. Its walk counts again, more closely. */
static bool check_locks(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "WITH RECURSIVE tree AS (SELECT c.oid AS top, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		"  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'gatewalk')"
		" UNION ALL SELECT top, i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid),"
		" has AS (SELECT indrelid AS oid FROM pg_index UNION ALL SELECT conrelid FROM pg_constraint UNION ALL SELECT tgrelid FROM pg_trigger UNION ALL SELECT adrelid FROM pg_attrdef),"
		" most AS (SELECT top, 7 * count(*) + sum(coalesce(h.n, 0)) AS locks FROM tree LEFT JOIN (SELECT oid, count(*) AS n FROM has GROUP BY oid) h USING (oid) GROUP BY top"
		"  ORDER BY 2 DESC, 1 LIMIT 1),"
		" has_room AS (SELECT current_setting('max_locks_per_transaction')::bigint AS each,"
		"  current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint AS slots)"
		" SELECT each * slots, coalesce(locks, 0), quote_ident(n.nspname) || '.' || quote_ident(c.relname), ((coalesce(locks, 0) / slots)::bigint / 64 + 1) * 64 FROM has_room LEFT JOIN most ON true"
		" LEFT JOIN pg_class c ON c.oid = top LEFT JOIN pg_namespace n ON n.oid = c.relnamespace", 4, &r, e))
		return false;
	char **c = r.cell[0];
	if (cell_int(c[1]) <= cell_int(c[0]))
		return doctor_say(row, DOCTOR_OK, arena_printf(p->a, "for %s at once", c[0]), NULL);
	return doctor_say(row, DOCTOR_WARN, arena_printf(p->a, "for %s at once; to drop %s whole would take about %s", c[0], text_clean(p->a, c[2]), c[1]),
		arena_printf(p->a, "ALTER SYSTEM SET max_locks_per_transaction = %s; then restart the server", c[3]));
}

static bool check_standbys(const struct patient *p, struct doctor_row *row, struct err *e)
{
	struct rows r;
	if (!ask(p, "SELECT count(*), string_agg(name, ', ' ORDER BY name) FROM ("
		"SELECT DISTINCT coalesce(nullif(application_name, ''), 'a standby without a name') AS name FROM pg_stat_replication"
		" UNION SELECT slot_name || ' (slot)' FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT active) s", 2, &r, e))
		return false;
	if (cell_int(r.cell[0][0]) == 0)
		return doctor_say(row, DOCTOR_OK, "none is known to this server", NULL);
	return doctor_say(row, DOCTOR_WARN, arena_printf(p->a, "%s: %s", r.cell[0][0], r.cell[0][1]),
		"name each under standbys in the plan, with a connection string, so that its reads are seen too");
}

static bool check_schema(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	static const char init[] = "gatewalk init --environment production|staging|development|rehearsal";
	if (p->mark_why)
		return doctor_say(row, DOCTOR_MISSING, p->mark_why, arena_printf(p->a, "GRANT gatewalk_operator TO %s;", sql_ident(p->a, p->server.login)));
	if (!p->mark.installed)
		return doctor_say(row, DOCTOR_MISSING, "not there", init);
	const char *now = arena_printf(p->a, "version %d", p->mark.schema_version);
	if (p->mark.schema_version > SCHEMA_VERSION)
		return doctor_say(row, DOCTOR_MISSING, now, "use the newer gatewalk that made it");
	bool old = p->mark.schema_version < SCHEMA_VERSION;
	return doctor_say(row, old ? DOCTOR_MISSING : DOCTOR_OK, now, !old ? NULL :
		arena_printf(p->a, "gatewalk init --environment %s upgrades it in place to version %d; open walks go on", env_name(p->mark.env), SCHEMA_VERSION));
}

static bool check_mark(const struct patient *p, struct doctor_row *row, struct err *e)
{
	(void)e;
	const struct fact_mark *m = &p->mark;
	if (!m->installed || !p->mark_known)
		return doctor_say(row, DOCTOR_MISSING, m->comment_env != ENV_NONE ? arena_printf(p->a, "only the comment on the database says %s", env_name(m->comment_env)) : "not marked",
			"gatewalk init --environment production|staging|development|rehearsal");
	if (!text_eq(m->sysid, p->server.sysid) || m->dboid != p->server.dboid)
		return doctor_say(row, DOCTOR_MISSING, "the mark belongs to another server or database",
			"upgraded, or restored from a dump: gatewalk rebind; a copy for other uses: gatewalk uninstall, then gatewalk init");
	if (m->comment_env != m->env)
		return doctor_say(row, DOCTOR_MISSING, arena_printf(p->a, "the schema says %s, the comment on the database says %s", env_name(m->env), env_name(m->comment_env)),
			arena_printf(p->a, "find out who changed it; gatewalk init --environment %s writes the comment again", env_name(m->env)));
	return doctor_say(row, DOCTOR_OK, env_name(m->env), NULL);
}

static bool check_guard(const struct patient *p, struct doctor_row *row, struct err *e)
{
	static const char install[] = "as a superuser: gatewalk guard install";
	struct fact_guard g = { 0 };
	if (!p->mark.installed || !p->mark_known || p->mark.schema_version != SCHEMA_VERSION)
		return doctor_say(row, DOCTOR_WARN, "not installed", "gatewalk init first; then gatewalk guard install");
	if (!guard_look(p->db, p->a, "", &g, e))
		return false;
	if (!g.installed)
		return doctor_say(row, DOCTOR_WARN, "not installed: the server refuses nobody else what a walk is about", install);
	if (!g.whole)
		return doctor_say(row, DOCTOR_MISSING, g.why, install);
	if (g.by_views)
		return doctor_say(row, DOCTOR_WARN, "by views alone: it stops accidents, not intent", install);
	return doctor_say(row, DOCTOR_OK, "installed, enabled always", NULL);
}

/* A plan asks for it, or not: that none can be made is no fault of a server. What keeps WAL without an end is. */
static bool check_slot(const struct patient *p, struct doctor_row *row, struct err *e)
{
	static const char keep[] = "ALTER SYSTEM SET max_slot_wal_keep_size = '4GB'; SELECT pg_reload_conf();";
	struct rows r;
	const char *cannot;
	if (!ask(p, "SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'max_slot_wal_keep_size'), string_agg(format('%s keeps %s MB of WAL, and the catalogue''s old rows"
		" for %s transactions', slot_name, CASE WHEN NOT pg_is_in_recovery() THEN (pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) / 1048576)::bigint END, age(catalog_xmin)), '; ' ORDER BY slot_name)"
		" FROM pg_replication_slots WHERE " SLOT_OURS_SQL, 2, &r, e) || !slot_may(p->db, p->a, &cannot, e))
		return false;
	bool endless = cell_int(r.cell[0][0]) < 0;
	const char *ours = r.cell[0][1];
	if (ours || !cannot)
		return doctor_say(row, endless ? DOCTOR_WARN : DOCTOR_OK, arena_printf(p->a, "%s%s", ours ? ours : "a plan may ask for one",
			endless ? "; max_slot_wal_keep_size is -1: one that nobody looks after fills the disk" : ""), endless ? keep : NULL);
	size_t len = strcspn(cannot, ":");
	return doctor_say(row, DOCTOR_OK, arena_printf(p->a, "none can be made, and only a plan with policy.slot asks for one: %.*s", (int)len, cannot), cannot[len] ? cannot + len + 2 : NULL);
}

static const struct { const char *id, *what; doctor_check *check; } CHECKS[] = {
	{ "server", "server", check_server },
	{ "pooler", "pooler", check_pooler },
	{ "tls", "TLS", check_tls },
	{ "create", "may make its schema", check_create },
	{ "owner", "owner's role", check_owner },
	{ "ledger", "ledger's owner", check_ledger },
	{ "stats", "may read statistics", check_stats },
	{ "statements", "pg_stat_statements", check_statements },
	{ "tracking", "tracking", check_tracking },
	{ "log", "server's log", doctor_log },
	{ "auto_explain", "auto_explain", doctor_explain },
	{ "pgaudit", "pgaudit", doctor_pgaudit },
	{ "pg_cron", "pg_cron", doctor_cron },
	{ "locks", "room for locks", check_locks },
	{ "standbys", "standbys", check_standbys },
	{ "pg_dump", "pg_dump", doctor_pg_dump },
	{ "ssh_keygen", "ssh-keygen", doctor_ssh_keygen },
	{ "clock", "clocks", doctor_clock },
	{ "disk", "room for snapshots", doctor_disk },
	{ "schema", "gatewalk schema", check_schema },
	{ "mark", "mark", check_mark },
	{ "guard", "server's guard", check_guard },
	{ "slot", "logical slot", check_slot },
};
#define N_CHECKS (sizeof CHECKS / sizeof CHECKS[0])

bool probe_doctor(struct db *db, struct arena *a, struct doctor_row **out, size_t *n, struct err *e)
{
	struct patient p = { .db = db, .a = a };
	struct err why = { 0 };
	if (!probe_server(db, a, &p.server, e))
		return false;
	p.mark_known = probe_mark(db, a, &p.mark, &why);
	if (!p.mark_known && why.code == ERR_DB_LOST) {
		if (e)
			*e = why;
		return false;
	}
	p.mark_why = p.mark_known ? NULL : arena_dup(a, why.msg);
	if (!serverlog_can(db, a, &p.log, e))
		return false;
	struct doctor_row *rows = arena_array(a, N_CHECKS, sizeof *rows);
	for (size_t i = 0; i < N_CHECKS; i++) {
		rows[i].id = CHECKS[i].id;
		rows[i].what = CHECKS[i].what;
		if (!CHECKS[i].check(&p, &rows[i], e))
			return false;
	}
	*out = rows;
	*n = N_CHECKS;
	return true;
}
