/* SPDX-License-Identifier: MIT */
#include "adapter/snapshot_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "core/dual.h"
#include "port/child.h"
#include "port/files.h"

#define MAJOR_MAX 30             /* where the search for a newer client ends */
#define DUMP_MS (30 * 60 * 1000)
#define ERRORS_MAX ((size_t)1 << 20)   /* what child.h keeps of a stream */

static const char *packaged(struct arena *a, const char *name, int major)
{
	for (int n = major; n <= MAJOR_MAX; n++) {
		const char *path = arena_printf(a, "/usr/lib/postgresql/%d/bin/%s", n, name);
		if (file_exists(path))
			return path;
	}
	return NULL;
}

/* "pg_dump (PostgreSQL) 15.18 (Debian ...)": 15; 0 when it says nothing of the kind. */
static int major_of(struct arena *a, const char *path)
{
	const char *argv[] = { path, "--version", NULL };
	struct child_end end;
	struct err e;
	if (!child_run(a, &(struct child){ .argv = argv, .ms = 10000 }, &end, &e) || end.status != 0 || !end.out)
		return 0;
	const char *at = strstr(end.out, "(PostgreSQL) ");
	return at ? atoi(at + strlen("(PostgreSQL) ")) : 0;
}

bool pg_program(struct arena *a, const char *name, int server_version, const char **path, struct err *e)
{
	int major = server_version / 10000;
	const char *hint = arena_printf(a, "Install the package postgresql-client-%d.", major);
	*path = packaged(a, name, major);
	if (*path)
		return true;
	*path = child_find(a, name);
	int found = *path ? major_of(a, *path) : 0;
	if (found >= major)
		return true;
	if (found > 0)
		return err_set(e, ERR_USE, hint, "%s is of PostgreSQL %d, older than the server's %d", *path, found, major);
	return err_set(e, ERR_USE, hint, "no %s of PostgreSQL %d or newer was found", name, major);
}

/* The last line that says something. */
static const char *last_line(struct arena *a, const struct child_end *end)
{
	const char *s = end->err ? end->err : "";
	size_t len = strlen(s);
	while (len > 0 && (s[len - 1] == '\n' || s[len - 1] == ' '))
		len--;
	size_t from = len;
	while (from > 0 && s[from - 1] != '\n')
		from--;
	return text_cleann(a, s + from, len - from);
}

/* gatewalk's own schema is none of the database's definitions; subscriptions would keep a scratch database from going away. */
bool schema_dump(struct arena *a, struct db *db, const char *snapshot, const char *path, struct err *e)
{
	const char *program;
	struct child_end end;
	if (!pg_program(a, "pg_dump", db_version(db), &program, e))
		return false;
	const char *argv[] = { program, "--schema-only", "--exclude-schema=gatewalk", "--no-subscriptions", "--encoding=UTF8",
		"--lock-wait-timeout=10s", "--no-password", "-d", db_conninfo(db, a, NULL), snapshot ? arena_printf(a, "--snapshot=%s", snapshot) : NULL, NULL };
	if (!child_run(a, &(struct child){ .argv = argv, .ms = DUMP_MS, .out_file = path }, &end, e))
		return err_in(e, "pg_dump");
	if (end.status == 0 && end.signal == 0)
		return true;
	return err_set(e, ERR_DB, "Run gatewalk doctor: it names the privileges that are missing.", "pg_dump failed: %s", last_line(a, &end));
}

/* Statements whose failure leaves the definitions whole: who owns and who may (roles and label providers can be missing on a scratch
   server), what belongs to gatewalk or only counts statements, and pg_cron, which one database of a server can have. The target's own
   are run again by the way back. */
