/* SPDX-License-Identifier: MIT */
#include "adapter/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "port/child.h"
#include "port/files.h"

#define PORT 5432
#define DIR_MAX 100           /* a socket's whole path has 107 bytes */
#define MARKER "gatewalk-cluster"
#define START_MS 90000

static const char SETTINGS[] =
	"listen_addresses = ''\n"
	"port = 5432\n"
	"unix_socket_permissions = 0700\n"
	"max_connections = 60\n"
	"shared_preload_libraries = 'pg_stat_statements'\n"
	"pg_stat_statements.track = all\n"
	"shared_buffers = '64MB'\n"
	"fsync = on\n"
	"jit = off\n"
	"lc_messages = 'C'\n"
	"timezone = 'UTC'\n"
	"log_timezone = 'UTC'\n"
	"logging_collector = off\n";

/* A command of PostgreSQL, run as the cluster's owner: the server refuses root, so another user runs it then. */
struct command { const char *argv[24]; int n; };

static const char *runuser_path(void)
{
	static const char *const places[] = { "/usr/sbin/runuser", "/sbin/runuser", "/usr/bin/runuser" };
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	return NULL;
}

static const char *server_user(void)
{
	return getpwnam("postgres") ? "postgres" : "nobody";
}

static void word(struct command *c, const char *s)
{
	c->argv[c->n++] = s;
	c->argv[c->n] = NULL;
}

static struct command command(void)
{
	struct command c = { .n = 0 };
	if (geteuid() == 0) {
		const char *runuser = runuser_path();
		word(&c, runuser ? runuser : "runuser");
		word(&c, "-u");
		word(&c, server_user());
		word(&c, "--");
	}
	return c;
}

/* Runs it; what it said becomes the error. */
static bool run(struct arena *a, const struct command *c, const char *const *env, const char *what, struct err *e)
{
	struct child_end end = { 0 };
	struct child child = { .argv = c->argv, .env = env, .ms = START_MS };
	if (!child_run(a, &child, &end, e))
		return err_in(e, "%s", what);
	if (end.status == 0 && end.signal == 0)
		return true;
	const char *said = end.err && end.err[0] ? end.err : end.out_len > 0 ? end.out : "it gave no reason";
	return err_set(e, ERR_SYSTEM, "Choose a folder that the server's user can reach, for example below /tmp, with free space.", "%s: %.600s", what, said);
}

static const char *bindir_find(struct arena *a)
{
	static const char *const places[] = { "/usr/lib/postgresql/%d/bin", "/usr/pgsql-%d/bin", "/usr/local/pgsql-%d/bin" };
	for (int major = 18; major >= 15; major--)
		for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
			char dir[64];
			int at = (int)(strchr(places[i], '%') - places[i]);
			snprintf(dir, sizeof dir, "%.*s%d%s", at, places[i], major, places[i] + at + 2);
			if (access(path_join(a, dir, "initdb"), X_OK) == 0)
				return arena_dup(a, dir);
		}
	return NULL;
}

static const char *quoted(struct arena *a, const char *s)
{
	struct text t = { 0 };
	text_add(&t, "'");
	for (; *s; s++) {
		if (*s == '\'' || *s == '\\')
			text_add(&t, "\\");
		text_addn(&t, s, 1);
	}
	text_add(&t, "'");
	const char *owned = arena_dup(a, text_str(&t));
	text_free(&t);
	return owned;
}

static void describe(struct arena *a, const char *dir, const char *bindir, struct cluster *out)
{
	*out = (struct cluster){ .dir = dir, .host = dir, .user = "postgres", .bindir = bindir, .port = PORT };
	out->conninfo = arena_printf(a, "host=%s port=%d user=postgres dbname=postgres", quoted(a, dir), PORT);
}

static const char *data_of(struct arena *a, const char *dir)
{
	return path_join(a, dir, "data");
}

/* Is the process named in postmaster.pid alive? */
static bool is_running(struct arena *a, const char *dir)
{
	char *pid;
	size_t len;
	const char *file = path_join(a, data_of(a, dir), "postmaster.pid");
	return file_read(a, file, 4096, &pid, &len, NULL) && atoi(pid) > 1 && child_alive(atoi(pid));
}

