/* SPDX-License-Identifier: MIT */
/* The engine's life, its connection and its key. */
#include "engine/engine_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adapter/place.h"
#include "adapter/probe.h"
#include "base/arena.h"
#include "engine/upkeep.h"
#include "port/crypto.h"

#define HOLD_MS 5000   /* after a crash or a cut the old backend has to end first */

void engine_on_news(struct engine *g, void (*fn)(void *ctx), void *ctx)
{
	g->shows = fn;
	g->shows_ctx = ctx;
}

struct engine *engine_new(const struct engine_opts *o, struct err *e)
{
	if (!crypto_start()) {
		err_set(e, ERR_INTERNAL, NULL, "libsodium does not start");
		return NULL;
	}
	struct arena *a = arena_new();
	struct engine *g = arena_alloc(a, sizeof *g);
	g->arena = a;
	g->opts = *o;
	g->opts.dbname = arena_dup(a, o->dbname);
	g->opts.key = arena_dup(a, o->key);
	g->opts.principal = arena_dup(a, o->principal);
	g->opts.program = arena_dup(a, o->program);
	g->opts.demo_hint = arena_dup(a, o->demo_hint);
	crypto_random(g->mac_key, sizeof g->mac_key);
	g->mac = (struct permit_mac){ .mac = crypto_mac, .key = g->mac_key };
	g->look_lot = lot_new();
	pthread_mutex_init(&g->db_lock, NULL);
	return g;
}

void engine_free(struct engine *g)
{
	if (!g)
		return;
	engine_walk_close(g);
	signer_close(g->signer);
	engine_use(g, NULL);
	pthread_mutex_destroy(&g->db_lock);
	lot_drop(g->look_lot);
	lot_drop(g->home_lot);
	memset(g->mac_key, 0, sizeof g->mac_key);
	arena_free(g->arena);
}

void engine_use(struct engine *g, struct db *db)
{
	pthread_mutex_lock(&g->db_lock);
	struct db *old = g->db;
	g->db = db;
	pthread_mutex_unlock(&g->db_lock);
	db_close(old);
}

/* A link that came back must hold the walk again, and log and ledger be compared, before anything is written over it. */
static bool take_hold(struct engine *g, struct err *e)
{
	struct place p;
	struct err none = { 0 };
	if (!g->journal || g->walk.n == 0)
		return true;
	/* Where there is no schema, line_compare says so. */
	if (!g->rebinding && place_look(g->db, lot_arena(g->look_lot), &p, &none) && !place_fits(&p, e))
		return false;
	if (g->read_only)
		return line_sync(g, e) || db_alive(g->db);
	return probe_direct(g->db, e) && ledger_hold(g->db, g->walk.sid, HOLD_MS, e) && line_sync(g, e) && line_seal_torn(g, e);
}

bool engine_connect(struct engine *g, struct err *e)
{
	if (g->db && db_alive(g->db))
		return true;
	const struct db_opts o = { .conninfo = g->opts.dbname, .app = "gatewalk" };
	err_clear(&g->db_err);
	/* Jobs and the drop log in by themselves, and no password is handed to them on a command line: one inside the string would
	   serve the screen alone, and the drop would fail after its intent was signed. */
	if (db_conninfo_has_password(g->opts.dbname)) {
		err_set(&g->db_err, ERR_USE, "Put it into ~/.pgpass (mode 0600) or a service file.", "the connection string carries a password, which jobs could not use");
		if (e)
			*e = g->db_err;
		return false;
	}
	engine_use(g, db_open(&o, &g->db_err));
	if (g->db)
		upkeep_engine(g);
	if (g->db && take_hold(g, &g->db_err))
		return true;
	engine_use(g, NULL);
	if (e)
		*e = g->db_err;
	return false;
}

void engine_disconnect(struct engine *g, const struct err *why)
{
	engine_use(g, NULL);
	g->db_err = *why;
}

struct signer *engine_signer(struct engine *g, struct err *e)
{
	if (!g->signer)
		g->signer = signer_open(g->opts.key, g->opts.principal, e);
	return g->signer;
}

bool engine_unlock(struct engine *g, struct err *e)
{
	struct signer *s = engine_signer(g, e);
	return s && (signer_unlocked(s) || signer_unlock(s, e));
}

bool engine_unlocked(struct engine *g)
{
	return g->signer && signer_unlocked(g->signer);
}

void engine_interrupt(struct engine *g)
{
	pthread_mutex_lock(&g->db_lock);
	if (g->db)
		db_cancel(g->db);
	pthread_mutex_unlock(&g->db_lock);
}

void engine_say(struct engine *g, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(g->last_done, sizeof g->last_done, fmt, ap);
	va_end(ap);
}