static bool is_harmless(const char *sql)
{
	static const char *const start[] = {
		"GRANT ", "REVOKE ", "ALTER DEFAULT PRIVILEGES ", "SECURITY LABEL ", "SET transaction_timeout ", "COMMENT ON EXTENSION ",
		"CREATE EXTENSION IF NOT EXISTS pg_stat_statements ", "CREATE EXTENSION IF NOT EXISTS pg_cron ", "CREATE TRIGGER gatewalk_trip_",
		"CREATE TRIGGER gatewalk_guard_", "CREATE TRIGGER " DUAL_LATE, "CREATE TRIGGER " DUAL_EARLY, "CREATE EVENT TRIGGER gatewalk_guard_", "ALTER EVENT TRIGGER gatewalk_guard_",
	};
	for (size_t i = 0; i < sizeof start / sizeof start[0]; i++)
		if (strncmp(sql, start[i], strlen(start[i])) == 0)
			return true;
	static const char *const within[] = { " OWNER TO ", " ENABLE ALWAYS TRIGGER gatewalk_", " ENABLE ALWAYS TRIGGER " DUAL_LATE, " ENABLE ALWAYS TRIGGER " DUAL_EARLY };
	const char *lf = strchr(sql, '\n');
	for (size_t i = 0; strncmp(sql, "ALTER ", 6) == 0 && i < sizeof within / sizeof within[0]; i++) {
		const char *at = strstr(sql, within[i]);
		if (at && (!lf || at < lf))
			return true;
	}
	return false;
}

/* psql writes "psql:FILE:LINE: ERROR:  42704: ..." and, behind it, "psql:FILE:LINE: STATEMENT:  ...". The server's word for
   ERROR may be of any language; the SQLSTATE is not. NULL when the line is no such line, or a warning (CREATE PUBLICATION warns on every
   server that does not publish). */
static const char *said(const char *line, size_t len)
{
	static const char warning[] = " WARNING", state[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	if (strncmp(line, "psql:", 5) != 0)
		return NULL;
	for (const char *at = line; at + 9 < line + len; at++)
		if (strncmp(at, ":  ", 3) == 0 && strspn(at + 3, state) == 5 && strncmp(at + 8, ": ", 2) == 0)
			return at - line >= 8 && strncmp(at - 8, warning, 8) == 0 ? NULL : at + 3;
	return NULL;
}

static const char *stated(const char *line, size_t len)
{
	static const char mark[] = ": STATEMENT:  ";
	const char *at = strncmp(line, "psql:", 5) == 0 ? memmem(line, len, mark, strlen(mark)) : NULL;
	return at ? at + strlen(mark) : NULL;
}

/* The first error whose statement counts. */
static const char *first_problem(struct arena *a, const char *out)
{
	const char *error = NULL;
	for (const char *line = out; *line; ) {
		size_t len = strcspn(line, "\n");
		const char *sql = stated(line, len), *why = sql ? NULL : said(line, len);
		if (why)
			error = text_cleann(a, why, len - (size_t)(why - line));
		if (sql && error && !is_harmless(sql))
			return arena_printf(a, "%s (%s)", error, text_cleann(a, sql, len - (size_t)(sql - line)));
		if (sql)
			error = NULL;
		line += len + (line[len] == '\n');
	}
	return error;   /* an error without its statement counts */
}

bool schema_load(struct arena *a, struct db *scratch, const char *path, const char **problem, struct err *e)
{
	static const char *const env[] = { "PGOPTIONS=-c client_min_messages=error -c check_function_bodies=off", "LC_ALL=C", NULL };
	const char *program;
	struct child_end end;
	*problem = NULL;
	if (!pg_program(a, "psql", db_version(scratch), &program, e))
		return false;
	const char *argv[] = { program, "-X", "-q", "-b", "-w", "-v", "ON_ERROR_STOP=0", "-v", "VERBOSITY=verbose",
		"-o", "/dev/null", "-f", path, "-d", db_conninfo(scratch, a, NULL), NULL };
	if (!child_run(a, &(struct child){ .argv = argv, .env = env, .ms = DUMP_MS }, &end, e))
		return err_in(e, "psql");
	if (end.status != 0 || end.signal != 0)
		return err_set(e, ERR_DB, NULL, "psql failed on %s: %s", path, last_line(a, &end));
	if (end.err && strlen(end.err) >= ERRORS_MAX)
		*problem = "more errors than can be read";
	else
		*problem = end.err ? first_problem(a, end.err) : NULL;
	return true;
}