static bool pg_ctl(struct arena *a, const struct cluster *c, const char *verb, const char *mode, struct err *e)
{
	struct command cmd = command();
	char *data;
	size_t len;
	const char *env[33] = { NULL };
	word(&cmd, path_join(a, c->bindir, "pg_ctl"));
	word(&cmd, verb);
	word(&cmd, "-D");
	word(&cmd, data_of(a, c->dir));
	word(&cmd, "-s");
	word(&cmd, "-w");
	word(&cmd, "-t");
	word(&cmd, "60");
	if (strcmp(verb, "stop") != 0) {
		word(&cmd, "-l");
		word(&cmd, path_join(a, c->dir, "log"));
	}
	if (mode) {
		word(&cmd, "-m");
		word(&cmd, mode);
	}
	if (file_read(a, path_join(a, c->dir, "server.env"), 65536, &data, &len, NULL)) {
		int n = 0;
		for (char *save = NULL, *line = strtok_r(data, "\n", &save); line && n < 32; line = strtok_r(NULL, "\n", &save))
			env[n++] = line;
	}
	return run(a, &cmd, env, "the private PostgreSQL", e);
}

/* The end of the server's log: why it did not start. */
static bool with_log(struct arena *a, const struct cluster *c, struct err *e)
{
	char *log;
	size_t len;
	if (!e || !file_read(a, path_join(a, c->dir, "log"), 1 << 20, &log, &len, NULL) || len == 0)
		return false;
	const char *tail = len > 400 ? log + len - 400 : log;
	const char *line = len > 400 ? strchr(tail, '\n') : NULL;
	return err_set(e, e->code, e->hint, "the private PostgreSQL did not start; its log says: %s", line ? line + 1 : tail);
}

static bool has_marker(struct arena *a, const char *dir)
{
	return file_exists(path_join(a, dir, MARKER));
}

