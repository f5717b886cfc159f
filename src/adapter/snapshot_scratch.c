/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/sql.h"

/* CREATE DATABASE's own words for encoding and locale; three forms of pg_database by version. */
static const char *locale_sql(int version)
{
	if (version >= 170000)
		return "SELECT pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, datlocale FROM pg_database WHERE datname = current_database()";
	if (version >= 150000)
		return "SELECT pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, daticulocale FROM pg_database WHERE datname = current_database()";
	return "SELECT pg_encoding_to_char(encoding), datcollate, datctype, 'c', NULL FROM pg_database WHERE datname = current_database()";
}

static const char *create_sql(struct arena *a, const char *name, char **c)
{
	const char *sql = arena_printf(a, "CREATE DATABASE %s TEMPLATE template0 ENCODING %s LC_COLLATE %s LC_CTYPE %s", sql_quoted(a, name),
		sql_literal(a, c[0]), sql_literal(a, c[1]), sql_literal(a, c[2]));
	if (c[3][0] == 'i')
		return arena_printf(a, "%s LOCALE_PROVIDER icu ICU_LOCALE %s", sql, sql_literal(a, c[4]));
	if (c[3][0] == 'b')
		return arena_printf(a, "%s LOCALE_PROVIDER builtin BUILTIN_LOCALE %s", sql, sql_literal(a, c[4]));
	return sql;
}

static bool create(struct arena *a, const struct snapshot_opts *o, struct scratch *s, struct err *e)
{
	struct rows rows;
	struct db *source = db_open(&(struct db_opts){ .conninfo = o->conninfo, .app = "gatewalk scratch" }, e);
	if (!source)
		return false;
	bool ok = db_ask(source, a, &(struct query){ .sql = locale_sql(db_version(source)), .cols = 5, .min_rows = 1, .max_rows = 1 }, &rows, e);
	db_close(source);
	if (!ok)
		return false;
	if (!db_ask(s->server, a, &(struct query){ .sql = create_sql(a, s->name, rows.cell[0]), .ms = SNAP_IDLE_MS, .cols = -1 }, NULL, e)) {
		bool denied = strcmp(e->sqlstate, "42501") == 0;
		err_in(e, "the scratch database cannot be made");
		if (denied)
			snprintf(e->hint, sizeof e->hint, "%s", "Give the login CREATEDB, or name a scratch server in the plan (snapshot.scratch).");
		return false;
	}
	return db_ask(s->server, a, &(struct query){ .sql = arena_printf(a, "COMMENT ON DATABASE %s IS %s", sql_quoted(a, s->name),
		sql_literal(a, scratch_mark(a))), .cols = -1 }, NULL, e);
}

bool scratch_open(struct arena *a, const struct snapshot_opts *o, struct scratch *s, struct err *e)
{
	char hex[13];
	crypto_random_hex(6, hex);
	*s = (struct scratch){ .name = arena_printf(a, SCRATCH_NAME "%s", hex), .server_conninfo = o->plan->scratch ? o->plan->scratch : o->conninfo };
	s->server = db_open(&(struct db_opts){ .conninfo = s->server_conninfo, .app = "gatewalk scratch" }, e);
	if (!s->server)
		return o->plan->scratch ? err_in(e, "scratch server") : false;
	scratch_clean(a, s->server);
	if (scratch_note(a, s->name, e) && create(a, o, s, e)) {
		s->conninfo = db_conninfo(s->server, a, s->name);
		s->db = db_open(&(struct db_opts){ .conninfo = s->conninfo, .app = "gatewalk scratch" }, e);
	}
	if (s->db)
		return true;
	scratch_close(a, s);
	return false;
}

void scratch_close(struct arena *a, struct scratch *s)
{
	struct err e;
	db_close(s->db);
	s->db = NULL;
	if (s->server && !db_alive(s->server)) {
		db_close(s->server);
		s->server = db_open(&(struct db_opts){ .conninfo = s->server_conninfo, .app = "gatewalk scratch" }, &e);
	}
	if (s->server)
		scratch_drop(a, s->server, s->name);
	db_close(s->server);
	s->server = NULL;
}
