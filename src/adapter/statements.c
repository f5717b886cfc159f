/* SPDX-License-Identifier: MIT */
#include "adapter/statements.h"

#include <string.h>

#include "adapter/audit.h"
#include "adapter/audit_verdict.h"
#include "adapter/preload.h"
#include "adapter/resolve.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "core/sql.h"
#include "port/db.h"

#define TEXT_MAX 1048576   /* longer texts are read to here: a generated list of values, not of columns */

/* pg_settings, since current_setting() knows what a file says of a library that is not loaded. */
static const char SETUP_SQL[] = OWN_TAG
"SELECT (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track'), (SELECT setting FROM pg_settings WHERE name = 'pg_stat_statements.track_utility'),\n"
"  current_setting('compute_query_id'),\n"
"  (SELECT n.nspname FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace WHERE x.extname = 'pg_stat_statements'),\n"
"  " PRELOADED("shared_preload_libraries") ",\n"
"  (SELECT string_agg(coalesce(r.rolname, 'all roles'), ', ' ORDER BY r.rolname) FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole\n"
"    WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))\n"
"      AND EXISTS (SELECT FROM unnest(s.setconfig) c WHERE lower(c) = 'pg_stat_statements.track=none' OR lower(c) = 'compute_query_id=off')),\n"
"  (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint, session_user";
enum { S_TRACK, S_UTILITY, S_QUERYID, S_SCHEMA, S_PRELOAD, S_BLIND_ROLES, S_STARTED, S_ME, S_COLS };

static bool missing(struct statements *out, const char *why)
{
	out->there = false;
	out->why = why;
	return true;
}

static const char *load_command(struct arena *a, const char *have)
{
	return arena_printf(a, "%s; then restart the server; then CREATE EXTENSION pg_stat_statements",
		preload_command(a, "shared_preload_libraries", have, "pg_stat_statements"));
}

/* Fills out->why when something is missing; the words end with the command that helps. */
static void judge_setup(struct arena *a, char *const *c, struct statements *out)
{
	out->there = true;
	if (!c[S_TRACK])
		missing(out, arena_printf(a, "pg_stat_statements is not loaded: %s", load_command(a, c[S_PRELOAD])));
	else if (!c[S_SCHEMA])
		missing(out, "pg_stat_statements is loaded, but not created in this database: CREATE EXTENSION pg_stat_statements");
	else if (text_eq(c[S_TRACK], "none"))
		missing(out, "pg_stat_statements.track is none: ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf()");
	else if (text_eq(c[S_QUERYID], "off"))
		missing(out, "compute_query_id is off, so statements are not counted: ALTER SYSTEM SET compute_query_id = auto; SELECT pg_reload_conf()");
	else if (c[S_BLIND_ROLES])
		missing(out, arena_printf(a, "statements of %s are not tracked (ALTER ROLE or DATABASE ... SET): ALTER ROLE ... RESET pg_stat_statements.track", c[S_BLIND_ROLES]));
	size_t n = 0;
	out->all = text_eq(c[S_TRACK], "all");
	if (text_eq(c[S_TRACK], "top"))
		out->limits[n++] = "pg_stat_statements.track is top: statements inside functions are not seen "
			"(ALTER SYSTEM SET pg_stat_statements.track = 'all'; SELECT pg_reload_conf())";
	if (text_eq(c[S_UTILITY], "off"))
		out->limits[n++] = "pg_stat_statements.track_utility is off: COPY is not seen "
			"(ALTER SYSTEM SET pg_stat_statements.track_utility = on; SELECT pg_reload_conf())";
	out->track = arena_printf(a, "track %s, utility %s, query id %s", c[S_TRACK] ? c[S_TRACK] : "-", c[S_UTILITY] ? c[S_UTILITY] : "-", c[S_QUERYID]);
	out->started = cell_int(c[S_STARTED]);
}

