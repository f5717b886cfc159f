/* SPDX-License-Identifier: MIT */
#include "engine/demo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapter/cluster.h"
#include "adapter/job.h"
#include "adapter/shop.h"
#include "base/arena.h"
#include "engine/demo_walks.h"
#include "engine/tools.h"
#include "port/child.h"
#include "port/db.h"
#include "port/files.h"

#define PASSPHRASE "gatewalk"

struct demo {
	struct arena *arena;
	const char *dir, *conninfo, *key, *program;
	struct cluster cluster;
	int traffic;
};

/* The operator's own folders are not touched: state, data and keys of the demo lie in its own. Jobs inherit this. */
static bool own_folders(struct demo *d, struct err *e)
{
	static const char *const names[][2] = { { "XDG_STATE_HOME", "state" }, { "XDG_DATA_HOME", "data" }, { "XDG_CONFIG_HOME", "config" },
		{ "XDG_RUNTIME_DIR", "run" } };
	char template[] = "/tmp/gatewalk-demo.XXXXXX";
	if (!mkdtemp(template))
		return err_set(e, ERR_SYSTEM, "Make room in /tmp.", "no folder for the demo in /tmp: %s", strerror(errno));
	d->dir = arena_dup(d->arena, template);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *path = path_join(d->arena, d->dir, names[i][1]);
		if (!dir_make(path, e))
			return false;
		setenv(names[i][0], path, 1);
	}
	/* The server may run as another user: it must get through to its own folder, and nowhere else. */
	if (chmod(d->dir, 0711) != 0)
		return err_set(e, ERR_SYSTEM, NULL, "%s: %s", d->dir, strerror(errno));
	return true;
}

static bool keygen(struct demo *d, const char *const *argv, struct err *e)
{
	struct child_end end;
	const struct child c = { .argv = argv };
	if (!child_run(d->arena, &c, &end, e))
		return false;
	return end.status == 0 || err_set(e, ERR_SYSTEM, NULL, "ssh-keygen: %s", end.err);
}

/* Without a passphrase while the walks are prepared, then with the one the screens tell. */
static bool make_key(struct demo *d, struct err *e)
{
	const char *folder = path_join(d->arena, path_join(d->arena, d->dir, "config"), "gatewalk");
	d->key = path_join(d->arena, folder, "id_ed25519");
	const char *const argv[] = { "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "gatewalk demo", "-f", d->key, NULL };
	return dir_make(folder, e) && keygen(d, argv, e);
}

static bool lock_key(struct demo *d, struct err *e)
{
	const char *const argv[] = { "ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", d->key, NULL };
	return keygen(d, argv, e);
}

void demo_options(const struct demo *d, struct engine_opts *o)
{
	o->dbname = d->conninfo;
	o->key = d->key;
	o->program = d->program;
	o->demo_hint = "the passphrase is " PASSPHRASE;
}

static bool server(struct demo *d, struct err *e)
{
	const struct cluster_opts o = { .dir = path_join(d->arena, d->dir, "pg"), .settings = "fsync = off\nshared_buffers = 64MB\n" };
	return cluster_start(d->arena, &o, &d->cluster, e);
}

static bool mark(struct demo *d, struct err *e)
{
	struct engine_opts o = { 0 };
	demo_options(d, &o);
	return tool_init(d->arena, &o, "rehearsal", e) && tool_guard(d->arena, &o, "install", e);
}

struct demo *demo_new(const char *program, struct err *e)
{
	struct arena *a = arena_new();
	struct demo *d = arena_alloc(a, sizeof *d);
	d->arena = a;
	d->program = arena_dup(a, program);
	if (own_folders(d, e))
		return d;
	demo_stop(d);
	return NULL;
}

bool demo_prepare(struct demo *d, void (*say)(const char *line), struct err *e)
{
	struct arena *a = d->arena;
	say("1/5 a private PostgreSQL in a folder of its own");
	if (!make_key(d, e) || !server(d, e))
		return false;
	say("2/5 a shop with 200,000 orders");
	if (!shop_make(a, &d->cluster, &d->conninfo, e))
		return false;
	/* Before there is traffic: a rehearsal is refused where there is much of it. */
	say("3/5 marked as a rehearsal: a day of waiting takes a second");
	if (!mark(d, e))
		return false;
	say("4/5 live traffic");
	if (!shop_traffic(a, &d->cluster, d->dir, &d->traffic, e))
		return false;
	say("5/5 six walks: one to begin, one that waits, one to drop; one to add, one to convert, one to rename (some 30 s)");
	struct engine_opts o = { .tty = false };
	demo_options(d, &o);
	return demo_walks(a, &o, d->dir, say, e) && lock_key(d, e);
}

static void stop_jobs(struct demo *d)
{
	const struct cluster *c = &d->cluster;
	const struct db_opts o = { .app = "gatewalk demo",
		.conninfo = arena_printf(d->arena, "host=%s port=%d user=%s dbname=shop", c->host, c->port, c->user) };
	struct db *db = db_open(&o, NULL);
	if (db)
		job_stop_all(db, 5000);
	db_close(db);
}

void demo_stop(struct demo *d)
{
	struct err e = { 0 };
	if (!d)
		return;
	/* Found by its folder: whoever started it may have been another process. The traffic ends with its server. */
	if (d->dir && cluster_find(d->arena, path_join(d->arena, d->dir, "pg"), &d->cluster, &e)) {
		stop_jobs(d);
		cluster_remove(d->arena, &d->cluster, &e);
	}
	if (d->dir) {
		const char *const argv[] = { "rm", "-rf", "--", d->dir, NULL };
		struct child_end end;
		const struct child c = { .argv = argv };
		child_run(d->arena, &c, &end, &e);
	}
	arena_free(d->arena);
}
