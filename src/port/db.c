/* SPDX-License-Identifier: MIT */
#include "port/db.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/db_private.h"

/* Each session starts from the same settings, whatever the login, the database or PGOPTIONS say. */
static const char PIN[] =
	"SET statement_timeout = 0;"                       /* each query has its own deadline. First: a login's own of a few ms would end the rest */
	"SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false);"
	"SET client_min_messages = warning;"
	"SET standard_conforming_strings = on;"
	"SET row_security = off;"
	"SET DateStyle = 'ISO, MDY';"
	"SET IntervalStyle = postgres;"
	"SET TimeZone = 'UTC';"
	"SET extra_float_digits = 3;"
	"SET bytea_output = hex;"
	"SET quote_all_identifiers = off;"                 /* definitions are compared as text */
	"SET jit = off;"                                   /* catalogue queries look dear and are not: compiling one takes seconds, under the lock too */
	"SET default_transaction_isolation = 'read committed';"
	"SET idle_in_transaction_session_timeout = '60s';"
	"SET lock_timeout = '1s';"
	"SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('transaction_timeout', true) IS NOT NULL;"   /* 17 on */
	/* A COMMIT that was answered must survive a crash; a stronger setting stays. */
	"SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';";
static const char PIN_15[] =
	"SELECT set_config('lc_messages', 'C', false) WHERE has_parameter_privilege('lc_messages', 'SET');";
/* Fails on a server whose system cannot see a closed link: then it goes without. */
static const char PIN_CHECK[] = "SET client_connection_check_interval = '2s'";

struct params { const char *key[16], *value[16]; int n; };

static void param(struct params *p, const char *key, const char *value)
{
	p->key[p->n] = key;
	p->value[p->n++] = value;
}

static void no_notice(void *ctx, const PGresult *res)
{
	(void)ctx;
	(void)res;   /* a notice would be printed across the screen */
}

static PGconn *log_in(const struct db_opts *o)
{
	struct params p = { .n = 0 };
	/* Before dbname: what the user's conninfo says wins. */
	if (!getenv("PGCONNECT_TIMEOUT"))
		param(&p, "connect_timeout", "10");
	param(&p, "keepalives_idle", "30");
	param(&p, "keepalives_interval", "10");
	param(&p, "keepalives_count", "3");
	param(&p, "tcp_user_timeout", "30000");
	param(&p, "dbname", o->conninfo);
	/* Behind it: what gatewalk needs wins. */
	param(&p, "application_name", o->app ? o->app : "gatewalk");
	param(&p, "client_encoding", "UTF8");
	if (o->read_write)
		param(&p, "target_session_attrs", "read-write");
	param(&p, NULL, NULL);
	return PQconnectdbParams(p.key, p.value, 1);
}

/* Puts *** wherever the password of this connection stands in s. A very short one would blank out everything else. */
static void scrub(const PGconn *conn, char *s)
{
	const char *pass = PQpass(conn);
	size_t len = pass ? strlen(pass) : 0;
	if (len < 3)
		return;
	for (char *at = strstr(s, pass); at; at = strstr(at + 3, pass)) {
		memmove(at + 3, at + len, strlen(at + len) + 1);
		memcpy(at, "***", 3);
	}
}

/* libpq's parse errors repeat parts of the string, a password among them. */
static bool may_leak(const char *conninfo)
{
	if (!conninfo || (!strchr(conninfo, '=') && !strstr(conninfo, "://")))
		return false;
	char *why = NULL;
	PQconninfoOption *opts = PQconninfoParse(conninfo, &why);
	bool bad = !opts;
	PQconninfoFree(opts);
	PQfreemem(why);
	return bad;
}

static void connect_error(const PGconn *conn, const struct db_opts *o, struct err *e)
{
	if (may_leak(o->conninfo)) {
		err_set(e, ERR_DB_CONNECT, "Write it as psql takes it: \"host=db1 dbname=shop user=me\" or postgresql://me@db1/shop. Passwords belong into ~/.pgpass.",
			"the connection string cannot be read");
		return;
	}
	char line[700];
	db_one_line(conn ? PQerrorMessage(conn) : "out of memory", line, sizeof line);
	if (conn)
		scrub(conn, line);
	const char *hint = "Try the same with psql; gatewalk takes -d and the PG* variables as psql does.";
	if (conn && PQconnectionNeedsPassword(conn))
		hint = "Put the password into ~/.pgpass (mode 0600) or a service file; gatewalk has no password option.";
	err_set(e, ERR_DB_CONNECT, hint, "%s", line[0] ? line : "the server cannot be reached");
}

bool db_conninfo_has_password(const char *conninfo)
{
	if (!conninfo || (!strchr(conninfo, '=') && !strstr(conninfo, "://")))
		return false;
	bool found = false;
	PQconninfoOption *opts = PQconninfoParse(conninfo, NULL);
	for (PQconninfoOption *o = opts; o && o->keyword; o++)
		found = found || (strcmp(o->keyword, "password") == 0 && o->val && *o->val);
	PQconninfoFree(opts);
	return found;
}