static bool read_info(struct db *db, struct arena *a, const char *schema, struct statements *out, struct err *e)
{
	const struct query q = { .sql = arena_printf(a, OWN_TAG "SELECT (extract(epoch FROM stats_reset) * 1000000)::bigint, dealloc FROM %s.pg_stat_statements_info",
		sql_quoted(a, schema)), .cols = 2, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	out->reset = cell_int(r.cell[0][0]);
	out->dealloc = cell_int(r.cell[0][1]);
	return true;
}

/* Which texts are worth reading: those with one of the names in $1, each as it can stand inside double quotes. */
static const char *texts_sql(struct arena *a, const char *schema)
{
	return arena_printf(a, OWN_TAG
		"WITH named AS MATERIALIZED (SELECT lower(replace(x, '\"', '\"\"')) AS name FROM json_array_elements_text($1::json) x)\n"
		"SELECT s.queryid, pg_get_userbyid(s.userid), sum(s.calls)::bigint, left(max(s.query), %d), sum(s.total_exec_time)::text,\n"
		"  (SELECT x.application_name FROM pg_stat_activity x WHERE x.usesysid = s.userid AND x.query_id = s.queryid ORDER BY x.query_start DESC LIMIT 1),\n"
		"  (SELECT host(x.client_addr) FROM pg_stat_activity x WHERE x.usesysid = s.userid AND x.query_id = s.queryid ORDER BY x.query_start DESC LIMIT 1),\n"
		"  max(length(s.query)) > %d AND EXISTS (SELECT FROM named WHERE position(name IN substr(lower(max(s.query)), %d)) > 0)\n"
		"FROM %s.pg_stat_statements s WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())\n"
		"  AND (s.queryid IS NULL OR s.query = '<insufficient privilege>' OR s.query ILIKE '%%u&\"%%'\n"
		"    OR EXISTS (SELECT FROM named WHERE position(name IN lower(s.query)) > 0))\n"
		"GROUP BY s.queryid, s.userid ORDER BY 3 DESC", TEXT_MAX, TEXT_MAX, TEXT_MAX, sql_quoted(a, schema));
}

static void add_all(struct json *j, const char *const *names)
{
	for (size_t i = 0; names && names[i]; i++)
		json_add_str(j, NULL, names[i]);
}

/* The table, its column, the views over either and a table's partitions; of a column also what else leads to it. */
static const char *names_json(struct arena *a, const struct names *n)
{
	struct json *j = json_arr(a);
	struct text out = { 0 };
	json_add_str(j, NULL, n->target.table);
	if (n->target.column)
		json_add_str(j, NULL, n->target.column);
	add_all(j, n->target.views);
	add_all(j, n->resolver ? resolver_names(n->resolver) : NULL);
	json_write(&out, j);
	const char *s = arena_dup(a, text_str(&out));
	text_free(&out);
	return s;
}

static bool read_texts(struct db *db, struct arena *a, const struct names *n, const char *schema, const char *me, struct statements *out, struct err *e)
{
	const char *v[] = { names_json(a, n) };
	const struct query q = { .sql = texts_sql(a, schema), .args = v, .nargs = 1, .ms = 30000, .cols = 8 };
	struct rows r;
	if (!db_ask(db, a, &q, &r, e))
		return false;
	size_t cap = 0, hidden = 0, shown = 0;
	struct text_of *t = arena_array(a, (size_t)r.n, sizeof *t);
	char ***cells = arena_array(a, (size_t)r.n, sizeof *cells);
	for (int i = 0; i < r.n; i++) {
		char **c = r.cell[i];
		if (!c[0] || !c[3] || text_eq(c[3], "<insufficient privilege>")) {
			hidden++;
			continue;
		}
		cells[shown] = c;
		t[shown++] = (struct text_of){ .role = c[1], .text = c[3] };
	}
	names_use_all(n, a, t, shown);
	for (size_t i = 0; i < shown; i++) {
		char **c = cells[i];
		struct text_found f = t[i].found;
		if (f.use == USE_NONE && cell_bool(c[7]))   /* one of the names stands behind what was read */
			f = (struct text_found){ .use = USE_STAR, .touch = TOUCH_READ };
		if (f.use == USE_NONE && !f.by_server && !f.by_parser)
			continue;
		out->v = arena_grow(a, out->v, &out->n, &cap, sizeof *out->v);
		out->v[out->n - 1] = (struct statement){ .queryid = cell_int(c[0]), .role = c[1], .calls = cell_int(c[2]), .text = c[3],
			.spent = c[4], .app = c[5], .addr = c[6], .use = f.use, .by_parser = f.by_parser, .who = audit_who(&f), .touch = f.touch };
	}
	if (hidden)
		missing(out, arena_printf(a, "statements of %zu other logins are hidden from this one: GRANT pg_read_all_stats TO %s", hidden, sql_ident(a, me)));
	return true;
}

/* What an error of its view means, and what helps. 55000: the setting stands in a file, but the library was not loaded at the start. */
static const char *unreadable(struct db *db, struct arena *a, char *const *c, const struct err *own)
{
	static const struct query old = { .sql = OWN_TAG "SELECT x.extversion FROM pg_extension x JOIN pg_available_extensions v ON v.name = x.extname"
		" WHERE x.extname = 'pg_stat_statements' AND x.extversion <> v.default_version", .cols = 1, .max_rows = 1 };
	if (strcmp(own->sqlstate, "55000") == 0)
		return arena_printf(a, "pg_stat_statements is not loaded: %s", load_command(a, c[S_PRELOAD]));
	if (strcmp(own->sqlstate, "42501") == 0)
		return arena_printf(a, "pg_stat_statements cannot be read by this login (%s): GRANT USAGE ON SCHEMA %s TO %s; GRANT SELECT ON %s.pg_stat_statements, %s.pg_stat_statements_info TO %s",
			own->msg, sql_ident(a, c[S_SCHEMA]), sql_ident(a, c[S_ME]), sql_ident(a, c[S_SCHEMA]), sql_ident(a, c[S_SCHEMA]), sql_ident(a, c[S_ME]));
	if (strcmp(own->sqlstate, "22021") == 0)
		return arena_printf(a, "a statement's text is not in the database's encoding (%s): SELECT %s.pg_stat_statements_reset() forgets it, and starts the time anew", own->msg, sql_ident(a, c[S_SCHEMA]));
	struct err e = { 0 };
	const char *version = own->sqlstate[0] == '4' ? db_value(db, a, &old, &e) : NULL;
	return version ? arena_printf(a, "pg_stat_statements is of the old version %s, and cannot be read: ALTER EXTENSION pg_stat_statements UPDATE", version)
		: arena_printf(a, "pg_stat_statements cannot be read: %s", own->msg);
}

bool statements_read(struct db *db, struct arena *a, const struct names *n, struct statements *out, struct err *e)
{
	*out = (struct statements){ .track = "" };
	const struct query q = { .sql = SETUP_SQL, .cols = S_COLS, .min_rows = 1, .max_rows = 1 };
	struct rows r;
	struct err own = { 0 };
	if (!db_ask(db, a, &q, &r, e))
		return err_in(e, "looking at pg_stat_statements");
	char **c = r.cell[0];
	judge_setup(a, c, out);
	if (!c[S_SCHEMA] || !c[S_TRACK])
		return true;
	if (read_info(db, a, c[S_SCHEMA], out, &own) && read_texts(db, a, n, c[S_SCHEMA], c[S_ME], out, &own))
		return true;
	if (own.code != ERR_DB) {
		if (e)
			*e = own;
		return err_in(e, "looking at pg_stat_statements");
	}
	return missing(out, unreadable(db, a, c, &own));
}