static bool remove_dir(struct arena *a, const char *dir, struct err *e)
{
	const char *argv[] = { "rm", "-rf", "--", dir, NULL };
	struct child_end end = { 0 };
	if (!child_run(a, &(struct child){ .argv = argv }, &end, e))
		return false;
	if (end.status != 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s could not be removed: %.300s", dir, end.err ? end.err : "");
	return true;
}

/* A cluster of ours whose owner was killed: stopped and taken away. Any other folder is refused. */
static bool clear_leftover(struct arena *a, const char *dir, struct err *e)
{
	struct cluster old;
	char *text;
	size_t len;
	if (!has_marker(a, dir))
		return err_set(e, ERR_USE, "Name a folder that does not exist yet.", "%s exists already and is no private PostgreSQL of gatewalk", dir);
	if (file_read(a, path_join(a, dir, MARKER), 4096, &text, &len, NULL)) {
		int owner = atoi(text);
		if (owner > 1 && owner != (int)getpid() && child_alive(owner))
			return err_set(e, ERR_USE, "End that gatewalk first, or name another folder.", "%s is in use by process %d", dir, owner);
	}
	if (!cluster_find(a, dir, &old, e))
		return remove_dir(a, dir, e);
	return cluster_remove(a, &old, e);
}

static bool is_there(const char *dir)
{
	struct stat st;
	return lstat(dir, &st) == 0;
}

static bool dir_ready(struct arena *a, const char *dir, struct err *e)
{
	if (strlen(dir) > DIR_MAX)
		return err_set(e, ERR_USE, "Name a shorter folder, for example below /tmp.",
			"%.120s is too long: a socket below it would have more than the 107 bytes that the system allows", dir);
	if (is_there(dir) && !clear_leftover(a, dir, e))
		return false;
	if (mkdir(dir, 0700) != 0)
		return err_set(e, ERR_SYSTEM, "The folder above must exist and be writable.", "%s: %s", dir, strerror(errno));
	return true;
}

static bool settings_write(struct arena *a, const struct cluster *c, const char *more, struct err *e)
{
	struct text t = { 0 };
	const char *path = path_join(a, data_of(a, c->dir), "postgresql.conf");
	text_addf(&t, "\n%sunix_socket_directories = %s\n%s\n", SETTINGS, quoted(a, c->dir), more ? more : "");
	/* In place: the server's user keeps owning it. Behind what initdb found out (the kind of shared memory): the last line counts. */
	int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	bool ok = fd >= 0 || err_set(e, ERR_SYSTEM, NULL, "%s: %s", path, strerror(errno));
	ok = ok && file_write_all(fd, t.s, t.len, path, e);
	if (fd >= 0)
		close(fd);
	text_free(&t);
	return ok;
}

/* What cluster_find and a restart need: our pid, the programs' folder, the server's environment. */
static bool marker_write(struct arena *a, const struct cluster_opts *o, const struct cluster *c, struct err *e)
{
	const char *text = arena_printf(a, "%d\n%s\n", (int)getpid(), c->bindir);
	if (!file_write(path_join(a, c->dir, MARKER), text, strlen(text), e))
		return false;
	struct text env = { 0 };
	for (size_t i = 0; o->env && o->env[i]; i++)
		text_addf(&env, "%s\n", o->env[i]);
	bool ok = env.len == 0 || file_write(path_join(a, c->dir, "server.env"), env.s, env.len, e);
	text_free(&env);
	return ok;
}

static bool chown_dir(const char *dir, struct err *e)
{
	if (geteuid() != 0)
		return true;
	const struct passwd *pw = getpwnam(server_user());
	if (!pw)
		return err_set(e, ERR_SYSTEM, "Run gatewalk as an ordinary user.", "PostgreSQL does not run as root, and there is no user postgres or nobody");
	if (chown(dir, pw->pw_uid, pw->pw_gid) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s: %s", dir, strerror(errno));
	return true;
}

static bool init_db(struct arena *a, const struct cluster *c, struct err *e)
{
	struct command cmd = command();
	word(&cmd, path_join(a, c->bindir, "initdb"));
	word(&cmd, "-D");
	word(&cmd, data_of(a, c->dir));
	word(&cmd, "-A");
	word(&cmd, "trust");   /* the socket's folder is 0700 */
	word(&cmd, "-U");
	word(&cmd, "postgres");
	word(&cmd, "-E");
	word(&cmd, "UTF8");
	word(&cmd, "--locale=C.UTF-8");
	word(&cmd, "--no-sync");
	return run(a, &cmd, NULL, "initdb", e);
}

bool cluster_start(struct arena *a, const struct cluster_opts *o, struct cluster *out, struct err *e)
{
	const char *bindir = o->bindir ? o->bindir : bindir_find(a);
	if (!bindir)
		return err_set(e, ERR_SYSTEM, "apt install postgresql-15", "no PostgreSQL server of version 15 to 18 is installed on this machine");
	if (!dir_ready(a, o->dir, e))
		return false;
	char real[PATH_MAX];
	const char *dir = arena_dup(a, realpath(o->dir, real) ? real : o->dir);
	describe(a, dir, bindir, out);
	bool ok = strlen(dir) <= DIR_MAX || err_set(e, ERR_USE, "Name a shorter folder.", "%.120s is too long for a socket", dir);
	ok = ok && marker_write(a, o, out, e) && chown_dir(dir, e) && init_db(a, out, e) && settings_write(a, out, o->settings, e);
	if (ok && !pg_ctl(a, out, "start", NULL, e))
		ok = with_log(a, out, e);
	if (!ok) {
		if (is_running(a, dir))
			pg_ctl(a, out, "stop", "immediate", NULL);
		remove_dir(a, dir, NULL);
	}
	return ok;
}

bool cluster_stop(struct arena *a, const struct cluster *c, const char *mode, struct err *e)
{
	return !is_running(a, c->dir) || pg_ctl(a, c, "stop", mode, e);
}

bool cluster_restart(struct arena *a, const struct cluster *c, struct err *e)
{
	if (!cluster_stop(a, c, "fast", e))
		return false;
	return pg_ctl(a, c, "start", NULL, e) || with_log(a, c, e);
}

bool cluster_remove(struct arena *a, const struct cluster *c, struct err *e)
{
	if (!has_marker(a, c->dir))
		return err_set(e, ERR_USE, NULL, "%s is no private PostgreSQL of gatewalk", c->dir);
	return cluster_stop(a, c, "immediate", e) && remove_dir(a, c->dir, e);
}

bool cluster_find(struct arena *a, const char *dir, struct cluster *out, struct err *e)
{
	char real[PATH_MAX], *text;
	size_t len;
	const char *at = arena_dup(a, realpath(dir, real) ? real : dir);
	if (!file_read(a, path_join(a, at, MARKER), 4096, &text, &len, NULL) || !file_exists(path_join(a, data_of(a, at), "PG_VERSION")))
		return err_set(e, ERR_USE, NULL, "%s holds no private PostgreSQL of gatewalk", dir);
	char *save = NULL;
	strtok_r(text, "\n", &save);
	const char *bindir = strtok_r(NULL, "\n", &save);
	describe(a, at, bindir ? bindir : bindir_find(a), out);
	if (!out->bindir)
		return err_set(e, ERR_SYSTEM, NULL, "%s: its PostgreSQL is not installed any more", dir);
	return true;
}