/* "-c name=value -c name=value" as SELECTs of set_config; a backslash takes the next byte as it is. */
static bool add_options(PGconn *conn, struct text *sql, const char *options)
{
	const char *s = options;
	while (*s) {
		s += strspn(s, " ");
		if (strncmp(s, "-c", 2) == 0)
			s += 2 + strspn(s + 2, " ");
		struct text word = { 0 };
		for (; *s && *s != ' '; s++) {
			if (*s == '\\' && s[1])
				s++;
			text_addn(&word, s, 1);
		}
		char *eq = word.s ? strchr(word.s, '=') : NULL;
		if (!eq) {
			bool empty = word.len == 0;
			text_free(&word);
			if (empty)
				continue;
			return false;
		}
		*eq = '\0';
		char *name = PQescapeLiteral(conn, word.s, strlen(word.s)), *value = PQescapeLiteral(conn, eq + 1, strlen(eq + 1));
		text_addf(sql, "SELECT set_config(%s, %s, false);", name ? name : "NULL", value ? value : "NULL");
		PQfreemem(name);
		PQfreemem(value);
		text_free(&word);
	}
	return true;
}

static bool pin(struct db *db, const struct db_opts *o, struct err *e)
{
	struct arena *a = arena_new();
	struct text sql = { 0 };
	text_add(&sql, PIN);
	if (db_version(db) >= 150000)
		text_add(&sql, PIN_15);
	bool ok = true;
	if (o->options && !add_options(db->conn, &sql, o->options))
		ok = err_set(e, ERR_INTERNAL, NULL, "settings are not of the form -c name=value");
	ok = ok && db_script(db, a, text_str(&sql), DB_DEFAULT_MS, NULL, e);
	if (ok && db_version(db) >= 140000)
		db_script(db, a, PIN_CHECK, DB_DEFAULT_MS, NULL, NULL);
	if (!ok && e && e->code != ERR_INTERNAL)
		e->code = ERR_DB_CONNECT;
	text_free(&sql);
	arena_free(a);
	return ok && db_ready(db, e);
}

static const char *option_of(const PQconninfoOption *opts, const char *name)
{
	for (const PQconninfoOption *o = opts; o && o->keyword; o++)
		if (strcmp(o->keyword, name) == 0)
			return o->val && o->val[0] ? o->val : NULL;
	return NULL;
}

static char *sslmode_of(PGconn *conn)
{
	PQconninfoOption *opts = PQconninfo(conn);
	const char *mode = option_of(opts, "sslmode");
	char *copy = strdup(mode ? mode : "prefer");
	PQconninfoFree(opts);
	return copy;
}

struct db *db_open(const struct db_opts *o, struct err *e)
{
	PGconn *conn = log_in(o);
	struct db *db = NULL;
	if (!conn || PQstatus(conn) != CONNECTION_OK) {
		connect_error(conn, o, e);
		PQfinish(conn);
		return NULL;
	}
	PQsetNoticeReceiver(conn, no_notice, NULL);
	db = calloc(1, sizeof *db);
	if (!db || PQsetnonblocking(conn, 1) != 0) {
		err_set(e, ERR_INTERNAL, NULL, "out of memory");
		free(db);
		PQfinish(conn);
		return NULL;
	}
	*db = (struct db){ .conn = conn, .cancel = PQgetCancel(conn), .sslmode = sslmode_of(conn) };
	if (!pin(db, o, e)) {
		db_close(db);
		return NULL;
	}
	return db;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	PQfreeCancel(db->cancel);
	PQfinish(db->conn);
	free(db->sslmode);
	free(db->kept);
	free(db);
}

bool db_alive(const struct db *db)
{
	return db && !db->lost && PQstatus(db->conn) == CONNECTION_OK;
}

int db_backend_pid(const struct db *db)
{
	return db_alive(db) ? PQbackendPID(db->conn) : 0;
}

int db_version(const struct db *db)
{
	return PQserverVersion(db->conn);
}

const char *db_host(const struct db *db)
{
	const char *host = PQhost(db->conn);
	return host ? host : "";
}

bool db_tls(const struct db *db)
{
	return PQsslInUse(db->conn) != 0;
}

bool db_tcp(const struct db *db)
{
	struct sockaddr_storage at;
	socklen_t len = sizeof at;
	if (getsockname(PQsocket(db->conn), (struct sockaddr *)&at, &len) != 0)
		return db_host(db)[0] != '/';
	return at.ss_family != AF_UNIX;
}

const char *db_sslmode(const struct db *db)
{
	return db->sslmode ? db->sslmode : "prefer";
}

static void add_pair(struct text *out, const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	text_addf(out, "%s%s='", out->len ? " " : "", key);
	for (const char *s = value; *s; s++) {
		if (*s == '\'' || *s == '\\')
			text_add(out, "\\");
		text_addn(out, s, 1);
	}
	text_add(out, "'");
}

/* Given from the connection itself, or none of a child's business. */
static bool is_own(const char *key)
{
	static const char *const own[] = { "host", "hostaddr", "port", "dbname", "service", "application_name", "fallback_application_name",
		"client_encoding", "target_session_attrs", "replication" };
	for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
		if (strcmp(own[i], key) == 0)
			return true;
	return false;
}

const char *db_conninfo(const struct db *db, struct arena *a, const char *other_dbname)
{
	PQconninfoOption *opts = PQconninfo(db->conn);
	struct text out = { 0 };
	add_pair(&out, "host", PQhost(db->conn));
	if (option_of(opts, "hostaddr"))
		add_pair(&out, "hostaddr", PQhostaddr(db->conn));
	add_pair(&out, "port", PQport(db->conn));
	add_pair(&out, "dbname", other_dbname ? other_dbname : PQdb(db->conn));
	for (const PQconninfoOption *o = opts; o && o->keyword; o++)
		if (o->dispchar[0] != '*' && !is_own(o->keyword))   /* '*': a secret */
			add_pair(&out, o->keyword, o->val);
	PQconninfoFree(opts);
	const char *owned = arena_dup(a, text_str(&out));
	text_free(&out);
	return owned;
}
